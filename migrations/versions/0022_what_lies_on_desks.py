"""What lies on desks is read from an index of the statuses alone."""

from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

LYING = ['office_id', 'funding', 'starts_on', 'status_since', 'asked_elsewhere']


def upgrade() -> None:
    op.execute('set local statement_timeout = 0')
    op.drop_index(op.f('ix_project_status'), table_name='project')
    op.create_index('ix_project_status', 'project', ['status', 'id'], unique=False, postgresql_include=LYING)


def downgrade() -> None:
    op.drop_index('ix_project_status', table_name='project', postgresql_include=LYING)
    op.create_index(op.f('ix_project_status'), 'project', ['status'], unique=False)
