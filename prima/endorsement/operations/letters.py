"""Letters of the endorsement: to whoever gets something on the desk, and to the developers on every decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy.orm import object_session

from prima.endorsement import queries
from prima.endorsement.models import Clearance, Round, Verdict
from prima.endorsement.operations.asking import path
from prima.endorsement.queries import Waiting
from prima.endorsement.steps import NAME_CLEARER, OF_THE_TEAM, signed
from prima.outbox import queue
from prima.projects.models import Comment, Part, Project, Step
from prima.projects.queries import statuses
from prima.projects.stages import LIFECYCLE, Status
from prima.users import User


def moved(
    project: Project, step: Step, newest: Round | None, *, actor: User | None, said: Iterable[Comment] = ()
) -> None:
    """After a step: who has the proposal now, and what was decided and said. One letter a person."""
    cause = f"step:{step.id}"
    told = {actor.id} if actor else set()
    told |= arrived(project, newest, cause=cause, but=told)
    move = LIFECYCLE.find(step.source, step.move) if step.source else None
    decided(
        project,
        _("%(move)s: %(reference)s", move=move.says if move else step.move, reference=project.name),
        [
            _("The proposal “%(title)s” is now: %(status)s.", title=project.title, status=_status(project)),
            step.note,
            *comments(project, said),
        ],
        cause=cause,
        but=told,
    )


def recalled(project: Project, step: Step, people: Iterable[User], *, actor: User) -> None:
    """Tell those on whose desk it lay that nothing waits for them any more."""
    session = object_session(project)
    assert session is not None
    says = _("%(who)s recalled “%(title)s”. Nothing waits for you here now.", who=actor.name, title=project.title)
    for user in {person.id: person for person in people if person.id != actor.id}.values():
        queue(
            session,
            to=user,
            cause=f"step:{step.id}",
            kind="recalled",
            subject=_("Recalled: %(reference)s", reference=project.name),
            body="\n\n".join(line for line in (says, step.note) if line),
            path=path(project),
        )


def arrived(project: Project, newest: Round | None, *, cause: str, but: set[int]) -> set[int]:
    """Tell those on whose desk the proposal lies now; the ids of those told. Developers hear of the decision."""
    waiting = queries.waiting(project, newest)
    if project.status in OF_THE_TEAM:
        if any(one.is_vacant for one in waiting):
            nobody(project, newest, waiting, cause=cause)
        return set()
    names = queries.seat_names()
    if project.status is Status.OFFICE_CLEAR or any(one.is_vacant for one in waiting):
        nobody(project, newest, waiting, cause=cause)
    duties: dict[int, tuple[User, list[tuple[str, Waiting]]]] = {}
    for one in waiting:
        what = str(NAME_CLEARER if one.naming else one.desk.says)
        if one.seat and "%(role)s" in what:
            what = what % {"role": names.seat(one.seat)}
        for user in one.people:
            duties.setdefault(user.id, (user, []))[1].append((what, one))
    for user, found in duties.values():
        if user.id not in but:
            _on_the_desk(project, user, found, cause)
    return set(duties)


def _on_the_desk(project: Project, user: User, found: list[tuple[str, Waiting]], cause: str) -> None:
    session = object_session(project)
    assert session is not None
    what, first = found[0]
    lines = [_("“%(title)s”, %(office)s, waits for you.", title=project.title, office=project.office.name)]
    for says, one in found:
        due = _("due %(day)s", day=format_date(one.due_on, "d MMM y")) if one.due_on else _("no date set")
        lines.append(f"- {says} ({due})")
    queue(
        session,
        to=user,
        cause=cause,
        kind="desk",
        subject=_("%(what)s: %(reference)s", what=what, reference=project.name),
        body="\n".join(lines),
        path=_page(project, first),
    )


def _page(project: Project, one: Waiting) -> str:
    """Where it is done."""
    if one.naming:
        return path(project, "office-clearance")
    return path(project, "clearances", one.seat.seat.lower()) if one.seat else path(project)


def decided(project: Project, subject: str, lines: Iterable[str], *, cause: str, but: set[int]) -> None:
    """Tell the developers."""
    session = object_session(project)
    assert session is not None
    body = "\n\n".join(line for line in lines if line)
    for user in project.people(Part.DEVELOPER):
        if user.id not in but and user.active:
            queue(session, to=user, cause=cause, kind="decision", subject=subject, body=body, path=path(project))


def cleared(clearance: Clearance, *, actor: User, said: Iterable[Comment] = ()) -> None:
    """A reviewer's answer with the comments made in it: a return is shown as coming at once."""
    project = clearance.project
    role = queries.seat_names().seat(clearance)
    says = {
        Verdict.CLEAR: _("%(role)s cleared %(reference)s", role=role, reference=project.name),
        Verdict.COMMENTS: _("%(role)s cleared %(reference)s with comments", role=role, reference=project.name),
        Verdict.RETURN: _("%(role)s returns %(reference)s", role=role, reference=project.name),
        None: _("%(role)s took the answer on %(reference)s back", role=role, reference=project.name),
    }[clearance.verdict]
    lines = [_("By %(who)s.", who=signed(actor, clearance.behalf_of))]
    if clearance.verdict is Verdict.RETURN:
        lines.append(_("The proposal comes back to you when the other reviewers have answered."))
    if clearance.verdict is not None and clearance.note:
        lines.append(clearance.note)
    lines += comments(project, said)
    cause = f"clearance:{clearance.id}:{clearance.version}"
    decided(project, says, lines, cause=cause, but={actor.id})


