"""Beside the draft: similar projects, their lessons and indicators; nothing of what one may not see."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from prima.db import db
from prima.projects import queries, similar
from prima.projects.models import AreaAllocation, Section
from prima.projects.stages import Status
from prima.reporting.calendar import ReportState
from prima.reporting.models import Report, ReportText
from prima.sessions import with_rights
from prima.users import User
from tests.factories import a_deadline, a_matrix, a_project, a_user

PROJECTS = "Projects of the same type, country or area of work"


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def loaded(user):
    db.session.flush()
    db.session.expire_all()
    return db.session.get(User, user.id, options=with_rights(), populate_existing=True)


def found(project, user):
    user = loaded(user)
    return similar.alike(queries.with_shape(project.reference), user)


def a_report(project, lesson, state=ReportState.ACCEPTED, due_on=date(2016, 10, 12)):
    deadline = a_deadline(project, due_on=due_on)
    report = Report(deadline_id=deadline.id, state=state, first_submitted_on=due_on)
    db.session.add(report)
    db.session.flush()
    db.session.add(ReportText(report_id=report.id, code="LESSONS", text=lesson))
    db.session.add(ReportText(report_id=report.id, code="ACHIEVED", text="Something else."))
    db.session.flush()


# -- which, and in what order -----------------------------------------------------------------------------------------


def test_the_same_type_country_or_area_makes_it_similar(app, developer):
    here = a_project(developer=developer, project_type_code="LM", title="Aa", summary="")
    area = a_project(office_code="COL", project_type_code="RT", status=Status.ACTIVE, title="Bb", summary="")
    for one in (here, area):
        db.session.add(AreaAllocation(project_id=one.id, code="LHD", amount=1))
    kind = a_project(office_code="COL", project_type_code="LM", status=Status.ACTIVE, title="Cc", summary="")
    place = a_project(office_code="COL", countries=("KEN",), project_type_code="RT", status=Status.ACTIVE, title="Dd")
    a_project(office_code="COL", project_type_code="RT", status=Status.ACTIVE, title="Nothing alike", summary="")
    why = {one.title: (one.same_type, list(one.countries), len(one.areas)) for one in found(here, developer)}
    assert why == {"Bb": (False, [], 1), "Cc": (True, [], 0), "Dd": (False, ["Kenya"], 0)}
    assert {area.title, kind.title, place.title} == why.keys()


def test_words_rank_and_endorsed_projects_come_first(app, developer):
    here = a_project(developer=developer, title="Recrutement équitable de travailleurs", summary="")
    a_project(developer=developer, title="RECRUTEMENT EQUITABLE des travailleurs", summary="")
    a_project(developer=developer, title="Border posts", summary="", status=Status.ACTIVE)
    a_project(developer=developer, title="Travailleurs et recrutement", summary="", status=Status.APPROVED)
    ranked = found(here, developer)
    assert [one.title for one in ranked] == [
        "Travailleurs et recrutement",
        "Border posts",
        "RECRUTEMENT EQUITABLE des travailleurs",
    ]
    assert [list(one.words) for one in ranked] == [
        ["travailleurs", "recrutement"],
        [],
        ["recrutement", "equitable", "travailleurs"],
    ]


def test_the_list_is_short(app, developer):
    here = a_project(developer=developer)
    for _number in range(14):
        a_project(status=Status.ACTIVE)
    assert len(found(here, developer)) == 10


@pytest.mark.parametrize("title", ["'; & | ! :*", "🙂", "a_b", "\u202b\u0645\u0631\u062d\u0628\u0627", "x" * 300])
def test_any_title_can_be_compared(app, developer, title):
    here = a_project(developer=developer, title=title, summary="y" * 4000)
    other = a_project(status=Status.ACTIVE)
    assert [one.title for one in found(here, developer)] == [other.title]


def test_the_search_column_follows_title_and_summary(app, developer):
    project = a_project(title="Migración", summary="École")
    words = "select tsvector_to_array(search) from project where id = :id"
    assert db.session.scalar(text(words), {"id": project.id}) == ["ecole", "migracion"]
    project.title = "Frontières"
    db.session.flush()
    assert db.session.scalar(text(words), {"id": project.id}) == ["ecole", "frontieres"]
    assert similar.words_of("École, FRONTIÈRES école") == ["ecole", "frontieres"]


# -- what may be seen -------------------------------------------------------------------------------------------------


def test_nothing_of_a_project_one_may_not_see_is_shown(browser_of, developer):
    here = a_project(developer=developer, office_code="KEN")
    hidden = a_project(office_code="COL", title="Hidden draft", countries=("KEN",), complete=True)
    a_report(hidden, "A hidden lesson.")
    shown = a_project(office_code="COL", title="Shown", countries=("KEN",), status=Status.ACTIVE, complete=True)
    a_report(shown, "A lesson for all.")
    page = browser_of(developer).open(f"/projects/{here.reference}/similar?section=rat").check()
    assert [row[1] for row in page.rows(PROJECTS)] == ["Shown"]
    assert "Hidden draft" not in page.text and hidden.reference not in page.html and "hidden lesson" not in page.text
    assert "A lesson for all." in page.text
    assert {row[2] for row in page.rows("How they measured")} == {shown.reference}
    assert browser_of(a_user("PDEV", "COL")).open(f"/projects/{here.reference}/similar").status == 404


# -- the page ---------------------------------------------------------------------------------------------------------


def test_the_section_page_leads_to_it_and_it_to_the_sections_of_others(browser_of, developer):
    here = a_project(developer=developer)
    there = a_project(title="Another", office_code="COL", status=Status.ACTIVE)
    db.session.add(Section(project_id=there.id, code="RAT", text="Why others did it."))
    without = a_project(title="Without", office_code="COL", status=Status.ACTIVE)
    page = browser_of(developer).open(f"/projects/{here.reference}/sections/rat").check()
    page = page.follow("Similar projects, their lessons and indicators").check()
    rows = {row[0]: row[1:] for row in page.rows(PROJECTS)}
    assert rows[there.reference] == ["Another", "same project type", "Active", f"Read it in {there.reference}"]
    assert rows[without.reference][-1] == ""
    page = page.follow(f"Read it in {there.reference}").check()
    assert "Why others did it." in page.text


def test_lessons_of_accepted_reports_alone(browser_of, developer):
    here = a_project(developer=developer)
    there = a_project(status=Status.ACTIVE)
    for month, (lesson, state) in enumerate(
        [
            ("Accepted one.", ReportState.ACCEPTED),
            ("Sent one.", ReportState.SENT),
            ("Draft one.", ReportState.DRAFT),
            ("Returned one.", ReportState.RETURNED),
            ("  ", ReportState.ACCEPTED),
        ],
        1,
    ):
        a_report(there, lesson, state, date(2016, month, 12))
    page = browser_of(developer).open(f"/projects/{here.reference}/similar").check()
    told = [article.select_one(".prose").get_text().strip() for article in page.soup.select("article")]
    assert told == ["Sent one.", "Accepted one."]
    assert "Something else." not in page.text
    assert page.follow("Report up to 1 Jan 2016").status == 200


def test_indicators_stand_once(browser_of, developer):
    here = a_project(developer=developer)
    for _number in range(2):
        a_matrix(a_project(status=Status.ACTIVE))
    page = browser_of(developer).open(f"/projects/{here.reference}/similar").check()
    assert [row[:2] for row in page.rows("How they measured")] == [
        ["Number of officials who apply the procedures", "officials"]
    ]


def test_without_a_similar_project_the_page_says_so(browser_of, developer):
    here = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{here.reference}/similar").check()
    assert "No project that you may see is of the same type, country or area of work." in page.text


@pytest.mark.parametrize("section", ["zzz", "mat", "a\x00", "%27"])
def test_a_section_that_is_none_is_left_out(browser_of, developer, section):
    here = a_project(developer=developer)
    a_project(status=Status.ACTIVE)
    browser = browser_of(developer)
    page = browser.request("GET", f"/projects/{here.reference}/similar", query_string={"section": section}).check()
    assert (page.status, len(page.headings(PROJECTS))) == (200, 4)


def test_the_page_asks_the_same_of_2_projects_as_of_8(browser_of, developer, questions):
    here = a_project(developer=developer)
    browser = browser_of(developer)
    asked = []
    for count in (2, 6):
        for _number in range(count):
            one = a_project(status=Status.ACTIVE, complete=True)
            a_report(one, "A lesson.")
        db.session.commit()
        browser.open(f"/projects/{here.reference}/similar?section=rat")
        questions.clear()
        browser.open(f"/projects/{here.reference}/similar?section=rat")
        asked.append(len(questions))
    assert asked[0] == asked[1] <= 20
