"""Several people in one proposal: who wrote what, and what two get who write in the same part."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.projects.models import Beneficiaries, Milestone, Part, Party, Section
from tests.factories import a_project, a_user


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya", time_zone="UTC")


@pytest.fixture
def second(app):
    return a_user("PDEV", "KEN", name="Second developer")


@pytest.fixture
def project(developer, second):
    found = a_project(developer=developer)
    db.session.add(Party(project_id=found.id, user_id=second.id, part=Part.DEVELOPER))
    db.session.flush()
    return found


@pytest.fixture
def opened(browser_of, project):
    browsers = {}

    def open_page(who, part):
        if who.id not in browsers:
            browsers[who.id] = browser_of(who)
        return browsers[who.id].open(f"/projects/{project.reference}/{part}").check()

    return open_page


def differences(page):
    return page.rows("What you typed, and what stands there now")


def test_the_team_page_tells_who_wrote_what_last(opened, developer, second):
    opened(developer, "sections/rat").fill("Rationale", "Why.").press("Save")
    opened(developer, "sections/sum").fill("Summary", "What.").press("Save")
    opened(second, "sections/rat").fill("Rationale", "Why not.").press("Save")
    page = opened(second, "cover").fill("Executing agency", "IOM").press("Save")
    assert page.status == 200
    rows = {row[0]: row[1:] for row in opened(developer, "team").rows("Who wrote what")}
    assert list(rows) == ["Second developer", "Developer, Kenya"]
    last, before = rows["Second developer"]
    assert last.startswith("Cover, 1 Oct 2016") and "Rationale, 1 Oct 2016" in last and not before
    last, before = rows["Developer, Kenya"]
    assert last.startswith("Summary, 1 Oct 2016") and before.startswith("Rationale, 1 Oct 2016")
    assert "Rationale" not in last


def test_a_text_that_saved_itself_since_counts_too(opened, project, developer, second):
    opened(developer, "sections/rat").fill("Rationale", "Why.").press("Save")
    section = db.session.scalars(select(Section)).one()
    section.saved_by_id, section.saved_at = second.id, clock.now() + timedelta(minutes=5)
    db.session.commit()
    rows = {row[0]: row[1:] for row in opened(developer, "team").rows("Who wrote what")}
    assert rows["Second developer"][0].startswith("Rationale")
    assert rows["Developer, Kenya"][0] == ""


def test_the_team_page_asks_the_same_for_many_who_wrote(opened, project, developer, questions):
    def asked():
        questions.clear()
        opened(developer, "team")
        return len(questions)

    opened(developer, "sections/rat").fill("Rationale", "Why.").press("Save")
    opened(developer, "team")
    few = asked()
    for code in ("SUM", "DES", "PAR", "MON", "EVA"):
        author = a_user()
        db.session.add(Party(project_id=project.id, user_id=author.id, part=Part.AUTHOR))
        db.session.add(Section(project_id=project.id, code=code, text="Words", saved_by_id=author.id))
    db.session.commit()
    opened(developer, "team")
    assert asked() == few
    assert len(opened(developer, "team").rows("Who wrote what")) == 6


def test_two_people_at_the_beneficiaries_get_both_values(opened, developer, second):
    def typed(page, number):
        page.fill("Who, line 1", "Returnees").fill("Reached, line 1", "directly")
        return page.fill("Number planned, line 1", number)

    mine, theirs = opened(developer, "beneficiaries"), opened(second, "beneficiaries")
    assert typed(theirs, "20").press("Save").status == 200
    page = typed(mine, "30").press("Save").check()
    assert page.status == 409
    assert "Second developer" in page.text
    [[label, *both]] = differences(page)
    assert "Returnees" in label
    assert both == ["30", "20"]
    assert page.press("Save what I typed").status == 200
    assert [one.planned for one in db.session.scalars(select(Beneficiaries))] == [30]


def test_two_people_at_one_milestone_get_both_values(opened, project, developer, second):
    db.session.add(Milestone(project_id=project.id, name="Study", planned_on=clock.today()))
    db.session.flush()
    mine, theirs = opened(developer, "milestones"), opened(second, "milestones")
    theirs.fill("Milestone, line 1", "Study of fees").fill("Milestone, line 2", "Course")
    assert theirs.fill("Planned day, line 2", "2016-12-01").press("Save").status == 200
    page = mine.fill("Milestone, line 1", "Study of wages").press("Save").check()
    assert page.status == 409
    assert [row[1:] for row in differences(page)] == [["Study of wages", "Study of fees"]]
    assert page.press("Save what I typed").status == 200
    names = db.session.scalars(select(Milestone.name).order_by(Milestone.planned_on)).all()
    assert names == ["Study of wages", "Course"]


def test_two_people_in_different_sections_never_meet(opened, developer, second):
    mine, theirs = opened(developer, "sections/rat"), opened(second, "sections/sum")
    assert theirs.fill("Summary", "What.").press("Save").status == 200
    assert mine.fill("Rationale", "Why.").press("Save").status == 200


def test_both_limits_of_a_text_stand_at_its_field(opened, developer):
    page = opened(developer, "sections/rat")
    area = page.soup.find("textarea", attrs={"name": "text"})
    told = [page.soup.find(id=name).get_text() for name in area["aria-describedby"].split()]
    assert told == ["At most 400 words.", "At most 20,000 characters."]
    assert (area["data-words"], area["data-letters"]) == ("400", "20000")


@pytest.mark.parametrize(
    "text",
    [
        "\u0639\u0645\u0644 \u200f\u0647\u062c\u0631\u0629 \u202babc\u202c",
        "\U0001f469\u200d\U0001f33e \U0001f1f0\U0001f1ea",
        "e\u0301 and \u00e9 are kept apart, as typed",
        '<script>alert(1)</script> & "quotes"',
        "one\n\n\ttwo",
    ],
)
def test_a_text_comes_back_as_it_was_typed(opened, developer, text):
    page = opened(developer, "sections/rat").fill("Rationale", text).press("Save").check()
    assert page.status == 200
    assert page.value("Rationale") == text
    assert db.session.scalars(select(Section.text)).one() == text


def test_an_emoji_is_one_character_of_the_limit(opened, developer):
    page = opened(developer, "sections/rat").fill("Rationale", "\U0001f33e" * 20_000).press("Save")
    assert page.status == 200
    page = page.fill("Rationale", "\U0001f33e" * 20_001).press("Save")
    assert page.errors == ["Rationale: At most 20,000 characters fit here. Please shorten it."]
    assert len(page.value("Rationale")) == 20_001
