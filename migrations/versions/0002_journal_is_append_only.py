"""The journal is append-only: the database itself refuses to change or remove its rows."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception 'the journal is append-only';
        end $$
        """
    )
    op.execute(
        "create trigger entry_is_append_only before update or delete on entry "
        "for each row execute function refuse_change()"
    )
    op.execute("create trigger entry_is_not_emptied before truncate on entry execute function refuse_change()")


def downgrade() -> None:
    op.execute("drop trigger entry_is_not_emptied on entry")
    op.execute("drop trigger entry_is_append_only on entry")
    op.execute("drop function refuse_change()")
