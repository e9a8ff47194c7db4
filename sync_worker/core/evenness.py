"""What a plan does to the books that it fills by prices, in figures for people: before, after, and how good it is.

Counts and measures; it decides nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.metrics import measure, spread, standing
from sync_worker.core.assignment.problem import NOBODY
from sync_worker.core.bids import score_of, why_left
from sync_worker.core.books import tie_breaker
from sync_worker.core.priced import HUNDRED, fingerprint, remembered
from sync_worker.core.remembered import BookPrices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sync_worker.core.assignment.metrics import Moves, Spread, Standing
    from sync_worker.core.assignment.problem import Ints, Problem
    from sync_worker.core.model import Decision
    from sync_worker.core.priced import Filled

LEFT_TOLD = 20
"""Accounts that a plan names of those that a book leaves in the pool, the best first."""
DIGITS = 6


def book_figures(filled: Filled, names: Mapping[str, str]) -> dict[str, object]:
    """One book, as JSON. Shares are from 0 to 1, potential is in the book's own measure, worth in points of its score.

    ``gap`` is how far below the best that can be this plan is at most, as a share of it.
    """
    problem, solved = filled.problem, filled.solved
    measured = measure(problem, solved.choice)
    left = _left_over(filled)
    return {
        "book": filled.book.policy.id,
        "rebalance": filled.book.cap is not None,
        "measure": filled.book.policy.balance.measure if filled.book.policy.balance else "",
        "accounts": int(problem.items.size.sum()),
        "before": _standing(measured.before),
        "after": _standing(measured.after),
        "moves": {
            **_rounded(asdict(_moves(filled, measured.moves))),
            "most": problem.most_moves if filled.book.cap else 0,
        },
        "bound": round(filled.certificate.bound, DIGITS),
        "gap": round(filled.certificate.gap, DIGITS),
        "captured": round(measured.captured(filled.certificate.bound), DIGITS),
        "move_price": round(float(solved.prices.move), DIGITS),
        "problem": fingerprint(problem),
        "reps": list(_reps(filled, names)),
        "left": {
            "accounts": len(left),
            "potential": round(sum(one.potential for one, _ in left), 2),
            "why": dict(sorted(Counter(why for _, why in left).items())),
            "best": [_left(filled, one, why) for one, why in left[:LEFT_TOLD]],
        },
        "conflicts": [
            {
                "family": filled.accounts[one.family].name if one.family in filled.accounts else one.family,
                "owners": [names.get(owner, owner) for owner in one.owners],
                "because": one.because,
            }
            for one in filled.built.conflicts
        ],
    }


def figures(priced: Sequence[Filled], names: Mapping[str, str]) -> dict[str, object]:
    """All books that were filled by prices: ``books`` by book, in the order of the rules, and ``total``."""
    solved = [(one.problem, one.solved.choice) for one in priced]
    return {
        "books": [book_figures(one, names) for one in priced],
        "total": {
            "before": _in_all([(problem, problem.items.owner) for problem, _ in solved]),
            "after": _in_all(solved),
            "moves": _moves_in_all([_moves(one, measure(one.problem, one.solved.choice).moves) for one in priced]),
            "gap": round(_gap_in_all(priced), DIGITS),
        },
    }


def as_others_would(filled: Filled, owners: Mapping[str, str | None], *, proven: bool) -> dict[str, object]:
    """A book under any policy, measured by what it was filled by here. ``owners``: who has each account then.

    ``proven``: the policy is the one that it was filled by, so that its proof holds.
    """
    problem = filled.problem
    numbers = {rep: number for number, rep in enumerate(problem.reps.ids)}
    choice = np.full(len(problem.items.ids), NOBODY, dtype=np.int64)
    for account, item in filled.items.items():
        choice[item] = numbers.get(owners.get(account) or "", NOBODY)
    measured = measure(problem, filled.solved.choice if proven else choice)
    return {
        "book": filled.book.policy.id,
        "measure": filled.book.policy.balance.measure if filled.book.policy.balance else "",
        "before": _standing(measured.before),
        "after": _standing(measured.after),
        "moves": _rounded(asdict(measured.moves)),
        "gap": round(filled.certificate.gap, DIGITS) if proven else None,
        "move_price": round(float(filled.solved.prices.move), DIGITS) if proven else None,
    }


def prices_kept(priced: Iterable[Filled]) -> list[BookPrices]:
    """What is kept with the plan."""
    return [
        BookPrices(
            one.book.policy.id,
            one.book.cap is not None,
            fingerprint(one.problem),
            one.certificate.value,
            one.certificate.bound,
            remembered(one.problem, one.solved.prices),
        )
        for one in priced
    ]


def _in_all(each: Sequence[tuple[Problem, Ints]]) -> dict[str, object]:
    """One standing for all books: every rep of every book counts by what it has of its target there."""
    found = [standing(problem, choice) for problem, choice in each]
    amounts = [_sums(problem, choice)[1] for problem, choice in each]
    targets = [problem.reps.potential.target for problem, _ in each]
    far = max((problem.reps.potential.far for problem, _ in each), default=0.15)
    accounts = sum(int(problem.items.size.sum()) for problem, _ in each)
    with_rep = sum(int(_sums(problem, choice)[0].sum()) for problem, choice in each)
    potential = sum(int(problem.items.potential.sum()) for problem, _ in each)
    places = sum(int(problem.reps.capacity.sum()) for problem, _ in each)
    return {
        "potential": _spread(spread(np.concatenate(amounts), np.concatenate(targets), far)),
        "covered_accounts": round(with_rep / accounts, DIGITS) if accounts else 0.0,
        "covered_potential": round(sum(int(some.sum()) for some in amounts) / potential, DIGITS) if potential else 0.0,
        "filled": round(with_rep / places, DIGITS) if places else 0.0,
        "worth": round(math.fsum(one.worth for one in found), DIGITS),
    }


def _moves(filled: Filled, told: Moves) -> Moves:
    """Owners who are no reps of the book are none of its problem: what they give up is forced, and not of the pool."""
    owners, items = filled.problem.items.owner.tolist(), filled.items
    left = [id_ for id_, one in filled.accounts.items() if one.owner != filled.pool_user and filled.goes_to.get(id_)]
    forced = sum(owners[items[id_]] == NOBODY for id_ in left)
    return replace(told, given=told.given - forced, forced=told.forced + forced)


def _moves_in_all(each: Sequence[Moves]) -> dict[str, object]:
    owned = sum(one.chosen / one.share for one in each if one.share)
    chosen = sum(one.chosen for one in each)
    counted = {name: sum(getattr(one, name) for one in each) for name in ("given", "chosen", "forced")}
    return {**counted, "share": round(chosen / owned, DIGITS) if owned else 0.0}


def _gap_in_all(priced: Sequence[Filled]) -> float:
    bound = math.fsum(one.certificate.bound for one in priced)
    return (bound - math.fsum(one.certificate.value for one in priced)) / bound if bound > 0 else 0.0


def _standing(one: Standing) -> dict[str, object]:
    found = _rounded(asdict(one))
    return {**found, "potential": _spread(one.potential), "workload": _spread(one.workload)}


def _spread(one: Spread) -> dict[str, object]:
    return _rounded(asdict(one))


def _rounded(found: Mapping[str, object]) -> dict[str, object]:
    """Figures for people: sums in another order may differ in the last digits."""
    return {name: round(value, DIGITS) if isinstance(value, float) else value for name, value in found.items()}


def _reps(filled: Filled, names: Mapping[str, str]) -> Iterator[dict[str, object]]:
    problem = filled.problem
    before, after = _sums(problem, problem.items.owner), _sums(problem, filled.solved.choice)
    order = sorted(range(len(problem.reps.ids)), key=lambda rep: (names.get(problem.reps.ids[rep], ""), rep))
    for rep in order:
        if not (problem.reps.capacity[rep] or before[0][rep] or after[0][rep]):
            continue
        yield {
            "rep": problem.reps.ids[rep],
            "name": names.get(problem.reps.ids[rep], problem.reps.ids[rep]),
            "target": round(float(problem.reps.potential.target[rep]) / HUNDRED, 1),
            "before": {"accounts": int(before[0][rep]), "potential": round(float(before[1][rep]) / HUNDRED, 1)},
            "after": {"accounts": int(after[0][rep]), "potential": round(float(after[1][rep]) / HUNDRED, 1)},
            "capacity": filled.room[problem.reps.ids[rep]],
            "slot_price": round(float(filled.solved.prices.slot[rep]), 2),
        }


def _sums(problem: Problem, choice: Ints) -> Sequence[Ints]:
    """By rep: accounts, and potential in hundredths."""
    items, count = problem.items, len(problem.reps.ids)
    mine = choice != NOBODY
    sums = (np.bincount(choice[mine], of[mine], count).astype(np.int64) for of in (items.size, items.potential))
    return tuple(sums)


def _left_over(filled: Filled) -> list[tuple[Decision, str]]:
    """What the book leaves in the pool, the best first, and why."""
    free = (
        (one, why_left(filled, id_))
        for id_, one in filled.accounts.items()
        if filled.goes_to.get(id_) is None and one.owner == filled.pool_user
    )
    rank = filled.book.policy.rank
    return sorted(free, key=lambda found: (-score_of(found[0], rank), tie_breaker(found[0].account)))


def _left(filled: Filled, one: Decision, why: str) -> dict[str, object]:
    score = round(score_of(one, filled.book.policy.rank), 1)
    return {"account": one.account, "name": one.name, "score": score, "because": why}
