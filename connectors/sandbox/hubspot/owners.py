"""Owners, which can only be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.hubspot.objects import next_page
from connectors.sandbox.hubspot.records import QUEUE
from connectors.sandbox.hubspot.strike import page_size
from connectors.sandbox.hubspot.wire import JSON, cursor_in, flag_in, invalid, limit_in, not_found

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.hubspot.hub import Hub
    from connectors.sandbox.hubspot.records import Owner

MOST_LISTED, LISTED = 500, 100


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
