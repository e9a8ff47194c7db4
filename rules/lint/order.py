"""Rules of one section against each other: what can never hold, what is never reached, what overlaps, who is left over.

Pure. Days are counted from ``today``; what it says of conditions is exact where they compare fields with constants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import tree
from rules.axes import intersection
from rules.boxes import boxes_of
from rules.lint.findings import note, warning
from rules.space import Budget, Space, TooLong, numbers
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from rules.axes import Domain, Runs
    from rules.boxes import Box, Key
    from rules.lint.findings import Finding
    from rules.model import Condition, Ruleset
    from rules.problems import Mark

STEPS = 1_000_000
"""What searches in one section may cost together: well under a second."""

MAX_TOGETHER = 4_000
"""So many boxes of one section are compared; rules behind them are left alone."""


@dataclass(frozen=True, slots=True)
class One:
    """A rule of a section: its name and what must hold; None for what is left over."""

    name: str
    when: Condition | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Section:
    """Rules in the order in which they are tried. ``noun`` is what one of them is called."""

    noun: str
    rules: tuple[One, ...]
    first_wins: bool = True


def sections(ruleset: Ruleset) -> Iterator[Section]:
    """The sections of which one rule decides for an account, and the scope."""
    yield Section("rule", tuple(One(r.id, r.when, r.when.mark) for r in ruleset.scope), first_wins=False)
    yield Section("rule", tuple(One(r.id, r.when, r.when.mark) for r in ruleset.protect))
    yield Section("rule", tuple(One(r.id, r.when, r.when.mark) for r in ruleset.returns))
    yield Section("book", tuple(One(b.id, b.accounts, b.accounts.mark) for b in ruleset.books))
    yield Section("route", tuple(One(r.id, r.when, r.when.mark) for r in ruleset.routes))
    yield Section("service level", tuple(One(r.id, r.when, r.when.mark) for r in ruleset.service_levels))
    yield Section("cover", tuple(One(r.id, r.when, r.when.mark) for r in ruleset.covers))
    for scheme in ruleset.schemes:
        yield Section("segment", tuple(One(s.name, s.when, s.mark) for s in scheme.segments))


def against_each_other(section: Section, domains: Mapping[str, Domain], today: date) -> Iterator[Finding]:
    """Rules that others above them leave nothing, and rules that overlap."""
    placed = _Placed(section, domains, today)
    budget = Budget(STEPS)
    for number, rule in enumerate(section.rules):
        if rule.when is None or placed.empty(number):
            continue
        try:
            hiding = placed.hiding(number, budget)
        except TooLong:
            message = f"the {section.noun}s are too many or too wide to be compared with each other from here on"
            yield note("search-cut", rule.mark, message, "what is told of them is right, and there may be more")
            return
        if hiding:
            yield _hidden(section, rule, [section.rules[other] for other in hiding])
        elif section.first_wins:
            yield from placed.overlaps(number)


def _hidden(section: Section, rule: One, by: Sequence[One]) -> Finding:
    names = ", ".join(f"'{one.name}'" for one in by)
    take = "takes" if len(by) == 1 else "together take"
    if section.first_wins:
        message = f"the {section.noun} '{rule.name}' is never reached: {names} above {take} all its accounts"
        return warning("unreachable-rule", rule.mark, message, "put the narrower one first, or delete this one")
    message = f"the rule '{rule.name}' adds nothing: {names} {take} all its accounts"
    return note("redundant-rule", rule.mark, message, "delete it, or widen it")


class _Placed:
    """A section's rules as boxes on common axes."""

    def __init__(self, section: Section, domains: Mapping[str, Domain], today: date) -> None:
        self._rules = section.rules
        self._noun = section.noun
        boxes: list[Box] = []
        self._own: list[range | None] = []
        for rule in section.rules:
            found = boxes_of(rule.when.tree if rule.when else None, today)
            if len(boxes) + len(found or ()) > MAX_TOGETHER:
                found = None
            self._own.append(None if found is None else range(len(boxes), len(boxes) + len(found)))
            boxes.extend(found or ())
        self.space = Space(boxes, domains)
        self._meeting = self.space.meeting()

    def boxes(self, number: int) -> range:
        return self._own[number] or range(0)

    def empty(self, number: int) -> bool:
        """Whether nothing is known of the rule, or no account at all can match it."""
        return all(self.space.nothing(box) for box in self.boxes(number))

    def _bits(self, number: int) -> int:
        return sum(1 << box for box in self.boxes(number))

    def _before(self, number: int) -> int:
        return (1 << self.boxes(number).start) - 1

    def hiding(self, number: int, budget: Budget) -> list[int]:
        """The rules above that leave this one nothing: one of them if it does so alone; none if something is left."""
        before = self._before(number)
        if not before or not self._covered(number, before, budget):
            return []
        others = [other for other in range(number) if self.boxes(other)]
        alone = next((other for other in others if self._covered(number, self._bits(other), budget)), None)
        if alone is not None:
            return [alone]
        for other in others[::-1]:
            if self._covered(number, before & ~self._bits(other), budget):
                before &= ~self._bits(other)
        return [other for other in others if before & self._bits(other)]

    def _covered(self, number: int, by: int, budget: Budget) -> bool:
        space = self.space
        return all(
            space.nothing(box) or space.left_over(space.within(box), by & self._meeting[box], budget) is None
            for box in self.boxes(number)
        )

    def overlaps(self, number: int) -> Iterator[Finding]:
        """The first rule above that divides up the same fields, takes some of its accounts, and is not within it."""
        rule, own = self._rules[number], self.boxes(number)
        if len(own) != 1 or not self.space.within(own[0]):
            return
        for other in range(number):
            theirs = self.boxes(other)
            if len(theirs) == 1 and self._crosses(theirs[0], own[0]):
                example = self.space.common(theirs[0], own[0])
                message = f"the {self._noun}s '{self._rules[other].name}' and '{rule.name}' overlap: {example}"
                yield note("overlapping-rules", rule.mark, message, f"'{self._rules[other].name}' goes first")
                return

    def _crosses(self, first: int, second: int) -> bool:
        alike = self.space.within(first).keys() == self.space.within(second).keys()
        return alike and bool(self._meeting[second] >> first & 1) and not self.space.holds(second, first)


