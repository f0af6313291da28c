"""What each reminder was about and why somebody got it; what may be due is found by ranges of indexes."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

# What was written before this was kept is known by its cause; why a person got it is not.
KNOWN = """
insert into reminder (letter_id, project_id, about, step)
select l.id, of_it.project_id, of_it.about, substr(l.kind, 8)
from letter as l
join lateral (
    select d.project_id, case d.kind when 'EXT_REQ' then 'extension' when 'EVA' then 'evaluation' else 'report' end
    from deadline as d where l.cause ~ '^deadline:[0-9]+$' and d.id = split_part(l.cause, ':', 2)::bigint
    union all
    select m.project_id, 'milestone' from milestone as m
    where l.cause ~ '^milestone:[0-9]+$' and m.id = split_part(l.cause, ':', 2)::bigint
    union all
    select e.project_id, 'recommendation'
    from recommendation as r join evaluation as e on e.id = r.evaluation_id
    where l.cause ~ '^recommendation:[0-9]+$' and r.id = split_part(l.cause, ':', 2)::bigint
) as of_it (project_id, about) on true
where l.kind like 'remind:%'
"""


def upgrade() -> None:
    op.create_table('reminder',
    sa.Column('letter_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('about', sa.Enum('report', 'evaluation', 'extension', 'milestone', 'recommendation', 'review', name='about', native_enum=False, length=40), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('reason', sa.Enum('manager', 'alternate', 'evaluator', 'owner', 'reviewer', 'region', 'fund', name='reason', native_enum=False, length=40), nullable=True),
    sa.ForeignKeyConstraint(['letter_id'], ['letter.id'], name=op.f('fk_reminder_letter_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_reminder_project_id')),
    sa.PrimaryKeyConstraint('letter_id', name=op.f('pk_reminder'))
    )
    op.create_index('ix_reminder_project_id_letter_id', 'reminder', ['project_id', 'letter_id'], unique=False)
    op.create_index('ix_deadline_open_window', 'deadline', ['from_on'], unique=False, postgresql_where='is_open and from_on is not null')
    op.create_index('ix_milestone_open_planned', 'milestone', ['planned_on'], unique=False, postgresql_where='done_on is null')
    op.create_index('ix_clearance_open_due', 'clearance', ['due_on'], unique=False, postgresql_where='verdict is null')
    op.execute(KNOWN)


def downgrade() -> None:
    op.drop_index('ix_clearance_open_due', table_name='clearance', postgresql_where='verdict is null')
    op.drop_index('ix_milestone_open_planned', table_name='milestone', postgresql_where='done_on is null')
    op.drop_index('ix_deadline_open_window', table_name='deadline', postgresql_where='is_open and from_on is not null')
    op.drop_index('ix_reminder_project_id_letter_id', table_name='reminder')
    op.drop_table('reminder')
