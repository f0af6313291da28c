"""Monitoring on its pages: values of indicators, activities, risks and beneficiaries, by those who record them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from prima.db import db
from prima.journal import Entry
from prima.projects.models import (
    Beneficiaries,
    Counted,
    Counting,
    Indicator,
    Level,
    Measure,
    Part,
    Party,
    Result,
    Risk,
)
from prima.projects.stages import Status
from prima.reporting.calendar import ReportState
from prima.reporting.models import ActivityProgress, ActivityState, IndicatorValue, Reached, Report, RiskReview
from prima.reporting.queries import monitoring
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project

ADD_UP = "What came since the value before: values are added up"
TO_DATE = "The total to its date: the newest value counts"
SEXES = ("female", "male", "other / not stated")


@pytest.fixture
def manager(app):
    return a_user("PM", "KEN", name="The manager")


@pytest.fixture
def project(manager):
    """From 1 October 2015 to 30 September 2017; today is 1 October 2016."""
    return an_active_project(manager)


def an_indicator(project, **more):
    found = db.session.scalars(
        select(Indicator).where(Indicator.project_id == project.id).order_by(Indicator.id.desc()).limit(1)
    ).one()
    for name, value in more.items():
        setattr(found, name, value)
    db.session.commit()
    return found


def at(project, *more):
    return "/".join(["/projects", project.reference, "monitoring", *map(str, more)])


def put(page, day, value, counting=None, **more):
    page.fill("Day", day).fill("Value", value).fill("Source", "Attendance records")
    if counting:
        page.fill("How the values count", counting)
    for label, text in more.items():
        page.fill(label, text)
    return page.press("Record the value")


def stored():
    db.session.expire_all()
    return list(db.session.scalars(select(IndicatorValue).order_by(IndicatorValue.on_day)))


# -- values of indicators ---------------------------------------------------------------------------------------------


def test_values_are_recorded_summed_and_shown(browser_of, manager, project):
    indicator = an_indicator(project, baseline="10", baseline_value=Decimal(10))
    browser = browser_of(manager)
    page = browser.open(f"/projects/{project.reference}").follow("Monitoring").check()
    assert page.heading == "Monitoring"
    assert "nothing recorded yet" in page.text
    page = browser.open(at(project, "indicators", indicator.id)).check()
    page = put(page, "2016-03-31", "12", ADD_UP).check()
    assert page.messages == ["The value is recorded."]
    assert "How the values count" not in page.labels
    page = put(page, "2016-09-30", "18").check()
    assert page.definition("Achieved") == "40 30 added to the baseline"
    assert page.definition("Share of the target") == "100.0% reached"
    assert [row[:2] for row in page.rows("Values")] == [["30 Sep 2016", "18"], ["31 Mar 2016", "12"]]
    row = next(row for row in browser.open(at(project)).check().rows("Indicators") if "30 Sep 2016" in row)
    assert row[1:5] == ["10", "40", "40 30 added to the baseline", "100.0% reached"]
    assert len(stored()) == 2 and indicator.counting is Counting.INCREMENT
    journal = list(db.session.scalars(select(Entry.event).where(Entry.event.like("indicator value%"))))
    assert journal == ["indicator value recorded"] * 2


def test_more_than_the_target_is_allowed_and_shown(browser_of, manager, project):
    indicator = an_indicator(project)
    page = put(browser_of(manager).open(at(project, "indicators", indicator.id)), "2016-09-30", "50", TO_DATE)
    assert page.check().definition("Share of the target") == "125.0% exceeded"


@pytest.mark.parametrize(
    ("day", "value", "error"),
    [
        ("2015-09-30", "1", "Day: The project began on 1 Oct 2015. Please give a later day."),
        ("2016-10-02", "1", "Day: This day is still to come. Please give today or an earlier day."),
        ("0001-01-01", "1", "Day: Please type a day between 1990 and 2100."),
        ("9999-12-31", "1", "Day: Please type a day between 1990 and 2100."),
        ("2016-09-30", "", "Value: Please fill this in."),
        ("2016-09-30", "many", "Value: Please type a number of 0 or more, such as 2 or 1.5."),
        ("2016-09-30", "9" * 1000, "Value: Please type a number of 0 or more, such as 2 or 1.5."),
        ("2016-09-30", "10000000000", "Value: Please type at most 9,999,999,999."),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_kept(browser_of, manager, project, day, value, error):
    indicator = an_indicator(project)
    page = put(browser_of(manager).open(at(project, "indicators", indicator.id)), day, value, ADD_UP).check()
    assert (page.status, page.errors) == (422, [error])
    assert (page.value("Value"), page.value("Source")) == (value, "Attendance records")
    assert stored() == []


@pytest.mark.parametrize("text", ["\x00", "a" * 1_000_000, "\u202e\u0645\u0631\u062d\u0628\u0627", "🧭"])
def test_any_text_gets_an_answer(browser_of, manager, project, text):
    indicator = an_indicator(project, measure=Measure.WORDS)
    page = browser_of(manager).open(at(project, "indicators", indicator.id))
    page.fill("Day", "2016-09-30").fill("What was found", text).fill("Source", text).fill("Evidence", text)
    assert page.press("Record the value").status in (200, 422)


def test_the_first_value_says_how_all_count(browser_of, manager, project):
    indicator = an_indicator(project)
    browser = browser_of(manager)
    page = browser.open(at(project, "indicators", indicator.id))
    late = browser_of(manager).open(at(project, "indicators", indicator.id))  # opened before there was a value
    assert put(page, "2016-03-31", "12").errors == ["How the values count: Please choose how the values count."]
    put(browser.open(at(project, "indicators", indicator.id)), "2016-03-31", "12", ADD_UP)
    page = put(late, "2016-04-30", "20", TO_DATE).check()
    assert page.status == 422
    assert page.errors == [
        "How the values count: How the values count is fixed by the first one. To change it, remove the values first."
    ]
    page = browser.open(at(project, "indicators", indicator.id))
    page = page.follow("Remove, 31 Mar 2016").check().press("Remove the value").check()
    assert page.messages == ["The value is removed."] and stored() == []
    put(page, "2016-04-30", "20", TO_DATE)
    assert db.session.get_one(Indicator, indicator.id).counting is Counting.TO_DATE


def test_what_goes_down_is_no_increment(browser_of, manager, project):
    indicator = an_indicator(project, baseline="50", baseline_value=Decimal(50), target="10", target_value=Decimal(10))
    page = put(browser_of(manager).open(at(project, "indicators", indicator.id)), "2016-03-31", "30", ADD_UP)
    assert page.status == 422 and page.errors[0].startswith("How the values count: The target is below the baseline")
    page = page.fill("How the values count", TO_DATE).press("Record the value").check()
    assert page.definition("Share of the target") == "50.0%"


def test_a_percentage_has_numerator_and_denominator(browser_of, manager, project):
    indicator = an_indicator(project, measure=Measure.PERCENTAGE, target="80", target_value=Decimal(80))
    page = browser_of(manager).open(at(project, "indicators", indicator.id)).check()
    above, below = "Of whom or which it is true (numerator)", "Out of how many (denominator)"

    def fill(page, day, numerator, denominator):
        page.fill("Day", day).fill("Source", "Survey").fill(above, numerator).fill(below, denominator)
        return page.press("Record the value").check()

    page.fill("How the values count", ADD_UP)
    page = fill(page, "2016-03-31", "3", "0")
    assert page.errors == [f"{below}: The denominator cannot be 0: nothing can be a share of nothing."]
    page = fill(page, "2016-03-31", "30", "20")
    assert page.errors == [f"{above}: This is more than the denominator. Please type how many of them it is true of."]
    page = fill(page, "2016-03-31", "10", "20")
    page = fill(page, "2016-09-30", "30", "60")
    assert page.definition("Achieved") == "50.0% 40 of 80"


def test_a_split_value_is_not_less_than_its_parts(browser_of, manager, project):
    indicator = an_indicator(project, by_sex=True)
    page = browser_of(manager).open(at(project, "indicators", indicator.id)).check()
    assert set(SEXES) <= set(page.labels)
    page.fill("female", "8").fill("male", "7")
    page = put(page, "2016-03-31", "12", ADD_UP).check()
    assert page.errors == ["Value: The parts add up to 3 more than this. Please make them agree."]
    page = page.fill("male", "3").press("Record the value").check()
    assert page.definition("Achieved") == "12 female: 8 male: 3 of no stated group: 1"
    both = an_indicator(project, by_age=True)
    assert "female, 0-17" in browser_of(manager).open(at(project, "indicators", both.id)).check().labels


def test_one_day_has_one_value(browser_of, manager, project):
    indicator = an_indicator(project)
    page = put(browser_of(manager).open(at(project, "indicators", indicator.id)), "2016-03-31", "12", ADD_UP)
    page = put(page, "2016-03-31", "13")
    assert page.status == 422 and page.errors[0].startswith("Day: There is a value of this day already.")


def test_yes_or_no_counts_by_its_newest(browser_of, manager, project):
    indicator = an_indicator(project, measure=Measure.YES_NO, baseline="no", target="yes", target_value=None)
    page = browser_of(manager).open(at(project, "indicators", indicator.id)).check()
    page.fill("Day", "2016-03-31").fill("What was found", "yes").fill("Source", "The gazette")
    page = page.press("Record the value").check()
    assert page.definition("Share of the target") == "100.0% reached"


def test_two_who_correct_one_value_see_both(browser_of, manager, project):
    alternate = a_user("PM", "KEN", name="The alternate")
    db.session.add(Party(project_id=project.id, user_id=alternate.id, part=Part.ALTERNATE))
    indicator = an_indicator(project)
    mine = browser_of(manager)
    put(mine.open(at(project, "indicators", indicator.id)), "2016-03-31", "12", ADD_UP)
    [value] = stored()
    place = at(project, "indicators", indicator.id, "values", value.id)
    page, theirs = mine.open(place).check(), browser_of(alternate).open(place).check()
    assert page.value("Value") == "12"
    assert theirs.fill("Value", "13").press("Save the correction").messages == ["The value is corrected."]
    page = page.fill("Value", "14").press("Save the correction").check()
    assert page.status == 409
    assert ["Value", "14", "13"] in page.rows("What you typed, and what stands there now")
    page = page.press("Save what I typed").check()
    assert page.messages == ["The value is corrected."]
    assert [one.value for one in stored()] == [14]


def test_a_correction_of_what_is_gone_becomes_a_new_value(browser_of, manager, project):
    indicator = an_indicator(project)
    browser = browser_of(manager)
    put(browser.open(at(project, "indicators", indicator.id)), "2016-03-31", "12", ADD_UP)
    [value] = stored()
    place = at(project, "indicators", indicator.id, "values", value.id)
    stale, asked = browser.open(place), browser.open(f"{place}/remove")
    browser.open(f"{place}/remove").press("Remove the value")
    assert asked.press("Remove the value").status == 200
    page = stale.fill("Value", "15").press("Save the correction").check()
    assert page.status == 409 and page.value("Value") == "15"
    page = page.fill("How the values count", ADD_UP).press("Record the value").check()
    assert [one.value for one in stored()] == [15]


def test_a_value_corrected_meanwhile_is_not_removed_unseen(browser_of, manager, project):
    indicator = an_indicator(project)
    browser = browser_of(manager)
    put(browser.open(at(project, "indicators", indicator.id)), "2016-03-31", "12", ADD_UP)
    [value] = stored()
    place = at(project, "indicators", indicator.id, "values", value.id)
    asked = browser.open(f"{place}/remove")
    browser.open(place).fill("Value", "13").press("Save the correction")
    assert asked.press("Remove the value").status == 409
    assert [one.value for one in stored()] == [13]


def test_only_manager_and_alternate_record_and_only_while_it_runs(browser_of, manager, project):
    indicator = an_indicator(project)
    place = at(project, "indicators", indicator.id)
    mine, reader = browser_of(manager), browser_of(a_user("VIEW"))
    assert reader.open(place).check().buttons == []
    form = mine.open(place)
    project.status = Status.OP_CLOSED
    db.session.commit()
    page = put(form, "2016-03-31", "12", ADD_UP)
    assert page.status == 409 and page.value("Value") == "12"
    assert page.errors == ["The project does not run any more, so nothing can be recorded on it."]
    assert mine.open(place).check().buttons == []
    project.status = Status.CANCELLED
    a_deadline(project, "FIN_N", date(2016, 12, 1))
    db.session.commit()
    assert "Record the value" in mine.open(place).buttons
    token = {"csrf_token": "x"}
    assert reader.request("POST", place, data=token).status in (400, 403)


def test_what_was_taken_out_keeps_its_values_and_takes_no_more(browser_of, manager, project):
    indicator = an_indicator(project)
    browser = browser_of(manager)
    page = put(browser.open(at(project, "indicators", indicator.id)), "2016-03-31", "12", ADD_UP)
    db.session.get_one(Result, indicator.result_id).retired_on = TODAY
    db.session.commit()
    assert put(page, "2016-04-30", "3").status == 409
    page = browser.open(at(project, "indicators", indicator.id)).check()
    assert "taken out on 1 Oct 2016 by a change of results" in page.text and "Record the value" not in page.buttons
    assert "taken out on 1 Oct 2016" in browser.open(at(project)).check().text


def test_a_project_before_activation_has_no_monitoring(browser_of, manager):
    project = an_active_project(manager, status=Status.APPROVED, starts_on=None, ends_on=None)
    assert browser_of(manager).open(at(project)).status == 404


def test_a_report_reads_what_came_in_its_period(browser_of, manager, project):
    indicator = an_indicator(project)
    browser = browser_of(manager)
    for day, value, counting in (("2015-12-01", "5", ADD_UP), ("2016-04-01", "7", None)):
        put(browser.open(at(project, "indicators", indicator.id)), day, value, counting)
    loaded = monitoring.monitored(project.reference)
    found = monitoring.values_in(loaded, date(2016, 4, 1), date(2016, 9, 30))
    assert (found[indicator.id].within.number, found[indicator.id].to_date.number) == (7, 12)
    others = [one for number, one in found.items() if number != indicator.id]
    assert others and all(one.to_date is None for one in others)


def test_the_pages_ask_as_much_for_one_value_as_for_many(browser_of, manager, project, questions):
    indicator = an_indicator(project, by_sex=True)
    browser = browser_of(manager)

    def counted(*more):
        questions.clear()
        assert browser.open(at(project, *more)).status == 200
        return len(questions)

    pages = [(), ("indicators", indicator.id), ("activities",), ("risks",), ("beneficiaries",)]
    put(browser.open(at(project, "indicators", indicator.id)), "2016-03-31", "12", ADD_UP, female="3")
    first = [counted(*more) for more in pages]
    for day in range(1, 9):
        put(browser.open(at(project, "indicators", indicator.id)), f"2016-04-0{day}", "12", female="3")
    assert [counted(*more) for more in pages] == first
    assert max(first) <= 18


# -- activities -------------------------------------------------------------------------------------------------------


def activity_of(project):
    return db.session.scalars(
        select(Result).where(Result.project_id == project.id, Result.level == Level.ACTIVITY)
    ).one()


def test_an_activity_past_its_months_is_late_until_it_is_done(browser_of, manager, project):
    browser = browser_of(manager)
    page = browser.open(at(project, "activities")).check()
    [row] = [row for row in page.rows("Activities") if row[0] == "1.1.1"]
    assert row[2] == "1 Oct 2015 – 31 Dec 2015 late"
    page = page.fill("State, activity 1.1.1", "done").press("Save").check()
    assert page.status == 422
    assert page.errors == ["Done on, activity 1.1.1: Please give the day on which it was done."]
    page = page.fill("Done on, activity 1.1.1", "2016-10-02").press("Save").check()
    assert page.errors == ["Done on, activity 1.1.1: This day is still to come. Please give today or an earlier day."]
    page.fill("Done on, activity 1.1.1", "2016-02-01").fill("Note, activity 1.1.1", "Held in Garissa.")
    page = page.press("Save").check()
    assert page.messages == ["Saved."] and "late" not in page.text
    progress = db.session.scalars(select(ActivityProgress)).one()
    assert (progress.state, progress.done_on, progress.version) == (ActivityState.DONE, date(2016, 2, 1), 1)
    page = page.fill("State, activity 1.1.1", "under way").press("Save").check()
    assert page.errors[0].startswith("Done on, activity 1.1.1: Only what is done has such a day.")
    assert "Held in Garissa." in browser_of(a_user("VIEW")).open(at(project, "activities")).check().text


def test_two_who_report_an_activity_see_both(browser_of, manager, project):
    mine, theirs = browser_of(manager), browser_of(manager)
    page, other = mine.open(at(project, "activities")), theirs.open(at(project, "activities"))
    other.fill("State, activity 1.1.1", "under way").press("Save")
    page = page.fill("Note, activity 1.1.1", "Waits for rooms.").press("Save").check()
    assert page.status == 409
    page = page.press("Save what I typed").check()
    assert page.value("Note, activity 1.1.1") == "Waits for rooms."


def test_an_activity_taken_out_meanwhile_is_told(browser_of, manager, project):
    page = browser_of(manager).open(at(project, "activities"))
    activity_of(project).retired_on = TODAY
    db.session.commit()
    page = page.fill("Note, activity 1.1.1", "Begun.").press("Save")
    assert page.status == 422 and "taken out meanwhile" in page.errors[0]
    assert page.value("Note, activity in line 1") == "Begun."


# -- risks ------------------------------------------------------------------------------------------------------------


def test_risks_are_reviewed_and_the_plan_stays(browser_of, manager, project):
    browser = browser_of(manager)
    page = browser.open(at(project, "risks")).check()
    assert "Never reviewed" in page.text and "review due" in page.text
    page.fill("Consequence, risk 1", "5 Major").fill("Note, risk 1", "The ministry changes.")
    page = page.press("Save").check()
    assert "Reviewed this month" in page.text and "review due" not in page.text
    page = page.fill("Looked at, and stands as before, risk 1", True).press("Save").check()
    assert [row[1:5] for row in page.rows("Reviews of risk 1")] == [
        ["open", "Major", "Possible", "The ministry changes."]
    ] * 2
    assert db.session.scalars(select(Risk.consequence_code).filter_by(project_id=project.id)).one() == "C3"
    reviews = list(db.session.scalars(select(RiskReview)))
    assert {one.on_day for one in reviews} == {TODAY}
    reviews[0].on_day = reviews[1].on_day = date(2016, 6, 30)
    db.session.commit()
    assert "Reviewed 3 months ago" in browser.open(at(project, "risks")).text
    assert page.press("Save").status == 200
    assert len(list(db.session.scalars(select(RiskReview)))) == 2  # nothing touched, nothing kept


def test_risks_are_internal(browser_of, manager, project):
    staff = browser_of(a_user("VIEW"))
    assert staff.open(at(project, "risks")).status == 404
    assert "Risks" not in staff.open(at(project)).check().links
    assert "Risks" in browser_of(a_user("RPDO", "NBO")).open(at(project)).check().links


# -- beneficiaries ----------------------------------------------------------------------------------------------------


def report(project, kind, due_on, numbers):
    deadline = a_deadline(project, kind, due_on, is_open=False)
    found = Report(deadline=deadline, state=ReportState.ACCEPTED, texts=[], spending=[], steps=[], reached=[])
    found.reached = [Reached(beneficiaries_id=group, number=number) for group, number in numbers.items()]
    db.session.add(found)
    db.session.flush()


def group_of(project):
    """A group of which nobody said how it is counted."""
    group = db.session.scalars(
        select(Beneficiaries).filter_by(project_id=project.id).order_by(Beneficiaries.id)
    ).first()
    group.counted = group.repeated = None
    return group


def test_reached_is_shown_beside_planned_for_each_way_of_counting(browser_of, manager, project):
    group = group_of(project)
    report(project, "INT_N", date(2016, 5, 12), {group.id: 300})
    report(project, "INT_N", date(2016, 9, 12), {group.id: 260})
    browser = browser_of(manager)
    page = browser.open(at(project, "beneficiaries")).check()
    [label] = [one for one in page.labels if one.startswith("How it is counted, ")]
    page = page.fill(label, "people, nobody counted twice").press("Save").check()
    assert page.messages == ["Saved."]
    db.session.expire_all()
    assert (group.counted, group.repeated) == (Counted.PEOPLE, False)
    assert label not in page.labels  # declared, and reports state numbers
    assert "Save" not in page.buttons
    assert [row[1:4] for row in page.rows("Groups")] == [["500", "560 60 above the plan", "112.0%"]]
    page.fill("Who", "Migrants (general)").fill("Reached", "directly").fill("Sex", "female").fill("Age", "not stated")
    page = page.fill("How it is counted", "services, with repetition").press("Add the group")
    page = page.check()
    added = db.session.scalars(select(Beneficiaries).where(Beneficiaries.planned == 0)).one()
    assert (added.counted, added.repeated, added.sex_code) == (Counted.SERVICES, True, "SEX_FEMALE")
    assert {"In total: people, nobody counted twice", "In total: services, with repetition"} <= set(page.captions)
    assert "never added up" in page.text
    assert page.table("In total: people, nobody counted twice").totals == [
        ["All of them", "500", "560 60 above the plan", "112.0%"]
    ]


def test_a_group_that_stands_is_not_added_again(browser_of, manager, project):
    page = browser_of(manager).open(at(project, "beneficiaries"))
    page.fill("Who", "Migrants (general)").fill("Reached", "directly").fill("Sex", "other / not stated").fill(
        "Age", "not stated"
    )
    page = page.fill("How it is counted", "people, with repetition").press("Add the group")
    assert page.check().status == 422 and page.errors == ["Who: This group stands above already."]
    assert page.press("Add the group").errors == ["Who: This group stands above already."]


def test_a_way_of_counting_stays_once_numbers_are_told(browser_of, manager, project):
    group = group_of(project)
    mine = browser_of(manager)
    page = mine.open(at(project, "beneficiaries"))
    [label] = [one for one in page.labels if one.startswith("How it is counted, ")]
    page = page.fill(label, "people, with repetition").press("Save").check()
    stale = page.fill(label, "services, with repetition")
    report(project, "INT_N", date(2016, 5, 12), {group.id: 300})
    db.session.commit()
    page = stale.press("Save").check()
    assert page.status == 422 and page.errors[0].endswith(
        "Reports state numbers counted so, and it stays for all of them."
    )
