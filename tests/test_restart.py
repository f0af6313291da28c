"""PostgreSQL is restarted again and again while letters leave: a leader is back each time, and nothing is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from flask_migrate import upgrade

from prima import embedded, scheduler
from prima.db import db
from prima.outbox import LetterState
from tests.conftest import make_app
from tests.inbox import an_inbox
from tests.nursery import a_nursery, until
from tests.test_kill import in_state, queued


def stopped(folder: Path) -> None:
    """Fast shutdown: every connection is ended and what was not committed is undone."""
    file = folder / "data" / "postmaster.pid"
    os.kill(int(file.read_text().split()[0]), signal.SIGINT)
    until(lambda: not file.exists(), "PostgreSQL has stopped")


def somebody_leads() -> bool:
    """As the database sees it: who leads again after a moment does not say so twice."""
    found = any(seat.leads for seat in scheduler.seats(db.session()))
    db.session.rollback()
    return found


@pytest.mark.parametrize(("restarts", "count"), [(1, 400), pytest.param(5, 1500, marks=pytest.mark.soak)])
def test_letters_survive_restarts_of_the_database(tmp_path, restarts, count):
    folder = tmp_path / "postgres"
    server = embedded.join(folder, testing=True, say=lambda _sentence: None)
    app = make_app(server.url)
    with app.app_context(), an_inbox() as inbox:
        upgrade()
        queued(count)
        db.session.remove()
        inbox.slow = 0.003
        with a_nursery(tmp_path, server.url, inbox.url) as start:
            both = start(), start()
            for restart in range(restarts):
                sent = len(inbox.taken)
                until(lambda sent=sent: len(inbox.taken) > sent + 20, f"letters leave before restart {restart}")
                db.engine.dispose()
                stopped(folder)
                assert embedded.join(folder, testing=True, say=lambda _sentence: None).url == server.url
                until(somebody_leads, f"somebody leads after restart {restart}")
            until(lambda: in_state(LetterState.WAITING) == 0, "every letter is sent", patience=120)
            assert not any(one.is_gone() for one in both)
        db.session.remove()
        db.engine.dispose()
        recipients = [recipient for recipient, _message in inbox.taken]
        assert len(set(recipients)) == count, "a letter is lost"
        assert len(recipients) - count <= restarts
    server.leave()
