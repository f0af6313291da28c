"""The results matrices of Fund projects by focus area: what is to change, what is delivered, done and measured.

In the texts {country}, {ministry}, {training}, {study}, {product}, {equipment} and {result} stand for the project's
own. Small projects keep the first outcome, with what is procured under it.
"""

# ruff: noqa: E501 - a matrix is a table

from __future__ import annotations

from dataclasses import dataclass, replace

from prima.demonstration.stories import Story
from prima.projects.models import Measure

Figure = int | tuple[int, int]
"""A number, or the lowest and the highest of which each project has its own, in round steps."""
SMALL = 90
"""Below so many thousand dollars a project has one outcome."""


@dataclass(frozen=True)
class Meter:
    """An indicator; `women` is the part of its target, in percent, where people are counted by sex."""

    text: str
    measure: Measure
    unit: str
    source: str
    baseline: Figure | str
    target: Figure | str
    women: int = 0


@dataclass(frozen=True)
class Work:
    """An activity: `start` and `stop` in tenths of the duration, `pays` the kinds of budget lines that it needs."""

    text: str
    assumption: str
    party: str
    start: int
    stop: int
    pays: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    text: str
    assumption: str
    meter: Meter
    works: tuple[Work, ...]


@dataclass(frozen=True)
class Outcome:
    text: str
    assumption: str
    meter: Meter
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class Matrix:
    """The objective is the topic's result; `meter` measures it."""

    meter: Meter
    outcomes: tuple[Outcome, ...]


def count(text: str, unit: str, source: str, target: Figure, *, baseline: Figure = 0, women: int = 0) -> Meter:
    return Meter(text, Measure.NUMBER, unit, source, baseline, target, women)


def percent(text: str, whole: str, source: str, baseline: Figure, target: Figure) -> Meter:
    return Meter(text, Measure.PERCENTAGE, f"% of {whole}", source, baseline, target)


def words(text: str, source: str, baseline: str, target: str) -> Meter:
    return Meter(text, Measure.WORDS, "", source, baseline, target)


def yes(text: str, source: str) -> Meter:
    return Meter(text, Measure.YES_NO, "", source, "no", "yes")


MANAGER, OFFICER, CONSULTANTS = "Project manager", "National project officer", "Consultants"
MINISTRY, SOCIETY, UNIVERSITY = "{ministry}", "Civil society organizations", "University"
BOTH = "{ministry} and IOM"

# fmt: off
STUDY = Work("Arrange {study}.", "The host confirms its dates two months before.", MANAGER, 3, 5, ("OPER.STUDY",))
PRINT = Work("Complete and distribute {product}.", "Comments of the institutions come in within a month.", OFFICER, 5, 8, ("OPER.PUB",))
TRAIN = Work("Deliver {training}: four times 25 participants.", "Participants are released from their duties for the week.", BOTH, 4, 8, ("OPER.TRAIN",))
BUY = Work("Procure and set up {equipment}.", "Offers stay within the estimate and are delivered in time.", MANAGER, 2, 5, ("OPER.EQUIP",))

TESTED = "Attendance lists, and tests before and after each course"
VISITS = "Visits of the project team every three months, noted on a form"
HOUSEHOLDS = "Survey of 200 households, at the beginning and at the end"


def trained(who: str) -> Meter:
    """A hundred people are trained; not all pass."""
    return count(f"{who} who pass the test at the end of the course", "people", TESTED, (75, 90), women=40)


