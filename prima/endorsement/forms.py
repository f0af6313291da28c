"""Forms of the endorsement: submitting, deciding with a reason tied to sections, and the checks of a reviewer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from prima.forms import REQUIRED, BaseForm, DayField, WholeField, choice, line, prose

ANSWERS = (("yes", _l("Yes")), ("no", _l("No")), ("na", _l("Not applicable")))
NOTE = 4000
Choices = Iterable[tuple[str, Any]]


def boxes(label: Any) -> SelectMultipleField:
    return SelectMultipleField(
        label, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validate_choice=True
    )


def shown(pairs: Choices) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


class CheckField(RadioField):
    """A check may stay unanswered while it is drafted."""

    def pre_validate(self, form: Any) -> None:
        if self.data is not None:
            super().pre_validate(form)


class SeenForm(BaseForm):
    """`seen` is the last step the person saw: what is decided on an older state is refused."""

    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class SubmitForm(BaseForm):
    note = prose(_l("Remark for the head of office and the reviewers"), most=NOTE)


class DecisionForm(SeenForm):
    note = prose(_l("Remark"), most=NOTE)


class ReasonForm(SeenForm):
    note = prose(_l("Reason"), most=NOTE, required=True)


class ReturnForm(SeenForm):
    note = prose(_l("Reason"), most=NOTE, required=True)
    sections = boxes(_l("Sections to be changed"))


class RetainForm(ReasonForm):
    funding_round = choice(_l("Round that it waits for"), required=False)


class WaitForm(SeenForm):
    """Which round a retained proposal waits for."""

    funding_round = choice(_l("Round that it waits for"), required=False)


class SentForm(DecisionForm):
    dated_on = DayField(_l("Day on which it was sent"), validators=[Optional()])


class AnswerForm(ReasonForm):
    """The donor's answer, with its letter: uploaded, or one of those filed since the submission."""

    dated_on = DayField(_l("Day of the letter"), validators=[Optional()])
    document_id = choice(_l("Letter on the project's file"), required=False)
    file = FileField(_l("Letter to upload"))


class RoundForm(BaseForm):
    """A funding round; without a region or a line it is for all."""

    name = line(_l("Name"))
    funding_year = WholeField(_l("Funding year"), least=1990, most=2100, validators=[InputRequired(REQUIRED)])
    region_code = choice(_l("Region"), required=False)
    line_code = choice(_l("Funding line"), required=False)
    opens_on = DayField(_l("Opens on"), validators=[InputRequired(REQUIRED)])
    cut_off_on = DayField(_l("Cut-off day"), validators=[InputRequired(REQUIRED)])


class NewRoundForm(RoundForm):
    code = line(_l("Code"), most=30)


class ChangeRoundForm(RoundForm):
    version = HiddenField()


class CloseRoundForm(BaseForm):
    version = HiddenField()


class ClearerForm(SeenForm):
    email = line(_l("E-mail address of the colleague"))


class HandOverForm(SeenForm):
    to = IntegerField()
    """The colleague's id, of the list on the page."""


class ReviewForm(SeenForm):
    """A reviewer's note and the sections a return is tied to; the checks are added by `review_form`."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    note = prose(_l("Comments, or the reason of a return"), most=NOTE)
    sections = boxes(_l("If you return it: sections to be changed"))
    do = StringField(validators=[AnyOf(["save", "clear", "clear_with_comments", "return"])])
    """Which button was pressed; the page draws the buttons."""

    def check_fields(self, code: str) -> tuple[Any, Any]:
        return self[f"{code}-answer"], self[f"{code}-note"]


class RemarkForm(BaseForm):
    """A comment on a section, or on a line of it, by their names in the frozen version."""

    section = HiddenField()
    line = HiddenField()
    text = prose(_l("Comment"), most=NOTE, required=True)


class ReadForm(BaseForm):
    number = WholeField(_l("Round"), least=1, most=1_000_000)


class WaitingFilter(BaseForm):
    class Meta:
        csrf = False

    region = SelectField(_l("Regional Office"))
    office = SelectField(_l("Office"))
    role = SelectField(_l("Role"))
    late = SelectField(_l("Time"), choices=[SelectChoice("", _l("All")), SelectChoice("yes", _l("Late only"))])


class TimesFilter(BaseForm):
    class Meta:
        csrf = False

    year = SelectField(_l("Year"))


def waiting_filter(regions: Choices, offices: Choices, roles: Choices, chosen: dict[str, str]) -> WaitingFilter:
    form = WaitingFilter(formdata=None, data=chosen)
    for field, pairs in ((form.region, regions), (form.office, offices), (form.role, roles)):
        field.choices = shown([("", _l("All")), *pairs])
    return form


def times_filter(years: Iterable[str], chosen: str) -> TimesFilter:
    form = TimesFilter(formdata=None, data={"year": chosen})
    form.year.choices = shown([("", _l("All")), *((year, year) for year in years)])
    return form


def review_form(checks: Iterable[tuple[str, str]], *, gender: bool = False) -> type[ReviewForm]:
    """The form for checks given as (code, question); `gender`: whether one of them sets the gender marker."""
    fields: dict[str, Any] = {}
    if gender:
        fields["gender_marker_code"] = choice(_l("Gender marker as you see it"), required=False)
        fields["gender_marker_reason"] = prose(_l("Reason for another gender marker"), most=2000)
    for code, question in checks:
        fields[f"{code}-answer"] = CheckField(
            question, choices=shown(ANSWERS), validate_choice=True, coerce=lambda value: value or None
        )
        fields[f"{code}-note"] = line(_l("Note"), required=False, most=2000)
    return type("ReviewFormOfRole", (ReviewForm,), fields)
