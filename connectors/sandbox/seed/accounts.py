"""The seeded company's accounts, with the shapes of a real CRM: long tails, holes, and books that are nearly full."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.sandbox.catalog import INDUSTRIES
from connectors.sandbox.seed.draw import Book, Calendar, log_normal, pareto, weighted
from connectors.sandbox.seed.words import CITIES, COUNTRIES, DIALS, FIRST_PARTS, LEGAL_FORMS, SECOND_PARTS

if TYPE_CHECKING:
    from random import Random

    from connectors.port import Value
    from connectors.sandbox.schema import Row
    from connectors.sandbox.seed.people import People

ENTERPRISE = 100
"""Employees from which an account belongs to the Enterprise segment."""
SHARES = {
    "pool": 0.08,
    "leaver": 0.01,
    "misfit": 0.10,
    "child": 0.02,
    "do_not_move": 0.005,
    "intent": 0.12,
    "legal_form": 0.45,
    "newly_owned": 0.08,
    "protected": 0.01,
}
MISSING = {"employees": 0.35, "industry": 0.29, "revenue": 0.40, "website": 0.12, "phone": 0.25, "rating": 0.70}


@dataclass(frozen=True, slots=True)
class Holding:
    """One account with what the rest of the seeding needs to know of it."""

    row: Row
    owner: str
    kind: str | None
    age: int
    """Days since it was made: nothing about it is older."""


def name_accounts(draw: Random, count: int) -> list[str]:
    """Distinct two- or three-word names."""
    pairs = [f"{first} {second}" for first in FIRST_PARTS for second in SECOND_PARTS]
    draw.shuffle(pairs)
    middle = len(pairs)
    return [
        pairs[at % middle] if at < middle else f"{pairs[at % middle]} {_ordinal(at // middle)}" for at in range(count)
    ]


def _ordinal(number: int) -> str:
    return FIRST_PARTS[number % len(FIRST_PARTS)] + ("" if number < len(FIRST_PARTS) else str(number))


def found_accounts(draw: Random, calendar: Calendar, people: People, count: int) -> tuple[Book, list[Holding]]:
    """All accounts and who holds them."""
    book, holdings = Book("Account"), []
    for name in name_accounts(draw, count):
        region = weighted(draw, (("EMEA", 42), ("AMER", 43), ("APAC", 15)))
        firm = _firm(draw, name, region)
        owner = _owner(draw, people, region, str(firm["Segment__c"]))
        holding = _holding(draw, calendar, book, people, firm, owner)
        holdings.append(holding)
    _adopt_children(draw, holdings)
    return book, holdings


def _firm(draw: Random, name: str, region: str) -> dict[str, Value]:
    country = weighted(draw, COUNTRIES[region])
    city, state, postal = draw.choice(CITIES[country])
    employees = None if draw.random() < MISSING["employees"] else pareto(draw, 15.39, 0.7509, 250_000)
    return {
        "Name": _display_name(draw, name, country),
        "NumberOfEmployees": employees,
        "AnnualRevenue": None if draw.random() < MISSING["revenue"] else float(log_normal(draw, 15.6, 1.6, 10_000)),
        "Industry": None if draw.random() < MISSING["industry"] else _industry(draw, name),
        "Website": None if draw.random() < MISSING["website"] else _website(name),
        "Phone": None
        if draw.random() < MISSING["phone"]
        else f"{DIALS[country]} {draw.randrange(20, 99)} 555 {draw.randrange(10000):04d}",
        "Rating": None if draw.random() < MISSING["rating"] else draw.choice(("Hot", "Warm", "Cold")),
        "BillingCity": city,
        "BillingState": state,
        "BillingPostalCode": postal,
        "BillingCountry": country,
        "Region__c": region,
        "Segment__c": "Enterprise" if (employees or 0) >= ENTERPRISE else "Mid-Market",
    }


def _display_name(draw: Random, name: str, country: str) -> str:
    return f"{name} {draw.choice(LEGAL_FORMS[country])}" if draw.random() < SHARES["legal_form"] else name


_HINTS = {
    "Bank": "Banking",
    "Payments": "Fintech",
    "Software": "Software",
    "Insurance": "Insurance",
    "Energy": "Energy",
    "Health": "Healthcare",
    "Clinics": "Healthcare",
    "Retail": "Retail",
    "Telecom": "Telecommunications",
    "Education": "Education",
    "Freight": "Transportation",
    "Cloud": "Software",
    "Steel": "Manufacturing",
}
_INDUSTRIES = tuple(zip(INDUSTRIES, (18, 7, 8, 6, 11, 14, 10, 6, 5, 5, 4, 6), strict=True))


def _industry(draw: Random, name: str) -> str:
    return _HINTS.get(name.split()[1]) or weighted(draw, _INDUSTRIES)


def _website(name: str) -> str:
    return f"https://www.{name.replace(' ', '').lower()}.example"


def _owner(draw: Random, people: People, region: str, segment: str) -> str:
    chance = draw.random()
    if chance < SHARES["pool"]:
        return people.pool
    if chance < SHARES["pool"] + SHARES["leaver"]:
        return draw.choice(people.leavers)
    team = region if region == "APAC" else f"{region} {segment}"
    everybody = people.reps or (people.pool,)
    fitting = people.teams[team] or everybody
    return draw.choice(everybody if draw.random() < SHARES["misfit"] else fitting)


def _holding(  # noqa: PLR0913, PLR0917 - an account is all of these together
    draw: Random, calendar: Calendar, book: Book, people: People, firm: dict[str, Value], owner: str
) -> Holding:
    pooled = owner == people.pool
    kind = weighted(draw, (("Prospect", 80), ("Customer", 15), ("Partner", 3), (None, 2)))
    if pooled and kind == "Customer":
        kind = "Prospect"
    age = draw.randrange(60, 1800)
    owned = min(draw.randrange(1, 30) if draw.random() < SHARES["newly_owned"] else draw.randrange(31, 900), age)
    made = calendar.moment(draw, age)
    modified = max(made, calendar.moment(draw, draw.randrange(1, min(owned, 400) + 1)))
    topics = _topics(draw)
    row = book.add(
        made,
        people.admin,
        (modified, people.admin if pooled else draw.choice((people.admin, owner, people.integration))),
        **firm,
        OwnerId=owner,
        Type=kind,
        Owner_Since__c=calendar.moment(draw, owned),
        Renewal_Date__c=calendar.day(-draw.randrange(5, 365)) if kind == "Customer" else None,
        Protected_Until__c=calendar.day(-draw.randrange(1, 60)) if draw.random() < SHARES["protected"] else None,
        Do_Not_Move__c=draw.random() < SHARES["do_not_move"],
        AccountSource=draw.choice(("Web", "Referral", "Purchased List", "Partner", None)),
        Intent_Updated__c=calendar.day(draw.randrange(1, 41)) if topics else None,
        **topics,
    )
    return Holding(row, owner, kind, age)


def _topics(draw: Random) -> dict[str, Value]:
    if draw.random() >= SHARES["intent"]:
        return {}
    topics = ("Intent_Cybersecurity__c", "Intent_Cloud_Migration__c", "Intent_Data_Privacy__c")
    chosen = draw.sample(topics, weighted(draw, ((1, 60), (2, 30), (3, 10))))
    return {topic: float(min(100, max(0, round(draw.gauss(55, 17))))) for topic in sorted(chosen)}


def _adopt_children(draw: Random, holdings: list[Holding]) -> None:
    size = round(len(holdings) * SHARES["child"])
    if size * 2 >= len(holdings):
        return
    picked = draw.sample(range(len(holdings)), size * 2)
    for child, parent in zip(picked[:size], picked[size:], strict=True):
        holdings[child].row["ParentId"] = holdings[parent].row["Id"]


def set_capacities(draw: Random, people: People, holdings: list[Holding]) -> None:
    """Gives each rep room: a book is 75 to 95 % full, and no capacity is below five."""
    held: dict[str, int] = {}
    for holding in holdings:
        held[holding.owner] = held.get(holding.owner, 0) + 1
    for rep in people.reps:
        capacity = math.ceil(held.get(rep, 0) / draw.uniform(0.75, 0.95))
        people.users.rows[rep]["Book_Capacity__c"] = float(max(5, capacity))
