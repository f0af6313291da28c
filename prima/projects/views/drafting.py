"""What the pages of a proposal share: who may write, what a save answers, and where to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.errors import Conflict, Difference, Invalid, Refused
from prima.forms import BaseForm
from prima.permissions import Action, can, guard, whole
from prima.projects import queries, rights
from prima.projects.models import Project
from prima.projects.operations.drafting import fingerprint
from prima.projects.operations.rows import Row, RowsConflict
from prima.projects.tasks import INTERNAL, Task, Values, following, progress, tasks
from prima.users import User, viewer

Answer = str | Response | tuple[str, int]
ROWS_OF_A_LIST = 300
"""More than any list of the organization has: of countries, areas of work, age groups."""
May = Callable[[User, Project], bool]


def may_edit(user: User, project: Project) -> bool:
    return can(user, Action.EDIT_PROPOSAL, project)


def drafting(
    load: Callable[..., Any], may: May = may_edit, action: Action = Action.EDIT_PROPOSAL
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Guard a view that writes. Strangers get 404, readers 403.

    The team of a project that has moved on meanwhile gets back what it typed, so that nothing is lost.
    """

    def around(view: Callable[..., Any]) -> Callable[..., Any]:
        @guard(Action.VIEW_PROJECT, load)
        @wraps(view)
        def checked(subject: Any) -> Any:
            project = whole(subject)
            if may(viewer(), project):
                return view(subject)
            if not rights.team(viewer(), project):
                abort(403)
            return moved_on(project), 409

        checked.action = action  # type: ignore[attr-defined]
        return checked

    return around


def moved_on(project: Project) -> str:
    """What was typed, to copy, when it can no longer be saved."""
    hidden = ("csrf_token", "version", "then")
    typed = [
        value
        for name, value in request.form.items(multi=True)
        if name not in hidden and not name.endswith(("-seen", "-row", "-version", "-level", "-under")) and value.strip()
    ]
    return render_template("projects/moved_on.html", project=project, why=why_not(project), typed="\n\n".join(typed))


def why_not(project: Project) -> str:
    """Why the viewer reads and cannot write here."""
    if project.is_editable:
        return _("You can read this. The project's team writes here; one of its developers can add you to it.")
    status = queries.statuses()[project.status].name
    says = _("This cannot be changed now. The project stands at the step “%(status)s”.", status=status)
    who_has: str = current_app.extensions["prima.who_has"](project)
    return _("%(says)s It is with: %(names)s.", says=says, names=who_has) if who_has else says


def frame(project: Project, at: str, values: Values = (), *, may: May = may_edit) -> dict[str, Any]:
    """What the template of each page gets: may the viewer write, if not why, and which part comes next."""
    found = tasks_seen(project)
    writable = may(viewer(), project)
    after = following(found, at, values)
    done, count = progress(found)
    return {
        "project": project,
        "writable": writable,
        "why_not": "" if writable else why_not(project),
        "following": after,
        "done": done,
        "count": count,
    }


def tasks_seen(project: Project) -> list[Task]:
    """The parts of the proposal that the viewer may see."""
    found = tasks(project)
    if can(viewer(), Action.VIEW_INTERNAL, project):
        return found
    return [task for task in found if task.at not in INTERNAL]


def outcome(form: BaseForm, work: Callable[[], Any]) -> int:
    """Check the form and run the operation: 303 when it is saved, else the status of the page that says why not."""
    if not form.validate_on_submit():
        return 422
    try:
        work()
    except Conflict as conflict:
        raise in_words(conflict, form) from None
    except Refused as refusal:
        refuse(form, refusal)
        return 422 if isinstance(refusal, Invalid) else 409
    return 303


