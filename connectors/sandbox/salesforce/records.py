"""Reading and writing one record as Salesforce does: who may own it, what blocks it, under which conditions."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from connectors.sandbox.ids import canonical
from connectors.sandbox.salesforce.values import read_values
from connectors.sandbox.salesforce.wire import PreconditionFailed, Refused, header_time
from connectors.sandbox.schema import Kind
from connectors.sandbox.soql.evaluate import address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.port import Value
    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org
    from connectors.sandbox.schema import Column, Entity, Row

OWNERS = frozenset({"Standard"})
QUEUE = "00G"


@dataclass(frozen=True, slots=True)
class Target:
    """One record that a call is about."""

    entity: Entity
    id: str
    row: Row


def entity_named(org: Org, name: str) -> Entity:
    """The object. Raises Refused NOT_FOUND."""
    found = org.company.entity(name)
    if found is None:
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
    return found


def find(org: Org, entity: Entity, text: str) -> Target:
    """The record with this id. Raises Refused NOT_FOUND or ENTITY_IS_DELETED."""
    id_ = canonical(text)
    if id_ is None:
        raise Refused(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {text}")
    row = org.company.get(entity.name, id_)
    if row is None:
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
    if row.get("IsDeleted"):
        raise Refused(404, "ENTITY_IS_DELETED", "entity is deleted")
    return Target(entity, id_, row)


def etag(org: Org, target: Target) -> str:
    """The record's token. Opaque; another one after each effective change."""
    digest = hashlib.sha256(f"{target.id} {org.company.version(target.id)} {org.settings.seed}".encode()).digest()
    return f'"{base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")}"'


def modified(row: Row) -> datetime:
    """When the record last changed, UTC, whole seconds."""
    text = str(row.get("LastModifiedDate") or row["CreatedDate"])
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


def version_headers(org: Org, target: Target) -> dict[str, str]:
    """Last-Modified for every record, ETag for accounts only."""
    headers = {"Last-Modified": format_datetime(modified(target.row), usegmt=True)}
    return headers | ({"ETag": etag(org, target)} if target.entity.name == "Account" else {})


def _tags(text: str) -> set[str]:
    return {tag.strip().removeprefix("W/").removesuffix("--gzip") for tag in text.split(",")}


def check_unchanged(org: Org, call: Call, target: Target) -> None:
    """The conditions of a write. Raises PreconditionFailed. ETags are Account's alone."""
    if target.entity.name == "Account":
        wanted = _tags(call.headers.get("if-match", "*"))
        if not wanted & {"*", etag(org, target)}:
            raise PreconditionFailed
        if _tags(call.headers.get("if-none-match", "")) & {"*", etag(org, target)}:
            raise PreconditionFailed
    before, after = header_time(call, "if-unmodified-since"), header_time(call, "if-modified-since")
    if "if-match" not in call.headers and before is not None and modified(target.row) > before:
        raise PreconditionFailed
    if after is not None and modified(target.row) <= after:
        raise PreconditionFailed


def is_unchanged(org: Org, call: Call, target: Target) -> bool:
    """Whether a read may be answered with 304."""
    if target.entity.name == "Account" and "if-none-match" in call.headers:
        return bool(_tags(call.headers["if-none-match"]) & {"*", etag(org, target)})
    since = header_time(call, "if-modified-since")
    return since is not None and modified(target.row) <= since


# Writing


def patch(org: Org, call: Call, target: Target, given: Mapping[str, object], position: int = 0) -> None:
    """Changes one record. Raises Refused; then nothing has changed."""
    values = read_values(target.entity, given, creating=False)
    check_blocks(org, call, target, position)
    check_references(org, target.entity, values)
    org.company.update(target.entity.name, target.id, values, call.actor, call.request_id)


