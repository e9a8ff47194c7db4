"""How alike two names of companies are, from 0 to 1, and in which words. Says nothing of what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from sync_worker.core.matching.words import GENERIC, PLACES, STOP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync_worker.core.matching.names import Name

BACKGROUND = 20_000
"""So many companies are taken to be known besides the accounts: a store of twenty has no idea of what is rare."""

_OF_THESE = {"stop": 4_000, "generic": 400, "place": 400, "letter": 400, "word": 1}
"""How many of the background companies have one word of each kind in their names."""

ASIDE = 0.15
"""What a word in brackets, or behind the legal form, counts of a whole one."""

INITIALS = 0.85
"""How alike a name and its initials are: IBM."""

GLUED = 0.98
"""How alike names are that differ in their blanks alone."""

_GLUED = frozenset(("bv", "nv", "gmbh", "inc", "ltd", "llc", "ag", "corp"))
"""Legal forms that are told even where a blank is missing: no word ends in one of them."""

_CODES = frozenset(PLACES.values())


@dataclass(frozen=True, slots=True)
class Likeness:
    """``score``: 1 for the same name. ``differ``: the words that only one of them has, as they are compared."""

    score: float
    differ: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much a word tells: 1 where next to no company has it, 0 where all do."""

    companies: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many of the known accounts have the word."""
    _told: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    def of(self, word: str) -> float:
        """The word's inverse frequency over accounts and background, as a share of the largest possible."""
        if (told := self._told.get(word)) is None:
            total = self.companies + BACKGROUND
            told = self._told[word] = log(total / (self.counts.get(word, 0) + expected(word))) / log(total)
        return told


@lru_cache(maxsize=1 << 18)
def expected(word: str) -> int:
    """How many of the background companies have the word."""
    if word in STOP:
        return _OF_THESE["stop"]
    if word in GENERIC:
        return _OF_THESE["generic"]
    if word in _CODES:
        return _OF_THESE["place"]
    return _OF_THESE["letter" if len(word) == 1 else "word"]


PLAIN = Rarity()
"""Where no account is known."""


def likeness(one: Name, other: Name, rarity: Rarity = PLAIN) -> Likeness:
    """How alike two names are: the weight of the words that they share, of all their words; rare ones weigh more.

    Words that differ by a slip or are cut short count in part. It is the same whichever comes first.
    """
    if one.words == other.words:
        return _same(one, other, rarity)
    words = _joined(one.words, other.words), _joined(other.words, one.words)
    if _glued(*words):
        return Likeness(GLUED)
    left, right = _weighed(words[0], one.aside, rarity), _weighed(words[1], other.aside, rarity)
    shared = _aligned(left, right)
    alone = sum(left.values()) + sum(right.values())
    score = 2 * shared / (2 * shared + alone) if shared else 0.0
    if score < INITIALS and (_initials(one, other) or _initials(other, one)):
        return Likeness(INITIALS)
    return Likeness(score, tuple(sorted({*left, *right})))


def _same(one: Name, other: Name, rarity: Rarity) -> Likeness:
    """Only what stands aside can differ: a town in brackets."""
    if not one.aside or not other.aside or set(one.aside) & set(other.aside):
        return Likeness(1.0)
    apart = {word: ASIDE * rarity.of(word) for word in (*one.aside, *other.aside)}
    whole = 2 * sum(rarity.of(word) for word in one.words)
    return Likeness(whole / (whole + sum(apart.values())), tuple(sorted(apart)))


def _weighed(words: Sequence[str], aside: Sequence[str], rarity: Rarity) -> dict[str, float]:
    weights = {word: ASIDE * rarity.of(word) for word in aside}
    weights.update((word, rarity.of(word)) for word in words)
    return weights


def _aligned(left: dict[str, float], right: dict[str, float]) -> float:
    """The weight of the words that both have. Takes these out of both; the most alike are paired first."""
    shared = 0.0
    for word in [word for word in left if word in right]:
        shared += max(left.pop(word), right.pop(word))
    pairs = [(-alike, one, other) for one in left for other in right if (alike := word_likeness(one, other))]
    for negative, one, other in sorted(pairs):
        if one in left and other in right:
            weight = (left.pop(one) + right.pop(other)) / 2
            shared -= negative * weight
            # What is missing to the same word stays a difference.
            left["/".join(sorted((one, other)))] = 2 * weight * (1 + negative)
    return shared


SHORTEST = 4
"""Letters of a word in which a slip is told from another word."""


@lru_cache(maxsize=1 << 16)
def word_likeness(one: str, other: str) -> float:
    """How alike two different words are, 0 where they are simply two words: a slip, an ending, or cut short."""
    short, long = (one, other) if (len(one), one) < (len(other), other) else (other, one)
    if len(short) < SHORTEST - 1 or not (short.isalpha() and long.isalpha()):
        return 0.0
    if expected(long) > 1 and long[:3] == short[:3]:
        if long.startswith(short):
            return CUT
        if len(short) >= SHORTEST and _within(short, long):
            return SQUEEZED
    return slip_likeness(short, long)


CUT, SQUEEZED = 0.95, 0.9
"""How alike a common word is to its beginning, and to some of its letters: ``tech``, ``internatl``."""

ONE_MORE, TWO_MORE = 8, 12
"""From so many letters on a word may have two slips, and three."""


def most_slips(letters: int) -> int:
    """How many slips may lie between a word of so many letters and another one, which may be longer by these."""
    return 1 + (letters + 1 >= ONE_MORE) + (letters + 2 >= TWO_MORE)


def slip_likeness(short: str, long: str) -> float:
    """How alike two words are that differ by slips of the hand; 0 where these are too many, or the words too short."""
    if len(short) < SHORTEST:
        return 0.0
    allowed = 1 + (len(long) >= ONE_MORE) + (len(long) >= TWO_MORE)
    slips = OSA.distance(short, long, score_cutoff=allowed)
    if slips > allowed:
        return 0.0
    return 1 - 0.7 * slips / len(long) - (0.1 if short[0] != long[0] else 0.0)


def _within(short: str, long: str) -> bool:
    """Whether the letters of one stand in the other in their order: ``internatl``."""
    rest = iter(long)
    return all(letter in rest for letter in short)


def _joined(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The words, with those that stand as one word in the other name written as one: ``la roche``."""
    found: list[str] = []
    for word in words:
        if found and found[-1] + word in others:
            found[-1] += word
        else:
            found.append(word)
    return tuple(found)


def _glued(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether they are the same but for blanks, and for a legal form without one: ``hunterdouglasbv``."""
    short, long = sorted(("".join(one), "".join(other)), key=len)
    if len(short) <= SHORTEST or not long.startswith(short):
        return False
    return long == short or (len(short) >= ONE_MORE and long[len(short) :] in _GLUED)


def _initials(short: Name, long: Name) -> bool:
    """Whether the one word of the first is made of the first letters of the second."""
    if len(short.words) != 1 or len(long.words) < 3:  # noqa: PLR2004 - two letters stand for too many names
        return False
    return short.words[0] in {_firsts(long.words), _firsts([word for word in long.words if word not in STOP])}


def _firsts(words: Sequence[str]) -> str:
    return "".join(word[0] for word in words)
