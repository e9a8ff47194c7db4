"""Accounts into what moves as one: families stay together, and what somebody has locked stays where it is. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sync_worker.core.assignment.arithmetic import hashes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

NO_ROOM = "whoever has most of it has no room for the rest"
NO_MOVES = "no moves are left to bring it together"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the book, as far as filling it goes."""

    id: str
    owner: str | None
    """None: the pool."""
    worth: float
    """Its score; never below 0."""
    potential: int
    """In hundredths of the book's measure, as is ``workload``; never below 0."""
    workload: int
    family: str
    """The id of the family's ultimate parent; its own id where it has no family."""
    locked: bool
    """It stays where it is, whatever else holds."""
    forced: bool
    """Its owner has left or may not have it any more: to take it away is no move that is counted."""
    reps: Mapping[str, float]
    """Who may have it, each with the affinity: 1 where nothing speaks for or against. Equal ones may be one object."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A family that is not kept together. All its accounts stay where they are."""

    family: str
    owners: tuple[str, ...]
    """Who has its accounts, in order."""
    because: str


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts that move as one."""

    members: tuple[Account, ...]
    """In the order of their ids."""
    able: Mapping[str, float]
    """Who may have it, each with its affinity."""
    owner: str | None = None
    """The rep who has it, or most of it by worth. None: the pool, or somebody who is no rep of the book."""
    stays: bool = False
    """It stays with its owner; without one, where it is."""
    gathered: int = 0
    """How many accounts leave other owners where it is kept together."""

    @property
    def id(self) -> str:
        """The ultimate parent where that is a member, else the first member."""
        family = self.members[0].family
        return family if any(one.id == family for one in self.members) else self.members[0].id

    @property
    def worth(self) -> float:
        """Of all members. Python's own sum rounds otherwise from one version to the next."""
        return math.fsum(one.worth for one in self.members)

    @property
    def charged(self) -> int:
        """How many moves it is to take it from its owner."""
        if self.owner is None or self.owner not in self.able:
            return 0
        return sum(one.owner == self.owner and not one.forced for one in self.members)

    @property
    def joining(self) -> int:
        """How many accounts come to its owner where it stays with that one."""
        return sum(one.owner != self.owner for one in self.members)


def grouped(
    accounts: Iterable[Account], seats: Mapping[str, int], *, frozen: bool, most_moves: int | None
) -> tuple[list[Group], list[Conflict]]:
    """All accounts in groups, by id, and the families that do not stay together. ``seats``: the room of each rep.

    Bringing a family together takes room where most of it is, beside all that is there already, and costs moves of
    ``most_moves`` like any other. It comes first; the families that are worth most begin. What somebody outside the
    book has is as good as locked, unless it is forced. With ``frozen`` no owned account moves: what a family has in the
    pool may only join the rest of it.
    """
    families = defaultdict(list)
    for one in sorted(accounts, key=lambda account: account.id):
        outside = one.owner is not None and one.owner not in seats and not one.forced
        families[one.family].append(replace(one, locked=True) if outside else one)
    if frozen:
        return _by_id(group for members in families.values() for group in _frozen(members, seats)), []
    found, conflicts = [], []
    for family, members in families.items():
        if why := _why_apart(members, seats):
            found += [_staying(one, seats) for one in members]
            conflicts.append(Conflict(family, _owners(members), why))
        else:
            found.append(_together(members, seats))
    fitting, crowded = _with_room(found, seats)
    kept, scattered = _within(fitting, most_moves)
    for why, apart in ((NO_ROOM, crowded), (NO_MOVES, scattered)):
        kept += [_staying(one, seats) for group in apart for one in group.members]
        conflicts += [Conflict(group.members[0].family, _owners(group.members), why) for group in apart]
    return _by_id(kept), sorted(conflicts, key=lambda conflict: conflict.family)


def moves_to_gather(groups: Iterable[Group]) -> int:
    """How many accounts leave their owners to be with their families."""
    return sum(group.gathered for group in groups)


def _by_id(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: group.id)


def _owners(members: Sequence[Account]) -> tuple[str, ...]:
    return tuple(sorted({one.owner for one in members if one.owner is not None}))


def _why_apart(members: Sequence[Account], seats: Collection[str]) -> str:
    """Why these cannot be one group; empty where they can."""
    if len(members) == 1:
        return ""
    locks = {one.owner for one in members if one.locked}
    if len(locks) > 1:
        return "its accounts are locked with different owners"
    if locks and not locks & set(seats):
        return "one of its accounts is locked, or somebody outside the book has it"
    owner = _majority([one for one in members if not one.forced], seats)
    if not locks and owner is not None and owner not in _able(members):
        return "the rep who has most of it may not have all of it"
    return ""


