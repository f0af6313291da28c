"""Changes of a running project: their list, the form by which one is asked for, its page, and each step of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from prima.config import MEGABYTE
from prima.errors import Refused
from prima.filters import day, money
from prima.following import Following
from prima.permissions import Action, can, guard, require
from prima.projects import changing, choices, operations, queries
from prima.projects.changes import (
    ANSWERS,
    EXTENSIONS,
    KINDS,
    MOVES,
    ROAD,
    TAKEN,
    TIMED,
    WITH_LINES,
    WRITABLE,
    ChangeKind,
    ChangeState,
    deciding_role,
    state_chip,
)
from prima.projects.changing import Asked, Kind
from prima.projects.differences import LEVELS, in_short, line_rows, rows
from prima.projects.files import MOST_BYTES, Arrivals, arriving
from prima.projects.forms.changes import LetterForm, MoveForm, ReasonForm, change_form
from prima.projects.forms.rows import EMPTY_ROWS, Options
from prima.projects.models import Change, Level, Project
from prima.projects.numbering import numbered
from prima.projects.operations.changes import Answer as DonorsAnswer
from prima.projects.operations.changes import letters_since, what_happened
from prima.projects.operations.effects import (
    BELOW,
    INDICATOR,
    PICKED,
    READINGS,
    NewAmount,
    NewIndicator,
    NewLine,
    NewReading,
    NewResult,
    NewText,
    Terms,
)
from prima.projects.rights import changing_authority, may_change
from prima.projects.rules.calls import day_at
from prima.projects.stages import RUNNING
from prima.projects.views.budget import offered, results_of
from prima.projects.views.documents import folder
from prima.projects.views.drafting import Answer, limit_rows, names_of, outcome
from prima.scanning import Scanner
from prima.users import viewer
from prima.workflow import Move

bp = Blueprint("changes", __name__, url_prefix="/projects")
KIND = f"<any({', '.join(ChangeKind)}):kind>"
MOVE = f"<any({', '.join(MOVES)}):move>"
MOST_ROWS = 4000
NEW_ROWS = 4
"""So many outputs and activities one change can add."""


def following() -> Following:
    found: Following = current_app.extensions["prima.following"]
    return found


@bp.get("/<reference>/changes")
@guard(Action.VIEW_PROJECT, changing.project)
def index(project: Project) -> str:
    asks = may_ask(project)
    found = [one for one in changing.changes_of(project) if one.state is not ChangeState.DRAFT or asks]
    under_way = {one.kind for one in found if one.state in (*WRITABLE, ChangeState.ASKED, ChangeState.ENDORSED)}
    return render_template(
        "projects/changes.html",
        project=project,
        lines=[(one, KINDS[one.kind], state_chip(one), in_short(one, project.currency)) for one in found],
        kinds=[(kind, KINDS[kind]) for kind in ChangeKind if kind not in under_way] if asks else [],
        last_day=following().last_day(project) if project.status in RUNNING else None,
        ends=ends(project),
    )


def may_ask(project: Project) -> bool:
    return project.status in RUNNING and can(viewer(), Action.ASK_CHANGE, project)


def ends(project: Project) -> list[tuple[str, Any]]:
    """The end date in force, the one agreed at activation, and each extension between them."""
    if project.ends_on is None:
        return []
    found = [(_("Start date"), day(project.starts_on)), (_("End date"), day(project.ends_on))]
    if project.extensions:
        found.append((_("End agreed at activation"), day(project.first_ends_on)))
    for place, one in enumerate(project.extensions, 1):
        says = _("%(old)s → %(new)s, decided on %(day)s", old=day(one.old_end), new=day(one.new_end),
                 day=day(one.decided_on))  # fmt: skip
        found.append((_("Extension %(number)s", number=place), says))
    return found


@bp.get("/<reference>/extend")
@guard(Action.VIEW_PROJECT, queries.project)
def extend(project: Project) -> Response:
    """Where extending a project begins: by asking for it, or with the list of its changes."""
    if may_ask(project):
        kind = ChangeKind.NO_COST_EXTENSION.value
        return redirect(url_for("changes.new", reference=project.reference, kind=kind), 302)
    return redirect(url_for("changes.index", reference=project.reference), 302)


@bp.route(f"/<reference>/changes/new/{KIND}", methods=["GET", "POST"])
@guard(Action.ASK_CHANGE, changing.kind)
def new(subject: Kind) -> Answer:
    project, kind = subject.project, subject.kind
    if request.method == "GET":
        if subject.under_way:
            return redirect(address(project, subject.under_way.number), 302)
        if project.status not in RUNNING:
            raise Refused(_("Only a project that runs can be changed, and this one does not run now."))
    return written(project, kind, None)


@bp.route("/<reference>/changes/<int:number>/edit", methods=["GET", "POST"])
@guard(Action.ASK_CHANGE, changing.change)
def edit(change: Change) -> Answer:
    if change.state not in WRITABLE:
        raise Refused([what_happened(change)])
    return written(change.project, change.kind, change)


def written(project: Project, kind: ChangeKind, change: Change | None) -> Answer:
    """The form, and what it saves; a second button asks at once."""
    limit_rows(MOST_ROWS)
    options = options_of(project, kind)
    form = change_form(kind, None if request.method == "POST" else begun(project, kind, change), options)
    status = 200
    if kind is ChangeKind.RESULTS:
        measures = {one.id: one.measure.value for one in project.indicators}
        for entry in form.readings.entries:
            entry.form.measure.data = measures.get(entry.form.row.data, "words")
        matrix(project, form)  # names the fields, for what the form says of them
    if request.method == "POST":
        saved: list[Change] = []
        with arriving(folder()) as arrivals:
            status = outcome(form, lambda: saved.append(save(project, kind, change, form, arrivals)))
        if status == 303:
            return redirect(address(project, saved[0].number), 303)
    page = render_template(
        "projects/change_form.html",
        project=project,
        kind=kind,
        name=KINDS[kind],
        change=change,
        form=form,
        extends=kind in EXTENSIONS,
        lines=line_cells(project, form) if kind in WITH_LINES else [],
        matrix=matrix(project, form) if kind is ChangeKind.RESULTS else [],
        last_day=following().last_day(project) if kind in TIMED else None,
        late=is_late(project, kind),
        limit=MOST_BYTES // MEGABYTE,
        free_percent=project.change_rules.free_percent if kind is ChangeKind.BUDGET else None,  # type: ignore[union-attr]
        total=money(project.budget),
        new_rows=[entry.form for entry in form.new_results.entries] if kind is ChangeKind.RESULTS else [],
        adds=kind in WITH_LINES
        and any(entry.form.errors or entry.form.description.data for entry in form.added.entries),
    )
    return page, status


def options_of(project: Project, kind: ChangeKind) -> dict[str, Options]:
    """What new lines, rows and indicators choose from; what was taken out is not offered."""
    if kind in WITH_LINES:
        return {**offered(project), "result_id": Options({"": "", **results_of(project)})}
    if kind is not ChangeKind.RESULTS:
        return {}
    rows = [one for one in numbered(project.results) if one.level != Level.ACTIVITY]
    new = {f"n{place}": _("New row %(number)s", number=place) for place in range(1, NEW_ROWS + 1)}
    return {
        "under": Options({"": "", **{str(one.id): one.name for one in rows if one.level in BELOW}, **new}),
        "result_id": Options({"": "", **{str(one.id): one.name for one in rows}, **new}),
    }


def is_late(project: Project, kind: ChangeKind) -> bool:
    last = following().last_day(project) if kind in TIMED else None
    return last is not None and day_at(project.office) > last


def begun(project: Project, kind: ChangeKind, change: Change | None) -> dict[str, Any]:
    """What the form begins with: what was saved, else what stands."""
    data: dict[str, Any] = {}
    after = change.after if change else {}
    if change:
        data = {name: getattr(change, name) for name in ("version", "reason", "effect", "counterpart_agreed_on")}
    if kind in EXTENSIONS and change:
        data["ends_on"] = date.fromisoformat(after["ends_on"])
    if kind in WITH_LINES:
        amounts = {one["id"]: one["amount"] for one in after.get("lines", ())}
        data["lines"] = [
            {"row": line.id, "amount": Decimal(amounts.get(line.id, line.amount))} for line in project.lines
        ]
        added = [{**one, "amount": Decimal(one["amount"])} for one in after.get("added", ())]
        data["added"] = [*added, *({} for _row in range(EMPTY_ROWS))]
    if kind is ChangeKind.RESULTS:
        data |= begun_results(project, after)
    if kind is ChangeKind.MANAGER and change:
        data |= {"part": after["part"], "email": after["email"], "from_on": date.fromisoformat(after["from_on"])}
    return data


def begun_results(project: Project, after: Mapping[str, Any]) -> dict[str, Any]:
    texts = {one["id"]: one for one in after.get("results", ())}
    out, indicators_out = after.get("out", ()), after.get("indicators_out", ())
    readings = {one["id"]: one for one in after.get("indicators", ())}
    rows: dict[str, Any] = {"texts": [], "readings": [], "splits": []}
    for one in numbered(project.results, project.indicators):
        kept = texts.get(one.id, {"text": one.text, "assumption": one.assumption})
        rows["texts"].append({"row": one.id, "text": kept["text"], "assumption": kept["assumption"],
                              "out": one.id in out})  # fmt: skip
        for indicator in one.indicators:
            read = readings.get(indicator.id, {"text": indicator.text, "target": indicator.target, "splits": ()})
            parts = dict(read["splits"])
            rows["readings"].append({"row": indicator.id, "text": read["text"], "target": read["target"],
                                     "out": indicator.id in indicators_out})  # fmt: skip
            rows["splits"] += [
                {"row": split.id, "target": Decimal(parts.get(split.id, split.target))} for split in indicator.splits
            ]
    new = {int(one["key"][1:]): one for one in after.get("new_results", ())}
    rows["new_results"] = [new.get(place, {}) for place in range(1, NEW_ROWS + 1)]
    rows["indicators"] = [*after.get("new_indicators", ()), *({} for _row in range(EMPTY_ROWS))]
    return rows


def matrix(project: Project, form: Any) -> list[tuple[Any, Any, list[tuple[Any, Any, list[Any]]]]]:
    """Each row with its fields, and under it each of its indicators with its own and those of the target's parts."""
    texts = {entry.form.row.data: entry.form for entry in form.texts.entries}
    readings = {entry.form.row.data: entry.form for entry in form.readings.entries}
    splits = {entry.form.row.data: entry.form for entry in form.splits.entries}
    names = {**choices.disaggregation("sex"), **choices.disaggregation("age")} if splits else {}
    found = []
    for one in numbered(project.results, project.indicators):
        if one.id not in texts:
            continue
        below = []
        name = f"{LEVELS[one.level]} {one.number}".strip()
        texts[one.id].text.label.text = name
        texts[one.id].assumption.label.text = _("%(row)s, assumption", row=name)
        texts[one.id].out.label.text = _("Take %(row)s out, with its indicators", row=name)
        for place, indicator in enumerate(one.indicators, 1):
            if indicator.id in readings:
                said = _("%(row)s, indicator %(number)s", row=name, number=place)
                readings[indicator.id].text.label.text = said
                readings[indicator.id].target.label.text = _("%(indicator)s, target", indicator=said)
                readings[indicator.id].out.label.text = _("Take out: %(indicator)s", indicator=said)
            parts = []
            for split in (one for one in indicator.splits if one.id in splits):
                codes = (code for code in (split.sex_code, split.age_code) if code)
                label = _("%(row)s, indicator %(number)s, target", row=name, number=place)
                splits[split.id].target.label.text = ", ".join([label, *(names.get(code, code) for code in codes)])
                parts.append(splits[split.id])
            if indicator.id in readings:
                below.append((indicator, readings[indicator.id], parts))
        found.append((one, texts[one.id], below))
    return found


