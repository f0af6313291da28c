"""What is stored about a project, one file per noun."""

from prima.projects.models.budget import (
    ALLOCATIONS,
    ActivityAllocation,
    Allocation,
    AllocationBasis,
    AreaAllocation,
    Basis,
    BudgetLine,
    Dimension,
)
from prima.projects.models.counters import Counter
from prima.projects.models.documents import Document
from prima.projects.models.project import Bookmark, Coverage, Extension, Milestone, Part, Party, Project, Step
from prima.projects.models.proposal import Beneficiaries, Justification, Reach, Section

__all__ = [
    "ALLOCATIONS",
    "ActivityAllocation",
    "Allocation",
    "AllocationBasis",
    "AreaAllocation",
    "Basis",
    "Beneficiaries",
    "Bookmark",
    "BudgetLine",
    "Counter",
    "Coverage",
    "Dimension",
    "Document",
    "Extension",
    "Justification",
    "Milestone",
    "Part",
    "Party",
    "Project",
    "Reach",
    "Section",
    "Step",
]