def comments(project: Project, said: Iterable[Comment]) -> list[str]:
    """What was said of which section, and of which line."""
    handbook = project.edition.handbook
    found = []
    for one in said:
        about = handbook.section(one.section_code).title.say()
        if one.quote:
            about = _("%(section)s, “%(line)s”", section=about, line=one.quote)
        found.append(f"{about}: {one.text}")
    return found


def nobody(project: Project, newest: Round | None, waiting: Sequence[Waiting], *, cause: str) -> None:
    """Tell the administrators which roles nobody holds, each with its fallback, in one letter; not what a draft says.

    At submission that is the whole road ahead, so that a role can be granted before the proposal gets there.
    """
    session = object_session(project)
    assert session is not None
    vacant = [(one.role, one.where, one.vacancy) for one in queries.vacancies(project, newest)]
    if not vacant:
        elsewhere = [one for one in waiting if one.is_vacant]
        missing = _("Nobody holds the role, or may use it there; the proposal waits until somebody is granted it.")
        if project.status in OF_THE_TEAM:
            missing = _("Nobody of its team has an account; please ask the head of office to add a developer.")
        vacant = [(str(one.desk.says), project.office.name, missing) for one in elsewhere]
    if not vacant:
        return
    lines = [f"- {role}, {where}: {vacancy}" for role, where, vacancy in vacant]
    if len(vacant) == 1:
        subject = _("Nobody for “%(role)s”: %(reference)s", role=vacant[0][0], reference=project.name)
    else:
        subject = _("Nobody for %(count)s roles: %(reference)s", count=len(vacant), reference=project.name)
    opening = _("%(reference)s of %(office)s goes to roles that nobody can use:", reference=project.name,
                office=project.office.name)  # fmt: skip
    closing = _("Please grant them at the places named. Whoever is granted one has the proposal at once.")
    for user in queries.administrators():
        queue(
            session,
            to=user,
            cause=cause,
            kind="nobody",
            subject=subject,
            body="\n".join((opening, *lines, "", closing)),
        )


def named(project: Project, person: User, *, actor: User) -> None:
    session = object_session(project)
    assert session is not None
    queue(
        session,
        to=person,
        cause=f"named:{project.id}:{project.journal_count}",
        kind="desk",
        subject=_("Clear for the office: %(reference)s", reference=project.name),
        body=_(
            "%(who)s named you to clear “%(title)s” for the office, because its head of office may not.",
            who=actor.name,
            title=project.title,
        ),
        path=path(project),
    )


def handed_over(project: Project, person: User, *, seat: str, actor: User) -> None:
    _claim(
        project,
        person,
        _("Handed over to you: %(reference)s", reference=project.name),
        _("%(who)s handed “%(title)s” over to you.", who=actor.name, title=project.title),
        path(project, "clearances", seat.lower()) if seat else path(project),
    )


def taken_over(project: Project, person: User, *, actor: User) -> None:
    _claim(
        project,
        person,
        _("Taken over from you: %(reference)s", reference=project.name),
        _("%(who)s has taken over what you had taken up of “%(title)s”.", who=actor.name, title=project.title),
        path(project),
    )


def _claim(project: Project, person: User, subject: str, body: str, where: str) -> None:
    session = object_session(project)
    assert session is not None
    cause = f"claim:{project.id}:{project.journal_count}"
    queue(session, to=person, cause=cause, kind="desk", subject=subject, body=body, path=where)


def _status(project: Project) -> str:
    return statuses()[project.status].name
