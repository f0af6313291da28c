"""What machines can keep of letters: each kind has its place, each word its translation, each placeholder its value."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from jinja2 import nodes

from prima import letters
from prima.languages import ENGLISH, OF_LETTERS
from tests.test_house import PRIMA, ROOT, TEMPLATES, at, each, template, tree

ONE, MANY = {"_", "_l", "gettext", "lazy_gettext"}, {"ngettext", "lazy_ngettext"}
SAYING = ONE | MANY
PLACE = re.compile(r"%\((\w+)\)")
QUEUEING = {"queue", "Draft", "_letter"}
TRANSLATED = [language for language in OF_LETTERS if language != ENGLISH]

VOCABULARY = (
    "prima/message.py", "prima/digests.py", "prima/filters.py", "prima/projects/stages.py", "prima/projects/changes.py",
    "prima/endorsement/steps.py", "prima/endorsement/queries/road.py", "prima/endorsement/queries/naming.py",
    "prima/reporting/steps.py", "prima/reporting/rules.py", "prima/reporting/evaluating.py",
    "prima/reporting/reminders/planned.py", "prima/reporting/reminders/letters.py",
    "prima/reporting/reminders/reviews.py", "prima/reporting/agenda.py",
)  # fmt: skip
"""Modules (or packages) whose words letters and calendars use: all of them are translated."""
LISTS = ("project_statuses.csv", "team_roles.csv")
FORMATTED_LATER = {
    "Review as %(role)s": "the role is added where it is known",
    "Use at most %(max)d characters.": "WTForms says how many",
    "%(label)s, line %(number)s": "a row of a form says which",
    "“%(part)s” is no month. Please type months such as 1-3, 7.": "said by what was typed",
    "Months begin with 1, the first of the project: please mend “%(part)s”.": "said by what was typed",
    "A project has at most %(most)s months: please mend “%(part)s”.": "said by what was typed",
    "“%(part)s” ends before it begins. Please type the first month first.": "said by what was typed",
    "The call %(call)s has been closed.": "the rule chooses between two sentences",
    "The cut-off of %(call)s was on %(day)s.": "the rule chooses between two sentences",
}
"""Texts whose values do not stand beside them, and why."""


# -- reading ----------------------------------------------------------------------------------------------------------


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def calls(within: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    return (node for node in ast.walk(within) if isinstance(node, ast.Call) and name_of(node) in names)


def texts(call: ast.Call) -> tuple[str, ...]:
    """The text of a call, and its plural; nothing where it is no literal."""
    wanted = 2 if name_of(call) in MANY else 1
    found = [one.value for one in call.args[:wanted] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return tuple(found) if len(found) == wanted else ()


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}


def composing(path: Path) -> list[ast.AST]:
    """What words(...) composes letters with, and what that calls in its module; the lazy words handed to a queue."""
    known = functions(path)
    todo = [one.args[0].id for one in calls(tree(path), {"words"}) if one.args and isinstance(one.args[0], ast.Name)]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in known and name not in seen:
            seen.add(name)
            todo += [node.id for node in ast.walk(known[name]) if isinstance(node, ast.Name)]
    handed = [one.value for call in calls(tree(path), QUEUEING) for one in call.keywords if one.arg in WORDS]
    return [*(known[name] for name in seen), *handed]


WORDS = ("subject", "body")


def said_in_letters() -> dict[tuple[str, ...], str]:
    """Every text that can stand in a letter, and where it is written."""
    found = {}
    for path in PRIMA:
        for part in [tree(path)] if str(path).startswith(VOCABULARY) else composing(path):
            for call in calls(part, SAYING):
                if text := texts(call):
                    found[text] = at(path, call.lineno)
    for file in LISTS:
        with (ROOT / "prima/reference" / file).open(encoding="utf-8", newline="") as source:
            found |= {(row["name"],): file for row in csv.DictReader(source)}
    return found


@cache
def catalogue(language: str) -> Catalog:
    with (folder(language) / "messages.po").open("rb") as source:
        return read_po(source, locale=language)


def folder(language: str) -> Path:
    return ROOT / "prima/translations" / language / "LC_MESSAGES"


def places(text: str) -> list[str]:
    return sorted(set(PLACE.findall(text)))


# -- kinds ------------------------------------------------------------------------------------------------------------


def kinds(path: Path) -> Iterator[tuple[int, str]]:
    """The kinds of the letters that a module queues; of one put together, its beginning."""
    for call in calls(tree(path), QUEUEING):
        for value in (one.value for one in call.keywords if one.arg == "kind"):
            yield from ((call.lineno, kind) for kind in _kinds(path, value))


def _kinds(path: Path, value: ast.expr) -> list[str]:
    if isinstance(value, ast.Constant):
        return [value.value]
    if isinstance(value, ast.JoinedStr) and isinstance(value.values[0], ast.Constant):
        return [value.values[0].value]
    if isinstance(value, ast.Name):
        return _named(path, value.id)
    if isinstance(value, ast.Call) and value.args and isinstance(value.args[0], ast.Constant):
        return [f"{value.args[0].value}:"]  # _since("suspended", project)
    return ["?"]


def _named(path: Path, name: str) -> list[str]:
    """A constant of the module, or an argument: what those who call the function give it."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            return _kinds(path, node.value)
    found = []
    for function in functions(path).values():
        arguments = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
        if name in arguments and any(True for _ in calls(function, QUEUEING)):
            for call in calls(tree(path), {function.name}):
                given = {one.arg: one.value for one in call.keywords} | dict(zip(arguments, call.args, strict=False))
                found += _kinds(path, given[name])
    return found or ["?"]


