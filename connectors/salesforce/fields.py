"""Which Salesforce object and field stands behind each stream and each of the worker's field names, by default."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from connectors.port import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECTS: Mapping[Stream, tuple[str, ...]] = MappingProxyType(
    {
        Stream.USERS: ("User",),
        Stream.ACCOUNTS: ("Account",),
        Stream.CONTACTS: ("Contact",),
        Stream.LEADS: ("Lead",),
        Stream.OPPORTUNITIES: ("Opportunity",),
        Stream.ACTIVITIES: ("Task", "Event"),
    }
)

VERSIONED = Stream.ACCOUNTS
"""The one stream whose rows have ETags, and so the only one whose owners can be changed conditionally."""

OPTIONAL_OBJECTS = frozenset({"Lead"})
"""Objects that an org may lack; their stream is then empty."""

DEFAULT_FIELDS: Mapping[Stream, Mapping[str, str]] = MappingProxyType(
    {
        Stream.USERS: MappingProxyType(
            {
                "name": "Name",
                "email": "Email",
                "username": "Username",
                "team": "Department",
                "region": "Division",
                "title": "Title",
                "role": "UserRole.Name",
                "manager": "ManagerId",
                "time_zone": "TimeZoneSidKey",
            }
        ),
        Stream.ACCOUNTS: MappingProxyType(
            {
                "name": "Name",
                "owner": "OwnerId",
                "type": "Type",
                "industry": "Industry",
                "revenue": "AnnualRevenue",
                "employees": "NumberOfEmployees",
                "country": "BillingCountry",
                "parent": "ParentId",
                "website": "Website",
                "phone": "Phone",
                "created_at": "CreatedDate",
                "rating": "Rating",
            }
        ),
        Stream.CONTACTS: MappingProxyType(
            {"account": "AccountId", "name": "Name", "email": "Email", "title": "Title", "owner": "OwnerId"}
        ),
        Stream.LEADS: MappingProxyType(
            {
                "name": "Name",
                "company": "Company",
                "email": "Email",
                "owner": "OwnerId",
                "status": "Status",
                "source": "LeadSource",
                "country": "Country",
            }
        ),
        Stream.OPPORTUNITIES: MappingProxyType(
            {
                "account": "AccountId",
                "owner": "OwnerId",
                "name": "Name",
                "stage": "StageName",
                "amount": "Amount",
                "close_date": "CloseDate",
                "closed": "IsClosed",
                "won": "IsWon",
            }
        ),
        Stream.ACTIVITIES: MappingProxyType(
            {
                "account": "AccountId",
                "kind": "Type",
                "at": "CompletedDateTime",
                "owner": "OwnerId",
                "done": "IsClosed",
                "contact": "WhoId",
            }
        ),
    }
)
"""Worker name → Salesforce field, for standard fields that every org has. For activities ``kind``, ``at`` and ``done``
name the Task's field; an Event's are worked out from its start and end."""


def merged(overrides: Mapping[Stream, Mapping[str, str]]) -> dict[Stream, dict[str, str]]:
    """The defaults with the configuration's own names over them; an empty name leaves a default out."""
    return {
        stream: {name: field for name, field in {**defaults, **overrides.get(stream, {})}.items() if field}
        for stream, defaults in DEFAULT_FIELDS.items()
    }
