"""Importing a portfolio: every row a project, again no change, every fault named, nothing kept of a faulty file."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from prima import journal
from prima.cli_portfolio import report
from prima.csvfiles import BadTable
from prima.db import db
from prima.places import Office
from prima.projects.models import AreaAllocation, Coverage, Project, Step
from prima.projects.operations.importing import import_portfolio
from prima.projects.stages import Status
from prima.reference import reader

FILE = reader.FOLDER / "funding_requirements_2016.csv"
COLUMNS = FILE.read_text(encoding="utf-8").splitlines()[0].split(",")
KENYA = ("East and Horn of Africa", "Kenya", 100, 0, 20, 0, 3, 0, 0, 123)


def a_file(*rows, columns=COLUMNS, delimiter=",", encoding="utf-8"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([columns, *rows])
    return text.getvalue().encode(encoding)


def bring_in(*rows, update=False, **more):
    return import_portfolio(db.session(), a_file(*rows, **more), 2016, actor=None, update=update)


def problems(*rows, **more):
    with pytest.raises(BadTable) as caught:
        bring_in(*rows, **more)
    assert not db.session.scalar(select(func.count()).select_from(Project))
    return [str(problem) for problem in caught.value.problems]


def project(office="KEN"):
    return db.session.scalars(
        select(Project)
        .join(Project.office)
        .where(Office.code == office)
        .options(selectinload(Project.areas), selectinload(Project.steps), selectinload(Project.coverage))
        .execution_options(populate_existing=True)
    ).one()


# -- the published figures --------------------------------------------------------------------------------------------


def test_the_2016_file_becomes_156_projects(app):
    outcome = import_portfolio(db.session(), FILE.read_bytes(), 2016, actor=None)
    assert len(outcome.added) == 156
    states = dict(db.session.execute(select(Project.status, func.count()).group_by(Project.status)).all())
    empty = sum(row["stated_total"] == "0" for row in reader.rows(FILE.name))
    assert states == {Status.ENDORSED: 156 - empty, Status.CONCEPT: empty}
    assert db.session.scalar(select(func.sum(Project.budget_usd))) == sum(
        Decimal(row["stated_total"]) for row in reader.rows(FILE.name)
    )
    assert not list(journal.faults(db.session(), {"project": Project}))


def test_the_same_file_again_changes_nothing_and_says_so(app):
    import_portfolio(db.session(), FILE.read_bytes(), 2016, actor=None)
    state = select(Project.id, Project.updated_at, Project.journal_count).order_by(Project.id)
    before = db.session.execute(state).all()
    for update in (False, True):
        outcome = import_portfolio(db.session(), FILE.read_bytes(), 2016, actor=None, update=update)
        assert (outcome.added, outcome.unchanged, outcome.changes) == ([], 156, [])
        assert "Nothing was changed: the projects are as the file states them." in report(outcome)
    assert db.session.execute(state).all() == before


def test_a_row_becomes_an_endorsed_donor_project(app):
    bring_in(KENYA)
    kenya = project()
    assert kenya.status is Status.ENDORSED
    assert (kenya.funding, kenya.donor_code, kenya.funding_year) == ("donor", "NOT_STATED", 2016)
    assert kenya.title == "Funding requirements 2016: Kenya"
    assert (kenya.budget_usd, kenya.project_type_code, kenya.as_imported) == (Decimal(123), None, True)
    assert {one.code: one.amount for one in kenya.areas} == {"EPC": 100, "IBM": 20, "LHD": 3}
    assert [(step.move, step.source, step.target) for step in kenya.steps] == [
        ("import", None, Status.CONCEPT),
        ("import", Status.CONCEPT, Status.ENDORSED),
    ]
    assert [entry.event for entry in journal.entries(db.session(), "project", kenya.id)] == ["imported"]


def test_a_row_without_amounts_stays_a_concept(app):
    bring_in(("SJO", "CRI", *[0] * 8))
    found = project("CRI")
    assert (found.status, found.areas, found.budget_usd) == (Status.CONCEPT, [], 0)


def test_regional_programmes_stand_under_their_regional_office(app):
    bring_in(("VIE", "Regional programmes", 5, *[0] * 6, 5), ("BRU", "Austria", 7, *[0] * 6, 7))
    assert project("RO-VIE").import_key == "2016|VIE|RO-VIE"
    assert (project("RO-VIE").coverage, project("RO-VIE").budget_usd) == ([], 5)
    assert project("AUT").import_key == "2016|BRU|AUT"


def test_an_alias_covers_the_countries_it_names(app):
    bring_in(("Southern Africa", "South Africa, including Lesotho and Swaziland", 1, *[0] * 6, 1))
    covered = select(Coverage.country_code).order_by(Coverage.position)
    assert list(db.session.scalars(covered)) == ["ZAF", "LSO", "SWZ"]


def test_another_spelling_of_a_country_is_the_same_project(app):
    bring_in(("VIE", "Turkey", 1, *[0] * 6, 1))
    outcome = bring_in(("VIE", "TUR", 1, *[0] * 6, 1))
    assert (outcome.added, outcome.unchanged) == ([], 1)


# -- changes ----------------------------------------------------------------------------------------------------------


def test_a_changed_amount_is_shown_and_needs_update(app):
    bring_in(KENYA)
    changed = (*KENYA[:2], 100, 0, 30, 0, 0, 5, 0, 135)
    lines = report(bring_in(changed))
    name = project().name
    assert f"Line 2, {name} (Kenya), Immigration and border management: 20.00 becomes 30." in lines
    assert "1 project would change: run it again with --update to do so." in lines
    assert project().budget_usd == 123

    assert "1 project changed." in report(bring_in(changed, update=True))
    assert {one.code: one.amount for one in project().areas} == {"EPC": 100, "IBM": 30, "MPR": 5}
    assert project().budget_usd == 135
    events = [entry.event for entry in journal.entries(db.session(), "project", project().id)]
    assert events == ["imported", "imported again"]
    assert bring_in(changed).unchanged == 1


def test_a_concept_that_now_states_amounts_is_endorsed(app):
    bring_in((*KENYA[:2], *[0] * 8))
    bring_in(KENYA, update=True)
    assert project().status is Status.ENDORSED
    assert [step.target for step in project().steps] == [Status.CONCEPT, Status.ENDORSED]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"as_imported": False}, "somebody edited it after its import"),
        ({"status": Status.DONOR_SUBMITTED}, "it has moved on since its import"),
    ],
)
def test_what_people_worked_on_is_never_overwritten(app, change, why):
    bring_in(KENYA)
    for name, value in change.items():
        setattr(project(), name, value)
    db.session.flush()
    outcome = bring_in((*KENYA[:2], 1, *[0] * 6, 1), update=True)
    assert f"{project().name} (Kenya) stays as it is: {why}." in report(outcome)
    assert project().budget_usd == 123


def test_a_project_that_the_file_no_longer_names_stays_and_is_named(app):
    bring_in(KENYA)
    lines = report(bring_in(("NBO", "Uganda", 1, *[0] * 6, 1)))
    assert f"{project().name} (Funding requirements 2016: Kenya) is not in this file; it stays." in lines


# -- faults -----------------------------------------------------------------------------------------------------------


def test_a_row_that_does_not_add_up_names_both_figures_and_the_difference(app):
    assert problems((*KENYA[:-1], 1123)) == [
        "Line 2, column “stated_total”: “1123”: The areas of “Kenya” add up to 123, the row states 1,123: "
        "the difference is 1,000."
    ]


def test_rows_of_totals_are_checked_cell_by_cell(app):
    uganda, angola = ("NBO", "UGA", 1, *[0] * 6, 1), ("PTA", "AGO", 2, *[0] * 6, 2)
    right = [("NBO", "Total", 101, 0, 20, 0, 3, 0, 0, 124), ("All", "Total", 103, 0, 20, 0, 3, 0, 0, 126)]
    assert len(bring_in(KENYA, uganda, angola, *right).added) == 3
    db.session.rollback()
    wrong = [("NBO", "Total", 101, 7, 20, 0, 3, 0, 0, 124), ("Total", "", 103, 0, 20, 0, 3, 0, 0, 127)]
    assert problems(KENYA, uganda, angola, *wrong) == [
        "Line 5, column “migration_health”: “7”: The 2 rows add up to 0, this row of totals states 7: "
        "the difference is 7.",
        "Line 6, column “stated_total”: “127”: The 3 rows add up to 126, this row of totals states 127: "
        "the difference is 1.",
    ]


def test_every_fault_of_a_file_is_named_at_once(app):
    found = problems(
        ("Atlantis", "Kenya", 1, *[0] * 6, 1),
        ("NBO", "Kenia", 1, *[0] * 6, 1),
        ("NBO", "Kenya", "-1", *[0] * 6, 1),
        ("NBO", "KEN", "1e308", *[0] * 6, 1),
        ("NBO", "Angola", 1, *[0] * 6, 1),
        ("NBO", "Somalia", "", *[0] * 6, 1),
        ("NBO", "Holy See", 1, *[0] * 6, 1),
    )
    assert [text.rsplit(": ", 1)[0] for text in found] == [
        "Line 2, column “region”: “Atlantis”",
        "Line 3, column “country_or_programme”: “Kenia”",
        "Line 4, column “emergency_operations_post_crisis”: “-1”",
        "Line 5, column “emergency_operations_post_crisis”: “1e308”",
        "Line 5, column “country_or_programme”: “KEN”",
        "Line 6, column “region”: “NBO”",
        "Line 7, column “emergency_operations_post_crisis”",
        "Line 8, column “country_or_programme”: “Holy See”",
    ]
    assert found[4].endswith("Line 4 holds the same place.")
    assert "stands under “Southern Africa” today" in found[5]


def test_wrong_headings_are_named(app):
    columns = ["region", "region", "country_or_programme", "surprise", *COLUMNS[2:-1]]
    found = problems(("NBO", "NBO", "Kenya", "x", *[0] * 7), columns=columns)
    assert [text.split(":")[0] for text in found] == [
        "Line 1, column “stated_total”",
        "Line 1, column “region”",
        "Line 1, column “surprise”",
    ]


@pytest.mark.parametrize(
    "written",
    [
        {"encoding": "cp1252"},
        {"encoding": "utf-8-sig"},
        {"delimiter": ";"},
        {"encoding": "utf-8-sig", "delimiter": "\t"},
    ],
)
def test_a_file_may_come_from_any_spreadsheet(app, written):
    bring_in(("DKR", "Côte d’Ivoire", 1, *[0] * 6, 1), **written)
    assert project("CIV").title == "Funding requirements 2016: Côte d’Ivoire"


def test_a_file_without_rows_is_refused(app):
    assert problems() == ["Line 1: There is no row of a country or programme below the headings."]


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def flask(app):
    def run(*words):
        db.session.commit()
        return app.test_cli_runner().invoke(args=list(words))

    return run


def test_the_command_takes_the_year_from_the_name(app, flask, tmp_path: Path):
    named, unnamed = tmp_path / "figures_2017.csv", tmp_path / "figures.csv"
    for file in (named, unnamed):
        file.write_bytes(a_file(KENYA))
    assert flask("import-portfolio", str(named)).output.splitlines() == ["1 project added, 0 unchanged."]
    assert project().funding_year == 2017
    refused = flask("import-portfolio", str(unnamed))
    assert refused.exit_code == 2
    assert "figures.csv does not end in a year: say which with --year 2016." in refused.output
    assert flask("import-portfolio", str(unnamed), "--year", "2017").exit_code == 0


def test_the_command_keeps_nothing_of_a_faulty_file(app, flask, tmp_path: Path):
    file = tmp_path / "figures_2016.csv"
    file.write_bytes(a_file(("NBO", "Uganda", 1, *[0] * 6, 1), (*KENYA[:-1], 1123)))
    result = flask("import-portfolio", str(file))
    assert result.exit_code == 1
    assert "figures_2016.csv: 1 problem; nothing was imported." in result.output
    for table in (Project, Step, AreaAllocation):
        assert not db.session.scalar(select(func.count()).select_from(table))
