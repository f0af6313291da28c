"""Writing a report, handing it in, and deciding on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from prima import clock, outbox
from prima.db import check_version, db
from prima.errors import Invalid, Reason, Refused
from prima.filters import day
from prima.handbook.edition import ReportType
from prima.journal import record
from prima.languages import Words, words
from prima.letters import DESK
from prima.projects.models import Part, Project
from prima.projects.rules.calls import day_at
from prima.reporting import queries
from prima.reporting.calendar import EVALUATION, ReportState
from prima.reporting.models import (
    Deadline,
    Lesson,
    LessonKind,
    Reached,
    Report,
    ReportRemark,
    ReportStep,
    ReportText,
    Spending,
)
from prima.reporting.operations.evaluation import received, wrote
from prima.reporting.rights import barred, decider, may_take
from prima.reporting.rules import committed_field, missing, part_titles, remark_field, spent_field
from prima.reporting.standing import frozen, key_of
from prima.reporting.steps import WRITABLE, deciding_roles, in_a_sentence, report_path, report_type, road
from prima.users import User
from prima.workflow import Move, Need

Typed = dict[str, tuple[str, str, str]]
Amounts = Mapping[tuple[str, int | None], tuple[Decimal | None, Decimal | None]]
"""Spent and committed by category and budget line; no line where the report is per category."""


def save(
    deadline_id: int,
    *,
    actor: User,
    version: int,
    texts: Mapping[str, str],
    reached: Mapping[int, int | None],
    spending: Amounts,
    labels: Mapping[str, tuple[str, str]] | None = None,
) -> Deadline:
    """Save what was written; `version` is the one that the person began with, 0 before the first.

    `texts` by section, `reached` by planned group, `spending` (spent, committed) by category and budget line, None
    clearing a figure. `labels` maps each part to (label, form field), for the page that shows two people's versions
    side by side.
    """
    deadline = queries.locked(deadline_id, actor)
    kind = _owed(deadline)
    if not may_take(actor, _submitting(kind), deadline):
        raise Refused(_("Only the manager and the alternate write its reports."))
    report = deadline.report
    if report is None:
        if version:
            raise Refused(_("This report has changed meanwhile. Open it again."))
        report = Report(deadline=deadline, version=0, texts=[], reached=[], spending=[], steps=[], shown=None)
        db.session.add(report)
    elif report.state not in WRITABLE:
        raise Refused(_("This report has been handed in and cannot be changed now."))
    else:
        who = report.saved_by.name if report.saved_by else _("Somebody")
        check_version(report, version, who=who, typed=_differences(report, texts, reached, spending, labels or {}))
    if deadline.kind == EVALUATION:
        wrote(deadline.project, actor)
    changed = [*_write_texts(report, texts), *_write_reached(report, reached)]
    changed += _write_spending(report, spending, deadline.project)
    report.version += 1
    report.saved_at, report.saved_by_id, report.saved_by = clock.now(), actor.id, actor
    db.session.flush()
    record(deadline.project, "report saved", actor=actor, deadline=deadline.id, kind=deadline.kind, changed=changed)
    return deadline


def _owed(deadline: Deadline) -> ReportType:
    kind = report_type(deadline)
    if kind is None:
        raise Refused(_("There is no report to write for this date."))
    if deadline.fell_away_at is not None:
        raise Refused(_("This report is no longer asked."))
    return kind


def _unmet(deadline: Deadline, kind: ReportType) -> list[Need]:
    """What the report still needs, its groups of beneficiaries by name."""
    return missing(deadline, kind, queries.group_names(deadline.project) if kind.part == "narrative" else None)


def _submitting(kind: ReportType) -> Move:
    move = road(kind).find(ReportState.DRAFT, "submit")
    assert move is not None
    return move


def _write_texts(report: Report, texts: Mapping[str, str]) -> Iterable[str]:
    there = {one.code: one for one in report.texts}
    for code, text in texts.items():
        if code not in there:
            if text:
                report.texts.append(ReportText(code=code, text=text))
                yield code
        elif there[code].text != text:
            there[code].text = text
            yield code


def _write_reached(report: Report, reached: Mapping[int, int | None]) -> Iterable[str]:
    there = {one.beneficiaries_id: one for one in report.reached}
    for group, count in reached.items():
        if count is None:
            if group in there:
                report.reached.remove(there[group])
                db.session.delete(there[group])
                yield f"reached:{group}"
        elif group not in there:
            report.reached.append(Reached(beneficiaries_id=group, number=count))
            yield f"reached:{group}"
        elif there[group].number != count:
            there[group].number = count
            yield f"reached:{group}"


def _write_spending(report: Report, spending: Amounts, project: Project) -> Iterable[str]:
    there = {(one.category_code, one.line_id): one for one in report.spending}
    lines = {line.id: line.category_code for line in project.lines}
    for row, (spent, committed) in spending.items():
        category, line = row
        if line is not None and lines.get(line) != category:
            raise Refused(_("The budget has changed meanwhile. Open the report again."))
        if spent is None and committed is None:
            if row in there:
                report.spending.remove(there[row])
                db.session.delete(there[row])
                yield key_of(category, line)
            continue
        amounts = (spent or Decimal(0), committed or Decimal(0))
        if row not in there:
            made = Spending(category_code=category, line_id=line, spent=amounts[0], committed=amounts[1])
            report.spending.append(made)
            yield key_of(category, line)
        elif (there[row].spent, there[row].committed) != amounts:
            there[row].spent, there[row].committed = amounts
            yield key_of(category, line)


def _differences(
    report: Report,
    texts: Mapping[str, str],
    reached: Mapping[int, int | None],
    spending: Amounts,
    labels: Mapping[str, tuple[str, str]],
) -> Typed:
    """What stands now beside what was typed, by form field."""
    now: dict[str, str] = {one.code: one.text for one in report.texts}
    now |= {f"reached:{one.beneficiaries_id}": str(one.number) for one in report.reached}
    for one in report.spending:
        key = key_of(one.category_code, one.line_id)
        now |= {spent_field(key): f"{one.spent:f}", committed_field(key): f"{one.committed:f}"}
    mine: dict[str, str] = dict(texts)
    mine |= {f"reached:{group}": "" if count is None else str(count) for group, count in reached.items()}
    for row, (spent, committed) in spending.items():
        empty, key = spent is None and committed is None, key_of(*row)
        mine |= {
            spent_field(key): "" if empty else f"{spent or 0:.2f}",
            committed_field(key): "" if empty else f"{committed or 0:.2f}",
        }
    return {
        labels[part][1]: (labels[part][0], now.get(part, ""), typed) for part, typed in mine.items() if part in labels
    }


def record_lesson(
    deadline_id: int, *, actor: User, kind: str, title: str, happened: str, why: str = "", advice: str = ""
) -> Lesson:
    """Record a lesson, a challenge or a good practice with the report, while the team has it."""
    deadline = queries.locked(deadline_id, actor)
    _writing(deadline, actor)
    countries = {place.country_code for place in queries.covered(deadline.project_id)}
    lesson = Lesson(
        project_id=deadline.project_id,
        deadline_id=deadline.id,
        kind=LessonKind(kind),
        title=title,
        happened=happened,
        why=why,
        advice=advice,
        country_code=countries.pop() if len(countries) == 1 else None,
        made_by_id=actor.id,
    )
    db.session.add(lesson)
    record(lesson, "recorded", actor=actor, title=title, happened=happened, why=why, advice=advice)
    record(deadline.project, "lesson recorded", actor=actor, deadline=deadline.id, lesson=lesson.id, kind=kind)
    return lesson


def withdraw_lesson(deadline_id: int, lesson_id: int, *, actor: User) -> Lesson:
    """Take a lesson out of a report that the team still has; what was recorded stays in the journal."""
    deadline = queries.locked(deadline_id, actor)
    _writing(deadline, actor)
    lesson = next((one for one in deadline.lessons if one.id == lesson_id), None)
    if lesson is None:
        raise Refused(_("This is not recorded with the report any more. Open it again."))
    if lesson.curated_at is not None:
        raise Refused(_("This stands in the library by now and cannot be removed here."))
    lesson.withdrawn_at = clock.now()
    record(lesson, "withdrawn", actor=actor)
    record(deadline.project, "lesson withdrawn", actor=actor, deadline=deadline.id, lesson=lesson.id)
    return lesson


def _writing(deadline: Deadline, actor: User) -> None:
    """Refuses whoever does not write this report now."""
    kind = _owed(deadline)
    if not may_take(actor, _submitting(kind), deadline):
        raise Refused(_("Only the manager and the alternate write its reports."))
    if deadline.report is not None and deadline.report.state not in WRITABLE:
        raise Refused(_("This report has been handed in and cannot be changed now."))


def submit(deadline_id: int, *, actor: User) -> Deadline:
    """Hand the report in: complete, by the manager or the alternate. The first day of it counts for its timeliness."""
    deadline = queries.locked(deadline_id, actor)
    kind = _owed(deadline)
    report = deadline.report
    if report is None:
        raise Refused([Reason(str(need.text)) for need in _unmet(deadline, kind)] or [_("Write the report first.")])
    move = _move(deadline, kind, "submit", actor)
    if unmet := _unmet(deadline, kind):
        raise Refused([Reason(str(need.text)) for need in unmet])
    if report.first_submitted_on is None:
        report.first_submitted_on = day_at(deadline.project.office)
    report.shown = frozen(queries.live(deadline, kind))
    report.submitted_by_id = actor.id
    deadline.is_open = False
    step = _go(deadline, report, move, actor=actor)
    if deadline.kind == EVALUATION:
        received(deadline, actor=actor)
    roles = deciding_roles(kind, ReportState.SUBMITTED)
    _tell_deciders(deadline, kind, roles, step)
    return deadline


def decide(
    deadline_id: int,
    name: str,
    *,
    actor: User,
    note: str = "",
    remarks: Mapping[str, str] | None = None,
    sent_on: date | None = None,
    version: int | None = None,
) -> Deadline:
    """Check, accept, return or send on; a return opens the report again.

    `remarks` say what has to be changed, by part of the report: a return needs one at least. `sent_on` is the day on
    which it was sent to the donor, today if left out. `version` is the one that the person has read: nobody decides on
    a text that changed meanwhile.
    """
    deadline = queries.locked(deadline_id, actor)
    kind = _owed(deadline)
    report = deadline.report
    if report is None or name == "submit":
        raise Refused(_("This report has not been handed in yet."))
    move = _move(deadline, kind, name, actor)
    if version is not None and version != report.version:
        raise Refused(_("This report was changed after you opened it. Please read it again before you decide."))
    asked = _asked(deadline, kind, remarks or {}) if move.target is ReportState.RETURNED else {}
    if move.target is ReportState.SENT:
        report.sent_on = _sent(deadline, sent_on)
    held = decider(actor, deadline.project, deciding_roles(kind, report.state))
    step = _go(deadline, report, move, actor=actor, behalf_of=held.absent if held else None, note=note.strip())
    if report.state is ReportState.RETURNED:
        db.session.add_all(ReportRemark(step=step, code=code, text=text) for code, (_title, text) in asked.items())
        said = "\n".join([*filter(None, [note.strip()]), *(f"{title}: {text}" for title, text in asked.values())])
        report.reason, deadline.is_open, deadline.done_at = said, True, None
        _tell_team(deadline, kind, step, said)
    elif report.state is ReportState.CHECKED:
        _tell_deciders(deadline, kind, deciding_roles(kind, ReportState.CHECKED), step)
    elif report.state is ReportState.ACCEPTED:
        deadline.done_at = clock.now()
        _tell_team(deadline, kind, step, note.strip())
    return deadline


def _asked(deadline: Deadline, kind: ReportType, remarks: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Title and text by part, in the order of the report's parts."""
    said = {code: text.strip() for code, text in remarks.items() if text.strip()}
    titles = dict(part_titles(kind, deadline))
    if not said:
        raise Invalid(
            remark_field(next(iter(titles), "")), _("Please say for at least one part what has to be changed.")
        )
    if unknown := sorted(set(said) - set(titles)):
        raise Refused(_("This report has no part %(code)s. Open it again.", code=", ".join(unknown)))
    return {code: (title, said[code]) for code, title in titles.items() if code in said}


