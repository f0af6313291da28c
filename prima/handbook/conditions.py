"""Conditions of the Handbook: a closed grammar of field, comparison and value, joined by all or any; never code.

In an edition: `needed_when = {all = [{field = "funding", is = "donor"}, {field = "budget_usd", at_least = 500000}]}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from pydantic import BaseModel, ConfigDict, model_serializer, model_validator


class Unjudged(LookupError):
    """A condition cannot be judged: whoever asked did not say the fact. It must neither hold nor fail in silence."""


@dataclass(frozen=True)
class Field:
    """What a condition may ask of a project: how it compares, and which values it knows."""

    says: Any
    comparisons: tuple[str, ...]
    takes: str  # "a number", "true or false", "a text"
    choices: Mapping[str, Any] | None = None
    list_name: str = ""  # of the reference list that its codes stand in
    yes: Any = ""  # the sentences of a field that takes true or false
    no: Any = ""


WORDS = ("is", "is_not", "in")
NUMBERS = ("is", "is_not", "in", "at_least", "at_most", "more_than", "less_than")
LISTS = ("includes",)
TRUTHS = ("is", "is_not")
NUMBER, TEXT, TRUTH = "a number", "a text", "true or false"

FIELDS = {
    "funding": Field(_l("the funder"), WORDS, TEXT, {"fund": _l("the Fund"), "donor": _l("a donor")}),
    "donor.eu_money": Field("", TRUTHS, TRUTH, yes=_l("it is money of the EU"), no=_l("it is not money of the EU")),
    "donor.kind": Field(
        _l("the kind of donor"),
        WORDS,
        TEXT,
        {
            "state": _l("a State"),
            "eu": _l("the European Union"),
            "un": _l("the United Nations"),
            "private": _l("private"),
            "other": _l("another one"),
            "not_stated": _l("not stated"),
        },
    ),
    "budget_usd": Field(_l("the budget in USD"), NUMBERS, NUMBER),
    "countries": Field(_l("the countries"), LISTS, TEXT, list_name="countries"),
    "countries.count": Field(_l("the number of countries"), NUMBERS, NUMBER),
    "regions.count": Field(_l("the number of regions"), NUMBERS, NUMBER),
    "areas": Field(_l("the areas of work"), LISTS, TEXT, list_name="areas_of_work"),
    "project_type": Field(_l("the project type"), WORDS, TEXT, list_name="project_types"),
    "agreement": Field("", TRUTHS, TRUTH, yes=_l("there is an agreement"), no=_l("there is no agreement")),
}
"""`holds` is given facts of these names. What a project does not have (a donor's kind, for the Fund) is None:
of it only `is_not` holds. A fact that nobody looked up is left out, and the condition is Unjudged."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda fact, value: fact == value,
    "is_not": lambda fact, value: fact != value,
    "in": lambda fact, value: fact in value,
    "at_least": lambda fact, value: fact >= value,
    "at_most": lambda fact, value: fact <= value,
    "more_than": lambda fact, value: fact > value,
    "less_than": lambda fact, value: fact < value,
    "includes": lambda fact, value: value in fact,
}


class Condition(BaseModel):
    """Either one comparison of one field, or several conditions of which all, or any, must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    field: str = ""
    comparison: str = ""
    value: Any = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, written: Any) -> Any:
        if isinstance(written, Condition):
            return written
        if not isinstance(written, dict):
            raise ValueError('must be a table such as {field = "funding", is = "donor"}')
        forms = [name for name in ("all", "any", "field") if name in written]
        if len(forms) != 1:
            raise ValueError("needs exactly one of field, all and any")
        rest = [name for name in written if name not in forms]
        if forms != ["field"]:
            if rest:
                raise ValueError(f"{forms[0]} stands alone; {', '.join(rest)} does not belong beside it")
            if written[forms[0]] in ([], ()):
                raise ValueError(f"{forms[0]} needs at least one condition")
            return written
        name = written["field"]
        if not isinstance(name, str) or name not in FIELDS:
            raise ValueError(f"{name} is not a field of conditions; these are: {', '.join(FIELDS)}")
        known = FIELDS[name].comparisons
        if len(rest) != 1 or rest[0] not in known:
            raise ValueError(f"{name} needs one comparison, of {', '.join(known)}")
        return {"field": name, "comparison": rest[0], "value": _value(name, rest[0], written[rest[0]])}

    @model_serializer
    def _as_written(self) -> dict[str, Any]:
        if self.all:
            return {"all": list(self.all)}
        if self.any:
            return {"any": list(self.any)}
        return {"field": self.field, self.comparison: _stored(self.value)}


def holds(condition: Condition, facts: Mapping[str, Any]) -> bool:
    """Whether it is true of a project with these facts. Every part is judged: raises Unjudged if a fact is missing."""
    if parts := condition.all or condition.any:
        judged = [holds(part, facts) for part in parts]
        return all(judged) if condition.all else any(judged)
    if condition.field not in facts:
        raise Unjudged(f"The condition on {condition.field} cannot be judged: nothing is said of it.")
    fact = facts[condition.field]
    if fact is None:
        return condition.comparison == "is_not"
    return COMPARISONS[condition.comparison](fact, condition.value)


def grounds(condition: Condition, facts: Mapping[str, Any]) -> Condition:
    """Of a condition that holds, what makes it hold: of alternatives those that are true; the whole where none is."""
    if condition.all:
        return Condition(all=tuple(grounds(part, facts) for part in condition.all))
    true = [grounds(part, facts) for part in condition.any if holds(part, facts)]
    if not true:
        return condition
    return true[0] if len(true) == 1 else Condition(any=tuple(true))


def codes_in(condition: Condition) -> Iterator[tuple[str, str]]:
    """(list, code) of everything that it names by code."""
    for one in comparisons(condition):
        if list_name := FIELDS[one.field].list_name:
            for code in one.value if isinstance(one.value, tuple) else (one.value,):
                yield list_name, code


def kept(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as JSON keeps them, the same for the same facts: numbers as text, lists sorted."""
    return {
        name: sorted(fact) if FIELDS[name].comparisons == LISTS else str(fact) if isinstance(fact, Decimal) else fact
        for name, fact in facts.items()
    }


