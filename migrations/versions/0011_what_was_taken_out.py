"""What a change of results took out is found by an index; steps are read in their order without sorting."""

from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_result_retired', 'result', ['id'], unique=False, postgresql_where='retired_on is not null')
    op.create_index('ix_step_road', 'step', ['project_id', 'id'], unique=False, postgresql_include=['source', 'at'])
    op.drop_index(op.f('ix_step_project_id'), table_name='step')


def downgrade() -> None:
    op.create_index(op.f('ix_step_project_id'), 'step', ['project_id'], unique=False)
    op.drop_index('ix_step_road', table_name='step', postgresql_include=['source', 'at'])
    op.drop_index('ix_result_retired', table_name='result', postgresql_where='retired_on is not null')
