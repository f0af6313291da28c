"""Private addresses of calendars."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0005'
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


def downgrade() -> None:
    op.drop_index(op.f('ix_calendar_address_user_id'), table_name='calendar_address')
    op.drop_table('calendar_address')
