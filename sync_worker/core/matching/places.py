"""Addresses and phone numbers as evidence for or against two companies being one. Knows no geography beyond names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sync_worker.core.matching.names import plain
from sync_worker.core.matching.words import COUNTRIES

if TYPE_CHECKING:
    from sync_worker.core.matching.values import Place

_DIGITS = re.compile(r"\D+")
_SIGNS = re.compile(r"[\W_]+")

NUMBER = 7
"""Digits that a phone number has at least."""

TAIL = 9
"""Digits of two phone numbers that are compared: what stands before them is written in many ways."""

_FOR = {"phone": 0.5, "postcode": 0.3, "city": 0.15, "country": 0.1}
"""How much of what is missing to a full score each piece of evidence fills."""

OTHER_COUNTRY = 0.9
"""What is left of a score where the countries differ."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A score after the addresses were compared, and what spoke for it and against it."""

    score: float
    words: str = ""


@lru_cache(maxsize=1 << 14)
def country_of(text: str) -> str:
    """The ISO code of a country as people write it; the text in small letters where it is none of those known."""
    small = " ".join(_SIGNS.sub(" ", plain(text)).split())
    return COUNTRIES.get(small, small)


@lru_cache(maxsize=1 << 14)
def phone_of(text: str) -> str:
    """The digits of a phone number that tell numbers apart; empty where there are too few, or all are the same."""
    digits = _DIGITS.sub("", text.lower().partition("x")[0]).lstrip("0")
    return digits[-TAIL:] if len(digits) >= NUMBER and len(set(digits[-NUMBER:])) > 1 else ""


@lru_cache(maxsize=1 << 14)
def postcode_of(text: str) -> str:
    """Letters and digits of a postcode, without the country's letter in front: ``D-10115`` is ``10115``."""
    code = _SIGNS.sub("", plain(text))
    return re.sub(r"^[a-z]{1,2}(?=\d{4,}$)", "", code)


@lru_cache(maxsize=1 << 14)
def city_of(text: str) -> str:
    """A town's name as it is compared."""
    return " ".join(_SIGNS.sub(" ", plain(text)).split())


def weigh(score: float, sought: Place, known: Place) -> Evidence:
    """The score of two names once their addresses are compared. Only what both have tells anything."""
    same = [name for name in _FOR if _same(name, sought, known)]
    countries = country_of(sought.country), country_of(known.country)
    apart = all(countries) and countries[0] != countries[1]
    for name in same:
        score += (1 - score) * _FOR[name]
    words = [f"same {_listed(same)}"] if same else []
    if apart:
        score *= OTHER_COUNTRY
        words.append(f"but the country is {known.country}, not {sought.country}")
    return Evidence(score, ", ".join(words))


def _same(name: str, sought: Place, known: Place) -> bool:
    read = {"phone": phone_of, "postcode": postcode_of, "city": city_of, "country": country_of}[name]
    one, other = getattr(sought, name), getattr(known, name)
    return bool(one and other and (found := read(one)) and found == read(other))


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
