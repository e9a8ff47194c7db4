"""Companies and deals in the form of versions 1 and 2, which loaders still read. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.account import stages_v1
from connectors.sandbox.hubspot.moments import milliseconds, read_moment
from connectors.sandbox.hubspot.objects import find, object_type
from connectors.sandbox.hubspot.strike import page_size
from connectors.sandbox.hubspot.wire import JSON, cursor_in, limit_in

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Hub
    from connectors.sandbox.hubspot.records import Record


@dataclass(frozen=True, slots=True)
class _Form:
    """How an object type is written in its older version."""

    id: str
    more: str
    most: int


_FORMS = {"companies": _Form("companyId", "has-more", 250), "deals": _Form("dealId", "hasMore", 250)}
LISTED = 100


def page(hub: Hub, call: Call, name: str) -> Reply:
    """``GET /companies/v2/companies/paged`` and ``GET /deals/v1/deal/paged``: with every property."""
    shape = object_type(name)
    form = _FORMS[shape.name]
    limit, after = limit_in(call.query.get("limit"), LISTED, form.most), cursor_in(call.query.get("offset"))
    shown, more = hub.portal.page(shape.name, after, page_size(call, limit))
    body: dict[str, object] = {
        shape.name: [_shown(hub, shape.name, row) for row in shown],
        form.more: more,
        "offset": int(shown[-1].id) if shown else after,
    }
    return Reply(200, body, content_type=JSON)


def read(hub: Hub, _call: Call, name: str, id_: str) -> Reply:
    """``GET /companies/v2/companies/{id}`` and ``GET /deals/v1/deal/{id}``."""
    shape = object_type(name)
    return Reply(200, _shown(hub, shape.name, find(hub.portal, shape, id_)), content_type=JSON)


def _shown(hub: Hub, name: str, record: Record) -> dict[str, object]:
    body: dict[str, object] = {
        "portalId": hub.settings.hub_id,
        _FORMS[name].id: int(record.id),
        "isDeleted": False,
        "properties": {prop: _versions(hub, name, record, prop) for prop in record.values},
    }
    if name == "deals":
        links = {
            to: [int(id_) for id_ in hub.portal.links.of((name, record.id), to)] for to in ("contacts", "companies")
        }
        body["associations"] = {"associatedVids": links["contacts"], "associatedCompanyIds": links["companies"]}
    return body


def _versions(hub: Hub, name: str, record: Record, prop: str) -> dict[str, object]:
    told = [
        {
            "name": prop,
            "value": each.value,
            "timestamp": _stamp(each.since),
            "source": each.author.source_type,
            "sourceId": each.author.source_id,
        }
        for each in hub.portal.history(name, record, prop)
    ]
    latest = {key: value for key, value in told[0].items() if key != "name"}
    return {**latest, "versions": told}


def _stamp(text: str) -> int:
    moment = read_moment(text)
    return milliseconds(moment) if moment else 0


def pipelines(_hub: Hub, _call: Call) -> Reply:
    """``GET /deals/v1/pipelines``: a bare list."""
    one = {"pipelineId": "default", "label": "Sales Pipeline", "displayOrder": 0, "active": True}
    return Reply(200, [{**one, "stages": stages_v1()}], content_type=JSON)
