"""The words of a search marked where they stand in a text, whatever their case and accents there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from prima.reporting.search.matching import Term
from prima.words import LONGEST, WORD, folded, words_of

WRITTEN = re.compile("(?:[^\\W_]|[\u0300-\u036f])+")
"""A word as it is written, with accents that stand by themselves."""
BEFORE, LENGTH = 60, 240
"""So many letters stand before the first word found, and in all."""
MOST_HITS = 100
"""So many words are compared to find the best part."""
Pieces = Sequence[tuple[str, bool]]
"""A text in pieces, and whether each is a word that was found."""


def held(text: str, terms: Sequence[Term]) -> bool:
    return any(term.fits(word) for word in words_of(text) for term in terms)


def marked(text: str, terms: Sequence[Term]) -> Pieces:
    """All of the text."""
    found, last = [], 0
    for start, end in _hits(text, terms):
        found += [(text[last:start], False), (text[start:end], True)]
        last = end
    return [piece for piece in [*found, (text[last:], False)] if piece[0]]


def snippet(text: str, terms: Sequence[Term]) -> Pieces:
    """The part of the text in which most of the words stand, the first such, in one line."""
    start = _best(list(islice(_hits(text, terms), MOST_HITS)), text)
    begin = _at_a_word(text, max(0, start - BEFORE), start)
    part = text[begin : begin + LENGTH]
    if begin + LENGTH < len(text):
        part = part.rsplit(None, 1)[0] if len(part.split()) > 1 else part
        part = f"{part.rstrip()} …"
    return marked(" ".join((f"… {part}" if begin else part).split()), terms)


def _best(hits: Sequence[tuple[int, int]], text: str) -> int:
    """Where the first of the words stands that has most different ones behind it, as far as a snippet reaches."""
    said = [folded(text[start:end]) for start, end in hits]
    best, most, last = 0, 0, 0
    for first, (start, _end) in enumerate(hits):
        while last < len(hits) and hits[last][1] <= start + LENGTH - BEFORE:
            last += 1
        if len(different := set(said[first:last])) > most:
            best, most = start, len(different)
    return best


def _at_a_word(text: str, begin: int, start: int) -> int:
    """Where the first whole word after `begin` begins, at the latest at `start`."""
    if begin == 0:
        return 0
    space = re.compile(r"\s").search(text, begin, start)
    return space.end() if space else start


def _hits(text: str, terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    for match in WRITTEN.finditer(text):
        # A letter can be written as one sign and read as several: ½ as 1/2.
        words = [match[0].lower()] if match[0].isascii() else WORD.findall(folded(match[0]))
        if any(term.fits(word[:LONGEST]) for word in words for term in terms):
            yield match.span()
