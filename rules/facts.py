"""Which facts the rules read: the columns of the store's ``fact`` and ``rep_fact`` tables, no more and no fewer."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import tree
from rules.model import Budget, Decay, EventTerm, Fade, ScaleTerm, WhenTerm
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.model import Book, Condition, Ruleset, Term
    from rules.routes import Route


FIRST_TOUCH = ("owned_since", "last_touch")
"""The fields that service levels read, whatever their conditions do."""
_LONGEST_NAME = 32
"""With a hash behind it, a column name stays under the 63 characters that PostgreSQL keeps."""


@dataclass(frozen=True, slots=True)
class FieldSource:
    """A field of the account or rep."""

    field: str


@dataclass(frozen=True, slots=True)
class EngagementSource:
    """The sum of w·2^((t-L)/h) over the events of a kind, against the landmark L (forward decay)."""

    kind: str
    half_life_days: float


@dataclass(frozen=True, slots=True)
class EventsSource:
    """How many events of a kind there were on the UTC days from today - ``days`` to today."""

    kind: str
    days: int


@dataclass(frozen=True, slots=True)
class FadingSource:
    """The sum of 1 - age / ``days`` over the events of a kind with a smaller age, in whole UTC days."""

    kind: str
    days: int


@dataclass(frozen=True, slots=True)
class ContactSource:
    """The highest total of the account's contacts by a contact score; NULL without contacts."""

    score: str


@dataclass(frozen=True, slots=True)
class TouchSource:
    """How many touches there were on the UTC days from today - ``days`` to today."""

    days: int


@dataclass(frozen=True, slots=True)
class IntentSource:
    """The strongest unexpired intent in a topic, 0-100; NULL without a signal."""

    topic: str


Source = FieldSource | EngagementSource | EventsSource | FadingSource | TouchSource | IntentSource | ContactSource


@dataclass(frozen=True, slots=True)
class FactColumn:
    """One column of a facts table. ``name`` is safe as an identifier on every store and unique without regard to case.

    Stored: text as TEXT, numbers as DOUBLE, yes/no as BOOLEAN (0 and 1 on SQLite), dates as TEXT in UTC, either
    ``YYYY-MM-DD`` or ``YYYY-MM-DDTHH:MM:SSZ``. Nothing is NULL, and so is an empty text.
    """

    name: str
    type: Type
    source: Source

    @property
    def word(self) -> str:  # noqa: PLR0911 - one return for each kind of fact
        """What the column holds, as rules write it."""
        match self.source:
            case FieldSource(field):
                return field
            case IntentSource(topic):
                return f"intent('{topic}')"
            case EngagementSource(kind):
                return f"engagement('{kind}')"
            case EventsSource(kind, days):
                return f"events('{kind}', {days})"
            case FadingSource(kind, days):
                return f"{kind}, fading over {days} days"
            case TouchSource(days):
                return f"touches({days})"
            case ContactSource(score):
                return f"contact_score('{score}')"


def needs(ruleset: Ruleset) -> tuple[FactColumn, ...]:
    """The columns of ``fact`` that the rules read, by name; the key ``account_id`` is not among them."""
    found = (column for root in account_roots(ruleset) for column in columns_read(root, ruleset.computed))
    return tuple(sorted(set(found), key=lambda column: column.name))


def rep_needs(ruleset: Ruleset) -> tuple[FactColumn, ...]:
    """The columns of ``rep_fact`` that books, routes and service levels read, by name; not the key ``rep_id``."""
    roots = [root for book in ruleset.books for root in _rep_roots(book)]
    roots += (reps.tree for _, reps in successors(ruleset))
    roots += (root for route in ruleset.routes for root in _member_roots(route))
    found = {column for root in roots for column in columns_read(root)}
    return tuple(sorted(found, key=lambda column: column.name))


