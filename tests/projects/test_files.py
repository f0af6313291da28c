"""What may be filed is told by its content, and stored whole or not at all."""

import hashlib
import io
import logging
import os
import struct
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.errors import Invalid
from prima.projects import files
from prima.projects.models import Document
from prima.scanning import Scanner
from tests.factories import a_project, a_user

PDF = b"%PDF-1.7\nletter"
PNG = b"\x89PNG\r\n\x1a\n...."


def zipped(*names, method=zipfile.ZIP_STORED, **contents):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
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


def docx(further):
    """A Word file with further parts, each of which may stand in place of a usual one."""
    return zipped(**{"[Content_Types].xml": b"x", "word/document.xml": b"x", **further})


DAMAGED = docx({"word/media/image.png": b"a picture"}).replace(b"a picture", b"a pictura")


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
        (PDF, "letter.pdf.exe", "not taken"),
        (b"<html><script>alert(1)</script>", "letter.html", "not taken"),
        (b"\xd0\xcf\x11\xe0an older Word file with who knows what", "letter.doc", "not taken"),
        (
            docx({"word/macros.xml": b"", "[Content_Types].xml": b"application/...document.macroEnabled.main+xml"}),
            "letter.docx",
            "not taken",
        ),
        (docx({"xl/macrosheets/sheet1.xml": b"x"}), "letter.docx", "not taken"),
        (docx({"word/embeddings/other.xlsm": b"x"}), "letter.docx", "not taken"),
        (docx({"word/embeddings/setup.exe": b"x"}), "letter.docx", "not taken"),
        (docx({"../../etc/passwd": b"x"}), "letter.docx", "not taken"),
        (docx({"/etc/passwd": b"x"}), "letter.docx", "not taken"),
        (docx({"Word/Document.xml": b"twice"}), "letter.docx", "not taken"),
        (DAMAGED, "letter.docx", "not taken"),
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
        ("\u202efdp.exe", "fdp.exe"),
        ("رسالة الوزارة.pdf", "رسالة الوزارة.pdf"),
        ("letter 🌍.pdf", "letter 🌍.pdf"),
        ("..\\..\\letter.pdf", "letter.pdf"),
        ("letter.pdf/", "letter.pdf"),
        ("...", "document"),
        ("", "document"),
    ],
)
def test_names_are_plain(given, plain):
    assert files.plain_name(given) == plain


# -- bombs ------------------------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused_by_its_directory_before_anything_is_unpacked(app, tmp_path, monkeypatch):
    bomb = zipped(
        method=zipfile.ZIP_DEFLATED,
        **{"[Content_Types].xml": b"x", "word/document.xml": bytes(files.MOST_UNPACKED + 1)},
    )
    assert len(bomb) < 1024 * 1024
    monkeypatch.setattr(zipfile.ZipFile, "testzip", lambda _archive: pytest.fail("it was unpacked"))
    with pytest.raises(Invalid, match="not taken"):
        files.store(tmp_path, io.BytesIO(bomb), "letter.docx")
    assert list(tmp_path.rglob("*")) == []


def test_far_more_inside_than_outside_is_refused_though_it_is_not_much(app, tmp_path):
    content = zipped(
        method=zipfile.ZIP_DEFLATED, **{"[Content_Types].xml": b"x", "word/document.xml": bytes(files.SMALL + 1)}
    )
    with pytest.raises(Invalid, match="not taken"):
        files.store(tmp_path, io.BytesIO(content), "letter.docx")
    usual = zipped(
        method=zipfile.ZIP_DEFLATED,
        **{"[Content_Types].xml": b"x", "word/document.xml": b"".join(b"<w:t>%06d</w:t>" % n for n in range(800_000))},
    )
    assert files.store(tmp_path, io.BytesIO(usual), "long.docx").size == len(usual)


def test_very_many_parts_are_refused(app, tmp_path):
    content = docx({f"word/part{number}.xml": b"" for number in range(files.MOST_PARTS)})
    with pytest.raises(Invalid, match="not taken"):
        files.store(tmp_path, io.BytesIO(content), "letter.docx")


