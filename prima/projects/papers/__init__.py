"""What PRIMA writes of a proposal, and which of it is filed when the proposal is submitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from prima.projects.papers.proposal import Names, proposal, risk_annex
from prima.projects.papers.word import MEDIA_TYPE as WORD

__all__ = ["AT_SUBMISSION", "WORD", "Filed", "proposal", "risk_annex"]

Build = Callable[[Any, Names, str], bytes]
"""Writes the paper of a project, with the names behind its codes and the words for the version."""


def _always(project: Any) -> bool:
    return True


@dataclass(frozen=True)
class Filed:
    """A paper that is put on the project's file at each submission, as the next version of its type.

    Whoever may see the project reads it, save where the type is an internal annex: it holds nothing internal else.
    """

    type_code: str
    title: Any
    name: str
    """The end of the file's name."""
    media_type: str
    build: Build
    only: Callable[[Any], bool] = _always

    def file_name(self, project: Any, number: int) -> str:
        stem, _dot, ending = self.name.rpartition(".")
        return f"{project.name}-{stem}-round-{number}.{ending}"


def _has_risks(project: Any) -> bool:
    sections = project.edition.handbook.sections_for(project.funding, project.facts)
    return bool(project.risks) and any(section.code == "RSK" for section in sections)


AT_SUBMISSION: tuple[Filed, ...] = (
    Filed(
        "PDOC", _l("Proposal"), "proposal.docx", WORD,
        lambda project, names, version: proposal(project, names, version=version),
    ),
    Filed(
        "RISK", _l("Risk plan"), "risk-plan.docx", WORD,
        lambda project, names, version: risk_annex(project, names, version=version),
        only=_has_risks,
    ),
)  # fmt: skip