def line_cells(project: Project, form: Any) -> list[tuple[Any, Any, Any]]:
    """Each line with its field and what was spent on it; a line that the form does not show is left as it is."""
    lines = {line.id: line for line in project.lines}
    spent = following().spent(project.id)
    return [
        (lines[entry.form.row.data], entry.form, spent.get(entry.form.row.data))
        for entry in form.lines.entries
        if entry.form.row.data in lines
    ]


def save(project: Project, kind: ChangeKind, change: Change | None, form: Any, arrivals: Arrivals) -> Change:
    upload = form.file.data
    letter = None
    if upload and upload.filename:
        letter = arrivals.upload(upload.stream, upload.filename, Scanner.of(current_app.config))
    saved = operations.save_change(
        project,
        kind,
        actor=viewer(),
        following=following(),
        terms=terms_of(kind, form),
        reason=form.reason.data,
        effect=form.effect.data,
        counterpart_agreed_on=form.counterpart_agreed_on.data,
        letter=letter,
        number=change.number if change else None,
        version=form.version.data,
        typed=typed_of(change, form) if change else {},
    )
    if request.form.get("then") != "ask":
        flash(_("Saved as a draft. Nobody else sees it before you ask for it."), "success")
        return saved
    step = operations.take_change(
        saved, "record" if saved.free else "ask", actor=viewer(), following=following(), seen=saved.version
    )
    flash(said(step.change, step.move), "success")
    return saved


