"""The life cycle as one table: statuses, and the moves between them."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import lazy_gettext as _l

from prima.permissions import Action
from prima.projects import rules
from prima.projects.rules import recalls
from prima.workflow import Move, Workflow


class Status(StrEnum):
    """The codes of project_statuses.csv; the names and stages stand in the list."""

    CONCEPT = "CONCEPT"
    DRAFT = "DRAFT"
    OFFICE_CLEAR = "OFFICE_CLEAR"
    REVIEW = "REVIEW"
    RETURNED = "RETURNED"
    ENDORSE = "ENDORSE"
    ENDORSED = "ENDORSED"
    FUND_REVIEW = "FUND_REVIEW"
    APPROVER = "APPROVER"
    RETAINED = "RETAINED"
    DONOR_SUBMITTED = "DONOR_SUBMITTED"
    DONOR_CHANGES = "DONOR_CHANGES"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    OP_CLOSED = "OP_CLOSED"
    FIN_CLOSED = "FIN_CLOSED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    CANCELLED = "CANCELLED"


class Funding(StrEnum):
    FUND = "fund"
    DONOR = "donor"


S = Status

EDITABLE = frozenset({S.CONCEPT, S.DRAFT, S.RETURNED, S.DONOR_CHANGES})
"""The proposal can be written in; everywhere else it is read-only."""
CLOSE_HELD = frozenset({S.CONCEPT, S.DRAFT, S.RETURNED, S.OFFICE_CLEAR, S.REVIEW, S.ENDORSE, S.WITHDRAWN})
"""Not yet endorsed: seen by the team, the office, its Regional Office and deciders only. All staff see the others."""
BEFORE_ACTIVATION = (
    S.CONCEPT, S.DRAFT, S.OFFICE_CLEAR, S.REVIEW, S.RETURNED, S.ENDORSE, S.ENDORSED, S.FUND_REVIEW, S.APPROVER,
    S.RETAINED, S.DONOR_SUBMITTED, S.DONOR_CHANGES, S.APPROVED,
)  # fmt: skip
RUNNING = frozenset({S.ACTIVE, S.SUSPENDED})
CLOSING = {"operational": frozenset({S.OP_CLOSED, S.FIN_CLOSED}), "financial": frozenset({S.FIN_CLOSED})}
"""The statuses in which a closure is done."""
CLOSABLE = frozenset({*RUNNING, S.OP_CLOSED, S.FIN_CLOSED})
"""Where there is something to close, or was."""
SUBMIT, DECIDE, ACTIVATE = "endorsement.submit", "endorsement.decide", "activation.activate"
RECALL = "endorsement.recall"

# fmt: off
LIFECYCLE = Workflow(
    #    from               move          to                 who may                the button says                        waits for
    Move(S.CONCEPT,         "develop",    S.DRAFT,           Action.EDIT_PROPOSAL,  _l("Develop into a proposal"), rules.to_develop, note="none"),
    Move(S.DRAFT,           "submit",     S.OFFICE_CLEAR,    Action.SUBMIT,         _l("Submit"),                  rules.to_submit, via=SUBMIT),
    Move(S.RETURNED,        "submit",     S.OFFICE_CLEAR,    Action.SUBMIT,         _l("Submit again"),            rules.to_submit, via=SUBMIT),
    Move(S.DONOR_CHANGES,   "submit",     S.OFFICE_CLEAR,    Action.SUBMIT,         _l("Submit again"),            rules.to_submit, via=SUBMIT),
    Move(S.OFFICE_CLEAR,    "clear",      S.REVIEW,          Action.CLEAR_OFFICE,   _l("Clear for review"),        via=DECIDE),
    Move(S.OFFICE_CLEAR,    "return",     S.RETURNED,        Action.CLEAR_OFFICE,   _l("Return for changes"),      via=DECIDE, note="required", tone="secondary"),
    Move(S.OFFICE_CLEAR,    "stand",      S.REVIEW,          Action.CLEAR_OFFICE,   _l("Office clearance stands"), via=""),
    Move(S.OFFICE_CLEAR,    "recall",     S.DRAFT,           Action.SUBMIT,         _l("Recall"),                  only=recalls.from_draft, via=RECALL, tone="secondary"),
    Move(S.OFFICE_CLEAR,    "recall-changes", S.RETURNED,    Action.SUBMIT,         _l("Recall"),                  only=recalls.from_returned, via=RECALL, tone="secondary"),
    Move(S.OFFICE_CLEAR,    "recall-donor", S.DONOR_CHANGES, Action.SUBMIT,         _l("Recall"),                  only=recalls.from_donor_changes, via=RECALL, tone="secondary"),
    Move(S.REVIEW,          "pass",       S.ENDORSE,         Action.REVIEW,         _l("All clearances given"),    via=""),
    Move(S.REVIEW,          "recall-changes", S.RETURNED,    Action.SUBMIT,         _l("Recall"),                  only=recalls.unanswered_from_returned, via=RECALL, tone="secondary"),
    Move(S.REVIEW,          "recall-donor", S.DONOR_CHANGES, Action.SUBMIT,         _l("Recall"),                  only=recalls.unanswered_from_donor_changes, via=RECALL, tone="secondary"),
    Move(S.REVIEW,          "return",     S.RETURNED,        Action.SEND_BACK,      _l("Send back now"),           via=DECIDE, note="required", tone="secondary"),
    Move(S.ENDORSE,         "endorse",    S.ENDORSED,        Action.ENDORSE,        _l("Endorse"),                 via=DECIDE),
    Move(S.ENDORSE,         "return",     S.RETURNED,        Action.ENDORSE,        _l("Return for changes"),      via=DECIDE, note="required", tone="secondary"),
    Move(S.ENDORSED,        "to-fund",    S.FUND_REVIEW,     Action.ROUTE_ENDORSED, _l("Take up for Fund review"), only=rules.is_fund, via=DECIDE),
    Move(S.ENDORSED,        "to-donor",   S.DONOR_SUBMITTED, Action.ROUTE_ENDORSED, _l("Submitted to the donor"),  only=rules.is_donor, via=DECIDE),
    Move(S.FUND_REVIEW,     "recommend",  S.APPROVER,        Action.FUND_REVIEW,    _l("Recommend for approval"),  via=DECIDE),
    Move(S.FUND_REVIEW,     "return",     S.RETURNED,        Action.FUND_REVIEW,    _l("Return for changes"),      via=DECIDE, note="required", tone="secondary"),
    Move(S.FUND_REVIEW,     "retain",     S.RETAINED,        Action.FUND_REVIEW,    _l("Retain for a later round"), via=DECIDE, note="required", tone="secondary"),
    Move(S.FUND_REVIEW,     "refuse",     S.REJECTED,        Action.FUND_REVIEW,    _l("Refuse"),                  via=DECIDE, note="required", tone="danger"),
    Move(S.RETAINED,        "take-up",    S.FUND_REVIEW,     Action.FUND_REVIEW,    _l("Take up again"),           via=DECIDE),
    Move(S.RETAINED,        "refuse",     S.REJECTED,        Action.FUND_REVIEW,    _l("Refuse"),                  via=DECIDE, note="required", tone="danger"),
    Move(S.APPROVER,        "approve",    S.APPROVED,        Action.APPROVE,        _l("Approve"),                 via=DECIDE),
    Move(S.APPROVER,        "back",       S.FUND_REVIEW,     Action.APPROVE,        _l("Back to Fund management"), via=DECIDE, note="required", tone="secondary"),
    Move(S.APPROVER,        "refuse",     S.REJECTED,        Action.APPROVE,        _l("Refuse"),                  via=DECIDE, note="required", tone="danger"),
    Move(S.DONOR_SUBMITTED, "approved",   S.APPROVED,        Action.ANSWER_DONOR,   _l("The donor approved"),      via=DECIDE, note="required"),
    Move(S.DONOR_SUBMITTED, "changes",    S.DONOR_CHANGES,   Action.ANSWER_DONOR,   _l("The donor asks for changes"), via=DECIDE, note="required", tone="secondary"),
    Move(S.DONOR_SUBMITTED, "refused",    S.REJECTED,        Action.ANSWER_DONOR,   _l("The donor refused"),       via=DECIDE, note="required", tone="danger"),
    Move(S.APPROVED,        "activate",   S.ACTIVE,          Action.ACTIVATE,       _l("Activate"),                via=ACTIVATE),
    Move(S.ACTIVE,          "suspend",    S.SUSPENDED,       Action.RUN,            _l("Suspend"),                 via="closure.suspend", note="required", tone="secondary"),
    Move(S.SUSPENDED,       "resume",     S.ACTIVE,          Action.RUN,            _l("Resume"),                  via="closure.resume", note="required"),
    Move(S.ACTIVE,          "close",      S.OP_CLOSED,       Action.RUN,            _l("Close operationally"),     via="closure.close", tone="secondary"),
    Move(S.OP_CLOSED,       "settle",     S.FIN_CLOSED,      Action.RUN,            _l("Close financially"),       via="closure.settle"),
    Move(S.ACTIVE,          "cancel",     S.CANCELLED,       Action.RUN,            _l("Cancel the project"),      via="closure.cancel", note="required", tone="danger"),
    Move(S.SUSPENDED,       "cancel",     S.CANCELLED,       Action.RUN,            _l("Cancel the project"),      via="closure.cancel", note="required", tone="danger"),
    *(Move(status,          "withdraw",   S.WITHDRAWN,       Action.WITHDRAW,       _l("Withdraw"),                note="required", tone="danger") for status in BEFORE_ACTIVATION),
)
# fmt: on