def successors(ruleset: Ruleset) -> list[tuple[str, Condition]]:
    """The service levels that give accounts to other reps, by id, and to which reps."""
    levels = [(level.id, level.reassign) for level in ruleset.service_levels]
    return [(id_, reassign.reps) for id_, reassign in levels if reassign is not None and reassign.reps is not None]


def _rep_roots(book: Book) -> Iterator[tree.Part]:
    """Every tree of a book that is about reps."""
    yield from (book.reps.tree, capacity_of(book))
    for term in book.affinity:
        if term.reps is not None:
            yield term.reps.tree
        if term.same is not None:
            yield tree.FieldValue(term.same.rep, Type.TEXT)


def capacity_of(book: Book) -> tree.Value:
    """The book's own number, the rep's field that holds it, or what a rep's touches are enough for."""
    match book.capacity:
        case Budget(touches_per_week=touches, per_account=each):
            return tree.Arithmetic(tree.Operator.DIVIDE, _figure_or_field(touches), tree.Constant(each, Type.NUMBER))
        case capacity:
            return _figure_or_field(capacity)


def _figure_or_field(said: float | str) -> tree.Constant | tree.FieldValue:
    if isinstance(said, str):
        return tree.FieldValue(said, Type.NUMBER)
    return tree.Constant(float(said), Type.NUMBER)


def columns_read(root: tree.Part, computed: Iterable[str] = ()) -> tuple[FactColumn, ...]:
    """The columns that one condition or value reads, in reading order; what the rules have ``computed`` is none."""
    made = set(computed)
    found = dict.fromkeys(
        column_of(node)
        for node in tree.parts(root)
        if isinstance(node, tree.Read) and not (isinstance(node, tree.FieldValue) and node.name in made)
    )
    return tuple(found)


def column_of(node: tree.Read) -> FactColumn:  # noqa: PLR0911 - one return for each kind of fact
    """The column that holds what the node reads."""
    match node:
        case tree.FieldValue(name=name, type=kind):
            return FactColumn(_safe(name), kind, FieldSource(name))
        case tree.Engagement(kind=kind, half_life_days=days):
            name = f"engagement__{_safe(kind)}__{f'{days:g}'.replace('.', '_')}d"
            return FactColumn(name, Type.NUMBER, EngagementSource(kind, days))
        case tree.Events(kind=kind, days=days):
            return FactColumn(f"events__{_safe(kind)}__{days}d", Type.NUMBER, EventsSource(kind, days))
        case tree.Fading(kind=kind, days=days):
            return FactColumn(f"fading__{_safe(kind)}__{days}d", Type.NUMBER, FadingSource(kind, days))
        case tree.BestContact(score=score):
            return FactColumn(f"contact__{_safe(score)}", Type.NUMBER, ContactSource(score))
        case tree.Touches(days=days):
            return FactColumn(f"touches__{days}d", Type.NUMBER, TouchSource(days))
        case tree.Intent(topic=topic):
            return FactColumn(f"intent__{_safe(topic)}", Type.NUMBER, IntentSource(topic))


def term_root(term: Term) -> tree.Part:
    """The tree that a term reads."""
    match term:
        case WhenTerm(when=condition):
            return condition.tree
        case ScaleTerm(scale=formula):
            return formula.tree
        case EventTerm(event=kind, decay=decay):
            return counted(kind, decay)


def counted(kind: str, decay: Decay) -> tree.Engagement | tree.Fading | tree.Events:
    """How the events of a kind are counted when they grow old like this."""
    match decay.fade:
        case Fade.HALF_LIFE:
            return tree.Engagement(kind, decay.days)
        case Fade.LINEAR:
            return tree.Fading(kind, int(decay.days))
        case Fade.WINDOW:
            return tree.Events(kind, int(decay.days))


