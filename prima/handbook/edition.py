"""One Handbook edition: its sections, rules, desks, checks, reports and deadlines, read from a TOML file."""

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from flask_babel import get_locale
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_serializer,
    model_validator,
)

from prima.handbook.conditions import Condition, Unjudged, holds

LANGUAGES = ("en", "fr", "es")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
COVER = "COV"
MEASURED = frozenset(
    {
        "STAFF_OFFICE_MAX", "EVAL_MIN", "NAT_MIN", "NAT_MAX", "REG_MIN", "REG_MAX", "REG_LETTERS", "REG_LETTERS_MAJ",
        "RISK_NAMED",
    }
)  # fmt: skip
"""The rules of submitting that compare with a figure: without one they could not be measured."""
CURRENCY = "CURRENCY"
PLACEHOLDER = re.compile(r"\{([^}]*)\}")


class EditionError(Exception):
    """An edition cannot be used; each line names the file, the key and the reason."""

    def __init__(self, lines: Iterable[str]):
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Part):
    """Words people read: in the file either plain English or a table {en = "...", fr = "...", es = "..."}."""

    en: str = Field(min_length=1)
    fr: str | None = None
    es: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_english(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"en": value}
        if isinstance(value, dict | Text):
            return value
        raise ValueError("must be a text, or a table with en and, if translated, fr and es")

    @model_serializer
    def _as_written(self) -> str | dict[str, str]:
        said = {language: words for language in LANGUAGES if (words := getattr(self, language)) is not None}
        return self.en if list(said) == ["en"] else said

    def say(self, locale: object = None) -> str:
        """In the language of whoever reads (or in the one given), or in English where that is missing."""
        language = str(locale or get_locale() or "en").replace("-", "_").split("_")[0]
        return (getattr(self, language) if language in LANGUAGES else None) or self.en

    def __str__(self) -> str:
        return self.en


def _figure(value: Any) -> Any:
    """A rule's figure is a number or a word; a number stored as text in JSON is a number again."""
    if isinstance(value, bool | float):
        raise ValueError("must be a number or a text")
    return Decimal(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value


Code = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9_./-]*$")]
Whole = Annotated[int, Field(strict=True, ge=0)]
Count = Annotated[int, Field(strict=True, ge=1)]
Figure = Annotated[Decimal | str | None, BeforeValidator(_figure)]
Funding = Literal["fund", "donor"]
Fundings = Annotated[tuple[Funding, ...], Field(min_length=1)]
Extent = Literal["any", "national", "regional"]
Basis = Literal["published", "default"]
Subject = Literal[
    "proposal",
    "results",
    "risks",
    "budget",
    "funding",
    "endorsement",
    "activation",
    "reporting",
    "revision",
    "evaluation",
]
Facts = Mapping[str, Any] | None
BOTH: tuple[Funding, ...] = ("fund", "donor")


class Severity(StrEnum):
    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


class Item(Part):
    """A line of a checklist."""

    code: Code
    text: Text
    basis: Basis = "default"


class Stage(Part):
    code: Code
    name: Text
    module: str
    holds: Text
    guidance: Text | None = None
    who: tuple[Code, ...] = ()  # the roles that act in it
    statuses: tuple[Code, ...] = ()  # those of the list that belong to it, in order


class Section(Part):
    code: Code
    title: Text
    kind: Literal["text", "structured"]
    words: Count | None = None
    letters: Count | None = None
    step: str | None = None
    guidance: Text | None = None
    must_answer: tuple[Text, ...] = ()
    material: StrictBool = False  # a change brings the proposal back to the head of office
    internal: StrictBool = False  # hidden from staff who do not work on the proposal
    roles: tuple[Code, ...] = ()  # reviewers whose clearance a change reopens
    applies_to: Fundings = BOTH
    needed_when: Condition | None = None  # always, if left out


class Rule(Part):
    code: Code
    subject: Subject
    text: Text  # "{value}" stands for the figure
    value: Figure = None
    deadline: str | None = None  # instead of a value: the number of [deadlines] that this rule explains
    unit: str | None = None
    severity: Severity
    when: Literal["submit", "activation", "report", "change", "schedule"]
    applies_to: Fundings = BOTH
    scope: Extent = "any"
    needed_when: Condition | None = None
    basis: Basis


