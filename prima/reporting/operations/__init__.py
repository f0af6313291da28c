"""What is done to deadlines and reports: one verb, one function; none commits, none knows of a request."""

from prima.reporting.operations.activation import activate, cancel, close
from prima.reporting.operations.deadlines import end, recompute
from prima.reporting.operations.reports import decide, save, submit

__all__ = ["activate", "cancel", "close", "decide", "end", "recompute", "save", "submit"]
