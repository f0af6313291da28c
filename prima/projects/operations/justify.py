"""Writing why a warning of the edition's rules may be passed."""

from __future__ import annotations

from collections.abc import Mapping

from prima import clock
from prima.errors import Conflict, Difference
from prima.projects.models import Justification, Project
from prima.projects.operations.drafting import last_writer, opened, session_of, version_of, written
from prima.projects.rules import to_submit
from prima.users import User


def justify(project: Project, *, actor: User, version: int, texts: Mapping[str, str]) -> bool:
    """Keep the texts by the rule's code, an empty one takes the justification back; False when nothing changed."""
    project = opened(project, actor=actor)
    there = {one.rule_code: one for one in project.justifications}
    asked = {need.code for need in to_submit(project) if need.severity == "warn"} | there.keys()
    changed = {
        code: text
        for code, text in texts.items()
        if code in asked and text != (there[code].text if code in there else "")
    }
    if not changed:
        return False
    if version != standing(project):
        differences = [
            Difference(code, there[code].text if code in there else "", text) for code, text in changed.items()
        ]
        raise Conflict(last_writer(project, "justification"), standing(project), differences)
    session = session_of(project)
    for code, text in changed.items():
        if not text:
            session.delete(there[code])
        elif code in there:
            there[code].text, there[code].by_id, there[code].at = text, actor.id, clock.now()
        else:
            session.add(Justification(project_id=project.id, rule_code=code, text=text, by_id=actor.id))
    written(project, "justification", actor=actor, texts=changed)
    return True


def standing(project: Project) -> int:
    """The version of all justifications together."""
    return version_of(sorted([one.rule_code, one.text] for one in project.justifications))
