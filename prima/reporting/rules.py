"""What a report still needs before it is submitted, what activation needs, and what closing waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima.filters import day, money
from prima.handbook.edition import Edition, ReportType
from prima.projects.rules import count_words, is_fund, is_regional
from prima.projects.rules.facts import EVALUATION as EVALUATION_MONEY
from prima.reporting.calendar import EVALUATION, FINAL, RESPONSE, ReportState
from prima.reporting.evaluating import to_hand_in, to_respond
from prima.reporting.standing import is_per_line, key_of
from prima.reporting.steps import DONE, deadline_name, in_a_sentence
from prima.workflow import Need

REPORT, COUNTING = "reports.show", "reached.edit"
UNDECIDED = frozenset({ReportState.SUBMITTED, ReportState.CHECKED, ReportState.RETURNED})
"""Handed in at least once, and not accepted yet."""
REACHED, SPENDING = "REACHED", "SPENDING"
"""The parts of a report that are no text."""
PROGRESS, RECONCILIATION = "PROGRESS", "RECONCILIATION"
RECORDED = {"LESSONS": ("lesson", "practice"), "CHALLENGES": ("challenge",)}
"""Parts that rows recorded with the report answer as well as text, and the kinds of these rows."""
Lack = tuple[str, str, str]
"""A part, what it lacks, and the field that mends it."""


def text_field(code: str) -> str:
    return f"text_{code.lower()}"


def reached_field(group_id: int) -> str:
    return f"reached_{group_id}"


def spent_field(key: str) -> str:
    return f"spent_{key}"


def committed_field(key: str) -> str:
    return f"committed_{key}"


def remark_field(code: str) -> str:
    return f"remark_{code.lower()}"


def part_name(title: str) -> str:
    return _("the part “%(title)s”", title=title)


def part_titles(kind: ReportType, deadline: Any) -> list[tuple[str, str]]:
    """The parts of the report in their order, figures first where they are what it is about."""
    found = [(section.code, section.title.say()) for section in kind.sections]
    if kind.part == "financial":
        return [(SPENDING, _("Spending")), *found]
    if kind.part == "narrative" and deadline.project.beneficiaries:
        return [*found, (REACHED, _("Beneficiaries reached"))]
    return found


def missing(deadline: Any, kind: ReportType, names: Mapping[int, str] | None = None) -> list[Need]:
    """Every unmet need of submitting the report, each with the field that mends it; `code` is the part it belongs to.

    `names` of the groups of beneficiaries, where they are to be named.
    What finance states and what the report before said is judged where it was looked up (queries.with_finance).
    """
    where = (("deadline", str(deadline.id)),)
    found = [*_texts(deadline, kind)]
    if kind.part == "narrative":
        found += _reached(deadline)
    elif kind.part == "financial":
        found += [*_spending(deadline), *_reconciled(deadline, kind), *_kept(deadline)]
    needs = [Need(text, REPORT, field, where, code=code) for code, text, field in found]
    if kind.code == EVALUATION:
        needs += to_hand_in(deadline)
    elif kind.code == RESPONSE:
        needs += to_respond(deadline)
    return [*needs, *_uncounted(deadline, names or {})] if kind.part == "narrative" else needs


def _texts(deadline: Any, kind: ReportType) -> Iterator[Lack]:
    report = deadline.report
    texts = {one.code: one.text for one in report.texts} if report else {}
    for section in kind.sections:
        text, title, field = texts.get(section.code, "").strip(), section.title.say(), text_field(section.code)
        words = count_words(text)
        if not text and section.required and not is_recorded(deadline, section.code):
            yield section.code, part_name(title), field
        elif section.words and words > section.words:
            says = ngettext(
                "the part “%(title)s” shortened by %(num)s word",
                "the part “%(title)s” shortened by %(num)s words",
                words - section.words,
                title=title,
            )
            yield section.code, says, field
        elif section.letters and len(text) > section.letters:
            says = ngettext(
                "the part “%(title)s” shortened by %(num)s character",
                "the part “%(title)s” shortened by %(num)s characters",
                len(text) - section.letters,
                title=title,
            )
            yield section.code, says, field


def is_recorded(deadline: Any, code: str) -> bool:
    """Whether the part is answered by what was recorded with the report: lessons and challenges are rows too."""
    return code in RECORDED and any(one.kind in RECORDED[code] for one in deadline.lessons)


def _reached(deadline: Any) -> Iterator[Lack]:
    told = {one.beneficiaries_id for one in deadline.report.reached} if deadline.report else set()
    open_groups = [group for group in deadline.project.beneficiaries if group.id not in told]
    if open_groups:
        text = ngettext(
            "the number reached of %(num)s group of beneficiaries (0 if none)",
            "the numbers reached of %(num)s groups of beneficiaries (0 if none)",
            len(open_groups),
        )
        yield REACHED, text, reached_field(open_groups[0].id)


def _uncounted(deadline: Any, names: Mapping[int, str]) -> Iterator[Need]:
    """Before a number says anything, it is declared what is counted: that is done for the project, on its own page."""
    groups = [group for group in deadline.project.beneficiaries if group.counted is None]
    if not groups:
        return
    if names:
        text = ngettext(
            "how this group is counted, people or services, with or without repetition: %(names)s",
            "how these groups are counted, people or services, with or without repetition: %(names)s",
            len(groups),
            names="; ".join(names[group.id] for group in groups),
        )
    else:
        text = ngettext(
            "how %(num)s group of beneficiaries is counted",
            "how %(num)s groups of beneficiaries are counted",
            len(groups),
        )
    yield Need(text, COUNTING, code=REACHED)


def _spending(deadline: Any) -> Iterator[Lack]:
    spending = deadline.report.spending if deadline.report else []
    lines = deadline.project.lines
    told = {(one.category_code, one.line_id) for one in spending}
    if is_per_line(lines, spending):
        untold = [line for line in lines if (line.category_code, line.id) not in told]
        if untold:
            text = ngettext(
                "what was spent on %(num)s budget line (0 if nothing)",
                "what was spent on %(num)s budget lines (0 if nothing)",
                len(untold),
            )
            yield SPENDING, text, spent_field(key_of(untold[0].category_code, untold[0].id))
        return
    budgeted = list(dict.fromkeys(line.category_code for line in lines))
    untold_codes = [code for code in budgeted if (code, None) not in told]
    if untold_codes:
        text = ngettext(
            "what was spent in %(num)s budget category (0 if nothing)",
            "what was spent in %(num)s budget categories (0 if nothing)",
            len(untold_codes),
        )
        yield SPENDING, text, spent_field(key_of(untold_codes[0], None))
    elif not budgeted and not told:
        yield SPENDING, _("what was spent"), "spending"


def differing(deadline: Any) -> list[str]:
    """The rows (key_of) whose figures in the report are not those of finance; none where finance is silent."""
    spending = deadline.report.spending if deadline.report else []
    if deadline.finance is None or not spending:
        return []
    lines = deadline.project.lines
    by_line = is_per_line(lines, spending)
    stated: dict[str, list[Decimal]] = {}
    for line in lines:
        sums = stated.setdefault(key_of(line.category_code, line.id if by_line else None), [Decimal(0), Decimal(0)])
        for place, amount in enumerate(deadline.finance.get(line.id, (0, 0))):
            sums[place] += amount
    told = {key_of(one.category_code, one.line_id): [one.spent, one.committed] for one in spending}
    return [key for key, amounts in told.items() if amounts != stated.get(key, [Decimal(0), Decimal(0)])]


def _reconciled(deadline: Any, kind: ReportType) -> Iterator[Lack]:
    """Figures agree with finance, or the part that explains the difference is written (Handbook)."""
    keys = differing(deadline)
    if not keys:
        return
    section = next((one for one in kind.sections if one.code == RECONCILIATION), None)
    if section is None:
        text = ngettext(
            "figures that agree with finance: %(num)s row differs",
            "figures that agree with finance: %(num)s rows differ",
            len(keys),
        )
        yield SPENDING, text, spent_field(keys[0])
    elif not any(one.code == section.code and one.text.strip() for one in deadline.report.texts):
        text = ngettext(
            "the part “%(title)s”: %(num)s row differs from finance",
            "the part “%(title)s”: %(num)s rows differ from finance",
            len(keys),
            title=section.title.say(),
        )
        yield section.code, text, text_field(section.code)


@dataclass(frozen=True)
class Check:
    """A rule of the edition for financial reports; `kept` is None where no figure tells."""

    code: str
    text: str
    severity: str
    kept: bool | None
    says: str = ""


def checklist(deadline: Any) -> list[Check]:
    """The edition's rules for reports, each with how this report keeps it."""
    project = deadline.project
    edition, funding = project.edition.handbook, project.funding.value
    spending = deadline.report.spending if deadline.report else []
    regional = asks_extent(edition) and is_regional(project)
    found = []
    for rule in edition.rules_for("report", funding, regional=regional, facts=project.facts):
        kept, says = MEASURES[rule.code](deadline, spending) if rule.code in MEASURES else (None, "")
        found.append(Check(rule.code, edition.say_rule(rule.code, funding=funding), rule.severity, kept, says))
    return found


