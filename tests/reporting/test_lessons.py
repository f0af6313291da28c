"""Lessons are recorded by the team, found by everybody who may see them, and curated by somebody else."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text

from prima import rooms
from prima.db import db
from prima.errors import Conflict, Invalid, Refused
from prima.journal import Entry
from prima.projects.models import Part, Party
from prima.reporting import library
from prima.reporting.models import Lesson, Report, ReportText
from prima.reporting.operations import lessons as operations
from prima.sessions import with_rights
from prima.users import User
from tests.factories import a_deadline, a_project, a_user, an_active_project

VALUES = {
    "kind": "lesson", "title": "Start before the rains", "happened": "Roads were closed.", "why": "The rains.",
    "advice": "Begin in May.", "area_code": "LHD", "country_code": "KEN", "stage": "IMP", "tags": "",
    "deadline_id": None,
}  # fmt: skip


def ready(user):
    """The person with their rights, as a request reads them."""
    return db.session.scalars(
        select(User).where(User.id == user.id).options(*with_rights()).execution_options(populate_existing=True)
    ).one()


def recorded(project, manager, **more):
    return operations.record_one(project.id, actor=ready(manager), **{**VALUES, **more})


@pytest.fixture
def running(app):
    manager = a_user("PM", "KEN", name="The manager")
    return an_active_project(manager), manager


def here(project, step=""):
    return f"/projects/{project.reference}/lessons{step}"


def test_the_team_records_changes_and_withdraws_a_lesson(browser_of, running):
    project, manager = running
    a_deadline(project, "INT_N", date(2016, 10, 12))
    browser = browser_of(manager)
    page = browser.open(f"/projects/{project.reference}").check().follow("Lessons").check()
    assert "Nothing recorded yet" in page.text
    page = page.follow("Record a lesson").check()
    assert page.value("Country") == "Kenya"
    page = page.press("Save")
    assert page.status == 422 and len(page.errors) == 2
    page.fill("Kind", "Good practice").fill("Title", "Border days 🌍").fill("What happened", "Officers met weekly.")
    page.fill("Theme", "LHD").fill("Stage", "IMP").fill("Tags", "Trainíng,  Border  Posts, training")
    page.fill("Report", "Interim narrative report, 31 Aug 2016")
    page = page.press("Save").check()
    assert page.messages == ["It is recorded."]
    lesson = db.session.scalars(select(Lesson)).one()
    assert (lesson.kind, lesson.tags, lesson.country_code) == ("practice", ["training", "border posts"], "KEN")
    assert lesson.deadline_id is not None
    page = page.follow("Change: Border days 🌍").check()
    assert page.value("Tags") == "training, border posts"
    page = page.fill("Advice", "Meet at the post.").press("Save").check()
    db.session.expire_all()
    assert (lesson.advice, lesson.version) == ("Meet at the post.", 2)
    page = page.follow("Withdraw: Border days 🌍").check().press("Withdraw").check()
    assert "Border days" not in page.text
    assert browser.open(f"/lessons/{lesson.id}").status == 404
    events = db.session.scalars(select(Entry.event).where(Entry.subject_kind == "lesson").order_by(Entry.number)).all()
    assert events == ["recorded", "revised", "withdrawn"]


def test_who_records(browser_of, running):
    project, manager = running
    evaluator = a_user("EVAL", staff=False)
    db.session.add(Party(project_id=project.id, user_id=evaluator.id, part=Part.EVALUATOR))
    db.session.flush()
    assert browser_of(evaluator).open(here(project, "/new")).check().status == 200
    assert browser_of(a_user("RPDO", "NBO")).open(here(project, "/new")).status == 403
    assert browser_of(a_user("VIEW", "UKR")).open(here(project)).check().status == 200
    project.status = "FIN_CLOSED"
    db.session.flush()
    assert browser_of(manager).open(here(project, "/new")).status == 403
    with pytest.raises(Refused, match="while the project runs"):
        recorded(project, manager)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"country_code": "FRA"}, "country_code"),
        ({"stage": "NOWHERE"}, "stage"),
        ({"deadline_id": 999_999}, "deadline_id"),
        ({"tags": ",".join(f"tag {number}" for number in range(13))}, "tags"),
        ({"tags": "x" * 41}, "tags"),
    ],
)
def test_what_does_not_belong_to_the_project_is_refused(running, values, field):
    with pytest.raises(Invalid) as refusal:
        recorded(*running, **values)
    assert refusal.value.field == field


@pytest.mark.parametrize("bad", ["a\x00b", "x" * 1_000_000])
def test_bad_text_is_told_at_its_field(browser_of, running, bad):
    page = browser_of(running[1]).open(here(running[0], "/new")).fill("What happened", bad).fill("Title", "A title")
    page = page.press("Save")
    assert page.status == 422
    assert page.errors[0].startswith("What happened")
    assert page.value("Title") == "A title"


def test_two_people_in_one_lesson_meet(browser_of, running):
    project, manager = running
    lesson = recorded(project, manager)
    page = browser_of(manager).open(here(project, f"/{lesson.id}")).fill("Advice", "Begin in June.")
    operations.revise(lesson.id, actor=ready(manager), version=1, **{**VALUES, "advice": "Begin in April."})
    db.session.commit()
    page = page.press("Save").check()
    assert page.status == 409
    assert ["Advice", "Begin in June.", "Begin in April."] in page.rows("What you typed, and what stands there now")
    with pytest.raises(Conflict):
        operations.revise(lesson.id, actor=ready(manager), version=1, **VALUES)


# -- the library ------------------------------------------------------------------------------------------------------


def test_the_library_finds_by_words_and_filters(browser_of, running):
    project, manager = running
    recorded(project, manager, tags="rains")
    other_manager = a_user("PM", "SEN")
    other = an_active_project(other_manager, office_code="SEN")
    recorded(
        other,
        other_manager,
        title="Écoles ouvertes",
        happened="They taught.",
        kind="practice",
        country_code="SEN",
        stage="REP",
        area_code=None,
    )
    browser = browser_of(a_user("VIEW", "UKR"))
    page = browser.open("/").check()
    assert "Lessons" in [link.get_text(strip=True) for link in page.soup.select("nav a")]

    def titles(query):
        return [one.get_text(strip=True) for one in browser.open(f"/lessons?{query}").check().soup.select("article h2")]

    assert titles("") == ["Écoles ouvertes", "Start before the rains"]
    for query in ("q=ECOLES", "q=ecol+ouv", "country=SEN", "kind=practice", "stage=REP", "region=DKR"):
        assert titles(query) == ["Écoles ouvertes"], query
    for query in ("theme=LHD", "tag=Rains", "country=KEN", "q=roads", "region=NBO"):
        assert titles(query) == ["Start before the rains"], query
    for query in ("q=zebra", "curated=yes", "q=%27+%26+%7C+%21+zz"):
        assert titles(query) == [], query
    page = browser.open("/lessons?theme=XX&before=abc&year=2016&tag=%00&q=" + "x" * 300).check()
    assert page.status == 200
    assert len(page.messages) == 5


def test_the_library_shows_nothing_of_projects_that_one_may_not_see(browser_of, running):
    project, manager = running
    lesson = recorded(project, manager)
    project.status = "DRAFT"
    db.session.flush()
    browser = browser_of(a_user("VIEW", "UKR"))
    assert "Start before the rains" not in browser.open("/lessons").text
    assert browser.open(f"/lessons/{lesson.id}").status == 404
    assert sheet(browser) == []
    lesson.curated_at, lesson.curated_by_id = lesson.made_at, manager.id
    db.session.commit()
    assert "Start before the rains" in browser.open("/lessons").text
    page = browser.open(f"/lessons/{lesson.id}").check()
    assert page.heading == "Start before the rains"
    assert project.name not in page.links
    stranger = browser_of(a_user("EVAL", staff=False))
    assert stranger.open(f"/lessons/{lesson.id}").status == 404
    assert stranger.open("/lessons").status == 403
    assert stranger.open("/lessons.xlsx").status == 403


@pytest.mark.parametrize(("role", "place", "may"), [
    ("RPDO", "NBO", True), ("RTS", "NBO", True), ("FUND", None, True), ("RPDO", "DKR", False), ("RME", "NBO", False),
    ("ADMIN", None, False), ("PM", "KEN", False),
])  # fmt: skip
def test_who_curates(browser_of, running, role, place, may):
    lesson = recorded(*running)
    page = browser_of(a_user(role, place)).open(f"/lessons/{lesson.id}").check()
    assert ("Take it into the library" in page.buttons) is may


def test_a_lesson_is_taken_into_the_library_and_out_again(browser_of, running):
    project, manager = running
    lesson = recorded(project, manager)
    officer = a_user("RPDO", "NBO", name="The officer")
    browser = browser_of(officer)
    page = browser.open(f"/lessons/{lesson.id}").press("Take it into the library").check()
    assert page.messages == ["It stands in the library now."]
    db.session.expire_all()
    assert lesson.curated_by_id == officer.id
    with pytest.raises(Refused, match="stands in the library"):
        operations.revise(lesson.id, actor=ready(manager), version=lesson.version, **VALUES)
    with pytest.raises(Refused, match="read it again"):
        operations.curate(lesson.id, actor=ready(officer), version=1, into=False)
    db.session.commit()
    page = browser.open(f"/lessons/{lesson.id}").press("Take it out of the library").check()
    assert page.messages == ["It is taken out of the library."]
    events = db.session.scalars(select(Entry.event).where(Entry.subject_kind == "lesson").order_by(Entry.number)).all()
    assert events == ["recorded", "curated", "taken out"]


def test_nobody_curates_the_lessons_of_an_own_project(browser_of, running):
    project, manager = running
    lesson = recorded(project, manager)
    author = a_user("RPDO", "NBO")
    db.session.add(Party(project_id=project.id, user_id=author.id, part=Part.AUTHOR))
    db.session.flush()
    assert browser_of(author).open(f"/lessons/{lesson.id}").check().buttons == []
    with pytest.raises(Refused, match="Nobody of a project's team"):
        operations.curate(lesson.id, actor=ready(author), version=1, into=True)


def sheet(browser, query=""):
    page = browser.open(f"/lessons.xlsx{query}")
    assert page.status == 200
    rows = list(load_workbook(BytesIO(page.content), read_only=True)["Lessons"].iter_rows(values_only=True))
    return rows[1:]


def test_the_workbook_holds_exactly_the_filter_and_no_formula(browser_of, running):
    project, manager = running
    recorded(project, manager, title="=1+1", tags="one, two")
    recorded(project, manager, title="Another", kind="challenge")
    browser = browser_of(manager)
    assert [row[1] for row in sheet(browser)] == ["Another", "=1+1"]
    (row,) = sheet(browser, "?kind=lesson")
    assert (row[0], row[1], row[8], row[9]) == ("Lesson", "=1+1", "one, two", project.name)
    cell = load_workbook(BytesIO(browser.open("/lessons.xlsx?kind=lesson").content))["Lessons"]["B2"]
    assert (cell.data_type, cell.value) == ("s", "=1+1")
    tagged = browser.open("/lessons?kind=lesson").follow("=1+1").check()
    assert tagged.follow("two").url == "/lessons?tag=two"
    assert browser.open("/lessons.xlsx?kind=nonsense").url == "/lessons?kind=nonsense"


def test_pages_of_the_library_follow_each_other_and_ask_the_same(browser_of, running, questions):
    project, manager = running
    lessons = [
        Lesson(project_id=project.id, title=f"Lesson {number:02d}", happened="It did.", made_by_id=manager.id)
        for number in range(45)
    ]
    db.session.add_all(lessons[:2])
    db.session.flush()
    browser = browser_of(manager)
    asked = []
    for more in (lessons[:0], lessons[2:]):
        db.session.add_all(more)
        db.session.commit()
        questions.clear()
        page = browser.open("/lessons").check()
        asked.append(len(questions))
    assert asked[0] == asked[1]
    seen = []
    while page:
        seen += [one.get_text(strip=True) for one in page.soup.select("article h2")]
        page = page.follow("Next page").check() if "Next page" in page.links else None
    assert seen == [f"Lesson {number:02d}" for number in reversed(range(45))]


def test_words_are_looked_up_by_their_index(running):
    project, manager = running
    db.session.add_all(
        Lesson(project_id=project.id, title=f"Lesson {number}", happened="x " * 50, made_by_id=manager.id)
        for number in range(300)
    )
    db.session.flush()
    db.session.execute(text("set local enable_seqscan = off"))
    found = library._matching(library.Wanted(words="zebra"))
    statement = select(found.c.id).compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = "\n".join(row[0] for row in db.session.execute(text(f"explain {statement}".replace(":", r"\:"))))
    assert "ix_lesson_words" in plan


# -- beside drafts ----------------------------------------------------------------------------------------------------


def test_recorded_lessons_stand_beside_a_draft_before_texts_of_reports(browser_of, running, questions):
    project, manager = running
    recorded(project, manager, title="Elsewhere", area_code=None, country_code=None, advice="")
    recorded(project, manager, title="Fits")
    recorded(project, manager, title="Later, elsewhere", area_code=None, country_code=None, advice="")
    gone = recorded(project, manager, title="Gone")
    operations.withdraw(gone.id, actor=ready(manager))
    deadline = a_deadline(project, "INT_N", date(2016, 3, 1))
    report = Report(deadline_id=deadline.id, state="accepted", first_submitted_on=date(2016, 2, 1))
    report.texts = [ReportText(code="LESSONS", text="As the report says.")]
    db.session.add(report)
    db.session.commit()
    developer = a_user("PDEV", "KEN")
    draft = a_project(developer=developer, complete=True)
    page = browser_of(developer).open(f"/projects/{draft.reference}/similar").check()
    told = [one.get_text(" ", strip=True) for one in page.soup.select("article.lesson h3")]
    assert told == [f"{project.name} {title}" for title in ("Fits", "Later, elsewhere", "Elsewhere")] + [project.name]
    assert "Begin in May." in page.text and "As the report says." in page.text
    assert page.follow("Recorded on 1 Oct 2016", within="Fits").check().heading == "Fits"
    questions.clear()
    (tells,) = rooms.LESSONS
    assert len(tells([project.id], ["LHD"], ["KEN"])) == 4
    assert len(questions) == 1
