"""How PRIMA says no: a refusal carries the reasons a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reason:
    """One thing that stands in the way, and where it can be mended: a path, or an endpoint with its values."""

    text: str
    url: str = ""
    at: str = ""
    values: tuple[tuple[str, str], ...] = ()
    field: str = ""


class Refused(Exception):
    """The handbook does not allow this now. `reasons` are full sentences."""

    def __init__(self, reasons: str | Sequence[str | Reason]):
        found = [reasons] if isinstance(reasons, str) else list(reasons)
        self.reasons = [reason if isinstance(reason, Reason) else Reason(reason) for reason in found]
        super().__init__(" ".join(str(reason.text) for reason in self.reasons))


class Invalid(Refused):
    """A value cannot be taken; `field` is the form field that it belongs to."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Difference:
    """A value that two people changed: what stands now, and what was typed."""

    label: str
    theirs: str
    mine: str
    name: str = ""


@dataclass
class Conflict(Exception):
    """Somebody saved the same row meanwhile; nothing typed is lost, both values are shown."""

    who: str
    version: int
    differences: list[Difference] = field(default_factory=list)
