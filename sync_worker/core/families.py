"""Accounts as families, from the parent that each names. Knows no owners of its own and decides no move.

A chain of parents that comes back to where it began is reported with its accounts, and never followed twice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Kin:
    """A relative whose owner an account may have, and why this one."""

    account: str
    owner: str
    because: str


@dataclass(frozen=True, slots=True)
class Families:
    """Every account in exactly one family; one without parent and children is a family of itself."""

    roots: Mapping[str, str]
    """The ultimate parent of each account: its own id where it has none."""
    members: Mapping[str, tuple[str, ...]]
    """All accounts of each family by its ultimate parent, in the order of their ids, the ultimate parent with them."""
    parents: Mapping[str, str]
    """The parents that hold: one that is missing, and the one that would close a circle, are left out."""
    children: Mapping[str, tuple[str, ...]]
    """By parent, in the order of their ids."""
    cycles: tuple[tuple[str, ...], ...] = ()
    """Accounts that are their own ancestors, each circle from its smallest id along its parents. That account heads the
    family, since none is above the others."""
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parents that no account is, each with the accounts that name it: these head families of their own."""

    def ancestors(self, account: str) -> Iterator[str]:
        """The parent, the parent's parent and so on, up to the ultimate parent."""
        while above := self.parents.get(account):
            yield above
            account = above

    def below(self, account: str, apart: Collection[str] = ()) -> tuple[str, ...]:
        """All that a change of this account carries: its children, theirs and so on, nearest first.

        ``apart``: accounts that are a declared exception; they stay, and so does all below them.
        """
        found: list[str] = []
        level = [account]
        while level:
            level = [child for one in level for child in self.children.get(one, ()) if child not in apart]
            found.extend(level)
        return tuple(found)


def families(parents: Mapping[str, str | None]) -> Families:
    """The families of these accounts. ``parents``: each account's parent, None or empty where it names none.

    Neither the order of the accounts nor how often it is asked changes the answer.
    """
    named = {account: parent for account in sorted(parents) if (parent := parents[account])}
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for account, parent in named.items():
        if parent not in parents:
            missing[parent].append(account)
    holding = {account: parent for account, parent in named.items() if parent in parents}
    cycles = _cycles(holding)
    for circle in cycles:
        del holding[circle[0]]
    roots = _roots(sorted(parents), holding)
    return Families(
        roots,
        _grouped(roots),
        holding,
        _grouped(holding),
        cycles,
        {parent: tuple(children) for parent, children in sorted(missing.items())},
    )


def nearest_owner(
    found: Families, account: str, regions: Mapping[str, object], owners: Mapping[str, str | None]
) -> Kin | None:
    """Whose owner an account gets as one of a family: the nearest ancestor's in its region, else the last one's.

    ``regions``: the value of any field, by account; one that is empty is the same as no other. None where the account
    has no ancestor with an owner among these.
    """
    region = regions.get(account)
    above = list(found.ancestors(account))
    for one in above:
        if region not in {None, ""} and regions.get(one) == region and (owner := owners.get(one)):
            return Kin(one, owner, f"the nearest parent in {region}")
    if above and (owner := owners.get(above[-1])):
        return Kin(above[-1], owner, "the ultimate parent")
    return None


def _cycles(parents: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Every circle once. Each account is walked through once, so that this takes as long as there are accounts."""
    walk: dict[str, str] = {}
    circles = []
    for start in parents:
        one: str | None = start
        while one is not None and one not in walk:
            walk[one] = start
            one = parents.get(one)
        if one is not None and walk[one] == start:
            circles.append(_circle(one, parents))
    return tuple(sorted(circles))


def _circle(start: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    found = [start]
    while (above := parents[found[-1]]) != start:
        found.append(above)
    first = found.index(min(found))
    return (*found[first:], *found[:first])


def _roots(accounts: Collection[str], parents: Mapping[str, str]) -> dict[str, str]:
    roots: dict[str, str] = {}
    for account in accounts:
        path = [account]
        while path[-1] not in roots and path[-1] in parents:
            path.append(parents[path[-1]])
        root = roots.get(path[-1], path[-1])
        roots.update(dict.fromkeys(path, root))
    return roots


def _grouped(belongs: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for account in sorted(belongs):
        groups[belongs[account]].append(account)
    return {head: tuple(group) for head, group in sorted(groups.items())}
