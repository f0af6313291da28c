"""What the endorsement tells of a project: who has it, the clearances of its round, what comes back; and one's desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from prima.desk import Duty
from prima.endorsement import queries
from prima.endorsement.models import Clearance, Decision, Round, Verdict
from prima.endorsement.queries import Names, Waiting
from prima.endorsement.rights import ENDORSER, HEAD, named_to_clear, seat_of, sitting
from prima.endorsement.steps import DESKS, NAME_CLEARER, NOBODY, signed
from prima.overview import Telling
from prima.permissions import Action, can
from prima.projects.models import Project
from prima.projects.models.documents import INTERNAL
from prima.projects.stages import LIFECYCLE, RECALL, Status
from prima.users import Role, User


@dataclass(frozen=True)
class Row:
    """A line of a round: who answered what, when; or that the answer is still open."""

    role: str
    says: str
    tone: str
    who: str
    at: datetime | None
    note: str = ""
    sections: str = ""
    due_on: date | None = None
    url: str = ""
    """The reviewer's own page, for those who may answer."""
    dated_on: date | None = None
    """The day on the letter from the donor, or to it."""
    letter: tuple[str, str] = ("", "")
    """The donor's letter, for those who may see it: its title and where it is read."""


@dataclass(frozen=True)
class Panel:
    number: int
    submitted_at: datetime
    rows: list[Row]
    coming: bool
    """Whether a return was given that has not brought the proposal back yet."""
    reasons: list[Row]
    """Why the proposal comes back or came back, for those who may read it."""
    version_url: str
    record_url: str
    compare: tuple[str, str]
    """What changed since which version, and where it is shown; nothing while there is one version only."""


def tell(project: Project, viewer: User) -> Telling:
    newest = queries.newest_round(project)
    queries.people_again()
    names = queries.seat_names()
    waiting = queries.waiting(project, newest)
    telling = Telling(duties=[_duty(project, one, names, viewer) for one in waiting])
    if newest is not None:
        telling.panel, telling.data = "endorsement/panel.html", _panel(project, newest, names, waiting, viewer)
        telling.tabs = [(_("Endorsement"), url_for("record.show", reference=project.reference))]
    return telling


def who_has(project: Project) -> str:
    """The desks on which the proposal lies, each with the names, in one line; nothing where it lies on none."""
    if project.status not in DESKS:
        return ""
    newest = queries.newest_round(project)
    queries.people_again()
    names = queries.seat_names()
    found = []
    for one in queries.waiting(project, newest):
        what = str(NAME_CLEARER if one.naming else one.desk.says)
        found.append((what % {"role": names.seat(one.seat)} if one.seat and "%(role)s" in what else what, _names(one)))
    return "; ".join(_("%(what)s: %(who)s", what=what, who=who) for what, who in found)


def desk(user: User) -> list[Duty]:
    """Everything of the endorsement that waits for the person."""
    user = queries.known(user)
    rows = queries.on_the_desk(user)
    if not rows:
        return []
    opened = queries.open_clearances(project for project, _head in rows)
    names = queries.seat_names()
    found = []
    for project, head_may_clear in rows:
        where = DESKS[project.status]
        since, due_on = project.status_since.date(), queries.due_on(project)
        if project.status is Status.REVIEW:
            for one in opened.get(project.id, []):
                if sitting(user, project, seat_of(one)):
                    waiting = Waiting(where, [user], one.opened_at.date(), one.due_on, seat=one)
                    found.append(_duty(project, waiting, names, user))
        elif can(user, where.action, project):
            sheet = opened[project.id][0] if project.id in opened and project.status is Status.FUND_REVIEW else None
            found.append(_duty(project, Waiting(where, [user], since, due_on, seat=sheet), names, user))
        elif project.status is Status.OFFICE_CLEAR and not head_may_clear and can(user, Action.ENDORSE, project):
            found.append(_duty(project, Waiting(where, [user], since, due_on, naming=True), names, user))
    return found