class Desk(Part):
    """Who has the file in a status, and for how many working days. A status may have several."""

    status: Code
    roles: Annotated[tuple[Code, ...], Field(min_length=1)]
    scope: Literal["team", "office", "region", "headquarters"]
    days: Count | None = None
    funding: Fundings = BOTH


class Reviewer(Part):
    """A clearance that a proposal may need: whose it is, where that person sits, and when it is asked."""

    role: Code
    code: Code | None = None  # where one role clears in two places; else the role names the reviewer
    scope: Literal["office", "region", "headquarters", "named"]
    place: Code | None = None  # the Regional Office that scope "named" names
    required: StrictBool = True
    days: Count
    funding: Fundings = BOTH
    areas: StrictBool = False  # chosen by the project's areas of work
    fallback: Code | None = None  # the role that answers there while nobody can in the role itself
    needed_when: Condition | None = None

    @property
    def key(self) -> str:
        """What checks and sections call this reviewer."""
        return self.code or self.role

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if (self.scope == "named") != (self.place is not None):
            raise ValueError('place names the Regional Office of scope "named", and stands with no other scope')
        if self.fallback == self.role:
            raise ValueError("fallback is another role than role")
        return self


class Check(Part):
    code: Code
    role: Code  # of a desk or reviewer; or the code of a reviewer that has one
    question: Text
    must_pass: StrictBool
    sets: Literal["gender_marker"] | None = None  # what the reviewer may set otherwise, with a reason
    judges: tuple[Code, ...] = ()  # rules whose written justification the reviewer accepts or not
    applies_to: Fundings = BOTH
    scope: Extent = "any"
    basis: Basis


class ReportSection(Part):
    code: Code
    title: Text
    words: Count | None = None
    letters: Count | None = None
    required: StrictBool = True


class ReportType(Part):
    code: Code
    name: Text
    part: Literal["narrative", "financial", "monitoring", "evaluation"]
    checked_by: Annotated[tuple[Code, ...], Field(min_length=1)]
    accepted_by: Code
    sections: tuple[ReportSection, ...] = ()
    basis: Basis


class Months(Part):
    """A number of months for projects of the Fund and one for those of donors."""

    fund: Whole
    donor: Whole

    def of(self, funding: Funding) -> int:
        return self.fund if funding == "fund" else self.donor


class Evaluations(Part):
    """Whether an ex-post evaluation is due without a word in the agreement."""

    fund: StrictBool
    donor: StrictBool

    def of(self, funding: Funding) -> bool:
        return self.fund if funding == "fund" else self.donor


class DeadlineRules(Part):
    framework_months: Count
    interim_every_months: Months
    interim_min_project_months: Months
    interim_due_days: Whole
    tail_min_days: Whole
    final_months: Count
    extension_request_months: Count
    evaluation: Evaluations
    evaluation_from_months: Count
    evaluation_to_months: Count
    late_created_days: Whole
    monitoring_every_months: Count
    response_months: Count

    @model_validator(mode="after")
    def _window(self) -> Self:
        if self.evaluation_to_months < self.evaluation_from_months:
            raise ValueError("evaluation_to_months must not be smaller than evaluation_from_months")
        return self


class Ladder(Part):
    """When a reminder goes out: days before, on the day, then every so many days (0: not again)."""

    on_opening: StrictBool = False  # on the first day of a window, where what is due has one
    before_days: tuple[Count, ...]
    on_day: StrictBool
    every_days: Whole
    region_from_day: Count | None = None
    fund_from_day: Count | None = None

    @model_validator(mode="after")
    def _steps(self) -> Self:
        if list(self.before_days) != sorted(set(self.before_days), reverse=True):
            raise ValueError("before_days must go down, each number once, such as [30, 14, 3]")
        if not (self.on_opening or self.before_days or self.on_day or self.every_days):
            raise ValueError("the ladder has no step; give before_days, on_day or every_days")
        return self


class Duty(Part):
    """What a role does in a stage, in a sentence that begins with the verb."""

    role: Code
    stage: Code
    text: Text
    applies_to: Fundings = BOTH


