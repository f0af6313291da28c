"""The ex-post evaluation: naming who evaluates, what they find, the response of management, and its follow-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from prima import clock, outbox
from prima.db import check_version, db
from prima.errors import Invalid, Refused
from prima.filters import day
from prima.handbook import published
from prima.handbook.edition import EvaluationRules
from prima.journal import record
from prima.languages import words
from prima.months import add_months
from prima.permissions import Action, can
from prima.projects.models import Document, Part, Project
from prima.projects.operations import take_part
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.reporting import queries
from prima.reporting.calendar import EVALUATION, RESPONSE, Due
from prima.reporting.evaluating import TAKEN_ON, rating_field, recommendation_path, why_field
from prima.reporting.models import Deadline, Evaluation, Finding, FollowUp, Rating, Recommendation, Response
from prima.reporting.operations.deadlines import add
from prima.reporting.queries.evaluation import TERMS, anybody, response_to
from prima.reporting.rights import is_independent
from prima.reporting.steps import DONE, WRITABLE
from prima.users import User

MOST_ROWS = 100
FURTHEST_YEARS = 10


def rules_of(project: Project) -> EvaluationRules:
    """The criteria and the words of ratings."""
    found: EvaluationRules = published.part(db.session(), project.edition, "evaluation")
    return found


# -- who evaluates, on what terms -------------------------------------------------------------------------------------


def set_terms(
    deadline_id: int,
    *,
    actor: User,
    version: int,
    evaluator: str,
    terms: str = "",
    terms_document_id: int | None = None,
    starts_on: date | None = None,
) -> Evaluation:
    """Write the terms of reference and name the evaluator by e-mail address; `version` is 0 before the first time."""
    deadline = queries.locked(deadline_id, actor)
    project = deadline.project
    _allowed(actor, Action.NAME_EVALUATOR, project)
    _still_asked(deadline)
    if deadline.report is not None and deadline.report.state in DONE:
        raise Refused(_("The evaluation report is accepted; its terms are not changed any more."))
    evaluation = _evaluation(deadline)
    before = evaluation.evaluator
    typed = {
        "evaluator": (_("Evaluator"), before.email if before else "", evaluator.strip().casefold()),
        "terms": (_("Terms of reference"), evaluation.terms, terms),
    }
    if evaluation.version != version:
        check_version(evaluation, version, who=_("Somebody else"), typed=typed)
    person = _evaluator(project, evaluator, before, actor) if evaluator.strip() else None
    if terms_document_id is not None and not _is_terms(project, terms_document_id):
        raise Invalid("terms_document_id", _("Please choose terms of reference that are on the project's file."))
    if starts_on is not None and deadline.from_on and not deadline.from_on <= starts_on <= deadline.due_on:
        raise Invalid(
            "starts_on",
            _("Please choose a day within the window: %(first)s to %(last)s.", first=day(deadline.from_on),
              last=day(deadline.due_on)),
        )  # fmt: skip
    evaluation.terms, evaluation.terms_document_id, evaluation.starts_on = terms, terms_document_id, starts_on
    evaluation.evaluator_id = person.id if person else None
    evaluation.version += 1
    if before is not None and (person is None or person.id != before.id):
        _leave(project, before)
    if person is not None:
        take_part(project, person, Part.EVALUATOR)
    db.session.flush()
    record(
        project,
        "evaluation terms",
        actor=actor,
        evaluator=evaluation.evaluator_id,
        document=terms_document_id,
        starts_on=starts_on,
    )
    if person is not None and (before is None or person.id != before.id):
        _tell_evaluator(deadline, evaluation, person)
    return evaluation


def _evaluator(project: Project, email: str, before: User | None, actor: User) -> User:
    person = anybody(email)
    if person is None:
        says = _(
            "Nobody with this address can evaluate. It takes an active account; an external person also needs the role "
            "of evaluator, which an administrator gives."
        )
        raise Invalid("evaluator", says)
    if before is not None and person.id == before.id:
        return person
    if person.id == actor.id:
        raise Invalid("evaluator", _("Nobody names themselves. Please ask somebody else to name you."))
    if not is_independent(person, project):
        raise Invalid(
            "evaluator",
            _("%(name)s belongs to the project's team or has decided on it, and cannot evaluate it.", name=person.name),
        )
    return person


def _is_terms(project: Project, document_id: int) -> bool:
    found = select(Document.id).where(
        Document.id == document_id, Document.project_id == project.id, Document.type_code == TERMS
    )
    return db.session.scalar(found) is not None


def _leave(project: Project, person: User) -> None:
    for party in project.parties:
        if party.user_id == person.id and party.part is Part.EVALUATOR:
            party.until_at = clock.now()


def _evaluation(deadline: Deadline) -> Evaluation:
    """The evaluation of the window, begun here if it was not; each criterion has its place."""
    if deadline.evaluation is not None:
        return deadline.evaluation
    made = Evaluation(
        project_id=deadline.project_id,
        deadline_id=deadline.id,
        version=0,
        ratings=[Rating(criterion=one.code) for one in rules_of(deadline.project).criteria],
        findings=[],
        recommendations=[],
        evaluator=None,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _tell_evaluator(deadline: Deadline, evaluation: Evaluation, person: User) -> None:
    subject, body = words(_evaluates, deadline)
    outbox.queue(
        db.session(),
        to=person,
        cause=f"evaluation:{evaluation.id}",
        kind=f"evaluator:{evaluation.version}",
        subject=subject,
        body=body,
        path=f"/projects/{deadline.project.reference}/evaluation",
    )


def _evaluates(deadline: Deadline) -> tuple[str, str]:
    project = deadline.project
    body = _(
        "You are named to evaluate %(id)s, %(title)s. The evaluation report is due on %(due)s.\n\n"
        "Its page holds the terms of reference, and the places for ratings, findings and recommendations.",
        id=project.name,
        title=project.title,
        due=day(deadline.due_on),
    )
    return _("%(id)s: you evaluate this project", id=project.name), body


# -- what the evaluator writes ----------------------------------------------------------------------------------------


def rate(deadline_id: int, *, actor: User, version: int, ratings: Mapping[str, tuple[str | None, str]]) -> Evaluation:
    """Judge by each criterion: (word, why). `version` is that of the evaluation which the person began with."""
    evaluation = _written(deadline_id, actor)
    rules = rules_of(evaluation.project)
    words = {one.code: one.name.say() for one in rules.ratings}
    names = {one.code: one.name.say() for one in rules.criteria}
    rows = {one.criterion: one for one in evaluation.ratings}
    typed = {}
    for code, (word, why) in ratings.items():
        if code not in rows:
            raise Refused(_("There is no such criterion in this evaluation."))
        now, name = rows[code], names.get(code, code)
        typed[rating_field(code)] = (name, words.get(now.rating or "", ""), words.get(word or "", ""))
        typed[why_field(code)] = (_("Why: %(criterion)s", criterion=name), now.why, why)
    check_version(evaluation, version, who=_("Somebody else"), typed=typed)
    for code, (word, why) in ratings.items():
        if word is not None and word not in words:
            raise Invalid(rating_field(code), _("Please choose one of the words."))
        rows[code].rating, rows[code].why = word, why
    evaluation.version += 1
    db.session.flush()
    said = {code: word for code, (word, _why) in ratings.items()}
    record(evaluation.project, "evaluation rated", actor=actor, ratings=said)
    return evaluation


def list_findings(deadline_id: int, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Add, change and remove findings; raises RowsConflict when somebody else changed one of the same."""
    evaluation = _written(deadline_id, actor)
    codes = {one.code for one in rules_of(evaluation.project).criteria}
    for row in rows:
        if row.values["criterion"] is not None and row.values["criterion"] not in codes:
            raise Invalid(f"{row.name}-criterion", _("Please choose one of the criteria."))
    return _list(evaluation, evaluation.findings, Finding, FINDING, rows, "evaluation findings", actor)


