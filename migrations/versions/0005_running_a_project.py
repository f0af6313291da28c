"""Running a project: changes and versions, monitoring, spending of finance, evaluations, lessons, history of deadlines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('spending_import',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_spending_import_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spending_import'))
    )
    op.create_index(op.f('ix_spending_import_sha256'), 'spending_import', ['sha256'], unique=False)
    op.create_table('closing_confirmation',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('closing', sa.Enum('operational', 'financial', name='closing', native_enum=False, length=40), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('by_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_closing_confirmation_by_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_closing_confirmation_project_id')),
    sa.PrimaryKeyConstraint('project_id', 'closing', 'code', name=op.f('pk_closing_confirmation'))
    )
    op.create_table('activity_progress',
    sa.Column('result_id', sa.BigInteger(), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Enum('not_started', 'under_way', 'done', 'dropped', name='activitystate', native_enum=False, length=40), nullable=False),
    sa.Column('done_on', sa.Date(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_by_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_activity_progress_project_id')),
    sa.ForeignKeyConstraint(['result_id'], ['result.id'], name=op.f('fk_activity_progress_result_id')),
    sa.ForeignKeyConstraint(['saved_by_id'], ['user_account.id'], name=op.f('fk_activity_progress_saved_by_id')),
    sa.PrimaryKeyConstraint('result_id', name=op.f('pk_activity_progress'))
    )
    op.create_index(op.f('ix_activity_progress_project_id'), 'activity_progress', ['project_id'], unique=False)
    op.create_table('change',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('no_cost_extension', 'cost_extension', 'budget', 'results', 'manager', name='changekind', native_enum=False, length=40), nullable=False),
    sa.Column('state', sa.Enum('draft', 'asked', 'endorsed', 'approved', 'returned', 'refused', 'withdrawn', name='changestate', native_enum=False, length=40), nullable=False),
    sa.Column('state_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('effect', sa.Text(), nullable=False),
    sa.Column('counterpart_agreed_on', sa.Date(), nullable=True),
    sa.Column('agreement_id', sa.BigInteger(), nullable=True),
    sa.Column('before', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('after', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('free', sa.Boolean(), nullable=False),
    sa.Column('asked_on', sa.Date(), nullable=True),
    sa.Column('late_days', sa.BigInteger(), nullable=False),
    sa.Column('decided_on', sa.Date(), nullable=True),
    sa.Column('made_by_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['agreement_id'], ['document.id'], name=op.f('fk_change_agreement_id')),
    sa.ForeignKeyConstraint(['made_by_id'], ['user_account.id'], name=op.f('fk_change_made_by_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_change_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change')),
    sa.UniqueConstraint('project_id', 'number', name=op.f('uq_change_project_id_number'))
    )
    op.create_index(op.f('ix_change_project_id'), 'change', ['project_id'], unique=False)
    op.create_index('ix_change_waiting', 'change', ['state', 'project_id'], unique=False, postgresql_where="state in ('asked', 'endorsed')")
    op.create_index('uq_change_under_way', 'change', ['project_id', 'kind'], unique=True, postgresql_where="state in ('draft', 'asked', 'endorsed', 'returned')")
    op.create_table('evaluation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('deadline_id', sa.BigInteger(), nullable=False),
    sa.Column('terms', sa.Text(), nullable=False),
    sa.Column('terms_document_id', sa.BigInteger(), nullable=True),
    sa.Column('evaluator_id', sa.BigInteger(), nullable=True),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('received_on', sa.Date(), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['deadline_id'], ['deadline.id'], name=op.f('fk_evaluation_deadline_id')),
    sa.ForeignKeyConstraint(['evaluator_id'], ['user_account.id'], name=op.f('fk_evaluation_evaluator_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_evaluation_project_id')),
    sa.ForeignKeyConstraint(['terms_document_id'], ['document.id'], name=op.f('fk_evaluation_terms_document_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation')),
    sa.UniqueConstraint('deadline_id', name=op.f('uq_evaluation_deadline_id'))
    )
    op.create_index(op.f('ix_evaluation_project_id'), 'evaluation', ['project_id'], unique=False)
    op.create_table('lesson',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('deadline_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.Enum('lesson', 'challenge', 'practice', name='lessonkind', native_enum=False, length=40), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('happened', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('advice', sa.Text(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=True),
    sa.Column('country_code', sa.Text(), nullable=True),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('tags', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('made_by_id', sa.BigInteger(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('curated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('curated_by_id', sa.BigInteger(), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('journal_count', sa.BigInteger(), nullable=False),
    sa.Column('journal_head', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['area_code'], ['area_of_work.code'], name=op.f('fk_lesson_area_code')),
    sa.ForeignKeyConstraint(['country_code'], ['country.code'], name=op.f('fk_lesson_country_code')),
    sa.ForeignKeyConstraint(['curated_by_id'], ['user_account.id'], name=op.f('fk_lesson_curated_by_id')),
    sa.ForeignKeyConstraint(['deadline_id'], ['deadline.id'], name=op.f('fk_lesson_deadline_id')),
    sa.ForeignKeyConstraint(['made_by_id'], ['user_account.id'], name=op.f('fk_lesson_made_by_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_lesson_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lesson'))
    )
    op.create_index(op.f('ix_lesson_area_code'), 'lesson', ['area_code'], unique=False)
    op.create_index('ix_lesson_curated', 'lesson', ['curated_at', 'id'], unique=False, postgresql_where='curated_at is not null')
    op.create_index(op.f('ix_lesson_deadline_id'), 'lesson', ['deadline_id'], unique=False)
    op.create_index(op.f('ix_lesson_project_id'), 'lesson', ['project_id'], unique=False)
    op.create_index('ix_lesson_tags', 'lesson', ['tags'], unique=False, postgresql_using='gin')
    op.create_index('ix_lesson_words', 'lesson', [sa.literal_column("to_tsvector('simple'::regconfig, folded((((((title || ' '::text) || happened) || ' '::text) || why) || ' '::text) || advice))")], unique=False, postgresql_using='gin')
    op.create_table('risk_review',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('risk_id', sa.BigInteger(), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('state', sa.Enum('open', 'closed', 'happened', name='riskstate', native_enum=False, length=40), nullable=False),
    sa.Column('consequence_code', sa.Text(), nullable=True),
    sa.Column('likelihood_code', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_by_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['consequence_code'], ['risk_scale.code'], name=op.f('fk_risk_review_consequence_code')),
    sa.ForeignKeyConstraint(['likelihood_code'], ['risk_scale.code'], name=op.f('fk_risk_review_likelihood_code')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_risk_review_project_id')),
    sa.ForeignKeyConstraint(['risk_id'], ['risk.id'], name=op.f('fk_risk_review_risk_id')),
    sa.ForeignKeyConstraint(['saved_by_id'], ['user_account.id'], name=op.f('fk_risk_review_saved_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_risk_review'))
    )
    op.create_index('ix_risk_review_project_id', 'risk_review', ['project_id', 'risk_id', 'id'], unique=False)
    op.create_table('change_step',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('change_id', sa.BigInteger(), nullable=False),
    sa.Column('move', sa.Text(), nullable=False),
    sa.Column('target', sa.Enum('draft', 'asked', 'endorsed', 'approved', 'returned', 'refused', 'withdrawn', name='changestate', native_enum=False, length=40), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=False),
    sa.Column('behalf_of_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('letter_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['user_account.id'], name=op.f('fk_change_step_actor_id')),
    sa.ForeignKeyConstraint(['behalf_of_id'], ['user_account.id'], name=op.f('fk_change_step_behalf_of_id')),
    sa.ForeignKeyConstraint(['change_id'], ['change.id'], name=op.f('fk_change_step_change_id')),
    sa.ForeignKeyConstraint(['letter_id'], ['document.id'], name=op.f('fk_change_step_letter_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change_step'))
    )
    op.create_index(op.f('ix_change_step_change_id'), 'change_step', ['change_id'], unique=False)
    op.create_table('deadline_change',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('deadline_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.BigInteger(), nullable=True),
    sa.Column('change_id', sa.BigInteger(), nullable=True),
    sa.Column('old_due_on', sa.Date(), nullable=True),
    sa.Column('new_due_on', sa.Date(), nullable=True),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_deadline_change_by_id')),
    sa.ForeignKeyConstraint(['change_id'], ['change.id'], name=op.f('fk_deadline_change_change_id')),
    sa.ForeignKeyConstraint(['deadline_id'], ['deadline.id'], name=op.f('fk_deadline_change_deadline_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deadline_change'))
    )
    op.create_index(op.f('ix_deadline_change_deadline_id'), 'deadline_change', ['deadline_id'], unique=False)
    op.create_table('evaluation_rating',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('evaluation_id', sa.BigInteger(), nullable=False),
    sa.Column('criterion', sa.Text(), nullable=False),
    sa.Column('rating', sa.Text(), nullable=True),
    sa.Column('why', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['evaluation_id'], ['evaluation.id'], name=op.f('fk_evaluation_rating_evaluation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_rating')),
    sa.UniqueConstraint('evaluation_id', 'criterion', name=op.f('uq_evaluation_rating_evaluation_id_criterion'))
    )
    op.create_table('expense',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('line_id', sa.BigInteger(), nullable=False),
    sa.Column('import_id', sa.BigInteger(), nullable=False),
    sa.Column('superseded_id', sa.BigInteger(), nullable=True),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('kind', sa.Enum('expenditure', 'commitment', name='expensekind', native_enum=False, length=40), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('stated', sa.Numeric(precision=18, scale=2), nullable=False),
    sa.Column('rate', sa.Numeric(precision=18, scale=8), nullable=True),
    sa.Column('amount', sa.Numeric(precision=18, scale=2), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['spending_import.id'], name=op.f('fk_expense_import_id')),
    sa.ForeignKeyConstraint(['line_id'], ['budget_line.id'], name=op.f('fk_expense_line_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_expense_project_id')),
    sa.ForeignKeyConstraint(['superseded_id'], ['spending_import.id'], name=op.f('fk_expense_superseded_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expense'))
    )
    op.create_index(op.f('ix_expense_line_id'), 'expense', ['line_id'], unique=False)
    op.create_index('ix_expense_standing', 'expense', ['project_id', 'on_day'], unique=False, postgresql_where='superseded_id is null')
    op.create_table('finding',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('evaluation_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('criterion', sa.Text(), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['evaluation_id'], ['evaluation.id'], name=op.f('fk_finding_evaluation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_finding'))
    )
    op.create_index(op.f('ix_finding_evaluation_id'), 'finding', ['evaluation_id'], unique=False)
    op.create_table('indicator_value',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('indicator_id', sa.BigInteger(), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('value', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.Column('numerator', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.Column('denominator', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_by_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('(numerator is null) = (denominator is null)', name=op.f('ck_indicator_value_quotient')),
    sa.CheckConstraint('denominator is null or denominator > 0', name=op.f('ck_indicator_value_denominator')),
    sa.ForeignKeyConstraint(['indicator_id'], ['indicator.id'], name=op.f('fk_indicator_value_indicator_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_indicator_value_project_id')),
    sa.ForeignKeyConstraint(['saved_by_id'], ['user_account.id'], name=op.f('fk_indicator_value_saved_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_indicator_value')),
    sa.UniqueConstraint('indicator_id', 'on_day', name=op.f('uq_indicator_value_indicator_id_on_day'))
    )
    op.create_index('ix_indicator_value_project_id_on_day', 'indicator_value', ['project_id', 'on_day'], unique=False)
    op.create_table('project_version',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('change_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.BigInteger(), nullable=False),
    sa.Column('snapshot', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.CheckConstraint('number > 0', name=op.f('ck_project_version_number')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_project_version_by_id')),
    sa.ForeignKeyConstraint(['change_id'], ['change.id'], name=op.f('fk_project_version_change_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_project_version_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_project_version')),
    sa.UniqueConstraint('change_id', name=op.f('uq_project_version_change_id')),
    sa.UniqueConstraint('project_id', 'number', name=op.f('uq_project_version_project_id_number'))
    )
    op.create_table('recommendation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('evaluation_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('response', sa.Enum('accepted', 'partly', 'rejected', name='response', native_enum=False, length=40), nullable=True),
    sa.Column('response_text', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.BigInteger(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('follow_up', sa.Enum('open', 'under_way', 'done', 'dropped', name='followup', native_enum=False, length=40), nullable=False),
    sa.Column('follow_up_note', sa.Text(), nullable=False),
    sa.Column('followed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['evaluation_id'], ['evaluation.id'], name=op.f('fk_recommendation_evaluation_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['user_account.id'], name=op.f('fk_recommendation_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recommendation'))
    )
    op.create_index('ix_recommendation_due', 'recommendation', ['due_on'], unique=False, postgresql_where="follow_up in ('open', 'under_way')")
    op.create_index(op.f('ix_recommendation_evaluation_id'), 'recommendation', ['evaluation_id'], unique=False)
    op.create_table('indicator_part',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('value_id', sa.BigInteger(), nullable=False),
    sa.Column('sex_code', sa.Text(), nullable=True),
    sa.Column('age_code', sa.Text(), nullable=True),
    sa.Column('amount', sa.Numeric(precision=14, scale=4), nullable=False),
    sa.ForeignKeyConstraint(['age_code'], ['beneficiary_disaggregation.code'], name=op.f('fk_indicator_part_age_code')),
    sa.ForeignKeyConstraint(['sex_code'], ['beneficiary_disaggregation.code'], name=op.f('fk_indicator_part_sex_code')),
    sa.ForeignKeyConstraint(['value_id'], ['indicator_value.id'], name=op.f('fk_indicator_part_value_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_indicator_part')),
    sa.UniqueConstraint('value_id', 'sex_code', 'age_code', name=op.f('uq_indicator_part_value_id_sex_code_age_code'), postgresql_nulls_not_distinct=True)
    )
    op.create_table('report_remark',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('step_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['step_id'], ['report_step.id'], name=op.f('fk_report_remark_step_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_remark')),
    sa.UniqueConstraint('step_id', 'code', name=op.f('uq_report_remark_step_id_code'))
    )
    op.add_column('beneficiaries', sa.Column('counted', sa.Enum('people', 'services', name='counted', native_enum=False, length=40), nullable=True))
    op.add_column('beneficiaries', sa.Column('repeated', sa.Boolean(), nullable=True))
    op.add_column('budget_line', sa.Column('code', sa.Text(), nullable=True))
    op.create_index('uq_budget_line_project_id_code', 'budget_line', ['project_id', 'code'], unique=True, postgresql_where='code is not null')
    op.add_column('deadline', sa.Column('name', sa.Text(), server_default='', nullable=False))
    op.add_column('extension', sa.Column('change_id', sa.BigInteger(), nullable=True))
    op.alter_column('extension', 'decided_by_id', existing_type=sa.BigInteger(), nullable=True)
    op.create_unique_constraint(op.f('uq_extension_change_id'), 'extension', ['change_id'])
    op.create_foreign_key(op.f('fk_extension_change_id'), 'extension', 'change', ['change_id'], ['id'])
    op.add_column('indicator', sa.Column('counting', sa.Enum('increment', 'to_date', name='counting', native_enum=False, length=40), nullable=True))
    op.add_column('indicator', sa.Column('retired_on', sa.Date(), nullable=True))
    op.add_column('report', sa.Column('shown', postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column('report', sa.Column('sent_on', sa.Date(), nullable=True))
    op.add_column('result', sa.Column('retired_on', sa.Date(), nullable=True))
    op.add_column('spending', sa.Column('line_id', sa.BigInteger(), nullable=True))
    op.drop_constraint(op.f('uq_spending_report_id_category_code'), 'spending', type_='unique')
    op.create_index(op.f('ix_spending_line_id'), 'spending', ['line_id'], unique=False)
    op.create_unique_constraint(op.f('uq_spending_report_id_category_code_line_id'), 'spending', ['report_id', 'category_code', 'line_id'], postgresql_nulls_not_distinct=True)
    op.create_foreign_key(op.f('fk_spending_line_id'), 'spending', 'budget_line', ['line_id'], ['id'])
    # Lines of projects that have their ID get the code that activation gives from now on.
    op.execute("""
        update budget_line set code = 'B' || lpad(numbered.number::text, 3, '0')
        from (
            select line.id, row_number() over (partition by line.project_id order by line.position, line.id) as number
            from budget_line as line join project on project.id = line.project_id
            where project.code is not null
        ) as numbered
        where numbered.id = budget_line.id
    """)
    op.execute("""
        create trigger project_version_is_append_only before update or delete or truncate on project_version
        for each statement execute function refuse_change()
    """)


def downgrade() -> None:
    # The older form knows figures of categories only: those of a category's lines become one.
    op.execute("""
        with summed as (
            delete from spending where line_id is not null returning report_id, category_code, spent, committed
        )
        insert into spending (report_id, category_code, spent, committed)
        select report_id, category_code, sum(spent), sum(committed) from summed group by report_id, category_code
        on conflict (report_id, category_code, line_id)
        do update set spent = spending.spent + excluded.spent, committed = spending.committed + excluded.committed
    """)
    op.drop_constraint(op.f('fk_spending_line_id'), 'spending', type_='foreignkey')
    op.drop_constraint(op.f('uq_spending_report_id_category_code_line_id'), 'spending', type_='unique')
    op.drop_index(op.f('ix_spending_line_id'), table_name='spending')
    op.create_unique_constraint(op.f('uq_spending_report_id_category_code'), 'spending', ['report_id', 'category_code'], postgresql_nulls_not_distinct=False)
    op.drop_column('spending', 'line_id')
    op.drop_column('result', 'retired_on')
    op.drop_column('report', 'sent_on')
    op.drop_column('report', 'shown')
    op.drop_column('indicator', 'retired_on')
    op.drop_column('indicator', 'counting')
    op.drop_constraint(op.f('fk_extension_change_id'), 'extension', type_='foreignkey')
    op.drop_constraint(op.f('uq_extension_change_id'), 'extension', type_='unique')
    op.execute('delete from extension where decided_by_id is null')
    op.alter_column('extension', 'decided_by_id', existing_type=sa.BigInteger(), nullable=False)
    op.drop_column('extension', 'change_id')
    op.drop_column('deadline', 'name')
    op.drop_index('uq_budget_line_project_id_code', table_name='budget_line', postgresql_where='code is not null')
    op.drop_column('budget_line', 'code')
    op.drop_column('beneficiaries', 'repeated')
    op.drop_column('beneficiaries', 'counted')
    op.drop_table('report_remark')
    op.drop_table('indicator_part')
    op.drop_index(op.f('ix_recommendation_evaluation_id'), table_name='recommendation')
    op.drop_index('ix_recommendation_due', table_name='recommendation', postgresql_where="follow_up in ('open', 'under_way')")
    op.drop_table('recommendation')
    op.drop_table('project_version')
    op.drop_index('ix_indicator_value_project_id_on_day', table_name='indicator_value')
    op.drop_table('indicator_value')
    op.drop_index(op.f('ix_finding_evaluation_id'), table_name='finding')
    op.drop_table('finding')
    op.drop_index('ix_expense_standing', table_name='expense', postgresql_where='superseded_id is null')
    op.drop_index(op.f('ix_expense_line_id'), table_name='expense')
    op.drop_table('expense')
    op.drop_table('evaluation_rating')
    op.drop_index(op.f('ix_deadline_change_deadline_id'), table_name='deadline_change')
    op.drop_table('deadline_change')
    op.drop_index(op.f('ix_change_step_change_id'), table_name='change_step')
    op.drop_table('change_step')
    op.drop_index('ix_risk_review_project_id', table_name='risk_review')
    op.drop_table('risk_review')
    op.drop_index('ix_lesson_words', table_name='lesson', postgresql_using='gin')
    op.drop_index('ix_lesson_tags', table_name='lesson', postgresql_using='gin')
    op.drop_index(op.f('ix_lesson_project_id'), table_name='lesson')
    op.drop_index(op.f('ix_lesson_deadline_id'), table_name='lesson')
    op.drop_index('ix_lesson_curated', table_name='lesson', postgresql_where='curated_at is not null')
    op.drop_index(op.f('ix_lesson_area_code'), table_name='lesson')
    op.drop_table('lesson')
    op.drop_index(op.f('ix_evaluation_project_id'), table_name='evaluation')
    op.drop_table('evaluation')
    op.drop_index('uq_change_under_way', table_name='change', postgresql_where="state in ('draft', 'asked', 'endorsed', 'returned')")
    op.drop_index('ix_change_waiting', table_name='change', postgresql_where="state in ('asked', 'endorsed')")
    op.drop_index(op.f('ix_change_project_id'), table_name='change')
    op.drop_table('change')
    op.drop_index(op.f('ix_activity_progress_project_id'), table_name='activity_progress')
    op.drop_table('activity_progress')
    op.drop_table('closing_confirmation')
    op.drop_index(op.f('ix_spending_import_sha256'), table_name='spending_import')
    op.drop_table('spending_import')
