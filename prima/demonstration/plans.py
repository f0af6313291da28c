"""Risks and partners of the sixty Fund projects: who works along, what may happen, and what is done about it."""

# ruff: noqa: E501 - a risk is a row of a table

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from prima.demonstration.days import working_day
from prima.demonstration.offices import in_a_sentence
from prima.demonstration.proposals import Case, start_of
from prima.demonstration.stories import Drafted
from prima.projects.models import Agreement, Partner, Project, Risk
from prima.projects.stages import Status

DAYS_A_MONTH = 30.4
MANAGER, OFFICER = "Project manager", "National project officer"
HEAD, RESOURCES = "Head of office", "Resource management officer"


@dataclass(frozen=True)
class Threat:
    """A risk; `consequence`, `likelihood` and `treatment` are numbers of the scales, `due` tenths of the duration."""

    factor: str
    consequence: int
    likelihood: int
    timing: str
    treatment: int
    action: str
    owner: str
    due: int


OF_THE_TOPIC = {
    "CTR": Threat("Survivors who speak to the project are recognized by those who exploited them.", 6, 2, "Whole duration", 1, "Keep no names on paper, meet only at the centres, and let the survivor choose the interviewer.", OFFICER, 2),
    "DIA": Threat("One of the sides sends people without a mandate, and meetings end without decisions.", 4, 4, "Before each meeting", 2, "Send the agenda with draft decisions a month before, and ask for the mandate in the invitation.", MANAGER, 2),
    "LAB": Threat("Agencies that lose by the inspection press for it to stop.", 4, 3, "After the first inspections", 4, "Take the association of agencies into the steering committee, and publish the standards together.", HEAD, 4),
    "MDV": Threat("The exchange rate falls and families spend their savings.", 3, 4, "Second half", 5, "Watch the rate every month; advise on savings in kind.", OFFICER, 5),
    "ENV": Threat("A drought or flood makes the places of the survey unreachable.", 4, 3, "Rainy season", 3, "Plan the survey for the dry months, with two places in reserve.", MANAGER, 2),
    "HLT": Threat("An outbreak binds the health workers who are to be trained.", 5, 2, "Whole duration", 3, "Hold shorter courses at the centres, and move one of the four dates.", OFFICER, 5),
    "BRD": Threat("Registered data on travellers are used for other purposes.", 5, 3, "From the start of registration", 2, "Sign rules on access before the equipment is handed over, and read the log every quarter.", MANAGER, 5),
    "POL": Threat("Elections change the members of the group before the draft is handed over.", 4, 4, "Second half", 3, "Name deputies among permanent staff, and agree on the outline in the first half.", HEAD, 3),
    "RES": Threat("An institution refuses access to its register.", 4, 3, "First quarter", 2, "Agree in writing on which columns are read, and begin with the registers that are open.", OFFICER, 2),
    "RTN": Threat("Many more people return than the counters can receive.", 4, 2, "Whole duration", 4, "Share the first interview with employment offices, by appointment.", OFFICER, 6),
}  # fmt: skip
OF_ANY = (
    Threat("The focal point at the {ministry} changes and decisions wait.", 3, 4, "Whole duration", 2, "Ask for a deputy at activation, and brief every newcomer within two weeks.", MANAGER, 1),
    Threat("Trained staff are moved to other posts within the year.", 3, 3, "After the courses", 3, "Train two people for each post, and leave the material with the institution.", OFFICER, 6),
    Threat("The formal adoption by the {ministry} takes longer than the project lasts.", 4, 3, "Last third", 3, "Bring a first version before the steering committee by the middle of the project.", MANAGER, 5),
    Threat("Prices of equipment and travel rise above the estimate.", 2, 3, "First half", 5, "Ask for offers in the first quarter; what is missing is taken from printing.", RESOURCES, 3),
    Threat("Partners in the communities report late and without receipts.", 2, 4, "Every quarter", 2, "Train their book-keepers before the first payment, and pay in instalments.", RESOURCES, 4),
    Threat("Travel to one of the places chosen is not allowed for reasons of safety.", 4, 2, "Whole duration", 1, "Name a place in reserve for each, and follow the weekly advice on safety.", HEAD, 2),
)  # fmt: skip
"""Each project names its topic's risk and two to four of these."""

