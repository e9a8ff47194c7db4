"""The log of decisions: what the rules said of each account, whenever that changed, and what they read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from sync_worker.store.outcomes import SCORE_STEP
from sync_worker.store.schema import decision
from sync_worker.store.upsert import chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from sync_worker.core.model import Decision


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as it was logged. ``value`` holds scope, protect, return, book and scores; ``old`` the one before.

    ``inputs`` are the values that the rules read, without the empty ones. ``cycle`` is the run that decided it.
    """

    account: str
    at: datetime
    cycle: int | None
    rules_version: str
    value: Mapping[str, Any]
    old: Mapping[str, Any] | None
    inputs: Mapping[str, Any]


def evaluate(tx: Connection, sql: str) -> Generator[Mapping[str, object]]:
    """Run a compiled statement as it stands, row by row. It has no parameters: colons and per cents are text."""
    options = {"no_parameters": True, "yield_per": 5000}
    with tx.exec_driver_sql(sql, execution_options=options) as found:
        for row in found.mappings():
            yield dict(row)


@dataclass(slots=True)
class Recorded:
    """What came of decisions that may have changed. ``changed``: how many were logged."""

    changed: int = 0
    same: dict[str, dict[str, float]] = field(default_factory=dict)
    """The logged totals, by account and score, of those that say what was logged last."""


def record(  # noqa: PLR0913 - the fixed contract with the cycle
    tx: Connection,
    decisions: Sequence[Decision],
    *,
    inputs: Callable[[str], Mapping[str, Any]],
    cycle: int | None,
    rules_version: str,
    now: datetime,
    score_step: float = SCORE_STEP,
) -> Recorded:
    """Log those of these decisions that differ from the last one logged, with the inputs that were read."""
    found = Recorded()
    for part in chunks(decisions):
        known = _known(tx, [each.account for each in part])
        rows = []
        for each in part:
            new, old = as_json(each), known.get(each.account)
            if old is not None and not _differs(new, old, score_step):
                found.same[each.account] = {name: score["total"] for name, score in old["scores"].items()}
                continue
            read = {name: value for name, value in inputs(each.account).items() if value is not None}
            made = {"account_id": each.account, "at": now, "cycle_id": cycle, "rules_version": rules_version}
            rows.append({**made, "old": old, "new": new, "inputs": read})
        if rows:
            tx.execute(insert(decision), rows)
        found.changed += len(rows)
    return found


def latest(tx: Connection, account: str) -> Decided | None:
    """The decision that holds for an account; None if there was none."""
    return _first(tx, _logged(account))


def at(tx: Connection, account: str, when: datetime) -> Decided | None:
    """The decision that held for an account at a moment."""
    return _first(tx, _logged(account).where(decision.c.at <= when))


def history(tx: Connection, account: str) -> list[Decided]:
    """An account's decisions, the latest first."""
    return [_decided(found) for found in tx.execute(_logged(account))]


def as_json(each: Decision) -> dict[str, Any]:
    """A decision as it is stored: what the rules said, without what they read."""
    said = {
        "scope": each.scope,
        "protect": each.protect,
        "return": each.return_,
        "book": each.book,
        "scores": {
            name: {
                "total": score.total,
                "tier": score.tier,
                "points": [[point.term, point.points, point.because] for point in score.points],
            }
            for name, score in each.scores.items()
        },
    }
    return {**said, "fields": dict(each.fields)} if each.fields else said


def _known(tx: Connection, accounts: Sequence[str]) -> dict[str, Any]:
    """What was logged last for each of these accounts."""
    c = decision.c
    last = select(func.max(c.id)).where(c.account_id.in_(accounts)).group_by(c.account_id)
    return {row.account_id: row.new for row in tx.execute(select(c.account_id, c.new).where(c.id.in_(last)))}


def _differs(value: Mapping[str, Any], old: Mapping[str, Any], score_step: float) -> bool:
    if any(value[name] != old[name] for name in ("scope", "protect", "return", "book")):
        return True
    if value.get("fields", {}) != old.get("fields", {}):
        return True
    if value["scores"].keys() != old["scores"].keys():
        return True
    return any(_score_differs(score, old["scores"][name], score_step) for name, score in value["scores"].items())


def _score_differs(new: Mapping[str, Any], old: Mapping[str, Any], step: float) -> bool:
    reasons = [[term for term, *_ in score["points"]] for score in (new, old)]
    return new["tier"] != old["tier"] or reasons[0] != reasons[1] or abs(new["total"] - old["total"]) >= step


def _logged(account: str) -> Select[Any]:
    return select(decision).where(decision.c.account_id == account).order_by(decision.c.at.desc(), decision.c.id.desc())


def _first(tx: Connection, wanted: Select[Any]) -> Decided | None:
    found = tx.execute(wanted.limit(1)).one_or_none()
    return None if found is None else _decided(found)


def _decided(found: Any) -> Decided:  # noqa: ANN401 - a row of the decision table
    return Decided(found.account_id, found.at, found.cycle_id, found.rules_version, found.new, found.old, found.inputs)
