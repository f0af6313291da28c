"""What the endorsement tells of a project: who has it, the clearances of its round, what comes back; and one's desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from prima.desk import Cursor, Duty, Found
from prima.endorsement import queries
from prima.endorsement.models import RETURNED_IT, Claim, Clearance, Decision, Round, Verdict
from prima.endorsement.queries import Lying, Names, Sat, Waiting
from prima.endorsement.steps import DESKS, NAME_CLEARER, NOBODY, OF_THE_TEAM, answered, signed
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
    because: str = ""
    """Why an earlier answer stands, or why it is asked again."""
    dated_on: date | None = None
    """The day on the letter from the donor, or to it."""
    letter: tuple[str, str] = ("", "")
    """The donor's letter, for those who may see it: its title and where it is read."""


@dataclass(frozen=True)
class Taking:
    """What the viewer may take up, and who has: drawn by endorsement/claim.html."""

    reference: str
    seat: str
    what: str
    seen: int
    back: str
    mine: bool
    claimed_by: str
    since_at: datetime | None
    colleagues: list[tuple[int, str]]

    @property
    def is_anothers(self) -> bool:
        return bool(self.claimed_by) and not self.mine


@dataclass(frozen=True)
class Panel:
    number: int
    submitted_at: datetime
    rows: list[Row]
    coming: bool
    """Whether a return was given that has not brought the proposal back yet."""
    reasons: list[Row]
    """Why the proposal comes back or came back, for those who may read it."""
    takings: list[Taking]
    version_url: str
    record_url: str
    deciding_url: str
    """Where the version is read and commented on by whoever decides now, for those who do."""
    compare: tuple[str, str]
    """What changed since which version, and where it is shown; nothing while there is one version only."""


def tell(project: Project, viewer: User) -> Telling:
    newest, names = queries.newest_told(project)
    queries.known(viewer)
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
    newest, names = queries.newest_told(project)
    found = []
    for one in queries.waiting(project, newest):
        what = str(NAME_CLEARER if one.naming else one.desk.says)
        found.append((what % {"role": names.seat(one.seat)} if one.seat and "%(role)s" in what else what, _names(one)))
    return "; ".join(_("%(what)s: %(who)s", what=what, who=who) for what, who in found)


def takings_of(project: Project, newest: Round, names: Names, waiting: Sequence[Waiting], viewer: User) -> list[Taking]:
    """For the project page: of each desk that the viewer has, in one question."""
    desks = {queries.sat_of(project, one): one for one in waiting if viewer in one.people}
    here = [sat for sat in queries.sats(project, newest) if sat.seat in desks and sat.may(viewer)]
    there = queries.claims(project) if here else {}
    found = (
        _taking(sat, there.get(sat.seat), desks[sat.seat].people, viewer, what=_what(desks[sat.seat], names))
        for sat in here
    )
    return [one for one in found if one]


def taking(project: Project, newest: Round | None, viewer: User, *, action: Action, seat: str = "") -> Taking | None:
    """For the page on which one desk is answered."""
    here = [one for one in queries.sats(project, newest) if one.action is action and seat in ("", one.seat)]
    if not here or (not seat and project.status is Status.REVIEW) or not here[0].may(viewer):
        return None
    sat = here[0]
    back = "clearance" if seat else ""
    people = queries.colleagues(sat)
    if not any(one.id != viewer.id for one in people):
        return None
    return _taking(sat, queries.claims(project).get(sat.seat), people, viewer, back=back)


def _taking(
    sat: Sat, there: Claim | None, people: Sequence[User], viewer: User, *, what: str = "", back: str = ""
) -> Taking | None:
    """Nothing for who is alone at the desk: whoever else has taken it up is a colleague there."""
    there = queries.in_force(sat, there)
    colleagues = [(one.id, one.name) for one in people if one.id != viewer.id]
    if not colleagues and there is None:
        return None
    return Taking(
        reference=sat.project.reference,
        seat=sat.seat,
        what=what,
        seen=sat.project.steps[-1].id if sat.project.steps else 0,
        back=back,
        mine=there is not None and there.user_id == viewer.id,
        claimed_by=there.user.name if there else "",
        since_at=there.since_at if there else None,
        colleagues=colleagues,
    )


def count(user: User) -> int:
    return queries.count_on_the_desk(queries.known(user))


def desk(user: User, after: Cursor | None = None, limit: int = 50) -> Found:
    """What of the endorsement waits for the person, the oldest first."""
    rows = queries.on_the_desk(queries.known(user), after=after, limit=limit)
    if not rows:
        return Found([], count(user) if after else 0)
    names = queries.seat_names()
    changed = queries.changed_since(
        {(row.answered_id, row.round_id) for row in rows if row.answered_id and row.round_id}
    )
    return Found([_lying(row, names, changed) for row in rows], rows[0].total)


def _lying(row: Lying, names: Names, changed: Mapping[tuple[int, int], set[str]]) -> Duty:
    if not row.own:
        return _to_be_granted(row, names)
    return Duty(
        what=to_do(row, names),
        reference=row.name,
        title=row.title,
        place=row.office,
        url=address(row),
        since_on=row.since_on,
        since_at=row.since_at,
        due_on=row.due_on,
        days=row.days,
        changed=_changed(row, changed[row.answered_id, row.round_id]) if row.answered_id and row.round_id else None,
        claimed_by=row.claimed_by or "",
        key=row.key,
    )


