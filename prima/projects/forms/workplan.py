"""The form of the workplan: months are typed as "1-3, 7"."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FormField, StringField

from prima import months
from prima.forms import LETTERS_OF_A_LINE, RowsField, line
from prima.projects.forms.rows import RowForm, RowsForm

LETTERS_SHOWN = 20
"""Of a piece that names no months, so that the message stays a sentence."""
SAYS = {
    months.NO_MONTH: _l("“%(part)s” is no month. Please type months such as 1-3, 7."),
    months.NOT_BEFORE_1: _l("Months begin with 1, the first of the project: please mend “%(part)s”."),
    months.TOO_LATE: _l("A project has at most %(most)s months: please mend “%(part)s”."),
    months.REVERSED: _l("“%(part)s” ends before it begins. Please type the first month first."),
}


class MonthsField(StringField):
    """Months of the project; `data` says them in one way, however they were typed."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = valuelist[0] if valuelist else ""
        self.data = ""
        if len(typed) > LETTERS_OF_A_LINE:
            raise ValueError(_l("At most %(max)d characters fit here. Please shorten it.", max=LETTERS_OF_A_LINE))
        try:
            self.data = months.say(months.read(typed))
        except months.NotMonths as wrong:
            part = "".join(letter if letter.isprintable() else "?" for letter in wrong.part[:LETTERS_SHOWN])
            part += "…" if len(wrong.part) > LETTERS_SHOWN else ""
            raise ValueError(SAYS[wrong.why] % {"part": part, "most": months.MOST_MONTHS}) from None

    def _value(self) -> str:
        """What was typed stays while it is wrong."""
        return str(self.raw_data[0]) if self.raw_data else str(self.data or "")


class ActivityForm(RowForm):
    responsible = line(_l("Responsible party"), required=False)
    months = MonthsField(_l("Months"))


class WorkplanForm(RowsForm):
    rows = RowsField(FormField(ActivityForm), label=_l("Activities"))
