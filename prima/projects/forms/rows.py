"""Forms of many rows: each row may stay empty, and knows again what the page showed of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import BooleanField, FieldList, Form, HiddenField, SelectField
from wtforms.validators import ValidationError

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
        says = _("%(label)s, line %(number)s")  # translated once for the thousands of fields that 300 rows have
        labels: dict[str, str] = {}
        for place, entry in enumerate(rows.entries, 1):
            for field in entry.form:
                name = field.short_name
                label = labels[name] if name in labels else labels.setdefault(name, str(field.label.text))
                field.label.text = says % {"label": label, "number": place}
            for name, offered in choices.items():
                entry.form[name].choices = offered


class Options(dict[str, Any]):
    """What the selects of a column offer: names by code, or groups of them by the group's name.

    Its HTML is made once, however many rows the page has; each select only marks its own choice in it.
    """

    def __init__(self, names: Mapping[str, Any]):
        super().__init__(names)
        pieces: list[Markup] = []
        marks: dict[str, int] = {}
        for group, name in names.items():
            inside = name.items() if isinstance(name, Mapping) else [(group, name)]
            if isinstance(name, Mapping):
                pieces.append(Markup('<optgroup label="{}">').format(group))
            for code, words in inside:
                pieces.append(Markup('<option value="{}"').format(code))
                marks.setdefault(code, len(pieces) - 1)
                pieces.append(Markup(">{}</option>").format(words))
            if isinstance(name, Mapping):
                pieces.append(Markup("</optgroup>"))
        ends = list(accumulate(map(len, pieces)))
        self._html = Markup("").join(pieces)
        self._ends = {code: ends[place] for code, place in marks.items()}

    def offers(self, code: str) -> bool:
        return code in self._ends

    def html(self, chosen: Any) -> Markup:
        """The options of one select, with its choice."""
        end = self._ends.get("" if chosen is None else str(chosen))
        return self._html if end is None else self._html[:end] + Markup(" selected") + self._html[end:]


class PickField(SelectField):
    """A choice out of Options, which the view gives; an empty one reads as None."""

    def __init__(self, label: Any, coerce: Callable[[Any], Any] = lambda text: text or None, **more: Any):
        super().__init__(label, coerce=coerce, choices={}, **more)

    def pre_validate(self, form: Form) -> None:
        if self.data is not None and not self.choices.offers(str(self.data)):
            raise ValidationError(_l("This is not offered here. Please choose another."))
