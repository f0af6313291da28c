"""The forms of the budget, its currency and its allocation."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import Form, FormField, HiddenField, RadioField, SelectChoice
from wtforms.validators import InputRequired

from prima.forms import CHOOSE, BaseForm, MoneyField, NumberField, RowsField, choice, line, prose, trimmed
from prima.projects.forms.rows import Options, PickField, RowForm, RowsForm, as_number, version


class LineForm(RowForm):
    needed = ("category_code", "description", "unit_cost")

    category_code = PickField(_l("Category"))
    description = line(_l("Description"), required=False)
    unit = line(_l("Unit"), required=False, most=60)
    quantity = NumberField(_l("Quantity"), most=999_999_999, decimals=4)
    units = NumberField(_l("Number of units"), most=999_999_999, decimals=4)
    unit_cost = MoneyField(_l("Unit cost"))
    result_id = PickField(_l("Output or activity"), coerce=as_number)
    area_code = PickField(_l("Area of work"))
    activity_type_code = PickField(_l("Activity type"))
    country_code = PickField(_l("Country"))

    @property
    def typed(self) -> dict[str, Any]:
        """An empty quantity or number of units is 1."""
        found = super().typed
        ones = {name: Decimal(1) for name in ("quantity", "units") if found[name] is None}
        return {**found, **ones}


class BudgetForm(RowsForm):
    currency = HiddenField(filters=[trimmed])
    """The one in which the amounts were typed."""
    options: Mapping[str, Options]
    """What the lines choose from, by field; the view gives it."""
    lines = RowsField(FormField(LineForm), label=_l("Budget lines"))


class CurrencyForm(BaseForm):
    version = version()
    currency = choice(_l("Currency"))


class PasteForm(BaseForm):
    """Rows of a spreadsheet as its clipboard holds them, or the form filled in as a workbook."""

    rows = prose(_l("Rows of a spreadsheet"), most=500_000)


class UploadForm(BaseForm):
    file = FileField(_l("The form, filled in"))


class ConfirmForm(BaseForm):
    """What a preview keeps of the rows: read again, as if they came anew, before anything is written."""

    version = version()
    currency = HiddenField(filters=[trimmed])
    kept = HiddenField(filters=[trimmed])
    way = RadioField(
        _l("What is done with them"),
        choices=[
            SelectChoice("add", _l("Added to the lines that stand there")),
            SelectChoice("replace", _l("Put in place of all lines that stand there")),
        ],
        validators=[InputRequired(CHOOSE)],
    )


class PartForm(Form):
    """One area of work, activity type or country: an amount, or a percentage, whichever the form is set by."""

    code = HiddenField()
    amount = MoneyField(_l("Amount"))
    share = NumberField(_l("Percentage"), most=100, decimals=2)


class AllocationForm(BaseForm):
    version = version()
    basis = RadioField(
        _l("How it is set"),
        choices=[
            SelectChoice("amount", _l("By amount")),
            SelectChoice("percentage", _l("By percentage, and the amounts follow")),
            SelectChoice("lines", _l("Summed from the budget lines")),
        ],
        validators=[InputRequired(CHOOSE)],
    )
    parts = RowsField(FormField(PartForm), label=_l("Parts"))

    def column(self, name: str) -> dict[str, Any]:
        """What was typed in a column, by code."""
        return {entry.form.code.data: entry.form[name].data for entry in self.parts}
