"""The form of a classification: governance framework, SDG targets, cross-cutting themes, gender marker."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, FormField, HiddenField, SelectMultipleField

from prima.forms import BaseForm, RowsField, choice, line, prose
from prima.projects.forms.rows import version

TICK = _l("Please tick the theme too, or empty its note.")


class ThemeForm(Form):
    """A cross-cutting theme: whether the project handles it, and how."""

    code = HiddenField()
    chosen = BooleanField()
    note = line(_l("How it is handled"), required=False)

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        if fine and self.note.data and not self.chosen.data:
            self.chosen.errors = [TICK]
            return False
        return fine


class ClassificationForm(BaseForm):
    version = version()
    principles = SelectMultipleField(_l("Principles"))
    objectives = SelectMultipleField(_l("Objectives"))
    sdgs = SelectMultipleField(_l("Targets of the Sustainable Development Goals"))
    themes = RowsField(FormField(ThemeForm), label=_l("Cross-cutting themes"))
    needs_analysis = choice("", required=False)
    outputs = choice("", required=False)
    activities = choice("", required=False)
    main_aim = choice("", required=False)
    gender_marker_code = choice(_l("Gender marker"), required=False)
    reason = prose(_l("Why another code than the suggested one"), most=2000)

    @property
    def answers(self) -> dict[str, Any]:
        """The answers as they are stored, whether they are complete or not; none where the edition asks none."""
        if "main_aim" not in self:
            return {}
        told = {name: self[name].data for name in ("needs_analysis", "outputs", "activities")}
        extents = {name: value if value in self[name].choices else None for name, value in told.items()}
        main_aim = {"yes": True, "no": False}.get(self.main_aim.data or "")
        return {**extents, "main_aim": main_aim}

    @property
    def handled(self) -> dict[str, str]:
        """How each ticked theme is handled, by its code."""
        return {entry.form.code.data: entry.form.note.data for entry in self.themes if entry.form.chosen.data}
