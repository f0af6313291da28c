"""An evaluation from naming who evaluates to the last recommendation: by whose turn it is, and nobody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.errors import Conflict, Invalid, Refused
from prima.outbox import Letter
from prima.projects import queries as projects
from prima.projects.models import Document, Part, Party
from prima.projects.operations import take_part
from prima.reporting import queries, reminders
from prima.reporting.calendar import ReportState
from prima.reporting.models import Deadline, DeadlineChange, Evaluation, Recommendation, Report
from prima.reporting.operations import evaluation as operations
from prima.sessions import with_rights
from prima.users import User
from tests.conftest import TODAY
from tests.factories import a_deadline, a_project, a_user, an_active_project

WINDOW = (date(2016, 6, 30), date(2016, 12, 31))
CRITERIA = ("Relevance", "Coherence", "Effectiveness", "Efficiency", "Impact", "Sustainability")
TEXTS = (*CRITERIA, "Findings", "Recommendations")


class Evaluated:
    """A project whose evaluation is due, and its people."""

    def __init__(self):
        self.manager = a_user("PM", "KEN", name="The manager")
        self.project = an_active_project(self.manager, starts_on=date(2014, 1, 1), ends_on=date(2015, 12, 31))
        self.deadline = a_deadline(self.project, "EVA", WINDOW[1], from_on=WINDOW[0])
        self.officer = a_user("RPDO", "NBO", name="The regional officer")
        self.outside = a_user("EVAL", staff=False, name="The evaluator")

    def path(self, step=""):
        return f"/projects/{self.project.reference}/evaluation{step}"

    def name(self):
        """The evaluator, named."""
        operations.set_terms(self.deadline.id, actor=ready(self.officer), version=0, evaluator=self.outside.email)
        db.session.commit()
        return self

    def judge(self):
        """Ratings, a finding and two recommendations."""
        evaluator = ready(self.outside)
        evaluation = db.session.scalars(select(Evaluation)).one()
        ratings = {code.upper(): ("GOOD", "Because it is.") for code in CRITERIA}
        operations.rate(self.deadline.id, actor=evaluator, version=evaluation.version, ratings=ratings)
        operations.list_findings(
            self.deadline.id, actor=evaluator, rows=[new("findings", text="It works.", criterion=None)]
        )
        rows = [
            new("recommendations", 0, text="Train more officers."),
            new("recommendations", 1, text="Keep the desk."),
        ]
        operations.recommend(self.deadline.id, actor=evaluator, rows=rows)
        db.session.commit()
        return self

    def receive(self, browser_of):
        page = browser_of(self.outside).open(f"/projects/{self.project.reference}/reports/{self.deadline.id}").check()
        for label in TEXTS:
            page.fill(label, f"On {label}.")
        page = page.press("Save and submit").check()
        assert page.messages == ["The report is submitted."]
        db.session.expire_all()
        return self

    def recommendations(self):
        return db.session.scalars(select(Recommendation).order_by(Recommendation.position)).all()

    def answered(self, owner, due_on, number=0):
        row = self.recommendations()[number]
        operations.respond(
            row.id,
            actor=ready(self.manager),
            version=row.version,
            response="accepted",
            owner=owner.email,
            due_on=due_on,
        )
        db.session.commit()
        return row


def new(rows, place=0, **values):
    return operations.Row(f"{rows}-{place}", "Line", None, 0, "", False, values)


def ready(user):
    """The person with their rights, as a request reads them."""
    return db.session.scalars(
        select(User).where(User.id == user.id).options(*with_rights()).execution_options(populate_existing=True)
    ).one()


@pytest.fixture
def evaluated(app):
    return Evaluated()


# -- who evaluates ----------------------------------------------------------------------------------------------------


def test_the_regional_office_names_an_external_evaluator_who_sees_this_one_project(browser_of, evaluated):
    other = an_active_project(a_user())
    browser = browser_of(evaluated.outside)
    assert browser.open(evaluated.path()).status == 404
    filed = Document(
        project_id=evaluated.project.id, type_code="TOR", title="Terms of 2016", file_name="t.pdf",
        media_type="application/pdf", size=1, sha256="0" * 64, filed_by_id=evaluated.manager.id,
    )  # fmt: skip
    db.session.add(filed)
    db.session.commit()
    page = browser_of(evaluated.officer).open(evaluated.path()).check().follow("Terms and evaluator").check()
    page.fill("Evaluator's e-mail address", evaluated.outside.email.upper()).fill("Terms of reference", "What remains?")
    page.fill("Terms of reference on file", "Terms of 2016, version 1")
    page = page.fill("The evaluation starts on", "2016-10-15").press("Save").check()
    assert page.messages == ["The terms of the evaluation are saved."]
    assert page.definition("Evaluator") == "The evaluator"
    assert "What remains?" in page.text and "Terms of 2016" in page.links
    letter = db.session.scalars(select(Letter)).one()
    assert letter.recipient == evaluated.outside.email
    for path in (evaluated.path(), f"/projects/{evaluated.project.reference}", evaluated.path("/ratings")):
        assert browser.open(path).check().status == 200, path
    for path in (f"/projects/{other.reference}", f"/projects/{other.reference}/evaluation"):
        assert browser.open(path).status == 404, path
    listed = browser.open("/projects").check()
    assert evaluated.project.title in listed.text and other.title not in listed.text
    assert browser.open("/lessons").status == 403
    assert browser.open("/reports/overdue").status == 403
    assert "Evaluation" in browser.open(f"/projects/{evaluated.project.reference}").links


def test_who_may_evaluate(evaluated):
    reviewer = a_user("RME", "NBO")
    take_part(projects.locked(evaluated.project.id), reviewer, Part.REVIEWED)
    db.session.flush()
    stranger = a_user(staff=False)
    refused = {
        evaluated.manager.email: "belongs to the project's team or has decided on it",
        reviewer.email: "belongs to the project's team or has decided on it",
        stranger.email: "Nobody with this address can evaluate",
        "nobody@prima.example": "Nobody with this address can evaluate",
        evaluated.officer.email: "Nobody names themselves",
    }
    for email, says in refused.items():
        with pytest.raises(Invalid, match=says) as refusal:
            operations.set_terms(evaluated.deadline.id, actor=ready(evaluated.officer), version=0, evaluator=email)
        assert refusal.value.field == "evaluator"


@pytest.mark.parametrize(("role", "place", "status"), [
    ("RPDO", "NBO", 200), ("RME", "NBO", 200), ("FUND", None, 200), ("RRMO", "NBO", 403), ("RPDO", "DKR", 403),
    ("ADMIN", None, 403), ("PM", "KEN", 403),
])  # fmt: skip
def test_who_names_the_evaluator(browser_of, evaluated, role, place, status):
    assert browser_of(a_user(role, place)).open(evaluated.path("/terms")).status == status


def test_another_evaluator_takes_over_and_the_first_writes_no_more(browser_of, evaluated):
    evaluated.name()
    second = a_user("EVAL", staff=False)
    evaluation = db.session.scalars(select(Evaluation)).one()
    operations.set_terms(
        evaluated.deadline.id, actor=ready(evaluated.officer), version=evaluation.version, evaluator=second.email
    )
    db.session.commit()
    assert browser_of(second).open(evaluated.path("/ratings")).status == 200
    assert browser_of(evaluated.outside).open(evaluated.path("/ratings")).status == 404
    with pytest.raises(Conflict):
        operations.set_terms(evaluated.deadline.id, actor=ready(evaluated.officer), version=1, evaluator="")


def test_a_project_without_an_evaluation_has_no_such_page(browser_of):
    manager = a_user()
    project = an_active_project(manager)
    browser = browser_of(manager)
    assert browser.open(f"/projects/{project.reference}/evaluation").status == 404
    assert "Evaluation" not in browser.open(f"/projects/{project.reference}").links


# -- what the evaluator writes ----------------------------------------------------------------------------------------


def test_the_evaluator_writes_everything_on_its_page(browser_of, evaluated):
    evaluated.name()
    browser = browser_of(evaluated.outside)
    page = browser.open(evaluated.path()).check().follow("Write ratings").check()
    for criterion in CRITERIA:
        page.fill(criterion, "Good").fill(f"Why: {criterion}", "As seen in the field 🌍.")
    page = page.press("Save").check()
    assert [row[:2] for row in page.rows("Ratings")] == [[criterion, "Good"] for criterion in CRITERIA]
    page = page.follow("Write findings").check().fill("Finding, line 1", "Officers apply it.")
    page = page.fill("Criterion, line 1", "Impact").press("Save").check()
    assert "Officers apply it. Impact" in page.text
    page = page.follow("Write recommendations").check()
    page.fill("Recommendation, line 1", "Train more.").fill("Recommendation, line 2", "Keep the desk.")
    page = page.press("Save").check()
    assert page.messages == ["The recommendations are saved."]
    assert [row[1] for row in page.rows("Recommendations")] == ["Train more.", "Keep the desk."]
    assert "Ratings, findings and recommendations are complete." in page.text
    manager = browser_of(evaluated.manager).open(evaluated.path()).check()
    assert "Train more." not in manager.text and "Not received yet" in manager.text
    page = browser.open(evaluated.path("/recommendations")).fill("Remove, line 1", True).press("Save").check()
    assert [row[:2] for row in page.rows("Recommendations")] == [["1", "Keep the desk."]]


def test_somebody_from_outside_sees_the_project_only_until_another_is_named(browser_of, evaluated):
    evaluated.name()
    outside = browser_of(evaluated.outside)
    assert outside.open(evaluated.path()).status == 200
    successor = a_user("RME", "NBO")
    evaluation = db.session.scalars(select(Evaluation)).one()
    operations.set_terms(
        evaluated.deadline.id, actor=ready(evaluated.officer), version=evaluation.version, evaluator=successor.email
    )
    db.session.commit()
    assert outside.open(evaluated.path()).status == 404
    assert evaluated.project.name not in outside.open("/projects").text


def test_the_report_waits_for_ratings_findings_and_recommendations(browser_of, evaluated):
    page = browser_of(evaluated.manager).open(
        f"/projects/{evaluated.project.reference}/reports/{evaluated.deadline.id}"
    )
    needs = [
        "an evaluator, named", "a rating by each criterion, with its reason", "at least one finding",
        "at least one recommendation",
    ]  # fmt: skip
    page = page.check().fill("Relevance", "Begun by the manager.").press("Save the draft").check()
    assert page.messages == ["Saved as a draft."]
    assert [need for need in needs if need not in page.text] == []
    evaluated.name()
    manager = browser_of(evaluated.manager).open(page.url)
    assert "Save the draft" not in manager.buttons
    evaluator = browser_of(evaluated.outside).open(page.url).check()
    assert "the ratings by 6 criteria, with their reasons" in evaluator.text
    assert evaluator.follow("at least one finding").heading == "Findings"
    assert evaluated.judge().receive(browser_of)


def test_who_wrote_in_the_evaluation_checks_no_report_of_the_project(browser_of, evaluated):
    officer = a_user("RME", "NBO", name="The M&E officer")
    other = a_user("RME", "NBO")
    evaluated.name()
    browser = browser_of(officer)
    page = browser.open(evaluated.path("/findings")).check().fill("Finding, line 1", "Seen.").press("Save").check()
    assert page.messages == ["The findings are saved."]
    evaluated.judge().receive(browser_of)
    report = f"/projects/{evaluated.project.reference}/reports/{evaluated.deadline.id}"
    assert browser.open(report).buttons == []
    assert "What waits for you" not in browser.open("/").captions
    assert browser_of(other).open(report).buttons == ["Checked", "Return"]
    assert [row[0] for row in browser_of(other).open("/").rows("What waits for you")] == [
        "Check the ex-post evaluation report"
    ]
    checked = {letter.recipient for letter in db.session.scalars(select(Letter).where(Letter.kind == "report:submit"))}
    assert checked == {other.email}


def test_handed_in_nothing_of_it_is_changed(browser_of, evaluated):
    evaluated.name().judge().receive(browser_of)
    evaluation = db.session.scalars(select(Evaluation)).one()
    with pytest.raises(Refused, match="handed in"):
        operations.rate(evaluated.deadline.id, actor=ready(evaluated.outside), version=evaluation.version, ratings={})
    report = db.session.scalars(select(Report)).one()
    report.state = ReportState.RETURNED
    evaluated.answered(a_user(), TODAY + timedelta(days=30))
    first = evaluated.recommendations()[0]
    row = operations.Row("recommendations-0", "Line", first.id, first.version, "", True, {"text": first.text})
    with pytest.raises(Invalid, match="Management has responded"):
        operations.recommend(evaluated.deadline.id, actor=ready(evaluated.outside), rows=[row])


def test_two_people_in_the_ratings_see_each_other(browser_of, evaluated):
    evaluated.name()
    page = browser_of(evaluated.outside).open(evaluated.path("/ratings"))
    evaluated.judge()
    page = page.fill("Impact", "Poor").fill("Why: Impact", "Nothing remains.").press("Save").check()
    assert page.status == 409
    rows = {row[0]: row[1:] for row in page.rows("What you typed, and what stands there now")}
    assert rows["Impact"] == ["Poor", "Good"]
    assert rows["Why: Impact"] == ["Nothing remains.", "Because it is."]


@pytest.mark.parametrize("bad", ["\x00", "x" * 1_000_000])
def test_bad_input_is_told_at_its_field(browser_of, evaluated, bad):
    evaluated.name()
    for step, label, field in (
        ("/terms", "Terms of reference", "officer"),
        ("/ratings", "Why: Impact", "outside"),
        ("/findings", "Finding, line 1", "outside"),
        ("/recommendations", "Recommendation, line 1", "outside"),
    ):
        page = browser_of(getattr(evaluated, field)).open(evaluated.path(step)).fill(label, bad).press("Save")
        assert page.status == 422, step
        assert page.errors, step


# -- the response and its follow-up -----------------------------------------------------------------------------------


def test_receiving_it_makes_the_management_response_due(browser_of, evaluated):
    evaluated.name().judge().receive(browser_of)
    evaluation = db.session.scalars(select(Evaluation)).one()
    assert evaluation.received_on == TODAY
    due = db.session.scalars(select(Deadline).where(Deadline.kind == "MRS")).one()
    assert due.due_on == date(2016, 11, 1)
    history = db.session.scalars(select(DeadlineChange).where(DeadlineChange.deadline_id == due.id)).one()
    assert (history.old_due_on, history.new_due_on) == (None, date(2016, 11, 1))
    told = db.session.scalars(select(Letter).where(Letter.kind == "evaluation received")).all()
    assert [letter.recipient for letter in told] == [evaluated.manager.email]
    report = db.session.scalars(select(Report)).one()
    report.state, evaluated.deadline.is_open = ReportState.RETURNED, True
    db.session.commit()
    page = browser_of(evaluated.outside).open(
        f"/projects/{evaluated.project.reference}/reports/{evaluated.deadline.id}"
    )
    assert page.press("Save and submit").messages == ["The report is submitted."]
    assert len(db.session.scalars(select(Deadline).where(Deadline.kind == "MRS")).all()) == 1


def test_the_manager_responds_and_only_then_hands_the_response_in(browser_of, evaluated):
    evaluated.name().judge().receive(browser_of)
    owner = a_user("PDEV", "KEN", name="The owner")
    browser = browser_of(evaluated.manager)
    due = db.session.scalars(select(Deadline).where(Deadline.kind == "MRS")).one()
    report = f"/projects/{evaluated.project.reference}/reports/{due.id}"
    page = browser.open(report).check().press("Save the draft").check()
    assert "the response to recommendation 2, with owner and date" in page.links
    page = page.follow("the response to recommendation 1, with owner and date").check()
    page = page.fill("Response", "Accepted").press("Save").check()
    assert page.status == 422 and "Please name who does it." in page.errors[0]
    page = page.fill("Owner's e-mail address", owner.email).fill("Done until", "2016-09-01").press("Save").check()
    assert "This day is past." in page.errors[0]
    page = (
        page.fill("Done until", "2016-12-01").fill("Response in words", "A course in November.").press("Save").check()
    )
    assert page.messages == ["The response is saved."]
    assert page.rows("Recommendations")[0][2:5] == ["Accepted Respond to recommendation 1", "The owner", "1 Dec 2016"]
    letter = db.session.scalars(select(Letter).where(Letter.kind.like("owner:%"))).one()
    assert letter.recipient == owner.email
    page = page.follow("Respond to recommendation 2").check().fill("Response", "Rejected").press("Save").check()
    assert "Please write why it is rejected." in page.errors[0]
    page = page.fill("Response in words", "The desk moves to the ministry.").press("Save").check()
    page = browser.open(report).check().fill("Response to each recommendation, with owner and date", "As listed.")
    assert page.press("Save and submit").check().messages == ["The report is submitted."]
    row = evaluated.recommendations()[0]
    with pytest.raises(Refused, match="handed in"):
        operations.respond(row.id, actor=ready(evaluated.manager), version=row.version, response="rejected")


def test_the_owner_follows_up_and_the_desk_is_empty_when_it_is_done(browser_of, evaluated):
    evaluated.name().judge().receive(browser_of)
    owner = a_user("PDEV", "SEN", name="The owner")
    row = evaluated.answered(owner, TODAY + timedelta(days=10))
    clock.fix(TODAY + timedelta(days=12))
    browser = browser_of(owner)
    page = browser.open("/").check()
    assert page.rows("What waits for you")[0][0].startswith("Follow up recommendation 1 of the evaluation")
    assert "2 days late" in page.text
    page = (
        page.follow("Follow up recommendation 1 of the evaluation")
        .check()
        .fill("State", "Dropped")
        .press("Save")
        .check()
    )
    assert "Please write why it is dropped." in page.errors[0]
    page = page.fill("State", "Done").fill("How far it is", "40 officers.").press("Save").check()
    assert page.messages == ["The follow-up is saved."]
    assert "Done40 officers." in page.rows("Recommendations")[0][5]
    assert "What waits for you" not in browser.open("/").captions
    path = evaluated.path(f"/recommendations/{row.id}/follow-up")
    stranger = browser_of(a_user("VIEW", "UKR")).open(path)
    assert stranger.url == evaluated.path()
    assert "Follow up" not in " ".join(stranger.links)
    with pytest.raises(Refused):
        operations.follow(row.id, actor=ready(a_user("VIEW", "UKR")), version=row.version, follow_up="open")
    with pytest.raises(Conflict):
        operations.follow(row.id, actor=ready(evaluated.manager), version=1, follow_up="open")


def test_a_project_with_nothing_due_leads_to_what_follows_its_evaluation(browser_of, evaluated):
    browser = browser_of(evaluated.manager)
    page = browser.open(f"/projects/{evaluated.project.reference}").check()
    assert "No report or other deadline is open now." not in page.text
    evaluated.deadline.is_open = False
    db.session.commit()
    page = browser.open(f"/projects/{evaluated.project.reference}").check()
    assert "No report or other deadline is open now." in page.text
    assert page.follow("What follows the recommendations").url == evaluated.path()


def test_the_owner_is_reminded_by_the_ladder_and_never_twice(browser_of, evaluated):
    evaluated.name().judge().receive(browser_of)
    owner = a_user(name="The owner")
    due_on = TODAY + timedelta(days=40)
    row = evaluated.answered(owner, due_on)

    def letters(on):
        clock.fix(on)
        reminders.remind(db.session(), on)
        reminders.remind(db.session(), on)
        found = db.session.scalars(select(Letter).where(Letter.cause == f"recommendation:{row.id}").order_by(Letter.id))
        return [(letter.kind, letter.recipient) for letter in found if letter.kind.startswith("remind")]

    assert letters(due_on - timedelta(days=15)) == []
    assert letters(due_on - timedelta(days=14)) == [("remind:before-14", owner.email)]
    assert [kind for kind, _to in letters(due_on)] == ["remind:before-14", "remind:day"]
    assert len(letters(due_on + timedelta(days=29))) == 2
    assert [kind for kind, _to in letters(due_on + timedelta(days=31))][-1] == "remind:after-30"
    db.session.get_one(Recommendation, row.id).follow_up = "done"
    db.session.flush()
    assert len(letters(due_on + timedelta(days=61))) == 3


def test_the_evaluator_is_reminded_of_the_report_in_place_of_the_manager(browser_of, evaluated):
    assert [letter.to.email for letter in reminders.due(db.session(), WINDOW[1])] == [evaluated.manager.email]
    evaluated.name()
    assert [letter.to.email for letter in reminders.due(db.session(), WINDOW[1])] == [evaluated.outside.email]
    clock.fix(WINDOW[1] - timedelta(days=10))
    assert "ex-post evaluation report" in browser_of(evaluated.outside).open("/").check().text
    assert "ex-post evaluation report" not in browser_of(evaluated.manager).open("/").check().text


def test_the_page_asks_no_more_for_many_recommendations(browser_of, evaluated, questions):
    evaluated.name().judge().receive(browser_of)
    browser = browser_of(evaluated.manager)
    browser.open(evaluated.path())
    db.session.commit()
    questions.clear()
    browser.open(evaluated.path())
    few = len(questions)
    evaluation = db.session.scalars(select(Evaluation)).one()
    owners = [a_user() for _number in range(12)]
    db.session.add_all(
        Recommendation(evaluation_id=evaluation.id, position=3 + place, text="More.", owner_id=owner.id)
        for place, owner in enumerate(owners)
    )
    db.session.commit()
    questions.clear()
    assert len(browser.open(evaluated.path()).check().rows("Recommendations")) == 14
    assert len(questions) == few


def test_all_staff_read_it_once_it_is_received(browser_of, evaluated):
    evaluated.name().judge().receive(browser_of)
    page = browser_of(a_user("VIEW", "UKR")).open(evaluated.path()).check()
    assert page.status == 200
    assert [row[1] for row in page.rows("Recommendations")] == ["Train more officers.", "Keep the desk."]
    assert not {"Terms and evaluator", "Write ratings", "Respond"} & set(page.links)
    draft = a_project(developer=a_user(), status="DRAFT")
    assert browser_of(a_user("VIEW", "UKR")).open(f"/projects/{draft.reference}/evaluation").status == 404
    assert queries.deadlines_of(draft.id) == []
    assert db.session.scalars(select(Party).where(Party.part == Part.EVALUATOR)).one().user_id == evaluated.outside.id
