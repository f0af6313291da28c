"""What may be filed is told by its content, and stored whole or not at all."""

import hashlib
import io
import zipfile

import pytest

from prima.errors import Invalid
from prima.projects import files

PDF = b"%PDF-1.7\nletter"
PNG = b"\x89PNG\r\n\x1a\n...."


def zipped(*names, **contents):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, body in [*((name, b"x") for name in names), *contents.items()]:
            archive.writestr(name, body)
    return target.getvalue()


DOCX = zipped("[Content_Types].xml", "word/document.xml")
XLSX = zipped("[Content_Types].xml", "xl/workbook.xml")
ODT = zipped(mimetype=b"application/vnd.oasis.opendocument.text")
BROKEN = ODT.replace(b"PK\x03\x04\x14\x00\x00\x00\x00\x00", b"PK\x03\x04\x14\x00\x00\x00\x08\x00").replace(
    b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x08\x00"
)
"""Says that it is deflated, and is not."""


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PDF, "letter.PDF"),
        (PNG, "map.png"),
        (b"\xff\xd8\xff\xe0photo", "photo.jpeg"),
        (DOCX, "letter.docx"),
        (XLSX, "budget.xlsx"),
        (ODT, "letter.odt"),
        ("Une lettre à la main.\r\n".encode(), "letter.txt"),
    ],
)
def test_known_content_is_kept_under_its_checksum(app, tmp_path, content, name):
    stored = files.store(tmp_path, io.BytesIO(content), name)
    assert stored.size == len(content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert files.path(tmp_path, stored.sha256).read_bytes() == content
    assert files.store(tmp_path, io.BytesIO(content), name) == stored
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [stored.sha256]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "letter.pdf", "empty"),
        (PDF, "letter.docx", "inside, it is a .pdf file"),
        (b"MZ\x90\x00program", "letter.pdf", "not taken"),
        (PDF, "letter.exe", "not taken"),
        (PDF, "letter", "not taken"),
        (zipped("anything"), "letter.docx", "not taken"),
        (BROKEN, "letter.odt", "not taken"),
        (zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "letter.docx", "not taken"),
        (b"PK\x03\x04broken", "letter.docx", "not taken"),
        (b"text with a NUL\x00", "letter.txt", "not taken"),
        (PDF + bytes(files.MOST_BYTES), "letter.pdf", "larger than 20 MB"),
    ],
)
def test_other_content_is_refused_and_leaves_nothing(app, tmp_path, content, name, says):
    with app.test_request_context(), pytest.raises(Invalid, match=says):
        files.store(tmp_path, io.BytesIO(content), name)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("letter.pdf", "letter.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\letters\\letter.pdf", "letter.pdf"),
        ("le\x00tt\ner\u202e.pdf", "letter.pdf"),
        ("Lettre du Ministère.pdf", "Lettre du Ministère.pdf"),
        ("a" * 300 + ".pdf", "a" * 146 + ".pdf"),
    ],
)
def test_names_are_plain(given, plain):
    assert files.plain_name(given) == plain
