"""Deadlines come from dates and the edition alone; decisions move what is open and never what was submitted."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prima.handbook
from prima.handbook.edition import parse
from prima.reporting.calendar import (
    AFTER_THE_END,
    LATE_CREATED,
    NO_LONGER_ASKED,
    PASSED,
    Due,
    Existing,
    ReportState,
    Timeliness,
    TimelinessKind,
    add_months,
    deadlines,
    lasts,
    line,
    periods,
    reminder_step,
    revised,
    timeliness,
)

FILE = Path(prima.handbook.__file__).parent / "editions" / "fund_current.toml"
EDITION = parse(FILE.read_text(encoding="utf-8"), FILE.name)
RULES = EDITION.deadlines
START, END = date(2024, 3, 1), date(2026, 2, 28)


def of_kind(dues, kind):
    return [due for due in dues if due.kind == kind]


def due_days(dues, kind):
    return [due.due_on.isoformat() for due in of_kind(dues, kind)]


def fund(start, end, **terms):
    return deadlines(start, end, RULES, funding="fund", **terms)


def standing(dues, submitted=()):
    """Rows as they would stand after `dues` were created; `submitted` holds pairs of kind and last day."""
    return [
        Existing(
            kind=due.kind,
            due_on=due.due_on,
            period_from=due.period_from,
            period_to=due.period_to,
            from_on=due.from_on,
            submitted=(due.kind, due.period_to) in submitted,
            ref=number,
        )
        for number, due in enumerate(dues)
    ]


def after(existing, changes):
    """The rows that stand once the changes are made."""
    moved = [
        replace(one, due_on=due.due_on, period_from=due.period_from, period_to=due.period_to, from_on=due.from_on)
        for one, due in changes.move
    ]
    return [*changes.keep, *moved, *standing(changes.add)]


# --- months ---


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 1, 31), 2, date(2024, 3, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2024, 12, 31), 0, date(2024, 12, 31)),
    ],
)
def test_months_clamp_to_the_last_day(day, months, then):
    assert add_months(day, months) == then


@pytest.mark.parametrize("start", [date(9999, 1, 1), date(9999, 12, 1)])
def test_dates_beyond_the_calendar_are_refused_in_words(start):
    with pytest.raises(ValueError, match="years that a calendar can hold"):
        fund(start, start + timedelta(days=20))


def test_an_end_before_the_start_is_refused_in_words():
    with pytest.raises(ValueError, match="last day lies before its first"):
        fund(END, START)


def test_a_project_has_twelve_months_on_the_last_day_of_the_twelfth():
    assert lasts(date(2024, 3, 1), date(2025, 2, 28), 12)
    assert not lasts(date(2024, 3, 1), date(2025, 2, 27), 12)
    assert lasts(date(2024, 2, 29), date(2025, 2, 27), 12)


# --- the rules ---


def test_the_worked_example():
    assert [line(due) for due in fund(START, END)] == [
        "2024-04-01\tRMF\t-",
        "2024-04-01\tWPL\t-",
        "2024-10-12\tINT_F\t2024-03-01/2024-08-31",
        "2024-10-12\tINT_N\t2024-03-01/2024-08-31",
        "2025-04-11\tINT_F\t2024-09-01/2025-02-28",
        "2025-04-11\tINT_N\t2024-09-01/2025-02-28",
        "2025-10-12\tINT_F\t2025-03-01/2025-08-31",
        "2025-10-12\tINT_N\t2025-03-01/2025-08-31",
        "2026-01-28\tEXT_REQ\t-",
        "2026-05-28\tFIN_F\t2024-03-01/2026-02-28",
        "2026-05-28\tFIN_N\t2024-03-01/2026-02-28",
        "2027-02-28\tEVA\t2026-08-28/2027-02-28",
    ]


def test_periods_of_a_start_on_the_31st_are_counted_from_the_start():
    assert list(periods(date(2023, 8, 31), date(2025, 8, 30), 6)) == [
        (date(2023, 8, 31), date(2024, 2, 28)),
        (date(2024, 2, 29), date(2024, 8, 30)),
        (date(2024, 8, 31), date(2025, 2, 27)),
    ]


def test_a_start_on_a_leap_day():
    dues = fund(date(2024, 2, 29), date(2026, 2, 27))
    assert due_days(dues, "RMF") == ["2024-03-29"]
    assert [due.period_to.isoformat() for due in of_kind(dues, "INT_N")] == ["2024-08-28", "2025-02-27", "2025-08-28"]


def test_an_end_on_the_31st():
    dues = fund(date(2015, 1, 1), date(2015, 8, 31))
    assert due_days(dues, "EXT_REQ") == ["2015-07-31"]
    assert due_days(dues, "FIN_N") == ["2015-11-30"]
    assert [(due.from_on, due.due_on) for due in of_kind(dues, "EVA")] == [(date(2016, 2, 29), date(2016, 8, 31))]


def test_a_project_under_twelve_months_gives_final_reports_only():
    assert {due.kind for due in fund(START, date(2025, 2, 27))} == {"RMF", "WPL", "FIN_N", "FIN_F", "EXT_REQ", "EVA"}


def test_a_project_of_exactly_twelve_months_gives_one_interim():
    assert due_days(fund(START, date(2025, 2, 28)), "INT_N") == ["2024-10-12"]


@pytest.mark.parametrize(("end", "asked"), [(date(2025, 3, 29), 1), (date(2025, 3, 30), 2), (date(2025, 3, 31), 2)])
def test_a_tail_under_thirty_days_falls_to_the_final_report(end, asked):
    assert len(due_days(fund(START, end), "INT_F")) == asked


def test_donors_agree_how_often_and_whether_to_evaluate():
    usual = deadlines(START, END, RULES, funding="donor")
    assert len(of_kind(usual, "INT_N")) == 3
    assert of_kind(usual, "EVA") == []
    quarterly = deadlines(START, END, RULES, funding="donor", interim_every=3, evaluation=True)
    assert len(of_kind(quarterly, "INT_N")) == 7
    assert due_days(quarterly, "EVA") == ["2027-02-28"]
    assert due_days(deadlines(START, END, RULES, funding="donor", interim_every=12), "INT_N") == ["2025-04-11"]
    assert of_kind(deadlines(START, END, RULES, funding="donor", interim_every=0), "INT_N") == []


def test_an_activation_after_the_start_gives_time_for_what_would_be_past():
    dues = fund(START, END, decided_on=date(2024, 10, 13))
    assert [(due.kind, due.due_on, due.why) for due in dues[:4]] == [
        (kind, date(2024, 11, 24), LATE_CREATED) for kind in ("INT_F", "INT_N", "RMF", "WPL")
    ]
    assert all(due.why == "" for due in dues[4:])


def test_a_deadline_on_the_day_of_the_decision_is_not_past():
    assert due_days(fund(START, END, decided_on=date(2024, 4, 1)), "RMF") == ["2024-04-01"]


def test_a_last_day_for_asking_that_has_passed_is_not_announced():
    assert of_kind(fund(START, END, decided_on=date(2026, 2, 1)), "EXT_REQ") == []


def test_submitted_reports_are_not_asked_again():
    sent = [one for one in standing(fund(START, END)) if one.kind == "INT_N"][:1]
    assert due_days(fund(START, END, kept=sent), "INT_N") == ["2025-04-11", "2025-10-12"]
    assert len(due_days(fund(START, END, kept=sent), "INT_F")) == 3


# --- decisions ---


def change(existing, end, was_end=END, *, start=START, decided_on, **terms):
    return revised(existing, start, end, RULES, was_end=was_end, decided_on=decided_on, **({"funding": "fund"} | terms))


def test_an_extension_keeps_what_is_unaffected_and_moves_the_rest():
    existing = standing(fund(START, END), {("INT_N", date(2024, 8, 31))})
    changes = change(existing, date(2026, 8, 31), decided_on=date(2025, 12, 1))
    assert {(one.kind, due.due_on.isoformat()) for one, due in changes.move} == {
        ("FIN_N", "2026-11-30"),
        ("FIN_F", "2026-11-30"),
        ("EXT_REQ", "2026-07-31"),
        ("EVA", "2027-08-31"),
    }
    assert [line(due) for due in changes.add] == [
        "2026-04-11\tINT_F\t2025-09-01/2026-02-28",
        "2026-04-11\tINT_N\t2025-09-01/2026-02-28",
    ]
    assert len(changes.keep) == 8
    assert changes.drop == ()


def test_an_extension_across_twelve_months_gains_the_missing_interims():
    end = date(2024, 12, 31)
    existing = standing(fund(START, end))
    changes = change(existing, date(2025, 6, 30), end, decided_on=date(2024, 12, 1))
    assert [(due.kind, due.due_on, due.why) for due in changes.add] == [
        ("INT_F", date(2025, 1, 12), LATE_CREATED),
        ("INT_N", date(2025, 1, 12), LATE_CREATED),
        ("INT_F", date(2025, 4, 11), ""),
        ("INT_N", date(2025, 4, 11), ""),
    ]


def test_an_overdue_report_stays_overdue_when_the_project_is_extended():
    existing = standing(fund(START, END))
    changes = change(existing, date(2026, 8, 31), decided_on=date(2025, 12, 1))
    assert [one.due_on for one in changes.keep if one.kind == "INT_N"] == [
        date(2024, 10, 12),
        date(2025, 4, 11),
        date(2025, 10, 12),
    ]


def test_a_date_moved_by_a_decision_is_not_moved_back_by_the_next():
    existing = [
        replace(one, due_on=date(2025, 11, 30)) if one.period_to == date(2025, 8, 31) else one
        for one in standing(fund(START, END))
    ]
    changes = change(existing, date(2026, 8, 31), decided_on=date(2025, 9, 1))
    assert date(2025, 11, 30) in {one.due_on for one in changes.keep if one.kind == "INT_N"}


def test_a_final_report_already_submitted_stays_and_the_longer_project_asks_another():
    existing = standing(fund(START, END), {("FIN_N", END)})
    changes = change(existing, date(2026, 8, 31), decided_on=date(2026, 2, 1))
    assert [one.due_on for one in changes.keep if one.kind == "FIN_N"] == [date(2026, 5, 28)]
    assert due_days(changes.add, "FIN_N") == ["2026-11-30"]
    assert [due.due_on for one, due in changes.move if one.kind == "FIN_F"] == [date(2026, 11, 30)]


def test_on_shortening_open_deadlines_after_the_new_end_fall_away():
    existing = standing(fund(START, END), {("INT_N", date(2024, 8, 31)), ("INT_F", date(2024, 8, 31))})
    changes = change(existing, date(2025, 6, 30), decided_on=date(2025, 5, 15))
    assert {(one.kind, one.period_to, why) for one, why in changes.drop} == {
        ("INT_N", date(2025, 8, 31), AFTER_THE_END),
        ("INT_F", date(2025, 8, 31), AFTER_THE_END),
    }
    assert {(one.kind, due.due_on.isoformat()) for one, due in changes.move} == {
        ("FIN_N", "2025-09-30"),
        ("FIN_F", "2025-09-30"),
        ("EXT_REQ", "2025-05-30"),
        ("EVA", "2026-06-30"),
    }
    assert changes.add == ()


def test_a_report_owed_before_the_new_end_is_owed_although_the_project_is_now_short():
    changes = change(standing(fund(START, END)), date(2024, 12, 31), decided_on=date(2024, 12, 20))
    assert [one.due_on for one in changes.keep if one.kind == "INT_N"] == [date(2024, 10, 12)]
    again = after([], changes)
    longer = change(again, date(2025, 1, 31), date(2024, 12, 31), decided_on=date(2024, 12, 21))
    assert [one.due_on for one in longer.keep if one.kind == "INT_N"] == [date(2024, 10, 12)]


def test_a_shortening_decided_long_afterwards_gives_time_for_the_final_reports():
    changes = change(standing(fund(START, END)), date(2025, 3, 31), decided_on=date(2025, 8, 1))
    assert {(due.due_on, due.why) for one, due in changes.move if one.kind == "FIN_F"} == {
        (date(2025, 9, 12), LATE_CREATED)
    }
    assert [why for one, why in changes.drop if one.kind == "EXT_REQ"] == [PASSED]


def test_a_cancelled_project_cannot_ask_for_an_extension():
    changes = change(standing(fund(START, END)), date(2025, 6, 30), decided_on=date(2025, 5, 15), cancelled=True)
    assert [why for one, why in changes.drop if one.kind == "EXT_REQ"] == [AFTER_THE_END]
    assert "EXT_REQ" not in {due.kind for due in changes.add}


def test_deadlines_added_by_hand_stay_unless_the_project_ends_before_them():
    by_hand = [
        Existing(kind="INT_F", due_on=date(2025, 1, 15), ad_hoc=True),
        Existing(kind="INT_F", due_on=date(2025, 12, 15), ad_hoc=True),
        Existing(kind="MRS", due_on=date(2027, 3, 31)),
    ]
    existing = [*standing(fund(START, END)), *by_hand]
    assert set(by_hand) <= set(change(existing, date(2026, 8, 31), decided_on=date(2025, 12, 1)).keep)
    shortened = change(existing, date(2025, 6, 30), decided_on=date(2025, 5, 15))
    assert (by_hand[1], AFTER_THE_END) in shortened.drop
    assert {by_hand[0], by_hand[2]} <= set(shortened.keep)


def test_a_donor_who_no_longer_asks_for_interim_reports():
    existing = standing(deadlines(START, END, RULES, funding="donor"))
    changes = change(existing, END, decided_on=date(2024, 6, 1), funding="donor", interim_every=0)
    assert {(one.kind, why) for one, why in changes.drop} == {("INT_N", NO_LONGER_ASKED), ("INT_F", NO_LONGER_ASKED)}


def test_a_donor_who_asks_more_often_from_now_on():
    existing = standing(deadlines(START, END, RULES, funding="donor"), {("INT_N", date(2024, 8, 31))})
    changes = change(existing, END, decided_on=date(2024, 10, 1), funding="donor", interim_every=3)
    rows = after(existing, changes)
    assert len({row.period_to for row in rows if row.kind == "INT_F"}) == 7
    assert sorted(row.period_to for row in rows if row.kind == "INT_N")[:2] == [date(2024, 8, 31), date(2024, 11, 30)]


# --- for all calendars ---

starts = st.dates(date(2012, 1, 1), date(2032, 12, 31))
spans = st.integers(0, 2200)
everies = st.sampled_from([None, 1, 3, 6, 12])


@given(start=starts, span=spans, every=everies, funding=st.sampled_from(["fund", "donor"]))
def test_every_calendar_is_ordered_and_complete(start, span, every, funding):
    end = start + timedelta(days=span)
    dues = deadlines(start, end, RULES, funding=funding, interim_every=every)
    assert [(due.due_on, due.kind) for due in dues] == sorted((due.due_on, due.kind) for due in dues)
    assert max(Counter((due.kind, due.period_to) for due in dues).values()) == 1
    assert {"RMF", "WPL", "FIN_N", "FIN_F", "EXT_REQ"} <= {due.kind for due in dues}
    interims = of_kind(dues, "INT_N")
    assert [(due.period_to, due.due_on) for due in interims] == [
        (due.period_to, due.due_on) for due in of_kind(dues, "INT_F")
    ]
    day = start
    for due in interims:  # no gap and no overlap, from the first day on
        assert due.period_from == day
        assert due.period_to >= day
        day = due.period_to + timedelta(days=1)
    assert all((end - due.period_to).days >= 30 for due in interims)
    assert bool(interims) <= lasts(start, end, 12)


@given(start=starts, span=spans, late=st.integers(0, 2500))
def test_no_decision_creates_a_deadline_in_its_past(start, span, late):
    decided_on = start + timedelta(days=late)
    for due in fund(start, start + timedelta(days=span), decided_on=decided_on):
        assert due.due_on >= decided_on
        assert due.why == "" or (due.why, due.due_on) == (LATE_CREATED, decided_on + timedelta(days=42))


@given(start=starts, span=spans)
def test_a_decision_that_changes_no_date_changes_nothing(start, span):
    end = start + timedelta(days=span)
    existing = standing(fund(start, end))
    changes = change(existing, end, end, start=start, decided_on=end)
    assert sorted(changes.keep, key=lambda one: one.ref) == existing
    assert (changes.move, changes.add, changes.drop) == ((), (), ())


@given(
    start=starts,
    span=spans,
    steps=st.lists(st.tuples(st.integers(0, 2200), st.integers(0, 400), st.booleans()), min_size=1, max_size=6),
    data=st.data(),
)
def test_over_any_sequence_of_changes_nothing_is_lost_doubled_or_unsubmitted(start, span, steps, data):
    end, today = start + timedelta(days=span), start
    rows = standing(fund(start, end, decided_on=today))
    for span, pause, cancelled in steps:
        was_end, end, today = end, start + timedelta(days=span), today + timedelta(days=pause)
        rows = [
            replace(row, ref=number, submitted=row.submitted or (row.kind != "EXT_REQ" and data.draw(st.booleans())))
            for number, row in enumerate(rows)
        ]
        changes = change(rows, end, was_end, start=start, decided_on=today, cancelled=cancelled and end < was_end)
        told = [*changes.keep, *(one for one, _ in changes.move), *(one for one, _ in changes.drop)]
        assert sorted(one.ref for one in told) == list(range(len(rows)))
        assert {row for row in rows if row.submitted} <= set(changes.keep)
        assert all(due.due_on >= today for due in [*changes.add, *(due for _, due in changes.move)])
        rows = after(rows, changes)
        assert max(Counter((row.kind, row.period_to) for row in rows).values()) == 1
        for kind in ("FIN_N", "FIN_F"):
            assert any(row.kind == kind and row.period_to >= end for row in rows)
            assert len([row for row in rows if row.kind == kind and not row.submitted]) <= 1
        if end > was_end:  # what a fresh calendar would ask is there
            have = {(row.kind, row.period_to) for row in rows}
            assert {(due.kind, due.period_to) for due in fund(start, end) if due.kind == "INT_N"} <= have
        if end < was_end:
            open_interims = [row for row in rows if row.kind.startswith("INT") and not row.submitted]
            assert all(row.due_on <= end for row in open_interims)


# --- how late, and when to remind ---

DUE_ON, PERIOD_TO = date(2024, 10, 12), date(2024, 8, 31)


@pytest.mark.parametrize(
    ("state", "today", "kind", "days"),
    [
        (None, date(2024, 8, 30), TimelinessKind.NOT_YET_DUE, 43),
        (None, date(2024, 8, 31), TimelinessKind.DUE, 42),
        (ReportState.DRAFT, date(2024, 10, 12), TimelinessKind.DUE, 0),
        (ReportState.DRAFT, date(2024, 10, 13), TimelinessKind.OVERDUE, 1),
        (ReportState.RETURNED, date(2024, 10, 20), TimelinessKind.OVERDUE, 8),
    ],
)
def test_what_is_not_handed_in_is_due_from_the_periods_last_day(state, today, kind, days):
    assert timeliness(state, DUE_ON, PERIOD_TO, None, today) == Timeliness(kind, days)


@pytest.mark.parametrize("state", [ReportState.SUBMITTED, ReportState.CHECKED, ReportState.ACCEPTED, ReportState.SENT])
def test_what_is_handed_in_is_judged_by_its_first_submission(state):
    today = date(2025, 1, 1)
    assert timeliness(state, DUE_ON, PERIOD_TO, DUE_ON, today) == Timeliness(TimelinessKind.ON_TIME, 0)
    late = timeliness(state, DUE_ON, PERIOD_TO, date(2024, 10, 15), today)
    assert late == Timeliness(TimelinessKind.LATE, 3)


@pytest.mark.parametrize(
    ("days", "code", "copies"),
    [
        (-31, None, set()),
        (-30, "before-30", set()),
        (-15, "before-30", set()),
        (-14, "before-14", set()),
        (-3, "before-3", set()),
        (0, "day", set()),
        (6, "day", set()),
        (7, "after-7", {"region"}),
        (20, "after-14", {"region"}),
        (21, "after-21", {"region", "fund"}),
        (400, "after-399", {"region", "fund"}),
    ],
)
def test_only_the_latest_step_of_the_ladder_counts(days, code, copies):
    step = reminder_step(EDITION.ladder, DUE_ON, DUE_ON + timedelta(days=days))
    assert (step.code if step else None, set(step.copies) if step else set()) == (code, copies)
    assert step is None or step.on <= DUE_ON + timedelta(days=days)


def test_the_last_day_for_an_extension_is_announced_three_times_and_then_no_more():
    steps = [reminder_step(EDITION.extension_ladder, DUE_ON, DUE_ON + timedelta(days=n)) for n in range(-95, 30)]
    assert {step.code for step in steps if step} == {"before-90", "before-60", "before-30"}


def test_a_window_is_shown_in_place_of_a_period():
    assert line(Due(kind="EVA", from_on=date(2026, 8, 28), due_on=END)) == "2026-02-28\tEVA\t2026-08-28/2026-02-28"
