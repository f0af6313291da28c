"""Budget lines by the sheet: what is pasted or uploaded is shown as understood, and written only when confirmed."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from prima.db import db
from prima.projects import operations, queries
from prima.projects.models import BudgetLine, Level, Part, Party
from prima.projects.stages import Status
from prima.spreadsheets.reading import Unreadable, read
from prima.spreadsheets.tables import pasted
from tests.factories import a_matrix, a_project, a_user
from tests.projects.test_budget import row

HEADINGS = ["Category", "Description", "Unit", "Quantity", "Number of units", "Unit cost", "Area of work"]
WORKSHOP = ["OPER.TRAIN", "Workshop", "day", "2", "3", "1,000.50", "Migration health"]


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


@pytest.fixture
def project(developer):
    return a_project(developer=developer)


@pytest.fixture
def sheet(browser_of, developer, project):
    return browser_of(developer).open(f"/projects/{project.reference}/budget/sheet").check()


def lines_of(project):
    db.session.expire_all()
    statement = select(BudgetLine).where(BudgetLine.project_id == project.id).order_by(BudgetLine.position)
    return db.session.scalars(statement).all()


def paste(page, *rows):
    text = rows[0] if isinstance(rows[0], str) else "\n".join("\t".join(one) for one in rows)
    return page.fill("Rows of a spreadsheet", text).press("Show what was understood").check()


def upload(page, content, name="budget.xlsx"):
    return page.fill("The form, filled in", (name, content)).press("Show what it holds").check()


def a_workbook(*rows, title="Budget", change=None):
    book = openpyxl.Workbook()
    book.active.title = title
    for values in rows:
        book.active.append(values)
    if change:
        change(book.active)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


# -- pasted -----------------------------------------------------------------------------------------------------------


def test_pasted_rows_are_shown_and_written_only_when_confirmed(sheet, project):
    page = paste(sheet, ["Trainings and workshops", "Workshop", "day", "2", "3", "1 000.50"])
    assert page.status == 200
    assert page.rows("What was understood")[0][1:8] == [
        "Trainings and workshops", "Workshop", "day", "2", "3", "1,000.50", "",
    ]  # fmt: skip
    assert page.table("What was understood").totals[0][-1] == "6,003"
    assert lines_of(project) == []
    page = page.press("Take them over").check()
    assert page.heading == "Budget"
    assert [(line.description, line.amount) for line in lines_of(project)] == [("Workshop", Decimal("6003.00"))]
    assert queries.project(project.reference).budget_usd == 6003


def test_headings_may_stand_in_any_order_and_names_without_accents_and_case(sheet, project):
    headings = ["unit cost, USD", "DESCRIPTION", "Catégory", "Area of work", "Amount"]
    page = paste(sheet, headings, ["12.5", "Ātelier", "trainings AND workshops", "mhd", "999"])
    page.press("Take them over")
    line = lines_of(project)[0]
    assert (line.category_code, line.description, line.area_code) == ("OPER.TRAIN", "Ātelier", "MHD")
    assert (line.quantity, line.amount) == (1, Decimal("12.50"))


@pytest.mark.parametrize(
    ("column", "typed", "expected"),
    [
        (5, "12,50", "Row 2, Unit cost: “12,50”. Expected a number such as 1234.56 or 1,234.56"),
        (5, "1.234,56", "Expected a number"),
        (5, "USD 12", "Expected a number"),
        (5, "-1", "Row 2, Unit cost: “-1”. This must not be less than 0."),
        (5, "\u22121,234.56", "This must not be less than 0."),
        (4, "- 5", "This must not be less than 0."),
        (5, "-", "Expected a number"),
        (5, "--1", "Expected a number"),
        (5, "NaN", "Expected a number"),
        (5, "1e308", "Expected a number"),
        (5, "1 2", "Expected a number"),
        (5, "0.005", "An amount has at most two decimals."),
        (5, "9" * 30, "Please type an amount of 0 or more, below"),
        (5, "", "Row 2, Unit cost: Please fill this in."),
        (3, "1,234", "This can be read in two ways. Write 1234 or 1.2340."),
        (3, "1.234", "This can be read in two ways. Write 1234 or 1.2340."),
        (3, "1.23456", "Please type at most 4 decimals."),
        (0, "Training", "Row 2, Category: “Training”. Expected a name or a code of the list “Category”."),
        (0, "OPER", "Expected a name or a code"),
        (0, "", "Row 2, Category: Please choose one."),
        (1, "x" * 301, "At most 300 characters fit here."),
        (1, "bell\x07", "This holds invisible control characters."),
        (6, "Migration helth", "Expected a name or a code of the list “Area of work”."),
    ],
)
def test_a_wrong_cell_is_told_with_what_was_expected_and_nothing_is_written(sheet, project, column, typed, expected):
    wrong = [*WORKSHOP[:column], typed, *WORKSHOP[column + 1 :]]
    page = paste(sheet, HEADINGS, wrong)
    assert page.status == 422
    if "\x07" in typed:
        assert "invisible control characters" in page.errors[0]
    else:
        assert [error for error in page.errors if expected in error] == page.errors
    assert "Workshop" in page.value("Rows of a spreadsheet") or column == 1
    assert lines_of(project) == []


def test_headings_that_are_unknown_twice_missing_or_of_another_currency_are_told(sheet):
    page = paste(sheet, ["Category", "Category", "Colour", "Unit cost, EUR"], WORKSHOP[:4])
    assert page.errors == [
        "Row 1, column 2: “Category”. This heading stands here twice.",
        "Row 1, column 3: “Colour”. This heading is unknown. Use those of the form.",
        "Row 1, column 4: “Unit cost, EUR”. The budget is in USD.",
        "Row 1: These headings are missing: Description.",
    ]


def test_all_wrong_cells_are_told_at_once(sheet, project):
    page = paste(
        sheet, ["Nothing", "A", "", "x", "", "1", "", "", "", "", "", "beyond"], ["OPER.TRAIN", "B", "", "", "", "2,5"]
    )
    assert len(page.errors) == 4
    assert lines_of(project) == []


@pytest.mark.parametrize("text", ["", " \t \n\u200b\t\u00a0", "x" * 500_001, "Category\tDescription\tUnit cost"])
def test_nothing_to_read_is_told(sheet, project, text):
    page = paste(sheet, text)
    assert page.status == 422
    assert len(page.errors) == 1
    assert lines_of(project) == []


def test_more_lines_than_a_budget_has_are_refused(sheet, project):
    page = paste(sheet, *([WORKSHOP[:6]] * 301))
    assert page.errors == ["301 rows: A budget has at most 300 lines. Please join some."]
    page = paste(page, *([WORKSHOP[:6]] * 100_0))
    assert page.errors == ["1,000 rows: A budget has at most 300 lines. Please join some."]


def test_right_to_left_text_and_emoji_pass(sheet, project):
    paste(sheet, ["OPER.TRAIN", "ورشة عمل 👩‍👩‍👧", "يوم", "1", "1", "5"]).press("Take them over")
    assert [(line.description, line.unit) for line in lines_of(project)] == [("ورشة عمل 👩‍👩‍👧", "يوم")]


def test_lines_are_added_or_put_in_place_of_all(browser_of, developer, project):
    operations.revise_budget(project, actor=developer, rows=[row("lines-0", description="Old")])
    browser = browser_of(developer)
    address = f"/projects/{project.reference}/budget/sheet"
    paste(browser.open(address), WORKSHOP[:6]).press("Take them over")
    assert [line.description for line in lines_of(project)] == ["Old", "Workshop"]
    page = paste(browser.open(address), ["OPER.STUDY", "Tour", "", "", "", "7"])
    assert "2 lines stand there now." in page.text
    page.fill("What is done with them", "Put in place of all lines that stand there").press("Take them over")
    assert [line.description for line in lines_of(project)] == ["Tour"]
    assert queries.project(project.reference).budget_usd == 7


def test_lines_that_somebody_changed_meanwhile_are_not_replaced_unseen(browser_of, developer, project):
    operations.revise_budget(project, actor=developer, rows=[row("lines-0", description="Old")])
    browser = browser_of(developer)
    page = paste(browser.open(f"/projects/{project.reference}/budget/sheet"), WORKSHOP[:6])
    second = a_user("PDEV", "KEN", name="Second developer")
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    db.session.commit()
    operations.revise_budget(
        queries.proposal(project.reference), actor=second, rows=[row("lines-0", description="New")]
    )
    db.session.commit()
    page.fill("What is done with them", "Put in place of all lines that stand there")
    page = page.press("Take them over").check()
    assert page.status == 409
    assert page.errors == ["Second developer changed the lines meanwhile. Look at the budget before you replace them."]
    assert [line.description for line in lines_of(project)] == ["Old", "New"]
    page.press("Take them over")
    assert [line.description for line in lines_of(project)] == ["Workshop"]


@pytest.mark.parametrize("kept", ["", "{}", "[1]", "not json", '[["category_code","unit_cost"],["OPER.TRAIN","-5"]]'])
def test_what_the_page_kept_is_read_again_and_trusted_in_nothing(browser_of, developer, project, kept):
    browser = browser_of(developer)
    page = paste(browser.open(f"/projects/{project.reference}/budget/sheet"), WORKSHOP[:6])
    page.soup.find(attrs={"name": "kept"})["value"] = kept
    assert page.press("Take them over").status in (409, 422)
    assert lines_of(project) == []


def test_a_line_names_its_output_by_number_or_by_number_and_text(browser_of, developer, project):
    results = a_matrix(project, outputs=10)
    first, tenth = [one for one in results if one.level is Level.OUTPUT][::9]
    page = browser_of(developer).open(f"/projects/{project.reference}/budget/sheet")
    headings = ["Category", "Description", "Unit cost", "Output or activity"]
    rows = [["OPER.TRAIN", number, "1", number] for number in ("1.1", "1.10", f"1.10 {tenth.text}")]
    paste(page, headings, *rows).press("Take them over")
    assert [line.result_id for line in lines_of(project)] == [first.id, tenth.id, tenth.id]
    page = paste(page, headings, ["OPER.TRAIN", "x", "1", "1.11"])
    assert "Expected the number of an output or activity of the results matrix" in page.errors[0]
    content = a_workbook(headings, ["OPER.TRAIN", "x", 1, 1.1])
    page = upload(page, content)
    assert "a number alone does not say which one is meant" in page.errors[0]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=6))
def test_any_text_on_the_clipboard_is_read(cells):
    for one in pasted("\t".join(cells)):
        assert any(cell.text for cell in one.cells)


def test_a_quoted_cell_may_hold_tabs_and_line_breaks():
    rows = pasted('a\t"two\nlines and\ta ""quote"""\t6" pipe\r\n\u200b\t\u00a0\r\n"big" pipe\tz')
    assert [(one.number, [cell.text for cell in one.cells]) for one in rows] == [
        (1, ["a", 'two lines and a "quote"', '6" pipe']),
        (3, ['"big" pipe', "z"]),
    ]


