"""What files told, kept: the latest of each source, account and topic or field, whatever the order in which it came.

It knows no file and no account: which account a key means is worked out elsewhere and only noted here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from sync_worker.core.matching import AMBIGUOUS
from sync_worker.store.schema import bad_line, firmographic, signal, signal_file
from sync_worker.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Table

    from connectors.files import Fault, Firmographics, Intent
    from sync_worker.core.matching import Match
    from sync_worker.store.upsert import Condition

INTENT, FIRMOGRAPHICS, REFUSED, UNREADABLE = "intent", "firmographics", "refused", "unreadable"
"""Kinds of files; the last two gave nothing."""

_BY_BYTES = {"sqlite": "BINARY", "postgresql": "C"}
"""Names of files are compared as bytes: what wins a tie must not hang on a database's language."""

_TELLING = (signal, firmographic)


@dataclass(frozen=True, slots=True)
class FileTaken:
    """A file that was read. ``lines``: those with data; ``bad``: those of them that were not taken."""

    digest: str
    file: str
    kind: str
    lines: int
    bad: int
    at: datetime


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not taken. Line 0 stands for the whole file."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What there is of one source. ``told``: topics or values, each with its account; the other figures are of them."""

    source: str
    kind: str
    files: int
    """Those that what is known comes from: a file whose every line was outdone by a later one is not among them."""
    told: int
    matched: int
    ambiguous: int
    unmatched: int
    stale: int
    match_rate: float
    """The share of ``told`` that found its account."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A key that means no account, or nobody knows which."""

    source: str
    key: str
    told: int
    because: str


def begin_file(tx: Connection, content: str, file: str, now: datetime) -> None:
    """Begin to keep what a file says; what the same content said before is forgotten."""
    for table in (*_TELLING, bad_line, signal_file):
        tx.execute(delete(table).where(table.c.digest == content))
    # Two workers may meet the same file at once: the second one waits, and takes it in again.
    upsert(tx, signal_file, [{"digest": content, "file": file, "kind": "", "lines": 0, "bad": 0, "at": now}])


def end_file(tx: Connection, content: str, kind: str, lines: int, bad: int) -> None:
    """Say what it was."""
    tx.execute(update(signal_file).where(signal_file.c.digest == content).values(kind=kind, lines=lines, bad=bad))


def set_aside(tx: Connection, content: str, faults: Sequence[Fault]) -> None:
    """Keep why lines were not taken."""
    rows = [{"digest": content, "line": fault.line, "reason": fault.reason} for fault in faults]
    upsert(tx, bad_line, rows)


def forget_unreadable(tx: Connection) -> None:
    """Forget the files that could not be opened: whether they can be is looked at anew each time."""
    c = signal_file.c
    digests = select(c.digest).where(c.kind == UNREADABLE)
    tx.execute(delete(bad_line).where(bad_line.c.digest.in_(digests)))
    tx.execute(delete(signal_file).where(c.kind == UNREADABLE))


def taken(tx: Connection) -> frozenset[str]:
    """The contents that were read, by their digests."""
    c = signal_file.c
    return frozenset(tx.execute(select(c.digest).where(c.kind != UNREADABLE)).scalars())


def keep_intent(tx: Connection, content: str, file: str, rows: Sequence[Intent]) -> None:
    """Keep these where nothing later is known."""
    said = [
        {
            **_key(row, content),
            "topic": row.topic,
            "score": row.score,
            "observed_at": row.observed_at,
            "expires_at": row.expires_at,
        }
        for row in rows
    ]
    upsert(tx, signal, said, _said_anew(signal), _later(tx, signal, file))


def keep_firmographics(tx: Connection, content: str, file: str, rows: Sequence[Firmographics]) -> None:
    """Keep these where nothing later is known, field by field."""
    said = [
        {**_key(row, content), "field": name, "value": value, "observed_at": row.observed_at}
        for row in rows
        for name, value in row.values.items()
    ]
    upsert(tx, firmographic, said, _said_anew(firmographic), _later(tx, firmographic, file))


# Whose it is -----------------------------------------------------------------------------------------------------


def any_told(tx: Connection) -> bool:
    """Whether any file ever said anything."""
    return any(tx.execute(select(exists(select(table.c.key)))).scalar_one() for table in _TELLING)


def keys(tx: Connection) -> frozenset[str]:
    """Every account's key that a file has named."""
    return frozenset(key for table in _TELLING for key in tx.execute(select(table.c.key).distinct()).scalars())


def keep_matches(tx: Connection, matches: Mapping[str, Match]) -> None:
    """Note which account each key means; rows that say so already are left alone."""
    for table in _TELLING:
        c = table.c
        noted = tx.execute(select(c.source, c.key, c.account_id, c.because).distinct()).all()
        changed = {(one.source, one.key) for one in noted if not _same(matches[one.key], one.account_id, one.because)}
        rows = [
            {"s": source, "k": key, "account": matches[key].account, "why": matches[key].because}
            for source, key in sorted(changed)
        ]
        if rows:
            whose = update(table).where(c.source == bindparam("s"), c.key == bindparam("k"))
            tx.execute(whose.values(account_id=bindparam("account"), because=bindparam("why")), rows)


