"""How many pages a process of the web server works out at a time.

Its threads share one interpreter: those that compute at once change hundreds of times a second, and all of them are
late. Threads are for slow lines and long work. So what is sent to us is awaited before a turn is taken, and what we
send goes out after it was given back; a file that takes long is written aside (docs/decisions/web-server.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import has_request_context, request

UNDISTURBED = 0.02
"""Seconds after which a thread that computes lets another one do so; each time it costs both."""
IN_MEMORY = 1_000_000
"""Bytes sent to us up to which no file is written."""
PIECE = 65_536
TURN = "prima.turn"
Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Turn:
    """Of one request, from when it is its turn."""

    def __init__(self, turns: threading.BoundedSemaphore) -> None:
        self._turns = turns
        self._is_over = False
        turns.acquire()

    def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._turns.release()


class InTurn:
    """A WSGI application of whose answers so many are worked out at a time. `most`: bytes that may be sent to it."""

    def __init__(self, app: Wsgi, most: int, at_once: int) -> None:
        self._app = app
        self._most = most
        self._turns = threading.BoundedSemaphore(at_once)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        with SpooledTemporaryFile(IN_MEMORY) as arrived:
            if _is_sent(environ, self._most):
                _arrive(environ, arrived)
            turn = environ[TURN] = Turn(self._turns)
            try:
                return self._app(environ, start_response)
            finally:
                turn.end()


def _is_sent(environ: Environ, most: int) -> bool:
    """Whether something comes that will be read; what is too long is refused for its length alone."""
    length = environ.get("CONTENT_LENGTH") or ""
    return length.isdecimal() and 0 < int(length) <= most


def _arrive(environ: Environ, arrived: SpooledTemporaryFile[bytes]) -> None:
    """All that was announced, or what came of it before the line broke: the application sees that it is too short."""
    sent, missing = environ["wsgi.input"], int(environ["CONTENT_LENGTH"])
    while missing and (piece := sent.read(min(missing, PIECE))):
        arrived.write(piece)
        missing -= len(piece)
    arrived.seek(0)
    environ["wsgi.input"] = arrived


def give_away() -> None:
    """Something follows that takes long, as the virus scanner or a workbook: others may have the turn of this request.

    It is not taken back: who waited for a turn with rows locked, and who has one and waits for these rows, would wait
    for ever.
    """
    turn: Turn | None = request.environ.get(TURN) if has_request_context() else None
    if turn is not None:
        turn.end()
