"""The record of endorsement as a Word document on A4, as its page tells it; its moments in UTC, whoever prints it."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from flask_babel import gettext as _

from prima.filters import moment
from prima.projects.papers.word import Paper, label


def record(told: Any, project: Any) -> bytes:
    """The same record gives the same bytes."""
    at = told.at or project.created_at
    paper = Paper(
        title=_("Record of endorsement"),
        reference=told.reference,
        foot=_("Checksum of the record: %(checksum)s", checksum=told.checksum[:16]),
        at=at,
    )
    paper.line(_("Record of endorsement"), "Subtitle")
    paper.heading(told.title, 0)
    facts = [
        (label(_("Reference")), told.reference),
        (label(_("Management site")), project.office.name),
        (label(_("As of")), moment(at, UTC)),
        (label(_("Checksum of the record (SHA-256)")), told.checksum),
    ]
    paper.table(_("The record"), (), facts, (30, 70))
    paper.heading(_("In force"))
    if told.in_force:
        paper.table(_("In force"), _headings(told), [_row(line, told) for line in told.in_force], _widths(told))
    else:
        paper.line(_("Nobody has answered yet."), "Muted")
    for one in told.chapters:
        _chapter(paper, one, told)
    return paper.content()


def _chapter(paper: Paper, one: Any, told: Any) -> None:
    paper.heading(_("Round %(number)s", number=one.number))
    intact = _("version matches its checksum") if one.intact else _("does not match its checksum")
    facts = [
        (label(_("Submitted")), moment(one.submitted_at, UTC)),
        (label(_("By")), one.submitted_by),
        (label(_("Checksum of the frozen version (SHA-256)")), f"{one.sha256}\n{intact}"),
    ]
    paper.table(_("Round %(number)s", number=one.number), (), facts, (30, 70))
    name = _("Answers in round %(number)s", number=one.number)
    if one.lines:
        paper.table(name, _headings(told), [_row(line, told) for line in one.lines], _widths(told))
    else:
        paper.line(_("Nobody has answered yet."), "Muted")
    for sentence in one.twice:
        paper.line(sentence)
    if one.checks:
        paper.heading(_("Checks in round %(number)s", number=one.number), 2)
        rows = [(check.role, check.question, check.says, check.note) for check in one.checks]
        headings = (_("Role"), _("Check"), _("Answer"), _("Note"))
        paper.table(_("Checks in round %(number)s", number=one.number), headings, rows, (22, 40, 12, 26))


def _headings(told: Any) -> tuple[str, ...]:
    notes = (_("Reason or comments"),) if told.internal else ()
    return (_("Role"), _("Answer"), _("Who"), _("When"), _("Version"), *notes)


def _widths(told: Any) -> tuple[int, ...]:
    return (24, 20, 18, 14, 8, 26) if told.internal else (30, 24, 22, 16, 8)


def _row(line: Any, told: Any) -> tuple[str, ...]:
    said = "\n".join([line.says, *line.remarks])
    sections = [_("Sections: %(titles)s", titles=line.sections)] if line.sections else []
    notes = ("\n".join(part for part in (line.note, *sections) if part),) if told.internal else ()
    return (line.role, said, line.who, moment(line.at, UTC) if line.at else "", str(line.round_number), *notes)
