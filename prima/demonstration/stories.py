"""The sixty Fund projects of the demonstration: where, what, how much, and how far each has come by 1 October 2016."""

# ruff: noqa: E501 - a story is a row of a table

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from prima.projects.stages import Status as S


class Habit(StrEnum):
    """How a project stands with the last reports whose period is over; all earlier ones are accepted."""

    ON_TIME = "on time"
    LATE = "late"
    """Accepted, handed in after the due date."""
    DRAFT = "draft"
    """Begun and not handed in."""
    NOTHING = "nothing"
    """Not even begun."""
    SUBMITTED = "submitted"
    CHECKED = "checked"
    RETURNED = "returned"


class Drafted(StrEnum):
    """How far a draft has come."""

    BEGUN = "begun"
    """An objective without outcomes; no workplan and no risks."""
    HALF = "half"
    """One outcome with gaps, one risk without treatment, nobody named in the workplan."""
    NEARLY = "nearly"
    """All but the classification; the workplan runs past the end."""
    WHOLE = "whole"
    """All but some sections and the letters."""


@dataclass(frozen=True)
class Story:
    """A project; `day` is its start if it was activated, else the day it came to `status`."""

    year: int
    office: str
    type: str
    focus: str
    thousands: int
    months: int
    status: S
    day: date
    title: str
    habit: Habit = Habit.ON_TIME
    returned_once: bool = False
    heavy_staff: bool = False
    extended_months: int = 0
    ended_on: date | None = None
    """When it was suspended or cancelled."""
    countries: tuple[str, ...] = ()
    unknown_eligibility: bool = False
    """It asks for the second funding line, for which the list does not say whether the country is eligible."""
    answers: tuple[tuple[str, str], ...] = ()
    """Of a project in review: the roles that have answered, and how."""
    drafted: Drafted = Drafted.WHOLE

    @property
    def was_activated(self) -> bool:
        return self.status in ACTIVATED


ACTIVATED = frozenset({S.ACTIVE, S.SUSPENDED, S.OP_CLOSED, S.FIN_CLOSED, S.CANCELLED})

