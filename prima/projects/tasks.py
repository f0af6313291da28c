"""The parts of a proposal: where each is written, how far it is, and what it still needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from flask_babel import gettext as _

from prima.filters import money
from prima.handbook.edition import Section
from prima.projects import rules
from prima.workflow import Need


class State(StrEnum):
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    PROBLEM = "problem"
    COMPLETE = "complete"


INTERNAL = frozenset({"risks.edit"})
"""Pages that only those see who see what is internal."""
Values = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Task:
    """One page of the proposal. `missing` ends the sentence "This still needs ..."."""

    group: str
    title: str
    at: str
    values: Values
    state: State
    detail: str = ""
    missing: Sequence[str] = ()
    counts: bool = True
    """Whether the proposal is complete only with it."""

    @property
    def is_done(self) -> bool:
        return self.state is State.COMPLETE


def tasks(project: Any, needs: Sequence[Need] | None = None) -> list[Task]:
    """Every part in the order it is written; `needs` are the unmet ones, if they are known already."""
    if needs is None:
        needs = rules.to_submit(project)
    return [
        *_about(project, needs),
        *_texts(project, needs),
        *_plans(project, needs),
        *_money(project, needs),
        *_file(project, needs),
    ]


def section(project: Any, code: str) -> Section | None:
    """A section of the project's edition, where it has one for this funding."""
    asked = project.edition.handbook.sections_for(project.funding, project.facts)
    return next((one for one in asked if one.code == code), None)


def progress(found: Sequence[Task]) -> tuple[int, int]:
    """How many of the parts that count are complete, and how many there are."""
    counted = [task for task in found if task.counts]
    return sum(task.is_done for task in counted), len(counted)


def following(found: Sequence[Task], at: str, values: Values = ()) -> Task | None:
    """The part after the page at hand."""
    for here, after in pairwise(found):
        if (here.at, here.values) == (at, values):
            return after
    return None


def _of(needs: Sequence[Need], at: str, values: Values = ()) -> list[Need]:
    return [need for need in needs if need.at == at and need.values == values]


def _task(
    group: str,
    title: str,
    at: str,
    needs: Sequence[Need],
    *,
    started: bool,
    values: Values = (),
    detail: str = "",
    wrong: State = State.PROBLEM,
    counts: bool = True,
) -> Task:
    """`wrong` is what a part is called that was begun and still needs something."""
    own = _of(needs, at, values)
    if own:
        state = wrong if started else State.NOT_STARTED
    else:
        state = State.COMPLETE if started else State.NOT_STARTED
    missing = [str(need.text) for need in own] if started else []
    return Task(group, title, at, values, state, detail, missing, counts)


def _about(project: Any, needs: Sequence[Need]) -> Iterator[Task]:
    group = _("About the project")
    title = project.edition.handbook.section("COV").title.say()
    yield _task(group, title, "cover.edit", needs, started=True, wrong=State.IN_PROGRESS)
    classified = project.gender_marker_code or project.governance or project.sdgs or project.themes
    yield _task(
        group, _("Classification"), "classification.edit", needs, started=bool(classified), wrong=State.IN_PROGRESS
    )
    yield _task(group, _("Partners"), "partners.edit", needs, started=bool(project.partners), counts=False)
    yield _task(group, _("Beneficiaries"), "beneficiaries.edit", needs, started=bool(project.beneficiaries))


def _texts(project: Any, needs: Sequence[Need]) -> Iterator[Task]:
    texts = {section.code: section.text for section in project.sections}
    for section in project.edition.handbook.sections_for(project.funding, project.facts):
        if section.kind != "text":
            continue
        words = rules.count_words(texts.get(section.code, ""))
        detail = ""
        if words and section.words:
            detail = _("%(count)s of %(limit)s words", count=words, limit=section.words)
        yield _task(
            _("The text"),
            section.title.say(),
            "sections.edit",
            needs,
            started=bool(words),
            values=(("code", section.code.lower()),),
            detail=detail,
        )


def _plans(project: Any, needs: Sequence[Need]) -> Iterator[Task]:
    group = _("Results")
    if matrix := section(project, "MAT"):
        yield _task(group, matrix.title.say(), "matrix.edit", needs, started=bool(project.results))
    if workplan := section(project, "WPL"):
        started = any(plan.months or plan.responsible for plan in project.plans)
        yield _task(group, workplan.title.say(), "workplan.edit", needs, started=started)
    yield _task(group, _("Milestones"), "milestones.edit", needs, started=bool(project.milestones), counts=False)
    if risks := section(project, "RSK"):
        yield _task(group, risks.title.say(), "risks.edit", needs, started=bool(project.risks))


def _money(project: Any, needs: Sequence[Need]) -> Iterator[Task]:
    group = _("The money")
    total = rules.said(project, project.budget, money) if project.budget else ""
    yield _task(group, _("Budget"), "budget.edit", needs, started=bool(project.lines), detail=total)
    for title, rows, dimension in (
        (_("Allocation by area of work"), project.areas, "area"),
        (_("Allocation by activity type"), project.activities, "activity"),
        *([(_("Allocation by country"), project.country_shares, "country")] if rules.is_regional(project) else []),
    ):
        values = (("dimension", dimension),)
        yield _task(group, title, "allocation.edit", needs, started=bool(rows), values=values)


def _file(project: Any, needs: Sequence[Need]) -> Iterator[Task]:
    asked = rules.is_fund(project)
    yield _task(
        _("The file"),
        _("Documents"),
        "documents.index",
        needs,
        started=any(not document.generated for document in project.documents),
        wrong=State.IN_PROGRESS,
        counts=asked,
    )