def asks_extent(edition: Edition) -> bool:
    """Whether a rule for reports asks if the project is regional."""
    return any(rule.when == "report" and rule.scope != "any" for rule in edition.rules)


def _evaluation_unspent(deadline: Any, spending: Any) -> tuple[bool | None, str]:
    spent = sum((one.spent for one in spending if one.category_code == EVALUATION_MONEY), Decimal(0))
    ended = deadline.project.ends_on is not None and deadline.until >= deadline.project.ends_on
    return not spent or ended, _("%(amount)s is spent.", amount=money(spent)) if spent else ""


def _cumulative(deadline: Any, spending: Any) -> tuple[bool | None, str]:
    if not deadline.earlier:
        return None, ""
    now = {key_of(one.category_code, one.line_id): one.spent for one in spending}
    less = [key for key, spent in deadline.earlier.items() if key in now and now[key] < spent]
    text = ngettext(
        "%(num)s row is lower than in the report before.",
        "%(num)s rows are lower than in the report before.",
        len(less),
    )
    return not less, text if less else ""


MEASURES: Mapping[str, Callable[[Any, Any], tuple[bool | None, str]]] = {
    "EVAL_RINGFENCE": _evaluation_unspent,
    "FIN_CUMULATIVE": _cumulative,
}
"""How the rules that a figure tells are read."""


