"""The rows of the sixty Fund projects' results matrices and workplans, and which of them a budget line pays for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from prima.demonstration import matrices
from prima.demonstration.matrices import Figure, Meter, Outcome, Output, Work
from prima.demonstration.proposals import Case
from prima.demonstration.stories import Drafted
from prima.lists import CuratedIndicator
from prima.projects.models import ActivityPlan, Indicator, IndicatorSplit, Level, Measure, Project, Result
from prima.projects.stages import Status

Paid = dict[str, int]
"""The result that each category of budget lines pays for, by the category's code."""
SHARED = {"STAFF.INT": 0, "STAFF.NAT": 1, "OFFICE.RENT": 1, "OFFICE.COMM": 0, "OPER.EVAL": 0}
"""What no single activity needs is told of an output: the first or the second."""
COUNTED = (Measure.NUMBER, Measure.PERCENTAGE)
LIBRARY = "ANY.01"
"""Officials who complete a training: taken from the library by every project whose courses are for officials."""
FOR_OTHERS = ("HLT", "MDV")
"""The focus areas whose courses are for health workers and for families."""
PARTICIPANTS, WOMEN = 100, 40
TENTHS = 10
MANY, STEP_OF_MANY, STEP_OF_FEW = 500, 50, 5
"""Large figures are planned in fifties, small ones in fives."""


@dataclass
class Node:
    """A row of the matrix, its place in the tree, and what belongs to it."""

    case: Case
    row: Result
    above: Node | None = None
    meter: Meter | None = None
    work: Work | None = None


def build(session: Session, told: Sequence[tuple[Project, Case]]) -> dict[int, Paid]:
    """Matrices and workplans of all projects, level by level; what lines pay for, by the project's number."""
    nodes = [node for project, case in told for node in _tree(project, case)]
    for level in Level:
        there = [node for node in nodes if node.row.level is level]
        for node in there:
            node.row.parent_id = node.above.row.id if node.above else None
        session.add_all(node.row for node in there)
        session.flush()
    sources = {project.id: random.Random(case.story.title) for project, case in told}  # nosec B311
    session.add_all(_indicator(node, sources[node.row.project_id]) for node in nodes if node.meter)
    if shelf := session.get(CuratedIndicator, LIBRARY):
        session.add_all(taken for node in nodes if (taken := _taken(node, shelf)))
    session.add_all(plan for node in nodes if node.work for plan in _plans(node, node.work))
    return {project.id: _paid([node for node in nodes if node.row.project_id == project.id]) for project, _ in told}


def _tree(project: Project, case: Case) -> Iterator[Node]:
    """Every row before those below it, as far as the story has come."""
    story = case.story
    if story.status is Status.CONCEPT:
        return
    matrix = matrices.of(story)
    goal = case.words["result"]
    yield _node(case, project, Level.OBJECTIVE, 1, goal[0].upper() + goal[1:] + ".", "", meter=matrix.meter)
    if story.drafted is Drafted.BEGUN:
        return
    outcomes = matrix.outcomes[:1] if story.drafted is Drafted.HALF else matrix.outcomes
    for place, outcome in enumerate(outcomes, 1):
        yield from _outcome(project, case, place, outcome)


def _outcome(project: Project, case: Case, place: int, outcome: Outcome) -> Iterator[Node]:
    node = _node(case, project, Level.OUTCOME, place, outcome.text, outcome.assumption, meter=outcome.meter)
    yield node
    for below, output in enumerate(outcome.outputs, 1):
        yield from _output(project, case, node, below, output)


def _output(project: Project, case: Case, above: Node, place: int, output: Output) -> Iterator[Node]:
    half = case.story.drafted is Drafted.HALF
    node = _node(case, project, Level.OUTPUT, place, output.text, output.assumption, above, meter=output.meter)
    yield node
    if half and place > 1:  # not thought through yet
        node.row.assumption = ""
        return
    for below, work in enumerate(output.works, 1):
        yield _node(case, project, Level.ACTIVITY, below, work.text, work.assumption, node, work=work)


