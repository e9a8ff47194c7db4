"""One wide row for each account with exactly what the rules read, made anew where something has changed.

Table ``fact`` always has ``account_id name owner in_pool do_not_move held_until resting_until``; the rest of its
columns are those that the rules ask for. Built in SQL, set by set. It has to hold what a full build would make, always.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, func, insert, literal, select, true

from rules import (
    ContactSource,
    EngagementSource,
    EventsSource,
    FactColumn,
    FadingSource,
    FieldSource,
    IntentSource,
    TouchSource,
    Type,
)
from rules.chain import decayed
from sync_worker import __version__
from sync_worker.core.canonical import digest
from sync_worker.store import changes, contacts, engagement, settings
from sync_worker.store.days import number
from sync_worker.store.derivable import DERIVED, REP_DERIVED, FactSettings
from sync_worker.store.derived import DUE, Accounts
from sync_worker.store.derived_contacts import GOOD_UNTIL
from sync_worker.store.json_sql import reader
from sync_worker.store.rep_facts import build_reps
from sync_worker.store.schema import stale
from sync_worker.store.sources import filed
from sync_worker.store.steady import counted, fading, halved
from sync_worker.store.upsert import CHUNK, chunks
from sync_worker.store.wide import differing, drop, fill, make, put_in_place, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table

    from sync_worker.core.model import Value

__all__ = [
    "DERIVED",
    "REP_DERIVED",
    "FactSettings",
    "Inputs",
    "Refreshed",
    "build",
    "build_reps",
    "check",
    "inputs",
    "latest",
    "latest_build",
    "read_sets",
    "refresh",
    "row",
]

ALWAYS = {
    "name": Type.TEXT,
    "owner": Type.TEXT,
    "in_pool": Type.BOOLEAN,
    "do_not_move": Type.BOOLEAN,
    "held_until": Type.DATE,
    "resting_until": Type.DATE,
}
"""The columns that the fact table has whatever the rules read."""

HONOURED = ("do_not_move", "held_until")
"""What keeps the worker away whatever the rules read: it belongs to every read set."""

MOST_DUE, SHARE_DUE = 20_000, 0.3
"""Beyond both, a number and a share of all accounts, everything is made anew: it takes no longer."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far two processes' clocks may lie apart (I24)."""

FORM = 3
"""To be raised when the same settings come to mean other facts."""

MADE_IN = "made__in"
"""The column for the number of the state of the facts in which a row was made. No rule reads it."""

