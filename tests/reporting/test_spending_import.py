"""Spending from a spreadsheet of finance: previewed, then taken over whole or not at all."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from prima.db import db
from prima.journal import Entry
from prima.projects.models import Part, Party, Project
from prima.projects.stages import Funding, Status
from prima.rates import ExchangeRate
from prima.reporting import statement
from prima.reporting.models import Expense, SpendingImport
from prima.reporting.queries.spending import spent_by_line
from prima.reporting.spending import Spent
from prima.reporting.statement import Wrong
from prima.spreadsheets.reading import Unreadable
from tests.factories import a_user
from tests.reporting.finance import (
    HEADINGS,
    a_csv,
    a_row,
    a_running_project,
    a_workbook,
    line_ids,
    prepared,
    signed_in,
    standing,
    take_over,
)

FILE = "Spreadsheet of finance"


@pytest.fixture
def project(app):
    return a_running_project()


@pytest.fixture
def officer(app):
    return a_user("FIN", name="Finance officer")


@pytest.fixture
def browser(browser_of, officer):
    return browser_of(officer)


def upload(browser, content, name="finance.xlsx"):
    page = browser.open("/spending/import").check()
    return page.fill(FILE, (name, content)).press("Show what would change").check()


def wrong(data) -> list[str]:
    with pytest.raises(Wrong) as told:
        prepared(data)
    return told.value.sentences


def nothing_is_written():
    return (
        db.session.scalar(select(func.count(Expense.id)))
        == 0
        == db.session.scalar(select(func.count(Entry.id)).where(Entry.event == "spending imported"))
    )


# -- the way ----------------------------------------------------------------------------------------------------------


def test_a_file_is_previewed_then_taken_over_and_the_same_file_changes_nothing(browser, project):
    data = a_workbook(
        a_row(amount=15000.5),
        a_row(amount=6000, kind="commitment"),
        a_row(line="B003", amount=1000),
        a_row(line="B003", amount=-250.25),
    )
    page = upload(browser, data)
    assert (page.status, page.heading) == (200, "Take over 4 rows?")
    assert page.rows("LM.0276, USD") == [
        ["B001", "Line 1", "20,000", "0", "15,000.50", "0", "6,000", "-1,000.50", "overspent"],
        ["B003", "Line 3", "75,000", "0", "749.75", "0", "0", "74,250.25", ""],
    ]
    assert page.rows("Please look at these lines") == [["LM.0276", "B001", "overspent"]]
    assert nothing_is_written()
    page = page.press("Take it over").check()
    assert page.messages == ["4 rows were taken over."]
    assert page.rows("What you took over last")[0][1:] == ["finance.xlsx", "4"]
    ids = line_ids(project)
    assert spent_by_line(project.id) == {
        ids["B001"]: Spent(Decimal("15000.50"), Decimal(6000)),
        ids["B003"]: Spent(Decimal("749.75")),
    }
    page = upload(browser, data)
    assert page.messages == ["Nothing is to be changed: this file was taken over, and its figures stand."]
    assert db.session.scalar(select(func.count(SpendingImport.id))) == 1


def test_a_later_file_states_the_project_anew_and_what_it_supersedes_is_kept(browser, project):
    other = a_running_project("LM.0300")
    take_over(a_workbook(a_row(amount=500), a_row(line="B002", amount=40), a_row("LM.0300", amount=7)))
    page = upload(browser, a_workbook(a_row(amount=450)))
    assert page.rows("Please look at these lines") == [
        ["LM.0276", "B001", "went down"],
        ["LM.0276", "B002", "no longer stated"],
    ]
    page.press("Take it over")
    assert [row.amount for row in standing(project)] == [450]
    assert [row.amount for row in standing(other)] == [7]
    assert db.session.scalar(select(func.count(Expense.id))) == 4
    first = db.session.scalar(select(func.min(SpendingImport.id)))
    gone = db.session.scalars(select(Expense).where(Expense.superseded_id.is_not(None))).all()
    assert {row.import_id for row in gone} == {first} and sum(row.amount for row in gone) == 540


def test_an_earlier_file_that_comes_again_after_another_is_taken_over_again(project):
    first, second = a_workbook(a_row(amount=1)), a_workbook(a_row(amount=2))
    for data in (first, second, first):
        assert take_over(data) is not None
    assert take_over(first) is None
    assert [row.amount for row in standing(project)] == [1]


def test_each_project_has_one_entry_in_its_journal(project, officer):
    other = a_running_project("LM.0300")
    source = take_over(a_workbook(a_row(), a_row("LM.0300"), a_row("LM.0300")), actor=signed_in(officer))
    found = db.session.scalars(select(Entry).where(Entry.event == "spending imported").order_by(Entry.id)).all()
    assert [(one.subject_id, one.data["rows"], one.data["spent"]) for one in found] == [
        (project.id, 1, ["0", "100"]),
        (other.id, 2, ["0", "200"]),
    ]
    assert {(one.actor_id, one.data["source"]) for one in found} == {(officer.id, source.id)}


def test_figures_that_changed_since_the_preview_are_shown_again(browser, project):
    page = upload(browser, a_workbook(a_row(amount=300)))
    take_over(a_workbook(a_row(amount=200)))
    db.session.commit()
    page = page.press("Take it over").check()
    assert page.status == 409 and "The figures have changed since you looked." in page.text
    assert page.rows("LM.0276, USD")[0][3:5] == ["200", "300"]
    assert [row.amount for row in standing(project)] == [200]
    page.press("Take it over")
    assert [row.amount for row in standing(project)] == [300]


def test_a_preview_that_was_tampered_with_or_is_of_somebody_else_is_refused(browser_of, browser, project):
    page = upload(browser, a_workbook(a_row(amount=300)))
    held = page.main.find("input", {"name": "kept"})["value"]
    other = browser_of(a_user("FIN")).open("/spending/import")
    token = other.main.find("input", {"name": "csrf_token"})["value"]
    for text in (held, held[:-3] + "abc", "", "x" * 1000, "\0"):
        answer = other.browser.request("POST", "/spending/import/confirm", data={"csrf_token": token, "kept": text})
        assert answer.status == 409 and "cannot be read any more" in answer.text
    assert nothing_is_written()


def test_a_project_that_is_closed_between_preview_and_confirmation_takes_nothing(browser, project):
    page = upload(browser, a_workbook(a_row()))
    db.session.get_one(Project, project.id).status = Status.FIN_CLOSED
    db.session.commit()
    page = page.press("Take it over").check()
    assert page.status == 422 and "spending is stated between activation and financial closure" in page.errors[0]
    assert nothing_is_written()


# -- who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "at", "funding", "allowed"),
    [
        ("FIN", None, Funding.DONOR, True),
        ("FIN", "NBO", Funding.DONOR, True),
        ("RRMO", "NBO", Funding.DONOR, True),
        ("RAS", "NBO", Funding.DONOR, True),
        ("RAS", "BUE", Funding.DONOR, False),
        ("FIN", "SEN", Funding.DONOR, False),
        ("FUND", None, Funding.FUND, True),
        ("FUND", None, Funding.DONOR, False),
    ],
)
def test_who_takes_over_spending_of_which_project(app, role, at, funding, allowed):
    a_running_project(funding=funding)
    person = signed_in(a_user(role, at))
    data = a_workbook(a_row())
    if allowed:
        assert prepared(data, actor=person).rows
    else:
        with pytest.raises(Wrong, match="it is not of your office, region or Fund"):
            prepared(data, actor=person)


def test_nobody_takes_over_spending_of_a_project_of_their_own(project, officer):
    db.session.add(Party(project_id=project.id, user_id=officer.id, part=Part.AUTHOR))
    db.session.flush()
    db.session.expire(project)
    with pytest.raises(Wrong, match="You are or were on the team of this project"):
        prepared(a_workbook(a_row()), actor=signed_in(officer))


@pytest.mark.parametrize(
    ("role", "at"), [("PM", "KEN"), ("RPDO", "NBO"), ("VIEW", None), ("ADMIN", None), ("MGT", None)]
)
def test_others_find_neither_the_page_nor_its_line_in_the_menu(browser_of, role, at):
    browser = browser_of(a_user(role, at))
    assert browser.open("/spending/import").status == 403
    assert "/spending/import" not in browser.open("/").content.decode()


# -- what a cell may hold ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headings",
    [
        ("amount", "CURRENCY", "date", "Budget_Line", "project-id", "Expenditure or commitment"),
        ("Montant", "Devise", "Date", "Ligne budgétaire", "Identifiant du projet", "Engagement ou dépense"),
        ("Importe", "Moneda", "Fecha", "Línea presupuestaria", "Código del proyecto", "Compromiso o gasto"),
    ],
)
def test_headings_are_read_by_name_in_three_languages_and_any_order(project, headings):
    found = prepared(a_workbook([12.5, "usd", date(2016, 3, 1), "b1", "lm 276", "Dépense"], headings=headings))
    assert found.stated[0].figures.spent == Decimal("12.5") and not found.notices


@pytest.mark.parametrize("text", ["LM.0276", "lm 276", "LM-276", "lm.276", " LM.0276\u00a0", "LM 00276"])
def test_a_project_id_is_known_however_it_is_written(project, text):
    assert prepared(a_workbook(a_row(text))).stated[0].name == "LM.0276"


def test_titles_above_the_headings_empty_rows_other_columns_and_hidden_rows_are_no_obstacle(project):
    def change(page):
        page.insert_rows(1, 3)
        page["A1"] = "Statement of spending"
        page.cell(8, 1, "  ")
        page.row_dimensions[6].hidden = True

    data = a_workbook([*a_row(), "x"], [*a_row(amount=5), ""], headings=[*HEADINGS, "Vendor"], change=change)
    found = prepared(data)
    assert len(found.rows) == 2
    assert found.notices == [
        "1 other column is not read: “Vendor”.",
        "1 row is hidden in the file. It is read as the others are.",
    ]


def test_equal_rows_count_and_are_told(project):
    found = prepared(a_workbook(a_row(), a_row(), a_row(amount=1)))
    assert found.stated[0].figures.spent == 201
    assert found.notices == ["1 row says the same as a row before it. It counts too; please check that it is meant."]


def test_csv_in_utf8_and_windows_encoding_is_read_as_a_workbook_is(project):
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        headings = ("Identifiant du projet", "Ligne budgétaire", "Date", "Devise", "Montant", "Dépense ou engagement")
        data = a_csv(
            ["LM.0276", "B001", "2016-03-01", "USD", "-12.50", "Dépense"], headings=headings, encoding=encoding
        )
        assert prepared(data).stated[0].figures.spent == Decimal("-12.50")


def test_formulas_with_their_value_are_read_and_dates_with_an_hour_are_days(project):
    data = a_workbook(a_row(day=datetime(2016, 3, 1, 14, 30), amount=8))  # noqa: DTZ001  Excel knows no zones
    value = b"<v>8</v>"
    data = changed(data, lambda part: part.replace(value, b"<f>4+4</f>" + value, 1))
    assert prepared(data).stated[0].figures.spent == 8
    take_over(data)
    assert [row.on_day for row in standing(project)] == [date(2016, 3, 1)]


def changed(data, change):
    """The workbook with the XML of its sheet changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == "xl/worksheets/sheet1.xml" else content)
    return out.getvalue()


