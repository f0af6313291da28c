"""A new project from a former one: what is copied, what is left behind, and what nobody gets to see by copying."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from prima import journal
from prima.db import db
from prima.handbook import published
from prima.handbook.edition import parse
from prima.lists import Donor
from prima.projects import operations, queries
from prima.projects.models import (
    Agreement,
    BudgetLine,
    Coverage,
    Extent,
    GenderAnswers,
    Indicator,
    IndicatorSplit,
    Justification,
    Level,
    Milestone,
    Part,
    Partner,
    Project,
    Result,
    ThemeMark,
)
from prima.projects.snapshot import snapshot
from prima.projects.stages import Funding, Status
from prima.sessions import with_rights
from prima.users import User
from tests.conftest import TODAY
from tests.factories import a_matrix, a_project, a_user, office

LEFT_BEHIND = {
    "milestones": [], "documents": [], "justifications": {}, "requesting": [],
}  # fmt: skip


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def a_rich_project(developer, **more):
    """A proposal with something in every part."""
    project = a_project(developer=developer, complete=True, **more)
    kept = {"project_id": project.id}
    db.session.add_all(
        [
            Partner(
                **kept, position=1, name="Ministry", role="Owner", agreement=Agreement.SIGNED, agreement_reference="A/1"
            ),
            ThemeMark(**kept, code="ENV", note="Less paper"),
            GenderAnswers(**kept, needs_analysis=Extent.YES, outputs=Extent.SOME, activities=Extent.NO, main_aim=False),
            Milestone(**kept, name="Start", planned_on=TODAY),
            Justification(**kept, rule_code="BUDGET_STAFF_OFFICE", text="Why", by_id=developer.id),
        ]
    )
    db.session.flush()
    indicator = db.session.scalars(select(Indicator).where(Indicator.project_id == project.id)).first()
    db.session.add(IndicatorSplit(indicator_id=indicator.id, sex_code="SEX_FEMALE", target=Decimal(20)))
    activity = db.session.scalars(
        select(Result).where(Result.project_id == project.id, Result.level == Level.ACTIVITY)
    ).first()
    line = db.session.scalars(select(BudgetLine).where(BudgetLine.project_id == project.id)).first()
    line.result_id = activity.id
    line.unit, line.quantity, line.unit_cost = "month", Decimal(10), line.amount / 10
    db.session.scalars(select(Coverage).where(Coverage.project_id == project.id)).first().requesting = True
    db.session.flush()
    db.session.expire_all()
    return project


def copied(project, actor, office_code="KEN"):
    db.session.expire_all()
    source = queries.proposal(project.reference)
    actor = db.session.scalars(select(User).where(User.id == actor.id).options(*with_rights())).one()
    made = operations.copy(source, actor=actor, title="A copy", office_id=office(office_code).id)
    db.session.flush()
    db.session.expire_all()
    return queries.proposal(made.reference)


def frozen(project):
    db.session.expire_all()
    return snapshot(queries.proposal(project.reference))


# -- what is copied ---------------------------------------------------------------------------------------------------


def test_a_copy_equals_its_source_but_for_what_is_left_behind(app, developer):
    source = a_rich_project(developer)
    copy = copied(source, developer)
    before, after = frozen(source), frozen(copy)
    expected = {**before, **LEFT_BEHIND}
    expected["cover"] = {**before["cover"], "title": "A copy", "agreement": ""}
    expected["partners"] = [{"name": "Ministry", "role": "Owner", "agreement": "none", "agreement_reference": ""}]
    expected["risks"] = [{**one, "due_on": None} for one in before["risks"]]
    assert after == expected
    assert all(before[part] for part in ("results", "workplan", "lines", "areas", "beneficiaries", "risks", "sections"))
    assert after["lines"][0]["result"]


def test_a_copy_is_a_concept_of_its_own(app, developer):
    source = a_rich_project(developer, starts_on=TODAY, ends_on=TODAY, status=Status.ACTIVE, code="LM.9276", year=2015)
    other = a_user("PDEV", "UGA", name="Somebody else")
    copy = copied(source, other, "UGA")
    assert (copy.status, copy.code, copy.funding_year, copy.office.code) == (Status.CONCEPT, None, 2016, "UGA")
    assert (copy.starts_on, copy.ends_on, copy.copied_from_id, copy.as_imported) == (None, None, source.id, False)
    assert [(party.user_id, party.part) for party in copy.parties] == [(other.id, Part.DEVELOPER)]
    [entry] = journal.entries(db.session, "project", copy.id)
    assert (entry.event, entry.actor_id, entry.data["copied_from"]) == ("created", other.id, source.reference)


def test_rows_of_a_copy_are_its_own_and_indicators_know_their_origin(app, developer):
    source = queries.proposal(a_rich_project(developer).reference)
    old = {one.id: one.text for one in source.indicators}
    rows = {one.id for one in source.results}
    copy = copied(source, developer)
    assert {one.copied_from_id for one in copy.indicators} == old.keys()
    assert not rows & {one.id for one in copy.results}
    own = {one.id for one in copy.results}
    assert {one.result_id for one in copy.indicators} <= own and {one.result_id for one in copy.plans} <= own
    assert {one.result_id for one in copy.lines if one.result_id} <= own
    assert [part.target for one in copy.indicators for part in one.splits] == [Decimal(20)]


def test_a_matrix_of_many_rows_keeps_its_order(app, developer):
    source = a_project(developer=developer)
    a_matrix(source, outputs=12, activities=3)
    assert frozen(copied(source, developer))["results"] == frozen(source)["results"]


def test_an_edition_without_a_section_drops_it(app, developer, monkeypatch):
    file = published.EDITIONS / "fund_current.toml"
    edition = parse(file.read_text("utf-8"), file.name)
    gone = {"MAT", "RAT", "RSK"}
    smaller = edition.model_copy(
        update={"gender": None, "sections": tuple(one for one in edition.sections if one.code not in gone)}
    )
    source = a_rich_project(developer)
    monkeypatch.setattr(published.HandbookEdition, "handbook", property(lambda _row: smaller))
    after = frozen(copied(source, developer))
    assert (after["results"], after["workplan"], after["risks"], after["gender"]) == ([], [], [], {})
    assert "RAT" not in after["sections"] and after["sections"].keys() < frozen(source)["sections"].keys()
    assert {line["result"] for line in after["lines"]} == {None}
    assert after["lines"] and after["cover"]["budget_usd"] == "100000.00"


def test_an_imported_project_without_lines_gives_a_copy_without_a_budget(app, developer):
    source = a_project(developer=developer, status=Status.ACTIVE, as_imported=True, project_type_code=None)
    source.total(Decimal(5000))
    db.session.flush()
    after = frozen(copied(source, developer))
    assert (after["cover"]["budget_usd"], after["lines"], after["areas"]) == ("0.00", [], {})


def test_a_donor_project_keeps_its_donor_and_not_its_agreement(app, developer):
    db.session.add(Donor(code="GOV1", name="A government", kind="state", position=1))
    db.session.flush()
    source = a_rich_project(
        developer, funding=Funding.DONOR, donor_code="GOV1", agreement="A/1", overhead_percent=Decimal(7)
    )
    copy = copied(source, developer)
    assert (copy.donor_code, copy.agreement, copy.overhead_percent) == ("GOV1", "", Decimal(7))


def test_the_number_of_statements_does_not_grow_with_the_project(app, developer, questions):
    asked = []
    for size in (1, 6):
        source = a_project(developer=developer, complete=True)
        a_matrix(source, outputs=size, activities=size)
        db.session.flush()
        db.session.expire_all()
        loaded = queries.proposal(source.reference)
        questions.clear()
        operations.copy(loaded, actor=developer, title="A copy", office_id=office().id)
        asked.append(len(questions))
    assert asked[0] == asked[1] < 100


# -- what is internal -------------------------------------------------------------------------------------------------


def test_who_sees_no_internal_parts_copies_none(app, developer):
    source = a_rich_project(developer, status=Status.ACTIVE)
    stranger = a_user("PDEV", "COL", name="Developer, Colombia")
    before, after = frozen(source), frozen(copied(source, stranger, "COL"))
    assert (bool(before["risks"]), after["risks"]) == (True, [])
    staff = after["lines"][0]
    assert (staff["unit"], staff["quantity"], staff["unit_cost"], staff["amount"]) == (
        "", "1", before["lines"][0]["amount"], before["lines"][0]["amount"],
    )  # fmt: skip
    assert after["lines"][1:] == before["lines"][1:]
    assert after["cover"]["budget_usd"] == before["cover"]["budget_usd"]


def test_what_one_may_not_see_cannot_be_copied(browser_of, developer):
    source = a_project(developer=developer, title="Secret draft")
    stranger = browser_of(a_user("PDEV", "COL"))
    assert stranger.open(f"/projects/{source.reference}/copy").status == 404
    page = stranger.open("/projects/new")
    token = page.soup.select_one("main [name=csrf_token]")["value"]
    data = {"csrf_token": token, "title": "Mine", "office_id": office("COL").id}
    assert stranger.request("POST", f"/projects/{source.reference}/copy", data=data).status == 404
    assert "Secret draft" not in stranger.open("/projects/new/former?q=secret").text
    assert db.session.scalars(select(Project.id).where(Project.copied_from_id.is_not(None))).all() == []


def test_only_developers_copy(browser_of, developer):
    source = a_project(developer=developer, status=Status.ACTIVE)
    reader = browser_of(a_user("RRMO", "NBO"))
    assert reader.open(f"/projects/{source.reference}/copy").status == 403
    assert reader.open("/projects/new/former").status == 403
    assert "Start a new project from this one" not in reader.open(f"/projects/{source.reference}").links


# -- the pages --------------------------------------------------------------------------------------------------------


def test_a_developer_finds_a_former_project_and_starts_from_it(browser_of, developer):
    source = a_rich_project(
        a_user("PDEV", "COL"), office_code="COL", status=Status.ACTIVE, title="Migración laboral", code="LM.9277"
    )
    browser = browser_of(developer)
    page = browser.open("/projects/new").check().follow("Start from a former project").check()
    page = page.fill("Reference, project ID, or words of title and summary", "MIGRACION lab").press("Search").check()
    assert [row[:2] for row in page.rows("Projects found")] == [
        ["LM.9277", "Migración laboral Start from this LM.9277"]
    ]
    page = page.follow("Start from this LM.9277").check()
    assert page.value("Title") == "Copy of Migración laboral"
    page = page.press("Start the new project").check()
    assert (page.status, page.heading) == (200, "Copy of Migración laboral")
    assert page.definition("Copied from") == "LM.9277 Migración laboral"
    made = db.session.scalars(select(Project).where(Project.copied_from_id == source.id)).one()
    assert (made.office_id, made.status) == (office("KEN").id, Status.CONCEPT)
    page = browser.open(f"/projects/{source.reference}").check()
    assert page.definition("Copied to") == f"{made.reference} Copy of Migración laboral"
    for part in ("cover", "classification", "beneficiaries", "budget", "proposal", "readiness"):
        assert browser.open(f"/projects/{made.reference}/{part}").check().status == 200


def test_a_copy_is_told_only_to_those_who_may_see_it(browser_of, developer):
    source = a_project(developer=developer, status=Status.ACTIVE)
    copied(source, developer)
    db.session.commit()
    page = browser_of(a_user("PDEV", "COL")).open(f"/projects/{source.reference}").check()
    assert "Copied to" not in page.text and "A copy" not in page.text
    assert "Copied to" in browser_of(developer).open(f"/projects/{source.reference}").text


@pytest.mark.parametrize("title", ["", "x" * 1_000_000, "a\x00b"])
def test_a_title_that_is_none_is_told_and_nothing_is_made(browser_of, developer, title):
    source = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{source.reference}/copy").fill("Title", title)
    page = page.press("Start the new project").check()
    assert (page.status, len(page.errors)) == (422, 1)
    assert db.session.scalars(select(Project.id).where(Project.copied_from_id.is_not(None))).all() == []


def test_a_copy_stands_at_one_of_the_own_offices(browser_of, developer):
    source = a_project(developer=developer)
    browser = browser_of(developer)
    page = browser.open(f"/projects/{source.reference}/copy").check()
    token = page.soup.select_one("main [name=csrf_token]")["value"]
    for wrong in (office("COL").id, "", "x", "1" * 40):
        data = {"csrf_token": token, "title": "Mine", "office_id": wrong}
        assert browser.request("POST", page.url, data=data).status == 422


@pytest.mark.parametrize(
    "asked", ["", "   ", "'", "& | !", "a\x00b", "x" * 5000, "\u202b\u0645", "🙂", "'; drop", ":*"]
)
def test_whatever_is_searched_for_is_answered(browser_of, developer, asked):
    page = browser_of(developer).request("GET", "/projects/new/former", query_string={"q": asked}).check()
    assert page.status == 200


def test_a_long_title_still_fits_with_its_mark(browser_of, developer):
    source = a_project(developer=developer, title="long " * 59)
    page = browser_of(developer).open(f"/projects/{source.reference}/copy")
    assert page.press("Start the new project").check().status == 200
