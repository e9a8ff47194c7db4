"""Checks everything that a cycle needs, and says for each what is wrong and how to mend it. Changes nothing."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.port import CrmError
from rules import RulesInvalid
from sync_worker.approval import EDIT_HINT
from sync_worker.config import ConfigInvalid
from sync_worker.parts import Stopped
from sync_worker.pool import pool_user
from sync_worker.report.words import count
from sync_worker.store import StoreError
from sync_worker.store import check as check_store
from sync_worker.vocabulary import read_only, stored_schemas, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from connectors.port import Budget, Schema, User
    from sync_worker.config import Config
    from sync_worker.parts import Parts

CLOCK_SKEW_SECONDS = 300
"""A clock further off than this from the CRM's means no writes (I24)."""
BY_CRM = '; a field that is called otherwise in each CRM is written { salesforce = "…", hubspot = "…" } in [fields]'
OTHERS = 0o077
"""The rights of a file's group and of everybody else."""


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
    """All checks, in the order in which a cycle would meet them. With two CRMs each check of one names it."""
    config = parts.config
    return (_secrets(config.secret_files), *_store(parts), *_crms(parts), *_signals(config.signals.folder))


def _secrets(files: Sequence[Path]) -> Check:
    """Whether anybody but the files' owner may read them."""
    found = [file for file in files if file.exists()]
    shown = [str(file) for file in found if stat.S_IMODE(file.stat().st_mode) & OTHERS]
    if shown:
        hint = f"chmod 600 {' '.join(shlex.quote(file) for file in shown)}"
        return bad("secrets", f"others may read or change {', '.join(shown)}", hint)
    names = ", ".join(file.name for file in found)
    return good("secrets", f"{names}: for their owner alone" if found else "none lies in a file")


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


def _crms(parts: Parts) -> Iterator[Check]:
    users: dict[str, tuple[User, ...]] = {}
    schemas: dict[str, Schema] = {}
    for crm, connector in parts.connectors.items():
        named = _naming(parts, crm)
        try:
            users[crm] = tuple(connector.users())
        except CrmError as error:
            yield bad(named("CRM"), str(error), error.hint)
            yield skipped(named("fields"))
            continue
        people = sum(user.active and user.can_own for user in users[crm])
        yield good(named("CRM"), f"{parts.config.section(crm).url}: {people} active users may own accounts")
        try:
            schemas[crm] = connector.describe()
        except CrmError as error:
            yield bad(named("fields"), str(error), error.hint + (BY_CRM if len(parts.connectors) > 1 else ""))
        else:
            yield _fields(parts.config, crm, schemas[crm], named("fields"))
    yield _rules(parts, schemas)
    for crm, connector in parts.connectors.items():
        named = _naming(parts, crm)
        if crm in users:
            yield _pool(parts, crm, users[crm], named("pool user"))
            yield _clock(parts.clock() - connector.clock(), named("clock"))
            yield _budget(crm, connector.budget(), named("API calls"))
        else:
            yield from (skipped(named(name)) for name in ("pool user", "clock", "API calls"))


def _naming(parts: Parts, crm: str) -> Callable[[str], str]:
    """How the checks of a CRM are called: only where there are two does it matter whose they are."""
    return (lambda name: f"{name} ({crm})") if len(parts.connectors) > 1 else str


def _signals(folder: Path | None) -> Iterator[Check]:
    """Whether the folder of signals can be read, where the config names one."""
    if folder is None:
        return
    if not folder.is_dir():
        yield bad("signals", f"{folder} is no folder", "make it, or correct signals.folder")
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield bad("signals", f"{folder} may not be read", "let this user read it")
    else:
        yield good("signals", f"{folder} can be read")


def _fields(config: Config, crm: str, schema: Schema, name: str) -> Check:
    if locked := read_only(stored_schemas({crm: schema}), config):
        return bad(name, f"the integration user may not edit {', '.join(locked)} of accounts", EDIT_HINT)
    count = sum(len(fields) for fields in schema.fields.values())
    objects = sum(bool(fields) for fields in schema.fields.values())
    return good(name, f"{count} fields of {objects} objects are mapped; what is written can be written")


def _rules(parts: Parts, schemas: Mapping[str, Schema]) -> Check:
    if schemas.keys() != parts.connectors.keys():
        return skipped("rules")
    try:
        rules = parts.read_rules(vocabulary(stored_schemas(schemas), parts.config))
    except (RulesInvalid, ConfigInvalid) as error:
        message = f"{count(len(error.problems), 'mistake')}, the first: {error.problems[0]}"
        return bad("rules", message, "run 'sync-worker rules check'")
    return good(
        "rules", f"{parts.config.rules.folder}: {count(len(rules.scores), 'score')}, {count(len(rules.books), 'book')}"
    )


def _pool(parts: Parts, crm: str, users: Sequence[User], name: str) -> Check:
    wanted = parts.config.pool.user
    try:
        found = pool_user(users, wanted, crm if len(parts.connectors) > 1 else "")
    except Stopped as error:
        return bad(name, str(error), error.hint)
    [holder] = [user for user in users if user.id == found]
    return good(name, f"{holder.fields.get('name')} ({wanted})")


def _clock(apart: timedelta, name: str) -> Check:
    skew = abs(apart.total_seconds())
    message = f"{skew:.0f} s from the CRM's"
    if skew <= CLOCK_SKEW_SECONDS:
        return good(name, message)
    return bad(name, f"{message}, over {CLOCK_SKEW_SECONDS} s: nothing will be written", "set this machine's clock")


def _budget(crm: str, budget: Budget, name: str) -> Check:
    if budget.used is None or budget.limit is None:
        return skipped(name, "the CRM does not say how many are used")
    message = f"{budget.used:,} of {budget.limit:,} used in the org's day; this run may make {budget.allowed:,}"
    if budget.allowed > 0:
        return good(name, message)
    return bad(name, message, f"wait for the day to move on, or raise {crm}.call_share_org")