def _sent(deadline: Deadline, day: date | None) -> date:
    """Neither in the future at the office nor before the report was accepted."""
    project, report = deadline.project, deadline.report
    assert report is not None
    today = day_at(project.office)
    accepted = min(report.state_since.astimezone(ZoneInfo(project.office.time_zone)).date(), today)
    if day is not None and not accepted <= day <= today:
        raise Invalid("sent_on", _("Please give a day from its acceptance until today."))
    return day or today


def _move(deadline: Deadline, kind: ReportType, name: str, actor: User) -> Move:
    """The move from where the report is now; refuses one that is no longer there, or not this person's."""
    assert deadline.report is not None
    move = road(kind).find(deadline.report.state, name)
    if move is None or (move.only and not move.only(deadline)):
        raise Refused(_("This report has moved on meanwhile. Open it again to see where it is now."))
    if not may_take(actor, move, deadline):
        raise Refused(_("This is for somebody else to do: nobody of the team decides on its reports."))
    return move


def _go(
    deadline: Deadline, report: Report, move: Move, *, actor: User, behalf_of: User | None = None, note: str = ""
) -> ReportStep:
    report.state = ReportState(move.target)
    report.state_since = clock.now()
    step = ReportStep(
        report=report,
        move=move.name,
        target=report.state,
        actor_id=actor.id,
        behalf_of_id=behalf_of.id if behalf_of else None,
        note=note,
    )
    db.session.add(step)
    db.session.flush()
    record(
        deadline.project,
        f"report {move.target}",
        actor=actor,
        behalf_of=behalf_of,
        deadline=deadline.id,
        kind=deadline.kind,
        note=note,
    )
    return step


