"""The form of a copy."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from prima.forms import BaseForm, choice, line


class CopyForm(BaseForm):
    title = line(_l("Title"))
    office_id = choice(_l("Management site"))

    def values(self, *leave_out: str) -> dict[str, Any]:
        return {**super().values(*leave_out), "office_id": int(self.office_id.data)}
