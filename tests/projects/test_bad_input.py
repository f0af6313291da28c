"""Bad input to every form of the drafting desk: a plain answer, nothing typed is lost, and no other project changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from bs4 import Tag
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from prima.db import Model, db
from prima.projects.models import Comment, Indicator, Justification, Level, Milestone, Partner, Project, Result
from prima.projects.stages import Funding
from prima.rates import ExchangeRate
from tests.browser import Page, buttons_in, kind_of, owner, text_in
from tests.factories import a_project, a_user

Pairs = list[tuple[str, str]]

ANSWERS = {303, 403, 404, 409, 413, 422}
UNCLEAN = "Kept\x00\x1b beside it"
LONG = "Kept" + "x" * 1_000_000
FOREIGN = "الهجرة المنظمة 🌍 हिन्दी עברית"
TEXTS = {
    "controls": UNCLEAN,
    "foreign": FOREIGN,
    "negative": "-1",
    "not a number": "NaN",
    "huge": "1e308",
    "half a cent": "0.005",
    "a long number": "9" * 5000,
    "a figure that is none": "²",
}
LARGEST = 4_000_000
"""Bytes of an answer: a page that gives back a million characters is large, one of 20,000 rows is larger."""
HIDDEN = ("", "-1", "²", "9" * 5000, "\x00")
WORDS = ("title", "summary", "text", "assumption", "name", "role", "evidence", "agreement", "agency")
"""Ends of the names of fields that take words."""
ROWS = {
    "partners": "partner",
    "matrix": "result",
    "workplan": "result",
    "milestones": "milestone",
    "risks": "risk",
    "budget": "budget_line",
}
"""The tables whose rows a page holds."""
CODES = ("NO-SUCH", "\x00")
ROW = re.compile("-[0-9]+-")
ABSURD = ("99999", "9" * 30, "9" * 5000, "²", "-1", "x")
"""Numbers of rows that no page ever sent."""

PLAIN = "application/x-www-form-urlencoded"
ONE = "projects/{mine}"
PAGES = {
    "concept": "projects/new",
    "copy": f"{ONE}/copy",
    "cover": f"{ONE}/cover",
    "classification": f"{ONE}/classification",
    "partners": f"{ONE}/partners",
    "beneficiaries": f"{ONE}/beneficiaries",
    "section": f"{ONE}/sections/rat",
    "matrix": f"{ONE}/matrix",
    "moving a row": f"{ONE}/matrix/{{output}}/move",
    "removing a row": f"{ONE}/matrix/{{output}}/remove",
    "new indicator": f"{ONE}/matrix/{{output}}/indicators/new",
    "indicator": f"{ONE}/matrix/indicators/{{indicator}}",
    "removing an indicator": f"{ONE}/matrix/indicators/{{indicator}}/remove",
    "indicator library": "indicators?project={mine}&result={output}",
    "workplan": f"{ONE}/workplan",
    "milestones": f"{ONE}/milestones",
    "risks": f"{ONE}/risks",
    "budget": f"{ONE}/budget",
    "currency": f"{ONE}/budget/currency",
    "sheet": f"{ONE}/budget/sheet",
    "allocation by area": f"{ONE}/allocation/area",
    "allocation by activity": f"{ONE}/allocation/activity",
    "allocation by country": f"{ONE}/allocation/country",
    "comments": f"{ONE}/comments",
    "documents": f"{ONE}/documents",
    "readiness": f"{ONE}/readiness",
    "team": f"{ONE}/team",
}


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


@pytest.fixture
def mine(developer):
    """A donor's project in two countries and in euros: it has every page."""
    rate = Decimal("1.1234")
    db.session.add(ExchangeRate(currency="EUR", valid_from=date(2016, 9, 1), usd_per_unit=rate))
    return a_whole_project(developer=developer, rate=rate, rate_from=date(2016, 9, 1), currency="EUR")


@pytest.fixture
def theirs(app):
    """One of an office whose drafts the developer may not see."""
    return a_whole_project(developer=a_user("PDEV", "PER"), office_code="PER")


def a_whole_project(**how: Any) -> Project:
    project = a_project(
        funding=Funding.DONOR, complete=True, budget=1000, countries=how.pop("countries", ("KEN", "UGA")), **how
    )
    writer = a_user()
    db.session.add_all(
        [
            Partner(project_id=project.id, position=1, name="Ministry of Labour"),
            Milestone(project_id=project.id, name="Opening", planned_on=date(2017, 1, 1)),
            Comment(project_id=project.id, section_code="RAT", author_id=writer.id, text="Who pays?"),
            Justification(project_id=project.id, rule_code="LETTERS", text="It is on its way.", by_id=writer.id),
        ]
    )
    db.session.flush()
    db.session.expire_all()
    return project