def _tell_team(deadline: Deadline, kind: ReportType, step: ReportStep, note: str) -> None:
    subject, body = words(_decided, deadline, kind, step, note)
    for person in deadline.project.people(Part.MANAGER, Part.ALTERNATE):
        _queue(deadline, step, person, subject, body)


def _decided(deadline: Deadline, kind: ReportType, step: ReportStep, note: str) -> tuple[str, str]:
    project, name = deadline.project, in_a_sentence(deadline.name or kind.name.say())
    named = {"report": name, "id": project.name}
    if step.target is ReportState.RETURNED:
        subject = _("%(id)s: %(report)s returned", **named)
        body = _("The %(report)s of %(id)s, %(title)s, was returned.", title=project.title, **named)
    else:
        subject = _("%(id)s: %(report)s accepted", **named)
        body = _("The %(report)s of %(id)s, %(title)s, was accepted.", title=project.title, **named)
    return subject, f"{body}\n\n{_('Remark: %(note)s', note=note)}" if note else body


def _tell_deciders(deadline: Deadline, kind: ReportType, roles: Iterable[str], step: ReportStep) -> None:
    project = deadline.project
    subject, body = words(_waits, deadline, kind, step)
    for person in queries.holders(roles, project.region_code, project.office_id):
        if not barred(person, project):
            _queue(deadline, step, person, subject, body, DESK)


def _waits(deadline: Deadline, kind: ReportType, step: ReportStep) -> tuple[str, str]:
    project, name = deadline.project, in_a_sentence(deadline.name or kind.name.say())
    named = {"report": name, "id": project.name}
    full = {"title": project.title, "due": day(deadline.due_on), **named}
    if step.target is ReportState.SUBMITTED:
        return (
            _("%(id)s: please check the %(report)s", **named),
            _("The %(report)s of %(id)s, %(title)s, due on %(due)s, waits for you to check it.", **full),
        )
    return (
        _("%(id)s: please accept the %(report)s", **named),
        _("The %(report)s of %(id)s, %(title)s, due on %(due)s, waits for you to accept it.", **full),
    )


def _queue(deadline: Deadline, step: ReportStep, to: User, subject: Words, body: Words, topic: str = "") -> None:
    outbox.queue(
        db.session(),
        to=to,
        cause=f"report-step:{step.id}",
        kind=f"report:{step.move}",
        subject=subject,
        body=body,
        path=report_path(deadline.project.reference, deadline.id),
        topic=topic,
    )
