"""One scheduler leads, another stands by; what is killed is replaced, what is asked to end ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from prima import clock
from prima.db import db
from prima.scheduler import HEART, JobRun, alive
from tests.conftest import TODAY

ROOT = Path(__file__).parent.parent
PATIENCE = 20


class Scheduler:
    """`flask scheduler` as a process of its own; what it says is read from a file."""

    def __init__(self, url: str, folder: Path, name: str):
        self.said = folder / f"{name}.txt"
        environment = {
            **os.environ,
            "PRIMA_ENV": "test",
            "DATABASE_URL": url,
            "PRIMA_INSTANCE": str(folder),
            "SECRET_KEY": "the key of the tests, long enough to be one",
            "JOURNAL_KEY": "the journal key of the tests, long enough",
        }
        with self.said.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "prima", "scheduler"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def says(self, words: str) -> bool:
        return words in self.said.read_text()

    def leads(self) -> bool:
        return self.says("Leading")

    def stands_by(self) -> bool:
        return self.says("Standing by")


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"Not within {PATIENCE} seconds: {what}"
        time.sleep(0.05)


@pytest.fixture
def url(databases, template_url) -> str:
    return databases("prima_scheduler", template=make_url(template_url).database)


@pytest.fixture
def start(url, tmp_path) -> Iterator[Callable[[str], Scheduler]]:
    started: list[Scheduler] = []

    def one(name: str) -> Scheduler:
        started.append(Scheduler(url, tmp_path, name))
        return started[-1]

    yield one
    for scheduler in started:
        if scheduler.process.poll() is None:
            scheduler.process.kill()
        scheduler.process.wait()


def test_one_leads_and_the_other_takes_over(start, url):
    first = start("first")
    until(first.leads, f"a leader; it says {first.said.read_text()!r}")
    second = start("second")
    until(second.stands_by, "a standby")
    engine = create_engine(url)
    done = text("select count(*) from job_run where finished_at is not null and problem = ''")
    with engine.connect() as connection:
        until(lambda: connection.scalar(done) == 4, "every job has run")
    engine.dispose()
    assert not second.leads()
    first.process.kill()
    until(second.leads, "the standby leads")
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(5) == 0
    assert second.says("has ended")


def test_a_scheduler_is_alive_while_it_shows_itself(app):
    assert not alive(db.session())
    db.session.add(JobRun(name=HEART, started_at=clock.now()))
    db.session.flush()
    assert alive(db.session())
    db.session.get(JobRun, HEART).started_at = clock.ago(minutes=2)
    db.session.flush()
    assert not alive(db.session())
    assert clock.today() == TODAY
