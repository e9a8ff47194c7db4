"""A CRM in memory that behaves: versions, conditional writes, history, an effect log, and failures by script."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.port import (
    BY_APP,
    Budget,
    CrmError,
    FieldChange,
    History,
    Outcome,
    Page,
    Record,
    Ref,
    Schema,
    Stream,
    User,
    Value,
    Write,
    WriteResult,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from connectors.port import Cursor

US = "worker"
"""The user as whom the worker writes."""

APP = f"{BY_APP[0]}{US}"
"""The same, as the history of a CRM without conditional writes names it."""


@dataclass
class Clock:
    """Time that passes only when it is told to."""

    now: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    seconds: float = 1000.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds


class Bell(threading.Event):
    """A stop event whose waits pass on the clock, not on the wall."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.while_waiting: Callable[[], None] = lambda: None

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.pass_(timeout or 0.0)
        self.while_waiting()
        return self.is_set()


@dataclass(frozen=True)
class Effect:
    """One value that really changed."""

    account: str
    field: str
    before: Value
    after: Value
    by: str
    at: datetime
    """When, by our clock."""
    read_at: int = 0
    """For one of ours: how many effects there had been when the account was last read before it was sent."""


@dataclass(frozen=True)
class Late:
    """A request that was given up and has not landed yet."""

    write: Write
    read_at: int
    since: float


@dataclass(frozen=True)
class Failure:
    """What happens to one write instead of the usual. Exactly one of the first three is meant.

    ``answer``: the CRM's own answer, and nothing is done. ``lost``: the write takes effect and no answer comes.
    ``late``: no answer comes, and the write takes effect when ``land_late`` is called. ``raises``: the call fails.
    """

    answer: Outcome | None = None
    lost: bool = False
    late: bool = False
    raises: CrmError | None = None
    code: str = ""


@dataclass
class Account:
    """One account as the CRM keeps it."""

    fields: dict[str, Value]
    version: int = 1
    gone: bool = False


