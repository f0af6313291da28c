"""Extensions: asked for by the team, endorsed in the region, decided by the Fund or the donor, in effect at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from prima import clock
from prima.db import db
from prima.errors import Refused
from prima.handbook import published
from prima.journal import Entry
from prima.outbox import Letter
from prima.people import delegations
from prima.projects import changing, operations, overview
from prima.projects.changes import ROAD, ChangeKind, ChangeState
from prima.projects.models import Change, Document, Extension, Part, Party, Version
from prima.projects.stages import Status
from prima.reporting.calendar import ReportState
from prima.reporting.models import DeadlineChange, Report
from prima.sessions import with_rights
from prima.users import User
from tests.conftest import TODAY, make_app
from tests.factories import a_user, grant
from tests.projects.changing import END, Crew, days, fill, following, standing


@pytest.fixture
def crew(browser_of):
    return Crew(browser_of)


def the_change(crew, number=1):
    db.session.expire_all()
    return db.session.scalars(select(Change).where(Change.project_id == crew.project.id, Change.number == number)).one()


def test_every_state_is_reached_and_left_or_final():
    reached = {move.target for move in ROAD}
    assert reached | {ChangeState.DRAFT} == set(ChangeState)
    final = set(ChangeState) - {move.source for move in ROAD}
    assert final == {ChangeState.APPROVED, ChangeState.REFUSED, ChangeState.WITHDRAWN}


def test_an_extension_across_twelve_months_adds_the_interims_and_keeps_what_was_submitted(crew):
    assert days(crew.project, "INT_N") == []
    framework = next(row for row in standing(crew.project) if row.kind == "RMF")
    db.session.add(Report(deadline_id=framework.id, state=ReportState.ACCEPTED, first_submitted_on=TODAY))
    framework.is_open, kept = False, framework.due_on
    page = crew.open("manager", "/extend")
    assert page.url.endswith("/changes/new/no_cost_extension")
    page = fill(page, **{"New end date": "2018-02-28", "Day on which the counterpart agreed": "2016-09-30"})
    page = page.press("Save and ask").check()
    assert page.status == 200 and page.rows("Before and after") == [["End date", "31 May 2017", "28 Feb 2018"]]
    assert "The regional director" in page.text and crew.project.ends_on == END
    assert crew.take("RD", 1, "endorse").check().status == 200
    page = crew.take("FUND", 1, "approve", "Agreed.").check()
    assert any("in effect" in message for message in page.messages)
    assert page.definition("End date") == "28 Feb 2018"
    assert page.definition("End agreed at activation") == "31 May 2017"
    assert page.definition("Version of the project") == "2"
    assert days(crew.project, "INT_N") == ["2017-04-11", "2017-10-12"]
    assert days(crew.project, "FIN_N") == ["2018-05-28"]
    assert next(row for row in standing(crew.project) if row.kind == "RMF").due_on == kept
    final = next(row for row in standing(crew.project) if row.kind == "FIN_N")
    assert final.first_due_on == date(2017, 8, 31)
    change = the_change(crew)
    noted = db.session.scalars(select(DeadlineChange).where(DeadlineChange.deadline_id == final.id)).all()
    assert [one.change_id for one in noted] == [None, change.id]
    assert (crew.project.ends_on, crew.project.first_ends_on) == (date(2018, 2, 28), END)
    extension = db.session.scalars(select(Extension).where(Extension.project_id == crew.project.id)).one()
    assert (extension.old_end, extension.new_end, extension.change_id) == (END, date(2018, 2, 28), change.id)
    versions = db.session.scalars(select(Version).where(Version.project_id == crew.project.id).order_by(Version.number))
    assert [(one.number, one.change_id) for one in versions] == [(1, None), (2, change.id)]
    page = crew.open("manager", "/reports").check()
    assert page.rows("Extensions") == [["1 Oct 2016", "31 May 2017", "28 Feb 2018", "Floods."]]
    assert "first due 31 Aug 2017" in page.text
    facts = crew.open("manager")
    assert facts.definition("End date") == "28 Feb 2018"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("2017-05-31", "must come after the present one, 31 May 2017"),
        ("2016-12-31", "must come after the present one, 31 May 2017"),
        ("0001-01-01", "between 1990 and 2100"),
        ("9999-12-31", "between 1990 and 2100"),
        ("31/02/2018", "Please type a day such as"),
        ("", "Please fill this in."),
        ("2018\x00", "Please type a day such as"),
    ],
)
def test_a_wrong_end_is_told_at_its_field_and_what_was_typed_stays(crew, typed, message):
    page = crew.extension(typed).check()
    assert page.status == 422
    assert page.errors[0].startswith("New end date") and message in page.errors[0]
    assert page.value("Reason") == "Floods."
    assert db.session.scalars(select(Change)).all() == []


def test_what_is_wrong_is_listed_in_the_order_of_the_page(crew):
    page = crew.open("manager", "/changes/new/no_cost_extension").press("Save and ask")
    assert page.status == 422
    assert [error.split(":")[0] for error in page.errors] == [
        "New end date", "Reason", "Effect on results, time and money",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["\x00", "x" * 100_000])
def test_a_text_that_cannot_be_kept_is_told_at_its_field(crew, text):
    page = fill(crew.open("manager", "/changes/new/no_cost_extension"), **{"New end date": "2018-02-28"})
    page = page.fill("Reason", text).press("Save and ask")
    assert page.status == 422 and page.errors[0].startswith("Reason")
    assert db.session.scalars(select(Change)).all() == []


def test_letters_of_every_script_are_kept(crew):
    page = fill(crew.open("manager", "/changes/new/no_cost_extension"), **{"New end date": "2018-02-28"})
    page = page.fill("Reason", "فيضانات 🌊 <b>").press("Save the draft").check()
    assert page.status == 200 and "فيضانات 🌊 <b>" in page.text


def test_after_closure_nothing_is_extended_and_the_field_says_so(crew):
    page = fill(crew.open("manager", "/changes/new/no_cost_extension"), **{"New end date": "2018-02-28"})
    crew.project.status = Status.OP_CLOSED
    db.session.commit()
    page = page.press("Save and ask")
    assert page.status == 422
    assert page.errors[0].startswith("New end date: Only a project that runs")
    assert crew.open("manager", "/changes/new/no_cost_extension").status == 409
    assert crew.open("manager", "/extend").url.endswith("/changes")


def test_a_request_of_a_project_that_was_closed_meanwhile_can_only_be_withdrawn(crew):
    crew.extension("2018-02-28")
    page = crew.open("RD", "/changes/1/endorse")
    crew.project.status = Status.OP_CLOSED
    db.session.commit()
    refused = page.press("Endorse")
    assert refused.status == 409 and "does not run any more" in refused.text
    assert crew.open("manager", "/changes/1").links.count("Withdraw") == 1
    assert crew.take("manager", 1, "withdraw").status == 200
    assert the_change(crew).state is ChangeState.WITHDRAWN


def test_a_late_request_is_flagged_and_goes_its_way(crew):
    clock.fix(date(2017, 5, 10))
    try:
        page = crew.open("manager", "/changes/new/no_cost_extension")
        assert "The last day to ask was 30 Apr 2017" in page.text
        page = fill(page, **{"New end date": "2018-02-28"}).press("Save and ask")
        assert "Asked for 10 days late" in page.text
        assert the_change(crew).late_days == 10
        assert crew.take("RD", 1, "endorse").status == 200
        assert "Asked for 10 days late" in crew.open("FUND", "/changes").text
    finally:
        clock.fix(TODAY)


def test_returned_it_is_mended_and_asked_for_again(crew):
    crew.extension("2018-02-28")
    page = crew.take("RD", 1, "return", "Too long. Three months are enough.").check()
    assert the_change(crew).state is ChangeState.RETURNED
    page = crew.open("manager", "/changes/1").check()
    assert "Three months are enough" in page.text
    page = fill(page.follow("Change what is asked for"), **{"New end date": "2017-08-31"}).press("Save the draft")
    page = page.follow("Ask for this change").press("Ask for this change").check()
    assert page.rows("Before and after") == [["End date", "31 May 2017", "31 Aug 2017"]]
    crew.take("RD", 1, "endorse")
    crew.take("FUND", 1, "refuse", "No.").check()
    assert the_change(crew).state is ChangeState.REFUSED
    assert crew.project.ends_on == END
    assert crew.extension("2017-08-31").status == 200, "a refused one makes room for the next"
    assert the_change(crew, 2).state is ChangeState.ASKED


def test_a_return_needs_its_reason(crew):
    crew.extension("2018-02-28")
    page = crew.take("RD", 1, "return")
    assert page.status == 422 and page.errors == ["Reason: Please fill this in."]


def test_of_two_approvals_at_once_one_wins_and_the_other_is_told(crew):
    crew.people["FUND2"] = a_user("FUND", name="Another Fund officer")
    crew.extension("2018-02-28")
    crew.take("RD", 1, "endorse")
    pages = [crew.open(who, "/changes/1/approve") for who in ("FUND", "FUND2")]
    assert pages[0].press("Approve").status == 200
    late = pages[1].press("Approve")
    assert late.status == 409
    assert "The Fund officer took the step “Approve”" in late.text and "is now: Approved" in late.text
    assert len(db.session.scalars(select(Extension).where(Extension.project_id == crew.project.id)).all()) == 1
    assert len(standing(crew.project)) == len({(row.kind, row.period_to) for row in standing(crew.project)})


def test_two_extensions_asked_for_on_the_same_end_are_not_both_approved(crew):
    crew.extension("2018-02-28")
    costly = fill(crew.open("alternate", "/changes/new/cost_extension"), **{"New end date": "2018-05-31"})
    costly.fill("New amount of Line 2", "6000").fill("New amount of Line 3", "90000").press("Save and ask")
    for number in (1, 2):
        crew.take("RD", number, "endorse")
    assert crew.take("FUND", 1, "approve").status == 200
    page = crew.take("FUND", 2, "approve")
    assert page.status == 409 and "The end was changed to 28 Feb 2018 meanwhile" in page.text
    db.session.expire_all()
    assert (crew.project.ends_on, crew.project.budget) == (date(2018, 2, 28), 100_000)


def test_only_one_of_a_kind_is_under_way(crew):
    pages = [crew.open(who, "/changes/new/no_cost_extension") for who in ("manager", "alternate")]
    assert fill(pages[0], **{"New end date": "2018-02-28"}).press("Save and ask").status == 200
    page = fill(pages[1], **{"New end date": "2018-03-31"}).press("Save and ask")
    assert page.status == 409 and "under way already" in page.errors[0]
    assert page.value("New end date") == "2018-03-31"
    assert crew.open("alternate", "/changes/new/no_cost_extension").url.endswith("/changes/1")


def test_two_in_one_draft_see_both_values_and_lose_nothing(crew):
    crew.extension("2018-02-28", "Save the draft")
    mine, theirs = (crew.open(who, "/changes/1/edit") for who in ("manager", "alternate"))
    fill(theirs, **{"New end date": "2018-01-31"}).press("Save the draft")
    page = fill(mine, **{"New end date": "2018-03-31"}).press("Save the draft")
    assert page.status == 409
    assert ["New end date", "2018-03-31", "2018-01-31"] in page.rows("What you typed, and what stands there now")
    page = page.press("Save what I typed").check()
    assert page.rows("Before and after") == [["End date", "31 May 2017", "31 Mar 2018"]]


def test_what_was_changed_after_it_was_read_is_not_decided_on(crew):
    crew.extension("2018-02-28")
    page = crew.open("RD", "/changes/1/endorse")
    crew.take("manager", 1, "withdraw")
    refused = page.press("Endorse")
    assert refused.status == 409 and "is now: Withdrawn" in refused.text


def test_nobody_of_the_team_and_nobody_else_decides(crew):
    crew.extension("2018-02-28")
    for who in ("manager", "alternate", "FUND", "RPDO", "RRMO"):
        assert crew.open(who, "/changes/1/endorse").status == 403, who
    db.session.add(Party(project_id=crew.project.id, user_id=crew["RD"].id, part=Part.AUTHOR))
    assert crew.open("RD", "/changes/1/endorse").status == 403
    for who in ("FUND", "RD", "RPDO"):
        assert crew.open(who, "/changes/new/no_cost_extension").status == 403, who
    assert crew.open("FUND", "/extend").url.endswith("/changes")


def test_whoever_endorsed_does_not_decide_too(crew):
    crew.people["both"] = a_user("RD", "NBO", name="Both")
    grant(crew["both"], "FUND")
    crew.extension("2018-02-28")
    assert crew.take("both", 1, "endorse").status == 200
    assert crew.open("both", "/changes/1/approve").status == 409
    assert "Approve" not in crew.open("both", "/changes/1").links
    assert crew.take("FUND", 1, "approve").status == 200


def test_who_stands_in_decides_for_the_absent_and_never_for_the_team(crew):
    deputy = crew.people["deputy"] = a_user(name="The deputy")
    day = clock.today()
    delegations.delegate(crew["RD"], actor=crew["RD"], delegate=deputy, from_on=day, until_on=day)
    crew.extension("2018-02-28")
    page = crew.open("deputy", "/changes/1/endorse").check()
    assert "You decide for The regional director" in page.text
    page = page.press("Endorse").check()
    assert "The deputy for The regional director" in page.text
    entry = db.session.scalars(select(Entry).where(Entry.event == "change endorsed")).one()
    assert (entry.actor_id, entry.behalf_of_id) == (deputy.id, crew["RD"].id)
    other = Crew(crew.browser_of)
    db.session.add(Party(project_id=other.project.id, user_id=crew["RD"].id, part=Part.AUTHOR))
    other.people["deputy"] = deputy
    other.extension("2018-02-28")
    assert other.open("deputy", "/changes/1/endorse").status == 403


def test_each_gets_one_letter_and_a_duty(crew):
    crew.extension("2018-02-28")

    def letters(kind):
        return sorted(db.session.scalars(select(Letter.recipient).where(Letter.kind == f"change:{kind}")))

    assert letters("ask") == [crew["RD"].email]
    assert "Endorse the no-cost extension" in crew.browser("RD").open("/").text
    assert "Endorse" not in crew.browser("FUND").open("/").text
    crew.take("RD", 1, "endorse")
    assert letters("endorse") == [crew["FUND"].email]
    assert "Decide on the no-cost extension" in crew.browser("FUND").open("/").text
    told = [(duty.what, duty.who) for duty in overview.changes_under_way(changing.project(crew.project.reference))]
    assert told == [("Decide on the no-cost extension", "the Fund")]
    crew.take("FUND", 1, "return", "Shorter.")
    team = sorted([crew["manager"].email, crew["alternate"].email])
    assert letters("return") == team
    assert "Mend the returned no-cost extension" in crew.browser("alternate").open("/").text
    crew.take("manager", 1, "ask")
    crew.take("RD", 1, "endorse")
    crew.take("FUND", 1, "approve")
    assert letters("approve") == team
    letter = db.session.scalars(select(Letter).where(Letter.kind == "change:approve")).first()
    assert "from 31 May 2017 to 28 Feb 2018" in letter.body and letter.path == f"{crew.path}/changes/1"


def test_a_donors_answer_is_recorded_with_its_letter(browser_of):
    crew = Crew(browser_of, funding="donor", budget=500_000)
    crew.extension("2018-02-28")
    crew.take("RD", 1, "endorse")
    assert crew.open("FUND", "/changes/1/approved").status == 403
    assert "Record the donor" in crew.browser("RPDO").open("/").text
    page = crew.take("RPDO", 1, "approved", "They agree.")
    assert page.status == 422 and "upload the donor's letter" in page.errors[0]
    assert page.value("What the donor wrote") == "They agree."
    page = page.fill("Letter to upload", ("letter.pdf", b"%PDF-1.7 agreed")).press("The donor approved").check()
    assert page.status == 200
    document = db.session.scalars(select(Document).where(Document.project_id == crew.project.id,
                                                         Document.correspondence)).one()  # fmt: skip
    assert document.title in page.links and "change 1" in document.title
    db.session.expire_all()
    assert crew.project.ends_on == date(2018, 2, 28)


def test_a_donor_may_refuse_or_ask_for_changes(browser_of):
    crew = Crew(browser_of, funding="donor", budget=500_000)
    crew.extension("2018-02-28")
    crew.take("RD", 1, "endorse")
    assert crew.take("RPDO", 1, "changes", "Shorter.", letter=True).status == 200
    assert the_change(crew).state is ChangeState.RETURNED
    crew.take("manager", 1, "ask")
    crew.take("RD", 1, "endorse")
    assert crew.take("RPDO", 1, "refused", "No.", letter=True).status == 200
    assert the_change(crew).state is ChangeState.REFUSED
    assert crew.project.ends_on == END


def test_the_counterparts_letter_is_filed(crew):
    page = fill(crew.open("manager", "/changes/new/no_cost_extension"), **{"New end date": "2018-02-28"})
    page.fill("The counterpart's letter (optional)", ("agreed.exe", b"MZ"))
    refused = page.press("Save and ask")
    assert refused.status == 422 and "kind of file is not taken" in refused.errors[0]
    refused.fill("The counterpart's letter (optional)", ("agreed.pdf", b"%PDF-1.7 agreed"))
    page = refused.press("Save and ask").check()
    assert page.follow("The counterpart's agreement to change 1").status == 200


def test_a_draft_is_the_teams_and_everybody_else_sees_what_was_asked(crew):
    crew.extension("2018-02-28", "Save the draft")
    crew.people["staff"] = a_user("VIEW")
    assert "No changes yet" in crew.open("staff", "/changes").check().text
    assert crew.open("staff", "/changes/1").url.endswith("/changes")
    crew.take("manager", 1, "ask")
    page = crew.open("staff", "/changes").check()
    assert page.rows("Changes")[0][:4] == ["1", "No-cost extension 1", "With the Regional Office",
                                           "End date: 31 May 2017 → 28 Feb 2018"]  # fmt: skip
    crew.take("RD", 1, "return", "Internal words.")
    assert "Internal words" not in crew.open("staff", "/changes/1").check().text


def test_an_edition_that_is_silent_leaves_it_to_the_newest(crew, monkeypatch):
    older = published.find(db.session, "fund-older-3")
    monkeypatch.setitem(published._parsed, older.checksum, older.handbook.model_copy(update={"changes": None}))
    crew.project.edition_id = older.id
    crew.extension("2018-02-28")
    assert "Endorse the no-cost extension" in crew.browser("RD").open("/").text
    crew.take("RD", 1, "endorse")
    assert crew.open("manager").status == 200
    assert crew.take("FUND", 1, "approve").status == 200


def test_ten_who_approve_in_the_same_moment_approve_once(databases, template_url):
    clock.fix(TODAY)
    application = make_app(databases("prima_changes", template=make_url(template_url).database))
    try:
        with application.app_context():
            crew = Crew()
            change = crew.ask(ChangeKind.NO_COST_EXTENSION, ends_on=date(2018, 2, 28))
            crew.move(change, "endorse", "RD")
            reference, number, fund = crew.project.reference, change.number, crew["FUND"].id
            seen = changing.change(reference, number).version
            db.session.commit()
            db.session.remove()

        def approve(_place):
            with application.app_context():
                actor = db.session.scalars(select(User).where(User.id == fund).options(*with_rights())).one()
                read = changing.change(reference, number)
                try:
                    operations.take_change(read, "approve", actor=actor, following=following(), seen=seen)
                except Refused as refusal:
                    db.session.rollback()
                    return refusal.reasons[0].text
                db.session.commit()
                return "approved"

        with ThreadPoolExecutor(4) as threads:
            told = sorted(threads.map(approve, range(10)))
        assert told.count("approved") == 1
        assert all("is now: Approved" in one for one in told if one != "approved")
        with application.app_context():
            assert len(db.session.scalars(select(Extension)).all()) == 1
            assert len(db.session.scalars(select(Version)).all()) == 2
    finally:
        with application.app_context():
            db.session.remove()
            db.engine.dispose()
        clock.fix(None)
