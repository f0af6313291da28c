"""A section that saves itself: what its script is answered, who may, what the journal tells, and what it costs."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from prima import clock, journal
from prima.db import db
from prima.projects.models import Part, Party, Project, Section
from prima.projects.operations import sections
from prima.projects.stages import Status
from tests.factories import a_project, a_user

WHO_IS_IT = ("sign_in", "role_grant", "delegation")
"""The tables asked on every page to know who is signed in."""


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya", time_zone="UTC")


@pytest.fixture
def project(developer):
    return a_project(developer=developer)


@pytest.fixture
def type_in(browser_of, developer, project):
    """What the script sends while somebody types; the answer's status and contents."""

    browsers = {}

    def send(text, *, version=0, user=developer, code="rat", of=project):
        if user.id not in browsers:
            browsers[user.id] = browser_of(user)
        url = f"/projects/{of.reference}/sections/{code}/autosave"
        data = {"csrf_token": token(browsers[user.id]), "version": version, "text": text}
        page = browsers[user.id].request("POST", url, data=data)
        return page.status, page.response.get_json(silent=True)

    return send


def token(browser):
    return browser.open("/account").soup.find("input", attrs={"name": "csrf_token"})["value"]


def the_section():
    db.session.expire_all()
    return db.session.scalars(select(Section)).one()


def entries(project):
    db.session.expire_all()
    return [one for one in journal.entries(db.session, "project", project.id) if one.event == "section"]


def test_the_answer_says_when_and_as_which_version(type_in, developer, project):
    status, answer = type_in("Why it is\r\nneeded. ")
    section = the_section()
    assert (status, section.text, section.version, section.saved_by_id) == (200, "Why it is\nneeded.", 1, developer.id)
    assert answer == {"saved_at": f"{section.saved_at:%H:%M} UTC", "version": 1, "words": 4}
    parts = db.session.scalars(select(Party.part).where(Party.project_id == project.id)).all()
    assert set(parts) == {Part.DEVELOPER, Part.AUTHOR}


def test_each_save_is_a_version_and_the_same_text_is_none(type_in):
    assert type_in("One")[1]["version"] == 1
    assert type_in("One two", version=1)[1]["version"] == 2
    # Sent again because its answer was lost: the version is old, the text is the one that stands.
    assert type_in("One two", version=1)[1]["version"] == 2
    assert type_in("", version=2)[1] == {"saved_at": f"{clock.now():%H:%M} UTC", "version": 3, "words": 0}


def test_nothing_typed_is_nothing_saved(type_in):
    assert type_in("")[1]["version"] == 0
    assert db.session.scalars(select(Section)).all() == []


def test_what_a_colleague_saved_is_not_written_over(type_in, project):
    second = a_user("PDEV", "KEN", name="Second developer")
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    type_in("Their words.", user=second)
    status, answer = type_in("My words.")
    assert (status, answer) == (
        409, {"who": "Second developer", "conflict": f"/projects/{project.reference}/sections/rat"},
    )  # fmt: skip
    assert the_section().text == "Their words."


@pytest.mark.parametrize("text", ["x" * 20_001, "half\x00way"])
def test_text_that_does_not_fit_is_refused_with_a_sentence(type_in, text):
    status, answer = type_in(text)
    assert status == 422
    assert answer["errors"][0].endswith(".")
    assert db.session.scalars(select(Section)).all() == []


def test_letters_of_every_script_are_kept(type_in):
    text = "\u0639\u0645\u0644 \u200f\u0647\u062c\u0631\u0629 \U0001f469\u200d\U0001f33e \u01fa"
    type_in(text)
    assert the_section().text == text


def test_strangers_find_nothing_and_readers_write_nothing(type_in, project):
    assert type_in("Mine", user=a_user("PDEV", "UGA"))[0] == 404
    assert type_in("Mine", user=a_user("PDEV", "KEN"))[0] == 403
    assert type_in("Mine", user=a_user("FUND"))[0] == 403
    assert type_in("Mine", code="none")[0] == 404
    assert type_in("Mine", code="cov")[0] == 404
    assert db.session.scalars(select(Section)).all() == []


def test_a_submitted_proposal_takes_no_more_text(type_in, developer):
    project = a_project(developer=developer, status=Status.REVIEW)
    assert type_in("Late", of=project)[0] == 403


def test_the_journal_holds_one_entry_in_ten_minutes(type_in, project, monkeypatch):
    for version, text in enumerate(["a", "a b", "a b c"]):
        type_in(text, version=version)
    assert [one.data["version"] for one in entries(project)] == [1]
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + sections.NOTED_EVERY + timedelta(seconds=1))
    type_in("a b c d", version=3)
    assert [one.data["version"] for one in entries(project)] == [1, 4]


def test_the_journal_tells_of_each_author_and_each_section(type_in, project):
    second = a_user("PDEV", "KEN", name="Second developer")
    db.session.add(Party(project_id=project.id, user_id=second.id, part=Part.DEVELOPER))
    type_in("One")
    type_in("One two", version=1, user=second)
    type_in("Three", code="sum")
    assert [(one.data["code"], one.actor_id == second.id) for one in entries(project)] == [
        ("RAT", False),
        ("RAT", True),
        ("SUM", False),
    ]


def test_the_button_seals_in_the_journal_what_saved_itself(type_in, browser_of, developer, project):
    type_in("One")
    type_in("One two", version=1)
    page = browser_of(developer).open(f"/projects/{project.reference}/sections/rat")
    for _ in range(2):
        page = page.press("Save")
        assert page.messages[0].endswith("Saved.")
    assert [one.data["version"] for one in entries(project)] == [1, 2]


def test_an_imported_project_is_held_to_the_rules_once_somebody_types(type_in, developer):
    project = a_project(developer=developer, as_imported=True, funding="donor")
    type_in("Why", of=project)
    db.session.expire_all()
    assert not db.session.scalars(select(Project.as_imported).where(Project.id == project.id)).one()


def test_it_asks_the_database_six_times(browser_of, developer, project, questions):
    db.session.add(Party(project_id=project.id, user_id=developer.id, part=Part.AUTHOR))
    url = f"/projects/{project.reference}/sections/rat"
    browser = browser_of(developer)
    browser.open(url)
    data = {"csrf_token": token(browser)}

    def ours(text, version):
        questions.clear()
        assert browser.request("POST", f"{url}/autosave", data={**data, "version": version, "text": text}).status == 200
        return [one for one in questions if not any(f"{table} " in one for table in WHO_IS_IT)]

    assert len(ours("One", 0)) == 7  # with its entry in the journal, once in ten minutes
    browser.open(url)
    assert len(ours("One two", 1)) == 3
    assert len(questions) <= 6, questions


def test_the_desk_is_not_counted_anew_after_it(browser_of, type_in, developer, project, questions):
    """A page costs as much after an autosave as before."""
    type_in("One")
    reader = browser_of(developer)
    asked = []
    for _turn in ("counts the desk", "keeps the count"):
        reader.open("/account")
    for version in (1, 2):
        questions.clear()
        reader.open("/account")
        asked.append(len(questions))
        url = f"/projects/{project.reference}/sections/rat/autosave"
        data = {"csrf_token": token(reader), "version": version, "text": f"One and {version}"}
        assert reader.request("POST", url, data=data).status == 200
    assert asked[0] == asked[1]


def test_the_page_is_the_same_without_script(browser_of, developer, project):
    page = browser_of(developer).open(f"/projects/{project.reference}/sections/rat").check()
    assert page.buttons == ["Save", page.buttons[1], "Send the comment"]
    assert page.messages == []
    assert "not sent" not in page.text