def said(change: Change, move: str) -> str:
    if move == "record":
        return _("This is in effect: it stays within what needs no request. It was recorded.")
    if move == "ask":
        return _("You have asked for this change. You will get a letter on every decision.")
    if change.state is ChangeState.APPROVED:
        return _("The change is approved and in effect; what follows from it is recomputed.")
    return _("Done. The change is now: %(state)s.", state=state_chip(change)[0])


def terms_of(kind: ChangeKind, form: Any) -> Terms:
    typed: dict[str, Any] = {}
    if kind in EXTENSIONS:
        typed["ends_on"] = form.ends_on.data
    if kind in WITH_LINES:
        typed["amounts"] = [
            NewAmount(entry.form.row.data or 0, entry.form.amount.data, f"lines-{place}-amount")
            for place, entry in enumerate(form.lines.entries)
        ]
        typed["added"] = [
            NewLine({name: entry.form.typed[name] for name in (*PICKED, "description", "amount")}, f"added-{place}")
            for place, entry in enumerate(form.added.entries)
            if not entry.form.is_empty
        ]
    if kind is ChangeKind.RESULTS:
        splits = {entry.form.row.data: entry.form.target.data for entry in form.splits.entries}
        typed["texts"] = [
            NewText(one.row.data or 0, one.text.data, one.assumption.data,
                    f"texts-{place}-{'out' if one.out.data else 'text'}", one.out.data)
            for place, one in enumerate(entry.form for entry in form.texts.entries)
        ]  # fmt: skip
        typed["new_results"] = [
            NewResult(f"n{place}", one.under.data, one.text.data, one.assumption.data, one.responsible.data,
                      one.months.data, f"new_results-{place - 1}")
            for place, one in enumerate((entry.form for entry in form.new_results.entries), 1)
            if not one.is_empty
        ]  # fmt: skip
        typed["readings"] = [
            NewReading(one.row.data or 0, one.text.data, one.target.data, one.target.value, splits,
                       f"readings-{place}-target", one.out.data)
            for place, one in enumerate(entry.form for entry in form.readings.entries)
        ]  # fmt: skip
        typed["indicators"] = [
            NewIndicator(
                one.result_id.data,
                {**{name: one[name].data for name in INDICATOR if name not in READINGS},
                 "baseline_value": one.baseline.value, "target_value": one.target.value},
                f"indicators-{place}",
            )
            for place, one in enumerate(entry.form for entry in form.indicators.entries)
            if not one.is_empty
        ]  # fmt: skip
    if kind is ChangeKind.MANAGER:
        typed |= {"part": form.part.data, "email": form.email.data, "from_on": form.from_on.data}
    return Terms(**typed)


