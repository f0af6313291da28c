"""Private addresses of calendars; unread letters are counted with the desk and found by an index."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('calendar_address',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('scope', sa.Enum('person', 'project', 'region', name='calendarscope', native_enum=False, length=40), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=True),
    sa.Column('region_code', sa.Text(), nullable=True),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(scope = 'project') = (project_id is not null)", name=op.f('ck_calendar_address_project')),
    sa.CheckConstraint("(scope = 'region') = (region_code is not null)", name=op.f('ck_calendar_address_region')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_calendar_address_project_id')),
    sa.ForeignKeyConstraint(['region_code'], ['regional_office.code'], name=op.f('fk_calendar_address_region_code')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_calendar_address_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_address')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_calendar_address_token_hash'))
    )
    op.create_index(op.f('ix_calendar_address_user_id'), 'calendar_address', ['user_id'], unique=False)
    op.add_column('sign_in', sa.Column('unread_count', sa.BigInteger(), nullable=True))
    op.create_index('ix_letter_reader', 'letter', ['user_id', 'id'], unique=False)
    op.create_index('ix_letter_unread', 'letter', ['user_id'], unique=False, postgresql_where='read_at is null')
    # What was written before there was a list to read it in came by mail and counts as read.
    op.execute('update letter set read_at = queued_at where read_at is null')


def downgrade() -> None:
    op.drop_index('ix_letter_unread', table_name='letter', postgresql_where='read_at is null')
    op.drop_index('ix_letter_reader', table_name='letter')
    op.drop_column('sign_in', 'unread_count')
    op.drop_index(op.f('ix_calendar_address_user_id'), table_name='calendar_address')
    op.drop_table('calendar_address')
