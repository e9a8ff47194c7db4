"""Returns to the pool, and the refill of the books, best first: two steps of an assignment. Decides; writes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sync_worker.core.affinity import affinity
from sync_worker.core.kin import Kinship
from sync_worker.core.model import Decision, OwnerChange, Rep
from sync_worker.core.steps import Assignment, Unassigned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sync_worker.core.affinity import AffinityTerm
    from sync_worker.core.steps import Position, Step


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

    def has_room(self, rep: str, count: int = 1) -> bool:
        """True while so many more moves of this rep's stay within the allowance."""
        per_rep, total = self.allowance.per_rep, self.allowance.total
        own = per_rep is None or self.moved[rep] + count <= per_rep
        return own and (total is None or self.moved.total() + count <= total)


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """A return rule, as far as moving accounts goes."""

    id: str
    reason: str
    rest_days: int
    allowance: Allowance = field(default_factory=Allowance)


class Model(StrEnum):
    """How a book's accounts find their reps."""

    FIXED = "fixed"
    OPEN = "open"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True)
class Balance:
    """How much even books count against the scores; the measure itself is each decision's ``potential``."""

    measure: str
    """The score's id or the field, for words."""
    weight: float
    workload: float = 0.0
    """The same for even work; 0: not at all."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How much a rebalance prefers that accounts stay; ``tenure_days``: how long a new one stays in any case."""

    weight: float = 1.0
    tenure_days: int = 0


@dataclass(frozen=True, slots=True)
class BookPolicy:
    """A book, as far as filling it goes. ``rank`` is the score that orders the pool."""

    id: str
    rank: str
    allowance: Allowance = field(default_factory=Allowance)
    model: Model = Model.DYNAMIC
    balance: Balance | None = None
    """None: a dynamic book is filled in turns, else by prices."""
    keep: Keep = field(default_factory=Keep)
    affinity: tuple[AffinityTerm, ...] = ()
    together: bool = False
    """Whether a family goes to one rep as a whole, or not at all."""
    families: Mapping[str, str] = field(default_factory=dict)
    """The family's ultimate parent by account, where families go together; without one, an account is on its own."""

    @property
    def is_fixed(self) -> bool:
        """Whether its accounts name their owners."""
        return self.model is Model.FIXED

    @property
    def is_open(self) -> bool:
        """Whether nobody gets its accounts but by a claim."""
        return self.model is Model.OPEN

    @property
    def in_turns(self) -> bool:
        """Whether the refill in turns gives its accounts out."""
        return self.model is Model.DYNAMIC and self.balance is None

    @property
    def by_prices(self) -> bool:
        """Whether the refill by prices does."""
        return self.model is Model.DYNAMIC and self.balance is not None


def returning(policies: Sequence[ReturnPolicy]) -> Step:
    """The step that returns what the rules free."""

    def step(position: Position) -> Assignment:
        return Assignment(return_to_pool(position.movable(), policies, pool_user=position.pool_user))

    return step


def refilling(books: Sequence[BookPolicy]) -> Step:
    """The step that fills the books with what the pool holds."""

    def step(position: Position) -> Assignment:
        return refill(position, books)

    return step


def return_to_pool(
    movable: Iterable[Decision], returns: Sequence[ReturnPolicy], *, pool_user: str
) -> tuple[OwnerChange, ...]:
    """The owned accounts that a rule frees, the best first where a limit lets only some go."""
    policies = {policy.id: policy for policy in returns}
    tallies = {policy.id: policy.allowance.open() for policy in returns}
    owned = [d for d in movable if d.return_ and d.owner != pool_user]
    changes = []
    for decision in sorted(owned, key=best_first):
        policy = policies[decision.return_ or ""]
        owner = decision.owner or ""
        if tallies[policy.id].has_room(owner):
            tallies[policy.id].moved[owner] += 1
            changes.append(_return(decision, policy, pool_user))
    return tuple(sorted(changes, key=lambda change: change.account))


def refill(position: Position, books: Sequence[BookPolicy]) -> Assignment:
    """Give the pool's accounts to the reps with the emptiest books, up to capacity, the best accounts first."""
    changes: list[OwnerChange] = []
    unassigned: list[Unassigned] = []
    for turn in turns(position, books):
        if turn.book and turn.rep:
            changes.append(_give(turn, turn.book, turn.rep))
        else:
            unassigned.append(Unassigned(turn.decision.account, turn.because))
    return Assignment(tuple(changes), tuple(unassigned))


