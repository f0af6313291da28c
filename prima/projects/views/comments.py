"""Comments on the sections of a proposal and their answers: beside each section, and all of them on one page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.permissions import Action, can, guard
from prima.projects import operations, queries, rights
from prima.projects.forms.comments import CommentForm, ReplyForm, SettleForm
from prima.projects.models import Comment, Project
from prima.projects.operations.comments import may_settle
from prima.projects.tasks import tasks
from prima.projects.views.drafting import Answer, drafting, outcome, url_of
from prima.users import User, viewer

bp = Blueprint("comments", __name__, url_prefix="/projects/<reference>/comments")
STATES = ("unanswered", "open", "resolved")


@dataclass(frozen=True)
class Remark:
    """A comment as it is shown: can the viewer resolve it or open it again, and answer it."""

    comment: Comment
    may_settle: bool
    reply: ReplyForm | None = None
    is_asked: bool = False
    """Whether the viewer is of the team, whose answer it waits for."""
    also: Sequence[str] = ()
    """The titles of the further sections that it is about."""


@dataclass(frozen=True)
class Discussion:
    """What a section's page shows of its comments."""

    project: Project
    code: str
    title: str
    open: Sequence[Remark]
    resolved: Sequence[Remark]
    form: CommentForm
    settle: SettleForm
    may_write: bool
    url: str = ""
    """The section's own page, where this is not it."""


def discussion(project: Project, code: str) -> Discussion | None:
    """For `projects/comments.html`, on the page of a section; None where the viewer may read no comments."""
    section = _sections(project).get(code)
    if section is None or not can(viewer(), Action.VIEW_INTERNAL, project):
        return None
    return _discussion(project, code, section, queries.comments(project, code), back=request.path)


def _discussion(
    project: Project,
    code: str,
    title: str,
    said: Sequence[Comment],
    *,
    back: str = "",
    url: str = "",
    replied: tuple[int, ReplyForm] | None = None,
) -> Discussion:
    """`replied`: the number of a comment, and the reply to it that could not be taken."""
    may_write, titles = can(viewer(), Action.COMMENT, project), _sections(project)
    of_the_team = rights.team(viewer(), project)
    remarks = []
    for one in said:
        tried = replied[1] if replied and replied[0] == one.id else None
        reply = (tried or ReplyForm(formdata=None, back=back)) if may_write and one.resolved_at is None else None
        further = dict.fromkeys((one.section_code, *one.sections))
        also = [titles[other] for other in further if other != code and other in titles]
        may = may_settle(viewer(), one, project)
        remarks.append(Remark(one, may, reply, of_the_team and one.is_unanswered, also))
    form = CommentForm(formdata=None, section=code, back=back)
    form.section.choices = [(code, title)]
    return Discussion(
        project=project,
        code=code,
        title=title,
        open=[one for one in remarks if one.comment.resolved_at is None],
        resolved=[one for one in remarks if one.comment.resolved_at is not None],
        form=form,
        settle=SettleForm(formdata=None, back=back),
        may_write=may_write,
        url=url,
    )


def _sections(project: Project) -> dict[str, str]:
    """The titles of the edition's sections, by code."""
    asked = project.edition.handbook.sections_for(project.funding.value, project.facts)
    return {one.code: one.title.say() for one in asked}


@bp.get("")
@guard(Action.VIEW_INTERNAL, queries.proposal)
def index(project: Project) -> str:
    return page(project, _form(project, CommentForm(formdata=None)))


def may_comment(user: User, project: Project) -> bool:
    return can(user, Action.COMMENT, project)


@bp.post("")
@drafting(queries.proposal, may_comment, Action.COMMENT)
def add(project: Project) -> Answer:
    form = _form(project, CommentForm())
    status = outcome(
        form,
        lambda: operations.add_comment(project, form.section.data or "", actor=viewer(), text=form.text.data or ""),
    )
    if status != 303:
        return page(project, form), status
    flash(_("Your comment stands with the section."), "success")
    return _back(project, form.back.data)