def account_roots(ruleset: Ruleset) -> Iterator[tree.Part]:
    """Every tree that is about accounts; of the named conditions those that a rule takes."""
    yield from (row.when for table in ruleset.tables for row in table.rows if row.when is not None)
    yield from (one.when.tree for scheme in ruleset.schemes for one in scheme.segments if one.when is not None)
    yield from (root for route in ruleset.routes for root in _route_roots(route, ruleset))
    yield from (level.when.tree for level in ruleset.service_levels)
    yield from (cover.when.tree for cover in ruleset.covers)
    if ruleset.service_levels:
        # What a first touch rests on: a row that reassigns does not go out once the account was touched.
        yield from (tree.FieldValue(name, Type.DATE) for name in FIRST_TOUCH)
    yield from (rule.when.tree for rule in ruleset.scope)
    yield from (rule.when.tree for rule in ruleset.protect)
    yield from (rule.when.tree for rule in ruleset.returns)
    yield from (root for book in ruleset.books for root in roots_of_book(book, ruleset))
    yield from (term_root(term) for score in ruleset.scores for term in score.terms)


def _route_roots(route: Route, ruleset: Ruleset) -> Iterator[tree.Part]:
    """Every tree of a route that is about accounts."""
    yield route.when.tree
    yield from (cap.when.tree for cap in route.caps if cap.when is not None)
    if (value := value_of(route, ruleset)) is not None:
        yield value


def value_of(route: Route, ruleset: Ruleset) -> tree.FieldValue | None:
    """The field that says what an account is worth to the route; None where a score does, or nothing."""
    if not route.value or any(score.id == route.value for score in ruleset.scores):
        return None
    return tree.FieldValue(route.value, Type.NUMBER)


def members_of(route: Route) -> tree.Tree | None:
    """Who belongs to the route, as a condition on reps; None where no condition says it."""
    if route.team:
        return tree.Comparison(
            tree.Comparator.EQ, tree.FieldValue("team", Type.TEXT), tree.Constant(route.team, Type.TEXT)
        )
    return route.reps.tree if route.reps is not None else None


def weight_of(route: Route) -> tree.Constant | tree.FieldValue:
    """The rep's field that holds the weight, or 1."""
    return tree.FieldValue(route.weight, Type.NUMBER) if route.weight else tree.Constant(1.0, Type.NUMBER)


def _member_roots(route: Route) -> Iterator[tree.Part]:
    """Every tree of a route that is about reps."""
    if (members := members_of(route)) is not None:
        yield members
    yield weight_of(route)


def roots_of_book(book: Book, ruleset: Ruleset) -> Iterator[tree.Part]:
    """Every tree of a book that is about accounts."""
    yield from (condition.tree for condition in book.conditions)
    yield from (value for value in (workload_of(book), owner_of(book), measured_by(book, ruleset)) if value is not None)
    yield from (tree.FieldValue(name, Type.TEXT) for name in compared_with(book))


def workload_of(book: Book) -> tree.Value | None:
    """The work of one of the book's accounts; None where each counts 1."""
    return book.workload.tree if book.workload else None


def owner_of(book: Book) -> tree.FieldValue | None:
    """The field that names an account's owner; None where none does."""
    return tree.FieldValue(book.owner, Type.TEXT) if book.owner else None


def measured_by(book: Book, ruleset: Ruleset) -> tree.FieldValue | None:
    """The field that says what an account of the book is worth; None where a score does, or nothing."""
    if book.balance is None or any(score.id == book.balance.measure for score in ruleset.scores):
        return None
    return tree.FieldValue(book.balance.measure, Type.NUMBER)


def compared_with(book: Book) -> tuple[str, ...]:
    """The accounts' fields that the book compares with fields of reps, in their order."""
    return tuple(dict.fromkeys(term.same.account for term in book.affinity if term.same is not None))


def _safe(name: str) -> str:
    """The name itself where every store takes it; else a readable form made unique by its hash.

    Stores cut long names, and SQLite ignores case. Two underscores in a row are kept for columns of our own.
    """
    plain = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) and len(name) <= _LONGEST_NAME
    if plain and name not in {"account_id", "rep_id", "contact_id"}:
        return name
    readable = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:23] or "x"
    return f"{readable}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