def _together(members: Sequence[Account], seats: Collection[str]) -> Group:
    if len(members) == 1:
        return _alone(members[0], seats)
    able = _able(members)
    if locks := {one.owner for one in members if one.locked}:
        (owner,) = locks
        group = Group(tuple(members), {str(owner): able.get(str(owner), 1.0)}, owner, stays=True)
    else:
        group = Group(tuple(members), able, _majority([one for one in members if not one.forced] or members, seats))
    elsewhere = [one for one in members if not one.forced and one.owner not in {None, group.owner}]
    return replace(group, gathered=len(elsewhere))


def _alone(one: Account, seats: Collection[str]) -> Group:
    if one.locked:
        return _staying(one, seats)
    able = one.reps
    if one.forced and one.owner in able:
        able = {rep: times for rep, times in able.items() if rep != one.owner}
    return Group((one,), able, one.owner if one.owner in seats else None)


def _staying(one: Account, seats: Collection[str]) -> Group:
    if one.owner is None or one.owner not in seats:
        return Group((one,), {}, None, stays=True)
    return Group((one,), {one.owner: one.reps.get(one.owner, 1.0)}, one.owner, stays=True)


def _frozen(members: Sequence[Account], seats: Collection[str]) -> Iterator[Group]:
    """Owned accounts where they are; the others together, with whoever has most of the family, or free."""
    stuck = [one for one in members if one.locked or one.owner is not None]
    waiting = tuple(one for one in members if not one.locked and one.owner is None)
    yield from (_staying(one, seats) for one in stuck)
    if waiting:
        able, owned = _able(waiting), [one for one in stuck if one.owner is not None]
        home = _majority(owned, seats)
        yield Group(waiting, {rep: times for rep, times in able.items() if rep == home} if owned else able)


def _majority(members: Sequence[Account], seats: Collection[str]) -> str | None:
    """The rep who has the most worth of it; of equals the one whom a hash picks."""
    worth: defaultdict[str, float] = defaultdict(float)
    for one in members:
        if one.owner is not None and one.owner in seats:
            worth[one.owner] += one.worth
    if len(worth) > 1:
        luck = dict(zip(worth, hashes(worth).tolist(), strict=True))
        return max(worth, key=lambda rep: (worth[rep], luck[rep]))
    return next(iter(worth), None)


def _able(members: Sequence[Account]) -> Mapping[str, float]:
    """Who may have all of it: whoever may have the ultimate parent, or else each member. Worth weighs affinity."""
    if len(members) == 1:
        return members[0].reps
    root = [one for one in members if one.id == one.family]
    reps = set.intersection(*(set(one.reps) for one in root or members))
    total = math.fsum(one.worth for one in members)
    weights = [one.worth / total if total else 1.0 / len(members) for one in members]
    pairs = list(zip(members, weights, strict=True))
    return {rep: math.fsum(one.reps.get(rep, 1.0) * weight for one, weight in pairs) for rep in sorted(reps)}


def _within(groups: Sequence[Group], most_moves: int | None) -> tuple[list[Group], list[Group]]:
    """The groups for whose gathering there are moves, and the others."""
    if most_moves is None or moves_to_gather(groups) <= most_moves:
        return list(groups), []
    kept, scattered, left = [], [], most_moves
    for group in _best_first(groups):
        if group.gathered <= left:
            kept.append(group)
            left -= group.gathered
        else:
            scattered.append(group)
    return kept, scattered


def _with_room(groups: Sequence[Group], seats: Mapping[str, int]) -> tuple[list[Group], list[Group]]:
    """The groups for whose other members there is room where most of them are, and those for which there is none."""
    has = Counter(one.owner for group in groups for one in group.members)
    left = {rep: room - has[rep] for rep, room in seats.items()}
    growing = [group for group in groups if len(group.members) > 1 and group.owner is not None and group.joining]
    crowded: set[str] = set()
    for group in _best_first(growing):
        owner = str(group.owner)
        if group.joining <= left[owner]:
            left[owner] -= group.joining
        else:
            crowded.add(group.id)
    return [one for one in groups if one.id not in crowded], [one for one in growing if one.id in crowded]


def _best_first(groups: Iterable[Group]) -> list[Group]:
    """By worth; equal ones in the order of their hashes."""
    some = list(groups)
    luck = dict(zip((group.id for group in some), hashes(group.id for group in some).tolist(), strict=True))
    return sorted(some, key=lambda one: (-one.worth, luck[one.id]))