def test_a_part_that_says_it_is_smaller_than_it_is_breaks_the_file(app, tmp_path):
    content = zipped(
        method=zipfile.ZIP_DEFLATED, **{"[Content_Types].xml": b"x", "word/document.xml": bytes(5_000_000)}
    )
    lying = content.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 5))
    assert lying != content
    with pytest.raises(Invalid, match="not taken"):
        files.store(tmp_path, io.BytesIO(lying), "letter.docx")


# -- the scanner ------------------------------------------------------------------------------------------------------

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
"""Put together here, so that no scanner finds it in this file."""

SCANNER = """\
import sys
found = b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE" in open(sys.argv[1], "rb").read()
print(sys.argv[1], "FOUND" if found else "OK")
sys.exit(1 if found else 0)
"""


@pytest.fixture
def scanner(tmp_path):
    program = tmp_path / "scanner.py"
    program.write_text(SCANNER)
    return Scanner((sys.executable, str(program), "{file}"))


@pytest.fixture
def folder(app):
    return app.config["DOCUMENTS_DIR"]


def upload(folder, content, scanner, name="letter.txt"):
    with files.arriving(folder) as arrivals:
        return arrivals.upload(io.BytesIO(content), name, scanner)


def lying(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_virus_is_refused_and_nothing_is_kept(folder, scanner, caplog):
    clean = upload(folder, b"A letter.", scanner)
    assert files.is_intact(files.path(folder, clean.sha256), clean.sha256)
    with caplog.at_level(logging.WARNING), pytest.raises(Invalid, match="does not let this file pass") as refusal:
        upload(folder, EICAR, scanner)
    assert refusal.value.field == "file"
    assert hashlib.sha256(EICAR).hexdigest() in caplog.text and "FOUND" in caplog.text
    assert lying(folder) == [files.path(folder, clean.sha256)]


@pytest.mark.parametrize(
    "command",
    [("/no/such/scanner", "{file}"), (sys.executable, "-c", "import time; time.sleep(60)", "{file}")],
    ids=["cannot be run", "does not answer"],
)
def test_without_an_answer_of_the_scanner_nothing_is_taken(folder, command, caplog):
    started = time.monotonic()
    with caplog.at_level(logging.ERROR), pytest.raises(Invalid, match="cannot be checked for viruses now"):
        upload(folder, b"A letter.", Scanner(command, seconds=1))
    assert time.monotonic() - started < 20
    assert "could not be scanned" in caplog.text
    assert lying(folder) == []


def test_what_a_late_scanner_started_ends_with_it(folder, tmp_path):
    """A scanner that leaves a child behind holds no request, and the child goes too."""
    shell = tmp_path / "slow.sh"
    shell.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    shell.chmod(0o700)
    with pytest.raises(Invalid, match="cannot be checked"):
        upload(folder, b"A letter.", Scanner((str(shell), "{file}"), seconds=3))
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not os.path.exists(f"/proc/{child}") or " Z " in Path(f"/proc/{child}/stat").read_text():
            return
        time.sleep(0.1)
    pytest.fail("the scanner's child is still there")


def test_a_file_name_is_never_read_by_a_shell(folder, tmp_path):
    echo = Scanner((sys.executable, "-c", "import sys; sys.exit(len(sys.argv) - 2)", "{file}"))
    name = f"$(touch {tmp_path}/owned); touch {tmp_path}/owned.txt"
    assert upload(folder, b"A letter.", echo, name).size == 9
    assert not (tmp_path / "owned").exists() and not (tmp_path / "owned.txt").exists()


def test_a_virus_is_told_on_the_page_and_leaves_no_row(browser_of, app, scanner, monkeypatch):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer)
    monkeypatch.setitem(app.config, "SCAN_COMMAND", scanner.command)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents")
    page = page.fill("Type of document", "Other").fill("File", ("letter.txt", EICAR)).press("File it").check()
    assert page.status == 422
    assert page.errors == [
        "File: The virus scanner does not let this file pass, so it was not filed. "
        "Please have your computer checked, and file a clean copy."
    ]
    assert page.value("Type of document") == "Other"
    assert db.session.scalars(select(Document)).all() == []
    assert lying(app.config["DOCUMENTS_DIR"]) == []


