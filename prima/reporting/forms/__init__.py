"""The forms of activation, closing and reports; a report's form is made from what the edition asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError
from wtforms.widgets import TextInput

from prima.forms import CHOOSE, REQUIRED, BaseForm, DayField, MoneyField, WholeField, choice, line, prose, trimmed
from prima.reporting.rules import remark_field

MOST_LETTERS = 200_000
"""Beyond the edition's limits text is kept and only not submitted; this bounds what a page can hold."""


MOST_PEOPLE = 1_000_000_000


class ActivationForm(BaseForm):
    project_type_code = choice(_l("Project type"))
    """Asked only of a project whose source stated none; the project ID begins with its prefix."""
    starts_on = DayField(_l("Start"), validators=[InputRequired(REQUIRED)])
    ends_on = DayField(_l("End"), validators=[InputRequired(REQUIRED)])
    manager = line(_l("Manager's e-mail address"))
    alternate = line(_l("Alternate manager's e-mail address"))
    focal_point = line(_l("Government focal point"))
    focal_point_contact = line(_l("How to reach the focal point"), required=False)


class DonorActivationForm(ActivationForm):
    interim_every_months = IntegerField(
        _l("Months between interim reports, as agreed with the donor"),
        validators=[Optional(), NumberRange(0, 60, _l("Please give a number of months from 0 to 60."))],
        widget=TextInput(),
    )
    evaluation_agreed = BooleanField(_l("An ex-post evaluation is agreed with the donor"))


class DueDateForm(BaseForm):
    due_on = DayField(_l("New due date"), validators=[InputRequired(REQUIRED)])
    reason = prose(_l("Reason"), required=True, most=4000)
    seen = HiddenField()


class TakeBackForm(BaseForm):
    reason = prose(_l("Reason"), required=True, most=4000)


class AskedForm(BaseForm):
    name = line(_l("Name of the report"), most=120)
    kind = choice(_l("Kind of report"))
    due_on = DayField(_l("Due on"), validators=[InputRequired(REQUIRED)])
    period_from = DayField(_l("First day of its period"), validators=[Optional()])
    period_to = DayField(_l("Last day of its period"), validators=[Optional()])
    reason = prose(_l("Reason"), required=True, most=4000)


class DecisionForm(BaseForm):
    """What is decided on a report; `decision_form` adds a remark for each part that a return can be tied to."""

    version = HiddenField()
    note = prose(_l("Remark"), most=4000)
    sent_on = DayField(_l("Sent to the donor on"), validators=[Optional()])

    parts: tuple[str, ...] = ()

    @property
    def remarks(self) -> dict[str, str]:
        """What has to be changed, by part."""
        return {code: self.data[remark_field(code)] or "" for code in self.parts}


class CalendarForm(BaseForm):
    scope = RadioField(_l("Which deadlines"), validators=[InputRequired(CHOOSE)])
    project = line(_l("Project ID or reference"), required=False, most=40)
    region = choice(_l("Regional Office"), required=False)


def calendar_form(
    scopes: Sequence[tuple[str, str]], regions: Sequence[tuple[str, str]], data: dict[str, Any] | None = None
) -> CalendarForm:
    """Asks for a Regional Office only where there is one to choose."""
    form = CalendarForm(data=data)
    form.scope.choices = list(scopes)
    form.region.choices = [("", _l("Please choose")), *regions]
    if not regions:
        del form.region
    return form


class OversightFilter(BaseForm):
    """Above lists of reminders and of what is overdue; each list has some of the fields."""

    class Meta:
        csrf = False

    region = SelectField(_l("Regional Office"))
    office = line(_l("Office"), required=False, most=200, render_kw={"placeholder": _l("code or name")})
    person = line(_l("Person"), required=False, most=200, render_kw={"placeholder": _l("name or e-mail")})
    about = SelectField(_l("Reminder of"))
    days = SelectField(_l("Written within"))
    age = SelectField(_l("How late"))

    fields = ("region", "office", "person", "about", "days", "age")


