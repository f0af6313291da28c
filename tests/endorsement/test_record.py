"""The record of endorsement: who sees what of it, on the page and on paper, and that it holds against the journal."""

from __future__ import annotations

import contextvars
import io
import re

import docx
import pytest
from sqlalchemy import select, text

from prima import clock
from prima.cli_endorsement import verified
from prima.db import db
from prima.endorsement.models import Clearance, Round
from prima.projects.models import Project
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import REVIEWERS, Cast
from tests.factories import a_project


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast):
    """Returned by one reviewer, submitted again with two clearances that stand, endorsed, with the Fund."""
    found = a_project(developer=cast[Role.PDEV], complete=True, title="Training for counsellors")
    cast.to_review(found)
    for role in REVIEWERS[1:]:
        cast.has_reviewed(role, found, role)
    cast.has_reviewed(
        Role.RPDO, found, Role.RPDO, "Return for changes", note="Please name the partner.", sections=("Rationale",)
    )
    rationale = text("update section set text = text || ' With the ministry.' where code = 'RAT' and project_id = :id")
    db.session.execute(rationale, {"id": found.id})
    db.session.commit()
    cast.has_submitted(found)
    cast.has_reviewed(Role.RPDO, found, Role.RPDO, "Clear with comments", note="Zeppelin note")
    opened = select(Clearance.role).join(Round).where(Round.number == 2, Clearance.verdict.is_(None))
    for role in db.session.scalars(opened).all():
        cast.has_reviewed(role, found, role)
    assert db.session.scalar(select(Project.status).where(Project.id == found.id)) is Status.ENDORSE
    cast.has_decided(Role.RD, found, "endorse")
    cast.has_decided(Role.FUND, found, "to-fund")
    cast.has_reviewed(Role.FUND, found, Role.FUND, "Save the answers")
    cast.has_decided(Role.FUND, found, "recommend")
    return found


def record_of(cast, who, project):
    return cast.open(who, f"/projects/{project.reference}/endorsement").check()


def checksum(page):
    return re.search(r"Checksum of the record \(SHA-256\)\s*([0-9a-f]{64})", page.text).group(1)


def verify(app, project, *words):
    db.session.commit()
    done = app.test_cli_runner().invoke(args=["endorsement", "verify", getattr(project, "reference", project), *words])
    db.session.expire_all()
    return done


def tamper(statement, **values):
    db.session.execute(text("set local session_replication_role = replica"))
    assert db.session.execute(text(statement), values).rowcount > 0
    db.session.execute(text("set local session_replication_role = origin"))
    db.session.commit()


# -- the page ---------------------------------------------------------------------------------------------------------


def test_the_last_word_of_each_role_stands_at_the_top(cast, project):
    page = record_of(cast, Role.PDEV, project)
    rows = {row[0]: row for row in page.rows("In force")}
    assert rows["Regional project development officer"][1:3] == ["cleared with comments", "RPDO person"]
    assert rows["Regional project development officer"][4] == "Round 2"
    assert rows["Chief of mission / head of office"][4] == "Round 2"
    assert rows["Regional resource management officer"][1] == "cleared in round 1, stands"
    assert len(rows) == 7  # four reviewers, head of office, endorser, the Fund
    first = {row[0]: row for row in page.rows("Answers in round 1")}
    assert first["Regional project development officer"][1:3] == ["returned", "RPDO person"]


def test_who_may_not_see_internal_parts_reads_no_notes(cast, project):
    cast.add("reader", Role.VIEW)
    db.session.execute(text("update project set status = 'APPROVED' where id = :id"), {"id": project.id})
    db.session.commit()
    inside, outside = record_of(cast, Role.PDEV, project), record_of(cast, "reader", project)
    assert "Zeppelin note" in inside.text and inside.rows("Checks in round 2")
    assert "Zeppelin note" not in outside.text and "Checks in round" not in outside.text
    assert outside.rows("In force")
    assert checksum(inside) == checksum(outside)
    papers = [paper(cast, who, project) for who in (Role.PDEV, "reader")]
    assert ["Zeppelin note" in words(one) for one in papers] == [True, False]
    assert all(checksum(inside) in words(one) for one in papers)