# -- what is left when something fails, and how it is found -----------------------------------------------------------


def test_what_fails_after_the_file_has_come_leaves_no_file(folder):
    with pytest.raises(RuntimeError), files.arriving(folder) as arrivals:
        arrivals.upload(io.BytesIO(PDF), "letter.pdf")
        assert len(lying(folder)) == 1
        raise RuntimeError
    assert lying(folder) == []


@pytest.fixture
def verify(app):
    def run(*words):
        db.session.commit()
        done = app.test_cli_runner().invoke(args=["documents", "verify", *words])
        db.session.expire_all()
        return done

    return run


@pytest.fixture
def filed(app, browser_of):
    """A project of which a letter is filed, on its page."""
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents")
    page.fill("Type of document", "Other").fill("File", ("letter.pdf", PDF)).press("File it").check()
    return db.session.scalars(select(Document)).one()


def test_a_failed_commit_leaves_nothing_that_counts(app, browser_of, monkeypatch, verify):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/documents")
    page.fill("Type of document", "Other").fill("File", ("letter.pdf", PDF))
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def lost():
        raise RuntimeError("the connection is lost")

    with monkeypatch.context() as broken:
        broken.setattr(db.session, "commit", lost)
        assert page.press("File it").status == 500
    db.session.rollback()
    assert db.session.scalars(select(Document)).all() == []
    (orphan,) = lying(app.config["DOCUMENTS_DIR"])
    done = verify()
    assert done.exit_code == 0 and f"{orphan.name}: younger than a day" in done.output
    os.utime(orphan, (0, 0))
    assert "can be removed" in verify().output
    assert f"{orphan.name}: removed" in verify("--remove-orphans").output
    assert lying(app.config["DOCUMENTS_DIR"]) == []
    page = browser_of(developer).open(f"/projects/{project.reference}/documents")
    page.fill("Type of document", "Other").fill("File", ("letter.pdf", PDF)).press("File it").check()
    assert verify().output == "1 documents, all as they were filed.\n"


def test_orphans_stay_a_day_and_named_files_for_good(app, filed, verify):
    folder = app.config["DOCUMENTS_DIR"]
    named = files.path(folder, filed.sha256)
    orphan = files.store(folder, io.BytesIO(PDF + b"2"), "other.pdf")
    unfinished = folder / f"{files.COMING}abc"
    unfinished.write_bytes(b"half a l")
    foreign = folder / "README"
    foreign.write_text("Put here by somebody.")
    for place, age in ((named, 9), (files.path(folder, orphan.sha256), 0.9), (unfinished, 2), (foreign, 9)):
        moment = (clock.now() - timedelta(days=age)).timestamp()
        os.utime(place, (moment, moment))
    done = verify("--remove-orphans")
    assert done.exit_code == 0, done.output
    assert set(lying(folder)) == {named, files.path(folder, orphan.sha256), foreign}


def test_a_missing_or_changed_file_is_found(app, filed, verify):
    place = files.path(app.config["DOCUMENTS_DIR"], filed.sha256)
    place.write_bytes(b"%PDF-1.7\nanother")
    done = verify()
    assert done.exit_code == 1
    assert "OTH version 1: its file has changed" in done.output and "1 of 1 are not whole" in done.output
    place.unlink()
    assert "its file is missing" in verify().output


def test_filing_the_same_again_mends_a_damaged_file(folder):
    stored = files.store(folder, io.BytesIO(PDF), "letter.pdf")
    place = files.path(folder, stored.sha256)
    place.write_bytes(b"x" * len(PDF))
    files.store(folder, io.BytesIO(PDF), "letter.pdf")
    assert files.is_intact(place, stored.sha256)
