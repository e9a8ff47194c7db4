"""What the rules said of each account, and the log of when that changed. It runs compiled rules and judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from sync_worker.store.schema import decision, outcome
from sync_worker.store.upsert import CHUNK, latest_number, upsert

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from sync_worker.core.model import Decision

SCORE_STEP = 5.0
"""A score alone changes a decision only when it has moved this far: with decay, every score moves every day."""

_REFRESH = (
    update(outcome)
    .where(outcome.c.account_id == bindparam("account"))
    .values(rules_version=bindparam("version"), read_set=bindparam("inputs"), sequence=bindparam("number"))
)


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


def record(  # noqa: PLR0913 - the fixed contract with the cycle
    tx: Connection,
    decisions: Iterable[Decision],
    *,
    inputs: Callable[[str], Mapping[str, Any]],
    cycle: int | None,
    rules_version: str,
    now: datetime,
    score_step: float = SCORE_STEP,
) -> int:
    """Keep the outcome of each account, and log those that changed with the inputs that were read; how many changed."""
    number = latest_number(tx, "record")
    common = {"rules_version": rules_version, "at": now}
    remaining, changed = iter(decisions), 0
    while part := list(islice(remaining, CHUNK)):
        known = _known(tx, [each.account for each in part])
        news = [each for each in part if _differs(each, known.get(each.account), score_step)]
        kept = [
            {**common, "account_id": e.account, "value": as_json(e), "read_set": e.read_set, "sequence": number}
            for e in news
        ]
        upsert(tx, outcome, kept)
        _log(tx, kept, known, inputs, cycle)
        _refresh(tx, part, {each.account for each in news}, known, rules_version, number)
        changed += len(news)
    return changed


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
    return {
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


def _known(tx: Connection, accounts: Sequence[str]) -> dict[str, Any]:
    c = outcome.c
    wanted = select(c.account_id, c.value, c.read_set, c.rules_version).where(c.account_id.in_(accounts))
    return {found.account_id: found for found in tx.execute(wanted)}


def _differs(new: Decision, known: Any, score_step: float) -> bool:  # noqa: ANN401 - a row of the outcome table
    if known is None:
        return True
    value, old = as_json(new), known.value
    if any(value[name] != old[name] for name in ("scope", "protect", "return", "book")):
        return True
    if value["scores"].keys() != old["scores"].keys():
        return True
    return any(_score_differs(score, old["scores"][name], score_step) for name, score in value["scores"].items())


def _score_differs(new: Mapping[str, Any], old: Mapping[str, Any], step: float) -> bool:
    reasons = [[term for term, *_ in score["points"]] for score in (new, old)]
    return new["tier"] != old["tier"] or reasons[0] != reasons[1] or abs(new["total"] - old["total"]) >= step


def _log(
    tx: Connection,
    kept: Sequence[Mapping[str, Any]],
    known: Mapping[str, Any],
    inputs: Callable[[str], Mapping[str, Any]],
    cycle: int | None,
) -> None:
    rows = [
        {
            "account_id": each["account_id"],
            "at": each["at"],
            "cycle_id": cycle,
            "rules_version": each["rules_version"],
            "old": known[each["account_id"]].value if each["account_id"] in known else None,
            "new": each["value"],
            "inputs": {name: value for name, value in inputs(each["account_id"]).items() if value is not None},
        }
        for each in kept
    ]
    if rows:
        tx.execute(insert(decision), rows)


def _refresh(  # noqa: PLR0913, PLR0917 - what one statement needs
    tx: Connection,
    part: Sequence[Decision],
    done: set[str],
    known: Mapping[str, Any],
    rules_version: str,
    number: int,
) -> None:
    """The same decision, from other inputs or by other rules."""
    rows = [
        {"account": each.account, "version": rules_version, "inputs": each.read_set, "number": number}
        for each in part
        if each.account not in done
        and (known[each.account].read_set, known[each.account].rules_version) != (each.read_set, rules_version)
    ]
    if rows:
        tx.execute(_REFRESH, rows)


def _logged(account: str) -> Select[Any]:
    return select(decision).where(decision.c.account_id == account).order_by(decision.c.at.desc(), decision.c.id.desc())


def _first(tx: Connection, wanted: Select[Any]) -> Decided | None:
    found = tx.execute(wanted.limit(1)).one_or_none()
    return None if found is None else _decided(found)


def _decided(found: Any) -> Decided:  # noqa: ANN401 - a row of the decision table
    return Decided(found.account_id, found.at, found.cycle_id, found.rules_version, found.new, found.old, found.inputs)
