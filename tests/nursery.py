"""Starts schedulers as processes of their own within milliseconds: one process loads PRIMA and forks for each.

Run as a program it reads paths from standard input, one a line, and answers each with the number of a process that is
`flask scheduler` and says what it says into the file of that path.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from prima import create_app, scheduler
from prima.jobs import JOBS

ROOT = Path(__file__).parent.parent


@dataclass
class Child:
    """A scheduler that was started here."""

    pid: int
    said: Path

    def leads(self) -> bool:
        return "Leading" in self.said.read_text()

    def stands_by(self) -> bool:
        return "Standing by" in self.said.read_text()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def is_gone(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False


def until(true: Callable[[], object], what: str, patience: float = 60) -> float:
    """Wait for it; the seconds it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < patience, f"Not within {patience} seconds: {what}"
        time.sleep(0.01)
    return time.monotonic() - began


@contextmanager
def a_nursery(folder: Path, database_url: str, smtp_url: str) -> Iterator[Callable[[], Child]]:
    """Call what it yields for a further scheduler; all of them end with it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PRIMA", "FLASK"))},
        "PRIMA_ENV": "test",
        "DATABASE_URL": database_url,
        "SMTP_URL": smtp_url,
        "PRIMA_INSTANCE": str(folder),
        "SECRET_KEY": "the key of the tests, long enough to be one",
        "JOURNAL_KEY": "the journal key of the tests, long enough",
    }
    children: list[Child] = []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.nursery"], cwd=ROOT, env=environment, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as parent:  # fmt: skip
        assert parent.stdin and parent.stdout

        def start() -> Child:
            said = folder / f"scheduler-{len(children)}.txt"
            said.touch()
            parent.stdin.write(f"{said}\n")
            children.append(Child(int(parent.stdout.readline()), said))
            return children[-1]

        try:
            yield start
        finally:
            for child in children:
                if not child.is_gone():
                    child.kill()
            parent.stdin.close()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children, so none stays as a ghost
    app = create_app()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            lead_or_stand_by(app, line.rstrip("\n"))
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def lead_or_stand_by(app: Flask, path: str) -> None:
    said = os.open(path, os.O_WRONLY | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(said, stream.fileno())
    scheduler.run(app, JOBS, lambda sentence: os.write(said, f"{sentence}\n".encode()))


if __name__ == "__main__":
    main()
