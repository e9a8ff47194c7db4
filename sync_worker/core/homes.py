"""Which CRM decides on an account that two CRMs have. Pairs records by link and by site; stores nothing.

A pair has one home, whose record is the account; the other record is its twin, which is never planned. So two CRMs can
not be made to disagree about an owner.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Listed:
    """A CRM's record of an account, as far as pairing goes."""

    id: str
    crm: str
    link: str = ""
    """The id of the other CRM's record, as this one gives it."""
    site: str = ""
    """The registered domain; empty where there is none that tells accounts apart."""
    home: str = ""
    """The CRM that this record names as the account's home."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A record that is not planned, and the account that it belongs to."""

    account: str
    home: str
    because: str


@dataclass(frozen=True, slots=True)
class Homes:
    """``doubtful``: records that share a site with another CRM's, and with so many that nobody can say with which."""

    twins: tuple[Twin, ...]
    doubtful: int


def pair(accounts: Sequence[Listed], *, home: str, by_site: bool) -> Homes:
    """Find the accounts that are in two CRMs. ``home`` is the CRM that decides where no record says otherwise.

    A link pairs whatever the sites say. A site pairs only where it stands for one record in each CRM.
    """
    accounts = sorted(accounts, key=lambda one: one.id)
    linked = list(_linked(accounts))
    paired = {record.id for pair_ in linked for record in pair_[:2]}
    sites, doubtful = _by_site([one for one in accounts if one.id not in paired]) if by_site else ([], 0)
    twins: dict[str, Twin] = {}
    stay: set[str] = set()
    for one, other, because in sorted([*linked, *sites], key=lambda found: (found[0].id, found[1].id)):
        twin, stays = _roles(one, other, home)
        if twin.id not in twins and twin.id not in stay and stays.id not in twins:
            twins[twin.id] = Twin(twin.id, stays.id, because)
            stay.add(stays.id)
    return Homes(tuple(twins[id_] for id_ in sorted(twins)), doubtful)


_Pair = tuple[Listed, Listed, str]
_SHORT, _WHOLE = 15, 18
"""Letters in a Salesforce id."""


def _linked(accounts: Collection[Listed]) -> Iterator[_Pair]:
    # A Salesforce id is as often written without its last three letters, which only check the others.
    known = {one.id[:_SHORT]: one for one in accounts if len(one.id) == _WHOLE} | {one.id: one for one in accounts}
    for one in accounts:
        other = known.get(one.link)
        if other is not None and other.crm != one.crm:
            yield one, other, f"{one.crm} links it to {other.id}"


def _by_site(accounts: Iterable[Listed]) -> tuple[list[_Pair], int]:
    sites: defaultdict[str, list[Listed]] = defaultdict(list)
    for one in accounts:
        if one.site:
            sites[one.site].append(one)
    pairs: list[_Pair] = []
    doubtful = 0
    for site, found in sites.items():
        crms = _counted(found)
        if len(crms) == len(found) == 2:  # noqa: PLR2004 - one record in each of two CRMs
            pairs.append((found[0], found[1], f"both are {site}"))
        elif len(crms) > 1:
            doubtful += len(found)
    return pairs, doubtful


def _counted(found: Iterable[Listed]) -> Mapping[str, int]:
    crms: defaultdict[str, int] = defaultdict(int)
    for one in found:
        crms[one.crm] += 1
    return crms


def _roles(one: Listed, other: Listed, home: str) -> tuple[Listed, Listed]:
    """The twin, and the record that stays. What the declared home's own record says goes first."""
    first, second = (one, other) if one.crm == home else (other, one)
    said = first.home if first.home in {first.crm, second.crm} else second.home
    return (first, second) if said == second.crm else (second, first)
