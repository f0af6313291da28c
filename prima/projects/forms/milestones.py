"""The form of milestones."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FormField

from prima.forms import DayField, RowsField, line
from prima.projects.forms.rows import RowForm, RowsForm


class MilestoneForm(RowForm):
    needed = ("name", "planned_on")

    name = line(_l("Milestone"), required=False)
    planned_on = DayField(_l("Planned day"))
    done_on = DayField(_l("Done on"))
    evidence = line(_l("Evidence"), required=False)


class MilestonesForm(RowsForm):
    milestones = RowsField(FormField(MilestoneForm), label=_l("Milestones"))
