"""The form by which a document is filed."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms.validators import ValidationError

from prima.forms import BaseForm, choice, line


class DocumentForm(BaseForm):
    type_code = choice(_l("Type of document"))
    country_code = choice(_l("State that wrote it"), required=False)
    title = line(_l("Title"), required=False)
    file = FileField(_l("File"))

    def validate_file(self, field: FileField) -> None:
        if not (field.data and getattr(field.data, "filename", "")):
            raise ValidationError(_l("Please choose a file."))
