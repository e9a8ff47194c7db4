"""What makes a rep the better one for an account: the terms that a book has for it. Compares; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync_worker.core.model import Decision, Rep


@dataclass(frozen=True, slots=True)
class AffinityTerm:
    """One term. All that it asks of account and rep must hold; what it does not ask is given."""

    id: str
    add: float
    """What it adds to 1."""
    because: str
    of_accounts: bool = False
    """Whether it has a condition on accounts: it holds where ``Decision.suits`` has the id."""
    of_reps: bool = False
    """Whether it has a condition on reps: it holds where ``Rep.suits`` of the book has the id."""
    account: str = ""
    rep: str = ""
    """The fields of account and rep that must have a value in common; empty where none need."""


def holding(terms: Sequence[AffinityTerm], decision: Decision, rep: Rep) -> tuple[AffinityTerm, ...]:
    """The terms of the account's book that hold for account and rep, in their order."""
    suits = rep.suits.get(decision.book or "", frozenset())
    return tuple(
        term
        for term in terms
        if (not term.of_accounts or term.id in decision.suits)
        and (not term.of_reps or term.id in suits)
        and (not term.account or _common(term, decision, rep))
    )


def affinity(terms: Sequence[AffinityTerm], decision: Decision, rep: Rep) -> float:
    """By how much the account's score counts for the rep: 1 and what the terms add, never below 0; to six digits."""
    return max(0.0, round(1.0 + sum(term.add for term in holding(terms, decision, rep)), 6))


def _common(term: AffinityTerm, decision: Decision, rep: Rep) -> bool:
    return not decision.compared.get(term.account, frozenset()).isdisjoint(rep.compared.get(term.rep, ()))
