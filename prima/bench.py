"""Measuring: each figure beside a floor taken in the same run, turn by turn, and the bounds that must hold."""

from __future__ import annotations

import csv
import difflib
import html
import itertools
import random
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from flask import Blueprint, Flask, render_template_string
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import selectinload

from prima import clock, loopback
from prima.db import db
from prima.demonstration.portfolio import full
from prima.endorsement.differences.words import words as differing
from prima.endorsement.models import Clearance, Round
from prima.permissions import Action, guard
from prima.places import Office, OfficeLink
from prima.projects.models import Level, Part, Party, Project, Result
from prima.projects.stages import Status
from prima.reporting import portfolio, reminders, workbooks
from prima.sessions import COOKIE, hashed
from prima.spreadsheets import write
from prima.users import Grant, Role, SignIn

WARM_UP = 2
SLOW, RUNS_OF_SLOW = 5.0, 3
"""What takes more seconds than this is warmed up once and measured so many times."""
BARE, CSV, DIFFLIB, SMTPLIB, PSYCOPG = "bare page", "csv", "difflib", "smtplib", "psycopg"
QUEUED, SENT = 10_000, 500
"""Letters that are written at once, and sent at once."""
TYPED_IN, MORE = "rat", " more"
"""The section that is opened and typed in, and the word that is typed."""

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


BOUNDS: Mapping[str, Bound] = {
    "list": Bound(queries=12),
    "dashboard": Bound(queries=15),
    "project page": Bound(queries=24),
    "section page": Bound(queries=12, ratio=45),
    "autosave": Bound(queries=6),
    "budget page": Bound(ratio=170),
    "Word": Bound(seconds=1),
    "comparison": Bound(ratio=8),
    "letters queued": Bound(seconds=10),
    "letters sent": Bound(ratio=1 / 0.3),
    "desk": Bound(queries=12, ratio=45),
    "review page": Bound(queries=20, ratio=85),
}
"""By the kind of figure."""


@dataclass(frozen=True)
class Figure:
    """Something to measure. `work` does it once and returns how much came out: characters, or rows."""

    kind: str
    name: str
    work: Callable[[], int]
    floor: Callable[[], int]
    floor_name: str = BARE


@dataclass(frozen=True)
class Measured:
    """Medians, times in milliseconds."""

    kind: str
    name: str
    size: int
    questions: int
    wall: float
    cpu: float
    floor_name: str
    floor_wall: float
    floor_cpu: float

    @property
    def ratio(self) -> float:
        return self.wall / self.floor_wall

    @property
    def cpu_ratio(self) -> float:
        return self.cpu / self.floor_cpu

    def missed(self) -> list[str]:
        """A sentence for each bound that does not hold."""
        bound, found = BOUNDS.get(self.kind, Bound()), []
        if bound.queries is not None and self.questions > bound.queries:
            found.append(f"{self.name} asks the database {self.questions} times; {bound.queries} are allowed.")
        if bound.ratio is not None and self.ratio > bound.ratio:
            found.append(f"{self.name} takes {self.ratio:.1f} times its floor; {bound.ratio:g} are allowed.")
        if bound.seconds is not None and self.wall > bound.seconds * 1000:
            found.append(f"{self.name} takes {self.wall / 1000:.2f} seconds; {bound.seconds:g} are allowed.")
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


def measure(figure: Figure, runs: int, asked: list[str]) -> Measured:
    """Floor, figure, floor, figure: whatever else the machine does falls on both."""
    times: dict[Any, list[tuple[float, float, int]]] = {figure.floor: [], figure.work: []}
    size, warm_up, began = 0, WARM_UP, time.perf_counter()
    for turn in itertools.count():
        if turn == 1 and time.perf_counter() - began > SLOW:
            warm_up, runs = 1, min(runs, RUNS_OF_SLOW)
        if turn == warm_up + runs:
            break
        for work, found in times.items():
            asked.clear()
            cpu, wall = time.process_time(), time.perf_counter()
            size = work()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if turn >= warm_up:
                found.append((wall * 1000, cpu * 1000, len(asked)))
    (floor_wall, floor_cpu, _), (wall, cpu, questions) = (
        [median(column) for column in zip(*found, strict=True)] for found in times.values()
    )
    return Measured(
        figure.kind,
        figure.name,
        size,
        int(questions),
        wall,
        cpu,
        figure.floor_name,
        floor_wall,
        floor_cpu,
    )


