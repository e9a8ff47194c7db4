"""Two policies side by side: what each would do to the books, from the same pull. It keeps nothing of either."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rules import load
from sync_worker.assigning.steps import position, steps
from sync_worker.core.model import RowKind
from sync_worker.core.planning import PriorityFields, make_rows
from sync_worker.core.rebalance import EVERY_DAY, Cap, Rebalance, Wanted
from sync_worker.core.steps import assign
from sync_worker.core.summary import summarise
from sync_worker.decide import build_facts, everyone, load_rules, people_of
from sync_worker.store import lookup, settings
from sync_worker.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rules import Ruleset
    from sync_worker.core.model import Decision, OwnerChange
    from sync_worker.core.priced import Filled
    from sync_worker.core.steps import Position
    from sync_worker.parts import Parts

FRONTIER = (0.0, 0.01, 0.02, 0.05, 0.10)
"""Shares of the owned accounts that may move, from none to a tenth."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is compared: rules (None: the present ones) and what is wanted of them."""

    name: str
    folder: Path | None = None
    wanted: Wanted = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Side:
    """One policy, and what it would do."""

    name: str
    rules_version: str
    summary: Mapping[str, object]
    """The figures of the plan that it would make, as a plan has them."""
    books: Sequence[Mapping[str, object]]
    """The books that prices fill in either policy, measured alike: by their own prices, or by those of the other."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two policies; and what the second would do with other numbers of moves, where that was asked."""

    one: Side
    other: Side
    frontier: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class _Tried:
    policy: Policy
    rules: Ruleset
    start: Position
    changes: tuple[OwnerChange, ...]
    priced: tuple[Filled, ...]
    summary: Mapping[str, object]
    names: Mapping[str, str]

    def owners(self) -> Mapping[str, str | None]:
        """Who would have each account, by rep."""
        after = {change.account: change.after for change in self.changes}
        return {one.account: after.get(one.account, one.owner) for one in self.start.decisions}


def compare(parts: Parts, one: Policy, other: Policy, *, frontier: bool = False) -> Compared:
    """Try both on what the latest pull brought. Raises RulesInvalid, Stopped, Unproven."""
    tried = [_try(parts, policy) for policy in (one, other)]
    left, right = tried
    return Compared(
        _side(left, yardsticks(right, left)),
        _side(right, yardsticks(left, right)),
        tuple(_frontier(parts, other)) if frontier else (),
    )


def yardsticks(weaker: _Tried, stronger: _Tried) -> Mapping[str, Filled]:
    """What each book is measured by: its own policy's prices, where that one has any for it."""
    found = {one.book.policy.id: one for one in weaker.priced}
    return {**found, **{one.book.policy.id: one for one in stronger.priced}}


def _side(tried: _Tried, measures: Mapping[str, Filled]) -> Side:
    from sync_worker.core.evenness import as_others_would  # noqa: PLC0415 - numpy takes a tenth of a second

    owners, own = tried.owners(), {one.book.policy.id for one in tried.priced}
    books = tuple(as_others_would(filled, owners, proven=book in own) for book, filled in sorted(measures.items()))
    return Side(tried.policy.name, tried.rules.version, tried.summary, books)


def _frontier(parts: Parts, policy: Policy) -> Iterator[Mapping[str, object]]:
    """What more moves buy, and what the next one would."""
    asked = policy.wanted.rebalance or Rebalance()
    for share in FRONTIER:
        wanted = Wanted(replace(asked, cap=Cap(share=share)))
        tried = _try(parts, replace(policy, wanted=wanted))
        yield {"moves": share, "books": _side(tried, yardsticks(tried, tried)).books}


def _try(parts: Parts, policy: Policy) -> _Tried:
    """Decide and assign in a transaction that is taken back."""
    rules = _rules(parts, policy)
    with parts.store.begin() as tx:
        trial = tx.begin_nested()
        everybody = people_of(tx, parts)
        now = build_facts(tx, parts, rules, everybody, parts.clock()).now
        decided: tuple[Decision, ...] = tuple(everyone(tx, parts, rules, now))
        start = position(tx, parts, rules, everybody, decided, now)
        in_order = steps(tx, parts, rules, everybody, start, now, policy.wanted)
        names = lookup.user_names(tx)
        trial.rollback()
    found = assign(start, in_order)
    homes = {decision.account: decision for decision in decided}
    shown = [everybody.shown(change, homes[change.account]) for change in found.changes]
    rows = [row for row in make_rows(decided, shown, {}, fields=_NO_FIELDS) if row.kind is RowKind.OWNER]
    summary = summarise(
        rows,
        decided,
        start.reps,
        names,
        unassigned=found.unassigned,
        refused=found.refused,
        people=everybody,
        fields=_NO_FIELDS,
    )
    return _Tried(policy, rules, start, found.changes, found.priced, summary, names)


_NO_FIELDS = PriorityFields((), 0.0)


def _rules(parts: Parts, policy: Policy) -> Ruleset:
    if policy.folder is None:
        return load_rules(parts)
    with parts.store.read() as tx:
        schema = settings.get(tx, "schema")
    return load(policy.folder, vocabulary(schema, parts.config)) if schema else load_rules(parts)
