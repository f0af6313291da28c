"""Which rooms the house has: blueprints, their tables of rights, and the menu. Read by create_app alone."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import lazy_gettext as _l

from prima import account, home, letterbox, notifications, signin
from prima.administration.views import delegations, donors, grants, oversight, people, scheduler
from prima.desk import Shelf, whole
from prima.endorsement import overview as endorsement_overview
from prima.endorsement import queries as endorsement_queries
from prima.endorsement import rights as endorsement_rights
from prima.endorsement.views import (
    claims,
    clearances,
    comparison,
    deciding,
    endorsement,
    funding_rounds,
    record,
    waiting,
)
from prima.following import Following
from prima.frame import Count, MenuItem
from prima.lessons import LessonsOf
from prima.overview import Teller
from prima.people import desk as people_desk
from prima.permissions import Action
from prima.projects import overview as project_overview
from prima.projects import rights as project_rights
from prima.projects.models import Project
from prima.projects.views import (
    allocation,
    beneficiaries,
    budget,
    changes,
    classification,
    closure,
    comments,
    concept,
    copies,
    cover,
    currency,
    documents,
    indicators,
    matrix,
    milestones,
    moves,
    papers,
    partners,
    process,
    proposal,
    readiness,
    risks,
    sections,
    sheet,
    show,
    similar,
    team,
    workplan,
)
from prima.reporting import operations as reporting_operations
from prima.reporting import overview as reporting_overview
from prima.reporting import queries as reporting_queries
from prima.reporting import rights as reporting_rights
from prima.reporting.reminders import oversight as reminders_oversight
from prima.reporting.views import (
    activation,
    analysis,
    calendars,
    compare,
    dashboard,
    dashboards,
    deadlines,
    due_dates,
    evaluation,
    export,
    lessons,
    library,
    listing,
    monitoring,
    progress,
    reached,
    reports,
    risk_reviews,
    search,
    searches,
    spending,
    timeline,
)
from prima.reporting.views import oversight as reminding
from prima.road import Roads

BLUEPRINTS = (
    signin.bp,
    account.bp,
    notifications.bp,
    letterbox.bp,
    people.bp,
    grants.bp,
    delegations.bp,
    donors.bp,
    oversight.bp,
    scheduler.bp,
    home.bp,
    show.bp,
    moves.bp,
    process.bp,
    concept.bp,
    copies.bp,
    similar.bp,
    proposal.bp,
    cover.bp,
    classification.bp,
    sections.bp,
    partners.bp,
    beneficiaries.bp,
    matrix.bp,
    indicators.bp,
    workplan.bp,
    risks.bp,
    budget.bp,
    currency.bp,
    sheet.bp,
    allocation.bp,
    documents.bp,
    papers.bp,
    team.bp,
    milestones.bp,
    changes.bp,
    readiness.bp,
    comments.bp,
    closure.bp,
    endorsement.bp,
    deciding.bp,
    clearances.bp,
    claims.bp,
    waiting.bp,
    record.bp,
    comparison.bp,
    funding_rounds.bp,
    listing.bp,
    searches.bp,
    search.bp,
    dashboard.bp,
    dashboards.bp,
    export.bp,
    timeline.bp,
    analysis.bp,
    compare.bp,
    activation.bp,
    reports.bp,
    monitoring.bp,
    progress.bp,
    risk_reviews.bp,
    reached.bp,
    deadlines.bp,
    due_dates.bp,
    spending.bp,
    evaluation.bp,
    lessons.bp,
    library.bp,
    calendars.bp,
    reminding.bp,
)
RIGHTS = (project_rights.RIGHTS, reporting_rights.RIGHTS, endorsement_rights.RIGHTS)
MENU: tuple[MenuItem, ...] = (
    MenuItem(_l("On my desk"), "home.show", Action.SIGNED_IN, "desk"),
    MenuItem(_l("Projects"), "listing.index", Action.SIGNED_IN),
    MenuItem(
        _l("Dashboards"), "dashboard.show", Action.SEE_FIGURES, rooms=("dashboards", "timeline", "analysis", "compare")
    ),
    MenuItem(_l("What waits"), "waiting.index", Action.SEE_FIGURES),
    MenuItem(_l("Spending"), "spending.begin", Action.IMPORT_SPENDING),
    MenuItem(_l("Lessons"), "library.index", Action.SEE_LESSONS),
    MenuItem(_l("Calls"), "funding_rounds.index", Action.SEE_CALLS),
    MenuItem(_l("Handbook"), "process.handbook", Action.SIGNED_IN),
)
ACCOUNT: tuple[MenuItem, ...] = (
    MenuItem(_l("My account"), "account.show", Action.SIGNED_IN),
    MenuItem(_l("Notifications"), "notifications.index", Action.SIGNED_IN, "unread"),
    MenuItem(_l("My letters"), "letters.index", Action.SIGNED_IN),
    MenuItem(_l("My calendar"), "calendars.index", Action.SIGNED_IN),
    MenuItem(_l("Administration"), "administration.people", Action.ADMINISTER),
)
SEARCH = "search.show"
TELLERS: tuple[Teller, ...] = (project_overview.tell, reporting_overview.tell, endorsement_overview.tell)
"""What each package tells on the project page, in the order shown."""
WHO_HAS: Callable[[Project], str] = endorsement_overview.who_has
"""Who has a proposal that cannot be written in now."""
DESKS: tuple[Shelf, ...] = (
    whole(project_overview.desk),
    Shelf(reporting_queries.count_on_the_desk, reporting_queries.desk),
    Shelf(endorsement_overview.count, endorsement_overview.desk),
    whole(people_desk.duties),
)
"""What each package puts on a person's desk."""
ROADS = Roads(ahead=endorsement_queries.road_ahead, reviewers=endorsement_queries.road_of_reviewers)
"""Who tells where a proposal goes."""
FOLLOWING = Following(
    recompute=reporting_operations.recompute,
    end=reporting_operations.end,
    open_duties=reporting_overview.open_duties,
    last_day=reporting_queries.last_day_to_ask,
    spent=reporting_queries.most_spent_by_line,
)
"""What follows from a decision on a project's dates, and what stands in the way of ending it."""
LESSONS: tuple[LessonsOf, ...] = (reporting_queries.lessons,)
"""Who tells what former projects learned."""
COUNTS: dict[str, Count] = {"desk": home.count, "unread": home.count_unread, "overdue": reporting_queries.count_overdue}
NEVER_REMINDED: Callable[[], str] = reminders_oversight.sentence
"""What is said to whoever runs PRIMA of duties of which nobody was ever reminded."""