MATRICES: dict[str, Matrix] = {
    "CTR": Matrix(
        count("Victims of trafficking who are referred to help in a year", "people", "Register of the national referral desk, read every quarter", (120, 240), baseline=(15, 60), women=60),
        (
            Outcome("Police, labour inspectors and social workers refer people who have been exploited by one agreed procedure.", "The {ministry} issues the procedure before the first courses.",
                percent("Cases that reach a service within three days", "cases", "Case files of the pilot centres, a sample of 30 every six months", (5, 20), (60, 80)), (
                Output("A referral procedure with its forms is agreed among the institutions concerned.", "The institutions keep the members they name to the working group.",
                    words("How far the procedure is in force", "Circulars of the {ministry}", "No procedure", "Issued, and applied in all pilot places"), (
                    Work("Write the procedure in a working group of the institutions.", "Legal opinions are given in time.", CONSULTANTS, 0, 4, ("OPER.CONS",)), STUDY, PRINT)),
                Output("Police, prosecutors and social workers recognize victims and know whom to call.", "Those who are trained stay in their posts for at least a year.",
                    trained("Officials"), (
                    Work("Prepare the course with the police academy.", "The academy names two trainers.", OFFICER, 2, 4), TRAIN)))),
            Outcome("Communities at risk recognize how recruiters work and ask for help.", "People trust the services to which they are sent.",
                percent("People asked who can name two places that help", "people asked", HOUSEHOLDS, (10, 25), (50, 65)), (
                Output("Families, teachers and travellers in places at risk are informed.", "Local authorities allow public meetings.",
                    count("People reached in person", "people", "Attendance sheets of the meetings", (1500, 3000), women=50), (
                    Work("Prepare messages with survivors and community leaders, and test them.", "Survivors who take part stay anonymous.", SOCIETY, 3, 5),
                    Work("Hold meetings in schools, markets and bus stations.", "Roads to the places chosen stay open.", SOCIETY, 5, 9, ("OPER.TRAVEL",)))),
                Output("Two pilot centres receive people in private.", "The centres keep the rooms for this purpose.",
                    count("Interview rooms in use", "rooms", VISITS, 4), (
                    BUY, Work("Hand the rooms over with rules of confidentiality.", "Each centre names a person in charge.", BOTH, 5, 7))))),
        )),
    "DIA": Matrix(
        percent("Travellers asked at the border who say that the rules were clear", "travellers asked", "Interviews with 150 travellers at two crossings, at the beginning and at the end", (20, 35), (55, 70)),
        (
            Outcome("The institutions in charge follow up what they agree with each other.", "Changes of government do not end the dialogue.",
                percent("Agreed actions that are done by their day", "actions", "Record of actions, read at each meeting", (5, 15), (60, 75)), (
                Output("A dialogue meets twice a year, prepared by a technical group.", "Each institution sends people who may decide.",
                    count("Meetings with a signed record", "meetings", "Signed records of the meetings", 4), (
                    Work("Set up the technical group and agree on its terms.", "The {ministry} chairs the group.", CONSULTANTS, 0, 2, ("OPER.CONS",)), STUDY, PRINT)),
                Output("Officials on both sides know and use shared procedures.", "Procedures can be agreed below the level of a treaty.",
                    trained("Officials"), (
                    Work("Compare the procedures in force and draft shared ones.", "Both sides give access to their instructions.", OFFICER, 2, 4), TRAIN)))),
            Outcome("People who cross the borders know their rights and what is asked of them.", "Rules do not change without notice.",
                count("Complaints about unclear fees in a quarter", "complaints", "Registers at two crossings", (5, 20), baseline=(45, 90)), (
                Output("Traders and families in border districts are informed.", "Market committees take part.",
                    count("People reached at markets and crossings", "people", "Tally sheets of the information desks", (2000, 4000), women=50), (
                    Work("Write the guide for travellers with associations of traders.", "Associations agree on one text.", SOCIETY, 4, 6),
                    Work("Run information desks on market days.", "Rooms at the crossings are made available.", SOCIETY, 6, 9, ("OPER.TRAVEL",)))),
                Output("Meetings are interpreted and recorded.", "The equipment may be used by all sides.",
                    count("Meetings recorded in all working languages", "meetings", "Archive of the secretariat", 4), (
                    BUY, Work("Hand the archive over to the secretariat.", "The secretariat has a room that can be locked.", BOTH, 8, 10))))),
        )),
    "LAB": Matrix(
        percent("Workers asked before departure who paid no recruitment fee", "workers asked", "Interviews with 200 departing workers, at the beginning and at the end", (10, 25), (50, 65)),
        (
            Outcome("The {ministry} supervises recruitment and acts on complaints.", "The law on recruitment agencies stays in force.",
                count("Agencies inspected in a year", "agencies", "Register of inspections of the {ministry}", (60, 120), baseline=(5, 20)), (
                Output("Licensing and inspection follow written standards.", "Agencies are heard and accept the standards.",
                    yes("The standards are signed by the Minister", "Official gazette"), (
                    Work("Review the rules on licences and draft the standards of inspection.", "Files of the licensing office are open to the review.", CONSULTANTS, 0, 4, ("OPER.CONS",)), STUDY, PRINT)),
                Output("Labour inspectors and attachés can examine contracts and hear complaints.", "Inspectors get the means to travel.",
                    trained("Inspectors and attachés"), (
                    Work("Prepare the course from cases of the last two years.", "Cases may be used without names.", OFFICER, 2, 4), TRAIN)))),
            Outcome("Workers decide on a contract with the facts in hand.", "Recruiters do not keep workers from the advice.",
                percent("Workers who can say what they will earn before they sign", "workers asked", "Exit interviews at the advice centres, every quarter", (25, 40), (70, 85)), (
                Output("Advice before departure is given in the regions of origin.", "Local employment offices lend their rooms.",
                    count("Workers advised in person", "workers", "Registers of the advice centres", (700, 1400), women=45), (
                    Work("Train counsellors and agree on the content with trade unions.", "Unions and agencies sit at one table.", SOCIETY, 3, 5),
                    Work("Give advice in the regions, with a telephone line for complaints.", "The telephone line is free of charge.", SOCIETY, 5, 9, ("OPER.TRAVEL",)))),
                Output("A register of agencies and complaints is in use.", "The {ministry} pays for its upkeep.",
                    percent("Licensed agencies that stand in the register", "agencies", "The register itself, every quarter", 0, (85, 95)), (
                    BUY, Work("Enter the files on paper and train those who keep the register.", "Two clerks are assigned.", BOTH, 5, 8))))),
        )),
    "MDV": Matrix(
        count("Households and enterprises that invest savings from abroad", "households", "Follow-up of those trained, six months after", (90, 180), baseline=(5, 20)),
        (
            Outcome("Institutions work with nationals abroad on priorities they have agreed.", "The priorities survive a change of ministers.",
                words("State of the cooperation with the diaspora", "Minutes of the diaspora desk", "Single contacts, no plan", "A plan with three priorities, reviewed every year"), (
                Output("Communities abroad are mapped and a guide says how to take part.", "Embassies help to reach the communities.",
                    count("Associations abroad that take part in the mapping", "associations", "Returned questionnaires", (20, 45)), (
                    Work("Map the communities abroad and their interests.", "Associations answer the questionnaire.", CONSULTANTS, 0, 3, ("OPER.CONS",)), STUDY, PRINT)),
                Output("Families and young people can plan savings and a small enterprise.", "Participants have a source of income.",
                    trained("Participants"), (
                    Work("Adapt the training material with a local bank.", "The bank lends trainers free of charge.", OFFICER, 2, 4), TRAIN)))),
            Outcome("Money and skills from abroad reach enterprises in the two pilot districts.", "Prices and the exchange rate stay within usual bounds.",
                count("Enterprises begun or enlarged with advice of the project", "enterprises", "Visits to enterprises in the pilot districts", (15, 35)), (
                Output("Advisers in two districts accompany investors.", "District offices keep the advisers.",
                    count("Business plans that a bank or a relative abroad has agreed to finance", "plans", "Files of the advisers", (25, 60)), (
                    Work("Choose and prepare advisers in two districts.", "Districts take part in the choice.", SOCIETY, 3, 5),
                    Work("Advise families and young people until the first sale.", "Participants can travel to the district.", SOCIETY, 5, 9, ("OPER.TRAVEL",)))),
                Output("A portal brings offers and skills together.", "The contents are kept up to date by the {ministry}.",
                    count("Visitors of the portal in a month", "visitors", "Statistics of the portal, every month", (800, 2500)), (
                    BUY, Work("Train the desk that keeps the portal, and hand it over.", "The desk has two posts.", BOTH, 6, 9))))),
        )),
    "ENV": Matrix(
        count("National and district plans that say what is done about mobility", "plans", "Texts of the plans, read at the beginning and at the end", (5, 15)),
        (
            Outcome("Planners use evidence on migration when they write plans for adaptation.", "The calendar of national planning is kept.",
                percent("Planners asked who used the assessment in the last half year", "planners asked", "Short survey of those trained", 0, (60, 75)), (
                Output("An assessment shows who moves, where to and why.", "The places chosen can be reached in both seasons.",
                    yes("The assessment is accepted by the steering committee", "Minutes of the steering committee"), (
                    Work("Survey households in areas of origin and of arrival.", "Households agree to take part.", UNIVERSITY, 0, 4, ("OPER.CONS", "OPER.TRAVEL")), STUDY, PRINT)),
                Output("Planners at national and district level can write mobility into plans.", "Those who plan are those who are trained.",
                    trained("Planners"), (
                    Work("Prepare the course with the planning authority.", "The authority gives two days for a trial.", OFFICER, 3, 5), TRAIN)))),
            Outcome("Communities exposed to droughts and floods choose early between staying and moving.", "No larger disaster strikes the pilot places.",
                percent("Households in the pilot places that have a plan for the next hazard", "households", HOUSEHOLDS, (5, 15), (45, 60)), (
                Output("Communities in the pilot places have discussed their options.", "Elders, women and young people all speak.",
                    count("People who take part in the discussions", "people", "Attendance sheets by village", (600, 1200), women=55), (
                    Work("Prepare facilitators from the communities.", "Facilitators are accepted by all groups.", SOCIETY, 4, 6),
                    Work("Hold the discussions and note what was chosen.", "Meetings fit into the farming season.", SOCIETY, 6, 9))),
                Output("The survey can be repeated by the statistics office.", "The office adds the questions to its programme.",
                    count("Enumerators who repeat the survey without help", "enumerators", "Trial run of the statistics office", (15, 30), women=40), (
                    BUY, Work("Hand the tablets and questionnaires over to the statistics office.", "Data are stored by its rules.", BOTH, 7, 10))))),
        )),
    "HLT": Matrix(
        percent("Migrant women with four visits before a birth", "women who gave birth", "Registers of the health districts chosen, every half year", (20, 35), (55, 70)),
        (
            Outcome("Health districts treat migrants as they treat their neighbours.", "The rules on access to care are not tightened.",
                percent("Health centres that record and treat migrants by the guidance", "health centres", "Supervision visits of the districts", (10, 25), (75, 90)), (
                Output("Guidance on access to care is agreed with the districts.", "Costs of treatment are covered by the districts.",
                    yes("The guidance is sent to all health centres chosen", "Circular of the {ministry}"), (
                    Work("Assess how migrants use services and write the guidance.", "Centres share figures without names.", CONSULTANTS, 0, 4, ("OPER.CONS",)), STUDY, PRINT)),
                Output("Health workers and volunteers can receive migrants in a language they understand.", "Trained staff are not moved within the year.",
                    trained("Health workers and volunteers"), (
                    Work("Choose volunteers from the communities and prepare the course.", "Communities propose women and men.", OFFICER, 2, 4), TRAIN)))),
            Outcome("Migrants come earlier, and to the right service.", "People are not asked for papers at the door.",
                percent("Cases of tuberculosis found before hospital care is needed", "cases", "Registers of the three health centres", (30, 45), (65, 80)), (
                Output("Migrants are informed where they live and work.", "Employers and landlords let volunteers in.",
                    count("People reached by volunteers", "people", "Tally sheets of the volunteers, every month", (2500, 5000), women=50), (
                    Work("Write and test messages in the languages spoken.", "Translators are found for each language.", SOCIETY, 3, 5),
                    Work("Visit homes, work places and markets with the volunteers.", "Volunteers are safe on their rounds.", SOCIETY, 5, 9, ("OPER.TRAVEL",)))),
                Output("Three health centres can screen for tuberculosis.", "Reagents are supplied by the national programme.",
                    count("Migrants screened", "people", "Laboratory registers", (900, 1800), women=45), (
                    BUY, Work("Train laboratory staff and start the screening.", "Each centre has a trained technician.", BOTH, 5, 8))))),
        )),
    "BRD": Matrix(
        count("Minutes that a traveller waits at the pilot posts", "minutes", "Measured on three days of each quarter", (15, 30), baseline=(75, 140)),
        (
            Outcome("Border officers examine documents and register travellers by standing procedures.", "The {ministry} makes the procedures an order.",
                count("False documents detected in a year", "documents", "Register of the two pilot posts", (40, 80), baseline=(5, 15)), (
                Output("Standing procedures join control with protection.", "Police, customs and health authorities agree.",
                    yes("The procedures are signed by the Director", "Circular of the {ministry}"), (
                    Work("Observe the work at both posts and draft the procedures.", "The posts are open to the observers.", CONSULTANTS, 0, 4, ("OPER.CONS", "OPER.TRAVEL")), STUDY, PRINT)),
                Output("Officers of both sides can examine documents and recognize vulnerable travellers.", "Officers remain at the posts for a year.",
                    trained("Officers"), (
                    Work("Prepare the course with the academy.", "The academy takes it into its programme.", OFFICER, 2, 4), TRAIN)))),
            Outcome("People in need of protection are recognized and referred.", "Services for children and asylum seekers can be reached.",
                count("Vulnerable travellers referred to a service in a year", "people", "Referral forms of the two posts", (60, 120), baseline=(0, 10), women=55), (
                Output("Travellers and traders know the rules and whom to ask.", "Associations of traders pass the word.",
                    count("Travellers reached by information at the posts", "people", "Tally sheets of the officers on duty", (4000, 9000), women=45), (
                    Work("Agree with child protection and asylum authorities whom to call.", "Authorities can be reached day and night.", SOCIETY, 3, 5),
                    Work("Put up notices and run information days at the posts.", "Space is given at the posts.", SOCIETY, 5, 9))),
                Output("Two border posts register travellers electronically.", "Power and network are available at the posts.",
                    percent("Travellers who are registered electronically", "travellers", "System of the pilot posts, every month", 0, (85, 95)), (
                    BUY, Work("Train officers on the system and agree on its maintenance.", "Maintenance is in the budget of the {ministry}.", BOTH, 5, 8))))),
        )),
    "POL": Matrix(
        words("State of the national policy on migration", "Decisions of the Government", "Laws without a common policy", "Policy and plan of action adopted"),
        (
            Outcome("The institutions in charge of migration decide together.", "The Government keeps migration among its priorities.",
                count("Institutions that report to the group on their part of the plan", "institutions", "Minutes of the inter-ministerial group", 9), (
                Output("A draft policy with its plan of action is before the Government.", "Elections do not delay the calendar.",
                    yes("The draft is handed to the Government", "Letter of transmission"), (
                    Work("Review laws and figures, and draft the policy.", "Institutions share their figures.", CONSULTANTS, 0, 5, ("OPER.CONS",)), STUDY, PRINT)),
                Output("Members of the group know how migration is governed elsewhere.", "Members are named for the whole duration.",
                    trained("Members and their deputies"), (
                    Work("Prepare the sessions with the secretariat.", "The secretariat has its two posts.", OFFICER, 1, 3), TRAIN)))),
            Outcome("Those concerned by the policy have been heard and know what it says.", "Consultations are open to critics too.",
                percent("Proposals from the consultations that are answered in the draft", "proposals", "Table of proposals, kept by the secretariat", 0, (70, 85)), (
                Output("Consultations have taken place in the regions.", "Regional authorities invite all groups.",
                    count("People who take part in the consultations", "people", "Attendance sheets", (300, 700), women=45), (
                    Work("Prepare questions and facilitators with civil society.", "Associations of migrants take part.", SOCIETY, 3, 5),
                    Work("Hold consultations in the regions and publish what was said.", "Dates do not fall into the campaign.", SOCIETY, 5, 8, ("OPER.TRAVEL",)))),
                Output("The group's secretariat works.", "The {ministry} gives rooms.",
                    count("Meetings with papers sent a week before", "meetings", "Files of the secretariat", (5, 10)), (
                    BUY, Work("Train the secretariat and hand over its files.", "Staff are paid by the {ministry}.", BOTH, 6, 9))))),
        )),
    "RES": Matrix(
        count("Published decisions and plans that quote the new figures", "documents", "Search of official publications, every half year", (5, 15)),
        (
            Outcome("Institutions report figures on migration every year by one agreement.", "The law on statistics allows the exchange.",
                count("Institutions that deliver their figures by the agreed day", "institutions", "Log of deliveries at the {ministry}", (5, 10)), (
                Output("A migration profile is written from the registers that exist.", "Registers can be read without names.",
                    yes("The profile is accepted by the steering committee", "Minutes of the steering committee"), (
                    Work("Examine the registers and write the profile.", "Each institution names a contact for data.", UNIVERSITY, 0, 5, ("OPER.CONS", "OPER.TRAVEL")), STUDY, PRINT)),
                Output("Statisticians can compile, protect and explain figures on migration.", "Those who are trained work with the figures.",
                    trained("Statisticians"), (
                    Work("Prepare the course from the registers at hand.", "Test data are approved.", OFFICER, 2, 4), TRAIN)))),
            Outcome("Those who plan services use the figures.", "Figures are published in time for the budget.",
                percent("Planners asked who know where to find the figures", "planners asked", "Short survey of planners, at the beginning and at the end", (15, 30), (65, 80)), (
                Output("Findings are presented where decisions are taken.", "Authorities make room on their agenda.",
                    count("People who attend the presentations", "people", "Attendance sheets", (150, 400), women=45), (
                    Work("Write short summaries for districts and for the press.", "Findings may be shared before the final print.", UNIVERSITY, 5, 7),
                    Work("Present the findings in the regions.", "Regional authorities invite.", MINISTRY, 7, 9))),
                Output("Figures are stored and published safely.", "The {ministry} keeps the software up to date.",
                    yes("Tables are open to everybody on line", "Website of the {ministry}"), (
                    BUY, Work("Put the tables on line and hand the system over.", "A person in charge is named.", BOTH, 7, 9))))),
        )),
    "RTN": Matrix(
        percent("People who returned and are in work or school after six months", "people received", "Follow-up by telephone of those who were received", (20, 35), (50, 65)),
        (
            Outcome("Municipalities and employment offices receive people who return by one procedure.", "Municipalities keep the task in their budgets.",
                percent("People received who get an appointment within a week", "people received", "Files of the counters, every quarter", (10, 25), (75, 90)), (
                Output("One procedure says who does what.", "Ministries agree on who pays.",
                    yes("The procedure is adopted by the {ministry}", "Order of the {ministry}"), (
                    Work("Follow ten families through the offices and draft the procedure.", "Families agree to be followed.", CONSULTANTS, 0, 4, ("OPER.CONS",)), STUDY, PRINT)),
                Output("Municipal staff and counsellors can advise people who return.", "Those who are trained stay at the counters.",
                    trained("Staff and counsellors"), (
                    Work("Prepare the course with two municipalities.", "Municipalities lend their practitioners.", OFFICER, 2, 4), TRAIN)))),
            Outcome("People who return find work, school and advice.", "The labour market takes up those who look for work.",
                count("People who were led to a job, a course or a school", "people", "Files of the counters", (150, 350), women=45), (
                Output("People abroad and at home know where to turn.", "Consulates pass the leaflet on.",
                    count("People who received the leaflet in person", "people", "Tally sheets of consulates and municipalities", (800, 2000), women=50), (
                    Work("Write the leaflet with families who have returned.", "Families of several regions take part.", SOCIETY, 4, 6),
                    Work("Hold open days in four municipalities.", "Employers and schools take part.", SOCIETY, 6, 9, ("OPER.TRAVEL",)))),
                Output("Four municipalities run a single counter.", "Rooms are given free of charge.",
                    count("Counters open at least three days a week", "counters", VISITS, 4), (
                    BUY, Work("Start the counters and visit them every month.", "Each counter has two people.", BOTH, 5, 8))))),
        )),
}
# fmt: on


def of(story: Story) -> Matrix:
    """The matrix of a project. A small one has one outcome; where its travel has no other place, it goes to training."""
    whole = MATRICES[story.focus]
    if story.thousands >= SMALL:
        return whole
    first, second = whole.outcomes
    outputs = (*first.outputs, second.outputs[-1])
    paid = {kind for output in outputs for work in output.works for kind in work.pays}
    if "OPER.TRAVEL" not in paid:
        course = first.outputs[1]
        works = (*course.works[:-1], replace(TRAIN, pays=(*TRAIN.pays, "OPER.TRAVEL")))
        outputs = (outputs[0], replace(course, works=works), outputs[2])
    return Matrix(whole.meter, (replace(first, outputs=outputs),))
