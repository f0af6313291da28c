"""The same figures everywhere: the file, plain SQL, the dashboard's page, the workbook and the command's workbook."""

from __future__ import annotations

import io
from decimal import Decimal

from openpyxl import load_workbook
from sqlalchemy import text

from prima.db import db
from tests.factories import a_user

SQL = """
    select r.region, a.code, sum(x.amount)
    from area_allocation x
    join project p on p.id = x.project_id
    join office o on o.id = p.office_id
    join office_link l on l.office_id = o.id and l.valid_from is null and l.valid_to is null
    join regional_office r on r.code = l.region_code
    join area_of_work a on a.code = x.code
    where p.funding_year = 2016
    group by r.region, a.code
"""
AREAS = ["EPC", "MHD", "IBM", "MAD", "LHD", "MPR", "MECC"]


def by_region(rows):
    """Rows of a table of text: the region, seven amounts and the total."""
    return {row[0]: [Decimal(str(cell).replace(",", "")) for cell in row[1:]] for row in rows}


def totals_of(data):
    return by_region(list(load_workbook(io.BytesIO(data))["Totals"].values)[1:])


def test_region_by_area_is_the_same_everywhere(imported, browser_of, source, tmp_path):
    assert len(source) == 10

    sql = {region: [Decimal(0)] * 8 for region in source}
    for region, code, amount in db.session.execute(text(SQL)):
        for name in (region, "All"):
            sql[name][AREAS.index(code)] += amount
            sql[name][7] += amount
    assert sql == source

    browser = browser_of(a_user("FUND"))
    page = browser.open("/dashboard?year=2016")
    caption = "Budget by region and area of work, USD"
    table = page.table(caption)
    assert by_region([*table.rows, *table.totals]) == source

    workbook = browser.open("/projects.xlsx?year=2016")
    assert workbook.status == 200
    assert totals_of(workbook.content) == source

    target = tmp_path / "out.xlsx"
    done = imported.test_cli_runner().invoke(args=["export", str(target), "--year", "2016"])
    assert done.exit_code == 0, done.output
    assert totals_of(target.read_bytes()) == source
    assert list(load_workbook(target)["Totals"].values)[-1][0] == "All"


def test_the_total_is_the_same_everywhere(imported, browser_of, source):
    total = source["All"][7]
    page = browser_of(a_user("FUND")).open("/projects?figures=yes")
    assert f"USD {total:,}" in page.text
    assert f"in full {total:,}" in page.follow("Dashboard").text
    assert db.session.scalar(text("select sum(budget_usd) from project")) == total
