"""The forms of an evaluation: its terms, ratings, findings, recommendations, the response and the follow-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FormField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from prima.forms import BaseForm, DayField, RowsField, choice, line, prose
from prima.projects.forms.rows import PickField, RowForm, RowsForm, as_number, version

LETTERS = 10_000


class TermsForm(BaseForm):
    version = version()
    evaluator = line(_l("Evaluator's e-mail address"), required=False)
    terms = prose(_l("Terms of reference"))
    terms_document_id = choice(_l("Terms of reference on file"), required=False)
    starts_on = DayField(_l("The evaluation starts on"), validators=[Optional()])

    @property
    def result(self) -> dict[str, Any]:
        return {**self.values(), "terms_document_id": as_number(self.terms_document_id.data)}


def ratings_form(
    criteria: Sequence[tuple[str, str, str]], words: Sequence[tuple[str, str]], data: Mapping[str, Any]
) -> BaseForm:
    """A word and the reason for it by each criterion (field of the word, field of the reason, name)."""
    fields: dict[str, Any] = {"version": version()}
    offered = [SelectChoice("", _("Not rated yet")), *(SelectChoice(code, name) for code, name in words)]
    for rating, why, name in criteria:
        fields[rating] = choice(name, required=False, choices=offered)
        fields[why] = prose(_("Why: %(criterion)s", criterion=name), most=LETTERS)
    made: type[BaseForm] = type("RatingsForm", (BaseForm,), fields)
    return made(data={name: value or "" for name, value in data.items()})


class FindingForm(RowForm):
    needed = ("text",)

    text = prose(_l("Finding"), most=LETTERS)
    criterion = PickField(_l("Criterion"))


class FindingsForm(RowsForm):
    findings = RowsField(FormField(FindingForm), label=_l("Findings"))


class RecommendationForm(RowForm):
    needed = ("text",)

    text = prose(_l("Recommendation"), most=LETTERS)


class RecommendationsForm(RowsForm):
    recommendations = RowsField(FormField(RecommendationForm), label=_l("Recommendations"))


class ResponseForm(BaseForm):
    version = version()
    response = choice(_l("Response"))
    response_text = prose(_l("Response in words"), most=LETTERS)
    owner = line(_l("Owner's e-mail address"), required=False)
    due_on = DayField(_l("Done until"), validators=[Optional()])


class FollowUpForm(BaseForm):
    version = version()
    follow_up = choice(_l("State"))
    note = prose(_l("How far it is"), most=LETTERS)
