"""One proposal of a portfolio that is as large as they get: what the slowest pages of a proposal have to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import cycle, islice, product

from prima.demonstration.portfolio.copying import Table
from prima.demonstration.portfolio.money import LINE_COLUMNS
from prima.demonstration.portfolio.plans import SUBJECTS, WAYS, Plan, portions
from prima.demonstration.portfolio.proposals import (
    GENDER_COLUMNS,
    INDICATOR_COLUMNS,
    MARK_COLUMNS,
    MEASURED,
    RESULT_COLUMNS,
    RISK_COLUMNS,
    RISKS,
    SHAPE,
    WORKPLAN_COLUMNS,
    gender_rows,
    months,
)
from prima.demonstration.portfolio.tables import Rows, amount, moment
from prima.handbook.edition import Edition
from prima.projects.models import (
    ActivityPlan,
    Agreement,
    Beneficiaries,
    BudgetLine,
    GenderAnswers,
    GovernanceMark,
    Indicator,
    IndicatorSplit,
    Level,
    Measure,
    Milestone,
    Partner,
    Reach,
    Result,
    Risk,
    SdgMark,
    Section,
    ThemeMark,
)
from prima.projects.stages import Funding
from prima.projects.stages import Status as S

TITLE = "A full proposal"
FOUR = (1, 2, 3, 4)
LINES, RISKS_NAMED = 300, 12
WORDS_A_PARAGRAPH = 70
TEXT = (
    "People move for work, for safety and to be with their families, and most of them do so within the region. "
    "Institutions that meet them hold part of the answer each, and the figures of one are seldom known to the other. "
    "The project brings them to one table, agrees on a shared procedure, trains those who apply it side by side, and "
    "follows together with the counterpart what has changed after six, twelve and eighteen months. "
)
# fmt: off
WEIGHTS = (  # category, unit, how many of it, weight of each line that has it; the first comes once
    ("OPER.EVAL", "lump sum", 1, 2400), ("STAFF.NAT", "month", 12, 120), ("OFFICE.RENT", "month", 12, 40),
    ("OPER.TRAIN", "course", 8, 180), ("OPER.CONS", "day", 20, 150), ("OPER.TRAVEL", "journey", 5, 90),
    ("OPER.EQUIP", "set", 2, 120), ("OPER.PUB", "copy", 100, 60), ("OPER.PARTNER", "instalment", 4, 140),
)
BENEFICIARIES = (
    ("MIG", "SEX_FEMALE", "AGE_25_59"), ("MIG", "SEX_MALE", "AGE_25_59"), ("YTH", "SEX_FEMALE", "AGE_18_24"),
    ("YTH", "SEX_MALE", "AGE_18_24"), ("GOV", "SEX_OTHER", "AGE_NOT"), ("CSO", "SEX_OTHER", "AGE_NOT"),
)
# fmt: on

SECTION_COLUMNS = ("project_id", "code", "text", "saved_at", "saved_by_id")
SPLIT_COLUMNS = ("indicator_id", "sex_code", "target")
PARTNER_COLUMNS = ("project_id", "position", "name", "role", "agreement", "agreement_reference")
THEME_COLUMNS = ("project_id", "code", "note")
BENEFICIARY_COLUMNS = ("project_id", "type_code", "reach", "sex_code", "age_code", "planned")
MILESTONE_COLUMNS = ("project_id", "name", "planned_on")


def chosen(plans: Sequence[Plan]) -> Plan | None:
    """The first draft of the Fund at the office that has most projects, of the offices with such a draft."""
    drafts = [plan for plan in plans if plan.status is S.DRAFT and plan.funding is Funding.FUND]
    busy = Counter(plan.office.code for plan in plans)
    found = min(drafts, key=lambda plan: (-busy[plan.office.code], plan.id), default=None)
    if found:
        found.title, found.marker = TITLE, "2b"
    return found


class Full:
    """Its rows, a method a table. Results and indicators are numbered after those of all other projects."""

    def __init__(self, plan: Plan, projects: int) -> None:
        self.plan = plan
        self.first_result, self.first_indicator = projects * len(SHAPE), projects * len(MEASURED)
        self.outcomes = list(FOUR)
        self.outputs = list(product(FOUR, FOUR))
        self.activities = list(product(FOUR, FOUR, FOUR))
        self.places = [(), *((one,) for one in self.outcomes), *self.outputs, *self.activities]
        self.ids = {place: self.first_result + number for number, place in enumerate(self.places, 1)}

    def rows(self, edition: Edition) -> dict[Table, tuple[tuple[str, ...], Rows]]:
        """Columns and rows by table: what stands in place of its small proposal, and what it alone has."""
        return {
            Section: (SECTION_COLUMNS, self.sections(edition)),
            Result: (RESULT_COLUMNS, self.results()),
            Indicator: (INDICATOR_COLUMNS, self.indicators()),
            IndicatorSplit: (SPLIT_COLUMNS, self.splits()),
            ActivityPlan: (WORKPLAN_COLUMNS, self.workplan()),
            Risk: (RISK_COLUMNS, self.risks()),
            Partner: (PARTNER_COLUMNS, self.partners()),
            GovernanceMark: (MARK_COLUMNS, self.governance()),
            SdgMark: (MARK_COLUMNS, self.sdgs()),
            ThemeMark: (THEME_COLUMNS, self.themes()),
            GenderAnswers: (GENDER_COLUMNS, gender_rows([self.plan])),
            Beneficiaries: (BENEFICIARY_COLUMNS, self.beneficiaries()),
            Milestone: (MILESTONE_COLUMNS, self.milestones()),
            BudgetLine: (LINE_COLUMNS, self.lines()),
        }

    def sections(self, edition: Edition) -> Rows:
        """Every text of the edition with exactly as many words as it may have."""
        for section in edition.sections_for(self.plan.funding.value):
            if section.kind == "text":
                words = list(islice(cycle(TEXT.split()), section.words or WORDS_A_PARAGRAPH))
                parts = [words[at : at + WORDS_A_PARAGRAPH] for at in range(0, len(words), WORDS_A_PARAGRAPH)]
                text = "\n\n".join(" ".join(part) for part in parts)
                yield self.plan.id, section.code, text, moment(self.plan.since_on), self.plan.developer

    def results(self) -> Rows:
        subject, way = SUBJECTS[self.plan.area][2], WAYS[self.plan.activity][1]
        levels = list(Level)
        for place, number in self.ids.items():
            level = levels[len(place)]
            name = ".".join(map(str, place))
            text = f"{level.value.capitalize()} {name} of {subject}: {way} with those concerned, in all places chosen"
            parent = self.ids[place[:-1]] if len(place) > 1 else None
            assumption = "Counterparts keep their focal points and take part." if place else ""
            yield number, self.plan.id, parent, level.value, place[-1] if place else 1, text, assumption

    def _measured(self) -> Iterator[tuple[int, int, int]]:
        """Two indicators for the objective and each outcome and output: (number, result, position)."""
        results = [self.ids[place] for place in self.places if len(place) < 3]
        for number, (result, position) in enumerate(product(results, (1, 2)), self.first_indicator + 1):
            yield number, result, position

    def indicators(self) -> Rows:
        for number, result, position in self._measured():
            people = position == 1
            measure = Measure.NUMBER if people else Measure.PERCENTAGE
            text = "People who use what they have learned" if people else "Institutions that apply the procedure"
            baseline, target = (0, 200) if people else (10, 80)
            yield (
                number, self.plan.id, result, position, text, measure.value, "people" if people else "percent",
                "Survey of 200 people at the beginning and at the end, and visits every three months",
                str(baseline), str(target), baseline, target, people, None,
            )  # fmt: skip

    def splits(self) -> Rows:
        for number, _result, position in self._measured():
            if position == 1:
                yield number, "SEX_FEMALE", 110
                yield number, "SEX_MALE", 90

    def workplan(self) -> Rows:
        for number, place in enumerate(self.activities):
            start = number % 8
            yield self.ids[place], self.plan.id, f"Implementing partner {place[0]}", months(self.plan, start, start + 2)

    def risks(self) -> Rows:
        start = self.plan.since_on + timedelta(days=120)
        for position, risk in enumerate(islice(cycle(RISKS), RISKS_NAMED), 1):
            factor, consequence, likelihood, treatment, action, days = risk
            yield (
                self.plan.id, position, f"In part {position}: {factor}", consequence, likelihood, "Whole duration",
                treatment, action, "Project manager", start + timedelta(days=days + position),
            )  # fmt: skip

    def partners(self) -> Rows:
        for position, agreement in enumerate(islice(cycle(Agreement), 6), 1):
            signed = agreement is Agreement.SIGNED
            yield (
                self.plan.id, position, f"Implementing partner {position}", "Carries out the activities of its part",
                agreement.value, f"Agreement {self.plan.year}/{position}" if signed else "",
            )  # fmt: skip

    def governance(self) -> Rows:
        for code in ("P1", "P2", "P3", "O1", "O2", "O3"):
            yield self.plan.id, code

    def sdgs(self) -> Rows:
        for code in ("1.5", "3.8", "5.2", "8.7", "8.8", "10.7", "16.6", "17.16"):
            yield self.plan.id, code

    def themes(self) -> Rows:
        for code in ("RBA", "GEN", "ENV", "SUS", "PHA", "PRO"):
            yield self.plan.id, code, "Handled in every activity, and looked at in every report."

    def beneficiaries(self) -> Rows:
        for number, (kind, sex, age) in enumerate(BENEFICIARIES, 1):
            yield self.plan.id, kind, Reach.DIRECT.value, sex, age, 100 * number

    def milestones(self) -> Rows:
        for number in range(1, 9):
            due = self.plan.since_on + timedelta(days=120 + number * self.plan.months * 3)
            yield self.plan.id, f"Milestone {number}: what part {number} was to reach is reached", due

    def lines(self) -> Rows:
        """Three hundred lines that pay for the activities in turn and add up to the budget: the last takes the rest."""
        kinds = [WEIGHTS[0], *islice(cycle(WEIGHTS[1:]), LINES - 1)]
        left = self.plan.budget
        payees = list(islice(cycle(self.activities), LINES))
        shares = portions(self.plan.budget, [weight for *_rest, weight in kinds])
        for position, ((category, unit, units, _weight), share, place) in enumerate(
            zip(kinds, shares, payees, strict=True), 1
        ):
            cost = share // units
            if position == LINES:
                units, cost = 1, left
            left -= cost * units
            name = ".".join(map(str, place))
            yield (
                self.plan.id, position, category, f"Line {position}, for activity {name}", unit, "1", units,
                amount(cost), amount(cost * units), SUBJECTS[self.plan.area][0], WAYS[self.plan.activity][0],
                self.plan.countries[position % len(self.plan.countries)] if self.plan.countries else None,
                self.ids[place],
            )  # fmt: skip
