"""The forms of the team."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from prima.forms import BaseForm, line
from prima.projects.forms.rows import as_number


class DeveloperForm(BaseForm):
    email = line(_l("E-mail address"))


class LeaveForm(BaseForm):
    user_id = HiddenField(filters=[as_number])