# Single conditions


def never_or_always(
    name: str, when: Condition, domains: Mapping[str, Domain], today: date, whom: str = "account"
) -> Iterator[Finding]:
    """A condition that contradicts itself, or that says nothing."""
    if isinstance(when.tree, tree.Truth) and isinstance(when.tree.value, tree.Constant):
        if not when.tree.value.value:
            yield note("never-true", when.mark, f"{name} is switched off: its condition is false")
        return
    if _impossible(when.tree, domains, today):
        message = f"{name} can never match: its condition contradicts itself"
        yield warning("never-true", when.mark, message, "'and' joins what must hold together; did you mean 'or'?")
    elif _impossible(tree.Not(when.tree), domains, today):
        message = f"{name} matches every {whom}, whatever its fields hold"
        yield warning("always-true", when.mark, message, "write true if that is meant; else, did you mean 'and'?")


def _impossible(condition: tree.Tree, domains: Mapping[str, Domain], today: date) -> bool:
    found = boxes_of(condition, today)
    if found is None:
        return False
    space = Space(found, domains)
    return all(space.nothing(number) for number in range(len(found)))


# Who is left over


def left_over(ruleset: Ruleset, domains: Mapping[str, Domain], today: date) -> tuple[str, bool] | None:
    """An account in scope that no book takes, in words, and whether all its values are such as rules name.

    None where there is no such account, or none is found in time.
    """
    scope = [box for rule in ruleset.scope for box in boxes_of(rule.when.tree, today) or ()]
    books = [boxes_of(book.accounts.tree, today) for book in ruleset.books]
    if None in books:
        return None
    taken = [box for boxes in books for box in boxes or ()]
    space = Space([*scope, *taken], domains)
    others = ((1 << len(taken)) - 1) << len(scope)
    budget = Budget(STEPS)
    try:
        for limits in ({key: _named(space, key, domains) for key in space.axes}, space.whole()):
            for number in range(len(scope)):
                within = {key: intersection(runs, space.within(number).get(key, runs)) for key, runs in limits.items()}
                if all(within.values()) and (place := space.left_over(within, others, budget, likely=True)) is not None:
                    return space.told(space.needed(place, numbers(others))), limits != space.whole()
    except TooLong:
        return None
    return None


def _named(space: Space, key: Key, domains: Mapping[str, Domain]) -> Runs:
    """The values that are filled in; of open-ended texts only those that rules name."""
    along = space.axes[key]
    if isinstance(key, tree.FieldValue) and along.domain.type is Type.TEXT and key.name not in domains:
        return tuple((at, at) for at in range(2, along.size, 2))
    return ((1, along.size - 1),)
