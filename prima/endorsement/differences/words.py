"""What was taken out of a text and what was put in: paragraphs are aligned first, then words, in bounded time."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

TOKEN = re.compile(r"\n|[^\S\n]+|\S+")
PARAGRAPH = re.compile(r"[^\n]*\n+|[^\n]+")
ROUNDS = 40
"""How often what lies between two anchors is looked through for further ones."""
WORK = 200_000
"""The most pairs of words that are held against each other, over all texts of a page: a fraction of a second."""
LIKE = 0.3
"""Texts of which less stays are shown as a whole, the old one and the new one: nobody reads confetti."""
MOST_PARAGRAPHS = 900
PAIR = 50
"""What it costs to hold two paragraphs against each other, in pairs of words."""
SHORT = 2
"""So few letters between two changes belong to them."""


class Kind(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Run:
    """Words in a row that stayed, were removed, or were added."""

    kind: Kind
    text: str


@dataclass
class Budget:
    """How many pairs of words may still be held against each other."""

    left: int = field(default=WORK)

    def spend(self, pairs: int) -> bool:
        if pairs > self.left:
            return False
        self.left -= pairs
        return True


Pairs = list[tuple[int, int]]


def words(before: str, after: str, budget: Budget | None = None) -> list[Run]:
    """The new text with what was removed from the old one; `budget` is shared by the texts of a page.

    What stayed and was removed is the old text to the letter, what stayed and was added the new one.
    """
    old, new = PARAGRAPH.findall(before), PARAGRAPH.findall(after)
    budget = budget or Budget()
    runs: list[Run] = []
    i = j = 0
    for at, to in [*matching(old, new, budget), (len(old), len(new))]:
        runs += _between(old[i:at], new[j:to], budget)
        if at < len(old):
            runs.append(Run(Kind.SAME, old[at]))
        i, j = at + 1, to + 1
    return _joined(runs)


def paragraphs(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs as paragraphs to be shown, without the line breaks and the empty ones among them."""
    found: list[list[Run]] = [[]]
    for run in runs:
        for place, line in enumerate(run.text.split("\n")):
            if place:
                found.append([])
            if line:
                found[-1].append(replace(run, text=line))
    return [one for one in found if any(run.text.strip() for run in one)]


def stays(runs: Sequence[Run]) -> float:
    """The part of the longer text that stayed."""
    letters = Counter[Kind]()
    for run in runs:
        letters[run.kind] += len(run.text.strip())
    longer = letters[Kind.SAME] + max(letters[Kind.REMOVED], letters[Kind.ADDED])
    return letters[Kind.SAME] / longer if longer else 1.0


