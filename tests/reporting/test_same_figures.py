"""The report, its files, the monitoring page and the lights say the same of indicators and activities."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from prima.db import db
from prima.projects import queries as projects
from prima.projects.models import Counting, Indicator, Level, Measure, Result
from prima.reporting import queries
from prima.reporting.lights import figures
from prima.reporting.models import ActivityProgress, ActivityState, IndicatorValue
from prima.reporting.monitoring import Reading, achieved
from prima.reporting.queries.lights import recorded
from prima.reporting.standing import activity_row, indicator_row
from prima.reporting.steps import report_type
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project

START = date(2015, 10, 1)
AMOUNT = st.decimals(0, 500, places=2)
RESULT = SimpleNamespace(name="1 An outcome", number="1", text="An activity")


@st.composite
def measured(draw):
    """How an indicator is read, and what was recorded on it: (day, value, numerator, denominator, words)."""
    measure = draw(st.sampled_from(list(Measure)))
    figured = measure in (Measure.NUMBER, Measure.PERCENTAGE)
    bounds = [draw(AMOUNT) if figured else None for _one in range(2)]
    texts = [f"{one:f}" for one in bounds] if figured else ["no", draw(st.sampled_from(["yes", "no", "many"]))]
    indicator = {
        "measure": measure,
        "counting": draw(st.sampled_from(Counting)) if figured else Counting.TO_DATE,
        "baseline": texts[0], "target": texts[1], "baseline_value": bounds[0], "target_value": bounds[1],
    }  # fmt: skip
    days = draw(st.lists(st.integers(0, 364), unique=True, max_size=4))
    values = []
    for after in days:
        figure = [None, None, None]
        if measure is Measure.NUMBER:
            figure[0] = draw(AMOUNT)
        elif measure is Measure.PERCENTAGE:
            figure[1:] = [draw(AMOUNT), draw(AMOUNT.filter(bool))]
        words = "" if figured else draw(st.sampled_from(["yes", "no"]))
        values.append((START + timedelta(days=after), *figure, words))
    return indicator, values


@given(taken=measured())
def test_a_row_of_a_report_is_what_monitoring_says(taken):
    indicator, values = taken
    one = SimpleNamespace(text="An indicator", unit="officials", **indicator)
    readings = [Reading(*value) for value in values]
    row, found = indicator_row(RESULT, one, readings), achieved(one, readings)
    if found is None:
        assert (row.achieved, row.share, row.on_day) == ("", None, None)
        return
    assert (row.share, row.on_day) == (found.share, found.on_day)
    assert indicator_row(RESULT, one, list(reversed(readings))) == row
    if found.level is None:
        assert row.achieved == found.words
    else:
        assert abs(row.number - found.level) <= (Decimal("0.05") if indicator["measure"] == Measure.PERCENTAGE else 0)


@given(
    months=st.lists(st.integers(1, 30), max_size=4),
    state=st.sampled_from(list(ActivityState)),
    day=st.dates(date(2015, 9, 1), date(2018, 12, 31)),
)
def test_an_activity_is_late_in_a_report_when_the_light_counts_it(months, state, day):
    project = SimpleNamespace(
        starts_on=START,
        results=[SimpleNamespace(id=1, parent_id=None, level=Level.ACTIVITY, position=1, text="", assumption="",
                                 retired_on=None)],
        indicators=[], milestones=[], risks=[], budget=Decimal(0),
        plans=[SimpleNamespace(result_id=1, months=months)],
    )  # fmt: skip
    said = SimpleNamespace(readings={}, states={1: state}, activities_on=None, reviews={}, worth={}, spent=None)
    row = activity_row(RESULT, months, SimpleNamespace(state=state, done_on=None, note=""), START, day)
    assert row.late == bool(figures(project, said, day).due.late)


@pytest.fixture
def running(app, browser_of):
    manager = a_user("PM", "KEN", name="The manager")
    project = an_active_project(manager)
    return project, manager.id, browser_of(manager), a_deadline(project, "INT_N", date(2016, 11, 11)).id


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(measured(), min_size=3, max_size=3), out=st.integers(0, 3), late=st.booleans())
def test_report_monitoring_and_lights_show_the_same(running, taken, out, late):
    project, manager_id, browser, deadline_id = running
    indicators = db.session.scalars(select(Indicator).filter_by(project_id=project.id).order_by(Indicator.id)).all()
    db.session.execute(delete(IndicatorValue).where(IndicatorValue.project_id == project.id))
    db.session.execute(delete(ActivityProgress).where(ActivityProgress.project_id == project.id))
    for place, (indicator, (stands, values)) in enumerate(zip(indicators, taken, strict=True)):
        indicator.retired_on, indicator.text = TODAY if place == out else None, f"Indicator {place}"
        for name, value in stands.items():
            setattr(indicator, name, value)
        for on_day, value, numerator, denominator, words in values:
            db.session.add(
                IndicatorValue(project_id=project.id, indicator_id=indicator.id, on_day=on_day, value=value,
                               numerator=numerator, denominator=denominator, words=words, saved_by_id=manager_id)
            )  # fmt: skip
    activity = db.session.scalars(select(Result).filter_by(project_id=project.id, level=Level.ACTIVITY)).one()
    state = ActivityState.UNDER_WAY if late else ActivityState.DONE
    db.session.add(ActivityProgress(project_id=project.id, result_id=activity.id, state=state, saved_by_id=manager_id))
    db.session.commit()
    db.session.expire_all()

    address = f"/projects/{project.reference}"
    report = browser.open(f"{address}/reports/{deadline_id}").check()
    listed = browser.open(f"{address}/monitoring").check()
    shares = {row[0].split(" (")[0]: row[4] for row in listed.rows("Indicators") if len(row) > 4}
    told = {row[0].split(" (")[0]: row for row in report.rows("Indicators")}
    assert set(told) == {f"Indicator {place}" for place in range(3) if place != out}
    for name, row in told.items():
        assert (row[4] or "not known") == shares[name].split("% ")[0] + ("%" if "% " in shares[name] else "")

    deadline = queries.deadline(project.reference, deadline_id)
    standing = queries.standing(deadline, report_type(deadline))
    found = figures(projects.running(project.reference), recorded(project), TODAY)
    judged = [one.share for one in standing.indicators if has_a_way(one, indicators)]
    assert judged == list(found.shares)
    assert [one.late for one in standing.activities] == [late] and found.due.late == late

    sheets = openpyxl.load_workbook(io.BytesIO(browser.open(f"{address}/reports/{deadline_id}.xlsx").content))
    cells = list(sheets["Indicators"].iter_rows(min_row=2, values_only=True))
    written = [row[8] for row in cells]
    assert written == [None if one.share is None else pytest.approx(float(one.share)) for one in standing.indicators]


def has_a_way(row, indicators):
    one = next(one for one in indicators if one.text == row.name)
    if one.measure == Measure.YES_NO:
        return one.target in ("yes", "no")
    return one.measure != Measure.WORDS and one.baseline_value != one.target_value