@dataclass
class FakeCrm:
    """A Connector on one dictionary. People edit it with ``edit`` and delete with ``delete``.

    With ``conditional`` off it compares no versions, takes a hundred writes in one call, and keeps every history.
    """

    time: Clock
    accounts: dict[str, Account] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    failures: dict[str, list[Failure]] = field(default_factory=lambda: defaultdict(list))
    """By account: what the next writes to it meet."""
    keeps_history: bool = True
    seconds_per_write: float = 0.0
    seconds_per_read: float = 0.0
    unreadable: CrmError | None = None
    before_write: Callable[[Write], None] = lambda _write: None
    before_read: Callable[[], None] = lambda: None
    before_history: Callable[[], None] = lambda: None
    conditional: bool = True
    ahead: timedelta = timedelta(0)
    """How far the CRM's clock is ahead of ours."""
    behind: float = 0.0
    """So many of the latest seconds its history does not show yet."""
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    call_began: float = 0.0
    """When the call came in that the latest write is part of."""
    written: list[Write] = field(default_factory=list)
    """Every write that arrived, whatever came of it."""
    late_within: float = float("inf")
    """So many seconds after it arrived a request that was given up can land; later ones never do."""
    _late: list[Late] = field(default_factory=list)
    _read_at: dict[str, int] = field(default_factory=dict)
    _history: dict[tuple[str, str], list[FieldChange]] = field(default_factory=lambda: defaultdict(list))

    def add(self, account: str, **fields: Value) -> None:
        self.accounts[account] = Account(dict(fields))

    def edit(self, account: str, by: str = "dana", **fields: Value) -> None:
        """A change by a person: no condition holds it back."""
        self._set(account, fields, by)

    def delete(self, account: str) -> None:
        self.accounts[account].gone = True

    def value(self, account: str, name: str = "owner") -> Value:
        return self.accounts[account].fields.get(name)

    def land_late(self) -> None:
        """Let the requests that were given up arrive."""
        waiting, self._late = self._late, []
        for late in waiting:
            if self.time.seconds - late.since <= self.late_within:
                self._apply(late.write, late.read_at)

    def ours(self, account: str, name: str = "owner") -> list[Effect]:
        return [e for e in self.effects if e.account == account and e.field == name and e.by == US]

    # The port ----------------------------------------------------------------------------------------------------

    def describe(self) -> Schema:
        return Schema({}, {})

    def users(self) -> Iterable[User]:
        return ()

    def pull(self, stream: Stream, since: Cursor | None) -> Iterator[Page]:
        del stream, since
        return iter(())

    def read(self, refs: Sequence[Ref], *, versions: bool = False) -> Iterable[Record]:
        most = (200 if versions else 500) if self.conditional else 100
        self.calls["read"] += -(-len(refs) // most)
        self.before_read()
        self.time.pass_(self.seconds_per_read)
        if self.unreadable:
            raise self.unreadable
        self._read_at |= dict.fromkeys((ref.id for ref in refs), len(self.effects))
        return [self._record(ref, versions=versions) for ref in refs if not self._gone(ref.id)]

    def write(self, writes: Sequence[Write]) -> Iterator[WriteResult]:
        """Owner changes one by one where they are bound to a version; others all at once, in one call."""
        owners = [write for write in writes if "owner" in write.changes]
        others = [write for write in writes if "owner" not in write.changes]
        if self.conditional:
            yield from self._one_by_one(owners)
        elif owners:
            yield from self._together("owner write", owners, 100)
        if others:
            yield from self._together("field write", others, 200 if self.conditional else 100)

    def _one_by_one(self, writes: Sequence[Write]) -> Iterator[WriteResult]:
        for write in writes:
            if write.version is None:
                raise ValueError("a change of owner needs a version")
            self.calls["owner write"] += 1
            self.call_began = self.time.seconds
            yield self._answer(write, self._read_at.get(write.ref.id, 0))

    def _together(self, kind: str, writes: Sequence[Write], most: int) -> Iterator[WriteResult]:
        self.calls[kind] += -(-len(writes) // most)
        self.call_began = self.time.seconds
        read_at = [self._read_at.get(write.ref.id, 0) for write in writes]
        yield from [self._answer(write, read) for write, read in zip(writes, read_at, strict=True)]

    def history(self, refs: Sequence[Ref], field: str) -> Iterable[History]:
        self.calls["history"] += -(-len(refs) // 50)
        self.before_history()
        if self.unreadable:
            raise self.unreadable
        return [History(ref, self._changes(ref.id, field)) for ref in refs if not self._gone(ref.id)]

    def clock(self) -> datetime:
        return self.time.now + self.ahead

    def budget(self) -> Budget:
        return Budget(None, None, sum(self.calls.values()), 10_000, dict(self.calls))

    def close(self) -> None:
        pass

    def _changes(self, account: str, name: str) -> tuple[FieldChange, ...]:
        if not self.keeps_history:
            return ()
        until = self.clock() - timedelta(seconds=self.behind)
        return tuple(change for change in self._history[account, name] if change.at <= until)

    # Inside ------------------------------------------------------------------------------------------------------

    def _answer(self, write: Write, read_at: int) -> WriteResult:
        self.before_write(write)
        self.time.pass_(self.seconds_per_write)
        self.written.append(write)
        failures = self.failures[write.ref.id]
        failure = failures.pop(0) if failures else Failure()
        if failure.raises:
            raise failure.raises
        if failure.answer:
            return WriteResult(write.id, failure.answer, failure.code)
        if failure.late:
            self._late.append(Late(write, read_at, self.time.seconds))
            return WriteResult(write.id, Outcome.UNKNOWN)
        outcome = self._apply(write, read_at)
        return WriteResult(write.id, Outcome.UNKNOWN if failure.lost else outcome)

    def _apply(self, write: Write, read_at: int) -> Outcome:
        if self._gone(write.ref.id):
            return Outcome.GONE
        account = self.accounts[write.ref.id]
        if write.version is not None and write.version != str(account.version):
            return Outcome.CONFLICT
        self._set(write.ref.id, write.changes, US, read_at)
        return Outcome.DONE

    def _set(self, account: str, fields: Mapping[str, Value], by: str, read_at: int = 0) -> None:
        found = self.accounts[account]
        for name, value in fields.items():
            before = found.fields.get(name)
            if before != value:
                self.effects.append(Effect(account, name, before, value, by, self.time.now, read_at))
                author = APP if by == US and not self.conditional else by
                self._history[account, name].append(FieldChange(self.clock(), before, value, author))
                found.fields[name] = value
        found.version += 1

    def _gone(self, account: str) -> bool:
        return account not in self.accounts or self.accounts[account].gone

    def _record(self, ref: Ref, *, versions: bool) -> Record:
        account = self.accounts[ref.id]
        return Record(ref, dict(account.fields), self.clock(), str(account.version) if versions else None)
