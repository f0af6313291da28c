"""What each project of a portfolio proposes: a small matrix with its workplan, two risks, the classification."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from prima.demonstration.portfolio.plans import SUBJECTS, WAYS, Plan
from prima.demonstration.portfolio.tables import Lists, Rows
from prima.projects.models import Extent, Level, Measure

# fmt: off
SHAPE = (  # level, place of the row above, position, text, assumption
    (Level.OBJECTIVE, None, 1, "To contribute to {subject}", ""),
    (Level.OUTCOME, None, 1, "Institutions apply what they have agreed on {subject}", "Decisions are taken in time"),
    (Level.OUTPUT, 2, 1, "What is needed for {subject} is agreed", "Counterparts keep their focal points"),
    (Level.OUTPUT, 2, 2, "Those concerned have received {way}", "Trained people stay in their posts"),
    (Level.ACTIVITY, 3, 1, "Assess what there is and what is missing", "Figures can be seen"),
    (Level.ACTIVITY, 3, 2, "Draft and agree the procedure", "Comments come within a month"),
    (Level.ACTIVITY, 4, 1, "Carry out {way}", "Places can be reached"),
)
MEASURED = (  # place of the row, text, unit, source, baseline, target
    (2, "Institutions that apply the procedure", "institutions", "Visits every three months", 0, 6),
    (3, "Meetings in which decisions were taken", "meetings", "Minutes of the meetings", 1, 8),
    (4, "People who pass the test at the end", "people", "Attendance lists and tests", 0, 120),
)
PLANNED = ((5, "Consultants", 0, 4), (6, "Ministry", 3, 7), (7, "Project manager", 5, 9))
"""Place of the activity, responsible party, from and to in tenths of the duration."""
RISKS = (
    ("Focal points change and decisions wait.", "C3", "L4", "T2", "Ask for a deputy, and brief newcomers.", 60),
    ("Prices rise above the estimate.", "C2", "L3", "T5", "Ask for offers in the first quarter.", 120),
)
"""Factor, consequence, likelihood, treatment, action, days after the start."""
OF_THE_AREA = {
    "EPC": ("P3", "O2", "1.5"), "MHD": ("P1", "O1", "3.8"), "IBM": ("P1", "O3", "16.9"), "MAD": ("P1", "O3", "8.7"),
    "LHD": ("P3", "O1", "8.8"), "MPR": ("P2", "O3", "10.7"), "MECC": ("P2", "O2", "13.1"),
}
"""A principle and an objective of the governance framework, and an SDG target."""
ANSWERS = {"2b": (Extent.YES, True), "2a": (Extent.YES, False), "1": (Extent.SOME, False), "0": (Extent.NO, False)}
"""Three equal answers and the main aim that suggest a gender marker code; N/A has none."""
# fmt: on


def result_id(plan: Plan, place: int) -> int:
    """Places count from 1."""
    return (plan.id - 1) * len(SHAPE) + place


RESULT_COLUMNS = ("id", "project_id", "parent_id", "level", "position", "text", "assumption")


def result_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        words = {"subject": SUBJECTS[plan.area][2], "way": WAYS[plan.activity][1]}
        for place, (level, above, position, text, assumption) in enumerate(SHAPE, 1):
            parent = result_id(plan, above) if above else None
            yield (
                result_id(plan, place), plan.id, parent, level.value, position, text.format(**words), assumption,
            )  # fmt: skip


INDICATOR_COLUMNS = (
    "id", "project_id", "result_id", "position", "text", "measure", "unit", "source", "baseline", "target",
    "baseline_value", "target_value", "by_sex", "library_code",
)  # fmt: skip


def indicator_id(plan: Plan, place: int) -> int:
    return (plan.id - 1) * len(MEASURED) + place


def indicator_rows(plans: Sequence[Plan], lists: Lists) -> Rows:
    """Every third outcome and output takes its indicator from the library, where there is one for its level."""
    for plan in plans:
        for place, (row, text, unit, source, baseline, target) in enumerate(MEASURED, 1):
            measure, code = Measure.NUMBER.value, None
            shelf = lists.library.get(SHAPE[row - 1][0].value, ())
            if shelf and plan.id % 3 == 0:
                code, text, measure, unit, source = shelf[(plan.id // 3 + place) % len(shelf)]
            goal = target + plan.id % 40
            yield (
                indicator_id(plan, place), plan.id, result_id(plan, row), 1, text, measure, unit, source,
                str(baseline), str(goal), baseline, goal, False, code,
            )  # fmt: skip


WORKPLAN_COLUMNS = ("result_id", "project_id", "responsible", "months")


def workplan_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        for place, party, start, stop in PLANNED:
            yield result_id(plan, place), plan.id, party, months(plan, start, stop)


def months(plan: Plan, start: int, stop: int) -> str:
    """From tenths of the duration to a list of months, as JSON."""
    first = start * plan.months // 10 + 1
    return str(list(range(first, max(first, -(-stop * plan.months // 10)) + 1)))


RISK_COLUMNS = (
    "project_id", "position", "factor", "consequence_code", "likelihood_code", "timing", "treatment_code", "action",
    "owner", "due_on",
)  # fmt: skip


def risk_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        start = plan.starts_on or plan.since_on + timedelta(days=120)
        for position, (factor, consequence, likelihood, treatment, action, days) in enumerate(RISKS, 1):
            yield (
                plan.id, position, factor, consequence, likelihood, "Whole duration", treatment, action,
                "Project manager", start + timedelta(days=days),
            )  # fmt: skip


MARK_COLUMNS = ("project_id", "code")


def governance_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        principle, objective, _target = OF_THE_AREA[SUBJECTS[plan.area][0]]
        yield plan.id, principle
        yield plan.id, objective


def sdg_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        yield plan.id, OF_THE_AREA[SUBJECTS[plan.area][0]][2]


GENDER_COLUMNS = ("project_id", "needs_analysis", "outputs", "activities", "main_aim")


def gender_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        if answer := ANSWERS.get(plan.marker):
            extent, main_aim = answer
            yield plan.id, extent.value, extent.value, extent.value, main_aim
