"""Indexes of what the list of projects is sorted by; saved searches and chosen columns."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

TITLE = (
    "\"left\"(regexp_replace(lower(NORMALIZE(title, NFKD)), '[\\u0300-\\u036f]'::text, ''::text, 'g'::text), 100)"
)
OPEN_UNTIL = sa.literal_column('(\nCASE\n    WHEN is_open THEN due_on\n    ELSE NULL::date\nEND)')
SORTED = {
    'ix_project_by_name': sa.literal_column('COALESCE(code, reference)'),
    'ix_project_by_title': sa.literal_column(TITLE),
    'ix_project_by_year': 'funding_year',
    'ix_project_by_budget': 'budget_usd',
    'ix_project_by_start': sa.literal_column("COALESCE(starts_on, 'infinity'::date)"),
    'ix_project_by_start_down': sa.literal_column("COALESCE(starts_on, '-infinity'::date)"),
    'ix_project_by_end': sa.literal_column("COALESCE(ends_on, 'infinity'::date)"),
    'ix_project_by_end_down': sa.literal_column("COALESCE(ends_on, '-infinity'::date)"),
}


def upgrade() -> None:
    for name, key in SORTED.items():
        op.create_index(name, 'project', [key, 'id'], unique=False)
    op.create_index(op.f('ix_project_donor_code'), 'project', ['donor_code'], unique=False)
    op.create_index('ix_deadline_open_until', 'deadline', [OPEN_UNTIL, 'project_id'], unique=False)
    op.create_table('list_columns',
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('columns', sa.ARRAY(sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_list_columns_user_id')),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_list_columns'))
    )
    op.create_table('saved_search',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('query', sa.Text(), nullable=False),
    sa.Column('weekly', sa.Boolean(), nullable=False),
    sa.Column('told_on', sa.Date(), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_saved_search_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_search')),
    sa.UniqueConstraint('user_id', 'name', name=op.f('uq_saved_search_user_id_name'))
    )
    op.create_index('ix_saved_search_weekly', 'saved_search', ['user_id'], unique=False, postgresql_where='weekly')


def downgrade() -> None:
    op.drop_index('ix_saved_search_weekly', table_name='saved_search', postgresql_where='weekly')
    op.drop_table('saved_search')
    op.drop_table('list_columns')
    op.drop_index('ix_deadline_open_until', table_name='deadline')
    op.drop_index(op.f('ix_project_donor_code'), table_name='project')
    for name in reversed(SORTED):
        op.drop_index(name, table_name='project')
