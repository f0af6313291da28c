"""Letters of the endorsement: to whoever gets something on the desk, and to the developers on every decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import object_session

from prima.endorsement import queries
from prima.endorsement.models import Clearance, Round, Verdict
from prima.endorsement.operations.asking import path
from prima.endorsement.queries import Waiting
from prima.endorsement.queries.naming import Names
from prima.endorsement.steps import NAME_CLEARER, OF_THE_TEAM, signed
from prima.filters import day
from prima.languages import Words, words
from prima.outbox import queue
from prima.projects.models import Comment, Part, Project, Step
from prima.projects.queries import statuses
from prima.projects.stages import LIFECYCLE, Status
from prima.users import User

Said = tuple[Words, Words]
"""Subject and text."""


def moved(
    project: Project, step: Step, newest: Round | None, *, actor: User | None, said: Iterable[Comment] = ()
) -> None:
    """After a step: who has the proposal now, and what was decided and said. One letter a person."""
    cause = f"step:{step.id}"
    told = {actor.id} if actor else set()
    told |= arrived(project, newest, cause=cause, but=told)
    decided(project, words(_moved, project, step, list(said)), cause=cause, but=told)


def _moved(project: Project, step: Step, said: Sequence[Comment]) -> tuple[str, str]:
    move = LIFECYCLE.find(step.source, step.move) if step.source else None
    now = _("The proposal “%(title)s” is now: %(status)s.", title=project.title, status=_status(project))
    return (
        _("%(move)s: %(reference)s", move=move.says if move else step.move, reference=project.name),
        _below(now, step.note, *comments(project, said)),
    )


def recalled(project: Project, step: Step, people: Iterable[User], *, actor: User) -> None:
    """Tell those on whose desk it lay that nothing waits for them any more."""
    said = words(_recalled, project, step, actor.name)
    for user in {person.id: person for person in people if person.id != actor.id}.values():
        _letter(project, user, said, cause=f"step:{step.id}", kind="recalled", path=path(project))


def _recalled(project: Project, step: Step, who: str) -> tuple[str, str]:
    says = _("%(who)s recalled “%(title)s”. Nothing waits for you here now.", who=who, title=project.title)
    return _("Recalled: %(reference)s", reference=project.name), _below(says, step.note)


def arrived(project: Project, newest: Round | None, *, cause: str, but: set[int]) -> set[int]:
    """Tell those on whose desk the proposal lies now; the ids of those told. Developers hear of the decision."""
    waiting = queries.waiting(project, newest)
    if project.status in OF_THE_TEAM:
        if any(one.is_vacant for one in waiting):
            nobody(project, newest, waiting, cause=cause)
        return set()
    if project.status is Status.OFFICE_CLEAR or any(one.is_vacant for one in waiting):
        nobody(project, newest, waiting, cause=cause)
    names = queries.seat_names()
    duties: dict[int, tuple[User, list[Waiting]]] = {}
    for one in waiting:
        for user in one.people:
            duties.setdefault(user.id, (user, []))[1].append(one)
    for user, found in duties.values():
        if user.id not in but:
            said = words(_on_the_desk, project, found, names)
            _letter(project, user, said, cause=cause, kind="desk", path=_page(project, found[0]))
    return set(duties)


def _on_the_desk(project: Project, found: Sequence[Waiting], names: Names) -> tuple[str, str]:
    lines = [_("“%(title)s”, %(office)s, waits for you.", title=project.title, office=project.office.name)]
    whats = []
    for one in found:
        what = str(NAME_CLEARER if one.naming else one.desk.says)
        if one.seat and "%(role)s" in what:
            what = what % {"role": names.seat(one.seat)}
        whats.append(what)
        due = _("due %(day)s", day=day(one.due_on)) if one.due_on else _("no date set")
        lines.append(f"- {what} ({due})")
    return _("%(what)s: %(reference)s", what=whats[0], reference=project.name), "\n".join(lines)


def _letter(project: Project, to: User, said: Said, *, cause: str, kind: str, path: str = "") -> None:
    session = object_session(project)
    assert session is not None
    subject, body = said
    queue(session, to=to, cause=cause, kind=kind, subject=subject, body=body, path=path)


def _below(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))


def _page(project: Project, one: Waiting) -> str:
    """Where it is done."""
    if one.naming:
        return path(project, "office-clearance")
    return path(project, "clearances", one.seat.seat.lower()) if one.seat else path(project)


def decided(project: Project, said: Said, *, cause: str, but: set[int]) -> None:
    """Tell the developers."""
    for user in project.people(Part.DEVELOPER):
        if user.id not in but and user.active:
            _letter(project, user, said, cause=cause, kind="decision", path=path(project))


def cleared(clearance: Clearance, *, actor: User, said: Iterable[Comment] = ()) -> None:
    """A reviewer's answer with the comments made in it: a return is shown as coming at once."""
    cause = f"clearance:{clearance.id}:{clearance.version}"
    names = queries.seat_names()
    decided(clearance.project, words(_cleared, clearance, actor, list(said), names), cause=cause, but={actor.id})


