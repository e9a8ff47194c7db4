"""What a book's prices say of an account, in words: who gets it, before whom, by how much, or why it waits. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core.affinity import holding
from sync_worker.core.assignment.ledger import ledger
from sync_worker.core.books import may_get, tie_breaker
from sync_worker.core.model import OwnerChange
from sync_worker.core.steps import Unassigned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync_worker.core.assignment.ledger import Ledger
    from sync_worker.core.model import Decision, Rep
    from sync_worker.core.priced import Filled
    from sync_worker.core.steps import Position

CLOSE = 0.05
"""Points by which one bid must beat another for a person to be told of it."""


def changes_of(filled: Filled, position: Position) -> Iterator[OwnerChange]:
    """The owner changes of a book: what moves between reps first, then what the pool gives, each the best first.

    A family that goes to a rep together moves those of its accounts whom another one has. Who may not keep an account
    that nobody else has room for, keeps it.
    """
    policy, found, shares = filled.book.policy, [], filled.shares()
    for account, rep in filled.goes_to.items():
        one = filled.accounts[account]
        if rep is None or rep == one.owner:
            continue
        given = one.owner == position.pool_user
        found.append((given, -score_of(one, policy.rank), tie_breaker(account), one, rep))
    for given, *_, one, rep in sorted(found, key=lambda each: each[:3]):
        yield OwnerChange(
            account=one.account,
            before=one.owner,
            after=rep,
            rule=f"{'book' if given else 'rebalance'}:{policy.id}",
            reason=_reason(filled, position, one, position.reps[rep], shares),
        )


def left_of(filled: Filled, position: Position) -> Iterator[Unassigned]:
    """The book's accounts that stay in the pool, and why, the best first."""
    own = [one for one in position.movable() if one.book == filled.book.policy.id and one.owner == position.pool_user]
    for one in sorted(own, key=lambda d: (-score_of(d, filled.book.policy.rank), tie_breaker(d.account))):
        if one.resting:
            yield Unassigned(one.account, "it rests after its return")
        elif filled.goes_to.get(one.account) is None:
            yield Unassigned(one.account, why_left(filled, one.account))


def why_left(filled: Filled, account: str) -> str:
    """Why nobody gets an account of the pool, in words that many accounts may share."""
    book, problem = filled.book.policy.id, filled.problem
    if account in filled.over_limit:
        return f"the limit of the book {book} is reached"
    if account not in filled.items:
        return f"every book of {book} is full"
    if not (able := filled.able(account)):
        return f"no rep who is active and not away may own accounts of the book {book}"
    taken, size = filled.taken(), int(problem.items.size[filled.items[account]])
    if any(taken[rep] + size <= problem.reps.capacity[rep] for rep in able):
        return f"it would make the books of {book} less even than it is worth"
    limited = any(taken[rep] + size <= filled.room[problem.reps.ids[rep]] for rep in able)
    return f"the limit of the book {book} is reached" if limited else f"every book of {book} is full"


def bids(filled: Filled, account: str) -> Ledger:
    """What every rep who may have the account would give for it, by the prices of the book."""
    return ledger(filled.problem, filled.solved.choice, filled.solved.prices, filled.items[account])


def score_of(one: Decision, rank: str) -> float:
    """The score by which the account ranks; 0 where it has none."""
    score = one.scores.get(rank)
    return max(0.0, score.total) if score else 0.0


def _reason(filled: Filled, position: Position, one: Decision, rep: Rep, shares: Mapping[str, float]) -> str:
    """``priority 83, tier A; Ann Lee (speaks German) before Bob Kim by 4.2 points``, or what a move evens out."""
    policy = filled.book.policy
    score = one.scores.get(policy.rank)
    told = f"{policy.rank} {score.total:.0f}, tier {score.tier}; " if score else ""
    if one.owner != position.pool_user:
        told += _leaves(filled, position, one)
        has, gets = shares.get(one.owner or "", 0.0), shares.get(rep.id, 0.0)
        if has > gets:
            return f"{told}{position.reps[one.owner or ''].name} has {has:.0%} of a fair share, {rep.name} {gets:.0%}"
    suits = ", ".join(term.because for term in holding(policy.affinity, one, rep))
    who = f"{rep.name} ({suits[0].lower()}{suits[1:]})" if suits else rep.name
    return f"{told}{who}{_before(filled, position, one, rep)}"


def _leaves(filled: Filled, position: Position, one: Decision) -> str:
    owner = position.reps.get(one.owner or "")
    if owner is None or owner.id not in filled.problem.reps.ids or may_get(one, filled.book.policy, owner):
        return f"{owner.name if owner else 'its owner'} is no rep of the book {filled.book.policy.id}; "
    return ""


def _is_full(filled: Filled, rep: str) -> bool:
    """Whether the rep has no place left. Where no account could leave, the price of a place says nothing."""
    place = filled.problem.reps.ids.index(rep)
    return bool(filled.taken()[place] >= filled.problem.reps.capacity[place])


def _before(filled: Filled, position: Position, one: Decision, rep: Rep) -> str:
    """Who comes next, and how far behind by what is worth and what it costs."""
    found = bids(filled, one.account)
    if rep.id == one.previous_owner:
        return " again, since nobody else may have it"
    if found.runner_up is None or found.margin is None:
        return ", the only one who may have it"
    second = position.reps[found.runner_up].name
    if found.margin > found.lines[0].worth and _is_full(filled, found.runner_up):
        return f", since {second}, who comes next, has no place left"
    if found.margin >= CLOSE:
        return f" before {second} by {found.margin:.1f} points"
    level = found.margin > -CLOSE
    return f", level with {second}" if level else f", since places and even books speak against {second}"
