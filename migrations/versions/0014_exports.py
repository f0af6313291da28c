"""Exports that are made in the background, and kept for a day for whoever asked for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('export_job',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('owner_id', sa.BigInteger(), nullable=False),
    sa.Column('query', sa.Text(), nullable=False),
    sa.Column('sheets', postgresql.ARRAY(Text()), nullable=False),
    sa.Column('format', sa.Enum('xlsx', 'zip', name='exportformat', native_enum=False, length=40), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'running', 'done', 'failed', 'cancelled', 'expired', name='exportstate', native_enum=False, length=40), nullable=False),
    sa.Column('done_rows', sa.BigInteger(), nullable=False),
    sa.Column('total_rows', sa.BigInteger(), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=True),
    sa.Column('rights', sa.Text(), nullable=False),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.Column('tries', sa.BigInteger(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('done_rows >= 0 and total_rows >= 0', name=op.f('ck_export_job_rows')),
    sa.ForeignKeyConstraint(['owner_id'], ['user_account.id'], name=op.f('fk_export_job_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_export_job'))
    )
    op.create_index('ix_export_job_open', 'export_job', ['id'], unique=False, postgresql_where="state in ('waiting', 'running')")
    op.create_index(op.f('ix_export_job_owner_id'), 'export_job', ['owner_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_export_job_owner_id'), table_name='export_job')
    op.drop_index('ix_export_job_open', table_name='export_job', postgresql_where="state in ('waiting', 'running')")
    op.drop_table('export_job')