# -- who looks, and at what -------------------------------------------------------------------------------------------

MANAGER, FUND, REGION, HEAD, DEVELOPER, AUTHOR = (
    "portfolio manager",
    "Fund management",
    "regional officer",
    "head of office",
    "developer",
    "author",
)
EVERYBODY = (MANAGER, FUND, REGION, HEAD, DEVELOPER)


@dataclass(frozen=True)
class Reader:
    """Somebody who is signed in, and the pages they open."""

    app: Flask
    name: str
    token: str

    def opens(self, path: str) -> Callable[[], int]:
        client = self.app.test_client()
        client.set_cookie(COOKIE, self.token)

        def open_it() -> int:
            with client.get(path) as answer:
                if answer.status_code != 200:
                    raise NoAnswer(f"{path} answered {answer.status} to the {self.name}")
                text = (answer.mimetype or "").startswith("text/")
                return len(answer.get_data(as_text=True) if text else answer.get_data())

        return open_it

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


def figures(app: Flask) -> Iterator[Figure]:
    """Everything that is measured, pages first."""
    with app.app_context():
        office = _busiest_office()
        proposal = _full_proposal()
        readers = {reader.name: reader for reader in _readers(app, office, proposal)}
        pages = list(_pages(office))
        pages += _drafting(proposal) if proposal else []
        db.session.commit()
    bare_page = {name: reader.opens("/bench/bare") for name, reader in readers.items()}
    for kind, words, who, path in pages:
        yield Figure(kind, f"{kind}: {words} ({who})", readers[who].opens(path), bare_page[who])
    if proposal:
        path = f"/projects/{proposal.reference}/sections/{TYPED_IN}"
        work = readers[AUTHOR].types(path)
        yield Figure("autosave", f"autosave: a word more or less ({AUTHOR})", work, bare_page[AUTHOR])
    for kind, name, work in (
        ("counts", "count and sum of the list (everything)", _count),
        ("reminders", "reminders of a day, dry run", _remind),
    ):
        yield Figure(kind, name, _alone(app, work), bare_page[MANAGER])
    for name, before, after in _long_texts():
        yield Figure("comparison", f"comparison: {name}", partial(_compared, before, after), _by_difflib, DIFFLIB)
    queued, inserted = partial(loopback.queued, QUEUED), partial(loopback.inserted, QUEUED)
    name = f"letters: {QUEUED:,} queued"
    yield Figure("letters queued", name, _alone(app, queued), _alone(app, inserted), PSYCOPG)
    server = loopback.Loopback(app, SENT)
    try:
        yield Figure("letters sent", f"letters: {SENT:,} sent over SMTP", server.send, server.bare, SMTPLIB)
    finally:
        server.end()
    yield Figure("Excel", "Excel: every project", _alone(app, _workbook), _alone(app, _csv), CSV)


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


def _workbook() -> int:
    with tempfile.TemporaryFile() as file:
        exported = portfolio.export(None, portfolio.read(None, {}))
        return write(file, workbooks.portfolio(exported), created=clock.now())["Projects"]