# -- Excel ------------------------------------------------------------------------------------------------------------


def test_the_form_comes_back_as_it_was_downloaded(browser_of, developer):
    project = a_project(developer=developer, complete=True, budget=100_000)
    browser = browser_of(developer)
    answer = browser.open(f"/projects/{project.reference}/budget.xlsx")
    assert answer.status == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Budget", "Read me"]
    values = list(book["Budget"].values)
    assert values[0][5:7] == ("Unit cost, USD", "Output or activity")
    assert (values[1][0], values[1][5], values[1][-1]) == ("National staff", 20000, 20000)
    listed = list(book["Read me"].values)
    assert ("Category", "Study tours", "OPER.STUDY") in listed
    page = upload(browser.open(f"/projects/{project.reference}/budget/sheet"), answer.content)
    page.fill("What is done with them", "Put in place of all lines that stand there").press("Take them over")
    after = lines_of(project)
    assert [(line.description, line.amount) for line in after] == [
        ("Line 1", 20_000), ("Line 2", 5_000), ("Line 3", 75_000),
    ]  # fmt: skip
    assert all(line.result_id for line in after)


def test_costs_of_staff_are_left_out_for_who_may_not_see_them(browser_of, developer):
    project = a_project(developer=developer, status=Status.ACTIVE, complete=True, budget=100_000)
    content = browser_of(a_user("VIEW")).open(f"/projects/{project.reference}/budget.xlsx").content
    staff, evaluation = list(openpyxl.load_workbook(io.BytesIO(content))["Budget"].values)[1:3]
    assert staff[2:6] == (None,) * 4
    assert (staff[-1], evaluation[5]) == (20_000, 5_000)
    stranger = browser_of(a_user("VIEW"))
    draft = a_project(developer=developer)
    assert stranger.open(f"/projects/{draft.reference}/budget.xlsx").status == 404


