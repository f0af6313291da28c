"""The record of endorsement as canonical content: what is journaled of each act, and the checksum over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from prima.endorsement.models import Clearance, Decision, Round
from prima.journal import plain
from prima.users import Role


def asked(clearance: Clearance) -> dict[str, Any]:
    """Of a seat: who is asked, and which earlier clearance stands there."""
    stands = clearance.stands
    return {
        "seat": clearance.seat,
        "reviewer": clearance.reviewer,
        "role": clearance.role,
        "scope": clearance.scope,
        "place": clearance.place,
        "areas": sorted(clearance.areas),
        "specialist": clearance.specialist,
        "fallback": clearance.fallback,
        "required": clearance.required,
        "stands": [stands.round.number, stands.seat] if stands else None,
    }


def given(clearance: Clearance) -> dict[str, Any]:
    """Of an answer: what was answered, by whom, for whom and when; of an open seat its drafts are nobody's."""
    if clearance.verdict is None:
        return {"verdict": None}
    return {
        "verdict": clearance.verdict,
        "by": clearance.decided_by_id or (clearance.decided_by.id if clearance.decided_by else None),
        "for": clearance.behalf_of_id or (clearance.behalf_of.id if clearance.behalf_of else None),
        "at": clearance.decided_at,
        "note": clearance.note,
        "sections": list(clearance.sections),
        "answers": {one.check_code: [one.answer, one.note] for one in clearance.answers},
        "gender_marker": [clearance.gender_marker_code, clearance.gender_marker_reason],
    }


def decided(decision: Decision) -> dict[str, Any]:
    """Of a move that was decided on a round."""
    step = decision.step
    return {
        "role": decision.role,
        "move": step.move,
        "source": step.source,
        "target": step.target,
        "by": step.actor_id,
        "for": step.behalf_of_id,
        "at": step.at,
        "note": step.note,
        "sections": list(decision.sections),
    }


def frozen(one: Round) -> dict[str, Any]:
    return {"round": one.number, "sha256": one.sha256, "by": one.submitted_by_id, "at": one.submitted_at}


def content(reference: str, rounds: Iterable[Round]) -> dict[str, Any]:
    """All that the record says, whoever reads it, in the order of the rounds."""
    return {
        "reference": reference,
        "rounds": [
            {
                **frozen(one),
                "decisions": [decided(decision) for decision in one.decisions],
                "clearances": [
                    {**asked(clearance), **given(clearance)}
                    for clearance in sorted(one.clearances, key=lambda each: each.seat)
                ],
            }
            for one in sorted(rounds, key=lambda one: one.number)
        ],
    }


def checksum(reference: str, rounds: Iterable[Round]) -> str:
    """SHA-256 over the canonical JSON, in hexadecimal."""
    words = json.dumps(plain(content(reference, rounds)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()


def in_force(rounds: Iterable[Round]) -> Iterator[tuple[int, Decision | Clearance]]:
    """The last word of each role and seat over all rounds: kept for ever, with the round it was said on."""
    roles: set[Role] = set()
    seats: set[str] = set()
    for one in sorted(rounds, key=lambda one: one.number, reverse=True):
        for decision in reversed(one.decisions):
            if decision.role not in roles:
                roles.add(decision.role)
                yield one.number, decision
        for clearance in one.clearances:
            if not clearance.is_open and clearance.role is not Role.FUND and clearance.seat not in seats:
                seats.add(clearance.seat)
                yield one.number, clearance
