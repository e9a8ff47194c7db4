"""The seeded company: a pure function of a seed, sizes and a day. It knows no CRM dialect and no server."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING

from connectors.sandbox.catalog import CATALOG
from connectors.sandbox.seed.accounts import found_accounts, set_capacities
from connectors.sandbox.seed.activity import gather_leads, tell_story
from connectors.sandbox.seed.draw import Book, Calendar
from connectors.sandbox.seed.people import People, hire_people

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from connectors.sandbox.schema import Row
    from connectors.sandbox.seed.accounts import Holding


@dataclass(frozen=True, slots=True)
class Seeding:
    """The company on its first morning: rows by object and id, and the users whom tests speak of."""

    tables: Mapping[str, Mapping[str, Row]]
    org: str
    admin: str
    integration: str
    pool: str
    reps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """One rep, as the company's own list of people tells it: what a CRM may have no field for."""

    email: str
    name: str
    team: str
    capacity: int
    hired: str
    time_zone: str


def roster(seeding: Seeding) -> tuple[Seat, ...]:
    """Every rep on the first morning, in the order of hiring. Reps are known by their addresses in every CRM."""
    users = seeding.tables["User"]
    return tuple(_seat(users[rep]) for rep in seeding.reps)


def _seat(row: Row) -> Seat:
    return Seat(
        email=str(row["Email"]),
        name=str(row["Name"]),
        team=str(row["Department"]),
        capacity=int(float(str(row["Book_Capacity__c"]))),
        hired=str(row["Hired__c"]),
        time_zone=str(row["TimeZoneSidKey"]),
    )


@lru_cache(maxsize=8)
def seed_company(seed: int, accounts: int, reps: int, today: date) -> Seeding:
    """The same arguments give the same company, on any machine. Dates are counted back from ``today``, UTC."""
    draw, calendar = Random(seed), Calendar(today)  # noqa: S311 - a company is drawn, not a secret
    people = hire_people(draw, calendar, reps)
    accounts_book, holdings = found_accounts(draw, calendar, people, accounts)
    set_capacities(draw, people, holdings)
    story = tell_story(draw, calendar, people, holdings)
    leads = gather_leads(draw, calendar, people, holdings)
    rest = _surroundings(draw, calendar, people, holdings)
    books = (people.users, people.roles, people.profiles, accounts_book, story.contacts, story.opportunities,
             story.tasks, story.events, leads, *rest)  # fmt: skip
    tables: dict[str, dict[str, Row]] = {name: {} for name in CATALOG} | {book.entity: book.rows for book in books}
    return Seeding(
        tables=tables,
        org=next(iter(tables["Organization"])),
        admin=people.admin,
        integration=people.integration,
        pool=people.pool,
        reps=people.reps,
    )


def _surroundings(draw: Random, calendar: Calendar, people: People, holdings: list[Holding]) -> tuple[Book, ...]:
    """The org itself, a queue, a territory, and a few account team members."""
    org, queue, territory = Book("Organization"), Book("Group"), Book("Territory2")
    links, team = Book("ObjectTerritory2Association"), Book("AccountTeamMember")
    born = calendar.moment(draw, 2950)
    org.add(
        born,
        people.admin,
        Name="Acme",
        InstanceName="CS5",
        OrganizationType="Enterprise Edition",
        IsSandbox=True,
        TimeZoneSidKey="UTC",
    )
    queue.add(born, people.admin, Name="Inbound", DeveloperName="Inbound", Type="Queue", Email="inbound@acme.example")
    emea = territory.add(born, people.admin, Name="EMEA", DeveloperName="EMEA")
    for holding in holdings[::50]:
        made = calendar.moment(draw, 30)
        team.add(
            made,
            people.admin,
            AccountId=holding.row["Id"],
            UserId=draw.choice(people.reps or (people.pool,)),
            TeamMemberRole="Pre-Sales Consultant",
            AccountAccessLevel="Read",
        )
        links.add(
            made, people.admin, ObjectId=holding.row["Id"], Territory2Id=emea["Id"], AssociationCause="Territory2Manual"
        )
    return org, queue, territory, links, team
