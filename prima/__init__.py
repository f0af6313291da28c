"""PRIMA: project information and management. create_app() puts the house together."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_compress import Compress
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined

from prima import cli, config, db, failures, filters, frame, health, journal, permissions, rooms, security, sessions


def create_app(**overrides: Any) -> Flask:
    """The application; `overrides` replace settings (tests)."""
    app = Flask("prima", instance_path=str(config.ROOT / "instance"))
    given = {name: value for name, value in overrides.items() if isinstance(value, str)}
    app.config.from_mapping(config.settings({**os.environ, **given}))
    app.config.from_mapping(overrides)
    app.config.setdefault("SQLALCHEMY_DATABASE_URI", app.config["DATABASE_URL"] or "postgresql+psycopg://")
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"pool_pre_ping": True})
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    journal.use_key(app.config["JOURNAL_KEY"])

    db.init_app(app)
    Migrate(app, db.db, directory=str(config.ROOT / "migrations"))
    Babel(app)
    Bootstrap5(app)
    CSRFProtect(app)
    Compress(app)
    sessions.init_app(app)
    security.init_app(app)
    failures.init_app(app)
    filters.register(app)
    frame.init_app(app, rooms.MENU, rooms.ACCOUNT, rooms.COUNTS, rooms.SEARCH)
    for rules in rooms.RIGHTS:
        permissions.add_rules(rules)
    for blueprint in (health.bp, *rooms.BLUEPRINTS):
        app.register_blueprint(blueprint)
    cli.init_app(app)
    return app
