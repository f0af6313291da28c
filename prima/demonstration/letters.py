"""The files of the demonstration: letters of governments and donors, as small PDF documents made here."""

from __future__ import annotations

import io
import textwrap
from datetime import datetime
from pathlib import Path

from prima.projects import files
from prima.projects.models import Document
from prima.users import User

WIDTH = 84
PAGE = (595, 842)


def pdf(lines: list[str]) -> bytes:
    """One A4 page of text in Helvetica; what Latin-1 lacks is written as a question mark."""
    shown = [line for paragraph in lines for line in (textwrap.wrap(paragraph, WIDTH) or [""])]
    text = "".join(f"({_escaped(line)}) Tj T*\n" for line in shown)
    stream = f"BT /F1 11 Tf 15 TL 62 770 Td\n{text}ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>" % PAGE,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def _escaped(line: str) -> str:
    line = line.replace("’", "'").replace("“", '"').replace("”", '"').replace("–", "-")
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def request(country: str, ministry: str, title: str, day: datetime) -> list[str]:
    """A government's letter that asks the Fund for the project."""
    return [
        ministry,
        country,
        "",
        f"{day:%d %B %Y}",
        "",
        "To the International Organization for Migration",
        "IOM Development Fund, Geneva",
        "",
        f"Subject: Request for support to the project “{title}”",
        "",
        f"The {ministry} presents its compliments to the International Organization for Migration and requests the "
        f"support of the IOM Development Fund for the project named above.",
        "",
        "The subject is among the priorities of the Government. The institution names a focal point and makes the "
        "necessary staff and rooms available for the duration of the project.",
        "",
        "For the institution: the Permanent Secretary",
    ]


def focal_point(country: str, ministry: str, title: str, day: datetime) -> list[str]:
    return [
        ministry,
        country,
        "",
        f"{day:%d %B %Y}",
        "",
        f"Subject: Focal point for the project “{title}”",
        "",
        "The Director of the department in charge is named as the Government's focal point for the project.",
        "",
        "For the institution: the Permanent Secretary",
    ]


def donor_answer(title: str, day: datetime) -> list[str]:
    return [
        f"{day:%d %B %Y}",
        "",
        "To the International Organization for Migration",
        "",
        f"Subject: {title}",
        "",
        "We are pleased to inform you that the proposal named above has been approved for the year 2016. The agreement "
        "follows for signature.",
        "",
        "For the donor: the head of the department",
    ]


def filed(
    folder: Path,
    lines: list[str],
    name: str,
    *,
    project_id: int,
    type_code: str,
    title: str,
    by: User,
    at: datetime,
    version: int = 1,
    country_code: str | None = None,
) -> Document:
    """A letter put in the store, and the row that names it."""
    stored = files.store(folder, io.BytesIO(pdf(lines)), name)
    return Document(
        project_id=project_id,
        type_code=type_code,
        version=version,
        title=title,
        country_code=country_code,
        file_name=stored.file_name,
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        filed_by_id=by.id,
        filed_at=at,
    )
