"""The seeded company's people: reps in teams, their leads, an admin, an integration user, a pool user, leavers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.sandbox.catalog import CATALOG, TEAMS
from connectors.sandbox.ids import record_id
from connectors.sandbox.seed.draw import Book, Calendar
from connectors.sandbox.seed.words import FIRST_NAMES, LAST_NAMES

if TYPE_CHECKING:
    from random import Random

    from connectors.sandbox.schema import Row

DOMAIN = "acme.example"
PROFILES = (
    "System Administrator",
    "Standard User",
    "Minimum Access - API Only Integrations",
    "Chatter External User",
)
TEAM_WEIGHTS = {"EMEA Enterprise": 10, "EMEA Mid-Market": 31, "AMER Enterprise": 10, "AMER Mid-Market": 33, "APAC": 16}
"""How many of a hundred reps each team has: as many as its accounts need."""
ZONES = {
    "EMEA Enterprise": "Europe/Berlin",
    "EMEA Mid-Market": "Europe/London",
    "AMER Enterprise": "America/New_York",
    "AMER Mid-Market": "America/Los_Angeles",
    "APAC": "Asia/Tokyo",
}


@dataclass(frozen=True, slots=True)
class People:
    """Who works here. Every value is a row of User, or an id of one."""

    users: Book
    roles: Book
    profiles: Book
    teams: dict[str, list[str]]
    """Active reps' ids by team."""
    reps: tuple[str, ...]
    """All of them."""
    leavers: list[str]
    admin: str
    integration: str
    pool: str


def team_sizes(reps: int) -> dict[str, int]:
    """Reps by team: by weight, largest remainders first, at least one in each team while there are enough."""
    floor = 1 if reps >= len(TEAMS) else 0
    spread = reps - floor * len(TEAMS)
    shares = {team: spread * TEAM_WEIGHTS[team] / sum(TEAM_WEIGHTS.values()) for team in TEAMS}
    sizes = {team: floor + int(share) for team, share in shares.items()}
    by_remainder = sorted(TEAMS, key=lambda team: (int(shares[team]) - shares[team], team))
    for team in by_remainder[: reps - sum(sizes.values())]:
        sizes[team] += 1
    return sizes


class _Hiring:
    """Writes user rows with names that do not repeat."""

    def __init__(self, draw: Random, calendar: Calendar) -> None:
        self.draw, self.calendar = draw, calendar
        self.users, self.roles, self.profiles = Book("User"), Book("UserRole"), Book("Profile")
        self.admin = record_id(CATALOG["User"].prefix, 1)
        self.names: set[str] = set()

    def name(self) -> tuple[str, str]:
        while True:
            first, last = self.draw.choice(FIRST_NAMES), self.draw.choice(LAST_NAMES)
            if f"{first} {last}" not in self.names:
                self.names.add(f"{first} {last}")
                return first, last
            if len(self.names) > len(FIRST_NAMES) * len(LAST_NAMES) // 2:
                last = f"{last}-{self.draw.choice(LAST_NAMES)}"
                self.names.add(f"{first} {last}")
                return first, last

    def hire(self, first: str | None, last: str, handle: str, title: str, **more: str | float | bool | None) -> Row:
        tenure = self.draw.randrange(40, 2600)
        joined = self.calendar.moment(self.draw, tenure)
        values = {
            "Username": f"{handle}@{DOMAIN}",
            "Email": f"{handle}@{DOMAIN}",
            "LastName": last,
            "FirstName": first,
            "Name": f"{first} {last}" if first else last,
            "Alias": handle.replace(".", "")[:8],
            "Title": title,
            "CompanyName": "Acme",
            "IsActive": True,
            "UserType": "Standard",
            "TimeZoneSidKey": "UTC",
            "LocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US",
            "EmployeeNumber": f"E{len(self.users.rows) + 1:04d}",
            "Hired__c": joined[:10],
            **more,
        }
        return self.users.add(joined, self.admin, **values)

    def person(self, title: str, **more: str | float | bool | None) -> Row:
        first, last = self.name()
        handle = f"{first}.{last}".lower()
        return self.hire(first, last, handle, title, FederationIdentifier=handle, **more)


def hire_people(draw: Random, calendar: Calendar, reps: int) -> People:
    """Everybody, in one fixed order: the same draw gives the same people."""
    hiring = _Hiring(draw, calendar)
    profiles = {
        name: str(hiring.profiles.add(calendar.moment(draw, 2900), hiring.admin, Name=name)["Id"]) for name in PROFILES
    }
    boss = str(
        hiring.roles.add(calendar.moment(draw, 2900), hiring.admin, Name="VP Sales", DeveloperName="VPSales")["Id"]
    )
    admin = hiring.hire(
        "Dana", "Whitfield", "admin", "Salesforce Administrator", ProfileId=profiles["System Administrator"]
    )
    integration = hiring.hire(
        None,
        "Integration User",
        "integration",
        "Integration",
        ProfileId=profiles["Minimum Access - API Only Integrations"],
    )
    pool = hiring.hire(None, "Account Pool", "pool", "Unassigned accounts", ProfileId=profiles["Standard User"])
    teams = {}
    for team, size in team_sizes(reps).items():
        teams[team] = _hire_team(hiring, team, size, profiles["Standard User"], boss)
    leavers = [
        str(
            hiring.person(
                "Account Executive",
                IsActive=False,
                Department=team,
                Division=team[:4],
                ProfileId=profiles["Standard User"],
            )["Id"]
        )
        for team in ("EMEA Mid-Market", "AMER Mid-Market")
    ]
    hiring.person("Guest", UserType="CsnOnly", ProfileId=profiles["Chatter External User"])
    return People(
        users=hiring.users,
        roles=hiring.roles,
        profiles=hiring.profiles,
        teams=teams,
        reps=tuple(rep for team in teams.values() for rep in team),
        leavers=leavers,
        admin=str(admin["Id"]),
        integration=str(integration["Id"]),
        pool=str(pool["Id"]),
    )


def _hire_team(hiring: _Hiring, team: str, size: int, profile: str, boss: str) -> list[str]:
    created = hiring.calendar.moment(hiring.draw, 2800)
    handle = team.replace(" ", "").replace("-", "")
    lead_role = hiring.roles.add(
        created, hiring.admin, Name=f"{team} Manager", DeveloperName=f"{handle}Manager", ParentRoleId=boss
    )
    rep_role = hiring.roles.add(
        created, hiring.admin, Name=f"{team} Rep", DeveloperName=f"{handle}Rep", ParentRoleId=str(lead_role["Id"])
    )
    common = {"Department": team, "Division": team[:4], "TimeZoneSidKey": ZONES[team], "ProfileId": profile}
    lead = hiring.person("Sales Manager", UserRoleId=str(lead_role["Id"]), **common)
    return [
        str(
            hiring.person("Account Executive", UserRoleId=str(rep_role["Id"]), ManagerId=str(lead["Id"]), **common)[
                "Id"
            ]
        )
        for _ in range(size)
    ]
