"""The people of an endorsement, and what they do on their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prima.projects.models import Project
from prima.projects.operations.comments import reply
from prima.projects.queries import comments
from prima.users import Role
from tests.browser import Browser, Page
from tests.factories import a_user, grant

REVIEWERS = (Role.RPDO, Role.RTS, Role.RRMO, Role.RME)
LETTER = "Letter to upload"
PLACES = {
    Role.PDEV: "KEN",
    Role.COM: "KEN",
    Role.RPDO: "NBO",
    Role.RTS: "NBO",
    Role.RRMO: "NBO",
    Role.RME: "NBO",
    Role.RD: "NBO",
    Role.FUND: None,
    Role.DDG: None,
    Role.ADMIN: None,
}


def answer_comments(project: Project, *, actor: Any) -> None:
    """What the team does before it submits again: answer every comment."""
    for one in comments(project):
        if one.is_unanswered:
            reply(project, one.id, actor=actor, text="We changed it.")


class Cast:
    """One person a role, each with a browser of their own."""

    def __init__(self, browser_of: Callable[..., Browser], *, without: tuple[Role, ...] = ()) -> None:
        self.browser_of = browser_of
        self.people: dict[Any, Any] = {
            role: a_user(role, place, name=f"{role} person") for role, place in PLACES.items() if role not in without
        }
        self.browsers: dict[Any, Browser] = {}

    def __getitem__(self, role: Any) -> Any:
        return self.people[role]

    def add(self, key: str, role: Role | None = None, at: str | None = None) -> Any:
        self.people[key] = a_user(role, at, name=f"{key} person")
        return self.people[key]

    def also(self, role: Role, further: Role) -> None:
        """The person gets a further role."""
        grant(self.people[role], further, PLACES[further])

    def open(self, who: Any, url: str) -> Page:
        if who not in self.browsers:
            self.browsers[who] = self.browser_of(self.people[who])
        return self.browsers[who].open(url)

    def page(self, who: Any, project: Project) -> Page:
        return self.open(who, f"/projects/{project.reference}")

    def answer(self, project: Project, who: Any = Role.PDEV, text: str = "We changed it.") -> None:
        """Answer every comment that waits for the team."""
        page = self.open(who, f"/projects/{project.reference}/comments")
        while waiting := [name for name in page.buttons if name.startswith("Send the answer")]:
            label = next(name for name in page.labels if name.startswith("Your answer"))
            page = page.fill(label, text).press(waiting[0])

    def submit(self, project: Project, who: Any = Role.PDEV, move: str = "submit") -> Page:
        """Submit; again only after every comment has its answer."""
        self.answer(project, who)
        page = self.open(who, f"/projects/{project.reference}/submit/{move}")
        return page.press("Submit" if "Submit" in page.buttons else "Submit again")

    def decide(self, who: Any, project: Project, move: str, note: str = "", sections: tuple[str, ...] = ()) -> Page:
        page = self.open(who, f"/projects/{project.reference}/decisions/{move}")
        assert page.status == 200, page
        if note:
            page.fill("Reason" if "Reason" in page.labels else "Remark (optional)", note)
        if LETTER in page.labels:
            page.fill(LETTER, ("letter.pdf", b"%PDF-1.7 the donor's letter"))
        if sections:
            page.fill("Sections to be changed", list(sections))
        return page.press(page.buttons[0])

    def review(
        self, who: Any, project: Project, role: Role, button: str = "Clear", *, answer: str = "Yes", **typed: Any
    ) -> Page:
        page = self.open(who, f"/projects/{project.reference}/clearances/{role.lower()}")
        assert page.status == 200, page
        for question in self.questions(page):
            page.fill(question, answer)
        if "note" in typed:
            page.fill("Comments, or the reason of a return (optional)", typed["note"])
        if "sections" in typed:
            page.fill("If you return it: sections to be changed", list(typed["sections"]))
        return page.press(button)

    @staticmethod
    def questions(page: Page) -> list[str]:
        return [legend for group in page.soup.select("fieldset") if (legend := group.legend.get_text()).endswith("?")]

    def all_clear(self, project: Project, *, but: tuple[Role, ...] = ()) -> None:
        for role in REVIEWERS:
            if role not in but:
                assert self.review(role, project, role).status == 200

    def to_review(self, project: Project) -> None:
        self.submit(project)
        self.decide(Role.COM, project, "clear")

    def to_endorser(self, project: Project) -> None:
        self.to_review(project)
        self.all_clear(project)

    def to_fund(self, project: Project) -> None:
        self.to_endorser(project)
        self.decide(Role.RD, project, "endorse")
        self.decide(Role.FUND, project, "to-fund")
