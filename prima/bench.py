"""Measuring: each figure beside a floor taken in the same run, turn by turn, and the bounds that must hold."""

from __future__ import annotations

import contextvars
import difflib
import html
import io
import itertools
import os
import random
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, partial
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any

import brotli
from flask import Blueprint, Flask, render_template_string
from python_calamine import CalamineWorkbook
from sqlalchemy import event, func, select, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import selectinload

from prima import bench_exports, clock, kept, loopback
from prima.db import db
from prima.demonstration.portfolio import full
from prima.endorsement.differences.words import words as differing
from prima.endorsement.models import Clearance, Round
from prima.months import add_months
from prima.permissions import Action, guard
from prima.places import Office, OfficeLink
from prima.projects import queries
from prima.projects.models import Level, Part, Party, Project, Result
from prima.projects.operations import give_codes
from prima.projects.snapshot import seal, snapshot
from prima.projects.stages import Status
from prima.reporting import operations, portfolio, reminders, statement
from prima.reporting.analysis import reports
from prima.reporting.models import Deadline
from prima.reporting.reminders import climbing
from prima.reporting.reminders.ladders import Ladders
from prima.sessions import COOKIE, hashed
from prima.spreadsheets import Column, Kind, Sheet, write
from prima.users import Delegation, Grant, Role, SignIn

WARM_UP = 2
SLOW, RUNS_OF_SLOW = 5.0, 3
"""What takes more seconds than this is warmed up once and measured so many times."""
LONG, LONGEST = 15.0, 20.0
"""What takes more seconds than the first is not warmed up; and after so many nothing is measured more than so often."""
BARE, CSV, DIFFLIB, CALAMINE = "bare page", "csv", "difflib", "calamine"
SMTPLIB, PSYCOPG, OPENPYXL = "smtplib", "psycopg", "openpyxl"
FINANCE_ROWS, FINANCE_PROJECTS = 20_000, 40
QUEUED, SENT = 10_000, 500
"""Letters that are written at once, and sent at once."""
NUMBERED = {"id", "project_id", "kind", "period_to", "due_on", "is_open"}
DUE, EXIST, TIMES = 1_000, 5_000, 10
"""Deadlines that are due, that exist, and how many times as many exist where time must not grow."""
TYPED_IN, MORE = "rat", " more"
"""The section that is opened and typed in, and the word that is typed."""

PROCESSES = Path("/proc")
LINKED = re.compile(r'(?:href|src)="(/assets/[^"#]+)')
"""Files that a page cannot be shown without."""

bp = Blueprint("bench", __name__)


@bp.get("/bench/bare")
@guard(Action.SIGNED_IN)
def bare() -> str:
    """The frame and nothing in it: what every page of this application costs."""
    return render_template_string("{% extends 'base.html' %}")


class NoAnswer(Exception):
    """A page that could not be opened."""


@dataclass(frozen=True)
class Bound:
    """What a figure may cost at most: questions to the database, times its floor, and seconds."""

    queries: int | None = None
    ratio: float | None = None
    seconds: float | None = None
    cpu_ratio: float | None = None
    """As `ratio`, of the time that this process computes: what waits for the database does not count."""
    size: int | None = None


BOUNDS: Mapping[str, Bound] = {
    "list": Bound(queries=12, cpu_ratio=25),
    "list's figures": Bound(queries=12, cpu_ratio=110),
    "whole list's figures": Bound(queries=12, cpu_ratio=400),
    "dashboard": Bound(queries=15, cpu_ratio=70),
    "growth": Bound(cpu_ratio=1.3),
    "list's growth": Bound(cpu_ratio=1.2),
    "first page": Bound(size=60_000),
    "next page": Bound(size=20_000),
    "first dashboard": Bound(size=60_000),
    "theme": Bound(queries=15, ratio=100),
    "theme as it was": Bound(queries=15, cpu_ratio=15),
    "analysis": Bound(queries=15, ratio=100),
    "analysis by areas": Bound(queries=15, seconds=1),
    "analysis as it was": Bound(queries=15, cpu_ratio=15),
    "project page": Bound(queries=20, ratio=70),
    "deadlines": Bound(ratio=15),
    "section page": Bound(queries=12, ratio=45),
    "autosave": Bound(queries=6),
    "search, rare words": Bound(queries=12, cpu_ratio=60),
    "search, common words": Bound(queries=12, cpu_ratio=200),
    "budget page": Bound(ratio=170),
    "Word": Bound(seconds=1),
    "comparison": Bound(ratio=8),
    "nothing new": Bound(queries=6, seconds=2),
    "ten times": Bound(cpu_ratio=1.3),
    "letters queued": Bound(seconds=10),
    "letters sent": Bound(ratio=1 / 0.3),
    "desk": Bound(queries=12, ratio=45),
    "review page": Bound(queries=20, ratio=85),
    "spending import": Bound(cpu_ratio=6),
    "Excel": Bound(cpu_ratio=2),
    "Excel memory": Bound(size=200_000),
    "Excel sheets": Bound(queries=40, cpu_ratio=2),
    "Excel rows": Bound(cpu_ratio=1 / 4),
}
"""By the kind of figure."""
AS_IT_WAS = " as it was"
"""The end of kinds of pages that are opened again with nothing changed; all others are measured as after a change: what
the application keeps is forgotten before each opening."""


