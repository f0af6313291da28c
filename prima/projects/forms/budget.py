"""The forms of the budget and its allocation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FieldList, Form, FormField, HiddenField, RadioField, SelectChoice
from wtforms.validators import InputRequired

from prima.forms import CHOOSE, BaseForm, MoneyField, NumberField, choice, line
from prima.projects.forms.rows import RowForm, RowsForm, version


class LineForm(RowForm):
    needed = ("category_code", "description", "unit_cost")

    category_code = choice(_l("Category"), required=False)
    description = line(_l("Description"), required=False)
    unit = line(_l("Unit"), required=False, most=60)
    quantity = NumberField(_l("Quantity"), most=999_999_999, decimals=4)
    units = NumberField(_l("Number of units"), most=999_999_999, decimals=4)
    unit_cost = MoneyField(_l("Unit cost"))
    area_code = choice(_l("Area of work"), required=False)
    activity_type_code = choice(_l("Activity type"), required=False)

    @property
    def typed(self) -> dict[str, Any]:
        """An empty quantity or number of units is 1."""
        found = super().typed
        ones = {name: Decimal(1) for name in ("quantity", "units") if found[name] is None}
        return {**found, **ones}


class BudgetForm(RowsForm):
    lines = FieldList(FormField(LineForm), label=_l("Budget lines"))


class PartForm(Form):
    """One area of work or activity type: an amount, or a percentage, whichever the form is set by."""

    code = HiddenField()
    amount = MoneyField(_l("Amount, USD"))
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
    parts = FieldList(FormField(PartForm), label=_l("Parts"))

    def column(self, name: str) -> dict[str, Any]:
        """What was typed in a column, by code."""
        return {entry.form.code.data: entry.form[name].data for entry in self.parts}
