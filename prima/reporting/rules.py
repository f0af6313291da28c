"""What a report still needs before it is submitted, what activation needs, and what closing waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from prima.filters import day, money
from prima.handbook.edition import ReportType
from prima.projects.rules import count_words, is_fund
from prima.reporting.calendar import EVALUATION, FINAL, RESPONSE, ReportState
from prima.reporting.evaluating import to_hand_in, to_respond
from prima.reporting.steps import DONE, deadline_name, in_a_sentence
from prima.workflow import Need

REPORT = "reports.show"
UNDECIDED = frozenset({ReportState.SUBMITTED, ReportState.CHECKED, ReportState.RETURNED})
"""Handed in at least once, and not accepted yet."""


def text_field(code: str) -> str:
    return f"text_{code.lower()}"


def reached_field(group_id: int) -> str:
    return f"reached_{group_id}"


def spent_field(category: str) -> str:
    return f"spent_{category.lower().replace('.', '_')}"


def committed_field(category: str) -> str:
    return f"committed_{category.lower().replace('.', '_')}"


def missing(deadline: Any, kind: ReportType) -> list[Need]:
    """Every unmet need of submitting the report, each with the field that mends it."""
    where = (("deadline", str(deadline.id)),)
    found = [Need(text, REPORT, field, where) for text, field in _texts(deadline.report, kind)]
    if kind.part == "narrative":
        found += [Need(text, REPORT, field, where) for text, field in _reached(deadline)]
    elif kind.part == "financial":
        found += [Need(text, REPORT, field, where) for text, field in _spending(deadline)]
    elif kind.code == EVALUATION:
        found += to_hand_in(deadline)
    elif kind.code == RESPONSE:
        found += to_respond(deadline)
    return found


def _texts(report: Any, kind: ReportType) -> Iterator[tuple[str, str]]:
    texts = {one.code: one.text for one in report.texts} if report else {}
    for section in kind.sections:
        text, title = texts.get(section.code, "").strip(), section.title.say()
        words = count_words(text)
        if not text and section.required:
            yield _("the part “%(title)s”", title=title), text_field(section.code)
        elif section.words and words > section.words:
            yield (
                ngettext(
                    "the part “%(title)s” shortened by %(num)s word",
                    "the part “%(title)s” shortened by %(num)s words",
                    words - section.words,
                    title=title,
                ),
                text_field(section.code),
            )
        elif section.letters and len(text) > section.letters:
            yield (
                ngettext(
                    "the part “%(title)s” shortened by %(num)s character",
                    "the part “%(title)s” shortened by %(num)s characters",
                    len(text) - section.letters,
                    title=title,
                ),
                text_field(section.code),
            )


def _reached(deadline: Any) -> Iterator[tuple[str, str]]:
    told = {one.beneficiaries_id for one in deadline.report.reached} if deadline.report else set()
    open_groups = [group for group in deadline.project.beneficiaries if group.id not in told]
    if open_groups:
        text = ngettext(
            "the number reached of %(num)s group of beneficiaries (0 if none)",
            "the numbers reached of %(num)s groups of beneficiaries (0 if none)",
            len(open_groups),
        )
        yield text, reached_field(open_groups[0].id)


def _spending(deadline: Any) -> Iterator[tuple[str, str]]:
    told = {one.category_code for one in deadline.report.spending} if deadline.report else set()
    budgeted = list(dict.fromkeys(line.category_code for line in deadline.project.lines))
    untold = [code for code in budgeted if code not in told]
    if untold:
        text = ngettext(
            "what was spent in %(num)s budget category (0 if nothing)",
            "what was spent in %(num)s budget categories (0 if nothing)",
            len(untold),
        )
        yield text, spent_field(untold[0])
    elif not budgeted and not told:
        yield _("what was spent"), "spending"


GIVEN_HERE = frozenset({"DATES", "TEAM", "FOCAL_POINT"})
"""What the edition's checklist names and the form of activation asks for."""


def checklist(project: Any) -> list[tuple[str, str]]:
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
