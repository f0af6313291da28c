"""The bytes of filed documents: told by their content, kept under DOCUMENTS_DIR by their checksum."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from tempfile import NamedTemporaryFile
from typing import IO

from flask_babel import gettext as _

from prima.config import MEGABYTE, MOST_BYTES_OF_A_FILE
from prima.errors import Invalid, Refused
from prima.scanning import Scanner

MOST_BYTES = MOST_BYTES_OF_A_FILE
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

MOST_UNPACKED = 200 * MEGABYTE
MOST_PARTS = 10_000
SMALL, MOST_TIMES = 10 * MEGABYTE, 100
"""Beyond 10 MB unpacked, an office file may unpack to a hundred times its size; texts alone come to some thirty."""
MACROS = re.compile(r"vbaproject\.bin$|/macrosheets/|^basic/|^scripts/|\.(docm|dotm|xlsm|xltm|xlam|xlsb|pptm)$")
PROGRAMS = re.compile(r"\.(exe|dll|scr|com|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|jar|msi|lnk)$")
COMING = ".coming-"
"""How the name of a file begins that is on its way into the store."""


@dataclass(frozen=True)
class Stored:
    """A file that lies in the store; a row that names it makes it a document."""

    file_name: str
    media_type: str
    size: int
    sha256: str


@dataclass
class Arrivals:
    """Files on their way into the store, each written beside it already."""

    folder: Path
    waiting: list[tuple[Path, Stored]] = field(default_factory=list)

    def upload(self, stream: IO[bytes], file_name: str, scanner: Scanner | None = None) -> Stored:
        """Check somebody's file. Raises Invalid at the field `file`."""
        content = stream.read(MOST_BYTES + 1)
        return self._wait(content, *checked(content, file_name), scanner)

    def made(self, content: bytes, file_name: str, media_type: str) -> Stored:
        """Take a file that PRIMA itself wrote."""
        return self._wait(content, file_name, media_type, None)

    def _wait(self, content: bytes, name: str, media_type: str, scanner: Scanner | None) -> Stored:
        stored = Stored(name, media_type, len(content), hashlib.sha256(content).hexdigest())
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=self.folder, prefix=COMING, delete=False) as draft:
            self.waiting.append((Path(draft.name), stored))
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        if scanner:
            try:
                scanner.pass_on(Path(draft.name), stored.sha256)
            except Refused as refusal:
                raise Invalid("file", refusal.reasons[0].text) from None
        return stored

    def settle(self) -> None:
        """Put each into its place. What lies there already is the same, or was damaged and is mended so."""
        for draft, stored in self.waiting:
            place = path(self.folder, stored.sha256)
            place.parent.mkdir(exist_ok=True, mode=0o700)
            draft.replace(place)
            _sync(place.parent)

    def leave(self) -> None:
        for draft, _stored in self.waiting:
            draft.unlink(missing_ok=True)


@contextmanager
def arriving(folder: Path) -> Iterator[Arrivals]:
    """Keep the files that arrive in the block when it ends well, and none of them when it fails.

    The rows that name them are written in the block and kept after it. A transaction that fails after all leaves
    bytes that no row names: they count for nothing, and `flask documents verify --remove-orphans` removes them.
    """
    arrivals = Arrivals(folder)
    try:
        yield arrivals
        arrivals.settle()
    finally:
        arrivals.leave()


def store(folder: Path, stream: IO[bytes], file_name: str) -> Stored:
    """Check a file and keep it at once; the same content is kept once. Raises Invalid at the field `file`."""
    with arriving(folder) as arrivals:
        return arrivals.upload(stream, file_name)


def checked(content: bytes, file_name: str) -> tuple[str, str]:
    """The plain name and the media type of what may be filed. Raises Invalid at the field `file`."""
    if not content:
        raise Invalid("file", _("This file is empty. Please choose another."))
    if len(content) > MOST_BYTES:
        raise Invalid("file", _("This file is larger than %(limit)s MB.", limit=MOST_BYTES // MEGABYTE))
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
    return name, media_type


def path(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def is_intact(file: Path, sha256: str) -> bool:
    """Whether it is there with the content that was filed."""
    with suppress(OSError), file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    return False


def plain_name(given: str) -> str:
    """The last part of a name, without control characters and of a length that every system takes."""
    name = PureWindowsPath(given or "").name.strip()
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip(". ")
    stem, ending = Path(name).stem, Path(name).suffix
    return (stem[: max(LETTERS_OF_A_NAME - len(ending), 1)] + ending) if stem else f"document{ending}"


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
    """Office files are zips. One that would unpack to far more, or brings macros, is none of those taken."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if not _may_be_unpacked(archive, len(content)) or archive.testzip() is not None:
                return None
            names = set(archive.namelist())
            if "[Content_Types].xml" in names:
                if b"macroenabled" in archive.read("[Content_Types].xml").lower():
                    return None
                return _WORD if "word/document.xml" in names else _EXCEL if "xl/workbook.xml" in names else None
            if "mimetype" in names and archive.getinfo("mimetype").file_size < LETTERS_OF_A_NAME:
                return _ODT if archive.read("mimetype").strip() == _ODT.encode() else None
    except BROKEN_ZIP:
        return None
    return None


def _may_be_unpacked(archive: zipfile.ZipFile, size: int) -> bool:
    """Judged by the directory alone, before anything is unpacked."""
    parts = archive.infolist()
    names = [part.filename for part in parts]
    unpacked = sum(part.file_size for part in parts)
    return (
        len(parts) <= MOST_PARTS
        and unpacked <= MOST_UNPACKED
        and (unpacked <= SMALL or unpacked <= MOST_TIMES * size)
        and len({name.lower() for name in names}) == len(names)
        and not any(_is_odd(name) for name in names)
    )


def _is_odd(name: str) -> bool:
    """A part that office programs never write: out of the file, a program, or a macro."""
    plain = name.lower()
    return (
        "\\" in name
        or name.startswith("/")
        or ".." in PurePosixPath(name).parts
        or MACROS.search(plain) is not None
        or PROGRAMS.search(plain) is not None
    )


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(letter) == "Cc" and letter not in "\n\r\t\f" for letter in text)


def _sync(folder: Path) -> None:
    """Make sure that the name is kept with the bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
