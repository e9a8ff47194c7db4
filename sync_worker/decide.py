"""What should be: the rules run over all facts in the store, then returns and refill. Reads the store, not the CRM."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import structlog

from rules import ColumnKind, Dialect, EngagementSource, compile_accounts, needs
from rules.facts import columns_read
from rules.outline import as_json, outline
from sync_worker.apply import Fresh
from sync_worker.assigning.levels import reminders
from sync_worker.assigning.named import with_claims
from sync_worker.assigning.of_books import BookColumns
from sync_worker.assigning.steps import position, steps
from sync_worker.astray import check_again, judge, look
from sync_worker.core.model import COVER, SERVICE_LEVEL, SUITS, WORKED, Decision, Points, Score
from sync_worker.core.people import Member, People, people
from sync_worker.core.reasons import evidence
from sync_worker.core.rebalance import EVERY_DAY
from sync_worker.core.steps import Assignment, assign
from sync_worker.homes import pair_up
from sync_worker.matches import match_leads
from sync_worker.parts import Parts, Progress, Stopped
from sync_worker.pool import pool_user
from sync_worker.signals import crm_alone, match_up
from sync_worker.store import changes, decisions, engagement, facts, lookup, outcomes, outlines, plan_reading, settings
from sync_worker.store.standing import standing
from sync_worker.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from rules import Compiled, Ruleset
    from rules import Score as RuleScore
    from sync_worker.astray import Astray, Judged
    from sync_worker.core.model import Rep
    from sync_worker.core.rebalance import Wanted
    from sync_worker.core.service_levels import FirstTouch
    from sync_worker.store.facts import Refreshed

log = structlog.get_logger(__name__)

ONE_COLUMN = (
    ColumnKind.ACCOUNT_ID,
    ColumnKind.IN_SCOPE,
    ColumnKind.PROTECT,
    ColumnKind.RETURN,
    ColumnKind.BOOK,
)
"""Kinds that a compiled result holds exactly once."""

TOLD = (ColumnKind.OUTPUT, ColumnKind.SEGMENT, ColumnKind.GRID)
"""Kinds that fill a field of the decision, under the name of the output, scheme or grid. So does the route, as
``route``."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the rules and the assignment say, and what a plan needs to know besides."""

    rules: Ruleset
    decisions: tuple[Decision, ...]
    assignment: Assignment
    reps: Mapping[str, Rep]
    """Those who may fill a book. The pool's user never does, whatever a book's condition says."""
    people: People
    """Which users are one rep, and whose the pool is."""
    names: Mapping[str, str]
    """Users' names by id."""
    changed: int
    """How many decisions differ from the last time."""
    facts: int
    """The state of the facts that all of this rests on."""
    effective_from: datetime | None = None
    """The instant, in UTC, before which nothing of it is to be written; None: at once."""
    reminders: tuple[FirstTouch, ...] = ()
    """First touches that are due soon, of which nobody has been told before."""


def load_rules(parts: Parts) -> Ruleset:
    """The rules, checked against the fields that the CRM showed at the latest pull. Raises RulesInvalid, Stopped."""
    with parts.store.read() as tx:
        schema = settings.get(tx, "schema")
    if schema is None:
        message = "the worker does not know the CRM's fields yet"
        raise Stopped(message, hint="run 'sync-worker pull' first")
    return parts.read_rules(vocabulary(schema, parts.config))


def decide(parts: Parts, *, cycle: int, wanted: Wanted = EVERY_DAY) -> Decided:
    """Evaluate every rule for every account, record what changed, and assign. One transaction; the CRM is not asked."""
    rules = load_rules(parts)
    now = parts.clock()
    parts.watch(Progress("rules", 0))
    with parts.store.begin() as tx:
        everybody = people_of(tx, parts)
        refreshed = build_facts(tx, parts, rules, everybody, now)
        now = refreshed.now
        outlines.keep(tx, rules.version, lambda: as_json(outline(rules)), now)
        judged = judge(tx, rules, facts_settings(parts, everybody, rules), refreshed)
        compiled = judged.evaluated.compiled
        decided = tuple(_decisions(tx, compiled, outcomes.rows(tx, compiled), rules, now))
        changed = _log(tx, judged, decided, cycle=cycle, rules_version=rules.version, now=now)
        start = position(tx, parts, rules, everybody, decided, now, wanted.effective_from)
        in_order = steps(tx, parts, rules, everybody, start, now, wanted)
        reminded = reminders(tx, parts, rules, everybody, start, now)
        names = lookup.user_names(tx)
    for one in reminded:
        log.info("a first touch is due", account=one.account, level=one.level, owner=one.owner, due=_told(one.due))
    if judged.astray:
        # They are mended by now; what let them go astray is not.
        log.error("not all that had changed was made anew", facts=judged.astray.facts, outcomes=judged.astray.outcomes)
    parts.watch(Progress("rules", len(decided), len(decided)))
    home = _at_home(assign(start, in_order), decided, everybody)
    return Decided(
        rules, decided, home, start.reps, everybody, names, changed, judged.facts, wanted.effective_from, reminded
    )


