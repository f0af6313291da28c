"""What was changed, by table: triggers note each statement, so that answers are kept until what they read changes."""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

TABLES = (
    'activity_allocation', 'activity_type', 'area_allocation', 'area_of_work', 'beneficiaries', 'beneficiary_type',
    'change', 'change_step', 'clearance', 'closing_confirmation', 'country', 'country_allocation', 'country_link',
    'coverage', 'cross_cutting_theme', 'curated_indicator', 'deadline', 'delegation', 'donor', 'evaluation',
    'exchange_rate', 'extension', 'finding', 'funding_round', 'gender_marker', 'governance_mark', 'handbook_edition',
    'indicator', 'indicator_part', 'indicator_split', 'indicator_value', 'lesson', 'migration_governance', 'milestone',
    'office', 'office_link', 'party', 'project_type', 'reached', 'recommendation', 'regional_office', 'report',
    'report_step', 'result', 'role_grant', 'role_name', 'round', 'sdg_mark', 'sdg_target', 'spending',
    'spending_import', 'status_name', 'step', 'theme_mark', 'user_account',
)
OF_PROJECT = (
    'id, reference, code, status, status_since, edition_id, project_type_code, secondary_type_code, office_id, funding,'
    ' funding_year, fund_line_code, focus_area_code, donor_code, overhead_percent, duration_months, gender_marker_code,'
    ' currency, budget, budget_usd, rate, rate_from, starts_on, ends_on, first_ends_on, interim_every_months,'
    ' evaluation_agreed, asked_elsewhere, funding_round_code, as_imported, created_at'
)


def watch(table: str, changed: str) -> None:
    for event, rows, condition in (
        ('insert', 'new table as new_rows', 'exists (select from new_rows)'),
        ('update', 'old table as old_rows new table as new_rows', changed),
        ('delete', 'old table as old_rows', 'exists (select from old_rows)'),
    ):
        name = f'note_{table}_{event}'
        op.execute(f"""
            create function {name}() returns trigger language plpgsql as $$
            begin
                if {condition} then insert into touch (of_table) values ('{table}'); end if;
                return null;
            end $$
        """)
        op.execute(
            f'create trigger {table}_{event}_is_noted after {event} on "{table}" referencing {rows}'
            f' for each statement execute function {name}()'
        )


def upgrade() -> None:
    op.create_table('touch',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('of_table', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_touch'))
    )
    for table in TABLES:
        watch(table, 'exists (select from new_rows)')
    watch('project', f'exists (select {OF_PROJECT} from new_rows except all select {OF_PROJECT} from old_rows)')


def downgrade() -> None:
    for table in (*TABLES, 'project'):
        for event in ('insert', 'update', 'delete'):
            op.execute(f'drop trigger {table}_{event}_is_noted on "{table}"')
            op.execute(f'drop function note_{table}_{event}()')
    op.drop_table('touch')