def typed_of(change: Change, form: Any) -> Mapping[str, tuple[str, str, str]]:
    """Field by field what stands now and what was typed."""
    after = change.after
    now: dict[str, str] = {
        "reason": change.reason,
        "effect": change.effect,
        "counterpart_agreed_on": change.counterpart_agreed_on.isoformat() if change.counterpart_agreed_on else "",
        **{name: after[name] for name in ("ends_on", "part", "email", "from_on") if name in after},
    }
    amounts = {one["id"]: one["amount"] for one in after.get("lines", ())}
    for place, entry in enumerate(form.lines.entries if "lines" in form else ()):
        line = next((one for one in change.project.lines if one.id == entry.form.row.data), None)
        if line is not None:
            now[f"lines-{place}-amount"] = amounts.get(line.id, f"{line.amount:.2f}")
    if "texts" in form:
        begun_with = begun_results(change.project, after)
        for part, field in (("texts", "text"), ("texts", "assumption"), ("readings", "text"), ("readings", "target")):
            kept = {one["row"]: one[field] for one in begun_with[part]}
            for place, entry in enumerate(form[part].entries):
                if entry.form.row.data in kept:
                    now[f"{part}-{place}-{field}"] = kept[entry.form.row.data]
    found = {}
    for name, stands in now.items():
        parts = name.split("-")
        entry = form[name] if name in form else form[parts[0]].entries[int(parts[1])].form[parts[2]]
        mine = entry.data
        text = mine.isoformat() if isinstance(mine, date) else f"{mine:.2f}" if parts[0] == "lines" else str(mine or "")
        found[name] = (str(entry.label.text), stands, text)
    return found