def as_kept(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts that were kept, as `holds` takes them."""
    return {
        name: Decimal(fact) if FIELDS[name].takes == NUMBER and fact is not None else fact
        for name, fact in facts.items()
    }


def say(condition: Condition, name_of: Callable[[str, str], str] = lambda _list_name, code: code) -> str:
    """In plain words, to follow "when"; `name_of` turns a list (such as project_types) and a code into a name."""
    if condition.all:
        return _(" and ").join(_bracketed(part, name_of) for part in condition.all)
    if condition.any:
        return _(" or ").join(_bracketed(part, name_of) for part in condition.any)
    field, given = FIELDS[condition.field], condition.value
    if field.takes == TRUTH:
        return str(field.yes if given is (condition.comparison == "is") else field.no)
    values = given if isinstance(given, tuple) else (given,)
    spoken = [_spoken(field, value, name_of) for value in values]
    words = {"subject": field.says, "value": spoken[0]}
    match condition.comparison:
        case "is":
            return _("%(subject)s is %(value)s", **words)
        case "is_not":
            return _("%(subject)s is not %(value)s", **words)
        case "in":
            return _("%(subject)s is one of %(values)s", subject=field.says, values=", ".join(spoken))
        case "at_least":
            return _("%(subject)s is %(value)s or more", **words)
        case "at_most":
            return _("%(subject)s is %(value)s or less", **words)
        case "more_than":
            return _("%(subject)s is more than %(value)s", **words)
        case "less_than":
            return _("%(subject)s is less than %(value)s", **words)
        case _:
            return _("%(subject)s include %(value)s", **words)


def comparisons(condition: Condition) -> Iterator[Condition]:
    """The single comparisons that a condition is made of."""
    parts = condition.all or condition.any
    if not parts:
        yield condition
    for part in parts:
        yield from comparisons(part)


def _bracketed(part: Condition, name_of: Callable[[str, str], str]) -> str:
    words = say(part, name_of)
    return f"({words})" if len(part.all or part.any) > 1 else words


def _spoken(field: Field, value: Any, name_of: Callable[[str, str], str]) -> str:
    if isinstance(value, Decimal):
        return f"{value:,}"
    if field.choices:
        return str(field.choices[value])
    return name_of(field.list_name, value)


def _value(name: str, comparison: str, given: Any) -> Any:
    """A single value, or for `in` a list of them, as the field takes them."""
    if comparison != "in":
        return _single(name, given)
    if not isinstance(given, list | tuple) or not given:
        raise ValueError(f"{name} in: must be a list in square brackets with at least one value")
    return tuple(_single(name, one) for one in given)


def _single(name: str, given: Any) -> Any:
    field = FIELDS[name]
    value = _number(given) if field.takes == NUMBER else given
    right = {NUMBER: isinstance(value, Decimal), TRUTH: isinstance(value, bool), TEXT: isinstance(value, str)}
    if not right[field.takes]:
        raise ValueError(f"{name} is compared with {field.takes}, not {_shown(given)}")
    if field.choices and value not in field.choices:
        raise ValueError(f"{name} is one of {', '.join(field.choices)}, not {_shown(given)}")
    return value


def _number(given: Any) -> Decimal | None:
    """A number of the file; a number stored as text in JSON is a number again."""
    if isinstance(given, bool | float) or not isinstance(given, int | Decimal | str):
        return None
    try:
        number = Decimal(given)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _shown(given: Any) -> str:
    return str(given) if isinstance(given, Decimal) else repr(given)[:80]


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_stored(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value
