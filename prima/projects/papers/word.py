"""Writing a Word document: headings, text that runs either way, tables with repeating headings, the same bytes again.

python-docx brings the styles and puts the file together. The body is written here, for its tables grow slow by the
cell.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LETTERS_OF_A_HEADER = 110
SHORT, LONG, MARGIN = 210, 297, 20
"""A4, in millimetres."""
TWIPS = 1440 / 25.4
INK, BRAND, SOFT, LINE, PALE = "1B2733", "0033A0", "5B6775", "D8DEE6", "E8EEFB"
LATIN, OTHER = "Calibri", "Arial"
"""The type of Latin letters, and that of scripts that run from the right."""
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
TABLE_STYLE = f"""<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="PrimaTable">
<w:name w:val="PRIMA Table"/><w:basedOn w:val="TableNormal"/><w:uiPriority w:val="59"/><w:qFormat/>
<w:tblPr><w:tblBorders>{
    "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="{LINE}"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
}</w:tblBorders><w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>
<w:bottom w:w="40" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>"""


@dataclass(frozen=True)
class Cell:
    """What stands in a table's cell; `span` columns wide. `below` goes on with the cell above."""

    text: str = ""
    style: str = "TableText"
    span: int = 1
    shade: str = ""
    starts: bool = False
    below: bool = False


def label(text: Any, span: int = 1) -> Cell:
    return Cell(str(text), "TableHeading", span, PALE)


def figure(text: Any, *, bold: bool = False) -> Cell:
    return Cell(str(text), "TableTotal" if bold else "TableFigure")


