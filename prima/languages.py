"""Which languages people are written to in, and words that are said in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import force_locale, get_locale
from flask_babel.speaklater import LazyString

ENGLISH = "en"
OF_LETTERS = {ENGLISH: "English", "fr": "Français", "es": "Español"}
"""The languages of letters, each by its own name: their catalogues hold every word of a letter."""
Words = str | LazyString
"""Text as it is, or said once it is known who reads it."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """What is said meanwhile is said in this language; in English, if nobody writes letters in it."""
    with force_locale(language if language in OF_LETTERS else ENGLISH):
        yield


def words(compose: Callable[..., tuple[str, str]], *values: Any) -> tuple[LazyString, LazyString]:
    """Subject and text of a letter, composed in the language of each who reads it; once a language."""
    said: dict[str, tuple[str, str]] = {}

    def part(place: int) -> str:
        language = str(get_locale())
        if language not in said:
            said[language] = compose(*values)
        return said[language][place]

    return LazyString(part, 0), LazyString(part, 1)
