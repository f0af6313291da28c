"""What Fund projects of each focus area write, buy and reach: tables from which the demonstration's proposals are told.

In the texts {country}, {office}, {ministry}, {months}, {money}, {title} and {number} stand for the project's own.
"""

from __future__ import annotations

from dataclasses import dataclass

Shares = tuple[tuple[str, int], ...]
"""(code, percent), together 100."""


@dataclass(frozen=True)
class Group:
    """Beneficiaries of a type; `planned` for a budget of USD 100,000."""

    type: str
    reach: str
    sex: str
    age: str
    planned: int


@dataclass(frozen=True)
class Topic:
    areas: Shares
    activities: Shares
    ministry: str
    groups: tuple[Group, ...]
    problem: str
    people: str
    approach: str
    training: str
    study: str
    product: str
    equipment: str
    result: str
    stays: str


TOPICS = {
    "CTR": Topic(
        areas=(("MAD", 80), ("LHD", 20)),
        activities=(("TRN", 35), ("AWR", 25), ("TEC", 20), ("PRD", 15), ("EVL", 5)),
        ministry="Ministry of the Interior",
        groups=(
            Group("VOT", "direct", "SEX_FEMALE", "AGE_18_24", 40),
            Group("VOT", "direct", "SEX_MALE", "AGE_18_24", 20),
            Group("GOV", "direct", "SEX_OTHER", "AGE_NOT", 90),
            Group("HST", "indirect", "SEX_OTHER", "AGE_NOT", 3000),
        ),
        problem="Few cases of trafficking in persons in {country} are recognized, and fewer still reach a court. "
        "Police, labour inspectors and social workers meet the same people without knowing of each other, and there is "
        "no agreed way to refer a person who has been exploited to shelter, health care and legal advice.",
        people="Young women and men who look for work away from home are most at risk, as are children sent to "
        "relatives in the cities.",
        approach="agree one referral procedure among the institutions concerned, train those who apply it side by "
        "side, and tell communities at risk how recruiters work and where to find help",
        training="training of police, prosecutors and social workers on identification and referral",
        study="a visit of the task force to a country with a working referral mechanism",
        product="the referral procedure with its forms, printed as a pocket guide",
        equipment="interview rooms for the two pilot centres",
        result="more people who have been trafficked in {country} are identified and receive the help they are "
        "entitled to",
        stays="The procedure is issued by the {ministry}, and the training becomes part of the police "
        "academy's courses.",
    ),
    "DIA": Topic(
        areas=(("MPR", 60), ("IBM", 40)),
        activities=(("DIA", 40), ("WSH", 25), ("CON", 20), ("TRA", 10), ("EVL", 5)),
        ministry="Ministry of Foreign Affairs",
        groups=(
            Group("GOV", "direct", "SEX_OTHER", "AGE_NOT", 70),
            Group("CSO", "direct", "SEX_OTHER", "AGE_NOT", 10),
            Group("MIG", "indirect", "SEX_OTHER", "AGE_NOT", 5000),
        ),
        problem="People move across the borders of {country} every day to trade, to work and to see their families, "
        "but the rules on either side differ and are little known. The institutions in charge meet only when a crisis "
        "forces them to, and what they agree is seldom followed up.",
        people="Traders, seasonal workers and families in border districts bear the cost in time, fees "
        "and uncertainty.",
        approach="bring the institutions together twice a year with an agenda prepared by a small technical group, and "
        "follow each agreed action until it is done",
        training="workshops of the technical group on shared procedures",
        study="an exchange with a regional body that has such a dialogue",
        product="the record of agreed actions and a guide for travellers",
        equipment="interpretation and recording equipment for the meetings",
        result="the States taking part apply shared procedures to people who cross the borders of {country}",
        stays="The {ministry} takes over the secretariat of the dialogue, and the States host the meetings in turn.",
    ),
    "LAB": Topic(
        areas=(("LHD", 85), ("MPR", 15)),
        activities=(("TRN", 30), ("TEC", 25), ("CON", 15), ("AWR", 15), ("WSH", 10), ("EVL", 5)),
        ministry="Ministry of Labour",
        groups=(
            Group("LAB", "direct", "SEX_FEMALE", "AGE_25_59", 250),
            Group("LAB", "direct", "SEX_MALE", "AGE_25_59", 300),
            Group("GOV", "direct", "SEX_OTHER", "AGE_NOT", 45),
            Group("PRV", "direct", "SEX_OTHER", "AGE_NOT", 25),
        ),
        problem="Workers from {country} take up jobs abroad through agencies that are hard to supervise. Many pay fees "
        "they need not pay, sign contracts they cannot read and learn only on arrival what they will earn. Complaints "
        "reach the {ministry} late and without the papers needed to act on them.",
        people="Women in domestic work and young men in construction are affected most, and their families who borrow "
        "to pay for the journey.",
        approach="strengthen the office that licenses and inspects agencies, give workers advice before they sign, and "
        "open a simple way to complain that works from abroad",
        training="training of labour inspectors and attachés",
        study="a study visit to a licensing authority in a country of origin with long experience",
        product="the information booklet for departing workers, in the national languages",
        equipment="the register of agencies: server, software and two workstations",
        result="workers who leave {country} are recruited fairly and know their rights",
        stays="Inspection and advice before departure are posts in the {ministry}'s own budget from the second year.",
    ),
    "MDV": Topic(
        areas=(("LHD", 70), ("MPR", 30)),
        activities=(("TEC", 25), ("TRN", 20), ("FEA", 15), ("WSH", 15), ("DIR", 20), ("EVL", 5)),
        ministry="Ministry of Planning",
        groups=(
            Group("DIA", "direct", "SEX_FEMALE", "AGE_25_59", 60),
            Group("DIA", "direct", "SEX_MALE", "AGE_25_59", 70),
            Group("YTH", "direct", "SEX_OTHER", "AGE_18_24", 80),
            Group("HST", "indirect", "SEX_OTHER", "AGE_NOT", 1500),
        ),
        problem="Nationals of {country} who live abroad send home a large sum each year and many would like to "
        "contribute their skills too. Yet transfers are dear, information on investing is scattered over several "
        "institutions, and no plan of the Government says what the diaspora is asked to do.",
        people="Families who receive remittances, and young people in districts with high emigration, gain most when "
        "money and skills find their way home.",
        approach="map the communities abroad, agree with them on a small number of priorities, and try out in two "
        "districts how savings and skills can serve local enterprises",
        training="financial education for families and business training for young people",
        study="meetings with diaspora organizations in two countries of residence",
        product="the investment guide and the diaspora portal's contents",
        equipment="the portal: hosting, software and a workstation",
        result="migrants from {country} and their families use remittances and skills for lasting local development",
        stays="A desk for the diaspora in the {ministry} keeps the portal and the contacts after the project.",
    ),
    "ENV": Topic(
        areas=(("MECC", 85), ("MPR", 15)),
        activities=(("RES", 25), ("TRN", 20), ("WSH", 15), ("TEC", 20), ("PUB", 15), ("EVL", 5)),
        ministry="Ministry of Environment",
        groups=(
            Group("GOV", "direct", "SEX_OTHER", "AGE_NOT", 60),
            Group("HST", "direct", "SEX_FEMALE", "AGE_NOT", 150),
            Group("HST", "direct", "SEX_MALE", "AGE_NOT", 140),
            Group("ACA", "direct", "SEX_OTHER", "AGE_NOT", 10),
        ),
        problem="Droughts, floods and the loss of land drive more people in {country} to leave their homes for a "
        "season or for good. National plans for adaptation say little about mobility, and there are no figures on who "
        "moves, where to and for how long.",
        people="Herders, fishers and small farmers are the first to move; women who stay behind carry the work of two.",
        approach="collect the missing evidence with the national statistics office and a university, and help planners "
        "at national and district level to write mobility into their plans",
        training="training of planners on mobility in adaptation plans",
        study="an exchange with a country that faces the same hazards",
        product="the assessment and four policy briefs",
        equipment="tablets for the household survey",
        result="plans of {country} for climate adaptation take account of migration",
        stays="The survey's questions become part of the national household survey, and the {ministry} keeps "
        "the group.",
    ),
    "HLT": Topic(
        areas=(("MHD", 85), ("MAD", 15)),
        activities=(("TRN", 30), ("AWR", 20), ("DLV", 20), ("RES", 15), ("PRD", 10), ("EVL", 5)),
        ministry="Ministry of Health",
        groups=(
            Group("MIG", "direct", "SEX_FEMALE", "AGE_25_59", 400),
            Group("MIG", "direct", "SEX_MALE", "AGE_25_59", 450),
            Group("HLW", "direct", "SEX_OTHER", "AGE_NOT", 60),
            Group("CHD", "direct", "SEX_OTHER", "AGE_0_17", 200),
        ),
        problem="Migrants in {country} use health services late. Costs, language and the fear of being asked for "
        "papers keep them away, and health workers have no guidance on whom they may treat. Tuberculosis and maternal "
        "deaths are more frequent among them than among their neighbours.",
        people="Women of childbearing age and workers in crowded housing are the main groups.",
        approach="work with the health districts that receive most migrants, train health workers and community "
        "volunteers, and gather the figures that a national policy on migrants' health needs",
        training="training of health workers and community volunteers",
        study="a visit to health districts that work with cultural mediators",
        product="health messages in the languages of migrants",
        equipment="screening equipment for three health centres",
        result="migrants in the chosen districts of {country} use health services as often as their neighbours",
        stays="The volunteers are taken over by the districts' community health programme.",
    ),
    "BRD": Topic(
        areas=(("IBM", 90), ("MAD", 10)),
        activities=(("TRN", 30), ("EQP", 30), ("TEC", 20), ("WSH", 15), ("EVL", 5)),
        ministry="Department of Immigration",
        groups=(
            Group("BRD", "direct", "SEX_FEMALE", "AGE_25_59", 30),
            Group("BRD", "direct", "SEX_MALE", "AGE_25_59", 70),
            Group("INS", "direct", "SEX_OTHER", "AGE_NOT", 4),
            Group("MIG", "indirect", "SEX_OTHER", "AGE_NOT", 20000),
        ),
        problem="At the land borders of {country} travellers are still entered by hand in registers that are never "
        "compared. Officers have had no training in examining documents, and people in need of protection are turned "
        "back because nobody knows whom to call.",
        people="Traders who cross daily wait for hours; children and other vulnerable travellers pass unnoticed.",
        approach="equip two pilot border posts, train their officers and those of the neighbouring State together, and "
        "write standing procedures that join control with protection",
        training="training of border officers on document examination and on vulnerable travellers",
        study="a visit to a one-stop border post in the region",
        product="the standing procedures and a reference collection of documents",
        equipment="document readers and registration kits for two border posts",
        result="the pilot border posts of {country} work faster, and people in need of protection are recognized",
        stays="Maintenance is in the budget of the {ministry}, whose academy takes over the course.",
    ),
    "POL": Topic(
        areas=(("MPR", 75), ("LHD", 25)),
        activities=(("LEG", 30), ("CON", 25), ("WSH", 20), ("DIA", 20), ("EVL", 5)),
        ministry="Prime Minister's Office",
        groups=(
            Group("GOV", "direct", "SEX_OTHER", "AGE_NOT", 80),
            Group("CSO", "direct", "SEX_OTHER", "AGE_NOT", 15),
            Group("ACA", "direct", "SEX_OTHER", "AGE_NOT", 6),
        ),
        problem="Migration is dealt with in {country} by nine institutions and as many laws, some of them older than "
        "the State's present borders. Decisions contradict each other, and no institution is charged with seeing "
        "the whole.",
        people="Immigrants, emigrants and those who return all meet the gaps; so do the officials who must act without "
        "guidance.",
        approach="help an inter-ministerial group to agree on a national policy, with evidence, advice on the law and "
        "consultations in the regions of the country",
        training="working sessions of the inter-ministerial group on migration governance",
        study="an exchange with a government that has adopted such a policy",
        product="the draft policy, its plan of action and a summary for the public",
        equipment="the group's secretariat: two workstations and video link",
        result="{country} has a migration policy with a plan of action that institutions apply together",
        stays="The group is established by decree, with its secretariat in the {ministry}.",
    ),
    "RES": Topic(
        areas=(("MPR", 90), ("LHD", 10)),
        activities=(("RES", 45), ("PUB", 20), ("WSH", 15), ("TRN", 15), ("EVL", 5)),
        ministry="National Statistics Office",
        groups=(
            Group("GOV", "direct", "SEX_OTHER", "AGE_NOT", 40),
            Group("ACA", "direct", "SEX_OTHER", "AGE_NOT", 15),
            Group("MIG", "indirect", "SEX_OTHER", "AGE_NOT", 10000),
        ),
        problem="What is said about migration in {country} rests on a census many years old and on the impressions of "
        "those who speak. Border, labour and residence registers hold figures that nobody has put together, and "
        "decisions on services and schools are taken without them.",
        people="Those who plan services, and the migrants for whom services are planned, need figures they can trust.",
        approach="write a migration profile from the registers that exist, agree which institution reports which "
        "figure every year, and train those who will do it",
        training="training of statisticians on migration data and its protection",
        study="a working visit to a statistics office that publishes yearly figures",
        product="the migration profile, in print and as open data",
        equipment="statistics software and secure storage",
        result="decisions in {country} that concern migrants rest on figures published every year",
        stays="The {ministry} publishes the figures every year under the agreement signed during the project.",
    ),
    "RTN": Topic(
        areas=(("MAD", 75), ("LHD", 25)),
        activities=(("TEC", 30), ("TRN", 25), ("WSH", 20), ("PRD", 20), ("EVL", 5)),
        ministry="Ministry of Social Policy",
        groups=(
            Group("RET", "direct", "SEX_FEMALE", "AGE_25_59", 50),
            Group("RET", "direct", "SEX_MALE", "AGE_25_59", 70),
            Group("GOV", "direct", "SEX_OTHER", "AGE_NOT", 50),
        ),
        problem="People who return to {country} find no institution in charge of them. Employment offices, schools and "
        "municipalities each hold part of the answer, and those who return rarely learn of it in time.",
        people="Families who return after years abroad and young adults without a certificate of their schooling "
        "abroad have the greatest difficulty.",
        approach="build the capacity of municipalities and employment offices to receive those who return, with one "
        "procedure, one leaflet and staff trained together",
        training="training of municipal staff and employment counsellors",
        study="a visit to municipalities that run a single counter for those who return",
        product="the procedure and the leaflet for those who return",
        equipment="counters in four municipalities",
        result="municipalities of {country} receive people who return and lead them to work, school and advice",
        stays="The procedure is adopted by the {ministry} and the counters are staffed by the municipalities.",
    ),
}

