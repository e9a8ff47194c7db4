"""What a column's name gives away: of whom it tells, and whether it may tell what came later. Names only, no values."""

from __future__ import annotations

import re
from enum import StrEnum


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


AFTER = _set(
    "all close closed churn churned contract converted ever eventual final invoice invoiced lifetime lost loss outcome "
    "probability reason signed stage won"
)
"""Words for what is known only once a deal has ended."""
WHOLE = _set("all cumulative ever eventual final lifetime overall total")
"""Words for sums without an end."""
_PERSON = _set("authority buyer contact department function job person persona role seniority title")
_DEAL = _set(
    "budget campaign channel competitor competitors deal lead needs opportunity owner product quote rep rfi rfp scope "
    "seller source strat"
)
_BEHAVIOUR = _set(
    "activity activities call calls click clicks demo download downloads duration email emails engagement event events "
    "inbound meeting meetings outbound page recency session sessions touch touches view views visit "
    "visits webinar"
)
_COMMON = _set("count counts day days days first in last nr number of per sum the to")


class Subject(StrEnum):
    """Of whom or what a field tells."""

    ACCOUNT = "account"
    PERSON = "person"
    DEAL = "deal"
    BEHAVIOUR = "behaviour"


def words(name: str) -> list[str]:
    """``daysSinceFirst_touch`` → days, since, first, touch."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[a-z]+", parted.lower())


def subject(name: str) -> Subject:
    """Of whom a column tells, as far as its name says; the account where it says nothing."""
    said = frozenset(words(name))
    for known, found in ((_BEHAVIOUR, Subject.BEHAVIOUR), (_PERSON, Subject.PERSON), (_DEAL, Subject.DEAL)):
        if said & known:
            return found
    return Subject.ACCOUNT


def stems(name: str) -> frozenset[str]:
    """What a name is about: ``total_touches_all`` and ``touch_count`` are both about touches."""
    return frozenset(re.sub(r"(es|s)$", "", word) for word in words(name) if word not in WHOLE | _COMMON)
