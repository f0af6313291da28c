"""Many readers at once: pages asked for at a steady rate of the web server that PRIMA runs, beside the bare page so."""

from __future__ import annotations

import http.client
import itertools
import os
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from typing import NamedTuple

import psycopg
from flask import Flask
from werkzeug.utils import import_string

from prima import bench, clock, webserver
from prima.sessions import COOKIE

NAME = "load: mixed pages"
RATE, CLIENTS, SECONDS = 100, 8, 60
"""Requests a second, the connections they come by, and how long."""
P95 = 300
"""Milliseconds within which 95 of 100 are answered."""
ENOUGH = 0.97
"""Of the rate; what is still under way at the end was not answered within the time."""
PATIENCE = 30
CHANGES = 10
"""Seconds after which somebody changes a project, its deadlines and its clearances: what was kept of them is void."""
BARE = "/bench/bare"
BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br"}
PROJECT = re.compile(r'href="(/projects/[A-Z]+[^"/?#]*)"')

MIX: Sequence[tuple[str, int, tuple[str, ...]]] = (
    ("project page", 28, ("{project}",)),
    ("list", 20, (
        "/projects", "/projects?region=NBO&year={year}", "/projects?q=fair+recruitment", "/projects?area=LHD",
        "/projects?country=KEN&sort=title", "/projects?status=REVIEW&sort=-budget", "/projects?overdue=yes",
        "/projects?sort=-budget", "/projects?sort=title", "/projects?ending=90&sort=end",
    )),
    ("home", 14, ("/",)),
    ("desk", 12, ("/desk",)),
    ("reports", 6, ("{project}/reports",)),
    ("search", 6, ("/search?q=LM+0276&all=yes", "/search?q=zanzibarxyz", "/search?q=kenya+2016")),
    ("dashboard", 3, ("/dashboard?region=NBO&year={year}", "/dashboard?country=KEN")),
    ("waiting", 2, ("/waiting",)),
    ("overdue", 2, ("/reports/overdue",)),
    ("account", 7, ("/account", "/notifications", "/handbook")),
)  # fmt: skip
"""What is opened, how many times of a hundred, and at which addresses in turn."""


def served() -> Flask:
    """The application as a web server starts it, with the bare page beside its own."""
    app: Flask = import_string("wsgi:app")
    app.register_blueprint(bench.bp)
    return app


class Answer(NamedTuple):
    kind: str
    milliseconds: float
    """From when it was to be asked for, so that waiting for a free connection counts."""
    good: bool


class Part(NamedTuple):
    """Of one kind of page, or all of them."""

    name: str
    number: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Loaded:
    """What came of it."""

    name: str
    wanted: float
    reached: float
    """Answers a second."""
    errors: Sequence[str]
    whole: Part
    parts: Sequence[Part]
    bare: Part
    application: float
    """Milliseconds of the processor that an answer took there."""
    database: float
    readers: float

    @property
    def ratio(self) -> float:
        return self.whole.p95 / self.bare.p95

    def missed(self) -> list[str]:
        found = []
        if self.errors:
            found.append(f"{self.name}: {len(self.errors)} were not answered, as {self.errors[0]}; none may fail.")
        if self.reached < self.wanted * ENOUGH:
            found.append(f"{self.name}: {self.reached:.1f} a second are answered of {self.wanted:g} asked for.")
        if self.whole.p95 > P95:
            found.append(f"{self.name}: 95 of 100 are answered within {self.whole.p95:,.0f} ms; {P95} are allowed.")
        return found


