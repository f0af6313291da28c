"""PRIMA: project information and management. create_app() puts the house together."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

from flask import Flask
from flask_compress import Compress
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from prima import (
    assets,
    cli,
    clock,
    config,
    db,
    failures,
    filters,
    frame,
    health,
    jobs,
    journal,
    languages,
    permissions,
    recent,
    rooms,
    security,
    sessions,
    startup,
)
from prima.urls import Application


def create_app(**overrides: Any) -> Flask:
    """The application; `overrides` replace settings (tests)."""
    app = Application("prima", instance_path=str(config.ROOT / "instance"))
    given = {name: value for name, value in overrides.items() if isinstance(value, str)}
    app.config.from_mapping(config.settings({**os.environ, **given}))
    app.config.from_mapping(overrides)
    if app.config["PRIMA_TODAY"]:
        clock.fix(date.fromisoformat(app.config["PRIMA_TODAY"]))
    startup.choose_database(app)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if hops := app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    journal.use_key(app.config["JOURNAL_KEY"])

    db.init_app(app)
    Migrate(app, db.db, directory=str(config.ROOT / "migrations"))
    languages.Speech(app, timezone_selector=sessions.time_zone)
    security.init_app(app)
    CSRFProtect(app)
    Compress(app)
    assets.init_app(app)
    sessions.init_app(app)
    recent.init_app(app)
    failures.init_app(app)
    filters.register(app)
    frame.init_app(app, rooms.MENU, rooms.ACCOUNT, rooms.COUNTS, rooms.SEARCH)
    app.extensions["prima.tellers"] = rooms.TELLERS
    app.extensions["prima.desks"] = rooms.DESKS
    app.extensions["prima.who_has"] = rooms.WHO_HAS
    app.extensions["prima.following"] = rooms.FOLLOWING
    app.extensions["prima.jobs"] = jobs.JOBS
    app.extensions["prima.never_reminded"] = rooms.NEVER_REMINDED
    app.extensions["prima.lessons"] = rooms.LESSONS
    app.extensions["prima.roads"] = rooms.ROADS
    for rules in rooms.RIGHTS:
        permissions.add_rules(rules)
    for blueprint in (health.bp, *rooms.BLUEPRINTS):
        app.register_blueprint(blueprint)
    cli.init_app(app)
    startup.check(app)
    return app