# -- money ------------------------------------------------------------------------------------------------------------


def a_rate(currency, day, worth):
    db.session.add(ExchangeRate(currency=currency, valid_from=day, usd_per_unit=Decimal(worth)))
    db.session.flush()


def test_another_currency_is_converted_at_the_rate_of_its_day_half_up_and_the_original_stays(project):
    a_rate("EUR", date(2015, 1, 1), "1.1")
    a_rate("EUR", date(2016, 3, 1), "1.125")
    take_over(
        a_workbook(
            a_row(day=date(2016, 2, 29), currency="EUR", amount=10.05),
            a_row(currency="EUR", amount=0.04),
            a_row(currency="EUR", amount=-0.04),
        )
    )
    assert [(row.stated, row.rate, row.amount) for row in standing(project)] == [
        (Decimal("10.05"), Decimal("1.1"), Decimal("11.06")),
        (Decimal("0.04"), Decimal("1.125"), Decimal("0.05")),
        (Decimal("-0.04"), Decimal("1.125"), Decimal("-0.05")),
    ]


def test_between_two_currencies_both_rates_count(app):
    a_rate("EUR", date(2015, 1, 1), "1.2")
    a_rate("CHF", date(2015, 1, 1), "0.9")
    project = a_running_project(funding=Funding.DONOR)
    project.currency, project.rate, project.rate_from = "EUR", Decimal("1.2"), date(2015, 1, 1)
    db.session.flush()
    take_over(a_workbook(a_row(currency="CHF", amount=100), a_row(currency="EUR", amount=3)))
    assert [(row.rate, row.amount) for row in standing(project)] == [(Decimal("0.75"), 75), (None, 3)]


