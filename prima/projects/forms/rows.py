"""Forms of many rows: each row may stay empty, and knows again what the page showed of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, Form, HiddenField

from prima.forms import CHOOSE, LONGEST_NUMBER, REQUIRED, BaseForm, trimmed

EMPTY_ROWS = 3


def as_number(text: object) -> int | None:
    """What a page hid in a form to know again what it showed; anything else than a number is none."""
    digits = "" if text is None else str(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < LONGEST_NUMBER else None


def version() -> HiddenField:
    return HiddenField(filters=[lambda text: as_number(text) or 0])


class RowForm(Form):
    """A row that may be left empty, and that knows again what the page showed of it."""

    row = HiddenField(filters=[as_number])
    version = version()
    seen = HiddenField(filters=[trimmed])
    remove = BooleanField(_l("Remove"))

    hidden: Sequence[str] = ("row", "version", "seen", "remove")
    needed: Sequence[str] = ()
    """Fields that a row in use must have."""

    @property
    def is_empty(self) -> bool:
        """A new row in which nothing was typed."""
        typed = (field.raw_data for field in self if field.short_name not in self.hidden)
        return self.row.data is None and not any(text.strip() for data in typed for text in data or [])

    def validate(self, extra_validators: Any = None) -> bool:
        if self.is_empty or self.remove.data:
            for field in self:
                field.process_errors = []
                field.errors = []
            return True
        fine = super().validate(extra_validators)
        for name in self.needed:
            field = self[name]
            if not field.errors and field.data in (None, ""):
                field.errors = [CHOOSE if hasattr(field, "choices") else REQUIRED]
                fine = False
        return fine

    @property
    def typed(self) -> dict[str, Any]:
        return {name: value for name, value in self.data.items() if name not in self.hidden}


class RowsForm(BaseForm):
    """Many rows in one form."""

    def number(self, rows: FieldList, choices: Mapping[str, Any]) -> None:
        """Say in each label which row it belongs to, and give each row what to choose from."""
        for place, entry in enumerate(rows.entries, 1):
            for field in entry.form:
                field.label.text = _("%(label)s, line %(number)s", label=str(field.label.text), number=place)
            for name, offered in choices.items():
                entry.form[name].choices = offered
