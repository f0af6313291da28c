"""The forms of a proposal's pages: field names are the keywords of their operations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
)
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import TextInput

from prima.forms import CHOOSE, REQUIRED, BaseForm, MoneyField, choice, line, prose, trimmed
from prima.projects.stages import Funding

PLAIN_NUMBER = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d*)?", re.ASCII)
"""Commas only where they group thousands: 12,50 is refused rather than read as 1250."""
LONGEST_NUMBER = 40
EMPTY_ROWS = 3


def plain_number(typed: str) -> str | None:
    """The number as digits and a point, None when it is no plain number."""
    text = typed.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    return text.replace(",", "") if len(text) <= LONGEST_NUMBER and PLAIN_NUMBER.fullmatch(text) else None


class NumberField(DecimalField):
    """A number from 0 to `most` with at most `places` decimals; more are refused, never rounded."""

    widget = TextInput()

    def __init__(self, *positional: Any, most: int, decimals: int, **named: Any):
        super().__init__(*positional, **named)
        self.most, self.decimals = most, decimals

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        text = plain_number(valuelist[0])
        if text is None:
            raise ValueError(_("Please type a number of 0 or more, such as 2 or 1.5."))
        number = Decimal(text)
        if number > self.most:
            raise ValueError(_("Please type at most %(most)s.", most=f"{self.most:,}"))
        if len(text.partition(".")[2]) > self.decimals and number != round(number, self.decimals):
            raise ValueError(_("Please type at most %(count)s decimals.", count=self.decimals))
        self.data = number

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else format(self.data.normalize() + 0, "f")


class WholeField(IntegerField):
    """A whole number between two bounds."""

    widget = TextInput()

    def __init__(self, *positional: Any, least: int = 0, most: int, **named: Any):
        super().__init__(*positional, **named)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        text = plain_number(valuelist[0])
        if text is None or "." in text:
            raise ValueError(_("Please type a whole number, in figures."))
        if not self.least <= int(text) <= self.most:
            says = _("Please type a number from %(least)s to %(most)s.", least=self.least, most=f"{self.most:,}")
            raise ValueError(says)
        self.data = int(text)


class DayField(DateField):
    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Please type a day such as 2016-10-31.")) from None
        if self.data and not 1990 <= self.data.year <= 2100:
            self.data = None
            raise ValueError(_("Please type a day between 1990 and 2100."))


def as_number(text: object) -> int | None:
    """What a page hid in a form to know again what it showed; anything else than a number is none."""
    digits = "" if text is None else str(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < LONGEST_NUMBER else None


def version() -> HiddenField:
    return HiddenField(filters=[lambda text: as_number(text) or 0])


# -- concept and cover ------------------------------------------------------------------------------------------------


class IdeaForm(BaseForm):
    """What a concept and a cover share."""

    title = line(_l("Title"))
    project_type_code = choice(_l("Project type"))
    countries = SelectMultipleField(_l("Countries"), validators=[InputRequired(_l("Please choose at least one."))])
    funding = RadioField(
        _l("Who is to pay"),
        choices=[SelectChoice(Funding.FUND, _l("The Fund")), SelectChoice(Funding.DONOR, _l("A donor"))],
        coerce=lambda value: Funding(value) if value in set(Funding) else None,
        validators=[InputRequired(CHOOSE)],
    )
    donor_code = choice(_l("Donor"), required=False)
    funding_year = WholeField(_l("Funding year"), least=1990, most=2100, validators=[InputRequired(REQUIRED)])
    office_id = choice(_l("Management site"))
    summary = prose(_l("Summary"), most=4000)

    def values(self, *leave_out: str) -> dict[str, Any]:
        found = super().values(*leave_out)
        return {**found, "office_id": int(self.office_id.data)} if "office_id" in found else found


class ConceptForm(IdeaForm):
    pass


class CoverForm(IdeaForm):
    version = version()
    secondary_type_code = choice(_l("Secondary project type"), required=False)
    fund_line_code = choice(_l("Funding line"), required=False)
    focus_area_code = choice(_l("Focus area"), required=False)
    agreement = line(_l("Agreement with the donor"), required=False)
    overhead_percent = NumberField(
        _l("Overhead rate"), most=100, decimals=2, validators=[Optional()], render_kw={"inputmode": "decimal"}
    )
    executing_agency = line(_l("Executing agency"), required=False)
    partners = prose(_l("Partners"), most=4000)
    duration_months = WholeField(_l("Planned duration in months"), least=1, most=120, validators=[Optional()])
    gender_marker_code = choice(_l("Gender marker"), required=False)


# -- text -------------------------------------------------------------------------------------------------------------


class SectionForm(BaseForm):
    """The limit of letters is the edition's; the operation says when it is passed."""

    version = version()
    text = prose(_l("Text"), most=4_000_000)


class JustificationRow(Form):
    code = HiddenField()
    text = prose(_l("Justification"), most=4000)


class JustificationsForm(BaseForm):
    version = version()
    rows = FieldList(FormField(JustificationRow))


# -- rows -------------------------------------------------------------------------------------------------------------


class RowForm(Form):
    """A row that may be left empty, and that knows again what the page showed of it."""

    row = HiddenField(filters=[as_number])
    version = version()
    seen = HiddenField(filters=[trimmed])
    remove = BooleanField(_l("Remove"))

    hidden = ("row", "version", "seen", "remove")
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


class GroupForm(RowForm):
    needed = ("type_code", "reach", "planned")

    type_code = choice(_l("Who"), required=False)
    reach = choice(_l("Reached"), required=False)
    sex_code = choice(_l("Sex"), required=False)
    age_code = choice(_l("Age"), required=False)
    planned = WholeField(_l("Number planned"), most=1_000_000_000)

    @property
    def is_empty(self) -> bool:
        """Sex and age stand preset."""
        typed = (self[name].raw_data for name in self.needed)
        return not any(text.strip() for data in typed for text in data or [])


class MilestoneForm(RowForm):
    needed = ("name", "planned_on")

    name = line(_l("Milestone"), required=False)
    planned_on = DayField(_l("Planned day"))
    done_on = DayField(_l("Done on"))
    evidence = line(_l("Evidence"), required=False)


class RowsForm(BaseForm):
    """Many rows in one form."""

    def number(self, rows: FieldList, choices: Mapping[str, Any]) -> None:
        """Say in each label which row it belongs to, and give each row what to choose from."""
        for place, entry in enumerate(rows.entries, 1):
            for field in entry.form:
                field.label.text = _("%(label)s, line %(number)s", label=str(field.label.text), number=place)
            for name, offered in choices.items():
                entry.form[name].choices = offered


class BudgetForm(RowsForm):
    lines = FieldList(FormField(LineForm), label=_l("Budget lines"))


class BeneficiariesForm(RowsForm):
    version = version()
    rows = FieldList(FormField(GroupForm), label=_l("Groups"))


class MilestonesForm(RowsForm):
    milestones = FieldList(FormField(MilestoneForm), label=_l("Milestones"))


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


# -- documents and team -----------------------------------------------------------------------------------------------


class DocumentForm(BaseForm):
    type_code = choice(_l("Type of document"))
    country_code = choice(_l("State that wrote it"), required=False)
    title = line(_l("Title"), required=False)
    file = FileField(_l("File"))

    def validate_file(self, field: FileField) -> None:
        if not (field.data and getattr(field.data, "filename", "")):
            raise ValidationError(_l("Please choose a file."))


class DeveloperForm(BaseForm):
    email = line(_l("E-mail address"))


class LeaveForm(BaseForm):
    user_id = HiddenField(filters=[as_number])
