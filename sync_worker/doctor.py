"""Checks everything that a cycle needs, and says for each what is wrong and how to mend it. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.port import CrmError, Schema
from rules import RulesInvalid
from sync_worker.approval import EDIT_HINT
from sync_worker.config import ConfigInvalid
from sync_worker.pool import POOL_HINT, answers_to
from sync_worker.store import StoreError
from sync_worker.store import check as check_store
from sync_worker.vocabulary import read_only, stored_schemas, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def good(name: str, message: str) -> Check:
    """All is well with it."""
    return Check(name, ok=True, message=message)


def bad(name: str, message: str, hint: str) -> Check:
    """Something has to be mended."""
    return Check(name, ok=False, message=message, hint=hint)


def skipped(name: str, message: str = "not looked at") -> Check:
    """Nothing can be said."""
    return Check(name, ok=None, message=message)


def examine(parts: Parts) -> tuple[Check, ...]:
    """All checks, in the order in which a cycle would meet them."""
    return (*_store(parts), *_crm(parts))


def _store(parts: Parts) -> Iterator[Check]:
    try:
        report = check_store(parts.config.store.url)
    except StoreError as error:
        yield bad("store", str(error), error.hint)
        return
    if report.problems:
        yield bad("store", "; ".join(report.problems), "run 'sync-worker db check' for the details")
    else:
        yield good("store", f"{parts.store.dialect}, its tables are current")


def _crm(parts: Parts) -> Iterator[Check]:
    try:
        users = tuple(next(iter(parts.connectors.values())).users())
    except CrmError as error:
        yield bad("CRM", str(error), error.hint)
        yield from (skipped(name) for name in ("fields", "rules", "pool user", "clock", "API calls"))
        return
    people = sum(user.active and user.can_own for user in users)
    yield good("CRM", f"{parts.config.salesforce.url}: {people} active users may own accounts")
    yield from _fields(parts)
    yield _pool(parts, users)
    yield _clock(parts)
    yield _budget(parts)


def _fields(parts: Parts) -> Iterator[Check]:
    try:
        schema = next(iter(parts.connectors.values())).describe()
    except CrmError as error:
        yield bad("fields", str(error), error.hint)
        yield skipped("rules")
        return
    if locked := read_only(stored_schemas({"salesforce": schema}), parts.config):
        yield bad("fields", f"the integration user may not edit {', '.join(locked)} of accounts", EDIT_HINT)
    else:
        count = sum(len(fields) for fields in schema.fields.values())
        yield good(
            "fields", f"{count} fields of {len(schema.fields)} objects are mapped; what is written can be written"
        )
    yield _rules(parts, schema)


def _rules(parts: Parts, schema: Schema) -> Check:
    try:
        rules = parts.read_rules(vocabulary(stored_schemas({"salesforce": schema}), parts.config))
    except (RulesInvalid, ConfigInvalid) as error:
        message = f"{len(error.problems)} mistakes, the first: {error.problems[0]}"
        return bad("rules", message, "run 'sync-worker rules check'")
    return good("rules", f"{parts.config.rules.folder}: {len(rules.scores)} scores, {len(rules.books)} books")


def _pool(parts: Parts, users: Sequence[User]) -> Check:
    wanted = parts.config.pool.user
    found = [user for user in users if user.active and answers_to(user, wanted)]
    if len(found) == 1:
        return good("pool user", f"{found[0].fields.get('name')} ({wanted})")
    return bad("pool user", f"{wanted or 'nobody'}: {len(found)} active users found", POOL_HINT)


def _clock(parts: Parts) -> Check:
    skew = abs((parts.clock() - next(iter(parts.connectors.values())).clock()).total_seconds())
    message = f"{skew:.0f} s from the CRM's"
    if skew <= CLOCK_SKEW_SECONDS:
        return good("clock", message)
    return bad("clock", f"{message}, over {CLOCK_SKEW_SECONDS} s: nothing will be written", "set this machine's clock")


def _budget(parts: Parts) -> Check:
    budget = next(iter(parts.connectors.values())).budget()
    if budget.used is None or budget.limit is None:
        return skipped("API calls", "the CRM does not say how many are used")
    message = f"{budget.used:,} of {budget.limit:,} used in the org's day; this run may make {budget.allowed:,}"
    if budget.allowed > 0:
        return good("API calls", message)
    return bad("API calls", message, "wait for the day to move on, or raise salesforce.call_share_org")
