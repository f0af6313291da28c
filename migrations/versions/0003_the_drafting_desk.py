"""The drafting desk: matrix, workplan, risks, partners, classification, comments, currencies, shares by country."""

import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


# The letters of Latin, Greek and Cyrillic that folding changes, accents that stand by themselves among them.
LETTERS = [*range(0x00C0, 0x0250), *range(0x0300, 0x0530), *range(0x1E00, 0x1F00)]


def fold() -> str:
    """folded(text): without accents and case, in any locale; immutable, so that an index can stand on it.

    Text of ASCII, which most is, takes the short way.
    """
    pairs, accents = [], []
    for letter in map(chr, LETTERS):
        bare = ''.join(one for one in unicodedata.normalize('NFKD', letter) if not unicodedata.combining(one)).casefold()
        if not bare:
            accents.append(letter)
        elif len(bare) == 1 and bare != letter:
            pairs.append((letter, bare))
    before = ''.join(letter for letter, _bare in pairs) + ''.join(accents)
    after = ''.join(bare for _letter, bare in pairs)
    return f"""
        create function folded(said text) returns text language sql immutable parallel safe strict as $$
            select case when octet_length(said) = char_length(said) then lower(said)
            else replace(translate(lower(said), '{before}', '{after}'), 'ß', 'ss') end
        $$
    """


