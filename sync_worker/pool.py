"""Which user owns the pool. The config names a person-readable address; the CRM wants an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.parts import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.port import User

POOL_HINT = "set [pool] user to the username or e-mail address of an active user who holds the pool's accounts"
EACH_HINT = "set [pool] user to an e-mail address that an active user of every CRM has: they hold the pool's accounts"


def answers_to(user: User, wanted: str) -> bool:
    """True when this is the user's username or e-mail address, in any case."""
    own = {str(user.fields.get(name) or "").casefold() for name in ("username", "email")}
    return bool(wanted) and wanted.casefold() in own


def pool_user(users: Iterable[User], wanted: str, crm: str = "") -> str:
    """The pool user's id. Raises Stopped when the config names nobody who is there, active, and the only one.

    ``crm`` says whose users they are, where there are two CRMs.
    """
    found = [user for user in users if answers_to(user, wanted)]
    active = [user.id for user in found if user.active]
    if len(active) == 1:
        return active[0]
    within = f" in {crm}" if crm else ""
    if not wanted:
        message = "the config names no pool user"
    elif not found:
        message = f"the pool user {wanted} is no user of {crm or 'the CRM'}"
    elif not active:
        message = f"the pool user {wanted} is inactive{within}"
    else:
        message = f"the pool user {wanted} is {len(active)} active users{within}: {', '.join(active)}"
    raise Stopped(message, hint=EACH_HINT if crm else POOL_HINT)
