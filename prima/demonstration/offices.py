"""Where the demonstration's projects are: offices with their region, and how a country is called in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from prima.demonstration.days import TODAY
from prima.demonstration.people import EVALUATOR, ORGANIZATION, REGIONAL, People
from prima.lists import Country
from prima.places import Office
from prima.users import Role, User

WITH_ARTICLE = (
    "United ",
    "Dominican ",
    "Democratic ",
    "Republic ",
    "Central African",
    "Philippines",
    "Niger",
    "Gambia",
)
OF_THE_ORGANIZATION = frozenset(post.role for post in (*ORGANIZATION, EVALUATOR))
OF_THE_REGION = frozenset(post.role for post in REGIONAL)


@dataclass(frozen=True)
class Site:
    """A management site and its people: its own team, or that of its Regional Office; regional and Geneva's roles."""

    office: Office
    region: str
    people: People

    def who(self, role: Role) -> User:
        if role in OF_THE_ORGANIZATION:
            return self.people.at(role, "HQ")
        if role in OF_THE_REGION:
            return self.people.at(role, f"RO-{self.region}")
        return self.people.at(role, self.people.team_office(self.office.code, self.region))


def sites(session: Session, people: People) -> dict[str, Site]:
    """Every office that belongs to a region, by its code."""
    offices = session.scalars(select(Office).options(selectinload(Office.links)).order_by(Office.id))
    return {office.code: Site(office, region, people) for office in offices if (region := office.region_on(TODAY))}


def countries(session: Session) -> dict[str, Country]:
    return {country.code: country for country in session.scalars(select(Country))}


def in_a_sentence(name: str) -> str:
    """The United Republic of Tanzania has an article, Kenya has none."""
    return f"the {name}" if name == "Niger" or name.startswith(WITH_ARTICLE) else name
