"""Why an account stands where it stands: every rule tried in order, every point, what was empty, who owned it when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from rules import Dialect, TraceKind, Type, needs, trace
from sync_worker.decide import build_facts, fact_settings, load_rules, people_of
from sync_worker.history import AccountNotFound, find_account, ownership_of
from sync_worker.store import decisions, engagement, lookup, origins, schema, settings, twins
from sync_worker.store.standing import standing
from sync_worker.store.upsert import latest_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from connectors.port import Record
    from rules import Ruleset, Trace, TraceColumn
    from sync_worker.core.model import Value
    from sync_worker.history import Change
    from sync_worker.parts import Parts
    from sync_worker.store.origins import SignalTold, Statement
    from sync_worker.store.standing import Standing

OWNERS_SHOWN = 10
PLAN_ROWS_SHOWN = 5
SECTIONS = ("scope", "protect", "return", "books")


@dataclass(frozen=True, slots=True)
class RuleTried:
    """One rule, as it was tried. ``decides`` marks the first match of its section."""

    section: str
    """scope, protect, return or book."""
    id: str
    text: str
    """The condition as written."""
    because: str
    holds: bool
    decides: bool
    values: Mapping[str, Value]
    """What the condition read, and what it found."""


@dataclass(frozen=True, slots=True)
class TermCounted:
    """One term of a score, counted or not."""

    score: str
    part: str
    term: str
    text: str
    points: float
    most: float
    because: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One account, explained as of the latest pull. Names, not ids, wherever a name is known."""

    account: str
    name: str
    owner: str
    at: datetime
    rules_version: str
    verdict: str
    """One sentence: what the worker will do with this account, and the first reason."""
    scope: str | None
    protect: str | None
    return_: str | None
    book: str | None
    held: str
    resting: bool
    scores: Mapping[str, tuple[float, str]]
    """Total and tier by score id."""
    rules: tuple[RuleTried, ...]
    terms: tuple[TermCounted, ...]
    empty: tuple[str, ...]
    """Fields that the rules read and found empty."""
    crm: str
    """The account's home."""
    sources: Mapping[str, tuple[Statement, ...]]
    """What each source says of fields that the rules read, the one that counts first: where that is not the account's
    home, or where another one says something else."""
    signals: tuple[SignalTold, ...]
    """Every sign of intent, whether rules read its topic or not."""
    owners: tuple[Change, ...]
    """Latest first."""
    plan_rows: tuple[str, ...]
    """What the latest plan that touches the account does to it, and how that ended."""


def explain(parts: Parts, account: str) -> Explanation:
    """Explain the account with this id or name, as the latest pull shows it. Raises AccountNotFound, Stopped."""
    rules, now = load_rules(parts), parts.clock()
    refresh(parts, rules, now)
    with parts.store.read() as tx:
        found = home_of(tx, find_account(tx, account))
        at = standing(tx, now, found.ref.id).get(found.ref.id)
        mark = engagement.landmark(tx)
        traced = trace(rules, Dialect(parts.store.dialect), now=now, landmark=mark, account_id=found.ref.id)
        # Read to the end: PostgreSQL keeps a cursor open until then.
        found_values = list(decisions.evaluate(tx, traced.sql))
        values = found_values[0] if found_values else None
        if at is None or values is None:
            raise not_in_facts(tx, found, parts.config.crms)
        owned = ownership_of(tx, found.ref.id, OWNERS_SHOWN)
        rows = tuple(_plan_rows(tx, found.ref.id))
        how, columns = fact_settings(parts, people_of(tx, parts)), needs(rules)
        said = origins.statements(tx, columns, found.ref.id, now=now, settings=how)
        told = origins.signals(tx, found.ref.id, now=now, settings=how)
    tried = tuple(_tried(traced, values))
    first = {rule.section: rule for rule in tried if rule.decides}
    return Explanation(
        account=found.ref.id,
        name=at.name,
        owner=owned.owner,
        at=now,
        rules_version=rules.version,
        verdict=verdict(first, at),
        scope=_id(first, "scope"),
        protect=_id(first, "protect"),
        return_=_id(first, "return"),
        book=_id(first, "book"),
        held=at.held,
        resting=at.resting,
        scores=dict(_scores(traced, values)),
        rules=tried,
        terms=tuple(_terms(traced, values)),
        empty=tuple(_word(column) for column in traced.of(TraceKind.VALUE) if values[column.name] is None),
        crm=at.crm,
        sources={name: each for name, each in said.items() if disputed(each, at.crm)},
        signals=told,
        owners=owned.changes,
        plan_rows=rows,
    )


def home_of(tx: Connection, found: Record) -> Record:
    """The account itself, where this is only its record in the other CRM."""
    homes = [twin.home for twin in twins.of(tx, found.ref.id) if twin.account == found.ref.id]
    return next((home for id_ in homes if (home := lookup.get(tx, found.ref.stream, id_))), found)


def disputed(said: Sequence[Statement], home: str) -> bool:
    """Whether there is anything to say of where a value comes from."""
    return said[0].source != home or any(one.value != said[0].value for one in said)


