"""The sheets of what is due, decided and learnt: reports, deadlines, changes, clearances, lessons, milestones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Date, Text, case, cast, func, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from prima import clock
from prima.endorsement.models import Clearance, Decision, Round
from prima.languages import ENGLISH, speaking
from prima.lists import AreaOfWork, Country, RoleName
from prima.places import Office
from prima.projects.changes import KINDS, ChangeState
from prima.projects.changes import STATES as CHANGE_STATES
from prima.projects.models import Change, ChangeStep, Extension, Milestone, Project, Step
from prima.projects.stages import Status
from prima.reporting.calendar import EXTENSION_REQUEST, ReportState, Timeliness, TimelinessKind, timeliness
from prima.reporting.exports.columns import BETWEEN, NEWEST_FIRST, Asked, Field, Table, of_the_project, words, yes
from prima.reporting.models import Deadline, DeadlineChange, Lesson, Report, Spending
from prima.reporting.queries import is_missed
from prima.reporting.queries.counted import added_months
from prima.reporting.steps import OWING, STATES, deadline_name
from prima.spreadsheets import Kind
from prima.users import User

ANSWERS = {
    "clear": "Clear",
    "clear_with_comments": "Clear with comments",
    "return": "Return",
    "stand": "Clear",
    "endorse": "Endorse",
}
"""Verdicts of reviewers, and the moves by which heads of office and endorsers decide."""
DECIDED = {Status.OFFICE_CLEAR: (1, "Office clearance"), Status.ENDORSE: (3, "Endorsement")}
"""Where one person decides: its place in the road of a round, and what the sheet calls it."""
LESSON_KINDS = {"lesson": "Lesson", "challenge": "Challenge", "practice": "Good practice"}
TIMELINESS = {
    TimelinessKind.NOT_YET_DUE: "Not yet due",
    TimelinessKind.DUE: "Due",
    TimelinessKind.OVERDUE: "Overdue",
    TimelinessKind.ON_TIME: "On time",
    TimelinessKind.LATE: "Late",
}
NOT_OWED = "Not owed"
SITE = aliased(Office)
STATE: Any = Report.__table__.c.state


def _day(moment: Any) -> Any:
    return cast(func.timezone("UTC", moment), Date)


def _names(asked: Asked) -> Callable[[int, str, str], str]:
    """How deadlines are called: by the edition of the project; each name is looked up once."""
    known: dict[tuple[int, str], str] = {}

    def name(edition: int, kind: str, own: str) -> str:
        if own:
            return own
        if (edition, kind) not in known:
            with speaking(ENGLISH):
                known[edition, kind] = deadline_name(asked.editions[edition], kind)
        return known[edition, kind]

    return name


def reports(asked: Asked) -> Table:
    """What is owed as a report, begun or not; the last day to ask for an extension is none."""
    money = (
        select(
            Spending.report_id,
            func.sum(Spending.spent).label("spent"),
            func.sum(Spending.committed).label("committed"),
        )
        .join(Report, Report.id == Spending.report_id)
        .join(Deadline, Deadline.id == Report.deadline_id)
        .where(asked.within(Deadline.project_id))
        .group_by(Spending.report_id)
        .subquery("told_money")
    )
    handed_in = Report.first_submitted_on.is_not(None)
    fields = [
        *of_the_project(),
        Field("Report", Deadline.name, "What is due."),
        Field("Kind", Deadline.kind, "The code of the Handbook edition's report."),
        Field("Period from", Deadline.period_from, "The first day that it tells of.", Kind.DAY),
        Field("Period to", Deadline.period_to, "The last day that it tells of.", Kind.DAY),
        Field("Due on", Deadline.due_on, "A day at the office.", Kind.DAY),
        Field("State", func.coalesce(words(STATE, {state: word for state, (word, _tone) in STATES.items()}),
                                     "Not started"), "Where the report is."),
        Field("First submitted on", Report.first_submitted_on, "When it was handed in first.", Kind.DAY),
        Field("Timeliness", null(), "Not yet due, due, overdue; on time or late by the first submission."),
        Field("Days late", null(), "Past the due date, overdue or handed in.", Kind.NUMBER),
        Field("Sent on", Report.sent_on, "When it was sent to the donor.", Kind.DAY),
        Field("Spent", case((handed_in, money.c.spent)),
              "What the report states from the project's start, once handed in.", Kind.MONEY),
        Field("Committed", case((handed_in, money.c.committed)), "Likewise.", Kind.MONEY),
        Field("Currency", Project.currency, "Of these amounts."),
    ]  # fmt: skip
    places = {one.heading: place for place, one in enumerate(fields)}
    name, said, days = places["Report"], places["Timeliness"], places["Days late"]
    number, named, today = len(fields), _names(asked), _todays()

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(SITE, SITE.id == Project.office_id)
            .join(Deadline, Deadline.project_id == Project.id)
            .outerjoin(Report, Report.deadline_id == Deadline.id)
            .outerjoin(money, money.c.report_id == Report.id)
            .where(Deadline.fell_away_at.is_(None), Deadline.kind != EXTENSION_REQUEST)
            .order_by(*NEWEST_FIRST, Deadline.due_on, Deadline.id)
        )

    def read(row: Sequence[Any]) -> Sequence[Any]:
        edition, state, period_to, from_on, zone, status = row[number:]
        found = list(row[:number])
        found[name] = named(edition, row[places["Kind"]], row[name])
        time = timeliness(
            ReportState(state) if state else None,
            row[places["Due on"]],
            period_to or from_on,
            row[places["First submitted on"]],
            today(zone),
        )
        found[said] = _timeliness(time, status in OWING)
        found[days] = time.days if found[said] in ("Overdue", "Late") else None
        return found

    more = (Project.edition_id, STATE, Deadline.period_to, Deadline.from_on, SITE.time_zone, Project.status)
    says = "One row for each report of the calendar and each that a donor asked for, begun or not."
    owed = (Deadline.fell_away_at.is_(None), Deadline.kind != EXTENSION_REQUEST)
    return Table("Reports", says, fields, query, asked.number(Deadline.project_id, *owed), more, read)


def _timeliness(found: Timeliness, owed: bool) -> str:
    """What nobody owes any more (the project was withdrawn, or is closed) is not overdue."""
    waits = found.kind not in (TimelinessKind.ON_TIME, TimelinessKind.LATE)
    return NOT_OWED if waits and not owed else TIMELINESS[found.kind]


def _todays() -> Callable[[str], Any]:
    """Today at a place; asked once a zone, so that all rows are judged on the same day."""
    known: dict[str, Any] = {}

    def today(zone: str) -> Any:
        if zone not in known:
            known[zone] = clock.today_at(zone)
        return known[zone]

    return today


def deadlines(asked: Asked) -> Table:
    moves = (
        select(DeadlineChange.deadline_id, func.count().label("number"))
        .join(Deadline, Deadline.id == DeadlineChange.deadline_id)
        .where(
            DeadlineChange.old_due_on.is_not(None),
            DeadlineChange.new_due_on.is_not(None),
            asked.within(Deadline.project_id),
        )
        .group_by(DeadlineChange.deadline_id)
        .subquery("moves")
    )
    state = case(
        (Deadline.fell_away_at.is_not(None), "Fell away"),
        (Deadline.is_open, "Open"),
        (Deadline.kind == EXTENSION_REQUEST, "Past"),
        else_="Done",
    )
    fields = [
        *of_the_project(),
        Field("Deadline", Deadline.name, "What is due."),
        Field("Kind", Deadline.kind, "The code of the Handbook edition's report."),
        Field("Asked by the donor", yes(Deadline.ad_hoc), "Whether it stands outside the schedule."),
        Field("Period from", Deadline.period_from, "The first day that its report tells of.", Kind.DAY),
        Field("Period to", Deadline.period_to, "The last day that its report tells of.", Kind.DAY),
        Field("From", Deadline.from_on, "The first day of a window, as of the evaluation.", Kind.DAY),
        Field("Due on", Deadline.due_on, "A day at the office.", Kind.DAY),
        Field("First due on", Deadline.first_due_on, "Before any decision moved it.", Kind.DAY),
        Field("Times moved", func.coalesce(moves.c.number, 0), "How often a decision moved it.", Kind.NUMBER),
        Field("State", state, "Open, done, or fallen away."),
        Field("Done on", _day(Deadline.done_at), "The day (UTC) on which it was done.", Kind.DAY),
        Field("Fell away on", _day(Deadline.fell_away_at), "The day (UTC) of the decision.", Kind.DAY),
    ]
    places = {one.heading: place for place, one in enumerate(fields)}
    name, number, named = places["Deadline"], len(fields), _names(asked)

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(Deadline, Deadline.project_id == Project.id)
            .outerjoin(moves, moves.c.deadline_id == Deadline.id)
            .order_by(*NEWEST_FIRST, Deadline.due_on, Deadline.id)
        )

    def read(row: Sequence[Any]) -> Sequence[Any]:
        return (*row[:name], named(row[number], row[places["Kind"]], row[name]), *row[name + 1 : number])

    says = "One row for each deadline, windows and what fell away included."
    return Table("Deadlines", says, fields, query, asked.number(Deadline.project_id), (Project.edition_id,), read)


def milestones(asked: Asked) -> Table:
    state = case((Milestone.done_on.is_not(None), "Done"), (is_missed(), "Overdue"), else_="Not yet due")
    fields = [
        *of_the_project(),
        Field("Milestone", Milestone.name, "What is to be reached."),
        Field("Planned day", Milestone.planned_on, "When.", Kind.DAY),
        Field("Done on", Milestone.done_on, "When it was reached.", Kind.DAY),
        Field("Evidence", Milestone.evidence, "By what it is shown."),
        Field("State", state, "Done; overdue: its day is past at the office; or not yet due."),
    ]

    def query(*columns: Any) -> Any:
        joined = asked.projects(*columns).join(Milestone, Milestone.project_id == Project.id)
        return joined.order_by(*NEWEST_FIRST, Milestone.planned_on, Milestone.id)

    return Table("Milestones", "One row for each milestone.", fields, query, asked.number(Milestone.project_id))


def changes(asked: Asked) -> Table:
    asker, decider = aliased(User), aliased(User)
    decided = (
        select(ChangeStep.change_id, ChangeStep.actor_id)
        .ext(distinct_on(ChangeStep.change_id))
        .where(ChangeStep.target.in_((ChangeState.APPROVED, ChangeState.REFUSED)))
        .order_by(ChangeStep.change_id, ChangeStep.id.desc())
        .subquery("decided")
    )
    fields = [
        *of_the_project(),
        Field("Number", Change.number, "1, 2, 3 within the project.", Kind.NUMBER),
        Field("Kind", words(Change.kind, KINDS), "What kind of change."),
        Field("State", words(Change.state, {state: word for state, (word, _tone) in CHANGE_STATES.items()}),
              "Where it is; only an approved one has taken effect."),
        Field("Asked for by", asker.name, "Who wrote it."),
        Field("Asked on", Change.asked_on, "When it was sent first.", Kind.DAY),
        Field("Days late", Change.late_days, "After the last day for asking; 0: in time.", Kind.NUMBER),
        Field("Counterpart agreed on", Change.counterpart_agreed_on, "The day on the counterpart's letter.", Kind.DAY),
        Field("Decided on", Change.decided_on, "When it was approved or refused.", Kind.DAY),
        Field("Decided by", decider.name, "Who approved or refused it."),
        Field("Old end", Extension.old_end, "Of an approved extension.", Kind.DAY),
        Field("New end", Extension.new_end, "Of an approved extension.", Kind.DAY),
        Field("Months added", added_months(),
              "Whole months of an approved extension.", Kind.NUMBER),
        Field("Reason", Change.reason, "As it was written."),
        Field("Effect", Change.effect, "What it means for results, time and money."),
    ]  # fmt: skip

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(Change, Change.project_id == Project.id)
            .join(asker, asker.id == Change.made_by_id)
            .outerjoin(decided, decided.c.change_id == Change.id)
            .outerjoin(decider, decider.id == decided.c.actor_id)
            .outerjoin(Extension, Extension.change_id == Change.id)
            .where(Change.state != ChangeState.DRAFT)
            .order_by(*NEWEST_FIRST, Change.number)
        )

    says = "One row for each change that was asked for; what is still being drafted is left out."
    number = asked.number(Change.project_id, Change.state != ChangeState.DRAFT)
    return Table("Changes", says, fields, query, number)


def clearances(asked: Asked) -> Table:
    """What reviewers were asked, and what heads of office and endorsers decided: one table of answers each."""
    by, behalf_of = aliased(User), aliased(User)
    answers = union_all(_reviews(asked), _decisions(asked)).subquery("answers")
    found = answers.c
    fields = [
        *of_the_project(),
        Field("Round", Round.number, "The submission that it answers.", Kind.NUMBER),
        Field("Submitted on", _day(Round.submitted_at), "The day (UTC) of that submission.", Kind.DAY),
        Field("Kind", found.kind, "Office clearance, review, or endorsement."),
        Field("Seat", found.seat, "Of a review: which reviewer of the round was asked."),
        Field("Role", RoleName.name, "In which role."),
        Field("Required", yes(found.required), "Whether the proposal waits for it."),
        Field("Asked on", _day(found.opened_at), "The day (UTC) on which it was opened.", Kind.DAY),
        Field("Due on", found.due_on, "Of a review: by the service level of the edition.", Kind.DAY),
        Field("Answer", func.coalesce(words(found.answer, ANSWERS), "Open"), "What was picked."),
        Field("Given on", _day(found.decided_at), "The day (UTC) of the answer.", Kind.DAY),
        Field("Given by", by.name, "Who answered; blank where an earlier clearance of the office stands."),
        Field("In place of", behalf_of.name, "For whom, by a delegation."),
        Field("Stands from an earlier round", yes(found.stands), "Nothing that the role looks at changed since."),
        Field("Reason or comments", asked.internal(found.note),
              "Internal: blank where the reader does not see internal parts of the project.", internal=True),
        Field("Sections to change", asked.internal(_list(found.sections)),
              "Of a return, the codes of sections. Internal, likewise.", internal=True),
    ]  # fmt: skip
    fields = asked.visible(fields)

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(Round, Round.project_id == Project.id)
            .join(answers, found.round_id == Round.id)
            .join(RoleName, RoleName.code == found.role)
            .outerjoin(by, by.id == found.decided_by_id)
            .outerjoin(behalf_of, behalf_of.id == found.behalf_of_id)
            .order_by(*NEWEST_FIRST, Round.number, found.place, found.id)
        )

    says = (
        "One row for each review that was asked for, in each round, and for each decision of a head of office or an "
        "endorser on it; answers still being drafted are left out."
    )
    return Table("Clearances", says, fields, query, select(func.count()).select_from(answers))


def _reviews(asked: Asked) -> Any:
    """Of an open one nothing that is drafted."""
    given = Clearance.verdict.is_not(None)
    return (
        select(
            Clearance.round_id,
            Clearance.id,
            literal(2).label("place"),
            literal("Review").label("kind"),
            Clearance.seat,
            Clearance.role,
            Clearance.required,
            Clearance.opened_at,
            Clearance.due_on,
            cast(Clearance.verdict, Text).label("answer"),
            case((given, Clearance.decided_at)).label("decided_at"),
            case((given, Clearance.decided_by_id)).label("decided_by_id"),
            case((given, Clearance.behalf_of_id)).label("behalf_of_id"),
            Clearance.stands_id.is_not(None).label("stands"),
            case((given, Clearance.note)).label("note"),
            case((given, Clearance.sections)).label("sections"),
        )
        .join(Round, Round.id == Clearance.round_id)
        .where(asked.within(Round.project_id))
    )


def _decisions(asked: Asked) -> Any:
    """Asked when the proposal came to that desk: by the step before."""
    before = aliased(Step)
    came = (
        select(func.max(before.at))
        .where(before.project_id == Step.project_id, before.id < Step.id, before.target == Step.source)
        .correlate(Step)
        .scalar_subquery()
    )
    stands = Step.move == "stand"
    return (
        select(
            Decision.round_id,
            Step.id,
            case({source: place for source, (place, _kind) in DECIDED.items()}, value=Step.source).label("place"),
            case({source: kind for source, (_place, kind) in DECIDED.items()}, value=Step.source).label("kind"),
            null().label("seat"),
            Decision.role,
            literal(True).label("required"),
            came.label("opened_at"),
            cast(null(), Date).label("due_on"),
            Step.move.label("answer"),
            Step.at.label("decided_at"),
            Step.actor_id.label("decided_by_id"),
            Step.behalf_of_id,
            stands.label("stands"),
            func.nullif(Step.note, "").label("note"),
            Decision.sections,
        )
        .join(Step, Step.id == Decision.step_id)
        .join(Round, Round.id == Decision.round_id)
        .where(asked.within(Round.project_id), Step.source.in_(list(DECIDED)), Step.move.in_(list(ANSWERS)))
    )


def _list(codes: Any) -> Any:
    """A JSON list of codes in one cell."""
    each = func.jsonb_array_elements_text(codes).table_valued("value")
    return select(func.string_agg(each.c.value, BETWEEN)).select_from(each).scalar_subquery()


def lessons(asked: Asked) -> Table:
    with speaking(ENGLISH):
        stages = {one.code: one.name.say() for edition in asked.editions.values() for one in edition.stages}
    fields = [
        *of_the_project(),
        Field("Kind", words(Lesson.kind, LESSON_KINDS), "Lesson, challenge, or good practice."),
        Field("Lesson", Lesson.title, "In short."),
        Field("What happened", Lesson.happened, "As it was written."),
        Field("Why", Lesson.why, "As it was written."),
        Field("Advice", Lesson.advice, "What one would do next time; for a challenge, how it was met."),
        Field("Theme", AreaOfWork.name, "The area of work."),
        Field("Lesson country", Country.name, "Where it was learnt."),
        Field("Lesson stage", words(Lesson.stage, stages), "At which stage of the project cycle."),
        Field("Tags", func.array_to_string(Lesson.tags, BETWEEN), "Words to find it by."),
        Field("Recorded on", _day(Lesson.made_at), "The day (UTC).", Kind.DAY),
        Field("In the library", yes(Lesson.curated_at.is_not(None)), "Whether all staff read it there."),
    ]

    def query(*columns: Any) -> Any:
        return (
            asked.projects(*columns)
            .join(Lesson, Lesson.project_id == Project.id)
            .outerjoin(AreaOfWork, AreaOfWork.code == Lesson.area_code)
            .outerjoin(Country, Country.code == Lesson.country_code)
            .where(Lesson.withdrawn_at.is_(None))
            .order_by(*NEWEST_FIRST, Lesson.id)
        )

    says = "One row for each lesson, challenge or good practice of the projects."
    number = asked.number(Lesson.project_id, Lesson.withdrawn_at.is_(None))
    return Table("Lessons", says, fields, query, number)
