"""Writing the text of a section: by its Save button, and by itself while somebody types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import joinedload

from prima import clock
from prima.db import check_version, db
from prima.errors import Invalid
from prima.handbook.edition import Section as SectionRule
from prima.journal import Entry
from prima.places import Office
from prima.projects import queries
from prima.projects.models import Part, Party, Project, Section
from prima.projects.operations.drafting import opened, seal, session_of, written
from prima.projects.operations.moves import take_part
from prima.users import User

EVENT = "section"
NOTED_EVERY = timedelta(minutes=10)
"""A text that saves itself leaves one entry in the journal within this time, else an hour of typing would leave
hundreds, and nobody would find the others among them."""


@dataclass(frozen=True)
class OpenSection:
    """A section whose project is locked, with no more loaded than a text needs that saves itself."""

    project: Project
    section: Section | None
    noted: bool
    """Whether the journal tells already that this person writes here."""


def write_section(project: Project, code: str, *, actor: User, version: int, text: str) -> bool:
    """Save a section's text, over the limit of words too; False when it is the same. Raises Conflict.

    Who writes becomes an author, and decides nothing on this project from then on (Handbook, segregation).
    """
    project = opened(project, actor=actor)
    rule = project.edition.handbook.section(code)
    section = next((one for one in project.sections if one.code == code), None)
    if same(section, text):
        if section and section.saved_by_id == actor.id and not is_sealed(project, section):
            seal_in_journal(project, section, actor=actor)
        return False
    section = put(project, rule, section, actor=actor, version=version, text=text)
    seal_in_journal(project, section, actor=actor)
    return True


def autosave_section(open: OpenSection, rule: SectionRule, *, actor: User, version: int, text: str) -> Section | None:
    """Save what stands in the field while its author goes on typing; the section as it is now. Raises Conflict."""
    if same(open.section, text):
        return open.section
    section = put(open.project, rule, open.section, actor=actor, version=version, text=text)
    if not open.noted:
        seal_in_journal(open.project, section, actor=actor)
    return section


def open_section(reference: str, code: str, *, actor: User) -> OpenSection | None:
    """The section by its code in lower case. Asked every few seconds: it takes the lock first, and reads once."""
    named = (Project.reference == reference) | (Project.code == reference)
    project_id = db.session.scalar(select(Project.id).where(named).with_for_update())
    if project_id is None:
        return None
    noted = exists().where(
        *of_section(project_id, Section.code), Entry.actor_id == actor.id, Entry.at > clock.now() - NOTED_EVERY
    )
    found = db.session.execute(
        select(Project, Section, noted)
        .outerjoin(Section, (Section.project_id == Project.id) & (func.lower(Section.code) == code))
        .where(Project.id == project_id)
        .options(
            joinedload(Project.edition, innerjoin=True),
            joinedload(Project.office, innerjoin=True).joinedload(Office.links),
            joinedload(Project.parties).joinedload(Party.user),
            joinedload(Section.saved_by),
        )
    )
    project, section, is_noted = found.unique().one()
    return OpenSection(queries.judged(project), section, is_noted)


def same(section: Section | None, text: str) -> bool:
    return text == (section.text if section else "")


def put(
    project: Project, rule: SectionRule, section: Section | None, *, actor: User, version: int, text: str
) -> Section:
    if rule.letters and len(text) > rule.letters:
        raise Invalid("text", _("At most %(most)s characters fit here. Please shorten it.", most=f"{rule.letters:,}"))
    if section is None:
        section = Section(project_id=project.id, code=rule.code, version=0)
        session_of(project).add(section)
    else:
        who = section.saved_by.name if section.saved_by else _("Somebody else")
        check_version(section, version, who=who, typed={"text": (rule.title.say(), section.text, text)})
    section.text = text
    section.version += 1
    section.saved_at = clock.now()
    section.saved_by_id = actor.id
    take_part(project, actor, Part.AUTHOR)
    return section


def seal_in_journal(project: Project, section: Section, *, actor: User) -> None:
    written(project, EVENT, actor=actor, code=section.code, version=section.version, **seal(section.text))


def is_sealed(project: Project, section: Section) -> bool:
    """Whether the journal holds the version that stands; of those that saved themselves it holds some."""
    version = Entry.data["version"].as_integer()
    newest = select(func.max(version)).where(*of_section(project.id, section.code))
    return session_of(project).scalar(newest) == section.version


def of_section(project_id: int, code: Any) -> tuple[ColumnElement[bool], ...]:
    """The journal's entries on a section."""
    return (
        Entry.subject_kind == Project.__tablename__,
        Entry.subject_id == project_id,
        Entry.event == EVENT,
        Entry.data["code"].as_string() == code,
    )