WITHIN = (7, 30, 90, 366)


def oversight_filter(
    names: Sequence[str],
    chosen: Mapping[str, Any],
    *,
    regions: Sequence[tuple[str, str]] = (),
    kinds: Sequence[tuple[str, str]] = (),
    ages: Sequence[tuple[str, str]] = (),
) -> OversightFilter:
    """Shows what is chosen; a number of days that no choice offers is offered too."""
    form = OversightFilter(formdata=None, data={name: str(chosen[name] or "") for name in names})
    every = SelectChoice("", str(_l("All")))
    none = SelectChoice("none", str(_l("No Regional Office")))
    within = sorted({*WITHIN, *([chosen["days"]] if chosen.get("days") else [])})
    days = [(str(number), ngettext("%(num)s day", "%(num)s days", number)) for number in within]
    form.region.choices = [every, *(SelectChoice(*one) for one in regions), none]
    form.about.choices = [every, *(SelectChoice(*one) for one in kinds)]
    form.days.choices = [every, *(SelectChoice(*one) for one in days)]
    form.age.choices = [every, *(SelectChoice(*one) for one in ages)]
    for name in OversightFilter.fields:
        if name not in names:
            delattr(form, name)
    return form


def decision_form(parts: Sequence[tuple[str, str]], version: int) -> Any:
    """The form of a decision on a report with these parts (code, title); it knows which version the person has read."""
    fields: dict[str, Any] = {remark_field(code): prose(title, most=4000) for code, title in parts}
    fields["parts"] = tuple(code for code, _title in parts)
    made: type[DecisionForm] = type("ReportDecisionForm", (DecisionForm,), fields)
    return made(data={"version": str(version)})


class LessonFields(BaseForm):
    """A lesson, challenge or good practice to be recorded with the report; nothing typed, nothing recorded."""

    lesson_kind = choice(_l("Kind"))
    lesson_title = line(_l("Title"), required=False)
    lesson_happened = prose(_l("What happened"), most=4000)
    lesson_why = prose(_l("Why"), most=4000)
    lesson_advice = prose(_l("Advice"), most=4000)

    @property
    def lesson(self) -> dict[str, str]:
        return {name: self.data[f"lesson_{name}"] or "" for name in ("kind", "title", "happened", "why", "advice")}

    @property
    def has_lesson(self) -> bool:
        return any(text for name, text in self.lesson.items() if name != "kind")

    def validate_lesson_title(self, field: Any) -> None:
        self._needed(field)

    def validate_lesson_happened(self, field: Any) -> None:
        self._needed(field)

    def _needed(self, field: Any) -> None:
        if self.has_lesson and not field.data:
            raise ValidationError(_l("Please fill this in, or leave all of the lesson empty."))


def report_form(
    texts: Sequence[tuple[str, str]],
    counts: Sequence[tuple[str, str]],
    amounts: Sequence[tuple[str, str]],
    data: dict[str, Any],
    kinds: Sequence[tuple[str, str]] = (),
) -> Any:
    """A form with a text, number or amount for each (field name, label); `data` is what it begins with.

    With `kinds` a lesson of one of them can be recorded too.
    """
    fields: dict[str, Any] = {"version": HiddenField()}
    for name, label in texts:
        fields[name] = prose(label, most=MOST_LETTERS)
    for name, label in counts:
        fields[name] = WholeField(label, most=MOST_PEOPLE, validators=[Optional()])
    for name, label in amounts:
        fields[name] = MoneyField(label, validators=[Optional()])
    made = type("ReportForm", (LessonFields,) if kinds else (BaseForm,), fields)
    form = made(data=data)
    if kinds:
        form.lesson_kind.choices = [SelectChoice(code, name) for code, name in kinds]
    return form


class SpendingForm(BaseForm):
    """A spreadsheet of finance."""

    file = FileField(_l("Spreadsheet of finance"))


class TakeOverForm(BaseForm):
    """What a preview keeps of the spreadsheet, under our seal."""

    kept = HiddenField(filters=[trimmed])
