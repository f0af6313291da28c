"""Settings, each read once from the environment; a wrong one stops the start with a sentence."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from datetime import date
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from prima import addresses, scanning

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1024 * 1024
MOST_BYTES_OF_A_FILE = 20 * MEGABYTE


class WrongSettings(Exception):
    """A sentence for the person who starts PRIMA: what is wrong and what to do."""


def instance_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("PRIMA_INSTANCE", ROOT / "instance")).absolute()


def remembered(environ: Mapping[str, str]) -> dict[str, str]:
    """What `make run` noted under instance/, for commands typed in another shell that sets nothing itself."""
    if environ.get("PRIMA_ENV") or environ.get("DATABASE_URL") or environ.get("FLASK_RUN_FROM_CLI") != "true":
        return {}
    file = instance_folder(environ) / "environment"
    lines = file.read_text().splitlines() if file.exists() else ["PRIMA_ENV=development"]
    return dict(line.split("=", 1) for line in lines)


def settings(environ: Mapping[str, str] = os.environ) -> dict[str, object]:
    """Flask's configuration from the environment; raises WrongSettings.

    Without PRIMA_ENV it is a production. Only a `flask` command on the embedded database (no DATABASE_URL) takes
    what `make run` noted, else development, so that it works on a fresh shell.
    """
    environ = {**remembered(environ), **environ}
    kind = environ.get("PRIMA_ENV") or "production"
    if kind not in {"production", "demonstration", "development", "test"}:
        raise WrongSettings(f"PRIMA_ENV is {kind!r}; use production, demonstration, development or test.")
    instance = instance_folder(environ)
    if environ.get("PRIMA_TODAY"):
        if kind == "production":
            raise WrongSettings("PRIMA_TODAY fixes the clock and is refused in production: unset it.")
        try:
            date.fromisoformat(environ["PRIMA_TODAY"])
        except ValueError:
            raise WrongSettings("PRIMA_TODAY must be a date such as 2016-10-01.") from None
    base = environ.get("BASE_URL", "").rstrip("/")
    if base and not address(base, {"http", "https"}):
        raise WrongSettings("BASE_URL must begin with http:// or https:// and name a host.")
    smtp = environ.get("SMTP_URL", "")
    if smtp and not address(smtp, {"smtp", "smtps"}):
        raise WrongSettings("SMTP_URL must look like smtp://user:password@host:587 or smtps://host:465.")
    secure = base.startswith("https://") if base else kind == "production"
    return {
        "PRIMA_ENV": kind,
        "INSTANCE": instance,
        "PRIMA_TODAY": environ.get("PRIMA_TODAY", ""),
        "DATABASE_URL": environ.get("DATABASE_URL", ""),
        "SECRET_KEY": key("SECRET_KEY", kind, instance, environ),
        "JOURNAL_KEY": key("JOURNAL_KEY", kind, instance, environ),
        "SMTP_URL": smtp,
        "DIGEST_HOUR": hour("DIGEST_HOUR", environ.get("DIGEST_HOUR", "7")),
        "MAIL_FROM": sender("MAIL_FROM", environ.get("MAIL_FROM", "PRIMA <prima@prima.example>")),
        "OVERSIGHT_EMAIL": mailbox("OVERSIGHT_EMAIL", environ.get("OVERSIGHT_EMAIL", "")),
        "BASE_URL": base or f"http://127.0.0.1:{environ.get('PORT', '8000')}",
        "DOCUMENTS_DIR": Path(environ.get("DOCUMENTS_DIR", instance / "documents")).absolute(),
        "EXPORTS_DIR": Path(environ.get("EXPORTS_DIR", instance / "exports")).absolute(),
        "SCAN_COMMAND": scanner(environ.get("SCAN_COMMAND", ""), kind),
        "SCAN_SECONDS": seconds("SCAN_SECONDS", environ.get("SCAN_SECONDS", "30")),
        "PAGES_AT_ONCE": at_once(environ.get("PAGES_AT_ONCE", "1")),
        "PROXIES": proxies(environ.get("PROXIES", "0")),
        # Text forms are url-encoded; both limits name the same size so that one sentence explains either.
        "MAX_CONTENT_LENGTH": MOST_BYTES_OF_A_FILE + 5 * MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": 4 * MEGABYTE,
        "MAX_FORM_PARTS": 5000,
        "SESSION_COOKIE_NAME": "prima_form",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "COOKIE_SECURE": secure,
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_DEFAULT_LOCALE": "en",
        "BABEL_TRANSLATION_DIRECTORIES": "translations",
        "COMPRESS_MIMETYPES": ["text/html", "application/json", "image/svg+xml"],
    }


def address(url: str, schemes: set[str]) -> bool:
    """Whether it is a URL of one of the schemes on one line, with a host and at most a real port."""
    try:
        parts = urlsplit(url)
        return url.isprintable() and parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def hour(name: str, text: str) -> int:
    """An hour of the day."""
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < 24):
        raise WrongSettings(f"{name} is {text!r}; use an hour of the day from 0 to 23, such as 7.")
    return int(text)


def mailbox(name: str, text: str) -> str:
    """One e-mail address, or nothing."""
    if text and not addresses.usable(text):
        raise WrongSettings(f"{name} is {text!r}; use one e-mail address, such as oversight@prima.example.")
    return text


def sender(name: str, text: str) -> str:
    """From whom letters come: one address on one line, with or without a name before it."""
    if not text.isprintable() or not addresses.usable(parseaddr(text)[1]):
        raise WrongSettings(f"{name} is {text!r}; use an e-mail address such as PRIMA <prima@prima.example>.")
    return text


def proxies(text: str) -> int:
    """How many proxies of ours stand in front: as many forwarded addresses are believed."""
    if not text.isdecimal() or int(text) > 9:
        raise WrongSettings(f"PROXIES is {text!r}; use the number of your own proxies in front, such as 1.")
    return int(text)


def scanner(command: str, kind: str) -> tuple[str, ...]:
    """The virus scanner's program and arguments; production starts only with a program that is there."""
    try:
        found = scanning.words_of(command)
    except ValueError as error:
        raise WrongSettings(
            f"SCAN_COMMAND cannot be used ({error}); write it like: clamdscan --no-summary --fdpass {scanning.PLACE}"
        ) from None
    if found and kind == "production" and not scanning.is_there(found):
        raise WrongSettings(f"SCAN_COMMAND names {found[0]}, which is not there: install it, or unset SCAN_COMMAND.")
    return found


def seconds(name: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 600:
        raise WrongSettings(f"{name} is {text!r}; use a number of seconds from 1 to 600.")
    return int(text)


def at_once(text: str) -> int:
    if text not in {"1", "2", "3", "4"}:
        raise WrongSettings(f"PAGES_AT_ONCE is {text!r}; use a number from 1 to 4.")
    return int(text)


def key(name: str, kind: str, instance: Path, environ: Mapping[str, str]) -> str:
    """A secret of the installation: given in production, made once under instance/ elsewhere."""
    if given := environ.get(name):
        if kind == "production" and len(given) < 32:
            raise WrongSettings(f"{name} is too short: use at least 32 characters, kept secret.")
        return given
    if kind == "production":
        raise WrongSettings(f"{name} is not set. In production give a long random value and keep it secret.")
    try:
        return kept_key(instance / name.lower())
    except OSError as error:
        raise WrongSettings(
            f"{instance} cannot hold what PRIMA keeps ({error.strerror}): "
            "make room or give it write access, or name another folder with PRIMA_INSTANCE."
        ) from None


def kept_key(file: Path) -> str:
    """The key in a file, which is made when there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):  # two first starts at once agree on the one that came first
            os.link(draft, file)
        draft.unlink()
    return file.read_text().strip()