def _to_be_granted(row: Lying, names: Names) -> Duty:
    """An administrator learns which role is missing where, and nothing of what the draft says."""
    if row.status in OF_THE_TEAM:
        what = _("Find a developer: nobody on the team has an active account")
    elif row.status is Status.REVIEW:
        what = _("Grant the role “%(role)s” at %(place)s", role=names.seat(row), place=row.city or row.office)
    else:
        what = _("Grant the role “%(role)s” at %(place)s", role=names.role(row.role), place=row.office)
    return Duty(
        what=what,
        reference=row.name,
        title="",
        place=row.office,
        url=url_for("administration.people"),
        since_on=row.since_on,
        since_at=row.since_at,
        due_on=row.due_on,
        days=row.days,
        key=row.key,
    )


def to_do(row: Lying, names: Names) -> str:
    what = str(NAME_CLEARER if row.naming else DESKS[row.status].says)
    return what % {"role": names.seat(row)} if "%(role)s" in what else what


def address(row: Lying) -> str:
    if row.naming:
        return url_for("endorsement.name_clearer", reference=row.reference)
    if row.status is Status.REVIEW or row.sheet:
        return url_for("clearances.show", reference=row.reference, seat=row.seat.lower())
    return url_for("projects.show", reference=row.reference)


def _changed(row: Lying, codes: set[str]) -> str:
    sections = row.handbook.sections
    return ", ".join(section.title.say() for section in sections if section.code in codes) or _("nothing")


def _duty(project: Project, one: Waiting, names: Names, viewer: User) -> Duty:
    return Duty(
        what=_what(one, names),
        reference=project.name,
        title=project.title,
        place=project.office.name,
        url=_url(project, one) if viewer in one.people else "",
        since_on=one.since_at.date(),
        since_at=one.since_at,
        due_on=one.due_on,
        who=_names(one),
    )


def _what(one: Waiting, names: Names) -> str:
    what = str(NAME_CLEARER if one.naming else one.desk.says)
    return what % {"role": names.seat(one.seat)} if one.seat and "%(role)s" in what else what


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
        takings=takings_of(project, newest, names, waiting, viewer),
        version_url=url_for("record.version_of", reference=project.reference, number=newest.number),
        record_url=url_for("record.show", reference=project.reference),
        deciding_url=deciding_url(project, newest, viewer),
        compare=_compare(project, newest),
    )


def deciding_url(project: Project, newest: Round | None, viewer: User) -> str:
    """The page of the desk at which the viewer decides; empty where there is none, or a sheet of checks instead."""
    desk = queries.deciding_desk(project)
    if desk is None or newest is None or newest.clearance(desk.seat) or not desk.may(viewer):
        return ""
    return url_for("deciding.show", reference=project.reference, seat=desk.seat.lower())


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
        says=answered(step.move),
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
        due_on, because = (one.due_on, why_again(one, titles)) if asked else (None, "")
        return Row(role, says, "blue" if asked else "grey", has_it, None, due_on=due_on, url=url, because=because)
    return Row(
        role=role,
        says=said_of(one, one.verdict),
        tone="violet" if one.verdict is Verdict.RETURN else "green",
        who=signed(one.decided_by, one.behalf_of),
        at=one.decided_at,
        note=_noted(one) if internal else "",
        sections=_titles(one.sections, titles),
        url=url,
        because=_("because none of its sections changed") if one.stands is not None else why_again(one, titles),
    )


def said_of(one: Clearance, verdict: Verdict) -> str:
    """What a reviewer answered, in words: a return is coming until it has brought the proposal back."""
    here = one.project.status is Status.REVIEW and one.round.closed_at is None
    says = {
        Verdict.CLEAR: _("cleared"),
        Verdict.COMMENTS: _("cleared with comments"),
        Verdict.RETURN: _("return coming") if here else _("returned"),
    }[verdict]
    if one.stands is not None:
        says = _("%(says)s in round %(number)s, stands", says=says, number=one.stands.round.number)
    return says


def why_again(one: Clearance, titles: Mapping[str, str]) -> str:
    """Why an answer is asked again on this version; nothing where it is asked for the first time."""
    if one.again == [RETURNED_IT]:
        return _("asked again, because it returned the version before")
    if one.again:
        return _("asked again, because changed: %(sections)s", sections=_titles(one.again, titles))
    return ""


def _noted(one: Clearance) -> str:
    said = one.stands or one
    if not said.gender_marker_code:
        return one.note
    says = _("Gender marker %(code)s: %(reason)s", code=said.gender_marker_code, reason=said.gender_marker_reason)
    return f"{one.note} {says}".strip()


def _titles(codes: list[str], titles: Mapping[str, str]) -> str:
    return ", ".join(titles.get(code, code) for code in codes)


def moves_of(project: Project, viewer: User) -> list[tuple[str, str, str]]:
    """What the viewer may decide now, as (words, URL, tone)."""
    return [
        (str(move.says), url_for(move.via, reference=project.reference, move=move.name), move.tone)
        for move in LIFECYCLE.moves_from(project.status, project)
        if move.via == "endorsement.decide" and can(viewer, move.action, project)
    ]