_BUILT = "fact_columns"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What was made anew. ``now``: the moment of the facts, which may be a little later than the one asked for."""

    full: bool
    accounts: int
    """How many were looked at; in a full build, how many there are."""
    now: datetime
    number: int
    """Of this state of the facts: rows that are made later have a higher one."""


def refresh(tx: Connection, columns: Sequence[FactColumn], *, now: datetime, settings: FactSettings) -> Refreshed:
    """Bring ``fact`` up to date: the rows of accounts that have changed, or that time has reached; all, if it must.

    All are made when anything but records decides otherwise than before (columns, settings, landmark, version), when
    the clock was set back, and when so many have changed that it is cheaper. Accounts that were made anew are noted in
    ``stale`` until outcomes follow. The same contract as ``build``.
    """
    changes.take_turns(tx)
    built, signed = _built(tx), _signature(tx, columns, settings)
    at = datetime.fromisoformat(built["built_at"]) if built else now
    if at - CLOCKS_DIFFER < now < at and number(at) == number(now):
        now = at  # another process has looked a moment ago, by a clock that runs ahead
    if not built or built.get("signature") != signed or now < at:
        return _all(tx, columns, now, settings)
    changes.begin(tx)
    table, notes = _facts(tx).table, changes.noted(tx)
    due = changes.gather(tx, notes, table, since=at, now=now)
    if due > MOST_DUE and due > SHARE_DUE * tx.execute(select(func.count()).select_from(table)).scalar_one():
        return _all(tx, columns, now, settings)
    made = built["number"] + bool(due)
    if due:
        changes.count_on(tx)
        tx.execute(delete(table).where(table.c.account_id.in_(select(DUE.c.account_id))))
        values, accounts = _values(tx, columns, now, settings, made, due=True)
        contacts.build(tx, accounts)
        fill(tx, table, list(values), accounts.select(values))
        _note_stale(tx)
    if due or notes or number(at) != number(now):
        changes.forget(tx, notes)
        _remember(tx, columns, now, settings, build=built["build"], made=made)
    return Refreshed(full=False, accounts=due, now=now, number=made)


def build(tx: Connection, columns: Sequence[FactColumn], *, now: datetime, settings: FactSettings) -> int:
    """Build the table ``fact`` for the live accounts that are not set aside; how many there are.

    ``columns`` are those that the rules read. Engagement stays folded: ``engagement.refold`` must know its half-lives.
    """
    changes.take_turns(tx)
    return _all(tx, columns, now, settings).accounts


def check(tx: Connection, columns: Sequence[FactColumn], *, now: datetime, settings: FactSettings, mend: bool) -> int:
    """Build all facts beside those that there are; how many rows differ. ``mend``: let the new ones take their place.

    The facts must have been refreshed in this transaction, at ``now``. Numbers differ by more than 0.000001. None is
    said to differ when another transaction has changed records since then: those are new, not overlooked.
    """
    facts, build, made = _facts(tx), *_next(tx)
    beside = make(tx, "fact_beside", "account_id", _types(columns), _own(columns))
    values, accounts = _values(tx, columns, now, settings, made)
    people = contacts.check(tx, accounts, mend=mend)
    fill(tx, beside, list(values), accounts.select(values))
    decay = {name: decayed(facts.day, facts.landmark, half_life) for name, half_life in facts.folded.items()}
    wrong = differing(tx, facts.table, beside, decay, {MADE_IN})
    if changes.noted(tx):
        wrong = people = 0
    if wrong and mend:
        put_in_place(tx, "fact_beside", "fact")
        _make_findable(tx)
        _remember(tx, columns, now, settings, build=build, made=made)
    else:
        drop(tx, "fact_beside")
    return wrong + people


def _all(tx: Connection, columns: Sequence[FactColumn], now: datetime, settings: FactSettings) -> Refreshed:
    changes.forget(tx, None)
    build, made = _next(tx)
    table = make(tx, "fact", "account_id", _types(columns), _own(columns))
    values, accounts = _values(tx, columns, now, settings, made)
    contacts.build(tx, accounts)
    count = fill(tx, table, list(values), accounts.select(values))
    _make_findable(tx)
    tx.execute(delete(stale))
    _remember(tx, columns, now, settings, build=build, made=made)
    return Refreshed(full=True, accounts=count, now=now, number=made)


def _next(tx: Connection) -> tuple[int, int]:
    """The numbers of a full build that is about to be made, and of the facts that it makes."""
    built = _built(tx) or {}
    return built.get("build", 0) + 1, built.get("number", 0) + 1


def _make_findable(tx: Connection) -> None:
    tx.exec_driver_sql(f"CREATE INDEX ix_fact_good_until ON fact ({GOOD_UNTIL}) WHERE {GOOD_UNTIL} IS NOT NULL")
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"ANALYZE fact (account_id, owner, {GOOD_UNTIL})")


def _note_stale(tx: Connection) -> None:
    due = DUE.c.account_id
    new = select(due).where(~exists().where(stale.c.account_id == due))
    tx.execute(insert(stale).from_select(["account_id"], new))


def _own(columns: Sequence[FactColumn]) -> tuple[str, ...]:
    """The columns that no rule reads."""
    return (GOOD_UNTIL, MADE_IN, *(counted(name) for name in _fading(columns)))


def _fading(columns: Sequence[FactColumn]) -> dict[str, int]:
    """By the name of each column that fades in a line, over how many days."""
    return {column.name: column.source.days for column in columns if isinstance(column.source, FadingSource)}


def _types(columns: Sequence[FactColumn]) -> dict[str, Type]:
    return {column.name: column.type for column in columns} | ALWAYS


def _values(  # noqa: PLR0913 - how, for whom and when facts are made
    tx: Connection,
    columns: Sequence[FactColumn],
    now: datetime,
    settings: FactSettings,
    made: int,
    *,
    due: bool = False,
) -> tuple[dict[str, ColumnElement[Any]], Accounts]:
    """What each column holds, and the accounts to select it from: all, or those that are ``due``."""
    accounts = Accounts(reader(tx.dialect.name), now, settings, filed(tx, columns, now), due)
    values: dict[str, ColumnElement[Any]] = {"account_id": accounts.account.c.id}
    for name, kind in ALWAYS.items():
        values[name] = accounts.derived(name) if name in DERIVED else accounts.own(name, kind)
    values |= {column.name: _value(accounts, column) for column in columns if column.name not in values}
    for column in columns:
        if isinstance(column.source, FadingSource):
            values[counted(column.name)] = accounts.still_fading(column.source.kind, column.source.days)
    contacts.keep_up(accounts)
    values |= {GOOD_UNTIL: accounts.good_until(), MADE_IN: literal(made)}
    return values, accounts


def read_sets(
    tx: Connection, account_ids: Sequence[str] | None = None, *, made_by: int | None = None
) -> dict[str, str]:
    """Account id → SHA-256 of everything that a decision about it rests on (I3); all accounts, or these.

    Without those whose facts are newer than the state ``made_by``: a decision by that state does not rest on them. The
    canonical JSON of the columns that the rules read, of ``do_not_move`` and of ``held_until``. Engagement
    enters in a form that does not change when the landmark moves.
    """
    facts = _facts(tx)
    names = sorted({*facts.read, *HONOURED, *map(counted, facts.fading)})
    wanted = [facts.table.c[name] for name in names]
    people = contacts.steady(tx, facts.contacts, facts.today, account_ids) if facts.best else {}
    found: dict[str, str] = {}
    newest = facts.table.c[MADE_IN] <= made_by if made_by is not None else true()
    for each in _rows(tx, select(facts.table.c.account_id, *wanted).where(newest), account_ids):
        values = facts.steady(dict(zip(names, each[1:], strict=True)))
        values |= dict.fromkeys(facts.best, people.get(each[0]))
        found[each[0]] = digest(values)
    return found


def row(tx: Connection, account_id: str) -> Mapping[str, Value]:
    """One account's facts as people read them: engagement decayed to the moment of building. Raises KeyError."""
    return inputs(tx)[account_id]