class Paper:
    """A document that is written from the top to the bottom."""

    def __init__(self, *, title: str, reference: str, foot: str, at: datetime, landscape: bool = False) -> None:
        self.document = Document()
        self.at = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        self.landscape = landscape
        self._styles()
        section = self.document.sections[0]
        _size(section, landscape=landscape)
        self._properties(clean(title), clean(reference))
        short = title if len(title) <= LETTERS_OF_A_HEADER else title[:LETTERS_OF_A_HEADER].rstrip() + "..."
        _replace(section.header.paragraphs[0], _run(f"{reference}  {_line(short)}"))
        page, pages = _field("PAGE"), _field("NUMPAGES")
        _replace(section.footer.paragraphs[0], f"{_run(foot + '  ')}{page}{_run(' / ')}{pages}")
        section.footer.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER

    # -- parts --------------------------------------------------------------------------------------------------------

    def heading(self, text: str, level: int = 1) -> None:
        self._put(paragraph(_line(text), f"Heading{level}" if level else "Title"))

    def line(self, text: str, style: str = "Normal") -> None:
        self._put(paragraph(_line(text), style))

    def prose(self, text: str) -> None:
        """A paragraph a line, as it was typed."""
        for one in lines(text):
            self._put(paragraph(one, "Normal"))

    def turn(self, *, landscape: bool) -> None:
        """Go on with another page, the other way round if need be."""
        if landscape != self.landscape:
            self.landscape = landscape
            _size(self.document.add_section(WD_SECTION.NEW_PAGE), landscape=landscape)

    @property
    def width(self) -> int:
        """Between the margins, in millimetres."""
        return (LONG if self.landscape else SHORT) - 2 * MARGIN

    def table(
        self, name: str, headings: Sequence[str | Cell], rows: Iterable[Sequence[str | Cell]], widths: Sequence[float]
    ) -> None:
        """`widths` are shares of the width there is. The headings repeat on every page; no row breaks over two."""
        total = sum(widths)
        columns = [round(self.width * TWIPS * width / total) for width in widths]
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in columns)
        head = [one if isinstance(one, Cell) else label(one) for one in headings]
        body = "".join(_row(row, columns) for row in rows)
        self._put(
            f'<w:tbl><w:tblPr><w:tblStyle w:val="PrimaTable"/><w:tblW w:w="{sum(columns)}" w:type="dxa"/>'
            f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
            f'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/><w:tblCaption w:val="{escape(_plain(name))}"/></w:tblPr>'
            f"<w:tblGrid>{grid}</w:tblGrid>{_row(head, columns, repeats=True) if head else ''}{body}</w:tbl>"
        )
        self._put(paragraph("", "Gap"))

    def content(self) -> bytes:
        """The file. The same parts give the same bytes."""
        written = io.BytesIO()
        self.document.save(written)
        settled = io.BytesIO()
        moment = max(self.at.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
        with zipfile.ZipFile(written) as source, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                part = zipfile.ZipInfo(name, moment)
                part.compress_type, part.create_system, part.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
                target.writestr(part, source.read(name))
        return settled.getvalue()

    # -- beneath ------------------------------------------------------------------------------------------------------

    def _put(self, xml: str) -> None:
        ending = self.document.element.body.sectPr
        ending.addprevious(parse_xml(xml.replace(">", f" {nsdecls('w')}>", 1)))

    def _properties(self, title: str, reference: str) -> None:
        about = self.document.core_properties
        about.title, about.subject, about.author, about.last_modified_by = (
            _line(title)[:250],
            reference,
            "PRIMA",
            "PRIMA",
        )
        about.created = about.modified = self.at
        about.comments, about.keywords, about.revision = "", "", 1

    def _styles(self) -> None:
        styles = self.document.styles
        for fonts in styles.element.iter(qn("w:rFonts")):
            fonts.attrib.clear()
            for script, name in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", OTHER)):
                fonts.set(qn(f"w:{script}"), name)
        for language in styles.element.iter(qn("w:lang")):
            language.set(qn("w:val"), "en-GB")
        styles.element.append(parse_xml(TABLE_STYLE))
        _type(styles["Normal"], 10.5, INK, after=6)
        _type(styles["Title"], 22, BRAND, after=4)
        for level, size, before in ((1, 15, 18), (2, 12, 12), (3, 10.5, 9)):
            _type(styles[f"Heading {level}"], size, BRAND, before=before, after=4)
        for side in ("Header", "Footer"):
            _type(styles[side], 8, SOFT, after=0)
        for name, size, bold, right in (
            ("Table Text", 9, False, False),
            ("Table Heading", 9, True, False),
            ("Table Figure", 9, False, True),
            ("Table Total", 9, True, True),
            ("Month", 7, True, False),
            ("Muted", 9.5, False, False),
            ("Gap", 4, False, False),
        ):
            made = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            made.base_style = styles["Normal"]
            _type(made, size, SOFT if name == "Muted" else INK, after=6 if name == "Muted" else 0)
            made.font.bold = bold
            if right or name == "Month":
                made.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.CENTER


def paragraph(text: str, style: str) -> str:
    """One line; marked as running from the right when its first letter does."""
    rightward = runs_from_the_right(text)
    direction = "<w:bidi/>" if rightward else ""
    run = _run(text, rightward=rightward) if text else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{direction}</w:pPr>{run}</w:p>'


def runs_from_the_right(text: str) -> bool:
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def clean(text: str) -> str:
    """Without what no Word file can hold: NUL and other control characters."""
    return UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def lines(text: str) -> list[str]:
    return [one.strip() for one in clean(text).split("\n") if one.strip()]


def _line(text: str) -> str:
    return " ".join(clean(str(text)).split())


def _plain(text: str) -> str:
    return _line(text)[:250]


def _run(text: str, *, rightward: bool = False) -> str:
    how = "<w:rPr><w:rtl/></w:rPr>" if rightward else ""
    return f'<w:r>{how}<w:t xml:space="preserve">{escape(clean(text), quote=False)}</w:t></w:r>'


def _field(name: str) -> str:
    return f'<w:fldSimple w:instr=" {name} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'


def _row(cells: Sequence[str | Cell], columns: Sequence[int], *, repeats: bool = False) -> str:
    place, found = 0, []
    for one in cells:
        cell = one if isinstance(one, Cell) else Cell(str(one))
        found.append(_cell(cell, sum(columns[place : place + cell.span])))
        place += cell.span
    assert place == len(columns), f"{place} cells in a row of {len(columns)}"
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if repeats else ''}</w:trPr>{''.join(found)}</w:tr>"


def _cell(cell: Cell, width: int) -> str:
    span = f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else ""
    merge = '<w:vMerge w:val="restart"/>' if cell.starts else "<w:vMerge/>" if cell.below else ""
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{cell.shade}"/>' if cell.shade else ""
    inside = "".join(paragraph(one, cell.style) for one in lines(cell.text) or [""])
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}{shade}</w:tcPr>{inside}</w:tc>'


def _replace(there: Any, runs: str) -> None:
    for part in list(parse_xml(f"<w:p {nsdecls('w')}>{runs}</w:p>")):
        there._p.append(part)


def _size(section: Any, *, landscape: bool) -> None:
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    width, height = (LONG, SHORT) if landscape else (SHORT, LONG)
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(MARGIN)
    section.header_distance = section.footer_distance = Mm(10)


def _type(style: Any, size: float, colour: str, *, before: float = 0, after: float) -> None:
    style.font.size, style.font.color.rgb = Pt(size), RGBColor.from_string(colour)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.line_spacing = 1.1
    for complex_size in style.element.iter(qn("w:szCs")):
        complex_size.set(qn("w:val"), str(round(size * 2)))
