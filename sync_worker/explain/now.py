"""One account as the latest pull shows it: what the rules say of it, where its values come from, who owned it when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from rules import needs
from rules.outline import outline
from sync_worker.decide import build_facts, fact_settings, load_rules, people_of
from sync_worker.explain.contacts import best_contacts
from sync_worker.explain.contest import contest_for
from sync_worker.explain.glass import Glass
from sync_worker.explain.meanwhile import meanwhile
from sync_worker.explain.nearest import Nearest, nearest, routed
from sync_worker.explain.routing import turn_next, turn_of
from sync_worker.explain.telling import Told, tell
from sync_worker.explain.tiers import NextTier, next_tiers
from sync_worker.explain.verdict import Stands, verdict
from sync_worker.history import AccountNotFound, find_account, ownership_of
from sync_worker.store import facts, lookup, matches, origins, schema, twins
from sync_worker.store.standing import standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from connectors.port import Record
    from rules import Ruleset
    from sync_worker.core.contest import Contest
    from sync_worker.explain.contacts import BestContact
    from sync_worker.explain.routing import Turned
    from sync_worker.explain.telling import RuleTried, TermCounted
    from sync_worker.history import Change
    from sync_worker.parts import Parts
    from sync_worker.store.matches import Pair
    from sync_worker.store.origins import SignalTold, Statement

OWNERS_SHOWN = 10
PLAN_ROWS_SHOWN = 5
MATCHES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """One account, explained as of the latest pull. Names, not ids, wherever a name is known."""

    account: str
    name: str
    owner: str
    at: datetime
    rules_version: str
    verdict: str
    """One sentence: what the worker will do with this account, and the first reason."""
    nearest: tuple[Nearest, ...]
    """What would have to be different for another verdict."""
    next_tiers: tuple[NextTier, ...]
    """What is missing for a better one, by score."""
    held: str
    resting: bool
    resting_until: str
    """The day, as a date, on which the rest in the pool ends; empty where it does not rest."""
    told: Told
    crm: str
    """The account's home."""
    sources: Mapping[str, tuple[Statement, ...]]
    """What each source says of fields that the rules read, the one that counts first: where that is not the account's
    home, or where another one says something else."""
    signals: tuple[SignalTold, ...]
    """Every sign of intent, whether rules read its topic or not."""
    contacts: tuple[BestContact, ...]
    """The best contacts by each score of contacts, the best first."""
    owners: tuple[Change, ...]
    """Latest first."""
    contest: Contest | None
    """Who might have it, what speaks for each, and who is out of the question; None where no book takes it."""
    plan_rows: tuple[str, ...]
    """What the latest plan that touches the account does to it, and how that ended."""
    turn: Turned | None
    """How a route gives it, in the next plan, or gave it the latest time."""
    meanwhile: tuple[str, ...]
    """What goes on with it besides: a cover that runs, and what plans that wait would do to its owner."""
    matches: tuple[Pair, ...] = ()
    """Leads, and lines of files without its id, that are about it or may be: the surest first."""

    @property
    def rules(self) -> tuple[RuleTried, ...]:
        """Every rule, in the order in which it was tried."""
        return self.told.rules

    @property
    def terms(self) -> tuple[TermCounted, ...]:
        """Every term of every score."""
        return self.told.terms


