"""What books were filled by: the prices of each plan, and how good they prove it to be. Keeps them; solves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from sync_worker.core.model import PlanState
from sync_worker.core.remembered import BookPrices, Remembered
from sync_worker.store import schema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sqlalchemy import Connection, Select


def keep(tx: Connection, plan_id: str, found: Iterable[BookPrices]) -> None:
    """Keep them with the plan. A plan that was renewed keeps those that it had: they prove the same rows."""
    p = schema.book_price.c
    known = set(tx.scalars(select(p.book).where(p.plan_id == plan_id)))
    if rows := [_columns(plan_id, one) for one in found if one.book not in known]:
        tx.execute(insert(schema.book_price), rows)


def of_plan(tx: Connection, plan_id: str) -> dict[str, BookPrices]:
    """The prices by book of one plan, by its whole id."""
    p = schema.book_price.c
    wanted = select(schema.book_price).where(p.plan_id == plan_id).order_by(p.book)
    return {row.book: _prices(row) for row in tx.execute(wanted)}


def latest(tx: Connection, book: str) -> BookPrices | None:
    """The prices of the plan that filled the book last and was applied; None where there is none.

    A plan that only waits gives none: made again it has to begin where it began, to say the same.
    """
    row = tx.execute(_of_book(book).where(schema.plan.c.state == PlanState.APPLIED.value)).first()
    return _prices(row) if row else None


def _of_book(book: str) -> Select[Any]:
    p, made = schema.book_price.c, schema.plan.c
    joined = select(schema.book_price).join(schema.plan, made.id == p.plan_id).where(p.book == book)
    return joined.order_by(made.created_at.desc(), made.id).limit(1)


def _columns(plan_id: str, one: BookPrices) -> dict[str, object]:
    return {
        "plan_id": plan_id,
        "book": one.book,
        "rebalance": one.rebalance,
        "problem": one.problem,
        "value": one.value,
        "bound": one.bound,
        "move": one.prices.move,
        "reps": {rep: list(each) for rep, each in one.prices.reps.items()},
    }


def _prices(row: Any) -> BookPrices:  # noqa: ANN401 - a row of the book_price table
    return BookPrices(row.book, row.rebalance, row.problem, row.value, row.bound, Remembered(row.move, row.reps))