# -- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"project": "LM.0999"}, "A2: “LM.0999”. No project has this ID. Write it as its page shows it"),
        ({"project": 276}, "A2: “276”. Expected a project ID such as LM.0276."),
        ({"project": ""}, "A2: Expected a project ID such as LM.0276."),
        ({"project": "x" * 5000}, "A2: “" + "x" * 60 + "…”. No project has this ID."),
        ({"line": "B099"}, "B2: “B099”. The budget of LM.0276 has no such line. Its lines are B001, B002, B003."),
        ({"line": 1}, "B2: “1”. Expected the code of a budget line such as B001."),
        ({"day": "01/03/2016"}, "C2: “01/03/2016”. Expected a date. Format the cell as a date, or type it like"),
        ({"day": "2016-02-30"}, "C2: “2016-02-30”. There is no such day."),
        ({"day": 42430}, "C2: “42430”. Expected a date."),
        ({"day": "0001-01-01"}, "C2: “0001-01-01”. Please check the year: it must lie between 1990 and 2100."),
        ({"day": "9999-12-31"}, "C2: “9999-12-31”. Please check the year"),
        ({"day": date(2015, 9, 30)}, "C2: “2015-09-30”. This lies before the start of LM.0276, 1 Oct 2015."),
        ({"currency": "Dollar"}, "D2: “Dollar”. Expected the three letters of a currency such as USD."),
        ({"currency": "XXX"}, "D2: “XXX”. No rate is known for XXX."),
        ({"currency": "EUR"}, "D2: “EUR”. No rate of EUR is known for 1 Mar 2016."),
        ({"amount": "a lot"}, "E2: “a lot”. Expected an amount such as 1234.56 or -1234.56"),
        ({"amount": "12,50"}, "E2: “12,50”. Expected an amount"),
        ({"amount": 0.005}, "E2: “0.005”. An amount has at most two decimals."),
        ({"amount": "1.005"}, "E2: “1.005”. An amount has at most two decimals."),
        ({"amount": 10**13}, "E2: “10000000000000”. This amount is too large"),
        ({"amount": 1e300}, "This amount is too large"),
        ({"amount": True}, "E2: “TRUE”. Please type the value itself"),
        ({"amount": date(2016, 1, 1)}, "E2: “2016-01-01”. Expected an amount. If it looks like one, format the cell"),
        ({"amount": ""}, "E2: Expected an amount"),
        ({"amount": "=1+1"}, "E2: “a formula without a value”. Please type the value itself in a cell of its own."),
        ({"kind": "bill"}, "F2: “bill”. Expected “commitment” or “expenditure”."),
    ],
)  # fmt: skip
def test_a_cell_that_is_wrong_is_told_with_its_place(project, given, says):
    a_rate("EUR", date(2016, 3, 2), "1.1")
    told = wrong(a_workbook(a_row(**given), a_row()))
    assert len(told) == 1
    assert told[0].startswith("Sheet “Spending”, cell ") and says in told[0]


