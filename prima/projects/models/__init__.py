"""What is stored about a project, one file per noun."""

from prima.projects.models.budget import (
    ALLOCATIONS,
    ActivityAllocation,
    Allocation,
    AllocationBasis,
    AnyAllocation,
    AreaAllocation,
    Basis,
    BudgetLine,
    CountryAllocation,
    Dimension,
)
from prima.projects.models.calls import FundingRound
from prima.projects.models.changes import Change, ChangeKind, ChangeState, ChangeStep, Version
from prima.projects.models.classification import Extent, GenderAnswers, GovernanceMark, SdgMark, ThemeMark
from prima.projects.models.closure import Closing, Confirmation
from prima.projects.models.comments import Comment, Reply
from prima.projects.models.counters import Counter
from prima.projects.models.documents import Document
from prima.projects.models.plans import Agreement, Partner, Risk
from prima.projects.models.project import Bookmark, Coverage, Extension, Milestone, Part, Party, Project, Step
from prima.projects.models.proposal import Beneficiaries, Counted, Justification, Reach, Section
from prima.projects.models.results import ActivityPlan, Counting, Indicator, IndicatorSplit, Level, Measure, Result

__all__ = [
    "ALLOCATIONS",
    "ActivityAllocation",
    "ActivityPlan",
    "Agreement",
    "Allocation",
    "AllocationBasis",
    "AnyAllocation",
    "AreaAllocation",
    "Basis",
    "Beneficiaries",
    "Bookmark",
    "BudgetLine",
    "Change",
    "ChangeKind",
    "ChangeState",
    "ChangeStep",
    "Closing",
    "Comment",
    "Confirmation",
    "Counted",
    "Counter",
    "Counting",
    "CountryAllocation",
    "Coverage",
    "Dimension",
    "Document",
    "Extension",
    "Extent",
    "FundingRound",
    "GenderAnswers",
    "GovernanceMark",
    "Indicator",
    "IndicatorSplit",
    "Justification",
    "Level",
    "Measure",
    "Milestone",
    "Part",
    "Partner",
    "Party",
    "Project",
    "Reach",
    "Reply",
    "Result",
    "Risk",
    "SdgMark",
    "Section",
    "Step",
    "ThemeMark",
    "Version",
]
