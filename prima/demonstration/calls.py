"""Two calls for proposals of the Fund: one that is open, and one to come, for which a proposal was retained."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from prima import journal
from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import on
from prima.projects.models import FundingRound, Project
from prima.projects.stages import Funding, Status
from prima.users import User

ANNOUNCED = date(2016, 8, 15)
YEAR = 2017
CALLS = (
    ("2017-1", "First call for 2017", date(2016, 9, 1), date(2016, 11, 15)),
    ("2017-2", "Second call for 2017", date(2017, 2, 1), date(2017, 4, 28)),
)


def build(session: Session, fund: User, chronicle: Chronicle) -> None:
    """Announced by Fund management; what it retained of that year waits for the second one."""
    with on(ANNOUNCED):
        for code, name, opens_on, cut_off_on in CALLS:
            values = {"name": name, "funding_year": YEAR, "opens_on": opens_on, "cut_off_on": cut_off_on}
            made = FundingRound(code=code, **values)
            session.add(made)
            session.flush()
            journal.record(made, "funding round added", actor=fund, code=code, **values)
    retained = select(Project).where(
        Project.status == Status.RETAINED, Project.funding == Funding.FUND, Project.funding_year == YEAR
    )
    for project in session.scalars(retained.order_by(Project.id)):
        project.funding_round_code = CALLS[-1][0]
        chronicle.note(project, project.status_since, "retained for", fund, before=None, after=CALLS[-1][0])
