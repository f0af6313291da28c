"""The timeline's geometry: everything inside the drawing, in the order of its dates, and no label on another."""

from datetime import date, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from prima.timeline import LABEL_STEP, LEFT, LETTER, WIDTH, Mark, Span, draw

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
        assert LEFT <= flag.x <= WIDTH + 11 * len(marks)
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
