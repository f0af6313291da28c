"""What is done to deadlines and reports: one verb, one function; none commits, none knows of a request."""

from prima.reporting.operations.activation import activate, cancel, close
from prima.reporting.operations.deadlines import end, recompute
from prima.reporting.operations.extension import extend
from prima.reporting.operations.reports import decide, save, submit
from prima.reporting.operations.spending import confirm, prepare, take_over

__all__ = [
    "activate",
    "cancel",
    "close",
    "confirm",
    "decide",
    "end",
    "extend",
    "prepare",
    "recompute",
    "save",
    "submit",
    "take_over",
]
