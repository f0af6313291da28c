"""The budget and its allocation: exact to the cent, two people at once, and figures nobody should type."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from prima.db import db
from prima.errors import Invalid
from prima.projects import operations, queries, rules
from prima.projects.forms.rows import Options
from prima.projects.models import AreaAllocation, Basis, BudgetLine, Coverage, Dimension, Part, Party
from prima.projects.operations.budget import amount_of, values_of
from prima.projects.operations.drafting import fingerprint
from prima.projects.operations.rows import Row
from prima.projects.stages import Status
from tests.chance import tried
from tests.factories import a_matrix, a_project, a_user


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def lines_of(project):
    db.session.expire_all()
    return db.session.scalars(
        select(BudgetLine).where(BudgetLine.project_id == project.id).order_by(BudgetLine.position)
    ).all()


def fill(page, number, category="National staff", description="Assistant", cost="100", **more):
    page.fill(f"Category, line {number}", category).fill(f"Description, line {number}", description)
    page.fill(f"Unit cost, line {number}", cost)
    for label, value in more.items():
        page.fill(f"{label}, line {number}", value)
    return page


def row(name="lines-0", **values):
    whole = {
        "category_code": "OPER.TRAIN",
        "description": "Workshop",
        "unit": "",
        "quantity": Decimal(1),
        "units": Decimal(1),
        "unit_cost": Decimal(1),
        "result_id": None,
        "area_code": None,
        "activity_type_code": None,
        "country_code": None,
        **values,
    }
    return Row(name, "Line 1", None, 0, "", False, whole)


@pytest.mark.parametrize(
    ("quantity", "units", "cost", "amount"),
    [
        ("1", "1", "0.01", "0.01"),
        ("0.5", "1", "0.01", "0.01"),
        ("0.3333", "3", "0.05", "0.05"),
        ("1.5", "0.0001", "33.33", "0.00"),
        ("999999999", "999999999", "9999999999999.99", "9999999979999990010000019999999.99"),
    ],
)
def test_an_amount_is_exact_and_rounded_half_up(quantity, units, cost, amount):
    assert amount_of(Decimal(quantity), Decimal(units), Decimal(cost)) == Decimal(amount)


def test_lines_are_added_changed_and_removed_in_one_form(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/budget").check()
    fill(page, 1, Quantity="2.5", cost="1,000.10")
    fill(page, 3, category="Study tours", description="Tour", cost="7")
    page = page.press("Save").check()
    assert [(line.description, line.amount) for line in lines_of(project)] == [
        ("Assistant", Decimal("2500.25")),
        ("Tour", Decimal("7.00")),
    ]
    assert page.table("Totals per category").totals == [["Total", "2,507.25", ""]]
    page = page.fill("Description, line 1", "Officer").fill("Remove, line 2", True).press("Save").check()
    assert [(line.description, line.version) for line in lines_of(project)] == [("Officer", 2)]
    assert queries.project(project.reference).budget_usd == Decimal("2500.25")


@pytest.mark.parametrize("cost", ["0.005", "-1", "NaN", "1e308", "Infinity", "12,50", "1" * 1_000_000, "1\x002", "ten"])
def test_a_wrong_amount_is_told_at_its_field_and_everything_is_kept(browser_of, developer, cost):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/budget")
    fill(page, 1, description="Kept")
    page = fill(page, 2, description="Kept too", cost=cost).press("Save")
    assert page.status == 422
    assert len(page.errors) == 1
    assert page.soup.select_one(".error-summary a")["href"] == "#lines-1-unit_cost"
    assert page.value("Description, line 1") == "Kept"
    assert page.value("Unit cost, line 2") == cost or "\x00" in cost
    assert lines_of(project) == []


def test_a_line_in_use_needs_a_category_a_description_and_a_cost(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/budget").fill("Unit, line 2", "month")
    page = page.press("Save").check()
    assert page.errors == [
        "Category, line 2: Please choose one.",
        "Description, line 2: Please fill this in.",
        "Unit cost, line 2: Please fill this in.",
    ]


def test_an_amount_too_large_is_refused_before_anything_is_written(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/budget")
    fill(page, 1)
    page = fill(page, 2, cost="9999999999999", Quantity="999999").press("Save").check()
    assert page.status == 422
    assert page.errors == ["Unit cost, line 2: The amount of this line is too large."]
    assert lines_of(project) == []


def test_a_budget_has_at_most_300_lines(app, developer):
    project = a_project(developer=developer)
    rows = [row(f"lines-{number}") for number in range(301)]
    with app.test_request_context(method="POST"), pytest.raises(Exception, match="at most 300 lines"):
        operations.revise_budget(project, actor=developer, rows=rows)
    operations.revise_budget(project, actor=developer, rows=rows[:300])
    assert queries.project(project.reference).budget_usd == 300


def test_300_lines_are_drawn_and_saved(browser_of, developer):
    project = a_project(developer=developer)
    operations.revise_budget(project, actor=developer, rows=[row(f"lines-{number}") for number in range(300)])
    browser = browser_of(developer)
    page = browser.open(f"/projects/{project.reference}/budget")
    fields = page.soup.select("#lines input[name]:not([type=checkbox]), #lines select[name]")
    chosen = {one["name"]: one.select_one("[selected]") for one in fields if one.name == "select"}
    sent = {one["name"]: one.get("value", "") for one in fields if one.name == "input"}
    sent |= {name: option["value"] if option else "" for name, option in chosen.items()}
    answer = browser.request("POST", page.url, data={**sent, "lines-299-unit_cost": "2"})
    assert answer.status == 200
    db.session.expire_all()
    assert queries.project(project.reference).budget_usd == 301


def test_a_page_asks_the_same_of_2_lines_as_of_12(browser_of, developer, questions):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    asked = []
    for count in (2, 10):
        operations.revise_budget(project, actor=developer, rows=[row(f"lines-{number}") for number in range(count)])
        db.session.commit()
        questions.clear()
        browser.open(f"/projects/{project.reference}/budget")
        asked.append(len(questions))
    assert asked[0] == asked[1]


def test_gauges_say_in_money_how_far_a_rule_is_missed(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/budget")
    fill(page, 1, cost="31200")
    page = fill(page, 2, category="Study tours", cost="68800").press("Save").check()
    assert "USD 31,200 of at most USD 30,000 over by USD 1,200" in page.text
    assert "USD 0 of at least USD 5,000 short by USD 5,000" in page.text
    assert "USD 100,000 of at most USD 200,000 kept" in page.text


def test_a_line_names_the_output_or_activity_it_pays_for(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/budget").check()
    assert "Output or activity, line 1" not in page.labels
    a_matrix(project, activities=2)
    page = browser_of(developer).open(f"/projects/{project.reference}/budget").check()
    page = fill(page, 1, **{"Output or activity": "1.1.2 Hold course 2 of part 1."}).press("Save").check()
    assert page.value("Output or activity, line 1") == "1.1.2 Hold course 2 of part 1."
    assert "Country, line 1" not in page.labels


def test_lines_without_output_or_unit_are_named_by_their_numbers(browser_of, developer):
    project = a_project(developer=developer)
    rows = [row(f"lines-{number}", unit="day" if number else "") for number in range(12)]
    operations.revise_budget(project, actor=developer, rows=rows)

    def need():
        db.session.expire_all()
        return {one.code: one for one in rules.to_submit(queries.proposal(project.reference))}.get("BUDGET_ALIGN")

    assert need().text.endswith("state how each cost was worked out. Line 1 names no unit.")
    assert (need().severity, need().field) == ("warn", "lines-0-unit")
    results = a_matrix(project)
    assert "Lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more name no output or activity." in need().text
    page = browser_of(developer).open(f"/projects/{project.reference}/budget").check()
    assert page.soup.find(id=need().field)
    for line in lines_of(project):
        line.result_id, line.unit = results[-1].id, "day"
    db.session.flush()
    assert need() is None


def test_an_output_of_another_project_is_not_taken(app, developer):
    project, other = a_project(developer=developer), a_project(developer=developer)
    stranger = a_matrix(other)[-1].id
    with pytest.raises(Invalid, match="no longer in the results matrix"):
        operations.revise_budget(project, actor=developer, rows=[row(result_id=stranger)])
    with pytest.raises(Invalid, match="a country that the project covers"):
        operations.revise_budget(project, actor=developer, rows=[row(country_code="COL")])


def test_a_line_of_a_regional_project_names_its_country(browser_of, developer):
    project = a_project(developer=developer, countries=("KEN", "UGA"))
    page = browser_of(developer).open(f"/projects/{project.reference}/budget").check()
    fill(page, 1, Country="Uganda").press("Save").check()
    assert lines_of(project)[0].country_code == "UGA"
    db.session.execute(delete(Coverage).where(Coverage.project_id == project.id, Coverage.country_code == "UGA"))
    page = browser_of(developer).open(f"/projects/{project.reference}/budget").check()
    page.fill("Description, line 1", "Changed").press("Save").check()
    assert (lines_of(project)[0].description, lines_of(project)[0].country_code) == ("Changed", "UGA")


def test_three_more_lines_come_without_script(browser_of, developer):
    project = a_project(developer=developer)
    page = fill(browser_of(developer).open(f"/projects/{project.reference}/budget"), 1).press("Add three lines").check()
    assert len(lines_of(project)) == 1
    assert page.value("Unit cost, line 4") == ""


def test_options_are_escaped_and_only_the_choice_is_marked():
    options = Options({"": "", "<Group>": {"A&B": "<b>bold</b>", "C": 'say "c"'}})
    assert options.html("C").count(" selected") == 1
    assert '<option value="C" selected>say &#34;c&#34;</option>' in options.html("C")
    assert '<option value="A&amp;B">&lt;b&gt;bold&lt;/b&gt;</option>' in options.html(None)
    assert options.html("gone").count(" selected") == 0


@pytest.fixture
def second(developer):
    return a_user("PDEV", "KEN", name="Second developer")


@pytest.fixture
def shared(developer, second):
    """A budget of two lines, developed by two people."""
    project = a_project(developer=developer)
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    db.session.flush()
    operations.revise_budget(
        project, actor=developer, rows=[row("lines-0", description="One"), row("lines-1", description="Two")]
    )
    return project


def test_two_people_on_different_lines_both_win(browser_of, developer, second, shared):
    url = f"/projects/{shared.reference}/budget"
    mine, theirs = browser_of(developer).open(url), browser_of(second).open(url)
    theirs.fill("Description, line 1", "Theirs").press("Save")
    assert mine.fill("Description, line 2", "Mine").press("Save").status == 200
    assert [line.description for line in lines_of(shared)] == ["Theirs", "Mine"]


def test_two_people_on_one_line_get_both_values(browser_of, developer, second, shared):
    url = f"/projects/{shared.reference}/budget"
    mine, theirs = browser_of(developer).open(url), browser_of(second).open(url)
    theirs.fill("Category, line 1", "Study tours").press("Save")
    page = fill(mine.fill("Category, line 1", "Consultants"), 3, description="New").press("Save").check()
    assert page.status == 409
    assert "Second developer" in page.text
    assert page.rows("What you typed, and what stands there now") == [
        ["Category, line 1", "Consultants", "Study tours"]
    ]
    assert len(lines_of(shared)) == 2
    assert page.press("Save what I typed").status == 200
    assert [(line.category_code, line.description) for line in lines_of(shared)] == [
        ("OPER.CONS", "One"),
        ("OPER.TRAIN", "Two"),
        ("STAFF.NAT", "New"),
    ]


def test_a_line_removed_meanwhile_is_kept_by_who_was_writing_in_it(browser_of, developer, second, shared):
    url = f"/projects/{shared.reference}/budget"
    mine, theirs = browser_of(developer).open(url), browser_of(second).open(url)
    theirs.fill("Remove, line 1", True).press("Save")
    page = mine.fill("Description, line 1", "Still needed").press("Save").check()
    assert page.status == 409
    assert ["Description, line 1", "Still needed", "removed"] in page.rows("What you typed, and what stands there now")
    page.press("Save what I typed")
    assert [line.description for line in lines_of(shared)] == ["Two", "Still needed"]


def test_a_line_changed_meanwhile_is_not_removed_unseen(browser_of, developer, second, shared):
    url = f"/projects/{shared.reference}/budget"
    mine, theirs = browser_of(developer).open(url), browser_of(second).open(url)
    theirs.fill("Description, line 1", "Changed").press("Save")
    page = mine.fill("Remove, line 1", True).press("Save").check()
    assert page.status == 409
    assert len(lines_of(shared)) == 2
    page.press("Save what I typed")
    assert [line.description for line in lines_of(shared)] == ["Two"]


def test_unit_costs_of_staff_are_internal(browser_of, developer):
    project = a_project(developer=developer, status=Status.ACTIVE, complete=True, budget=100_000)
    page = browser_of(a_user("VIEW")).open(f"/projects/{project.reference}/budget").check()
    assert [line[2] for line in page.rows("Budget lines")] == ["internal", "lump sum", "lump sum"]
    page = browser_of(a_user("RRMO", "NBO")).open(f"/projects/{project.reference}/budget").check()
    assert [line[5] for line in page.rows("Budget lines")] == ["20,000", "5,000", "75,000"]


# -- allocation -------------------------------------------------------------------------------------------------------


def shares_of(project):
    db.session.expire_all()
    rows = db.session.scalars(select(AreaAllocation).where(AreaAllocation.project_id == project.id))
    return {row.code: row.amount for row in rows}


def set_area(project, developer, basis, version=0, amounts=None, shares=None):
    return operations.allocate(
        queries.proposal(project.reference),
        Dimension.AREA,
        actor=developer,
        version=version,
        basis=basis,
        amounts=amounts or {},
        shares=shares or {},
    )


def spend(project, developer, *costs, area=None):
    operations.revise_budget(
        queries.proposal(project.reference),
        actor=developer,
        rows=[row(f"lines-{place}", unit_cost=Decimal(cost), area_code=area) for place, cost in enumerate(costs)],
    )


@tried
@given(
    cents=st.lists(st.integers(1, 10**9), min_size=1, max_size=3),
    weights=st.lists(st.integers(0, 10_000), min_size=7, max_size=7).filter(any),
)
def test_an_allocation_by_percentage_follows_the_total_to_the_cent(app, cents, weights):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer)
    spend(project, developer, "1000")
    whole = sum(weights)
    parts = [weight * 10_000 // whole for weight in weights]
    parts[weights.index(max(weights))] += 10_000 - sum(parts)
    codes = ("EPC", "MHD", "IBM", "MAD", "LHD", "MPR", "MECC")
    shares = {code: Decimal(part).scaleb(-2) for code, part in zip(codes, parts, strict=True)}
    set_area(project, developer, Basis.PERCENTAGE, shares=shares)
    assert sum(shares_of(project).values()) == 1000
    spend(project, developer, *(Decimal(one).scaleb(-2) for one in cents))
    assert sum(shares_of(project).values()) == queries.project(project.reference).budget_usd


def test_an_allocation_summed_from_the_lines_follows_them(app, developer):
    project = a_project(developer=developer)
    spend(project, developer, "10", area="MHD")
    set_area(project, developer, Basis.LINES)
    spend(project, developer, "5.50", area="LHD")
    assert shares_of(project) == {"MHD": Decimal("10.00"), "LHD": Decimal("5.50")}


def test_an_allocation_by_amount_is_shown_out_of_balance(browser_of, developer):
    project = a_project(developer=developer)
    spend(project, developer, "10")
    set_area(project, developer, Basis.AMOUNT, amounts={"MHD": Decimal(10)})
    spend(project, developer, "5.50")
    assert shares_of(project) == {"MHD": Decimal("10.00")}
    browser = browser_of(developer)
    url = f"/projects/{project.reference}/allocation/area"
    assert "Out of balance: USD 5.50 of the total is not allocated." in browser.open(url).check().text
    page = browser.open(url).fill("Migration health, amount in USD", "20").press("Save").check()
    assert "USD 4.50 more than the total is allocated" in page.messages[0]
    assert "out of balance by USD -4.50" in browser.open(f"/projects/{project.reference}/readiness").text


@pytest.mark.parametrize("share", ["99.99", "100.01", "33.333", "-1", "NaN", "1e2", "0.005"])
def test_percentages_total_exactly_100(browser_of, developer, share):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/allocation/area").check()
    page = page.fill("How it is set", "By percentage, and the amounts follow")
    page = page.fill("Migration health, percentage", share).press("Save").check()
    assert page.status == 422
    assert page.value("Migration health, percentage") == share
    assert shares_of(project) == {}


def test_lines_without_an_area_are_asked_for_one(browser_of, developer):
    project = a_project(developer=developer)
    spend(project, developer, "10")
    page = browser_of(developer).open(f"/projects/{project.reference}/allocation/area")
    page = page.fill("How it is set", "Summed from the budget lines").press("Save").check()
    assert page.status == 422
    assert "Some budget lines name none" in page.errors[0]


def test_two_people_in_one_allocation_get_both_values(browser_of, developer, second, shared):
    url = f"/projects/{shared.reference}/allocation/area"
    mine, theirs = browser_of(developer).open(url), browser_of(second).open(url)
    theirs.fill("How it is set", "By amount").fill("Migration health, amount in USD", "2").press("Save")
    mine.fill("How it is set", "By amount").fill("Migrant assistance, amount in USD", "2")
    page = mine.press("Save").check()
    assert page.status == 409
    assert page.rows("What you typed, and what stands there now") == [
        ["Migrant assistance", "2.00", "0.00"],
        ["Migration health", "0.00", "2.00"],
    ]
    assert page.press("Save what I typed").status == 200
    assert shares_of(shared) == {"MAD": Decimal("2.00")}


def test_equal_values_have_one_fingerprint():
    assert fingerprint({"a": Decimal("2.00"), "b": None}) == fingerprint({"b": None, "a": Decimal("2")})
    assert fingerprint(Decimal("0.00")) == fingerprint(Decimal(0))
    assert fingerprint("2") != fingerprint("2.0")


def test_what_people_edit_of_a_line_is_what_the_form_holds(app, developer):
    project = a_project(developer=developer)
    spend(project, developer, "1")
    assert set(values_of(lines_of(project)[0])) == set(row().values)