SECTIONS: dict[str, tuple[str, ...]] = {
    "SUM": (
        "{problem} {people}",
        "In {months} months and with USD {money} from the IOM Development Fund, IOM and the {ministry} will "
        "{approach}. The project works through {training}, {study}, and {product}.",
        "Its objective is that {result}. Activities lead to outputs in the hands of the institutions in charge, which "
        "apply them from the first year on and so bring about the change that people will feel.",
    ),
    "RAT": (
        "{problem}",
        "{people} The Government of {country} has asked IOM for support in the letter attached, and names the matter "
        "among its priorities. No other partner works on it at present; earlier projects showed that training alone "
        "does not last unless procedures and posts stand behind it.",
        "The project follows the national development plan, IOM's country strategy and target 10.7 of the Sustainable "
        "Development Goals on orderly, safe, regular and responsible migration.",
    ),
    "DES": (
        "The project will {approach}.",
        "If the institutions have an agreed procedure, if those who apply it are trained together, and if people "
        "know of it, then {result}. This assumes that the {ministry} keeps a focal point for the whole duration, that "
        "trained staff stay in their posts for at least a year, and that the security situation allows travel to the "
        "places chosen.",
        "{outcomes} Lessons are gathered on the way by {study}.",
        "Stakeholders took part in two meetings when the proposal was written. IOM brings its presence in the "
        "country, its experience in the region and its working relation with both origin and destination. Women and "
        "men were asked separately about their needs, and at least 40 per cent of those trained are women. Personal "
        "data are handled by IOM's data protection principles; printed matter is kept to what is used.",
        "{stays}",
    ),
    "PAR": (
        "The {ministry} is the main counterpart: it chairs the steering committee, which meets every three months, and "
        "names the focal point. Civil society organizations take part in the committee and carry out activities in the "
        "communities; the university advises on the evidence.",
        "The project manager at {office} is responsible for delivery and reports to the head of office. A national "
        "officer runs the activities from day to day; the Regional Office gives advice on the subject, on resources "
        "and on monitoring.",
    ),
    "MON": (
        "The project manager keeps the results monitoring framework, which names for each indicator the source, the "
        "person in charge and how often it is measured. Attendance lists, tests before and after each training, and "
        "the counterpart's own registers are the main tools.",
        "Figures are collected every month and discussed every three months with the {ministry} and the partners, who "
        "visit the places of work together with IOM. Risks are looked at in the same meeting, and the workplan is "
        "adjusted where needed.",
    ),
    "EVA": (
        "An ex-post evaluation takes place between six and twelve months after the end of the project. It asks how far "
        "the results are still in use, and serves the {ministry} and IOM in deciding what to do next.",
        "It looks at relevance, coherence, effectiveness, efficiency, impact and sustainability, by reading the "
        "project's file, interviews and a small survey of those who were trained. It is carried out by an evaluator "
        "who had no part in the project; five per cent of the budget is kept for it.",
    ),
}
"""The paragraphs of each section, in order."""

