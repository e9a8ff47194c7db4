"""View of ``compare``: two policies side by side, figure by figure, and which of them is better at what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync_worker.report.document import Fields, Heading, Text, Tone, table
from sync_worker.report.evenness import LINES, share
from sync_worker.report.words import amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync_worker.compare import Compared, Side
    from sync_worker.report.document import Answer, Block


def compared(found: Compared) -> Answer:
    """``compare``."""
    document = (
        Heading(f"{found.one.name}, beside {found.other.name}"),
        *_whole(found),
        *_books(found),
        *_frontier(found),
        Text("Nothing of this was kept: 'sync-worker plan' makes a plan of the present rules.", Tone.QUIET),
    )
    return document, {"comparison": {"one": _side(found.one), "other": _side(found.other), "frontier": found.frontier}}


def _side(side: Side) -> dict[str, object]:
    return {"name": side.name, "rules_version": side.rules_version, "books": side.books, "summary": side.summary}


def _whole(found: Compared) -> Iterator[Block]:
    one, other = found.one, found.other
    if one.rules_version == other.rules_version:
        yield Fields((("rules", one.rules_version[:12]),))
    else:
        yield Fields((("rules", f"{one.rules_version[:12]}, beside {other.rules_version[:12]}"),))
    sides: tuple[Mapping[str, Any], ...] = (one.summary, other.summary)
    rows = [
        ("accounts in scope", *(f"{side['in_scope']:,}" for side in sides)),
        ("owner changes", *(f"{side['owner_changes']:,}" for side in sides)),
        ("of these back to the pool", *(f"{_of_kind(side, 'return'):,}" for side in sides)),
        ("of these between reps", *(f"{_of_kind(side, 'rebalance'):,}" for side in sides)),
        ("left in the pool", *(f"{side['pool']['after']:,}" for side in sides)),
    ]
    yield table(f"in all|>{one.name}|>{other.name}", rows)


def _of_kind(summary: Mapping[str, Any], kind: str) -> int:
    return sum(number for rule, number in summary["rules"].items() if rule.partition(":")[0] == kind)


def _books(found: Compared) -> Iterator[Block]:
    others: dict[object, Mapping[str, Any]] = {book["book"]: book for book in found.other.books}
    for book in found.one.books:
        other = others[book["book"]]
        alike = book["measure"] == other["measure"]
        by = "" if alike else f", {found.other.name} by {other['measure']}"
        yield Heading(f"Book {book['book']}, by {book['measure']}{by}")
        sides = [book["before"], book["after"], *([] if alike else [other["before"]]), other["after"]]
        rows = [(words, *(told(_map(side)) for side in sides)) for words, told in LINES]
        between = () if alike else ("",)
        rows.append(("owned accounts moved", "", _moved(book), *between, _moved(other)))
        rows.append(("at most below the best", "", _gap(book), *between, _gap(other)))
        yield table(f"|>now|>{found.one.name}|{'' if alike else '>now|'}>{found.other.name}", rows)
        if not alike:
            yield Text("The two do not measure this book alike: each stands beside the book as it is now by its own.")


def _map(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _moved(book: Mapping[str, Any]) -> str:
    moves = book["moves"]
    return f"{moves['chosen'] + moves['forced']:,} ({share(moves['share'])})"


def _gap(book: Mapping[str, Any]) -> str:
    """A policy that fills the book in turns proves nothing."""
    return "not proven" if book["gap"] is None else share(max(0.0, round(book["gap"], 3)))


def _frontier(found: Compared) -> Iterator[Block]:
    if not found.frontier:
        return
    yield Heading("What more moves buy")
    rows = []
    for point in found.frontier:
        books: Any = point["books"]
        potential = [book["after"]["potential"] for book in books]
        counted = sum(one["reps"] for one in potential) or 1
        gini = sum(one["gini"] * one["reps"] for one in potential) / counted
        moved = sum(book["moves"]["chosen"] for book in books)
        worth = sum(book["after"]["worth"] for book in books)
        price = max((book["move_price"] or 0.0 for book in books), default=0.0)
        rows.append(
            (share(float(str(point["moves"]))), f"{moved:,}", amount(round(worth)), f"{gini:.3f}", f"{price:.1f}")
        )
    yield table("moves allowed|>moved|>score|>Gini, mean of books|>one more would gain", rows)
