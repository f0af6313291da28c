"""The daily anchor of the journal: made once, mailed, and whatever is done to the journal afterwards is found by it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from prima import anchors, clock, jobs, journal
from prima.config import WrongSettings, settings
from prima.db import db
from prima.errors import Refused
from prima.outbox import Letter
from tests.conftest import TODAY
from tests.factories import a_project, a_user

KINDS = journal.subjects()


@pytest.fixture
def projects(app):
    """Three projects with four entries each, and an anchor over them."""
    actor = a_user()
    made = [a_project() for _number in range(3)]
    for number in range(4):
        for project in made:
            journal.record(project, "changed", actor=actor, number=number)
    anchors.make(db.session(), KINDS)
    db.session.commit()
    return made


def faults(*mailed):
    db.session.expire_all()
    return list(anchors.faults(db.session(), KINDS, mailed))


def tamper(statement, **values):
    """As somebody with the database in hand would: the triggers stand aside meanwhile."""
    db.session.execute(text("set local session_replication_role = replica"))
    db.session.execute(text(statement), values)
    db.session.execute(text("set local session_replication_role = origin"))


def numbered(project, number):
    return db.session.execute(
        text("select id, digest from entry where subject_kind = 'project' and subject_id = :id and number = :number"),
        {"id": project.id, "number": number},
    ).one()


def set_back(project, number):
    """Cut the end off and let the project's own row forget it, as the chain alone cannot tell."""
    tamper(
        "delete from entry where subject_id = :id and subject_kind = 'project' and number > :n", id=project.id, n=number
    )
    head = numbered(project, number).digest
    tamper(
        "update project set journal_count = :n, journal_head = :head where id = :id", n=number, head=head, id=project.id
    )


def part_of(project):
    first = project.id // 1000 * 1000
    return f"project {first} to {first + 999}: not as the anchor of {clock.today()} knows it"


def test_a_subject_knows_its_last_entry_as_its_row_does(app):
    project = a_project()
    entry = journal.record(project, "changed", actor=None)
    known = project.journal_count, project.journal_head
    db.session.expire_all()
    assert known == (1, entry.digest) == (project.journal_count, project.journal_head)


def test_a_whole_journal_has_no_faults(projects):
    assert faults() == []
    assert list(journal.faults(db.session(), KINDS)) == []
    clock.fix(TODAY + timedelta(days=1))
    journal.record(projects[0], "changed", actor=None)
    anchors.make(db.session(), KINDS)
    journal.record(projects[1], "changed", actor=None)
    assert faults() == []


def test_an_anchor_counts_what_is_there(projects):
    anchor = anchors.newest(db.session())
    assert anchor.counts["project"] == {"subjects": 3, "entries": 12}
    assert anchor.entries == db.session.scalar(text("select count(*) from entry"))
    assert anchor.last_entry_id == db.session.scalar(text("select max(id) from entry"))
    assert anchor.previous == ""


def test_a_changed_row_is_found(projects):
    tamper("update entry set data = '{\"number\": 9}' where id = :id", id=numbered(projects[1], 2).id)
    assert faults() == [f"project {projects[1].id}, entry 2: its contents do not match its seal."]


def test_a_row_sealed_anew_is_found_by_the_anchor(projects):
    """Whoever has the key can write a whole chain anew; what the anchor knew is not there then."""
    project = projects[1]
    tamper("update entry set data = '{\"number\": 9}' where id = :id", id=numbered(project, 4).id)
    db.session.expire_all()
    entry = journal.entries(db.session(), "project", project.id)[-1]
    sealed = journal.digest(entry)
    tamper("update entry set digest = :digest where id = :id", digest=sealed, id=entry.id)
    tamper("update project set journal_head = :digest where id = :id", digest=sealed, id=project.id)
    assert list(journal.faults(db.session(), KINDS)) == []
    assert faults() == [f"{part_of(project)}, as many entries, but others."]


def test_a_row_removed_in_the_middle_is_found(projects):
    tamper("delete from entry where id = :id", id=numbered(projects[0], 2).id)
    found = faults()
    assert f"project {projects[0].id}, entry 3: follows entry 1; a row is missing." in found
    assert f"{part_of(projects[0])}, 1 of 12 entries are gone." in found


def test_reordered_rows_are_found(projects):
    ids = {"a": numbered(projects[0], 2).id, "b": numbered(projects[0], 3).id}
    tamper("update entry set number = -1 where id = :a", **ids)
    tamper("update entry set number = 2 where id = :b", **ids)
    tamper("update entry set number = 3 where id = :a", **ids)
    found = faults()
    assert f"project {projects[0].id}, entry 2: does not continue the entry before it." in found
    assert f"project {projects[0].id}, entry 3: its contents do not match its seal." in found


