"""The proposal as a Word document, in the order of its Handbook edition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from prima.projects.models.documents import INTERNAL
from prima.projects.numbering import Numbered, numbered
from prima.projects.papers.word import PALE, Cell, Paper, figure, label
from prima.projects.rules import internal_rules, is_fund, is_of_staff
from prima.projects.shares import divided

Names = Mapping[str, Mapping[str, str]]
USD = "USD"
MONTHS_OF_A_TABLE = 24


def proposal(project: Any, names: Names, *, internal: bool = False, version: str = "") -> bytes:
    """All of it as it stands. Internal parts (the risk plan, unit costs of staff) only for whom they are meant."""
    writing = Proposal(project, names, internal=internal)
    return writing.written(version)


def risk_annex(project: Any, names: Names, *, version: str = "") -> bytes:
    """The internal annex alone."""
    writing = Proposal(project, names, internal=True, landscape=True)
    return writing.annex(version)


class Proposal:
    """What one proposal is written from, and each of its parts."""

    def __init__(self, project: Any, names: Names, *, internal: bool, landscape: bool = False) -> None:
        self.project, self.names, self.internal = project, names, internal
        self.edition = project.edition.handbook
        self.matrix = numbered(project.results, project.indicators)
        self.results = {
            one.id: _("%(text)s (taken out on %(day)s)", text=one.text, day=day(one.retired_on))
            if one.retired_on
            else one.name
            for one in numbered(project.results, taken_out=True)
        }
        foot = f"{self.edition.title.say()}, {day(project.updated_at.date())}"
        self.paper = Paper(
            title=project.title, reference=project.name, foot=foot, at=project.updated_at, landscape=landscape
        )

    def written(self, version: str) -> bytes:
        parts: dict[str, Callable[[], None]] = {
            "COV": self.cover,
            "MAT": self.results_matrix,
            "WPL": self.workplan,
            "BUD": self.budget,
            "RSK": self.risks,
        }
        texts = {section.code: section.text for section in self.project.sections}
        self.front(_("Project proposal"), version)
        codes = set()
        for section in self.edition.sections_for(self.project.funding, self.project.facts):
            if section.internal and not self.internal:
                continue
            codes.add(section.code)
            wide = section.kind == "structured" and section.code != "COV"
            self.paper.turn(landscape=wide)
            self.paper.heading(section.title.say())
            if section.kind == "structured" and section.code in parts:
                parts[section.code]()
            elif text := texts.get(section.code, "").strip():
                self.paper.prose(text)
            else:
                self.nothing()
        self.paper.turn(landscape=False)
        if "WPL" not in codes and self.project.milestones:
            self.paper.heading(_("Milestones"))
            self.milestones()
        self.documents()
        return self.paper.content()

    def annex(self, version: str) -> bytes:
        self.front(self.edition.section("RSK").title.say(), version)
        self.risks()
        return self.paper.content()

    def front(self, kind: str, version: str) -> None:
        self.paper.line(kind, "Subtitle")
        self.paper.heading(self.project.title, 0)
        told = [self.project.name, self.edition.title.say(), day(self.project.updated_at.date()), version]
        self.paper.line(" · ".join(part for part in told if part), "Muted")

    def nothing(self) -> None:
        self.paper.line(_("Nothing is written here yet."), "Muted")

    def name(self, listed: str, code: str | None) -> str:
        return self.names[listed].get(code, code) if code else ""

    # -- about the project --------------------------------------------------------------------------------------------

    def cover(self) -> None:
        self.paper.table(_("Cover"), (), [(label(term), said) for term, said in self._cover() if said], widths=(30, 70))
        for heading, part in (
            (_("Partners"), self.partners),
            (_("Beneficiaries"), self.beneficiaries),
            (_("What the project contributes to"), self.classification),
            (_("Gender marker"), self.gender),
        ):
            self.paper.heading(heading, 2)
            part()
        hidden = () if self.internal else internal_rules(self.edition)
        if passed := [one for one in self.project.justifications if one.rule_code not in hidden]:
            self.paper.heading(_("Rules passed with a reason"), 2)
            self.justifications(passed)

    def _cover(self) -> Iterator[tuple[str, str]]:
        project = self.project
        yield _("Reference"), project.reference
        yield _("Project ID"), project.code or ""
        yield _("Title"), project.title
        yield _("In short"), project.summary
        yield _("Project type"), self.name("project_types", project.project_type_code)
        yield _("Secondary type"), self.name("project_types", project.secondary_type_code)
        yield _("Countries"), ", ".join(one.country.name for one in project.coverage)
        yield _("Requesting States"), ", ".join(one.country.name for one in project.coverage if one.requesting)
        yield _("Executing agency"), project.executing_agency
        yield _("Management site"), project.office.name
        yield _("Regional Office"), self.name("regional_offices", project.region_code)
        if is_fund(project):
            yield _("Funding"), _("The Fund, %(year)s", year=project.funding_year)
            yield _("Funding line"), self.name("funding_lines", project.fund_line_code)
            yield _("Focus area"), self.name("focus_areas", project.focus_area_code)
        else:
            yield _("Donor"), project.donor.name if project.donor else ""
            yield _("Agreement"), project.agreement
            if project.overhead_percent is not None:
                yield _("Overhead"), f"{exact(project.overhead_percent)} %"
        if project.duration_months:
            yield _("Duration"), _("%(count)s months", count=project.duration_months)
        yield _("Budget"), f"{project.currency} {money(project.budget)}"
        if project.currency != USD:
            yield _("Budget in USD"), money(project.budget_usd)
        developers = [party.user.name for party in project.parties if party.part == "developer" and not party.until_at]
        yield _("Developed by"), ", ".join(developers)

    def partners(self) -> None:
        agreements = {"none": _("no agreement"), "planned": _("planned"), "signed": _("signed")}
        rows = [
            (one.name, one.role, agreements[str(one.agreement)], one.agreement_reference)
            for one in self.project.partners
        ]
        headings = (_("Partner"), _("Role"), _("Agreement"), _("Reference of the agreement"))
        self.listed(_("Partners"), headings, rows, (31, 32, 17, 20))

    def beneficiaries(self) -> None:
        reach = {"direct": _("directly"), "indirect": _("indirectly")}
        order = list(self.names["beneficiary_types"])
        found = sorted(self.project.beneficiaries, key=lambda one: (_place(order, one.type_code), one.id))
        rows: list[Sequence[str | Cell]] = [
            (
                self.name("beneficiary_types", one.type_code),
                reach[str(one.reach)],
                self.name("disaggregation", one.sex_code),
                self.name("disaggregation", one.age_code),
                figure(f"{one.planned:,}"),
            )
            for one in found
        ]
        if rows:
            rows.append((label(_("Total"), 4), figure(f"{sum(one.planned for one in found):,}", bold=True)))
        headings = (_("Who"), _("Reached"), _("Sex"), _("Age group"), _right(_("Number planned")))
        self.listed(_("Beneficiaries"), headings, rows, (36, 16, 16, 16, 16))

    def classification(self) -> None:
        project = self.project
        governance = [one.code for one in project.governance]
        themes = {one.code: one.note for one in project.themes}
        rows = [
            *((_("Governance framework"), said) for _code, said in self._marked("governance", governance)),
            *(
                (_("SDG target"), f"{code} {said}")
                for code, said in self._marked("sdg_targets", [s.code for s in project.sdgs])
            ),
            *((_("Cross-cutting theme"), f"{said}\n{themes[code]}") for code, said in self._marked("themes", themes)),
        ]
        headings = (_("Framework"), _("What it says, and how it is handled"))
        self.listed(_("What the project contributes to"), headings, rows, (28, 72))

    def _marked(self, listed: str, codes: Sequence[str] | Mapping[str, str]) -> list[tuple[str, str]]:
        order = list(self.names[listed])
        return [(code, self.name(listed, code)) for code in sorted(codes, key=lambda one: _place(order, one))]

    def gender(self) -> None:
        code = self.project.gender_marker_code
        if not code:
            self.nothing()
            return
        extents = {"yes": _("yes"), "some": _("some"), "no": _("no"), "True": _("yes"), "False": _("no")}
        rows = [(label(_("Code")), f"{code}: {self.name('gender_markers', code)}")]
        if answers := self.project.gender_answers:
            asked = (
                (_("Gender in the needs analysis"), answers.needs_analysis),
                (_("Gender in the outputs"), answers.outputs),
                (_("Gender in the activities"), answers.activities),
                (_("Gender equality is a main aim"), answers.main_aim),
            )
            rows += [(label(term), extents[str(said)]) for term, said in asked if said is not None]
            if answers.reason:
                rows.append((label(_("Why this code")), answers.reason))
        self.paper.table(_("Gender marker"), (), rows, (30, 70))

    def justifications(self, passed: Sequence[Any]) -> None:
        rules = {rule.code for rule in self.edition.rules}
        rows = []
        for one in sorted(passed, key=lambda one: one.rule_code):
            if one.rule_code in rules:
                said = self.edition.say_rule(one.rule_code, funding=self.project.funding)
            else:  # eligibility, kept by country
                country = one.rule_code.partition(".")[2]
                said = _("Eligibility of %(country)s", country=self.name("countries", country))
            rows.append((said, one.text))
        self.listed(_("Rules passed with a reason"), (_("Rule"), _("Reason")), rows, (50, 50))

    # -- results ------------------------------------------------------------------------------------------------------

    def results_matrix(self) -> None:
        headings = (
            _("Level"), _("Result"), _("Indicator"), _("Data source and collection"), _("Baseline"), _("Target"),
            _("Assumption"),
        )  # fmt: skip
        rows = [row for one in self.matrix for row in self._result(one)]
        self.listed(_("Results matrix"), headings, rows, (24, 56, 50, 40, 23, 26, 44))

    def _result(self, one: Numbered) -> Iterator[Sequence[str | Cell]]:
        levels = {
            "objective": _("Objective"), "outcome": _("Outcome"), "output": _("Output"), "activity": _("Activity"),
        }  # fmt: skip
        level = f"{levels[one.level]} {one.number}".strip()
        shade = PALE if one.level in ("objective", "outcome") else ""
        if one.level == "activity" and not one.indicators:
            yield level, Cell(one.text, span=5), one.assumption
            return
        for place, indicator in enumerate(one.indicators or (None,)):
            first, more = place == 0, len(one.indicators) > 1
            yield (
                Cell(level if first else "", "TableHeading", shade=shade, starts=first and more, below=not first),
                Cell(one.text if first else "", shade=shade, starts=first and more, below=not first),
                *(self._indicator(indicator) if indicator else ("", "", "", "")),
                Cell(one.assumption if first else "", starts=first and more, below=not first),
            )

    def _indicator(self, one: Any) -> Iterator[str]:
        unit = "%" if one.measure == "percentage" else one.unit
        yield f"{one.text} ({unit})" if unit else one.text
        yield one.source
        yield one.baseline
        parts = [
            f"{', '.join(self.name('disaggregation', code) for code in (part.sex_code, part.age_code) if code)}: "
            f"{exact(part.target)}"
            for part in one.splits
        ]
        yield "\n".join([one.target, *parts])

    def workplan(self) -> None:
        activities = [one for one in self.matrix if one.level == "activity"]
        plans = {one.result_id: one for one in self.project.plans}
        last = max([self.project.duration_months or 0, *(max(plan.months, default=0) for plan in plans.values())])
        if not activities:
            self.nothing()
        for start in range(1, last + 1, MONTHS_OF_A_TABLE) if activities else ():
            months = range(start, min(start + MONTHS_OF_A_TABLE, last + 1))
            name = _("Months %(first)s to %(last)s", first=months[0], last=months[-1])
            if last > MONTHS_OF_A_TABLE:
                self.paper.heading(name, 3)
            headings = (
                _("No."),
                _("Activity"),
                _("Responsible"),
                *(Cell(str(one), "Month", shade=PALE) for one in months),
            )
            rows = []
            for one in activities:
                plan = plans.get(one.id)
                at = set(plan.months) if plan else set()
                marks = (Cell("x", "Month", shade="B9C9EE") if month in at else Cell("", "Month") for month in months)
                rows.append((one.number, one.text, plan.responsible if plan else "", *marks))
            self.paper.table(name, headings, rows, (16, 70, 36, *(134 / MONTHS_OF_A_TABLE for _month in months)))
        if self.project.milestones:
            self.paper.heading(_("Milestones"), 2)
            self.milestones()

    def milestones(self) -> None:
        found = sorted(self.project.milestones, key=lambda one: (one.planned_on, one.name))
        rows = [(one.name, day(one.planned_on)) for one in found]
        self.listed(_("Milestones"), (_("Milestone"), _("Planned")), rows, (80, 20))

    def risks(self) -> None:
        rows = [
            (
                str(place),
                one.factor,
                self.name("risk_scales", one.consequence_code),
                self.name("risk_scales", one.likelihood_code),
                one.timing,
                self.name("risk_scales", one.treatment_code),
                one.action,
                one.owner,
                day(one.due_on) if one.due_on else "",
            )
            for place, one in enumerate(self.project.risks, 1)
        ]
        headings = (
            _("No."), _("Factor"), _("Consequence"), _("Likelihood"), _("Timing"), _("Treatment"), _("Action"),
            _("Owner"), _("Due"),
        )  # fmt: skip
        self.listed(_("Risk plan"), headings, rows, (12, 49, 32, 27, 28, 27, 42, 27, 22))

    # -- the money ----------------------------------------------------------------------------------------------------

    def budget(self) -> None:
        project = self.project
        unit = {"currency": project.currency}
        headings = (
            _("No."), _("Category"), _("Description"), _("Unit"), _right(_("Quantity")), _right(_("Units")),
            _right(_("Unit cost, %(currency)s", **unit)), _right(_("Amount, %(currency)s", **unit)), _("Pays for"),
        )  # fmt: skip
        rows: list[Sequence[str | Cell]] = []
        place = 0
        for code, lines in self._by_category():
            name = self.name("budget_categories", code)
            rows.append((label(name, 9),))
            for line in lines:
                place += 1
                rows.append(self._line(place, line))
            subtotal = sum((line.amount for line in lines), Decimal(0))
            rows.append(
                (Cell(_("Subtotal, %(name)s", name=name), "TableHeading", 7), figure(money(subtotal), bold=True), "")
            )
        if rows:
            total = sum((line.amount for line in project.lines), Decimal(0))
            rows.append((label(_("Total"), 7), Cell(money(total), "TableTotal", shade=PALE), label("")))
        self.listed(_("Budget lines"), headings, rows, (12, 40, 52, 27, 22, 17, 26, 28, 40))
        if project.currency != USD:
            self.paper.line(
                _(
                    "In USD: %(usd)s, at %(rate)s USD for one %(currency)s, the rate of %(day)s.",
                    usd=money(project.budget_usd),
                    rate=exact(project.rate) if project.rate else _("no rate"),
                    currency=project.currency,
                    day=day(project.rate_from) if project.rate_from else _("no day"),
                )
            )
        for heading, listed, shares in (
            (_("Allocation by area of work"), "areas", project.areas),
            (_("Allocation by activity type"), "activity_types", project.activities),
            (_("Allocation by country"), "countries", project.country_shares),
        ):
            if found := [one for one in shares if one.amount]:
                self.paper.heading(heading, 2)
                self._allocation(heading, listed, found)

    def _by_category(self) -> list[tuple[str, list[Any]]]:
        """The lines under their main category, in the order of the list."""
        found: dict[str, list[Any]] = defaultdict(list)
        for line in sorted(self.project.lines, key=lambda one: (one.position, one.id)):
            found[line.category.parent or line.category_code].append(line)
        order = list(self.names["budget_categories"])
        return sorted(found.items(), key=lambda pair: _place(order, pair[0]))

    def _line(self, place: int, line: Any) -> Sequence[str | Cell]:
        hidden = not self.internal and is_of_staff(line.category_code)
        how: tuple[str | Cell, ...] = (
            (Cell(_("internal"), span=4),)
            if hidden
            else (line.unit, figure(exact(line.quantity)), figure(exact(line.units)), figure(money(line.unit_cost)))
        )
        name = self.name("budget_categories", line.category_code)
        pays_for = self.results.get(line.result_id, "")
        return str(place), name, line.description, *how, figure(money(line.amount)), pays_for

    def _allocation(self, name: str, listed: str, shares: Sequence[Any]) -> None:
        order = list(self.names[listed])
        found = sorted(shares, key=lambda one: _place(order, one.code))
        total = sum((one.amount for one in found), Decimal(0))
        percents = divided(Decimal(100), [one.amount for one in found])
        rows: list[Sequence[str | Cell]] = [
            (self.name(listed, one.code), figure(money(one.amount)), figure(f"{percent:.2f}"))
            for one, percent in zip(found, percents, strict=True)
        ]
        rows.append((label(_("Total")), figure(money(total), bold=True), figure(f"{sum(percents):.2f}", bold=True)))
        amount = _("Amount, %(currency)s", currency=self.project.currency)
        self.paper.table(name, ("", _right(amount), _right(_("Percent"))), rows, (60, 22, 18))
        if total != self.project.budget:
            self.paper.line(
                _(
                    "Out of balance with the total by %(currency)s %(amount)s.",
                    currency=self.project.currency,
                    amount=money(self.project.budget - total),
                )
            )

    # -- the file -----------------------------------------------------------------------------------------------------

    def documents(self) -> None:
        """What people filed. What PRIMA wrote of the proposal itself is no part of it."""
        hidden = () if self.internal else INTERNAL
        rows = [
            (
                f"{self.name('document_types', one.type_code)}\n{self.name('countries', one.country_code)}",
                f"{one.title}\n{one.file_name}",
                figure(one.version),
                one.sha256,
            )
            for one in sorted(self.project.documents, key=lambda one: (one.type.position, one.version))
            if not one.generated and one.type_code not in hidden
        ]
        self.paper.heading(_("Documents filed"))
        self.listed(
            _("Documents filed"),
            (_("Type"), _("Document"), _right(_("Version")), _("Checksum")),
            rows,
            (26, 36, 13, 25),
        )

    def listed(self, name: str, headings: Sequence[str | Cell], rows: Sequence[Any], widths: Sequence[float]) -> None:
        """A table, or the words for an empty one."""
        if rows:
            self.paper.table(name, headings, rows, widths)
        else:
            self.nothing()


def _place(order: Sequence[str], code: str) -> tuple[int, str]:
    return (order.index(code), "") if code in order else (len(order), code)


def _right(text: str) -> Cell:
    return Cell(text, "TableTotal", shade=PALE)


def money(amount: Decimal) -> str:
    """To the cent, always."""
    return f"{amount:,.2f}"


def exact(number: Decimal) -> str:
    """Without trailing zeros: 2, 1.5, 0.0099."""
    return f"{number.normalize() + 0:,f}"


def day(value: Any) -> str:
    return str(format_date(value, "d MMM y", rebase=False))
