"""In what two editions differ, key by key; and which of an edition's texts are not translated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from prima.handbook.edition import LANGUAGES, Edition, Text, called

NOTHING = "(nothing)"


class Difference(NamedTuple):
    key: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.key}: {self.old} -> {self.new}"


def differences(old: Edition, new: Edition) -> list[Difference]:
    """One for each key that differs, in the order of the file."""
    return list(_differ("", old.model_dump(mode="json"), new.model_dump(mode="json")))


def untranslated(edition: Edition) -> Iterator[tuple[str, list[str]]]:
    """(key, the missing languages) of each text that is shown in English instead."""
    for key, text in _texts("", edition):
        if missing := [language for language in LANGUAGES if getattr(text, language) is None]:
            yield key, missing


def _texts(key: str, part: Any) -> Iterator[tuple[str, Text]]:
    if isinstance(part, Text):
        yield key, part
    elif hasattr(part, "model_fields_set"):
        for name in type(part).model_fields:
            yield from _texts(f"{key}.{name}".lstrip("."), getattr(part, name))
    elif isinstance(part, tuple):
        for name, item in _named(part).items():
            yield from _texts(f"{key}[{name}]", item)


def _differ(key: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, dict) or isinstance(new, dict):
        # A text without translations is plain English.
        old, new = ({"en": side} if isinstance(side, str) else side for side in (old, new))
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from _differ(f"{key}.{name}".lstrip("."), old.get(name), new.get(name))
    elif _holds_tables(old) or _holds_tables(new):
        before, after = _named(old or ()), _named(new or ())
        for name in dict.fromkeys([*before, *after]):
            yield from _differ(f"{key}[{name}]", before.get(name), after.get(name))
        order = [[name for name in side if name in other] for side, other in ((before, after), (after, before))]
        if order[0] != order[1]:
            yield Difference(f"{key}, their order", *(", ".join(names) for names in order))
    else:
        yield Difference(key, _shown(old), _shown(new))


def _holds_tables(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) and called(item) for item in value)


def _named(items: Sequence[Any]) -> dict[str, Any]:
    """Items by what a person would call them: code, status or role, else the place; a second X is "X 2"."""
    seen: Counter[str] = Counter()
    found = {}
    for place, item in enumerate(items, 1):
        name = called(item) or str(place)
        seen[name] += 1
        found[f"{name} {seen[name]}" if seen[name] > 1 else name] = item
    return found


def _shown(value: Any) -> str:
    """A value on one line; a table shows what is given in it."""
    match value:
        case None | [] | "":
            return NOTHING
        case bool():
            return str(value).lower()
        case dict():
            given = {name: inner for name, inner in value.items() if inner not in (None, [], False)}
            return "{" + ", ".join(f"{name} = {_shown(inner)}" for name, inner in given.items()) + "}"
        case list():
            return "[" + ", ".join(_shown(inner) for inner in value) + "]"
        case _:
            return " ".join(str(value).split())
