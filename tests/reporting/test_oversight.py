"""Oversight of reminders: who was told of what, what is overdue where, and of what nobody was ever told, with why."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from prima import mail
from prima.db import db
from prima.outbox import Letter, LetterState
from prima.projects.models import Milestone
from prima.reporting import reminders
from prima.reporting.models import Deadline
from prima.reporting.reminders import oversight
from prima.reporting.reminders.asked import AGES, Asked
from prima.reporting.reminders.oversight import HOW
from prima.reporting.views import oversight as views
from prima.sessions import with_rights
from prima.users import User
from tests.conftest import TODAY
from tests.factories import a_deadline, a_project, a_user, an_active_project

LATE = TODAY - timedelta(days=9)


@pytest.fixture
def fund(app):
    """Sees every project of the Fund."""
    return a_user("FUND", name="Fund officer")


def a_road(manager="Manager, Kenya", days=9, office_code="KEN", **more):
    project = an_active_project(a_user("PM", office_code, name=manager), office_code=office_code, **more)
    a_deadline(project, due_on=TODAY - timedelta(days=days))
    return project


def remind():
    count = reminders.remind(db.session(), TODAY)
    db.session.commit()
    return count


# -- who was reminded -------------------------------------------------------------------------------------------------


def test_a_project_tells_who_was_reminded_of_what_and_how(browser_of, fund):
    project = a_road()
    a_user("RPDO", "NBO", name="Coordinator, Nairobi")
    remind()
    page = browser_of(fund).open(f"/projects/{project.reference}/reports").check()
    page = page.follow("Reminders").check()
    rows = page.rows("Reminders")
    assert len(rows) == 2
    told = {row[2].split("manager")[0].split("copy")[0].strip(): row for row in rows}
    row = told["Manager, Kenya"]
    assert "interim narrative report, 9 days late" in row[1] and "Report" in row[1]
    assert row[3:] == ["7 days after", "Waiting"]
    assert "copy to the Regional Office" in told["Coordinator, Nairobi"][2]


@pytest.mark.parametrize(
    ("change", "how"),
    [
        ({"state": LetterState.SENT}, "Sent"),
        ({"state": LetterState.DEAD, "problem": "550 no such person"}, "Failed 550 no such person"),
        ({"tries": 2, "problem": "451 try later"}, "Put off 451 try later"),
        ({"state": LetterState.REPLACED}, "Replaced by a later one"),
    ],
)
def test_how_each_reminder_went(browser_of, fund, change, how):
    a_road()
    remind()
    letter = db.session.scalars(select(Letter)).one()
    for name, value in change.items():
        setattr(letter, name, value)
    db.session.commit()
    assert browser_of(fund).open("/reminders").rows("Reminders")[0][-1] == how


def test_every_state_of_a_letter_has_its_words():
    assert {state.value for state in LetterState} <= set(HOW)


def test_who_sees_only_public_parts_of_a_project_sees_no_reminders_of_it(browser_of, fund):
    project = a_road()
    remind()
    plain = browser_of(a_user())
    assert plain.open(f"/projects/{project.reference}/reminders").status == 403
    assert "Reminders" not in plain.open(f"/projects/{project.reference}/reports").links
    draft = a_project(developer=a_user("PDEV", "KEN"))
    db.session.commit()
    assert plain.open(f"/projects/{draft.reference}/reminders").status == 404


def test_lists_begin_with_what_one_may_see(browser_of, fund):
    a_road("Manager, Kenya")
    a_road("Manager, donor", funding="donor", office_code="SEN", status="SUSPENDED")
    db.session.commit()
    remind()
    number = a_user(staff=False).id
    db.session.commit()
    outside = db.session.scalars(select(User).where(User.id == number).options(*with_rights())).one()
    assert oversight.told(outside) == []
    assert oversight.late(outside).total == 0
    assert oversight.count_never(outside).never == 0
    assert [row[3] for row in browser_of(fund).open("/reminders").rows("Reminders")] == ["Manager, Kenya manager"]


def test_letters_are_offered_to_who_reads_of_a_place_and_what_is_overdue_to_all_staff(browser_of, fund):
    a_road()
    remind()
    for who, offered in (
        (fund, True),
        (a_user("RPDO", "NBO"), True),
        (a_user("MGT"), False),
        (a_user("PM", "KEN"), True),
    ):
        browser = browser_of(who)
        said = [link.get_text(strip=True) for link in browser.open("/waiting").check().soup.select("main a")]
        assert ("Reminders" in said) is offered, who.name
        overdue = browser.open("/reminders/overdue").check()
        said = [link.get_text(strip=True) for link in overdue.soup.select("main a")]
        assert ("Never reminded" in said) is offered, who.name
        assert browser.open("/reminders").status == 200, "nothing is hidden, but there may be nothing to read"


def test_reminders_are_filtered_by_region_office_person_kind_and_days(browser_of, fund):
    kenya, senegal = a_road("Manager, Kenya"), a_road("Manager, Senegal", office_code="SEN")
    db.session.add(Milestone(project_id=kenya.id, name="Study", planned_on=TODAY))
    remind()
    old = db.session.scalars(select(Letter).where(Letter.cause.startswith("milestone"))).one()
    old.queued_at -= timedelta(days=40)
    db.session.commit()
    browser = browser_of(fund)

    def projects(query):
        page = browser.open(f"/reminders?{query}").check()
        return sorted(row[1].split(":")[0] for row in page.rows("Reminders")) if "Reminders" in page.captions else []

    assert projects("") == sorted([kenya.reference, kenya.reference, senegal.reference])
    assert projects("region=NBO") == [kenya.reference] * 2
    assert projects("office=SEN") == projects("office=Senegal") == [senegal.reference]
    assert projects("person=Manager, Senegal") == [senegal.reference]
    assert projects("about=milestone") == [kenya.reference]
    assert projects("days=30") == sorted([kenya.reference, senegal.reference])
    assert projects("region=NBO&about=review") == []


@pytest.mark.parametrize("path", ["/reminders", "/reminders/overdue", "/reminders/never", "/reports/overdue"])
def test_what_cannot_be_asked_is_said_and_the_rest_is_shown(browser_of, fund, path):
    a_road()
    db.session.commit()
    browser = browser_of(fund)
    for query in (
        "region=XXX", "office=%00", "office=Nowhere", "person=%F0%9F%93%97", "person=" + "x" * 3000, "days=0", "days=²",
        "about=x", "age=1", "before=x", "before=-1", "after=x", "after=0001-01-01.1", "after=9999-12-31.deadline:1",
        "before=99999999999999999999", "something=else", "region=%E2%80%AE",
    ):  # fmt: skip
        page = browser.open(f"{path}?{query}").check()
        assert page.status == 200, query
    page = browser.open(f"{path}?person=Nobody+such")
    assert "Nobody is called “Nobody such” or has that address; everybody is shown." in page.text


def test_reminders_are_paged_from_the_newest(browser_of, fund, monkeypatch):
    for days in (1, 2, 3):
        a_road(days=days)
    remind()
    monkeypatch.setattr("prima.reporting.views.oversight.SIZE", 2)
    page = browser_of(fund).open("/reminders")
    first = [row[1] for row in page.rows("Reminders")]
    following = page.follow("Next page")
    last = [row[1] for row in following.rows("Reminders")]
    assert (len(first), len(last)) == (2, 1)
    assert not set(first) & set(last)
    assert [row[1] for row in following.follow("Previous page").rows("Reminders")] == first


# -- what is overdue --------------------------------------------------------------------------------------------------


def test_what_is_overdue_is_cut_four_ways_and_each_figure_leads_to_its_list(browser_of, fund):
    a_road("Manager, Kenya", days=3)
    a_road("Manager, Uganda", days=40, office_code="UGA")
    a_road("Manager, Senegal", days=400, office_code="SEN")
    orphan = a_project(status="ACTIVE", office_code="KEN", complete=True)
    a_deadline(orphan, due_on=TODAY - timedelta(days=8))
    db.session.commit()
    browser = browser_of(fund)
    page = browser.open("/reminders/overdue").check()
    tables = [caption for caption in page.captions if caption.startswith("Overdue by")]
    assert len(tables) == 4
    for caption in tables:
        rows = page.rows(caption)
        total = page.soup.find("caption", string=caption).find_parent("table").tfoot.get_text(" ", strip=True)
        assert sum(int(row[1].split()[0]) for row in rows) == 4, caption
        assert total == "Total 4"
    assert [row[0] for row in page.rows("Overdue by age")] == [
        "1 to 7 days", "8 to 30 days", "31 to 90 days", "more than a year",
    ]  # fmt: skip
    assert {row[0] for row in page.rows("Overdue by manager")} >= {"No manager", "Manager, Kenya"}
    for caption in tables:
        for link in page.soup.find("caption", string=caption).find_parent("table").select("tbody a"):
            listed = browser.open(link["href"]).check()
            assert len(listed.rows("Overdue reports")) == int(link.get_text().split()[0]), link["href"]


def test_age_bands_meet_without_gap():
    bands = list(AGES.values())
    assert [first for first, _last in bands[1:]] == [last + 1 for _first, last in bands[:-1]]
    assert bands[-1][1] is None


# -- never reminded ---------------------------------------------------------------------------------------------------


REASONS = {
    "nobody": "The project has neither a manager nor an alternate.",
    "closed": "The accounts of those who owe it are closed.",
    "refused": "The letter to",
    "not run": "The reminders have not run since. Look at the scheduler.",
}


def make(reason):
    project = a_project(status="ACTIVE", complete=True) if reason == "nobody" else None
    if project is None:
        project = an_active_project(a_user("PM", "KEN", name="Manager", active=reason != "closed"))
    a_deadline(project, due_on=LATE)
    if reason != "not run":
        remind()
    if reason == "refused":
        letter = db.session.scalars(select(Letter).join(User).where(User.name == "Manager")).one()
        letter.state, letter.problem = LetterState.DEAD, "550 unknown"
    db.session.commit()
    return project


@pytest.mark.parametrize("reason", REASONS)
def test_what_nobody_was_told_of_stands_in_red_with_its_reason(app, browser_of, fund, reason):
    a_user("RPDO", "NBO")
    project = make(reason)
    page = browser_of(fund).open("/reminders").check()
    assert "Of 1 duty nobody was ever reminded." in page.text
    page = page.follow("Of 1 duty nobody was ever reminded.").check()
    row = page.rows("Never reminded")[0]
    assert project.reference in row[1]
    assert row[-1].startswith(REASONS[reason])
    assert oversight.sentence().startswith("Of 1 open duty nobody was ever reminded. " + REASONS[reason].rstrip("."))
    told = app.test_cli_runner().invoke(args=["doctor"])
    assert "look   reminders: Of 1 open duty nobody was ever reminded." in told.stdout
    administrator = browser_of(a_user("ADMIN"))
    assert "Of 1 open duty nobody was ever reminded." in administrator.open("/administration/scheduler").check().text


def test_it_is_empty_after_a_scan_and_on_the_day_of_the_first_step(browser_of, fund):
    project = a_road()
    a_deadline(project, due_on=TODAY + timedelta(days=30), period_to=TODAY)
    db.session.add(Milestone(project_id=project.id, name="Study", planned_on=TODAY))
    db.session.commit()
    assert {row.due_on for row in oversight.never(None)} == {LATE, TODAY}
    remind()
    assert oversight.never(None) == []
    assert oversight.sentence() == ""
    page = browser_of(fund).open("/reminders/never").check()
    assert "Everybody was reminded" in page.text
    assert "nobody was ever reminded" not in browser_of(fund).open("/reminders").text


def test_what_a_suspended_project_owes_waits_and_is_not_red(browser_of, fund):
    a_road(status="SUSPENDED")
    remind()
    page = browser_of(fund).open("/reminders/never").check()
    assert "1 duty of a suspended project waits until it goes on." in page.text
    assert page.rows("Never reminded")[0][-1] == "Suspended The project is suspended; reminders go on when it does."
    assert "nobody was ever reminded." not in page.text
    assert oversight.sentence() == ""


def test_a_moved_date_is_a_new_duty(app):
    project = a_road()
    remind()
    deadline = db.session.scalars(select(Deadline).where(Deadline.project_id == project.id)).one()
    deadline.due_on -= timedelta(days=1)
    db.session.commit()
    assert [row.due_on for row in oversight.never(None)] == [deadline.due_on]
    remind()
    assert oversight.never(None) == []


def test_a_copy_alone_is_no_reminder_of_who_owes_it(app):
    a_user("RPDO", "NBO")
    project = a_project(status="ACTIVE", complete=True)
    a_deadline(project, due_on=LATE)
    assert remind() == 1
    assert oversight.count_never(None).never == 1


# -- as a file, and the cost ------------------------------------------------------------------------------------------


def test_the_workbook_has_a_bound_and_says_so(browser_of, fund, monkeypatch):
    monkeypatch.setattr(views, "ROWS_AT_ONCE", 2)
    for days in (20, 19, 18):
        a_road(days=days, manager=None)
    browser = browser_of(fund)
    for path in ("/reminders", "/reminders/overdue", "/reminders/never"):
        assert "each with its first 2 rows" in browser.open(path).check().text
    book = load_workbook(io.BytesIO(browser.open("/reminders.xlsx").content))
    assert [row[-2] for row in list(book["Never reminded"].values)[1:]] == ["no", "no"]
    assert book["Overdue"].max_row == 3
    said = {row[0]: row[1:] for row in book["Read me"].values}
    assert said["Never reminded"] == (2, "There are more rows than these; filters choose the others.")
    assert said["Reminders"] == (0, "All rows that fit the filters.")
    chosen = browser.open("/reminders.xlsx?office=SOM").content
    assert list(load_workbook(io.BytesIO(chosen))["Read me"].values)[2] == (
        "Overdue",
        0,
        "All rows that fit the filters.",
    )


def test_the_workbook_holds_the_same(browser_of, fund):
    a_road("=Manager", days=9)
    a_project(status="ACTIVE", complete=True)
    orphan = a_project(status="ACTIVE", complete=True)
    a_deadline(orphan, due_on=LATE)
    remind()
    page = browser_of(fund).open("/reminders")
    with page.browser.client.get(page.soup.find("a", string="Excel")["href"]) as answer:
        book = load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["Reminders", "Overdue, sums", "Overdue", "Never reminded", "Read me"]
    sheets = {sheet.title: list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book}
    assert [row[7] for row in sheets["Reminders"]] == ["=Manager"]
    by = {}
    for cut, _code, _name, count in sheets["Overdue, sums"]:
        by[cut] = by.get(cut, 0) + count
    assert set(by.values()) == {2} and len(by) == 4
    assert len(sheets["Overdue"]) == 2
    assert sheets["Never reminded"][0][-1] == REASONS["nobody"]


PAGES = ("/reminders", "/reminders/overdue", "/reminders/never", "/projects/{reference}/reminders")


@pytest.mark.parametrize("path", PAGES)
def test_the_number_of_questions_does_not_grow(browser_of, fund, questions, path):
    project = a_road()
    counts = []
    browser = browser_of(fund)
    for rounds in (2, 10):
        for number in range(rounds):
            a_road(days=10 + number)
            a_deadline(project, due_on=TODAY - timedelta(days=rounds * 30 + number))
            orphan = a_project(status="ACTIVE", complete=True)
            a_deadline(orphan, due_on=LATE)
        remind()
        db.session.expire_all()
        browser.open(path.format(reference=project.reference))
        questions.clear()
        assert browser.open(path.format(reference=project.reference)).status == 200
        counts.append(len(questions))
    assert counts[0] == counts[1] <= 16, counts


def test_the_post_still_leaves(app, tmp_path):
    a_road()
    remind()
    post = mail.Post("", "PRIMA <prima@prima.example>", "https://prima.example", tmp_path)
    assert mail.send_waiting(db.session(), post).sent == 1
    assert oversight.told(None, Asked())[0].how == ("Sent", "green")
