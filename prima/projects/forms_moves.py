"""The form of a move: why, where the table asks for it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from prima.forms import BaseForm, prose
from prima.workflow import Move


class MoveForm(BaseForm):
    note = prose(_l("Reason or remark"), most=4000)


class ReasonForm(BaseForm):
    note = prose(_l("Reason"), most=4000, required=True)


def move_form(move: Move) -> MoveForm | ReasonForm:
    return ReasonForm() if move.note == "required" else MoveForm()


