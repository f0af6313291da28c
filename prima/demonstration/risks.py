"""The risk plans of the demonstration's proposals: what may happen to any of them, in the project's own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from prima.demonstration.days import working_day
from prima.projects.models import Project, Risk


@dataclass(frozen=True)
class Told:
    """A risk as the tables tell it; `share` of the duration at which its treatment is due."""

    factor: str
    consequence: str
    likelihood: str
    timing: str
    treatment: str
    action: str
    owner: str
    share: float


RISKS = (
    Told(
        "The {ministry} names other counterparts, and those who were trained leave their posts.",
        "C4",
        "L3",
        "Throughout",
        "T3",
        "Train at least two people from each unit, and hand over the working papers to the unit and not to a person.",
        "Project manager",
        0.3,
    ),
    Told(
        "Elections in {country} delay decisions that the project waits for.",
        "C3",
        "L4",
        "Around the elections",
        "T2",
        "Bring what needs a decision before the steering committee in the first six months.",
        "Head of office",
        0.25,
    ),
    Told(
        "Prices of training and travel rise by more than the budget foresees.",
        "C2",
        "L4",
        "Second half",
        "T5",
        "Compare prices each quarter and hold more of the courses at the partners' own premises.",
        "Resource management officer",
        0.5,
    ),
    Told(
        "People who speak of what they went through are recognized in a publication of the project.",
        "C6",
        "L1",
        "When results are published",
        "T1",
        "Publish no personal data; the head of office reads every text before it is printed.",
        "Project manager",
        0.8,
    ),
)


def risks_of(project: Project, words: dict[str, str], starts_on: date, months: int) -> Iterator[Risk]:
    for position, told in enumerate(RISKS, 1):
        yield Risk(
            project_id=project.id,
            position=position,
            factor=told.factor.format(**words),
            consequence_code=told.consequence,
            likelihood_code=told.likelihood,
            timing=told.timing,
            treatment_code=told.treatment,
            action=told.action.format(**words),
            owner=told.owner,
            due_on=working_day(starts_on + timedelta(days=round(told.share * months * 30.4))),
        )
