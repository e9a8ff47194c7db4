"""Books made up from a seed: accounts, reps and who may have what, as the arrays that the optimiser reads.

    python -m benchmarks.books.instances --accounts 10000 --reps 100 --seed 1 [--variant rebalance]

The kinds of book are those of a sales team: three segments, regions, languages and skills that decide who may have an
account, families, locks, stale accounts that rest before their last owner may have them again, owners who have left.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.books.who import Field, draw_field
from sync_worker.core.assignment.problem import NOBODY, Arcs, Evenness, Items, Problem, Reps

if TYPE_CHECKING:
    from benchmarks.books.who import Floats, Ints, Random, Truths
    from sync_worker.core.assignment.problem import Indexes

KEEP = 0.03
"""What a move costs, as a share of what the account is worth."""
FIXED = 0.05
"""What a move costs beside that, for each account."""
INCUMBENT = 0.04
"""How much better an account fits whoever has it already, in affinity."""
TIE = 1e-7
NEAR_SLOPE, FAR_SLOPE = 0.15, 0.40
"""What an uneven book costs beyond 5 % and 15 % of its target, in worth for each point of potential."""
LEVEL = 0.96
"""How much of what fits the books a target counts on."""
BLOCK = 50_000
"""Items whose arcs are made at once."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What kind of book it is. Shares are of all accounts, but for ``moves`` and ``left``: of those with an owner."""

    accounts: int = 10_000
    reps: int = 100
    seed: int = 1
    families: float = 0.12
    owned: float = 0.75
    locks: float = 0.12
    stale: float = 0.15
    left: float = 0.02
    """Owners who have left, or may not have the account any more: leaving them costs no move."""
    room: float = 0.88
    """Slots in all books together, as a share of all accounts."""
    moves: float | None = 0.05
    frozen: bool = False
    """A refill: what has an owner stays where it is."""
    pod: int = 40
    """About how many reps work one segment of one region."""


