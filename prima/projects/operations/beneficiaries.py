"""Who is to be reached, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from prima.errors import Conflict, Difference, Invalid
from prima.projects.models import Beneficiaries, Part, Project, Reach
from prima.projects.operations.drafting import last_writer, opened, session_of, version_of, written
from prima.projects.operations.moves import take_part
from prima.users import User


@dataclass(frozen=True)
class Group:
    """A type of beneficiaries as planned; `name` is the form's name for the row."""

    name: str
    type_code: str
    reach: Reach
    sex_code: str
    age_code: str
    planned: int

    @property
    def key(self) -> tuple[str, Reach, str, str]:
        return self.type_code, self.reach, self.sex_code, self.age_code


def plan_beneficiaries(project: Project, *, actor: User, version: int, groups: Sequence[Group]) -> bool:
    """Replace the planned groups; False when nothing changed. Raises Conflict when somebody saved them meanwhile."""
    project = opened(project, actor=actor)
    wanted: dict[tuple[str, Reach, str, str], Group] = {}
    for group in groups:
        if group.key in wanted:
            raise Invalid(f"{group.name}-type_code", _("This group stands above already. Please join the two rows."))
        wanted[group.key] = group
    there = {key_of(row): row for row in project.beneficiaries}
    now = {key: row.planned for key, row in there.items()}
    typed = {key: group.planned for key, group in wanted.items()}
    if now == typed:
        return False
    if version != standing(project):
        raise Conflict(last_writer(project, "beneficiaries"), standing(project), _differences(now, typed, wanted))
    session = session_of(project)
    for key, group in wanted.items():
        if key in there:
            there[key].planned = group.planned
        else:
            session.add(
                Beneficiaries(
                    project_id=project.id,
                    type_code=group.type_code,
                    reach=group.reach,
                    sex_code=group.sex_code,
                    age_code=group.age_code,
                    planned=group.planned,
                )
            )
    for key in there.keys() - wanted.keys():
        session.delete(there[key])
    take_part(project, actor, Part.AUTHOR)
    written(
        project,
        "beneficiaries",
        actor=actor,
        before=[[*key, planned] for key, planned in now.items()],
        after=[[*key, planned] for key, planned in typed.items()],
    )
    return True


def key_of(row: Beneficiaries) -> tuple[str, Reach, str, str]:
    return row.type_code, row.reach, row.sex_code, row.age_code


def standing(project: Project) -> int:
    """The version of all rows together."""
    return version_of(sorted([*key_of(row), row.planned] for row in project.beneficiaries))


def _differences(
    now: dict[tuple[str, Reach, str, str], int],
    typed: dict[tuple[str, Reach, str, str], int],
    wanted: dict[tuple[str, Reach, str, str], Group],
) -> list[Difference]:
    """By group; the view puts the words of the lists in the place of the codes."""
    return [
        Difference("|".join(key), str(now.get(key, "")), str(typed.get(key, "")), "")
        for key in [*now, *(key for key in wanted if key not in now)]
        if now.get(key) != typed.get(key)
    ]