def _told(moment: datetime | None) -> str:
    return moment.isoformat(timespec="minutes") if moment else "none"


def _log(  # noqa: PLR0913 - what an entry of the log says
    tx: Connection, judged: Judged, decided: Sequence[Decision], *, cycle: int, rules_version: str, now: datetime
) -> int:
    """Log the decisions that have changed; how many."""
    made = [decision for decision in decided if decision.account in judged.changed]
    inputs = facts.inputs(tx, sorted(judged.changed))
    logged = decisions.record(tx, made, inputs=inputs.__getitem__, cycle=cycle, rules_version=rules_version, now=now)
    outcomes.put_back(tx, judged.evaluated.compiled, logged.same)
    return logged.changed


def _at_home(found: Assignment, decided: Sequence[Decision], everybody: People) -> Assignment:
    """The assignment in the users of each account's home."""
    homes = {decision.account: decision for decision in decided}
    return replace(found, changes=tuple(everybody.shown(change, homes[change.account]) for change in found.changes))


def look_again(parts: Parts, plan_id: str) -> Fresh:
    """What this plan rests on, as the store has it just after a pull: rows whose inputs changed do not go out (I3)."""
    rules = load_rules(parts)
    with parts.store.begin() as tx:
        build_facts(tx, parts, rules, people_of(tx, parts), parts.clock())
        read_sets = with_claims(tx, parts.config, facts.read_sets(tx, plan_reading.accounts(tx, plan_id)))
        owners = frozenset(user.id for user in lookup.users(tx) if user.active and user.can_own)
    skews = {crm: (parts.clock() - crms.clock()).total_seconds() for crm, crms in parts.connectors.items()}
    return Fresh(read_sets, owners, rules.version, parts.config.digest, skews)


def gone_astray(parts: Parts) -> Astray | None:
    """How much of what is kept a full pass would make otherwise; None before the first decision. Raises RulesInvalid.

    Nothing is changed, but that the next decision mends what was found.
    """
    with parts.store.read() as tx:
        if not outcomes.any_kept(tx):
            return None
    rules = load_rules(parts)
    with parts.store.begin() as tx:
        trial = tx.begin_nested()
        everybody = people_of(tx, parts)
        refreshed = build_facts(tx, parts, rules, everybody, parts.clock())
        found = look(tx, rules, facts_settings(parts, everybody, rules), refreshed)
        trial.rollback()
        if found:
            check_again(tx)
    return found


def build_facts(tx: Connection, parts: Parts, rules: Ruleset, everybody: People, now: datetime) -> Refreshed:
    """Bring up to date what the rules read of each live account of the config's CRMs, and of each user."""
    changes.take_turns(tx)  # before anything is made anew: what reps have, too, is one table for all
    pair_up(tx, parts.config, now)
    match_up(tx, parts.config, now)
    match_leads(tx, parts.config, now)
    columns = needs(rules)
    half_lives = sorted({c.source.half_life_days for c in columns if isinstance(c.source, EngagementSource)})
    engagement.refold(tx, half_lives, now)
    facts.build_reps(tx, vocabulary(settings.get(tx, "schema"), parts.config).rep, rules.reps)
    return facts.refresh(tx, columns, now=now, settings=facts_settings(parts, everybody, rules))


def facts_settings(parts: Parts, everybody: People, rules: Ruleset) -> facts.FactSettings:
    """How facts are derived for these rules."""
    return replace(fact_settings(parts, everybody), contacts=rules.contacts)


def people_of(tx: Connection, parts: Parts) -> People:
    """The users that the latest pull saw, with the pool's in each CRM. Raises Stopped."""
    by_crm = {crm: lookup.users(tx, crm) for crm in parts.config.crms}
    if unknown := [crm for crm, users in by_crm.items() if not users]:
        raise Stopped(f"the worker knows no user of {unknown[0]} yet", hint="run 'sync-worker pull' first")
    members = [
        Member(crm, user.id, str(user.fields.get("email") or ""), may_own=user.active and user.can_own)
        for crm, users in by_crm.items()
        for user in users
    ]
    named = {crm: crm if len(by_crm) > 1 else "" for crm in by_crm}
    return people(members, {crm: pool_user(by_crm[crm], parts.config.pool.user, named[crm]) for crm in by_crm})


