"""Alive and ready, for those who run PRIMA."""

from __future__ import annotations

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from prima import config, scheduler
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
    """200 when the database answers and stands at the newest migration; else 503 with the reason.

    Whether the scheduler lives, and which jobs did not run in their time or fail, is told beside it: pages are served
    all the same, so it is for whoever watches and keeps no web server out of service.
    """
    try:
        at = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError:
        return jsonify(ready=False, reason="The database cannot be reached."), 503
    newest = head()
    if at != newest:
        return jsonify(
            ready=False, reason=f"The database stands at {at}, not at {newest}: run `flask db upgrade`."
        ), 503
    found = scheduler.conditions(db.session(), current_app.extensions["prima.jobs"])
    late = [one.job.name for one in found if one.late]
    failing = [one.job.name for one in found if one.problem and not one.late]
    return jsonify(ready=True, scheduler=scheduler.alive(db.session()), late=late, failing=failing), 200


def head() -> str | None:
    settings = Config()
    settings.set_main_option("script_location", str(config.ROOT / "migrations"))
    return ScriptDirectory.from_config(settings).get_current_head()