def refresh(parts: Parts, rules: Ruleset, now: datetime) -> None:
    """Build the facts again where records have changed since, or a pull was made, or other rules are to read them."""
    wanted = sorted(column.name for column in needs(rules))
    with parts.store.read() as tx:
        built = settings.get(tx, "fact_columns")
        if built and built["read"] == wanted and not _outdated(tx, built):
            return
    with parts.store.begin() as tx:
        build_facts(tx, parts, rules, people_of(tx, parts), now)


def _outdated(tx: Connection, built: Mapping[str, Any]) -> bool:
    """Whether anything has been brought in since: by a pull, by a file, or by a look at our own writes."""
    if built.get("sequence") != latest_number(tx, "record"):
        return True
    seen = [tx.scalar(select(func.max(at))) for at in (schema.cursor.c.saved_at, schema.signal_file.c.at)]
    since = datetime.fromisoformat(built["built_at"])
    return any(at is not None and at > since for at in seen)


def verdict(first: Mapping[str, RuleTried], at: Standing) -> str:
    """One sentence: what the worker does with the account, and the reason that comes first."""
    if "scope" not in first:
        return "It is out of scope: no scope rule takes it, so the worker never touches it."
    if at.held:
        return f"It stays with its owner: {at.held}."
    if "protect" in first:
        return f"It stays with its owner: {first['protect'].because}."
    if at.in_pool:
        return _pool_verdict(first, at)
    if "return" in first:
        return f"It is due to go back to the pool: {first['return'].because}."
    return "It stays with its owner: no rule returns it."


def _pool_verdict(first: Mapping[str, RuleTried], at: Standing) -> str:
    if at.resting:
        return "It rests in the pool after its return, and will then be given out again."
    if "book" not in first:
        return "It waits in the pool: no book takes it."
    return f"It waits in the pool for a place in the book {first['book'].id}, the highest score first."


def not_in_facts(tx: Connection, found: Record, crms: Collection[str]) -> AccountNotFound:
    """The refusal for an account that is known but was not there when the facts were made."""
    name, crm = found.fields.get("name") or found.ref.id, lookup.crm_of(tx, found.ref)
    gone = "was deleted in the CRM" if found.deleted else "is set aside: 'sync-worker status' says why"
    why = gone if crm in crms else f"is an account of {crm}, which the config does not name"
    return AccountNotFound(f"{name} ({found.ref.id}) {why}", hint="'sync-worker history' shows who owned it")


def _tried(traced: Trace, values: Mapping[str, object]) -> Iterator[RuleTried]:
    for section in SECTIONS:
        decided = False
        for column in traced.of(TraceKind.TRUTH, section):
            holds = bool(values[column.name])
            yield RuleTried(
                section="book" if section == "books" else section,
                id=column.rule,
                text=column.text,
                because=column.because,
                holds=holds,
                decides=holds and not decided,
                values=_seen(traced, column, values),
            )
            decided = decided or holds


def _terms(traced: Trace, values: Mapping[str, object]) -> Iterator[TermCounted]:
    for column in traced.of(TraceKind.POINTS):
        yield TermCounted(
            score=column.rule,
            part=column.part,
            term=column.term,
            text=column.text,
            points=_number(values[column.name]),
            most=column.most or 0.0,
            because=column.because,
            values=_seen(traced, column, values),
        )


def _scores(traced: Trace, values: Mapping[str, object]) -> Iterator[tuple[str, tuple[float, str]]]:
    tiers = {column.rule: str(values[column.name] or "") for column in traced.of(TraceKind.TIER)}
    for column in traced.of(TraceKind.TOTAL):
        yield column.rule, (_number(values[column.name]), tiers.get(column.rule, ""))


def _seen(traced: Trace, column: TraceColumn, values: Mapping[str, object]) -> dict[str, Value]:
    """What a condition read, under the words that rules use."""
    read = {one.name: one for one in (*traced.of(TraceKind.VALUE), *traced.of(TraceKind.OUTPUT))}
    return {_word(read[name]): _value(read[name], values[name]) for name in column.reads}


def _word(column: TraceColumn) -> str:
    return column.fact.word if column.fact else column.text or column.name


def _value(column: TraceColumn, seen: object) -> Value:
    if column.type is Type.BOOLEAN and seen is not None:
        return bool(seen)
    return seen if seen is None or isinstance(seen, str | int | float | bool) else str(seen)


def _number(seen: object) -> float:
    return float(str(seen or 0))


def _id(first: Mapping[str, RuleTried], section: str) -> str | None:
    return first[section].id if section in first else None


def _plan_rows(tx: Connection, account: str) -> Iterator[str]:
    """The latest plans' rows for the account, one line each."""
    r, p = schema.plan_row.c, schema.plan.c
    wanted = (
        select(p.id, p.created_at, r.kind, r.rule, r.reason, r.state, r.message)
        .join(schema.plan, p.id == r.plan_id)
        .where(r.account_id == account)
        .order_by(p.created_at.desc(), r.number)
        .limit(PLAN_ROWS_SHOWN)
    )
    for row in tx.execute(wanted):
        end = f" ({row.message})" if row.message else ""
        yield f"{row.created_at:%Y-%m-%d} plan {row.id}: {row.kind} by {row.rule}, {row.reason}: {row.state}{end}"
