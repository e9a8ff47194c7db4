"""The company as it is now: rows, versions, history, deletions and merges. It speaks no CRM's dialect.

Every change goes through here, so that the effect log misses none. Rows are replaced, never changed in place:
a cursor that holds yesterday's rows goes on showing them.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.sandbox.catalog import CATALOG, SYSTEM_FIELDS
from connectors.sandbox.effects import Change, EffectLog
from connectors.sandbox.ids import canonical, record_id
from connectors.sandbox.schema import Kind
from connectors.sandbox.seed.draw import stamp
from connectors.sandbox.view import Clock, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from connectors.port import Value
    from connectors.sandbox.schema import Column, Row
    from connectors.sandbox.seed import Seeding

_DATA_TYPES = {Kind.BOOLEAN: "Boolean", Kind.DOUBLE: "Double", Kind.PICKLIST: "DynamicEnum"}


@dataclass(slots=True)
class _Transaction:
    """What an open write has done so far, on whose behalf, and how to undo it."""

    authors: list[tuple[str, str]] = field(default_factory=list)
    """Actor and request of each nested write, the innermost last."""
    undo: list[tuple[str, str, Row | None, int]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


class Company(View):
    """All records of one company. Callers from several threads hold ``lock`` for as long as they need one picture."""

    def __init__(self, seeding: Seeding, log: EffectLog, clock: Clock) -> None:
        super().__init__(clock)
        self.seeding, self.log = seeding, log
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Row]] = {name: dict(rows) for name, rows in seeding.tables.items()}
        self.locked: set[str] = set()
        """Ids of rows that somebody else is writing to."""
        self._versions: dict[str, int] = {}
        self._open: _Transaction | None = None
        self._next = {name: len(rows) + 1 for name, rows in self.tables.items()}

    # Reading

    def get(self, entity: str, id_: str) -> Row | None:
        """The row with this id, deleted ones included; None if it is unknown, wiped or hidden."""
        row = self.tables[entity].get(canonical(id_) or "")
        return None if row is None or row["Id"] in self.hidden_rows else row

    def rows(self, entity: str, *, deleted: bool = False) -> list[Row]:
        """Every visible row, in the order of ids; deleted ones only if asked for."""
        rows = self.tables[entity].values()
        if self.hidden_rows:
            return [row for row in rows if row["Id"] not in self.hidden_rows and (deleted or not row.get("IsDeleted"))]
        return list(rows) if deleted else [row for row in rows if not row.get("IsDeleted")]

    def version(self, id_: str) -> int:
        """How often the row has changed since the seeding."""
        return self._versions.get(id_, 0)

    def user_id(self, who: str) -> str:
        """The id of a user named by id, username or full name. Raises KeyError."""
        users = self.tables["User"]
        if (short := canonical(who)) in users and short:
            return short
        for id_, row in users.items():
            if who in {row.get("Username"), row.get("Name")}:
                return id_
        raise KeyError(f"no user {who!r}: give an id, a username or a full name")

    # Writing

    @contextmanager
    def transaction(self, actor: str, request_id: str = "") -> Iterator[None]:
        """All changes inside happen together, or, if an exception passes through, not at all. Nests."""
        with self.lock:
            if self._open is not None:
                with self._savepoint(self._open, actor, request_id):
                    yield
                return
            self._open = opened = _Transaction()
            try:
                with self._savepoint(opened, actor, request_id):
                    yield
                self.log.record(opened.changes, _precise(self.clock.now()))
            finally:
                self._open = None

    @contextmanager
    def _savepoint(self, opened: _Transaction, actor: str, request_id: str) -> Iterator[None]:
        undo, changes = len(opened.undo), len(opened.changes)
        opened.authors.append((actor, request_id))
        try:
            yield
        except BaseException:
            for entity, id_, before, version in reversed(opened.undo[undo:]):
                self._put_back(entity, id_, before, version)
            del opened.undo[undo:], opened.changes[changes:]
            raise
        finally:
            opened.authors.pop()

    def _put_back(self, entity: str, id_: str, before: Row | None, version: int) -> None:
        if before is None:
            del self.tables[entity][id_]
        else:
            self.tables[entity][id_] = before
        self._versions[id_] = version

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What somebody else does meanwhile: it is not part of the open transaction and outlives its end."""
        with self.lock:
            opened, self._open = self._open, None
            try:
                yield
            finally:
                self._open = opened

    def create(self, entity: str, values: Mapping[str, Value], actor: str, request_id: str = "") -> str:
        """A new row; returns its id. The values are taken as they are: checking them is the dialect's business."""
        with self.transaction(actor, request_id):
            shape = CATALOG[entity]
            id_ = record_id(shape.prefix, self._next[entity])
            self._next[entity] += 1
            now = stamp(self.clock.now())
            row: Row = {"Id": id_, **{name: value for name, value in values.items() if value is not None}}
            for column in shape.columns.values():
                if column.default is not None:
                    row.setdefault(column.name, column.default)
            if "OwnerId" in shape.columns:
                row.setdefault("OwnerId", actor)
            audit: Row = {
                "CreatedDate": now,
                "CreatedById": actor,
                "LastModifiedDate": now,
                "LastModifiedById": actor,
                "SystemModstamp": now,
            }
            row |= {name: value for name, value in audit.items() if name in shape.columns}
            self._replace(entity, id_, self._derive(entity, row))
            if entity == "Account":
                self._add_history(id_, "created", "Text", (None, None), actor)
            return id_

    def update(self, entity: str, id_: str, values: Mapping[str, Value], actor: str, request_id: str = "") -> bool:
        """Changes a row; returns whether anything really changed. A null clears a field."""
        with self.transaction(actor, request_id):
            before = self.tables[entity][id_]
            after = self._derive(entity, {**before, **values})
            if after == before:
                # Salesforce notes the time of a write that changes nothing, too.
                self._opened().undo.append((entity, id_, before, self.version(id_)))
                self.tables[entity][id_] = self._touched(entity, after, actor)
                return False
            self._replace(entity, id_, self._touched(entity, after, actor))
            self._keep_history(entity, before, after, actor)
            return True

    def edit(self, entity: str, id_: str, actor: str = "", **fields: Value) -> bool:
        """A person changes fields, by name. ``actor`` is an id, a username or a full name; the admin if not given."""
        self._known(entity, id_, fields)
        who = self.user_id(actor) if actor else self.seeding.admin
        return self.update(entity, canonical(id_) or id_, fields, who)

    def delete(self, entity: str, id_: str, actor: str = "", request_id: str = "") -> None:
        """Moves a row to the recycle bin."""
        self._flag(entity, self._known(entity, id_), actor, request_id, IsDeleted=True)

    def undelete(self, entity: str, id_: str, actor: str = "", request_id: str = "") -> None:
        """Takes a row out of the recycle bin. What a merge has moved stays moved."""
        self._flag(entity, self._known(entity, id_), actor, request_id, IsDeleted=False, MasterRecordId=None)

    def hard_delete(self, entity: str, id_: str, actor: str = "", request_id: str = "") -> None:
        """Wipes a row: afterwards not even a query for deleted rows shows it."""
        key = self._known(entity, id_)
        with self.transaction(actor or self.seeding.admin, request_id):
            before = self.tables[entity][key]
            self._opened().undo.append((entity, key, before, self.version(key)))
            self._opened().changes.append(Change(entity, key, "Id", key, None, *self._opened().authors[-1]))
            del self.tables[entity][key]

    def merge(self, entity: str, winner: str, loser: str, actor: str = "", request_id: str = "") -> None:
        """The loser is deleted and points to the winner; its children move to the winner."""
        kept, lost = self._known(entity, winner), self._known(entity, loser)
        who = self.user_id(actor) if actor else self.seeding.admin
        with self.transaction(who, request_id):
            for child, column in CATALOG[entity].children.values():
                for row in [row for row in self.tables[child].values() if row.get(column) == lost]:
                    self._replace(child, str(row["Id"]), self._touched(child, {**row, column: kept}, who))
            self._flag(entity, lost, who, request_id, IsDeleted=True, MasterRecordId=kept)
            self._replace(entity, kept, self._touched(entity, self.tables[entity][kept], who))

    def commit_late(self, entity: str, id_: str, seconds: float, actor: str = "", **fields: Value) -> None:
        """A change that becomes visible now and says that it happened so many seconds ago."""
        with self.lock:
            self.edit(entity, id_, actor, **fields)
            key = canonical(id_) or id_
            then = stamp(self.clock.now() - timedelta(seconds=seconds))
            row = self.tables[entity][key]
            self.tables[entity][key] = {**row, "SystemModstamp": then, "LastModifiedDate": then}

    # Inside

    def _opened(self) -> _Transaction:
        if self._open is None:
            raise RuntimeError("a row is only written inside a transaction")
        return self._open

    def _known(self, entity: str, id_: str, fields: Mapping[str, Value] | None = None) -> str:
        key = canonical(id_) or ""
        if key not in self.tables[entity]:
            raise KeyError(f"{entity} has no row {id_!r}")
        for name in fields or {}:
            if name not in CATALOG[entity].columns:
                raise KeyError(f"{entity} has no field {name!r}")
        return key

    def _flag(self, entity: str, id_: str, actor: str, request_id: str, **flags: Value) -> None:
        who = self.user_id(actor) if actor else self.seeding.admin
        known = {name: value for name, value in flags.items() if name in CATALOG[entity].columns}
        self.update(entity, id_, known, who, request_id)

    def _touched(self, entity: str, row: Row, actor: str) -> Row:
        now = stamp(self.clock.now())
        audit: Row = {"LastModifiedDate": now, "LastModifiedById": actor, "SystemModstamp": now}
        return {**row, **{name: value for name, value in audit.items() if name in CATALOG[entity].columns}}

    def _replace(self, entity: str, id_: str, row: Row) -> None:
        opened, before = self._opened(), self.tables[entity].get(id_)
        opened.undo.append((entity, id_, before, self.version(id_)))
        opened.changes.extend(
            Change(entity, id_, name, (before or {}).get(name), row.get(name), *opened.authors[-1])
            for name in sorted((before or {}).keys() | row.keys())
            if name not in SYSTEM_FIELDS and (before or {}).get(name) != row.get(name)
        )
        self.tables[entity][id_] = row
        self._versions[id_] = self.version(id_) + 1

    def _derive(self, entity: str, row: Row) -> Row:
        """Fields that the CRM computes from others."""
        derived: Row = {}
        if entity in {"Contact", "Lead", "User"}:
            derived["Name"] = " ".join(str(row[name]) for name in ("FirstName", "LastName") if row.get(name))
        if entity == "Opportunity":
            stage = row.get("StageName")
            derived |= {"IsClosed": stage in {"Closed Won", "Closed Lost"}, "IsWon": stage == "Closed Won"}
        if entity == "Task":
            derived["IsClosed"] = row.get("Status") == "Completed"
            if derived["IsClosed"]:
                derived["CompletedDateTime"] = row.get("CompletedDateTime") or stamp(self.clock.now())
        if entity in {"Task", "Event"}:
            derived["AccountId"] = self._account_of(row)
        merged = {**row, **derived}
        return {name: value for name, value in merged.items() if value is not None}

    def _account_of(self, row: Row) -> Value:
        """The account of what an activity is about, else of whom it is with, else none."""
        for reference, entity in (("WhatId", "Opportunity"), ("WhoId", "Contact")):
            target = str(row.get(reference) or "")
            if target in self.tables["Account"]:
                return target
            if target in self.tables[entity] and self.tables[entity][target].get("AccountId"):
                return self.tables[entity][target]["AccountId"]
        return None

    def _keep_history(self, entity: str, before: Row, after: Row, actor: str) -> None:
        if entity != "Account":
            return
        for column in CATALOG[entity].columns.values():
            old, new = before.get(column.name), after.get(column.name)
            if not column.tracked or old == new:
                continue
            if column.kind is Kind.REFERENCE:
                # As in Salesforce, a reference leaves two rows: one with names, one with ids.
                names = (self._name_of(column, old), self._name_of(column, new))
                self._add_history(str(after["Id"]), column.parent, "Text", names, actor)
                self._add_history(str(after["Id"]), column.parent, "EntityId", (old, new), actor)
            else:
                kind = _DATA_TYPES.get(column.kind, "Text")
                self._add_history(str(after["Id"]), column.name, kind, (old, new), actor)

    def _name_of(self, column: Column, id_: Value) -> Value:
        row = next((found for name in column.refers if (found := self.tables[name].get(str(id_)))), None)
        return row.get("Name") if row else None

    def _add_history(self, account: str, name: str, kind: str, values: tuple[Value, Value], actor: str) -> None:
        id_ = record_id(CATALOG["AccountHistory"].prefix, self._next["AccountHistory"])
        self._next["AccountHistory"] += 1
        row: Row = {"Id": id_, "AccountId": account, "Field": name, "CreatedById": actor, "IsDeleted": False}
        row |= {"CreatedDate": stamp(self.clock.now()), "DataType": kind}
        row |= {key: value for key, value in zip(("OldValue", "NewValue"), values, strict=True) if value is not None}
        self._opened().undo.append(("AccountHistory", id_, None, 0))
        self.tables["AccountHistory"][id_] = row


def _precise(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
