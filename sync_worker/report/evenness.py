"""How even a plan makes the books, before and after, for somebody who decides on a Monday whether to press apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync_worker.report.document import Heading, Text, Tone, table
from sync_worker.report.words import amount, count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sync_worker.report.document import Block

REPS_TOLD = 30
"""Reps that a book's table names without being asked for all."""
LEFT_TOLD = 5
SMALL = 0.0005


def evenness(summary: Mapping[str, Any], *, every: bool = False) -> Iterator[Block]:
    """All books of a plan that were filled by prices."""
    for book in summary.get("priced", ()):
        what = "rebalanced" if book["rebalance"] else "filled evenly"
        yield Heading(f"Book {book['book']}, {what} by {book['measure']}")
        yield table("|>before|>after", list(figures(book)))
        yield Text(moves_told(book))
        yield Text(proof_told(book), Tone.GOOD if book["gap"] >= 0 else Tone.BAD)
        yield from _reps(book, every=every)
        yield from _left(book)


def figures(book: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is told of a book before and after: the same lines in a plan and in a comparison."""
    before, after = book["before"], book["after"]
    for words, told in LINES:
        yield words, told(before), told(after)


def _covered(standing: Mapping[str, Any]) -> str:
    return share(standing["covered_accounts"])


def _covered_potential(standing: Mapping[str, Any]) -> str:
    return share(standing["covered_potential"])


def _worth(standing: Mapping[str, Any]) -> str:
    return amount(round(standing["worth"], 0))


def _variation(standing: Mapping[str, Any]) -> str:
    return f"{standing['potential']['variation']:.3f}"


def _gini(standing: Mapping[str, Any]) -> str:
    return f"{standing['potential']['gini']:.3f}"


def _extremes(standing: Mapping[str, Any]) -> str:
    ratio = standing["potential"]["largest_to_smallest"]
    return "one has none" if ratio is None else f"{ratio:.2f} : 1"


def _on_target(standing: Mapping[str, Any]) -> str:
    return share(standing["potential"]["on_target"])


def _filled(standing: Mapping[str, Any]) -> str:
    return share(standing["filled"])


LINES = (
    ("accounts with a rep", _covered),
    ("potential with a rep", _covered_potential),
    ("places taken", _filled),
    ("score times affinity", _worth),
    ("reps within 15% of their target", _on_target),
    ("fullest to emptiest, by target", _extremes),
    ("unevenness: coefficient of variation", _variation),
    ("unevenness: Gini", _gini),
)
"""Words for each figure of a standing. Potential is measured against each rep's target: half a post counts half."""


def moves_told(book: Mapping[str, Any]) -> str:
    """How many accounts change hands, against what may."""
    moves = book["moves"]
    given = f"{count(moves['given'], 'account')} of the pool given out"
    if not book["rebalance"]:
        return f"{given}; nobody loses an account"
    cap = f" of at most {moves['most']:,}" if moves["most"] is not None else ""
    chosen = f"{moves['chosen']:,}{cap} owned accounts change hands ({share(moves['share'])} of those owned)"
    forced = f"; {moves['forced']:,} more whose owner may not have them any longer" if moves["forced"] else ""
    price = book["move_price"]
    dear = f"; one more move would gain about {price:.1f} points" if price >= SMALL else ""
    return f"{given}; {chosen}{forced}{dear}"


def proof_told(book: Mapping[str, Any]) -> str:
    """How good the plan is at least."""
    gap = book["gap"]
    if gap < SMALL:
        return "proven: no plan for this book is better, or by less than 0.1%"
    return f"proven: at most {gap * 100:.1f}% below the best that any plan for this book could be"


def _reps(book: Mapping[str, Any], *, every: bool) -> Iterator[Block]:
    reps: Sequence[Mapping[str, Any]] = book["reps"]
    changed = [one for one in reps if every or one["before"] != one["after"]]
    rows = [
        (
            one["name"],
            amount(one["target"]),
            amount(one["before"]["potential"]),
            amount(one["after"]["potential"]),
            _of_target(one),
            f"{one['before']['accounts']:,}",
            f"{one['after']['accounts']:,}",
            f"{one['capacity']:,}",
        )
        for one in (changed if every else changed[:REPS_TOLD])
    ]
    if rows:
        measure = book["measure"]
        yield table(f"rep|>target|>{measure}|>then|>of target|>accounts|>then|>room for", rows)
    if len(rows) < len(changed):
        yield Text(f"… and {len(changed) - len(rows):,} more: --all shows every rep", Tone.QUIET)


def _of_target(rep: Mapping[str, Any]) -> str:
    return share(rep["after"]["potential"] / rep["target"]) if rep["target"] else ""


def _left(book: Mapping[str, Any]) -> Iterator[Block]:
    left = book["left"]
    if not left["accounts"]:
        return
    whole = f"{count(left['accounts'], 'account')} of this book stay in the pool; the best of them:"
    yield Text(whole)
    yield table(
        "account|>score|~why",
        [(one["name"], amount(one["score"] or 0.0), one["because"]) for one in left["best"][:LEFT_TOLD]],
    )


def share(part: float) -> str:
    """``12%``, ``0.4%``: one digit behind the point below ten."""
    ten = 0.1
    return f"{part:.0%}" if part >= ten or part == 0 else f"{part * 100:.1f}%"