def test_the_page_tells_every_cell_that_is_wrong_and_nothing_is_written(browser, project):
    page = upload(
        browser, a_workbook(a_row(amount="\u202ea lot\u202c \U0001f600"), a_row("LM.0999"), a_row(day="soon"))
    )
    assert page.status == 422 and page.buttons == ["Show what would change"]
    assert [error.partition(":")[0] for error in page.errors] == [
        "Sheet “Spending”, cell E2",
        "Sheet “Spending”, cell C4",
        "Sheet “Spending”, cell A3",
    ]
    assert nothing_is_written()


def test_what_is_wrong_in_many_rows_is_told_once_with_their_number(project):
    assert wrong(a_workbook(*[a_row("LM.0999")] * 500, a_row(line="B9"))) == [
        "Sheet “Spending”, cell A2: “LM.0999”. No project has this ID. Write it as its page shows it, such as LM.0276. "
        "The same stands in 499 more rows.",
        "Sheet “Spending”, cell B502: “B9”. The budget of LM.0276 has no such line. Its lines are B001, B002, B003.",
    ]


def test_a_thousand_wrong_cells_are_told_up_to_a_number(project):
    told = wrong(a_workbook(*[a_row(amount=f"bad {number}") for number in range(1000)]))
    assert len(told) == 201 and told[-1] == "There are 800 more problems."


@pytest.mark.parametrize("status", [Status.FIN_CLOSED, Status.APPROVED])
def test_a_project_that_does_not_run_takes_no_spending(app, status):
    a_running_project(status=status)
    assert "spending is stated between activation and financial closure" in wrong(a_workbook(a_row()))[0]


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.OP_CLOSED, Status.CANCELLED])
def test_until_it_is_closed_financially_it_does(app, status):
    a_running_project(status=status)
    assert prepared(a_workbook(a_row())).rows