@bp.get("/<reference>/changes/<int:number>")
@guard(Action.VIEW_PROJECT, changing.change)
def show(change: Change) -> Answer:
    project = change.project
    if change.state is ChangeState.DRAFT and not can(viewer(), Action.ASK_CHANGE, project):
        return redirect(url_for("changes.index", reference=project.reference), 302)
    internal = can(viewer(), Action.VIEW_INTERNAL, project)
    moves = [move for move in ROAD.moves_from(change.state, change) if may_change(viewer(), move, change)]
    if project.status not in RUNNING:
        moves = [move for move in moves if move.target is ChangeState.WITHDRAWN]
    categories = names_of(offered(project)["category_code"]) if change.kind in WITH_LINES else {}
    return render_template(
        "projects/change.html",
        project=project,
        change=change,
        name=KINDS[change.kind],
        state=state_chip(change),
        rows=rows(change, project.currency),
        rules=changing.budget_rules(change),
        lines=line_rows(change, categories),
        moves=moves,
        writable=change.state in WRITABLE and may_ask(project),
        facts_of=facts(change),
        steps=[(step, TAKEN[step.move], step.note if internal else "") for step in change.steps],
        who=who_has(change),
        duties=open_duties(project) if change.kind is ChangeKind.MANAGER and not change.decided_on else [],
        handed_over=change.after.get("handed_over", ()),
        returned=change.steps[-1].note if change.state is ChangeState.RETURNED and internal else "",
    )


def who_has(change: Change) -> str:
    """Those whose turn it is, by name."""
    if change.state not in (ChangeState.ASKED, ChangeState.ENDORSED):
        return ""
    move = next(one for one in ROAD.moves_from(change.state, change) if one.action is not Action.ASK_CHANGE)
    role = deciding_role(change.project.change_rules, change.project, change.state)
    people = [one.name for one in changing.deciders(change.project, role) if changing_authority(one, move, change)]
    return ", ".join(people) or queries.roles()[role].name


