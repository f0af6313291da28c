"""The forms by which a change is asked for and decided on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, Form, FormField, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from prima.forms import (
    CHOOSE,
    REQUIRED,
    BaseForm,
    DayField,
    MoneyField,
    NumberField,
    RowsField,
    at_most,
    choice,
    clean,
    line,
    prose,
    trimmed,
)
from prima.projects.changes import EXTENSIONS, WITH_LINES, ChangeKind
from prima.projects.forms.matrix import DECIMALS, LETTERS, MEASURES, MOST_NUMBER, ReadingField
from prima.projects.forms.rows import Options, PickField, RowForm, RowsForm, as_number, version
from prima.projects.forms.workplan import MonthsField

MOST = 4000


class ChangeForm(RowsForm):
    """What every change says; the fields of its kind are added by `change_form`."""

    version = version()
    reason = prose(_l("Reason"), required=True, most=MOST)
    effect = prose(_l("Effect on results, time and money"), required=True, most=MOST)
    counterpart_agreed_on = DayField(_l("Day on which the counterpart agreed"), validators=[Optional()])
    file = FileField(_l("The counterpart's letter"))


class AmountForm(Form):
    """The new amount of a line that stands."""

    row = HiddenField(filters=[as_number])
    amount = MoneyField(_l("New amount"), validators=[InputRequired(REQUIRED)])


class AddedForm(RowForm):
    """A line that is added; it may stay empty."""

    needed = ("category_code", "description", "amount")

    category_code = PickField(_l("Category"))
    description = line(_l("Description"), required=False)
    amount = MoneyField(_l("Amount"))
    result_id = PickField(_l("Output or activity"), coerce=as_number)
    area_code = PickField(_l("Area of work"))
    activity_type_code = PickField(_l("Activity type"))
    country_code = PickField(_l("Country"))


class TextForm(Form):
    """A row of the results matrix."""

    row = HiddenField(filters=[as_number])
    text = prose(_l("Text"), required=True, most=LETTERS)
    assumption = prose(_l("Assumption"), most=LETTERS)
    out = BooleanField(_l("Take this row out"))


class NewResultForm(RowForm):
    """An output or an activity that is added; it may stay empty."""

    needed = ("under", "text")

    under = PickField(_l("Stands under"))
    text = prose(_l("Text"), most=LETTERS)
    assumption = prose(_l("Assumption"), most=LETTERS)
    responsible = line(_l("Responsible party"), required=False)
    months = MonthsField(_l("Months"))


class ReadForm(Form):
    """An indicator that stands; how it is read stays."""

    row = HiddenField(filters=[as_number])
    measure = HiddenField()
    """Put here by the view before the form is judged, whatever was sent."""
    text = line(_l("Indicator"), most=500)
    target = ReadingField(_l("Target"), validators=[InputRequired(REQUIRED), clean, at_most(300)], filters=[trimmed])
    out = BooleanField(_l("Take this indicator out"))


class PartForm(Form):
    """A part of a target: of a sex, of an age group, or of both."""

    row = HiddenField(filters=[as_number])
    target = NumberField(_l("Target"), most=MOST_NUMBER, decimals=DECIMALS, validators=[InputRequired(REQUIRED)])


class NewIndicatorForm(RowForm):
    """An indicator that is added; it may stay empty."""

    hidden = (*RowForm.hidden, "measure")
    needed = ("result_id", "text", "source", "baseline", "target")

    result_id = PickField(_l("Result"))
    text = line(_l("Indicator"), required=False, most=500)
    measure = SelectField(_l("How it is read"), choices=MEASURES)
    unit = line(_l("Unit"), required=False, most=60)
    source = line(_l("Data source and collection method"), required=False, most=LETTERS)
    baseline = ReadingField(_l("Baseline"), validators=[clean, at_most(300)], filters=[trimmed])
    target = ReadingField(_l("Target"), validators=[clean, at_most(300)], filters=[trimmed])


def change_form(kind: ChangeKind, data: dict[str, Any] | None, options: Mapping[str, Options]) -> Any:
    """The form of a kind of change; `data` is what it begins with, `options` what lines choose from."""
    fields: dict[str, Any] = {}
    if kind in EXTENSIONS:
        fields["ends_on"] = DayField(_l("New end date"), validators=[InputRequired(REQUIRED)])
    if kind in WITH_LINES:
        fields["lines"] = RowsField(FormField(AmountForm), label=_l("Budget lines"))
        fields["added"] = RowsField(FormField(AddedForm), label=_l("New budget lines"))
    if kind is ChangeKind.RESULTS:
        fields["texts"] = RowsField(FormField(TextForm), label=_l("Rows of the results matrix"))
        fields["new_results"] = RowsField(FormField(NewResultForm), label=_l("New outputs and activities"))
        fields["readings"] = RowsField(FormField(ReadForm), label=_l("Indicators"))
        fields["splits"] = RowsField(FormField(PartForm), label=_l("Parts of targets"))
        fields["indicators"] = RowsField(FormField(NewIndicatorForm), label=_l("New indicators"))
    if kind is ChangeKind.MANAGER:
        parts = [SelectChoice("manager", _l("Project manager")), SelectChoice("alternate", _l("Alternate manager"))]
        fields["part"] = RadioField(_l("Who changes"), choices=parts, validators=[InputRequired(CHOOSE)])
        fields["email"] = line(_l("E-mail address of the new person"))
        fields["from_on"] = DayField(_l("Hand-over on"), validators=[InputRequired(REQUIRED)])
    made: type[ChangeForm] = type("ChangeFormOfKind", (ChangeForm,), fields)
    form = made(data=data)
    # As on the page: the summary lists what is wrong in the order of the fields.
    form._fields = {name: form._fields[name] for name in (*fields, *form._fields)}
    if kind in WITH_LINES:
        form.number(form["added"], options)
    if kind is ChangeKind.RESULTS:
        form.number(form["new_results"], {"under": options["under"]})
        form.number(form["indicators"], {"result_id": options["result_id"]})
    return form


class MoveForm(BaseForm):
    """`seen` is the version that the person has read: what is decided on an older one is refused."""

    seen = HiddenField(filters=[lambda text: as_number(text) or 0])
    note = prose(_l("Remark"), most=MOST)


class ReasonForm(MoveForm):
    note = prose(_l("Reason"), required=True, most=MOST)


class LetterForm(MoveForm):
    """What the donor wrote, with the letter: uploaded, or one filed since the endorsement."""

    note = prose(_l("What the donor wrote"), required=True, most=MOST)
    document_id = choice(_l("Letter on the project's file"), required=False)
    file = FileField(_l("Letter to upload"))
