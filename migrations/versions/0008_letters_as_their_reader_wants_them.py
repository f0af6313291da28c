"""How people get their letters: at once or in digests, in their language and time zone."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('letter_choice',
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('way', sa.Enum('at_once', 'daily', 'weekly', 'never', name='way', native_enum=False, length=40), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_letter_choice_user_id')),
    sa.PrimaryKeyConstraint('user_id', 'topic', name=op.f('pk_letter_choice'))
    )
    op.add_column('letter', sa.Column('topic', sa.Text(), server_default='', nullable=False))
    op.add_column('letter', sa.Column('locale', sa.Text(), server_default='en', nullable=False))
    op.create_index('ix_letter_held', 'letter', ['user_id', 'id'], unique=False, postgresql_where="state = 'held'")
    op.add_column('user_account', sa.Column('time_zone', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    # What waits for a digest leaves at once: before this there were none.
    op.execute("update letter set state = 'waiting' where state = 'held'")
    op.execute("update letter set state = 'replaced' where state in ('carried', 'kept')")
    op.drop_column('user_account', 'time_zone')
    op.drop_index('ix_letter_held', table_name='letter', postgresql_where="state = 'held'")
    op.drop_column('letter', 'locale')
    op.drop_column('letter', 'topic')
    op.drop_table('letter_choice')
