"""Which rep is meant: by id, e-mail address or name. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.port import User

SHOWN = 5


class RepNotFound(Exception):
    """No user, or several, go by this name. ``hint`` names the way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def find_rep(users: Sequence[User], given: str) -> User:
    """The user with this id, address or name; the only one whose name holds it. Raises RepNotFound."""
    wanted = given.casefold().strip()
    ways = (
        [user for user in users if user.id == given],
        [user for user in users if wanted and _word(user, "email") == wanted],
        [user for user in users if wanted and _word(user, "name") == wanted],
        [user for user in users if wanted and wanted in _word(user, "name")],
    )
    found = next((each for each in ways if each), [])
    able = [user for user in found if user.active and user.can_own] or found
    if len(able) == 1 or (able and len({_word(user, "email") for user in able}) == 1 and _word(able[0], "email")):
        return able[0]
    if not able:
        names = dict.fromkeys(str(user.fields["name"]) for user in users if user.fields.get("name"))
        close = nearest(given, names) if given.strip() else ""
        way = (
            close if close.startswith("did you mean") else "give an id, an e-mail address, or a name as the CRM has it"
        )
        raise RepNotFound(f"no user of the CRM goes by '{given[:60]}'", hint=way)
    listed = ", ".join(f"{user.fields.get('name')} ({user.fields.get('email') or user.id})" for user in able[:SHOWN])
    more = ", …" if len(able) > SHOWN else ""
    raise RepNotFound(
        f"several users go by '{given[:60]}': {listed}{more}", hint="give the address of the one you mean"
    )


def _word(user: User, field: str) -> str:
    return str(user.fields.get(field) or "").casefold()