def explain(parts: Parts, account: str) -> Explanation:
    """Explain the account with this id or name, as the latest pull shows it. Raises AccountNotFound, Stopped."""
    rules, now = load_rules(parts), parts.clock()
    refresh(parts, rules, now)
    with parts.store.read() as tx:
        found = home_of(tx, find_account(tx, account))
        at = standing(tx, now, found.ref.id).get(found.ref.id)
        glass = Glass.over(tx, rules, found.ref.id, now)
        value = glass.said()
        if at is None or value is None:
            raise not_in_facts(tx, found, parts.config.crms)
        fact, stands = facts.row(tx, found.ref.id), Stands(at.held, at.in_pool, at.resting)
        told = tell(outline(rules), value, fact)
        least, tiers = (*nearest(glass, value, stands), *routed(glass, value)), next_tiers(glass, value)
        owned = ownership_of(tx, found.ref.id, OWNERS_SHOWN)
        rows = tuple(plan_rows(tx, found.ref.id))
        how, columns = fact_settings(parts, people_of(tx, parts)), needs(rules)
        stated = origins.statements(tx, columns, found.ref.id, now=now, settings=how)
        signals = origins.signals(tx, found.ref.id, now=now, settings=how)
        people = best_contacts(tx, rules, found.ref.id, now)
        rivals = contest_for(tx, parts, rules, found.ref.id, now)
        goes = at.in_pool and value["fields"].get("route") is not None
        turn = turn_next(tx, parts, rules, people_of(tx, parts), found.ref.id, now) if goes else None
        turn = turn or turn_of(tx, found.ref.id)
        about = tuple(matches.of_account(tx, found.ref.id, MATCHES_SHOWN))
        besides = tuple(meanwhile(tx, found.ref.id, now))
    return Explanation(
        account=found.ref.id,
        name=at.name,
        owner=owned.owner,
        at=now,
        rules_version=rules.version,
        verdict=verdict(told, stands),
        nearest=least,
        next_tiers=tiers,
        held=at.held,
        resting=at.resting,
        resting_until=str(fact["resting_until"])[: len("2026-11-04")] if at.resting else "",
        told=told,
        crm=at.crm,
        sources={name: each for name, each in stated.items() if disputed(each, at.crm)},
        signals=signals,
        contacts=people,
        owners=owned.changes,
        contest=rivals,
        plan_rows=rows,
        turn=turn,
        meanwhile=besides,
        matches=about,
    )


def home_of(tx: Connection, found: Record) -> Record:
    """The account itself, where this is only its record in the other CRM."""
    homes = [twin.home for twin in twins.of(tx, found.ref.id) if twin.account == found.ref.id]
    return next((home for id_ in homes if (home := lookup.get(tx, found.ref.stream, id_))), found)


def disputed(said: Sequence[Statement], home: str) -> bool:
    """Whether there is anything to say of where a value comes from."""
    return said[0].source != home or any(one.value != said[0].value for one in said)


def refresh(parts: Parts, rules: Ruleset, now: datetime) -> None:
    """Bring the facts up to date: of accounts of which something has changed, or all where other rules read them."""
    with parts.store.begin() as tx:
        build_facts(tx, parts, rules, people_of(tx, parts), now)


def not_in_facts(tx: Connection, found: Record, crms: Collection[str]) -> AccountNotFound:
    """The refusal for an account that is known but was not there when the facts were made."""
    name, crm = found.fields.get("name") or found.ref.id, lookup.crm_of(tx, found.ref)
    gone = "was deleted in the CRM" if found.deleted else "is set aside: 'sync-worker status' says why"
    why = gone if crm in crms else f"is an account of {crm}, which the config does not name"
    return AccountNotFound(f"{name} ({found.ref.id}) {why}", hint="'sync-worker history' shows who owned it")


def plan_rows(tx: Connection, account: str, until: datetime | None = None) -> Iterator[str]:
    """The latest plans' rows for the account, one line each; of plans made by then, if a moment is given."""
    r, p = schema.plan_row.c, schema.plan.c
    wanted = (
        select(p.id, p.created_at, r.kind, r.rule, r.reason, r.state, r.message)
        .join(schema.plan, p.id == r.plan_id)
        .where(r.account_id == account)
        .order_by(p.created_at.desc(), r.number)
        .limit(PLAN_ROWS_SHOWN)
    )
    for row in tx.execute(wanted if until is None else wanted.where(p.created_at <= until)):
        end = f" ({row.message})" if row.message else ""
        yield f"{row.created_at:%Y-%m-%d} plan {row.id}: {row.kind} by {row.rule}, {row.reason}: {row.state}{end}"