VARIANTS: dict[str, dict[str, float | bool | int]] = {
    "rebalance": {},
    "refill": {"frozen": True, "moves": 0.0},
    "half capacity": {"room": 0.44},
    "room to spare": {"room": 1.5},
    "many families": {"families": 0.40},
    "few moves": {"moves": 0.01},
    "many moves": {"moves": 0.20},
    "half locked": {"locks": 0.50},
    "all unowned": {"owned": 0.0},
    "many have left": {"left": 0.20},
    "narrow": {"pod": 10},
}
"""Name → how it differs from the usual setting. All but the first two are the stress variants."""
STRESS = tuple(name for name in VARIANTS if name not in {"rebalance", "refill"})


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Items before their arcs: what was drawn for each."""

    size: Ints
    score: Floats
    potential: Ints
    workload: Ints
    kind: Ints
    """Index of the class that decides who may have it."""
    industry: Ints
    owner: Ints
    last: Ints
    """Who had it before it went stale and may not have it again yet; NOBODY: nobody."""
    locked: Truths
    must_leave: Truths


def setting(variant: str = "rebalance", *, accounts: int = 10_000, reps: int = 100, seed: int = 1) -> Setting:
    """The usual book of that size, changed as the variant says. Raises KeyError for a variant that there is not."""
    changes = VARIANTS[variant]
    return replace(Setting(accounts, reps, seed), **changes)  # type: ignore[arg-type] # keys are its own fields


def made(wanted: Setting) -> Problem:
    """The book as a problem. The same setting gives the same arrays."""
    random = np.random.default_rng(wanted.seed)
    field = draw_field(random, wanted.reps, wanted.pod)
    draft = _drawn(random, wanted, field)
    reps = _reps(wanted, field, draft)
    most = None if wanted.moves is None else int(wanted.moves * int(_charged(draft).sum()))
    return Problem(_items(draft, wanted), _arcs(wanted, field, draft), reps, most)


def _drawn(random: Random, wanted: Setting, field: Field) -> Draft:
    size = _sizes(random, wanted)
    first = np.concatenate(([0], np.cumsum(size)[:-1]))
    kind = field.draw_kinds(random, size.size)
    scores = random.lognormal(0.6, 1.0, wanted.accounts) * np.repeat(field.level[kind], size)
    potential = np.maximum(np.add.reduceat((scores * 100).astype(np.int64), first), 1)
    workload = np.add.reduceat(random.integers(40, 260, wanted.accounts), first)
    owner, last, locked, left = _owners(random, wanted, field, kind)
    industry = random.integers(0, field.quality.shape[1], size.size)
    return Draft(size, potential / 100.0, potential, workload, kind, industry, owner, last, locked, left)


def _sizes(random: Random, wanted: Setting) -> Ints:
    """Sizes of items that add up to all accounts: families of two to six, and accounts that stand alone."""
    in_families, families = int(wanted.families * wanted.accounts), []
    while in_families > 1:
        some = random.integers(2, 7, max(1, in_families // 4))
        some = some[np.cumsum(some) <= in_families]
        families.append(some if some.size else np.array([in_families]))
        in_families -= int(families[-1].sum())
    alone = wanted.accounts - sum(int(some.sum()) for some in families)
    return random.permutation(np.concatenate([*families, np.ones(alone, dtype=np.int64)])).astype(np.int64)


def _owners(random: Random, wanted: Setting, field: Field, kind: Ints) -> tuple[Ints, Ints, Truths, Truths]:
    """Who has each item, who had it before it went stale, what is locked, and what has to leave its owner."""
    count = kind.size
    drawn = field.draw_owners(random, kind)
    drawn[random.random(count) >= wanted.owned] = NOBODY
    stale = (random.random(count) < wanted.stale) & (drawn != NOBODY)
    owner = np.where(stale, NOBODY, drawn)
    kept = max(wanted.owned * (1 - wanted.stale), 1e-9)
    locked = (random.random(count) < wanted.locks / kept) & (owner != NOBODY)
    left = (random.random(count) < wanted.left) & (owner != NOBODY) & ~locked
    return owner, np.where(stale, drawn, NOBODY), locked, left


def _charged(draft: Draft) -> Ints:
    return np.where((draft.owner == NOBODY) | draft.must_leave, 0, draft.size)


def _items(draft: Draft, wanted: Setting) -> Items:
    numbers = np.concatenate(([0], np.cumsum(draft.size)[:-1]))
    owned = (draft.owner != NOBODY) & ~draft.must_leave
    moving = KEEP * draft.score + FIXED * draft.size
    return Items(
        ids=tuple(f"A{number:07d}" for number in numbers),
        size=draft.size,
        workload=draft.workload,
        potential=draft.potential,
        owner=draft.owner,
        pool=np.where(owned, -moving, 0.0),
        may_pool=~(draft.locked | (owned & wanted.frozen)),
        charged=_charged(draft),
    )


def _arcs(wanted: Setting, field: Field, draft: Draft) -> Arcs:
    """All arcs, made block by block: a million items' temporary arrays would not fit beside them."""
    parts = [_some_arcs(wanted, field, draft, start) for start in range(0, draft.size.size, BLOCK)]
    counts = np.concatenate([counts for counts, _, _ in parts])
    first = np.concatenate(([0], np.cumsum(counts)))
    reps = np.concatenate([rep for _, rep, _ in parts])
    return Arcs(first, reps, np.concatenate([worth for _, _, worth in parts]))


def _some_arcs(wanted: Setting, field: Field, draft: Draft, start: int) -> tuple[Ints, Indexes, Floats]:
    """How many arcs each item of the block has, and their reps and worths."""
    items = np.arange(start, min(start + BLOCK, draft.size.size))
    counts, rep = field.able(draft.kind[items])
    item = np.repeat(items, counts)
    owner = draft.owner[item]
    fixed = draft.locked[item] | ((owner != NOBODY) & ~draft.must_leave[item] & wanted.frozen)
    allowed = np.where(fixed, rep == owner, (rep != draft.last[item]) & ~(draft.must_leave[item] & (rep == owner)))
    item, rep, owner = item[allowed], rep[allowed], owner[allowed]
    counts = np.bincount(item - start, minlength=items.size)
    luck = _luck(item, rep, wanted.seed)
    fit = field.quality[rep, draft.industry[item]] + 0.3 * (luck - 0.5) + INCUMBENT * (rep == owner)
    moving = (owner != NOBODY) & (rep != owner) & ~draft.must_leave[item]
    price = np.where(moving, KEEP * draft.score[item] + FIXED * draft.size[item], 0.0)
    tie = TIE * draft.score[item] * _luck(item, rep, wanted.seed + 1)
    return counts, rep.astype(np.int32), draft.score[item] * fit - price + tie


