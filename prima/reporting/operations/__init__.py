"""What is done to deadlines and reports: one verb, one function; none commits, none knows of a request."""

from prima.reporting.operations.activation import activate, cancel, close
from prima.reporting.operations.deadlines import end, recompute
from prima.reporting.operations.extension import extend
from prima.reporting.operations.reports import decide, record_lesson, save, submit, withdraw_lesson

__all__ = [
    "activate", "cancel", "close", "decide", "end", "extend", "recompute", "record_lesson", "save", "submit",
    "withdraw_lesson",
]  # fmt: skip