def test_a_workbook_says_what_is_wrong_by_sheet_and_cell(sheet, project):
    def spoil(page):
        page["C2"] = date(2016, 10, 1)
        page["F2"] = "=2+3"
        page["D3"] = True
        page.merge_cells("A4:A5")
        page["F5"] = "12,50"

    content = a_workbook(
        HEADINGS,
        ["OPER.TRAIN", "A", "", 1, 1, 5],
        ["OPER.TRAIN", "B", "", 1, 1, 5],
        ["OPER.TRAIN", "C", "", 1, 1, 5],
        ["OPER.TRAIN", "D", "", 1, 1, 5],
        change=spoil,
    )
    page = upload(sheet, content)
    assert page.status == 422
    itself = "Please type the value itself in a cell of its own."
    assert page.errors == [
        f"Sheet “Budget”, {said}"
        for said in (
            "Cell C2: “2016-10-01”. This is a date to the spreadsheet. Format the cell as text and type it again.",
            f"Cell F2: “a formula without a value”. {itself}",
            f"Cell D3: “TRUE”. {itself}",
            f"Cell A4: “OPER.TRAIN (merged cells)”. {itself}",
            "Cell F5: “12,50”. Expected a number such as 1234.56 or 1,234.56, with a point before the decimals.",
            "Cell A5: Please choose one.",
        )
    ]
    assert lines_of(project) == []


