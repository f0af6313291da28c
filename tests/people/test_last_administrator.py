"""Two administrators who disable each other at the same moment: one of them stays."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select
from sqlalchemy.engine import make_url

from prima.db import db
from prima.errors import Refused
from prima.people import accounts, queries
from prima.users import User
from tests.conftest import make_app
from tests.factories import a_user


def test_one_administrator_always_stays(databases, template_url):
    app = make_app(databases("prima_last", template=make_url(template_url).database))
    with app.app_context():
        emails = [a_user("ADMIN").email for _ in range(2)]
        db.session.commit()
        db.session.remove()
    start = Barrier(2)

    def disable(pair):
        actor, other = pair
        with app.app_context():
            people = queries.by_email(actor), queries.by_email(other)
            start.wait(10)
            try:
                accounts.disable(people[1], actor=people[0], reason="A quarrel")
                db.session.commit()
            except Refused:
                db.session.rollback()
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(disable, [emails, emails[::-1]]))
    assert sorted(done) == [False, True]
    with app.app_context():
        assert len(db.session.scalars(select(User).where(User.active)).all()) == 1
        db.session.remove()
        db.engine.dispose()
