"""The currency in which a budget is written, and the rate at which its total stands in USD."""

from __future__ import annotations

from flask_babel import gettext as _

from prima import clock
from prima.errors import Conflict, Difference, Invalid
from prima.projects import rules
from prima.projects.models import Part, Project
from prima.projects.operations.budget import take_rate, total
from prima.projects.operations.drafting import last_writer, opened, session_of, written
from prima.projects.operations.moves import take_part
from prima.rates import USD, rate_on
from prima.users import User


def choose_currency(project: Project, *, actor: User, version: int, currency: str) -> bool:
    """Write the budget in another currency; False when it is the same. Raises Conflict.

    The amounts stay as they were typed: nothing is converted, only the total in USD is computed anew.
    """
    project = opened(project, actor=actor)
    before = project.currency
    if currency == before:
        return False
    if project.budget_version != version:
        difference = Difference(_("Currency"), before, currency, "currency")
        raise Conflict(last_writer(project, "budget"), project.budget_version, [difference])
    only = rules.only_currency(project)
    if only and currency != only:
        raise Invalid("currency", project.edition.handbook.say_rule("CURRENCY", funding=project.funding.value))
    if currency != USD and rate_on(session_of(project), currency, clock.today()) is None:
        raise Invalid("currency", _("No rate is known for this currency. Please choose another."))
    with session_of(project).no_autoflush:  # both totals change with the currency, at once
        project.currency = currency
        take_rate(project)
        project.total(project.budget)
    now = total(project)
    take_part(project, actor, Part.AUTHOR)
    written(
        project,
        "budget",
        actor=actor,
        version=project.budget_version,
        total=[now, now],
        currency=[before, currency],
        rate=project.rate,
    )
    return True
