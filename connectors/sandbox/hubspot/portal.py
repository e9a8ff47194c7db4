"""The account as HubSpot holds it now: records, their histories, owners, properties, links. It knows no HTTP.

Every change goes through here, so that the effect log misses none. Records are replaced, never changed in place,
and a journal keeps what each was before, so that a search index may show them as they were.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from connectors.sandbox.effects import Change
from connectors.sandbox.hubspot.catalog import DEAL_STAGES, GROUPS, TYPES
from connectors.sandbox.hubspot.moments import read_moment, written
from connectors.sandbox.hubspot.records import Owner, Record
from connectors.sandbox.hubspot.sums import SUMMED, TOUCHES, sums_of
from connectors.sandbox.hubspot.translate import number, populate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.port import Value
    from connectors.sandbox.effects import EffectLog
    from connectors.sandbox.hubspot.links import End
    from connectors.sandbox.hubspot.shapes import Property
    from connectors.sandbox.seed import Seeding
    from connectors.sandbox.view import Clock

INTEGRATION = "integration"
"""Who writes with the app's own token, in the effect log."""
APP_ID = "3817446"
_PROBABILITY = {stage: probability for stage, _, probability in DEAL_STAGES.values()}


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: as the effect log names them, and as a property's history does."""

    actor: str
    source_type: str
    source_id: str
    user_id: int | None = None


APP = Author(INTEGRATION, "INTEGRATION", APP_ID)
_IMPORT = Author("import", "IMPORT", "1")
_MERGE = Author("merge", "MERGE_OBJECTS", "merge")
_SUMS = Author("system", "CALCULATED", "RollupProperties")


@dataclass(frozen=True, slots=True)
class Version:
    """One value that a property had, from a moment on; an empty text after it was cleared."""

    value: str
    since: str
    author: Author


@dataclass(frozen=True, slots=True)
class _Before:
    """What a record was until a moment; None before it was made."""

    until: datetime
    id: str
    record: Record | None


