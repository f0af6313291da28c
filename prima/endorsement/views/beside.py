"""What a reviewer's page shows beside the frozen version: comments and drafts, and what changed since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from prima.endorsement.forms import RemarkForm
from prima.endorsement.reading import Part, quoted
from prima.endorsement.reading.blocks import Table
from prima.projects.models import Comment


@dataclass(frozen=True)
class Writing:
    """A comment being written: the form, and the line it is about in words."""

    form: RemarkForm
    quote: str = ""


@dataclass(frozen=True)
class Said:
    """A comment in its section. `at` is the id of its row, where that is in this version; `form` rewords a draft."""

    comment: Comment
    at: str = ""
    form: RemarkForm | None = None


@dataclass(frozen=True)
class Talk:
    """The comments on a version, for macros/frozen.html."""

    page: str
    """Where comments are written: the address of the reviewer's page."""
    said: Mapping[str, Sequence[Said]]
    """By section; a comment on several stands with the first."""
    lines: Mapping[tuple[str, str], int]
    """How many stand on a line, by section and its name."""
    may_write: bool
    writing: Writing | None = None
    elsewhere: Sequence[Said] = ()
    """On sections in which nothing is written."""
    writes_elsewhere: bool = False

    def link(self, code: str, line: str = "") -> str:
        asked = {"comment": code, **({"line": line} if line else {})}
        return f"{self.page}?{urlencode(asked)}#remark"

    def of(self, code: str) -> Sequence[Said]:
        return self.said.get(code, ())

    def on(self, code: str, line: str) -> int:
        return self.lines.get((code, line), 0)

    def writes(self, code: str) -> Writing | None:
        return self.writing if self.writing and self.writing.form.section.data == code else None


def talk(
    page: str,
    read: Sequence[Part],
    comments: Sequence[Comment],
    *,
    may_write: bool,
    writing: RemarkForm | None = None,
    reworded: tuple[int, RemarkForm] | None = None,
) -> Talk:
    """`writing`: a new comment; `reworded`: the number of a draft, and the new words that could not be taken."""
    there = {
        (part.code, anchor)
        for part in read
        for block in part.blocks
        if isinstance(block, Table)
        for anchor in block.anchors
    }
    said: dict[str, list[Said]] = {}
    lines: dict[tuple[str, str], int] = {}
    for one in comments:
        at = (one.section_code, one.anchor)
        if at in there:
            lines[at] = lines.get(at, 0) + 1
        form = None
        if one.published_at is None and may_write:
            tried = reworded[1] if reworded and reworded[0] == one.id else None
            form = tried or RemarkForm(formdata=None, text=one.text)
        row = row_id(*at) if at in there else ""
        said.setdefault(one.section_code, []).append(Said(one, row, form))
    shown = {part.code for part in read}
    return Talk(
        page=page,
        said=said,
        lines=lines,
        may_write=may_write,
        writing=Writing(writing, quoted(read, writing.section.data or "", writing.line.data or "") or "")
        if writing
        else None,
        writes_elsewhere=writing is not None and writing.section.data not in shown,
        elsewhere=[one for code, found in said.items() if code not in shown for one in found],
    )


def row_id(code: str, anchor: str) -> str:
    return f"line-{code.lower()}-{anchor}"


@dataclass(frozen=True)
class Since:
    """A round with which this version is compared, in words for whom, and the sections that changed."""

    number: int
    last: bool
    answered: bool
    read: bool
    changed: Sequence[tuple[str, str]]