def matching(old: Sequence[str], new: Sequence[str], budget: Budget) -> Pairs:
    """Places of what stayed, in order in both. What stands once in each holds the rest in place (patience)."""
    found: Pairs = []
    open_parts = [(0, len(old), 0, len(new), ROUNDS)]
    while open_parts:
        i, at, j, to, rounds = open_parts.pop()
        while i < at and j < to and old[i] == new[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        while i < at and j < to and old[at - 1] == new[to - 1]:
            at, to = at - 1, to - 1
            found.append((at, to))
        if i == at or j == to:
            continue
        anchors = _anchors(old, new, (i, at, j, to)) if rounds else []
        if anchors:
            found += anchors
            for x, y in [*anchors, (at, to)]:
                open_parts.append((i, x, j, y, rounds - 1))
                i, j = x + 1, y + 1
        elif budget.spend((at - i) * (to - j)):
            found += _longest(old, new, (i, at, j, to))
    return sorted(found)


Part = tuple[int, int, int, int]


def _anchors(old: Sequence[str], new: Sequence[str], part: Part) -> Pairs:
    """What stands once in each part, as far as it stands in the same order in both."""
    i, at, j, to = part
    once = Counter(old[i:at]), Counter(new[j:to])
    places = {new[y]: y for y in range(j, to) if once[1][new[y]] == 1}
    pairs = [(x, places[old[x]]) for x in range(i, at) if once[0][old[x]] == 1 and old[x] in places]
    return _rising([pair for pair in pairs if not old[pair[0]].isspace()])


def _rising(pairs: Pairs) -> Pairs:
    """The longest part of the pairs, in order in the first, that is in order in the second too."""
    ends: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for place, (_x, y) in enumerate(pairs):
        pile = bisect_left(ends, y)
        before.append(piles[pile - 1] if pile else -1)
        if pile == len(ends):
            ends.append(y)
            piles.append(place)
        else:
            ends[pile], piles[pile] = y, place
    found: Pairs = []
    place = piles[-1] if piles else -1
    while place >= 0:
        found.append(pairs[place])
        place = before[place]
    return found[::-1]


def _longest(old: Sequence[str], new: Sequence[str], part: Part) -> Pairs:
    """The longest common sequence of a small part, by the table that every textbook has."""
    i, at, j, to = part
    rows = [[0] * (to - j + 1)]
    for x in range(at - 1, i - 1, -1):
        below, row = rows[-1], [0] * (to - j + 1)
        for y in range(to - j - 1, -1, -1):
            row[y] = below[y + 1] + 1 if old[x] == new[j + y] else max(below[y], row[y + 1])
        rows.append(row)
    rows.reverse()
    found: Pairs = []
    x, y = i, j
    while x < at and y < to:
        if old[x] == new[y]:
            found.append((x, y))
            x, y = x + 1, y + 1
        elif rows[x - i + 1][y - j] >= rows[x - i][y - j + 1]:
            x += 1
        else:
            y += 1
    return found


def _between(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[Run]:
    """Paragraphs that are not the same: those that are alike are held against each other word by word."""
    runs: list[Run] = []
    i = j = 0
    for at, to in [*_alike(old, new, budget), (len(old), len(new))]:
        runs += [Run(Kind.REMOVED, "".join(old[i:at])), Run(Kind.ADDED, "".join(new[j:to]))]
        if at < len(old):
            runs += _reworded(old[at], new[to], budget)
        i, j = at + 1, to + 1
    return runs


def _alike(old: Sequence[str], new: Sequence[str], budget: Budget) -> Pairs:
    """The pairs of paragraphs, in order in both, that have most words in common; by place where there are too many."""
    if len(old) * len(new) > MOST_PARAGRAPHS or not budget.spend(len(old) * len(new) * PAIR):
        return list(zip(range(len(old)), range(len(new)), strict=False))
    bags = [[Counter(one.split()) for one in side] for side in (old, new)]
    alike = [[_likeness(one, other) for other in bags[1]] for one in bags[0]]
    best = [[0.0] * (len(new) + 1) for _row in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + alike[i][j])
    pairs: Pairs = []
    i = j = 0
    while i < len(old) and j < len(new):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The part of the longer one's words that both have, or nothing where that is little."""
    shared = (one & other).total() / max(one.total(), other.total(), 1)
    return shared if shared >= LIKE else 0.0


def _reworded(before: str, after: str, budget: Budget) -> list[Run]:
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    runs: list[Run] = []
    i = j = 0
    for at, to in [*matching(old, new, budget), (len(old), len(new))]:
        runs += [Run(Kind.REMOVED, "".join(old[i:at])), Run(Kind.ADDED, "".join(new[j:to]))]
        if at < len(old):
            runs.append(Run(Kind.SAME, old[at]))
        i, j = at + 1, to + 1
    runs = _joined(runs)
    return runs if stays(runs) >= LIKE else [Run(Kind.REMOVED, before), Run(Kind.ADDED, after)]


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Neighbours of a kind as one; a word or two between changes is part of the change on both sides."""
    same = _together([run for run in runs if run.text])
    found: list[Run] = []
    for place, run in enumerate(same):
        inside = 0 < place < len(same) - 1
        if run.kind is Kind.SAME and inside and len(run.text.strip()) <= SHORT and "\n" not in run.text:
            found += [replace(run, kind=Kind.REMOVED), replace(run, kind=Kind.ADDED)]
        else:
            found.append(run)
    return _together(found)


def _together(runs: Sequence[Run]) -> list[Run]:
    """Between two that stayed, all that was removed stands before all that was added."""
    found: list[Run] = []
    removed = added = ""
    same = ""

    def close() -> None:
        nonlocal removed, added
        found.extend(Run(kind, text) for kind, text in ((Kind.REMOVED, removed), (Kind.ADDED, added)) if text)
        removed = added = ""

    for run in runs:
        if run.kind is Kind.SAME:
            close()
            same += run.text
            continue
        if same:
            found.append(Run(Kind.SAME, same))
            same = ""
        if run.kind is Kind.REMOVED:
            removed += run.text
        else:
            added += run.text
    close()
    if same:
        found.append(Run(Kind.SAME, same))
    return found