def recommend(deadline_id: int, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Add, change and remove recommendations; one that has its response stays as it is."""
    evaluation = _written(deadline_id, actor)
    answered = {one.id: one for one in evaluation.recommendations if one.response is not None}
    for row in rows:
        there = answered.get(row.id or 0)
        if there is not None and (row.remove or row.values["text"] != there.text):
            raise Invalid(f"{row.name}-text", _("Management has responded to this recommendation; it stays as it is."))
    return _list(
        evaluation,
        evaluation.recommendations,
        Recommendation,
        RECOMMENDATION,
        rows,
        "evaluation recommendations",
        actor,
    )


FINDING, RECOMMENDATION = ("text", "criterion"), ("text",)


def values_of(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _list(
    evaluation: Evaluation,
    listed: Sequence[Any],
    model: type[Any],
    names: Sequence[str],
    rows: Sequence[Row],
    event: str,
    actor: User,
) -> Changes:
    stored = {one.id: one for one in listed}
    changes = sort_out(rows, stored, lambda one: values_of(one, names), who=_("Somebody else"))
    if len(stored) + len(changes.added) - len(changes.removed) > MOST_ROWS:
        raise Refused(_("An evaluation has at most %(most)s of them.", most=MOST_ROWS))
    for there, row in changes.changed:
        for name in names:
            setattr(there, name, row.values[name])
        there.version += 1
    for there in changes.removed:
        db.session.delete(there)
    gone = {one.id for one in changes.removed}
    kept = [one for one in listed if one.id not in gone]
    made = [model(evaluation_id=evaluation.id, **{name: row.values[name] for name in names}) for row in changes.added]
    for position, one in enumerate([*kept, *made], 1):
        one.position = position
    db.session.add_all(made)
    db.session.flush()
    if changes:
        record(
            evaluation.project,
            event,
            actor=actor,
            added=[row.values for row in changes.added],
            changed=[[there.id, row.values] for there, row in changes.changed],
            removed=sorted(gone),
        )
    return changes


def _written(deadline_id: int, actor: User) -> Evaluation:
    """The evaluation, open for whoever evaluates."""
    deadline = queries.locked(deadline_id, actor)
    _allowed(actor, Action.EVALUATE, deadline.project)
    _still_asked(deadline)
    if deadline.report is not None and deadline.report.state not in WRITABLE:
        raise Refused(_("The evaluation report has been handed in; what it says cannot be changed now."))
    evaluation = _evaluation(deadline)
    evaluation.project = deadline.project
    wrote(deadline.project, actor)
    return evaluation


def wrote(project: Project, actor: User) -> None:
    """Whoever writes in an evaluation evaluates, and decides on none of its reports; the team stays the team."""
    if not project.on_the_team(actor):
        take_part(project, actor, Part.EVALUATOR)


# -- the response and its follow-up -----------------------------------------------------------------------------------


def received(deadline: Deadline, *, actor: User) -> None:
    """The evaluation report is handed in: for the first time, the management response is due from now on."""
    evaluation, report, project = deadline.evaluation, deadline.report, deadline.project
    assert report is not None
    report.version += 1  # whoever decides has read what was handed in, ratings and recommendations too
    if evaluation is None or evaluation.received_on is not None:
        return
    evaluation.received_on = report.first_submitted_on
    if response_to(project.id) is None:
        assert evaluation.received_on is not None
        months = project.edition.handbook.deadlines.response_months
        add(project, Due(kind=RESPONSE, due_on=add_months(evaluation.received_on, months)), actor=actor)
    record(project, "evaluation received", actor=actor, on=evaluation.received_on)
    subject, body = words(_to_respond_to, project)
    for person in project.people(Part.MANAGER, Part.ALTERNATE):
        outbox.queue(
            db.session(),
            to=person,
            cause=f"evaluation:{evaluation.id}",
            kind="evaluation received",
            subject=subject,
            body=body,
            path=f"/projects/{project.reference}/evaluation",
        )


def _to_respond_to(project: Project) -> tuple[str, str]:
    body = _(
        "The evaluation report of %(id)s, %(title)s, was handed in.\n\nEach of its recommendations needs a "
        "response with an owner and a date.",
        id=project.name,
        title=project.title,
    )
    return _("%(id)s: the evaluation is received, please respond", id=project.name), body


def respond(
    recommendation_id: int,
    *,
    actor: User,
    version: int,
    response: str,
    response_text: str = "",
    owner: str = "",
    due_on: date | None = None,
) -> Recommendation:
    """Management's word on a recommendation: who does it until when, or why it is not taken on."""
    deadline, recommendation = _recommendation(recommendation_id, actor)
    project = deadline.project
    _allowed(actor, Action.WRITE_REPORT, project)
    answer = response_to(project.id)
    if answer is None:
        raise Refused(_("The evaluation is not received yet."))
    if answer.report is not None and answer.report.state not in WRITABLE:
        raise Refused(_("The management response has been handed in and cannot be changed now."))
    before = recommendation.owner
    typed = {
        "response_text": (_("Response in words"), recommendation.response_text, response_text),
        "owner": (_("Owner's e-mail address"), before.email if before else "", owner.strip().casefold()),
    }
    check_version(recommendation, version, who=_("Somebody else"), typed=typed)
    if response not in set(Response):
        raise Invalid("response", _("Please choose a response."))
    said = Response(response)
    person = None
    if said is Response.REJECTED:
        if not response_text.strip():
            raise Invalid("response_text", _("Please write why it is rejected."))
        due_on = None
    else:
        person = _owner(owner)
        today = clock.today_at(project.office.time_zone)
        if due_on is None:
            raise Invalid("due_on", _("Please give the day until which it is done."))
        if due_on < today and due_on != recommendation.due_on:
            raise Invalid("due_on", _("This day is past."))
        if due_on > add_months(today, 12 * FURTHEST_YEARS):
            raise Invalid("due_on", _("This day lies more than ten years ahead."))
    recommendation.response, recommendation.response_text = said, response_text
    recommendation.owner_id, recommendation.due_on = person.id if person else None, due_on
    recommendation.version += 1
    db.session.flush()
    record(
        project,
        "recommendation answered",
        actor=actor,
        recommendation=recommendation.id,
        response=said,
        owner=recommendation.owner_id,
        due_on=due_on,
    )
    if person is not None and person.id != actor.id and (before is None or before.id != person.id):
        _tell_owner(project, recommendation, person)
    return recommendation


def _owner(email: str) -> User:
    if not email.strip():
        raise Invalid("owner", _("Please name who does it."))
    person = queries.account(email)
    if person is None:
        raise Invalid(
            "owner", _("Nobody with this address has an active account. Check the address, or ask an administrator.")
        )
    return person


def _tell_owner(project: Project, recommendation: Recommendation, person: User) -> None:
    subject, body = words(_owned, project, recommendation)
    outbox.queue(
        db.session(),
        to=person,
        cause=f"recommendation:{recommendation.id}",
        kind=f"owner:{recommendation.version}",
        subject=subject,
        body=body,
        path=recommendation_path(project.reference, recommendation.id),
    )


def _owned(project: Project, recommendation: Recommendation) -> tuple[str, str]:
    subject = _("%(id)s: recommendation %(number)s is yours", id=project.name, number=recommendation.position)
    body = _(
        "The management of %(id)s, %(title)s, names you for this recommendation of its evaluation:\n\n%(text)s\n\n"
        "It is due on %(due)s. Please write on its page how far it is.",
        id=project.name,
        title=project.title,
        text=recommendation.text,
        due=day(recommendation.due_on),
    )
    return subject, body


def follow(recommendation_id: int, *, actor: User, version: int, follow_up: str, note: str = "") -> Recommendation:
    """Say how far a recommendation is; one that is dropped says why."""
    deadline, recommendation = _recommendation(recommendation_id, actor)
    project = deadline.project
    if not may_follow(actor, project, recommendation):
        raise Refused(_("Its owner, the manager and the region's M&E officer follow it up."))
    if recommendation.response not in TAKEN_ON:
        raise Refused(_("There is nothing to follow up: management has not taken this recommendation on."))
    typed = {"note": (_("How far it is"), recommendation.follow_up_note, note)}
    check_version(recommendation, version, who=_("Somebody else"), typed=typed)
    if follow_up not in set(FollowUp):
        raise Invalid("follow_up", _("Please choose how far it is."))
    if follow_up == FollowUp.DROPPED and not note.strip():
        raise Invalid("note", _("Please write why it is dropped."))
    before = recommendation.follow_up
    recommendation.follow_up, recommendation.follow_up_note = FollowUp(follow_up), note
    recommendation.followed_at = clock.now()
    recommendation.version += 1
    db.session.flush()
    record(
        project,
        "recommendation followed up",
        actor=actor,
        recommendation=recommendation.id,
        before=before,
        after=recommendation.follow_up,
        note=note,
    )
    return recommendation


def may_follow(user: User, project: Project, recommendation: Recommendation) -> bool:
    return recommendation.owner_id == user.id or can(user, Action.FOLLOW_UP, project)


def _recommendation(recommendation_id: int, actor: User) -> tuple[Deadline, Recommendation]:
    """It and the deadline of its evaluation, under the project's lock."""
    deadline_id = db.session.scalars(
        select(Evaluation.deadline_id)
        .join(Recommendation, Recommendation.evaluation_id == Evaluation.id)
        .where(Recommendation.id == recommendation_id)
    ).one()
    deadline = queries.locked(deadline_id, actor)
    assert deadline.evaluation is not None
    rows = {one.id: one for one in deadline.evaluation.recommendations}
    if recommendation_id not in rows:
        raise Refused(_("This recommendation was removed meanwhile."))
    return deadline, rows[recommendation_id]


def _allowed(actor: User, action: Action, project: Project) -> None:
    if not can(actor, action, project):
        raise Refused(_("You may not do this any more. Open the project's page to see where it is now."))


def _still_asked(deadline: Deadline) -> None:
    if deadline.kind != EVALUATION or deadline.fell_away_at is not None:
        raise Refused(_("This evaluation is no longer asked."))