def _duty(project: Project, one: Waiting, names: Names, viewer: User) -> Duty:
    what = str(NAME_CLEARER if one.naming else one.desk.says)
    if one.seat and "%(role)s" in what:
        what = what % {"role": names.seat(one.seat)}
    return Duty(
        what=what,
        reference=project.name,
        title=project.title,
        place=project.office.name,
        url=_url(project, one) if viewer in one.people else "",
        since_on=one.since,
        due_on=one.due_on,
        who=_names(one),
    )


def _names(one: Waiting) -> str:
    return having([person.name for person in one.people], fallen=one.has_fallen)


def having(names: Sequence[str], *, fallen: bool) -> str:
    """Those who have a proposal, in one line."""
    if not names:
        return str(NOBODY)
    joined = ", ".join(names)
    return _("%(names)s, as nobody holds the role", names=joined) if fallen else joined


def _url(project: Project, one: Waiting) -> str:
    reference = project.reference
    if one.naming:
        return url_for("endorsement.name_clearer", reference=reference)
    if one.seat:
        return url_for("clearances.show", reference=reference, seat=one.seat.seat.lower())
    return url_for("projects.show", reference=reference)


def _panel(project: Project, newest: Round, names: Names, waiting: Sequence[Waiting], viewer: User) -> Panel:
    internal = can(viewer, Action.VIEW_INTERNAL, project)
    titles = {one.code: one.title.say() for one in project.edition.handbook.sections}
    have_it = {one.seat.seat: _names(one) for one in waiting if one.seat}
    rows = rows_of(newest, names, titles, internal=internal, viewer=viewer, have_it=have_it)
    returned = [row for row in rows if row.tone == "violet"]
    here = project.status is Status.REVIEW
    return Panel(
        number=newest.number,
        submitted_at=newest.submitted_at,
        rows=rows,
        coming=here and bool(returned),
        reasons=returned if internal and (here or project.status is Status.RETURNED) else [],
        version_url=url_for("record.version_of", reference=project.reference, number=newest.number),
        record_url=url_for("record.show", reference=project.reference),
        compare=_compare(project, newest),
    )


def _compare(project: Project, newest: Round) -> tuple[str, str]:
    """What the team changes now against what was submitted; else what was submitted against the version before."""
    since, to = (newest.number, "now") if project.is_editable else (newest.number - 1, str(newest.number))
    if not since:
        return "", ""
    values: dict[str, Any] = {"from": since, "to": to}
    says = _("What changed since round %(number)s", number=since)
    return says, url_for("comparison.show", reference=project.reference, **values)


def rows_of(
    one: Round,
    names: Names,
    titles: Mapping[str, str],
    *,
    internal: bool,
    viewer: User | None = None,
    have_it: Mapping[str, str] | None = None,
) -> list[Row]:
    """Decisions and clearances of a round in the order they were given, the open ones last.

    `internal`: whether the reader may see notes; `viewer`: whose own open clearances are linked; `have_it`: the names
    of those on whose desk an open one lies.
    """
    rows = [_decision_row(decision, names, titles, internal) for decision in one.decisions]
    rows += [
        _clearance_row(each, names, titles, internal, viewer, (have_it or {}).get(each.seat, ""))
        for each in one.clearances
        if _is_shown(each)
    ]
    return sorted(rows, key=lambda row: (row.at is None, row.at or one.submitted_at))


def _is_shown(clearance: Clearance) -> bool:
    """Fund management's sheet of checks is not an answer of its own: its decision is."""
    return clearance.role is not Role.FUND


def _decision_row(decision: Decision, names: Names, titles: Mapping[str, str], internal: bool) -> Row:
    step = decision.step
    move = LIFECYCLE.find(step.source, step.move) if step.source else None
    tones = {Status.RETURNED: "violet", Status.DONOR_CHANGES: "violet", Status.REJECTED: "red"}
    return Row(
        role=names.role(decision.role),
        says=str(move.says) if move else step.move,
        tone="grey" if move and move.via == RECALL else tones.get(step.target, "green"),
        who=signed(step.actor, step.behalf_of),
        at=step.at,
        note=step.note if internal else "",
        sections=_titles(decision.sections, titles),
        dated_on=decision.exchange.dated_on if decision.exchange else None,
        letter=_letter(decision),
    )