def test_empty_and_invisible_rows_are_left_out_and_hidden_ones_are_said(sheet, project):
    def hide(page):
        page.row_dimensions[5].hidden = True

    content = a_workbook(
        [],
        ["Description", "Unit cost", "Category"],
        ["\u200b", "\u00a0", " \ufeff"],
        ["Seen", 0.1 + 0.2, "oper.train"],
        ["Hidden", 12.5, "Study tours"],
        *([[]] * 200),
        ["Last", 1, "Study tours"],
        change=hide,
    )
    page = upload(sheet, content)
    assert "1 of these rows is hidden in the workbook." in page.text
    assert [one[0] for one in page.rows("What was understood")] == ["4", "5 hidden in the file", "206"]
    page.press("Take them over")
    assert [(line.description, line.amount) for line in lines_of(project)] == [
        ("Seen", Decimal("0.30")),
        ("Hidden", Decimal("12.50")),
        ("Last", Decimal("1.00")),
    ]


def rewritten(content, sheet):
    """The workbook with another XML in its first sheet."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet if name.endswith("sheet1.xml") else old.read(name))
    return file.getvalue()


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def a_sheet(rows):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def test_the_last_value_of_a_formula_counts(sheet, project):
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>OPER.TRAIN</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>Workshop</t></is></c><c r="F1"><f>2*6.25</f><v>12.5</v></c></row>'
    )
    upload(sheet, rewritten(a_workbook([1]), a_sheet(cells))).press("Take them over")
    assert [line.amount for line in lines_of(project)] == [Decimal("12.50")]


def test_a_sheet_of_200_mb_in_195_kb_is_refused_unread(sheet):
    bomb = rewritten(a_workbook([1]), a_sheet(" " * 200 * 1024 * 1024))
    assert len(bomb) < 300_000
    page = upload(sheet, bomb)
    assert page.status == 422
    assert "Unpacked, this file would have 201 MB; at most 20 MB are read." in page.errors[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Please choose the file."),
        (b"PK\x03\x04 nothing", "This is no Excel workbook"),
        (b"Category;Description\n", "This is no Excel workbook"),
        (a_workbook(HEADINGS, WORKSHOP)[:-200], "This is no Excel workbook"),
        (rewritten(a_workbook([1]), a_sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')), "too far out"),
        (rewritten(a_workbook([1]), a_sheet('<row r="1"><c r="!"><v>1</v></c></row>')), "This is no Excel workbook"),
        (rewritten(a_workbook([1]), b'<!DOCTYPE x [<!ENTITY a "b">]>' + a_sheet("")), "This is no Excel workbook"),
        (a_workbook(*([["OPER.TRAIN", "x", "", 1, 1, 1]] * 302)), "This sheet has more than 301 rows."),
        (a_workbook([]), "The sheet “Budget” holds no line."),
    ],
    ids=["empty", "broken zip", "csv", "cut", "far cell", "bad cell", "entity", "rows", "no line"],
)  # fmt: skip
def test_a_file_that_is_no_form_is_refused_in_words(sheet, project, content, says):
    page = upload(sheet, content)
    assert page.status == 422
    assert says in page.errors[0]
    assert lines_of(project) == []


def test_a_file_that_is_too_large_is_not_read(sheet, monkeypatch):
    monkeypatch.setattr("prima.projects.views.sheet.MOST_BYTES", 1000)
    assert "This file is larger than" in upload(sheet, b"x" * 1001).errors[0]


def test_of_several_sheets_the_one_called_budget_is_read():
    book = openpyxl.load_workbook(io.BytesIO(a_workbook(["first"], title="Notes")))
    book.create_sheet("budget").append(["second"])
    file = io.BytesIO()
    book.save(file)
    assert read(file.getvalue(), "Budget", most_rows=5).rows[0].cells[0].text == "second"
    del book["budget"]
    book.create_sheet("Other")
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(Unreadable, match=r"no sheet “Budget”\. It has “Notes”, “Other”"):
        read(file.getvalue(), "Budget", most_rows=5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.integers(0, 4000))
def test_a_damaged_workbook_is_read_or_refused(noise, place):
    content = bytearray(a_workbook(HEADINGS, WORKSHOP))
    content[place : place + len(noise)] = noise
    try:
        read(bytes(content), "Budget", most_rows=5)
    except Unreadable as error:
        assert str(error)
