"""What of each project belongs to two codes at once stands in tables, kept by triggers in the transaction."""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

PAIRS = (('area', 'activity'), ('area', 'country'), ('activity', 'country'))
WRITTEN = {
    'area_allocation': ('area',), 'activity_allocation': ('activity',), 'country_allocation': ('country',),
    'coverage': ('country',),
}
"""What the rows of a table divide."""


def of_pair(pair: tuple[str, str]) -> str:
    return f'{pair[0]}_by_{pair[1]}'


def parts(dimension: str) -> str:
    """What a project has for each code with the sums up to it, and last the rest of its budget."""
    allocation = f'{dimension}_allocation as given where given.project_id = project.id and amount_usd > 0'
    nowhere, alone, others = "'none'", '', ''
    if dimension == 'country':
        covered = 'from coverage where coverage.project_id = project.id'
        alone = f'(given.number = 0 and (select count(*) {covered}) = 1)'
        nowhere = f"case when (select count(*) {covered}) > 1 then 'several' else 'none' end"
        others = f"""
        union all
        select min(country_code), project.budget_usd, 0::numeric, project.budget_usd, 0 {covered}
            and not exists (select from {allocation}) having count(*) = 1"""
    left = 'project.budget_usd - coalesce(given.amount, 0)'
    return f"""
        select code, amount_usd as amount, upto - amount_usd as before, upto, 0 as rest from (
            select code, amount_usd, sum(amount_usd) over (order by code rows unbounded preceding) as upto
            from {allocation}) as stated {others}
        union all
        select case when rest < 0 then 'over' else {nowhere} end, rest, project.budget_usd - rest, project.budget_usd, 1
            from (select {f'case when {alone} then 0 else {left} end' if alone else left} as rest from (
                select sum(amount_usd) as amount, count(*) as number from {allocation}) as given) as given
            where rest <> 0 or project.budget_usd = 0"""


def view(pair: tuple[str, str]) -> None:
    """In proportion to both: a cell is the difference of corners, each rounded to the cent, so that all its rows and
    columns add up to what was allocated. Nothing can be divided in proportion to a budget of 0: there only what is out
    of balance is left over."""
    first, second = pair

    def corner(one: str, other: str) -> str:
        return f'round(one.{one} * other.{other} / project.budget_usd, 2)'

    op.execute(f"""
        create view {of_pair(pair)}_part as
        select project.id as project_id, cell.{first}, cell.{second}, cell.amount
        from project cross join lateral (
            select one.code as {first}, other.code as {second},
                case when project.budget_usd = 0 then other.rest * one.amount + one.rest * other.amount else
                    {corner('upto', 'upto')} - {corner('before', 'upto')}
                    - {corner('upto', 'before')} + {corner('before', 'before')} end as amount
            from ({parts(first)}) as one cross join ({parts(second)}) as other
            offset 0) as cell
        where cell.amount <> 0
    """)


def made_anew(pairs: tuple[tuple[str, str], ...]) -> str:
    return ''.join(
        f"""
            delete from {of_pair(pair)} where project_id = any(ids);
            insert into {of_pair(pair)} (project_id, {pair[0]}, {pair[1]}, amount)
                select project_id, {pair[0]}, {pair[1]}, amount from {of_pair(pair)}_part where project_id = any(ids);"""
        for pair in pairs
    )


def function(name: str, of_ids: str, pairs: tuple[tuple[str, str], ...]) -> None:
    """Planned for one project and for many alike: one by one along indexes, because the plan is kept."""
    op.execute(f"""
        create function {name}() returns trigger language plpgsql
        set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off as $$
        declare ids bigint[];
        begin
            {of_ids}
            if cardinality(ids) = 0 then return null; end if;
            {made_anew(pairs)}
            return null;
        end $$
    """)


def watch(table: str, dimensions: tuple[str, ...]) -> None:
    """The rows of a table beside the project. The project is locked: its budget stays while its cells are made."""
    pairs = tuple(pair for pair in PAIRS if set(pair) & set(dimensions))
    for event, rows, changed in (
        ('insert', 'new table as after', 'after'),
        ('update', 'old table as before new table as after', '(select * from before union all select * from after)'),
        ('delete', 'old table as before', 'before'),
    ):
        name = f'divide_{table}_{event}'
        function(
            name,
            f"""ids := array(select distinct project_id from {changed} as changed);
            perform from project where id = any(ids) order by id for no key update;""",
            pairs,
        )
        op.execute(
            f'create trigger {table}_{event}_is_divided after {event} on {table} referencing {rows}'
            f' for each statement execute function {name}()'
        )


def watch_budgets() -> None:
    function('divide_project_insert', 'ids := array(select id from after where budget_usd <> 0);', PAIRS)
    op.execute(
        'create trigger project_insert_is_divided after insert on project referencing new table as after'
        ' for each statement execute function divide_project_insert()'
    )
    # Projects are written all the time and their budgets seldom: only then is anything called.
    function('divide_project_update', 'ids := array[new.id];', PAIRS)
    op.execute(
        'create trigger project_update_is_divided after update of budget_usd on project for each row'
        ' when (old.budget_usd is distinct from new.budget_usd) execute function divide_project_update()'
    )


def upgrade() -> None:
    for first, second in PAIRS:
        table = of_pair((first, second))
        op.create_table(table,
        sa.Column('project_id', sa.BigInteger(), nullable=False),
        sa.Column(first, sa.Text(), nullable=False),
        sa.Column(second, sa.Text(), nullable=False),
        sa.Column('amount', sa.Numeric(precision=24, scale=2), nullable=False),
        sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f(f'fk_{table}_project_id_project'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('project_id', first, second, name=op.f(f'pk_{table}'))
        )
        view((first, second))
    for table, dimensions in WRITTEN.items():
        watch(table, dimensions)
    watch_budgets()

    op.execute("set local statement_timeout = 0")
    op.execute("set local jit = off")
    for pair in PAIRS:
        op.execute(f"""
            insert into {of_pair(pair)} (project_id, {pair[0]}, {pair[1]}, amount)
            select project_id, {pair[0]}, {pair[1]}, amount from {of_pair(pair)}_part order by project_id
        """)
        op.execute(f'analyze {of_pair(pair)}')


def downgrade() -> None:
    for table in WRITTEN:
        for event in ('insert', 'update', 'delete'):
            op.execute(f'drop trigger {table}_{event}_is_divided on {table}')
            op.execute(f'drop function divide_{table}_{event}()')
    for event in ('insert', 'update'):
        op.execute(f'drop trigger project_{event}_is_divided on project')
        op.execute(f'drop function divide_project_{event}()')
    for pair in PAIRS:
        op.execute(f'drop view {of_pair(pair)}_part')
        op.drop_table(of_pair(pair))
