"""Comments on the sections of a proposal: beside each section, and all of them on one page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.permissions import Action, can, guard
from prima.projects import operations, queries
from prima.projects.forms.comments import CommentForm, SettleForm
from prima.projects.models import Comment, Project
from prima.projects.operations.comments import may_settle
from prima.projects.tasks import tasks
from prima.projects.views.drafting import Answer, drafting, outcome, url_of
from prima.users import User, viewer

bp = Blueprint("comments", __name__, url_prefix="/projects/<reference>/comments")
STATES = ("open", "resolved")


@dataclass(frozen=True)
class Remark:
    """A comment as it is shown: can the viewer resolve it or open it again."""

    comment: Comment
    may_settle: bool


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
    project: Project, code: str, title: str, said: Sequence[Comment], *, back: str = "", url: str = ""
) -> Discussion:
    remarks = [Remark(one, may_settle(viewer(), one, project)) for one in said]
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
        may_write=can(viewer(), Action.COMMENT, project),
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


@bp.post("/<int:number>/resolve")
@guard(Action.COMMENT, load)
def resolve(remark: Comment) -> Response:
    return _settled(remark, operations.resolve_comment, _("The comment is resolved."))


@bp.post("/<int:number>/reopen")
@guard(Action.COMMENT, load)
def reopen(remark: Comment) -> Response:
    return _settled(remark, operations.reopen_comment, _("The comment is open again."))


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


def page(project: Project, form: CommentForm) -> str:
    """All comments by section, in the edition's order; `?section=` and `?state=` narrow them."""
    titles = _sections(project)
    section, state = request.args.get("section", ""), request.args.get("state", "")
    if section not in ("", *titles) or state not in ("", *STATES):
        abort(404)
    pages = {task.title: url_of(project, task) for task in tasks(project, [])}
    said: dict[str, list[Comment]] = {}
    for one in queries.comments(project):
        if section in ("", one.section_code) and state in ("", "open" if one.resolved_at is None else "resolved"):
            said.setdefault(one.section_code, []).append(one)
    return render_template(
        "projects/all_comments.html",
        project=project,
        form=form,
        discussions=[
            _discussion(project, code, title, said[code], url=pages.get(title, ""))
            for code, title in titles.items()
            if code in said
        ],
        titles=titles,
        section=section,
        state=state,
        may_write=can(viewer(), Action.COMMENT, project),
    )
