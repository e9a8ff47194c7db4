"""Which accounts have a name worth comparing: found by the rare words of the names that are sought, in one pass.

Only what is sought is indexed, so that a million accounts cost no more room than those that may be meant.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from sync_worker.core.matching.likeness import Rarity, expected, slip_likeness
from sync_worker.core.matching.names import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sync_worker.core.matching.names import Name
    from sync_worker.core.matching.values import Known

Shared = defaultdict[int, float]

CAP = 2_000
"""Accounts under one word. A word that more have finds nobody by itself; two such words together may."""

FEW = 300
"""Accounts under a word that is worth following even where a rarer one has found some."""

COMPARED = 12
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

    def add(self, number: int) -> None:
        """One more."""
        self.number += 1
        if self.number <= CAP:
            self.at.append(number)
        elif self.at:
            self.at = []


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account whose name shares something with one that is sought."""

    record: Known
    name: Name


class NameIndex:
    """The accounts that may be meant by one of these names. Neither the order of names nor of accounts matters."""

    def __init__(self, sought: Iterable[Name]) -> None:
        self._words: dict[str, Place] = {}
        self._pairs: dict[tuple[str, str], Place] = {}
        self._whole: dict[str, Place] = {}
        self._ends: dict[str, set[str]] = defaultdict(set)
        self._counts: Counter[str] = Counter()
        self._means: dict[str, tuple[str, ...]] = {}
        self._kept: list[Candidate] = []
        self._read = 0
        self._rarity: Rarity | None = None
        for name in sought:
            self._want(name)

    @property
    def rarity(self) -> Rarity:
        """How rare each word is among the accounts that were read."""
        if self._rarity is None or self._rarity.companies != self._read:
            self._rarity = Rarity(self._read, self._counts)
        return self._rarity

    def consider(self, record: Known) -> None:
        """Keep the record where its name has a word that is sought, or nearly one."""
        name = name_of(record.name)
        self._read += 1
        hit = False
        number = len(self._kept)
        exact = []
        for word in dict.fromkeys(name.words):
            self._counts[word] += 1
            for meant in self._meaning(word):
                self._words[meant].add(number)
                hit = True
            if word in self._words:
                exact.append(word)
        for pair in _pairs(exact):
            if pair in self._pairs:
                self._pairs[pair].add(number)
                hit = True
        for whole in {"".join(name.words), _initials(name)}:
            if whole in self._whole:
                self._whole[whole].add(number)
                hit = True
        if hit:
            self._kept.append(Candidate(record, name))

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
                found[number] += weight if word in self._kept[number].name.words else 0.0
            return
        for number in at:
            found[number] += weight if word in self._kept[number].name.words else SLIP * weight

    def _best(self, found: Shared, rarity: Rarity, name: Name) -> list[Candidate]:
        """All with this very name, and those that share most of what they are: the fewer words besides the better."""

        def rank(item: tuple[int, float]) -> tuple[float, str]:
            number, shared = item
            kept = self._kept[number]
            return -shared / (1 + sum(rarity.of(word) for word in kept.name.words)), kept.record.id

        same = {number for number in found if self._kept[number].name.words == name.words}
        others = ((number, shared) for number, shared in found.items() if number not in same)
        best = [number for number, _ in sorted(others, key=rank)[: max(COMPARED - len(same), 0)]]
        return [self._kept[number] for number in (*sorted(same), *best)]

    def _want(self, name: Name) -> None:
        for word in name.words:
            if word not in self._words:
                self._words[word] = Place()
                for end in _ends(word):
                    self._ends[end].add(word)
        for pair in _pairs(name.words):
            self._pairs.setdefault(pair, Place())
        for whole in {"".join(name.words), _initials(name)} - {""}:
            self._whole.setdefault(whole, Place())

    def _meaning(self, word: str) -> tuple[str, ...]:
        """The sought words that this one is, or is nearly. Looked up once for each word of all accounts."""
        if (known := self._means.get(word)) is None:
            near = {other for end in _ends(word, known=True) for other in self._ends.get(end, ()) if other != word}
            same = (word,) if word in self._words else ()
            known = self._means[word] = (*same, *sorted(other for other in near if _slip(word, other)))
        return known


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