def _kept(deadline: Any) -> Iterator[Lack]:
    for check in checklist(deadline):
        if check.severity == "block" and check.kept is False:
            yield SPENDING, check.text, "spending"


GIVEN_HERE = frozenset({"DATES", "TEAM", "FOCAL_POINT"})
"""What the edition's checklist names and the form of activation asks for."""


def activation_checklist(project: Any) -> list[tuple[str, str]]:
    """The edition's checklist of activation: (text, `given` on the form, `missing` or `done`)."""
    missing = {need.code for need in to_activate(project)}
    return [
        (item.text.say(), "given" if item.code in GIVEN_HERE else "missing" if item.code in missing else "done")
        for item in project.edition.handbook.activation
    ]


def to_activate(project: Any) -> list[Need]:
    """What activation needs beside what is given on its page; the codes are the edition's checklist."""
    found = []
    for item in project.edition.handbook.activation:
        if item.code == "BUDGET" and not project.budget_usd:
            found.append(Need(_("an approved budget"), "budget.edit", "lines", code=item.code))
        elif item.code == "DOCUMENTS" and is_fund(project) and not project.as_imported and not _has_letter(project):
            text = _("the government's request letter on file")
            found.append(Need(text, "documents.index", "type_code", code=item.code))
    return found


def _has_letter(project: Any) -> bool:
    return any(document.type_code == "LTR" for document in project.documents)


def to_close(project: Any, deadlines: Iterable[Any]) -> list[Need]:
    """The final reports that are not accepted yet, and every other report that somebody has to decide on or mend."""
    rows = list(deadlines)
    return [*_finals(project, rows), *_under_way(project, rows)]


def to_settle(project: Any, deadlines: Iterable[Any], evaluation: tuple[Decimal, Decimal]) -> list[Need]:
    """What is owed before financial closure; `evaluation` is the money kept for it: approved, and spent.

    Not before the evaluation where that money is unspent (Handbook, closure).
    """
    rows = list(deadlines)
    found = [*_finals(project, rows), *_under_way(project, rows)]
    approved, spent = evaluation
    awaited = [one for one in rows if one.kind == EVALUATION and one.fell_away_at is None]
    if approved > spent:
        unspent = f"{project.currency} {money(approved - spent)}"
        for one in awaited:
            if one.report is None or one.report.state not in (*DONE, ReportState.SUBMITTED, ReportState.CHECKED):
                text = _("the ex-post evaluation, accepted: %(money)s kept for it are unspent", money=unspent)
                found.append(Need(text, REPORT, values=(("deadline", str(one.id)),)))
    return found


def _under_way(project: Any, deadlines: Iterable[Any]) -> list[Need]:
    """Reports handed in and not accepted yet, or returned; the final ones are told apart from them."""
    edition = project.edition.handbook
    found = []
    for one in deadlines:
        if one.fell_away_at is None and one.kind not in FINAL and one.report and one.report.state in UNDECIDED:
            name = in_a_sentence(deadline_name(edition, one.kind, one.name))
            period = f", {day(one.period_to)}" if one.period_to else ""
            text = _("the %(report)s, accepted", report=name + period)
            found.append(Need(text, REPORT, values=(("deadline", str(one.id)),)))
    return found


def _finals(project: Any, deadlines: Iterable[Any]) -> list[Need]:
    """The final reports that are not accepted yet; `deadlines` are those that stand."""
    edition = project.edition.handbook
    found = []
    for kind in FINAL:
        name = in_a_sentence(deadline_name(edition, kind))
        standing = [one for one in deadlines if one.kind == kind and one.fell_away_at is None]
        if not standing:
            found.append(Need(_("the %(report)s, accepted", report=name), "reports.index"))
        for one in standing:
            if one.report is None or one.report.state not in DONE:
                where = (("deadline", str(one.id)),)
                found.append(Need(_("the %(report)s, accepted", report=name), REPORT, values=where))
    return found


def part_field(sex: str | None, age: str | None) -> str:
    """The form field of one sex or age group of an indicator's value."""
    return "_".join(["part", *(code.lower() for code in (sex, age) if code)])
