"""What was: plans and runs, and for one account who owned it, when and why. Reads the store; asks no CRM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from connectors.port import Stream
from sync_worker.store import cycles, lookup, ownership, plans, schema, twins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Record
    from sync_worker.store.cycles import Cycle
    from sync_worker.store.ownership import Owned
    from sync_worker.store.plans import PlanHead


SHORT_ID = 15


class AccountNotFound(Exception):
    """No account, or several, go by this id or name. ``hint`` names the way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Past:
    """The latest plans and runs, newest first."""

    plans: tuple[PlanHead, ...]
    runs: tuple[Cycle, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an account's owner, by names. ``plan`` is empty where it was not the worker's."""

    at: datetime
    before: str
    after: str
    plan: str
    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns an account and who did, newest first, as far as the worker has seen."""

    account: str
    name: str
    owner: str
    changes: tuple[Change, ...]


def past(tx: Connection, limit: int) -> Past:
    """At most ``limit`` plans and as many runs."""
    return Past(tuple(plans.list_(tx, limit)), tuple(cycles.recent(tx, limit)))


def ownership_of(tx: Connection, account: str, limit: int, *, until: datetime | None = None) -> Ownership:
    """The owners of the account with this id or name, at ``until`` if it is given. Raises AccountNotFound."""
    found = find_account(tx, account)
    names = lookup.user_names(tx)
    owner, owned = found.fields.get("owner"), ownership.history(tx, found.ref.id)
    while until is not None and owned and owned[0].at > until:
        owner = owned.pop(0).before
    return Ownership(
        account=found.ref.id,
        name=str(found.fields.get("name") or found.ref.id),
        owner=_name(owner, names),
        changes=tuple(_change(tx, one, names) for one in owned[:limit]),
    )


def find_account(tx: Connection, account: str) -> Record:
    """The account with this id, or the only live one of this name. Raises AccountNotFound."""
    if found := lookup.get(tx, Stream.ACCOUNTS, _whole_id(tx, account)):
        return found
    named = _without_twins(tx, lookup.named(tx, Stream.ACCOUNTS, account))
    if len(named) == 1:
        return named[0]
    if not named:
        message = f"no account has the id or name '{account}'"
        raise AccountNotFound(message, hint="give its id, or more of its name; 'sync-worker pull' brings new accounts")
    listed = ", ".join(f"{record.fields.get('name')} ({record.ref.id})" for record in named[:5])
    more = ", …" if len(named) > 5 else ""  # noqa: PLR2004 - as many as are listed above
    raise AccountNotFound(f"several accounts go by '{account}': {listed}{more}", hint="give the id of the one you mean")


def _without_twins(tx: Connection, named: list[Record]) -> list[Record]:
    """Two CRMs' records of one account are one account: the one that decides."""
    ids = {record.ref.id for record in named}
    doubled = {twin.account for id_ in ids for twin in twins.of(tx, id_) if twin.account in ids and twin.home in ids}
    return [record for record in named if record.ref.id not in doubled]


def _whole_id(tx: Connection, account: str) -> str:
    """Salesforce's own pages and reports show ids without their last three letters, which only check the others."""
    if len(account) != SHORT_ID:
        return account
    r = schema.record.c
    begins = (r.stream == Stream.ACCOUNTS.value) & (func.substr(r.id, 1, SHORT_ID) == account)
    return tx.scalar(select(r.id).where(begins).limit(1)) or account


def _change(tx: Connection, owned: Owned, names: Mapping[str, str]) -> Change:
    r = schema.plan_row.c
    row = None
    if owned.plan_id is not None:
        wanted = select(r.rule, r.reason).where(r.plan_id == owned.plan_id, r.number == owned.row_number)
        row = tx.execute(wanted).one_or_none()
    return Change(
        at=owned.at,
        before=_name(owned.before, names),
        after=_name(owned.after, names),
        plan=owned.plan_id or "",
        rule=row.rule if row else "",
        because=row.reason if row else "",
    )


def _name(user: object, names: Mapping[str, str]) -> str:
    return "nobody" if user is None else names.get(str(user), str(user))
