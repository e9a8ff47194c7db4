"""Looking at what the CRM showed: single records, users, names, counts, what is set aside. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from connectors.port import Record, Ref, Stream, User
from sync_worker.store.schema import quarantine, record

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from connectors.port import Value

_AT_MOST = 20


def get(tx: Connection, stream: Stream, id_: str) -> Record | None:
    """One record as last seen, deleted ones included; None if it was never seen."""
    found = tx.execute(select(record).where(record.c.stream == stream.value, record.c.id == id_)).one_or_none()
    return None if found is None else _record(found)


def crm_of(tx: Connection, ref: Ref) -> str:
    """The CRM that a stored record came from. Raises NoResultFound for one that was never seen."""
    wanted = select(record.c.crm).where(record.c.stream == ref.stream.value, record.c.id == ref.id)
    crm: str = tx.execute(wanted).scalar_one()
    return crm


def named(tx: Connection, stream: Stream, name: str) -> list[Record]:
    """Live records with this name, in any case; those that contain it where none has it whole. At most 20."""
    called = func.lower(record.c.fields["name"].as_string())
    live = select(record).where(record.c.stream == stream.value, ~record.c.deleted).order_by(record.c.id)
    whole = tx.execute(live.where(called == name.lower()).limit(_AT_MOST)).all()
    found = whole or tx.execute(live.where(called.contains(name.lower(), autoescape=True)).limit(_AT_MOST)).all()
    return [_record(row) for row in found]


def live_count(tx: Connection, stream: Stream, crm: str = "") -> int:
    """How many records of the stream live, as far as is known; in all CRMs, or in this one."""
    live = select(func.count()).select_from(record).where(record.c.stream == stream.value, ~record.c.deleted)
    return tx.execute(live.where(record.c.crm == crm) if crm else live).scalar_one()


def latest_change(tx: Connection, stream: Stream) -> int:
    """The number of the latest change to any record of the stream; 0 before the first."""
    return tx.execute(select(func.max(record.c.sequence)).where(record.c.stream == stream.value)).scalar() or 0


def quarantined(tx: Connection) -> dict[Ref, str]:
    """The records that are set aside, and why."""
    rows = tx.execute(select(quarantine).order_by(quarantine.c.stream, quarantine.c.id))
    return {Ref(Stream(row.stream), row.id): row.reason for row in rows}


def users(tx: Connection, crm: str = "") -> list[User]:
    """Every user that the CRMs show, or this one, active or not, by id."""
    shown = select(record.c.id, record.c.fields).where(record.c.stream == Stream.USERS.value, ~record.c.deleted)
    wanted = shown.where(record.c.crm == crm) if crm else shown
    return [_user(id_, fields) for id_, fields in tx.execute(wanted.order_by(record.c.id))]


def user_names(tx: Connection) -> dict[str, str]:
    """Every user's name by id, those included who are gone; the id where the name is empty."""
    seen = select(record.c.id, record.c.fields).where(record.c.stream == Stream.USERS.value)
    return {id_: str(fields.get("name") or id_) for id_, fields in tx.execute(seen)}


def _record(row: Row[tuple[object, ...]]) -> Record:
    return Record(
        ref=Ref(Stream(row.stream), row.id),
        fields=row.fields,
        modified=row.modified,
        deleted=row.deleted,
        merged_into=row.merged_into,
    )


def _user(id_: str, fields: dict[str, Value]) -> User:
    own = {name: value for name, value in fields.items() if name not in {"active", "can_own"}}
    return User(id=id_, active=fields["active"] is True, can_own=fields["can_own"] is True, fields=own)
