"""The forms of monitoring: a value of an indicator, activities, risks, and how beneficiaries are counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, Form, FormField, SelectChoice
from wtforms.validators import InputRequired, Optional, StopValidation

from prima.forms import REQUIRED, BaseForm, DayField, NumberField, RowsField, choice, line, prose
from prima.projects.forms.rows import PickField, RowForm, RowsForm, version
from prima.reporting.rules import part_field

MOST_NUMBER = 9_999_999_999
DECIMALS = 4
LETTERS = 2000
COUNTINGS = {
    "increment": _l("What came since the value before: values are added up"),
    "to_date": _l("The total to its date: the newest value counts"),
}


def offered(names: Mapping[str, Any]) -> list[SelectChoice]:
    """What a select offers, after an empty choice."""
    return [SelectChoice("", _l("Please choose")), *(SelectChoice(code, name) for code, name in names.items())]


def given(form: Form, field: Field) -> None:
    """A number is there; 0 is one."""
    if field.data is None and not field.errors:
        raise StopValidation(REQUIRED)


def not_zero(form: Form, field: Field) -> None:
    if field.data is not None and field.data == 0:
        raise StopValidation(_("The denominator cannot be 0: nothing can be a share of nothing."))


def number(label: Any, *checks: Any) -> NumberField:
    return NumberField(label, validators=[*checks], most=MOST_NUMBER, decimals=DECIMALS)


class RemovalForm(BaseForm):
    version = version()


class ValueForm(BaseForm):
    """A value of an indicator; which further fields it has depends on how the indicator is read."""

    part_keys: Mapping[str, tuple[str | None, str | None]] = {}

    @property
    def result(self) -> dict[str, Any]:
        """What the operation takes."""
        typed = self.values(*self.part_keys)
        parts = {key: self[name].data for name, key in self.part_keys.items() if self[name].data is not None}
        return {"counting": None, **typed, "parts": parts}


def value_form(measure: str, parts: Mapping[tuple[str | None, str | None], str], data: Mapping[str, Any]) -> ValueForm:
    """`parts` names each sex and age group that is asked for; `data` is what the form begins with."""
    fields: dict[str, Any] = {
        "version": version(),
        "on_day": DayField(_l("Day"), validators=[InputRequired(REQUIRED)]),
    }
    if measure in ("number", "percentage"):
        fields["counting"] = choice(_l("How the values count"), required=False, choices=offered(COUNTINGS))
    if measure == "number":
        fields["value"] = number(_l("Value"), given)
    elif measure == "percentage":
        fields["numerator"] = number(_l("Of whom or which it is true (numerator)"), given)
        fields["denominator"] = number(_l("Out of how many (denominator)"), given, not_zero)
    elif measure == "yes_no":
        fields["words"] = choice(_l("What was found"), choices=offered({"yes": _l("yes"), "no": _l("no")}))
    else:
        fields["words"] = prose(_l("What was found"), required=True, most=LETTERS)
    for (sex, age), label in parts.items():
        fields[part_field(sex, age)] = number(label)
    fields["source"] = line(_l("Source"))
    fields["evidence"] = prose(_l("Evidence"), most=LETTERS)
    fields["part_keys"] = {part_field(*key): key for key in parts}
    made: type[ValueForm] = type("ValueForm", (ValueForm,), fields)
    return made(data=dict(data))


# -- activities, risks, beneficiaries ---------------------------------------------------------------------------------

DONE = "done"
STATES = {
    "not_started": _l("not started"),
    "under_way": _l("under way"),
    DONE: _l("done"),
    "dropped": _l("dropped"),
}
RISK_STATES = {"open": _l("open"), "happened": _l("happened"), "closed": _l("closed")}
KINDS = {
    "people": _l("people, nobody counted twice"),
    "people_repeated": _l("people, with repetition"),
    "services": _l("services, no one counted twice"),
    "services_repeated": _l("services, with repetition"),
}
"""How beneficiaries are counted."""


class ProgressRow(RowForm):
    state = PickField(_l("State"))
    done_on = DayField(_l("Done on"), validators=[Optional()])
    note = prose(_l("Note"), most=LETTERS)

    needed = ("state",)

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        if self.done_on.errors:
            return fine
        if self.state.data == DONE and self.done_on.data is None:
            self.done_on.errors = [_("Please give the day on which it was done.")]
        elif self.state.data != DONE and self.done_on.data is not None:
            self.done_on.errors = [_("Only what is done has such a day. Choose “done”, or clear the day.")]
        return fine and not self.done_on.errors


class ProgressForm(RowsForm):
    rows = RowsField(FormField(ProgressRow), label=_l("Activities"))


class ReviewRow(RowForm):
    state = PickField(_l("State"))
    consequence_code = PickField(_l("Consequence"))
    likelihood_code = PickField(_l("Likelihood"))
    note = prose(_l("Note"), most=LETTERS)
    same = BooleanField(_l("Looked at, and stands as before"))

    needed = ("state",)


class ReviewForm(RowsForm):
    rows = RowsField(FormField(ReviewRow), label=_l("Risks"))


class CountingRow(RowForm):
    kind = PickField(_l("How it is counted"))


class CountingForm(RowsForm):
    rows = RowsField(FormField(CountingRow), label=_l("Groups"))


class GroupForm(BaseForm):
    type_code = choice(_l("Who"))
    reach = choice(_l("Reached"), choices=offered({"direct": _l("directly"), "indirect": _l("indirectly")}))
    sex_code = choice(_l("Sex"))
    age_code = choice(_l("Age"))
    kind = choice(_l("How it is counted"), choices=offered(KINDS))