def _letter(decision: Decision) -> tuple[str, str]:
    document = decision.exchange.document if decision.exchange else None
    if document is None or document.type_code in INTERNAL:
        return "", ""
    kind, reference = document.type_code.lower(), decision.round.project.reference
    url = url_for("documents.download", reference=reference, kind=kind, version=document.version)
    return document.title, url


def _clearance_row(
    one: Clearance, names: Names, titles: Mapping[str, str], internal: bool, viewer: User | None, has_it: str
) -> Row:
    role = names.seat(one)
    mine = viewer is not None and one.round.closed_at is None and can(viewer, Action.REVIEW, one)
    url = url_for("clearances.show", reference=one.project.reference, seat=one.seat.lower()) if mine else ""
    if one.verdict is None:
        asked = one.round.closed_at is None and one.project.status is Status.REVIEW
        says = _("open") if asked else _("not answered in this round")
        return Row(role, says, "blue" if asked else "grey", has_it, None, due_on=one.due_on if asked else None, url=url)
    here = one.project.status is Status.REVIEW and one.round.closed_at is None
    says = {
        Verdict.CLEAR: _("cleared"),
        Verdict.COMMENTS: _("cleared with comments"),
        Verdict.RETURN: _("return coming") if here else _("returned"),
    }[one.verdict]
    if one.stands is not None:
        says = _("%(says)s in round %(number)s, stands", says=says, number=one.stands.round.number)
    return Row(
        role=role,
        says=says,
        tone="violet" if one.verdict is Verdict.RETURN else "green",
        who=signed(one.decided_by, one.behalf_of),
        at=one.decided_at,
        note=one.note if internal else "",
        sections=_titles(one.sections, titles),
        url=url,
    )


def _titles(codes: list[str], titles: Mapping[str, str]) -> str:
    return ", ".join(titles.get(code, code) for code in codes)


def moves_of(project: Project, viewer: User) -> list[tuple[str, str, str]]:
    """What the viewer may decide now, as (words, URL, tone)."""
    return [
        (str(move.says), url_for(move.via, reference=project.reference, move=move.name), move.tone)
        for move in LIFECYCLE.moves_from(project.status, project)
        if move.via == "endorsement.decide" and can(viewer, move.action, project)
    ]


def goes_to(project: Project) -> list[tuple[str, str, Any]]:
    """Who will have the proposal once it is submitted, as (role, names, working days): known before one submits."""
    handbook = project.edition.handbook
    called = queries.seat_names()
    asked = queries.stops(project, project.facts, [row.code for row in project.areas if row.amount])
    people = queries.seated(project, asked, {Role.COM, Role.RD})
    office = handbook.desks_for(Status.OFFICE_CLEAR, project.funding.value)
    endorsing = handbook.desks_for(Status.ENDORSE, project.funding.value)
    road = [(called.role(Role.COM), _clearing(project, people), office[0].days if office else None)]
    for stop in asked:
        fallen = queries.is_vacant(project, stop, people)
        seat = replace(seat_of(stop), fallen=fallen)
        able = [user.name for user in people if sitting(user, project, seat)]
        road.append((called.seat(stop), having(able, fallen=fallen), stop.days))
    able = [user.name for user in people if sitting(user, project, ENDORSER)]
    road.append((called.role(Role.RD), having(able, fallen=False), endorsing[0].days if endorsing else None))
    return road


def _clearing(project: Project, people: Sequence[User]) -> str:
    able = [user.name for user in people if sitting(user, project, HEAD) or named_to_clear(user, project)]
    return ", ".join(able) or _("nobody can: the regional endorser will name somebody")
