"""What the list of projects compares for each project stands there: the title as it is sorted, and where nothing is."""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

TITLE = (
    "\"left\"(regexp_replace(lower(NORMALIZE(title, NFKD)), '[\\u0300-\\u036f]'::text, ''::text, 'g'::text), 100)"
)
MARKS = {'sdg': 'sdg_mark', 'migof': 'governance_mark', 'theme': 'theme_mark'}
"""By the kind of mark, its table."""


def view() -> None:
    op.execute('create view unmarked_part as ' + ' union all '.join(
        f"select '{kind}' as kind, id as project_id from project"
        f" where not exists (select from {table} where project_id = project.id)"
        for kind, table in MARKS.items()
    ))


def watch(kind: str, table: str) -> None:
    """The project is locked: else of two who take away a mark each, either would see the other's still there."""
    for event, rows, changed in (
        ('insert', 'new table as after', 'after'),
        ('update', 'old table as before new table as after', '(select * from before union all select * from after)'),
        ('delete', 'old table as before', 'before'),
    ):
        name = f'find_unmarked_{table}_{event}'
        op.execute(f"""
            create function {name}() returns trigger language plpgsql
            set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off as $$
            declare ids bigint[];
            begin
                ids := array(select distinct project_id from {changed} as changed);
                if cardinality(ids) = 0 then return null; end if;
                perform from project where id = any(ids) order by id for no key update;
                delete from unmarked where kind = '{kind}' and project_id = any(ids);
                insert into unmarked (kind, project_id) select '{kind}', id from project
                    where id = any(ids) and not exists (select from {table} where project_id = project.id);
                return null;
            end $$
        """)
        op.execute(
            f'create trigger {table}_{event}_is_found after {event} on {table} referencing {rows}'
            f' for each statement execute function {name}()'
        )


def watch_projects() -> None:
    """A new project has no marks yet."""
    kinds = ', '.join(f"('{kind}')" for kind in MARKS)
    op.execute(f"""
        create function find_unmarked_project_insert() returns trigger language plpgsql as $$
        begin
            insert into unmarked (kind, project_id) select kind, id from after, (values {kinds}) as kinds (kind);
            return null;
        end $$
    """)
    op.execute(
        'create trigger project_insert_is_found after insert on project referencing new table as after'
        ' for each statement execute function find_unmarked_project_insert()'
    )


def upgrade() -> None:
    op.create_table('unmarked',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_unmarked_project_id_project'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('kind', 'project_id', name=op.f('pk_unmarked'))
    )
    op.create_index(op.f('ix_unmarked_project_id'), 'unmarked', ['project_id'], unique=False)
    for code in ('area', 'activity'):
        op.create_index(f'ix_area_by_activity_no_{code}', 'area_by_activity', ['project_id'], unique=False, postgresql_where=sa.text(f"{code} = 'none'"))
    op.create_index('ix_deadline_open_of_project', 'deadline', ['project_id', 'due_on'], unique=False, postgresql_include=['kind', 'from_on'], postgresql_where=sa.text('is_open'))
    view()
    for kind, table in MARKS.items():
        watch(kind, table)
    watch_projects()

    op.execute('set local statement_timeout = 0')
    op.execute('set local jit = off')
    op.drop_index('ix_project_by_title', table_name='project')
    op.execute(f'alter table project add column title_key text not null generated always as ({TITLE}) stored')
    op.create_index('ix_project_by_title', 'project', ['title_key', 'id'], unique=False)
    op.create_index('ix_project_no_marker', 'project', ['id'], unique=False, postgresql_where=sa.text('gender_marker_code is null'))
    op.execute('insert into unmarked (kind, project_id) select kind, project_id from unmarked_part order by kind, project_id')
    for table in ('project', 'unmarked', 'area_by_activity'):
        op.execute(f'analyze {table}')


def downgrade() -> None:
    op.drop_index('ix_project_no_marker', table_name='project')
    op.drop_index('ix_project_by_title', table_name='project')
    op.drop_column('project', 'title_key')
    op.create_index('ix_project_by_title', 'project', [sa.literal_column(TITLE), 'id'], unique=False)
    op.execute('drop trigger project_insert_is_found on project')
    op.execute('drop function find_unmarked_project_insert()')
    for table in MARKS.values():
        for event in ('insert', 'update', 'delete'):
            op.execute(f'drop trigger {table}_{event}_is_found on {table}')
            op.execute(f'drop function find_unmarked_{table}_{event}()')
    op.execute('drop view unmarked_part')
    for code in ('area', 'activity'):
        op.drop_index(f'ix_area_by_activity_no_{code}', table_name='area_by_activity')
    op.drop_table('unmarked')
    op.drop_index('ix_deadline_open_of_project', table_name='deadline', postgresql_include=['kind', 'from_on'], postgresql_where=sa.text('is_open'))
