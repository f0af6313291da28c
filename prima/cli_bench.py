"""What one types to measure PRIMA on a large portfolio, which is kept between runs in a database of its own."""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import chain, takewhile
from pathlib import Path

import click
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask, current_app
from flask_migrate import upgrade
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from werkzeug.utils import import_string

from prima import bench, bench_load, clock, embedded, loopback, startup
from prima.config import ROOT
from prima.db import Model, db
from prima.demonstration import portfolio
from prima.demonstration.portfolio import full
from prima.projects.models import Project
from prima.reporting.summary import folding
from prima.setup import set_up

PROJECTS, RUNS = 100_000, 9
SMALL = 1_000
"""The portfolio beside which the dashboard of a large one is measured."""
FOLDER = "bench-postgres"
DAY = date(2024, 10, 1)
"""The day on which the portfolio lives, so that what is due stays due."""
PATIENCE = 20
"""Seconds after which a question to the database is given up."""
REPORT = ROOT / "docs" / "benchmarks.md"


@click.command("bench")
@click.option(
    "--projects", type=click.IntRange(100), default=PROJECTS, show_default=True, help="Size of the portfolio."
)
@click.option("--runs", type=click.IntRange(1), default=RUNS, show_default=True, help="Measurements of each figure.")
@click.option("--only", default="", help="Only figures whose name holds these words.")
@click.option(
    "--seconds", type=click.IntRange(1), default=bench_load.SECONDS, show_default=True, help="How long pages are mixed."
)
def command(projects: int, runs: int, only: str, seconds: int) -> None:
    """Measure pages, the Excel export and the reminders; ends with status 1 when a bound is missed.

    The database is the embedded one under the instance folder, or BENCH_DATABASE_URL. A run at full size renews
    docs/benchmarks.md; with --only, the rows of these figures.
    """
    with ExitStack() as stack:
        url = os.environ.get("BENCH_DATABASE_URL")
        if not url:
            folder = current_app.config["INSTANCE"] / FOLDER
            server = embedded.join(folder, database=f"bench_{projects}", say=click.echo)
            url = stack.enter_context(server).url
        app = application(url)
        stack.callback(clock.fix, clock.fixed_day())
        clock.fix(DAY)
        small = None
        if not os.environ.get("BENCH_DATABASE_URL") and projects > SMALL:
            server = embedded.join(folder, database=f"bench_{SMALL}", say=click.echo)
            small = application(stack.enter_context(server).url)
            with small.app_context():
                stack.callback(db.engine.dispose)
                prepare(SMALL)
                db.session.remove()
        with app.app_context():
            stack.callback(db.engine.dispose)
            filled = prepare(projects)
            server_version = db.session.scalar(text("show server_version"))
            asked = stack.enter_context(bench.counted(db.engine))
            with db.engine.connect() as connection:
                processor = bench.Processor(connection, beside=f"bench_{SMALL}" if small else "")
            db.session.remove()
        found = chain(bench.figures(app, lambda name: only in name), bench.growth(app, small, SMALL) if small else ())
        measured, missed = run(found, runs, only, asked, processor)
        loaded = under_load(app, url, processor, seconds) if only in bench_load.NAME else None
        missed += loaded.missed() if loaded else []
    for sentence in missed:
        click.echo(sentence, err=True)
    if projects == PROJECTS and runs >= RUNS:
        write_report(REPORT, measured, missed, filled=filled, server=str(server_version), runs=runs, only=only,
                     loaded=loaded)  # fmt: skip
        click.echo(f"{REPORT.relative_to(ROOT)} is renewed.")
    if missed:
        raise SystemExit(1)


def application(url: str) -> Flask:
    """The application on this database and no other, with the bare page beside its own."""
    # By its name, as `flask --app prima` finds it: this command is part of what the factory puts together.
    create_app = import_string("prima:create_app")
    app: Flask = create_app(
        PRIMA_ENV="test",
        SQLALCHEMY_DATABASE_URI=startup.with_driver(url),
        SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"options": f"-c statement_timeout={PATIENCE}s"}},
        COOKIE_SECURE=False,
        PROPAGATE_EXCEPTIONS=True,
    )
    app.logger.setLevel(logging.CRITICAL)  # what fails is told as a bound that is missed
    app.register_blueprint(bench.bp)
    return app


