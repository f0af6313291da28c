"""The forms of the results matrix: its rows, the place of a row, and an indicator with the split of its target."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, FormField, HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import StopValidation

from prima.forms import (
    LETTERS_OF_A_LINE,
    BaseForm,
    NumberField,
    RowsField,
    at_most,
    choice,
    clean,
    line,
    plain_number,
    prose,
    trimmed,
)
from prima.projects.forms.rows import RowForm, RowsForm, as_number, version

LETTERS = 2000
MOST_NUMBER = 9_999_999_999
DECIMALS = 4
NUMBER, PERCENTAGE, YES_NO = "number", "percentage", "yes_no"
MEASURES = [
    SelectChoice(NUMBER, _l("A number")),
    SelectChoice(PERCENTAGE, _l("A percentage")),
    SelectChoice(YES_NO, _l("Yes or no")),
    SelectChoice("words", _l("Words")),
]


class ResultForm(RowForm):
    hidden = (*RowForm.hidden, "level", "under")

    level = HiddenField(filters=[trimmed])
    under = HiddenField(filters=[as_number])
    text = prose(_l("Text"), most=LETTERS)
    assumption = prose(_l("Assumption"), most=LETTERS)


class MatrixForm(RowsForm):
    rows = RowsField(FormField(ResultForm), label=_l("Rows"))


class PlaceForm(BaseForm):
    under = choice(_l("Stand under"))


class RemovalForm(BaseForm):
    seen = HiddenField()


class SplitForm(Form):
    """A part of the target: of a sex, of an age group, or of both."""

    sex = HiddenField(filters=[trimmed])
    age = HiddenField(filters=[trimmed])
    target = NumberField(_l("Target"), most=MOST_NUMBER, decimals=DECIMALS)

    @property
    def key(self) -> tuple[str | None, str | None]:
        return self.sex.data or None, self.age.data or None


class ReadingField(StringField):
    """A baseline or a target: a number, a percentage, yes or no, or words, as the form's measure says.

    `data` is what was typed, `value` the number where there is one.
    """

    data: str | None
    value: Decimal | None = None

    def pre_validate(self, form: Form) -> None:
        self.value = None
        if not self.data:
            return
        measure = form["measure"].data
        if measure == YES_NO:
            self.data = self.data.casefold()
            if self.data not in ("yes", "no"):
                raise StopValidation(_("Please type yes or no."))
        elif measure in (NUMBER, PERCENTAGE):
            self.value = self._number(self.data, most=100 if measure == PERCENTAGE else MOST_NUMBER)

    def _number(self, typed: str, *, most: int) -> Decimal:
        text = plain_number(typed.removesuffix("%") if most == 100 else typed)
        if text is None:
            if most == 100:
                raise StopValidation(_("Please type a percentage from 0 to 100, such as 40 or 12.5."))
            raise StopValidation(_("Please type a number of 0 or more, such as 40 or 12.5; or choose another measure."))
        if Decimal(text) > most:
            raise StopValidation(_("Please type at most %(most)s.", most=f"{most:,}"))
        if len(text.partition(".")[2].rstrip("0")) > DECIMALS:
            raise StopValidation(_("Please type at most %(count)s decimals.", count=DECIMALS))
        return Decimal(text)


class IndicatorForm(BaseForm):
    version = version()
    text = line(_l("Indicator"), most=500)
    measure = SelectField(_l("How it is read"), choices=MEASURES)
    unit = line(_l("Unit"), required=False, most=60)
    source = prose(_l("Data source and collection method"), most=LETTERS)
    baseline = ReadingField(_l("Baseline"), validators=[clean, at_most(LETTERS_OF_A_LINE)], filters=[trimmed])
    target = ReadingField(_l("Target"), validators=[clean, at_most(LETTERS_OF_A_LINE)], filters=[trimmed])
    by_sex = BooleanField(_l("Counted by sex"))
    by_age = BooleanField(_l("Counted by age group"))
    of_sex = RowsField(FormField(SplitForm), label=_l("Target by sex"))
    of_age = RowsField(FormField(SplitForm), label=_l("Target by age group"))
    of_both = RowsField(FormField(SplitForm), label=_l("Target by sex and age group"))

    @property
    def splitting(self) -> RowsField | None:
        """The parts that are asked for: only a number is split."""
        if self.measure.data != NUMBER or not (self.by_sex.data or self.by_age.data):
            return None
        if self.by_sex.data and self.by_age.data:
            return self.of_both
        return self.of_sex if self.by_sex.data else self.of_age

    def validate(self, extra_validators: Any = None) -> bool:
        """Parts that are not asked for are not judged: nobody sees them."""
        for parts in (self.of_sex, self.of_age, self.of_both):
            if parts is not self.splitting:
                for entry in parts:
                    entry.form.target.process_errors = []
        return super().validate(extra_validators)

    @property
    def result(self) -> dict[str, Any]:
        """What the operation takes."""
        return {
            **self.values("of_sex", "of_age", "of_both"),
            "baseline_value": self.baseline.value,
            "target_value": self.target.value,
            "splits": {
                entry.form.key: entry.form.target.data
                for entry in self.splitting or ()
                if entry.form.target.data is not None
            },
        }


def parts(
    sexes: Mapping[str, str], ages: Mapping[str, str], splits: Mapping[tuple[str | None, str | None], Decimal]
) -> dict[str, list[dict[str, Any]]]:
    """What the three lists of an indicator's form begin with."""

    def row(sex: str | None, age: str | None) -> dict[str, Any]:
        return {"sex": sex or "", "age": age or "", "target": splits.get((sex, age))}

    return {
        "of_sex": [row(sex, None) for sex in sexes],
        "of_age": [row(None, age) for age in ages],
        "of_both": [row(sex, age) for age in ages for sex in sexes],
    }