def _node(
    case: Case,
    project: Project,
    level: Level,
    position: int,
    text: str,
    assumption: str,
    above: Node | None = None,
    *,
    meter: Meter | None = None,
    work: Work | None = None,
) -> Node:
    row = Result(
        project_id=project.id,
        level=level,
        position=position,
        text=case.say(text),
        assumption=case.say(assumption),
    )
    return Node(case, row, above, meter, work)


def _indicator(node: Node, source: random.Random) -> Indicator:
    meter, case = node.meter, node.case
    assert meter is not None
    baseline, target = _figure(meter.baseline, source), _figure(meter.target, source)
    unfinished = case.story.drafted is Drafted.HALF and node.row.level is Level.OUTPUT and node.row.position > 1
    found = Indicator(
        project_id=node.row.project_id,
        result_id=node.row.id,
        position=1,
        text=case.say(meter.text),
        measure=meter.measure,
        unit=meter.unit,
        source=case.say(meter.source),
        baseline=baseline,
        target="" if unfinished else target,
        by_sex=bool(meter.women),
        splits=[],
    )
    if meter.measure in COUNTED:
        found.baseline_value = Decimal(baseline)
        found.target_value = None if unfinished else Decimal(target)
    if meter.women and not unfinished:
        women = int(target) * meter.women // 100
        parts = (("SEX_FEMALE", women), ("SEX_MALE", int(target) - women))
        found.splits = [IndicatorSplit(sex_code=code, target=Decimal(number)) for code, number in parts]
    return found


def _taken(node: Node, shelf: CuratedIndicator) -> Indicator | None:
    """The library's indicator of those who complete a course, beside the project's own of those who pass its test."""
    work, output = node.work, node.above
    if work is None or output is None or "OPER.TRAIN" not in work.pays or node.case.story.focus in FOR_OTHERS:
        return None
    parts = (("SEX_FEMALE", WOMEN), ("SEX_MALE", PARTICIPANTS - WOMEN))
    return Indicator(
        project_id=node.row.project_id,
        result_id=output.row.id,
        position=2,
        text=shelf.name,
        measure=Measure(shelf.measure),
        unit=shelf.unit,
        source=shelf.source,
        baseline="0",
        target=str(PARTICIPANTS),
        baseline_value=Decimal(0),
        target_value=Decimal(PARTICIPANTS),
        by_sex=True,
        library_code=shelf.code,
        splits=[IndicatorSplit(sex_code=code, target=Decimal(number)) for code, number in parts],
    )


def _figure(stated: Figure | str, source: random.Random) -> str:
    if isinstance(stated, tuple):
        low, high = stated
        return str(source.randrange(low, high + 1, STEP_OF_MANY if high > MANY else STEP_OF_FEW))
    return str(stated)


def _plans(node: Node, work: Work) -> Iterator[ActivityPlan]:
    """The months of an activity. One workplan still has months after the end, another names no party."""
    case = node.case
    last = case.story.months
    months = months_of(work, last)
    if case.story.drafted is Drafted.NEARLY and work.stop >= TENTHS - 1:
        months = [*months, last + 1]
    party = "" if case.story.drafted is Drafted.HALF else case.say(work.party)
    party = party[:1].upper() + party[1:]
    yield ActivityPlan(project_id=node.row.project_id, result_id=node.row.id, responsible=party, months=months)


def months_of(work: Work, duration: int) -> list[int]:
    """From tenths of the duration to months, at least one, none after the end."""
    first = work.start * duration // TENTHS + 1
    last = max(first, -(-work.stop * duration // TENTHS))
    return list(range(first, last + 1))


def _paid(nodes: Sequence[Node]) -> Paid:
    outputs = [node.row.id for node in nodes if node.row.level is Level.OUTPUT]
    paid = {kind: node.row.id for node in nodes if node.work for kind in node.work.pays}
    return paid | {kind: outputs[place] for kind, place in SHARED.items() if outputs}
