"""What is done to deadlines and reports: one verb, one function; none commits, none knows of a request."""

from prima.reporting.operations.activation import activate
from prima.reporting.operations.calendars import make_address, revoke
from prima.reporting.operations.deadlines import end, recompute
from prima.reporting.operations.due_dates import ask_report, move_due_date, take_back
from prima.reporting.operations.reports import decide, record_lesson, save, submit, withdraw_lesson
from prima.reporting.operations.spending import confirm, prepare, take_over

__all__ = [
    "activate",
    "ask_report",
    "confirm",
    "decide",
    "end",
    "make_address",
    "move_due_date",
    "prepare",
    "recompute",
    "record_lesson",
    "revoke",
    "save",
    "submit",
    "take_back",
    "take_over",
    "withdraw_lesson",
]
