"""Saying something about a section, resolving it, and opening it again. Who only comments does not become an author."""

from __future__ import annotations

from flask_babel import gettext as _

from prima import clock
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.outbox import queue
from prima.permissions import Action
from prima.projects import queries, rights
from prima.projects.models import Comment, Part, Project
from prima.projects.operations.drafting import opened, seal, session_of
from prima.users import User


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
    comment = Comment(project_id=project.id, section_code=code, author_id=actor.id, text=text)
    session = session_of(project)
    session.add(comment)
    session.flush()
    record(project, "comment", actor=actor, comment=comment.id, code=code, **seal(text))
    if not project.on_the_team(actor):
        for person in concerned(project, code):
            queue(
                session,
                to=person,
                cause=f"comment:{comment.id}",
                kind="comment",
                subject=_("Comment on %(section)s: %(reference)s", section=titles[code], reference=project.name),
                body="\n\n".join(
                    [
                        _(
                            "%(who)s commented on the section “%(section)s” of “%(title)s”.",
                            who=actor.name,
                            section=titles[code],
                            title=project.title,
                        ),
                        text,
                    ]
                ),
                path=f"/projects/{project.reference}/comments",
            )
    return comment


def concerned(project: Project, code: str) -> list[User]:
    """Who wrote the section's text last, while on the team; else every developer."""
    developers = [person for person in project.people(Part.DEVELOPER) if person.active]
    section = next((one for one in project.sections if one.code == code), None)
    return [person for person in developers if section and person.id == section.saved_by_id] or developers


def may_settle(user: User, comment: Comment, project: Project) -> bool:
    """Its author, and the team."""
    return rights.commenter(user, project) and (comment.author_id == user.id or rights.team(user, project))


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
        record(project, "comment opened again", actor=actor, comment=comment.id, code=comment.section_code)
    return comment


def _held(project: Project, comment_id: int, *, actor: User) -> Comment:
    fresh = opened(project, actor=actor, action=Action.COMMENT)
    comment = queries.comment(fresh, comment_id)
    if comment is None:
        raise Refused(_("This comment is not there."))
    if not may_settle(actor, comment, fresh):
        raise Refused(_("Only its author and the project's team can resolve a comment or open it again."))
    return comment