def inputs(tx: Connection, expected: Sequence[str] = ()) -> Inputs:
    """Every account's facts by id, read as they are asked for, in this transaction.

    ``expected``: accounts that will be asked for: they are read many at a time, however far apart they lie.
    """
    return Inputs(tx, _facts(tx), sorted(expected))


@dataclass(frozen=True, slots=True)
class _Facts:
    """The fact table as it was built last. ``folded``: half-life by the name of an engagement column.

    ``fading``: over how many days, by the name of a column that fades in a line. ``best``: columns of best contacts.
    """

    table: Table
    read: tuple[str, ...]
    folded: Mapping[str, float]
    landmark: datetime
    day: date
    """The UTC day of the facts."""
    fading: Mapping[str, int] = field(default_factory=dict)
    best: tuple[str, ...] = ()
    contacts: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """What is read of contacts: see ``contacts.ways``."""

    @property
    def today(self) -> int:
        """The number of the day of the facts."""
        return number(datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC))

    def steady(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values in a form that only events change."""
        found = dict(values)
        for name, half_life in self.folded.items():
            found[name] = halved(found[name], number(self.landmark), half_life)
        for name, days in self.fading.items():
            found[name] = fading(found[name], found.pop(counted(name)), self.today, days)
        return found

    def readable(self, each: RowMapping) -> dict[str, Value]:
        """The row with engagement decayed to the day of the facts, as rules read it."""
        shown = dict(each)
        for name, half_life in self.folded.items():
            if shown[name]:
                left = shown[name] * decayed(self.day, self.landmark, half_life)
                shown[name] = math.floor(left * 1e6 + 0.5) / 1e6
        for own in ("account_id", GOOD_UNTIL, MADE_IN, *map(counted, self.fading)):
            del shown[own]
        return shown


@dataclass(slots=True)
class Inputs:
    """Facts by account id. Reads ahead while it is asked in the order of ids, as a full pass does."""

    tx: Connection
    facts: _Facts
    expected: Sequence[str] = ()
    ahead: int = 1
    used: int = 0
    held: dict[str, dict[str, Value]] = field(default_factory=dict)

    def __getitem__(self, account_id: str) -> Mapping[str, Value]:
        if account_id not in self.held:
            # Twice as far when what was read ahead was used, half as far when it was not.
            self.ahead = min(self.ahead * 2, 1000) if 2 * self.used >= self.ahead else max(self.ahead // 2, 1)
            self.used, self.held = 0, self._read(account_id)
        self.used += 1
        return self.held[account_id]

    def _read(self, account_id: str) -> dict[str, dict[str, Value]]:
        c, at = self.facts.table.c, bisect_left(self.expected, account_id)
        wanted = select(self.facts.table)
        if account_id in self.expected[at : at + 1]:
            wanted = wanted.where(c.account_id.in_(self.expected[at : at + CHUNK]))
        else:
            wanted = wanted.where(c.account_id >= account_id).order_by(c.account_id).limit(self.ahead)
        return {each["account_id"]: self.facts.readable(each) for each in self.tx.execute(wanted).mappings()}


def _value(accounts: Accounts, column: FactColumn) -> ColumnElement[Any]:  # noqa: PLR0911 - one return for each source
    match column.source:
        case FieldSource(field=name):
            return accounts.derived(name) if name in DERIVED else accounts.field(name, column.type)
        case EngagementSource(kind=kind, half_life_days=half_life):
            return accounts.engagement(kind, half_life)
        case TouchSource(days=days):
            return accounts.touches(days)
        case EventsSource(kind=kind, days=days):
            return accounts.events(kind, days)
        case FadingSource(kind=kind, days=days):
            return accounts.fading(kind, days)
        case IntentSource(topic=topic):
            return accounts.intent(topic)
        case ContactSource(score=score):
            return contacts.highest(accounts, score)


def _remember(  # noqa: PLR0913 - all that is remembered of facts
    tx: Connection, columns: Sequence[FactColumn], now: datetime, how: FactSettings, *, build: int, made: int
) -> None:
    folded = {c.name: c.source.half_life_days for c in columns if isinstance(c.source, EngagementSource)}
    built = {
        "types": _types(columns),
        "read": sorted({column.name for column in columns}),
        "folded": folded,
        "fading": _fading(columns),
        "best": [column.name for column in columns if isinstance(column.source, ContactSource)],
        "contacts": contacts.ways(how.contacts),
        "built_at": now.isoformat(),
        "signature": _signature(tx, columns, how),
        "build": build,
        "number": made,
    }
    settings.put(tx, _BUILT, built, now)


def _built(tx: Connection) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = settings.get(tx, _BUILT)
    return found


def latest(tx: Connection) -> int:
    """The number of the state of the facts as they stand (``Refreshed``); 0 before the first."""
    built = _built(tx)
    return built.get("number", 0) if built else 0


def latest_build(tx: Connection) -> int:
    """The number of the latest full build: outcomes of an earlier one are all to be made anew. 0 before the first."""
    built = _built(tx)
    return built.get("build", 0) if built else 0


def _signature(tx: Connection, columns: Sequence[FactColumn], how: FactSettings) -> str:
    """What facts rest on besides records: when it differs, all of them are made anew."""
    ways = {each.name: repr(getattr(how, each.name)) for each in fields(how)}
    ways |= {"crm_alone": repr(sorted(how.crm_alone)), "topics": repr(sorted(how.topics.items()))}
    ways["precedence"] = repr(sorted(how.precedence.items()))
    return digest(
        {
            "form": FORM,
            "version": __version__,
            "columns": sorted(map(repr, columns)),
            "settings": ways,
            "landmark": engagement.landmark(tx).isoformat(),
            "kept": [settings.get(tx, name) for name in ("half_lives", "activity_kinds", engagement.RESCANS)],
        }
    )


def _facts(tx: Connection) -> _Facts:
    built = _built(tx)
    if built is None:
        raise LookupError("facts were never built")
    types = {name: Type(kind) for name, kind in built["types"].items()}
    return _Facts(
        table=table("fact", "account_id", types, (GOOD_UNTIL, MADE_IN, *map(counted, built["fading"]))),
        read=tuple(built["read"]),
        folded=built["folded"],
        landmark=engagement.landmark(tx),
        day=datetime.fromisoformat(built["built_at"]).astimezone(UTC).date(),
        fading=built["fading"],
        best=tuple(built["best"]),
        contacts=built["contacts"],
    )


def _rows(tx: Connection, wanted: Select[Any], account_ids: Sequence[str] | None) -> Iterator[Sequence[Any]]:
    if account_ids is None:
        yield from tx.execute(wanted.execution_options(yield_per=10_000))
        return
    for part in chunks(account_ids):
        yield from tx.execute(wanted.where(wanted.selected_columns[0].in_(part)))