def refuse(form: Any, refusal: Refused) -> None:
    """Show a refusal at its field, which may be a field of a row ("lines-2-unit_cost")."""
    field = field_of(form, getattr(refusal, "field", ""))
    if field is None or hasattr(field, "entries"):
        form.form_errors.extend(reason.text for reason in refusal.reasons)
    else:
        field.errors = [*field.errors, *(reason.text for reason in refusal.reasons)]
        row = getattr(refusal, "field", "").split("-")[0]
        if row in form and hasattr(form[row], "entries"):
            form[row].errors = [entry.errors for entry in form[row].entries]


def field_of(form: Any, name: str) -> Any:
    """The field of a name, also one inside a row."""
    if name in form:
        return form[name]
    parts = name.split("-", 2)
    if len(parts) == 3 and parts[0] in form and parts[1].isdigit():  # rows, number, field
        entries = form[parts[0]].entries
        row = entries[int(parts[1])].form if int(parts[1]) < len(entries) else ()
        return next((field for field in row if field.short_name == parts[2]), None)
    return None


def in_words(conflict: Conflict, form: Any) -> Conflict:
    """The conflict in the words of the form: labels, and the names behind codes."""
    conflict.differences = [_worded(one, field_of(form, one.name)) for one in conflict.differences]
    return conflict


def _worded(difference: Difference, field: Any) -> Difference:
    if field is None:
        return difference
    names = names_of(getattr(field, "choices", None))
    theirs, mine = (
        ", ".join(names.get(part, part) for part in (text.split(", ") if names else [text]))
        for text in (difference.theirs, difference.mine)
    )
    return replace(difference, label=str(field.label.text), theirs=theirs, mine=mine)


def names_of(offered: Any) -> dict[str, str]:
    """What a select offers, without its groups: names by code."""
    if not isinstance(offered, dict):
        return {str(one.value): str(one.label) for one in offered or ()}
    found: dict[str, str] = {}
    for code, name in offered.items():
        found |= name if isinstance(name, dict) else {code: str(name)}
    return found


def both_rows(conflict: RowsConflict) -> tuple[str, int]:
    """The page of both values for rows: saving again carries the versions that stand now."""
    kept = [
        (name, conflict.fresh.get(name, value))
        for name, value in request.form.items(multi=True)
        if name not in ("csrf_token", "version")
    ]
    page = render_template("errors/conflict.html", conflict=conflict, kept=kept, action=request.url)
    return page, 409


def saved(project: Project, at: str, values: Values = (), *, message: str = "", tone: str = "success") -> Response:
    """Back to the page, or on to the part that the second button names."""
    flash(message or _("Saved."), tone)
    after = None
    if request.form.get("then") == "next":
        after = following(tasks(queries.judged(project), []), at, values)  # what was saved may ask for more or less
    return redirect(url_of(project, after) if after else address(project, at, values), 303)


def address(project: Project, at: str, values: Values = ()) -> str:
    found: dict[str, Any] = dict(values)
    return url_for(at, reference=project.reference, **found)


def url_of(project: Project, task: Task) -> str:
    return address(project, task.at, task.values)


def shown(values: dict[str, Any], stored: Any) -> dict[str, Any]:
    """A stored row as its form begins: with what tells later whether somebody touched it."""
    return {**values, "row": stored.id, "version": stored.version, "seen": fingerprint(values)}


def rows_of(entries: Sequence[Any], label: str) -> list[Row]:
    """The rows of a form that hold something."""
    return [
        Row(
            name=entry.name,
            label=f"{label} {place}",
            id=entry.form.row.data,
            version=entry.form.version.data,
            seen=entry.form.seen.data,
            remove=entry.form.remove.data,
            values=entry.form.typed,
        )
        for place, entry in enumerate(entries, 1)
        if not entry.form.is_empty
    ]


def limit_rows(most: int = ROWS_OF_A_LIST) -> None:
    """Refuse a form of far more rows ("lines-3") than its page ever shows, before it is read."""
    if len({name.rpartition("-")[0] for name in request.form}) > most:
        raise Refused(_("These are too many rows."))