def test_somebody_for_somebody_and_two_clearances_of_one_person_are_marked(cast, app):
    cast.also(Role.RTS, Role.RRMO)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    stand_in = cast.add("stand-in")
    cast.add("administrator", Role.ADMIN)
    day = clock.today()
    db.session.execute(
        text(
            "insert into delegation (absent_id, delegate_id, role, from_on, until_on, reason, made_by_id, made_at)"
            " values (:absent, :delegate, 'RME', :day, :day, '', :absent, now())"
        ),
        {"absent": cast[Role.RME].id, "delegate": stand_in.id, "day": day},
    )
    db.session.commit()
    cast.has_reviewed("stand-in", project, Role.RME)
    cast.has_reviewed(Role.RTS, project, Role.RTS)
    cast.has_reviewed(Role.RTS, project, Role.RRMO)
    page = record_of(cast, Role.RPDO, project)
    rows = {row[0]: row[2] for row in page.rows("In force")}
    assert rows["Regional M&E officer"] == "stand-in person for RME person"
    assert "RTS person gave 2 clearances: " in page.text
    assert verify(app, project).exit_code == 0


def test_a_fallback_and_another_gender_marker_are_marked(browser_of, app):
    cast = Cast(browser_of, without=(Role.RME,))
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    clearance = db.session.scalars(select(Clearance).where(Clearance.role == Role.RME)).one()
    fallback = clearance.fallback
    assert fallback, "the edition names who answers when there is no M&E officer"
    tamper(
        "update clearance set gender_marker_code = '1', gender_marker_reason = 'Outputs do not say it' where id = :id",
        id=clearance.id,
    )
    cast.has_reviewed(fallback, project, Role.RME)
    page = record_of(cast, Role.RPDO, project)
    row = next(row for row in page.rows("In force") if row[0] == "Regional M&E officer")
    assert f"{fallback} person answered as " in row[1] and "as nobody held the role" in row[1]
    assert "Gender marker as the reviewer sees it: 1. Outputs do not say it" in row[1]
    assert verify(app, project).exit_code == 0


