"""What the account tells of itself: its limits, its object types, and the one pipeline that its deals go through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.catalog import DEAL_STAGES, TYPES
from connectors.sandbox.hubspot.link_types import LINK_TYPES
from connectors.sandbox.hubspot.objects import object_type
from connectors.sandbox.hubspot.properties import shown
from connectors.sandbox.hubspot.wire import JSON, not_found

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Hub

_LONG_AGO = "2019-08-06T02:41:08Z"
_STAMPS = {"createdAt": _LONG_AGO, "updatedAt": _LONG_AGO, "archived": False}
_DEALS = frozenset({"deals", "deal", "0-3"})


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


def schema(hub: Hub, _call: Call, name: str) -> Reply:
    """``GET /crm-object-schemas/v3/schemas/{type}``: one of HubSpot's own object types."""
    shape = object_type(name)
    title = shape.title or shape.always[-1]
    body = {
        "id": shape.id,
        "objectTypeId": shape.id,
        "name": shape.singular.upper(),
        "fullyQualifiedName": shape.singular.upper(),
        "labels": {"singular": shape.singular.capitalize(), "plural": shape.name.capitalize()},
        "primaryDisplayProperty": title,
        "requiredProperties": [],
        "searchableProperties": list(shape.searched),
        "secondaryDisplayProperties": [],
        "properties": [shown(each) for each in hub.portal.properties[shape.name].values() if not each.archived],
        "associations": [
            {"id": str(each.id), "name": each.name, "fromObjectTypeId": shape.id, "toObjectTypeId": TYPES[to].id}
            for (start, to), types in LINK_TYPES.items()
            if start == shape.name
            for each in types.values()
        ],
        **_STAMPS,
    }
    return Reply(200, body, content_type=JSON)


def pipelines_v1(_hub: Hub, _call: Call, name: str) -> Reply:
    """``GET /crm-pipelines/v1/pipelines/deals``: the older form."""
    told = [
        {
            "pipelineId": each["id"],
            "label": each["label"],
            "displayOrder": each["displayOrder"],
            "active": True,
            "default": True,
            "objectType": "DEAL",
            "stages": stages_v1(),
        }
        for each in _pipelines(name)
    ]
    return Reply(200, {"results": told}, content_type=JSON)


def stages_v1() -> list[dict[str, object]]:
    """The stages in the older form."""
    names = ("label", "displayOrder", "metadata")
    return [{"stageId": each["id"], "active": True, **{name: each[name] for name in names}} for each in _stages()]


def pipelines(_hub: Hub, _call: Call, name: str) -> Reply:
    """``GET /crm/v3/pipelines/deals``."""
    return Reply(200, {"results": _pipelines(name)}, content_type=JSON)


def pipeline(_hub: Hub, _call: Call, name: str, id_: str) -> Reply:
    """``GET /crm/v3/pipelines/deals/{id}``."""
    return Reply(200, _pipeline(name, id_), content_type=JSON)


def stages(_hub: Hub, _call: Call, name: str, id_: str) -> Reply:
    """``GET /crm/v3/pipelines/deals/{id}/stages``."""
    return Reply(200, {"results": _pipeline(name, id_)["stages"]}, content_type=JSON)


def stage(_hub: Hub, _call: Call, name: str, id_: str, stage: str) -> Reply:
    """``GET /crm/v3/pipelines/deals/{id}/stages/{stage}``."""
    _pipeline(name, id_)
    found = next((each for each in _stages() if each["id"] == stage), None)
    if found is None:
        raise not_found()
    return Reply(200, found, content_type=JSON)


def _pipeline(name: str, id_: str) -> dict[str, object]:
    found = next((each for each in _pipelines(name) if each["id"] == id_), None)
    if found is None:
        raise not_found()
    return found


def _pipelines(name: str) -> list[dict[str, object]]:
    if name.lower() not in _DEALS:
        return []
    return [{"id": "default", "label": "Sales Pipeline", "displayOrder": 0, "stages": _stages(), **_STAMPS}]


def _stages() -> list[dict[str, object]]:
    return [
        {
            "id": id_,
            "label": label,
            "displayOrder": at,
            "metadata": {"isClosed": str(id_.startswith("closed")).lower(), "probability": probability},
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            **_STAMPS,
        }
        for at, (id_, label, probability) in enumerate(DEAL_STAGES.values())
    ]
