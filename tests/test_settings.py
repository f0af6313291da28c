"""Settings: what is refused at the start, and in which words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from prima import create_app, startup
from prima.config import WrongSettings, settings
from prima.db import db
from tests.conftest import make_app
from tests.factories import a_user

KEYS = {"SECRET_KEY": "s" * 40, "JOURNAL_KEY": "j" * 40}


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "s" * 40}, "JOURNAL_KEY is not set"),
        ({**KEYS, "SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({**KEYS, "PRIMA_TODAY": "2016-10-01"}, "PRIMA_TODAY"),
        ({**KEYS, "PRIMA_ENV": "staging"}, "PRIMA_ENV"),
        ({**KEYS, "PRIMA_ENV": "test", "PRIMA_TODAY": "yesterday"}, "PRIMA_TODAY"),
        ({**KEYS, "SMTP_URL": "mail.example"}, "SMTP_URL"),
        ({**KEYS, "BASE_URL": "prima.example"}, "BASE_URL"),
        ({**KEYS, "BASE_URL": "https://"}, "BASE_URL"),
        ({**KEYS, "BASE_URL": "https://["}, "BASE_URL"),
        ({**KEYS, "SMTP_URL": "smtp://mail.example:port"}, "SMTP_URL"),
        ({**KEYS, "MAIL_FROM": "prima@prima.example\r\nBcc: all@prima.example"}, "MAIL_FROM"),
        ({**KEYS, "SMTP_URL": "smtp://mail.example:70000"}, "SMTP_URL"),
        ({**KEYS, "SMTP_URL": "smtp://mail.example\r\n:587"}, "SMTP_URL"),
        ({**KEYS, "BASE_URL": "https://prima.example\nBcc: all@prima.example"}, "BASE_URL"),
        ({**KEYS, "MAIL_FROM": "PRIMA"}, "MAIL_FROM"),
        ({**KEYS, "OVERSIGHT_EMAIL": "one@prima.example\ntwo@prima.example"}, "OVERSIGHT_EMAIL"),
        ({**KEYS, "PROXIES": "many"}, "PROXIES"),
        ({**KEYS, "SCAN_COMMAND": "/no/such/scanner {file}"}, "/no/such/scanner, which is not there"),
        ({**KEYS, "SCAN_COMMAND": "cat"}, "no argument holds {file}"),
        ({**KEYS, "SCAN_COMMAND": "cat '{file}"}, "SCAN_COMMAND cannot be used"),
        ({**KEYS, "SCAN_SECONDS": "0"}, "SCAN_SECONDS"),
        ({**KEYS, "PAGES_AT_ONCE": "0"}, "PAGES_AT_ONCE"),
        ({**KEYS, "PAGES_AT_ONCE": "many"}, "PAGES_AT_ONCE"),
        ({**KEYS, "DIGEST_HOUR": "24"}, "DIGEST_HOUR is '24'; use an hour of the day"),
        ({**KEYS, "DIGEST_HOUR": "²"}, "DIGEST_HOUR"),
        ({**KEYS, "DIGEST_HOUR": ""}, "DIGEST_HOUR"),
    ],
)
def test_wrong_settings_are_refused_with_their_name(environ, words, tmp_path):
    with pytest.raises(WrongSettings, match=words):
        settings({**environ, "PRIMA_INSTANCE": str(tmp_path)})


def test_an_instance_folder_that_cannot_be_is_told():
    with pytest.raises(WrongSettings, match="name another folder with PRIMA_INSTANCE"):
        settings({"PRIMA_ENV": "development", "PRIMA_INSTANCE": f"{os.devnull}/prima"})


def test_production_cookies_are_secure():
    assert settings(KEYS)["COOKIE_SECURE"] is True


def test_a_scanner_is_a_program_with_arguments_and_no_shell():
    given = settings({**KEYS, "SCAN_COMMAND": "cat --no-summary 'two words' {file}", "SCAN_SECONDS": "5"})
    assert given["SCAN_COMMAND"] == ("cat", "--no-summary", "two words", "{file}")
    assert given["SCAN_SECONDS"] == 5
    assert settings(KEYS)["SCAN_COMMAND"] == ()


def test_keys_of_a_demonstration_are_made_once(tmp_path):
    environ = {"PRIMA_ENV": "demonstration", "PRIMA_INSTANCE": str(tmp_path)}
    first, second = settings(environ), settings(environ)
    assert first["SECRET_KEY"] == second["SECRET_KEY"] != first["JOURNAL_KEY"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_a_command_on_a_fresh_shell_takes_what_make_run_noted(tmp_path):
    (tmp_path / "environment").write_text("PRIMA_ENV=demonstration\nPRIMA_TODAY=2016-10-01\n")
    environ = {"FLASK_RUN_FROM_CLI": "true", "PRIMA_INSTANCE": str(tmp_path)}
    assert settings(environ)["PRIMA_TODAY"] == "2016-10-01"
    with pytest.raises(WrongSettings):
        settings({"PRIMA_INSTANCE": str(tmp_path)})


@pytest.mark.parametrize("url", ["sqlite:///prima.db", "mysql://x/y", "nonsense"])
def test_only_postgresql_is_taken(url):
    with pytest.raises(WrongSettings, match="DATABASE_URL"):
        startup.with_driver(url)


def test_an_unreachable_database_is_said_in_one_sentence():
    with pytest.raises(WrongSettings, match="cannot be reached"):
        create_app(PRIMA_ENV="development", DATABASE_URL="postgresql://nobody@127.0.0.1:1/prima", **KEYS)


def test_production_refuses_demonstration_accounts(databases, template_url):
    url = databases("prima_accounts", template=template_url.rsplit("/", 1)[-1].split("?")[0])
    app = make_app(url)
    with app.app_context():
        a_user(demonstration=True)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    with pytest.raises(WrongSettings, match="demonstration accounts"):
        create_app(PRIMA_ENV="production", DATABASE_URL=url, **KEYS)


def test_an_old_server_is_refused(databases, monkeypatch):
    url = databases("prima_old")
    monkeypatch.setattr(startup, "OLDEST", 10**9)
    with pytest.raises(WrongSettings, match="15 or newer"):
        create_app(PRIMA_ENV="development", DATABASE_URL=url, **KEYS)


def test_ready_only_when_migrated(app, databases):
    assert app.test_client().get("/healthz").json == {"alive": True}
    assert app.test_client().get("/readyz").status_code == 200
    empty = make_app(databases("prima_empty"))
    answer = empty.test_client().get("/readyz")
    assert answer.status_code == 503 and "flask db upgrade" in answer.json["reason"]
    with empty.app_context():
        db.session.execute(text("select 1"))
        db.session.remove()
        db.engine.dispose()


def test_the_server_says_why_it_does_not_start(tmp_path):
    """Without its keys, as a person sees it: one sentence, no traceback."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PRIMA", "FLASK"))}
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=Path(__file__).parent.parent,
        env={**environ, "PRIMA_INSTANCE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert done.stderr.startswith("PRIMA does not start: SECRET_KEY is not set")
    assert "Traceback" not in done.stderr
