"""Which rows of two tables are the same row: by what they say first, then by where they stand."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from prima.endorsement.reading.blocks import Row

MOST = 4_000
"""So many pairs of rows are looked at for likeness; in larger tables rows are told by text and place alone."""
LIKE = 0.5
"""Rows of which so many words are the same are one row, reworded."""

Pair = tuple[Row | None, Row | None]


def paired(old: Sequence[Row], new: Sequence[Row], *, coded: bool = False) -> list[Pair]:
    """Every row of both, in the order of the new table; what was removed stands after what it followed."""
    match: dict[int, int] = {}
    free = set(range(len(old)))

    def take(tell: Callable[[Row], Any]) -> None:
        places: dict[Any, deque[int]] = defaultdict(deque)
        for i in sorted(free):
            places[tell(old[i])].append(i)
        for j, row in enumerate(new):
            if j not in match and places.get(tell(row)):
                match[j] = places[tell(row)].popleft()
                free.discard(match[j])

    take(lambda row: (row.group, row.under, row.key, row.cells))
    take(lambda row: (row.group, row.under, row.key))
    if not coded:
        take(lambda row: (row.group, row.cells))
        take(lambda row: (row.group, row.key))
        _reworded(old, new, match, free)
        _in_place(old, new, match, free)
    return _in_order(old, new, match, free)


def _reworded(old: Sequence[Row], new: Sequence[Row], match: dict[int, int], free: set[int]) -> None:
    """Pair what is alike, the most alike first."""
    added = [j for j in range(len(new)) if j not in match]
    if len(free) * len(added) > MOST:
        return
    bags = {i: Counter(old[i].key.casefold().split()) for i in free}
    likely = []
    for j in added:
        bag = Counter(new[j].key.casefold().split())
        for i, other in bags.items():
            if old[i].group == new[j].group:
                shared = (bag & other).total() / max(bag.total(), other.total(), 1)
                if shared >= LIKE:
                    likely.append((-shared, abs(i - j), i, j))
    for _shared, _distance, i, j in sorted(likely):
        if i in free and j not in match:
            match[j] = i
            free.discard(i)


def _in_place(old: Sequence[Row], new: Sequence[Row], match: dict[int, int], free: set[int]) -> None:
    """Pair what follows the same row and is of the same kind."""
    follow: dict[tuple[int, str, str], deque[int]] = defaultdict(deque)
    before = -1
    for i, row in enumerate(old):
        if i in free:
            follow[before, row.group, row.under].append(i)
        else:
            before = i
    found: dict[int, int] = {}
    before = -1
    for j, row in enumerate(new):
        if j in match:
            before = match[j]
        elif waiting := follow.get((before, row.group, row.under)):
            found[j] = waiting.popleft()
    match.update(found)
    free.difference_update(found.values())


def _in_order(old: Sequence[Row], new: Sequence[Row], match: dict[int, int], free: set[int]) -> list[Pair]:
    def removed_after(i: int) -> list[Pair]:
        found: list[Pair] = []
        while (i := i + 1) in free:
            found.append((old[i], None))
        return found

    pairs = removed_after(-1)
    for j, row in enumerate(new):
        if j in match:
            pairs += [(old[match[j]], row), *removed_after(match[j])]
        else:
            pairs.append((None, row))
    return pairs
