"""The form of the risk plan."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FormField

from prima.forms import DayField, RowsField, choice, line, prose
from prima.projects.forms.rows import RowForm, RowsForm


class RiskForm(RowForm):
    needed = ("factor",)

    factor = prose(_l("Risk factor"), most=2000)
    consequence_code = choice(_l("Consequence"), required=False)
    likelihood_code = choice(_l("Likelihood"), required=False)
    timing = line(_l("Timing"), required=False)
    treatment_code = choice(_l("Treatment"), required=False)
    action = prose(_l("Action"), most=2000)
    owner = line(_l("Owner"), required=False)
    due_on = DayField(_l("Due day"))


class RisksForm(RowsForm):
    risks = RowsField(FormField(RiskForm), label=_l("Risks"))
