"""Returns and books with what their limits still allow in the period that it is. Reads the store, not the CRM."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker.core.affinity import AffinityTerm
from sync_worker.core.books import Allowance, Balance, BookPolicy, Keep, Model, ReturnPolicy
from sync_worker.core.families import families
from sync_worker.store.moves import lost_since, moves_since, promised
from sync_worker.store.turns import parents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from rules import Affinity, Book, Limit, Ruleset
    from sync_worker.core.people import People


def policies(
    tx: Connection, rules: Ruleset, everybody: People, now: datetime
) -> tuple[list[BookPolicy], list[ReturnPolicy]]:
    """Books and returns with what their limits still allow in the period that ``now`` falls into."""
    roots = families(parents(tx)).roots if any(book.together for book in rules.books) else {}
    books = [
        book_policy(book, allowance(tx, (f"book:{book.id}", f"claim:{book.id}"), book.limit, everybody, now), roots)
        for book in rules.books
    ]
    returns = [
        ReturnPolicy(
            rule.id, rule.reason, rule.rest_days, allowance(tx, (f"return:{rule.id}",), rule.limit, everybody, now)
        )
        for rule in rules.returns
    ]
    return books, returns


def book_policy(book: Book, allowed: Allowance, roots: Mapping[str, str]) -> BookPolicy:
    """The book as far as filling it goes. ``roots``: the ultimate parent of each account."""
    balance, keep = book.balance, book.keep
    return BookPolicy(
        book.id,
        book.rank,
        allowed,
        model=Model(book.model),
        balance=Balance(balance.measure, balance.weight, balance.workload) if balance else None,
        keep=Keep(keep.weight, keep.tenure_days) if keep else Keep(),
        affinity=tuple(_term(term) for term in book.affinity),
        together=book.together,
        families=roots if book.together else {},
    )


def _term(term: Affinity) -> AffinityTerm:
    return AffinityTerm(
        term.id,
        term.add,
        term.because,
        of_accounts=term.accounts is not None,
        of_reps=term.reps is not None,
        account=term.same.account if term.same else "",
        rep=term.same.rep if term.same else "",
    )


def allowance(tx: Connection, named: Sequence[str], limit: Limit | None, everybody: People, now: datetime) -> Allowance:
    """What a limit on these rules together still allows: all in each run, or what is left of the UTC day or week."""
    if limit is None:
        return Allowance()
    since = period_start(limit.every, now)
    used: Counter[str] = Counter()
    if since is not None:
        for rule in named:
            used.update(everybody.counted(moves_since(tx, rule, since)))
    if limit.per == "rep":
        return Allowance(per_rep=limit.most, used_by_rep=used)
    return Allowance(total=limit.most, used_by_rep=used)


def freed_today(tx: Connection, everybody: People, now: datetime) -> Mapping[str, int]:
    """How many accounts each rep has lost to the worker since midnight, UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return everybody.counted(lost_since(tx, midnight))


def promised_later(tx: Connection, everybody: People, besides: datetime | None) -> Mapping[str, int]:
    """How many accounts each rep is to get by agreed plans that wait for another day than ``besides``."""
    return everybody.counted(promised(tx, besides))


def period_start(every: str, now: datetime) -> datetime | None:
    """When the limit's period began, UTC: midnight, or Monday's; None for a limit on each run."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {"run": None, "day": midnight, "week": midnight - timedelta(days=midnight.weekday())}[every]
