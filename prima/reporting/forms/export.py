"""Forms of an export: which sheets, and in which form."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import InputRequired

from prima.endorsement.forms import boxes, shown
from prima.forms import CHOOSE, BaseForm

EXCEL, CSV = "xlsx", "zip"
FORMATS = ((EXCEL, _l("Excel workbook (.xlsx)")), (CSV, _l("CSV, a file for each sheet in one zip")))


class ExportForm(BaseForm):
    sheets = boxes(_l("Sheets"))
    format = RadioField(_l("Format"), choices=shown(FORMATS), validators=[InputRequired(CHOOSE)], default=EXCEL)
