"""`make run`: database, migrations, lists, the demonstration, then web server and scheduler until Ctrl-C."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack
from types import FrameType

from flask_migrate import upgrade

from prima import config, create_app, embedded, startup, webserver
from prima.config import WrongSettings
from prima.db import db
from prima.demonstration import accounts_text, build_if_empty
from prima.setup import set_up

DEMONSTRATION_DAY = "2016-10-01"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    signal.signal(signal.SIGTERM, _stop)
    gc.set_threshold(50_000, 20, 50)  # what the demonstration is built of is in use to the end
    try:
        with ExitStack() as stack:
            return _run(stack)
    except (WrongSettings, embedded.EmbeddedError) as error:
        say(f"PRIMA does not start: {error}")
        return 1
    except OSError as error:
        say(f"PRIMA does not start: {error.strerror or error} ({error.filename or 'disk'}). Make room or give access.")
        return 1
    except KeyboardInterrupt:
        return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(stack: ExitStack) -> int:
    port = free_port(os.environ.get("PORT", "8000"))
    environ = os.environ
    if environ.get("PRIMA_ENV") == "demonstration":
        environ.setdefault("PRIMA_TODAY", DEMONSTRATION_DAY)
    instance = config.instance_folder(environ)
    instance.mkdir(parents=True, exist_ok=True)
    if not environ.get("DATABASE_URL"):
        server = stack.enter_context(embedded.join(startup.embedded_folder(instance), say=say))
        environ["DATABASE_URL"] = server.url
        note_environment(instance)
    app = create_app()
    with app.app_context():
        upgrade()
        set_up(db.session)
        db.session.commit()
        if app.config["PRIMA_ENV"] == "demonstration" and build_if_empty(db.session, app.config):
            say("The demonstration is loaded.")
            db.session.commit()
        db.session.remove()
        db.engine.dispose()
    base = f"http://127.0.0.1:{port}"
    environ.setdefault("BASE_URL", base)
    web = webserver.web(stack, port)
    scheduler = webserver.start(stack, "flask", "--app", "wsgi", "scheduler")
    webserver.wait_for(base + "/healthz", web)
    say(f"PRIMA is at {base}")
    if app.config["PRIMA_ENV"] == "demonstration":
        say(accounts_text(instance))
    say("Ctrl-C ends it.")
    while web.poll() is None and scheduler.poll() is None:
        time.sleep(0.3)
    say("The web server ended." if web.poll() is not None else "The scheduler ended.")
    return 1


def free_port(text: str) -> int:
    """The port as a number; refuses one that is in use."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise WrongSettings(f"PORT is {text!r}; use a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except PermissionError:
            raise WrongSettings(
                f"Port {text} needs special rights: choose another, as in PORT=8080 make run."
            ) from None
        except OSError:
            raise WrongSettings(f"Port {text} is in use: choose another, as in PORT=8001 make run.") from None
    return int(text)


def note_environment(instance: os.PathLike[str]) -> None:
    """For `flask` commands in another shell: which kind of installation this is."""
    kept = {name: os.environ[name] for name in ("PRIMA_ENV", "PRIMA_TODAY") if os.environ.get(name)}
    with open(os.path.join(instance, "environment"), "w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in kept.items())


if __name__ == "__main__":
    sys.exit(main())
