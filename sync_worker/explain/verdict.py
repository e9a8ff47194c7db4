"""The first sentence of an explanation: what the worker does with an account, and the reason that comes first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync_worker.explain.telling import Told


@dataclass(frozen=True, slots=True)
class Stands:
    """How an account stands besides what the rules say of it."""

    held: str
    """Why nothing may move it, whatever the rules say; empty where nothing holds it."""
    in_pool: bool
    resting: bool


def verdict(told: Told, at: Stands) -> str:
    """One sentence."""
    if told.scope is None:
        return "It is out of scope: no scope rule takes it, so the worker never touches it."
    if at.held:
        return f"It stays with its owner: {at.held}."
    if protects := told.first("protect"):
        return f"It stays with its owner: {protects.because}."
    if at.in_pool:
        return _in_pool(told, at)
    return _owned(told)


def _owned(told: Told) -> str:
    if returns := told.first("return"):
        return f"It is due to go back to the pool: {returns.because}."
    if (book := told.first("book")) and book.because:
        return f"No rule returns it; {book.because}."
    return "It stays with its owner: no rule returns it."


def _in_pool(told: Told, at: Stands) -> str:
    if at.resting:
        return "It rests in the pool after its return, and will then be given out again."
    if told.fields.get("route") is not None:
        return f"It waits in the pool for its turn: the route {told.fields['route']} gives it out."
    if told.book is None:
        return "It waits in the pool: no book takes it."
    if (book := told.first("book")) and book.because:
        return f"It waits in the pool: {book.because}."
    return f"It waits in the pool for a place in the book {told.book}, the highest score first."