def test_merged_cells_and_errors_are_told(project):
    def change(page):
        page.merge_cells("E2:E3")

    assert wrong(a_workbook(a_row(), a_row(), change=change))[0] == (
        "Sheet “Spending”, cell E2: “100.0 (merged cells)”. Please type the value itself in a cell of its own."
    )
    data = changed(
        a_workbook(a_row(amount=8)),
        lambda part: part.replace(b'<c r="E2" t="n"><v>8</v>', b'<c r="E2" t="e"><v>#N/A</v>'),
    )
    assert wrong(data) == [
        "Sheet “Spending”, cell E2: “the error #N/A”. Please type the value itself in a cell of its own."
    ]


def test_headings_that_are_missing_or_stand_twice_are_told(project):
    assert wrong(a_workbook(a_row(), headings=[*HEADINGS[:5], "Remark"])) == [
        "Sheet “Spending”, cell A1: These columns are missing: commitment or expenditure."
    ]
    assert wrong(a_workbook([*a_row(), 5], headings=[*HEADINGS, "Amount"])) == [
        "Sheet “Spending”, cell G1: “Amount”. This column stands twice."
    ]
    assert wrong(a_workbook(a_row(), headings=["a", "b", "c", "d", "e", "f"]))[0].startswith(
        "Sheet “Spending”, cell A1: There is no row of headings. Expected are the columns project ID,"
    )
    assert wrong(a_workbook()) == ["Sheet “Spending”, cell A1: There is no row below the headings."]


# -- files that are none ----------------------------------------------------------------------------------------------


def a_bomb():
    """A file of 195 KB whose sheet would be 200 MB."""
    return changed(a_workbook(), lambda part: part + b" " * 200_000_000)


def test_a_zip_bomb_is_refused_by_its_sizes(browser, project):
    bomb = a_bomb()
    assert len(bomb) < 400_000
    page = upload(browser, bomb)
    assert page.status == 422 and page.errors[0].startswith(f"{FILE}: Unpacked, this file would have")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "This file is empty. Choose the one of finance."),
        (b"PK\x03\x04 but no archive", "This is no Excel workbook (.xlsx), or it is damaged."),
        (b"\xd0\xcf\x11\xe0 of the nineties", "This is a workbook of an old form."),
        ("Project ID;Amount".encode("utf-16"), "Line 1: This is not a CSV file"),
        (b"Project ID;Amount\nLM.0276;\x00", "Line 2: This is not a CSV file"),
        (b"Project ID;\x81\n", "This byte is no character in UTF-8 or Windows-1252"),
        (b'Project ID;"Amount\n', "A quotation mark is opened here and never closed."),
        (b"x" * 200_000, "A cell is longer than can be read"),
        (b"\n\n", "The file is empty."),
        ("\u202eproject\u202c;\U0001f600".encode(), "There is no row of headings."),
    ],
)
def test_what_is_no_spreadsheet_is_told_in_a_sentence(browser, content, says):
    page = upload(browser, content)
    assert page.status == 422
    assert [error for error in page.errors if says in error], page.errors


def test_a_million_rows_are_refused(app):
    row = b"LM.0276;B001;2016-03-01;USD;1;expenditure\n"
    assert wrong(a_csv() + b"\n" + row * 50_030) == ["Line 50021: At most 50,020 rows are read."]
    data = changed(
        a_workbook(),
        lambda part: part.replace(
            b"</sheetData>", b'<row r="50021"><c r="A50021" t="n"><v>1</v></c></row></sheetData>'
        ),
    )
    with pytest.raises(Unreadable, match=r"Cell A50021 lies too far out"):
        statement.read(data)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="XFD1048576"><v>1</v></c>',
        '<c r="A2" r="XFD1048576"><v>1</v></c>',
        "<c r='XFD1048576'><v>1</v></c>",
        '<c  r="XFD1048576"><v>1</v></c>',
        '<c\n r="XFD1048576"><v>1</v></c>',
        '<x:c xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="XFD1048576"><v>1</v></x:c>',
        '<c t="n" r="XFD1048576"><v>1</v></c>',
        '<c s="1" r="A1048576"><v>1</v></c>',
        "<!-- --><c r='A1048576'><v>1</v></c>",
    ],
)
def test_a_cell_far_out_however_it_is_written_lays_out_nothing(app, cell):
    data = changed(
        a_workbook(a_row()), lambda part: part.replace(b"</sheetData>", f"<row>{cell}</row></sheetData>".encode())
    )
    with pytest.raises(Unreadable):
        statement.read(data)


def test_cells_without_an_address_count_one_by_one(app):
    cells = b"<row>" + b"<c><v>1</v></c>" * 200 + b"</row></sheetData>"
    data = changed(a_workbook(a_row()), lambda part: part.replace(b"</sheetData>", cells))
    with pytest.raises(Unreadable, match="lies too far out"):
        statement.read(data)