def result_of(project: Project, level: Level = Level.OUTPUT) -> int:
    return db.session.scalars(select(Result.id).where(Result.project_id == project.id, Result.level == level)).one()


def indicator_of(project: Project) -> int:
    asked = select(Indicator.id).where(Indicator.result_id == result_of(project)).order_by(Indicator.id)
    return db.session.scalars(asked).first()


def address(page: str, project: Project) -> str:
    return "/" + PAGES[page].format(mine=project.reference, output=result_of(project), indicator=indicator_of(project))


@pytest.fixture
def open_page(app, browser_of, developer, mine, monkeypatch) -> Callable[[str], Page]:
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    addresses = {page: address(page, mine) for page in PAGES}
    browser = browser_of(developer)
    return lambda page: browser.open(addresses[page])


class Sheet:
    """One form of a page, with the button that a person would press, ready to be spoilt and sent."""

    def __init__(self, page: Page, form: Tag) -> None:
        self.page, self.form = page, form
        buttons = buttons_of(page, form)
        button = next((one for one in buttons if not one.get("name")), buttons[0])  # it saves, and leads nowhere else
        self.pairs, self.files = page._contents(form, button)
        self.target = button.get("formaction") or form.get("action") or page.url
        self.kind = form.get("enctype") or PLAIN

    def names(self, *kinds: str) -> list[str]:
        fields = self.page.soup.find_all(["input", "select", "textarea"])
        named = [one for one in fields if one.get("name") and owner(one, self.page.soup) is self.form]
        return list(dict.fromkeys(one["name"] for one in named if kind_of(one) in kinds))

    @property
    def texts(self) -> list[str]:
        return self.names("text", "textarea", "date", "number", "search")

    @property
    def hidden(self) -> list[str]:
        return [name for name in self.names("hidden") if name != "csrf_token"]

    def send(self, pairs: Pairs) -> Page:
        return self.page.browser.request(
            "POST",
            self.target,
            data=MultiDict(pairs),
            content_type=self.kind,
            headers={"Referer": self.page.address},
            follow_redirects=False,
        )

    def send_with(self, values: dict[str, str]) -> Page:
        """As it stands, but each of these fields has this value."""
        return self.send([*((name, value) for name, value in self.pairs if name not in values), *values.items()])


def sheets(page: Page) -> list[Sheet]:
    """Its forms, one of each kind; those of comments only on their own page."""
    found = {}
    for form in page.main.select("form[method=post]"):
        target = form.get("action", "")
        if buttons_of(page, form) and ("/comments" in page.url or "/comments" not in target):
            found.setdefault((ROW.sub("-", re.sub("/[0-9]+", "", target)), form.get("enctype")), Sheet(page, form))
    return list(found.values())


def buttons_of(page: Page, form: Tag) -> list[Tag]:
    return [one for one in buttons_in(page.main) if owner(one, page.soup) is form]


def in_field(page: Page, name: str) -> str | None:
    """What stands in the field of this name; on the page of both values it is a hidden one."""
    field = page.soup.find(["input", "textarea"], attrs={"name": name})
    return None if field is None else text_in(field)


def wrong_with(answer: Page, typed: dict[str, str]) -> Iterator[str]:
    """What a bad answer is: no answer of ours, or one that lost what was typed."""
    if answer.status not in ANSWERS:
        yield f"{answer.status} {answer.heading}"
    elif answer.status in (409, 422):
        for name, value in typed.items():
            if (in_field(answer, name) or "").strip() != value.strip() and value.strip():
                yield f"{answer.status}, but {name} holds {str(in_field(answer, name))[:40]!r}"
        if not answer.errors and not answer.messages and answer.status == 422:
            yield "422 without a word"
    if len(answer.content) > LARGEST:
        yield f"a page of {len(answer.content):,} bytes"


