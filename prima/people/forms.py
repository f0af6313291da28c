"""What is typed about people: accounts, passwords, roles and standing in."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, PasswordField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from prima.forms import CHOOSE, REQUIRED, BaseForm, choice, line, prose
from prima.passwords import MOST
from prima.users import Scope

LETTERS_OF_AN_ADDRESS = 254
AT_MOST = Length(max=MOST, message=_l("Use at most %(max)d characters."))


def email(label: Any = _l("E-mail address")) -> Any:
    return line(label, most=LETTERS_OF_AN_ADDRESS, render_kw={"inputmode": "email", "spellcheck": "false"})


def secret(label: Any) -> PasswordField:
    """A password as it was typed: blanks at its ends belong to it."""
    return PasswordField(label, validators=[InputRequired(REQUIRED), AT_MOST])


def day(label: Any) -> DateField:
    return DateField(label, validators=[InputRequired(REQUIRED)])


class SignInForm(BaseForm):
    email = email()
    password = secret(_l("Password"))


class ForgottenForm(BaseForm):
    email = email()


def secret_again() -> PasswordField:
    same = EqualTo("password", _l("The two are not the same. Type the new password twice."))
    return PasswordField(_l("The new password again"), validators=[InputRequired(REQUIRED), same])


class NewPasswordForm(BaseForm):
    password = secret(_l("New password"))
    again = secret_again()


class ChangePasswordForm(BaseForm):
    current = secret(_l("Your password now"))
    password = secret(_l("New password"))
    again = secret_again()


class PersonForm(BaseForm):
    name = line(_l("Name"), most=120)
    email = email()
    staff = BooleanField(_l("Staff of the organization"))


class ChangePersonForm(PersonForm):
    version = HiddenField()


class ReasonForm(BaseForm):
    reason = prose(_l("Reason"), required=True, most=1000)


class OptionalReasonForm(BaseForm):
    reason = prose(_l("Reason"), most=1000)


class GrantForm(BaseForm):
    role = choice(_l("Role"))
    scope = RadioField(_l("Where it counts"), validators=[DataRequired(CHOOSE)])
    region_code = choice(_l("Regional Office"), required=False)
    office_id = choice(_l("Office"), required=False)
    areas = SelectMultipleField(
        _l("Areas of work"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validate_choice=True
    )
    reason = prose(_l("Reason"), most=1000)

    SCOPES = (
        SelectChoice(Scope.OFFICE.value, _l("At one office")),
        SelectChoice(Scope.REGION.value, _l("At a Regional Office, for all of its region")),
        SelectChoice(Scope.ORGANIZATION.value, _l("In the whole organization")),
    )


class DelegationForm(BaseForm):
    email = email(_l("E-mail address of the colleague who stands in"))
    role = choice(_l("In which role"), required=False)
    from_on = day(_l("First day"))
    until_on = day(_l("Last day"))
    reason = line(_l("Reason"), required=False)


class SearchForm(BaseForm):
    """Words to look for in a list; they are read from the address."""

    q = line(_l("Name or code"), required=False, most=100)

    class Meta:
        csrf = False


class FilterForm(BaseForm):
    """What narrows the list of people; it is read from the address."""

    q = line(_l("Name or e-mail address"), required=False, most=100)
    role = choice(_l("Role"), required=False)
    state = choice(_l("Account"), required=False)

    class Meta:
        csrf = False


class DonorForm(BaseForm):
    name = line(_l("Name"), most=200)
    kind = choice(_l("Kind"))
    eu_money = BooleanField(_l("Its money comes from the European Union"))


class NewDonorForm(BaseForm):
    code = line(_l("Code"), most=20)
    name = line(_l("Name"), most=200)
    kind = choice(_l("Kind"))
    eu_money = BooleanField(_l("Its money comes from the European Union"))


class ChangeDonorForm(DonorForm):
    version = HiddenField()
