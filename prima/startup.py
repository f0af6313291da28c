"""Which database is used, and what is checked before PRIMA starts: each failure is one sentence and what to do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from prima import connections, embedded
from prima.config import WrongSettings

OLDEST = 150_000
"""server_version_num of PostgreSQL 15."""


@cache
def _embedded(folder: Path) -> embedded.Server:
    """The embedded server, joined once per process; it is left when the process ends."""
    return embedded.join(folder)


def embedded_folder(instance: Path) -> Path:
    return instance / "postgres"


def choose_database(app: Flask) -> None:
    """DATABASE_URL, or the embedded PostgreSQL, which starts (or is joined) with the first connection."""
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})
    if app.config.get("SQLALCHEMY_DATABASE_URI"):
        return
    if given := app.config["DATABASE_URL"]:
        app.config["SQLALCHEMY_DATABASE_URI"] = with_driver(given)
        return
    folder = embedded_folder(app.config["INSTANCE"])

    def connect() -> connections.Connection:
        url = make_url(_embedded(folder).url)
        return connections.Connection.connect(
            host=url.query["host"],
            port=url.query.get("port"),
            user=url.username,
            dbname=url.database,  # type: ignore[arg-type]
        )

    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg://"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {**app.config["SQLALCHEMY_ENGINE_OPTIONS"], "creator": connect}


def with_driver(url: str) -> str:
    """The URL with our driver named; raises WrongSettings for anything but PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise WrongSettings("DATABASE_URL must look like postgresql://user:password@host:5432/prima.") from None
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise WrongSettings("DATABASE_URL must name a PostgreSQL database: postgresql://user:password@host/prima.")
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def check(app: Flask) -> None:
    """Reach a given database, refuse one that is too old, and demonstration accounts in production."""
    if not app.config["DATABASE_URL"] or app.config["PRIMA_ENV"] == "test":
        return
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            version = int(connection.scalar(text("show server_version_num")) or 0)
            if version < OLDEST:
                raise WrongSettings(
                    f"The PostgreSQL of DATABASE_URL is version {version // 10_000}; PRIMA needs 15 or newer."
                )
            known = connection.scalar(text("select to_regclass('user_account')"))
            if app.config["PRIMA_ENV"] == "production" and known is not None:
                found = connection.scalar(text("select count(*) from user_account where demonstration and active"))
                if found:
                    raise WrongSettings(
                        f"This database holds {found} demonstration accounts, which production refuses: "
                        "use a database of its own, or disable them."
                    )
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        raise WrongSettings(f"The database of DATABASE_URL cannot be reached ({reason}). Check the address.") from None
    finally:
        engine.dispose()
