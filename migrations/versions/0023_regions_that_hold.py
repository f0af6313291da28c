"""Totals of projects without a start go by region where their office always had the same: then its day does not matter."""

import re

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

HELD = "('CONCEPT', 'DRAFT', 'RETURNED', 'OFFICE_CLEAR', 'REVIEW', 'ENDORSE', 'WITHDRAWN')"
KEY = 'dimension, code, office_id, region, funding, funding_year, status'
OF_PROJECT = 'office_id, region, funding, funding_year, status'
MARKS = (('country', 'coverage', 'country_code'), ('sdg', 'sdg_mark', 'code'), ('migof', 'governance_mark', 'code'))
SUMMED = ('project', 'area_allocation', 'activity_allocation', 'coverage', 'sdg_mark', 'governance_mark', 'office_link')

OF_TODAY = re.compile(r"(case when (\w+)\.starts_on is null then )''( else coalesce\(\(\s*select region_code from (\w+) as link)")
HOLDS = re.compile(r"(case when \w+\.starts_on is null then )/\* .*? \*/(?s:.*?)/\* \*/( else coalesce\(\()")
STARTED, EVERY = 'moved as (select * from project where starts_on is not null and office_id in (', 'moved as (select * from project where office_id in ('


def holding(project: str, links: str) -> str:
    """The region of an office with one link, of all days; '' of any other: which counts depends on the day."""
    return f"""/* of an office that always had the same */ coalesce((
            select min(region_code) from {links} as link where link.office_id = {project}.office_id
            having count(*) = 1 and bool_and(link.valid_from is null and link.valid_to is null)), '')/* */"""


def region(before_start: str) -> str:
    return f"""
        case when project.starts_on is null then {before_start} else coalesce((
            select region_code from office_link as link where link.office_id = project.office_id
            and (link.valid_from is null or link.valid_from <= project.starts_on)
            and (link.valid_to is null or link.valid_to >= project.starts_on) order by link.valid_from limit 1
        ), 'none') end"""


def allocated(dimension: str) -> str:
    table = f'{dimension}_allocation'
    return f"""
        select '{dimension}', allocation.code, {OF_PROJECT}, sign, sign * amount_usd, sign * budget_usd
            from one join {table} as allocation on allocation.project_id = one.id where amount_usd > 0
        union all
        select '{dimension}', case when rest > 0 then 'none' else 'over' end, {OF_PROJECT}, sign, sign * rest,
                sign * budget_usd
            from (select one.*, budget_usd - coalesce(allocated, 0) as rest from one left join (
                select project_id, sum(amount_usd) as allocated from {table} group by project_id) as sums
                on project_id = one.id) as one where rest <> 0"""


def marked(dimension: str, table: str, code: str) -> str:
    return f"""
        select '{dimension}', mark.{code}, {OF_PROJECT}, sign, sign * budget_usd, sign * budget_usd
            from one join {table} as mark on mark.project_id = one.id"""


def view(before_start: str) -> None:
    """Of every project what it adds to the totals."""
    op.execute(f"""
        create or replace view portfolio_part as with one as materialized (
            select 1 as sign, project.id, project.office_id, project.funding, project.funding_year, project.status,
                project.gender_marker_code, project.budget_usd, {region(before_start)} as region from project)
        select {KEY}, number, amount, budget from (
            select 'plain' as dimension, '' as code, {OF_PROJECT}, sign as number, sign * budget_usd as amount,
                sign * budget_usd as budget from one
            union all
            select 'marker', coalesce(gender_marker_code, 'none'), {OF_PROJECT}, sign, sign * budget_usd,
                sign * budget_usd from one
            union all {allocated('area')}
            union all {allocated('activity')}
            union all {' union all '.join(marked(*mark) for mark in MARKS)}) as part
    """)


def functions(change) -> None:
    """What the triggers do is as before, but for where a project without a start belongs."""
    for table in SUMMED:
        query = sa.text("select pg_get_functiondef(oid) from pg_proc where oid = cast(:name as regproc)")
        before = op.get_bind().scalar(query, {'name': f'sum_{table}'})
        after, number = change(before)
        assert number, table
        op.get_bind().exec_driver_sql(after)


def anew() -> None:
    op.execute("set local statement_timeout = 0")
    op.execute("set local work_mem = '128MB'")
    for table in ('portfolio_change', 'portfolio_sum', 'portfolio_rollup'):
        op.execute(f'delete from {table}')
    op.execute(f"""
        insert into portfolio_sum ({KEY}, number, amount, budget)
        select {KEY}, sum(number), sum(amount), sum(budget) from portfolio_part group by {KEY} order by dimension
    """)
    coarse = 'dimension, code, office_id, region, funding, held'
    op.execute(f"""
        insert into portfolio_rollup ({coarse}, number, amount, budget)
        select {coarse}, sum(number), sum(amount), sum(budget) from (
            select coalesce(plain.dimension, fine.dimension) as dimension, coalesce(plain.code, fine.code) as code,
                region, funding, status in {HELD} as held, number, amount, budget,
                case when region = '' or status in {HELD} then office_id else 0 end as office_id
            from portfolio_sum as fine left join lateral (
                select 'plain', '' union all select 'year', funding_year::text union all select 'status', status
            ) as plain (dimension, code) on fine.dimension = 'plain') as coarser
        group by {coarse} order by dimension
    """)
    for table in ('portfolio_sum', 'portfolio_rollup'):
        op.execute(f'analyze {table}')


def upgrade() -> None:
    # In the order in which jobs and triggers take them: so neither waits for the other with what it wants.
    op.execute('lock table portfolio_sum in share row exclusive mode')
    op.execute('lock table office_link in share row exclusive mode')
    op.execute('lock table project in exclusive mode')
    op.create_index('ix_portfolio_rollup_region', 'portfolio_rollup', ['dimension', 'held', 'region'], unique=False)
    view(holding('project', 'office_link'))
    functions(lambda text: OF_TODAY.subn(lambda found: found[1] + holding(found[2], found[4]) + found[3], text.replace(STARTED, EVERY)))
    anew()


def downgrade() -> None:
    # In the order in which jobs and triggers take them: so neither waits for the other with what it wants.
    op.execute('lock table portfolio_sum in share row exclusive mode')
    op.execute('lock table office_link in share row exclusive mode')
    op.execute('lock table project in exclusive mode')
    op.drop_index('ix_portfolio_rollup_region', table_name='portfolio_rollup')
    view("''")
    functions(lambda text: HOLDS.subn(r"\1''\2", text.replace(EVERY, STARTED)))
    anew()