class Portal:
    """All records of one account. Callers from several threads hold ``lock`` for as long as they need one picture."""

    def __init__(self, seeding: Seeding, log: EffectLog, clock: Clock) -> None:
        self.seeding, self.log, self.clock = seeding, log, clock
        self.lock = threading.RLock()
        people = populate(seeding)
        self.owners: dict[str, Owner] = people.owners
        self.records: dict[str, dict[str, Record]] = people.records
        self.links = people.links
        self.owner_ids, self.ids = people.owner_ids, people.ids
        self.properties: dict[str, dict[str, Property]] = {name: dict(each.properties) for name, each in TYPES.items()}
        self.groups: dict[str, dict[str, str]] = {name: {group: label} for name, (group, label) in GROUPS.items()}
        self.aliases: dict[str, dict[str, str]] = {name: {} for name in TYPES}
        """Ids that a merge has retired → the id that took their place."""
        self.locked: set[str] = set()
        """Ids of records that somebody else is writing to."""
        self.hidden_rows: set[str] = set()
        """Ids that no caller may see any more."""
        self.hidden_types: set[str] = set()
        """Object types that the app's scopes no longer cover."""
        self._history: dict[tuple[str, str, str], list[Version]] = {}
        self._journal: dict[str, list[_Before]] = {name: [] for name in TYPES}
        self._next = {name: each.first_id + len(self.records[name]) for name, each in TYPES.items()}

    # Reading

    def now(self) -> str:
        """The present moment as HubSpot writes it."""
        return written(self.clock.now())

    def current_id(self, name: str, id_: str) -> str:
        """The id under which a record lives now: a merged one lives under another."""
        aliases = self.aliases[name]
        while id_ in aliases:
            id_ = aliases[id_]
        return id_

    def get(self, name: str, id_: str, *, archived: bool = False) -> Record | None:
        """The record under this id or the one that it was merged into; None if it is unknown or hidden."""
        record = self.records[name].get(self.current_id(name, id_))
        if record is None or record.id in self.hidden_rows or bool(record.archived) != archived:
            return None
        return record

    def rows(self, name: str, *, archived: bool = False) -> list[Record]:
        """Every visible record, in the order of ids."""
        hidden = self.hidden_rows
        return [
            record
            for record in self.records[name].values()
            if bool(record.archived) == archived and record.id not in hidden
        ]

    def as_of(self, name: str, moment: datetime) -> dict[str, Record | None]:
        """What differed at that moment from now: record by id, None for what did not exist yet."""
        found: dict[str, Record | None] = {}
        for entry in reversed(self._journal[name]):
            if entry.until <= moment:
                break
            found[entry.id] = entry.record
        return found

    def page(self, name: str, after: int, most: int, *, archived: bool = False) -> tuple[list[Record], bool]:
        """The first visible records whose ids are greater than ``after``, and whether there are more."""
        hidden = self.hidden_rows
        further = (
            record
            for record in self.records[name].values()
            if int(record.id) > after and bool(record.archived) == archived and record.id not in hidden
        )
        found = list(islice(further, most + 1))
        return found[:most], len(found) > most

    def edition(self, name: str, moment: datetime) -> tuple[int, int, frozenset[str]]:
        """What tells one ``as_of`` from another: it is the same as long as nothing has changed or come of age since."""
        journal = self._journal[name]
        young = sum(1 for _ in takewhile(lambda entry: entry.until > moment, reversed(journal)))
        return len(journal), young, frozenset(self.hidden_rows)

    def history(self, name: str, record: Record, prop: str) -> list[Version]:
        """The values that a property has had, the latest first."""
        kept = self._history.get((name, record.id, prop))
        return kept[::-1] if kept is not None else _first_version(name, record, prop, self._admin)

    def known(self, name: str, prop: str) -> Property | None:
        """The property, unless it is unknown or archived."""
        found = self.properties[name].get(prop)
        return None if found is None or found.archived else found

    @property
    def _admin(self) -> Author:
        return self.person(self.owner_ids[self.seeding.admin])

    def owner_named(self, who: str) -> Owner:
        """The owner of this id, user id, address, seeded user's id or full name. Raises KeyError."""
        told = self.owner_ids.get(who, who)
        for owner in self.owners.values():
            if told in {owner.id, str(owner.user_id), owner.email, owner.name}:
                return owner
        raise KeyError(f"no owner {who!r}: give an id, an e-mail address or a full name")

    def person(self, owner_id: str) -> Author:
        """An owner as the author of a change."""
        owner = self.owners[owner_id]
        return Author(owner.id, "CRM_UI", f"userId:{owner.user_id}", owner.user_id)

    def author(self, who: str) -> Author:
        """The app, or a person named as for ``owner_named``; the admin for nobody. Raises KeyError."""
        if who == INTEGRATION:
            return APP
        return self.person(self.owner_named(who).id) if who else self._admin

    # Writing

    def create(self, name: str, values: Mapping[str, str], author: Author, request_id: str = "") -> str:
        """A new record; returns its id. The values are taken as they are: checking them is the caller's business."""
        with self.lock:
            shape, now = TYPES[name], self.now()
            id_ = self._new_id(name)
            stamps = {"hs_object_id": id_, shape.created: now, shape.modified: now}
            if author.user_id and "hs_created_by_user_id" in shape.properties:
                stamps["hs_created_by_user_id"] = str(author.user_id)
            if values.get("hubspot_owner_id"):
                stamps["hubspot_owner_assigneddate"] = now
            self._put(name, Record(id_, derived(name, {**values, **stamps})), author, request_id)
            return id_

    def update(
        self, name: str, id_: str, values: Mapping[str, str | None], author: Author, request_id: str = ""
    ) -> bool:
        """Changes a record; returns whether anything really changed. None clears.

        A write of the value that is already there leaves no trace, not even in the modification date [unsourced].
        """
        with self.lock:
            before, now = self.records[name][id_], self.now()
            merged = {**before.values, **values}
            after = derived(name, {key: value for key, value in merged.items() if value})
            if after == before.values:
                return False
            if after.get("hubspot_owner_id") != before.values.get("hubspot_owner_id"):
                after["hubspot_owner_assigneddate"] = now
            after[TYPES[name].modified] = now
            self._put(name, replace(before, values=after), author, request_id)
            self._refresh_around(name, id_, after, before.values)
            return True

    def edit(self, name: str, id_: str, actor: str = "", /, **fields: Value) -> bool:
        """A person changes properties in HubSpot's pages, by name; the admin if no actor is given. Raises KeyError.

        For tests, from any thread: ``sandbox.portal.edit("companies", id, "Dana Whitfield", hubspot_owner_id=owner)``.
        It is carried out whole, before or after a call and never in the middle of one; the property's history then
        tells ``CRM_UI`` and the person's ``userId:…``, where a write with the app's token tells ``INTEGRATION``. To
        let it fall between a client's read and its write, plan it on the write, which it then happens just before:
        ``sandbox.faults({"on": "batch_update", "fault": "person_edit", "object": "companies", "target": id,
        "actor": "Dana Whitfield", "set": {"hubspot_owner_id": owner}})``; with ``"when": "after"`` just behind it.
        """
        key = self._known_id(name, id_)
        for prop in fields:
            if prop not in self.properties[name]:
                raise KeyError(f"{name} has no property {prop!r}")
        return self.update(name, key, {prop: as_text(value) for prop, value in fields.items()}, self.author(actor))

    def archive(self, name: str, id_: str, actor: str = "", request_id: str = "") -> None:
        """Takes a record out of sight. It does not move the modification date."""
        self._set_archived(name, id_, self.now(), actor, request_id)

    def restore(self, name: str, id_: str, actor: str = "", request_id: str = "") -> None:
        """Brings an archived record back."""
        self._set_archived(name, id_, "", actor, request_id)

    def wipe(self, name: str, id_: str, actor: str = "", request_id: str = "") -> None:
        """Removes a record for good: not even the archive shows it."""
        with self.lock:
            key, author = self._known_id(name, id_), self.author(actor)
            self._forget(name, key)
            self._log([Change(name, key, "hs_object_id", key, None, author.actor, request_id)])

    def merge(self, name: str, primary: str, other: str, actor: str = "", request_id: str = "") -> str:
        """Merges two records into a new one; returns its id. Both old ids lead to it from now on.

        Values are the primary's; what it lacks comes from the other. Raises KeyError.
        """
        with self.lock:
            kept, lost = (self.records[name][self._known_id(name, id_)] for id_ in (primary, other))
            author, id_ = self.author(actor), self._new_id(name)
            retired = ";".join(filter(None, (kept.values.get("hs_merged_object_ids"), kept.id, lost.id,
                                             lost.values.get("hs_merged_object_ids"))))  # fmt: skip
            filled = {prop: value for prop, value in lost.values.items() if prop not in kept.values}
            stamps = {"hs_object_id": id_, "hs_merged_object_ids": retired, TYPES[name].modified: self.now()}
            self._inherit(name, kept, id_, filled)
            record = Record(id_, {**filled, **kept.values, **stamps})
            self._store(name, record)
            for old in (kept, lost):
                self.links.move((name, old.id), (name, id_))
                self._forget(name, old.id)
                self.aliases[name][old.id] = id_
            moved = [
                Change(name, old.id, "hs_object_id", old.id, id_, author.actor, request_id) for old in (kept, lost)
            ]
            self._log(moved)
            for end in ((name, id_), *self.links.neighbours((name, id_))):
                self.refresh(end)
            return id_

    def commit_late(self, name: str, id_: str, seconds: float, actor: str = "", /, **fields: Value) -> None:
        """A change that becomes visible now and says that it happened so many seconds ago."""
        with self.lock:
            self.edit(name, id_, actor, **fields)
            record = self.records[name][self._known_id(name, id_)]
            then = written(self.clock.now() - timedelta(seconds=seconds))
            self._store(name, replace(record, values={**record.values, TYPES[name].modified: then}))

    def link(self, start: End, end: End, kind: int) -> bool:
        """Associates two records; returns whether that is new."""
        with self.lock:
            new = self.links.add(start, end, kind)
            self.refresh(start)
            self.refresh(end)
            return new

    def unlink(self, start: End, end: End, kind: int | None = None) -> None:
        """Takes one kind of association away, or all between the two."""
        with self.lock:
            self.links.remove(start, end, kind)
            self.refresh(start)
            self.refresh(end)

    # What people and the account's own machinery do

    def deactivate(self, who: str) -> None:
        """The user leaves: the owner is archived. Raises KeyError."""
        owner = self.owner_named(who)
        with self.lock:
            self.owners[owner.id] = replace(owner, archived=True)
            self._log([Change("owners", owner.id, "archived", "false", "true", self._admin.actor, "")])

    def hide_property(self, name: str, prop: str) -> None:
        """Archives a property: reads drop it, writes to it are refused. Raises KeyError."""
        self.properties[name][prop] = replace(self.properties[name][prop], archived=True, updated=self.now())

    def show_property(self, name: str, prop: str) -> None:
        """Undoes ``hide_property`` and ``freeze_property``. Raises KeyError."""
        frozen = TYPES[name].properties[prop].read_only if prop in TYPES[name].properties else False
        shown = replace(self.properties[name][prop], archived=False, read_only=frozen, updated=self.now())
        self.properties[name][prop] = shown

    def freeze_property(self, name: str, prop: str) -> None:
        """Makes a property read-only. Raises KeyError."""
        self.properties[name][prop] = replace(self.properties[name][prop], read_only=True, updated=self.now())

    def refresh(self, end: End) -> None:
        """Computes again what a company or contact says of its links. That moves its modification date, as at HubSpot.

        It is no effect: nobody wrote it.
        """
        name, id_ = end
        record = self.records[name].get(id_)
        if record is None or name not in {"companies", "contacts"}:
            return
        after = {prop: value for prop, value in record.values.items() if prop not in SUMMED}
        after |= sums_of(self, end)
        if after != record.values:
            after[TYPES[name].modified] = self.now()
            self._put(name, replace(record, values=after), _SUMS, "")

    # Inside

    def _new_id(self, name: str) -> str:
        self._next[name] += 1
        return str(self._next[name] - 1)

    def _known_id(self, name: str, id_: str) -> str:
        told = self.ids.get(id_)
        key = self.current_id(name, told[1] if told and told[0] == name else id_)
        if key not in self.records[name]:
            raise KeyError(f"{name} has no record {id_!r}")
        return key

    def _set_archived(self, name: str, id_: str, when: str, actor: str, request_id: str) -> None:
        with self.lock:
            key, author = self._known_id(name, id_), self.author(actor)
            record = self.records[name][key]
            if bool(record.archived) == bool(when):
                return
            self._store(name, replace(record, archived=when))
            was, now = ("false", "true") if when else ("true", "false")
            self._log([Change(name, key, "archived", was, now, author.actor, request_id)])
            for end in self.links.neighbours((name, key)):
                self.refresh(end)

    def _put(self, name: str, record: Record, author: Author, request_id: str) -> None:
        before = self.records[name].get(record.id)
        was: Mapping[str, str] = before.values if before else {}
        changed = sorted(key for key in was.keys() | record.values.keys() if was.get(key) != record.values.get(key))
        for prop in changed:
            self._remember(name, record, before, prop, author)
        self._store(name, record)
        properties = self.properties[name]
        self._log(
            [
                Change(name, record.id, prop, was.get(prop), record.values.get(prop), author.actor, request_id)
                for prop in changed
                if prop not in properties or not properties[prop].read_only
            ]
        )

    def _store(self, name: str, record: Record) -> None:
        self._journal[name].append(_Before(self.clock.now(), record.id, self.records[name].get(record.id)))
        self.records[name][record.id] = record

    def _forget(self, name: str, id_: str) -> None:
        self._journal[name].append(_Before(self.clock.now(), id_, self.records[name].pop(id_)))

    def _remember(self, name: str, record: Record, before: Record | None, prop: str, author: Author) -> None:
        key = (name, record.id, prop)
        if key not in self._history:
            self._history[key] = _first_version(name, before, prop, self._admin) if before else []
        kept = self._history[key]
        kept.append(Version(record.values.get(prop, ""), self._later(kept), author))

    def _later(self, kept: list[Version]) -> str:
        """Now, or a millisecond after the last version: no two of one property share a moment."""
        last = read_moment(kept[-1].since) if kept else None
        now = self.clock.now()
        return written(now if last is None else max(now, last + timedelta(milliseconds=1)))

    def _inherit(self, name: str, kept: Record, id_: str, filled: Mapping[str, str]) -> None:
        for prop in self.properties[name]:
            if prop in filled:
                self._history[name, id_, prop] = [Version(filled[prop], self.now(), _MERGE)]
            elif prop in kept.values or (name, kept.id, prop) in self._history:
                self._history[name, id_, prop] = self.history(name, kept, prop)[::-1]

    def _log(self, changes: list[Change]) -> None:
        moment = self.clock.now()
        self.log.record(changes, moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z")

    def _refresh_around(self, name: str, id_: str, after: Mapping[str, str], before: Mapping[str, str]) -> None:
        if name in TOUCHES and after.get("hs_timestamp") != before.get("hs_timestamp"):
            for end in self.links.neighbours((name, id_)):
                self.refresh(end)


def _first_version(name: str, record: Record, prop: str, admin: Author) -> list[Version]:
    """What is known of a value that has not changed since the account was filled."""
    value = record.values.get(prop)
    if value is None:
        return []
    since = record.values[TYPES[name].created]
    if prop == "hubspot_owner_id":
        return [Version(value, record.values.get("hubspot_owner_assigneddate", since), admin)]
    return [Version(value, since, _IMPORT)]


def derived(name: str, values: Mapping[str, str]) -> dict[str, str]:
    """The values with those that HubSpot computes from the record itself."""
    found = dict(values)
    if name == "deals" and (stage := found.get("dealstage")) is not None:
        found["hs_is_closed"] = "true" if stage in {"closedwon", "closedlost"} else "false"
        found["hs_is_closed_won"] = "true" if stage == "closedwon" else "false"
        found["hs_deal_stage_probability"] = _PROBABILITY.get(stage, "0.5")
    return found


def as_text(value: Value) -> str | None:
    """A value as HubSpot keeps it; an empty text is none at all."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value) if isinstance(value, int | float) else value
