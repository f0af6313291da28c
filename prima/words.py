"""Words as they are searched: without accents and case, the same where they are written and where asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

WORD = re.compile(r"[^\W_]+")
LONGEST = 60
"""So many letters of a word count."""
MOST_LETTERS = 200_000
"""So many letters of a text are searched: a text vector holds less than a megabyte."""


def folded(said: str) -> str:
    """Text without accents and case, as names are sorted and compared."""
    if said.isascii():
        return said.lower()
    decomposed = unicodedata.normalize("NFKD", said)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def words_of(said: str) -> list[str]:
    """The words of a text, each once, in their order."""
    return list(dict.fromkeys(word[:LONGEST] for word in WORD.findall(folded(said)[:MOST_LETTERS])))


def id_words(name: str) -> list[str]:
    """What finds a reference or a project ID: LM.0276 is found as LM, 0276, 276, LM0276 and LM276."""
    parts = WORD.findall(folded(name))
    short = [part.lstrip("0") or part if part.isdecimal() else part for part in parts]
    return list(dict.fromkeys([*parts, *short, "".join(parts), "".join(short)])) if parts else []


def vector(words: Iterable[str], weight: str = "") -> str:
    """The words as PostgreSQL reads a text vector; a weight (A to D) tells later where a word stood."""
    # Words are letters and digits alone: nothing in them needs to be escaped.
    return " ".join(f"'{word}':1{weight}" if weight else f"'{word}'" for word in words)
