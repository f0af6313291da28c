"""What an evaluation still needs before it is handed in or answered, and how responses and follow-up are called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from prima.projects.rights import EVALUATOR
from prima.reporting.models.evaluation import FollowUp, Response
from prima.workflow import Need

RESPONSES = {
    Response.ACCEPTED: (_l("Accepted"), "green"),
    Response.PARTLY: (_l("Accepted in part"), "amber"),
    Response.REJECTED: (_l("Rejected"), "red"),
}
FOLLOW_UPS = {
    FollowUp.OPEN: (_l("Open"), "blue"),
    FollowUp.UNDER_WAY: (_l("Under way"), "amber"),
    FollowUp.DONE: (_l("Done"), "green"),
    FollowUp.DROPPED: (_l("Dropped"), "grey"),
}
"""The word and the colour of each."""
NOT_ANSWERED = (_l("No response yet"), "grey")
TAKEN_ON = frozenset({Response.ACCEPTED, Response.PARTLY})
"""What is followed up."""
TO_DO = frozenset({FollowUp.OPEN, FollowUp.UNDER_WAY})


def recommendation_path(reference: str, recommendation_id: int) -> str:
    """Where a recommendation is followed up; letters and desks know no request, so the address is written here."""
    return f"/projects/{reference}/evaluation/recommendations/{recommendation_id}/follow-up"


def is_followed(recommendation: Any) -> bool:
    """Somebody has taken it on and has not finished it."""
    return recommendation.response in TAKEN_ON and recommendation.follow_up in TO_DO


def is_late(recommendation: Any, today: date) -> bool:
    return is_followed(recommendation) and recommendation.due_on is not None and recommendation.due_on < today


def is_judged(rating: Any) -> bool:
    return rating.rating is not None and bool(rating.why.strip())


def is_answered(recommendation: Any) -> bool:
    """What is taken on has an owner and a date; what is rejected says why."""
    if recommendation.response in TAKEN_ON:
        return recommendation.owner_id is not None and recommendation.due_on is not None
    return recommendation.response is Response.REJECTED and bool(recommendation.response_text.strip())


def to_hand_in(deadline: Any) -> Iterator[Need]:
    """What the evaluation report still needs beside its texts."""
    evaluation = deadline.evaluation
    if not any(party.part == EVALUATOR and party.until_at is None for party in deadline.project.parties):
        yield Need(_("an evaluator, named"), "evaluation.terms", "evaluator")
    unrated = [one for one in evaluation.ratings if not is_judged(one)] if evaluation else []
    if evaluation is None or not evaluation.ratings:
        yield Need(_("a rating by each criterion, with its reason"), "evaluation.ratings")
    elif unrated:
        text = ngettext(
            "the rating by %(num)s criterion, with its reason",
            "the ratings by %(num)s criteria, with their reasons",
            len(unrated),
        )
        first = unrated[0]
        yield Need(
            text, "evaluation.ratings", why_field(first.criterion) if first.rating else rating_field(first.criterion)
        )
    if evaluation is None or not evaluation.findings:
        yield Need(_("at least one finding"), "evaluation.findings", "findings")
    if evaluation is None or not evaluation.recommendations:
        yield Need(_("at least one recommendation"), "evaluation.recommendations", "recommendations")


def to_respond(deadline: Any) -> Iterator[Need]:
    """What the management response still needs: each recommendation answered."""
    evaluation = deadline.evaluation
    for one in evaluation.recommendations if evaluation else ():
        if not is_answered(one):
            text = _("the response to recommendation %(number)s, with owner and date", number=one.position)
            yield Need(text, "evaluation.respond", values=(("recommendation", str(one.id)),))


def rating_field(criterion: str) -> str:
    return f"rating_{criterion.lower()}"


def why_field(criterion: str) -> str:
    return f"why_{criterion.lower()}"
