"""Who gets which account: returns to the pool, then refill of the books, best first. Decides; writes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync_worker.core.model import Decision, OwnerChange, Rep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many accounts a rule may still move: for each rep and in total. None: as many as it likes."""

    per_rep: int | None = None
    total: int | None = None
    used_by_rep: Mapping[str, int] = field(default_factory=dict)
    """What the rule has moved already in the limit's period."""

    def open(self) -> Tally:
        """A count that starts where the period stands."""
        return Tally(self, Counter(self.used_by_rep))


@dataclass(slots=True)
class Tally:
    """Counts one rule's moves against its allowance, for one run."""

    allowance: Allowance
    moved: Counter[str]

    def has_room(self, rep: str) -> bool:
        """True while one more move of this rep's stays within the allowance."""
        per_rep, total = self.allowance.per_rep, self.allowance.total
        return (per_rep is None or self.moved[rep] < per_rep) and (total is None or self.moved.total() < total)


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """A return rule, as far as moving accounts goes."""

    id: str
    reason: str
    rest_days: int
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, slots=True)
class BookPolicy:
    """A book, as far as filling it goes. ``rank`` is the score that orders the pool."""

    id: str
    rank: str
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A pool account that nobody got, and why."""

    account: str
    because: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """All owner changes of one run, returns first, and what stayed in the pool."""

    changes: tuple[OwnerChange, ...]
    unassigned: tuple[Unassigned, ...]


def assign(  # noqa: PLR0913 - an assignment rests on all of these
    decisions: Sequence[Decision],
    reps: Mapping[str, Rep],
    books: Sequence[BookPolicy],
    returns: Sequence[ReturnPolicy],
    *,
    pool_user: str,
    freed: Mapping[str, int] | None = None,
) -> Assignment:
    """Return what the rules free, then fill the books with what the pool held when the run began.

    A slot that a return frees is filled on a later day, once the CRM shows it free: so no outcome of any row can take
    a book over its capacity, and a second run on the same day changes nothing. ``freed`` counts, by rep, the accounts
    that earlier runs of the day returned. Owners are reps' ids, whichever CRM shows them. The order of the input
    changes nothing.
    """
    movable = [d for d in decisions if d.scope and not d.protect and not d.held]
    returned = return_to_pool(movable, returns, pool_user=pool_user)
    refilled, unassigned = refill(movable, decisions, reps, books, pool_user=pool_user, freed=freed)
    return Assignment((*returned, *refilled), unassigned)


def return_to_pool(
    movable: Iterable[Decision], returns: Sequence[ReturnPolicy], *, pool_user: str
) -> tuple[OwnerChange, ...]:
    """The owned accounts that a rule frees, the best first where a limit lets only some go."""
    policies = {policy.id: policy for policy in returns}
    tallies = {policy.id: policy.allowance.open() for policy in returns}
    owned = [d for d in movable if d.return_ and d.owner != pool_user]
    changes = []
    for decision in sorted(owned, key=_best_first):
        policy = policies[decision.return_ or ""]
        owner = decision.owner or ""
        if tallies[policy.id].has_room(owner):
            tallies[policy.id].moved[owner] += 1
            changes.append(_return(decision, policy, pool_user))
    return tuple(sorted(changes, key=lambda change: change.account))


def refill(  # noqa: PLR0913 - the same, without the returns
    movable: Iterable[Decision],
    decisions: Iterable[Decision],
    reps: Mapping[str, Rep],
    books: Sequence[BookPolicy],
    *,
    pool_user: str,
    freed: Mapping[str, int] | None = None,
) -> tuple[tuple[OwnerChange, ...], tuple[Unassigned, ...]]:
    """Give the pool's accounts to the reps with the emptiest books, up to capacity, the best accounts first."""
    load = Counter(d.owner for d in decisions if d.scope and d.owner)
    load.update(freed or {})
    policies = {book.id: book for book in books}
    tallies = {book.id: book.allowance.open() for book in books}
    changes: list[OwnerChange] = []
    unassigned: list[Unassigned] = []
    for decision in sorted((d for d in movable if d.owner == pool_user), key=_ranked(policies)):
        why = _not_assignable(decision, policies)
        if not why:
            book = policies[decision.book or ""]
            rep, why = _choose(decision, book, reps, load, tallies[book.id])
            if rep:
                changes.append(_give(decision, book, rep, load))
                load[rep.id] += 1
                tallies[book.id].moved[rep.id] += 1
        if why:
            unassigned.append(Unassigned(decision.account, why))
    return tuple(changes), tuple(unassigned)


def tie_breaker(account: str) -> str:
    """Equal scores are ordered by this hash of the id: fair to no letter of the alphabet, the same on every run."""
    return hashlib.sha256(account.encode()).hexdigest()


def _best_first(decision: Decision) -> tuple[float, str]:
    best = max((score.total for score in decision.scores.values()), default=0.0)
    return -best, tie_breaker(decision.account)


def _ranked(policies: Mapping[str, BookPolicy]) -> Callable[[Decision], tuple[float, str]]:
    def key(decision: Decision) -> tuple[float, str]:
        book = policies.get(decision.book or "")
        score = decision.scores.get(book.rank) if book else None
        return -(score.total if score else 0.0), tie_breaker(decision.account)

    return key


def _not_assignable(decision: Decision, policies: Mapping[str, BookPolicy]) -> str:
    if decision.resting:
        return "it rests after its return"
    if decision.book not in policies:
        return "no book takes it"
    return ""


def _choose(
    decision: Decision, book: BookPolicy, reps: Mapping[str, Rep], load: Counter[str], tally: Tally
) -> tuple[Rep | None, str]:
    """The rep whose book is emptiest; the previous owner only when nobody else has room."""
    eligible = [rep for rep in reps.values() if decision.crm in rep.users and book.id in rep.capacity]
    if not eligible:
        return None, f"no active rep may own accounts of the book {book.id}"
    free = [rep for rep in eligible if load[rep.id] < rep.capacity[book.id]]
    if not free:
        return None, f"every book of {book.id} is full"
    allowed = [rep for rep in free if tally.has_room(rep.id)]
    if not allowed:
        return None, f"the limit of the book {book.id} is reached"
    others = [rep for rep in allowed if rep.id != decision.previous_owner] or allowed
    return min(others, key=lambda rep: (load[rep.id] / rep.capacity[book.id], rep.id)), ""


def _return(decision: Decision, policy: ReturnPolicy, pool_user: str) -> OwnerChange:
    return OwnerChange(
        account=decision.account,
        before=decision.owner,
        after=pool_user,
        rule=f"return:{policy.id}",
        reason=f"{policy.reason}: {decision.evidence}" if decision.evidence else policy.reason,
        rest_days=policy.rest_days,
    )


def _give(decision: Decision, book: BookPolicy, rep: Rep, load: Counter[str]) -> OwnerChange:
    score = decision.scores[book.rank]
    room = rep.capacity[book.id] - load[rep.id]
    again = " again, since nobody else has room" if rep.id == decision.previous_owner else ""
    return OwnerChange(
        account=decision.account,
        before=decision.owner,
        after=rep.id,
        rule=f"book:{book.id}",
        reason=f"{book.rank} {score.total:.0f}, tier {score.tier}; {rep.name} has room for {room}{again}",
    )