def fact_settings(parts: Parts, everybody: People) -> facts.FactSettings:
    """How facts are derived, from the config."""
    config = parts.config
    return facts.FactSettings(
        pool_user_ids=tuple(everybody.pools.values()),
        do_not_move=config.fields.do_not_move,
        topics=config.intent.topics,
        observed=config.intent.observed,
        time_to_live_days=config.intent.time_to_live_days,
        crms=config.crms,
        crm_alone=crm_alone(config),
        precedence={name: tuple(map(str.casefold, sources)) for name, sources in config.signals.precedence.items()},
        combine=config.signals.combine,
    )


def everyone(tx: Connection, parts: Parts, rules: Ruleset, now: datetime) -> Iterator[Decision]:
    """What the rules say of every account by the facts that there are, without each point and what returns saw.

    For looking at who has what and gets what. Keeps nothing.
    """
    compiled = compile_accounts(rules, Dialect(parts.store.dialect), now=now, landmark=engagement.landmark(tx))
    yield from _decisions(tx, compiled, decisions.evaluate(tx, compiled.sql), rules, now, brief=True)


def _decisions(  # noqa: PLR0913 - what a decision is read from
    tx: Connection,
    compiled: Compiled,
    rows: Iterable[Mapping[str, object]],
    rules: Ruleset,
    now: datetime,
    *,
    brief: bool = False,
) -> Iterator[Decision]:
    names = {kind: compiled.of(kind)[0].name for kind in ONE_COLUMN}
    stands = standing(tx, now)
    scores = [ScoreColumns.of(score, compiled, brief=brief) for score in rules.scores]
    told = {column.output or column.rule: column.name for kind in TOLD for column in compiled.of(kind)}
    told.update(("route", column.name) for column in compiled.of(ColumnKind.ROUTE))
    told.update((SERVICE_LEVEL, column.name) for column in compiled.of(ColumnKind.SERVICE_LEVEL))
    told.update((COVER, column.name) for column in compiled.of(ColumnKind.COVER))
    told.update((WORKED, column.name) for column in compiled.of(ColumnKind.WORKED))
    told.update((SUITS, column.name) for column in compiled.of(ColumnKind.AFFINITY))
    seen = {rule.id: columns_read(rule.when.tree, rules.computed) for rule in rules.returns}
    of_books = BookColumns.of(compiled, rules)
    inputs = facts.inputs(tx)
    for row in rows:
        account = str(row[names[ColumnKind.ACCOUNT_ID]])
        at, returned = stands[account], text(row[names[ColumnKind.RETURN]])
        stays = brief or returned is None or at.in_pool or at.held or row[names[ColumnKind.PROTECT]] is not None
        book, totals = text(row[names[ColumnKind.BOOK]]), {columns.score: columns.read(row) for columns in scores}
        said = of_books.read(row, book, totals)
        yield Decision(
            account=account,
            crm=at.crm,
            name=at.name,
            owner=at.owner,
            scope=text(row[names[ColumnKind.IN_SCOPE]]),
            protect=text(row[names[ColumnKind.PROTECT]]),
            return_=returned,
            book=book,
            scores=totals,
            held=at.held,
            resting=at.resting,
            previous_owner=at.previous_owner,
            fields={name: made(row[column]) for name, column in told.items()},
            evidence="" if stays else evidence({one.word: inputs[account][one.name] for one in seen[str(returned)]}),
            named_owner=said.named_owner,
            workload=said.workload,
            potential=said.potential,
            suits=said.suits,
            compared=said.compared,
        )


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """Where one score stands in the result of the compiled rules."""

    score: str
    total: str
    tier: str
    terms: tuple[tuple[str, str, str], ...]
    """Column, term and the words for it, in the order of the rule file."""

    @classmethod
    def of(cls, score: RuleScore, compiled: Compiled, *, brief: bool = False) -> Self:
        """Find the score's columns; ``brief``: all but those of its terms."""
        because = {term.id: term.because for term in score.terms}
        points = () if brief else compiled.of(ColumnKind.POINTS, score.id)
        return cls(
            score.id,
            compiled.of(ColumnKind.TOTAL, score.id)[0].name,
            compiled.of(ColumnKind.TIER, score.id)[0].name,
            tuple((column.name, column.term, because[column.term]) for column in points),
        )

    def read(self, row: Mapping[str, object]) -> Score:
        """The score of one account; terms that gave nothing are left out."""
        found = ((term, number(row[column]), why) for column, term, why in self.terms)
        points = tuple(Points(term, round(value, 6), why) for term, value, why in found if value)
        return Score(number(row[self.total]), text(row[self.tier]) or "", points)


def text(value: object) -> str | None:
    """A text column's value."""
    return None if value is None else str(value)


def made(value: object) -> str | float | None:
    """What a table, scheme or grid made."""
    return number(value) if isinstance(value, int | float) else text(value)


def number(value: object) -> float:
    """A number column's value; never NULL in a compiled result."""
    return float(value) if isinstance(value, int | float) else float(str(value))