def _cleared(clearance: Clearance, actor: User, said: Sequence[Comment], names: Names) -> tuple[str, str]:
    project, role = clearance.project, names.seat(clearance)
    if clearance.verdict is Verdict.CLEAR:
        subject = _("%(role)s cleared %(reference)s", role=role, reference=project.name)
    elif clearance.verdict is Verdict.COMMENTS:
        subject = _("%(role)s cleared %(reference)s with comments", role=role, reference=project.name)
    elif clearance.verdict is Verdict.RETURN:
        subject = _("%(role)s returns %(reference)s", role=role, reference=project.name)
    else:
        subject = _("%(role)s took the answer on %(reference)s back", role=role, reference=project.name)
    lines = [_("By %(who)s.", who=signed(actor, clearance.behalf_of))]
    if clearance.verdict is Verdict.RETURN:
        lines.append(_("The proposal comes back to you when the other reviewers have answered."))
    if clearance.verdict is not None:
        lines.append(clearance.note)
    return subject, _below(*lines, *comments(project, said))


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
    if not _vacant(project, newest, waiting):
        return
    said = words(_nobody, project, newest, waiting)
    for user in queries.administrators():
        _letter(project, user, said, cause=cause, kind="nobody")


def _vacant(project: Project, newest: Round | None, waiting: Sequence[Waiting]) -> list[tuple[str, str, str]]:
    vacant = [(one.role, one.where, one.vacancy) for one in queries.vacancies(project, newest)]
    if vacant:
        return vacant
    missing = _("Nobody holds the role, or may use it there; the proposal waits until somebody is granted it.")
    if project.status in OF_THE_TEAM:
        missing = _("Nobody of its team has an account; please ask the head of office to add a developer.")
    return [(str(one.desk.says), project.office.name, missing) for one in waiting if one.is_vacant]


def _nobody(project: Project, newest: Round | None, waiting: Sequence[Waiting]) -> tuple[str, str]:
    vacant = _vacant(project, newest, waiting)
    lines = [f"- {role}, {where}: {vacancy}" for role, where, vacancy in vacant]
    if len(vacant) == 1:
        subject = _("Nobody for “%(role)s”: %(reference)s", role=vacant[0][0], reference=project.name)
    else:
        subject = _("Nobody for %(count)s roles: %(reference)s", count=len(vacant), reference=project.name)
    opening = _("%(reference)s of %(office)s goes to roles that nobody can use:", reference=project.name,
                office=project.office.name)  # fmt: skip
    closing = _("Please grant them at the places named. Whoever is granted one has the proposal at once.")
    return subject, "\n".join((opening, *lines, "", closing))


def named(project: Project, person: User, *, actor: User) -> None:
    cause = f"named:{project.id}:{project.journal_count}"
    _letter(project, person, words(_named, project, actor.name), cause=cause, kind="desk", path=path(project))


def _named(project: Project, who: str) -> tuple[str, str]:
    body = _(
        "%(who)s named you to clear “%(title)s” for the office, because its head of office may not.",
        who=who,
        title=project.title,
    )
    return _("Clear for the office: %(reference)s", reference=project.name), body


def handed_over(project: Project, person: User, *, seat: str, actor: User) -> None:
    where = path(project, "clearances", seat.lower()) if seat else path(project)
    _claim(project, person, words(_handed_over, project, actor.name), where)


def _handed_over(project: Project, who: str) -> tuple[str, str]:
    body = _("%(who)s handed “%(title)s” over to you.", who=who, title=project.title)
    return _("Handed over to you: %(reference)s", reference=project.name), body


def taken_over(project: Project, person: User, *, actor: User) -> None:
    _claim(project, person, words(_taken_over, project, actor.name), path(project))


def _taken_over(project: Project, who: str) -> tuple[str, str]:
    body = _("%(who)s has taken over what you had taken up of “%(title)s”.", who=who, title=project.title)
    return _("Taken over from you: %(reference)s", reference=project.name), body


def _claim(project: Project, person: User, said: Said, where: str) -> None:
    _letter(project, person, said, cause=f"claim:{project.id}:{project.journal_count}", kind="desk", path=where)


def _status(project: Project) -> str:
    return _(statuses()[project.status].name)
