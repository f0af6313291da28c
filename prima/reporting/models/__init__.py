"""What is stored about deadlines, reports, monitoring, spending, evaluations and lessons, one file per noun."""

from prima.reporting.models.calendars import CalendarAddress, CalendarScope
from prima.reporting.models.deadlines import Deadline, DeadlineChange
from prima.reporting.models.evaluation import Evaluation, Finding, FollowUp, Rating, Recommendation, Response
from prima.reporting.models.exports import ExportFormat, ExportJob, ExportState
from prima.reporting.models.lessons import Lesson, LessonKind
from prima.reporting.models.monitoring import (
    ActivityProgress,
    ActivityState,
    IndicatorPart,
    IndicatorValue,
    RiskReview,
    RiskState,
)
from prima.reporting.models.reminders import About, Reason, Reminder
from prima.reporting.models.reports import Reached, Report, ReportRemark, ReportStep, ReportText, Spending
from prima.reporting.models.searches import ListColumns, SavedSearch
from prima.reporting.models.spending import Expense, ExpenseKind, SpendingImport
from prima.reporting.models.summary import (
    ActivityByCountry,
    AreaByActivity,
    AreaByCountry,
    PortfolioChange,
    PortfolioRollup,
    PortfolioSum,
    Unmarked,
)

__all__ = [
    "About",
    "ActivityByCountry",
    "ActivityProgress",
    "ActivityState",
    "AreaByActivity",
    "AreaByCountry",
    "CalendarAddress",
    "CalendarScope",
    "Deadline",
    "DeadlineChange",
    "Evaluation",
    "Expense",
    "ExpenseKind",
    "ExportFormat",
    "ExportJob",
    "ExportState",
    "Finding",
    "FollowUp",
    "IndicatorPart",
    "IndicatorValue",
    "Lesson",
    "LessonKind",
    "ListColumns",
    "PortfolioChange",
    "PortfolioRollup",
    "PortfolioSum",
    "Rating",
    "Reached",
    "Reason",
    "Recommendation",
    "Reminder",
    "Report",
    "ReportRemark",
    "ReportStep",
    "ReportText",
    "Response",
    "RiskReview",
    "RiskState",
    "SavedSearch",
    "Spending",
    "SpendingImport",
    "Unmarked",
]
