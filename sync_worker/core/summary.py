"""What a plan does to every book, in figures for people: before and after. Counts; decides nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sync_worker.core.model import RowKind
from sync_worker.core.planning import ModelFields, tier_moves
from sync_worker.core.refusals import refusals
from sync_worker.core.worked import worked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sync_worker.core.model import Decision, PlanRow, Rep
    from sync_worker.core.people import People
    from sync_worker.core.planning import PriorityFields
    from sync_worker.core.steps import Refused, Unassigned


@dataclass(frozen=True, slots=True)
class _Move:
    """One owner change, from rep to rep."""

    account: str
    before: str
    after: str
    rule: str

    @classmethod
    def of(cls, row: PlanRow, people: People) -> Self:
        before, after = (str(people.rep(str(image["owner"]))) for image in (row.before, row.after))
        return cls(row.account, before, after, row.rule)


def summarise(  # noqa: PLR0913 - a plan's figures come from all that it was made of
    rows: Sequence[PlanRow],
    decisions: Sequence[Decision],
    reps: Mapping[str, Rep],
    names: Mapping[str, str],
    *,
    unassigned: Sequence[Unassigned] = (),
    refused: Sequence[Refused] = (),
    came_back: int = 0,
    people: People,
    fields: PriorityFields,
    schemes: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, object]:
    """Counts of accounts in scope, as JSON: in all, by book, rep and segment. ``fields`` are those that are written.

    A book's and a rep's ``before`` and ``after`` count accounts in scope; ``pool`` counts those that wait, and
    ``left`` says why the ones that nobody gets stay there. A rep's capacity is that of the rep's largest book, since
    all that a rep owns in scope counts towards each of them. ``schemes`` are the segments of each scheme, in order.
    """
    moves = [_Move.of(row, people) for row in rows if row.kind is RowKind.OWNER]
    scoped = [people.seen(decision) for decision in decisions if decision.scope]
    after = {move.account: move.after for move in moves}
    owners = {decision.account: decision.owner or "" for decision in scoped}
    pool_user = people.pool
    return {
        "accounts": len(decisions),
        "in_scope": len(scoped),
        "protected": dict(sorted(Counter(d.protect for d in scoped if d.protect).items())),
        "held": sum(bool(decision.held) for decision in scoped),
        "owner_changes": len(moves),
        "priority_writes": len(rows) - len(moves),
        "rules": dict(sorted(Counter(move.rule for move in moves).items())),
        **_tiers(rows, fields),
        "pool": {
            "before": sum(owner == pool_user for owner in owners.values()),
            "after": sum(owner == pool_user for owner in (owners | after).values()),
            "left": dict(sorted(Counter(one.because for one in unassigned).items())),
        },
        "came_back": came_back,
        "worked": worked(scoped, names, pool_user),
        "refused": refusals(refused, {decision.account: decision for decision in decisions}, names),
        "books": _books(scoped, reps, after, pool_user),
        "reps": list(_reps(owners, moves, reps, names, pool_user)),
        "segments": list(_segments(scoped, schemes or {})),
    }


def _tiers(rows: Sequence[PlanRow], fields: PriorityFields) -> dict[str, object]:
    """Moves from tier to tier: ``tiers`` for the first score that is written, ``models`` by id for all others."""
    first, *others = fields.models or (ModelFields(""),)
    return {
        "tiers": tier_moves(rows, first.tier) if first.tier else {},
        "models": {model.model: tier_moves(rows, model.tier) for model in others if model.tier},
    }


def _segments(scoped: Sequence[Decision], schemes: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str | int]]:
    """How many accounts are in each segment, in the order of the rules."""
    for scheme, segments in schemes.items():
        counted = Counter(decision.fields.get(scheme) for decision in scoped)
        for segment in segments:
            yield {"scheme": scheme, "segment": segment, "accounts": counted[segment]}


def rule_shares(summaries: Iterable[Mapping[str, object]]) -> dict[str, list[float]]:
    """Each rule's share of the accounts in scope in earlier plans: what the growth guard compares with."""
    shares: dict[str, list[float]] = {}
    for summary in summaries:
        in_scope, rules = summary.get("in_scope"), summary.get("rules")
        if isinstance(in_scope, int) and in_scope and isinstance(rules, dict):
            for rule, count in rules.items():
                shares.setdefault(rule, []).append(count / in_scope)
    return shares


def _books(
    scoped: Iterable[Decision], reps: Mapping[str, Rep], after: Mapping[str, str], pool_user: str
) -> list[dict[str, object]]:
    capacity: Counter[str] = Counter()
    for rep in reps.values():
        if rep.users:
            capacity.update(rep.capacity)
    before: Counter[str] = Counter()
    then: Counter[str] = Counter()
    for decision in scoped:
        if decision.book:
            before[decision.book] += decision.owner != pool_user
            then[decision.book] += after.get(decision.account, decision.owner) != pool_user
    return [
        {"book": book, "before": before[book], "after": then[book], "capacity": capacity[book]}
        for book in sorted({*capacity, *before})
    ]


def _reps(
    owners: Mapping[str, str],
    moves: Iterable[_Move],
    reps: Mapping[str, Rep],
    names: Mapping[str, str],
    pool_user: str,
) -> Iterable[dict[str, object]]:
    held = Counter(owners.values())
    lost: Counter[str] = Counter()
    gained: Counter[str] = Counter()
    for move in moves:
        lost[move.before] += 1
        gained[move.after] += 1
    listed = {rep.id for rep in reps.values() if rep.users and rep.capacity} | lost.keys() | gained.keys()
    for rep in sorted(listed - {pool_user}, key=lambda who: (names.get(who, who), who)):
        yield {
            "rep": rep,
            "name": names.get(rep, rep),
            "before": held[rep],
            "loses": lost[rep],
            "gains": gained[rep],
            "after": held[rep] - lost[rep] + gained[rep],
            "capacity": max(reps[rep].capacity.values(), default=0) if rep in reps and reps[rep].users else 0,
        }
