"""Indicators: their figures are checked, two people get both values, and the library shows what one may see."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, literal, select

from prima.db import db
from prima.lists import AreaOfWork, BeneficiaryDisaggregation, CuratedIndicator
from prima.projects import library, operations, queries
from prima.projects.models import AreaAllocation, Indicator, Level, Measure, Part, Party, Result
from prima.projects.operations.indicators import MOST_OF_A_RESULT
from prima.projects.snapshot import snapshot
from prima.projects.stages import Status
from prima.reference import reader
from prima.sessions import with_rights
from prima.users import User, folded
from tests.factories import a_budget, a_matrix, a_project, a_user

LIBRARY = "Indicators of the library"
PAST = "Indicators of other projects"


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


@pytest.fixture
def project(developer):
    found = a_project(developer=developer)
    a_matrix(found)
    return found


def at(project):
    return f"/projects/{project.reference}/matrix"


def result_of(project, level=Level.OUTPUT):
    return db.session.scalars(select(Result.id).where(Result.project_id == project.id, Result.level == level)).first()


def indicator_of(project, level=Level.OUTPUT):
    db.session.expire_all()
    found = select(Indicator).where(Indicator.result_id == result_of(project, level)).order_by(Indicator.position)
    return db.session.scalars(found).all()


def opened(browser, project, level=Level.OUTPUT):
    return browser.open(f"{at(project)}/indicators/{indicator_of(project, level)[0].id}").check()


def values(**more):
    return {
        "text": "Officials trained",
        "measure": Measure.NUMBER,
        "unit": "officials",
        "source": "Lists",
        "baseline": "0",
        "target": "40",
        "baseline_value": Decimal(0),
        "target_value": Decimal(40),
        "by_sex": False,
        "by_age": False,
        "splits": {},
        **more,
    }


def an_indicator(project, text, **more):
    made = operations.add_indicator(
        queries.proposal(project.reference),
        actor=project_developer(project),
        result_id=result_of(project),
        **values(text=text, **more),
    )
    db.session.flush()
    return made


def project_developer(project):
    return queries.proposal(project.reference).people(Part.DEVELOPER)[0]


# -- one indicator ----------------------------------------------------------------------------------------------------


def test_an_indicator_is_added_and_shown_in_the_matrix(browser_of, developer, project):
    page = browser_of(developer).open(at(project)).press("Add an indicator to output 1.1").check()
    assert page.heading == "Indicator of output 1.1"
    page.fill("Indicator", "Officials who pass the test").fill("How it is read", "A percentage")
    page.fill("Unit", "officials").fill("Data source and collection method", "Tests")
    page = page.fill("Baseline", "12.5").fill("Target", "80 %").press("Save").check()
    assert page.messages[0] == "The indicator is saved."
    made = indicator_of(project)[-1]
    assert (made.measure, made.baseline_value, made.target_value) == (Measure.PERCENTAGE, Decimal("12.5"), 80)
    assert (made.baseline, made.target) == ("12.5", "80 %")
    assert "Officials who pass the test (officials) baseline 12.5%, target 80 %" in page.text


def test_one_indicator_after_the_other(browser_of, developer, project):
    page = browser_of(developer).open(at(project)).press("Add an indicator to output 1.1")
    page = page.fill("Indicator", "First").press("Save and add another").check()
    assert page.value("Indicator") == ""
    page.fill("Indicator", "Second").press("Save")
    assert [one.text for one in indicator_of(project)][1:] == ["First", "Second"]


@pytest.mark.parametrize(
    ("measure", "typed", "says"),
    [
        ("A number", "-1", "number of 0 or more"),
        ("A number", "NaN", "number of 0 or more"),
        ("A number", "1e308", "number of 0 or more"),
        ("A number", "12,50", "number of 0 or more"),
        ("A number", "forty", "number of 0 or more"),
        ("A number", "0.00001", "at most 4 decimals"),
        ("A number", "10000000000", "at most 9,999,999,999"),
        ("A number", "1" * 1_000_000, "number of 0 or more"),
        ("A number", "٤٠", "number of 0 or more"),
        ("A percentage", "100.01", "at most 100"),
        ("A percentage", "-5 %", "percentage from 0 to 100"),
        ("A percentage", "a third", "percentage from 0 to 100"),
        ("Yes or no", "maybe", "yes or no"),
        ("Words", "x\x00y", "control characters"),
        ("Words", "x" * 301, "At most 300 characters"),
    ],
)
def test_a_target_that_its_measure_does_not_take_is_told_and_kept(browser_of, developer, project, measure, typed, says):
    page = opened(browser_of(developer), project).fill("How it is read", measure).fill("Unit", "kept")
    page = page.fill("Baseline", "").fill("Target", typed).press("Save")
    assert page.status == 422
    [error] = page.errors
    assert error.startswith("Target: ") and says in error
    assert page.soup.select_one(".error-summary a")["href"] == "#target"
    assert page.value("Unit") == "kept"
    assert page.value("Target") == typed or "\x00" in typed
    assert indicator_of(project)[0].target == "40"


@pytest.mark.parametrize(
    ("measure", "typed", "number"),
    [
        ("A number", "1,234.5000", Decimal("1234.5")),
        ("A number", "9999999999", Decimal(9999999999)),
        ("A percentage", "100%", Decimal(100)),
        ("A percentage", "0", Decimal(0)),
        ("Yes or no", "YES", None),
        ("Words", "مجتمعات أكثر ثقة 🌍", None),
    ],
)
def test_a_target_is_kept_as_typed_and_as_a_number_where_it_is_one(
    browser_of, developer, project, measure, typed, number
):
    page = opened(browser_of(developer), project).fill("How it is read", measure).fill("Baseline", "")
    assert page.fill("Target", typed).press("Save").check().status == 200
    kept = indicator_of(project)[0]
    assert (kept.target, kept.target_value) == (typed.casefold() if measure == "Yes or no" else typed, number)


def test_what_is_not_offered_is_refused(browser_of, developer, project):
    browser = browser_of(developer)
    page = opened(browser, project)
    data = {"csrf_token": page.soup.select_one("[name=csrf_token]")["value"], "text": "x", "measure": "guess"}
    answer = browser.request("POST", page.url, data=data)
    assert answer.status == 422
    assert answer.errors == ["How it is read: Not a valid choice."]
    answer = browser.request("POST", page.url, data={**data, "measure": "number", "text": " "})
    assert answer.errors == ["Indicator: Please fill this in."]


def test_a_target_is_split_and_its_parts_must_add_up(browser_of, developer, project):
    browser = browser_of(developer)
    page = opened(browser, project).fill("Counted by sex", True)
    page = page.fill("Target: female", "25").fill("Target: male", "10").press("Save").check()
    assert page.errors == ["Target: The parts add up to 35; please make the target and its parts agree."]
    assert page.status == 422
    assert page.value("Target: female") == "25"
    page = page.fill("Target: male", "15").press("Save").check()
    kept = snapshot(queries.proposal(project.reference))["results"][2]["indicators"][0]
    assert kept["splits"] == [["SEX_FEMALE", None, "25"], ["SEX_MALE", None, "15"]]
    assert "by sex" in page.text
    page = opened(browser, project).fill("Counted by age group", True)
    page = page.fill("Target: female, 0-17", "39").fill("Target: male, 60+", "1").press("Save").check()
    kept = snapshot(queries.proposal(project.reference))["results"][2]["indicators"][0]
    assert kept["splits"] == [["SEX_FEMALE", "AGE_0_17", "39"], ["SEX_MALE", "AGE_60PLUS", "1"]]
    # Under review the table reads the parts in words.
    project.status = Status.REVIEW
    db.session.commit()
    row = browser.open(at(project)).check().rows("Results matrix")[2]
    assert row[4] == "40 female, 0-17: 39 male, 60+: 1 by sex and age"


@pytest.mark.parametrize("part", ["-1", "NaN", "1e308", "many", "0.00001"])
def test_a_wrong_part_is_told_at_its_field(browser_of, developer, project, part):
    page = opened(browser_of(developer), project).fill("Counted by sex", True)
    page = page.fill("Target: male", part).press("Save").check()
    assert page.status == 422
    [error] = page.errors
    assert error.startswith("male: ")
    assert page.soup.select_one(".error-summary a")["href"] == "#of_sex-1-target"
    assert page.value("Target: male") == part


def test_parts_that_are_not_asked_for_are_not_judged(browser_of, developer, project):
    page = opened(browser_of(developer), project).fill("Target: male", "many").fill("Target: 0-17", "3").press("Save")
    assert page.check().messages[0] == "The indicator is saved."
    assert snapshot(queries.proposal(project.reference))["results"][2]["indicators"][0]["splits"] == []


@given(st.dictionaries(st.sampled_from(["SEX_FEMALE", "SEX_MALE"]), st.integers(0, 50), min_size=1))
def test_only_parts_that_sum_to_the_target_are_kept(parts):
    splits = {(sex, None): Decimal(number) for sex, number in parts.items()}
    total = sum(parts.values())
    operations.indicators._check({"target_value": Decimal(total)}, splits)
    with pytest.raises(Exception, match="add up"):
        operations.indicators._check({"target_value": Decimal(total + 1)}, splits)
    with pytest.raises(Exception, match="add up"):
        operations.indicators._check({"target_value": None}, splits)


def test_two_people_in_one_indicator_get_both_values_in_words(browser_of, developer, project):
    first, second = (opened(browser_of(developer), project) for _person in range(2))
    first.fill("Target", "50").fill("How it is read", "A percentage").fill("Counted by sex", True).press("Save")
    page = second.fill("Target", "60").press("Save").check()
    assert page.status == 409
    assert page.rows("What you typed, and what stands there now") == [
        ["How it is read", "A number", "A percentage"],
        ["Target", "60", "50"],
        ["Counted by sex", "no", "yes"],
    ]
    assert indicator_of(project)[0].target == "50"
    assert page.press("Save what I typed").check().status == 200
    assert indicator_of(project)[0].target == "60"


def test_indicators_are_moved_and_removed(browser_of, developer, project):
    an_indicator(project, "Second")
    browser = browser_of(developer)
    page = browser.open(at(project)).press("Down indicator 1 of 1.1").check()
    assert [one.text for one in indicator_of(project)] == ["Second", "Number of officials who apply the procedures"]
    page = page.press("Up indicator 2 of 1.1").press("Edit indicator 2 of 1.1").follow("Remove this indicator").check()
    assert page.definition("Indicator") == "Second"
    page = page.press("Remove for good").check()
    assert page.messages[0] == "The indicator is removed."
    assert len(indicator_of(project)) == 1


def test_an_indicator_that_was_removed_meanwhile_is_told(browser_of, developer, project):
    page = opened(browser_of(developer), project)
    operations.remove_indicator(project, actor=developer, indicator_id=indicator_of(project)[0].id)
    db.session.commit()
    assert page.press("Save").status == 404


def test_a_result_has_a_limit_of_indicators(browser_of, developer, project):
    for number in range(MOST_OF_A_RESULT - 1):
        an_indicator(project, f"Number {number}")
    page = browser_of(developer).open(at(project)).press("Add an indicator to output 1.1")
    page = page.fill("Indicator", "One more").press("Save").check()
    assert page.status == 409
    assert page.errors == ["A result has at most 20 indicators."]
    assert page.value("Indicator") == "One more"


def test_activities_carry_no_indicator(browser_of, developer, project):
    activity = result_of(project, Level.ACTIVITY)
    browser = browser_of(developer)
    assert browser.open(f"{at(project)}/{activity}/indicators/new").status == 404
    assert operations.add_indicator(project, actor=developer, result_id=activity, **values()) is None


def test_strangers_find_no_indicator_and_readers_do_not_write(browser_of, developer, project):
    number = indicator_of(project)[0].id
    stranger, reader_there = browser_of(a_user("PDEV", "COL")), browser_of(a_user("COM", "KEN"))
    for page in (f"{number}", f"{number}/remove"):
        assert stranger.open(f"{at(project)}/indicators/{page}").status == 404
        assert reader_there.open(f"{at(project)}/indicators/{page}").status == 403
    other = a_project(developer=developer)
    db.session.commit()
    assert browser_of(developer).open(f"{at(other)}/indicators/{number}").status == 404


# -- the library ------------------------------------------------------------------------------------------------------


def test_the_curated_list_is_sound(app):
    rows = list(reader.rows("indicators.csv"))
    assert len(rows) >= 40
    assert len({row["code"] for row in rows}) == len({row["name"] for row in rows}) == len(rows)
    areas = set(db.session.scalars(select(AreaOfWork.code)))
    assert {row["area_code"] for row in rows} == areas | {""}
    for row in rows:
        assert row["level"] in {"outcome", "output"} and row["measure"] in set(Measure), row
        assert row["aggregation"] == ("sum" if row["measure"] == "number" else "none"), row
        assert {row["by_sex"], row["by_age"]} <= {"yes", "no"} and row["source"], row
        assert bool(row["unit"]) == (row["measure"] in ("number", "percentage")), row


def test_an_indicator_of_the_library_is_inserted_and_opened_for_its_target(browser_of, developer, project):
    page = browser_of(developer).open(at(project)).press("Take one from the library for output 1.1").check()
    assert page.heading == "Indicator library"
    assert "What you insert goes to output 1.1: Officials are trained in part 1." in page.text
    assert page.value("Level") == "output"
    page = page.press("Insert: Officials who complete a training").check()
    assert page.messages[0].startswith("The indicator is inserted.")
    assert (page.value("Unit"), page.value("Counted by sex")) == ("officials", True)
    page.fill("Baseline", "0").fill("Target", "30").press("Save")
    made = indicator_of(project)[-1]
    assert (made.library_code, made.copied_from_id, made.source) == (
        "ANY.01", None, "Attendance lists and certificates issued",
    )  # fmt: skip
    assert (made.target_value, made.by_sex, made.by_age) == (30, True, False)


def test_where_a_library_indicator_is_used_is_told_of_visible_projects_alone(browser_of, developer, project):
    source = db.session.get(CuratedIndicator, "ANY.01")
    hidden = a_project(developer=a_user("PDEV", "COL"), office_code="COL")
    a_matrix(hidden)
    for place in (project, hidden):
        operations.insert_indicator(place, actor=project_developer(place), result_id=result_of(place), source=source)
    db.session.commit()
    page = browser_of(developer).open("/indicators?q=complete").check()
    assert page.table(LIBRARY).column("Used in") == [f"1 project: {project.reference}"]
    assert "Insert" not in str(page.buttons)


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("FORMACAO", True),
        ("formaçã", True),
        ("agentes formação", True),
        ("formação polícia", False),
        ("form", True),
        ("ação", False),
        ("  'form'  &!|:* ", True),
        ("مدربون", False),
    ],
)
def test_words_are_found_whatever_their_case_and_accents(browser_of, developer, project, words, finds):
    other = a_project(developer=developer)
    a_matrix(other)
    an_indicator(other, "Agentes que terminam a Formação")
    page = browser_of(developer).open("/indicators").fill("Words", words).press("Search").check()
    assert ("Agentes que terminam a Formação" in page.text) is finds


@pytest.mark.parametrize(
    "text",
    ["Élève", "ÀÇÃO", "Straße", "Ōsaka", "ŁÓDŹ", "e\u0301cole", "ПРАВА", "Ελλάδα", "plain ASCII", "ñandú", "مدربون"],
)
def test_the_database_folds_as_names_are_folded(app, text):
    in_the_database = db.session.scalar(select(func.folded(literal(text))))
    assert in_the_database == folded(text)


def test_past_indicators_are_those_of_projects_one_may_see(browser_of, developer, project):
    hidden = a_project(developer=a_user("PDEV", "COL"), office_code="COL")
    a_matrix(hidden)
    secret = an_indicator(hidden, "Zebras counted in secret")
    seen = an_indicator(project, "Zebras counted openly")
    browser = browser_of(developer)
    page = browser.open("/indicators?q=zebras").check()
    assert [row[0] for row in page.rows(PAST)] == ["Zebras counted openly"]
    assert "secret" not in page.text and hidden.reference not in page.text
    mine = a_project(developer=developer)
    a_matrix(mine)
    db.session.commit()
    token = browser.open(at(mine)).soup.select_one("[name=csrf_token]")["value"]
    insert = f"{at(mine)}/{result_of(mine)}/indicators/insert"
    for key in (f"past-{secret.id}", "past-0", "past-x", "library-NONE", "library-\x00", "library-", "", "🙂"):
        assert browser.request("POST", insert, data={"csrf_token": token, "take": key}).status == 404, key
    assert browser.request("POST", insert, data={"csrf_token": token, "take": f"past-{seen.id}"}).status == 200
    copy = indicator_of(mine)[-1]
    assert (copy.text, copy.copied_from_id, copy.target, copy.unit) == (
        "Zebras counted openly", seen.id, "", "officials",
    )  # fmt: skip
    page = browser.open("/indicators?q=openly").check()
    assert page.table(PAST).column("Used in")[-1] == f"2 projects: {project.reference}, {mine.reference}"
    hidden.status = Status.ACTIVE  # once endorsed all staff sees it
    db.session.commit()
    assert "Zebras counted in secret" in browser.open("/indicators?q=zebras").text


def test_the_library_is_narrowed_by_level_and_area(browser_of, developer, project):
    with_area, without = a_project(developer=developer), a_project(developer=developer)
    for place in (with_area, without):
        a_matrix(place)
    a_budget(with_area, 1000)
    db.session.execute(AreaAllocation.__table__.update().values(code="MHD"))
    an_indicator(with_area, "Okapis treated")
    an_indicator(without, "Okapis seen")
    browser = browser_of(developer)
    page = browser.open("/indicators").fill("Area of work", "Migration health").fill("Words", "okapis").press("Search")
    assert [row[0] for row in page.check().rows(PAST)] == ["Okapis treated"]
    page = page.fill("Words", "").fill("Level", "outcome").press("Search").check()
    assert set(page.table(LIBRARY).column("Level")) == {"Outcome"}
    assert "The national health plan names migrants" in page.text
    assert "border posts" not in page.text
    assert page.fill("Words", "zzz").press("Search").check().follow("Show all indicators").status == 200


def test_wrong_filters_are_named_and_the_others_apply(browser_of, developer):
    page = browser_of(developer).open("/indicators?level=dream&area=MOON&before=x&q=" + "trained " * 60).check()
    assert len(page.messages) == 4
    assert page.value("Level") == "All levels"


@pytest.mark.parametrize(
    "query", ["project=P-2016-99999&result=1", "project=%00&result=1", "result=x", "project=x&result=-1"]
)
def test_a_wrong_place_is_no_place(browser_of, developer, query):
    page = browser_of(developer).open(f"/indicators?{query}").check()
    assert page.status == 200
    assert not any("Insert" in button for button in page.buttons)


def test_who_reads_a_project_inserts_nothing(browser_of, developer, project):
    colleague = browser_of(a_user("COM", "KEN"))
    place = result_of(project)
    page = colleague.open(f"/indicators?project={project.reference}&result={place}").check()
    assert page.buttons == ["Search"]
    token = page.soup.select_one("[name=csrf_token]")["value"]
    sent = {"csrf_token": token, "take": "library-ANY.01"}
    assert colleague.request("POST", f"{at(project)}/{place}/indicators/insert", data=sent).status == 403


def test_past_indicators_come_page_by_page(browser_of, developer, project):
    for number in range(library.SIZE + 3):
        db.session.add(
            Indicator(project_id=project.id, result_id=result_of(project), position=9, text=f"Ibis {number}")
        )
    page = browser_of(developer).open("/indicators?q=ibis").check()
    first = page.table(PAST).column("Indicator")
    page = page.follow("Next page").check()
    assert [*first, *page.table(PAST).column("Indicator")] == [
        f"Ibis {number}" for number in reversed(range(library.SIZE + 3))
    ]
    assert page.follow("Previous page").table(PAST).column("Indicator") == first


def test_the_library_asks_no_more_for_20_indicators_than_for_2(browser_of, developer, project, questions):
    browser = browser_of(developer)
    an_indicator(project, "Gnus 1")
    an_indicator(project, "Gnus 2")
    db.session.commit()
    asked = []
    for more in (0, 18):
        for number in range(more):
            db.session.add(
                Indicator(project_id=project.id, result_id=result_of(project), position=9, text=f"Gnus {number}")
            )
        db.session.commit()
        questions.clear()
        assert browser.open("/indicators?q=gnus").status == 200
        asked.append(len(questions))
    assert asked[0] == asked[1]


def test_the_list_of_parts_has_names(app):
    names = dict(db.session.execute(select(BeneficiaryDisaggregation.code, BeneficiaryDisaggregation.name)).all())
    text = operations.indicators.split_text(
        {("SEX_FEMALE", "AGE_0_17"): Decimal("20.50"), ("SEX_MALE", None): Decimal(3)}, names
    )
    assert text == "female, 0-17: 20.5; male: 3"


def test_who_takes_an_indicator_becomes_an_author(browser_of, developer, project):
    other = a_user("PDEV", "KEN")
    db.session.add(Party(project_id=project.id, user_id=other.id, part=Part.DEVELOPER))
    page = browser_of(other).open(f"/indicators?project={project.reference}&result={result_of(project)}&q=complete")
    page.press("Insert: Officials who complete a training")
    parts = db.session.scalars(select(Party.part).where(Party.project_id == project.id, Party.user_id == other.id))
    assert set(parts) == {Part.DEVELOPER, Part.AUTHOR}


def test_what_one_may_see_is_found_behind_many_that_one_may_not(developer, project, monkeypatch):
    monkeypatch.setattr(library, "REACHES", (2, 4, 100))
    an_indicator(project, "Yaks seen")
    hidden = a_project(developer=a_user("PDEV", "COL"), office_code="COL")
    a_matrix(hidden)
    for number in range(7):
        an_indicator(hidden, f"Yaks hidden {number}")
    db.session.commit()
    db.session.expire_all()
    viewer = queries.proposal(project.reference).people(Part.DEVELOPER)[0]
    viewer = db.session.scalars(select(User).where(User.id == viewer.id).options(*with_rights())).one()
    assert [one.text for one in library.page(viewer, library.Wanted("yaks")).past] == ["Yaks seen"]
