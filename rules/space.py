"""What boxes have in common and what they leave over: rows and rules that overlap, hide others, or leave gaps. Pure.

Its answers are exact for what boxes understand. Searches take a budget of steps, and end with it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, pairwise
from operator import or_
from typing import TYPE_CHECKING

from rules import tree
from rules.axes import Domain, axis, constants_of, domain_of, intersection, some
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rules.axes import Axis, Runs
    from rules.boxes import Box, Key


MAX_DEPTH = 300
"""So many axes are searched together."""


class TooLong(Exception):
    """The search has used up its budget."""


@dataclass(slots=True)
class Budget:
    """How many steps searches may take together."""

    left: int

    def spend(self, steps: int) -> None:
        """Take some steps. Raises TooLong where there are none left."""
        self.left -= steps
        if self.left < 0:
            raise TooLong


class Space:
    """Boxes on common axes. ``domains`` says what fields can be, where that is more than their type."""

    def __init__(self, boxes: Sequence[Box], domains: Mapping[str, Domain] | None = None) -> None:
        self.boxes = boxes
        # One object for each key: equal ones would be compared part by part, millions of times.
        keys: dict[Key, Key] = {}
        for key in (key for box in boxes for key in box):
            keys.setdefault(key, key)
        self.axes = {key: _axis(key, boxes, domains or {}) for key in keys}
        seen: dict[tuple[Key, tuple[tree.Tree, ...]], Runs] = {}
        for key, conditions in {item for box in boxes for item in box.items()}:
            runs = [self.axes[key].runs(condition) for condition in conditions]
            seen[key, conditions] = reduce(intersection, runs)
        self._runs = [{keys[key]: seen[key, conditions] for key, conditions in box.items()} for box in boxes]

        self._places: dict[tuple[Key, bool], list[list[int]]] = {}

    def runs(self, number: int, key: Key) -> Runs | None:
        """Where the box lies on the axis; None for everywhere."""
        return self._runs[number].get(key)

    def within(self, number: int) -> Mapping[Key, Runs]:
        """Where the box lies on the axes that it speaks of."""
        return self._runs[number]

    def whole(self) -> dict[Key, Runs]:
        """Everywhere, axis by axis."""
        return {key: ((0, along.size - 1),) for key, along in self.axes.items()}

    def holds(self, outer: int, inner: int) -> bool:
        """Whether one box has all of the other in it."""
        return all(
            intersection(runs, self._within(inner, key)) == self._within(inner, key)
            for key, runs in self._runs[outer].items()
        )

    def contains(self, number: int, place: Mapping[Key, int]) -> bool:
        """Whether some account at this place is in the box."""
        found = self._runs[number]
        return all(key not in found or any(low <= at <= high for low, high in found[key]) for key, at in place.items())

    def places(self, key: Key, *, likely: bool) -> list[list[int]]:
        """The stretches of the axis where an account may be, in lists of falling preference."""
        if (key, likely) not in self._places:
            along = self.axes[key]
            kinds = (along.likely,) if likely else (along.likely, along.possible)
            found = [[at for at, allowed in enumerate(kind) if allowed and at] for kind in kinds]
            found.append([0] if along.possible[0] else [])
            self._places[key, likely] = found
        return self._places[key, likely]

    def nothing(self, number: int) -> bool:
        """Whether no account at all can be in the box."""
        return any(some(runs, self.axes[key].possible) is None for key, runs in self._runs[number].items())

    def meeting(self, keys: Iterable[Key] | None = None) -> list[int]:
        """For each box the boxes that share an account with it, on these axes: bit n for box n."""
        whole = (1 << len(self.boxes)) - 1
        found = [whole] * len(self.boxes)
        for key in self.axes if keys is None else keys:
            touching = _Touching(self.axes[key], [runs.get(key) for runs in self._runs])
            for number, runs in enumerate(self._runs):
                if key in runs and found[number] != 1 << number:
                    found[number] &= touching.of(runs[key])
        return found

    def common(self, first: int, second: int) -> str:
        """An example of what is in both boxes, in words."""
        keys = dict.fromkeys((*self._runs[first], *self._runs[second]))
        runs = {key: intersection(self._within(first, key), self._within(second, key)) for key in keys}
        return self.told({key: at for key in keys if (at := self._example(key, runs[key])) is not None})

    def _within(self, number: int, key: Key) -> Runs:
        return self._runs[number].get(key, ((0, self.axes[key].size - 1),))

    def _example(self, key: Key, runs: Runs) -> int | None:
        likely = some(runs, self.axes[key].likely)
        return some(runs, self.axes[key].possible) if likely is None else likely

    def told(self, example: Mapping[Key, int]) -> str:
        """A place in words: ``country = 'US', employees empty``."""
        return ", ".join(self.axes[key].told(at, name) for key, at in example.items() if (name := called(key)))

    def needed(self, place: Mapping[Key, int], others: Iterable[int] | None = None) -> dict[Key, int]:
        """The place without what does not matter: none of the other boxes has anything like it, whatever the rest."""
        boxes = range(len(self.boxes)) if others is None else tuple(others)
        kept = dict(place)
        for key in place:
            without = {other: at for other, at in kept.items() if other != key}
            if without and not any(self.contains(number, without) for number in boxes):
                kept = without
        return kept

    def left_over(
        self, within: Mapping[Key, Runs], others: int, budget: Budget, *, likely: bool = False
    ) -> dict[Key, int] | None:
        """A place within these runs that none of the other boxes (bit n for box n) holds; None if they hold all.

        ``likely`` leaves out what is not found in practice. Raises TooLong.
        """
        return _Search(self, within, budget, likely=likely).place(others)


def called(key: Key) -> str:
    """The thing of an axis in words; empty for a condition."""
    match key:
        case tree.FieldValue(name=name):
            return name
        case tree.Touches(days=days):
            return f"touches({days})"
        case tree.Intent(topic=topic):
            return f"intent('{topic}')"
        case tree.Engagement(kind=kind) | tree.Events(kind=kind) | tree.Fading(kind=kind):
            return f"{type(key).__name__.lower()}('{kind}')"
        case tree.BestContact(score=score):
            return f"contact_score('{score}')"
        case _:
            return ""


def _axis(key: Key, boxes: Iterable[Box], domains: Mapping[str, Domain]) -> Axis:
    if isinstance(key, tree.Tree):
        return axis(Domain(Type.BOOLEAN, nullable=False), ())
    named = {constant for box in boxes for condition in box.get(key, ()) for constant in constants_of(condition)}
    domain = domains.get(key.name) if isinstance(key, tree.FieldValue) else None
    return axis(domain or domain_of(key), named)


class _Touching:
    """Which boxes touch a stretch of an axis: a tree of unions, so that long runs are quick, too."""

    def __init__(self, along: Axis, placed: Sequence[Runs | None]) -> None:
        starts, ends = [0] * (along.size + 1), [0] * (along.size + 1)
        always = 0
        for number, runs in enumerate(placed):
            if runs is None:
                always |= 1 << number
            for low, high in runs or ():
                starts[low] |= 1 << number
                ends[high] |= 1 << number
        self._size = along.size
        leaves, active = [0] * along.size, always
        for at in range(along.size):
            active |= starts[at]
            leaves[at] = active if along.possible[at] else 0
            active &= ~ends[at]
        self._nodes = [0] * along.size + leaves
        for node in range(along.size - 1, 0, -1):
            self._nodes[node] = self._nodes[2 * node] | self._nodes[2 * node + 1]

    def of(self, runs: Runs) -> int:
        """The boxes that are somewhere in the runs."""
        found = 0
        for low, high in runs:
            left, right = low + self._size, high + self._size + 1
            while left < right:
                if left & 1:
                    found |= self._nodes[left]
                    left += 1
                if right & 1:
                    right -= 1
                    found |= self._nodes[right]
                left, right = left >> 1, right >> 1
        return found


class _Search:
    """Looks axis by axis for a place that no box holds. Sets of boxes that led nowhere are not tried again."""

    def __init__(self, space: Space, within: Mapping[Key, Runs], budget: Budget, *, likely: bool) -> None:
        self._space, self._within, self._budget, self._likely = space, within, budget, likely
        self._dead: set[tuple[int, int]] = set()

    def place(self, others: int) -> dict[Key, int] | None:
        """See Space.left_over."""
        boxes = numbers(others)
        told = Counter(key for number in boxes for key in self._space.within(number))
        self._budget.spend(sum(told.values()) + 1)
        if len(told) > MAX_DEPTH:
            raise TooLong
        # Axes that most boxes lie across come last: the others leave few boxes to look at.
        self._keys = sorted(dict.fromkeys((*told, *self._within)), key=lambda key: -told[key])
        self._across = self._lying_across(boxes)
        return self._from(0, others)

    def _lying_across(self, boxes: Sequence[int]) -> list[int]:
        """For each axis the boxes that lie across it and all those behind it."""
        places = {key: at for at, key in enumerate(self._keys)}
        ending = [0] * (len(places) + 1)
        for number in boxes:
            ending[max((places[key] + 1 for key in self._space.within(number)), default=0)] |= 1 << number
        return list(accumulate(ending, or_))

    def _from(self, depth: int, others: int) -> dict[Key, int] | None:
        if not others:
            return self._anywhere(depth)
        if depth == len(self._keys) or others & self._across[depth] or (depth, others) in self._dead:
            return None
        key = self._keys[depth]
        for at, holding in self._stretches(key, others):
            found = self._from(depth + 1, holding)
            if found is not None:
                return {key: at, **found}
        self._dead.add((depth, others))
        return None

    def _anywhere(self, depth: int) -> dict[Key, int] | None:
        found: dict[Key, int] = {}
        for key in self._keys[depth:]:
            at = next((at for run in self._limits(key) if (at := self._first(key, *run)) is not None), None)
            if at is None:
                return None
            if key in self._within:
                found[key] = at
        return found

    def _limits(self, key: Key) -> Runs:
        return self._within.get(key, ((0, self._space.axes[key].size - 1),))

    def _stretches(self, key: Key, others: int) -> list[tuple[int, int]]:
        """Places on the axis, one for each set of boxes that hold it, those with the fewest first."""
        starts: dict[int, int] = {}
        always = 0
        boxes = numbers(others)
        self._budget.spend(len(boxes) + 1)
        for number in boxes:
            runs = self._space.runs(number, key)
            if runs is None:
                always |= 1 << number
            for low, high in runs or ():
                starts[low] = starts.get(low, 0) ^ (1 << number)
                starts[high + 1] = starts.get(high + 1, 0) ^ (1 << number)
        found: dict[int, int] = {}
        for low, high, holding in self._pieces(key, starts, always):
            at = self._first(key, low, high)
            if at is not None and not found.get(holding):  # the empty value, 0, gives way to any other
                found[holding] = at
        return sorted(((at, holding) for holding, at in found.items()), key=lambda each: each[1].bit_count())

    def _pieces(self, key: Key, starts: dict[int, int], always: int) -> Iterator[tuple[int, int, int]]:
        """The limits cut wherever a box begins or ends, with the boxes that hold each piece."""
        cuts = sorted({0, *starts, self._space.axes[key].size})
        holding, piece = always, []
        for low, after in pairwise(cuts):
            holding ^= starts.get(low, 0)
            piece.append((low, after - 1, holding))
        at = 0
        for low, high in self._limits(key):
            while at < len(piece) and piece[at][1] < low:
                at += 1
            following = at
            while following < len(piece) and piece[following][0] <= high:
                begin, end, boxes = piece[following]
                yield max(low, begin), min(high, end), boxes
                following += 1

    def _first(self, key: Key, low: int, high: int) -> int | None:
        """The first place that may be taken from low to high, one that is found in practice before any other."""
        for places in self._space.places(key, likely=self._likely):
            index = bisect_left(places, low)
            if index < len(places) and places[index] <= high:
                return places[index]
        return None


_BITS = tuple(tuple(at for at in range(8) if byte >> at & 1) for byte in range(256))


def numbers(bits: int) -> list[int]:
    """The numbers whose bits are set."""
    found: list[int] = []
    for at, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        if byte:
            found += [8 * at + bit for bit in _BITS[byte]]
    return found
