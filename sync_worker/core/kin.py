"""Families in books that are filled in turns: who goes together, and to whom. Looks; decides nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync_worker.core.books import BookPolicy
    from sync_worker.core.model import Decision
    from sync_worker.core.steps import Position


@dataclass(frozen=True, slots=True)
class Kinship:
    """The families of books whose families go together."""

    waiting: Mapping[tuple[str, str], tuple[Decision, ...]] = field(default_factory=dict)
    """By book and ultimate parent: those of the family who wait in the pool for this book, the best first."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """The rep who has most of a family, by its ultimate parent; where several have as many, the first by id."""
    resting: frozenset[tuple[str, str]] = frozenset()
    """Families, by book and ultimate parent, of which one rests."""

    @classmethod
    def of(cls, position: Position, waiting: Sequence[Decision], books: Mapping[str, BookPolicy]) -> Self:
        """The families of these waiting accounts, which are in the order in which their turns come."""
        roots: dict[str, str] = {}
        for book in books.values():
            roots |= book.families if book.together else {}
        if not roots:
            return cls()
        found: defaultdict[tuple[str, str], list[Decision]] = defaultdict(list)
        for decision in waiting:
            own = books.get(decision.book or "")
            if own and own.together:
                found[_key(decision, own)].append(decision)
        owned: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for decision in position.decisions:
            owner = position.taken[decision.account].after if decision.account in position.taken else decision.owner
            if decision.scope and owner and owner != position.pool_user and decision.account in roots:
                owned[roots[decision.account]][owner] += 1
        return cls(
            {key: tuple(one for one in family if not one.resting) for key, family in found.items()},
            {root: min(counts, key=lambda rep: (-counts[rep], rep)) for root, counts in owned.items()},
            frozenset(key for key, family in found.items() if any(one.resting for one in family)),
        )

    def family(self, decision: Decision, book: BookPolicy) -> tuple[Decision, ...]:
        """All who go with the account, itself with them."""
        return self.waiting.get(_key(decision, book), (decision,)) if book.together else (decision,)

    def owner(self, decision: Decision, book: BookPolicy) -> str | None:
        """The rep who has the account's family; None where nobody has any of it, or each goes for itself."""
        return self.owners.get(_key(decision, book)[1]) if book.together else None

    def rests(self, decision: Decision, book: BookPolicy) -> bool:
        """Whether somebody of the family rests, so that all of it waits."""
        return book.together and _key(decision, book) in self.resting


def _key(decision: Decision, book: BookPolicy) -> tuple[str, str]:
    return book.id, book.families.get(decision.account, decision.account)
