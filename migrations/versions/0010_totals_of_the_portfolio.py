"""Totals of the portfolio: triggers write down what each statement changes in them, a job adds it up."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

STATUSES = (
    'CONCEPT', 'DRAFT', 'OFFICE_CLEAR', 'REVIEW', 'RETURNED', 'ENDORSE', 'ENDORSED', 'FUND_REVIEW', 'APPROVER',
    'RETAINED', 'DONOR_SUBMITTED', 'DONOR_CHANGES', 'APPROVED', 'ACTIVE', 'SUSPENDED', 'OP_CLOSED', 'FIN_CLOSED',
    'REJECTED', 'WITHDRAWN', 'CANCELLED',
)
HELD = "('CONCEPT', 'DRAFT', 'RETURNED', 'OFFICE_CLEAR', 'REVIEW', 'ENDORSE', 'WITHDRAWN')"
KEY = 'dimension, code, office_id, region, funding, funding_year, status'
OF_PROJECT = 'office_id, region, funding, funding_year, status'


def region(project: str, links: str) -> str:
    """Of a project with a start, on that day, by these links; '' before there is a start, 'none' without a link."""
    return f"""
        case when {project}.starts_on is null then '' else coalesce((
            select region_code from {links} as link where link.office_id = {project}.office_id
            and (link.valid_from is null or link.valid_from <= {project}.starts_on)
            and (link.valid_to is null or link.valid_to >= {project}.starts_on) order by link.valid_from limit 1
        ), 'none') end"""


def one(sign: str, project: str, links: str = 'office_link') -> str:
    return f"""
        select {sign} as sign, {project}.id, {project}.office_id, {project}.funding, {project}.funding_year,
            {project}.status, {project}.gender_marker_code, {project}.budget_usd, {region(project, links)} as region"""


def allocated(dimension: str, whole: bool) -> str:
    """What of the budget is allocated to each code, and what is not, or beyond it; `whole`: of every project at once."""
    table = f'{dimension}_allocation'
    if whole:
        rest = f"""(select one.*, budget_usd - coalesce(allocated, 0) as rest from one left join (
                select project_id, sum(amount_usd) as allocated from {table} group by project_id) as sums
                on project_id = one.id)"""
    else:
        rest = f"""(select one.*, budget_usd - coalesce(
                (select sum(amount_usd) from {table} where project_id = one.id), 0) as rest from one)"""
    return f"""
        select '{dimension}', allocation.code, {OF_PROJECT}, sign, sign * amount_usd, sign * budget_usd
            from one join {table} as allocation on allocation.project_id = one.id where amount_usd > 0
        union all
        select '{dimension}', case when rest > 0 then 'none' else 'over' end, {OF_PROJECT}, sign, sign * rest,
                sign * budget_usd
            from {rest} as one where rest <> 0"""


def marked(dimension: str, table: str, code: str) -> str:
    return f"""
        select '{dimension}', mark.{code}, {OF_PROJECT}, sign, sign * budget_usd, sign * budget_usd
            from one join {table} as mark on mark.project_id = one.id"""


MARKS = (('country', 'coverage', 'country_code'), ('sdg', 'sdg_mark', 'code'), ('migof', 'governance_mark', 'code'))


def parts(whole: bool = False) -> str:
    """What each row of `one` adds to the totals."""
    return f"""
        select 'plain' as dimension, '' as code, {OF_PROJECT}, sign as number, sign * budget_usd as amount,
            sign * budget_usd as budget from one
        union all
        select 'marker', coalesce(gender_marker_code, 'none'), {OF_PROJECT}, sign, sign * budget_usd,
            sign * budget_usd from one
        union all {allocated('area', whole)}
        union all {allocated('activity', whole)}
        union all {' union all '.join(marked(*mark) for mark in MARKS)}"""


def noted(rows: str) -> str:
    """Write down what parts come to, unless they cancel each other out."""
    return f"""
        insert into portfolio_change ({KEY}, number, amount, budget)
        select {KEY}, sum(number), sum(amount), sum(budget) from ({rows}) as part group by {KEY}
        having sum(number) <> 0 or sum(amount) <> 0 or sum(budget) <> 0;"""


def function(name: str, body: str) -> None:
    """Planned for one row and for many alike: row by row along indexes, because the plan is kept."""
    op.execute(f"""
        create function {name}() returns trigger language plpgsql
        set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off as $$
        begin {body}
            return null;
        end $$
    """)


def triggers(table: str, name: str) -> None:
    for event, rows in (
        ('insert', 'new table as new_rows'),
        ('update', 'old table as old_rows new table as new_rows'),
        ('delete', 'old table as old_rows'),
    ):
        op.execute(
            f"create trigger {table}_{event}_is_summed after {event} on {table} referencing {rows}"
            f" for each statement execute function {name}()"
        )


def changed(before: str, after: str, body: str) -> str:
    """`body` in each of its three shapes: it sees the rows of before and after, of which one may be missing."""
    nothing = "select * from {} where false"
    return f"""
            if tg_op = 'INSERT' then {body(nothing.format(after), f'select * from {after}')}
            elsif tg_op = 'DELETE' then {body(f'select * from {before}', nothing.format(before))}
            else {body(f'select * from {before}', f'select * from {after}')}
            end if;"""


def watch_projects() -> None:
    what = 'id, office_id, funding, funding_year, status, gender_marker_code, budget_usd, starts_on'

    def body(old: str, new: str) -> str:
        return noted(f"""
            with before as (select {what} from ({old}) as o except all select {what} from ({new}) as n),
                after as (select {what} from ({new}) as n except all select {what} from ({old}) as o),
                one as ({one('-1', 'before')} from before union all {one('1', 'after')} from after)
            {parts()}""")

    function('sum_project', changed('old_rows', 'new_rows', body))
    triggers('project', 'sum_project')


def watch_rows(table: str, dimension: str, code: str, amount: str) -> None:
    """The rows of a table beside the project. The project is locked: nobody moves it between what is read here."""
    is_allocated = amount == 'amount_usd'

    def body(old: str, new: str) -> str:
        rest = f""",
                moved as (select project_id, sum(sign * amount_usd) as more from touched group by project_id),
                rest as (select one.*, budget_usd - coalesce(
                    (select sum(amount_usd) from {table} where project_id = one.id), 0) as rest, more
                    from one join moved on moved.project_id = one.id)"""
        rows = f"""
            select '{dimension}' as dimension, touched.{code} as code, {OF_PROJECT}, touched.sign as number,
                touched.sign * {amount} as amount, touched.sign * budget_usd as budget
                from touched join one on one.id = touched.project_id {'where amount_usd > 0' if is_allocated else ''}"""
        for sign, left in (('1', 'rest'), ('-1', 'rest + more')):
            if is_allocated:
                rows += f"""
            union all
            select '{dimension}', case when {left} > 0 then 'none' else 'over' end, {OF_PROJECT}, {sign},
                {sign} * ({left}), {sign} * budget_usd from rest where {left} <> 0"""
        return f"""
            perform from project where id in (select project_id from ({old}) as o union select project_id from
                ({new}) as n) order by id for no key update;
            {noted(f'''
            with touched as (select *, -1 as sign from ({old}) as o union all select *, 1 from ({new}) as n),
                one as ({one('1', 'project')} from project where id in (select project_id from touched))
                {rest if is_allocated else ''}
            {rows}''')}"""

    function(f'sum_{table}', changed('old_rows', 'new_rows', body))
    triggers(table, f'sum_{table}')


def watch_links() -> None:
    """Projects with a start go with the link of that day when links are mended; everybody else waits meanwhile."""

    def body(old: str, new: str) -> str:
        return f"""
            if exists (select from ({old}) as o union all select from ({new}) as n) then
                lock table project in exclusive mode;
                {noted(f'''
                with links as (select * from office_link except all {new} union all {old}),
                    moved as (select * from project where starts_on is not null and office_id in (
                        select office_id from ({old}) as o union select office_id from ({new}) as n)),
                    one as ({one('-1', 'moved', 'links')} from moved union all {one('1', 'moved')} from moved)
                {parts()}''')}
            end if;"""

    function('sum_office_link', changed('old_rows', 'new_rows', body))
    triggers('office_link', 'sum_office_link')


def upgrade() -> None:
    status = sa.Enum(*STATUSES, name='status', native_enum=False, length=40)
    funding = sa.Enum('fund', 'donor', name='funding', native_enum=False, length=40)
    dimension = sa.Enum(
        'plain', 'marker', 'area', 'activity', 'country', 'sdg', 'migof', 'year', 'status', name='kept', native_enum=False,
        length=40,
    )
    op.create_table('portfolio_change',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('dimension', dimension, nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('office_id', sa.BigInteger(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('funding', funding, nullable=False),
    sa.Column('funding_year', sa.BigInteger(), nullable=False),
    sa.Column('status', status, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=24, scale=2), nullable=False),
    sa.Column('budget', sa.Numeric(precision=24, scale=2), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_portfolio_change'))
    )
    op.create_table('portfolio_sum',
    sa.Column('dimension', dimension, nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('office_id', sa.BigInteger(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('funding', funding, nullable=False),
    sa.Column('funding_year', sa.BigInteger(), nullable=False),
    sa.Column('status', status, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=24, scale=2), nullable=False),
    sa.Column('budget', sa.Numeric(precision=24, scale=2), nullable=False),
    sa.PrimaryKeyConstraint('dimension', 'funding_year', 'code', 'office_id', 'region', 'funding', 'status', name=op.f('pk_portfolio_sum'))
    )
    op.create_index('ix_portfolio_sum_empty', 'portfolio_sum', ['dimension'], unique=False, postgresql_where='number = 0')
    op.create_table('portfolio_rollup',
    sa.Column('dimension', dimension, nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('office_id', sa.BigInteger(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('funding', funding, nullable=False),
    sa.Column('held', sa.Boolean(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=24, scale=2), nullable=False),
    sa.Column('budget', sa.Numeric(precision=24, scale=2), nullable=False),
    sa.PrimaryKeyConstraint('dimension', 'code', 'office_id', 'region', 'funding', 'held', name=op.f('pk_portfolio_rollup'))
    )
    op.create_index('ix_portfolio_rollup_empty', 'portfolio_rollup', ['dimension'], unique=False, postgresql_where='number = 0')
    op.drop_index('ix_deadline_open_due', table_name='deadline', postgresql_where='is_open')
    op.create_index('ix_deadline_open_due', 'deadline', ['due_on', 'project_id', 'kind'], unique=False, postgresql_where='is_open')
    for name in ('area', 'activity', 'country'):
        op.create_index(f'ix_{name}_allocation_project_id', f'{name}_allocation', ['project_id'], unique=False)
    op.create_index('ix_project_asked', 'project', ['asked_elsewhere'], unique=False, postgresql_using='gin', postgresql_where="asked_elsewhere <> '{}'")

    op.execute(f"""
        create view portfolio_part as with one as materialized ({one('1', 'project')} from project)
        select {KEY}, number, amount, budget from ({parts(whole=True)}) as part
    """)
    watch_projects()
    for name in ('area', 'activity'):
        watch_rows(f'{name}_allocation', name, 'code', 'amount_usd')
    for name, table, code in MARKS:
        watch_rows(table, name, code, 'budget_usd')
    watch_links()

    op.execute("set local statement_timeout = 0")
    op.execute("set local work_mem = '128MB'")
    op.execute(f"""
        insert into portfolio_sum ({KEY}, number, amount, budget)
        select {KEY}, sum(number), sum(amount), sum(budget) from portfolio_part group by {KEY} order by dimension
    """)
    coarse = "dimension, code, office_id, region, funding, held"
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


def downgrade() -> None:
    tables = ('project', 'area_allocation', 'activity_allocation', 'coverage', 'sdg_mark', 'governance_mark', 'office_link')
    for table in tables:
        for event in ('insert', 'update', 'delete'):
            op.execute(f'drop trigger {table}_{event}_is_summed on {table}')
        op.execute(f'drop function sum_{table}()')
    op.execute('drop view portfolio_part')
    op.drop_index('ix_deadline_open_due', table_name='deadline', postgresql_where='is_open')
    op.create_index('ix_deadline_open_due', 'deadline', ['due_on', 'project_id'], unique=False, postgresql_where='is_open')
    for name in ('area', 'activity', 'country'):
        op.drop_index(f'ix_{name}_allocation_project_id', table_name=f'{name}_allocation')
    op.drop_index('ix_project_asked', table_name='project')
    op.drop_index('ix_portfolio_rollup_empty', table_name='portfolio_rollup')
    op.drop_table('portfolio_rollup')
    op.drop_index('ix_portfolio_sum_empty', table_name='portfolio_sum')
    op.drop_table('portfolio_sum')
    op.drop_table('portfolio_change')
