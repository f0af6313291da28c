"""The forms of a concept and of a cover."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectChoice, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from prima.forms import CHOOSE, REQUIRED, BaseForm, NumberField, WholeField, choice, line, prose
from prima.months import MOST_MONTHS
from prima.projects.forms.rows import version
from prima.projects.stages import Funding


class IdeaForm(BaseForm):
    """What a concept and a cover share."""

    title = line(_l("Title"))
    project_type_code = choice(_l("Project type"))
    countries = SelectMultipleField(_l("Countries"), validators=[InputRequired(_l("Please choose at least one."))])
    funding = RadioField(
        _l("Who is to pay"),
        choices=[SelectChoice(Funding.FUND, _l("The Fund")), SelectChoice(Funding.DONOR, _l("A donor"))],
        coerce=lambda value: Funding(value) if value in set(Funding) else None,
        validators=[InputRequired(CHOOSE)],
    )
    donor_code = choice(_l("Donor"), required=False)
    funding_year = WholeField(_l("Funding year"), least=1990, most=2100, validators=[InputRequired(REQUIRED)])
    office_id = choice(_l("Management site"))
    summary = prose(_l("Summary"), most=4000)

    def values(self, *leave_out: str) -> dict[str, Any]:
        found = super().values(*leave_out)
        return {**found, "office_id": int(self.office_id.data)} if "office_id" in found else found


class ConceptForm(IdeaForm):
    pass


class CoverForm(IdeaForm):
    version = version()
    requesting = SelectMultipleField(_l("States that asked for the project"))
    secondary_type_code = choice(_l("Secondary project type"), required=False)
    fund_line_code = choice(_l("Funding line"), required=False)
    focus_area_code = choice(_l("Focus area"), required=False)
    agreement = line(_l("Agreement with the donor"), required=False)
    overhead_percent = NumberField(
        _l("Overhead rate"), most=100, decimals=2, validators=[Optional()], render_kw={"inputmode": "decimal"}
    )
    executing_agency = line(_l("Executing agency"), required=False)
    duration_months = WholeField(_l("Planned duration in months"), least=1, most=MOST_MONTHS, validators=[Optional()])
