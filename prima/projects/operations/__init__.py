"""What is done to a project: one verb, one function; none commits, none knows of a request."""

from prima.projects.operations.allocation import allocate
from prima.projects.operations.beneficiaries import plan_beneficiaries
from prima.projects.operations.budget import bring_lines, revise_budget
from prima.projects.operations.changes import save_change, take_change
from prima.projects.operations.classification import classify
from prima.projects.operations.comments import add_comment, discard_draft, reopen_comment, reply, resolve_comment
from prima.projects.operations.concept import propose
from prima.projects.operations.copying import copy
from prima.projects.operations.cover import describe
from prima.projects.operations.currency import choose_currency
from prima.projects.operations.documents import file_document, file_papers
from prima.projects.operations.indicators import (
    add_indicator,
    insert_indicator,
    remove_indicator,
    revise_indicator,
    shift_indicator,
)
from prima.projects.operations.justify import justify
from prima.projects.operations.matrix import add_result, move_result, remove_result, revise_matrix, shift_result
from prima.projects.operations.milestones import plan_milestones
from prima.projects.operations.moves import advance, number, take, take_part, toggle_bookmark
from prima.projects.operations.partners import list_partners
from prima.projects.operations.risks import plan_risks
from prima.projects.operations.sections import write_section
from prima.projects.operations.team import add_developer, remove_developer
from prima.projects.operations.versions import freeze, give_codes
from prima.projects.operations.workplan import plan_activities

__all__ = [
    "add_comment",
    "add_developer",
    "add_indicator",
    "add_result",
    "advance",
    "allocate",
    "bring_lines",
    "choose_currency",
    "classify",
    "copy",
    "describe",
    "discard_draft",
    "file_document",
    "file_papers",
    "freeze",
    "give_codes",
    "insert_indicator",
    "justify",
    "list_partners",
    "move_result",
    "number",
    "plan_activities",
    "plan_beneficiaries",
    "plan_milestones",
    "plan_risks",
    "propose",
    "remove_developer",
    "remove_indicator",
    "remove_result",
    "reopen_comment",
    "reply",
    "resolve_comment",
    "revise_budget",
    "revise_indicator",
    "revise_matrix",
    "save_change",
    "shift_indicator",
    "shift_result",
    "take",
    "take_change",
    "take_part",
    "toggle_bookmark",
    "write_section",
]