def prepare(projects: int) -> float | None:
    """Fill the database unless it is filled; the seconds that took, or None when it was filled before."""
    before = _revision()
    upgrade()
    if before not in (None, _revision()):
        _vacuum()  # what a migration wrote into all rows
    if compare_metadata(MigrationContext.configure(db.session.connection()), Model.metadata):
        raise click.ClickException(
            f"The kept portfolio has the tables of another day: remove {FOLDER} in the instance folder and run again."
        )
    there = db.session.scalar(select(func.count()).select_from(Project))
    if there == projects:
        folding.fold(db.session())
        return None
    if there:
        raise click.ClickException(f"This database holds {there:,} projects, not {projects:,}: name an empty one.")
    click.echo(f"Filling the database with {projects:,} projects ...")
    set_up(db.session)
    db.session.execute(text("set local statement_timeout = 0"))
    began = time.perf_counter()
    counts = portfolio.fill(db.session(), projects)
    db.session.commit()
    folding.fold(db.session())
    seconds = time.perf_counter() - began
    click.echo(f"{sum(counts.values()):,} rows in {seconds:.0f} seconds.")
    _vacuum()
    return seconds


def _revision() -> str | None:
    with db.engine.connect() as connection:
        found: str | None = MigrationContext.configure(connection).get_current_revision()
    return found


def _vacuum() -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("vacuum analyze"))
        connection.execute(text("reset statement_timeout"))


HEADINGS = (
    "figure", "size", "questions", "wall ms", "CPU ms", "database ms", "floor", "floor ms", "x floor", "x floor, CPU",
)  # fmt: skip


def run(
    figures: Iterable[bench.Figure], runs: int, only: str, asked: list[str], processor: bench.Processor
) -> tuple[list[bench.Measured], list[str]]:
    """Measure one after the other, saying each as soon as it is known; what was measured, and the bounds missed."""
    measured, missed = [], []
    click.echo(f"{'figure':58}{'questions':>10}{'wall ms':>10}{'CPU ms':>10}{'database':>10}{'x floor':>9}{'CPU':>7}")
    for figure in figures:
        if only not in figure.name:
            continue
        began = time.perf_counter()
        try:
            one = bench.measure(figure, runs, asked, processor.milliseconds)
        except (bench.NoAnswer, loopback.NoServer, OperationalError) as error:
            reason = str(error).splitlines()[0]
            missed.append(f"{figure.name} was not measured ({reason}); a question may take {PATIENCE} seconds at most.")
            click.echo(missed[-1])
            continue
        took = one.took
        click.echo(
            f"{one.name:58}{one.questions:>10}{took.wall:>10.1f}{took.cpu:>10.1f}{took.database:>10.1f}"
            f"{one.ratio:>9.1f}{one.cpu_ratio:>7.1f}{time.perf_counter() - began:>9.0f} s"
        )
        measured.append(one)
        missed += one.missed()
    return measured, missed


def under_load(app: Flask, url: str, processor: bench.Processor, seconds: float) -> bench_load.Loaded:
    """Mixed pages from the web server, said as soon as they are measured."""
    loaded = bench_load.load(url, bench.some_readers(app), processor.milliseconds, seconds)
    for line in _load_lines(loaded):
        click.echo(line)
    return loaded


ANEW = "Measured anew since then: "
MISSED = "Missed in this run:"


def write_report(
    file: Path,
    measured: Sequence[bench.Measured],
    missed: Sequence[str],
    *,
    filled: float | None,
    server: str,
    runs: int,
    only: str = "",
    loaded: bench_load.Loaded | None = None,
) -> None:
    """With `only`, the rows of other figures stay, and it is said which were measured anew and how busy it was."""
    rows = {one.name: _row(one) for one in measured}
    if not only or not file.exists():
        file.write_text(_report(list(rows.values()), missed, filled, server, runs, loaded), encoding="utf-8")
        return
    only, names = only.strip(" :"), tuple(f"- {name} " for name in rows)
    told = f"{only} (load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores)"
    names += (f"- {bench_load.NAME}",) if loaded else ()
    found: list[str] = []
    for line in _with_load(file.read_text(encoding="utf-8").splitlines(), loaded):
        name = line[2:].split(" | ")[0]
        if line.startswith(ANEW):
            others = [one for one in line.removeprefix(ANEW).rstrip(".").split("; ") if one.split(" (")[0] != only]
            found.append(ANEW + "; ".join([*others, told]) + ".")
        elif line.startswith("| ") and name in rows:
            found.append(rows.pop(name))
        elif not line.startswith(names):
            found.append(line)
    if not any(line.startswith(ANEW) for line in found):
        last = found.index("| " + " | ".join(HEADINGS) + " |")
        found[last:last] = [ANEW + told + ".", ""]
    heading = found.index("| " + " | ".join(HEADINGS) + " |")
    end = heading + sum(1 for _ in takewhile(lambda line: line.startswith("|"), found[heading:])) - 1
    found[end + 1 : end + 1] = rows.values()
    if missed:
        found += ([] if MISSED in found else ["", MISSED, ""]) + [f"- {sentence}" for sentence in missed]
    elif found[-2:] == [MISSED, ""]:
        del found[-3:]
    file.write_text("\n".join([*found, ""]), encoding="utf-8")


UNDER_LOAD, BOUNDS_KEPT = "## Under load", "Bounds that `make bench` keeps:"


