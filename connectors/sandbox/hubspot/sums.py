"""What a company or a contact says of its links: how many there are, and when somebody was last in touch. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.hubspot.link_types import CHILD_TO_PARENT, PRIMARY_COMPANY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.sandbox.hubspot.links import End
    from connectors.sandbox.hubspot.portal import Portal

TOUCHES = ("calls", "emails", "meetings")
"""Activities that count as contact with a company."""
SUMMED = frozenset(
    {
        "notes_last_contacted",
        "num_contacted_notes",
        "hs_last_sales_activity_timestamp",
        "num_associated_contacts",
        "num_associated_deals",
        "hs_parent_company_id",
        "associatedcompanyid",
    }
)
"""Every property that is computed here."""


def is_touch(values: Mapping[str, str]) -> bool:
    """Whether a rep did it; mail that comes in is the buyer's doing."""
    return values.get("hs_email_direction") != "INCOMING_EMAIL"


def touch_sums(times: list[str]) -> dict[str, str]:
    """What a record says of its touches, from their moments."""
    if not times:
        return {}
    return {
        "notes_last_contacted": max(times),
        "hs_last_sales_activity_timestamp": max(times),
        "num_contacted_notes": str(len(times)),
    }


def sums_of(portal: Portal, end: End) -> dict[str, str]:
    """Every sum of one company or contact, as its links are now."""
    return touch_sums(_touch_times(portal, end)) | _counts(portal, end)


def _touch_times(portal: Portal, end: End) -> list[str]:
    found = []
    for name in TOUCHES:
        linked = (portal.records[name].get(id_) for id_ in portal.links.of(end, name))
        found += [
            record.values["hs_timestamp"]
            for record in linked
            if record and not record.archived and is_touch(record.values) and "hs_timestamp" in record.values
        ]
    return found


def _counts(portal: Portal, end: End) -> dict[str, str]:
    companies = portal.links.of(end, "companies")
    if end[0] == "contacts":
        primary = [id_ for id_, kinds in companies.items() if PRIMARY_COMPANY in kinds]
        return {"associatedcompanyid": primary[0]} if primary else {}
    parents = [id_ for id_, kinds in companies.items() if CHILD_TO_PARENT in kinds]
    counted = {
        f"num_associated_{to}": str(sum(portal.get(to, id_) is not None for id_ in portal.links.of(end, to)))
        for to in ("contacts", "deals")
    }
    return counted | ({"hs_parent_company_id": parents[0]} if parents else {})
