"""Matches as they were found, and what people said of them. It compares nothing: that is in ``core.matching``."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, delete, func, insert, select

from connectors.port import Stream
from sync_worker.core.matching import How
from sync_worker.store import audit
from sync_worker.store.json_sql import reader
from sync_worker.store.schema import account_match, match_verdict, record
from sync_worker.store.upsert import chunks, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from sync_worker.core.matching import Match

LEADS, SIGNALS = "leads", "signals"
LINKED, REVIEW, NONE = "linked", "review", "none"
ACCEPTED, REJECTED = "accepted", "rejected"


@dataclass(frozen=True, slots=True)
class Said:
    """What people said of one key: the account that it is, and those that it is not."""

    accepted: str = ""
    rejected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and an account. ``account`` is empty where none was found. ``by``, ``at``, ``note``: what a person said."""

    id: str
    source: str
    key: str
    name: str
    state: str
    account: str
    account_name: str
    score: float | None
    because: str
    by: str = ""
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """How much of a source found its account. ``linked`` and ``review`` are counted by key; ``rate``: linked of all."""

    source: str
    keys: int
    linked: int
    review: int
    none: int
    rate: float


def pair_id(source: str, key: str, account: str) -> str:
    """The id under which people speak of a pair: the same in every store, on every run."""
    return sha256(f"{source}\n{key}\n{account}".encode()).hexdigest()[:12]


def keep(tx: Connection, source: str, found: Mapping[str, tuple[str, Match]]) -> None:
    """Let these be the source's matches, by key, each with the name that people see. Only what differs is written."""
    c = account_match.c
    known = {
        (row.key, row.account_id): tuple(row) for row in tx.execute(select(account_match).where(c.source == source))
    }
    wanted = {
        (row["key"], row["account_id"]): row
        for key, (name, match) in found.items()
        for row in _rows(source, key, name, match)
    }
    for key, account in known.keys() - wanted.keys():
        tx.execute(delete(account_match).where(c.source == source, c.key == key, c.account_id == account))
    names = [column.name for column in account_match.columns]
    new = [row for at, row in wanted.items() if known.get(at) != tuple(row[name] for name in names)]
    for part in chunks(new):
        upsert(tx, account_match, part)


def _rows(source: str, key: str, name: str, match: Match) -> Iterator[dict[str, Any]]:
    def row(account: str, state: str, score: float, because: str) -> dict[str, Any]:
        return {
            "source": source,
            "key": key,
            "account_id": account,
            "id": pair_id(source, key, account),
            "state": state,
            "how": match.how.value,
            "score": score,
            "because": because,
            "name": name,
        }

    if match.account:
        yield row(match.account, LINKED, match.score, match.because)
    elif match.review:
        many = f"{match.because}; " if match.ambiguous else ""
        for one in match.review:
            yield row(one.account, REVIEW, one.score, f"{many}{one.because}")
    else:
        yield row("", NONE, 0.0, match.because)


def said(tx: Connection, source: str) -> dict[str, Said]:
    """What people said, by key."""
    c = match_verdict.c
    found: dict[str, Said] = {}
    for row in tx.execute(select(c.key, c.account_id, c.accepted).where(c.source == source)):
        old = found.get(row.key, Said())
        no = old.rejected if row.accepted else old.rejected | {row.account_id}
        found[row.key] = Said(row.account_id if row.accepted else old.accepted, no)
    return found


def latest_verdict(tx: Connection) -> str:
    """Changes with every verdict: how many there are, and the time of the last one."""
    c = match_verdict.c
    row = tx.execute(select(func.count(), func.max(c.decided_at), func.sum(case((c.accepted, 1), else_=0)))).one()
    return " ".join(map(str, row))


def decide(  # noqa: PLR0913 - what a verdict says, by name
    tx: Connection, pair: Pair, *, accepted: bool, by: str, note: str, now: datetime
) -> None:
    """Keep what a person said of the pair, with its entry in the audit log. The last word on a pair counts.

    Accepting one takes the place of an account that was accepted for the same key before.
    """
    c = match_verdict.c
    if accepted:
        tx.execute(delete(match_verdict).where(c.source == pair.source, c.key == pair.key, c.accepted))
    row = {"source": pair.source, "key": pair.key, "account_id": pair.account, "id": pair.id, "accepted": accepted}
    upsert(tx, match_verdict, [{**row, "name": pair.name, "decided_by": by, "decided_at": now, "note": note}])
    _show(tx, pair, accepted=accepted)
    word = ACCEPTED if accepted else REJECTED
    entry = {"source": pair.source, "key": pair.key, "pair": pair.id}
    told = {"by": by, "note": note}
    audit.append(tx, f"match.{word}", entry, now=now, account_id=pair.account, secret_values=told)


