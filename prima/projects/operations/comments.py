"""Saying something about a section, answering it, resolving it, opening it again. Who comments is no author by that."""

from __future__ import annotations

from flask_babel import gettext as _

from prima import clock
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.languages import words
from prima.outbox import queue
from prima.permissions import Action
from prima.projects import queries, rights
from prima.projects.models import Comment, Part, Project, Reply
from prima.projects.operations.drafting import opened, seal, session_of
from prima.users import User

SUBMIT = "submit"
"""The move that freezes a version; what is said of a draft before holds nothing up."""


def add_comment(project: Project, code: str, *, actor: User, text: str) -> Comment:
    """Say something about a section; sent twice it is said once. The team hears of it from outside by letter."""
    project = opened(project, actor=actor, action=Action.COMMENT)
    asked = project.edition.handbook.sections_for(project.funding.value, project.facts)
    titles = {one.code: one.title.say() for one in asked}
    if code not in titles:
        raise Invalid("section", _("Please choose a section of this proposal."))
    said = queries.comments(project, code)
    for one in said:
        if one.resolved_at is None and one.author_id == actor.id and one.text == text:
            return one
    submitted = sum(step.move == SUBMIT for step in project.steps)
    comment = Comment(
        project_id=project.id,
        section_code=code,
        author_id=actor.id,
        text=text,
        round_number=submitted or None,
        needs_answer=bool(submitted) and not project.on_the_team(actor),
    )
    session = session_of(project)
    session.add(comment)
    session.flush()
    record(project, "comment", actor=actor, comment=comment.id, code=code, **seal(text))
    if not project.on_the_team(actor):
        subject, body = words(_said, project, code, actor.name, text)
        for person in concerned(project, code):
            queue(
                session,
                to=person,
                cause=f"comment:{comment.id}",
                kind="comment",
                subject=subject,
                body=body,
                path=f"/projects/{project.reference}/comments",
            )
    return comment


def discard_draft(project: Project, number: int, *, actor: User) -> None:
    """Remove what one drafted as a reviewer: nobody else has read it, so it leaves no trace."""
    project = opened(project, actor=actor, action=Action.VIEW_INTERNAL)
    found = queries.draft(project, number, actor)
    if found is None:
        raise Refused(_("This draft of a comment is not there any more."))
    session = session_of(project)
    session.delete(found)
    session.flush()


def concerned(project: Project, code: str) -> list[User]:
    """Who wrote the section's text last, while on the team; else every developer."""
    developers = [person for person in project.people(Part.DEVELOPER) if person.active]
    section = next((one for one in project.sections if one.code == code), None)
    return [person for person in developers if section and person.id == section.saved_by_id] or developers


def reply(project: Project, comment_id: int, *, actor: User, text: str) -> Reply:
    """Answer a comment: the team's reply is the answer; what others ask on needs another one. Sent twice it is one."""
    fresh = opened(project, actor=actor, action=Action.COMMENT)
    comment = queries.comment(fresh, comment_id)
    if comment is None:
        raise Refused(_("This comment is not there."))
    if comment.resolved_at is not None:
        raise Refused(_("This comment is resolved. Open it again before you reply."))
    if comment.replies and (last := comment.replies[-1]).author_id == actor.id and last.text == text:
        return last
    said = Reply(author_id=actor.id, text=text)
    comment.replies.append(said)
    if rights.team(actor, fresh):
        comment.answered_at = clock.now()
    elif not fresh.on_the_team(actor):
        comment.answered_at = None
    session = session_of(fresh)
    session.flush()
    record(fresh, "reply to a comment", actor=actor, comment=comment.id, code=comment.section_code, **seal(text))
    if not fresh.on_the_team(actor):
        _ask_on(fresh, comment, said, actor)
    return said


def _ask_on(project: Project, comment: Comment, said: Reply, actor: User) -> None:
    subject, body = words(_asked_on, project, comment.section_code, actor.name, said.text)
    for person in concerned(project, comment.section_code):
        queue(
            session_of(project),
            to=person,
            cause=f"reply:{said.id}",
            kind="comment",
            subject=subject,
            body=body,
            path=f"/projects/{project.reference}/comments",
        )


def _said(project: Project, code: str, who: str, text: str) -> tuple[str, str]:
    section = project.edition.handbook.section(code).title.say()
    says = _(
        "%(who)s commented on the section “%(section)s” of “%(title)s”.", who=who, section=section, title=project.title
    )
    return _("Comment on %(section)s: %(reference)s", section=section, reference=project.name), f"{says}\n\n{text}"


def _asked_on(project: Project, code: str, who: str, text: str) -> tuple[str, str]:
    section = project.edition.handbook.section(code).title.say()
    says = _("%(who)s asks on about the section “%(section)s”.", who=who, section=section)
    return _("Comment on %(section)s: %(reference)s", section=section, reference=project.name), f"{says}\n\n{text}"


def may_settle(user: User, comment: Comment, project: Project) -> bool:
    """Its author; and the team, once it has answered."""
    if not rights.commenter(user, project):
        return False
    return comment.author_id == user.id or (rights.team(user, project) and not comment.is_unanswered)


def resolve_comment(project: Project, comment_id: int, *, actor: User) -> Comment:
    """Close a comment; one that somebody resolved meanwhile stays as it is."""
    comment = _held(project, comment_id, actor=actor)
    if comment.resolved_at is None:
        comment.resolved_at, comment.resolved_by_id = clock.now(), actor.id
        record(project, "comment resolved", actor=actor, comment=comment.id, code=comment.section_code)
    return comment


def reopen_comment(project: Project, comment_id: int, *, actor: User) -> Comment:
    comment = _held(project, comment_id, actor=actor)
    if comment.resolved_at is not None:
        comment.resolved_at = comment.resolved_by_id = None
        if not rights.team(actor, project):
            comment.answered_at = None
        record(project, "comment opened again", actor=actor, comment=comment.id, code=comment.section_code)
    return comment


def _held(project: Project, comment_id: int, *, actor: User) -> Comment:
    fresh = opened(project, actor=actor, action=Action.COMMENT)
    comment = queries.comment(fresh, comment_id)
    if comment is None:
        raise Refused(_("This comment is not there."))
    if not may_settle(actor, comment, fresh):
        if rights.team(actor, fresh):
            raise Refused(_("Please answer this comment: only its author can resolve it before."))
        raise Refused(_("Only its author and the project's team can resolve a comment or open it again."))
    return comment
