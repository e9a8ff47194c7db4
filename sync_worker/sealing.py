"""The difference between what was decided and what the CRM shows, judged by the guards and saved as a sealed plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker import __version__
from sync_worker.assigning.named import with_claims
from sync_worker.core.canonical import digest
from sync_worker.core.guards import Ground, Guards, Limit, judge
from sync_worker.core.margins import Margin
from sync_worker.core.model import Plan, RowKind
from sync_worker.core.ping_pong import coming_back, marked
from sync_worker.core.planning import ModelFields, PriorityFields, make_rows, resting, seal
from sync_worker.core.summary import rule_shares, summarise
from sync_worker.store import facts, plans, prices, turns
from sync_worker.store.moves import applied_summaries, fields_written
from sync_worker.store.ownership import lately_owned
from sync_worker.store.standing import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from rules import Ruleset
    from sync_worker.config import Config
    from sync_worker.core.model import PlanRow
    from sync_worker.decide import Decided
    from sync_worker.parts import Parts
    from sync_worker.store.plans import StoredPlan

GROWTH_WINDOW = timedelta(days=30)
"""How far back a rule's usual share is looked up (I7)."""


def difference(parts: Parts, decided: Decided) -> tuple[PlanRow, ...]:
    """What was decided, where the CRM shows something else."""
    fields = with_margins(priority_fields(parts.config), decided.rules)
    with parts.store.read() as tx:
        now_shown = shown(tx, fields.names())
        rows = make_rows(decided.decisions, decided.assignment.changes, now_shown, fields=fields)
        had, pools = _had(tx, parts, rows, parts.clock()), decided.people.pools.values()
        return at_rest(tx, parts, decided, marked(rows, had, pools))


def _had(tx: Connection, parts: Parts, rows: Iterable[PlanRow], now: datetime) -> Mapping[str, Mapping[str, datetime]]:
    """Who had the accounts that are to move, and until when, as far as the guard against to and fro looks back."""
    moving = [row.account for row in rows if row.kind is RowKind.OWNER]
    return lately_owned(tx, moving, now - timedelta(days=parts.config.guards.ping_pong_days))


def at_rest(tx: Connection, parts: Parts, decided: Decided, rows: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    """The rows with what the decisions rest on: nothing where facts are newer by now, and then the row will not go."""
    read_sets = facts.read_sets(tx, sorted({row.account for row in rows}), made_by=decided.facts)
    return resting(rows, with_claims(tx, parts.config, read_sets))


def save_sealed(parts: Parts, decided: Decided, rows: Sequence[PlanRow]) -> StoredPlan:
    """Judge, seal and save. A plan that waits and says the same is renewed instead, with its decision."""
    with parts.store.begin() as tx:
        return save_in(tx, parts, decided, rows)


def save_in(tx: Connection, parts: Parts, decided: Decided, rows: Sequence[PlanRow]) -> StoredPlan:
    """The same, in a transaction that records more than the plan."""
    now = parts.clock()
    ground = _ground(
        decided,
        earlier=rule_shares(applied_summaries(tx, now - GROWTH_WINDOW)),
        own_fields=fields_written(tx, [(crm, name) for crm in parts.config.crms for name in _written(rows)]),
    )
    back = coming_back(rows, _had(tx, parts, rows, now), decided.people.pools.values())
    ground = replace(ground, came_back=len(back))
    plan = make_plan(parts.config, decided, rows, ground=ground, now=now)
    saved = plans.save(tx, plan, now=now)
    turns.save(tx, saved, decided.assignment.turns)
    _keep_prices(tx, saved, decided)
    return plans.get(tx, saved)


def make_plan(config: Config, decided: Decided, rows: Sequence[PlanRow], *, ground: Ground, now: datetime) -> Plan:
    """The sealed plan, judged against this ground."""
    version = decided.rules.version
    day = decided.effective_from
    hash_ = seal(
        rows,
        rules_version=version,
        config_digest=config.digest,
        worker_version=__version__,
        effective_from=day,
    )
    return Plan(
        id=digest([hash_, now.isoformat()])[:8],
        hash=hash_,
        created_at=now,
        expires_at=(day or now) + timedelta(hours=config.apply.plan_lives_hours),
        rules_version=version,
        config_digest=config.digest,
        worker_version=__version__,
        rows=tuple(rows),
        guards=judge(rows, ground, _guards(config)),
        summary=summarise(
            rows,
            decided.decisions,
            decided.reps,
            decided.names,
            unassigned=decided.assignment.unassigned,
            refused=decided.assignment.refused,
            came_back=ground.came_back,
            people=decided.people,
            fields=priority_fields(config),
            schemes={scheme.name: [one.name for one in scheme.segments] for scheme in decided.rules.schemes},
        )
        | _priced(decided),
        effective_from=day,
    )


def _priced(decided: Decided) -> dict[str, object]:
    """What the plan does to the books that prices fill; nothing where there is none."""
    if not decided.assignment.priced:
        return {}
    from sync_worker.core.evenness import figures  # noqa: PLC0415 - numpy takes a tenth of a second

    return {"priced": figures(decided.assignment.priced, decided.names)}


def _keep_prices(tx: Connection, plan_id: str, decided: Decided) -> None:
    if decided.assignment.priced:
        from sync_worker.core.evenness import prices_kept  # noqa: PLC0415 - the same

        prices.keep(tx, plan_id, prices_kept(decided.assignment.priced))


def priority_fields(config: Config) -> PriorityFields:
    """The fields that take a priority: with the owner, all that the worker may ever write (I8)."""
    own = config.fields
    main = ModelFields(config.rules.score, own.score, own.tier, own.reasons)
    more = (
        ModelFields(model, taken.get("score", ""), taken.get("tier", ""), taken.get("reasons", ""))
        for model, taken in own.models.items()
    )
    return PriorityFields(tuple(model for model in (main, *more) if model.names()), config.apply.score_step)


def with_margins(fields: PriorityFields, rules: Ruleset) -> PriorityFields:
    """The same, with how far beyond a border each score must be for another tier."""
    margins = {
        score.id: Margin(score.hysteresis, tuple((tier.name, tier.floor) for tier in score.tiers))
        for score in rules.scores
        if score.hysteresis
    }
    return replace(fields, models=tuple(replace(each, margin=margins.get(each.model)) for each in fields.models))


def _ground(
    decided: Decided, *, earlier: Mapping[str, Sequence[float]], own_fields: Collection[tuple[str, str]]
) -> Ground:
    scoped = [decision for decision in decided.decisions if decision.scope]
    books = decided.people.counted(Counter(decision.owner for decision in scoped if decision.owner))
    return Ground(len(scoped), books, decided.names, earlier, decided.people, own_fields)


def _written(rows: Iterable[PlanRow]) -> frozenset[str]:
    """The fields in which a priority replaces something."""
    before = (row.before for row in rows if row.kind is RowKind.PRIORITY)
    return frozenset(name for image in before for name, value in image.items() if value is not None)


def _guards(config: Config) -> Guards:
    own = config.guards
    return Guards(
        Limit(own.owner_moves, own.owner_moves_most, own.owner_moves_floor),
        Limit(own.rep_moves, own.rep_moves_most, own.rep_moves_floor),
        own.rule_growth,
        own.ping_pong_days,
        own.ping_pong_most,
    )
