"""Writing the text of a section."""

from __future__ import annotations

from flask_babel import gettext as _

from prima import clock
from prima.db import check_version
from prima.errors import Invalid
from prima.projects.models import Part, Project, Section
from prima.projects.operations.drafting import opened, seal, session_of, written
from prima.projects.operations.moves import take_part
from prima.users import User


def write_section(project: Project, code: str, *, actor: User, version: int, text: str) -> bool:
    """Save a section's text, over the limit of words too; False when it is the same. Raises Conflict.

    Who writes becomes an author, and decides nothing on this project from then on (Handbook, segregation).
    """
    project = opened(project, actor=actor)
    rule = project.edition.handbook.section(code)
    if rule.letters and len(text) > rule.letters:
        raise Invalid("text", _("At most %(most)s characters fit here. Please shorten it.", most=f"{rule.letters:,}"))
    section = next((one for one in project.sections if one.code == code), None)
    if text == (section.text if section else ""):
        return False
    if section is None:
        section = Section(project_id=project.id, code=code, version=0)
        session_of(project).add(section)
    else:
        who = section.saved_by.name if section.saved_by else _("Somebody else")
        check_version(section, version, who=who, typed={"text": (rule.title.say(), section.text, text)})
    section.text = text
    section.version += 1
    section.saved_at = clock.now()
    section.saved_by_id = actor.id
    take_part(project, actor, Part.AUTHOR)
    written(project, "section", actor=actor, code=code, version=section.version, **seal(text))
    return True
