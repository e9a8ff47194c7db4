"""Which facts are derived, and what deriving them needs to know. The SQL is in ``derived``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rules import FieldInfo, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules import ContactScore

_FIELDS = (
    FieldInfo("crm", Type.TEXT, "Home CRM"),
    FieldInfo("owner_active", Type.BOOLEAN, "Owner is active"),
    FieldInfo("owner_team", Type.TEXT, "Owner's team"),
    FieldInfo("in_pool", Type.BOOLEAN, "In the pool"),
    FieldInfo("do_not_move", Type.BOOLEAN, "Marked do-not-move"),
    FieldInfo("is_customer", Type.BOOLEAN, "Is a customer"),
    FieldInfo("open_opportunities", Type.NUMBER, "Open opportunities"),
    FieldInfo("won_opportunities", Type.NUMBER, "Won opportunities"),
    FieldInfo("open_amount", Type.NUMBER, "Amount of open opportunities"),
    FieldInfo("last_touch", Type.DATE, "Last touch by anybody"),
    FieldInfo("last_engagement", Type.DATE, "Last engagement"),
    FieldInfo("owned_since", Type.DATE, "Owned since"),
    FieldInfo("previous_owner", Type.TEXT, "Previous owner"),
    FieldInfo("held_until", Type.DATE, "Held until"),
    FieldInfo("resting_until", Type.DATE, "Rests in the pool until"),
    FieldInfo("contacts", Type.NUMBER, "Contacts"),
)

DERIVED: Mapping[str, FieldInfo] = {info.name: info for info in _FIELDS}
"""Facts about accounts that no CRM field holds. They stand before CRM fields of the same name.

``owner_active`` is empty where the CRM no longer shows the owner: absence is never a value (I14). ``owned_since`` is
the latest change of owner that the worker has seen, else the account's creation. An opportunity is open unless it says
that it is closed. What hangs on an account's twin counts for the account.
"""

REP_DERIVED: Mapping[str, FieldInfo] = {
    info.name: info
    for info in (
        FieldInfo("active", Type.BOOLEAN, "Is active"),
        FieldInfo("can_own", Type.BOOLEAN, "May own accounts"),
    )
}
"""Facts about users that every CRM has under names of its own."""


@dataclass(frozen=True, slots=True)
class FactSettings:
    """How facts are derived. Field names are the worker's; empty ones are not there.

    A field that is itself called ``do_not_move`` is honoured even where ``do_not_move`` here is empty.
    """

    pool_user_ids: tuple[str, ...]
    """The users who own what nobody works, one in each CRM."""
    do_not_move: str = ""
    topics: Mapping[str, str] = field(default_factory=dict)
    """Topic → the CRM's field for it; empty where only files have it."""
    observed: str = ""
    time_to_live_days: int = 28
    crms: tuple[str, ...] = ()
    """The CRMs whose accounts have facts; empty for all. Where there are two, accounts may have twins."""
    crm_alone: frozenset[str] = frozenset({"name", "owner", "do_not_move"})
    """Fields in which nobody but the account's home has a voice."""
    precedence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Field → sources, the strongest first."""
    combine: str = "highest"
    """How several sources' intent becomes one: highest, average or latest."""
    contacts: tuple[ContactScore, ...] = ()
    """The scores by which an account's contacts are told from one another."""
