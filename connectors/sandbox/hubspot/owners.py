"""Owners, which can only be read; and what the account tells of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.catalog import DEAL_STAGES
from connectors.sandbox.hubspot.objects import next_page
from connectors.sandbox.hubspot.records import QUEUE
from connectors.sandbox.hubspot.strike import page_size
from connectors.sandbox.hubspot.wire import JSON, cursor_in, flag_in, invalid, limit_in, not_found

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Hub
    from connectors.sandbox.hubspot.records import Owner

MOST_LISTED, LISTED = 500, 100
_LONG_AGO = "2019-08-06T02:41:08Z"


def list_owners(hub: Hub, call: Call) -> Reply:
    """``GET /crm/v3/owners``: the active ones, or the archived ones."""
    archived, email = flag_in(call, "archived"), call.query.get("email", "").lower()
    limit = limit_in(call.query.get("limit"), LISTED, MOST_LISTED)
    after = cursor_in(call.query.get("after"))
    found = [
        owner
        for owner in hub.portal.owners.values()
        if owner.archived == archived and int(owner.id) > after and email in {"", owner.email.lower()}
    ]
    page = found[: page_size(call, limit)]
    body: dict[str, object] = {"results": [shown_owner(owner) for owner in page]}
    if len(found) > len(page):
        body["paging"] = {"next": next_page(call, page[-1].id if page else str(after))}
    return Reply(200, body, content_type=JSON)


def read_owner(hub: Hub, call: Call, id_: str) -> Reply:
    """``GET /crm/v3/owners/{id}``, by the owner's id or the user's."""
    archived, key = flag_in(call, "archived"), call.query.get("idProperty", "id")
    if key not in {"id", "userId"}:
        raise invalid(f"idProperty: {key!r} is neither 'id' nor 'userId'")
    for owner in hub.portal.owners.values():
        if owner.archived == archived and id_ == (owner.id if key == "id" else str(owner.user_id)):
            return Reply(200, shown_owner(owner), content_type=JSON)
    raise not_found("resource not found")


def shown_owner(owner: Owner) -> dict[str, object]:
    """One owner. A queue is nobody's user; an archived owner's user is only told as an inactive one."""
    body: dict[str, object] = {"id": owner.id}
    if owner.email:
        body["email"] = owner.email
    body |= {"type": owner.kind, "firstName": owner.first, "lastName": owner.last}
    if owner.kind != QUEUE:
        body |= {} if owner.archived else {"userId": owner.user_id}
        body["userIdIncludingInactive"] = owner.user_id
    body |= {"createdAt": owner.created, "updatedAt": owner.updated, "archived": owner.archived}
    if owner.team:
        body["teams"] = [{"id": owner.team.id, "name": owner.team.name, "primary": True}]
    return body


# What the account tells of itself


def account_details(hub: Hub, _call: Call) -> Reply:
    """``GET /account-info/v3/details``: the day of the limits is the account's own."""
    body = {
        "portalId": hub.settings.hub_id,
        "accountType": "DEVELOPER_TEST",
        "timeZone": "UTC",
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "companyCurrency": "USD",
        "additionalCurrencies": [],
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }
    return Reply(200, body, content_type=JSON)


def daily_usage(hub: Hub, _call: Call) -> Reply:
    """``GET /account-info/v3/api-usage/daily/private-apps``."""
    now = hub.portal.clock.now()
    row = {
        "name": "api-calls-daily",
        "usageLimit": hub.settings.daily_limit,
        "currentUsage": hub.used,
        "collectedAt": hub.portal.now(),
        "fetchStatus": "SUCCESS",
        "resetsAt": f"{now.date().isoformat()}T23:59:59Z",
    }
    return Reply(200, {"results": [row]}, content_type=JSON)


def schemas(_hub: Hub, _call: Call) -> Reply:
    """``GET /crm-object-schemas/v3/schemas``: the account has no object types of its own."""
    return Reply(200, {"results": []}, content_type=JSON)


def pipelines(_hub: Hub, _call: Call, name: str) -> Reply:
    """``GET /crm/v3/pipelines/deals``: the one pipeline, with its stages."""
    if name.lower() not in {"deals", "deal", "0-3"}:
        return Reply(200, {"results": []}, content_type=JSON)
    stamps = {"createdAt": _LONG_AGO, "updatedAt": _LONG_AGO, "archived": False}
    stages = [
        {
            "id": id_,
            "label": label,
            "displayOrder": at,
            "metadata": {"isClosed": str(id_.startswith("closed")).lower(), "probability": probability},
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            **stamps,
        }
        for at, (id_, label, probability) in enumerate(DEAL_STAGES.values())
    ]
    pipeline = {"id": "default", "label": "Sales Pipeline", "displayOrder": 0, "stages": stages, **stamps}
    return Reply(200, {"results": [pipeline]}, content_type=JSON)