@dataclass(frozen=True, slots=True)
class Turn:
    """An account of the pool as its turn comes: who gets it, or why nobody does."""

    decision: Decision
    book: BookPolicy | None
    """None where no book may give it out."""
    rep: Rep | None
    because: str
    """Why nobody gets it; empty where somebody does."""
    load: Counter[str]
    """How many accounts each rep has by now. It goes on changing: to be read before the next turn."""
    tally: Tally | None
    """What the book's limit has counted by now; the same holds of it."""
    family: int = 1
    """How many go together, itself with them."""


def turns(position: Position, books: Sequence[BookPolicy]) -> Iterator[Turn]:
    """The pool's accounts one after the other, the best first. Each turn rests on those before it.

    Accounts of books that are not filled in turns have none: other steps give them out, and say of those that they
    leave why nobody gets them.
    """
    load, reps = position.load(), position.reps
    policies = {book.id: book for book in books}
    tallies = {book.id: opened(book, position) for book in books}
    able: dict[tuple[str, str], list[Rep]] = {}
    own = [d for d in position.movable() if d.owner == position.pool_user and _has_turn(d, policies)]
    waiting = sorted(own, key=ranked(policies))
    kin = Kinship.of(position, waiting, policies)
    for decision in waiting:
        if why := _not_assignable(decision, policies):
            yield Turn(decision, None, None, why, load, None)
            continue
        book = policies[decision.book or ""]
        family = kin.family(decision, book)
        if decision is not family[0]:
            continue  # its turn was that of the best of its family
        if (key := (decision.crm, book.id)) not in able:
            able[key] = [rep for rep in reps.values() if may_get(decision, book, rep) is None]
        rep, why = _pick(family, book, able[key], kin, load, tallies[book.id])
        for one in family:
            yield Turn(one, book, rep, why, load, tallies[book.id], len(family))
            if rep:
                load[rep.id] += 1
                tallies[book.id].moved[rep.id] += 1


def opened(book: BookPolicy, position: Position) -> Tally:
    """The book's count as it stands after the steps before: what reps have claimed of it counts, too."""
    tally = book.allowance.open()
    own = {f"book:{book.id}", f"claim:{book.id}"}
    tally.moved.update(change.after for change in position.taken.values() if change.rule in own)
    return tally


class Bar(StrEnum):
    """What keeps a rep from an account whose book gives it out, in the order in which it is looked at."""

    CRM = "crm"
    """The rep is no user of the account's CRM who may own accounts."""
    BOOK = "book"
    """The book is not for this rep."""
    AWAY = "away"
    """The rep is away, and gets nothing until the day of coming back."""
    FULL = "full"
    LIMIT = "limit"
    """The book's limit for this period is reached."""


def may_get(decision: Decision, book: BookPolicy, rep: Rep) -> Bar | None:
    """What keeps the rep from the account however many others the rep has; None where nothing does.

    Being away keeps nobody from what is the rep's already.
    """
    if decision.crm not in rep.users:
        return Bar.CRM
    if book.id not in rep.capacity:
        return Bar.BOOK
    return Bar.AWAY if rep.away and decision.owner != rep.id else None


def room(book: BookPolicy, rep: Rep, load: Mapping[str, int], tally: Tally, count: int = 1) -> Bar | None:
    """What keeps a rep from so many more accounts of a book that is for this rep; None where nothing does."""
    if load.get(rep.id, 0) + count > rep.capacity[book.id]:
        return Bar.FULL
    return None if tally.has_room(rep.id, count) else Bar.LIMIT


def filled(rep: Rep, book: BookPolicy, load: Mapping[str, int]) -> float:
    """How full a rep's book is, from 0 to 1: the emptiest is filled first."""
    return load.get(rep.id, 0) / rep.capacity[book.id]


def tie_breaker(account: str) -> str:
    """Equal scores are ordered by this hash of the id: fair to no letter of the alphabet, the same on every run."""
    return hashlib.sha256(account.encode()).hexdigest()


