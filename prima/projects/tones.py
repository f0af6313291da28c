"""The colour that goes with a status's word, wherever a status is shown."""

from __future__ import annotations

from prima.projects.stages import Status

S = Status
TONES = {
    S.CONCEPT: "grey", S.DRAFT: "grey", S.OFFICE_CLEAR: "amber", S.REVIEW: "amber", S.RETURNED: "violet",
    S.ENDORSE: "amber", S.ENDORSED: "blue", S.FUND_REVIEW: "amber", S.APPROVER: "amber", S.RETAINED: "violet",
    S.DONOR_SUBMITTED: "amber", S.DONOR_CHANGES: "violet", S.APPROVED: "green", S.ACTIVE: "blue",
    S.SUSPENDED: "violet", S.OP_CLOSED: "green", S.FIN_CLOSED: "green", S.REJECTED: "red", S.WITHDRAWN: "grey",
    S.CANCELLED: "red",
}  # fmt: skip


def tone(status: Status) -> str:
    return TONES[status]
