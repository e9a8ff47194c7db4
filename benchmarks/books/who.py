"""Who may have what, made up: reps with segments, regions, languages and skills, and the classes of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]
    Random = np.random.Generator

SEGMENTS = 3
LANGUAGES = 3
SKILLS = 3
INDUSTRIES = 12
LEVELS = np.array([0.7, 1.0, 1.8])
"""How much an account of each segment is worth beside the middle one."""
WANTED_LANGUAGES = np.array([0.70, 0.18, 0.12])
WANTED_SKILLS = np.array([0.70, 0.18, 0.12])
"""How common each language and skill is among accounts. The first of each is one that every rep has."""
SPEAKS, KNOWS, CROSSES = 0.55, 0.65, 0.25
"""How common it is that a rep has one more language, has one more skill, serves the next region, too."""
FEWEST = 3
"""A class that fewer reps may serve is served by its whole segment of its region."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The reps, and for each class of account those who may have it."""

    segment: Ints
    share: Floats
    """Each rep's part of all slots: by hours worked."""
    quality: Floats
    """How well each rep does in each industry, around 1."""
    first: Ints
    reps: Ints
    """The reps of class ``k`` are ``reps[first[k]:first[k + 1]]``, in order."""
    weight: Floats
    """How likely an account is of each class; they add up to 1."""
    pull: Floats
    """How likely each rep is to have ended up with an account, beside others."""
    segment_of_kind: Ints
    level: Floats
    """How much an account of each class is worth beside others."""

    def draw_kinds(self, random: Random, count: int) -> Ints:
        """Classes of so many accounts."""
        return random.choice(self.weight.size, count, p=self.weight)

    def able(self, kind: Ints) -> tuple[Ints, Ints]:
        """How many reps may have each of the accounts, and all of them one after the other."""
        counts = np.diff(self.first)[kind]
        before = np.cumsum(counts) - counts
        return counts, self.reps[np.arange(counts.sum()) - np.repeat(before - self.first[kind], counts)]

    def draw_owners(self, random: Random, kind: Ints) -> Ints:
        """For each account one of the reps who may have it, by their pull."""
        owner = np.empty(kind.size, dtype=np.int64)
        luck = random.random(kind.size)
        order = np.argsort(kind, kind="stable")
        ends = np.cumsum(np.bincount(kind, minlength=self.weight.size))
        for number, (start, end) in enumerate(zip(np.concatenate(([0], ends[:-1])), ends, strict=True)):
            reps = self.reps[self.first[number] : self.first[number + 1]]
            chances = np.cumsum(self.pull[reps])
            mine = order[start:end]
            owner[mine] = reps[np.searchsorted(chances, luck[mine] * chances[-1], side="right").clip(0, reps.size - 1)]
        return owner


def draw_field(random: Random, count: int, pod: int) -> Field:
    """So many reps, about ``pod`` of them in each segment of each region."""
    regions = max(1, round(count / SEGMENTS / pod))
    segment, region = np.arange(count) % SEGMENTS, np.arange(count) // SEGMENTS % regions
    languages = np.column_stack((np.ones(count, dtype=bool), random.random((count, LANGUAGES - 1)) < SPEAKS))
    skills = np.column_stack((np.ones(count, dtype=bool), random.random((count, SKILLS - 1)) < KNOWS))
    also = np.where(random.random(count) < CROSSES, (region + 1) % regions, region)
    hours = random.uniform(0.5, 1.2, count)
    share = hours * np.array([1.4, 1.0, 0.6])[segment]
    classes = [
        (s, r, lang, skill) for s in range(SEGMENTS) for r in range(regions)
        for lang in range(LANGUAGES) for skill in range(SKILLS)
    ]  # fmt: skip
    able, weight = [], np.empty(len(classes))
    demand = random.uniform(0.9, 1.12, (SEGMENTS, regions))
    for number, (s, r, lang, skill) in enumerate(classes):
        there = (segment == s) & ((region == r) | (also == r))
        reps = np.flatnonzero(there & languages[:, lang] & skills[:, skill])
        able.append(reps if reps.size >= FEWEST else np.flatnonzero(there))
        slots = share[(segment == s) & (region == r)].sum()
        weight[number] = slots * demand[s, r] * WANTED_LANGUAGES[lang] * WANTED_SKILLS[skill]
    kinds = np.array([s for s, _, _, _ in classes])
    return Field(
        segment=segment,
        share=share / share.sum(),
        quality=random.lognormal(0.0, 0.15, (count, INDUSTRIES)),
        first=np.concatenate(([0], np.cumsum([reps.size for reps in able]))),
        reps=np.concatenate(able),
        weight=weight / weight.sum(),
        pull=_pull(share / share.sum(), able, weight / weight.sum()) * random.lognormal(0.0, 0.2, count),
        segment_of_kind=kinds,
        level=LEVELS[kinds],
    )


def _pull(share: Floats, able: list[Ints], weight: Floats) -> Floats:
    """What makes owners drawn from the classes fall to each rep about by share, by repeated correction."""
    pull = share.copy()
    for _ in range(20):
        expected = np.zeros(share.size)
        for reps, chance in zip(able, weight, strict=True):
            expected[reps] += chance * pull[reps] / pull[reps].sum()
        pull *= share / np.maximum(expected, 1e-12)
    return pull