def _luck(item: Ints, rep: Ints, seed: int) -> Floats:
    """A number from 0 to 1 that belongs to this item and this rep (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = item.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + rep.astype(np.uint64)
        mixed += np.uint64(seed) * np.uint64(0xD1B54A32D192ED03)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


def _reps(wanted: Setting, field: Field, draft: Draft) -> Reps:
    """Room by each rep's hours, never below what the rep has; targets by the best accounts that fit the segment."""
    held = draft.owner != NOBODY
    nominal = np.maximum(1, np.round(wanted.room * wanted.accounts * field.share)).astype(np.int64)
    present = np.bincount(draft.owner[held], draft.size[held], wanted.reps).astype(np.int64)
    segment_of = field.segment_of_kind[draft.kind]
    potential, workload = np.zeros(wanted.reps), np.zeros(wanted.reps)
    for segment in range(3):
        mine = field.segment == segment
        if (total := nominal[mine].sum()) == 0:
            continue
        best = _fitting(draft, np.flatnonzero(segment_of == segment), int(total))
        share = field.share[mine] / field.share[mine].sum()
        potential[mine] = share * LEVEL * float(draft.potential[best].sum())
        workload[mine] = share * LEVEL * float(draft.workload[best].sum())
    per_work = float(draft.score.sum()) / float(draft.workload.sum())
    return Reps(
        ids=tuple(f"R{number:04d}" for number in range(wanted.reps)),
        capacity=np.maximum(nominal, present),
        potential=Evenness(potential, NEAR_SLOPE / 100, FAR_SLOPE / 100),
        workload=Evenness(workload, NEAR_SLOPE / 3 * per_work, FAR_SLOPE / 3 * per_work),
    )


def _fitting(draft: Draft, items: Ints, slots: int) -> Ints:
    """The items with the most potential for each slot that fit so many slots."""
    order = items[np.argsort(-(draft.potential[items] / draft.size[items]), kind="stable")]
    return order[np.cumsum(draft.size[order]) <= slots]


def statistics(problem: Problem) -> dict[str, float]:
    """What a person would ask first of such a book."""
    items, arcs = problem.items, problem.arcs
    counts = np.diff(arcs.first)
    free = counts[items.may_pool]
    accounts = float(items.size.sum())
    return {
        "accounts": accounts,
        "items": float(items.size.size),
        "reps": float(len(problem.reps.ids)),
        "arcs": float(arcs.rep.size),
        "arcs of an item that is free (median)": float(np.median(free)) if free.size else 0.0,
        "owned (share of accounts)": float(items.size[items.owner != NOBODY].sum()) / accounts,
        "locked (share of accounts)": float(items.size[~items.may_pool].sum()) / accounts,
        "in families (share of accounts)": float(items.size[items.size > 1].sum()) / accounts,
        "nobody may have it (share of items)": float((counts == 0).mean()),
        "slots (share of accounts)": float(problem.reps.capacity.sum()) / accounts,
        "most moves": float(-1 if problem.most_moves is None else problem.most_moves),
    }


def main() -> None:
    """Print what a book is like."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--reps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variant", choices=VARIANTS, default="rebalance")
    asked = parser.parse_args()
    problem = made(setting(asked.variant, accounts=asked.accounts, reps=asked.reps, seed=asked.seed))
    for name, figure in statistics(problem).items():
        print(f"{name:40} {figure:14,.3f}")


if __name__ == "__main__":
    main()
