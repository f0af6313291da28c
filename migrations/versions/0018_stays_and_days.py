"""What dashboards read of all projects: how long each stood in a status, when reports came in, when activities end."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

WATCHED = ('activity_plan', 'activity_progress', 'expense', 'beneficiary_disaggregation')
HANDED_IN = "report.state in ('submitted', 'checked', 'accepted', 'sent')"
DAYS = """
    select id, case when source is not null then
            date_part('day', at - lag(at) over (partition by project_id order by id))::int end as days
        from step {}"""


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
            f"create trigger {table}_{event}_is_dated after {event} on {table} referencing {rows}"
            f" for each statement execute function {name}()"
        )


def in_each(shape: str, columns: str, body: str) -> str:
    """`body` of what was touched: `shape` of the rows whose `columns` are other ones than before. What it writes into
    the table itself touches none of them, and ends there."""
    both = ' union all '.join(
        f'(select {columns} from {one} except all select {columns} from {other})'
        for one, other in (('new_rows', 'old_rows'), ('old_rows', 'new_rows'))
    )
    return f"""
            if tg_op = 'INSERT' then {body(f'select {shape} from new_rows')}
            elsif tg_op = 'DELETE' then {body(f'select {shape} from old_rows')}
            elsif exists ({both}) then {body(f'select {shape} from ({both}) as other')}
            end if;"""


def measured(touched: str) -> str:
    """The project is locked: nobody adds a step to it between what is read here and what is written."""
    return f"""
            perform from project where id in ({touched}) order by id for no key update;
            update step set days = found.days from ({DAYS.format(f'where project_id in ({touched})')}) as found
                where step.id = found.id and step.days is distinct from found.days;"""


def handed_in(touched: str) -> str:
    return f"""
            update deadline set handed_in_on = found.day from (
                select touched.id, case when {HANDED_IN} then first_submitted_on end as day
                from ({touched}) as touched left join report on report.deadline_id = touched.id) as found
                where deadline.id = found.id and deadline.handed_in_on is distinct from found.day;"""


def watch(table: str) -> None:
    for event, rows, of_them in (
        ('insert', 'new table as new_rows', 'new_rows'),
        ('update', 'old table as old_rows new table as new_rows', 'new_rows'),
        ('delete', 'old table as old_rows', 'old_rows'),
    ):
        name = f'note_{table}_{event}'
        op.execute(f"""
            create function {name}() returns trigger language plpgsql as $$
            begin
                if exists (select from {of_them}) then insert into touch (of_table) values ('{table}'); end if;
                return null;
            end $$
        """)
        op.execute(
            f'create trigger {table}_{event}_is_noted after {event} on {table} referencing {rows}'
            f' for each statement execute function {name}()'
        )


def upgrade() -> None:
    op.execute("set local statement_timeout = 0")
    op.execute("set local work_mem = '128MB'")
    op.add_column('step', sa.Column('days', sa.Integer(), nullable=True))
    op.add_column('deadline', sa.Column('handed_in_on', sa.Date(), nullable=True))
    op.add_column('activity_plan', sa.Column('last_month', sa.Integer(), sa.Computed("((months ->> '-1'::integer))::integer", persisted=True), nullable=True))
    op.execute(f"update step set days = found.days from ({DAYS.format('')}) as found where step.id = found.id and found.days is not null")
    op.execute(f"update deadline set handed_in_on = first_submitted_on from report where report.deadline_id = deadline.id and {HANDED_IN}")
    function('date_step', in_each('project_id', 'id, project_id, source, at', measured))
    triggers('step', 'date_step')
    function('date_report', in_each('deadline_id as id', 'deadline_id, state, first_submitted_on', handed_in))
    triggers('report', 'date_report')
    op.drop_index('ix_step_road', table_name='step', postgresql_include=['source', 'at'])
    op.create_index('ix_step_road', 'step', ['project_id', 'id'], unique=False, postgresql_include=['source', 'days'])
    op.create_index('ix_step_endorsement', 'step', ['project_id'], unique=False, postgresql_include=['move', 'at'], postgresql_where="move = 'submit' or move = 'endorse'")
    op.create_index('ix_deadline_handed_in', 'deadline', ['due_on'], unique=False, postgresql_include=['project_id', 'kind', 'handed_in_on'], postgresql_where='handed_in_on is not null and fell_away_at is null')
    op.create_index('ix_activity_plan_last_month', 'activity_plan', ['result_id'], unique=False, postgresql_include=['last_month'])
    op.create_index('ix_clearance_answered', 'clearance', ['decided_at'], unique=False, postgresql_include=['round_id', 'role', 'opened_at', 'due_on'], postgresql_where='decided_at is not null and stands_id is null')
    op.create_index('ix_round_project', 'round', ['id'], unique=False, postgresql_include=['project_id'])
    for table in WATCHED:
        watch(table)


def downgrade() -> None:
    for table in WATCHED:
        for event in ('insert', 'update', 'delete'):
            op.execute(f'drop trigger {table}_{event}_is_noted on {table}')
            op.execute(f'drop function note_{table}_{event}()')
    op.drop_index('ix_round_project', table_name='round', postgresql_include=['project_id'])
    op.drop_index('ix_clearance_answered', table_name='clearance', postgresql_include=['round_id', 'role', 'opened_at', 'due_on'], postgresql_where='decided_at is not null and stands_id is null')
    op.drop_index('ix_activity_plan_last_month', table_name='activity_plan', postgresql_include=['last_month'])
    op.drop_index('ix_deadline_handed_in', table_name='deadline', postgresql_include=['project_id', 'kind', 'handed_in_on'], postgresql_where='handed_in_on is not null and fell_away_at is null')
    op.drop_index('ix_step_endorsement', table_name='step', postgresql_include=['move', 'at'], postgresql_where="move = 'submit' or move = 'endorse'")
    op.drop_index('ix_step_road', table_name='step', postgresql_include=['source', 'days'])
    op.create_index('ix_step_road', 'step', ['project_id', 'id'], unique=False, postgresql_include=['source', 'at'])
    for table in ('report', 'step'):
        for event in ('insert', 'update', 'delete'):
            op.execute(f'drop trigger {table}_{event}_is_dated on {table}')
        op.execute(f'drop function date_{table}()')
    op.drop_column('activity_plan', 'last_month')
    op.drop_column('deadline', 'handed_in_on')
    op.drop_column('step', 'days')
