"""The demonstration: the published 2016 portfolio and sixty Fund projects, as they stand on 1 October 2016."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from prima import clock
from prima.demonstration import calls, changes, offices, people, projects, rates, requirements
from prima.demonstration.chronicle import Chronicle
from prima.demonstration.days import TODAY, YESTERDAY, on
from prima.demonstration.people import Accounts
from prima.outbox import Letter, LetterState
from prima.projects.models import Project
from prima.reporting import reminders
from prima.setup import set_up
from prima.users import Role

__all__ = ["Accounts", "accounts_text", "build", "build_if_empty"]

SEED = 2016
FILE = "demonstration-accounts.txt"


def build(session: Session, instance: Path, documents: Path | None = None) -> Accounts:
    """Make people, projects, reviews and reports; the same every time but for the password. Does not commit.

    The accounts are noted under `instance`, where only its owner can read them.
    """
    password = people.new_password(random.SystemRandom())
    folder = documents or instance / "documents"
    source = random.Random(SEED)
    with on(TODAY):
        set_up(session)
        session.add_all(rates.rates())
        hired = people.hire(session, password)
        sites = offices.sites(session, hired)
        chronicle = Chronicle()
        projects.build(session, sites, offices.countries(session), folder, chronicle, source)
        requirements.build(session, sites, folder, chronicle, source)
        calls.build(session, hired.at(Role.FUND, "HQ"), chronicle)
        session.flush()
        session.add_all(list(changes.versions(session)))
        chronicle.write()
        changes.under_way(session, sites)
    accounts = people.accounts(hired, password)
    session.expire_all()  # whoever reads on finds the rows as they are now, with what was added beside them
    _remind(session)
    _note(instance / FILE, accounts.text())
    return accounts


def _remind(session: Session) -> None:
    """Yesterday's reminders are sent, so that a fresh demonstration sends only today's."""
    with on(YESTERDAY):
        reminders.remind(session, YESTERDAY)
        waiting = Letter.state == LetterState.WAITING
        session.execute(update(Letter).where(waiting).values(state=LetterState.SENT, sent_at=clock.now(), tries=1))


def build_if_empty(session: Session, config: Mapping[str, Any]) -> Accounts | None:
    """Build it in a database without a project; None where there is one."""
    if session.scalar(select(exists().select_from(Project))):
        return None
    return build(session, config["INSTANCE"], config["DOCUMENTS_DIR"])


def accounts_text(instance: Path) -> str:
    """The accounts and their password, as noted when the demonstration was built."""
    file = instance / FILE
    if not file.exists():
        return "The demonstration's accounts are noted where it was built: this installation has no such note."
    return file.read_text(encoding="utf-8").rstrip("\n")


def _note(file: Path, text: str) -> None:
    """For the owner's eyes only, from the first moment on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(file)
