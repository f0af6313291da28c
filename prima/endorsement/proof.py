"""The record of endorsement held against the journal: all that stands in one must stand in the other, unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prima.endorsement import record
from prima.endorsement.models import Clearance, Decision, Round
from prima.journal import Entry, plain
from prima.projects.snapshot import seal
from prima.users import Role

Said = Mapping[str, Any]
Seat = tuple[int, str]
WORDS = {
    "by": "who", "for": "for whom", "at": "when", "gender_marker": "the gender marker", "sha256": "the checksum",
    "answers": "the answers to checks", "place": "the place", "areas": "the areas of work", "stands": "what stands",
    "required": "whether it is required", "sections": "the sections",
}  # fmt: skip


def findings(rounds: Sequence[Round], entries: Sequence[Entry]) -> Iterator[str]:
    """A sentence for each thing that is not as it was journaled."""
    yield from _versions(rounds, entries)
    yield from _decisions(rounds, entries)
    yield from _clearances(rounds, entries)


# -- frozen versions --------------------------------------------------------------------------------------------------


def _versions(rounds: Sequence[Round], entries: Iterable[Entry]) -> Iterator[str]:
    journaled = {entry.data["round"]: entry for entry in entries if entry.event == "version frozen"}
    for one in rounds:
        name = f"Round {one.number}"
        if seal(one.snapshot) != one.sha256:
            yield f"{name}: the frozen version does not match its checksum."
        if (entry := journaled.pop(one.number, None)) is None:
            yield f"{name}: the journal does not know its version."
        else:
            yield from _differing(name, record.frozen(one), _as_was(entry))
    for number in sorted(journaled):
        yield f"Round {number}: the journal holds its version, the record does not."


# -- decisions --------------------------------------------------------------------------------------------------------


def _decisions(rounds: Sequence[Round], entries: Sequence[Entry]) -> Iterator[str]:
    """Each decision was journaled as the move that it is and, since these are journaled, as a decision on its round."""
    moves = [entry for entry in entries if entry.event == "moved"]
    told = [entry for entry in entries if entry.event == "decided"]
    since = told[0].number if told else None
    for one in sorted(rounds, key=lambda one: one.number):
        for decision in one.decisions:
            name = f"Round {one.number}, “{decision.step.move}” as {decision.role}"
            move = next((entry for entry in moves if _is_move(decision, entry)), None)
            if move is None:
                yield f"{name}: the journal holds no such move."
            else:
                moves.remove(move)
            here = [entry for entry in told if entry.data["round"] == one.number]
            same = next((entry for entry in here if not _differences(record.decided(decision), entry.data)), None)
            alike = same or next((entry for entry in here if entry.data["move"] == decision.step.move), None)
            if alike:
                told.remove(alike)
                yield from _differing(name, record.decided(decision), alike.data)
            elif since is not None and (move is None or move.number > since):
                yield f"{name}: the journal knows of no such decision."
    for entry in told:
        number, move = entry.data["round"], entry.data["move"]
        yield f"Round {number}, “{move}” as {entry.data['role']}: the journal holds it, the record does not."


def _is_move(decision: Decision, entry: Entry) -> bool:
    step = decision.step
    here = {"move": step.move, "source": step.source, "target": step.target, "note": step.note}
    who = (entry.actor_id, entry.behalf_of_id) == (step.actor_id, step.behalf_of_id)
    return who and not _differences(here, entry.data) and entry.at.date() == step.at.date()


# -- clearances -------------------------------------------------------------------------------------------------------


def _clearances(rounds: Sequence[Round], entries: Iterable[Entry]) -> Iterator[str]:
    expected = journaled(entries)
    known = {number for number, _seat in expected}
    for one in sorted(rounds, key=lambda one: one.number):
        for clearance in one.clearances:
            name = f"Round {one.number}, clearance {clearance.seat}"
            there = {**record.asked(clearance), **record.given(clearance)}
            said = expected.pop((one.number, clearance.seat), None)
            if said is not None:
                yield from _differing(name, there, said)
            elif not _is_older(clearance, known):
                yield f"{name}: the journal does not know it."
    for number, seat in sorted(expected):
        yield f"Round {number}, clearance {seat}: the journal holds it, the record does not."


def _is_older(clearance: Clearance, known: set[int]) -> bool:
    """Opened before openings were journaled: then nothing but an answer had to be."""
    stands = clearance.stands is not None
    return clearance.round.number not in known and (clearance.is_open or stands or clearance.role is Role.FUND)


def journaled(entries: Iterable[Entry]) -> dict[Seat, dict[str, Any]]:
    """What the journal says of each seat of each round in the end."""
    found: dict[Seat, dict[str, Any]] = {}
    for entry in entries:
        if entry.event == "review opened":
            for seat in entry.data["seats"]:
                found[entry.data["round"], seat["seat"]] = dict(seat)
        elif entry.event in ("clearance given", "clearance taken back"):
            data = entry.data
            there = found.setdefault((data["round"], data.get("seat") or data["role"]), {})
            if entry.event == "clearance given":
                there.update(_as_was(entry))
            else:
                # What stood from an earlier round stands no more.
                for name in [name for name in there if name in GIVEN]:
                    del there[name]
                there.update({"verdict": None, "stands": None})
    return found


GIVEN = frozenset({"by", "for", "at", "note", "sections", "answers", "gender_marker"})


def _as_was(entry: Entry) -> dict[str, Any]:
    """An entry's contents; before they said by whom, the entry alone did."""
    return {
        "by": entry.actor_id,
        **({"for": entry.behalf_of_id} if entry.event != "version frozen" else {}),
        **entry.data,
    }


# -- comparing --------------------------------------------------------------------------------------------------------


def _differences(there: Said, said: Said) -> list[str]:
    values = plain(there)
    return [name for name, value in values.items() if name in said and said[name] != value]


def _differing(name: str, there: Said, said: Said) -> Iterator[str]:
    for one in _differences(there, said):
        yield f"{name}: {WORDS.get(one, 'the ' + one)} is not as it was journaled."
