"""The forms of written sections and of justifications."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import Form, FormField, HiddenField

from prima.forms import BaseForm, RowsField, prose
from prima.projects.forms.rows import version


class SectionForm(BaseForm):
    """The limit of letters is the edition's; the operation says when it is passed."""

    version = version()
    text = prose(_l("Text"), most=4_000_000)


class JustificationRow(Form):
    code = HiddenField()
    text = prose(_l("Justification"), most=4000)


class JustificationsForm(BaseForm):
    version = version()
    rows = RowsField(FormField(JustificationRow))
