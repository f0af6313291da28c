"""Which rooms the house has: blueprints, their tables of rights, and the menu. Read by create_app alone."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import lazy_gettext as _l

from prima import home, signin
from prima.desk import Duty
from prima.frame import Count, MenuItem
from prima.overview import Teller
from prima.permissions import Action
from prima.projects import overview as project_overview
from prima.projects import rights as project_rights
from prima.projects.views import moves, process, show
from prima.users import User

BLUEPRINTS = (signin.bp, home.bp, show.bp, moves.bp, process.bp)
RIGHTS = (project_rights.RIGHTS,)
MENU: tuple[MenuItem, ...] = (
    MenuItem(_l("On my desk"), "home.show", Action.SIGNED_IN, "desk"),
    MenuItem(_l("Handbook"), "process.handbook", Action.SIGNED_IN),
)
ACCOUNT: tuple[MenuItem, ...] = ()
SEARCH = ""
TELLERS: tuple[Teller, ...] = (project_overview.tell,)
"""What each package tells on the project page, in the order shown."""
DESKS: tuple[Callable[[User], list[Duty]], ...] = (project_overview.desk,)
"""What each package puts on a person's desk."""
COUNTS: dict[str, Count] = {"desk": home.count}
