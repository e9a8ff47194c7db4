"""Checks everything that a cycle needs, and says for each what is wrong and how to mend it. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.port import CrmError, Schema, Stream
from rules import RulesInvalid
from sync_worker.store import StoreError
from sync_worker.store import check as check_store
from sync_worker.vocabulary import stored_schema, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.port import User
    from sync_worker.parts import Parts

CLOCK_SKEW_SECONDS = 300
"""A clock further off than this from the CRM's means no writes (I24)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``ok`` is None where it could not be, because an earlier check failed."""

    name: str
    ok: bool | None
    message: str
    hint: str = ""


def examine(parts: Parts) -> tuple[Check, ...]:
    """All checks, in the order in which a cycle would meet them."""
    return (*_store(parts), *_crm(parts))


def _store(parts: Parts) -> Iterator[Check]:
    try:
        report = check_store(parts.config.store.url)
    except StoreError as error:
        yield Check("store", False, str(error), error.hint)
        return
    hint = "" if report.ok else "run 'sync-worker db check' for the details"
    yield Check("store", report.ok, "; ".join(report.problems) or f"{parts.store.dialect}, schema is current", hint)


def _crm(parts: Parts) -> Iterator[Check]:
    try:
        users = tuple(parts.connector.users())
    except CrmError as error:
        yield Check("CRM", False, str(error), error.hint)
        yield from (Check(name, None, "not looked at") for name in ("fields", "pool user", "clock", "rules"))
        return
    people = sum(user.active and user.can_own for user in users)
    yield Check("CRM", True, f"{parts.config.salesforce.url}: {people} active users may own accounts")
    yield from _fields(parts)
    yield _pool(parts, users)
    yield _clock(parts)
    yield _budget(parts)


def _fields(parts: Parts) -> Iterator[Check]:
    try:
        schema = parts.connector.describe()
    except CrmError as error:
        yield Check("fields", False, str(error), error.hint)
        yield Check("rules", None, "not looked at")
        return
    fields = parts.config.fields
    accounts = schema.fields[Stream.ACCOUNTS]
    wanted = [name for name in ("owner", fields.score, fields.tier, fields.reasons) if name]
    locked = [accounts[name].crm_name for name in wanted if name in accounts and not accounts[name].writable]
    count = sum(len(fields) for fields in schema.fields.values())
    if locked:
        yield Check(
            "fields",
            False,
            f"the integration user may not edit {', '.join(locked)} of accounts",
            "give it edit access in field-level security",
        )
    else:
        yield Check(
            "fields", True, f"{count} fields of {len(schema.fields)} objects; {', '.join(wanted)} can be written"
        )
    yield _rules(parts, schema)


def _rules(parts: Parts, schema: Schema) -> Check:
    try:
        rules = parts.load_rules(vocabulary(stored_schema(schema), parts.config))
    except RulesInvalid as error:
        first = error.problems[0]
        return Check(
            "rules", False, f"{len(error.problems)} mistakes, the first: {first}", "run 'sync-worker rules check'"
        )
    return Check("rules", True, f"{parts.config.rules.folder}: {len(rules.scores)} scores, {len(rules.books)} books")


def _pool(parts: Parts, users: tuple[User, ...]) -> Check:
    wanted = parts.config.pool.user.casefold()
    found = [
        user
        for user in users
        if user.active and wanted in {str(user.fields.get(name)).casefold() for name in ("username", "email")}
    ]
    if wanted and len(found) == 1:
        return Check("pool user", True, f"{found[0].fields.get('name')} ({parts.config.pool.user})")
    hint = "set [pool] user to the username or e-mail address of an active user who holds the pool's accounts"
    return Check("pool user", False, f"{parts.config.pool.user or 'nobody'}: {len(found)} active users found", hint)


def _clock(parts: Parts) -> Check:
    skew = abs((parts.clock() - parts.connector.clock()).total_seconds())
    if skew <= CLOCK_SKEW_SECONDS:
        return Check("clock", True, f"{skew:.0f} s from the CRM's")
    return Check(
        "clock", False, f"{skew:.0f} s from the CRM's, over {CLOCK_SKEW_SECONDS} s", "set this machine's clock"
    )


def _budget(parts: Parts) -> Check:
    budget = parts.connector.budget()
    if budget.used is None or budget.limit is None:
        return Check("API calls", None, "the CRM does not say how many are used")
    message = f"{budget.used:,} of {budget.limit:,} used in the org's day; this run may make {budget.allowed:,}"
    return Check("API calls", budget.allowed > 0, message, "" if budget.allowed else "wait, or raise call_share_org")