def facts(change: Change) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [(_("Number"), change.number), (_("Written by"), change.made_by.name)]
    if change.asked_on:
        found.append((_("Asked for on"), day(change.asked_on)))
    if change.decided_on:
        found.append((_("Decided on"), day(change.decided_on)))
    found.append((_("Counterpart agreed on"), day(change.counterpart_agreed_on)))
    if change.state is ChangeState.APPROVED:
        found.append((_("Version of the project"), changing.version_of(change.id)))
    return [*found, *ends(change.project)]


def open_duties(project: Project) -> list[tuple[str, str | None]]:
    """What is handed over: what waits for the project's people now, and what it still owes before it is closed."""
    told = [teller(project, viewer()) for teller in current_app.extensions["prima.tellers"]]
    waiting = [(duty.what, duty.url) for telling in told for duty in telling.duties if "/changes/" not in duty.url]
    owed = [(_("before closing: %(need)s", need=need.text), need_url(project, need)) for need in
            following().open_duties(project, "operational")]  # fmt: skip
    return [*waiting, *owed]


def need_url(project: Project, need: Any) -> str | None:
    return url_for(need.at, reference=project.reference, **dict(need.values)) if need.at else None


@bp.route(f"/<reference>/changes/<int:number>/{MOVE}", methods=["GET", "POST"])
@guard(Action.VIEW_PROJECT, changing.asked)
def take(asked: Asked) -> Answer:
    change, move = asked.change, asked.move
    if move is None:
        require(viewer(), Action.VIEW_INTERNAL, asked.project)
        raise Refused([what_happened(change)])
    require(viewer(), move.action, asked.project)
    if not may_change(viewer(), move, change):
        raise Refused(_("This is for somebody else to do: nobody decides on what they ask for or endorsed themselves."))
    form = form_of(change, move)
    status = 200
    if request.method == "POST":
        with arriving(folder()) as arrivals:
            status = outcome(form, lambda: taken(change, move, form, arrivals))
        if status == 303:
            return redirect(address(asked.project, change.number), 303)
    held = changing_authority(viewer(), move, change)
    page = render_template(
        "projects/change_move.html",
        project=asked.project,
        change=change,
        name=KINDS[change.kind],
        move=move,
        form=form,
        rows=rows(change, asked.project.currency),
        rules=changing.budget_rules(change),
        target=state_chip(change, ChangeState(move.target))[0],
        behalf_of=held.absent if held else None,
        limit=MOST_BYTES // MEGABYTE,
    )
    return page, status


def form_of(change: Change, move: Move) -> Any:
    seen = {"seen": change.version}
    if move.name in ANSWERS:
        form = LetterForm(data=seen)
        filed = [SelectChoice(str(one.id), f"{one.type.name}: {one.title}") for one in letters_since(change)]
        form.document_id.choices = [SelectChoice("", _("None of these")), *filed]
        return form
    return ReasonForm(data=seen) if move.note == "required" else MoveForm(data=seen)


def taken(change: Change, move: Move, form: Any, arrivals: Arrivals) -> None:
    answer = None
    if move.name in ANSWERS:
        upload, chosen = form.file.data, form.document_id.data
        stored = None
        if upload and upload.filename:
            stored = arrivals.upload(upload.stream, upload.filename, Scanner.of(current_app.config))
        answer = DonorsAnswer(stored, int(chosen) if chosen else None)
    leaves = change.kind is ChangeKind.MANAGER and move.target is ChangeState.APPROVED
    handed_over = [what for what, _url in open_duties(change.project)] if leaves else []
    step = operations.take_change(
        change,
        move.name,
        actor=viewer(),
        following=following(),
        seen=form.seen.data,
        note=form.note.data or "",
        answer=answer,
        handed_over=handed_over,
    )
    flash(said(step.change, move.name), "success")


def address(project: Project, number: int) -> str:
    return url_for("changes.show", reference=project.reference, number=number)
