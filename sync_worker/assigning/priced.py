"""The books that prices fill: what their rules say, what they cost in the latest plan, what a rebalance may move.

Reads the store, not the CRM.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rules.problems import nearest
from sync_worker.parts import Stopped
from sync_worker.store import prices, tenure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.core.books import BookPolicy
    from sync_worker.core.priced import PricedBook
    from sync_worker.core.rebalance import Rebalance
    from sync_worker.core.steps import Step


def filling_by_prices(
    tx: Connection, books: Sequence[BookPolicy], rebalance: Rebalance | None, now: datetime
) -> tuple[Step, ...]:
    """The step that fills these of the books that prices fill; none where there is no such book.

    Raises Stopped where a rebalance names a book that there is not, or that is filled in turns.
    """
    if rebalance is not None:
        _refuse(rebalance, books)
    if not (found := priced_books(tx, books, rebalance, now)):
        return ()
    from sync_worker.core.priced import filling  # noqa: PLC0415 - numpy takes a tenth of a second

    return (filling(found),)


def priced_books(
    tx: Connection, books: Sequence[BookPolicy], rebalance: Rebalance | None, now: datetime
) -> tuple[PricedBook, ...]:
    """The books that prices fill, in the order of the rules, each with what it begins with."""
    if not any(book.by_prices for book in books):
        return ()
    from sync_worker.core.priced import PricedBook  # noqa: PLC0415 - the same

    return tuple(
        PricedBook(
            book,
            start=known.prices if (known := prices.latest(tx, book.id)) else None,
            cap=rebalance.cap if rebalance and rebalance.takes(book.id) else None,
            young=_young(tx, book, now),
        )
        for book in books
        if book.by_prices
    )


def _young(tx: Connection, book: BookPolicy, now: datetime) -> frozenset[str]:
    days = book.keep.tenure_days
    return tenure.owned_since(tx, now - timedelta(days=days)) if days else frozenset()


def _refuse(rebalance: Rebalance, books: Sequence[BookPolicy]) -> None:
    priced = [book.id for book in books if book.by_prices]
    way = "give the book a 'balance': docs/rules.md, 'Books filled by prices'"
    if not priced:
        raise Stopped("no book is filled by prices, so there is nothing to rebalance", hint=way)
    for name in rebalance.books:
        if name in {book.id for book in books} - set(priced):
            raise Stopped(f"the book '{name}' is filled in turns, which knows no rebalance", hint=way)
        if name not in priced:
            raise Stopped(f"there is no book '{name}'", hint=nearest(name, priced))
