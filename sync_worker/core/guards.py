"""The blast radius of a plan (I7): which limits it goes over, with both figures. Judges; stops nothing itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from sync_worker.core.lifecycle import same
from sync_worker.core.model import GuardFinding, PlanRow, RowKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sync_worker.core.people import People


TOLD = 3
"""Reps that a finding names, those furthest over first: the plan's own table has them all."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A share of something, between a floor and a ceiling, in accounts."""

    share: float
    most: int
    floor: int

    def of(self, count: int) -> int:
        """How many accounts of ``count`` may move."""
        return max(self.floor, min(self.most, int(self.share * count)))


@dataclass(frozen=True, slots=True)
class Guards:
    """All limits of one plan. ``rule_growth``: how many times its usual share a rule may reach."""

    owner_moves: Limit
    rep_moves: Limit
    rule_growth: float
    ping_pong_days: int = 90
    ping_pong_most: int = 10
    """Accounts that may go back to an owner who had them within so many days."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a plan is judged against."""

    in_scope: int
    books: Mapping[str, int]
    """Accounts in scope by rep, before the plan."""
    names: Mapping[str, str]
    """Reps' names by id."""
    earlier_shares: Mapping[str, Sequence[float]]
    """Each rule's share of the accounts in scope, in the plans of the last 30 days that were applied."""
    people: People
    own_fields: Collection[tuple[str, str]] = ()
    """CRM and account field (worker name) of what the worker has written before: what they hold is its own."""
    came_back: int = 0
    """Accounts that the plan gives to an owner who had them not long ago."""


def judge(rows: Iterable[PlanRow], ground: Ground, guards: Guards) -> tuple[GuardFinding, ...]:
    """Every guard that the plan trips. Priority writes move nobody's accounts: they trip the last one alone."""
    all_rows = list(rows)
    moves = [row for row in all_rows if row.kind is RowKind.OWNER]
    return (
        *_owner_moves(moves, ground, guards),
        *_rep_moves(moves, ground, guards),
        *_growth(moves, ground, guards),
        *_ping_pong(ground, guards),
        *_foreign_values(all_rows, ground),
    )


def _owner_moves(moves: Sequence[PlanRow], ground: Ground, guards: Guards) -> Iterable[GuardFinding]:
    limit = guards.owner_moves.of(ground.in_scope)
    if len(moves) > limit:
        yield GuardFinding(
            "owner_moves",
            f"{len(moves):,} of {ground.in_scope:,} accounts in scope would change owner; the limit is {limit:,}",
        )


def _rep_moves(moves: Sequence[PlanRow], ground: Ground, guards: Guards) -> Iterable[GuardFinding]:
    lost = ground.people.counted(Counter(str(row.before["owner"]) for row in moves))
    gained = ground.people.counted(Counter(str(row.after["owner"]) for row in moves))
    over = []
    for rep in sorted({*lost, *gained} - {ground.people.pool}):
        limit = guards.rep_moves.of(ground.books.get(rep, 0))
        for verb, count in (("lose", lost.get(rep, 0)), ("gain", gained.get(rep, 0))):
            if count > limit:
                over.append((limit - count, f"{ground.names.get(rep, rep)} would {verb} {count:,}, over {limit:,}"))
    if over:
        worst = [told for _, told in sorted(over)]
        rest = [f"and {len(worst) - TOLD} more like these"] if len(worst) > TOLD else []
        yield GuardFinding("rep_moves", "; ".join([*worst[:TOLD], *rest]))


def _growth(moves: Sequence[PlanRow], ground: Ground, guards: Guards) -> Iterable[GuardFinding]:
    over = []
    for rule, count in sorted(Counter(row.rule for row in moves).items()):
        usual = median(ground.earlier_shares.get(rule) or [0.0])
        share = count / max(ground.in_scope, 1)
        if usual and count > guards.owner_moves.floor and share > guards.rule_growth * usual:
            over.append(f"{rule} would move {count:,} accounts ({share:.1%}); its 30-day median is {usual:.1%}")
    if over:
        yield GuardFinding("rule_growth", "; ".join(over))


def _ping_pong(ground: Ground, guards: Guards) -> Iterable[GuardFinding]:
    """Rules that pull at the same accounts from two sides move them to and fro, and nobody works them."""
    if ground.came_back > guards.ping_pong_most:
        yield GuardFinding(
            "ping_pong",
            f"{ground.came_back:,} accounts would go back to an owner who had them within the last"
            f" {guards.ping_pong_days} days; the limit is {guards.ping_pong_most:,}",
        )


def _foreign_values(rows: Iterable[PlanRow], ground: Ground) -> Iterable[GuardFinding]:
    """A field that holds values which the worker did not write: it may be somebody's, and no undo brings them back."""
    replaced = Counter(foreign for row in rows if row.kind is RowKind.PRIORITY for foreign in _foreign(row, ground))
    if replaced:
        told = [f"{count:,} in {crm}'s {field}" for (crm, field), count in sorted(replaced.items())]
        yield GuardFinding(
            "foreign_values",
            f"values that the worker did not write would be replaced for good: {', '.join(told)}; "
            "give scores fields of their own in [fields], unless these are free to take",
        )


def _foreign(row: PlanRow, ground: Ground) -> Iterable[tuple[str, str]]:
    for field, value in row.before.items():
        there = value is not None and value != ""
        if there and (row.crm, field) not in ground.own_fields and not same(value, row.after.get(field)):
            yield row.crm, field
