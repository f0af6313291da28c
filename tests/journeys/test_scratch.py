from tests.journeys.test_road import *
from tests.journeys import test_road as r
import os

JS = os.environ.get("JS") != "0"


def test_scratch(cast_of, axe):
    cast = cast_of(javascript=JS, width=1280 if JS else 390)
    from sqlalchemy import select as s
    from prima.users import User

    project = a_project(status="APPROVED", complete=True, title=TITLE, developer=cast.people["developer"], year=2016)
    db.session.commit()
    home = f"/projects/{project.reference}"
    db.session.expire_all()
    db.session.rollback()
    activate(cast, home, axe)
    be_reminded(cast)
    report(cast, home, axe)
    look_at_the_project(cast, home, axe)
    look_at_the_dashboard(cast.director, axe)
    print(look_at_the_list(cast.director, axe))


del test_from_a_concept_to_an_accepted_report