def _load_lines(loaded: bench_load.Loaded) -> list[str]:
    lines = [
        UNDER_LOAD,
        "",
        f"{loaded.name}, {bench_load.CLIENTS} people signed in in several roles, the web server as `make run` starts"
        " it, readers, server and",
        "database on the same machine. Milliseconds from when a page was to be asked for, waiting for a free connection"
        f" included. Every {bench_load.CHANGES} seconds a project changes, and nothing kept of projects holds.",
        f"{loaded.reached:.1f} answers a second, {len(loaded.errors)} failed. An answer takes"
        f" {loaded.application:.1f} ms of the processor in the application,",
        f"{loaded.database:.1f} in the database and {loaded.readers:.1f} in the reader. 95 of 100 are answered within"
        f" {loaded.ratio:.1f} times what the bare page takes so.",
        "",
        "| pages | answers | p50 ms | p95 ms | p99 ms |",
        "|---|---:|---:|---:|---:|",
    ]
    for one in (loaded.bare, *loaded.parts, loaded.whole):
        lines.append(f"| {one.name} | {one.number:,} | {one.p50:,.0f} | {one.p95:,.0f} | {one.p99:,.0f} |")
    return [*lines, ""]


def _with_load(lines: list[str], loaded: bench_load.Loaded | None) -> list[str]:
    """The report with what was measured under load in the place of what was."""
    if loaded is None:
        return lines
    end = lines.index(BOUNDS_KEPT)
    begin = lines.index(UNDER_LOAD) if UNDER_LOAD in lines else end
    return [*lines[:begin], *_load_lines(loaded), *lines[end:]]


def _row(one: bench.Measured) -> str:
    return (
        f"| {one.name} | {one.size:,} | {one.questions} | {one.took.wall:,.1f} | {one.took.cpu:,.1f} |"
        f" {one.took.database:,.1f} | {one.floor_name} | {one.floor.wall:,.1f} | {one.ratio:.1f} |"
        f" {one.cpu_ratio:.1f} |"
    )


def _report(
    rows: Sequence[str],
    missed: Sequence[str],
    filled: float | None,
    server: str,
    runs: int,
    loaded: bench_load.Loaded | None,
) -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Ratios to a floor taken turn by turn in the same run hold on other machines; times",
        f"do not. {os.cpu_count()} cores, {python}, PostgreSQL {server.split()[0]}; medians of {runs} runs after"
        f" {bench.WARM_UP} to warm up",
        f"({bench.RUNS_OF_SLOW} after 1 for what takes more than {bench.SLOW:g} seconds).",
        "",
        f"The portfolio: {PROJECTS:,} projects with {7 * PROJECTS:,} allocations by area of work and activity type,",
        f"{10 * (PROJECTS - 1) + full.LINES:,} budget lines, {10 * PROJECTS:,} deadlines"
        f" ({4 * PROJECTS:,} open, {PROJECTS // 10:,} due or announced) and",
        f"{PROJECTS // 20:,} open clearances. One draft of the Fund is a full proposal: {full.LINES} of the lines,"
        " 85 results, and",
        "every text at its word limit.",
        "It was kept from an earlier run." if filled is None else f"It was made in {filled:.0f} seconds.",
        "",
        "The floor of a page is the bare page: the frame with its menu and counts for the same person; that of growth",
        f"is the same page of a portfolio of {SMALL:,} projects in a database of its own. The floor of",
        "the workbook is csv's writer on the rows of the same question. `size` is characters of a page, or rows; the",
        "questions to the database are those of the whole page with its frame. CPU is the application's; beside it",
        "stands the database's, and the last column is both against both of the floor. A bound of so many times the",
        "floor holds by the clock and by the processor.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---|" + "---:|" * 5 + "---|" + "---:|" * 3,
    ]
    lines += rows
    bounds = [
        f"- {kind}: " + ", ".join(filter(None, (
            f"at most {bound.queries} questions" if bound.queries is not None else "",
            f"at most {bound.ratio:.3g} times its floor" if bound.ratio is not None else "",
            f"at most {bound.cpu_ratio:g} times the CPU of its floor" if bound.cpu_ratio is not None else "",
            (f"at most {bound.seconds:g} " + ("second" if bound.seconds == 1 else "seconds"))
            if bound.seconds is not None else "",
            f"a size of at most {bound.size:,}" if bound.size is not None else "",
        )))
        for kind, bound in bench.BOUNDS.items()
    ]  # fmt: skip
    bounds.append(
        f"- {bench_load.NAME}: none fails, and 95 of 100 are answered within {bench_load.P95} ms at {bench_load.RATE} a"
        " second"
    )
    bounds += ["", MISSED, "", *(f"- {sentence}" for sentence in missed)] if missed else []
    lines += ["", *(_load_lines(loaded) if loaded else ())]
    return "\n".join([*lines, BOUNDS_KEPT, "", *bounds, ""])


COMMANDS = (command,)
