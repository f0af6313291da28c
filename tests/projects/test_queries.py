"""How many questions each page of the drafting desk asks of the database, so that nobody adds one unseen.

The numbers are those of a whole page with its frame, for the developer of a complete proposal.
"""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from prima.db import db
from prima.projects.models import Comment, Indicator, Level, Milestone, Part, Partner, Party, Result
from tests.conftest import TODAY
from tests.factories import a_project, a_user

MOST = {
    "allocation.edit": 6,
    "beneficiaries.edit": 8,
    "budget.edit": 8,
    "classification.edit": 7,
    "comments.index": 3,
    "comparison.show": 3,
    "concept.create": 8,
    "copies.begin": 3,
    "copies.find": 1,
    "cover.edit": 11,
    "currency.edit": 3,
    "documents.index": 3,
    "endorsement.submit": 9,
    "indicators.edit": 6,
    "indicators.index": 8,
    "indicators.new": 6,
    "indicators.remove": 2,
    "matrix.edit": 5,
    "matrix.move": 2,
    "matrix.remove": 2,
    "milestones.edit": 2,
    "papers.proposal": 3,
    "partners.edit": 2,
    "process.handbook": 4,
    "process.of": 4,
    "process.show": 9,
    "projects.show": 4,
    "proposal.show": 7,
    "readiness.show": 2,
    "risks.edit": 4,
    "sections.edit": 3,
    "sheet.download": 5,
    "sheet.edit": 2,
    "similar.show": 8,
    "team.edit": 4,
    "workplan.edit": 3,
}
"""By endpoint. Whoever raises a number says in the commit what the page shows for it."""
ELSEWHERE = {
    **dict.fromkeys(
        ("closure.show", "closure.close", "closure.settle", "closure.suspend", "closure.resume", "closure.cancel"),
        "of a running project (test_closure)",
    ),
    **dict.fromkeys(
        ("changes.edit", "changes.extend", "changes.index", "changes.new", "changes.show", "changes.take"),
        "of a running project: counted in test_changes_effects.py",
    ),
    "documents.download": "answers with a filed document",
    "moves.take": "asks once more before a move",
}
"""Not of the drafting desk, or no page."""


@pytest.fixture
def values(app):
    """What stands in the addresses, by name; and the developer under `user`."""
    developer, colleague = a_user("PDEV", "KEN"), a_user("PDEV", "KEN")
    project = a_project(developer=developer, complete=True)
    db.session.add_all(
        [
            Party(project_id=project.id, user_id=colleague.id, part=Part.AUTHOR),
            Comment(project_id=project.id, section_code="RAT", author_id=colleague.id, text="Which year is this?"),
            Partner(project_id=project.id, position=1, name="Ministry of Labour", role="Runs the courses"),
            Milestone(project_id=project.id, name="First course", planned_on=TODAY),
        ]
    )
    output = select(Result.id).where(Result.project_id == project.id, Result.level == Level.OUTPUT)
    indicator = select(Indicator.id).where(Indicator.project_id == project.id).order_by(Indicator.id).limit(1)
    return {
        "user": developer,
        "reference": project.reference,
        "code": "rat",
        "dimension": "area",
        "funding": "fund",
        "move": "submit",
        "result": str(db.session.scalar(output)),
        "indicator": str(db.session.scalar(indicator)),
    }


def pages(app):
    """Endpoint and rule of what can be opened in the packages that the drafting desk is made of."""
    ours = ("prima.projects.views", "prima.endorsement.views.comparison")
    return {
        rule.endpoint: rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and app.view_functions[rule.endpoint].__module__.startswith(ours)
    }


def test_each_page_has_its_number(app):
    others = {"endorsement.submit"}  # of another package, and yet where a draft ends
    assert set(pages(app)) == set(MOST) - others | set(ELSEWHERE)


def test_no_page_asks_more_than_its_number(app, browser_of, values, questions):
    rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    browser = browser_of(values["user"])
    asked = {}
    for endpoint in MOST:
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: values[name[1]], rules[endpoint])
        questions.clear()
        assert browser.open(path).status == 200, path
        asked[endpoint] = sum("UPDATE sign_in" not in one for one in questions)
    assert asked == MOST, "A page asks more, or fewer: write its new number into the table."
