"""`make run`: it starts everything, says where it is, and ends everything it started."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from prima.config import WrongSettings
from prima.serve import free_port

ROOT = Path(__file__).parent.parent
PATIENCE = 180


def heed_ctrl_c() -> None:
    """Tests that a shell runs in the background inherit that Ctrl-C is ignored; what they start must heed it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """One `python -m prima.serve` with what it printed so far."""

    def __init__(self, instance: Path, port: int):
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PRIMA", "FLASK"))}
        environ |= {"PRIMA_ENV": "demonstration", "PRIMA_INSTANCE": str(instance), "PORT": str(port)}
        environ.pop("DATABASE_URL", None)
        self.log = instance.parent / f"run-{port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "prima.serve"],
                cwd=ROOT,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - the parent has no thread that holds a lock here
            )

    def printed(self) -> str:
        return self.log.read_text(errors="replace")

    def until(self, words: str) -> str:
        end = time.monotonic() + PATIENCE
        while words not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < end, self.printed()
            time.sleep(0.05)
        return self.printed()

    def stop(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE) == 0, self.printed()


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[list[Run]]:
    started: list[Run] = []
    yield started
    for run in started:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(PATIENCE)


def processes_of(instance: Path) -> list[str]:
    """Command lines of living processes that work in the instance folder or carry its name."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                environ = (entry / "environ").read_bytes()
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                folder = os.readlink(entry / "cwd")
            except OSError:
                continue
            named = f"PRIMA_INSTANCE={instance}".encode() in environ or folder.startswith(str(instance))
            if line and named and int(entry.name) != os.getpid():
                found.append(line)
    return found


def test_make_run_starts_the_demonstration_and_ends_all_of_it(tmp_path, runs):
    instance, port = tmp_path / "instance", any_port()
    for number in (signal.SIGTERM, signal.SIGINT):
        run = Run(instance, port)
        runs.append(run)
        printed = run.until("Ctrl-C ends it.")
        assert f"PRIMA is at http://127.0.0.1:{port}" in printed
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=10) as answer:
            page = answer.read().decode()
        assert re.search(r"today is\s+1 Oct 2016", page)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            assert answer.status == 200
        run.stop(number)
        assert not processes_of(instance)
    assert "The demonstration is loaded." not in printed


def test_a_port_in_use_is_said_in_one_sentence(tmp_path, runs):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = Run(tmp_path / "instance", taken.getsockname()[1])
        runs.append(run)
        assert run.process.wait(60) == 1
    assert re.fullmatch(r"PRIMA does not start: Port \d+ is in use: choose another, as in .*\n", run.printed())


@pytest.mark.parametrize("port", ["0", "65536", "70000", "http", "-1", ""])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(WrongSettings, match=f"^PORT is '{port}'; use a number from 1 to 65535"):
        free_port(port)
