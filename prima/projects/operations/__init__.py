"""What is done to a project: one verb, one function; none commits, none knows of a request."""

from prima.projects.operations.allocation import allocate
from prima.projects.operations.beneficiaries import plan_beneficiaries
from prima.projects.operations.budget import revise_budget
from prima.projects.operations.concept import propose
from prima.projects.operations.cover import describe
from prima.projects.operations.documents import file_document, file_papers
from prima.projects.operations.justify import justify
from prima.projects.operations.milestones import plan_milestones
from prima.projects.operations.moves import advance, number, take, take_part, toggle_bookmark
from prima.projects.operations.sections import write_section
from prima.projects.operations.team import add_developer, remove_developer

__all__ = [
    "add_developer",
    "advance",
    "allocate",
    "describe",
    "file_document",
    "file_papers",
    "justify",
    "number",
    "plan_beneficiaries",
    "plan_milestones",
    "propose",
    "remove_developer",
    "revise_budget",
    "take",
    "take_part",
    "toggle_bookmark",
    "write_section",
]