_H, _D, _d = Habit, Drafted, date.fromisoformat
# fmt: off
STORIES: tuple[Story, ...] = (
    # -- funding year 2014 ------------------------------------------------------------------------------------------
    Story(2014, "KEN", "LM", "LAB", 120, 9, S.FIN_CLOSED, _d("2015-01-01"), "Fair recruitment of Kenyan workers: oversight of private employment agencies"),
    Story(2014, "GHA", "CT", "CTR", 150, 10, S.FIN_CLOSED, _d("2015-01-15"), "Child trafficking in fishing communities: strengthening Ghana's response"),
    Story(2014, "PER", "RM", "MDV", 100, 9, S.FIN_CLOSED, _d("2015-01-01"), "Remittances and financial education for families of migrants in Peru"),
    Story(2014, "MDA", "PO", "POL", 90, 9, S.FIN_CLOSED, _d("2015-02-01"), "Towards a migration strategy of the Republic of Moldova", _H.LATE),
    Story(2014, "VNM", "MA", "HLT", 110, 10, S.FIN_CLOSED, _d("2015-01-01"), "Health services for internal migrants in the industrial zones of Viet Nam"),
    Story(2014, "CRI", "IB", "BRD", 130, 9, S.FIN_CLOSED, _d("2015-01-05"), "Modern border procedures between Costa Rica and its neighbours"),
    Story(2014, "UGA", "IB", "BRD", 150, 12, S.OP_CLOSED, _d("2015-02-01"), "Examination of travel documents at the land borders of Uganda"),
    Story(2014, "SEN", "NC", "ENV", 140, 12, S.OP_CLOSED, _d("2015-03-01"), "Coastal erosion and mobility in Senegal: evidence for local planning", _H.LATE),
    Story(2014, "NPL", "LM", "LAB", 160, 12, S.OP_CLOSED, _d("2015-01-15"), "Advice before departure for women migrant workers from Nepal"),
    Story(2014, "MEX", "PR", "RES", 80, 10, S.OP_CLOSED, _d("2015-04-01"), "Children on the move in southern Mexico: a study for protection"),
    Story(2014, "KEN", "CT", "CTR", 180, 24, S.ACTIVE, _d("2015-03-01"), "National referral of victims of trafficking in Kenya", _H.DRAFT, heavy_staff=True),
    Story(2014, "MUS", "CE", "MDV", 75, 18, S.ACTIVE, _d("2015-03-15"), "Engaging the diaspora of Mauritius in innovation and trade", extended_months=6),
    Story(2014, "GEO", "PO", "POL", 150, 24, S.ACTIVE, _d("2015-02-01"), "Migration in the development planning of Georgia's regions", _H.SUBMITTED),
    Story(2014, "RO-NBO", "IB", "DIA", 250, 18, S.ACTIVE, _d("2015-01-15"), "East African dialogue on the free movement of persons", _H.DRAFT, countries=("KEN", "UGA", "TZA")),
    Story(2014, "COL", "CE", "MDV", 120, 18, S.REJECTED, _d("2014-11-20"), "Productive projects of Colombian communities abroad"),
    Story(2014, "EGY", "FM", "LAB", 140, 18, S.CANCELLED, _d("2015-02-01"), "Skills of young Egyptians for regular labour migration", ended_on=_d("2015-10-15")),
    # -- funding year 2015 ------------------------------------------------------------------------------------------
    Story(2015, "KEN", "NC", "ENV", 150, 18, S.ACTIVE, _d("2015-11-01"), "Drought and mobility in northern Kenya: planning with the counties", _H.NOTHING),
    Story(2015, "UGA", "LM", "LAB", 120, 12, S.ACTIVE, _d("2015-08-15"), "Safe labour migration from Uganda to the Gulf States", _H.RETURNED, extended_months=6),
    Story(2015, "SOM", "PO", "POL", 200, 24, S.ACTIVE, _d("2015-08-15"), "A migration policy for Somalia", _H.SUBMITTED, returned_once=True),
    Story(2015, "ETH", "CT", "CTR", 175, 18, S.ACTIVE, _d("2016-02-15"), "Prosecution of trafficking in persons in Ethiopia", _H.CHECKED),
    Story(2015, "TZA", "IB", "BRD", 145, 18, S.ACTIVE, _d("2016-01-15"), "Protection of vulnerable travellers at Tanzanian border posts", _H.LATE),
    Story(2015, "ZMB", "CT", "CTR", 130, 18, S.ACTIVE, _d("2015-12-01"), "Safe houses and referral in Zambia's border provinces", _H.NOTHING),
    Story(2015, "MOZ", "MA", "HLT", 160, 18, S.ACTIVE, _d("2016-02-01"), "Tuberculosis among mine workers returning to Mozambique", _H.DRAFT),
    Story(2015, "GHA", "RQ", "MDV", 90, 12, S.ACTIVE, _d("2015-10-01"), "Health professionals of the Ghanaian diaspora: knowledge for hospitals at home"),
    Story(2015, "NER", "NC", "ENV", 180, 24, S.ACTIVE, _d("2015-09-01"), "Seasonal mobility and land in the Niger: sustaining pastoral livelihoods", _H.SUBMITTED),
    Story(2015, "MAR", "PR", "RES", 85, 12, S.ACTIVE, _d("2016-03-01"), "A migration profile of Morocco's regions", _H.DRAFT),
    Story(2015, "DOM", "IB", "BRD", 100, 15, S.ACTIVE, _d("2015-12-15"), "Border management and trade at Dajabón in the Dominican Republic", _H.CHECKED),
    Story(2015, "RO-SJO", "CT", "CTR", 280, 24, S.ACTIVE, _d("2015-11-15"), "A Central American coalition against trafficking in persons", _H.LATE, countries=("CRI", "SLV", "HND", "GTM")),
    Story(2015, "PHL", "FM", "LAB", 115, 18, S.ACTIVE, _d("2016-01-01"), "Certified skills for returning seafarers in the Philippines", _H.SUBMITTED),
    Story(2015, "BGD", "NC", "ENV", 190, 18, S.SUSPENDED, _d("2015-11-01"), "Floods and the move to the city in Bangladesh: planning in three municipalities", ended_on=_d("2016-07-05")),
    Story(2015, "UKR", "RT", "RTN", 125, 18, S.SUSPENDED, _d("2015-10-15"), "Capacity of Ukrainian employment offices to receive returning workers", ended_on=_d("2016-08-16")),
    Story(2015, "PRT", "PR", "RES", 60, 9, S.OP_CLOSED, _d("2015-09-15"), "Return of qualified emigrants to Portugal: what helps them settle"),
    Story(2015, "TUN", "PM", "POL", 70, 12, S.REJECTED, _d("2015-06-12"), "Reporting on migration: a course for Tunisian journalists"),
    Story(2015, "MLI", "CE", "MDV", 140, 18, S.WITHDRAWN, _d("2015-05-20"), "Local investment of Malian migrants in the region of Kayes"),
    Story(2015, "COL", "PB", "POL", 150, 18, S.CANCELLED, _d("2015-08-01"), "Land, return and reconciliation in two Colombian departments", ended_on=_d("2016-04-12")),
    Story(2015, "KEN", "MH", "HLT", 95, 12, S.RETAINED, _d("2015-12-02"), "Standards for health assessments of migrants leaving Kenya"),
    # -- funding year 2017 ------------------------------------------------------------------------------------------
    Story(2017, "KEN", "LM", "LAB", 140, 18, S.CONCEPT, _d("2016-09-20"), "Bilateral labour agreements of Kenya: negotiation and follow-up"),
    Story(2017, "KEN", "PO", "DIA", 90, 12, S.DRAFT, _d("2016-09-05"), "National coordination on migration in Kenya: counties join the dialogue", drafted=_D.HALF),
    Story(2017, "KEN", "IB", "BRD", 180, 18, S.OFFICE_CLEAR, _d("2016-09-28"), "A joint training centre for border officers in Kenya"),
    Story(2017, "KEN", "CE", "MDV", 150, 18, S.REVIEW, _d("2016-09-22"), "Kenyans abroad and county development: an investment desk", answers=(("RTS", "clear_with_comments"),)),
    Story(2017, "KEN", "MA", "HLT", 120, 12, S.RETURNED, _d("2016-09-19"), "Urban migrants and maternal health in Nairobi's settlements"),
    Story(2017, "KEN", "NC", "ENV", 170, 24, S.ENDORSE, _d("2016-09-27"), "Planned relocation along Lake Victoria: guidelines for Kenya", returned_once=True),
    Story(2017, "UGA", "CT", "CTR", 160, 18, S.REVIEW, _d("2016-09-12"), "Communities against child trafficking in Karamoja, Uganda", heavy_staff=True, answers=(("RPDO", "clear"), ("RME", "clear"))),
    Story(2017, "ETH", "LM", "LAB", 200, 24, S.ENDORSED, _d("2016-09-26"), "Labour attachés of Ethiopia: services for workers abroad"),
    Story(2017, "SOM", "IB", "BRD", 195, 18, S.FUND_REVIEW, _d("2016-09-14"), "Immigration officers of Somalia: a national curriculum"),
    Story(2017, "TZA", "PR", "RES", 70, 12, S.APPROVER, _d("2016-09-23"), "Who lives in the cities? Migration data of the United Republic of Tanzania"),
    Story(2017, "UGA", "RM", "MDV", 85, 12, S.APPROVED, _d("2016-09-16"), "Cheaper remittances for rural Uganda"),
    Story(2017, "RO-NBO", "CT", "CTR", 300, 24, S.REVIEW, _d("2016-09-15"), "Safer routes from the Horn of Africa: shared protection of migrants", countries=("ETH", "KEN", "SOM", "DJI"), answers=(("RME", "return"),)),
    Story(2017, "GHA", "PM", "RES", 65, 12, S.CONCEPT, _d("2016-08-30"), "Telling the truth about irregular journeys: evidence for campaigns in Ghana"),
    Story(2017, "NPL", "NC", "ENV", 130, 18, S.CONCEPT, _d("2016-09-14"), "After the earthquake: mobility and reconstruction in Nepal's hill districts"),
    Story(2017, "PER", "PO", "POL", 110, 12, S.CONCEPT, _d("2016-09-26"), "Local governments of Peru and the arrival of migrants"),
    Story(2017, "SEN", "LM", "LAB", 145, 18, S.DRAFT, _d("2016-08-22"), "Circular migration of Senegalese farm workers: fair terms", drafted=_D.NEARLY),
    Story(2017, "GEO", "RM", "MDV", 95, 12, S.DRAFT, _d("2016-09-12"), "Savings and small enterprises of migrant families in Georgia", drafted=_D.BEGUN),
    Story(2017, "MEX", "MA", "HLT", 135, 18, S.DRAFT, _d("2016-09-21"), "Health windows for migrants in transit through Mexico"),
    Story(2017, "ZMB", "NC", "ENV", 155, 18, S.OFFICE_CLEAR, _d("2016-09-29"), "Rural exodus and climate in Zambia's southern province"),
    Story(2017, "MDA", "RT", "RTN", 105, 12, S.RETURNED, _d("2016-09-13"), "Schools for children who return to the Republic of Moldova", unknown_eligibility=True),
    Story(2017, "EGY", "CT", "CTR", 165, 18, S.ENDORSE, _d("2016-09-21"), "Unaccompanied children in Egypt: alternatives to detention"),
    Story(2017, "PHL", "NC", "ENV", 150, 18, S.FUND_REVIEW, _d("2016-09-20"), "Typhoons and evacuation centres: municipal plans in the Philippines", returned_once=True),
    Story(2017, "CRI", "FM", "LAB", 125, 12, S.RETAINED, _d("2016-08-17"), "Indigenous seasonal workers in Costa Rica: documents, health and schooling"),
    Story(2017, "MOZ", "NC", "ENV", 140, 18, S.APPROVED, _d("2016-09-09"), "Resettlement after floods in Mozambique: a municipal toolkit"),
)
# fmt: on
