"""Indexes of what is read for the desk: reports that wait, and clearances that lead to a person in another way."""

from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

HANDED_IN = "state = 'submitted' or state = 'checked'"


def upgrade() -> None:
    op.drop_index('ix_report_waiting', table_name='report')
    op.create_index('ix_report_waiting', 'report', ['state', 'deadline_id'], unique=False, postgresql_include=['state_since'], postgresql_where=HANDED_IN)
    op.create_index('ix_clearance_open_fallback', 'clearance', ['fallback'], unique=False, postgresql_where='verdict is null and fallback is not null')
    op.create_index('ix_clearance_open_place', 'clearance', ['place'], unique=False, postgresql_where='verdict is null and place is not null')


def downgrade() -> None:
    op.drop_index('ix_clearance_open_place', table_name='clearance', postgresql_where='verdict is null and place is not null')
    op.drop_index('ix_clearance_open_fallback', table_name='clearance', postgresql_where='verdict is null and fallback is not null')
    op.drop_index('ix_report_waiting', table_name='report')
    op.create_index('ix_report_waiting', 'report', ['state', 'deadline_id'], unique=False, postgresql_where=HANDED_IN)
