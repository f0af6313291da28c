"""The processes of a running PRIMA: the web server as it is meant to run, started, waited for and ended in order."""

from __future__ import annotations

import subprocess  # nosec B404
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack

from prima.config import ROOT, WrongSettings

PATIENCE = 30
SETTINGS = ("--worker-class=gthread", "--workers=2", "--threads=4", "--preload")


def web(
    stack: ExitStack, port: int, app: str = "wsgi:app", environ: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """The web server on a port of this machine."""
    quiet = ("--log-level=warning",)
    return start(stack, "gunicorn", app, f"--bind=127.0.0.1:{port}", *SETTINGS, *quiet, environ=environ)


def start(
    stack: ExitStack, module: str, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A process in a session of its own, so that Ctrl-C reaches us alone and we end it in order."""
    process = subprocess.Popen(  # nosec B603
        [sys.executable, "-m", module, *arguments], cwd=ROOT, env=environ, start_new_session=True
    )
    stack.callback(end, process)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise WrongSettings("The web server did not start; its message stands above.")
        try:
            with urllib.request.urlopen(url, timeout=2):  # nosec B310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise WrongSettings("The web server did not answer within 30 seconds.")
