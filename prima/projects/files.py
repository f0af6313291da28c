"""The bytes of filed documents: told by their content, kept under DOCUMENTS_DIR by their checksum."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from tempfile import NamedTemporaryFile
from typing import IO

from flask_babel import gettext as _

from prima.errors import Invalid

MOST_BYTES = 20 * 1024 * 1024
LETTERS_OF_A_NAME = 150
ENDINGS = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "text/plain": (".txt", ".csv"),
}
"""What may be filed, and how such a file's name ends."""
BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, OSError, ValueError, EOFError,
)  # fmt: skip
_WORD, _EXCEL, _ODT = list(ENDINGS)[3:6]


@dataclass(frozen=True)
class Stored:
    """A file that lies in the store; a row that names it makes it a document."""

    file_name: str
    media_type: str
    size: int
    sha256: str


def store(folder: Path, stream: IO[bytes], file_name: str) -> Stored:
    """Check a file and keep it; the same content is kept once. Raises Invalid at the field `file`."""
    content = stream.read(MOST_BYTES + 1)
    if not content:
        raise Invalid("file", _("This file is empty. Please choose another."))
    if len(content) > MOST_BYTES:
        raise Invalid("file", _("This file is larger than %(limit)s MB.", limit=MOST_BYTES // 1024**2))
    name = plain_name(file_name)
    media_type = kind_of(content)
    ending = Path(name).suffix.lower()
    if media_type is None or not any(ending in endings for endings in ENDINGS.values()):
        raise Invalid(
            "file",
            _("This kind of file is not taken. Use PDF, Word, Excel, OpenDocument text, PNG, JPEG or plain text."),
        )
    if ending not in ENDINGS[media_type]:
        kind = ENDINGS[media_type][0]
        raise Invalid("file", _("This file is not what its name says: inside, it is a %(kind)s file.", kind=kind))
    digest = hashlib.sha256(content).hexdigest()
    _keep(path(folder, digest), content)
    return Stored(name, media_type, len(content), digest)


def path(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def plain_name(given: str) -> str:
    """The last part of a name, without control characters and of a length that every system takes."""
    name = PureWindowsPath(given or "").name.strip()
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip(". ")
    stem, ending = Path(name).stem, Path(name).suffix
    return (stem[: LETTERS_OF_A_NAME - len(ending)] + ending) if stem else f"document{ending}"


def kind_of(content: bytes) -> str | None:
    """The media type that the content shows, or None when it is none that may be filed."""
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_zip(content)
    return "text/plain" if _is_text(content) else None


def _kind_of_zip(content: bytes) -> str | None:
    """Office files are zips; one with macros is none of those taken."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                return None
            if "[Content_Types].xml" in names:
                return _WORD if "word/document.xml" in names else _EXCEL if "xl/workbook.xml" in names else None
            if "mimetype" in names and archive.getinfo("mimetype").file_size < LETTERS_OF_A_NAME:
                return _ODT if archive.read("mimetype").strip() == _ODT.encode() else None
    except BROKEN_ZIP:
        return None
    return None


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(letter) == "Cc" and letter not in "\n\r\t\f" for letter in text)


def _keep(target: Path, content: bytes) -> None:
    """Whole or not at all: written beside its place, then renamed."""
    if target.exists() and target.stat().st_size == len(content):
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=target.parent, prefix=".coming-", delete=False) as draft:
        try:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).replace(target)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
