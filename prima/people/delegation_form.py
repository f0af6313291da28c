"""The form of standing in, as the absent person and administrators fill it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms.fields.choices import SelectChoice

from prima import clock
from prima.people import delegations, queries
from prima.people import names as called
from prima.people.forms import DelegationForm
from prima.users import Delegation, Role, User


def delegation_form(absent: User) -> DelegationForm:
    """The form for somebody's absence, with the roles that can be lent."""
    names = called.load()
    form = DelegationForm()
    form.role.choices = [
        SelectChoice("", _l("All of these roles")),
        *(SelectChoice(role.value, names.role(role)) for role in delegations.lent(absent)),
    ]
    if not form.is_submitted():
        form.from_on.data = clock.today()
    return form


def make_delegation(form: DelegationForm, absent: User, *, actor: User) -> Delegation:
    values = form.values("email", "role")
    return delegations.delegate(
        absent,
        actor=actor,
        delegate=queries.by_email(form.email.data),
        role=Role(form.role.data) if form.role.data else None,
        **values,
    )
