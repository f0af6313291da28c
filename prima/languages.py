"""Which languages people are written to in, and words that are said in the language of whoever reads them.

A page says hundreds of words and numbers: here they are looked up once a language and found again at the cost of a
dictionary. Who says something in another language meanwhile does so by `speaking`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from babel.support import NullTranslations, Translations
from flask import Flask, g, has_app_context
from flask_babel import Babel, Domain, force_locale, get_babel, get_locale
from flask_babel.speaklater import LazyString
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

ENGLISH = "en"
OF_LETTERS = {ENGLISH: "English", "fr": "Français", "es": "Español"}
"""The languages of letters, each by its own name: their catalogues hold every word of a letter."""
Words = str | LazyString
"""Text as it is, or said once it is known who reads it."""


class Texts:
    """The words of a language."""

    def __init__(self, language: str, translations: Translations | NullTranslations) -> None:
        self.language = language
        self.translations = translations
        self._safe: dict[str, Markup] = {}

    def safe(self, text: str) -> Markup:
        """What a template says, as it stands in a page: our own words are not escaped."""
        try:
            return self._safe[text]
        except KeyError:
            self._safe[text] = Markup(self.translations.ugettext(text))  # nosec B704
            return self._safe[text]


class Spoken(Domain):
    """The catalogues of all languages, each read once."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._read: dict[str, Texts] = {}

    def get_translations(self) -> Translations | NullTranslations:
        return texts().translations

    def texts(self) -> Texts:
        """Those of the language that is spoken now."""
        language = str(get_locale())
        if language not in self._read:
            self._read[language] = Texts(language, super().get_translations())
        return self._read[language]


class Speech(Babel):
    """Flask-Babel with these catalogues."""

    def init_app(self, app: Flask, *arguments: Any, **more: Any) -> None:
        super().init_app(app, *arguments, **more)
        self.spoken = Spoken(domain=app.extensions["babel"].default_domain)
        app.jinja_env.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext)

    @property
    def domain_instance(self) -> Spoken:
        return self.spoken


def texts() -> Texts:
    """The words of the language that is spoken now."""
    here = g._get_current_object()  # type: ignore[attr-defined]
    found: Texts | None = here.get("texts")
    if found is None:
        found = here.texts = cast(Speech, get_babel().instance).spoken.texts()
    return found


@pass_eval_context
def _gettext(context: EvalContext, text: str, /, **values: Any) -> str:
    """As Jinja's own of the new style: values are escaped where the template's are, and `%%` is a percent sign."""
    if not context.autoescape:
        return texts().translations.ugettext(text) % values
    said = texts().safe(text)
    return said % values if values or "%" in said else said


@pass_eval_context
def _ngettext(context: EvalContext, one: str, many: str, number: int, /, **values: Any) -> str:
    values.setdefault("num", number)
    said = texts().translations.ungettext(one, many, number)
    return (Markup(said) if context.autoescape else said) % values  # nosec B704


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """What is said meanwhile is said in this language; in English, if nobody writes letters in it."""
    with force_locale(language if language in OF_LETTERS else ENGLISH):
        if not has_app_context():
            yield
            return
        before = g.pop("texts", None)
        try:
            yield
        finally:
            g.pop("texts", None)
            if before is not None:
                g.texts = before


def words(compose: Callable[..., tuple[str, str]], *values: Any) -> tuple[LazyString, LazyString]:
    """Subject and text of a letter, composed in the language of each who reads it; once a language."""
    said: dict[str, tuple[str, str]] = {}

    def part(place: int) -> str:
        language = str(get_locale())
        if language not in said:
            said[language] = compose(*values)
        return said[language][place]

    return LazyString(part, 0), LazyString(part, 1)
