"""The parts of a page: labels, hints and errors tied to their control, states in words, messages that are announced."""

from datetime import date
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from jinja2 import StrictUndefined
from wtforms import (
    BooleanField,
    DecimalField,
    FieldList,
    FileField,
    Form,
    FormField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from prima import filters, languages

TODAY = date(2016, 10, 1)


class LineForm(Form):
    amount = DecimalField("Amount", [InputRequired("Give the amount.")])


class SampleForm(Form):
    title = StringField("Title", [InputRequired("Give a title.")])
    kind = SelectField("Kind", choices=[SelectChoice("a", "A")], validate_choice=False)
    funding = RadioField(
        "Funding",
        [InputRequired("Say who pays.")],
        choices=[SelectChoice("fund", "The Fund"), SelectChoice("donor", "A donor")],
    )
    text = TextAreaField("Text")
    letter = FileField("Letter")
    agreed = BooleanField("Agreed")
    lines = FieldList(FormField(LineForm), min_entries=1)


@pytest.fixture
def drawn():
    """Draw a piece of template as a page would."""
    app = Flask("prima", template_folder="templates", root_path=filters.__file__.rsplit("/", 1)[0])
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    languages.Speech(app)
    filters.register(app)

    def draw(source, **given):
        with app.test_request_context():
            return BeautifulSoup(app.jinja_env.from_string(source).render(**given), "lxml")

    return draw


@pytest.fixture
def form():
    form = SampleForm()
    form.validate()
    return form


FORMS = '{% from "macros/forms.html" import error_summary, field, submit %}'


def test_the_summary_leads_to_every_field_that_is_wrong(drawn, form):
    page = drawn(
        FORMS + "{{ error_summary(form) }}{% for one in form %}{{ field(one) if one.name != 'lines' }}{% endfor %}",
        form=form,
    )
    assert [link["href"] for link in page.select(".error-summary a")] == ["#title", "#funding-0", "#lines-0-amount"]
    assert page.select_one("#title") and page.select_one("#funding-0")


def test_no_error_no_summary(drawn):
    assert drawn(FORMS + "{{ error_summary(form) }}", form=SampleForm()).get_text(strip=True) == ""


def test_a_refusal_without_a_field_stands_in_the_summary(drawn, form):
    form.form_errors = ["Somebody else has it."]
    assert "Somebody else has it." in drawn(FORMS + "{{ error_summary(form) }}", form=form).get_text()


def test_hint_error_and_word_count_describe_the_control(drawn, form):
    control = drawn(FORMS + "{{ field(form.title, hint='Short.') }}", form=form).select_one("#title")
    assert control["aria-describedby"].split() == ["title-hint", "title-error"]
    assert control["aria-invalid"] == control["aria-required"] == "true"
    text = drawn(FORMS + "{{ field(form.text, words=400, rows=9) }}", form=form).select_one("textarea")
    assert (text["data-words"], text["rows"], text["aria-describedby"]) == ("400", "9", "text-words")


def test_a_plain_control_carries_no_empty_attributes(drawn, form):
    control = drawn(FORMS + "{{ field(form.kind) }}", form=form).select_one("select")
    assert not {"aria-describedby", "aria-invalid", "required", "data-words"} & set(control.attrs)


def test_choices_stand_in_a_fieldset_with_a_legend(drawn, form):
    page = drawn(FORMS + "{{ field(form.funding) }}", form=form)
    assert page.select_one("fieldset > legend").get_text() == "Funding"
    assert [label["for"] for label in page.select("label")] == ["funding-0", "funding-1"]


def test_an_amount_shows_its_unit_and_keeps_what_was_typed(drawn):
    form = SampleForm(data={"lines": [{"amount": Decimal("12.50")}]})
    page = drawn(FORMS + "{{ field(form.lines[0].form.amount, unit='USD') }}", form=form)
    assert page.select_one("input")["inputmode"] == "decimal"
    assert page.select_one("input")["value"] == "12.50"
    assert page.select_one(".input-group-text").get_text() == "USD"


def test_a_late_date_says_so_in_words(drawn):
    macro = '{% from "macros/status.html" import due_text %}{{ due_text(due, today) }}'
    assert drawn(macro, due=date(2016, 9, 28), today=TODAY).get_text() == "28 Sep 2016, 3 days late"
    assert drawn(macro, due=None, today=TODAY).get_text() == "no date"


def test_messages_are_announced_and_escaped(drawn):
    macro = '{% from "macros/messages.html" import messages %}{{ messages(pairs) }}'
    page = drawn(macro, pairs=[("message", "Saved <b>."), ("danger", "Not saved.")])
    assert [one["role"] for one in page.select(".message")] == ["status", "alert"]
    assert "Saved <b>." in page.get_text()


def test_a_message_that_says_done_itself_is_not_announced_twice(drawn):
    macro = '{% from "macros/messages.html" import messages %}{{ messages(pairs) }}'
    page = drawn(macro, pairs=[("success", "Done: Accept."), ("success", "Saved.")])
    assert [one.get_text(" ", strip=True) for one in page.select(".message")] == ["Done: Accept.", "Done: Saved."]


def test_the_stage_of_a_project_is_marked(drawn):
    macro = '{% from "macros/processmap.html" import stage_strip %}{{ stage_strip(["A", "B", "C"], "B") }}'
    page = drawn(macro)
    assert page.select_one("[aria-current=step]").get_text() == "B"
    assert [one.get_text() for one in page.select(".done")] == ["A"]


def test_the_data_of_a_chart_cannot_end_its_script(drawn):
    macro = '{% from "macros/charts.html" import chart %}'
    call = '{% call chart("a", "T", "D", figure) %}<table></table>{% endcall %}'
    page = drawn(macro + call, figure={"data": [{"name": "</script><b>"}]})
    assert page.select_one("script#a-figure")
    assert not page.select("b")
