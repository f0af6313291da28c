"""What every form shares: a token on each POST, trimmed text, and messages in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    DecimalField,
    Field,
    FieldList,
    Form,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError
from wtforms.widgets import TextInput

from prima.errors import Refused
from prima.workflow import Move

REQUIRED = _l("Please fill this in.")
CHOOSE = _l("Please choose one.")
LETTERS_OF_A_LINE = 300
PLAIN_AMOUNT = re.compile(r"-?(\d{1,40}|\d{1,3}(,\d{3}){1,12})(\.\d{0,20})?", re.ASCII)
"""Commas only where they group thousands: 12,50 is refused rather than read as 1250."""


PLAIN_NUMBER = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d*)?", re.ASCII)
LONGEST_NUMBER = 40
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All of Unicode's control characters but tab and line feed."""
ROW_NUMBER = re.compile(r"[0-9]{1,6}")


class BaseForm(FlaskForm):
    """A form whose field names are the keywords of its operation."""

    @cached_property
    def pointers(self) -> dict[str, str]:
        """Of what stands above the form: the field at which it can be mended, by its text."""
        return {}

    def values(self, *leave_out: str) -> dict[str, Any]:
        """What was typed, by field name, without the token and the version."""
        skip = {"csrf_token", "version", "submit", *leave_out}
        return {name: value for name, value in self.data.items() if name not in skip}

    def refuse(self, refusal: Refused) -> None:
        """Show an operation's refusal at its field, or above the form."""
        name = getattr(refusal, "field", "")
        if name in self._fields:
            self._fields[name].errors = [*self._fields[name].errors, *(reason.text for reason in refusal.reasons)]
            return
        for reason in refusal.reasons:
            self.form_errors.append(reason.text)
            if not reason.at and reason.field in self._fields:
                self.pointers[reason.text] = reason.field


def trimmed(value: str | None) -> str:
    return (value or "").replace("\r\n", "\n").strip()


def clean(form: Form, field: Field) -> None:
    """Refuse characters that are no text (NUL and other controls); keep every letter, emoji and direction mark."""
    if CONTROLS.search(field.data or ""):
        raise ValidationError(_l("This holds invisible control characters. Please type it again without them."))


def line(label: Any, *, required: bool = True, most: int = LETTERS_OF_A_LINE, **more: Any) -> StringField:
    """One line of text."""
    checks = [*([DataRequired(REQUIRED)] if required else []), clean, at_most(most)]
    return StringField(label, validators=checks, filters=[trimmed], **more)


def prose(label: Any, *, required: bool = False, most: int = 20_000, **more: Any) -> TextAreaField:
    """Several lines of text."""
    checks = [*([DataRequired(REQUIRED)] if required else []), clean, at_most(most)]
    return TextAreaField(label, validators=checks, filters=[trimmed], **more)


def at_most(letters: int) -> Length:
    return Length(max=letters, message=_l("At most %(max)d characters fit here. Please shorten it.", max=letters))


def choice(label: Any, *, required: bool = True, **more: Any) -> SelectField:
    """A list to choose from; the view gives `choices`. An empty choice reads as None."""
    return SelectField(
        label,
        validators=[InputRequired(CHOOSE)] if required else [],
        coerce=lambda value: value or None,
        validate_choice=True,
        **more,
    )


class MoneyField(DecimalField):
    """An amount to the cent: finite, not negative, at most two decimals (refused, never rounded), below 10^13."""

    widget = TextInput()
    """A browser's own number field takes no grouped thousands, and sends nothing of what it finds wrong."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        text = "".join(letter for letter in valuelist[0] if not letter.isspace())
        if not PLAIN_AMOUNT.fullmatch(text):
            raise ValueError(_l("Please type an amount such as 12500 or 12500.50."))
        amount = Decimal(text.replace(",", ""))
        if amount < 0 or amount >= 10**13:
            raise ValueError(_l("Please type an amount of 0 or more, below 10,000,000,000,000."))
        if amount != amount.quantize(Decimal("0.01")):
            raise ValueError(_l("An amount has at most two decimals."))
        self.data = amount


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
            raise ValueError(_l("Please type a number of 0 or more, such as 2 or 1.5."))
        number = Decimal(text)
        if number > self.most:
            raise ValueError(_l("Please type at most %(most)s.", most=f"{self.most:,}"))
        if len(text.partition(".")[2]) > self.decimals and number != round(number, self.decimals):
            raise ValueError(_l("Please type at most %(count)s decimals.", count=self.decimals))
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
            raise ValueError(_l("Please type a whole number, in figures."))
        if not self.least <= int(text) <= self.most:
            says = _l("Please type a number from %(least)s to %(most)s.", least=self.least, most=f"{self.most:,}")
            raise ValueError(says)
        self.data = int(text)


class RowsField(FieldList):
    """Rows of a form, in the order of the numbers in their names; a number that no page writes makes no row.

    The library's own reading breaks at figures such as "²" and at numbers of thousands of digits.
    """

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        for name in formdata:
            number = name.removeprefix(f"{prefix}-").partition("-")[0]
            if name.startswith(f"{prefix}-") and ROW_NUMBER.fullmatch(number):
                yield int(number)


class DayField(DateField):
    """A day as browsers send it, of a year that projects have; anything else is refused in plain words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Please type a day such as 2016-10-31.")) from None
        if self.data and not 1990 <= self.data.year <= 2100:
            self.data = None
            raise ValueError(_l("Please type a day between 1990 and 2100."))


class MoveForm(BaseForm):
    """The form of a move of a workflow: a remark, if one likes."""

    note = prose(_l("Remark"), most=4000)


class ReasonForm(BaseForm):
    """The form of a move that asks why."""

    note = prose(_l("Reason"), most=4000, required=True)


def move_form(move: Move) -> MoveForm | ReasonForm:
    return ReasonForm() if move.note == "required" else MoveForm()