ALONG = {
    "CTR": ("Shelter and legal aid network", "Runs shelters, gives legal advice, informs communities", "National university, faculty of law"),
    "DIA": ("Associations of cross-border traders", "Write the guide for travellers and run the information desks", "Institute of international relations"),
    "LAB": ("Federation of trade unions", "Advises workers before departure and runs the telephone line", "National university, labour studies"),
    "MDV": ("Federation of associations abroad", "Reaches the communities abroad and advises investors", "School of business and finance"),
    "ENV": ("Union of herders, fishers and farmers", "Prepares facilitators and holds the discussions", "National university, institute of geography"),
    "HLT": ("Association of community health volunteers", "Visits homes, work places and markets", "School of public health"),
    "BRD": ("Child protection network of the border districts", "Receives children and families referred from the posts", "Academy of the immigration service"),
    "POL": ("Forum of migrants' associations", "Prepares and moderates the consultations", "National university, faculty of law"),
    "RES": ("Association of journalists", "Spreads the findings in the regions", "National university, institute of statistics"),
    "RTN": ("Association of families who have returned", "Writes the leaflet and holds the open days", "National university, social work"),
}  # fmt: skip
"""(civil society, what it does, who advises on the evidence)."""


def risks_of(project: Project, case: Case) -> Iterator[Risk]:
    """The topic's risk first, then some that any project has; a draft begins with one, or has none yet."""
    drafted = case.story.drafted
    if drafted is Drafted.BEGUN:
        return
    source = random.Random(case.story.title)  # nosec B311
    chosen = source.sample(OF_ANY, source.randrange(2, 5))
    threats = (OF_THE_TOPIC[case.story.focus], *sorted(chosen, key=OF_ANY.index))
    if drafted is Drafted.HALF:
        first = threats[0]
        yield Risk(
            project_id=project.id,
            position=1,
            factor=case.say(first.factor),
            consequence_code=f"C{first.consequence}",
            likelihood_code=f"L{first.likelihood}",
            timing=first.timing,
        )
        return
    for position, threat in enumerate(threats, 1):
        yield Risk(
            project_id=project.id,
            position=position,
            factor=case.say(threat.factor),
            consequence_code=f"C{threat.consequence}",
            likelihood_code=f"L{threat.likelihood}",
            timing=threat.timing,
            treatment_code=f"T{threat.treatment}",
            action=threat.action,
            owner=threat.owner,
            due_on=_due(case, threat),
        )


def _due(case: Case, threat: Threat) -> date:
    return working_day(start_of(case.story) + timedelta(days=round(threat.due * case.story.months * DAYS_A_MONTH / 10)))


def partners_of(project: Project, case: Case) -> Iterator[Partner]:
    """The counterpart of each country, who works in the communities, and who advises."""
    society, does, university = ALONG[case.story.focus]
    signed = case.story.was_activated
    made = Agreement.SIGNED if signed else Agreement.PLANNED
    year = start_of(case.story).year
    rows = []
    for country in case.countries:
        name = case.topic.ministry
        if len(case.countries) > 1:
            name = f"{name} of {in_a_sentence(country.name)}"
        role = "Counterpart: chairs the steering committee and names the focal point"
        rows.append((name, role, made, f"Exchange of letters {year}/{country.code}" if signed else ""))
    contract = f"Agreement {year}/{case.story.office}/1" if signed else ""
    rows.append((society, does, made if case.story.status is not Status.DRAFT else Agreement.NONE, contract))
    rows.append((university, "Advises on the evidence", Agreement.NONE, ""))
    for position, (name, role, agreement, reference) in enumerate(rows, 1):
        yield Partner(
            project_id=project.id,
            position=position,
            name=name,
            role=role,
            agreement=agreement,
            agreement_reference=reference,
        )