def _show(tx: Connection, pair: Pair, *, accepted: bool) -> None:
    """Let the list show at once what the next matching will find."""
    c = account_match.c
    own = (c.source == pair.source) & (c.key == pair.key)
    tx.execute(delete(account_match).where(own if accepted else own & (c.account_id == pair.account)))
    base = {"source": pair.source, "key": pair.key, "name": pair.name}
    if accepted:
        row = {**base, "account_id": pair.account, "id": pair.id, "state": LINKED, "how": How.PERSON.value}
        tx.execute(insert(account_match).values(**row, score=1.0, because="a person said so"))
    elif tx.execute(select(func.count()).select_from(account_match).where(own)).scalar_one() == 0:
        row = {**base, "account_id": "", "id": pair_id(pair.source, pair.key, ""), "state": NONE}
        why = "the account that was found was rejected"
        tx.execute(insert(account_match).values(**row, how=How.NOTHING.value, score=0.0, because=why))


def by_id(tx: Connection, wanted: str) -> list[Pair]:
    """The pairs whose id begins so, found or judged: a judged one as it was judged."""
    judged = {pair.id: pair for pair in _judged(tx, match_verdict.c.id.startswith(wanted, autoescape=True), 3)}
    found = {pair.id: pair for pair in _found(tx, account_match.c.id.startswith(wanted, autoescape=True), 3)}
    return [pair for pair in (found | judged).values() if pair.account]


def listed(tx: Connection, state: str, source: str, limit: int) -> list[Pair]:
    """The pairs in a state, the likeliest first; of verdicts the latest first."""
    if state in {ACCEPTED, REJECTED}:
        c = match_verdict.c
        return _judged(tx, (c.accepted == (state == ACCEPTED)) & _of(c.source, source), limit)
    return _found(tx, (account_match.c.state == state) & _of(account_match.c.source, source), limit)


def of_account(tx: Connection, account: str, limit: int) -> list[Pair]:
    """Leads, and lines of files that say neither its id nor its site, that are about the account or may be."""
    c = account_match.c
    plain = c.how.in_([How.ID.value, How.WEBSITE.value, How.DOMAIN.value])
    return _found(tx, (c.account_id == account) & ((c.source == LEADS) | ~plain), limit)


def leads(tx: Connection) -> dict[str, str]:
    """The account of each lead that has one."""
    c = account_match.c
    wanted = select(c.key, c.account_id).where(c.source == LEADS, c.state == LINKED)
    return {row.key: row.account_id for row in tx.execute(wanted)}


def rates(tx: Connection) -> list[Rate]:
    """How much of each source found its account."""
    c = account_match.c
    counts: dict[str, dict[str, int]] = {}
    each = select(c.source, c.state, func.count(c.key.distinct())).group_by(c.source, c.state).order_by(c.source)
    for source, state, number in tx.execute(each):
        counts.setdefault(source, {})[state] = number
    return [_rate(source, by_state) for source, by_state in counts.items()]


def _rate(source: str, counts: Mapping[str, int]) -> Rate:
    keys, linked = sum(counts.values()), counts.get(LINKED, 0)
    return Rate(source, keys, linked, counts.get(REVIEW, 0), counts.get(NONE, 0), linked / keys)


def _of(column: ColumnElement[str], source: str) -> ColumnElement[bool]:
    return column == source if source else column.is_not(None)


def _found(tx: Connection, chosen: ColumnElement[bool], limit: int) -> list[Pair]:
    c = account_match.c
    wanted = select(account_match).where(chosen).order_by(c.score.desc(), c.source, c.key, c.account_id).limit(limit)
    rows = tx.execute(wanted).all()
    names = _names(tx, rows)
    return [
        Pair(
            row.id,
            row.source,
            row.key,
            row.name,
            row.state,
            row.account_id,
            names.get(row.account_id, ""),
            row.score,
            row.because,
        )
        for row in rows
    ]


def _judged(tx: Connection, chosen: ColumnElement[bool], limit: int) -> list[Pair]:
    c = match_verdict.c
    rows = tx.execute(select(match_verdict).where(chosen).order_by(c.decided_at.desc(), c.id).limit(limit)).all()
    names = _names(tx, rows)
    return [
        Pair(
            id=row.id,
            source=row.source,
            key=row.key,
            name=row.name,
            state=ACCEPTED if row.accepted else REJECTED,
            account=row.account_id,
            account_name=names.get(row.account_id, ""),
            score=None,
            because=row.note,
            by=row.decided_by,
            at=row.decided_at,
            note=row.note,
        )
        for row in rows
    ]


def _names(tx: Connection, rows: Sequence[Row[Any]]) -> dict[str, str]:
    """The accounts' names by id."""
    c = record.c
    name = reader(tx.dialect.name).text(c.fields, "name")
    found: dict[str, str] = {}
    for part in chunks(sorted({row.account_id for row in rows if row.account_id})):
        wanted = select(c.id, name).where(c.stream == Stream.ACCOUNTS.value, c.id.in_(part))
        found |= {id_: said or "" for id_, said in tx.execute(wanted)}
    return found
