"""The forms of comments on a section: writing one, and resolving or opening one again."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from prima.forms import BaseForm, choice, prose


class CommentForm(BaseForm):
    section = choice(_l("Section"))
    text = prose(_l("Comment"), most=4000, required=True)
    back = HiddenField()
    """The page it was written on."""


class ReplyForm(BaseForm):
    text = prose(_l("Reply"), most=4000, required=True)
    back = HiddenField()


class SettleForm(BaseForm):
    back = HiddenField()