def upgrade() -> None:
    op.execute(fold())
    op.create_table('exchange_rate',
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('usd_per_unit', sa.Numeric(precision=18, scale=8), nullable=False),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$' and currency <> 'USD'", name=op.f('ck_exchange_rate_currency')),
    sa.CheckConstraint('usd_per_unit > 0', name=op.f('ck_exchange_rate_usd_per_unit')),
    sa.PrimaryKeyConstraint('currency', 'valid_from', name=op.f('pk_exchange_rate'))
    )
    op.create_table('curated_indicator',
    sa.Column('level', sa.Text(), nullable=False),
    sa.Column('measure', sa.Text(), nullable=False),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('aggregation', sa.Text(), nullable=False),
    sa.Column('by_sex', sa.Boolean(), nullable=False),
    sa.Column('by_age', sa.Boolean(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=True),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('retired', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['area_code'], ['area_of_work.code'], name=op.f('fk_curated_indicator_area_code')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_curated_indicator'))
    )
    op.create_index(op.f('ix_curated_indicator_area_code'), 'curated_indicator', ['area_code'], unique=False)
    op.create_table('comment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('section_code', sa.Text(), nullable=False),
    sa.Column('author_id', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_by_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['user_account.id'], name=op.f('fk_comment_author_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_comment_project_id')),
    sa.ForeignKeyConstraint(['resolved_by_id'], ['user_account.id'], name=op.f('fk_comment_resolved_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_comment'))
    )
    op.create_index('ix_comment_project_id_section_code', 'comment', ['project_id', 'section_code'], unique=False)
    op.create_table('country_allocation',
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=18, scale=2), nullable=False),
    sa.Column('amount_usd', sa.Numeric(precision=18, scale=2), nullable=False),
    sa.Column('share', sa.Numeric(precision=7, scale=4), nullable=True),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_country_allocation_amount')),
    sa.ForeignKeyConstraint(['code'], ['country.code'], name=op.f('fk_country_allocation_code')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_country_allocation_project_id')),
    sa.PrimaryKeyConstraint('code', 'project_id', name=op.f('pk_country_allocation'))
    )
    op.create_index(op.f('ix_country_allocation_code'), 'country_allocation', ['code'], unique=False)
    op.create_table('gender_answers',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('needs_analysis', sa.Enum('yes', 'some', 'no', name='extent', native_enum=False, length=40), nullable=True),
    sa.Column('outputs', sa.Enum('yes', 'some', 'no', name='extent', native_enum=False, length=40), nullable=True),
    sa.Column('activities', sa.Enum('yes', 'some', 'no', name='extent', native_enum=False, length=40), nullable=True),
    sa.Column('main_aim', sa.Boolean(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_gender_answers_project_id')),
    sa.PrimaryKeyConstraint('project_id', name=op.f('pk_gender_answers'))
    )
    op.create_table('governance_mark',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['code'], ['migration_governance.code'], name=op.f('fk_governance_mark_code')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_governance_mark_project_id')),
    sa.PrimaryKeyConstraint('project_id', 'code', name=op.f('pk_governance_mark'))
    )
    op.create_index(op.f('ix_governance_mark_code'), 'governance_mark', ['code'], unique=False)
    op.create_table('partner',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('agreement', sa.Enum('none', 'planned', 'signed', name='agreement', native_enum=False, length=40), nullable=False),
    sa.Column('agreement_reference', sa.Text(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_partner_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner'))
    )
    op.create_index(op.f('ix_partner_project_id'), 'partner', ['project_id'], unique=False)
    op.create_table('result',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('parent_id', sa.BigInteger(), nullable=True),
    sa.Column('level', sa.Enum('objective', 'outcome', 'output', 'activity', name='level', native_enum=False, length=40), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('assumption', sa.Text(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("(level in ('objective', 'outcome')) = (parent_id is null)", name=op.f('ck_result_parent')),
    sa.ForeignKeyConstraint(['parent_id'], ['result.id'], name=op.f('fk_result_parent_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_result_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_result'))
    )
    op.create_index(op.f('ix_result_parent_id'), 'result', ['parent_id'], unique=False)
    op.create_index(op.f('ix_result_project_id'), 'result', ['project_id'], unique=False)
    op.create_table('risk',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('factor', sa.Text(), nullable=False),
    sa.Column('consequence_code', sa.Text(), nullable=True),
    sa.Column('likelihood_code', sa.Text(), nullable=True),
    sa.Column('timing', sa.Text(), nullable=False),
    sa.Column('treatment_code', sa.Text(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('position > 0', name=op.f('ck_risk_position')),
    sa.ForeignKeyConstraint(['consequence_code'], ['risk_scale.code'], name=op.f('fk_risk_consequence_code')),
    sa.ForeignKeyConstraint(['likelihood_code'], ['risk_scale.code'], name=op.f('fk_risk_likelihood_code')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_risk_project_id')),
    sa.ForeignKeyConstraint(['treatment_code'], ['risk_scale.code'], name=op.f('fk_risk_treatment_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_risk'))
    )
    op.create_index(op.f('ix_risk_project_id'), 'risk', ['project_id'], unique=False)
    op.create_table('sdg_mark',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['code'], ['sdg_target.code'], name=op.f('fk_sdg_mark_code')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_sdg_mark_project_id')),
    sa.PrimaryKeyConstraint('project_id', 'code', name=op.f('pk_sdg_mark'))
    )
    op.create_index(op.f('ix_sdg_mark_code'), 'sdg_mark', ['code'], unique=False)
    op.create_table('theme_mark',
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['code'], ['cross_cutting_theme.code'], name=op.f('fk_theme_mark_code')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_theme_mark_project_id')),
    sa.PrimaryKeyConstraint('project_id', 'code', name=op.f('pk_theme_mark'))
    )
    op.create_index(op.f('ix_theme_mark_code'), 'theme_mark', ['code'], unique=False)
    op.create_table('activity_plan',
    sa.Column('result_id', sa.BigInteger(), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('responsible', sa.Text(), nullable=False),
    sa.Column('months', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_activity_plan_project_id')),
    sa.ForeignKeyConstraint(['result_id'], ['result.id'], name=op.f('fk_activity_plan_result_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('result_id', name=op.f('pk_activity_plan'))
    )
    op.create_index(op.f('ix_activity_plan_project_id'), 'activity_plan', ['project_id'], unique=False)
    op.create_table('indicator',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('project_id', sa.BigInteger(), nullable=False),
    sa.Column('result_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('measure', sa.Enum('number', 'percentage', 'yes_no', 'words', name='measure', native_enum=False, length=40), nullable=False),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('baseline', sa.Text(), nullable=False),
    sa.Column('target', sa.Text(), nullable=False),
    sa.Column('baseline_value', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.Column('target_value', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.Column('by_sex', sa.Boolean(), nullable=False),
    sa.Column('by_age', sa.Boolean(), nullable=False),
    sa.Column('library_code', sa.Text(), nullable=True),
    sa.Column('copied_from_id', sa.BigInteger(), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['copied_from_id'], ['indicator.id'], name=op.f('fk_indicator_copied_from_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['library_code'], ['curated_indicator.code'], name=op.f('fk_indicator_library_code')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_indicator_project_id')),
    sa.ForeignKeyConstraint(['result_id'], ['result.id'], name=op.f('fk_indicator_result_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_indicator'))
    )
    op.create_index('ix_indicator_words', 'indicator', [sa.literal_column("to_tsvector('simple'::regconfig, folded(text))")], unique=False, postgresql_using='gin')
    op.create_index(op.f('ix_indicator_copied_from_id'), 'indicator', ['copied_from_id'], unique=False)
    op.create_index(op.f('ix_indicator_library_code'), 'indicator', ['library_code'], unique=False)
    op.create_index(op.f('ix_indicator_project_id'), 'indicator', ['project_id'], unique=False)
    op.create_index(op.f('ix_indicator_result_id'), 'indicator', ['result_id'], unique=False)
    op.create_table('indicator_split',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('indicator_id', sa.BigInteger(), nullable=False),
    sa.Column('sex_code', sa.Text(), nullable=True),
    sa.Column('age_code', sa.Text(), nullable=True),
    sa.Column('target', sa.Numeric(precision=14, scale=4), nullable=False),
    sa.ForeignKeyConstraint(['age_code'], ['beneficiary_disaggregation.code'], name=op.f('fk_indicator_split_age_code')),
    sa.ForeignKeyConstraint(['indicator_id'], ['indicator.id'], name=op.f('fk_indicator_split_indicator_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sex_code'], ['beneficiary_disaggregation.code'], name=op.f('fk_indicator_split_sex_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_indicator_split')),
    sa.UniqueConstraint('indicator_id', 'sex_code', 'age_code', name=op.f('uq_indicator_split_indicator_id_sex_code_age_code'), postgresql_nulls_not_distinct=True)
    )
    for table in ('activity_allocation', 'area_allocation'):
        op.add_column(table, sa.Column('amount_usd', sa.Numeric(precision=18, scale=2), nullable=True))
        op.execute(f'update {table} set amount_usd = amount')
        op.alter_column(table, 'amount_usd', nullable=False)
    op.add_column('budget_line', sa.Column('country_code', sa.Text(), nullable=True))
    op.add_column('budget_line', sa.Column('result_id', sa.BigInteger(), nullable=True))
    op.create_index(op.f('ix_budget_line_result_id'), 'budget_line', ['result_id'], unique=False)
    op.create_foreign_key(op.f('fk_budget_line_country_code'), 'budget_line', 'country', ['country_code'], ['code'])
    op.create_foreign_key(op.f('fk_budget_line_result_id'), 'budget_line', 'result', ['result_id'], ['id'], ondelete='SET NULL')
    for table, name in (('coverage', 'requesting'), ('document', 'generated')):
        op.add_column(table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        op.alter_column(table, name, server_default=None)
    op.add_column('project', sa.Column('currency', sa.Text(), nullable=False, server_default='USD'))
    op.alter_column('project', 'currency', server_default=None)
    op.add_column('project', sa.Column('budget', sa.Numeric(precision=18, scale=2), nullable=True))
    op.execute('update project set budget = budget_usd')
    op.alter_column('project', 'budget', nullable=False)
    op.create_check_constraint(op.f('ck_project_usd'), 'project', "currency <> 'USD' or budget = budget_usd")
    op.add_column('project', sa.Column('rate', sa.Numeric(precision=18, scale=8), nullable=True))
    op.add_column('project', sa.Column('rate_from', sa.Date(), nullable=True))
    op.add_column('project', sa.Column('copied_from_id', sa.BigInteger(), nullable=True))
    op.add_column('project', sa.Column('asked_at_headquarters', sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.create_index(op.f('ix_project_copied_from_id'), 'project', ['copied_from_id'], unique=False)
    op.create_foreign_key(op.f('fk_project_copied_from_id'), 'project', 'project', ['copied_from_id'], ['id'])
    op.execute(
        """
        alter table project add column search tsvector generated always as (
            to_tsvector('simple', regexp_replace(lower(normalize(title || ' ' || summary, NFKD)), '[\\u0300-\\u036f]', '', 'g'))
        ) stored
        """
    )
    op.create_index('ix_project_search', 'project', ['search'], unique=False, postgresql_using='gin')
    op.create_index(op.f('ix_project_project_type_code'), 'project', ['project_type_code'], unique=False)
    # Partners were one text on the cover: each of its lines, or what semicolons set apart, becomes a row.
    op.execute(
        """
        insert into partner (project_id, position, name, role, agreement, agreement_reference, version)
        select id, row_number() over (partition by id order by place), btrim(name), '', 'none', '', 1
        from project, regexp_split_to_table(partners, '[;\\n]') with ordinality as parts (name, place)
        where btrim(name) <> ''
        """
    )
    op.drop_column('project', 'partners')


def downgrade() -> None:
    op.add_column('project', sa.Column('partners', sa.Text(), nullable=False, server_default=''))
    op.alter_column('project', 'partners', server_default=None)
    op.execute(
        """
        update project set partners = told.names from (
            select project_id, string_agg(name, E'\\n' order by position) as names from partner group by project_id
        ) as told where told.project_id = project.id
        """
    )
    op.drop_index(op.f('ix_project_project_type_code'), table_name='project')
    op.drop_index('ix_project_search', table_name='project', postgresql_using='gin')
    op.drop_column('project', 'search')
    op.drop_constraint(op.f('ck_project_usd'), 'project', type_='check')
    op.drop_constraint(op.f('fk_project_copied_from_id'), 'project', type_='foreignkey')
    op.drop_index(op.f('ix_project_copied_from_id'), table_name='project')
    op.drop_column('project', 'asked_at_headquarters')
    op.drop_column('project', 'copied_from_id')
    op.drop_column('project', 'rate_from')
    op.drop_column('project', 'rate')
    op.drop_column('project', 'budget')
    op.drop_column('project', 'currency')
    op.drop_column('document', 'generated')
    op.drop_column('coverage', 'requesting')
    op.drop_constraint(op.f('fk_budget_line_result_id'), 'budget_line', type_='foreignkey')
    op.drop_constraint(op.f('fk_budget_line_country_code'), 'budget_line', type_='foreignkey')
    op.drop_index(op.f('ix_budget_line_result_id'), table_name='budget_line')
    op.drop_column('budget_line', 'result_id')
    op.drop_column('budget_line', 'country_code')
    op.drop_column('area_allocation', 'amount_usd')
    op.drop_column('activity_allocation', 'amount_usd')
    op.drop_table('indicator_split')
    op.drop_index(op.f('ix_indicator_result_id'), table_name='indicator')
    op.drop_index(op.f('ix_indicator_project_id'), table_name='indicator')
    op.drop_index(op.f('ix_indicator_library_code'), table_name='indicator')
    op.drop_index('ix_indicator_words', table_name='indicator', postgresql_using='gin')
    op.drop_index(op.f('ix_indicator_copied_from_id'), table_name='indicator')
    op.drop_table('indicator')
    op.execute('drop function folded(text)')
    op.drop_index(op.f('ix_activity_plan_project_id'), table_name='activity_plan')
    op.drop_table('activity_plan')
    op.drop_index(op.f('ix_theme_mark_code'), table_name='theme_mark')
    op.drop_table('theme_mark')
    op.drop_index(op.f('ix_sdg_mark_code'), table_name='sdg_mark')
    op.drop_table('sdg_mark')
    op.drop_index(op.f('ix_risk_project_id'), table_name='risk')
    op.drop_table('risk')
    op.drop_index(op.f('ix_result_project_id'), table_name='result')
    op.drop_index(op.f('ix_result_parent_id'), table_name='result')
    op.drop_table('result')
    op.drop_index(op.f('ix_partner_project_id'), table_name='partner')
    op.drop_table('partner')
    op.drop_index(op.f('ix_governance_mark_code'), table_name='governance_mark')
    op.drop_table('governance_mark')
    op.drop_table('gender_answers')
    op.drop_index(op.f('ix_country_allocation_code'), table_name='country_allocation')
    op.drop_table('country_allocation')
    op.drop_index('ix_comment_project_id_section_code', table_name='comment')
    op.drop_table('comment')
    op.drop_index(op.f('ix_curated_indicator_area_code'), table_name='curated_indicator')
    op.drop_table('curated_indicator')
    op.drop_table('exchange_rate')