def best_first(decision: Decision) -> tuple[float, str]:
    """A key for sorting: the account with the highest score first, equal ones in the order of their hashes."""
    best = max((score.total for score in decision.scores.values()), default=0.0)
    return -best, tie_breaker(decision.account)


def ranked(policies: Mapping[str, BookPolicy]) -> Callable[[Decision], tuple[float, str]]:
    """The key by which accounts come first: the score of their book's rank, then the hash of the id."""

    def key(decision: Decision) -> tuple[float, str]:
        book = policies.get(decision.book or "")
        score = decision.scores.get(book.rank) if book else None
        return -(score.total if score else 0.0), tie_breaker(decision.account)

    return key


def _has_turn(decision: Decision, policies: Mapping[str, BookPolicy]) -> bool:
    book = policies.get(decision.book or "")
    return book is None or book.in_turns


def _not_assignable(decision: Decision, policies: Mapping[str, BookPolicy]) -> str:
    if decision.resting:
        return "it rests after its return"
    if decision.book not in policies:
        return "no book takes it"
    return ""


def _pick(  # noqa: PLR0913, PLR0917 - whom a turn may go to
    family: Sequence[Decision], book: BookPolicy, able: Sequence[Rep], kin: Kinship, load: Counter[str], tally: Tally
) -> tuple[Rep | None, str]:
    """The rep who gets the family, or the account that goes for itself; else why it waits."""
    first, together = family[0], len(family)
    if kin.rests(first, book):
        return None, "one of its family rests after its return"
    fit = [rep for rep in able if all(one.crm in rep.users for one in family)]
    if (owner := kin.owner(first, book)) is None:
        return _choose(first, book, fit, load, tally, together)
    rep = next((rep for rep in fit if rep.id == owner), None)
    if rep is None:
        return None, f"its family is with a rep for whom the book {book.id} is not"
    bar = room(book, rep, load, tally, together)
    told = {Bar.FULL: "whose book is full", Bar.LIMIT: f"and the limit of the book {book.id} is reached"}
    return (None, f"its family is with {rep.name}, {told[bar]}") if bar else (rep, "")


def _choose(  # noqa: PLR0913, PLR0917 - the same, and how many go together
    decision: Decision, book: BookPolicy, able: Sequence[Rep], load: Counter[str], tally: Tally, count: int
) -> tuple[Rep | None, str]:
    """The rep with the emptiest book of those who may get it, of equal ones the one whom the account suits best.

    The previous owner gets it only when nobody else has room.
    """
    bars = [(rep, room(book, rep, load, tally, count)) for rep in able]
    if allowed := [rep for rep, found in bars if found is None]:
        others = [rep for rep in allowed if rep.id != decision.previous_owner] or allowed
        return min(
            others, key=lambda rep: (filled(rep, book, load), -affinity(book.affinity, decision, rep), rep.id)
        ), ""
    if not able:
        return None, f"no rep who is active and not away may own accounts of the book {book.id}"
    of = f" for its family of {count}" if count > 1 else ""
    if not all(found is Bar.FULL for _, found in bars):
        return None, f"the limit of the book {book.id} " + (f"leaves no room{of}" if of else "is reached")
    return None, f"no book of {book.id} has room{of}" if of else f"every book of {book.id} is full"


def _return(decision: Decision, policy: ReturnPolicy, pool_user: str) -> OwnerChange:
    return OwnerChange(
        account=decision.account,
        before=decision.owner,
        after=pool_user,
        rule=f"return:{policy.id}",
        reason=f"{policy.reason}: {decision.evidence}" if decision.evidence else policy.reason,
        rest_days=policy.rest_days,
    )


def _give(turn: Turn, book: BookPolicy, rep: Rep) -> OwnerChange:
    decision = turn.decision
    score = decision.scores[book.rank]
    room = rep.capacity[book.id] - turn.load[rep.id]
    again = " again, since nobody else has room" if rep.id == decision.previous_owner else ""
    family = f", with its family of {turn.family}" if turn.family > 1 else ""
    return OwnerChange(
        account=decision.account,
        before=decision.owner,
        after=rep.id,
        rule=f"book:{book.id}",
        reason=f"{book.rank} {score.total:.0f}, tier {score.tier}; {rep.name} has room for {room}{again}{family}",
    )