def _csv() -> int:
    """The same rows of the same question, as the standard library writes them."""
    number = 0
    with tempfile.TemporaryFile("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for row in portfolio.export(None, portfolio.read(None, {})).rows:
            writer.writerow(row)
            number += 1
    return number


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
    for name, role, place in (
        (MANAGER, Role.MGT, {}),
        (FUND, Role.FUND, {}),
        (REGION, Role.RPDO, {"region_code": office.region_on(clock.today())}),
        (HEAD, Role.COM, {"office_id": office.id}),
        (DEVELOPER, Role.PDEV, {"office_id": office.id}),
    ):
        holders = select(Grant.user_id).filter_by(role=role, **place).order_by(Grant.user_id)
        yield signed_in(app, name, db.session.scalars(holders).first())
    if proposal:
        yield signed_in(app, AUTHOR, proposal.developer)


def signed_in(app: Flask, name: str, user_id: int | None) -> Reader:
    token = secrets.token_urlsafe(32)
    db.session.add(SignIn(token_hash=hashed(token), user_id=user_id, agent="bench"))
    return Reader(app, name, token)


def _pages(office: Office) -> Iterator[tuple[str, str, str, str]]:
    """(kind, words, who, path) of each page that is measured."""
    year = clock.today().year - 1
    for words, query in (
        ("unfiltered", ""),
        ("a region and a year", f"?region=NBO&year={year}"),
        ("two words", "?q=fair+recruitment"),
        ("an area of work", "?area=LHD"),
        ("overdue reports", "?overdue=yes"),
        ("in review", "?status=REVIEW"),
        ("half way down", f"?after={_half_way()}"),
    ):
        yield "list", words, MANAGER, f"/projects{query}"
    for who in (REGION, HEAD, DEVELOPER):
        yield "list", "unfiltered", who, "/projects"
    yield "dashboard", "unfiltered", MANAGER, "/dashboard"
    yield "dashboard", "unfiltered", REGION, "/dashboard"
    yield "dashboard", "a region and a year", MANAGER, f"/dashboard?region=NBO&year={year}"
    for status, who in ((Status.ACTIVE, MANAGER), (Status.FIN_CLOSED, MANAGER), (Status.REVIEW, REGION)):
        if reference := _reference(status, office):
            yield "project page", status.value, who, f"/projects/{reference}"
    yield "reports", "of one project", MANAGER, f"/projects/{_reference(Status.ACTIVE, office)}/reports"
    if reference := _reference(Status.REVIEW, office):
        yield "compare", "its only round and now", REGION, f"/projects/{reference}/compare?from=1&to=now"
    if reference := _reviewed(office):
        yield "review page", "as project development officer", REGION, f"/projects/{reference}/clearances/rpdo"
    yield "overdue", "all regions", MANAGER, "/reports/overdue"
    for who in EVERYBODY:
        yield "home", "first page", who, "/"
        yield "desk", "everything on it", who, "/desk"
    yield "waiting", "all regions", MANAGER, "/waiting"
    yield "waiting", "of the region", REGION, "/waiting"
    yield "times", "all regions", MANAGER, "/waiting/times"


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


def _reviewed(office: Office) -> str | None:
    """A proposal of the office's region that its project development officer is to review."""
    open_ones = select(Round.project_id).join(Clearance, Clearance.round_id == Round.id)
    here = OfficeLink.region_code == office.region_on(clock.today())
    return db.session.scalar(
        select(Project.reference)
        .join(OfficeLink, OfficeLink.office_id == Project.office_id)
        .where(
            here,
            Project.status == Status.REVIEW,
            Project.id.in_(open_ones.where(Clearance.seat == Role.RPDO, Clearance.verdict.is_(None))),
        )
        .order_by(Project.id)
        .limit(1)
    )


def _half_way() -> str:
    """A cursor in the middle of the list, as the list writes it."""
    newest_first = select(Project.updated_at, Project.id).order_by(Project.updated_at.desc(), Project.id.desc())
    half = (db.session.scalar(select(func.count()).select_from(Project)) or 0) // 2
    at, number = db.session.execute(newest_first.offset(half).limit(1)).one()
    return f"{int(at.timestamp() * 1_000_000)}-{number}"