def create(org: Org, call: Call, entity: Entity, given: Mapping[str, object], position: int = 0) -> str:
    """Makes one record; returns its id. Raises Refused."""
    if not entity.createable:
        raise Refused(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {entity.label}")
    values = read_values(entity, given, creating=True)
    missing = sorted(
        column.name
        for column in entity.columns.values()
        if column.createable
        and not column.nillable
        and column.default is None
        and column.name != "OwnerId"
        and values.get(column.name) is None
    )
    if missing:
        raise Refused(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    strike_rows(call, "", position)
    check_references(org, entity, values)
    return org.company.create(entity.name, values, call.actor, call.request_id)


def delete(org: Org, call: Call, target: Target, position: int = 0) -> None:
    """Moves one record to the recycle bin. Raises Refused."""
    if not target.entity.deletable or "IsDeleted" not in target.entity.columns:
        raise Refused(400, "INSUFFICIENT_ACCESS_OR_READONLY", f"{target.entity.label} records cannot be deleted")
    check_blocks(org, call, target, position)
    org.company.delete(target.entity.name, target.id, call.actor, call.request_id)


def check_blocks(org: Org, call: Call, target: Target, position: int) -> None:
    """What stands in the way of a write to this record now."""
    if not target.entity.updateable:
        raise Refused(
            400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be updated: {target.entity.label}"
        )
    strike_rows(call, target.id, position)
    if target.id in org.company.locked:
        raise lock_refused(target.id)


def lock_refused(id_: str) -> Refused:
    """Somebody else is writing to the record."""
    return Refused(400, "UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or 1 records: {id_}")


def strike_rows(call: Call, id_: str, position: int) -> None:
    """The faults of the plan that refuse this record."""
    for fault in call.fired:
        if not fault.strikes_row(id_, position):
            continue
        if fault.fault == "row_lock":
            raise lock_refused(id_)
        if fault.fault == "precondition_lost":
            raise PreconditionFailed
        if fault.fault == "validation_rule":
            raise Refused(
                400,
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                fault.message or "This record may not be changed now.",
                fault.fields,
            )


def check_references(org: Org, entity: Entity, values: Mapping[str, Value]) -> None:
    """References must lead to a record of the right kind; owners must be people who may own. Raises Refused."""
    for name, value in values.items():
        column = entity.columns[name]
        if column.kind is not Kind.REFERENCE or not isinstance(value, str):
            continue
        if name == "OwnerId":
            _check_owner(org, entity, column, value)
        elif not any(_live(org, target, value) for target in column.refers):
            raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [name])


def _live(org: Org, entity: str, id_: str) -> bool:
    row = org.company.get(entity, id_)
    return row is not None and not row.get("IsDeleted")


def _check_owner(org: Org, entity: Entity, column: Column, id_: str) -> None:
    if id_.startswith(QUEUE) and "Group" in column.refers and _live(org, "Group", id_):
        return
    user = org.company.get("User", id_)
    if user is None:
        raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["OwnerId"])
    if not user.get("IsActive"):
        message = f"Operation performed with inactive user [{id_[:15]}] as owner of {entity.label.lower()}"
        raise Refused(400, "INACTIVE_OWNER_OR_USER", message, ["OwnerId"])
    if user.get("UserType") not in OWNERS:
        raise Refused(400, "OP_WITH_INVALID_USER_TYPE_EXCEPTION", "Operation not valid for this user type", ["OwnerId"])


# Showing


def attributes(version: str) -> Callable[[str, Row], dict[str, object]]:
    """What stands in front of a record's fields."""

    def of(entity: str, row: Row) -> dict[str, object]:
        return {"type": entity, "url": f"/services/data/v{version}/sobjects/{entity}/{row['Id']}"}

    return of


def whole(call: Call, entity: Entity, row: Row, names: list[str] | None = None) -> dict[str, object]:
    """A record with these fields, or with all. Raises Refused INVALID_FIELD."""
    columns = list(entity.columns.values()) if names is None else [_named(entity, name) for name in names]
    shown = {
        column.name: address(column.name, row) if column.kind is Kind.ADDRESS else row.get(column.name)
        for column in columns
    }
    return {"attributes": attributes(call.version)(entity.name, row), **shown}


def _named(entity: Entity, name: str) -> Column:
    column = entity.column(name)
    if column is None:
        raise Refused(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {entity.name}")
    return column
