"""Alembic's entry: runs the migrations on the app's database, under a lock so that two starts do not collide."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

import prima.endorsement.models
import prima.kept
import prima.reporting.models
from prima.db import Model, db

# They are imported for their tables.
assert prima.endorsement.models and prima.kept and prima.reporting.models
MIGRATION_LOCK = 720_001

if context.is_offline_mode():
    raise SystemExit("Migrations run on a database: set DATABASE_URL and run `flask db upgrade`.")

given = context.config.attributes.get("connection")
with db.engine.connect() if given is None else given as connection:
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
    connection.commit()
    context.configure(connection=connection, target_metadata=Model.metadata, compare_type=True)
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()