MILESTONES = (
    (0.08, "Steering committee meets for the first time", "Minutes of the meeting"),
    (0.30, "Needs assessment accepted by the counterpart", "Letter of the counterpart"),
    (0.60, "Training completed in all places", "Attendance lists and tests"),
    (0.90, "Handover to the counterpart", "Signed record of the handover"),
)
"""(share of the duration, name, evidence)."""

ASKED = {
    "RETURNED": "Please say in the rationale which groups were consulted, and bring the travel lines in line with the "
    "workplan: twelve missions are more than its activities explain.",
    "RETAINED": "A sound proposal. The funds of this year for the region are committed; it is kept for the next round.",
    "REJECTED": "The activities continue those of an earlier project of the Fund whose results are not yet known. "
    "Please wait for its evaluation before asking again.",
    "WITHDRAWN": "The counterpart has found other funding for the same activities.",
    "SUSPENDED": "The counterpart institution is being reorganized. Activities wait until its new head is in office.",
    "CANCELLED": "The counterpart has withdrawn the request after a change of priorities. Activities end and the "
    "remaining funds are returned.",
    "CLOSED": "Final reports are accepted, assets are handed over, the file is complete.",
    "SETTLED": "The balance is settled and the evaluation money is spent.",
    "EXTENDED": "The counterpart's elections delayed the training by several months; results can be reached without "
    "additional funds.",
    "STAFF": "Accepted: the office has no other staff for the training, which is the main activity.",
}
"""What people wrote when they decided."""

