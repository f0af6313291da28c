"""Nothing is forgotten: addresses that are refused, letters found by when they left, how each job went and runs next."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('refused_address',
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('address', name=op.f('pk_refused_address'))
    )
    op.create_index('ix_letter_sent_at', 'letter', ['sent_at'], unique=False, postgresql_where="state = 'sent'")
    op.create_index('ix_letter_dead', 'letter', ['id'], unique=False, postgresql_where="state = 'dead'")
    op.add_column('job_run', sa.Column('took_ms', sa.BigInteger(), nullable=True))
    op.add_column('job_run', sa.Column('result', sa.Text(), server_default='', nullable=False))
    op.alter_column('job_run', 'result', server_default=None)
    op.add_column('job_run', sa.Column('succeeded_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('job_run', sa.Column('next_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("update job_run set succeeded_at = finished_at where problem = ''")


def downgrade() -> None:
    op.drop_column('job_run', 'next_at')
    op.drop_column('job_run', 'succeeded_at')
    op.drop_column('job_run', 'result')
    op.drop_column('job_run', 'took_ms')
    op.execute("delete from letter where state = 'replaced'")
    op.drop_index('ix_letter_dead', table_name='letter', postgresql_where="state = 'dead'")
    op.drop_index('ix_letter_sent_at', table_name='letter', postgresql_where="state = 'sent'")
    op.drop_table('refused_address')