# What there is ---------------------------------------------------------------------------------------------------


def files(tx: Connection, limit: int) -> list[FileTaken]:
    """The files that were read, the latest first."""
    c = signal_file.c
    rows = tx.execute(select(signal_file).order_by(c.at.desc(), c.file.desc(), c.digest).limit(limit))
    return [FileTaken(row.digest, row.file, row.kind, row.lines, row.bad, row.at) for row in rows]


def bad_lines(tx: Connection, limit: int) -> list[BadLine]:
    """Lines that were not taken, those of the latest file first."""
    f, b = signal_file.c, bad_line.c
    wanted = select(f.file, b.line, b.reason).join(signal_file, f.digest == b.digest)
    rows = tx.execute(wanted.order_by(f.at.desc(), f.file.desc(), f.digest, b.line).limit(limit))
    return [BadLine(row.file, row.line, row.reason) for row in rows]


def unmatched(tx: Connection, limit: int) -> list[Unmatched]:
    """What found no account, the keys with the most of it first."""
    each = [
        select(table.c.source, table.c.key, table.c.because, func.count().label("told"))
        .where(table.c.account_id.is_(None))
        .group_by(table.c.source, table.c.key, table.c.because)
        for table in _TELLING
    ]
    found = union_all(*each).subquery()
    rows = tx.execute(select(found).order_by(found.c.told.desc(), found.c.source, found.c.key).limit(limit))
    return [Unmatched(row.source, row.key, row.told, row.because) for row in rows]


def files_in_all(tx: Connection) -> int:
    """How many files were read."""
    return tx.execute(select(func.count()).select_from(signal_file)).scalar_one()


def bad_in_all(tx: Connection) -> int:
    """How many lines and whole files were not taken, as far as they are listed."""
    return tx.execute(select(func.count()).select_from(bad_line)).scalar_one()


def sources(tx: Connection, now: datetime) -> list[SourceCounts]:
    """What there is, by source and kind."""
    found = [*_of_sources(tx, signal, signal.c.expires_at <= now), *_of_sources(tx, firmographic, false())]
    return sorted(found, key=lambda one: (one.source, one.kind))


def topics(tx: Connection) -> list[str]:
    """Every topic that a file has told of, in the words that rules would use."""
    return list(tx.scalars(select(signal.c.topic).distinct().order_by(signal.c.topic)))


def _of_sources(tx: Connection, table: Table, stale: ColumnElement[bool]) -> Iterator[SourceCounts]:
    c = table.c
    homeless, doubtful = c.account_id.is_(None), c.because.startswith(AMBIGUOUS)
    figures = select(
        c.source,
        func.count(c.digest.distinct()).label("files"),
        func.count().label("told"),
        _counted(~homeless).label("matched"),
        _counted(and_(homeless, doubtful)).label("ambiguous"),
        _counted(and_(homeless, ~doubtful)).label("unmatched"),
        _counted(stale).label("stale"),
    )
    for row in tx.execute(figures.group_by(c.source)).mappings():
        kind = INTENT if table is signal else FIRMOGRAPHICS
        yield SourceCounts(kind=kind, match_rate=row["matched"] / row["told"], **row)


def _key(row: Intent | Firmographics, content: str) -> dict[str, Any]:
    return {"source": row.source, "key": row.key, "because": "", "digest": content, "line": row.line}


def _said_anew(table: Table) -> Any:  # noqa: ANN401 - what upsert takes for a change
    """All but whose it is: the key is the same, and so is the account that it means."""
    kept = {"account_id", "because", *(column.name for column in table.primary_key)}
    names = [column.name for column in table.columns if column.name not in kept]
    return lambda new: {name: new.excluded[name] for name in names}


def _later(tx: Connection, table: Table, file: str) -> Condition:
    """Whether a new row is later than the one there: observed later, else in a later file by name, or further down.

    A file that was changed under its name is later than it was.
    """
    c = table.c
    # By name: SQLAlchemy would have the inner SELECT read a table of its own.
    there: ColumnElement[str] = literal_column(f"{table.name}.digest")
    told_by = select(signal_file.c.file).where(signal_file.c.digest == there).scalar_subquery()
    name = told_by.collate(_BY_BYTES[tx.dialect.name])

    def later(new: Any) -> ColumnElement[bool]:  # noqa: ANN401 - an INSERT of either engine
        excluded = new.excluded
        below = or_(c.digest != excluded.digest, c.line <= excluded.line)
        tie = or_(name < file, and_(name == file, below))
        return or_(excluded.observed_at > c.observed_at, and_(excluded.observed_at == c.observed_at, tie))

    return later


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _same(match: Match, account: str | None, because: str) -> bool:
    return (match.account, match.because) == (account, because)
