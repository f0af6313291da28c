"""A letter that reminds, planned: to whom, why, of what; and the words that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from prima.filters import day
from prima.languages import Words
from prima.letters import COPIES
from prima.outbox import Draft
from prima.projects.models import Part, Project
from prima.projects.stages import Funding
from prima.reporting.calendar import OPENING, Step, reminder_step
from prima.reporting.models import About, Reason
from prima.reporting.reminders.climbing import KIND
from prima.reporting.reminders.ladders import Ladders
from prima.users import User

REASONS: dict[Reason, Any] = {
    Reason.MANAGER: _l("manager"),
    Reason.ALTERNATE: _l("alternate manager"),
    Reason.EVALUATOR: _l("evaluator"),
    Reason.OWNER: _l("owner"),
    Reason.REVIEWER: _l("reviewer"),
    Reason.REGION: _l("copy to the Regional Office"),
    Reason.FUND: _l("copy to the Fund"),
}
COPIED = (Reason.REGION, Reason.FUND)
"""What is no duty of the reader's own."""
Asked = Iterable[tuple[User, Reason]]


@dataclass(frozen=True)
class Copied:
    """Who is copied: for a Regional Office, and for the Fund; each asked for once somebody is."""

    regional: Callable[[str], Sequence[User]]
    fund: Callable[[], Sequence[User]]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One letter: to whom and why, about which duty, at which step of its ladder."""

    to: User
    reason: Reason
    project: Project
    about: About
    report: str
    step: Step
    due_on: date
    cause: str
    subject: Words
    body: Words
    path: str

    @property
    def why(self) -> str:
        return str(REASONS[self.reason])

    @property
    def kind(self) -> str:
        return f"{KIND}{self.step.code}"

    @property
    def draft(self) -> Draft:
        return Draft(
            to=self.to,
            cause=self.cause,
            kind=self.kind,
            due_on=self.due_on,
            subject=self.subject,
            body=self.body,
            path=self.path,
            topic=COPIES if self.reason in COPIED else "",
        )

    @property
    def line(self) -> str:
        """One line for the operator: when due, what, which step, to whom, why."""
        step = step_words(self.step.code)
        parts = (self.due_on.isoformat(), self.project.name, self.report, step, self.to.email, self.why)
        return "\t".join(parts)


def reached(
    ladders: Ladders, name: str, project: Project, due_on: date | None, on: date, from_on: date | None = None
) -> Step | None:
    """The step of its ladder, by name, that a duty has reached on a day; none where there is no ladder, or no day."""
    ladder = ladders.of(project.edition_id, name)
    return reminder_step(ladder, due_on, on, from_on) if ladder and due_on else None


def addressed(people: Asked, *, of_copies: Mapping[str, Any] | None = None, **all_of_them: Any) -> Iterator[Planned]:
    """A letter to each of these people, once; `of_copies` is what stands otherwise in those that are copies."""
    for person, reason in recipients(people):
        own = of_copies if of_copies and reason in COPIED else {}
        yield Planned(to=person, reason=reason, **{**all_of_them, **own})


def recipients(asked: Asked) -> Iterator[tuple[User, Reason]]:
    """Everybody once, by the first of their reasons; nobody whose account is closed."""
    written: set[int] = set()
    for person, reason in asked:
        if person.id not in written and person.active:
            written.add(person.id)
            yield person, reason


def team(project: Project, step: Step, copied: Copied, evaluators: Sequence[User] = ()) -> Asked:
    """Who owes it, the evaluators if there are any, and who gets a copy."""
    for person in evaluators:
        yield person, Reason.EVALUATOR
    if not evaluators:
        for person in project.people(Part.MANAGER):
            yield person, Reason.MANAGER
        for person in project.people(Part.ALTERNATE):
            yield person, Reason.ALTERNATE
    yield from copies(project, step, copied)


def copies(project: Project, step: Step, copied: Copied) -> Asked:
    if "region" in step.copies and project.region_code:
        for person in copied.regional(project.region_code):
            yield person, Reason.REGION
    if "fund" in step.copies and project.funding is Funding.FUND:
        for person in copied.fund():
            yield person, Reason.FUND


def step_words(code: str) -> str:
    """What a step of a ladder is called."""
    if code == OPENING:
        return _("as its window opens")
    way, _dash, number = code.partition("-")
    if way == "before":
        return ngettext("%(num)s day before", "%(num)s days before", int(number))
    if way == "after":
        return ngettext("%(num)s day after", "%(num)s days after", int(number))
    return _("on the day")


def when(due_on: date, on: date) -> str:
    days = (due_on - on).days
    if days > 0:
        return ngettext("due in %(num)s day, on %(due)s", "due in %(num)s days, on %(due)s", days, due=day(due_on))
    if days == 0:
        return _("due today")
    return ngettext(
        "%(num)s day late, it was due on %(due)s", "%(num)s days late, it was due on %(due)s", -days, due=day(due_on)
    )
