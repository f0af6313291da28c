"""Which clearances a proposal needs: the edition's reviewers, judged by the project's facts, as seats to be filled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from prima.handbook.edition import Reviewer
from prima.users import Role


@dataclass(frozen=True)
class Stop:
    """A clearance to be asked. `seat` names it within the round: RPDO, RPDO-BRU, RTS, RTS.MHD."""

    seat: str
    reviewer: str
    role: Role
    scope: str
    place: str | None
    areas: tuple[str, ...]
    specialist: bool
    required: bool
    days: int
    fallback: Role | None


def stops(
    reviewers: Iterable[Reviewer],
    *,
    region_code: str | None,
    areas: Iterable[str] = (),
    specialists: Mapping[Role, Collection[str]] | None = None,
) -> list[Stop]:
    """The clearances in the edition's order.

    A reviewer chosen by areas of work is asked once for each of the project's areas that somebody in the region is a
    specialist of (`specialists`, by role), and once for the rest together. One at a named Regional Office is not asked
    where that is the project's own and the same role clears there anyway.
    """
    chosen = list(reviewers)
    regional = {one.role for one in chosen if one.scope == "region"}
    found: list[Stop] = []
    for one in chosen:
        if one.scope == "named" and one.place == region_code and one.role in regional:
            continue
        if not one.areas:
            found.append(_stop(one))
            continue
        named = (specialists or {}).get(Role(one.role), ())
        everything = list(dict.fromkeys(areas))
        rest = tuple(area for area in everything if area not in named)
        if rest or not everything:
            found.append(_stop(one, areas=rest))
        found += [
            _stop(one, seat=f"{one.key}.{area}", areas=(area,), specialist=True) for area in everything if area in named
        ]
    return found


def _stop(one: Reviewer, *, seat: str = "", areas: tuple[str, ...] = (), specialist: bool = False) -> Stop:
    return Stop(
        seat=seat or one.key,
        reviewer=one.key,
        role=Role(one.role),
        scope=one.scope,
        place=one.place,
        areas=areas,
        specialist=specialist,
        required=one.required,
        days=one.days,
        fallback=Role(one.fallback) if one.fallback else None,
    )


def elsewhere(stop: Stop) -> set[str]:
    """As what Project.asked_elsewhere names those who sit neither in the office nor in its region.

    Whoever holds a role for the whole organization sits wherever it is asked.
    """
    roles = {stop.role} | ({stop.fallback} if stop.fallback else set())
    named = {f"{role}@{stop.place}" for role in roles} if stop.place else set()
    return named | {str(role) for role in roles}
