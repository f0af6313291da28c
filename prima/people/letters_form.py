"""The form in which people choose how, in which language and at which hour of which place PRIMA writes to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from prima.forms import CHOOSE, BaseForm, choice
from prima.languages import OF_LETTERS
from prima.letters import FREE, WAYS, Way
from prima.reference import reader
from prima.users import User


class LettersForm(BaseForm):
    language = choice(_l("Language of your letters"))
    time_zone = choice(_l("Time zone"), required=False)


for _topic in FREE.values():
    _choices = [SelectChoice(way.value, WAYS[way]) for way in _topic.ways]
    setattr(
        LettersForm, _topic.code, RadioField(_topic.name, choices=_choices, validators=[InputRequired(CHOOSE)])
    )  # fmt: skip


@cache
def places() -> tuple[str, ...]:
    """The time zones of the countries where the organization may work."""
    return tuple(sorted({line["time_zone"] for line in reader.rows("time_zones.csv")} | {"UTC"}))


def letters_form(person: User, ways: Mapping[str, Way], office_zone: str) -> LettersForm:
    data = {"language": person.locale, "time_zone": person.time_zone, **{code: way.value for code, way in ways.items()}}
    form = LettersForm(data=data)
    form.language.choices = [SelectChoice(code, name) for code, name in OF_LETTERS.items()]
    zones = sorted({*places(), *filter(None, [person.time_zone])})
    form.time_zone.choices = [
        SelectChoice("", _("That of my office: %(zone)s", zone=office_zone)),
        *(SelectChoice(zone, zone.replace("_", " ")) for zone in zones),
    ]
    return form


def chosen(form: LettersForm) -> dict[str, Way]:
    return {code: Way(form[code].data) for code in FREE}