@dataclass
class Client:
    """A connection and who is signed in by it; keeps files under a checksum as a browser does."""

    port: int
    reader: bench.Reader
    chance: random.Random
    kept: set[str] = field(default_factory=set)
    projects: list[str] = field(default_factory=list)
    connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> tuple[int, bytes]:
        """The answer; once more where the server has closed an idle connection, as it may."""
        for fresh in (False, True):
            idle = self.connection is not None
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
                self.connection.connect()
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self.connection.request("GET", path, headers={**BROWSER, "Cookie": f"{COOKIE}={self.reader.token}"})
                answer = self.connection.getresponse()
                body = answer.read()
            except (ConnectionError, http.client.RemoteDisconnected):
                self.close()
                if fresh or not idle:
                    raise
                continue
            if answer.will_close:
                self.close()
            return answer.status, body
        raise AssertionError("unreachable")

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def begin(self) -> None:
        """The files of a first page, and the projects that are listed for this reader."""
        for path in ("/projects", "/projects?status=ACTIVE", "/projects?country=KEN"):
            page = self.read(path)
            self.projects += PROJECT.findall(page)
            for file in set(bench.LINKED.findall(page)) - self.kept:
                self.get(file)
                self.kept.add(file)
        if not self.projects:
            raise bench.NoAnswer(f"the list shows the {self.reader.name} no project")

    def read(self, path: str) -> str:
        """A page as text, not compressed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"Cookie": f"{COOKIE}={self.reader.token}"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise bench.NoAnswer(f"{path} answered {answer.status} to the {self.reader.name}")
            return answer.read().decode()
        finally:
            connection.close()

    def pages(self) -> Iterator[tuple[str, str]]:
        """Kind and address, for ever."""
        kinds, shares, _addresses = zip(*MIX, strict=True)
        addresses = {kind: itertools.cycle(some) for kind, _share, some in MIX}
        for _turn in range(self.chance.randrange(20)):  # not all begin with the same
            for some in addresses.values():
                next(some)
        while True:
            [kind] = self.chance.choices(kinds, shares)
            yield kind, address_of(self, next(addresses[kind]))


def bare_pages() -> Iterator[tuple[str, str]]:
    return itertools.repeat((bench.BARE, BARE))


def rush(
    clients: Sequence[Client], asked: Callable[[Client], Iterator[tuple[str, str]]], rate: float, seconds: float
) -> tuple[list[Answer], list[str], float]:
    """Answers, what failed, and the seconds it took. Who comes when nobody is free waits, and that counts."""
    number, last = itertools.count(), int(rate * seconds)
    answers: list[Answer] = []
    errors: list[str] = []
    began = time.perf_counter() + 0.05

    def work(client: Client) -> None:
        for kind, path in asked(client):
            turn = next(number)
            due = began + turn / rate
            if turn >= last or time.perf_counter() > began + seconds:
                return
            if (early := due - time.perf_counter()) > 0:
                time.sleep(early)
            try:
                status, _body = client.get(path)
                wrong = "" if status == 200 else f"{path} answered {status} to the {client.reader.name}"
            except (OSError, http.client.HTTPException) as error:
                wrong = f"{path} broke off for the {client.reader.name} ({error!r})"
                client.close()
            if wrong:
                errors.append(wrong)
            answers.append(Answer(kind, (time.perf_counter() - due) * 1000, not wrong))

    threads = [threading.Thread(target=work, args=(client,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, errors, max(time.perf_counter() - began, last / rate)


def warm_up(clients: Sequence[Client]) -> None:
    """Each kind of page once by each of them, so that every process of the server has drawn it."""
    for _kind, _share, addresses in MIX:
        for client in clients:
            client.get(address_of(client, addresses[0]))


def address_of(client: Client, address: str) -> str:
    return address.format(project=client.chance.choice(client.projects), year=clock.today().year - 1)


def part(name: str, answers: Sequence[Answer]) -> Part:
    times = [one.milliseconds for one in answers]
    if len(times) < 2:
        return Part(name, len(times), *(times or [0.0]) * 3)
    cuts = quantiles(times, n=100, method="inclusive")
    return Part(name, len(times), cuts[49], cuts[94], cuts[98])


CHANGE = (
    "update project set ends_on = ends_on + {days} where id = {running}",
    "update deadline set due_on = due_on where project_id = {running}",
    "update report set state = state where deadline_id in (select id from deadline where project_id = {running})",
    "update step set note = note where project_id = {running}",
    "update clearance set seat = seat where id = (select min(id) from clearance)",
)
RUNNING = "(select min(id) from project where status = 'ACTIVE' and ends_on is not null)"


@contextmanager
def changing(url: str) -> Iterator[None]:
    """Meanwhile a project ends a day later, and as before, in turn."""
    over = threading.Event()

    def work() -> None:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            for days in itertools.cycle((1, -1)):
                if over.wait(CHANGES) and days == 1:
                    return
                with connection.transaction():
                    for statement in CHANGE:
                        connection.execute(statement.format(days=days, running=RUNNING))  # type: ignore[arg-type]

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE)


class Took:
    """What the processes of the web server have taken of the processor, in milliseconds."""

    def __init__(self, parent: int) -> None:
        self.parent = parent

    def milliseconds(self) -> float:
        found = 0.0
        for process in [str(self.parent), *self._children()]:
            fields = (bench.PROCESSES / process / "stat").read_text().rpartition(")")[2].split()
            found += sum(map(float, fields[11:13]))
        return found / os.sysconf("SC_CLK_TCK") * 1000

    def _children(self) -> list[str]:
        return (bench.PROCESSES / f"{self.parent}/task/{self.parent}/children").read_text().split()


@contextmanager
def running(url: str) -> Iterator[tuple[int, int]]:
    """The port of PRIMA's web server on this database, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    today = clock.today().isoformat()
    environ = {**os.environ, "DATABASE_URL": url, "PRIMA_ENV": "test", "PRIMA_TODAY": today, "PROXIES": "0"}
    environ.pop("BASE_URL", None)
    with ExitStack() as stack:
        process = webserver.web(stack, port, "prima.bench_load:served()", environ)
        webserver.wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield port, process.pid


def load(url: str, readers: Sequence[bench.Reader], database: Callable[[], float], seconds: float) -> Loaded:
    """Bare pages, mixed pages, bare pages: whatever else the machine does falls on both."""
    rate, short = RATE, seconds / 8
    with running(url) as (port, process):
        took = Took(process)
        clients = [
            Client(port, reader, random.Random(place))  # nosec B311
            for place, reader in zip(range(CLIENTS), itertools.cycle(readers), strict=False)
        ]
        for client in clients:
            client.begin()
        warm_up(clients)
        bare, failed, _seconds = rush(clients, lambda _client: bare_pages(), rate, short)
        before = (took.milliseconds(), database(), time.process_time())
        with changing(url):
            answers, errors, lasted = rush(clients, Client.pages, rate, seconds)
        after = (took.milliseconds(), database(), time.process_time())
        more, failed_too, _seconds = rush(clients, lambda _client: bare_pages(), rate, short)
        for client in clients:
            client.close()
    application, there, ours = (now - then for now, then in zip(after, before, strict=True))
    by_kind: Mapping[str, list[Answer]] = {kind: [] for kind, _share, _addresses in MIX}
    for one in answers:
        by_kind[one.kind].append(one)
    number = len(answers) or 1
    return Loaded(
        f"{NAME}, {CLIENTS} clients, {rate:g} a second for {seconds:g} seconds",
        rate,
        sum(one.good for one in answers) / lasted,
        [*failed, *errors, *failed_too],
        part("all", answers),
        [part(kind, some) for kind, some in by_kind.items() if some],
        part(bench.BARE, [*bare, *more]),
        application / number,
        there / number,
        ours * 1000 / number,
    )
