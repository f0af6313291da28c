"""What PRIMA writes of a report."""

from prima.projects.papers.word import MEDIA_TYPE as WORD
from prima.reporting.papers.report import report

__all__ = ["WORD", "report"]
