"""Pages are worked out a few at a time, and slow lines hold nobody up."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from prima import turns

MOST = 3_000_000
PATIENCE = 10


class Slow(io.RawIOBase):
    """A line that sends nothing before `goes_on`."""

    def __init__(self, content: bytes, goes_on: threading.Event, waits: threading.Event) -> None:
        self._content, self._goes_on, self._waits = io.BytesIO(content), goes_on, waits

    def read(self, size: int = -1) -> bytes:
        self._waits.set()
        assert self._goes_on.wait(PATIENCE)
        return self._content.read(size)


class Room:
    """An application where a page is at work until it may end; and how many have been at once."""

    def __init__(self, at_once: int) -> None:
        self.app = Flask("room")
        self.app.config["MAX_CONTENT_LENGTH"] = MOST
        self.inside, self.most = 0, 0
        self.arrived, self.may_end, self.lock = threading.Semaphore(0), threading.Event(), threading.Lock()
        self.app.add_url_rule("/work", view_func=self.work)
        self.app.add_url_rule("/quick", "quick", lambda: "quick")
        self.app.add_url_rule("/pieces", "pieces", lambda: self.app.response_class(iter(["one", "two"])))
        self.app.add_url_rule("/send", view_func=self.send, methods=["POST"])
        self.app.add_url_rule("/aside", view_func=self.aside)
        self.gate = turns.InTurn(self.app.wsgi_app, MOST, at_once)

    def work(self) -> str:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.arrived.release()
        assert self.may_end.wait(PATIENCE)
        with self.lock:
            self.inside -= 1
        return "done"

    def aside(self) -> str:
        turns.give_away()
        turns.give_away()
        return self.work()

    def send(self) -> dict[str, Any]:
        return {"words": request.form.get("words"), "bytes": len(request.get_data())}

    def open(self, path: str) -> threading.Thread:
        thread = threading.Thread(target=Client(self.gate).get, args=(path,))
        thread.start()
        return thread


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room(at_once=2)
    yield made
    made.may_end.set()


def test_no_more_than_so_many_are_at_work_and_the_others_have_their_turn(room: Room) -> None:
    threads = [room.open("/work") for _one in range(5)]
    assert room.arrived.acquire(timeout=PATIENCE) and room.arrived.acquire(timeout=PATIENCE)
    assert not room.arrived.acquire(timeout=0.1), "a third would be one too many"
    room.may_end.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert (room.most, room.inside) == (2, 0)
    assert sum(room.arrived.acquire(blocking=False) for _one in range(9)) == 3


def test_who_sends_slowly_holds_nobody_up(room: Room) -> None:
    goes_on, got = threading.Event(), []

    def slow(waits: threading.Event) -> None:
        environ = EnvironBuilder("/send", method="POST", data={"words": "late"}).get_environ()
        environ["wsgi.input"] = Slow(environ["wsgi.input"].read(), goes_on, waits)
        got.append(b"".join(run_wsgi_app(room.gate, environ)[0]))

    waiting = [threading.Event() for _one in range(3)]
    threads = [threading.Thread(target=slow, args=(one,)) for one in waiting]
    for thread, one in zip(threads, waiting, strict=True):
        thread.start()
        assert one.wait(PATIENCE)
    assert Client(room.gate).get("/quick").text == "quick"
    goes_on.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert [b'"late"' in one for one in got] == [True] * 3


def test_who_receives_slowly_holds_nobody_up() -> None:
    room = Room(at_once=1)
    pieces, _status, _headers = run_wsgi_app(room.gate, EnvironBuilder("/pieces").get_environ())
    assert Client(room.gate).get("/quick").text == "quick"
    assert b"".join(pieces) == b"onetwo"


def test_while_something_else_is_waited_for_others_have_the_turn() -> None:
    room = Room(at_once=1)
    thread = room.open("/aside")
    assert room.arrived.acquire(timeout=PATIENCE)
    assert Client(room.gate).get("/quick").text == "quick"
    room.may_end.set()
    thread.join(PATIENCE)
    assert Client(room.gate).get("/quick").text == "quick", "it was given back once"


def test_who_gave_the_turn_away_ends_without_it() -> None:
    room = Room(at_once=1)
    aside = room.open("/aside")
    assert room.arrived.acquire(timeout=PATIENCE)
    holder = room.open("/work")  # has the turn, and waits for what the other one does
    assert room.arrived.acquire(timeout=PATIENCE)
    room.may_end.set()
    for thread in (aside, holder):
        thread.join(PATIENCE)
    assert room.most == 2 and not aside.is_alive() and not holder.is_alive()


def test_there_is_nothing_to_give_where_there_are_no_turns(app: Flask) -> None:
    turns.give_away()
    with app.test_request_context():
        turns.give_away()


@pytest.mark.parametrize("size", [0, 10, turns.IN_MEMORY + 1])
def test_what_is_sent_arrives_whole(room: Room, size: int) -> None:
    sent = Client(room.gate).post("/send", data=b"x" * size, content_type="application/octet-stream")
    assert sent.json == {"words": None, "bytes": size}


def test_what_is_too_long_is_refused_for_its_length(room: Room) -> None:
    environ = EnvironBuilder("/send", method="POST", data={"words": "x" * MOST}).get_environ()
    environ["wsgi.input"] = io.BytesIO()
    _pieces, status, _headers = run_wsgi_app(room.gate, environ)
    assert status.startswith("413")


@pytest.mark.parametrize("length", ["-1", "many", "", "²"])
def test_a_length_that_is_none_is_left_to_the_application(room: Room, length: str) -> None:
    environ = EnvironBuilder("/send", method="POST").get_environ() | {"CONTENT_LENGTH": length}
    _pieces, status, _headers = run_wsgi_app(room.gate, environ)
    assert status.startswith(("200", "400"))


def test_a_line_that_breaks_is_a_bad_request(room: Room) -> None:
    environ = EnvironBuilder("/send", method="POST", data={"words": "cut off"}).get_environ()
    environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read()[:-3])
    _pieces, status, _headers = run_wsgi_app(room.gate, environ)
    assert status.startswith("400")
    assert Client(room.gate).get("/quick").text == "quick"
