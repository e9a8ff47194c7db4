"""The values that a HubSpot account is made of: records, owners, teams, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.sandbox.hubspot.links import Links

if TYPE_CHECKING:
    from collections.abc import Mapping

PERSON, QUEUE = "PERSON", "QUEUE"


@dataclass(frozen=True, slots=True)
class Record:
    """One record. Only what is not empty is in ``values``; it is never changed in place, it is replaced."""

    id: str
    values: Mapping[str, str]
    archived: str = ""
    """When it was archived; empty if it was not."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team of users."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who may own records. ``id`` goes into ``hubspot_owner_id``; ``user_id`` does not."""

    id: str
    user_id: int
    email: str
    first: str
    last: str
    kind: str = PERSON
    team: Team | None = None
    archived: bool = False
    created: str = ""
    updated: str = ""

    @property
    def name(self) -> str:
        """In full."""
        return f"{self.first} {self.last}".strip()


@dataclass(slots=True)
class Population:
    """Everything that an account holds on its first morning."""

    owners: dict[str, Owner] = field(default_factory=dict)
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    links: Links = field(default_factory=Links)
    owner_ids: dict[str, str] = field(default_factory=dict)
    """The seeded users' ids → ids of owners; whoever cannot own is missing."""
    ids: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The seeded rows' ids → object type and record id."""
