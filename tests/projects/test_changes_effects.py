"""What approved changes do to the budget, the allocations and the people; and what they may not do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from flask import current_app
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from prima import sessions
from prima.db import db
from prima.errors import Invalid, Refused
from prima.months import add_months
from prima.outbox import Letter
from prima.projects import changing, operations
from prima.projects.changes import ChangeKind, ChangeState
from prima.projects.models import (
    AllocationBasis,
    AreaAllocation,
    Basis,
    BudgetLine,
    Change,
    Dimension,
    Indicator,
    IndicatorSplit,
    Measure,
    Party,
    Project,
    Result,
    Version,
)
from prima.projects.operations.effects import NewAmount, NewLine
from prima.reporting.calendar import ReportState
from prima.reporting.models import Expense, ExpenseKind, Report, SpendingImport
from tests.conftest import TODAY
from tests.factories import a_user
from tests.projects.changing import START, Crew, days, fill, following, standing

K = ChangeKind
ADDED = {
    "category_code": "OPER.EVAL", "description": "More of the evaluation", "result_id": None, "area_code": None,
    "activity_type_code": None, "country_code": None,
}  # fmt: skip


@pytest.fixture
def crew(app, browser_of):
    return Crew(browser_of)


def lines(crew):
    found = db.session.scalars(
        select(BudgetLine)
        .where(BudgetLine.project_id == crew.project.id)
        .order_by(BudgetLine.position)
        .execution_options(populate_existing=True)
    )
    return list(found)


def amounts(crew):
    return [int(line.amount) for line in lines(crew)]


def typed(crew, *wanted):
    """New amounts of the lines in their order, None where a line stays."""
    pairs = zip(lines(crew), wanted, strict=True)
    return [NewAmount(line.id, Decimal(amount), f"lines-{place}-amount") for place, (line, amount) in enumerate(pairs)]


def spent(crew, place, amount):
    source = SpendingImport(file_name="finance.xlsx", sha256="0" * 64, rows=1)
    db.session.add(source)
    db.session.flush()
    db.session.add(
        Expense(
            project_id=crew.project.id, line_id=lines(crew)[place].id, import_id=source.id, on_day=TODAY,
            kind=ExpenseKind.EXPENDITURE, currency="USD", stated=Decimal(amount), amount=Decimal(amount),
        )
    )  # fmt: skip
    db.session.commit()


def newest(crew):
    return db.session.scalars(
        select(Version).where(Version.project_id == crew.project.id).order_by(Version.number.desc())
    ).first()


def test_small_moves_between_lines_take_effect_at_once(crew):
    page = crew.open("manager", "/changes/new/budget").check()
    assert "10 % of its approved amount" in page.text
    page = (
        fill(page, **{"New amount of Line 1": "19000", "New amount of Line 3": "76000"}).press("Save and ask").check()
    )
    assert any("needs no request" in message for message in page.messages)
    assert page.rows("Budget lines that change, USD") == [
        ["B001 Line 1", "National staff", "20,000", "19,000", "-1,000"],
        ["B003 Line 3", "Trainings and workshops", "75,000", "76,000", "+1,000"],
    ]
    assert amounts(crew) == [19_000, 5_000, 76_000]
    change = db.session.scalars(select(Change)).one()
    assert (change.free, change.state, change.late_days) == (True, ChangeState.APPROVED, 0)
    assert newest(crew).change_id == change.id
    assert crew.open("manager", "/changes").rows("Changes")[0][2] == "In effect"
    recipients = list(db.session.scalars(select(Letter.recipient).where(Letter.kind == "change:record")))
    assert recipients == [crew["alternate"].email]


def test_many_small_moves_make_a_large_one_that_is_asked_for(crew):
    crew.ask(K.BUDGET, amounts=typed(crew, 18_000, 5_000, 77_000))
    change = crew.ask(K.BUDGET, amounts=typed(crew, 16_500, 5_000, 78_500))
    assert change.state is ChangeState.ASKED, "10 per cent of what was approved, not of what was moved since"
    assert amounts(crew) == [18_000, 5_000, 77_000]
    crew.approve(change)
    assert amounts(crew) == [16_500, 5_000, 78_500]
    assert crew.ask(K.BUDGET, amounts=typed(crew, 15_000, 5_000, 80_000)).free


@pytest.mark.parametrize("wanted", [(17_999, 5_000, 77_001), (20_000, 5_600, 74_400), (21_000, 5_050, 74_950)])
def test_above_the_threshold_or_with_another_total_it_is_asked_for(crew, wanted):
    assert crew.ask(K.BUDGET, amounts=typed(crew, *wanted)).state is ChangeState.ASKED
    assert amounts(crew) == [20_000, 5_000, 75_000]


def test_an_amount_below_what_was_spent_is_told_at_its_field(crew):
    spent(crew, 0, "19500.50")
    page = crew.open("manager", "/changes/new/budget")
    assert "19,500.50" in page.text
    page = (
        fill(page, **{"New amount of Line 1": "19000", "New amount of Line 3": "76000"}).press("Save and ask").check()
    )
    assert page.status == 422
    assert page.errors == ["New amount: 19,500.50 has been spent on this line already: it cannot be reduced below."]
    assert page.value("New amount of Line 1") == "19000"


def test_what_is_spent_before_the_approval_counts_too(crew):
    change = crew.ask(K.BUDGET, amounts=typed(crew, 10_000, 5_000, 85_000))
    crew.move(change, "endorse", "RD")
    spent(crew, 0, 12_000)
    page = crew.take("FUND", 1, "approve")
    assert page.status == 409 and "has been spent meanwhile" in page.text
    assert amounts(crew) == [20_000, 5_000, 75_000]
    assert crew.take("FUND", 1, "return", "Spent meanwhile.").status == 200


@pytest.mark.parametrize("text", ["-1", "1e5", "12,50", "9" * 40, "", "١٢", "\x00"])
def test_an_amount_that_is_none_is_told_at_its_field(crew, text):
    page = fill(crew.open("manager", "/changes/new/budget"), **{"New amount of Line 1": text}).press("Save and ask")
    assert page.status == 422 and page.errors[0].startswith("New amount")
    assert db.session.scalars(select(Change)).all() == []


def test_nothing_changed_is_no_revision(crew):
    page = fill(crew.open("manager", "/changes/new/budget")).press("Save and ask")
    assert page.status == 422 and "No amount differs" in page.errors[0]


def test_a_cost_extension_adds_lines_and_everything_follows(crew):
    area = db.session.get(AreaAllocation, ("LHD", crew.project.id))
    basis = db.session.get(AllocationBasis, (crew.project.id, Dimension.AREA))
    basis.basis, area.share = Basis.PERCENTAGE, Decimal(60)
    area.amount = Decimal(60_000)
    db.session.add(AreaAllocation(project_id=crew.project.id, code="MHD", amount=Decimal(40_000), share=Decimal(40)))
    db.session.commit()
    page = fill(crew.open("manager", "/changes/new/cost_extension"), **{"New end date": "2018-02-28"})
    page = page.fill("New amount of Line 2", "6500").fill("New amount of Line 3", "88500")
    page = page.fill("Description, line 1", "More courses").fill("Amount, line 1", "10000.01")
    refused = page.press("Save and ask")
    assert refused.status == 422 and any("Please choose one" in error for error in refused.errors)
    page = refused.fill("Category, line 1", "OPER.TRAIN").press("Save and ask").check()
    assert page.rows("Before and after")[1] == ["Budget, USD", "100,000", "125,000.01"]
    crew.take("RD", 1, "endorse")
    assert crew.take("FUND", 1, "approve").check().status == 200
    db.session.expire_all()
    project = db.session.get_one(Project, crew.project.id)
    assert (project.budget, project.budget_usd, project.ends_on) == (
        Decimal("125000.01"), Decimal("125000.01"), date(2018, 2, 28),
    )  # fmt: skip
    found = lines(crew)
    assert [line.code for line in found] == ["B001", "B002", "B003", "B004"]
    assert sum(line.amount for line in found) == project.budget
    areas = db.session.scalars(select(AreaAllocation).where(AreaAllocation.project_id == project.id)).all()
    assert {one.code: one.amount for one in areas} == {"LHD": Decimal("75000.01"), "MHD": Decimal("50000.00")}
    page = crew.open("manager", "/allocation/activity")
    assert "25,000.01" in page.text, "what was set by amounts is shown as out of balance"
    frozen = newest(crew).snapshot
    assert (frozen["money"]["total"], frozen["dates"]["ends_on"]) == ("125000.01", "2018-02-28")
    assert (
        frozen["line_codes"][-1] == "B004" and sum(Decimal(one["amount"]) for one in frozen["lines"]) == project.budget
    )


def test_a_cost_extension_without_more_money_is_refused(crew):
    with pytest.raises(Invalid, match="ask for a no-cost extension"):
        crew.ask(K.COST_EXTENSION, ends_on=date(2018, 2, 28), amounts=typed(crew, 19_000, 5_000, 76_000))


def test_an_amount_stays_quantity_times_units_times_unit_cost(crew):
    line = lines(crew)[2]
    line.quantity, line.units, line.unit_cost = Decimal(3), Decimal(5), Decimal(5_000)
    db.session.commit()
    change = crew.ask(K.BUDGET, amounts=typed(crew, 20_000, 5_800, 90_000))
    crew.approve(change)
    line = lines(crew)[2]
    assert (line.quantity, line.units, line.unit_cost, line.amount) == (3, 5, 6_000, 90_000)
    change = crew.ask(K.BUDGET, amounts=typed(crew, 20_000, 6_400, "100000.01"))
    crew.approve(change)
    line = lines(crew)[2]
    assert (line.quantity, line.units, line.unit_cost, line.amount) == (
        1,
        1,
        Decimal("100000.01"),
        Decimal("100000.01"),
    )


# -- people -----------------------------------------------------------------------------------------------------------


def hand_over(crew, person, on="2016-10-01", who="alternate"):
    page = crew.open(who, "/changes/new/manager").check()
    return fill(
        page, **{"Who changes": "Project manager", "E-mail address of the new person": person, "Hand-over on": on}
    )


def test_a_new_manager_takes_over_with_what_is_open(crew):
    newcomer = crew.people["new"] = a_user("PM", "KEN", name="The newcomer")
    page = hand_over(crew, newcomer.email.upper()).press("Save and ask").check()
    assert page.rows("Before and after") == [["Project manager", "The manager", "The newcomer, from 1 Oct 2016"]]
    assert any("final narrative report" in link for link in page.links)
    crew.take("RD", 1, "endorse")
    page = crew.take("FUND", 1, "approve").check()
    assert "Handed over" in page.text
    db.session.expire_all()
    parties = db.session.scalars(
        select(Party).where(Party.project_id == crew.project.id, Party.part == "manager")
    ).all()
    assert {party.user_id: party.until_at is None for party in parties} == {
        crew["manager"].id: False,
        newcomer.id: True,
    }
    told = db.session.scalars(select(Letter).where(Letter.kind == "change:approve")).all()
    assert {letter.recipient for letter in told} == {
        crew["manager"].email,
        crew["alternate"].email,
        newcomer.email,
    }
    assert all("Still open, and handed over" in letter.body for letter in told)
    assert crew.open("new", "/changes/new/budget").status == 200
    assert crew.open("manager", "/changes/new/budget").status == 403
    assert newest(crew).snapshot["people"]["manager"] == [newcomer.email]


@pytest.mark.parametrize(
    ("person", "message"),
    [
        ("nobody@prima.example", "Nobody with this address"),
        ("manager", "has this part already"),
        ("alternate", "must be two people"),
        ("RD", "has decided on this project"),
        ("", "Please fill this in."),
    ],
)
def test_who_cannot_lead_is_told_at_the_field(crew, person, message):
    crew.ask(K.NO_COST_EXTENSION, ends_on=date(2018, 2, 28))
    crew.move(db.session.scalars(select(Change)).one(), "endorse", "RD")
    address = crew[person].email if person in crew.people else person
    page = hand_over(crew, address).press("Save and ask")
    assert page.status == 422
    assert page.errors[0].startswith("E-mail address of the new person") and message in page.errors[0]


def test_nobody_decides_who_becomes_manager_if_that_is_themselves(crew):
    other = crew.people["other"] = a_user("RD", "NBO", name="Another director")
    hand_over(crew, other.email).press("Save and ask")
    assert crew.open("other", "/changes/1/endorse").status == 409
    assert crew.take("RD", 1, "endorse").status == 200


def test_a_hand_over_is_not_approved_before_its_day(crew):
    newcomer = a_user("PM", "KEN")
    hand_over(crew, newcomer.email, "2016-11-15").press("Save and ask")
    crew.take("RD", 1, "endorse")
    page = crew.take("FUND", 1, "approve")
    assert page.status == 409 and "15 Nov 2016" in page.text


# -- pages ------------------------------------------------------------------------------------------------------------


def test_a_page_asks_the_same_for_many_changes_as_for_few(crew, questions, monkeypatch):
    monkeypatch.setattr(sessions, "kept_count", lambda: 0)

    def counted():
        found = []
        for who, path in (("manager", ""), ("manager", "/changes"), ("FUND", "/changes/1"), ("RD", "/changes")):
            address, browser = f"{crew.path}{path}", crew.browser(who)
            questions.clear()
            assert browser.open(address).status == 200
            found.append(sum("UPDATE sign_in" not in one for one in questions))
        crew.browser("FUND")
        current_app.extensions.pop("prima.kept", None)
        questions.clear()
        crew.browsers["FUND"].open("/")
        return [*found, len(questions)]

    for place in range(2):
        crew.ask(K.BUDGET, amounts=typed(crew, 19_000 + place, 5_000, 76_000 - place))
    few = counted()
    for place in range(5):
        crew.ask(K.BUDGET, amounts=typed(crew, 19_010 + place, 5_000, 75_990 - place))
    assert counted() == few
    assert few[0] <= 20, "the project page"


# -- any order of decisions -------------------------------------------------------------------------------------------

MOVES = st.one_of(
    st.tuples(st.just("extend"), st.integers(1, 14)),
    st.tuples(st.just("cost"), st.integers(1, 9)),
    st.tuples(st.just("budget"), st.integers(-15_000, 15_000)),
    st.tuples(st.just("hand in"), st.integers(0, 8)),
)


def taken_over(crew, move, value):
    """One decision, or a report handed in."""
    project = crew.project
    if move == "hand in":
        open_rows = [row for row in standing(project) if row.is_open and row.kind not in ("EXT_REQ", "EVA")]
        if open_rows:
            row = open_rows[value % len(open_rows)]
            row.is_open = False
            db.session.add(Report(deadline_id=row.id, state=ReportState.SUBMITTED, first_submitted_on=TODAY))
            db.session.flush()
        return
    first, second, third = (line.amount for line in lines(crew)[:3])
    rest = [line.amount for line in lines(crew)[3:]]
    if move == "budget":
        value = max(min(value, int(third)), -int(first))
        if value == 0:
            return
        change = crew.ask(K.BUDGET, amounts=typed(crew, first + value, second, third - value, *rest))
    else:
        terms = {"ends_on": add_months(project.ends_on, value)}
        if move == "cost":
            new = NewLine({**ADDED, "amount": Decimal(value * 1_000)}, "added-0")
            terms |= {"amounts": typed(crew, first, second, third, *rest), "added": [new]}
        change = crew.ask(K.COST_EXTENSION if move == "cost" else K.NO_COST_EXTENSION, **terms)
    if not change.free:
        crew.approve(change)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(decisions=st.lists(MOVES, min_size=1, max_size=4), months=st.integers(5, 26))
def test_no_order_of_changes_loses_or_doubles_anything(app, decisions, months):
    crew = Crew(starts_on=START, ends_on=add_months(START, months))
    for move, value in decisions:
        handed_in = {row.id: row.due_on for row in standing(crew.project) if not row.is_open}
        taken_over(crew, move, value)
        rows = standing(crew.project)
        keys = [(row.kind, row.period_to) for row in rows]
        assert len(set(keys)) == len(keys), "none is doubled"
        assert handed_in.items() <= {row.id: row.due_on for row in rows}.items(), "what was handed in never moves"
        kinds = {row.kind for row in rows}
        assert {"RMF", "WPL", "FIN_N", "FIN_F", "EXT_REQ", "EVA"} <= kinds, "none is lost"
        has_a_year = add_months(START, 12) <= date.fromordinal(crew.project.ends_on.toordinal() + 1)
        assert days(crew.project, "INT_N") == days(crew.project, "INT_F") or handed_in or not has_a_year
        assert not has_a_year or days(crew.project, "INT_N")
        assert sum(line.amount for line in lines(crew)) == crew.project.budget
        codes = [line.code for line in lines(crew)]
        assert len(set(codes)) == len(codes) and None not in codes
    versions = db.session.scalars(
        select(Version).where(Version.project_id == crew.project.id).order_by(Version.number)
    ).all()
    assert all(later.number == sooner.number + 1 for sooner, later in pairwise(versions))
    assert Decimal(versions[-1].snapshot["money"]["total"]) == crew.project.budget
    assert versions[-1].snapshot["dates"]["ends_on"] == crew.project.ends_on.isoformat()


def test_a_second_press_of_an_operation_is_refused(crew):
    change = crew.ask(K.NO_COST_EXTENSION, ends_on=date(2018, 2, 28))
    current = changing.change(crew.project.reference, change.number)
    seen = current.version
    crew.move(change, "endorse", "RD")
    with pytest.raises(Refused, match="is now: Endorsed"):
        operations.take_change(current, "endorse", actor=crew["RD"], following=following(), seen=seen)


# -- results ----------------------------------------------------------------------------------------------------------


def test_texts_targets_and_new_indicators_take_effect_together(crew):
    page = crew.open("manager", "/changes/new/results").check()
    page = fill(page, **{"Outcome 1": "Institutions apply the new law.", "Outcome 1, indicator 1, target": "60"})
    page = page.fill("Result, line 1", "1 Institutions apply the new procedures.")
    page = page.fill("Indicator, line 1", "Number of laws").fill("Data source and collection method, line 1", "Gazette")
    page = page.fill("Baseline, line 1", "0").fill("Target, line 1", "two")
    refused = page.press("Save and ask")
    assert refused.status == 422 and "Target, line 1: Please type a number" in refused.errors[0]
    page = refused.fill("Target, line 1", "2").press("Save and ask").check()
    assert page.rows("Before and after") == [
        ["Outcome 1", "Institutions apply the new procedures.", "Institutions apply the new law."],
        ["Target: Number of officials who apply the procedures", "40", "60"],
        ["New indicator of 1", "none", "Number of laws, target 2"],
    ]
    assert crew.open("manager", "/changes").rows("Changes")[0][3] == "3 parts of the results matrix"
    crew.take("RD", 1, "endorse")
    assert crew.take("FUND", 1, "approve").status == 200
    project = changing.project(crew.project.reference)
    outcome = next(one for one in project.results if one.level == "outcome")
    assert outcome.text == "Institutions apply the new law."
    found = [one for one in project.indicators if one.result_id == outcome.id]
    assert [(one.target, one.target_value) for one in found] == [("60", 60), ("2", 2)]
    assert newest(crew).snapshot["results"][1]["text"] == outcome.text


def test_a_percentage_above_a_hundred_and_an_empty_row_are_told_at_their_fields(crew):
    indicator = db.session.scalars(select(Indicator).where(Indicator.project_id == crew.project.id)).first()
    indicator.measure = Measure.PERCENTAGE
    db.session.commit()
    page = fill(crew.open("manager", "/changes/new/results"))
    page = page.fill("Objective, indicator 1, target", "101").fill("Outcome 1", "").press("Save and ask").check()
    assert page.status == 422
    assert page.errors == [
        "Outcome 1: Please fill this in.",
        "Objective, indicator 1, target: Please type at most 100.",
    ]


def test_the_parts_of_a_target_add_up_to_it(crew):
    indicator = db.session.scalars(select(Indicator).where(Indicator.project_id == crew.project.id)).first()
    for sex, part in (("SEX_FEMALE", 25), ("SEX_MALE", 15)):
        db.session.add(IndicatorSplit(indicator_id=indicator.id, sex_code=sex, target=Decimal(part)))
    db.session.commit()
    page = fill(crew.open("manager", "/changes/new/results").check(), **{"Objective, indicator 1, target": "50"})
    page = page.press("Save and ask")
    assert page.status == 422 and "do not add up" in page.errors[0]
    page = page.fill("Objective, indicator 1, target, female", "35").press("Save and ask").check()
    assert page.rows("Before and after")[0][1:] == ["40 (25 + 15)", "50 (35 + 15)"]
    crew.take("RD", 1, "endorse")
    crew.take("FUND", 1, "approve")
    db.session.expire_all()
    parts = db.session.scalars(select(IndicatorSplit.target).where(IndicatorSplit.indicator_id == indicator.id))
    assert sum(parts) == 50


def test_a_row_changed_meanwhile_is_not_overwritten(crew):
    fill(crew.open("manager", "/changes/new/results"), **{"Outcome 1": "Another."}).press("Save and ask")
    crew.take("RD", 1, "endorse")
    outcome = db.session.scalars(
        select(Result).where(Result.project_id == crew.project.id, Result.level == "outcome")
    ).one()
    outcome.text = "Mended by the list."
    db.session.commit()
    page = crew.take("FUND", 1, "approve")
    assert page.status == 409 and "was changed meanwhile" in page.text


# -- the edition's rules on the budget that would come of it ----------------------------------------------------------

RULES = "Rules of the budget after this change"


def revised(crew, first, second, third):
    page = crew.open("manager", "/changes/new/budget")
    values = {"New amount of Line 1": first, "New amount of Line 2": second, "New amount of Line 3": third}
    return fill(page, **{label: str(amount) for label, amount in values.items()}).press("Save and ask")


def test_a_rule_that_stops_a_step_stops_the_asking(crew):
    page = revised(crew, 20_000, 4_000, 76_000).check()
    assert page.status == 422 and len(page.errors) == 1
    assert "evaluation line" in page.errors[0] and "short by USD 1,000" in page.errors[0]
    assert page.value("New amount of Line 2") == "4000"
    page = page.press("Save the draft").check()
    assert [row[0].split()[1:3] + row[3:] for row in page.rows(RULES)][:2] == [
        ["and", "office", "kept"], ["evaluation", "line", "short by USD 1,000"],
    ]  # fmt: skip
    refused = crew.take("manager", 1, "ask")
    assert refused.status == 422 and "short by USD 1,000" in refused.errors[0]
    assert db.session.scalars(select(Change)).one().state is ChangeState.DRAFT


def test_a_free_revision_keeps_the_rules_too(crew):
    with pytest.raises(Invalid, match="short by USD 100"):
        crew.ask(K.BUDGET, amounts=typed(crew, 20_000, 4_900, 75_100))
    assert amounts(crew) == [20_000, 5_000, 75_000]


def test_a_rule_that_asks_for_a_word_is_shown_to_those_who_decide(crew):
    page = revised(crew, 40_000, 5_000, 55_000).check()
    assert page.status == 200
    first = page.rows(RULES)[0]
    assert first[1:] == ["USD 40,000", "USD 30,000", "over by USD 10,000 why stands under “Effect”"]
    for who, move in (("RD", "endorse"), ("FUND", "approve")):
        assert crew.open(who, f"/changes/1/{move}").check().rows(RULES)[0][1:] == first[1:]
        assert crew.take(who, 1, move).status == 200
    crew.approve(crew.ask(K.BUDGET, amounts=typed(crew, 30_000, 5_000, 65_000)))
    assert crew.open("RD", "/changes/1").rows(RULES)[0][1:] == first[1:], "as it was when it was decided"
    assert crew.open("RD", "/changes/2").rows(RULES)[0][3] == "kept"


def test_without_a_word_on_its_effect_such_a_rule_is_not_passed(crew):
    change = crew.ask(K.BUDGET, amounts=typed(crew, 40_000, 5_000, 55_000), then=False)
    change.effect = ""
    with pytest.raises(Invalid) as refusal:
        crew.move(change, "ask", "manager")
    assert refusal.value.field == "effect"
    assert "over by USD 10,000" in refusal.value.reasons[0].text


def test_the_total_stays_within_its_bounds(crew):
    terms = {"ends_on": date(2018, 2, 28), "amounts": typed(crew, 20_000, 20_000, 161_000)}
    with pytest.raises(Invalid) as refusal:
        crew.ask(K.COST_EXTENSION, **terms)
    assert "over by USD 1,000" in refusal.value.reasons[0].text


def test_a_new_line_counts_in_its_category(crew):
    new = NewLine({**ADDED, "category_code": "STAFF.NAT", "amount": Decimal(30_000)}, "added-0")
    more = NewLine({**ADDED, "amount": Decimal(2_000)}, "added-1")
    change = crew.ask(K.COST_EXTENSION, ends_on=date(2018, 2, 28), amounts=typed(crew, 20_000, 5_000, 75_000),
                      added=[new, more])  # fmt: skip
    staff, evaluation = changing.budget_rules(changing.change(crew.project.reference, change.number))[:2]
    assert (staff["now"], staff["limit"], staff["beyond"]) == ("USD 50,000", "USD 39,600", "USD 10,400")
    assert (evaluation["now"], evaluation["beyond"]) == ("USD 7,000", "")


def test_what_a_donor_pays_for_is_measured_by_no_rule_of_the_fund(browser_of):
    crew = Crew(browser_of, funding="donor", budget=500_000)
    page = revised(crew, 400_000, 0, 100_000).check()
    assert page.status == 200 and RULES not in page.captions
