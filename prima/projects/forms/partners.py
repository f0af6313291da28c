"""The form of partners."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FormField

from prima.forms import RowsField, choice, line
from prima.projects.forms.rows import RowForm, RowsForm


class PartnerForm(RowForm):
    needed = ("name",)

    name = line(_l("Partner"), required=False)
    role = line(_l("Role"), required=False)
    agreement = choice(_l("Agreement"), required=False)
    agreement_reference = line(_l("Reference"), required=False)

    @property
    def is_empty(self) -> bool:
        """The agreement stands preset."""
        typed = (self[name].raw_data for name in ("name", "role", "agreement_reference"))
        return self.row.data is None and not any(text.strip() for data in typed for text in data or [])


class PartnersForm(RowsForm):
    partners = RowsField(FormField(PartnerForm), label=_l("Partners"))
