"""What would have to be different for another outcome: the least there is, found in the rules and tried out on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any

from rules import tree
from rules.nearest import ways
from rules.needed import due, needs_of, tried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rules import Condition
    from rules.needed import Need
    from rules.probing import Seen
    from sync_worker.explain.glass import Glass
    from sync_worker.explain.verdict import Stands


GRANTED = frozenset({"in_pool"})
"""Who has an account is what is asked about: no answer may begin by changing it."""

TAKEN = (
    GRANTED | {"owner_active", "do_not_move"},
    GRANTED | {"owner_active"},
    GRANTED | {"do_not_move"},
    GRANTED,
)
"""Nobody lets a rep go, or ticks a box, for the sake of one account: told only where nothing else would do."""

WAYS_BESIDES = 3


@dataclass(frozen=True, slots=True)
class Lacking:
    """One thing that would have to be different."""

    what: str
    """The field or calculation, as a rule would write it."""
    wanted: str
    """What it would have to be, to be read after 'were': ``1,000 or more``, ``empty``."""
    seen: Seen
    """What it is."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The fewest things that would all have to be different for an outcome."""

    outcome: str
    """What would then be: ``It would go back to the pool``."""
    lacking: tuple[Lacking, ...]
    on: date | None
    """When time alone brings it, if nothing else changes; None where it does not."""
    tried: bool
    """Whether the rules were run with such values, and said so. Where a calculation is to differ, nobody can."""


@dataclass(frozen=True, slots=True)
class Question:
    """What would have to hold for an outcome, and how to tell from a decision that it has come."""

    outcome: str
    condition: tree.Tree
    accepts: Callable[[Mapping[str, Any]], bool]


def nearest(glass: Glass, value: Mapping[str, Any], at: Stands) -> tuple[Nearest, ...]:
    """What would turn the decision: out of scope or in, protected or not, returned or not, in a book or in none."""
    return tuple(one for question in _questions(glass, value, at) for one in answers(glass, question))


def answers(glass: Glass, question: Question) -> Iterator[Nearest]:
    """The least that would do; and what time does alone, where that takes more."""
    several = _several(glass, question.condition)
    best = next(_tried(glass, question, several), None)
    if best:
        yield best
    if best is None or best.on is None:
        alone = (one for needs in several if (one := _waited(glass, question, needs)))
        yield from list(islice(alone, 1))


def _several(glass: Glass, condition: tree.Tree, given: Mapping[str, Seen] | None = None) -> list[tuple[Need, ...]]:
    """Ways to make a condition hold, the smallest first; with values ``given``, those that it takes besides."""
    found = glass.probed([condition], given)
    least = (ways(condition, found.truth, wanted=True, fixed=fixed) for fixed in TAKEN)
    once = dict.fromkeys(way for each in least for way in each if way)
    return [needs_of(way, found.seen, glass.today) for way in once]


def _tried(glass: Glass, question: Question, several: Iterable[tuple[Need, ...]]) -> Iterator[Nearest]:
    """The ways that hold when they are tried; then those that take more; those that nobody can try come last."""
    untried, short = [], []
    for needs in several:
        given = _given(glass, needs)
        if given is None:
            untried.append(needs)
        elif question.accepts(glass.said(given) or {}):
            yield _waited(glass, question, needs) or _nearest(question, needs, None, tried=True)
        else:
            short.append((needs, given))
    more = (_besides(glass, question, needs, given) for needs, given in short)
    yield from (found for found in more if found)
    yield from (_nearest(question, needs, None, tried=False) for needs in untried)


def _given(glass: Glass, needs: Sequence[Need]) -> dict[str, Seen] | None:
    """Values that fulfil the needs; None where there are none, or they are not read from the facts."""
    given = tried(needs)
    return given if given is not None and given.keys() <= glass.columns else None


def _besides(glass: Glass, question: Question, needs: tuple[Need, ...], given: Mapping[str, Seen]) -> Nearest | None:
    """A value that makes one thing right may make another one wrong: what it then takes besides."""
    for more in islice(_several(glass, question.condition, given), WAYS_BESIDES):
        together = (*needs, *more)
        values = _given(glass, together)
        if values is not None and question.accepts(glass.said(values) or {}):
            return _nearest(question, together, None, tried=True)
    return None


def _waited(glass: Glass, question: Question, needs: Sequence[Need]) -> Nearest | None:
    """The same, if time alone brings it."""
    on = due(needs)
    came = on and question.accepts(glass.said(now=datetime.combine(on, time(12), UTC)) or {})
    return _nearest(question, needs, on, tried=True) if came else None


def _nearest(question: Question, needs: Sequence[Need], on: date | None, *, tried: bool) -> Nearest:
    lacking = tuple(Lacking(need.what, need.wanted, need.seen) for need in needs)
    return Nearest(question.outcome, lacking, on, tried)


def _questions(glass: Glass, value: Mapping[str, Any], at: Stands) -> Iterator[Question]:
    rules = glass.rules
    returns, protect = _any([rule.when for rule in rules.returns]), _any([rule.when for rule in rules.protect])
    if value["scope"] is None:
        scope = _any([rule.when for rule in rules.scope])
        yield Question("It would be in scope", scope, lambda v: v["scope"] is not None)
    elif value["protect"] is not None:
        yield Question("It would not be protected", tree.Not(protect), lambda v: v["protect"] is None)
    elif at.held:
        return
    elif at.in_pool:
        yield from _books(glass, value)
    elif value["return"] is None:
        yield Question("It would go back to the pool", returns, lambda v: v["return"] and not v["protect"])
    else:
        stays = tree.Or((tree.Not(returns), protect))
        yield Question("It would stay with its owner", stays, lambda v: v["protect"] or not v["return"])


def _books(glass: Glass, value: Mapping[str, Any]) -> Iterator[Question]:
    if value["book"] is None:
        takes = _any([book.accounts for book in glass.rules.books])
        yield Question("A book would take it", takes, lambda v: v["book"] is not None)


def _any(conditions: Iterable[Condition]) -> tree.Tree:
    """Whether any of them holds."""
    return tree.Or(tuple(one.tree for one in conditions))
