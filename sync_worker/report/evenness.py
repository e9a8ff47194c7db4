"""How even a plan makes the books, before and after, for somebody who decides on a Monday whether to press apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync_worker.report.document import Heading, Text, Tone, table
from sync_worker.report.words import amount, count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sync_worker.report.document import Block

    Told = Callable[[Mapping[str, Any]], str]

REPS_TOLD = 30
"""Reps whose share changes that a plan names without being asked for all."""
LEFT_TOLD = 5
SMALL = 0.0005
"""Half of the last digit that is told."""


def evenness(summary: Mapping[str, Any], *, every: bool = False) -> Iterator[Block]:
    """All books of a plan that were filled by prices; ``every``: each with all its figures and reps."""
    if not (priced := summary.get("priced")):
        return
    books, total = priced["books"], priced["total"]
    rebalanced = any(book["rebalance"] for book in books)
    yield Heading("Rebalance: the books before and after" if rebalanced else "Books filled evenly, before and after")
    yield table(HEADS, [_line(book["book"], book) for book in books] + ([_line("in all", total)] if books[1:] else []))
    yield Text(moves_told(total["moves"], books))
    yield Text(proof_told(total["gap"], [book["gap"] for book in books]), Tone.GOOD)
    if every:
        for book in books:
            yield Heading(f"Book {book['book']}, evened out by {book['measure']}")
            yield table("|>before|>after", list(figures(book)))
    yield from _reps(books, every=every)
    yield from _left(books)
    if apart := [(book["book"], one) for book in books for one in book["conflicts"]]:
        yield Heading("Families that do not stay together, each of whose accounts stays where it is")
        rows = [(one["family"], book, ", ".join(one["owners"]), one["because"]) for book, one in apart]
        yield table("family|book|owners|~why", rows)


HEADS = "book|>with a rep|>score|>within 15% of target|>Gini|>variation|>moved|>below the best"


def _line(name: str, book: Mapping[str, Any]) -> tuple[str, ...]:
    before, after, moves = book["before"], book["after"], book["moves"]
    cap = f" of {moves['most']:,}" if moves.get("most") else ""
    forced = f" + {moves['forced']:,}" if moves["forced"] else ""
    return (
        name,
        _both(before, after, _covered),
        _both(before, after, _worth),
        _both(before, after, _on_target),
        _both(before, after, _gini),
        _both(before, after, _variation),
        f"{moves['chosen']:,}{cap}{forced}",
        "" if book["gap"] is None else _below(book["gap"]),
    )


def _both(before: Mapping[str, Any], after: Mapping[str, Any], told: Told) -> str:
    one, other = told(before), told(after)
    return one if one == other else f"{one} → {other}"


def figures(book: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every figure of a book before and after, in words."""
    for words, told in LINES:
        yield words, told(book["before"]), told(book["after"])


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
    ("score times affinity, less what moves cost", _worth),
    ("reps within 15% of their target", _on_target),
    ("fullest to emptiest, by target", _extremes),
    ("coefficient of variation", _variation),
    ("Gini", _gini),
)
"""Words for each figure of a standing. Potential is measured against each rep's target: half a post counts half."""


def moves_told(moves: Mapping[str, Any], books: Sequence[Mapping[str, Any]]) -> str:
    """How many accounts change hands, against what may."""
    given = f"{count(moves['given'], 'account')} of the pool given out"
    if not any(book["rebalance"] for book in books):
        return f"{given}; nobody loses an account to it"
    caps = [book["moves"]["most"] for book in books if book["rebalance"]]
    cap = f" of at most {sum(caps):,}" if None not in caps else ""
    chosen = f"{moves['chosen']:,}{cap} owned accounts change hands ({share(moves['share'])} of those owned)"
    forced = f"; {moves['forced']:,} more whose owner is no rep of their book" if moves["forced"] else ""
    dearest = max((book["move_price"] for book in books if book["rebalance"]), default=0.0)
    dear = f"; one more move would gain up to {dearest:.1f} points" if dearest >= SMALL * 100 else ""
    return f"{given}; {chosen}{forced}{dear}"


def proof_told(gap: float, each: Sequence[float]) -> str:
    """How good the plan is at least."""
    worst = max(each, default=gap)
    alone = f", in its worst book {_below(worst)}" if len(each) > 1 and _below(worst) != _below(gap) else ""
    return f"proven: at most {_below(gap).removeprefix('under ')} below the best that any plan could be{alone}"


def _below(gap: float) -> str:
    return "under 0.1%" if gap < SMALL * 2 else f"{gap * 100:.1f}%"


def _reps(books: Sequence[Mapping[str, Any]], *, every: bool) -> Iterator[Block]:
    found = [(book["book"], rep) for book in books for rep in book["reps"]]
    changed = [(book, rep) for book, rep in found if every or rep["before"] != rep["after"]]
    told = changed if every else changed[:REPS_TOLD]
    if told:
        yield Heading("Reps, each against a fair share of the book")
        yield table("rep|book|>fair share|>has|>then|>accounts|>room for", [_rep(book, rep) for book, rep in told])
    if len(told) < len(changed):
        yield Text(f"… and {len(changed) - len(told):,} more: --all shows every rep", Tone.QUIET)


def _rep(book: str, rep: Mapping[str, Any]) -> tuple[str, ...]:
    before, after = rep["before"], rep["after"]
    accounts = [f"{before['accounts']:,}", f"{after['accounts']:,}"]
    return (
        rep["name"],
        book,
        amount(rep["target"]),
        _of_target(before["potential"], rep["target"]),
        _of_target(after["potential"], rep["target"]),
        " → ".join(dict.fromkeys(accounts)),
        f"{rep['capacity']:,}",
    )


def _of_target(has: float, target: float) -> str:
    return f"{amount(has)} ({share(has / target)})" if target else amount(has)


def _left(books: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    best = [(book["book"], one) for book in books for one in book["left"]["best"]]
    best.sort(key=lambda found: -found[1]["score"])
    if not best:
        return
    whole, potential = (sum(book["left"][name] for book in books) for name in ("accounts", "potential"))
    worth = amount(round(potential, 0))
    yield Text(f"left in the pool: {count(whole, 'account')}, worth {worth} in all; the best of them:")
    rows = [(one["name"], book, amount(one["score"]), one["because"]) for book, one in best[:LEFT_TOLD]]
    yield table("account|book|>score|~why", rows)


def share(part: float) -> str:
    """``12%``, ``0.4%``: one digit behind the point below ten."""
    ten = 0.1
    return f"{part:.0%}" if part >= ten or part == 0 else f"{part * 100:.1f}%"