class GenderQuestion(Part):
    """A question of the gender marker; the last one, whether gender equality is a main aim, is yes or no."""

    code: Literal["needs_analysis", "outputs", "activities", "main_aim"]
    text: Text


class Suggestion(Part):
    """The code that answers suggest: the first of the list that fits."""

    code: str
    all: Literal["yes", "some", "no"] | None = None  # what the first three answers must all be; anything if left out
    main_aim: StrictBool | None = None


class Gender(Part):
    """How a gender marker code is suggested from four questions."""

    questions: tuple[GenderQuestion, ...]
    suggestions: Annotated[tuple[Suggestion, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if [one.code for one in self.questions] != ["needs_analysis", "outputs", "activities", "main_aim"]:
            raise ValueError("questions are needs_analysis, outputs, activities and main_aim, in this order")
        last = self.suggestions[-1]
        if last.all is not None or last.main_aim is not None:
            raise ValueError("the last of the suggestions must fit every answer: leave all and main_aim out")
        return self


class RiskBand(Part):
    """What risks are called from a level on, until the next band begins; a level is consequence x likelihood."""

    from_level: Count
    name: Text
    tone: Literal["grey", "blue", "green", "amber", "violet", "red"]


class RiskLevels(Part):
    """How high a risk is, in words."""

    bands: Annotated[tuple[RiskBand, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _steps(self) -> Self:
        starts = [band.from_level for band in self.bands]
        if starts != sorted(set(starts)) or starts[0] != 1:
            raise ValueError("bands must go up by from_level, each number once, and begin with 1")
        return self

    def band(self, level: int) -> RiskBand:
        return [band for band in self.bands if band.from_level <= level][-1]


class Threshold(Part):
    """From which figure on a traffic light is amber, and from which red; where less is worse, `amber` is the larger."""

    amber: Whole
    red: Whole


class Lights(Part):
    """The traffic lights of a running project; what is between green and amber is green."""

    schedule: Threshold  # per cent of the activities and milestones that should be done by today and are not
    results: Threshold  # per cent reached of what the time that has passed lets expect; less is worse
    money: Threshold  # percentage points between the budget spent and the time that has passed
    risk: Threshold  # level of the highest open risk

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("schedule", "money", "risk"):
            one = getattr(self, name)
            if one.red < one.amber:
                raise ValueError(f"{name}.red must not be smaller than {name}.amber")
        if self.results.red > self.results.amber:
            raise ValueError("results.red must not be greater than results.amber")
        return self


class Deciders(Part):
    """A role for projects of the Fund and one for those of donors."""

    fund: Code
    donor: Code

    def of(self, funding: Funding) -> str:
        return self.fund if funding == "fund" else self.donor


class ChangeRules(Part):
    """Who decides on a change of a running project, and what needs no request."""

    endorsed_by: Code  # at the Regional Office
    decided_by: Deciders  # for a donor's project: who records the donor's answer
    days: Count  # working days for each of them
    free_percent: Whole  # a budget line may grow or shrink by so many per cent of its approved amount without a request


class Named(Part):
    """A word of a scale or a list."""

    code: Code
    name: Text
    tone: Literal["grey", "blue", "green", "amber", "violet", "red"] = "grey"


class EvaluationRules(Part):
    """By what an ex-post evaluation judges, and in which words."""

    criteria: Annotated[tuple[Named, ...], Field(min_length=1)]
    ratings: Annotated[tuple[Named, ...], Field(min_length=1)]  # from the best to the worst


class Edition(Part):
    """What `..._for` returns fits the funding, and the conditions of what it returns hold by `facts`.

    `facts` are named in conditions.FIELDS. Whoever asks without them gets what no condition is on, and Unjudged where
    there is one: an edition's condition is never taken to hold, or to fail, by somebody who did not look.
    """

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Text
    language: Literal["en", "fr", "es"]
    valid_from: date
    one_person_two_clearances: StrictBool
    gender_not_applicable_types: tuple[Code, ...]  # project types whose gender marker may be N/A
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]
    rules: tuple[Rule, ...]
    desks: Annotated[tuple[Desk, ...], Field(min_length=1)]
    reviewers: Annotated[tuple[Reviewer, ...], Field(min_length=1)]
    checks: tuple[Check, ...]
    reports: Annotated[tuple[ReportType, ...], Field(min_length=1)]
    deadlines: DeadlineRules
    ladder: Ladder
    extension_ladder: Ladder
    evaluation_ladder: Ladder | None = None  # reminders of an evaluation's window
    review_ladder: Ladder | None = None  # reminders of clearances that are past their days of service
    milestone_ladder: Ladder | None = None  # reminders of milestones; none, if left out
    activation: tuple[Item, ...]
    closure: tuple[Item, ...]
    settlement: tuple[Item, ...] = ()  # what financial closure needs
    changes: ChangeRules | None = None
    lights: Lights | None = None
    evaluation: EvaluationRules | None = None
    follow_up_ladder: Ladder | None = None  # reminders of what was promised on a recommendation
    duties: tuple[Duty, ...] = ()
    gender: Gender | None = None
    risk: RiskLevels | None = None  # levels of risk have no word, if left out

    def is_conditional(self, funding: Funding) -> bool:
        """Whether such a project needs anything under a condition only, so that its facts have to be looked up."""
        parts: list[tuple[Fundings, Condition | None]] = [
            *((one.applies_to, one.needed_when) for one in self.sections),
            *((one.applies_to, one.needed_when) for one in self.rules),
            *((one.funding, one.needed_when) for one in self.reviewers),
        ]
        return any(funding in fundings and condition is not None for fundings, condition in parts)

    def section(self, code: str) -> Section:
        return _one(self.sections, code)

    def rule(self, code: str) -> Rule:
        return _one(self.rules, code)

    def stage(self, code: str) -> Stage:
        return _one(self.stages, code)

    def stage_of(self, status: str, named: str = "") -> Stage | None:
        """The stage that a status belongs to; None for one that belongs to no stage.

        Editions published before stages said their statuses are found by the name that the list of statuses gives.
        """
        if any(stage.statuses for stage in self.stages):
            return next((stage for stage in self.stages if status in stage.statuses), None)
        return next((stage for stage in self.stages if stage.name.en == named), None)

    def report(self, code: str) -> ReportType:
        return _one(self.reports, code)

    def sections_for(self, funding: Funding, facts: Facts = None) -> tuple[Section, ...]:
        return tuple(one for one in self.sections if funding in one.applies_to and _needed(one, facts))

    def rules_for(
        self, when: str, funding: Funding, *, regional: bool = False, facts: Facts = None
    ) -> tuple[Rule, ...]:
        return tuple(
            rule
            for rule in self.rules
            if rule.when == when
            and funding in rule.applies_to
            and _reaches(rule.scope, regional)
            and _needed(rule, facts)
        )

    def desks_for(self, status: str, funding: Funding) -> tuple[Desk, ...]:
        """Who has the file; nobody in a terminal status."""
        return tuple(desk for desk in self.desks if desk.status == status and funding in desk.funding)

    def reviewers_for(self, funding: Funding, facts: Facts = None) -> tuple[Reviewer, ...]:
        return tuple(one for one in self.reviewers if funding in one.funding and _needed(one, facts))

    def checks_for(self, role: str, funding: Funding, *, regional: bool = False) -> tuple[Check, ...]:
        """The checks of a desk's role or of a reviewer, by role or code."""
        return tuple(
            check
            for check in self.checks
            if check.role == role and funding in check.applies_to and _reaches(check.scope, regional)
        )

    def figure(self, code: str, funding: Funding = "fund") -> Decimal | str | None:
        """The figure of a rule, wherever the edition keeps it."""
        rule = self.rule(code)
        if rule.deadline is None:
            return rule.value
        number = getattr(self.deadlines, rule.deadline)
        return Decimal(number.of(funding) if isinstance(number, Months) else number)

    def say_rule(self, code: str, locale: object = None, funding: Funding = "fund") -> str:
        figure = self.figure(code, funding)
        shown = f"{figure:,}" if isinstance(figure, Decimal) else str(figure or "")
        return self.rule(code).text.say(locale).replace("{value}", shown)


def _one(items: Iterable[Any], code: str) -> Any:
    for item in items:
        if item.code == code:
            return item
    raise KeyError(code)


def _reaches(scope: str, regional: bool) -> bool:
    return scope in ("any", "regional" if regional else "national")


def _needed(item: Section | Rule | Reviewer, facts: Facts) -> bool:
    if item.needed_when is None:
        return True
    if facts is None:
        name = item.key if isinstance(item, Reviewer) else item.code
        raise Unjudged(f"{name} is needed under a condition; without the project's facts it cannot be judged.")
    return holds(item.needed_when, facts)


def checksum(text: str | bytes) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def parse(text: str, file: str) -> Edition:
    """Read an edition and check that its parts fit together; every fault is reported at once."""
    try:
        # A file saved by an editor that marks UTF-8 begins with U+FEFF, which TOML does not know.
        raw = tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise EditionError([f"{file}: the file is not valid TOML: {error}."]) from error
    try:
        edition = Edition.model_validate(raw)
    except ValidationError as error:
        raise EditionError(f"{file}: {_key(fault['loc'], raw)}: {_reason(fault)}." for fault in _told(error)) from error
    if faults := list(_contradictions(edition)):
        raise EditionError(f"{file}: {key}: {reason}." for key, reason in faults)
    return edition


def _told(error: ValidationError) -> Iterator[Any]:
    """One fault a key: a value that fits neither a number nor a text is reported once, not per possibility."""
    seen = set()
    for fault in error.errors():
        location = tuple(step for step in fault["loc"] if step not in ("decimal", "str"))
        if location not in seen:
            seen.add(location)
            yield {**fault, "loc": location}


def _key(location: tuple[int | str, ...], raw: Any) -> str:
    """The way to a key as a person would find it: sections[RAT].words rather than sections.1.words."""
    key = ""
    for step in location:
        if isinstance(step, int):
            raw = raw[step] if isinstance(raw, list) and step < len(raw) else None
            key += f"[{called(raw) or step + 1}]"
        else:
            raw = raw.get(step) if isinstance(raw, dict) else None
            key += f".{step}" if key else step
    return key or "the file"


def called(item: Any) -> str:
    """What a person would call an item of a list: its code, status or role; a duty is a role's in a stage."""
    read = item.get if isinstance(item, Mapping) else lambda name: getattr(item, name, None)
    names = [str(found) for name in ("code", "status", "role") if isinstance(found := read(name), str) and found][:1]
    if names and isinstance(stage := read("stage"), str):
        names.append(stage)
    return " ".join(names)


def _reason(fault: Any) -> str:
    limits, given = fault.get("ctx", {}), fault["input"]
    given = str(given) if isinstance(given, Decimal) else repr(given)[:80]
    match fault["type"]:
        case "missing":
            return "this key is missing"
        case "extra_forbidden":
            return "this key is not known here; correct its spelling or remove it"
        case "int_type" | "int_parsing" | "int_from_float":
            return f"must be a whole number, not {given}"
        case "bool_type":
            return f"must be true or false, not {given}"
        case "string_type":
            return f"must be a text in quotation marks, not {given}"
        case kind if kind.startswith(("decimal", "finite_number")):
            return f"must be a number or a text, not {given}"
        case "string_too_short":
            return "must not be empty"
        case "tuple_type":
            return f"must be a list in square brackets, not {given}"
        case "too_short":
            return "needs at least one entry"
        case "literal_error" | "enum":
            return f"must be {limits['expected']}, not {given}"
        case "greater_than_equal":
            return f"must be {limits['ge']} or more, not {given}"
        case "string_pattern_mismatch":
            return f"is not a code: {given}"
        case kind if kind.startswith(("date", "datetime")):
            return f"must be a date such as 2014-01-01, not {given}"
        case "model_type" | "model_attributes_type":
            return f"must be a table, not {given}"
        case "value_error":
            return str(limits["error"])
        case _:
            return f"{fault['msg'].lower().rstrip('.')}, not {given}"


def _contradictions(edition: Edition) -> Iterator[tuple[str, str]]:
    """What single keys cannot show: codes used twice, and names that lead nowhere."""
    yield from _used_twice(edition)
    yield from _roles_without_a_seat(edition)
    yield from _statuses_without_a_stage(edition)
    if not any(section.code == COVER and section.needed_when is None for section in edition.sections):
        yield "sections", f"{COVER}, the cover, must stand here without a condition: every proposal has one"
    for rule in edition.rules:
        yield from _rule_faults(rule, f"rules[{rule.code}]")
    for name in ("ladder", "extension_ladder", "review_ladder", "milestone_ladder", "follow_up_ladder"):
        if (ladder := getattr(edition, name)) and ladder.on_opening:
            yield f"{name}.on_opening", "only what has a window has a first day: use it in evaluation_ladder"
    for section in edition.sections:
        if section.kind == "structured" and (section.words or section.letters):
            yield f"sections[{section.code}].words", "a structured section has no limit of words or letters"


def _used_twice(edition: Edition) -> Iterator[tuple[str, str]]:
    lists: dict[str, list[str]] = {
        name: [item.code for item in getattr(edition, name)]
        for name in ("stages", "sections", "rules", "checks", "reports", "activation", "closure", "settlement")
    }
    if edition.evaluation:
        lists |= {
            f"evaluation.{name}": [item.code for item in getattr(edition.evaluation, name)]
            for name in ("criteria", "ratings")
        }
    lists |= {f"reports[{report.code}].sections": [part.code for part in report.sections] for report in edition.reports}
    lists["reviewers"] = [f"{one.key} ({kind})" for one in edition.reviewers for kind in one.funding]
    lists["desks"] = [
        f"{desk.status} {role} ({kind})" for desk in edition.desks for role in desk.roles for kind in desk.funding
    ]
    for name, codes in lists.items():
        for code, times in Counter(codes).items():
            if times > 1:
                yield name, f"{code} stands here {times} times; it must stand here once"


def _roles_without_a_seat(edition: Edition) -> Iterator[tuple[str, str]]:
    reviewers = {one.key for one in edition.reviewers}
    for section in edition.sections:
        for role in section.roles:
            if role not in reviewers:
                yield f"sections[{section.code}].roles", f"{role} is not one of the reviewers"
    stages = {one.code for one in edition.stages}
    for duty in edition.duties:
        if duty.stage not in stages:
            yield f"duties[{called(duty)}].stage", f"{duty.stage} is not one of the stages"
    rules = {rule.code for rule in edition.rules}
    for check in edition.checks:
        for code in set(check.judges) - rules:
            yield f"checks[{check.code}].judges", f"{code} is not one of the rules"
        for kind in check.applies_to:
            seats = {one.key for one in edition.reviewers if kind in one.funding}
            seats |= {role for desk in edition.desks if kind in desk.funding for role in desk.roles}
            if check.role not in seats:
                yield f"checks[{check.code}].role", f"{check.role} neither reviews nor decides on {kind} projects"


def _statuses_without_a_stage(edition: Edition) -> Iterator[tuple[str, str]]:
    stands = Counter(status for stage in edition.stages for status in stage.statuses)
    for status, times in stands.items():
        if times > 1:
            yield "stages", f"the status {status} stands in {times} places; it must stand in one stage"


def _rule_faults(rule: Rule, key: str) -> Iterator[tuple[str, str]]:
    if rule.deadline is not None:
        if rule.value is not None:
            yield f"{key}.value", "the figure already stands under [deadlines]; give value or deadline, not both"
        if rule.deadline not in DeadlineRules.model_fields or rule.deadline == "evaluation":
            yield f"{key}.deadline", f"{rule.deadline} is not a number of [deadlines]"
    if rule.code == CURRENCY:
        if not (isinstance(rule.value, str) and re.fullmatch("[A-Z]{3}", rule.value)):
            yield f"{key}.value", "must be the three capital letters of a currency, such as USD"
    elif rule.when == "submit" and isinstance(rule.value, str):
        yield f"{key}.value", f"must be a number, not {rule.value!r}"
    elif rule.code in MEASURED and rule.value is None:
        yield f"{key}.value", "this rule compares with a number: give it here"
    for language in LANGUAGES:
        for name in PLACEHOLDER.findall(getattr(rule.text, language) or ""):
            if name != "value":
                yield f"{key}.text", f"{{{name}}} is not known; only {{value}} is"
            elif rule.value is None and rule.deadline is None:
                yield f"{key}.text", "{value} needs a value or a deadline"
