"""The frozen version on the page where it is answered: comments and drafts on it, and what changed since when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import flash, request
from flask_babel import gettext as _

from prima.endorsement import operations, queries
from prima.endorsement.forms import ReadForm, RemarkForm
from prima.endorsement.models import Reading, Round
from prima.endorsement.operations.remarks import Place
from prima.endorsement.reading import Part, Version, parts, quoted
from prima.endorsement.reading.blocks import Names, Table
from prima.errors import Refused
from prima.projects.models import Comment, Project
from prima.projects.snapshot import changed_sections
from prima.users import viewer


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
    """Where comments are written: the address of the page on which the version is answered."""
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
    rewording: tuple[int, RemarkForm] | None = None,
) -> Talk:
    """`writing`: a new comment; `rewording`: the number of a draft, and the new words that could not be taken."""
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
            tried = rewording[1] if rewording and rewording[0] == one.id else None
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


@dataclass(frozen=True)
class Beside:
    """The newest version, and what stands beside it for the people at one seat."""

    round: Round
    content: Mapping[str, Any]
    """As it was frozen."""
    version: Version
    since: Sequence[Since]
    reading: Reading | None
    titles: Mapping[str, str]
    before: Sequence[Comment]
    """What was said at this seat, or by this person, on earlier rounds."""
    talk: Talk


def beside(
    project: Project,
    rounds: Sequence[Round],
    names: Names,
    *,
    seat: str,
    page: str,
    spoke: int | None,
    may_write: bool,
    writing: RemarkForm | None = None,
    rewording: tuple[int, RemarkForm] | None = None,
) -> Beside:
    """`rounds`: newest first; `spoke`: the last round on which the seat answered; `page`, `writing`: see `talk`."""
    newest, handbook = rounds[0], project.edition.handbook
    reading = queries.reading(project, viewer())
    compared = _compared(rounds, spoke, reading.round_number if reading else None)
    frozen = queries.frozen(project, [newest.number, *compared])
    content = frozen[newest.number]
    titles = {one.code: one.title.say() for one in handbook.sections}
    since = [Since(number, *why, _changed(frozen[number], content, titles)) for number, why in compared.items()]
    mark = next((one for one in since if one.read), None) or next((one for one in since if one.answered), None)
    mark = mark or next(iter(since), None)
    read = parts(
        content,
        handbook,
        names,
        internal=True,
        changed={code for code, _title in mark.changed} if mark else None,
    )
    said = queries.remarks(project, seat)
    before = [one for one in said if _is_mine(one, seat) and (one.round_number or 0) < newest.number]
    if writing and writing.line.data and quoted(read, writing.section.data or "", writing.line.data) is None:
        writing.line.data = "" if not writing.is_submitted() else writing.line.data
    here = [one for one in said if one not in before]
    return Beside(
        round=newest,
        content=content,
        version=Version(newest.number, read, mark.number if mark else None),
        since=since,
        reading=reading,
        titles=titles,
        before=before,
        talk=talk(page, read, here, may_write=may_write, writing=writing, rewording=rewording),
    )


def begun(project: Project) -> RemarkForm | None:
    """The comment that somebody begins by following a link: on a section (`comment`), or on a `line` of it."""
    section = request.args.get("comment", "")
    if section not in {one.code for one in project.edition.handbook.sections}:
        return None
    return RemarkForm(formdata=None, section=section, line=request.args.get("line", ""))


def noted(place: Place, form: RemarkForm, says: str) -> bool:
    """Whether a new comment was kept as a draft."""
    section, line = form.section.data or "", form.line.data or ""

    def work() -> None:
        operations.draft_comment(place, actor=viewer(), section=section, line=line, text=form.text.data or "")

    return _kept(form, work, says)


def reworded(place: Place, number: int, form: RemarkForm) -> bool:
    def work() -> None:
        operations.reword_comment(place, number, actor=viewer(), text=form.text.data or "")

    return _kept(form, work, _("The comment is changed."))


def discard(place: Place, number: int) -> None:
    operations.discard_comment(place, number, actor=viewer())
    flash(_("The comment is removed. Nobody else has read it."), "success")


def mark_read(place: Place) -> None:
    """The version that the form names; refused where it names none."""
    form = ReadForm()
    if not form.validate_on_submit() or form.number.data is None:
        raise Refused(_("Open the page again: the version that you read was not named."))
    operations.mark_read(place, actor=viewer(), number=form.number.data)
    flash(_("You have read this version. What changes later is shown against it."), "success")


def _kept(form: RemarkForm, work: Callable[[], Any], says: str) -> bool:
    """Whether it was done; what stands in the way is said at the field."""
    if not form.validate_on_submit():
        return False
    try:
        work()
    except Refused as refusal:
        form.text.errors = [*form.text.errors, *(reason.text for reason in refusal.reasons)]
        return False
    flash(says, "success")
    return True


def _is_mine(one: Comment, seat: str) -> bool:
    return one.published_at is not None and (one.seat == seat or one.author_id == viewer().id)


def _compared(rounds: Sequence[Round], spoke: int | None, read: int | None) -> dict[int, tuple[bool, bool, bool]]:
    """By the number of an earlier round: whether it is the last, the one this seat answered on, the one last read."""
    last = rounds[0].number - 1
    known = {one.number for one in rounds[1:]}
    found = {number for number in (last, spoke, read) if number in known}
    return {number: (number == last, number == spoke, number == read) for number in sorted(found, reverse=True)}


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], titles: Mapping[str, str]) -> list[tuple[str, str]]:
    changed = changed_sections(before, after)
    return [(code, title) for code, title in titles.items() if code in changed]
