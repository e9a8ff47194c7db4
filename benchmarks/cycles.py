"""What a cycle's evaluation costs: everything, 5,000 changed accounts and 20,000 events, nothing, and a new day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from benchmarks import org
from connectors.port import Cursor, Page, Record, Ref, Stream
from rules import ColumnKind, EngagementSource, needs
from sync_worker.core.model import Decision
from sync_worker.decide import ScoreColumns, text
from sync_worker.store import activities, decisions, engagement, facts, outcomes, records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Value
    from rules import Ruleset
    from sync_worker.store.outcomes import Evaluated

CHANGED_ACCOUNTS = 5_000
NEW_EVENTS = 20_000


@dataclass(frozen=True, slots=True)
class Cycle:
    """What was done: accounts whose facts were made anew, whose rules were run, whose decision was logged."""

    refreshed: int
    evaluated: int
    logged: int


def evaluate(tx: Connection, rules: Ruleset, now: datetime, *, all_facts: bool = False) -> Cycle:
    """What ``decide`` does to know each account's decision: facts, rules, comparison, log.

    ``all_facts``: all of it from nothing.
    """
    columns = needs(rules)
    half_lives = {column.source.half_life_days for column in columns if isinstance(column.source, EngagementSource)}
    engagement.refold(tx, half_lives, now)
    if all_facts:
        refreshed = facts.build(tx, columns, now=now, settings=org.FACT_SETTINGS)
    else:
        refreshed = facts.refresh(tx, columns, now=now, settings=org.FACT_SETTINGS).accounts
    evaluated = outcomes.evaluate(tx, rules, now=now)
    return Cycle(refreshed, evaluated.accounts, _record(tx, rules, evaluated, now))


def _record(tx: Connection, rules: Ruleset, evaluated: Evaluated, now: datetime) -> int:
    differing = outcomes.changed(tx, evaluated)
    if evaluated.number == 1 or not differing:  # a million first decisions are no change of any
        return 0
    marks = ", ".join(f"'{account}'" for account in differing)
    rows = tx.exec_driver_sql(f"SELECT * FROM outcome WHERE account_id IN ({marks})").mappings()
    compiled = evaluated.compiled
    names = [compiled.of(kind)[0].name for kind in _ONE]
    scores = {score.id: ScoreColumns.of(score, compiled) for score in rules.scores}
    made = [_decision(dict(row), names, scores) for row in rows]
    inputs = facts.inputs(tx, differing)
    found = decisions.record(tx, made, inputs=inputs.__getitem__, cycle=None, rules_version=rules.version, now=now)
    outcomes.put_back(tx, compiled, found.same)
    return found.changed


def _decision(row: Mapping[str, object], names: Sequence[str], scores: Mapping[str, ScoreColumns]) -> Decision:
    scope, protect, returned, book = (text(row[name]) for name in names)
    found = {score: columns.read(row) for score, columns in scores.items()}
    return Decision(
        account=str(row["account_id"]), crm="salesforce", name="", owner=None, scope=scope, protect=protect,
        return_=returned, book=book, scores=found,
    )  # fmt: skip


_ONE = (ColumnKind.IN_SCOPE, ColumnKind.PROTECT, ColumnKind.RETURN, ColumnKind.BOOK)


def pulled(tx: Connection, accounts: int, now: datetime) -> None:
    """What a pull has brought: accounts with another size, another owner, another intent; others in each minute."""
    step = max(accounts // CHANGED_ACCOUNTS, 1)
    ids = [f"001{number:012d}" for number in range(now.minute % step, accounts, step)][:CHANGED_ACCOUNTS]
    known = {id_: records.get(tx, Stream.ACCOUNTS, id_) for id_ in ids}
    found = tuple(
        Record(Ref(Stream.ACCOUNTS, id_), _changed(record.fields, at), now)
        for at, (id_, record) in enumerate(known.items())
        if record is not None
    )
    page = Page(found, Cursor("1"), full=False)
    records.save_page(
        tx, "salesforce", Stream.ACCOUNTS, page, cycle=1, now=now, touches=org.TOUCHES, engagement=org.ENGAGEMENT
    )


def _changed(fields: Mapping[str, Value], at: int) -> dict[str, Value]:
    name, value = (("employees", 40 + at), ("owner", f"005{1 + at % 900:012d}"), ("surge_cyber", at % 101))[at % 3]
    return {**fields, name: value, "surge_on": "2026-11-21"}


def happened(tx: Connection, accounts: int, now: datetime) -> None:
    """Events are typed and folded, as the pull does with a page of them."""
    kinds = ("meeting", "web_form", "email", "call", "webinar", "reply", "visit")
    found = [
        Record(
            Ref(Stream.ACTIVITIES, f"00U{now.minute:02d}{at:010d}"),
            {
                "account": f"001{(at * 48_271 + now.minute) % accounts:012d}",
                "kind": kinds[at % len(kinds)],
                "at": (now - timedelta(hours=at % 72)).isoformat().replace("+00:00", "Z"),
                "owner": f"005{1 + at % 900:012d}",
                "done": True,
            },
            now,
        )
        for at in range(NEW_EVENTS)
    ]
    activities.save(tx, found, known=(), touches=org.TOUCHES, engagement_kinds=org.ENGAGEMENT, now=now)