@dataclass(frozen=True)
class Figure:
    """Something to measure. `work` does it once and returns how much came out: characters, or rows."""

    kind: str
    name: str
    work: Callable[[], int]
    floor: Callable[[], int]
    floor_name: str = BARE


@dataclass(frozen=True)
class Times:
    """Milliseconds: by the clock, and of the processor in the application and in the database."""

    wall: float
    cpu: float
    database: float = 0

    @property
    def work(self) -> float:
        return self.cpu + self.database


@dataclass(frozen=True)
class Measured:
    """Medians."""

    kind: str
    name: str
    size: int
    questions: int
    took: Times
    floor_name: str
    floor: Times

    @property
    def ratio(self) -> float:
        return self.took.wall / self.floor.wall

    @property
    def cpu_ratio(self) -> float:
        return self.took.work / self.floor.work

    def missed(self) -> list[str]:
        """A sentence for each bound that does not hold."""
        bound, found = BOUNDS.get(self.kind, Bound()), []
        if bound.queries is not None and self.questions > bound.queries:
            found.append(f"{self.name} asks the database {self.questions} times; {bound.queries} are allowed.")
        for ratio, of_it in ((self.ratio, ""), (self.cpu_ratio, " of processor time")):
            if bound.ratio is not None and ratio > bound.ratio:
                found.append(f"{self.name} takes {ratio:.1f} times its floor{of_it}; {bound.ratio:g} are allowed.")
        if bound.seconds is not None and self.took.wall > bound.seconds * 1000:
            found.append(f"{self.name} takes {self.took.wall / 1000:.2f} seconds; {bound.seconds:g} are allowed.")
        if bound.cpu_ratio is not None and self.cpu_ratio > bound.cpu_ratio:
            found.append(f"{self.name} computes {self.cpu_ratio:.1f} times its floor; {bound.cpu_ratio:g} are allowed.")
        if bound.size is not None and self.size > bound.size:
            found.append(f"{self.name}: {self.size:,}; {bound.size:,} are allowed.")
        return found


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


class Processor:
    """What a database server on this machine has taken of the processor: the processes that answer, parallel workers
    included once they have ended. Nothing where the server runs elsewhere, or the system does not tell.

    `beside` names another database of that server whose processes count too.
    """

    def __init__(self, connection: Connection, beside: str = "") -> None:
        self.parent = 0
        number, name = connection.execute(text("select pg_backend_pid(), current_database()")).one()
        self.of_them = [f" {one} ".encode() for one in (name, beside) if one]
        try:
            if (PROCESSES / f"{number}/cmdline").read_bytes().startswith(b"postgres:"):
                self.parent = int(self._fields(number)[1])
        except OSError:
            pass

    @staticmethod
    def _fields(number: object) -> list[str]:
        """From the state on, behind the name in brackets."""
        return (PROCESSES / f"{number}/stat").read_text().rpartition(")")[2].split()

    def milliseconds(self) -> float:
        if not self.parent:
            return 0
        nanoseconds = sum(map(float, self._fields(self.parent)[13:15])) / os.sysconf("SC_CLK_TCK") * 1e9
        for child in (PROCESSES / f"{self.parent}/task/{self.parent}/children").read_text().split():
            with suppress(OSError):  # it has ended meanwhile, and is counted with its parent
                command = (PROCESSES / f"{child}/cmdline").read_bytes()
                if any(name in command for name in self.of_them):
                    nanoseconds += int((PROCESSES / f"{child}/schedstat").read_text().split()[0])
        return nanoseconds / 1e6


def measure(figure: Figure, runs: int, asked: list[str], database: Callable[[], float] = float) -> Measured:
    """Floor, figure, floor, figure: whatever else the machine does falls on both."""
    times: dict[Any, list[tuple[float, ...]]] = {figure.floor: [], figure.work: []}
    size, warm_up, began = 0, WARM_UP, time.perf_counter()
    first: dict[Any, tuple[float, ...]] = {}
    for turn in itertools.count():
        so_far = time.perf_counter() - began
        if turn == 1 and so_far > SLOW:
            warm_up, runs = 1, min(runs, RUNS_OF_SLOW)
        if turn == 1 and so_far > LONG and runs > 1:
            warm_up = 0
            for work, found in times.items():
                found.append(first[work])
        if turn == warm_up + runs or (turn >= warm_up + RUNS_OF_SLOW and so_far > LONGEST):
            break
        for work, found in times.items():
            asked.clear()
            there, cpu, wall = database(), time.process_time(), time.perf_counter()
            size = work()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            took = (wall * 1000, cpu * 1000, database() - there, len(asked))
            if turn == 0:
                first[work] = took
            if turn >= warm_up:
                found.append(took)
    (*floor, _), (*middle, questions) = (
        [median(column) for column in zip(*found, strict=True)] for found in times.values()
    )
    return Measured(figure.kind, figure.name, size, int(questions), Times(*middle), figure.floor_name, Times(*floor))


