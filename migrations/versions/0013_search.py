"""The words of projects, sections, indicators, lessons, people and places stand beside them and are indexed."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

WORD = re.compile(r'[^\W_]+')
TABLES = {
    'country': ('code', 'name'), 'donor': ('code', 'name'), 'office': ('id', 'name'), 'user_account': ('id', 'name'),
    'section': ('id', 'text'), 'indicator': ('id', 'text'), 'lesson': ('id', 'title', 'happened', 'why', 'advice'),
    'project': ('id', 'reference', 'code', 'title', 'summary'),
}
"""The key and the columns whose words are searched."""
INDEXED = ('indicator', 'lesson', 'project', 'section', 'user_account')
A_CHUNK = 5_000


def folded(said: str) -> str:
    if said.isascii():
        return said.lower()
    decomposed = unicodedata.normalize('NFKD', said)
    return ''.join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def words(said: str) -> list[str]:
    return list(dict.fromkeys(word[:60] for word in WORD.findall(folded(said)[:200_000])))


def names(name: str) -> list[str]:
    parts = WORD.findall(folded(name))
    short = [part.lstrip('0') or part if part.isdecimal() else part for part in parts]
    return [*parts, *short, ''.join(parts), ''.join(short)] if parts else []


def vector(table: str, texts: list[str]) -> str:
    if table != 'project':
        return ' '.join(f"'{word}'" for word in words(' '.join(texts)))
    reference, code, title, summary = texts
    called = dict.fromkeys([*words(title), *names(reference), *names(code)])
    about = set(words(summary)).difference(called)
    return ' '.join([*(f"'{word}':1A" for word in called), *(f"'{word}':1D" for word in sorted(about))])


def fill(table: str) -> None:
    """The words of every row, some thousand at a time."""
    key, *columns = TABLES[table]
    bind = op.get_bind()
    last = None
    kind = 'text' if key == 'code' else 'bigint'
    while True:
        after = f'where {key} > :last' if last is not None else ''
        texts = ', '.join(f"coalesce({column}, '')" for column in columns)
        asked = sa.text(f'select {key}, {texts} from {table} {after} order by {key} limit {A_CHUNK}')
        rows = bind.execute(asked, {'last': last} if after else {}).all()
        if not rows:
            return
        last = rows[-1][0]
        bind.execute(
            sa.text(
                f'update {table} set words = said.words::tsvector'
                f' from unnest(cast(:keys as {kind}[]), cast(:words as text[])) as said (key, words)'
                f' where {table}.{key} = said.key'
            ),
            {'keys': [row[0] for row in rows], 'words': [vector(table, list(row[1:])) for row in rows]},
        )


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column('words', postgresql.TSVECTOR(), nullable=True))
        fill(table)
    for table in INDEXED:
        op.create_index(
            f'ix_{table}_searched', table, ['words'], unique=False, postgresql_using='gin',
            postgresql_with={'gin_pending_list_limit': 512},
        )
    for table in TABLES:
        op.execute(f'analyze {table}')  # else the first searches would be planned without knowing how frequent a word is


def downgrade() -> None:
    for table in INDEXED:
        op.drop_index(f'ix_{table}_searched', table_name=table, postgresql_using='gin')
    for table in TABLES:
        op.drop_column(table, 'words')
