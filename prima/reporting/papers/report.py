"""A report as a Word document: its facts, its texts, and its tables with the figures of its page; moments in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from flask_babel import gettext as _

from prima.filters import day, grouped, percent
from prima.projects.papers.word import PALE, Cell, Paper, figure, label
from prima.reporting.rules import PROGRESS, REACHED, SPENDING
from prima.reporting.steps import DONE


def report(page: Any) -> bytes:
    """The report of a page as its viewer sees it: remarks stand in it only for whom they are meant."""
    return Writing(page).written()


class Writing:
    def __init__(self, page: Any) -> None:
        self.page, self.project, self.row = page, page.project, page.deadline
        made = self.row.report
        at = made.saved_at if made else self.project.updated_at
        foot = f"{self.project.edition.handbook.title.say()}, {day(at.date())}"
        self.paper = Paper(title=self.project.title, reference=self.project.name, foot=foot, at=at)

    def written(self) -> bytes:
        page, paper = self.page, self.paper
        paper.heading(page.line.name, 0)
        paper.line(f"{self.project.name}  {self.project.title}")
        self.facts()
        if page.money:
            paper.turn(landscape=True)
            self.part(SPENDING, _("Spending from the start of the project, %(currency)s", currency=self.currency))
            self.money()
            paper.turn(landscape=False)
        for part in page.texts:
            self.part(part.code, part.title)
            if part.text.strip():
                paper.prose(part.text)
            elif not part.recorded:
                paper.line(_("Nothing is written here yet."), "Muted")
            if part.code == PROGRESS:
                self.progress()
            for lesson in part.recorded:
                self.lesson(lesson)
        if page.groups:
            self.part(REACHED, _("Beneficiaries reached"))
            self.beneficiaries()
        if self.row.report is None or self.row.report.state not in DONE:
            self.history()  # what is accepted goes on to others, who are told nothing of how it came about
        return paper.content()

    @property
    def currency(self) -> str:
        return str(self.project.currency)

    def part(self, code: str, title: str) -> None:
        self.paper.heading(title)
        if code in self.page.remarks:
            self.paper.line(_("To be changed: %(remark)s", remark=self.page.remarks[code]), "Muted")

    def facts(self) -> None:
        state, timeliness = self.page.line.state[0], self.page.line.timeliness[0]
        people = [
            (_("Management site"), self.project.office.name),
            (_("State"), state),
            *([] if self.row.fell_away_at else [(_("Timeliness"), timeliness)]),
            *([(_("Due"), day(self.row.due_on))] if self.row.is_open else []),
        ]
        if self.project.starts_on and self.project.ends_on:
            people.insert(0, (_("Project"), f"{day(self.project.starts_on)} – {day(self.project.ends_on)}"))
        rows = [(label(term), str(said)) for term, said in [*people, *self.page.facts_in(UTC)]]
        self.paper.table(_("Facts"), (), rows, (30, 70))

    # -- what was achieved --------------------------------------------------------------------------------------------

    def progress(self) -> None:
        standing = self.page.standing
        indicators = [
            (
                one.result,
                f"{one.name} ({one.unit})" if one.unit else one.name,
                figure(grouped(one.baseline)),
                figure(grouped(one.target)),
                figure(f"{grouped(one.achieved)}\n{one.parts}".strip()),
                figure(percent(one.share) if one.share is not None else ""),
                day(one.on_day) if one.on_day else "",
            )
            for one in standing.indicators
        ]
        headings = (
            _("Result"), _("Indicator"), right(_("Baseline")), right(_("Target")), right(_("Achieved")),
            right(_("Of the way")), _("On"),
        )  # fmt: skip
        self.listed(_("Indicators"), headings, indicators, (26, 28, 12, 12, 13, 12, 14))
        activities = [
            (
                one.number,
                f"{one.name}\n{one.note}".strip(),
                one.months,
                self.page.activity_chip(one)[0],
                day(one.done_on) if one.done_on else "",
            )
            for one in standing.activities
        ]
        self.listed(
            _("Activities"),
            (_("No."), _("Activity"), _("Planned months"), _("State"), _("Done on")),
            activities,
            (10, 50, 16, 14, 14),
        )
        milestones = [
            (one.name, day(one.planned_on), day(one.done_on) if one.done_on else "", self.page.milestone_chip(one)[0])
            for one in standing.milestones
        ]
        self.listed(
            _("Milestones"), (_("Milestone"), _("Planned"), _("Done on"), _("State")), milestones, (50, 18, 18, 14)
        )

    def lesson(self, lesson: Any) -> None:
        self.paper.heading(f"{self.page.lesson_kind(lesson)}: {lesson.title}", 3)
        for name, text in ((_("What happened"), lesson.happened), (_("Why"), lesson.why), (_("Advice"), lesson.advice)):
            if text:
                self.paper.prose(f"{name}: {text}")

    def beneficiaries(self) -> None:
        here = _("In the whole project") if self.page.cumulative else _("In this period")
        headings = (
            _("Group"), right(_("Planned")), right(_("Reported before")), right(here), right(_("Total")),
        )  # fmt: skip
        rows = [
            (
                one.name,
                figure(f"{one.planned:,}"),
                figure(f"{one.before:,}"),
                figure("" if one.reached is None else f"{one.reached:,}"),
                figure(f"{one.total:,}"),
            )
            for one in self.page.groups
        ]
        self.listed(_("Beneficiaries reached"), headings, rows, (40, 15, 15, 15, 15), heading=False)

    # -- the money ----------------------------------------------------------------------------------------------------

    def money(self) -> None:
        money = self.page.money
        headings = (
            _("Budget line") if money.by_line else _("Budget category"), right(_("Approved budget")), right(_("Spent")),
            right(_("Committed")), right(_("Balance")), right(_("Burn rate")),
        )  # fmt: skip
        rows: list[Sequence[str | Cell]] = []
        for category in money.categories:
            if money.by_line:
                rows += [(label(category.name, 6),)]
            rows += [(one.row.title, *amounts(one)) for one in category.figures]
            if money.by_line:
                subtotal = _("Subtotal, %(name)s", name=category.name)
                rows.append((Cell(subtotal, "TableHeading"), *amounts(category, bold=True)))
        rows.append((label(_("Total")), *amounts(money.total, bold=True)))
        self.listed(_("Spending"), headings, rows, (40, 14, 14, 14, 14, 10), heading=False)
        for one in money.overspent:
            said = _("%(line)s is over its budget by %(amount)s.", line=one.row.title, amount=f"{one.over:,.2f}")
            self.paper.line(said)
        if money.differing:
            self.paper.heading(_("Differences from finance"), 2)
            beside = (
                _("Budget line"), right(_("Spent")), right(_("Spent, finance")), right(_("Committed")),
                right(_("Committed, finance")),
            )  # fmt: skip
            differences = [
                (one.row.title, *(figure(exact(amount)) for amount in amounts_beside(one))) for one in money.differing
            ]
            self.paper.table(_("Differences from finance"), beside, differences, (40, 15, 15, 15, 15))
        if money.checks:
            self.paper.heading(_("Checklist"), 2)
            checks = [(check.text, self.page.check_words(check)) for check in money.checks]
            self.paper.table(_("Checklist"), (_("Rule"), _("How it is kept")), checks, (70, 30))

    # -- who decided --------------------------------------------------------------------------------------------------

    def history(self) -> None:
        rows = []
        for one in self.page.history:
            said = [one.note, *(f"{remark.title}: {remark.text}" for remark in one.remarks)]
            rows.append((day(one.on.date()), one.what, one.who, "\n".join(filter(None, said))))
        if rows:
            self.paper.heading(_("History"))
            self.paper.table(_("History"), (_("Day"), _("State"), _("Who"), _("Remark")), rows, (16, 16, 24, 44))

    def listed(
        self,
        name: str,
        headings: Sequence[str | Cell],
        rows: Sequence[Any],
        widths: Sequence[float],
        *,
        heading: bool = True,
    ) -> None:
        if rows:
            if heading:
                self.paper.heading(name, 2)
            self.paper.table(name, headings, rows, widths)


def amounts(one: Any, *, bold: bool = False) -> tuple[Cell, ...]:
    shown = [exact(amount) for amount in (one.budget, one.spent, one.committed, one.balance)]
    burnt = percent(one.burn_rate) if one.burn_rate is not None else ""
    return tuple(figure(text, bold=bold) for text in (*shown, burnt))


def amounts_beside(one: Any) -> tuple[Any, ...]:
    """The report's beside those of finance."""
    spent, committed = one.row.finance
    return one.spent, spent, one.committed, committed


def exact(amount: Any) -> str:
    """To the cent, always; blank where nobody has stated it."""
    return "" if amount is None else f"{amount:,.2f}"


def right(text: str) -> Cell:
    return Cell(text, "TableTotal", shade=PALE)
