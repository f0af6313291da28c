"""The search: by which words a project is found and by whom, in which order, and where its page leads."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import selectinload

from prima import searched
from prima.db import db
from prima.lists import Donor
from prima.projects.models import BudgetLine, Comment, Coverage, Indicator, Part, Party, Project, Result, Risk, Section
from prima.projects.operations.sections import write_section
from prima.projects.visibility import visible_projects
from prima.reporting import portfolio
from prima.reporting.models import Lesson
from prima.reporting.search import finding, holding
from prima.reporting.search.matching import Term, ids_of, nearly, terms_of
from prima.reporting.search.snippets import marked, snippet
from prima.sessions import with_rights
from prima.users import User
from prima.words import id_words, words_of
from tests.factories import a_project, a_user

BELL = "\a"


def ready(user):
    """The person with their rights, as a request reads them."""
    return db.session.scalars(
        select(User).where(User.id == user.id).options(*with_rights()).execution_options(populate_existing=True)
    ).one()


def a_lesson(project, made_by, **more):
    values = {"title": "Begin early", "happened": "Roads were closed.", "why": "", "advice": ""} | more
    lesson = Lesson(project_id=project.id, made_by_id=made_by.id, **values)
    db.session.add(lesson)
    db.session.flush()
    return lesson


def an_indicator(project, said, **more):
    result = db.session.scalars(select(Result).where(Result.project_id == project.id).limit(1)).one()
    indicator = Indicator(project_id=project.id, result_id=result.id, position=9, text=said, **more)
    db.session.add(indicator)
    db.session.flush()
    return indicator


@pytest.fixture
def everything(app):
    """A project in which each thing that is searched holds a word of its own."""
    donor = Donor(code="AURORA", name="Fondation Aurore", kind="private", position=1)
    db.session.add(donor)
    db.session.flush()
    people = [a_user("PDEV", "KEN", name=name) for name in ("Développeur Zoë", "Manager Quill", "Alternate Rook")]
    project = a_project(
        title="Safe passage for seafarers", developer=people[0], manager=people[1], alternate=people[2],
        office_code="KEN", countries=("KEN", "CIV"), funding="donor", donor_code="AURORA", complete=True,
        summary="Harbours listen to their crews.", code="LM.0276", status="ACTIVE",
    )  # fmt: skip
    section = db.session.scalars(select(Section).filter_by(project_id=project.id, code="RAT")).one()
    section.text = "Fishermen told of men/women held in Ports, and of café owners."
    return project, a_lesson(project, people[1], advice="Talk to unions."), an_indicator(project, "Vessels inspected")


@pytest.mark.parametrize(
    ("q", "where", "leads_to"),
    [
        ("SEAFARERS", None, ""),
        ("harbours", "Summary", ""),
        ("fishermen", "Rationale", "/sections/rat"),
        ("women", "Rationale", "/sections/rat"),
        ("cafe", "Rationale", "/sections/rat"),
        ("port", "Rationale", "/sections/rat"),
        ("vessels", "Indicator", "/matrix#indicator-"),
        ("unions", "Lesson", "/lessons/"),
        ("cote divoire", None, None),
        ("côte", "Country", ""),
        ("kenya", "Office", ""),
        ("aurore", "Donor", ""),
        ("développeur", "Project developer", ""),
        ("zoe", "Project developer", ""),
        ("quill", "Project manager", ""),
        ("rook", "Alternate project manager", ""),
        ("seafarers quill fish", "Rationale", "/sections/rat"),
    ],
)
def test_a_project_is_found_by_each_of_its_words_and_the_page_leads_there(browser_of, everything, q, where, leads_to):
    project, *_rest = everything
    page = browser_of(a_user("VIEW")).open(f"/search?q={q}").check()
    if leads_to is None:
        assert "No project holds these words" in page.text
        return
    assert "1 project" in page.text
    assert page.soup.select_one("article h2 a")["href"] == f"/projects/{project.reference}"
    places = {one.text: one["href"] for one in page.soup.select("dl.found-in dt a")}
    if where:
        assert where in places
        assert leads_to in places[where]
        assert page.follow(where).status == 200
    marks = {word for one in page.soup.select("mark") for word in words_of(one.text)}
    assert marks
    assert all(any(term.fits(word) for term in terms_of(q)) for word in marks)


@pytest.mark.parametrize("q", ["LM.0276", "lm276", "LM-0276", " lm 0276 ", "Lm_276"])
def test_a_project_id_leads_straight_to_the_project_and_to_all_results(browser_of, everything, q):
    project, *_rest = everything
    page = browser_of(a_user("VIEW")).request("GET", "/search", query_string={"q": q}).check()
    assert page.heading == project.title
    results = page.follow("All results of the search").check()
    assert results.heading == "Search"
    assert len(results.soup.select("article")) == 1


def test_the_box_of_every_page_leads_there(browser_of, everything):
    page = browser_of(a_user("VIEW")).open("/projects")
    assert {form["action"] for form in page.soup.select("header form[role=search]")} == {"/search"}


def test_one_wrong_digit_is_asked_about(browser_of, everything):
    browser = browser_of(a_user("VIEW"))
    page = browser.open("/search?q=lm 277")
    assert "No project that you may see is called LM.0277. Did you mean LM.0276?" in page.text
    far = browser.open("/search?q=lm 9999").text
    assert "No project that you may see is called LM.9999." in far and "Did you mean" not in far
    assert "Did you mean" not in browser.open("/search?q=LM0287").text
    reference = everything[0].reference
    wrong = reference[:-1] + str((int(reference[-1]) + 1) % 10)
    assert "Did you mean LM.0276?" in browser.open(f"/search?q={wrong}").text


def test_what_one_may_not_see_is_neither_found_nor_suggested_nor_opened(browser_of, app):
    draft = a_project(developer=a_user("PDEV", "KEN", name="Hidden Person"), title="Hidden orchard", code="LM.0500")
    stranger = browser_of(a_user("VIEW"))
    for q in ("orchard", "hidden", "LM.0500", "LM.0501", draft.reference):
        page = stranger.open(f"/search?q={q}").check()
        assert page.heading == "Search"
        assert "orchard" not in page.main.select_one(".empty").text
        assert "Did you mean" not in page.text
        assert not page.soup.select("article")
    assert len(browser_of(a_user("COM", "KEN")).open("/search?q=orchard").soup.select("article")) == 1


def test_what_is_internal_or_was_taken_away_finds_nothing(app, everything):
    project, lesson, indicator = everything
    viewer = ready(a_user("MGT"))

    def number(q):
        return finding.find(viewer, portfolio.Filters(q=q)).number

    risk = db.session.scalars(select(Risk).filter_by(project_id=project.id)).first()
    risk.factor = "Pirates"
    project.focal_point, project.focal_point_contact = "Ministry", "desk@ministry.example"
    db.session.scalars(select(BudgetLine).filter_by(project_id=project.id)).first().description = "Unitcost"
    db.session.add(Comment(project_id=project.id, section_code="RAT", author_id=viewer.id, text="Whispered"))
    former = db.session.scalars(select(Party).filter_by(project_id=project.id, part=Part.MANAGER)).one()
    before = [number("unions"), number("vessels"), number("quill"), number("fishermen")]
    lesson.withdrawn_at = former.until_at = datetime(2016, 9, 1, tzinfo=UTC)
    indicator.retired_on = date(2016, 9, 1)
    db.session.flush()
    db.session.execute(
        text(
            "update handbook_edition set content = jsonb_set(content, '{sections}', (select jsonb_agg(case one->>'code'"
            " when 'RAT' then jsonb_set(one, '{internal}', 'true') else one end)"
            " from jsonb_array_elements(content->'sections') as one))"
        )
    )
    assert before == [1, 1, 1, 1]
    assert [number("unions"), number("vessels"), number("quill"), number("fishermen")] == [0, 0, 0, 0]
    assert [number(q) for q in ("pirates", "ministry", "unitcost", "whispered")] == [0, 0, 0, 0]


def test_changes_are_found_at_once_and_former_words_no_more(app):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer, title="Older name", funding="donor", donor_code="NOT_STATED")

    def finds(q):
        return finding.find(ready(developer), portfolio.Filters(q=q)).number == 1

    write_section(project, "RAT", actor=ready(developer), version=0, text="Beekeepers")
    project.title = "Newer name"
    developer.name = "Somebody Renamed"
    db.session.get_one(Donor, "NOT_STATED").name = "Unnamed giver"
    db.session.flush()
    assert [finds(q) for q in ("beekeepers", "newer", "renamed", "giver")] == [True] * 4
    write_section(project, "RAT", actor=ready(developer), version=1, text="Shepherds")
    assert [finds(q) for q in ("beekeepers", "older", "shepherds")] == [False, False, True]
    db.session.delete(db.session.scalars(select(Section).filter_by(project_id=project.id)).one())
    db.session.flush()
    assert not finds("shepherds")


def test_title_goes_before_people_and_places_and_these_before_texts(app):
    viewer = ready(a_user("MGT"))
    called = {}
    for where, more in {
        "text": {"summary": "A word of Colombia."}, "title": {"title": "Colombia and others"},
        "place": {"office_code": "COL", "title": "Somewhere"}, "also text": {"summary": "Of Colombia too."},
    }.items():  # fmt: skip
        called[a_project(status="ACTIVE", **more).reference] = where
    found = finding.find(viewer, portfolio.Filters(q="colombia"))
    assert [called[hit.reference] for hit in found.hits] == ["title", "place", "also text", "text"]


def test_of_a_common_word_the_newest_are_ranked_and_the_page_says_so(browser_of, app, monkeypatch):
    monkeypatch.setattr(finding, "MOST", 5)
    monkeypatch.setattr(finding, "SHOWN", 4)
    monkeypatch.setattr(finding, "SIZE", 3)
    references = [a_project(title=f"Common {number}", status="ACTIVE").reference for number in range(6)]
    page = browser_of(a_user("VIEW")).open("/search?q=common").check()
    assert "More than 5 projects hold these words. The newest 5 of them are ranked, and the best 4 shown" in page.text
    shown = [one["href"].rpartition("/")[2] for one in page.soup.select("article h2 a")]
    page = page.follow("Next page").check()
    shown += [one["href"].rpartition("/")[2] for one in page.soup.select("article h2 a")]
    assert shown == references[:1:-1]
    assert "Next page" not in page.links
    assert page.follow("Previous page").soup.select("article")


def test_filters_narrow_it_and_its_list_shows_the_same(browser_of, app):
    for office in ("KEN", "COL"):
        a_project(title="Common ground", status="ACTIVE", office_code=office)
    page = browser_of(a_user("VIEW")).open("/search?q=common&region=NBO").check()
    assert len(page.soup.select("article")) == 1
    assert len(page.follow("Show them as a list").rows("Projects")) == 1
    for path in ("/dashboard", "/projects.xlsx"):
        assert browser_of(a_user("MGT")).open(f"{path}?q=common+ground&region=NBO").status == 200
    page = browser_of(a_user("VIEW")).open("/search?q=common").fill("Regional Office", "").press("Apply")
    assert len(page.soup.select("article")) == 2


@pytest.mark.parametrize(
    "q", ["-", "...", "& | ! :* <->", "''\"", "\N{PILE OF POO}", "%", "_", "\\", "(", "<b>", ":*", "'a':*&'b'"]
)
def test_signs_are_no_words(browser_of, everything, q):
    page = browser_of(a_user("VIEW")).request("GET", "/search", query_string={"q": q, "all": "yes"}).check()
    assert page.status == 200
    assert not page.soup.select("article")
    listed = browser_of(a_user("VIEW")).request("GET", "/projects", query_string={"q": q})
    assert "No project fits these filters" in listed.text


@pytest.mark.parametrize(
    ("q", "said"),
    [
        ("", "What do you look for?"),
        ("x" * 10_000, "cannot be searched for"),
        (f"{BELL}word", "cannot be searched for"),
        ("a\0b", "cannot be searched for"),
        ("مرحبا", "No project holds these words"),
        ("of the sea", "Words of fewer than 3 letters are found whole only: of."),
        ("a b c d e f g h i j k l", "Only the first 10 words were looked for."),
        ("9" * 19, "No project holds these words"),
        ("LM99999999999", "No project holds these words"),
    ],
)
def test_any_input_has_a_plain_answer(browser_of, everything, q, said):
    page = browser_of(a_user("VIEW")).request("GET", "/search", query_string={"q": q}).check()
    assert page.status == 200
    assert said in page.text


@pytest.mark.parametrize("page", ["0", "6", "x", "²", "-1", "9" * 50])
def test_a_page_that_is_none_is_the_first(browser_of, everything, page):
    found = browser_of(a_user("VIEW")).open(f"/search?q=seafarers&page={page}").check()
    assert "There is no such page of results; here is the first." in found.messages[0]
    assert len(found.soup.select("article")) == 1


def test_it_asks_the_same_of_2_projects_as_of_8(browser_of, app, questions):
    developer = a_user("PDEV", "KEN")
    browser, asked = browser_of(developer), []
    for number in (2, 6):
        for _ in range(number):
            a_project(developer=developer, title="Officials at work", complete=True, status="ACTIVE")
        db.session.commit()
        browser.open("/search?q=officials+text")
        questions.clear()
        page = browser.open("/search?q=officials+text")
        assert page.soup.select("article")
        asked.append(len(questions))
    assert asked[0] == asked[1] <= 12


def test_a_long_text_and_a_long_word_are_found(app):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer, title="Long")
    words = [f"w{number:x}" for number in range(60_000)]
    db.session.add(Section(project_id=project.id, code="RAT", text=" ".join(["y" * 5_000, *words])))
    db.session.flush()
    for q in ("y" * 200, "w123"):
        assert finding.find(ready(developer), portfolio.Filters(q=q)).number == 1


# -- the words themselves ---------------------------------------------------------------------------------------------


def test_words_are_folded_and_each_stands_once():
    assert words_of("Éa b-ÇX_y; ÉA ﬁne \N{ROMAN NUMERAL FOUR}") == ["ea", "b", "cx", "y", "fine", "iv"]
    assert id_words("LM.0276") == ["lm", "0276", "276", "lm0276", "lm276"]
    assert id_words("P-2016-00042") == ["p", "2016", "00042", "42", "p201600042", "p201642"]
    assert id_words("...") == []


def test_ids_are_read_in_every_way_and_another_digit_is_one():
    assert {ids_of(q)[0] for q in ("lm 276", "LM-0276", "LM0276", "lm.276")} == {"LM.0276"}
    assert ids_of("p-2016-42") == ["P-2016-00042"]
    assert ids_of("lm") == ids_of("276") == ids_of("LM.0276 x") == ids_of("") == []
    near = nearly(["LM.0276"])
    assert len(near) == 36
    assert "LM.0277" in near
    assert "LM.0276" not in near


def test_marks_stand_where_the_word_is_and_nothing_is_html():
    terms = terms_of("cafe <script")
    assert marked("Le Cafe\u0301 <script>", terms) == [
        ("Le ", False), ("Cafe\u0301", True), (" <", False), ("script", True), (">", False)
    ]  # fmt: skip
    long = "before " * 100 + "the café " + "after " * 100
    pieces = snippet(long, terms)
    shown = "".join(piece for piece, _hit in pieces)
    assert ("café", True) in pieces
    assert shown.startswith("… before")
    assert shown.endswith("after …")
    assert len(shown) < 300
    assert snippet("", terms) == []


def test_a_page_shows_typed_markup_as_text(browser_of, app):
    a_project(title="<img src=x onerror=alert(1)> tide", status="ACTIVE")
    page = browser_of(a_user("VIEW")).open("/search?q=tide+onerror").check()
    assert not page.soup.select("main img")
    assert {one.text for one in page.soup.select("mark")} == {"tide", "onerror"}


# -- kept beside the texts --------------------------------------------------------------------------------------------


def test_rebuild_mends_what_was_changed_past_the_application(app, everything):
    project, *_rest = everything
    db.session.execute(update(Project.__table__).where(Project.id == project.id).values(title="Tunnels"))
    db.session.execute(update(Section.__table__).values(words=None))
    db.session.commit()
    number = db.session.scalar(text("select count(*) from section"))
    said = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert said.exit_code == 0, said.output
    assert "project: 1 mended." in said.output
    assert f"section: {number} mended." in said.output
    assert "country: 0 mended." in said.output
    assert finding.find(None, portfolio.Filters(q="tunnels fishermen")).number == 1
    assert "mended." in (said := app.test_cli_runner().invoke(args=["search", "rebuild"])).output
    assert {line.rpartition(": ")[2] for line in said.output.splitlines()} == {"0 mended."}


def test_every_row_has_the_words_of_its_text(app, everything):
    for table in searched.tables():
        assert sum(searched.rebuild(db.session(), table)) == 0, table


# -- found is what the words say --------------------------------------------------------------------------------------

VOCABULARY = (
    "water", "Wäter", "waters", "river-bank", "river", "bank/side", "Kenya", "of", "o", "0276", "276", "naïve", "NAIVE",
    "маршрут", "Маршруты", "طريق", "水", "水路", "e-mail@x.example", "https://x.example/a", "<b>bold</b>", "1.5", "a_b",
)  # fmt: skip


@pytest.fixture
def library(app):
    """Projects of several offices and states, with words put anywhere by a fixed chance."""
    chance = random.Random(7)
    developers = [a_user("PDEV", place, name=f"Person {chance.choice(VOCABULARY)}") for place in ("KEN", "COL")]
    projects = []
    for number in range(24):

        def said(most=3):
            return " ".join(chance.choices(VOCABULARY, k=chance.randint(0, most)))

        place = number % 2
        project = a_project(
            developer=developers[place], office_code=("KEN", "COL")[place], title=said() or "Untitled", summary=said(),
            status=chance.choice(["DRAFT", "REVIEW", "ACTIVE", "FIN_CLOSED"]),
            code=f"LM.{number + 270:04d}" if number % 3 else None, complete=number % 5 == 0,
        )  # fmt: skip
        if number % 5:
            db.session.add(Section(project_id=project.id, code="RAT", text=said(6)))
        a_lesson(project, developers[place], title=said() or "Title", happened=said())
        projects.append(project)
    db.session.commit()
    return projects, developers


def naive(project):
    """All words of a project, gone through one by one."""
    names = [party.user.name for party in project.parties if party.part in ("developer", "manager", "alternate")]
    names += [project.office.name, *(one.country.name for one in project.coverage)]
    names += [project.donor.name] if project.donor else []
    texts = [project.title, project.summary, *(one.text for one in project.sections)]
    texts += [one.text for one in project.indicators]
    for lesson in db.session.scalars(select(Lesson).filter_by(project_id=project.id)):
        texts += [lesson.title, lesson.happened, lesson.why, lesson.advice]
    words = {word for said in (*names, *texts) for word in words_of(said)}
    return words | set(id_words(project.reference)) | set(id_words(project.code or ""))


def test_it_finds_exactly_what_a_plain_search_through_all_words_finds(library, app, monkeypatch):
    _projects, developers = library
    every = db.session.scalars(
        select(Project)
        .options(
            selectinload(Project.parties).joinedload(Party.user), selectinload(Project.office),
            selectinload(Project.coverage).joinedload(Coverage.country),
            selectinload(Project.donor), selectinload(Project.sections), selectinload(Project.indicators),
        )
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    held = {project.id: naive(project) for project in every}
    chance = random.Random(11)
    viewers = [
        None, *map(ready, (developers[0], a_user("VIEW"), a_user("COM", "COL"), a_user("RPDO", "NBO"), a_user("ADMIN")))
    ]  # fmt: skip
    some = 0
    for viewer in viewers:
        seen = set(db.session.scalars(visible_projects(viewer, Project.id)))
        for _ in range(40):
            words = chance.choices([*VOCABULARY, "lm276", "LM.0276", "officials", "person", "colombia", "p-2016"], k=2)
            q = " ".join(word[: chance.choice([1, 2, 3, 4, 99])] for word in words[: chance.choice([1, 2])])
            terms = terms_of(q)
            expected = {
                id for id in seen
                if terms and all(any(term.fits(word) for word in held[id]) for term in terms)
            }  # fmt: skip
            filters = portfolio.Filters(q=q)
            monkeypatch.setattr(holding, "RARE", chance.choice([0, 500]))  # both ways of looking for further words
            monkeypatch.setattr(holding, "COMMON", chance.choice([0, 4_000]))  # and both of finding a page of the list
            found = set(db.session.scalars(select(portfolio.choosing.chosen(viewer, filters).c.id)))
            assert found == expected, (q, viewer and viewer.name)
            assert {row.id for row in portfolio.page(viewer, filters, {}, size=len(expected) + 1).rows} == expected
            assert finding.find(viewer, filters).number == len(expected) == portfolio.totals(viewer, filters).number
            some += bool(expected)
    assert some > 60
    assert Term("of").fits("of")
    assert not Term("of").fits("offer")


def test_a_snippet_shows_where_most_of_the_words_stand():
    said = "Recruiters ask. " * 40 + "Then fair recruiters came, and unions. " + "More. " * 40
    shown = "".join(piece for piece, _hit in snippet(said, terms_of("recruit fair union")))
    assert "fair recruiters came, and unions" in shown