HANDED_ON = ("prima/outbox.py", "prima/loopback.py", "prima/reporting/reminders")
"""Modules that pass a kind on: what the queue is given, the measuring of it, and the reminders' own table below."""


def test_every_kind_of_letter_stands_in_one_row():
    found = [(path, line, kind) for path in PRIMA if not str(path).startswith(HANDED_ON) for line, kind in kinds(path)]
    lost = [f"{at(path, line)}: {kind}" for path, line, kind in found if not letters.topic_of(kind)]
    assert not lost, f"No row of letters.TOPICS has these kinds: {lost}"
    every = {kind for *_, kind in found}
    assert {"desk", "decision", "comment", "change:", "password link", "closed:", "suspended:"} <= every


def test_reminders_are_duties_and_rows_share_no_kind():
    assert letters.topic_of("remind:before-3") == "duties"
    every = [kind for one in (*letters.TOPICS, *letters.TO_NOBODY) for kind in one.kinds]
    assert len(every) == len(set(every))
    assert letters.topic_of("report:submit") == "decisions" and letters.topic_of("report:return") == "duties"
    assert letters.topic_of("nothing of ours") == ""


def test_what_cannot_be_chosen_says_why_and_defaults_are_possible():
    for one in letters.TOPICS:
        assert one.default in one.ways and letters.Way.AT_ONCE in one.ways
        assert bool(str(one.why)) is not one.is_free, one.code


@each(PRIMA)
def test_the_words_of_a_letter_are_said_when_it_is_known_who_reads_them(path):
    """Words said before would be in the language of whoever acts."""
    early = [
        at(path, call.lineno)
        for call in calls(tree(path), QUEUEING)
        for one in call.keywords
        if one.arg in WORDS
        for said in calls(one.value, {"_", "gettext", "ngettext", "str"})
        if said
    ]
    assert not early, f"Compose them with words() or lazily: {early}"


# -- placeholders -----------------------------------------------------------------------------------------------------


