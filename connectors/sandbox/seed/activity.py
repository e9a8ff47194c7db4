"""What happened around the seeded accounts: contacts, opportunities, touches by reps, visits by buyers, leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.sandbox.catalog import ENGAGEMENT_TYPES
from connectors.sandbox.seed.draw import Book, Calendar, log_normal, power_law, weighted
from connectors.sandbox.seed.variants import vary_name
from connectors.sandbox.seed.words import CITIES, COUNTRIES, FIRST_NAMES, FIRST_PARTS, LAST_NAMES, SECOND_PARTS, TITLES

if TYPE_CHECKING:
    from random import Random

    from connectors.port import Value
    from connectors.sandbox.seed.accounts import Holding
    from connectors.sandbox.seed.people import People

NO_VISITS = 0.24
VISIT_TAIL = 3.2
UNWORKED = 0.125
SHARES = {
    "lost": 0.45,
    "renewed": 0.4,
    "pool_touched": 0.4,
    "unworked_touched": 0.7,
    "with_contact": 0.8,
    "lead_of_account": 0.5,
    "lead_with_site": 0.6,
}
"""Owned prospects whose rep has not touched them for more than 90 days."""


@dataclass(frozen=True, slots=True)
class Story:
    """The books that the seeding of activity writes to."""

    draw: Random
    calendar: Calendar
    people: People
    contacts: Book
    opportunities: Book
    tasks: Book
    events: Book


def tell_story(draw: Random, calendar: Calendar, people: People, holdings: list[Holding]) -> Story:
    """Everything that happened, account by account, in one fixed order."""
    story = Story(draw, calendar, people, Book("Contact"), Book("Opportunity"), Book("Task"), Book("Event"))
    for holding in holdings:
        contacts = _meet_contacts(story, holding)
        _deal(story, holding)
        days = [*_touch(story, holding, contacts), *_visits(story, holding, contacts)]
        if days:
            holding.row["LastActivityDate"] = calendar.day(min(days))
    return story


def _meet_contacts(story: Story, holding: Holding) -> list[str]:
    draw, count = story.draw, weighted(story.draw, ((0, 18), (1, 37), (2, 27), (3, 11), (4, 7)))
    site = str(holding.row.get("Website") or "").removeprefix("https://www.")
    return [_contact(story, holding, draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES), site) for _ in range(count)]


def _contact(story: Story, holding: Holding, first: str, last: str, site: str) -> str:
    row = story.contacts.add(
        story.calendar.moment(story.draw, story.draw.randrange(1, holding.age)),
        holding.owner,
        AccountId=holding.row["Id"],
        OwnerId=holding.owner,
        FirstName=first,
        LastName=last,
        Name=f"{first} {last}",
        Email=f"{first}.{last}@{site}".lower() if site else None,
        Title=story.draw.choice(TITLES),
        Phone=holding.row.get("Phone"),
    )
    return str(row["Id"])


def _deal(story: Story, holding: Holding) -> None:
    draw, customer = story.draw, holding.kind == "Customer"
    if customer:
        for _ in range(weighted(draw, ((1, 65), (2, 25), (3, 10)))):
            _opportunity(story, holding, "Closed Won", draw.randrange(20, 700))
    if draw.random() < (0.25 if customer else 0.06):
        lost = draw.random() < SHARES["lost"]
        stage = (
            "Closed Lost"
            if lost
            else draw.choice(
                ("Prospecting", "Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review")
            )
        )
        _opportunity(story, holding, stage, draw.randrange(10, 400) if lost else -draw.randrange(5, 120))


def _opportunity(story: Story, holding: Holding, stage: str, closed_days: int) -> None:
    closed, won = stage.startswith("Closed"), stage == "Closed Won"
    renewed = holding.kind == "Customer"
    closed_days = min(closed_days, holding.age - 10)
    made = min(max(closed_days, 0) + story.draw.randrange(10, 120), holding.age)
    created = story.calendar.moment(story.draw, made)
    changed = story.calendar.moment(
        story.draw, max(closed_days, 1) if closed else story.draw.randrange(1, min(30, made))
    )
    story.opportunities.add(
        created,
        holding.owner,
        (max(created, changed), holding.owner),
        AccountId=holding.row["Id"],
        OwnerId=holding.owner,
        Name=f"{holding.row['Name']} - {'Renewal' if renewed and story.draw.random() < SHARES['renewed'] else 'New'}"[
            :120
        ],
        StageName=stage,
        Amount=float(log_normal(story.draw, 8.19, 0.57, 10)),
        Probability=100.0 if won else 0.0 if closed else float(story.draw.choice((10, 20, 40, 60, 80))),
        CloseDate=story.calendar.day(closed_days),
        Type="Renewal" if renewed and not won else "New Business",
        IsClosed=closed,
        IsWon=won,
        ForecastCategoryName="Closed" if won else "Omitted" if closed else "Pipeline",
    )


def _touch_days(story: Story, holding: Holding) -> list[int]:
    """How many days ago the rep last did something, latest first. Customers are looked after."""
    draw = story.draw
    if holding.owner == story.people.pool:
        return [draw.randrange(100, 500)] if draw.random() < SHARES["pool_touched"] else []
    if holding.owner in story.people.leavers:
        return [draw.randrange(120, 500)]
    if holding.kind != "Customer" and draw.random() < UNWORKED:
        return [draw.randrange(92, 420)] if draw.random() < SHARES["unworked_touched"] else []
    last = min(int(draw.expovariate(1 / 28)) + 1, 88)
    more = weighted(draw, ((0, 30), (1, 32), (2, 20), (3, 12), (4, 6)))
    return sorted([last, *(last + draw.randrange(2, 160) for _ in range(more))])


def _touch(story: Story, holding: Holding, contacts: list[str]) -> list[int]:
    days = [ago for ago in _touch_days(story, holding) if ago < holding.age]
    by = story.draw.choice(story.people.leavers) if holding.owner == story.people.pool else holding.owner
    for ago in days:
        who = story.draw.choice(contacts) if contacts and story.draw.random() < SHARES["with_contact"] else None
        kind = weighted(story.draw, (("Call", 40), ("Email", 38), ("Meeting", 14), ("Task", 8)))
        if kind == "Meeting":
            _meeting(story, holding, by, who, ago)
        else:
            _task(story, holding, by, who, ago, TaskSubtype=kind, Type=kind if kind != "Task" else "Other")
    return days


def _visits(story: Story, holding: Holding, contacts: list[str]) -> list[int]:
    draw = story.draw
    if draw.random() < NO_VISITS:
        return []
    days = [min(int(draw.expovariate(1 / 60)) + 1, holding.age - 1) for _ in range(power_law(draw, VISIT_TAIL))]
    for ago in days:
        kind = weighted(draw, tuple(zip(ENGAGEMENT_TYPES, (45, 35, 20), strict=True)))
        who = draw.choice(contacts) if contacts else None
        _task(story, holding, story.people.integration, who, ago, TaskSubtype="Task", Type=kind, Subject=kind)
    return days


def _task(story: Story, holding: Holding, by: str, who: str | None, ago: int, **more: Value) -> None:
    done = story.calendar.moment(story.draw, ago)
    values: dict[str, Value] = {
        "WhatId": holding.row["Id"],
        "AccountId": holding.row["Id"],
        "WhoId": who,
        "OwnerId": by,
        "Subject": str(more.get("Type")),
        "ActivityDate": done[:10],
        "Status": "Completed",
        "IsClosed": True,
        "Priority": "Normal",
        "CompletedDateTime": done,
    }
    story.tasks.add(done, by, **{**values, **more})


def _meeting(story: Story, holding: Holding, by: str, who: str | None, ago: int) -> None:
    start = story.calendar.moment(story.draw, ago)
    hour = int(start[11:13]) + 1
    story.events.add(
        story.calendar.moment(story.draw, min(ago + 3, holding.age)),
        by,
        WhatId=holding.row["Id"],
        AccountId=holding.row["Id"],
        WhoId=who,
        OwnerId=by,
        Subject="Meeting",
        Type=story.draw.choice(("Meeting", "Demo")),
        EventSubtype="Event",
        ActivityDate=start[:10],
        StartDateTime=start,
        EndDateTime=f"{start[:11]}{hour:02d}{start[13:]}",
        DurationInMinutes=60,
    )


def gather_leads(draw: Random, calendar: Calendar, people: People, holdings: list[Holding]) -> Book:
    """A quarter as many leads as accounts; half of them belong to an account whose name they spell in their own way."""
    leads = Book("Lead")
    for _ in range(len(holdings) // 4):
        known = draw.choice(holdings) if draw.random() < SHARES["lead_of_account"] else None
        company, country, site = _lead_company(draw, known)
        first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
        made = calendar.moment(draw, draw.randrange(1, 200))
        leads.add(
            made,
            people.integration,
            FirstName=first,
            LastName=last,
            Name=f"{first} {last}",
            Company=company,
            Country=country,
            City=draw.choice(CITIES[country])[0],
            Title=draw.choice(TITLES),
            Email=f"{first}.{last}@{site or 'mail.example'}".lower(),
            Website=f"https://{site}" if site else None,
            LeadSource=weighted(draw, (("Web", 45), ("Event", 20), ("Purchased List", 25), ("Referral", 10))),
            Status=weighted(
                draw, (("Open - Not Contacted", 55), ("Working - Contacted", 35), ("Closed - Not Converted", 10))
            ),
            OwnerId=draw.choice(people.reps) if people.reps else people.pool,
        )
    return leads


def _lead_company(draw: Random, known: Holding | None) -> tuple[str, str, str | None]:
    if known is None:
        country = weighted(draw, COUNTRIES[draw.choice(tuple(COUNTRIES))])
        return f"{draw.choice(FIRST_PARTS)} {draw.choice(SECOND_PARTS)} {draw.choice(SECOND_PARTS)}", country, None
    row = known.row
    site = str(row.get("Website") or "").removeprefix("https://www.")
    return (
        vary_name(draw, str(row["Name"])),
        str(row["BillingCountry"]),
        site if site and draw.random() < SHARES["lead_with_site"] else None,
    )
