"""Taking over what finance states: checked against projects, lines and rates, shown, then written all or not at all."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import islice
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import update

from prima.db import db
from prima.errors import Refused
from prima.filters import day as said_day
from prima.journal import record
from prima.permissions import Action, can
from prima.projects import queries as projects
from prima.projects.models import Project
from prima.projects.operations.versions import code_of
from prima.reporting import statement as statements
from prima.reporting.models import Expense, ExpenseKind, SpendingImport
from prima.reporting.queries import spending as queries
from prima.reporting.rights import import_authority
from prima.reporting.spending import NOTHING, Line, Moved, Spent, Stated
from prima.reporting.statement import (
    AMOUNT,
    CURRENCY,
    DAY,
    LINE,
    MOST_AMOUNT,
    PROJECT,
    Problem,
    Statement,
    Wrong,
)
from prima.reporting.steps import OWING
from prima.users import User

PROJECT_ID = re.compile(r"([A-Z]{1,8})[\s._/-]*0*([0-9]{1,9})")
LINE_CODE = re.compile(r"B[\s._-]*0*([0-9]{1,6})")
LOOKED_UP = re.compile(r"[A-Z0-9 ._/-]{1,40}")
"""What a project ID can look like at all."""
CENT, RATE = Decimal("0.01"), Decimal("0.00000001")
MOST_RATE = Decimal(10) ** 10
AT_ONCE = 2_000
"""Rows between two reports of progress."""
COLUMNS = "project_id, line_id, on_day, kind, currency, stated, rate, amount, import_id"
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Prepared:
    """A statement held against the database: what it would change, and the rows it would write."""

    file_name: str
    sha256: str
    notices: Sequence[str]
    rows: Sequence[str]
    """As COPY takes them, but for the number of the import, which comes last."""
    stated: Sequence[Stated]
    projects: Mapping[int, Project]
    is_known: bool
    """The same file was taken over, and every figure stands as it says."""

    @property
    def seen(self) -> str:
        """Another one as soon as a figure that a preview shows is another."""
        figures = [
            (one.id, [(line.line.id, line.before, line.line.figures) for line in one.lines]) for one in self.stated
        ]
        return hashlib.sha256(repr((self.sha256, figures)).encode()).hexdigest()


def read(
    data: bytes, *, actor: User | None, file_name: str, lock: bool = False, progress: Progress | None = None
) -> tuple[Statement, Prepared]:
    """What a file states, held against the database; raises Wrong with all that is wrong, or Unreadable."""
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        found = statements.read(data)
    except Wrong as wrong:
        if wrong.rest is None:
            raise
        try:
            prepare(wrong.rest, actor=actor, file_name=file_name, sha256=sha256)
        except Wrong as more:
            raise Wrong([*wrong.all, *more.all]) from None
        raise
    return found, prepare(found, actor=actor, file_name=file_name, sha256=sha256, lock=lock, progress=progress)


@dataclass(frozen=True)
class _Found:
    """Where the rows of a project ID and a line code go."""

    project: Project
    line: Line


@dataclass(frozen=True)
class _Bad:
    """Why they go nowhere: what is wrong in which column."""

    column: int
    says: str


def prepare(
    statement: Statement,
    *,
    actor: User | None,
    file_name: str,
    sha256: str,
    lock: bool = False,
    progress: Progress | None = None,
) -> Prepared:
    """Hold a statement against projects, lines and rates; raises Wrong with every cell that does not fit.

    With `lock` the projects stay under their locks, in the order of their ids. `actor` is None for the operator.
    """
    ids = {text: _ids(text) for text in dict.fromkeys(statement.projects)}
    found = queries.named({code for codes in ids.values() for code in codes}, lock=lock)
    by_code = {project.code: project for project in found}
    meant = {text: next((by_code[code] for code in codes if code in by_code), None) for text, codes in ids.items()}
    numbers = [project.id for project in found]
    lines = queries.lines_of(numbers)
    targets = _targets(statement, meant, lines, actor)
    rows, after = _rows(statement, targets, progress)
    before = queries.spent_by_lines(numbers)
    counted: Counter[int] = Counter()
    for text, count in Counter(statement.projects).items():
        if project := meant[text]:
            counted[project.id] += count
    stated = [
        Stated(
            project.id,
            project.reference,
            project.name,
            project.title,
            project.currency,
            counted[project.id],
            _moved(lines[project.id], before, after),
        )
        for project in found
    ]
    stands = queries.stated_by(numbers) == dict.fromkeys(numbers, sha256)
    return Prepared(
        file_name,
        sha256,
        statement.notices,
        rows,
        sorted(stated, key=lambda one: one.name),
        {project.id: project for project in found},
        stands and not any(one.is_changed for one in stated),
    )


def _ids(text: str) -> list[str]:
    """The project IDs that a text can mean: as it stands, and with its number in four digits (lm 276: LM.0276)."""
    text = text.upper()
    found = [text] if LOOKED_UP.fullmatch(text) else []
    if match := PROJECT_ID.fullmatch(text):
        found.append(f"{match[1]}.{int(match[2]):04d}")
    return found


def _targets(
    statement: Statement,
    meant: Mapping[str, Project | None],
    lines: Mapping[int, Sequence[Line]],
    actor: User | None,
) -> dict[tuple[str, str], _Found | _Bad]:
    refusals = {text: _refusal(project, actor) for text, project in meant.items()}
    codes = {number: {line.code.upper(): line for line in rows if line.code} for number, rows in lines.items()}
    found: dict[tuple[str, str], _Found | _Bad] = {}
    for pair in dict.fromkeys(zip(statement.projects, statement.lines, strict=True)):
        project, refusal = meant[pair[0]], refusals[pair[0]]
        if project is None or refusal:
            found[pair] = _Bad(PROJECT, refusal)
        elif line := _line(codes.get(project.id, {}), pair[1]):
            found[pair] = _Found(project, line)
        else:
            found[pair] = _Bad(LINE, _no_line(project, codes.get(project.id, {})))
    return found


def _refusal(project: Project | None, actor: User | None) -> str:
    """Why no spending is taken over for it; empty if it is."""
    if project is None or (actor is not None and not can(actor, Action.VIEW_PROJECT, project)):
        return _("No project has this ID. Write it as its page shows it, such as LM.0276.")
    if project.status not in OWING:
        name = projects.statuses()[project.status].name
        return _(
            "This project is “%(status)s”: spending is stated between activation and financial closure.", status=name
        )
    if actor is not None and not can(actor, Action.IMPORT_SPENDING, project):
        if project.on_the_team(actor):
            return _("You are or were on the team of this project. Somebody else takes over its spending.")
        return _("You may not take over the spending of this project: it is not of your office, region or Fund.")
    return ""


def _line(codes: Mapping[str, Line], text: str) -> Line | None:
    text = text.upper()
    match = LINE_CODE.fullmatch(text)
    return codes.get(text) or (codes.get(code_of(int(match[1]))) if match else None)


def _no_line(project: Project, codes: Mapping[str, Line]) -> str:
    if not codes:
        return _("The budget of %(project)s has no line with a code.", project=project.name)
    return _(
        "The budget of %(project)s has no such line. Its lines are %(codes)s.",
        project=project.name,
        codes=", ".join(islice(codes, 60)),
    )


def _rows(
    statement: Statement,
    targets: Mapping[tuple[str, str], _Found | _Bad],
    progress: Progress | None,
) -> tuple[list[str], dict[int, Spent]]:
    """The rows to write, and what they come to by line; raises Wrong."""
    money = Conversion(statement.currencies, [one.project for one in targets.values() if isinstance(one, _Found)])
    rows: list[str] = []
    spent: dict[int, dict[ExpenseKind, Decimal]] = defaultdict(lambda: dict.fromkeys(ExpenseKind, Decimal(0)))
    problems: list[Problem] = []
    repeated: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    """The rows in which the same is wrong: (column, value, sentence)."""
    count = len(statement)
    columns = zip(
        statement.projects,
        statement.lines,
        statement.days,
        statement.currencies,
        statement.amounts,
        statement.kinds,
        strict=True,
    )
    for index, (named, code, day, currency, stated, kind) in enumerate(columns):
        if progress and index % AT_ONCE == 0:
            progress(index, count)
        target = targets[named, code]
        if isinstance(target, _Bad):
            repeated[target.column, (named, code)[target.column], target.says].append(index)
            continue
        project, line = target.project, target.line
        if project.starts_on and day < project.starts_on:
            says = _(
                "This lies before the start of %(project)s, %(day)s.",
                project=project.name,
                day=said_day(project.starts_on),
            )
            problems.append(statement.wrong(index, DAY, day.isoformat(), says))
            continue
        rate, amount = "\\N", stated
        if currency != project.currency:
            factor = money.rate(currency, project.currency, day)
            if factor is None:
                says = money.why_not(currency, project.currency, day)
                repeated[CURRENCY, currency, says].append(index)
                continue
            rate, amount = factor.written, factor.of(stated)
            if abs(amount) >= MOST_AMOUNT:
                says = _("In %(currency)s this amount is too large.", currency=project.currency)
                problems.append(statement.wrong(index, AMOUNT, str(stated), says))
                continue
        spent[line.id][kind] += amount
        rows.append(f"{project.id}\t{line.id}\t{day}\t{kind.value}\t{currency}\t{stated}\t{rate}\t{amount}")
    if progress:
        progress(count, count)
    if repeated or problems:
        more = [
            (places[0], statement.wrong(places[0], column, value, _and_more(says, len(places) - 1)))
            for (column, value, says), places in repeated.items()
        ]
        raise Wrong([*(problem for _index, problem in sorted(more, key=lambda one: one[0])), *problems])
    return rows, {
        line: Spent(sums[ExpenseKind.EXPENDITURE], sums[ExpenseKind.COMMITMENT]) for line, sums in spent.items()
    }


def _and_more(says: str, rows: int) -> str:
    if not rows:
        return says
    return f"{says} {ngettext('The same stands in %(num)s more row.', 'The same stands in %(num)s more rows.', rows)}"


def _moved(lines: Sequence[Line], before: Mapping[int, Spent], after: Mapping[int, Spent]) -> list[Moved]:
    return [Moved(line, before.get(line.id, NOTHING), line.id in after) for line in queries.with_spent(lines, after)]


# -- money ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Factor:
    """What one unit of a currency is worth in another: both in USD."""

    worth: Decimal
    in_which: Decimal

    def of(self, amount: Decimal) -> Decimal:
        """The amount in the other currency, exact, then half up to the cent."""
        with localcontext() as context:
            context.prec = 60
            return (amount * self.worth / self.in_which).quantize(CENT, ROUND_HALF_UP)

    @property
    def written(self) -> str:
        with localcontext() as context:
            context.prec = 60
            return f"{(self.worth / self.in_which).quantize(RATE, ROUND_HALF_UP):f}"


class Conversion:
    """The dated rates between the currencies of a statement and those of the budgets; each is looked up once."""

    def __init__(self, stated: Sequence[str], found: Sequence[Project]) -> None:
        wanted = set(stated)
        budgets = {project.currency for project in found}
        self.rates = queries.rates_of(wanted | budgets) if wanted != budgets or len(wanted) > 1 else {}
        self.known: dict[tuple[str, str, date], Factor | None] = {}

    def rate(self, stated: str, budget: str, day: date) -> Factor | None:
        key = (stated, budget, day)
        if key not in self.known:
            worth, in_which = self._worth(stated, day), self._worth(budget, day)
            factor = Factor(worth, in_which) if worth and in_which else None
            self.known[key] = factor if factor and factor.worth / factor.in_which < MOST_RATE else None
        return self.known[key]

    def why_not(self, stated: str, budget: str, day: date) -> str:
        for currency in (stated, budget):
            if currency not in self.rates:
                return _(
                    "No rate is known for %(currency)s. Is that the currency? Else ask for its rates.",
                    currency=currency,
                )
            if self._worth(currency, day) is None:
                return _("No rate of %(currency)s is known for %(day)s.", currency=currency, day=said_day(day))
        return _("The rate between %(one)s and %(other)s is too large to be used.", one=stated, other=budget)

    def _worth(self, currency: str, day: date) -> Decimal | None:
        rates = self.rates.get(currency, [])
        at = bisect_right(rates, day, key=lambda rate: rate[0])
        return rates[at - 1][1] if at else None


# -- writing ----------------------------------------------------------------------------------------------------------


def take_over(prepared: Prepared, *, actor: User | None, progress: Progress | None = None) -> SpendingImport | None:
    """Write what was prepared under the locks; None, and nothing written, when it stands there already."""
    if prepared.is_known:
        return None
    session = db.session()
    source = SpendingImport(
        file_name=prepared.file_name,
        sha256=prepared.sha256,
        rows=len(prepared.rows),
        by_id=actor.id if actor else None,
    )
    session.add(source)
    session.flush()
    session.execute(
        update(Expense)
        .where(Expense.project_id.in_(list(prepared.projects)), Expense.superseded_id.is_(None))
        .values(superseded_id=source.id)
        .execution_options(synchronize_session=False)
    )
    connection: Any = session.connection().connection.dbapi_connection
    with connection.cursor() as cursor, cursor.copy(f"copy expense ({COLUMNS}) from stdin") as target:
        for begin in range(0, len(prepared.rows), AT_ONCE):
            part = prepared.rows[begin : begin + AT_ONCE]
            ends = f"\t{source.id}\n"
            target.write(ends.join(part) + ends)
            if progress:
                progress(begin + len(part), len(prepared.rows))
    for one in sorted(prepared.stated, key=lambda one: one.id):
        project = prepared.projects[one.id]
        authority = import_authority(actor, project) if actor else None
        before, after = one.before, one.figures
        record(
            project,
            "spending imported",
            actor=actor,
            behalf_of=authority.absent if authority else None,
            source=source.id,
            file=prepared.file_name,
            sha256=prepared.sha256,
            rows=one.rows,
            currency=one.currency,
            spent=[before.spent, after.spent],
            committed=[before.committed, after.committed],
        )
    return source


class Changed(Refused):
    """A figure that the preview showed is another by now; `prepared` is how it stands."""

    def __init__(self, prepared: Prepared) -> None:
        super().__init__(_("The figures have changed since you looked. Read them again, then take them over."))
        self.prepared = prepared


def confirm(statement: Statement, *, actor: User, file_name: str, sha256: str, seen: str) -> SpendingImport | None:
    """Write what a preview showed, as `take_over`; raises Changed when it would show something else by now."""
    prepared = prepare(statement, actor=actor, file_name=file_name, sha256=sha256, lock=True)
    if prepared.seen != seen:
        raise Changed(prepared)
    return take_over(prepared, actor=actor)
