"""The sheets of an export: the figures of the list for every role, what is internal left out, and files that read."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from itertools import islice
from random import Random

import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.demonstration.portfolio import fill
from prima.endorsement.models import Clearance, Round, Verdict
from prima.permissions import Action, can
from prima.projects import queries
from prima.projects.models import (
    BudgetLine,
    Extension,
    Indicator,
    Measure,
    Project,
    Result,
    Risk,
    Section,
)
from prima.projects.numbering import numbered
from prima.projects.visibility import may_see_internal
from prima.reporting import exports, portfolio
from prima.reporting.exports.book import _sheet
from prima.reporting.models import ExportFormat, IndicatorValue, RiskReview, RiskState
from prima.reporting.operations import exports as making
from prima.spreadsheets import Kind, write, write_archive
from prima.users import Grant, Role, User
from tests.endorsement.cast import Cast
from tests.factories import a_deadline, a_project, a_user, an_active_project

PROJECTS = 110
FILTERS = (
    {}, {"region": ["NBO"]}, {"region": ["none"]}, {"year": ["2023"]}, {"status": ["ACTIVE"]},
    {"stage": ["Implementation and monitoring"]},
    {"funding": ["donor"]}, {"area": ["LHD"]}, {"activity": ["TRN"]}, {"overdue": ["yes"]}, {"q": ["training"]},
    {"type": ["LM"]}, {"country": ["KEN"]}, {"q": ["nothing is called like this"]},
)  # fmt: skip


class Exported:
    """A file that was read back: rows by sheet, each a dictionary by heading."""

    def __init__(self, viewer, given=None, *names):
        self.reading = portfolio.read(viewer, given or {})
        assert not self.reading.problems
        self.file = io.BytesIO()
        self.counts = making.at_once(self.file, viewer, self.reading, names, ExportFormat.EXCEL, url="", most=None)
        self.book = load_workbook(self.file)

    def rows(self, name):
        headings, *rows = self.book[name].values
        return [dict(zip(headings, row, strict=True)) for row in rows if any(cell is not None for cell in row)]

    def headings(self, name):
        return [cell.value for cell in self.book[name][1]]

    def says(self, part):
        return {row["Name"]: row["Text"] for row in self.rows("Read me") if row["Part"] == part}


def exact(value):
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


def total(rows, heading):
    return sum((exact(row[heading]) for row in rows), Decimal(0))


@pytest.fixture
def filled(app):
    fill(db.session(), PROJECTS)
    db.session.commit()
    return app


def people(seen_by):
    """One of each role, an external evaluator, and the operator."""
    found = [None]
    for role in Role:
        grant = db.session.scalars(select(Grant).filter_by(role=role).order_by(Grant.id)).first()
        if grant:
            found.append(seen_by(db.session.get_one(User, grant.user_id)))
    return [*found, seen_by(a_user("VIEW")), seen_by(a_user("EVAL", staff=False))]


def test_rows_and_sums_are_those_of_the_list_for_every_role_and_filter(filled, seen_by):
    dice, everybody = Random(7), people(seen_by)
    seen = set()
    for given in FILTERS:
        for viewer in dice.sample(everybody, 2):
            found = Exported(viewer, given, "Projects", "Totals", "Allocation", "Budget lines", "Deadlines")
            of_the_list = portfolio.totals(viewer, found.reading.filters)
            rows = found.rows("Projects")
            assert len(rows) == found.counts["Projects"] == of_the_list.number
            assert total(rows, "Budget (USD)") == of_the_list.budget
            assert (
                sum(row["Reports overdue"] for row in rows) == portfolio.headline(viewer, found.reading.filters).overdue
            )
            areas = [f"{one.name} (USD)" for one in found.reading.choices["area"]]
            by_area = sum((total(rows, name) for name in areas), Decimal(0))
            assert exact(found.rows("Totals")[-1]["Total"]) == by_area
            assert (
                total([row for row in found.rows("Allocation") if row["By"] == "Area of work"], "Amount (USD)")
                == by_area
            )
            own = {row["Reference"] for row in rows}
            for name in ("Allocation", "Budget lines", "Deadlines"):
                assert {row["Reference"] for row in found.rows(name)} <= own
            lines = {}
            for row in found.rows("Budget lines"):
                lines[row["Reference"]] = lines.get(row["Reference"], 0) + exact(row["Amount (USD)"])
            assert lines == {row["Reference"]: exact(row["Budget (USD)"]) for row in rows if row["Reference"] in lines}
            seen.add(of_the_list.number)
    assert len(seen) > 5


def test_internal_parts_are_those_of_the_rights(filled, seen_by):
    projects = [queries.project(reference) for reference in islice(db.session.scalars(select(Project.reference)), 40)]
    for viewer in people(seen_by)[1:]:
        by_sql = set(db.session.scalars(select(Project.id).where(may_see_internal(viewer))))
        by_table = {one.id for one in projects if can(viewer, Action.VIEW_INTERNAL, one)}
        assert by_sql & {one.id for one in projects} == by_table


def test_every_sheet_opens_as_a_table_in_both_readers(filled, seen_by):
    found = Exported(None)
    found.file.seek(0)
    calamine = CalamineWorkbook.from_filelike(found.file)
    assert found.book.sheetnames == calamine.sheet_names == [*exports.TABLES, "Read me"]
    names, ids = set(), set()
    for sheet in found.book.worksheets:
        [table] = sheet.tables.values()
        first, top, last, bottom = range_boundaries(table.ref)
        assert (first, top, last) == (1, 1, sheet.max_column)
        rows = calamine.get_sheet_by_name(sheet.title).to_python()
        assert bottom == max(2, found.counts[sheet.title] + 1)
        assert len(rows) == found.counts[sheet.title] + 1
        assert [column.name for column in table.tableColumns] == rows[0] == found.headings(sheet.title)
        assert sheet.auto_filter.ref is None
        names.add(table.displayName)
        ids.add(table.id)
    assert len(names) == len(ids) == len(found.book.worksheets)
    assert found.counts["Results"] and found.counts["Reports"] and found.counts["Milestones"]


def test_the_read_me_counts_and_defines_everything(filled, seen_by):
    viewer = seen_by(a_user("VIEW", name="=The reader"))
    found = Exported(viewer, {"region": ["NBO"], "overdue": ["yes"]})
    about = found.says("This file")
    assert about["Projects of"] == "Regional Office: East and Horn of Africa; Overdue reports: yes"
    assert about["Exported by"] == "=The reader"
    assert about["Exported at"].startswith("2016-10-01")
    assert "left out" in about["Only what you may see"]
    counts = {name: int(text.split(" rows")[0].replace(",", "")) for name, text in found.says("Sheet").items()}
    assert counts == {name: number for name, number in found.counts.items() if name != "Read me"}
    for name in exports.TABLES:
        assert list(found.says(f"Columns of {name}")) == found.headings(name)


def test_the_same_rows_stand_in_csv(filled, seen_by):
    found, file = Exported(None), io.BytesIO()
    counts = making.at_once(file, None, found.reading, [], ExportFormat.CSV, url="", most=None)
    assert counts == found.counts
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == [f"{name}.csv" for name in (*exports.TABLES, "Read me")]
        for name in exports.TABLES:
            content = archive.read(f"{name}.csv")
            assert content.startswith(b"\xef\xbb\xbf")
            rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
            assert [row["Project ID"] for row in rows if "Project ID" in row] == [
                row["Project ID"] or "" for row in found.rows(name) if "Project ID" in row
            ]
    assert total(csv_of(file, "Projects"), "Budget (USD)") == total(found.rows("Projects"), "Budget (USD)")


def csv_of(file, name):
    with zipfile.ZipFile(file) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))


def test_all_sheets_ask_little_however_many_the_projects(filled, questions):
    asked = []
    for given in ({"q": ["nothing is called like this"]}, {}):
        db.session.expunge_all()
        reading = portfolio.read(None, given)
        questions.clear()
        making.at_once(io.BytesIO(), None, reading, [], ExportFormat.EXCEL, url="", most=None)
        asked.append(len([one for one in questions if not one.startswith(("FETCH", "CLOSE"))]))
    assert asked[0] == asked[1] <= 20


# -- what is internal -------------------------------------------------------------------------------------------------


@pytest.fixture
def two(app):
    """A project of Kenya and one of Colombia, endorsed, each with a risk, a line of staff and a review."""
    reviewer, made = a_user("RPDO", "NBO"), []
    for office in ("KEN", "COL"):
        project = a_project(status="ENDORSED", complete=True, office_code=office, budget=1000, title=f"Of {office}")
        project.code = f"LM.{len(made) + 1:04d}"
        risk = db.session.scalars(select(Risk).filter_by(project_id=project.id)).first()
        risk.consequence_code, risk.likelihood_code = "C4", "L5"
        one = Round(project_id=project.id, number=1, submitted_by_id=reviewer.id, snapshot={}, sha256="")
        db.session.add(one)
        db.session.flush()
        db.session.add(
            Clearance(
                round_id=one.id, role=Role.RPDO, verdict=Verdict.RETURN, note="Zeppelin", sections=["RAT", "BUD"],
                decided_by_id=reviewer.id, decided_at=clock.now(),
            )
        )  # fmt: skip
        db.session.add(Clearance(round_id=one.id, role=Role.RME, note="Zeppelin draft"))
        made.append(project)
    db.session.commit()
    return made


def test_internal_columns_are_left_out_where_the_reader_sees_none(two, seen_by):
    found = Exported(seen_by(a_user("VIEW")))
    assert "Highest risk level" not in found.headings("Projects")
    assert not {"Reason or comments", "Sections to change"} & set(found.headings("Clearances"))
    assert found.counts["Clearances"] == 4
    assert not any("Zeppelin" in str(cell) for sheet in found.book.worksheets for row in sheet.values for cell in row)
    staff = [row for row in found.rows("Budget lines") if row["Group"] == "Staff costs"]
    assert {(row["Unit"], row["Quantity"], row["Number of units"], row["Unit cost"]) for row in staff} == {(None,) * 4}
    assert all(row["Amount"] for row in staff)
    others = [row for row in found.rows("Budget lines") if row["Group"] != "Staff costs"]
    assert all(row["Unit cost"] for row in others)
    spent = [row for row in found.rows("Spending") if row["Group"] == "Staff costs"]
    assert {(row["Line"], row["Description"]) for row in spent} == {(None, "All lines together")}
    assert total(found.rows("Spending"), "Approved") == total(found.rows("Budget lines"), "Amount")


def test_internal_values_stand_in_the_rows_of_those_who_see_them(two, seen_by):
    found = Exported(seen_by(a_user("RPDO", "NBO")))
    assert {row["Title"]: row["Highest risk level"] for row in found.rows("Projects")} == {"Of KEN": 20, "Of COL": None}
    notes = {(row["Title"], row["Seat"]): row["Reason or comments"] for row in found.rows("Clearances")}
    assert sorted(filter(None, notes.values())) == ["Zeppelin"]
    assert {row["Sections to change"] for row in found.rows("Clearances")} == {None, "RAT; BUD"}
    costs = {row["Title"]: row["Unit cost"] for row in found.rows("Budget lines") if row["Group"] == "Staff costs"}
    assert costs["Of KEN"] and costs["Of COL"] is None
    lines = {row["Title"]: row["Description"] for row in found.rows("Spending") if row["Group"] == "Staff costs"}
    assert lines == {"Of KEN": "Line 1", "Of COL": "All lines together"}
    assert "those projects alone" in found.says("This file")["Only what you may see"]


def test_a_risk_counts_as_its_newest_review_says_and_not_once_closed(two, seen_by):
    reviewer = a_user("PM", "KEN")
    for project, state in zip(two, (RiskState.OPEN, RiskState.CLOSED), strict=True):
        for risk in db.session.scalars(select(Risk).filter_by(project_id=project.id)):
            for level in ("L6", "L1"):
                db.session.add(
                    RiskReview(
                        project_id=project.id, risk_id=risk.id, on_day=clock.today(), state=state,
                        consequence_code="C3", likelihood_code=level, saved_by_id=reviewer.id,
                    )
                )  # fmt: skip
                db.session.flush()
    db.session.commit()
    found = Exported(None, {}, "Projects")
    assert {row["Title"]: row["Highest risk level"] for row in found.rows("Projects")} == {"Of KEN": 3, "Of COL": None}


# -- single sheets ----------------------------------------------------------------------------------------------------


def test_results_have_the_numbers_of_their_matrix(filled):
    made = db.session.scalars(select(Project).where(Project.results.any()).order_by(Project.id)).first()
    retired = db.session.scalars(select(Result).filter_by(project_id=made.id, level="output")).first()
    retired.retired_on = clock.today()
    db.session.commit()
    rows = db.session.scalars(select(Result).filter_by(project_id=made.id)).all()
    numbers = [(one.number or None, one.text or None) for one in numbered(rows)]
    own = [row for row in Exported(None, {}, "Results").rows("Results") if row["Reference"] == made.reference]
    hangs = [row for row in own if row["Taken out on"] or (row["Number"] is None and row["Level"] != "Objective")]
    assert [(row["Number"], row["Result"]) for row in own if row not in hangs] == numbers
    assert len(own) == len(rows) and hangs


def test_an_indicator_comes_to_what_its_page_says(app):
    manager = a_user("PM", "KEN")
    project = an_active_project(manager)
    objective = Result(project_id=project.id, level="objective", position=1, text="Objective")
    db.session.add(objective)
    db.session.flush()
    values = {
        "Number": (Measure.NUMBER, "increment", [(10, None, None, ""), (25, None, None, "")]),
        "Share": (Measure.PERCENTAGE, "to_date", [(None, 1, 3, "")]),
        "Words": (Measure.WORDS, None, [(None, None, None, "=Well")]),
        "Nothing": (Measure.NUMBER, None, []),
    }
    for position, (text, (measure, counting, readings)) in enumerate(values.items()):
        one = Indicator(
            project_id=project.id, result_id=objective.id, position=position, text=text, measure=measure,
            baseline="5", target="75", baseline_value=Decimal(5), target_value=Decimal(75), counting=counting,
        )  # fmt: skip
        db.session.add(one)
        db.session.flush()
        for day, (value, numerator, denominator, words) in enumerate(readings, 1):
            db.session.add(
                IndicatorValue(
                    project_id=project.id, indicator_id=one.id, on_day=date(2016, 9, day), value=value,
                    numerator=numerator, denominator=denominator, words=words, saved_by_id=manager.id,
                )
            )  # fmt: skip
    db.session.commit()
    rows = {row["Indicator"]: row for row in Exported(None, {}, "Indicators").rows("Indicators")}
    headings = ("Achieved", "Achieved, in words", "Of the way", "Values")
    said = {name: tuple(rows[name][one] for one in headings) for name in values}
    assert said == {
        "Number": (40, None, 0.5, 2),
        "Share": (33.3333, None, 0.4048, 1),
        "Words": (None, "=Well", None, 1),
        "Nothing": (None, None, None, 0),
    }
    assert rows["Number"]["Newest value on"].date() == date(2016, 9, 2)


def test_a_report_is_as_timely_as_its_page_says(app):
    project = an_active_project(a_user("PM", "KEN"))
    a_deadline(project, "INT_N", date(2016, 9, 1), period_to=date(2016, 7, 31))
    a_deadline(project, "EXT_REQ", date(2016, 9, 1))
    a_deadline(a_project(status="WITHDRAWN", title="Gone"), "FIN_N", date(2016, 9, 1))
    db.session.commit()
    found = Exported(None, {}, "Projects", "Reports", "Deadlines")
    rows = {row["Title"]: row for row in found.rows("Reports")}
    own = rows[project.title]
    assert (own["Report"], own["State"], own["Timeliness"], own["Days late"]) == (
        "Interim narrative report", "Not started", "Overdue", 30,
    )  # fmt: skip
    assert (rows["Gone"]["Timeliness"], rows["Gone"]["Days late"]) == ("Not owed", None)
    assert found.counts["Deadlines"] == 3
    assert sum(row["Reports overdue"] for row in found.rows("Projects")) == 1


def test_extensions_are_counted_in_whole_months(app):
    project = a_project(status="ACTIVE", starts_on=date(2015, 1, 1), ends_on=date(2016, 2, 29))
    for old, new in ((date(2015, 8, 31), date(2015, 12, 31)), (date(2015, 12, 31), date(2016, 2, 29))):
        db.session.add(
            Extension(project_id=project.id, old_end=old, new_end=new, reason="Late", decided_on=date(2015, 8, 1))
        )
    db.session.commit()
    [row] = Exported(None, {}, "Projects").rows("Projects")
    assert (row["Extensions"], row["Months added"]) == (2, 6)


def test_lines_in_another_currency_sum_to_the_total_in_usd(app):
    project = a_project(status="ACTIVE", funding="donor")
    project.currency, project.rate = "EUR", Decimal("1.11111111")
    for position in range(1, 8):
        db.session.add(
            BudgetLine(
                project_id=project.id, position=position, category_code="OPER.TRAIN", description="=1+1",
                unit_cost=Decimal("10.01"), amount=Decimal("10.01"),
            )
        )  # fmt: skip
    project.total(7 * Decimal("10.01"))
    db.session.commit()
    rows = Exported(None, {}, "Budget lines").rows("Budget lines")
    assert total(rows, "Amount (USD)") == project.budget_usd == Decimal("77.86")
    assert {exact(row["Amount (USD)"]) for row in rows} == {Decimal("11.12"), Decimal("11.13")}


# -- texts that are no texts ------------------------------------------------------------------------------------------

HARMFUL = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1",
    "＝1+1",
    "a\x0bb\x1f",
    "'x",
    " =1",
    "😀" * 20_000,
)


def test_no_text_of_any_sheet_is_taken_for_a_formula(app):
    asked = exports.ask(db.session.connection(), None, portfolio.read(None, {}))
    for table in exports.tables(asked):
        texts = [one.kind is Kind.TEXT for one in table.fields]
        rows = [tuple(harmful if is_text else None for is_text in texts) for harmful in HARMFUL]
        file = io.BytesIO()
        write(file, [_sheet(table, iter(rows))], created=clock.now())
        sheet = load_workbook(file).worksheets[0]
        for place, is_text in enumerate(texts, 1):
            cells = [sheet.cell(number, place) for number in range(2, len(HARMFUL) + 2)]
            if is_text:
                assert {cell.data_type for cell in cells} == {"s"}
                quoted = [cell.quotePrefix for cell in cells]
                assert quoted == [True] * 8 + [False, True, True, False]
                assert cells[8].value == "ab"
                assert cells[-1].value.endswith("[cut: a cell of Excel holds no more]")
        file = io.BytesIO()
        write_archive(file, [_sheet(table, iter(rows))])
        with zipfile.ZipFile(file) as archive:
            read = list(csv.reader(io.StringIO(archive.read(archive.namelist()[0]).decode("utf-8-sig"))))
        for place, is_text in enumerate(texts):
            column = [row[place] for row in read[1:]]
            if is_text:
                assert [cell[0] for cell in column[:8]] == ["'"] * 8
                assert column[8:] == ["ab", "'x", " =1", "😀" * 20_000]
            else:
                assert set(column) == {""}


def test_what_offices_and_endorsers_decided_stands_beside_the_reviews(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    cast.has_reviewed(Role.RME, project, Role.RME, "Return for changes", note="Which tools?", sections=("Monitoring",))
    cast.all_clear(project, but=(Role.RME,))
    db.session.expire_all()
    db.session.scalars(select(Section).filter_by(project_id=project.id, code="MON")).one().text = "Better monitoring."
    db.session.commit()
    cast.has_submitted(project)
    cast.has_reviewed(Role.RME, project, Role.RME, "Clear")
    cast.has_decided(Role.RD, project, "return", "Too dear.", ("Rationale",))
    db.session.expire_all()
    found = Exported(None, {}, "Clearances")
    headings = ("Round", "Kind", "Seat", "Answer", "Given by", "Stands from an earlier round", "Reason or comments")
    rows = [tuple(row[one] for one in headings) for row in found.rows("Clearances")]
    assert [row for row in rows if row[1] != "Review"] == [
        (1, "Office clearance", None, "Clear", "COM person", "no", None),
        (2, "Office clearance", None, "Clear", None, "yes", "The office's clearance of round 1 stands."),
        (2, "Endorsement", None, "Return", "RD person", "no", "Too dear."),
    ]
    assert (1, "Review", "RME", "Return", "RME person", "no", "Which tools?") in rows
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert rows[-1][1] == "Endorsement" and found.counts["Clearances"] == len(rows)
    decided = [row for row in found.rows("Clearances") if row["Kind"] != "Review"]
    assert {row["Role"] for row in decided} == {"Chief of mission / head of office", "Regional director / endorser"}
    assert all(row["Asked on"] and row["Given on"] and not row["Due on"] for row in decided)
    assert [row["Sections to change"] for row in decided] == [None, None, "RAT"]


def test_a_decision_of_a_proposal_that_went_back_is_nobody_elses(browser_of, seen_by):
    """What is not endorsed yet is read close by alone; afterwards the reasons stay internal."""
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_endorser(project)
    reader = a_user("VIEW")
    db.session.commit()
    assert Exported(seen_by(reader), {}, "Clearances").counts["Clearances"] == 0
    cast.has_decided(Role.RD, project, "endorse", "A fine proposal.")
    db.session.expire_all()
    found = Exported(seen_by(reader), {}, "Clearances")
    assert "Endorsement" in {row["Kind"] for row in found.rows("Clearances")}
    assert not any("fine" in str(cell) for row in found.book["Clearances"].values for cell in row)
    close = Exported(seen_by(cast[Role.RPDO]), {}, "Clearances").rows("Clearances")
    assert "A fine proposal." in {row["Reason or comments"] for row in close}
