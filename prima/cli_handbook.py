"""What one types about Handbook editions: check a file, publish it, and see in what two of them differ."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click
from flask.cli import with_appcontext

from prima import clock
from prima.db import db
from prima.errors import Refused
from prima.handbook import published
from prima.handbook.codes import conditions
from prima.handbook.conditions import say
from prima.handbook.differences import differences, untranslated
from prima.handbook.edition import Edition, EditionError
from prima.handbook.ladders import silent
from prima.projects.rules import MEASURES

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("handbook")
def commands() -> None:
    """The Handbook's editions: files that become immutable rows."""


@commands.command("check")
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Say whether FILE can be published, and what of it is not translated. Needs no database."""
    edition = _read(file)
    parts = ("sections", "rules", "desks", "reviewers", "checks", "reports")
    counts = ", ".join(f"{len(getattr(edition, name))} {name}" for name in parts)
    click.echo(f"{file.name}: edition {edition.code}, valid from {edition.valid_from}, can be published: {counts}.")
    for key, condition in conditions(edition):
        click.echo(f"{key.removesuffix('.needed_when')}: only when {say(condition)}.")
    for rule in edition.rules:
        if rule.when == "submit" and rule.code not in MEASURES:
            click.echo(f"rules[{rule.code}]: is not measured before submission; reviewers answer it in their checks.")
    for sentence in silent(edition):
        click.echo(sentence)
    missing = list(untranslated(edition))
    for key, languages in missing:
        click.echo(f"{key}: no {' and no '.join(languages)}")
    if missing:
        click.echo(f"{len(missing)} texts are not translated; English is shown instead.")


@commands.command("publish")
@click.argument("file", type=FILE)
@with_appcontext
def publish(file: Path) -> None:
    """Store the edition of FILE for good. New projects take the newest one, the others stay on theirs."""
    session = db.session()
    try:
        row, is_new = published.publish(session, file)
    except EditionError as error:
        session.rollback()
        _refuse(error.lines)
    except Refused as refusal:
        session.rollback()
        _refuse([str(reason.text) for reason in refusal.reasons])
    session.commit()
    click.echo(f"Edition {row.code} {'is published' if is_new else 'was published already'} ({row.checksum}).")
    for sentence in silent(row.handbook, lambda name: published.spoken(session, row, name)):
        click.echo(sentence)
    newest = published.newest(session)
    if newest.id == row.id:
        click.echo("New projects take it.")
    elif row.valid_from > clock.today():
        click.echo(f"New projects take {newest.code}, until this one becomes valid on {row.valid_from}.")
    else:
        click.echo(f"New projects take {newest.code}, which is valid from a later day.")


@commands.command("diff")
@click.argument("old")
@click.argument("new")
@with_appcontext
def diff(old: str, new: str) -> None:
    """Compare OLD and NEW, each the code of a published edition or a file: one line a difference, key: old -> new."""
    first, second = _edition(old), _edition(new)
    for one in differences(first, second):
        click.echo(str(one))


def _edition(name: str) -> Edition:
    """By its published code; else by file, so that a file named like a code is given as ./code."""
    if "\0" not in name and (row := published.find(db.session(), name)):
        return row.handbook
    file = Path(name)
    if not file.is_file():
        raise click.ClickException(f"{name} is neither the code of a published edition nor a file.")
    return _read(file)


def _read(file: Path) -> Edition:
    try:
        return published.read(file)[0]
    except EditionError as error:
        _refuse(error.lines)


def _refuse(lines: list[str] | tuple[str, ...]) -> NoReturn:
    """Each reason on a line of its own, and status 1."""
    for line in lines:
        click.echo(line, err=True)
    raise SystemExit(1)
