"""Which HubSpot object and property stands behind each stream and each of the worker's field names, by default.

A name in parentheses is no property: the connector works it out, of an association, a state, or an owner.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from connectors.port import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPANY, CONTACT = "(company)", "(contact)"
KIND, DONE = "(kind)", "(done)"
FULL_NAME = "firstname+lastname"
"""Two properties as one text; contacts have no name of their own."""

OBJECTS: Mapping[Stream, tuple[str, ...]] = MappingProxyType(
    {
        Stream.USERS: (),
        Stream.ACCOUNTS: ("companies",),
        Stream.CONTACTS: ("contacts",),
        Stream.LEADS: (),
        Stream.OPPORTUNITIES: ("deals",),
        Stream.ACTIVITIES: ("calls", "emails", "meetings", "tasks"),
    }
)
"""HubSpot's users are its owners, which are no objects; people who are no customers yet are contacts, not leads."""

DEFAULT_FIELDS: Mapping[Stream, Mapping[str, str]] = MappingProxyType(
    {
        Stream.USERS: MappingProxyType({"name": "name", "email": "email", "team": "team", "user": "userId"}),
        Stream.ACCOUNTS: MappingProxyType(
            {
                "name": "name",
                "owner": "hubspot_owner_id",
                "type": "type",
                "industry": "industry",
                "revenue": "annualrevenue",
                "employees": "numberofemployees",
                "country": "country",
                "parent": "hs_parent_company_id",
                "website": "website",
                "domain": "domain",
                "phone": "phone",
                "created_at": "createdate",
                "stage": "lifecyclestage",
            }
        ),
        Stream.CONTACTS: MappingProxyType(
            {
                "account": "associatedcompanyid",
                "name": FULL_NAME,
                "email": "email",
                "title": "jobtitle",
                "owner": "hubspot_owner_id",
            }
        ),
        Stream.LEADS: MappingProxyType({}),
        Stream.OPPORTUNITIES: MappingProxyType(
            {
                "account": COMPANY,
                "owner": "hubspot_owner_id",
                "name": "dealname",
                "stage": "dealstage",
                "amount": "amount",
                "close_date": "closedate",
                "closed": "hs_is_closed",
                "won": "hs_is_closed_won",
            }
        ),
        Stream.ACTIVITIES: MappingProxyType(
            {
                "account": COMPANY,
                "kind": KIND,
                "at": "hs_timestamp",
                "owner": "hubspot_owner_id",
                "done": DONE,
                "contact": CONTACT,
            }
        ),
    }
)
"""Worker name → HubSpot property, for properties that every account has. A property named for an activity's ``kind``
is read from those activities that have it, and used where it is filled."""

USER_FIELDS = frozenset({"name", "email", "team", "userId", "type"})
"""What can be read of an owner. HubSpot's owners have no properties of an account's own."""


def merged(overrides: Mapping[Stream, Mapping[str, str]]) -> dict[Stream, dict[str, str]]:
    """The defaults with the configuration's own names over them; an empty name leaves a default out."""
    return {
        stream: {name: field for name, field in {**defaults, **overrides.get(stream, {})}.items() if field}
        for stream, defaults in DEFAULT_FIELDS.items()
    }
