"""Indexes of what dashboards, the desk and reminders read of all projects and deadlines."""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

FIGURES = [
    'status', 'office_id', 'starts_on', 'ends_on', 'funding', 'funding_year', 'budget_usd', 'rate',
    'gender_marker_code', 'asked_elsewhere',
]
OPEN_FROM = sa.literal_column(
    '(\nCASE\n    WHEN is_open THEN LEAST(due_on, COALESCE(period_to, from_on, due_on))\n    ELSE NULL::date\nEND)'
)


def upgrade() -> None:
    op.create_index('ix_project_figures', 'project', ['id'], unique=False, postgresql_include=FIGURES)
    op.create_index('ix_result_activity', 'result', ['project_id', 'id'], unique=False, postgresql_where="level = 'activity'")
    op.create_index('ix_deadline_open_kind', 'deadline', ['kind', 'due_on'], unique=False, postgresql_include=['project_id', 'from_on'], postgresql_where='is_open')
    op.create_index('ix_deadline_open_from', 'deadline', [OPEN_FROM], unique=False)
    op.create_index('ix_deadline_day', 'deadline', ['due_on'], unique=False, postgresql_include=['id', 'project_id', 'kind', 'is_open'], postgresql_where='fell_away_at is null')


def downgrade() -> None:
    op.drop_index('ix_deadline_day', table_name='deadline', postgresql_include=['id', 'project_id', 'kind', 'is_open'], postgresql_where='fell_away_at is null')
    op.drop_index('ix_deadline_open_from', table_name='deadline')
    op.drop_index('ix_deadline_open_kind', table_name='deadline', postgresql_include=['project_id', 'from_on'], postgresql_where='is_open')
    op.drop_index('ix_result_activity', table_name='result', postgresql_where="level = 'activity'")
    op.drop_index('ix_project_figures', table_name='project', postgresql_include=FIGURES)
