"""A new edition rules new projects once it is published, and nothing else is done; the others stay on theirs."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from prima import clock
from prima.db import db
from prima.handbook import published
from prima.handbook.edition import CURRENCY, MEASURED
from prima.projects import queries, rules
from prima.projects.models import BudgetLine, Project
from prima.projects.stages import Status
from prima.reporting import reminders
from tests.factories import a_deadline, a_project, a_user, an_active_project

SOURCE = (published.EDITIONS / "fund_current.toml").read_text(encoding="utf-8")
CHANGES = (
    ('code = "fund-current-3"', 'code = "fund-2016"'),
    ("valid_from = 2014-01-01", "valid_from = 2016-10-01"),
    ("words = 350", "words = 5"),
    (
        '[[sections]]\ncode = "MON"',
        '[[sections]]\ncode = "SUS"\ntitle = "Sustainability"\nkind = "text"\nwords = 99\n\n[[sections]]\ncode = "MON"',
    ),
    (
        '[[reviewers]]\nrole = "RPDO"',
        '[[reviewers]]\nrole = "HQD"\ncode = "HQD-ALL"\nscope = "headquarters"\ndays = 7\n\n'
        '[[reviewers]]\nrole = "RPDO"',
    ),
    ("value = 30\n", "value = 25\n"),
)


@pytest.fixture
def changed():
    text = SOURCE
    for before, after in CHANGES:
        assert before in text
        text = text.replace(before, after, 1)
    return text


def drafted(developer):
    """A proposal with a summary of eight words and 28 percent of staff costs, complete by the current edition."""
    project = a_project(developer=developer, complete=True, budget=100_000)
    lines = {
        line.category_code: line for line in db.session.scalars(select(BudgetLine).filter_by(project_id=project.id))
    }
    for code, amount in (("STAFF.NAT", 28_000), ("OPER.TRAIN", 67_000)):
        lines[code].amount = lines[code].unit_cost = amount
    loaded = queries.proposal(project.reference)
    summary = next(section for section in loaded.sections if section.code == "SUM")
    summary.text = "Eight words are enough to say it here."
    db.session.flush()
    db.session.expire_all()
    return project.reference


def an_over_staffed(developer):
    """A complete proposal with 40 percent of staff costs."""
    project = queries.proposal(a_project(developer=developer, complete=True, budget=100_000).reference)
    for line in project.lines:
        change = {"STAFF.NAT": 20_000, "OPER.TRAIN": -20_000}.get(line.category_code, 0)
        line.amount += change
        line.unit_cost += change
    db.session.flush()
    db.session.expire_all()
    return project.reference


def unmet(reference):
    return [str(need.text) for need in rules.to_submit(queries.proposal(reference))]


def parts(browser, reference):
    """The texts of the task list that the editions of these tests do not all have."""
    page = browser.open(f"/projects/{reference}/proposal").check()
    return {link for link in page.links if link in ("Project description", "Sustainability", "Monitoring")}


def test_publishing_is_all_it_takes(browser_of, publish, changed):
    developer = a_user("PDEV", "KEN")
    adviser = a_user("HQD", name="Adviser, headquarters")
    before = drafted(developer)
    publish(changed)
    after = drafted(developer)
    browser = browser_of(developer)

    assert unmet(before) == []
    assert unmet(after) == [
        "the section “Summary” shortened by 3 words",
        "Staff and office costs together stay at or under 25 percent of the total. It is over by USD 3,000.00.",
    ]
    assert parts(browser, before) == {"Project description", "Monitoring"}
    assert parts(browser, after) == {"Project description", "Sustainability", "Monitoring"}
    assert browser.open(f"/projects/{before}/sections/sus").status == 404
    assert browser.open(f"/projects/{after}/sections/sus").check().heading == "Sustainability"
    for reference, share in ((before, 30), (after, 25)):
        assert f"at or under {share} percent of the total" in browser.open(f"/projects/{reference}/budget").text
    for reference, asked in ((before, False), (after, True)):
        road = browser.open(f"/projects/{reference}/submit/submit").check().rows("This will go to")
        assert (adviser.name in [row[3] for row in road]) is asked


@pytest.mark.parametrize("complete", [True, False])
def test_every_rule_that_an_edition_may_leave_without_a_figure_can_be_measured(app, complete):
    project = queries.proposal(a_project(developer=a_user("PDEV", "KEN"), complete=complete).reference)
    measured = [rule for rule in project.edition.handbook.rules if rule.code in rules.MEASURES]
    assert {rule.code for rule in measured} > MEASURED
    for rule in measured:
        bare = rule.model_copy(update={"value": None})
        if rule.code in MEASURED:
            with pytest.raises(AssertionError):
                rules.MEASURES[rule.code](project, bare)
        elif rule.code != CURRENCY:
            rules.MEASURES[rule.code](project, bare)


def test_an_idea_entered_after_the_publication_begins_on_the_new_edition(browser_of, publish, changed):
    publish(changed)
    page = browser_of(a_user("PDEV", "KEN")).open("/projects/new")
    page.fill("Title", "New rules").fill("Project type", "Labour Migration").fill("Who is to pay", "The Fund")
    assert page.fill("Summary", "An idea.").press("Save the concept").status == 200
    begun = db.session.scalars(select(Project).filter_by(title="New rules").options(joinedload(Project.edition))).one()
    assert begun.edition.code == "fund-2016"


def test_the_older_form_is_nothing_but_data(browser_of, app):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer, complete=True, budget=100_000)
    project.edition_id = published.find(db.session, "fund-older-3").id
    db.session.flush()
    db.session.expire_all()
    edition = queries.proposal(project.reference).edition.handbook
    words = {section.code: section.words for section in edition.sections if section.kind == "text"}
    assert words == {"SUM": 350, "RAT": 600, "PAR": 350, "SUS": None, "EVA": 350}
    assert [one.code for one in edition.sections if one.kind == "structured"] == ["COV", "MAT", "WPL", "BUD"]

    assert unmet(project.reference) == ["the section “Sustainability”"]
    browser = browser_of(developer)
    assert parts(browser, project.reference) == {"Sustainability"}
    page = browser.open(f"/projects/{project.reference}/sections/sus").check()
    assert page.fill("Sustainability", "The State goes on.").press("Save").status == 200
    db.session.expire_all()
    assert unmet(project.reference) == []


def reminded(on):
    return {(letter.to.name, letter.why): letter.subject for letter in reminders.due(db.session(), on)}


def test_a_changed_severity_and_a_changed_ladder_rule_the_projects_of_the_new_edition_only(browser_of, publish):
    text = SOURCE
    changes = (
        *CHANGES[:2],
        ('unit = "percent of total"\nseverity = "warn"', 'unit = "percent of total"\nseverity = "block"'),
        ("before_days = [30, 14, 3]", "before_days = [20]"),
    )
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    developer = a_user("PDEV", "KEN")
    earlier, old = a_user("PM", "KEN", name="Earlier manager"), an_over_staffed(developer)
    a_deadline(an_active_project(earlier), due_on=clock.today() + timedelta(days=20))
    publish(text)
    later, new = a_user("PM", "KEN", name="Later manager"), an_over_staffed(developer)
    a_deadline(an_active_project(later), due_on=clock.today() + timedelta(days=20))
    db.session.flush()

    # The older ladder reminded ten days ago already; the newer one reminds today for the first time.
    assert {name for name, _why in reminded(clock.today() - timedelta(days=1))} == {"Earlier manager"}
    assert {name for name, _why in reminded(clock.today())} == {"Earlier manager", "Later manager"}

    rule = "Staff and office costs together stay at or under 30 percent of the total."
    browser = browser_of(developer)
    page = browser.open(f"/projects/{old}/readiness").check()
    assert any(label.startswith(rule) for label in page.labels), "a reason may be written"
    assert page.fill(next(label for label in page.labels if label.startswith(rule)), "Trainers.").press(
        "Save the reasons"
    )
    db.session.expire_all()
    assert unmet(old) == []
    page = browser.open(f"/projects/{new}/readiness").check()
    assert not any(label.startswith(rule) for label in page.labels), "no reason helps"
    assert any(link.startswith(rule) for link in page.links)
    for reference, may_be_submitted in ((old, True), (new, False)):
        assert ("Submit" in browser.open(f"/projects/{reference}/submit/submit").buttons) is may_be_submitted
    assert any(need.startswith(rule) for need in unmet(new))


def test_an_edition_of_the_future_waits_for_its_day(publish, changed):
    publish(changed.replace("valid_from = 2016-10-01", "valid_from = 2016-10-02"))
    assert published.newest(db.session).code == "fund-current-3"
    clock.fix(clock.today() + timedelta(days=1))
    assert published.newest(db.session).code == "fund-2016"


def test_new_projects_take_the_current_form_though_the_older_one_is_published_too(app):
    assert published.newest(db.session).code == "fund-current-3"


def test_a_renamed_stage_keeps_its_statuses_on_the_map_and_on_the_strip(browser_of, publish):
    text = SOURCE
    for before, after in (*CHANGES[:2], ('name = {en = "Endorsement"', 'name = {en = "Quality assurance"')):
        assert before in text
        text = text.replace(before, after, 1)
    publish(text)
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer, status=Status.REVIEW)
    page = browser_of(developer).open(f"/projects/{project.reference}/process").check()
    [stage] = [item for item in page.soup.select(".map-list > li") if item.strong.get_text() == "Quality assurance"]
    assert stage["aria-current"] == "step"
    assert "In review" in stage.select_one(".here").get_text()
    shown = browser_of(developer).open(f"/projects/{project.reference}").check()
    here = shown.soup.select(".stage-strip [aria-current=step]")
    assert [item.get_text(strip=True) for item in here] == ["Quality assurance"]