def test_nobody_reads_drafts_on_the_record(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    before = checksum(record_of(cast, Role.PDEV, project))
    cast.has_reviewed(Role.RPDO, project, Role.RPDO, "Save as a draft", note="Zeppelin draft")
    page = record_of(cast, Role.PDEV, project)
    assert "Zeppelin draft" not in page.text and "Checks in round" not in page.text
    assert checksum(page) == before


def test_the_record_before_anything_was_submitted(cast):
    project = a_project(developer=cast[Role.PDEV])
    page = record_of(cast, Role.PDEV, project)
    assert "Nothing was submitted here" in page.text
    assert paper(cast, Role.PDEV, project)


def test_who_may_not_see_the_project_gets_no_record(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.add("stranger", Role.VIEW)
    for address in ("endorsement", "endorsement/record.docx"):
        assert cast.open("stranger", f"/projects/{project.reference}/{address}").status == 404


# -- the paper --------------------------------------------------------------------------------------------------------


def paper(cast, who, project):
    cast.open(who, "/")
    address = f"/projects/{project.reference}/endorsement/record.docx"
    answer = contextvars.Context().run(cast.browsers[who].client.get, address)
    assert answer.status_code == 200
    return answer.data


def words(content):
    document = docx.Document(io.BytesIO(content))
    said = [one.text for one in document.paragraphs]
    return "\n".join([*said, *(cell.text for table in document.tables for row in table.rows for cell in row.cells)])


def test_the_paper_says_what_the_page_says_and_is_the_same_again(cast, project):
    page = record_of(cast, Role.PDEV, project)
    content = paper(cast, Role.PDEV, project)
    again = paper(cast, Role.PDEV, project)
    assert content == again
    said = words(content)
    assert checksum(page) in said
    for one in db.session.scalars(select(Round.sha256)):
        assert one in said
    for row in page.rows("In force"):
        assert row[0] in said and row[2] in said
    assert docx.Document(io.BytesIO(content)).sections[0].page_width.mm == pytest.approx(210, abs=1)


# -- verified ---------------------------------------------------------------------------------------------------------


def test_a_whole_record(cast, app, project):
    done = verify(app, project, "--checksum", checksum(record_of(cast, Role.PDEV, project)).upper())
    assert done.output.endswith("The record is whole.\n"), done.output
    assert done.exit_code == 0
    wrong = verify(app, project, "--checksum", "0" * 64)
    assert wrong.exit_code == 1 and "The checksum given is not that of the record" in wrong.output


def test_what_is_no_reference_or_no_checksum(app, project):
    assert verify(app, "P-1999-00001").exit_code == 2
    assert verify(app, "\0").exit_code == 2
    assert verify(app, project, "--checksum", "short").exit_code == 2


def test_an_answer_taken_back_and_given_anew(cast, app):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.has_reviewed(Role.RME, project, Role.RME)
    cast.open(Role.RME, f"/projects/{project.reference}/clearances/rme").press("Take this answer back")
    assert verify(app, project).exit_code == 0
    cast.has_reviewed(Role.RME, project, Role.RME, "Clear with comments", note="Well measured.")
    assert verify(app, project).exit_code == 0
    tamper("update clearance set verdict = null where role = 'RME'")
    assert "clearance RME: the verdict is not as it was journaled" in verify(app, project).output


TAMPERED = {
    "a frozen version": (
        "update round set snapshot = jsonb_set(snapshot, '{cover,title}', '\"Another\"') where number = 1",
        "Round 1: the frozen version does not match its checksum",
    ),
    "a checksum": ("update round set sha256 = repeat('0', 64) where number = 2", "Round 2: the checksum is not as"),
    "who submitted": (
        "update round set submitted_by_id = (select max(id) from user_account) where number = 1",
        "Round 1: who is not as it was journaled",
    ),
    "a verdict": (
        "update clearance set verdict = 'clear' where verdict = 'return'",
        "Round 1, clearance RPDO: the verdict is not as it was journaled",
    ),
    "a note": (
        "update clearance set note = 'None' where note = 'Zeppelin note'",
        "Round 2, clearance RPDO: the note is not as it was journaled",
    ),
    "who cleared": (
        "update clearance set decided_by_id = (select max(id) from user_account)"
        " where role = 'RME' and stands_id is null and verdict is not null"
        " and round_id = (select id from round where number = 1)",
        "Round 1, clearance RME: who is not as it was journaled",
    ),
    "for whom": (
        "update clearance set behalf_of_id = decided_by_id where role = 'RPDO'",
        "Round 2, clearance RPDO: for whom is not as it was journaled",
    ),
    "when": (
        "update clearance set decided_at = decided_at - interval '1 minute' where role = 'RPDO'",
        "Round 2, clearance RPDO: when is not as it was journaled",
    ),
    "a standing clearance": (
        "update clearance set note = 'Very good' where stands_id is not null",
        "Round 2, clearance RRMO: the note is not as it was journaled",
    ),
    "an answer to a check": (
        "update answer set answer = 'no' where clearance_id = (select min(id) from clearance where role = 'RME')",
        "Round 1, clearance RME: the answers to checks is not as it was journaled",
    ),
    "the gender marker": (
        "update clearance set gender_marker_code = '2a' where role = 'RTS'",
        "Round 1, clearance RTS: the gender marker is not as it was journaled",
    ),
    "whether it is required": (
        "update clearance set required = not required where role = 'RTS'",
        "Round 2, clearance RTS: whether it is required is not as it was journaled",
    ),
    "the Fund's answers": (
        "update clearance set verdict = 'return' where role = 'FUND'",
        "Round 2, clearance FUND: the verdict is not as it was journaled",
    ),
    "a removed clearance": (
        "with gone as (delete from answer where clearance_id in (select id from clearance where role = 'RME'))"
        " delete from clearance where role = 'RME'",
        "Round 2, clearance RME: the journal holds it, the record does not",
    ),
    "an added clearance": (
        "insert into clearance (round_id, seat, reviewer, role, required, opened_at, note, sections, version, verdict)"
        " select id, 'LEG', 'LEG', 'LEG', true, now(), '', '[]', 1, 'clear' from round where number = 2",
        "Round 2, clearance LEG: the journal does not know it",
    ),
    "the role of a decision": (
        "update decision set role = 'RPDO' where role = 'RD'",
        "“endorse” as RPDO: the role is not as it was journaled",
    ),
    "who decided": (
        "update step set actor_id = (select max(id) from user_account) where move = 'endorse'",
        "“endorse” as RD: who is not as it was journaled",
    ),
    "when it was decided": (
        "update step set at = at - interval '1 hour' where move = 'endorse'",
        "“endorse” as RD: when is not as it was journaled",
    ),
    "the reason of a decision": (
        "update step set note = 'Because' where move = 'recommend'",
        "“recommend” as FUND: the journal holds no such move",
    ),
    "a removed decision": (
        "delete from decision where role = 'RD'",
        "Round 2, “endorse” as RD: the journal holds it, the record does not",
    ),
    "an added decision": (
        "insert into decision (step_id, round_id, role, sections) select s.id, r.id, 'DDG', '[]' from step s, round r"
        " where s.move = 'pass' and r.number = 2",
        "Round 2, “pass” as DDG: the journal knows of no such decision",
    ),
    "an entry of the journal": (
        "update entry set data = data || '{\"note\": \"x\"}' where event = 'decided' and data->>'move' = 'endorse'",
        "its contents do not match its seal",
    ),
    "a removed entry": (
        "delete from entry where event = 'review opened' and data->>'round' = '1'",
        "a row is missing",
    ),
}


REMOVED_ROUND = (
    "update clearance set stands_id = null where stands_id in"
    " (select c.id from clearance c join round r on r.id = c.round_id where r.number = 1)",
    "delete from answer where clearance_id in"
    " (select c.id from clearance c join round r on r.id = c.round_id where r.number = 1)",
    "delete from clearance where round_id in (select id from round where number = 1)",
    "delete from decision where round_id in (select id from round where number = 1)",
    "delete from round where number = 1",
)


def found_after(project, *statements):
    """What is found when somebody with the database in hand did this; then it is undone."""
    with db.session.begin_nested() as undone:
        db.session.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            assert db.session.execute(text(statement)).rowcount > 0, statement
        db.session.execute(text("set local session_replication_role = origin"))
        found, now = verified(project.id)
        undone.rollback()
    db.session.expire_all()
    return found, now


def test_whatever_is_changed_is_found(project):
    whole, before = verified(project.id)
    assert whole == []
    for what, (statement, said) in TAMPERED.items():
        found, now = found_after(project, statement)
        assert any(said in one for one in found), f"{what}: {found}"
        of_the_record = not statement.startswith(("update entry", "delete from entry")) and "snapshot" not in statement
        assert (now != before) is of_the_record, what
    assert verified(project.id) == (whole, before)


def test_a_removed_round_is_found(project):
    found, _now = found_after(project, *REMOVED_ROUND)
    assert "Round 1: the journal holds its version, the record does not." in found
    assert "Round 2, clearance RRMO: what stands is not as it was journaled." in found
    assert "Round 1, clearance RTS: the journal holds it, the record does not." in found
