"""The form of a closure checklist, made from what the edition asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from wtforms import BooleanField, HiddenField

from prima.forms import BaseForm, line


def checklist_form(seen: str, items: Sequence[tuple[str, str]], data: dict[str, Any]) -> BaseForm:
    """A tick and a note for each (field name, text); `data` is what it begins with.

    `seen` names the field that tells what was confirmed when the page was drawn: two checklists stand on one page.
    """
    fields: dict[str, Any] = {seen: HiddenField()}
    for name, text in items:
        fields[name] = BooleanField(text)
        fields[f"{name}_note"] = line(_("Note on: %(line)s", line=text), required=False)
    made: type[BaseForm] = type("ChecklistForm", (BaseForm,), fields)
    return made(data=data)
