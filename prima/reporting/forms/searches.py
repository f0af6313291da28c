"""The forms of what a person keeps of the list of projects."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from prima.forms import BaseForm, line

LONGEST_NAME = 100


class SearchForm(BaseForm):
    name = line(_l("Name of the search"), most=LONGEST_NAME)
    weekly = BooleanField(_l("Tell me of it by mail every Monday"))
    query = HiddenField()


class ChangeForm(BaseForm):
    name = line(_l("Name of the search"), most=LONGEST_NAME)
    weekly = BooleanField(_l("Tell me of it by mail every Monday"))


class DeleteForm(BaseForm):
    pass


class ColumnsForm(BaseForm):
    columns = SelectMultipleField(
        _l("Columns"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), coerce=str
    )


def columns_form(offered: list[tuple[str, Any]], shown: list[str]) -> ColumnsForm:
    form = ColumnsForm(data={"columns": shown})
    form.columns.choices = [SelectChoice(name, label) for name, label in offered]
    return form
