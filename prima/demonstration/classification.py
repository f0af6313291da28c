"""What the sixty Fund projects contribute to: governance framework, SDG targets, themes, gender equality."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prima.demonstration.proposals import Case
from prima.demonstration.stories import Drafted
from prima.projects.models import Extent, GenderAnswers, GovernanceMark, Project, SdgMark, ThemeMark

MARKS = {  # principles and objectives of the framework, SDG targets, themes beside those of every project
    "CTR": (("P1", "P3", "O3"), ("5.2", "8.7", "16.2"), ("PRO",)),
    "DIA": (("P2", "P3", "O3"), ("10.7", "17.16"), ()),
    "LAB": (("P1", "P3", "O1", "O3"), ("8.8", "10.7"), ()),
    "MDV": (("P3", "O1"), ("10.c", "17.17"), ()),
    "ENV": (("P2", "O2"), ("1.5", "11.5", "13.1", "13.3"), ("ENV", "PHA")),
    "HLT": (("P1", "P3", "O1"), ("3.8", "3.c"), ("PHA", "PRO")),
    "BRD": (("P1", "P2", "O3"), ("10.7", "16.6", "16.9"), ("PRO",)),
    "POL": (("P1", "P2", "O1", "O3"), ("10.7", "16.6"), ()),
    "RES": (("P2", "O3"), ("10.7", "17.18"), ()),
    "RTN": (("P1", "P3", "O1", "O3"), ("8.5", "10.7"), ("PRO",)),
}
OF_ALL = ("RBA", "GEN", "SUS")
NOTES = {
    "RBA": "Those concerned take part in writing what is decided about them, and may complain to the committee.",
    "GEN": "Women and men were asked separately about their needs; at least 40 per cent of those trained are women.",
    "ENV": "Meetings are held near those who take part, and printed matter is kept to what is used.",
    "SUS": "{stays}",
    "PHA": "Help goes to those who need it most, whoever they are and whoever asks for it.",
    "PRO": "Staff and partners know whom to call for somebody in danger, and refer only with that person's consent.",
}
YES, SOME, NO = Extent.YES, Extent.SOME, Extent.NO
ANSWERS = {
    "2b": (YES, YES, YES, True),
    "2a": (YES, YES, YES, False),
    "1": (YES, SOME, SOME, False),
}
"""To whether the needs analysis, the outputs and the activities answer different needs, and equality is a main aim."""


def marks_of(project: Project, case: Case) -> Iterator[Any]:
    """Every mark with its note. One draft has nothing yet, another has no SDG target and has not answered all."""
    drafted = case.story.drafted
    if drafted is Drafted.NEARLY:
        return
    governance, sdgs, themes = MARKS[case.story.focus]
    for code in governance:
        yield GovernanceMark(project_id=project.id, code=code)
    for code in sdgs if drafted is not Drafted.HALF else ():
        yield SdgMark(project_id=project.id, code=code)
    for code in (*OF_ALL, *themes):
        yield ThemeMark(project_id=project.id, code=code, note=case.say(NOTES[code]))
    needs, outputs, activities, main_aim = ANSWERS[str(project.gender_marker_code)]
    half = drafted is Drafted.HALF
    yield GenderAnswers(
        project_id=project.id,
        needs_analysis=needs,
        outputs=None if half else outputs,
        activities=None if half else activities,
        main_aim=None if half else main_aim,
    )
