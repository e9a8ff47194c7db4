"""What compiled statements say of an account for the book that takes it, and of a rep for each book. SQL text only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.chain import cases
from rules.facts import compared_with, measured_by, owner_of, workload_of
from rules.sql import quoted
from rules.tree import FieldValue
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.model import Book, Ruleset
    from rules.sql import Writer
    from rules.tree import Value

Judged = tuple[str, str]
"""A column's name, and SQL for it."""

OF_BOOK = {
    "named_owner": Type.TEXT,
    "workload": Type.NUMBER,
    "measure": Type.NUMBER,
    "affinity": Type.TEXT,
    "worked": Type.TEXT,
}
"""What is told of an account by the book that takes it, and of which type it is; NULL where the book says nothing."""


def judged(ruleset: Ruleset, writer: Writer) -> dict[str, dict[str, str]]:
    """SQL over the facts, by what is told (``OF_BOOK``) and by book; what no book tells is not there."""
    found: dict[str, dict[str, str]] = {}
    for book in ruleset.books:
        for what, sql in _judged(book, ruleset, writer):
            found.setdefault(what, {})[book.id] = sql
    return found


def columns(found: dict[str, dict[str, str]]) -> Iterator[Judged]:
    """The columns that a first stage works out."""
    for what, books in found.items():
        yield from ((f"{what}__{number}", sql) for number, sql in enumerate(books.values(), 1))


def chosen(found: dict[str, dict[str, str]]) -> dict[str, str]:
    """SQL over those columns: what holds of the account by its own book."""
    return {
        what: "CASE "
        + " ".join(f"WHEN book = {quoted(book)} THEN {what}__{number}" for number, book in enumerate(books, 1))
        + " END"
        for what, books in found.items()
    }


def _judged(book: Book, ruleset: Ruleset, writer: Writer) -> Iterator[Judged]:
    if (owner := owner_of(book)) is not None:
        yield "named_owner", writer.value(owner)
    if (workload := workload_of(book)) is not None:
        yield "workload", _amount(workload, writer)
    if (measure := measured_by(book, ruleset)) is not None:
        yield "measure", _amount(measure, writer)
    if terms := [(term.id, term.accounts) for term in book.affinity if term.accounts is not None]:
        holding = (f"CASE WHEN {writer.condition(when.tree)} THEN {quoted(f'|{id_}')} ELSE '' END"
                   for id_, when in terms)  # fmt: skip
        yield "affinity", " || ".join(holding)
    if book.worked is not None:
        tried = [("green", book.worked.green), ("amber", book.worked.amber)]
        yield "worked", cases([*((quoted(word), when.tree) for word, when in tried if when), ("'red'", None)], writer)


def _amount(value: Value, writer: Writer) -> str:
    """A number that is never empty nor below 0, to six digits: engines differ in the digits behind."""
    return writer.rounded(writer.clamped(f"COALESCE({writer.value(value)}, {writer.number(0)})", 0.0, None))


def compared(ruleset: Ruleset) -> tuple[str, ...]:
    """The accounts' text fields that books compare with fields of reps."""
    return tuple(dict.fromkeys(name for book in ruleset.books for name in compared_with(book)))


def compared_of_reps(ruleset: Ruleset) -> tuple[str, ...]:
    """The reps' text fields that books compare with fields of accounts."""
    terms = (term for book in ruleset.books for term in book.affinity)
    return tuple(dict.fromkeys(term.same.rep for term in terms if term.same is not None))


def text_of(name: str, writer: Writer) -> str:
    """SQL for a text field."""
    return writer.value(FieldValue(name, Type.TEXT))