def standing(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that stands under a project, table by table."""
    db.session.expire_all()
    found = {}
    for table in Model.metadata.sorted_tables:
        if "project_id" in table.c:
            asked = select(table).where(table.c.project_id == project.id).order_by(*table.primary_key)
            found[table.name] = [tuple(row) for row in db.session.execute(asked)]
    return found


Values = dict[str, str]
Try = Callable[[Sheet], Values]
"""What is typed into a form instead, by field; nothing where the form has no such field."""


def texts(value: str) -> Try:
    return lambda sheet: dict.fromkeys(sheet.texts, value)


def long(kind: str) -> Try:
    """Short enough in a form with a file that the test's own client makes no file of it."""
    return lambda sheet: dict.fromkeys(sheet.names(kind)[:1], LONG if sheet.kind == PLAIN else LONG[:400_000])


def hidden(value: str) -> Try:
    return lambda sheet: dict.fromkeys(sheet.hidden, value)


def codes(value: str) -> Try:
    return lambda sheet: dict.fromkeys(sheet.names("select", "radio", "checkbox"), value)


def rows(*numbers: str) -> Try:
    def more(sheet: Sheet) -> Values:
        names = {name for name in sheet.names("hidden", "text", "textarea") if ROW.search(name)}
        shapes = {ROW.sub("-{}-", name) for name in names}
        return {shape.format(number): "1" for number in numbers for shape in shapes}

    return more


CHECKED = "rows that no page sent"
"""What is answered to these is held against what every page keeps: row numbers make names and ids."""
TRIES: dict[str, Try] = {
    **{f"text: {name}": texts(value) for name, value in TEXTS.items()},
    **{f"a million characters in a {kind}": long(kind) for kind in ("text", "textarea")},
    **{f"hidden: {value[:9]!r}": hidden(value) for value in HIDDEN},
    **{f"code: {value[:9]!r}": codes(value) for value in CODES},
    CHECKED: rows(*ABSURD),
    "too many rows": rows(*map(str, range(2_500))),
}


@pytest.mark.parametrize("page", PAGES)
def test_bad_input_is_answered_in_plain_words(open_page, theirs, page):
    before = standing(theirs)
    found, wrong = open_page(page), []
    for place in range(len(sheets(found))):
        for what, attempt in TRIES.items():
            if found.status != 200 or place >= len(sheets(found)):  # what the page, or the form, was about is gone
                break
            sheet = sheets(found)[place]
            if not (values := attempt(sheet)):
                continue
            answer = sheet.send_with(values)
            kept = values if what.startswith(("text", "a million")) and what != "text: controls" else {}
            wrong += [f"{what}: {fault}" for fault in wrong_with(answer, kept)]
            if what == CHECKED and answer.status != 303:
                answer.check()
            if answer.status == 303:
                found = open_page(page)
    assert standing(theirs) == before
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES)
def test_a_form_without_its_fields_is_answered(open_page, page):
    found = open_page(page)
    for sheet in sheets(found):
        answer = sheet.send([pair for pair in sheet.pairs if pair[0] == "csrf_token"])
        assert not [*wrong_with(answer, {})]


@pytest.mark.parametrize("page", [page for page, path in PAGES.items() if path.startswith(ONE) and page != "copy"])
def test_the_pages_of_a_project_that_one_may_not_see_are_none(open_page, mine, theirs, page):
    browser = open_page(page).browser
    assert browser.open(address(page, theirs)).status == 404
    crossed = address(page, theirs).replace(theirs.reference, mine.reference)
    assert (browser.open(crossed).status == 404) is (crossed != address(page, mine))


@pytest.mark.parametrize(("page", "table"), ROWS.items())
def test_rows_of_another_project_are_not_changed_by_a_form_of_ones_own(open_page, theirs, page, table):
    before = standing(theirs)
    for number in {row[0] for name in (table, "result") for row in before[name]}:
        sheet = sheets(open_page(page))[0]
        rows = [name for name in sheet.hidden if name.endswith(("-row", "-under"))]
        changed = {**dict.fromkeys(sheet.texts, "1"), **dict.fromkeys([*rows, *sheet.names("select")], str(number))}
        assert rows
        assert sheet.send_with(changed).status in ANSWERS
        assert sheet.send_with(dict.fromkeys(rows, str(number))).status in ANSWERS
        removed = {name.removesuffix("row") + "remove": "y" for name in rows if name.endswith("-row")}
        assert sheet.send_with({**dict.fromkeys(rows, str(number)), **removed}).status in ANSWERS
    assert standing(theirs) == before


@pytest.mark.parametrize("page", ["section", "cover", "partners", "milestones", "matrix", "comments"])
def test_every_letter_is_kept_and_shown(open_page, page):
    """From right to left, of other scripts, and emoji: saved where words are asked for, and read from either side."""
    sheet = sheets(open_page(page))[-1]
    words = [name for name in sheet.texts if name.endswith(WORDS) and not re.search("-[1-9]-", name)]
    section = {"section": "RAT"} if page == "comments" else {}
    answer = sheet.send_with(dict.fromkeys(words, FOREIGN) | section)
    assert (answer.status, bool(words)) == (303, True)
    again = open_page(page)
    if page == "comments":
        assert FOREIGN in again.text
        return
    assert {in_field(again, name) for name in words} == {FOREIGN}
    for name in words:
        assert again.soup.find(["input", "textarea"], attrs={"name": name})["dir"] == "auto"