def literal_keys(path: Path, value: ast.expr, call: ast.Call) -> set[str] | None:
    """The keys of what is given by **: a dict written out here, or by a function of the module; None if unknown."""
    if isinstance(value, ast.Dict):
        found: set[str] = set()
        for key, inner in zip(value.keys, value.values, strict=True):
            keys = literal_keys(path, inner, call) if key is None else {getattr(key, "value", None)}
            if keys is None:
                return None
            found |= keys
        return found
    if isinstance(value, ast.Call) and name_of(value) in functions(path):
        returned = [node.value for node in ast.walk(functions(path)[name_of(value)]) if isinstance(node, ast.Return)]
        return literal_keys(path, returned[0], call) if returned else None
    if isinstance(value, ast.Name):
        around = [one for one in functions(path).values() if one.lineno <= call.lineno <= (one.end_lineno or 0)]
        for node in (inner for one in around for inner in ast.walk(one)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                if isinstance(target, ast.Name) and target.id == value.id:
                    return literal_keys(path, node.value, call)
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=True)
                    for name, given in pairs:
                        if isinstance(name, ast.Name) and name.id == value.id:
                            return literal_keys(path, given, call)
    return None


def wrong(call: ast.Call, path: Path) -> str:
    text, many = texts(call), name_of(call) in MANY
    if not text:
        return ""
    wanted = set(PLACE.findall("".join(text)))
    given = {one.arg for one in call.keywords if one.arg}
    spread = [one.value for one in call.keywords if one.arg is None]
    if not given and not spread and not many:
        return "" if not wanted or text[0] in FORMATTED_LATER else f"{text[0]!r} has no values for {sorted(wanted)}"
    wanted_now = wanted - ({"num"} if many else set())
    if not spread:
        return "" if given == wanted_now else f"{text[0]!r} wants {sorted(wanted_now)} and is given {sorted(given)}"
    keys = [literal_keys(path, one, call) for one in spread]
    if None in keys:
        return "" if str(path) in OWN_FIELDS else f"{text[0]!r}: write out what ** gives"
    every = given.union(*keys)
    return "" if wanted_now <= every else f"{text[0]!r} misses {sorted(wanted_now - every)}"


OWN_FIELDS = {"prima/mail.py": "a dataclass says its own fields"}


def test_every_placeholder_gets_its_value():
    found = [
        f"{at(path, call.lineno)}: {fault}"
        for path in PRIMA
        for call in calls(tree(path), SAYING)
        if (fault := wrong(call, path))
    ]
    assert not found, "\n".join(found)


def test_every_placeholder_of_a_page_gets_its_value():
    found = []
    for path in TEMPLATES:
        for call in template(path).find_all(nodes.Call):
            name = getattr(call.node, "name", "")
            if name not in SAYING:
                continue
            wanted = 2 if name in MANY else 1
            text = "".join(str(one.value) for one in call.args[:wanted] if isinstance(one, nodes.Const))
            places_ = set(PLACE.findall(text)) - ({"num"} if name in MANY else set())
            given = {one.key for one in call.kwargs}
            if call.dyn_kwargs is None and places_ != given:
                found.append(f"{at(path, call.lineno)}: {text!r} wants {sorted(places_)}, given {sorted(given)}")
    assert not found, "\n".join(found)


# -- translations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_word_of_a_letter_is_translated(language):
    known = catalogue(language)
    missing = [
        f"{where}: {text[0]!r}"
        for text, where in said_in_letters().items()
        if not (found := known.get(text[0])) or not all(_strings(found.string)) or found.fuzzy
        or (len(text) > 1 and len(_strings(found.string)) != known.num_plurals)
    ]  # fmt: skip
    assert not missing, f"Not in {language}:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_same_placeholders(language):
    different = [
        f"{message.id}: {string}"
        for message in catalogue(language)
        if message.id
        for string in _strings(message.string)
        if any(places(string) != places(text) for text in _strings(message.id))
        or string.replace("%(", "").replace("%%", "").count("%")
    ]
    assert not different, different


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_nothing_that_no_letter_says(language):
    said = {text[0] for text in said_in_letters()}
    idle = [_strings(one.id)[0] for one in catalogue(language) if one.id and _strings(one.id)[0] not in said]
    assert not idle, idle


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_read_is_what_was_translated(language):
    """The compiled file is that of the text: pybabel compile -d prima/translations."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    with (folder(language) / "messages.mo").open("rb") as source:
        fresh, stored = read_mo(compiled), read_mo(source)
    assert _content(fresh) == _content(stored)


def _content(known: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {_strings(one.id): _strings(one.string) for one in known if one.id}


def _strings(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