# -- who looks, and at what -------------------------------------------------------------------------------------------

MANAGER, FUND, REGION, HEAD, DEVELOPER, AUTHOR = (
    "portfolio manager",
    "Fund management",
    "regional officer",
    "head of office",
    "developer",
    "author",
)
ADMINISTRATOR, ENDORSER, RESOURCES, SPECIALIST, STEWARD, DELEGATE, ACCOUNTING, APPROVER = (
    "administrator",
    "regional endorser",
    "regional resources",
    "thematic specialist",
    "project manager",
    "delegate",
    "accounting",
    "approver",
)
EVERYBODY = (
    MANAGER, FUND, REGION, HEAD, DEVELOPER,
    ADMINISTRATOR, ENDORSER, RESOURCES, SPECIALIST, STEWARD, DELEGATE, ACCOUNTING, APPROVER,
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Somebody who is signed in, and the pages they open."""

    app: Flask
    name: str
    token: str

    def opens(self, path: str, anew: bool = True) -> Callable[[], int]:
        """Characters of a page; `anew`: as after a change of everything, with nothing kept of when it was opened."""
        client = self.app.test_client()
        client.set_cookie(COOKIE, self.token)

        def open_it() -> int:
            if anew:
                kept.forget(self.app)
            with client.get(path) as answer:
                if answer.status_code != 200:
                    raise NoAnswer(f"{path} answered {answer.status} to the {self.name}")
                text = (answer.mimetype or "").startswith("text/")
                return len(answer.get_data(as_text=True) if text else answer.get_data())

        return open_it

    def gets(self, path: str, files: bool = False) -> Callable[[], int]:
        """Bytes as they come over the line, in brotli; with the style and script that the page names."""
        client = self.app.test_client()
        client.set_cookie(COOKIE, self.token)

        def one(address: str) -> tuple[bytes, bool]:
            kept.forget(self.app)
            with client.get(address, headers={"Accept-Encoding": "br"}) as answer:
                if answer.status_code != 200:
                    raise NoAnswer(f"{address} answered {answer.status} to the {self.name}")
                return answer.get_data(), answer.headers.get("Content-Encoding") == "br"

        def get_it() -> int:
            page, packed = one(path)
            names = set(LINKED.findall((brotli.decompress(page) if packed else page).decode())) if files else ()
            return len(page) + sum(len(one(name)[0]) for name in names)

        return get_it

    def types(self, path: str) -> Callable[[], int]:
        """Adds a word to the section of the path or takes it away again, and lets the page save itself."""
        client = self.app.test_client()
        client.set_cookie(COOKIE, self.token)
        page = client.get(path).get_data(as_text=True)
        fields = {name: _value(page, name) for name in ("csrf_token", "version")}
        written = _written(page).removesuffix(MORE)
        texts = itertools.cycle((written + MORE, written))

        def type_on() -> int:
            answer = client.post(f"{path}/autosave", data={**fields, "text": next(texts)})
            if answer.status_code != 200:
                raise NoAnswer(f"{path} answered {answer.status} to what the {self.name} typed")
            fields["version"] = str(answer.get_json()["version"])
            return len(answer.get_data())

        return type_on


def _value(page: str, name: str) -> str:
    """What a hidden field of a page holds."""
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    value = re.search(r'value="([^"]*)"', field[0]) if field else None
    if value is None:
        raise NoAnswer(f"a page has no field {name}")
    return html.unescape(value[1])


def _written(page: str) -> str:
    """What stands in the text of a section's page."""
    field = re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    if field is None:
        raise NoAnswer("a page has no text to type in")
    return html.unescape(field[1]).strip()


Wanted = Callable[[str], bool]


def figures(app: Flask, wanted: Wanted = lambda _name: True) -> Iterator[Figure]:
    """Everything that is measured, pages first; nothing is prepared for what is not wanted, by its name."""
    with app.app_context():
        office = _busiest_office()
        proposal = _full_proposal()
        reviewed = _reviewed(office)
        if proposal and len(reviewed) > 1:
            _review_in_full(reviewed[1], proposal)
        readers = {reader.name: reader for reader in _readers(app, office, proposal)}
        pages = list(_pages(office, reviewed))
        pages += _drafting(proposal) if proposal else []
        sized = list(_sized(office))
        db.session.commit()
    bare_page, again = (
        {name: reader.opens("/bench/bare", anew) for name, reader in readers.items()} for anew in (True, False)
    )
    for kind, words, who, path in pages:
        anew = not kind.endswith(AS_IT_WAS)
        floor = bare_page[who] if anew else again[who]
        yield Figure(kind, f"{kind}: {words} ({who})", readers[who].opens(path, anew), floor)
    for kind, words, who, path in sized:
        work = readers[who].gets(path, files=kind != "next page")
        yield Figure(kind, f"{kind}: {words} ({who})", work, bare_page[who])
    name = f"autosave: a word more or less ({AUTHOR})"
    if proposal and wanted(name):
        path = f"/projects/{proposal.reference}/sections/{TYPED_IN}"
        yield Figure("autosave", name, readers[AUTHOR].types(path), bare_page[AUTHOR])
    for kind, name, work in (
        ("counts", "count and sum of the list (everything)", _count),
        ("reminders", "reminders of a day, dry run", _remind),
        ("deadlines", "deadlines: of one project, recomputed", _recomputed),
    ):
        yield Figure(kind, name, _alone(app, work), bare_page[MANAGER])
    yield from _scans(app, bare_page[MANAGER], wanted)
    for name, before, after in _long_texts():
        yield Figure("comparison", f"comparison: {name}", partial(_compared, before, after), _by_difflib, DIFFLIB)
    queued, inserted = partial(loopback.queued, QUEUED), partial(loopback.inserted, QUEUED)
    name = f"letters: {QUEUED:,} queued"
    yield Figure("letters queued", name, _alone(app, queued), _alone(app, inserted), PSYCOPG)
    name = f"letters: {SENT:,} sent over SMTP"
    if wanted(name):
        server = loopback.Loopback(app, SENT)
        try:
            yield Figure("letters sent", name, server.send, server.bare, SMTPLIB)
        finally:
            server.end()
    yield from _exports(app)
    finance = Finance()
    name = f"spending import: {FINANCE_ROWS:,} rows of finance"
    yield Figure("spending import", name, _alone(app, finance.take_over), _alone(app, finance.only_read), CALAMINE)


def _sized(office: Office) -> Iterator[tuple[str, str, str, str]]:
    """Whose bytes count: of the first page with all its files, and of the page alone for who has those."""
    for who in (MANAGER, REGION, DEVELOPER):
        yield "first page", "home, with its files", who, "/"
    yield "first dashboard", "before its charts, with its files", MANAGER, "/dashboard"
    yield "next page", "the list", MANAGER, "/projects"
    yield "next page", "home", MANAGER, "/"
    yield "next page", "the desk", REGION, "/desk"
    yield "next page", "search", MANAGER, "/search?q=fair+recruitment"
    if reference := _reference(Status.ACTIVE, office):
        yield "next page", "a project", MANAGER, f"/projects/{reference}"


GROWING = (
    ("unfiltered", "/projects"),
    ("by title", "/projects?sort=title"),
    ("by reference", "/projects?sort=-reference"),
    ("by budget", "/projects?sort=-budget"),
    ("a region and a year", "/projects?region=NBO&year=2023"),
    ("a country by title", "/projects?country=KEN&sort=title"),
    ("closed by budget", "/projects?status=FIN_CLOSED&sort=-budget"),
    ("an area of work by end", "/projects?area=LHD&sort=end"),
    ("no area of work", "/projects?area=none"),
    ("no SDG target by title", "/projects?sdg=none&sort=title"),
    ("overdue by title", "/projects?overdue=yes&sort=title"),
    ("reports due", "/projects?due=30"),
    ("ending soon by end", "/projects?ending=90&sort=end"),
    ("to be evaluated by year", "/projects?evaluation=yes&sort=-year"),
    ("a rare word", "/projects?q=zanzibarxyz"),
    ("two words", "/projects?q=fair+recruitment"),
)
"""Filters and sorts of every kind: by what stands in a project and beside it, frequent and rare, kept and not."""


def growth(app: Flask, small: Flask, size: int) -> Iterator[Figure]:
    """Pages beside those of a portfolio of `size` projects: totals grow with places, and rows are as many."""
    found: list[list[tuple[str, str, Callable[[], int]]]] = []
    for one in (app, small):
        with one.app_context():
            region = _busiest_office().region_on(clock.today())
            manager = signed_in(one, MANAGER, _holder(Role.MGT, {}))
            officer = signed_in(one, REGION, _holder(Role.RPDO, {"region_code": region}))
            db.session.commit()
        pages = [
            ("growth", f"dashboard, unfiltered ({who.name})", who.opens("/dashboard")) for who in (manager, officer)
        ]
        pages += [("list's growth", f"list, {words} ({who.name})", who.opens(path))
                  for words, path in GROWING for who in (manager, officer)]  # fmt: skip
        found.append(pages)
    for (kind, name, work), (_kind, _name, floor) in zip(*found, strict=True):
        yield Figure(kind, f"{kind}: {name}", work, floor, f"{size:,} projects")


def _alone(app: Flask, work: Callable[[], int]) -> Callable[[], int]:
    """In a context and a transaction of its own, as a command is."""

    def run() -> int:
        with app.app_context():
            return work()

    return run


def _count() -> int:
    return portfolio.totals(None, portfolio.Filters()).number


def _remind() -> int:
    return sum(1 for _ in reminders.due(db.session(), clock.today()))


def _scans(app: Flask, floor: Callable[[], int], wanted: Wanted) -> Iterator[Figure]:
    """What a scan costs where everything is written, and where ten times as much exists and as much is due."""
    for kind, name, make, beside in (
        ("nothing new", "reminders: an hour with nothing new", _all_written, None),
        (
            "ten times",
            "reminders: the same due among 10 times the deadlines",
            partial(_among, TIMES),
            partial(_among, 1),
        ),
    ):
        if not wanted(name):
            continue
        with ExitStack() as stack:
            work = stack.enter_context(_undone(app, make))
            yield Figure(
                kind,
                name,
                work,
                stack.enter_context(_undone(app, beside)) if beside else floor,
                "1 times as many" if beside else BARE,
            )


@contextmanager
def _undone(app: Flask, make: Callable[[], Callable[[], int]]) -> Iterator[Callable[[], int]]:
    """Work on what `make` prepares in a transaction of its own, which is undone at the end."""
    context = app.app_context()
    run = contextvars.Context().run

    def begin() -> Callable[[], int]:
        context.push()
        db.session.execute(text("set local statement_timeout = 0"))
        return make()

    def end() -> None:
        db.session.rollback()
        context.pop()

    work = run(begin)
    try:
        yield partial(run, work)
    finally:
        run(end)


def _all_written() -> Callable[[], int]:
    """Every letter of the day is queued; the next hour finds nothing."""
    reminders.remind(db.session(), clock.today())
    db.session.expunge_all()
    return lambda: reminders.remind(db.session(), clock.today())


def _among(times: int) -> Callable[[], int]:
    """Deadlines in a table of this session's own: so many due, all others done or beyond the reach of every ladder."""
    session, today = db.session(), clock.today()
    session.execute(text("create temporary table deadline (like public.deadline including all) on commit drop"))
    columns = ", ".join(column.name for column in Deadline.__table__.columns if column.name not in NUMBERED)
    for due, count in ((True, DUE), (False, EXIST * times - DUE)):
        session.execute(
            text(
                f"insert into deadline (project_id, kind, period_to, due_on, is_open, {columns})"  # nosec B608
                " select running.ids[1 + number % cardinality(running.ids)], 'INT_N', cast(:first as date) + number, "
                " case when :due then cast(:today as date) - number % 300"
                "   else cast(:today as date) + (case when number % 3 = 0 then 120 else -600 end) + number % 500 end,"
                f" :due or number % 3 = 0, {columns}"
                " from generate_series(1, :count) as number,"
                " (select array_agg(id order by id) as ids from project where status = 'ACTIVE') as running,"
                " (select * from public.deadline where from_on is null limit 1) as template"
            ),
            {"due": due, "count": count, "today": today, "first": date(1800 if due else 1900, 1, 1)},
        )
    session.execute(text("analyze deadline"))
    ladders = Ladders(session)
    return lambda: len(climbing.unwritten(session, climbing.DEADLINES, ladders, today))


def _recomputed() -> int:
    """The deadlines of a running project after its end moved by half a year, with its lock; nothing is kept."""
    running = select(Project.id).where(Project.status == Status.ACTIVE, Project.ends_on.is_not(None))
    number = db.session.scalar(running.order_by(Project.id).limit(1))
    if number is None:
        raise NoAnswer("no project runs")
    project = queries.locked(number)
    assert project.ends_on is not None
    was_end, project.ends_on = project.ends_on, add_months(project.ends_on, 6)
    done = operations.recompute(project, was_end=was_end, actor=None)
    db.session.flush()
    db.session.rollback()
    return done.moved + done.added + done.dropped


def _long_text(seed: int, count: int = 3300) -> str:
    """As long as the longest section may be saved, in words as frequent as those of a language."""
    vocabulary = [f"word{number}" for number in range(4000)]
    weights = [1 / (number + 1) for number in range(4000)]
    return " ".join(random.Random(seed).choices(vocabulary, weights, k=count))  # nosec B311


def _long_texts() -> Iterator[tuple[str, str, str]]:
    """Two versions of a text, ordinary ones and those that are hard for whoever compares."""
    long = _long_text(1)
    half = " ".join(f"new{place}" if place % 2 else word for place, word in enumerate(long.split()))
    yield "half of the words new", long, half
    yield "written anew", long, _long_text(2)
    yield "one word for ever", "a " * 10_000, "a " * 9_000 + "b " * 1_000
    yield "two lines in turn", "a\nb\n" * 5_000, "b\na\n" * 5_000


def _compared(before: str, after: str) -> int:
    return len(differing(before, after))


def _by_difflib() -> int:
    before, after = _long_text(1).split(), _long_text(2).split()
    return len(difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes())


def _exports(app: Flask) -> Iterator[Figure]:
    some, part = bench_exports.SomeProjects(), bench_exports.Slice()
    as_csv = _alone(app, bench_exports.projects_as_csv)
    for kind, name, work, floor, floor_name in (
        ("Excel", "the sheet of projects, every project", bench_exports.projects, as_csv, CSV),
        ("Excel memory", "the same, kB held beyond those before", bench_exports.most_memory, as_csv, CSV),
        ("Excel sheets", "every sheet of some 1,500 projects", some.every_sheet, _alone(app, some.as_csv), CSV),
        ("Excel rows", f"{bench_exports.SLICE:,} rows written", part.written, _alone(app, part.by_openpyxl), OPENPYXL),
    ):
        yield Figure(kind, f"{kind}: {name}", _alone(app, work), floor, floor_name)


class Finance:
    """A spreadsheet of finance that states running projects of the portfolio; made when it is first needed."""

    def __init__(self) -> None:
        self.times = 0

    @cached_property
    def file(self) -> bytes:
        running = select(Project).where(Project.status == Status.ACTIVE, Project.lines.any(), Project.code.is_not(None))
        asked = running.options(selectinload(Project.lines)).order_by(Project.id).limit(FINANCE_PROJECTS)
        projects = db.session.scalars(asked).all()
        for project in projects:
            give_codes(project)
        lines = [(project, line) for project in projects for line in project.lines]
        source, rows = random.Random(1), []  # nosec B311
        for _row in range(FINANCE_ROWS):
            project, line = source.choice(lines)
            day = (project.starts_on or clock.today()) + timedelta(days=source.randrange(300))
            kind = source.choice(("expenditure", "expenditure", "commitment"))
            rows.append((project.code, line.code, day, project.currency, Decimal(source.randrange(10**7)) / 100, kind))
        kinds = {2: Kind.DAY, 4: Kind.MONEY}
        headings = [names[0] for names in statement.HEADINGS]
        columns = [Column(name, itemgetter(place), kinds.get(place, Kind.TEXT)) for place, name in enumerate(headings)]
        memory = io.BytesIO()
        write(memory, [Sheet(statement.SHEET, columns, rows)], created=clock.now())
        db.session.commit()
        return memory.getvalue()

    def take_over(self) -> int:
        """All of it but the commit."""
        data = self.file
        self.times += 1
        found = statement.read(data)
        prepared = operations.prepare(found, actor=None, file_name="bench", sha256=str(self.times), lock=True)
        operations.take_over(prepared, actor=None)
        db.session.rollback()
        return len(prepared.rows)

    def only_read(self) -> int:
        with CalamineWorkbook.from_filelike(io.BytesIO(self.file)) as book:
            return len(book.get_sheet_by_index(0).to_python())


def _busiest_office() -> Office:
    first = select(Project.office_id).group_by(Project.office_id).order_by(func.count().desc(), Project.office_id)
    return db.session.scalars(
        select(Office).where(Office.id == first.limit(1).scalar_subquery()).options(selectinload(Office.links))
    ).one()


@dataclass(frozen=True)
class FullProposal:
    """The one full proposal of the portfolio: where it is, who develops it, and an output of its matrix."""

    reference: str
    developer: int
    output: int


def _full_proposal() -> FullProposal | None:
    """None in a portfolio too small for one."""
    asked = (
        select(Project.reference, Party.user_id, Result.id)
        .join(Party, Party.project_id == Project.id)
        .join(Result, Result.project_id == Project.id)
        .where(Project.title == full.TITLE, Party.part == Part.DEVELOPER, Result.level == Level.OUTPUT)
        .order_by(Result.id)
        .limit(1)
    )
    found = db.session.execute(asked).one_or_none()
    return FullProposal(*found) if found else None


def _readers(app: Flask, office: Office, proposal: FullProposal | None) -> Iterator[Reader]:
    region, here = {"region_code": office.region_on(clock.today())}, {"office_id": office.id}
    for name, role, place in (
        (MANAGER, Role.MGT, {}),
        (FUND, Role.FUND, {}),
        (REGION, Role.RPDO, region),
        (HEAD, Role.COM, here),
        (DEVELOPER, Role.PDEV, here),
        (ADMINISTRATOR, Role.ADMIN, {}),
        (ENDORSER, Role.RD, region),
        (RESOURCES, Role.RRMO, region),
        (SPECIALIST, Role.RTS, region),
        (STEWARD, Role.PM, here),
        (ACCOUNTING, Role.RAS, region),
        (APPROVER, Role.DDG, {}),
    ):
        yield signed_in(app, name, _holder(role, place))
    yield signed_in(app, DELEGATE, _delegate([_holder(role, region) for role in (Role.RPDO, Role.RRMO)]))
    if proposal:
        yield signed_in(app, AUTHOR, proposal.developer)


def some_readers(app: Flask) -> list[Reader]:
    """Eight people who read at once, each in another role."""
    names = {MANAGER, FUND, REGION, HEAD, DEVELOPER, ENDORSER, SPECIALIST, ACCOUNTING}
    with app.app_context():
        found = [reader for reader in _readers(app, _busiest_office(), None) if reader.name in names]
        db.session.commit()
    return found


def _holder(role: Role, place: Mapping[str, Any]) -> int | None:
    return db.session.scalars(select(Grant.user_id).filter_by(role=role, **place).order_by(Grant.user_id)).first()


def _delegate(absent: list[int | None]) -> int | None:
    """The regional officer for monitoring and evaluation, who for the time stands in for others of the region."""
    there = select(Grant.region_code).where(Grant.user_id == absent[0]).scalar_subquery()
    delegate = db.session.scalars(
        select(Grant.user_id).where(Grant.role == Role.RME, Grant.region_code == there)
    ).first()
    day = clock.today()
    for one in absent:
        known = select(Delegation).filter_by(absent_id=one, delegate_id=delegate)
        if delegate and one and db.session.scalars(known).first() is None:
            db.session.add(Delegation(absent_id=one, delegate_id=delegate, made_by_id=one, from_on=day, until_on=day))
    return delegate


def signed_in(app: Flask, name: str, user_id: int | None) -> Reader:
    token = secrets.token_urlsafe(32)
    db.session.add(SignIn(token_hash=hashed(token), user_id=user_id, agent="bench"))
    return Reader(app, name, token)


def _pages(office: Office, reviewed: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """(kind, words, who, path) of each page that is measured."""
    year = clock.today().year - 1
    for words, query in (
        ("unfiltered", ""),
        ("a region and a year", f"region=NBO&year={year}"),
        ("two words", "q=fair+recruitment"),
        ("a word of none", "q=nowhere"),
        ("an area of work", "area=LHD"),
        ("a country", "country=KEN"),
        ("overdue reports", "overdue=yes"),
        ("ending within 90 days", "ending=90"),
        ("reports due within 30 days", "due=30"),
        ("in review", "status=REVIEW"),
        ("a theme of few", "theme=GEN"),
        ("half way down", f"after={_half_way()}"),
    ):
        yield "list", words, MANAGER, f"/projects?{query}"
    for sort in ("reference", "title", "-year", "-budget", "start", "-end"):
        yield "list", f"by {sort}", MANAGER, f"/projects?sort={sort}"
    for words, query in (
        ("a country by title", "country=KEN&sort=title"),
        ("an old year by end", "year=2016&sort=end"),
    ):
        yield "list", words, MANAGER, f"/projects?{query}"
    for who in (REGION, FUND, HEAD, DEVELOPER):
        yield "list", "unfiltered", who, "/projects"
        yield "list", "in review by budget", who, "/projects?status=REVIEW&sort=-budget"
        yield "list", "overdue by title", who, "/projects?overdue=yes&sort=title"
    for words, query in (
        ("a region and a year", f"region=NBO&year={year}"),
        ("a year", f"year={year}"),
        ("two words", "q=fair+recruitment"),
        ("an area of work", "area=LHD"),
        ("overdue reports", "overdue=yes"),
    ):
        yield "list's figures", words, MANAGER, f"/projects/figures?{query}"
    yield "list's figures", "a region and a year", REGION, f"/projects/figures?region=NBO&year={year}"
    for who in (MANAGER, REGION):
        yield "whole list's figures", "unfiltered", who, "/projects/figures"
    yield from _searches()
    yield "dashboard", "unfiltered", MANAGER, "/dashboard"
    yield "dashboard", "unfiltered", REGION, "/dashboard"
    yield "dashboard", "a region and a year", MANAGER, f"/dashboard?region=NBO&year={year}"
    yield "dashboard as it was", "unfiltered", MANAGER, "/dashboard"
    for theme in ("results", "delivery", "money", "pipeline", "changes"):
        yield "theme", theme, MANAGER, f"/dashboard/{theme}"
        yield "theme as it was", theme, MANAGER, f"/dashboard/{theme}"
    yield from _analyses(office, year)
    for status, who in ((Status.ACTIVE, MANAGER), (Status.FIN_CLOSED, MANAGER), (Status.REVIEW, REGION)):
        if reference := _reference(status, office):
            yield "project page", status.value, who, f"/projects/{reference}"
    yield "reports", "of one project", MANAGER, f"/projects/{_reference(Status.ACTIVE, office)}/reports"
    if reference := _reference(Status.REVIEW, office):
        yield "compare", "its only round and now", REGION, f"/projects/{reference}/compare?from=1&to=now"
    for words, reference in zip(("as small as most", "a full proposal, once returned"), reviewed, strict=False):
        for who in (REGION, DELEGATE):
            yield "review page", words, who, f"/projects/{reference}/clearances/rpdo"
    yield "overdue", "all regions", MANAGER, "/reports/overdue"
    for who in EVERYBODY:
        yield "home", "first page", who, "/"
        yield "home as it was", "first page", who, "/"
        yield "desk", "everything on it", who, "/desk"
    for words, query in (("everything", ""), ("what is late", "?late=yes"), ("a role", "?role=FUND")):
        yield "waiting", words, MANAGER, f"/waiting{query}"
    yield "waiting", "everything", REGION, "/waiting"
    yield "times", "all years", MANAGER, "/waiting/times"
    yield "times", "all years", REGION, "/waiting/times"
    yield "times", "a year", MANAGER, f"/waiting/times?year={clock.today().year}"


def _analyses(office: Office, year: int) -> Iterator[tuple[str, str, str, str]]:
    """Reports of all projects, tables of any two dimensions, the timeline, and two of something side by side."""
    divided = {"allocation": "area of work x activity type", "regional": "country x area of work"}
    for name in reports.REPORTS:
        kind = "analysis by areas" if name in divided or name == "activities" else "analysis"
        yield kind, divided.get(name, name), MANAGER, f"/analysis/{name}"
        if name != "overdue":  # it lists projects by title, and titles are never kept
            yield "analysis as it was", divided.get(name, name), MANAGER, f"/analysis/{name}"
    yield "analysis by areas", "area of work x activity type, a year", MANAGER, f"/analysis/allocation?year={year}"
    for rows, across, measure in (("region", "year", "projects"), ("country", "stage", "budget"),
                                  ("office", "year", "spent"), ("donor", "marker", "overdue")):  # fmt: skip
        path = f"/analysis/cross-table?rows={rows}&across={across}&measure={measure}"
        yield "analysis", f"a table, {rows} x {across}, {measure}", MANAGER, path
    yield "timeline", "unfiltered", MANAGER, "/timeline"
    yield "timeline", "a region and a year", MANAGER, f"/timeline?region=NBO&year={year}"
    first, second = "NBO", office.region_on(clock.today())
    yield "compare two", "regions", MANAGER, f"/compare?what=region&a={first}&b={second}"
    yield "compare two", "years", MANAGER, f"/compare?what=year&a={year - 1}&b={year}"


def _searches() -> Iterator[tuple[str, str, str, str]]:
    """Rare words: of no project, an ID. Common ones: of most indicators, of many titles, the beginning of any."""
    for kind, words, who in (
        ("rare", "zanzibarxyz", MANAGER),
        ("rare", "LM+0276", MANAGER),
        ("rare", "LM+0276", REGION),
        ("common", "fair+recruitment", MANAGER),
        ("common", "people", MANAGER),
        ("common", "people", REGION),
        ("common", "pro", MANAGER),
    ):
        yield f"search, {kind} words", words, who, f"/search?q={words}&all=yes"


def _drafting(proposal: FullProposal) -> Iterator[tuple[str, str, str, str]]:
    """The same of the drafting desk of a full proposal."""
    home = f"/projects/{proposal.reference}"
    for kind, words, path in (
        ("project page", "a full proposal", home),
        ("proposal page", "every part of a full proposal", f"{home}/proposal"),
        ("section page", "of a full proposal", f"{home}/sections/{TYPED_IN}"),
        ("matrix page", "4 x 4 x 4 results", f"{home}/matrix"),
        ("workplan page", "64 activities", f"{home}/workplan"),
        ("budget page", f"{full.LINES} lines", f"{home}/budget"),
        ("readiness", "of a full proposal", f"{home}/readiness"),
        ("Word", "a full proposal", f"{home}/proposal.docx"),
        ("budget form", f"{full.LINES} lines as .xlsx", f"{home}/budget.xlsx"),
        ("similar", "projects like a full proposal", f"{home}/similar?section={TYPED_IN}"),
        ("former", "two words", "/projects/new/former?q=training+officials"),
        ("indicator library", "everything", f"/indicators?project={proposal.reference}&result={proposal.output}"),
        ("indicator library", "two words", "/indicators?q=officials+training"),
        ("indicator library", "words of every third", "/indicators?q=people+test"),
        ("indicator library", "an area and a level", "/indicators?area=LHD&level=outcome"),
    ):
        yield kind, words, AUTHOR, path


def _reference(status: Status, office: Office) -> str | None:
    """A project of the office, or else of its region."""
    region = office.region_on(clock.today())
    nearby = select(OfficeLink.office_id).where(OfficeLink.region_code == region)
    there = select(Project.reference).where(Project.status == status, Project.office_id.in_(nearby))
    return db.session.scalar(there.order_by((Project.office_id != office.id), Project.id).limit(1))


def _reviewed(office: Office) -> list[str]:
    """Two proposals of the office's region that its project development officer is to review."""
    open_ones = select(Round.project_id).join(Clearance, Clearance.round_id == Round.id)
    here = OfficeLink.region_code == office.region_on(clock.today())
    return list(
        db.session.scalars(
            select(Project.reference)
            .join(OfficeLink, OfficeLink.office_id == Project.office_id)
            .where(
                here,
                Project.status == Status.REVIEW,
                Project.id.in_(open_ones.where(Clearance.seat == Role.RPDO, Clearance.verdict.is_(None))),
            )
            .order_by(Project.id)
            .limit(2)
        )
    )


def _review_in_full(reference: str, proposal: FullProposal) -> None:
    """Let the newest round of a proposal in review hold the full proposal, and a round before it one text less of it.

    Like this it stays: a portfolio that is kept has it already.
    """
    whole = queries.proposal(proposal.reference)
    assert whole is not None
    frozen = snapshot(whole)
    newest = db.session.scalars(
        select(Round).join(Project).where(Project.reference == reference).order_by(Round.number.desc()).limit(1)
    ).one()
    if newest.number > 1:
        return
    newest.number, newest.snapshot, newest.sha256 = 2, frozen, seal(frozen)
    db.session.flush()
    before = frozen | {"sections": dict(list(frozen["sections"].items())[1:]), "lines": frozen["lines"][1:]}
    db.session.add(
        Round(
            project_id=newest.project_id,
            number=1,
            submitted_at=newest.submitted_at,
            submitted_by_id=newest.submitted_by_id,
            closed_at=newest.submitted_at,
            snapshot=before,
            sha256=seal(before),
        )
    )


def _half_way() -> str:
    """A cursor in the middle of the list, as the list writes it."""
    newest_first = select(Project.updated_at, Project.id).order_by(Project.updated_at.desc(), Project.id.desc())
    half = (db.session.scalar(select(func.count()).select_from(Project)) or 0) // 2
    at, number = db.session.execute(newest_first.offset(half).limit(1)).one()
    return f"{int(at.timestamp() * 1_000_000)}-{number}"
