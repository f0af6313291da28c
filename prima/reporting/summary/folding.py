"""Adding up what statements changed in the kept totals, and making these anew from the projects."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from prima.projects.stages import CLOSE_HELD
from prima.reporting.models.summary import ANY_OFFICE, CELLS, OF_TODAY, Unmarked
from prima.scheduler import Stop

BATCH = 5000
ALONE = text("lock table portfolio_sum in share row exclusive mode")
"""Who folds or makes anew does so alone; readers and writers do not wait for it."""
# Only names that stand here go into the text of a question.
FINE = "dimension, code, office_id, region, funding, funding_year, status"
COARSE = "dimension, code, office_id, region, funding, held"
FIGURES = "sum(number), sum(amount), sum(budget)"
IS_HELD = {"held": sorted(CLOSE_HELD), "any_office": ANY_OFFICE, "of_today": OF_TODAY}


def _added(table: str, key: str, source: str) -> str:
    return f"""
        insert into {table} as kept ({key}, number, amount, budget)
        select {key}, {FIGURES} from {source} group by {key} order by dimension
        on conflict ({key}) do update set number = kept.number + excluded.number,
            amount = kept.amount + excluded.amount, budget = kept.budget + excluded.budget"""  # nosec B608


def coarser(source: str) -> str:
    """`held`, no office where nobody asks for it, and the plain totals by year and by status too."""
    codes = "'plain', '' union all select 'year', funding_year::text union all select 'status', status"
    return f"""(
        select coalesce(plain.dimension, fine.dimension) as dimension, coalesce(plain.code, fine.code) as code, region,
            funding, status = any(:held) as held, number, amount, budget,
            case when region = :of_today or status = any(:held) then office_id else :any_office end as office_id
        from {source} as fine left join lateral (select {codes}) as plain (dimension, code)
            on fine.dimension = 'plain') as coarser"""  # nosec B608


FOLD = text(f"""
    with taken as (
        delete from portfolio_change where id in (
            select id from portfolio_change order by id limit :batch for update skip locked) returning *),
    fine as ({_added("portfolio_sum", FINE, "taken")}),
    coarse as ({_added("portfolio_rollup", COARSE, coarser("taken"))})
    select count(*) from taken
""")  # nosec B608
ANEW = text(
    f"with gone as (delete from portfolio_change) {_added('portfolio_sum', FINE, 'portfolio_part')}"  # nosec B608
)
EMPTY = [
    text(f"delete from {table} where number = 0 and amount = 0 and budget = 0")  # nosec B608
    for table in ("portfolio_sum", "portfolio_rollup")
]


def fold(session: Session, stop: Stop = lambda: False, batch: int = BATCH) -> int:
    """Add up the changes, a batch a transaction, until none is left; how many there were."""
    done = 0
    while not stop():
        session.execute(ALONE)
        taken = session.scalar(FOLD, {"batch": batch, **IS_HELD}) or 0
        if taken:
            for statement in EMPTY:
                session.execute(statement)
        session.commit()
        done += taken
        if taken < batch:
            break
    return done


def rebuild(session: Session) -> int:
    """Make the totals and the cells anew from the projects; how many totals there are. The caller commits.

    The changes go with the statement that reads the projects, so both are of one moment: what others write meanwhile
    is a change that stays for the next fold.
    """
    session.execute(ALONE)
    session.execute(text("set local work_mem = '128MB'"))
    session.execute(text("set local statement_timeout = 0"))
    for table in ("portfolio_sum", "portfolio_rollup"):
        session.execute(text(f"delete from {table}"))  # nosec B608 - the tables named here
    session.execute(ANEW)
    session.execute(text(_added("portfolio_rollup", COARSE, coarser("portfolio_sum"))), IS_HELD)
    for model in (*CELLS.values(), Unmarked):
        _part_anew(session, model.__tablename__, ", ".join(model.__table__.c.keys()))
    return session.scalar(text("select count(*) from portfolio_sum")) or 0


def _part_anew(session: Session, table: str, columns: str) -> None:
    """What is kept of each project, of those of which something else is true: nobody writes these meanwhile."""
    now, kept = (f"select {columns} from {source}" for source in (f"{table}_part", table))  # nosec B608
    other = f"select project_id from (({now} except {kept}) union all ({kept} except {now})) as other"  # nosec B608
    locked = f"select id from project where id in ({other}) order by id for no key update"  # nosec B608
    ids = {"ids": list(session.scalars(text(locked)))}
    session.execute(text(f"delete from {table} where project_id = any(:ids)"), ids)  # nosec B608 - a table of ours
    session.execute(text(f"insert into {table} ({columns}) {now} where project_id = any(:ids)"), ids)
