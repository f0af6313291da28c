"""What the list of projects keeps is noted, and what filters choose by stands in indexes."""

from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

TABLES = ('country_alias', 'list_columns')


def watch(table: str) -> None:
    for event, rows in (
        ('insert', 'new table as changed'),
        ('update', 'new table as changed'),
        ('delete', 'old table as changed'),
    ):
        name = f'note_{table}_{event}'
        op.execute(f"""
            create function {name}() returns trigger language plpgsql as $$
            begin
                if exists (select from changed) then insert into touch (of_table) values ('{table}'); end if;
                return null;
            end $$
        """)
        op.execute(
            f'create trigger {table}_{event}_is_noted after {event} on "{table}" referencing {rows}'
            f' for each statement execute function {name}()'
        )


def upgrade() -> None:
    for table in TABLES:
        watch(table)
    op.create_index('ix_coverage_by_country', 'coverage', ['country_code', 'project_id'], unique=False)
    op.drop_index(op.f('ix_coverage_country_code'), table_name='coverage')
    op.create_index('ix_party_of_user', 'party', ['user_id', 'part'], unique=False, postgresql_include=['project_id', 'until_at'])
    op.drop_index('ix_party_user_id_part', table_name='party')
    # How many values the expressions of indexes have is known only once they have been read.
    for table in ('coverage', 'deadline', 'party', 'project'):
        op.execute(f'analyze {table}')


def downgrade() -> None:
    op.create_index('ix_party_user_id_part', 'party', ['user_id', 'part'], unique=False)
    op.drop_index('ix_party_of_user', table_name='party', postgresql_include=['project_id', 'until_at'])
    op.create_index(op.f('ix_coverage_country_code'), 'coverage', ['country_code'], unique=False)
    op.drop_index('ix_coverage_by_country', table_name='coverage')
    for table in TABLES:
        for event in ('insert', 'update', 'delete'):
            op.execute(f'drop trigger {table}_{event}_is_noted on "{table}"')
            op.execute(f'drop function note_{table}_{event}()')
