"""People at a browser: each has a role at a place, and reads, types and presses what the pages offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from playwright.sync_api import Locator, Page, expect

from prima.db import db
from prima.users import Role, User
from tests.factories import PASSWORD, a_user

Rows = list[list[str]]


@dataclass
class Person:
    """Somebody with an account and a browser."""

    name: str
    email: str
    page: Page

    def open(self, url: str) -> Person:
        """Open an address, by way of the sign-in page where it is asked for."""
        self.page.goto(url)
        if "/sign-in" in self.page.url:
            self.sign_in()
        return self

    def sign_in(self) -> None:
        """Down to the end of the page that was asked for: whoever lists what stands on it must not list too early."""
        self.type("E-mail address", self.email).type("Password", PASSWORD).press("Sign in")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    # -- doing

    def type(self, label: str, text: str) -> Person:
        self.field(label).fill(text)
        return self

    def choose(self, label: str, option: str) -> Person:
        """Of a list, by the words of the option."""
        self.field(label).select_option(label=option)
        return self

    def tick(self, group: str, *labels: str) -> Person:
        """Boxes or a choice under a legend."""
        for label in labels:
            self.group(group).get_by_label(label, exact=True).check()
        return self

    def press(self, name: str) -> Person:
        self.main.get_by_role("button", name=name, exact=True).click()
        return self

    def follow(self, name: str) -> Person:
        self.main.get_by_role("link", name=name, exact=True).first.click()
        return self

    def go_by_menu(self, name: str) -> Person:
        """The menu stands at the top, or folds where it has no room."""
        folded = self.page.locator("summary", has_text="Menu")
        if folded.is_visible():
            folded.click()
        self.page.get_by_role("banner").get_by_role("link", name=name, exact=True).click()
        return self

    def unfold(self, name: str) -> Person:
        self.page.locator("summary", has_text=name).click()
        return self

    # -- reading

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def field(self, label: str) -> Locator:
        return self.main.get_by_label(label, exact=True)

    def group(self, legend: str) -> Locator:
        return self.main.get_by_role("group", name=legend, exact=True)

    def is_at(self, heading: str) -> Person:
        """The page with this heading is there, down to its end."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.page.wait_for_load_state("domcontentloaded")
        return self

    def reads(self, *texts: str) -> Person:
        for text in texts:
            expect(self.main).to_contain_text(text)
        return self

    def is_told(self, text: str) -> Person:
        """The message above the page, the answer to what was just done."""
        expect(self.main.locator(".message").first).to_contain_text(text)
        return self

    def rows(self, caption: str) -> Rows:
        """What a table with this caption says, row by row."""
        table = self.main.get_by_role("table", name=caption, exact=True)
        expect(table).to_be_attached()
        self.page.wait_for_load_state("domcontentloaded")
        lines = table.locator("tbody tr").all()
        return [[" ".join(cell.split()) for cell in line.locator("th, td").all_inner_texts()] for line in lines]

    def fits(self) -> Person:
        """Nothing sticks out at the side: only tables scroll, each in its own frame."""
        width = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{self.page.url} is {width[0]} pixels wide in a window of {width[1]}."
        return self

    def workbook(self, link: str) -> Workbook:
        """The workbook behind a link, downloaded and read back."""
        with self.page.expect_download() as coming:
            self.follow(link)
        with Path(coming.value.path()).open("rb") as file:
            return load_workbook(file)


@dataclass
class Cast:
    """One person a role, each at a browser of their own, opened when first needed."""

    browser_page: Any
    options: dict[str, Any]
    people: dict[str, User] = field(default_factory=dict)
    seated: dict[str, Person] = field(default_factory=dict)

    def add(self, key: str, role: Role, at: str | None, name: str) -> None:
        self.people[key] = a_user(role, at, name=name)
        db.session.commit()

    def __getattr__(self, key: str) -> Person:
        if key not in self.people:
            raise AttributeError(key)
        if key not in self.seated:
            user = self.people[key]
            self.seated[key] = Person(user.name, user.email, self.browser_page(**self.options))
        return self.seated[key]