HEAVY_STAFF = (
    "The trainers are IOM's own staff: the subject is new in the country and no consultant was found in two calls. "
    "Their time on training is one third of the staff costs shown here."
)
UNKNOWN_ELIGIBILITY = (
    "The Fund's list does not name the country for this line. Fund management was asked and advised to submit, as "
    "the State is in good standing."
)

REPORTED: dict[str, str] = {
    "ACHIEVEMENTS": "Activities went ahead as planned in the period. The steering committee met, {training} took place "
    "in two of the places chosen, and the first version of {product} was shared with the {ministry} for comment.",
    "PROGRESS": "Of the indicators, two thirds are on or above the value expected at this point. Behind is the number "
    "of institutions that apply the shared procedure, because its formal adoption took longer than foreseen.",
    "CHALLENGES": "The focal point at the {ministry} changed during the period. The project manager briefed the new "
    "one in person and agreed on a shorter list of dates, which made up most of the delay.",
    "LESSONS": "{lesson}",
    "NEXT_STEPS": "Complete the remaining training, adopt the procedure, and prepare the handover with the {ministry}.",
    "EXPLANATION": "Spending follows the workplan. Travel is below the approved budget, as two missions were joined; "
    "commitments are for printing and for the consultants' last instalments.",
    "FRAMEWORK": "Each indicator has a source, a person in charge and a rhythm: attendance lists after each training, "
    "the counterpart's registers every month, a short survey of those trained after six months.",
    "WORKPLAN": "Activities stand by month with the responsible party. The assessment comes first, training follows "
    "in the second quarter, and the handover begins three months before the end.",
    "RELEVANCE": "The project answered a need that the Government had named and that those interviewed confirmed.",
    "COHERENCE": "It fitted the work of other partners, with whom the team met every three months.",
    "EFFECTIVENESS": "The outputs were delivered and the procedure is applied in the places chosen.",
    "EFFICIENCY": "Costs were moderate; joint training saved time and travel.",
    "IMPACT": "People concerned were served faster in the months looked at; figures for a longer time are missing.",
    "SUSTAINABILITY": "The procedure is in force and its training continues. Equipment is maintained by "
    "the {ministry}.",
    "FINDINGS": "Results were reached. Knowledge stays where staff stay: turnover is the main risk to what was built.",
    "RECOMMENDATIONS": "Repeat the training every year, publish the figures, and name a deputy focal point.",
}
"""What a report says under each heading."""

LESSONS = (
    "Training officials of several institutions in one room cost no more than training them apart, and they now call "
    "each other. The next proposal should plan for it from the start.",
    "A named deputy in each institution kept the work going when its focal point changed. Ask for one early.",
    "The baseline took three months, twice what was planned. Begin it with the first payment and pay for it in full.",
    "Printed material was used where the {ministry} had tried it out with its own staff, and lay in boxes elsewhere.",
    "Equipment came late because its customs papers were begun late. Ask for the exemption with the request letter.",
    "Women took part in equal number once sessions were held in the morning and near home. Plan the hours first.",
    "Short visits every quarter found what the written reports did not say. Keep travel for them in the budget.",
)
"""What projects learned; each tells one of them."""

RETURNED_REPORT = "Please give the numbers reached by sex for the second training, and attach the attendance lists."
