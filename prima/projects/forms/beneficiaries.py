"""The form of planned beneficiaries."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FormField

from prima.forms import RowsField, WholeField, choice
from prima.projects.forms.rows import RowForm, RowsForm, version


class GroupForm(RowForm):
    needed = ("type_code", "reach", "planned")

    type_code = choice(_l("Who"), required=False)
    reach = choice(_l("Reached"), required=False)
    sex_code = choice(_l("Sex"), required=False)
    age_code = choice(_l("Age"), required=False)
    planned = WholeField(_l("Number planned"), most=1_000_000_000)

    @property
    def is_empty(self) -> bool:
        """Sex and age stand preset."""
        typed = (self[name].raw_data for name in self.needed)
        return not any(text.strip() for data in typed for text in data or [])


class BeneficiariesForm(RowsForm):
    version = version()
    rows = RowsField(FormField(GroupForm), label=_l("Groups"))
