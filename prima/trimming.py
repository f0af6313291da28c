"""Bootstrap's style without what no page of ours can use: a quarter of it is left.

A rule stays when every class that it speaks of is a word in our templates, script or modules; a word that ends in a
hyphen ("btn-", completed when the page is drawn) keeps all classes that begin with it. So nothing is listed by hand,
and what a new template uses is there when PRIMA starts again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

OURS = (".html", ".js", ".py")
WORD = re.compile(r"[A-Za-z][\w-]+")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
NEGATED = re.compile(r":not\([^()]*\)")
COMMA = re.compile(r",(?![^(]*\))")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
NESTED = ("@media", "@supports")


@cache
def words() -> frozenset[str]:
    """Every word of our templates, script and modules, as they stood when first asked for."""
    files = (path for path in Path(__file__).parent.rglob("*") if path.suffix in OURS)
    return frozenset(word for path in files for word in WORD.findall(path.read_text("utf-8")))


def trim(style: str, known: Iterable[str]) -> str:
    """The style without rules for classes that are not among the known words; its licence stays at the top."""
    known = frozenset(known)
    begun = tuple(word for word in known if word.endswith("-"))
    licence = COMMENT.match(style.removeprefix('@charset "UTF-8";'))
    text = COMMENT.sub("", style.removeprefix('@charset "UTF-8";'))
    return '@charset "UTF-8";' + (licence[0] if licence else "") + _trimmed(text, known, begun)


def classes(style: str) -> set[str]:
    """The classes that a style speaks of."""
    found: set[str] = set()
    for head, body in _rules(COMMENT.sub("", style)):
        found |= classes(body) if head.startswith(NESTED) else set(CLASS.findall(head))
    return found


def _trimmed(style: str, known: frozenset[str], begun: tuple[str, ...]) -> str:
    kept = []
    for head, body in _rules(style):
        if head.startswith(NESTED):
            if inner := _trimmed(body, known, begun):
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        elif selectors := [one for one in COMMA.split(head) if _used(one, known, begun)]:
            kept.append(f"{','.join(selectors)}{{{body}}}")
    return "".join(kept)


def _used(selector: str, known: frozenset[str], begun: tuple[str, ...]) -> bool:
    return all(name in known or name.startswith(begun) for name in CLASS.findall(NEGATED.sub("", selector)))


def _rules(style: str) -> Iterator[tuple[str, str]]:
    """What stands before each pair of outermost braces, and what stands between them."""
    depth, start, opened = 0, 0, 0
    for brace in re.finditer(r"[{}]", style):
        if brace[0] == "{":
            depth += 1
            if depth == 1:
                opened = brace.start()
        else:
            depth -= 1
            if depth == 0:
                yield style[start:opened].rpartition(";")[2].strip(), style[opened + 1 : brace.start()]
                start = brace.end()
