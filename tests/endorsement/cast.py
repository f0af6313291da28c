"""The people of an endorsement: what they do on their pages, and what they have done before a test begins."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from flask import current_app
from sqlalchemy import select

from prima.db import db
from prima.endorsement import operations, queries
from prima.endorsement.models import CheckAnswer, Verdict
from prima.endorsement.operations import Typed
from prima.endorsement.operations.clearances import checks
from prima.projects.models import Project
from prima.projects.operations.comments import reply
from prima.projects.queries import comments
from prima.sessions import with_rights
from prima.users import Role, User
from tests.browser import Browser, Page
from tests.factories import a_user, grant

REVIEWERS = (Role.RPDO, Role.RTS, Role.RRMO, Role.RME)
LETTER = "Letter to upload"
VERDICTS = {
    "Clear": Verdict.CLEAR,
    "Clear with comments": Verdict.COMMENTS,
    "Return for changes": Verdict.RETURN,
    "Save as a draft": None,
    "Save the answers": None,
}
ANSWERS = {"Yes": CheckAnswer.YES, "No": CheckAnswer.NO, "Not applicable": CheckAnswer.NOT_APPLICABLE}
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


def section_codes(project: Project, titles: tuple[str, ...]) -> list[str]:
    """The codes of the sections with these titles, in the order of the edition, as a form sends them."""
    sections = project.edition.handbook.sections_for(project.funding.value, project.facts)
    codes = [one.code for one in sections if one.title.say() in titles]
    assert len(codes) == len(set(titles)), titles
    return codes


class Cast:
    """One person a role, each with a browser of their own, who read what happened in UTC.

    `submit`, `decide` and `review` go by the pages; `has_submitted`, `has_decided` and `has_reviewed` do the same by
    the operations behind them, for a test whose subject comes after.
    """

    def __init__(self, browser_of: Callable[..., Browser], *, without: tuple[Role, ...] = ()) -> None:
        self.browser_of = browser_of
        self.people: dict[Any, Any] = {
            role: a_user(role, place, name=f"{role} person", time_zone="UTC")
            for role, place in PLACES.items()
            if role not in without
        }
        self.browsers: dict[Any, Browser] = {}

    def __getitem__(self, role: Any) -> Any:
        return self.people[role]

    def add(self, key: str, role: Role | None = None, at: str | None = None) -> Any:
        self.people[key] = a_user(role, at, name=f"{key} person", time_zone="UTC")
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

    # -- what was done before ----------------------------------------------------------------------------------------

    def has(self, who: Any, work: Callable[[User], None]) -> None:
        """Let the person do it as a request would: in a session of its own, committed at its end."""
        db.session.commit()
        app, user_id = current_app._get_current_object(), self.people[who].id

        def do() -> None:
            with app.app_context():
                asked = select(User).where(User.id == user_id).options(*with_rights())
                work(db.session.scalars(asked).one())
                db.session.commit()

        contextvars.Context().run(do)

    def has_submitted(self, project: Project, who: Any = Role.PDEV, move: str = "submit") -> None:
        """Submitted; again with an answer to every comment. The papers of the proposal are not filed."""
        reference = project.reference

        def work(actor: User) -> None:
            answer_comments(queries.submitting(reference, move).project, actor=actor)
            operations.submit(queries.submitting(reference, move).project, move, actor=actor)

        self.has(who, work)

    def has_decided(
        self, who: Any, project: Project, move: str, note: str = "", sections: tuple[str, ...] = ()
    ) -> None:
        reference = project.reference

        def work(actor: User) -> None:
            case = queries.deciding(reference, move)
            codes = section_codes(case.project, sections)
            operations.decide(case.project, move, actor=actor, seen=case.seen, note=note, sections=codes)

        self.has(who, work)

    def has_reviewed(
        self, who: Any, project: Project, role: Role, button: str = "Clear", *, answer: str = "Yes", **typed: Any
    ) -> None:
        """What stands drafted and is not typed anew is kept, as on the page."""
        reference, verdict = project.reference, VERDICTS[button]

        def work(actor: User) -> None:
            case = queries.reviewing(reference, role.lower())
            clearance = case.clearance
            notes = {one.check_code: one.note for one in clearance.answers}
            asked = checks(case.project, clearance.reviewer)
            written = Typed(
                answers={check.code: (ANSWERS[answer], notes.get(check.code, "")) for check in asked},
                note=typed.get("note", clearance.note),
                sections=section_codes(case.project, typed["sections"]) if "sections" in typed else clearance.sections,
                gender_marker_code=clearance.gender_marker_code,
                gender_marker_reason=clearance.gender_marker_reason,
            )
            known = {"actor": actor, "version": clearance.version, "typed": written}
            if verdict is None:
                operations.save_draft(clearance, **known)
            else:
                operations.give(clearance, seen=case.seen, verdict=verdict, **known)

        self.has(who, work)

    def all_clear(self, project: Project, *, but: tuple[Role, ...] = ()) -> None:
        for role in REVIEWERS:
            if role not in but:
                self.has_reviewed(role, project, role)

    def to_review(self, project: Project) -> None:
        self.has_submitted(project)
        self.has_decided(Role.COM, project, "clear")

    def to_endorser(self, project: Project) -> None:
        self.to_review(project)
        self.all_clear(project)

    def to_fund(self, project: Project) -> None:
        self.to_endorser(project)
        self.has_decided(Role.RD, project, "endorse")
        self.has_decided(Role.FUND, project, "to-fund")
