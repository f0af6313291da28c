"""Alive and ready, for those who run PRIMA."""

from __future__ import annotations

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from prima import config
from prima.db import db
from prima.permissions import Action, guard

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@guard(Action.ANYBODY)
def alive() -> Response:
    return jsonify(alive=True)


@bp.get("/readyz")
@guard(Action.ANYBODY)
def ready() -> tuple[Response, int]:
    """200 when the database answers and stands at the newest migration; else 503 with the reason."""
    try:
        at = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError:
        return jsonify(ready=False, reason="The database cannot be reached."), 503
    newest = head()
    if at != newest:
        return jsonify(
            ready=False, reason=f"The database stands at {at}, not at {newest}: run `flask db upgrade`."
        ), 503
    return jsonify(ready=True), 200


def head() -> str | None:
    settings = Config()
    settings.set_main_option("script_location", str(config.ROOT / "migrations"))
    return ScriptDirectory.from_config(settings).get_current_head()
