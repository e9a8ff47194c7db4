"""What would have to be different for another outcome: the least there is, found in the rules and tried out on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from rules import tree
from rules.fitting import tried
from rules.nearest import ways
from rules.needed import due, needs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rules import Book, Condition, Ruleset
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
BOOKS_BEFORE = 3
"""The nearest before the one that takes an account: nobody reads more."""


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


def routed(glass: Glass, value: Mapping[str, Any]) -> tuple[Nearest, ...]:
    """What would let a route take it, where there are routes and none does."""
    if not glass.rules.routes or value["scope"] is None or value["fields"]["route"] is not None:
        return ()
    routes = _any([route.when for route in glass.rules.routes])
    return tuple(answers(glass, Question("A route would take it", routes, lambda v: v["fields"]["route"] is not None)))


def answers(glass: Glass, question: Question) -> Iterator[Nearest]:
    """The least that would do; and what time does alone, where that takes more."""
    condition = glass.unfolding.unfold(question.condition)
    several = _several(glass, condition)
    best = next(_tried(glass, replace(question, condition=condition), several), None)
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
        elif _came(question, glass.said(given)):
            yield _waited(glass, question, needs) or _nearest(question, needs, None, tried=True)
        else:
            short.append((needs, given))
    more = (_besides(glass, question, needs, given) for needs, given in short)
    yield from (found for found in more if found)
    yield from (_nearest(question, needs, None, tried=False) for needs in untried)


def _came(question: Question, said: Mapping[str, Any] | None) -> bool:
    return said is not None and bool(question.accepts(said))


def _given(glass: Glass, needs: Sequence[Need]) -> dict[str, Seen] | None:
    """Values that fulfil the needs; None where there are none, or they are not read from the facts."""
    given = tried(needs)
    return given if given is not None and given.keys() <= glass.columns else None


def _besides(glass: Glass, question: Question, needs: tuple[Need, ...], given: Mapping[str, Seen]) -> Nearest | None:
    """A value that makes one thing right may make another one wrong: what it then takes besides."""
    for more in islice(_several(glass, question.condition, given), WAYS_BESIDES):
        together = (*needs, *more)
        values = _given(glass, together)
        if values is not None and _came(question, glass.said(values)):
            return _nearest(question, together, None, tried=True)
    return None


def _waited(glass: Glass, question: Question, needs: Sequence[Need]) -> Nearest | None:
    """The same, if time alone brings it."""
    on = due(needs)
    came = on and _came(question, glass.said(now=datetime.combine(on, time(12), UTC)))
    return _nearest(question, needs, on, tried=True) if came else None


def _nearest(question: Question, needs: Sequence[Need], on: date | None, *, tried: bool) -> Nearest:
    lacking = tuple(Lacking(need.what, need.wanted, need.seen) for need in needs)
    return Nearest(question.outcome, lacking, on, tried)


def _questions(glass: Glass, value: Mapping[str, Any], at: Stands) -> Iterator[Question]:
    rules = glass.rules
    if value["scope"] is None:
        scope = _any([rule.when for rule in rules.scope])
        yield Question("It would be in scope", scope, lambda v: v["scope"] is not None)
        return
    if value["protect"] is not None:
        protect = _any([rule.when for rule in rules.protect])
        yield Question("It would not be protected", tree.Not(protect), lambda v: v["protect"] is None)
    elif at.in_pool and not at.held:
        yield from _books(rules, value)
    elif not at.held:
        yield _return(rules, value)


def _return(rules: Ruleset, value: Mapping[str, Any]) -> Question:
    returns, protect = _any([rule.when for rule in rules.returns]), _any([rule.when for rule in rules.protect])
    if value["return"] is None:
        return Question("It would go back to the pool", returns, lambda v: v["return"] and not v["protect"])
    stays = tree.Or((tree.Not(returns), protect))
    return Question("It would stay with its owner", stays, lambda v: v["protect"] or not v["return"])


def _books(rules: Ruleset, value: Mapping[str, Any]) -> Iterator[Question]:
    """Any book, where none takes it; else those that were tried before the one that does."""
    if value["book"] is None:
        takes = _any([book.accounts for book in rules.books])
        yield Question("A book would take it", takes, lambda v: v["book"] is not None)
        return
    before = list(takewhile(lambda book: book.id != value["book"], rules.books))
    for book in before[-BOOKS_BEFORE:]:
        yield Question(f"The book {book.id} would take it", first_of(rules, book), partial(_in_book, book.id))


def _in_book(book: str, said: Mapping[str, Any]) -> bool:
    return bool(said["book"] == book)


def first_of(rules: Ruleset, book: Book) -> tree.Tree:
    """Whether an account is of this book and of none before it."""
    before = takewhile(lambda one: one.id != book.id, rules.books)
    return tree.And((book.accounts.tree, *(tree.Not(one.accounts.tree) for one in before)))


def _any(conditions: Iterable[Condition]) -> tree.Tree:
    """Whether any of them holds."""
    return tree.Or(tuple(one.tree for one in conditions))
