"""Endorsement in full: seats of reviewers, comments to answer, claims, funding rounds, anchors of the journal."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('journal_anchor',
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_entry_id', sa.BigInteger(), nullable=False),
    sa.Column('entries', sa.BigInteger(), nullable=False),
    sa.Column('counts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('parts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('previous', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('on_day', name=op.f('pk_journal_anchor'))
    )
    op.create_table('funding_round',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('funding_year', sa.BigInteger(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=True),
    sa.Column('line_code', sa.Text(), nullable=True),
    sa.Column('opens_on', sa.Date(), nullable=False),
    sa.Column('cut_off_on', sa.Date(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('journal_count', sa.BigInteger(), nullable=False),
    sa.Column('journal_head', sa.Text(), nullable=False),
    sa.CheckConstraint("code ~ '^[A-Z0-9][A-Z0-9.-]*$'", name=op.f('ck_funding_round_code')),
    sa.CheckConstraint('cut_off_on >= opens_on', name=op.f('ck_funding_round_period')),
    sa.CheckConstraint('funding_year between 1990 and 2100', name=op.f('ck_funding_round_funding_year')),
    sa.ForeignKeyConstraint(['line_code'], ['funding_line.code'], name=op.f('fk_funding_round_line_code')),
    sa.ForeignKeyConstraint(['region_code'], ['regional_office.code'], name=op.f('fk_funding_round_region_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_funding_round')),
    sa.UniqueConstraint('code', name=op.f('uq_funding_round_code'))
    )
    op.create_index(op.f('ix_funding_round_region_code'), 'funding_round', ['region_code'], unique=False)
    op.create_table('donor_exchange',
    sa.Column('step_id', sa.BigInteger(), nullable=False),
    sa.Column('dated_on', sa.Date(), nullable=True),
    sa.Column('document_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_donor_exchange_document_id')),
    sa.ForeignKeyConstraint(['step_id'], ['step.id'], name=op.f('fk_donor_exchange_step_id')),
    sa.PrimaryKeyConstraint('step_id', name=op.f('pk_donor_exchange'))
    )
    op.create_table('desk_claim',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('seat', sa.Text(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('since_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_desk_claim_project_id')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_desk_claim_user_id')),
    sa.PrimaryKeyConstraint('project_id', 'seat', name=op.f('pk_desk_claim'))
    )
    op.create_index(op.f('ix_desk_claim_user_id'), 'desk_claim', ['user_id'], unique=False)
    op.create_table('version_read',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('round_number', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_version_read_project_id')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_version_read_user_id')),
    sa.PrimaryKeyConstraint('project_id', 'user_id', name=op.f('pk_version_read'))
    )
    op.create_index(op.f('ix_version_read_user_id'), 'version_read', ['user_id'], unique=False)
    op.create_table('comment_reply',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('comment_id', sa.BigInteger(), nullable=False),
    sa.Column('author_id', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['user_account.id'], name=op.f('fk_comment_reply_author_id')),
    sa.ForeignKeyConstraint(['comment_id'], ['comment.id'], name=op.f('fk_comment_reply_comment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_comment_reply'))
    )
    op.create_index(op.f('ix_comment_reply_comment_id'), 'comment_reply', ['comment_id'], unique=False)
    op.add_column('clearance', sa.Column('seat', sa.Text(), nullable=True))
    op.add_column('clearance', sa.Column('reviewer', sa.Text(), nullable=True))
    op.add_column('clearance', sa.Column('scope', sa.Text(), server_default='region', nullable=False))
    op.add_column('clearance', sa.Column('place', sa.Text(), nullable=True))
    op.add_column('clearance', sa.Column('areas', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column('clearance', sa.Column('specialist', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('clearance', sa.Column('fallback', sa.String(length=40), nullable=True))
    op.add_column('clearance', sa.Column('gender_marker_code', sa.Text(), nullable=True))
    op.add_column('clearance', sa.Column('gender_marker_reason', sa.Text(), server_default='', nullable=False))
    op.add_column('clearance', sa.Column('again', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    # One role gave one clearance a round: it names the seat.
    op.execute("update clearance set seat = role, reviewer = role")
    op.execute("update clearance set scope = 'headquarters' where role in ('FUND', 'HQD', 'LEG')")
    op.alter_column('clearance', 'seat', nullable=False)
    op.alter_column('clearance', 'reviewer', nullable=False)
    op.drop_constraint(op.f('uq_clearance_round_id_role'), 'clearance', type_='unique')
    op.create_unique_constraint(op.f('uq_clearance_round_id_seat'), 'clearance', ['round_id', 'seat'])
    op.create_foreign_key(op.f('fk_clearance_place'), 'clearance', 'regional_office', ['place'], ['code'])
    op.create_foreign_key(op.f('fk_clearance_gender_marker_code'), 'clearance', 'gender_marker', ['gender_marker_code'], ['code'])
    op.add_column('comment', sa.Column('sections', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column('comment', sa.Column('anchor', sa.Text(), server_default='', nullable=False))
    op.add_column('comment', sa.Column('quote', sa.Text(), server_default='', nullable=False))
    op.add_column('comment', sa.Column('round_number', sa.BigInteger(), nullable=True))
    op.add_column('comment', sa.Column('seat', sa.Text(), server_default='', nullable=False))
    op.add_column('comment', sa.Column('needs_answer', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('comment', sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('comment', sa.Column('published_at', sa.DateTime(timezone=True), nullable=True))
    op.alter_column('project', 'asked_at_headquarters', new_column_name='asked_elsewhere')
    op.add_column('project', sa.Column('funding_round_code', sa.Text(), nullable=True))
    op.create_index(op.f('ix_project_funding_round_code'), 'project', ['funding_round_code'], unique=False)
    op.create_foreign_key(op.f('fk_project_funding_round_code'), 'project', 'funding_round', ['funding_round_code'], ['code'])
    op.add_column('document', sa.Column('correspondence', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('role_grant', sa.Column('areas', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    # What was said was said to everybody who may read it.
    op.execute("update comment set published_at = at")
    op.execute("""
        create trigger journal_anchor_is_append_only before update or delete or truncate on journal_anchor
        for each statement execute function refuse_change()
    """)


def downgrade() -> None:
    op.drop_column('role_grant', 'areas')
    op.drop_column('document', 'correspondence')
    op.drop_constraint(op.f('fk_project_funding_round_code'), 'project', type_='foreignkey')
    op.drop_index(op.f('ix_project_funding_round_code'), table_name='project')
    op.drop_column('project', 'funding_round_code')
    op.alter_column('project', 'asked_elsewhere', new_column_name='asked_at_headquarters')
    op.drop_column('comment', 'published_at')
    op.drop_column('comment', 'answered_at')
    op.drop_column('comment', 'needs_answer')
    op.drop_column('comment', 'seat')
    op.drop_column('comment', 'round_number')
    op.drop_column('comment', 'quote')
    op.drop_column('comment', 'anchor')
    op.drop_column('comment', 'sections')
    op.drop_constraint(op.f('fk_clearance_gender_marker_code'), 'clearance', type_='foreignkey')
    op.drop_constraint(op.f('fk_clearance_place'), 'clearance', type_='foreignkey')
    # Of two clearances of one role, which the older form does not know, the first stays.
    op.execute("delete from answer using clearance as c where answer.clearance_id = c.id and c.seat <> c.role")
    op.execute("update clearance set stands_id = null where stands_id in (select id from clearance where seat <> role)")
    op.execute("delete from clearance where seat <> role")
    op.drop_constraint(op.f('uq_clearance_round_id_seat'), 'clearance', type_='unique')
    op.create_unique_constraint(op.f('uq_clearance_round_id_role'), 'clearance', ['round_id', 'role'])
    op.drop_column('clearance', 'again')
    op.drop_column('clearance', 'gender_marker_reason')
    op.drop_column('clearance', 'gender_marker_code')
    op.drop_column('clearance', 'fallback')
    op.drop_column('clearance', 'specialist')
    op.drop_column('clearance', 'areas')
    op.drop_column('clearance', 'place')
    op.drop_column('clearance', 'scope')
    op.drop_column('clearance', 'reviewer')
    op.drop_column('clearance', 'seat')
    op.drop_index(op.f('ix_comment_reply_comment_id'), table_name='comment_reply')
    op.drop_table('comment_reply')
    op.drop_index(op.f('ix_version_read_user_id'), table_name='version_read')
    op.drop_table('version_read')
    op.drop_index(op.f('ix_desk_claim_user_id'), table_name='desk_claim')
    op.drop_table('desk_claim')
    op.drop_table('donor_exchange')
    op.drop_index(op.f('ix_funding_round_region_code'), table_name='funding_round')
    op.drop_table('funding_round')
    op.drop_table('journal_anchor')