def load(reference: str, number: int) -> Comment | None:
    project = queries.proposal(reference)
    return queries.comment(project, number) if project else None


@bp.post("/<int:number>/replies")
@guard(Action.COMMENT, load)
def reply(remark: Comment) -> Answer:
    form, project = ReplyForm(), remark.project
    status = outcome(form, lambda: operations.reply(project, remark.id, actor=viewer(), text=form.text.data or ""))
    if status != 303:
        fresh = queries.proposal(project.reference)
        assert fresh is not None
        return page(fresh, _form(fresh, CommentForm(formdata=None)), replied=(remark.id, form)), status
    flash(_("Your reply stands with the comment."), "success")
    return _back(project, form.back.data)


@bp.post("/<int:number>/resolve")
@guard(Action.COMMENT, load)
def resolve(remark: Comment) -> Response:
    return _settled(remark, operations.resolve_comment, _("The comment is resolved."))


@bp.post("/<int:number>/reopen")
@guard(Action.COMMENT, load)
def reopen(remark: Comment) -> Response:
    return _settled(remark, operations.reopen_comment, _("The comment is open again."))


def load_draft(reference: str, number: int) -> Comment | None:
    project = queries.proposal(reference)
    return queries.draft(project, number, viewer()) if project else None


@bp.post("/<int:number>/discard")
@guard(Action.VIEW_INTERNAL, load_draft)
def discard(remark: Comment) -> Response:
    project = remark.project
    operations.discard_draft(project, remark.id, actor=viewer())
    flash(_("The draft is discarded. Nobody else has read it."), "success")
    return _back(project, "")


def _settled(remark: Comment, settle: Callable[..., Comment], says: str) -> Response:
    form = SettleForm()
    project = remark.project
    settle(project, remark.id, actor=viewer())
    flash(says, "success")
    return _back(project, form.back.data)


def _back(project: Project, page: str | None) -> Response:
    """To the page of this project on which it was written; any other address is none."""
    own = rf"/projects/{re.escape(project.reference)}/[a-z0-9/-]*|/projects/{re.escape(project.name)}/[a-z0-9/-]*"
    if page and re.fullmatch(own, page):
        return redirect(f"{page}#comments", 303)
    return redirect(url_for("comments.index", reference=project.reference), 303)


def _form(project: Project, form: CommentForm) -> CommentForm:
    form.section.choices = [("", _("Please choose")), *_sections(project).items()]
    return form


def states_of(comment: Comment) -> list[str]:
    if comment.resolved_at is not None:
        return ["resolved"]
    return ["unanswered", "open"] if comment.is_unanswered else ["open"]


def page(project: Project, form: CommentForm, *, replied: tuple[int, ReplyForm] | None = None) -> str:
    """All comments by section, in the edition's order; `?section=` and `?state=` narrow them."""
    titles = _sections(project)
    section, state = request.args.get("section", ""), request.args.get("state", "")
    if section not in ("", *titles) or state not in ("", *STATES):
        abort(404)
    pages = {task.title: url_of(project, task) for task in tasks(project, [])}
    said: dict[str, list[Comment]] = {}
    everything, drafts = queries.comments_and_drafts(project, viewer())
    for one in everything:
        if section in ("", one.section_code, *one.sections) and state in ("", *states_of(one)):
            said.setdefault(one.section_code, []).append(one)
    return render_template(
        "projects/all_comments.html",
        project=project,
        form=form,
        discussions=[
            _discussion(project, code, title, said[code], url=pages.get(title, ""), replied=replied)
            for code, title in titles.items()
            if code in said
        ],
        drafts=drafts,
        titles=titles,
        replied=replied[1] if replied else None,
        unanswered=sum(one.is_unanswered for found in said.values() for one in found),
        section=section,
        state=state,
        may_write=can(viewer(), Action.COMMENT, project),
    )
