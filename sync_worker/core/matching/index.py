"""Which accounts have a name worth comparing: found by the rare words of the names that are sought, in one pass.

Only what is sought is indexed, so that a million accounts cost no more room than those that may be meant.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from sync_worker.core.matching.likeness import Rarity, expected, most_slips, slip_likeness
from sync_worker.core.matching.names import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sync_worker.core.matching.names import Name
    from sync_worker.core.matching.values import Known

Shared = defaultdict[int, float]

CAP = 1_000
"""Accounts under one word. A word that more have finds nobody by itself; two such words together may."""

FEW = 150
"""Accounts under a word that is worth following even where a rarer one has found some."""

COMPARED = 10
"""Accounts whose whole names are compared with one that is sought."""

WORDS = 6
"""Words of a name that are paired with each other."""

SLIP = 0.8
"""What a word weighs that is only nearly the one that is sought."""

_SHORT, _LONG = 3, 4
_BOTH = (8, 9)
_LEAST = 5


@dataclass(slots=True)
class Place:
    """The accounts under one key. Above ``CAP`` they are counted and no longer kept."""

    number: int = 0
    at: list[int] = field(default_factory=list)
    last: int = -1

    def add(self, number: int) -> None:
        """One more, unless it was the last one to be added."""
        if number == self.last:
            return
        self.last = number
        self.number += 1
        if self.number <= CAP:
            self.at.append(number)
        elif self.at:
            self.at = []


class Candidate(NamedTuple):
    """An account whose name shares something with one that is sought."""

    record: Known
    name: Name


class NameIndex:
    """The accounts that may be meant by one of these names. Neither the order of names nor of accounts matters."""

    def __init__(self, sought: Iterable[Name]) -> None:
        self._words: dict[str, Place] = {}
        self._pairs: dict[tuple[str, str], Place] = {}
        self._whole: dict[str, Place] = {}
        self._ends: dict[str, list[str]] = defaultdict(list)
        self._counts: dict[str, int] = {}
        self._places: dict[str, tuple[Place, ...]] = {}
        self._records: list[Known] = []
        self._names: list[Name] = []
        self._read = 0
        self._rarity: Rarity | None = None
        self._weights: dict[int, float] = {}
        for name in sought:
            self._want(name)

    @property
    def rarity(self) -> Rarity:
        """How rare each word is among the accounts that were read."""
        if self._rarity is None or self._rarity.companies != self._read:
            self._rarity, self._weights = Rarity(self._read, self._counts), {}
        return self._rarity

    def consider(self, record: Known) -> None:
        """Keep the record where its name has a word that is sought, or nearly one."""
        name = name_of(record.name)
        number, hit, counts = len(self._records), False, self._counts
        self._read += 1
        for word in name.words:
            if word in counts:
                counts[word] += 1
            else:
                self._meet(word)
            for place in self._places.get(word, ()):
                place.add(number)
                hit = True
        for place in self._together(name):
            place.add(number)
            hit = True
        if hit:
            self._records.append(record)
            self._names.append(name)

    def _together(self, name: Name) -> Iterator[Place]:
        """Where names are kept by two of their words, by all, and by their initials."""
        words = [word for word in name.words if word in self._words]
        if len(words) == 2:  # noqa: PLR2004 - most names: there is but one pair, and a million of them
            one, other = words
            if place := self._pairs.get((one, other) if one < other else (other, one)):
                yield place
        elif words:
            for pair in _pairs(words):
                if pair in self._pairs:
                    yield self._pairs[pair]
        if place := self._whole.get("".join(name.words)):
            yield place
        if len(name.words) > 2 and (place := self._whole.get(_initials(name))):  # noqa: PLR2004 - as in _initials
            yield place

    def over(self, name: Name) -> bool:
        """Whether so many accounts have this very name that they were only counted."""
        return self._whole["".join(name.words)].number > CAP

    def candidates(self, name: Name) -> list[Candidate]:
        """The accounts whose names share the most with this one, by what the shared words tell."""
        rarity, found = self.rarity, Shared(float)
        for word in sorted(dict.fromkeys(name.words), key=lambda word: (self._words[word].number, word)):
            self._gather(found, word, rarity.of(word))
        for pair in _pairs(word for word in name.words if self._words[word].number > CAP):
            for number in self._pairs[pair].at:
                found[number] += rarity.of(pair[0]) + rarity.of(pair[1])
        for whole in {"".join(name.words), _initials(name)} - {""}:
            for number in self._whole[whole].at:
                found[number] += 2.0
        return self._best(found, rarity, name)

    def _gather(self, found: Shared, word: str, weight: float) -> None:
        """Add what the word tells. One that many have brings no new accounts where rarer ones have brought some."""
        at = self._words[word].at
        if found and len(at) > FEW:
            for number in found:
                found[number] += weight if word in self._names[number].words else 0.0
            return
        for number in at:
            found[number] += weight if word in self._names[number].words else SLIP * weight

    def _best(self, found: Shared, rarity: Rarity, name: Name) -> list[Candidate]:
        """All with this very name, and those that share most of what they are: the fewer words besides the better."""

        def rank(item: tuple[int, float]) -> tuple[float, str]:
            number, shared = item
            return -shared / (1 + self._weight(number, rarity)), self._records[number].id

        same = {number for number in found if self._names[number].words == name.words}
        others = ((number, shared) for number, shared in found.items() if number not in same)
        best = [number for number, _ in sorted(others, key=rank)[: max(COMPARED - len(same), 0)]]
        return [Candidate(self._records[number], self._names[number]) for number in (*sorted(same), *best)]

    def _weight(self, number: int, rarity: Rarity) -> float:
        """What the words of a kept name weigh together."""
        if (known := self._weights.get(number)) is None:
            known = self._weights[number] = sum(map(rarity.of, self._names[number].words))
        return known

    def _want(self, name: Name) -> None:
        for word in name.words:
            if word not in self._words:
                self._words[word] = Place()
                for end in _ends(word):
                    self._ends[end].append(word)
        for pair in _pairs(name.words):
            self._pairs.setdefault(pair, Place())
        for whole in {"".join(name.words), _initials(name)} - {""}:
            self._whole.setdefault(whole, Place())

    def _meet(self, word: str) -> None:
        """A word that no account's name had so far: find the sought words that it is, or is nearly."""
        self._counts[word] = 1
        slips = {near for end in _ends(word, known=True) for near in self._near(word, end)}
        meant = (*((word,) if word in self._words else ()), *sorted(slips))
        if meant:
            self._places[word] = tuple(self._words[one] for one in meant)

    def _near(self, word: str, end: str) -> Iterator[str]:
        """The sought words with this end that are a slip away."""
        if others := self._ends.get(end):
            most = most_slips(len(word))
            for other, _, _ in extract(word, others, scorer=OSA.distance, score_cutoff=most, limit=None):
                if other != word and _slip(word, other):
                    yield other


def _slip(one: str, other: str) -> bool:
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    return slip_likeness(short, long) > 0


def _pairs(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every two of the first words of a name, in the order of the alphabet."""
    return combinations(sorted(dict.fromkeys(words))[:WORDS], 2)


def _initials(name: Name) -> str:
    """The first letters of a name of at least three words, with which it may be called."""
    return "".join(word[0] for word in name.words) if len(name.words) > 2 else ""  # noqa: PLR2004 - as in likeness


def _ends(word: str, *, known: bool = False) -> Iterator[str]:
    """Beginning and end: one slip leaves one of them as it is. None for words that everybody has, or too short ones.

    ``known``: of an account's word, which is looked for among words one letter longer and shorter, too.
    """
    length = len(word)
    if length < _LEAST or (expected(word) > 1 and not known):
        return
    both = known and length in _BOTH
    if length <= _BOTH[0] or both:
        yield f"<{word[:_SHORT]}"
        yield f">{word[-_SHORT:]}"
    if length >= _BOTH[1] or both:
        yield f"<{word[:_LONG]}"
        yield f">{word[-_LONG:]}"
