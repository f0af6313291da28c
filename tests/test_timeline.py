"""The timeline's geometry: everything inside the drawing, in the order of its dates, and no label on another."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from prima import filters
from prima.db import db
from prima.projects.models import Change, Step
from prima.reporting.models import Report
from prima.timeline import CROWD, LABEL_STEP, LANES, LEFT, LETTER, RIGHT, SIGN, WIDTH, Mark, Span, draw
from tests.factories import a_deadline, a_user, an_active_project

TODAY = date(2016, 10, 1)
PLAN = Span("Planned", date(2015, 3, 1), date(2017, 2, 28), "planned")


def place_of(flag):
    """The stretch a label covers, as wide as its text is estimated."""
    length = len(flag.mark.label) * LETTER
    return (flag.label_x, flag.label_x + length) if flag.anchor == "start" else (flag.label_x - length, flag.label_x)


def test_nothing_to_draw_is_no_drawing():
    assert draw([], [], TODAY) is None


def test_a_bar_covers_its_days():
    drawing = draw([PLAN], [], TODAY)
    bar = drawing.bars[0]
    assert drawing.from_on == date(2015, 3, 1)
    assert drawing.to_on == date(2017, 2, 28)
    assert bar.x == drawing.left
    assert abs(bar.x + bar.width - drawing.right) < 0.2


def test_an_extension_follows_the_plan_in_the_same_row_and_what_happened_has_its_own():
    extension = Span("Extension 1", date(2017, 3, 1), date(2017, 8, 31), "extension")
    actual = Span("Actual", date(2015, 3, 16), TODAY, "actual")
    drawing = draw([actual, extension, PLAN], [], TODAY)
    planned, extended, happened = drawing.bars
    assert planned.y == extended.y < happened.y
    assert [row.kind for row in drawing.rows] == ["planned", "actual"]
    assert planned.x + planned.width <= extended.x + 0.2


def test_spans_that_overlap_get_rows_of_their_own():
    drawing = draw([PLAN, Span("Second plan", date(2016, 1, 1), date(2018, 1, 1), "planned")], [], TODAY)
    assert drawing.bars[0].y != drawing.bars[1].y


def test_today_is_drawn_when_it_is_near_and_left_out_when_it_is_far():
    assert draw([PLAN], [], TODAY).today_x is not None
    assert draw([PLAN], [], date(2017, 3, 20)).today_x is not None
    assert draw([PLAN], [], date(2026, 1, 1)).today_x is None


def test_a_single_day_can_be_drawn():
    drawing = draw([], [Mark("Approved", TODAY, "stage", "done")], TODAY)
    assert drawing.flags[0].x == drawing.today_x


def test_years_stand_once_each():
    ticks = draw([PLAN], [], TODAY).ticks
    assert [tick.on.year for tick in ticks if tick.is_year] == [2015, 2016, 2017]


def test_signs_of_one_day_stand_side_by_side():
    drawing = draw(
        [PLAN], [Mark("Narrative", TODAY, "report", "late"), Mark("Financial", TODAY, "report", "done")], TODAY
    )
    assert drawing.flags[0].x != drawing.flags[1].x


days = st.dates(date(2010, 1, 1), date(2030, 12, 31))


@given(
    st.lists(
        st.builds(Mark, st.text("abc ", min_size=1, max_size=30), days, st.just("report")), min_size=1, max_size=15
    ),
    days,
)
def test_no_label_covers_another_and_all_stay_inside(marks, today):
    drawing = draw([], marks, today)
    assert [flag.mark.on for flag in drawing.flags] == sorted(mark.on for mark in marks)
    for flag in drawing.flags:
        left, right = place_of(flag)
        assert LEFT <= flag.x <= WIDTH - RIGHT
        assert left >= 0
        assert right <= WIDTH
        assert flag.label_y + LABEL_STEP / 2 <= drawing.height
    for one, other in combinations(drawing.flags, 2):
        if one.label_y == other.label_y:
            (left, right), (other_left, other_right) = place_of(one), place_of(other)
            assert right <= other_left or other_right <= left


@given(st.lists(st.tuples(days, st.integers(0, 2000)), min_size=1, max_size=6), days)
def test_every_bar_stays_inside(spans, today):
    drawing = draw([Span("x", start, start + timedelta(days=length), "actual") for start, length in spans], [], today)
    for bar in drawing.bars:
        assert drawing.left <= bar.x
        assert bar.x + bar.width <= drawing.right + 3
        assert bar.y + bar.height < drawing.marks_y


@given(st.lists(st.builds(Mark, st.text("abc ", min_size=1, max_size=30), days, st.just("stage")), max_size=60), days)
def test_no_sign_hides_another_and_none_leaves_the_drawing(marks, today):
    drawing = draw([PLAN], marks, today)
    places = [flag.x for flag in drawing.flags]
    assert places == sorted(places)
    assert all(other - one >= SIGN - 0.2 for one, other in pairwise(places))
    assert all(LEFT <= place <= WIDTH - RIGHT for place in places)


def test_a_suspension_stands_in_the_row_of_what_happened():
    before = Span("Implementation", date(2015, 3, 1), date(2015, 12, 31), "actual")
    suspended = Span("Suspended", date(2016, 1, 1), date(2016, 3, 31), "suspended")
    drawing = draw([PLAN, suspended, before], [], TODAY)
    assert [row.kind for row in drawing.rows] == ["planned", "actual"]
    assert drawing.bars[1].y == drawing.bars[2].y


# -- what a project tells ---------------------------------------------------------------------------------------------

ROAD = (
    ("submit", "DRAFT", "OFFICE_CLEAR", 40, "Submitted"),
    ("clear", "OFFICE_CLEAR", "REVIEW", 45, "Head of office cleared, in review"),
    ("pass", "REVIEW", "ENDORSE", 55, "Reviewed"),
    ("endorse", "ENDORSE", "ENDORSED", 60, "Endorsed"),
    ("to-fund", "ENDORSED", "FUND_REVIEW", 61, "In Fund review"),
    ("recommend", "FUND_REVIEW", "APPROVER", 70, "Recommended by the Fund"),
    ("approve", "APPROVER", "APPROVED", 75, "Approved"),
    ("activate", "APPROVED", "ACTIVE", 80, "Activated"),
    ("suspend", "ACTIVE", "SUSPENDED", 100, ""),
    ("resume", "SUSPENDED", "ACTIVE", 130, ""),
    ("close", "ACTIVE", "OP_CLOSED", 500, "Operationally closed"),
    ("settle", "OP_CLOSED", "FIN_CLOSED", 560, "Financially closed"),
)
BEGUN = datetime(2014, 6, 1, 9, tzinfo=UTC)


def with_a_whole_life():
    manager = a_user("PM", "KEN")
    project = an_active_project(
        manager, status="FIN_CLOSED", starts_on=date(2014, 8, 20), ends_on=date(2015, 8, 31), created_at=BEGUN
    )
    for move, source, target, days_later, _word in ROAD:
        at = BEGUN + timedelta(days=days_later)
        db.session.add(Step(project_id=project.id, move=move, source=source, target=target, at=at))
    for number, (kind, state) in enumerate((("no_cost_extension", "approved"), ("budget", "refused")), 1):
        db.session.add(
            Change(
                project_id=project.id, number=number, kind=kind, state=state, decided_on=date(2015, 5, 4),
                made_by_id=manager.id,
            )
        )  # fmt: skip
    evaluation = a_deadline(project, "EVA", date(2016, 8, 31), from_on=date(2016, 2, 29))
    report = Report(deadline_id=evaluation.id, state="accepted", first_submitted_on=date(2016, 7, 1))
    db.session.add(report)
    db.session.flush()
    db.session.expire(project)
    return manager, project


def test_every_stage_change_and_suspension_stands_in_the_list(browser_of):
    manager, project = with_a_whole_life()
    rows = browser_of(manager).open(f"/projects/{project.reference}").check().rows("Dates on the timeline")
    told = {what: (when, state) for when, what, state in rows}
    for _move, _source, _target, days_later, word in ROAD:
        if word:
            assert told[word] == (filters.day((BEGUN + timedelta(days=days_later)).date()), "done"), word
    assert told["Suspended"] == ("9 Sep 2014 – 8 Oct 2014", "suspended")
    assert told["Change 1: no-cost extension"] == ("4 May 2015", "done")
    assert not any("Change 2" in what for what in told)
    assert told["Evaluation received"] == ("1 Jul 2016", "done")
    assert told["Today"] == ("1 Oct 2016", "")
    implemented = [row[0] for row in rows if row[1] == "Implementation"]
    assert implemented == ["20 Aug 2014 – 8 Sep 2014", "9 Oct 2014 – 31 Aug 2015"]


def test_a_project_still_suspended_is_so_until_today(browser_of):
    manager = a_user("PM", "KEN")
    project = an_active_project(manager, status="SUSPENDED")
    at = datetime(2016, 9, 1, 9, tzinfo=UTC)
    db.session.add(Step(project_id=project.id, move="suspend", source="ACTIVE", target="SUSPENDED", at=at))
    rows = browser_of(manager).open(f"/projects/{project.reference}").rows("Dates on the timeline")
    assert ["1 Sep 2016 – 1 Oct 2016", "Suspended", "suspended"] in rows


@given(
    st.lists(
        st.builds(
            Mark, st.text("abc ", min_size=1, max_size=30), days, st.sampled_from(["stage", "report", "change"]),
            st.sampled_from(["done", "late", "ahead", "due"]),
        ),
        min_size=CROWD + 1, max_size=60,
    )
)  # fmt: skip
def test_a_crowd_names_what_has_room_and_the_list_names_all(marks):
    drawing = draw([PLAN], marks, TODAY)
    assert len(drawing.flags) == len(marks)
    assert drawing.height <= drawing.marks_y + 22 + LANES * LABEL_STEP
    named = [flag for flag in drawing.flags if flag.named]
    for one, other in combinations(named, 2):
        if one.label_y == other.label_y:
            (left, right), (other_left, other_right) = place_of(one), place_of(other)
            assert right <= other_left or other_right <= left
    late = [flag for flag in drawing.flags if flag.mark.state in ("late", "due")]
    assert not late or any(flag.named for flag in late)


def test_few_marks_are_all_named():
    marks = [Mark(f"Report {number}", TODAY + timedelta(days=number), "report") for number in range(CROWD)]
    assert all(flag.named for flag in draw([PLAN], marks, TODAY).flags)
