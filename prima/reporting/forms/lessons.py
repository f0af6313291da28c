"""The form of a lesson."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.fields.choices import SelectChoice

from prima.forms import BaseForm, choice, line, prose
from prima.projects.forms.rows import as_number, version

LETTERS = 10_000
KINDS = {"lesson": _l("Lesson"), "challenge": _l("Challenge"), "practice": _l("Good practice")}


class LessonForm(BaseForm):
    version = version()
    kind = choice(_l("Kind"), choices=[SelectChoice(*one) for one in KINDS.items()])
    title = line(_l("Title"))
    happened = prose(_l("What happened"), required=True, most=LETTERS)
    why = prose(_l("Why"), most=LETTERS)
    advice = prose(_l("Advice"), most=LETTERS)
    area_code = choice(_l("Theme"), required=False)
    country_code = choice(_l("Country"), required=False)
    stage = choice(_l("Stage"), required=False)
    tags = line(_l("Tags"), required=False)
    deadline_id = choice(_l("Report"), required=False)

    @property
    def result(self) -> dict[str, Any]:
        return {**self.values(), "stage": self.stage.data or "", "deadline_id": as_number(self.deadline_id.data)}


class CurationForm(BaseForm):
    version = version()