def test_a_removed_end_is_found_by_the_anchor_alone(projects):
    set_back(projects[2], 2)
    assert list(journal.faults(db.session(), KINDS)) == []
    assert faults() == [f"{part_of(projects[2])}, 2 of 12 entries are gone."]


def test_a_removed_project_is_found_by_the_anchor_alone(projects):
    gone, words = projects[1], part_of(projects[1])
    tamper("delete from entry where subject_kind = 'project' and subject_id = :id", id=gone.id)
    tamper("delete from project where reference = :known", known=gone.reference)
    assert list(journal.faults(db.session(), KINDS)) == []
    assert faults() == [f"{words}, 1 of 3 are gone with their entries (12 were there, 8 are)."]


def test_all_projects_removed_are_found(projects):
    words = part_of(projects[0])
    tamper("delete from entry where subject_kind = 'project'")
    tamper("delete from project")
    assert faults() == [f"{words}, 3 of 3 are gone with their entries (12 were there, 0 are)."]


def test_an_entry_slipped_in_before_an_anchor_is_found(projects):
    journal.record(projects[0], "changed", actor=None)
    late = numbered(projects[0], 5).id
    tamper("update entry set id = 0 where id = :id", id=late)
    assert faults() == [f"{part_of(projects[0])}, 1 entries are there that were not written then."]


def test_several_anchors_name_the_first_day_on_which_it_was_there(projects):
    for day in (1, 2):
        clock.fix(TODAY + timedelta(days=day))
        journal.record(projects[0], "changed", actor=None)
        anchors.make(db.session(), KINDS)
    set_back(projects[0], 5)
    (found,) = faults()
    assert f"the anchor of {TODAY + timedelta(days=2)} knows it, 1 of 14 entries are gone." in found
    set_back(projects[0], 3)
    (found,) = faults()
    assert found.endswith("1 of 12 entries are gone. So say 2 more anchors.")
    assert f"the anchor of {TODAY} " in found


def test_an_altered_anchor_is_found(projects):
    tamper("update journal_anchor set entries = entries - 1")
    assert faults() == [f"Anchor of {TODAY}: its contents do not match its seal."]


def test_an_anchor_removed_in_the_middle_is_found(projects):
    for day in (1, 2):
        clock.fix(TODAY + timedelta(days=day))
        anchors.make(db.session(), KINDS)
    assert faults() == []
    tamper("delete from journal_anchor where on_day = :day", day=TODAY + timedelta(days=1))
    day = TODAY + timedelta(days=2)
    assert faults() == [f"Anchor of {day}: does not continue the anchor before it; one was removed or changed."]


def test_a_letter_tells_on_anchors_removed_or_made_anew(projects):
    mailed = (TODAY, anchors.newest(db.session()).digest)
    assert faults(mailed) == []
    assert faults((TODAY, "0" * 64)) == [f"Anchor of {TODAY}: it is not the one of the letter."]
    tamper("delete from journal_anchor")
    assert faults() == []
    assert faults(mailed) == [f"Anchor of {TODAY}: a letter names it, and it is gone."]


def test_the_database_refuses_to_change_an_anchor(projects):
    with pytest.raises(Exception, match="append-only"), db.session.begin_nested():
        db.session.execute(text("update journal_anchor set entries = 0"))


# -- made once a day --------------------------------------------------------------------------------------------------


def letters():
    return db.session.scalars(db.select(Letter).where(Letter.kind == "anchor")).all()


def test_the_job_makes_one_a_day_and_mails_it(app, projects, monkeypatch):
    monkeypatch.setitem(app.config, "OVERSIGHT_EMAIL", "oversight@prima.example")
    jobs.anchor(db.session(), lambda: False)
    assert letters() == []  # the day's was made before
    for day in (3, 3, 4):
        clock.fix(TODAY + timedelta(days=day))
        jobs.anchor(db.session(), lambda: False)
    first, second = letters()
    assert first.recipient == "oversight@prima.example" and first.user_id is None
    anchor = db.session.get(anchors.Anchor, TODAY + timedelta(days=3))
    assert anchor.digest in first.body and "project: 12 entries of 3" in first.body
    assert f"--anchor {anchor.on_day}={anchor.digest}" in first.body
    assert anchor.digest in second.body  # as the one before it
    assert faults() == []


def test_without_an_address_nothing_is_mailed(projects):
    clock.fix(TODAY + timedelta(days=1))
    jobs.anchor(db.session(), lambda: False)
    assert letters() == []
    assert anchors.newest(db.session()).on_day == TODAY + timedelta(days=1)


