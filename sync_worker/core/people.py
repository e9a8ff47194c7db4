"""Who is who: a person who is a user of two CRMs is one rep with one book. Matches by e-mail address; stores nothing.

Rules, books and limits speak of reps; a CRM's record of an account speaks of a user. This is the only place that
translates, so that everything between is the same with one CRM and with two.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sync_worker.core.model import Decision, OwnerChange


@dataclass(frozen=True, slots=True)
class Member:
    """A user of one CRM. ``may_own``: active, and allowed to own accounts."""

    crm: str
    id: str
    email: str
    may_own: bool


@dataclass(frozen=True, slots=True)
class People:
    """Reps and their users. Ids that nobody here has stand for themselves: they are users whom no CRM shows any more.

    ``pool`` is the rep who stands for the pool users of all CRMs.
    """

    pool: str
    reps: Mapping[str, str]
    """Rep id by user id, of those whose rep bears another id."""
    users: Mapping[str, Mapping[str, str]]
    """Rep id → CRM → id of the user."""
    pools: Mapping[str, str]
    """The pool user's id by CRM."""

    def __contains__(self, user: str) -> bool:
        """Whether this is a user of one of the CRMs."""
        return user in self.reps or user in self.users

    def rep(self, user: str | None) -> str | None:
        """The rep whom a user id stands for."""
        return None if user is None else self.reps.get(user, user)

    def user(self, rep: str, crm: str) -> str:
        """The user id of a rep in a CRM. Raises KeyError where the CRM has none."""
        return self.users[rep][crm] if rep in self.users else rep

    def seen(self, decision: Decision) -> Decision:
        """The decision with reps for users: as assignment and summaries want it."""
        if not self.reps:
            return decision
        return replace(decision, owner=self.rep(decision.owner), previous_owner=self.rep(decision.previous_owner))

    def shown(self, change: OwnerChange, decision: Decision) -> OwnerChange:
        """The change with users for reps: as it is written to the account's home."""
        return replace(change, before=decision.owner, after=self.user(change.after, decision.crm))

    def counted(self, by_user: Mapping[str, int]) -> Mapping[str, int]:
        """Counts by user as counts by rep."""
        counts: Counter[str] = Counter()
        for user, count in by_user.items():
            counts[self.reps.get(user, user)] += count
        return counts


def people(members: Sequence[Member], pools: Mapping[str, str]) -> People:
    """Put the users of all CRMs together. The order of ``pools`` is that of the CRMs: the first one's id names a rep.

    Users are one person if they have the same e-mail address, each is the only one with it in his CRM who may own
    accounts, and the CRMs differ. The pool's users are one whatever their addresses.
    """
    order = {crm: place for place, crm in enumerate(pools)}
    groups = [dict(pools), *_by_address([m for m in members if m.id not in set(pools.values())])]
    reps: dict[str, str] = {}
    users: dict[str, dict[str, str]] = {}
    for group in groups:
        ranked = dict(sorted(group.items(), key=lambda item: order.get(item[0], len(order))))
        first = next(iter(ranked.values()))
        users[first] = ranked
        reps |= {user: first for user in ranked.values() if user != first}
    return People(pool=next(iter(pools.values())), reps=reps, users=users, pools=dict(pools))


def _by_address(members: Iterable[Member]) -> list[dict[str, str]]:
    """User id by CRM, for each person."""
    owners: dict[str, dict[str, list[Member]]] = {}
    alone: list[dict[str, str]] = []
    for member in members:
        if member.email and member.may_own:
            owners.setdefault(member.email.casefold(), {}).setdefault(member.crm, []).append(member)
        else:
            alone.append({member.crm: member.id})
    for by_crm in owners.values():
        if all(len(found) == 1 for found in by_crm.values()):
            alone.append({crm: found[0].id for crm, found in by_crm.items()})
        else:
            alone += [{one.crm: one.id} for found in by_crm.values() for one in found]
    return alone