def test_a_clock_set_back_makes_no_anchor_before_another(projects):
    clock.fix(TODAY - timedelta(days=1))
    assert anchors.make(db.session(), KINDS).on_day == TODAY


@pytest.fixture
def engine(databases, template_url):
    engine = create_engine(databases("prima_anchor", template=make_url(template_url).database))
    clock.fix(TODAY)
    yield engine
    clock.fix(None)
    engine.dispose()


def test_of_many_at_once_one_wins(engine):
    starting = threading.Barrier(6)
    made = []

    def work():
        with Session(engine) as session:
            starting.wait()
            made.append(anchors.make(session, KINDS, to="oversight@prima.example").digest)
            session.commit()

    threads = [threading.Thread(target=work) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine) as session:
        assert len(made) == 6 and len(set(made)) == 1
        assert session.query(anchors.Anchor).count() == 1
        assert session.query(Letter).count() == 1


def test_an_anchor_waits_for_who_is_writing_and_then_gives_up(engine, monkeypatch):
    """An entry that is being written has a number already: a bound taken meanwhile would not be true."""
    monkeypatch.setattr(journal, "PATIENCE", "100ms")
    edition = KINDS["handbook_edition"]
    with Session(engine) as writer, Session(engine) as session:
        journal.record(writer.query(edition).first(), "read", actor=None)
        with pytest.raises(Refused, match="try again in a minute"):
            anchors.make(session, KINDS)
        session.rollback()
        writer.commit()
        anchor = anchors.make(session, KINDS)
        session.commit()
        assert anchor.last_entry_id == session.query(journal.Entry.id).order_by(journal.Entry.id.desc()).first()[0]
        # Its lock ended with the reading.
        journal.record(writer.query(edition).first(), "read", actor=None)
        writer.commit()
        assert list(anchors.faults(session, KINDS)) == []


# -- typed and shown --------------------------------------------------------------------------------------------------


def flask(app, *words):
    db.session.commit()
    return app.test_cli_runner().invoke(args=["journal", *words])


def test_the_commands(app, projects):
    clock.fix(TODAY + timedelta(days=1))
    made = flask(app, "anchor")
    anchor = anchors.newest(db.session())
    assert made.exit_code == 0 and f"Hash: {anchor.digest}" in made.output
    assert flask(app, "anchor").output == made.output
    verified = flask(app, "verify", "--anchor", f"{anchor.on_day}={anchor.digest}")
    assert (verified.exit_code, verified.output) == (0, "The journal is whole.\n")
    wrong = flask(app, "verify", "--anchor", f"{anchor.on_day}={'0' * 64}")
    assert wrong.exit_code == 1 and "not the one of the letter" in wrong.output
    for given in ("yesterday=" + "0" * 64, f"{anchor.on_day}=short", ""):
        assert flask(app, "verify", "--anchor", given).exit_code == 2
    set_back(projects[0], 1)
    found = flask(app, "verify")
    assert found.exit_code == 1 and "3 of 12 entries are gone" in found.output


def test_administrators_see_the_anchors(browser_of, projects):
    admin = browser_of(a_user("ADMIN"))
    page = admin.open("/administration/people").follow("Journal").check()
    anchor = anchors.newest(db.session())
    assert page.rows("1 anchor")[0][-1] == anchor.digest
    assert browser_of(a_user("VIEW")).open("/administration/journal").status == 403
    assert admin.open("/administration/journal?before=yesterday").check().status == 200
    older = admin.open(f"/administration/journal?before={TODAY}").check()
    assert anchor.digest not in older.text


def test_anchors_fill_pages(browser_of, projects):
    for day in range(1, anchors.PAGE + 3):
        clock.fix(TODAY + timedelta(days=day))
        anchors.make(db.session(), KINDS)
    clock.fix(TODAY)
    page = browser_of(a_user("ADMIN")).open("/administration/journal").check()
    assert len(page.rows(f"{anchors.PAGE} anchors")) == anchors.PAGE
    assert len(page.follow("Next page").check().rows("3 anchors")) == 3


def test_the_address_of_oversight_is_one_address():
    keys = {"SECRET_KEY": "s" * 40, "JOURNAL_KEY": "j" * 40}
    assert settings(keys)["OVERSIGHT_EMAIL"] == ""
    assert settings({**keys, "OVERSIGHT_EMAIL": "a@b.example"})["OVERSIGHT_EMAIL"] == "a@b.example"
    for wrong in ("nobody", "a@", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example", "ä@b.example"):
        with pytest.raises(WrongSettings, match="OVERSIGHT_EMAIL"):
            settings({**keys, "OVERSIGHT_EMAIL": wrong})
