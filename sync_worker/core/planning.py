"""The difference between what should be and what the CRM shows, as sealed rows. Compares; reads and writes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from sync_worker.core.canonical import digest
from sync_worker.core.lifecycle import same
from sync_worker.core.margins import Margin, told
from sync_worker.core.model import Decision, OwnerChange, PlanRow, RowKind, Score, Value
from sync_worker.core.reasons import reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime


ROW_FIELDS = fields(PlanRow)


@dataclass(frozen=True, slots=True)
class ModelFields:
    """The account fields (worker names) that take what one score or grid says; empty ones are not written.

    A grid has a grade, which goes where a score's tier does.
    """

    model: str
    """The score's or the grid's id."""
    score: str = ""
    tier: str = ""
    reasons: str = ""
    margin: Margin | None = None
    """How far beyond a border the score must be for another tier to be written; None: not at all."""

    def names(self) -> tuple[str, ...]:
        """The fields that are configured."""
        return tuple(name for name in (self.score, self.tier, self.reasons) if name)


@dataclass(frozen=True, slots=True)
class PriorityFields:
    """What takes each score and grid, the main score first, and how far a score must move to be worth a write."""

    models: tuple[ModelFields, ...]
    step: float

    def names(self) -> frozenset[str]:
        """The fields that are configured; the writer may write these and the owner, nothing else (I8)."""
        return frozenset(name for model in self.models for name in model.names())


def make_rows(
    decisions: Sequence[Decision],
    changes: Iterable[OwnerChange],
    shown: Mapping[str, Mapping[str, Value]],
    *,
    fields: PriorityFields,
) -> tuple[PlanRow, ...]:
    """The rows of a plan: owner changes in the order given (returns first), then priorities by account id.

    ``shown`` holds each account's priority fields as the CRM shows them. An account has one priority row at most, with
    the fields of all scores and grids; it is named after the first one that is worth the write. What the rows rest on
    is still to be said: see ``resting``.
    """
    by_account = {decision.account: decision for decision in decisions}
    rows = [*_owner_rows(changes, by_account), *_priority_rows(decisions, shown, fields)]
    return tuple(_numbered(rows))


def resting(rows: Iterable[PlanRow], read_sets: Mapping[str, str]) -> tuple[PlanRow, ...]:
    """The rows with what they rest on, by account (I3). One that rests on nothing known is never sent."""
    return tuple(replace(row, read_set=read_sets.get(row.account, "")) for row in rows)


def seal(
    rows: Sequence[PlanRow],
    *,
    rules_version: str,
    config_digest: str,
    worker_version: str,
    effective_from: datetime | None = None,
) -> str:
    """The plan's hash (I10): SHA-256 over rows with before-images, rules, config, worker version, and its day."""
    dated = {"from": effective_from.isoformat()} if effective_from else {}
    return digest(
        {
            "rows": [{field.name: getattr(row, field.name) for field in ROW_FIELDS} for row in rows],
            "rules": rules_version,
            "config": config_digest,
            "worker": worker_version,
            **dated,
        }
    )


def tier_moves(rows: Iterable[PlanRow], tier: str) -> Mapping[str, int]:
    """How many accounts go from which tier to which, as ``"B → A": 12``."""
    moves = Counter(
        (str(row.before.get(tier) or "none"), str(row.after.get(tier) or "none"))
        for row in rows
        if row.kind is RowKind.PRIORITY
    )
    return {f"{before} → {after}": count for (before, after), count in sorted(moves.items())}


def _owner_rows(changes: Iterable[OwnerChange], by_account: Mapping[str, Decision]) -> Iterator[PlanRow]:
    for change in changes:
        decision = by_account[change.account]
        yield PlanRow(
            number=0,
            crm=decision.crm,
            account=change.account,
            account_name=decision.name,
            kind=RowKind.OWNER,
            before={"owner": change.before},
            after={"owner": change.after},
            rule=change.rule,
            reason=change.reason,
            read_set="",
            rest_days=change.rest_days,
        )


def _priority_rows(
    decisions: Iterable[Decision], shown: Mapping[str, Mapping[str, Value]], fields: PriorityFields
) -> Iterator[PlanRow]:
    written = fields.names()
    for decision in sorted(decisions, key=lambda d: d.account) if written else ():
        # An account that is not shown any more went while the rules ran: another pull has seen it deleted.
        seen = shown.get(decision.account)
        if seen is None or not decision.scope:
            continue
        wanted = {model: _wanted(decision, model, seen) for model in fields.models}
        worth = [model for model in fields.models if _worth_writing(seen, wanted[model], model, fields.step)]
        if worth:
            yield PlanRow(
                number=0,
                crm=decision.crm,
                account=decision.account,
                account_name=decision.name,
                kind=RowKind.PRIORITY,
                before={name: seen.get(name) for name in sorted(written)},
                after=dict(sorted((name, value) for each in wanted.values() for name, value in each.items())),
                rule=f"{'score' if worth[0].model in decision.scores else 'grid'}:{worth[0].model}",
                reason="; ".join(_told(decision, model, seen) for model in worth),
                read_set="",
            )


def _wanted(decision: Decision, fields: ModelFields, seen: Mapping[str, Value]) -> dict[str, Value]:
    """What the model's fields are to hold, where they show what is ``seen``."""
    if (score := decision.scores.get(fields.model)) is None:
        return {fields.tier: decision.fields[fields.model]} if fields.tier else {}
    values: dict[str, Value] = {
        fields.score: round(score.total, 1),
        fields.tier: _tier(score, fields, seen),
        fields.reasons: reasons(score) or None,
    }
    return {name: values[name] for name in fields.names()}


def _tier(score: Score, fields: ModelFields, seen: Mapping[str, Value]) -> Value:
    shown = seen.get(fields.tier)
    return shown if fields.margin and fields.margin.keeps(shown, score) else score.tier


def _told(decision: Decision, fields: ModelFields, seen: Mapping[str, Value]) -> str:
    if (score := decision.scores.get(fields.model)) is None:
        return f"{fields.model} {decision.fields[fields.model]}"
    return told(fields.model, score, seen.get(fields.tier), fields.margin)


def _worth_writing(before: Mapping[str, Value], after: Mapping[str, Value], fields: ModelFields, step: float) -> bool:
    texts = [name for name in (fields.tier, fields.reasons) if name]
    if not all(same(before.get(name), after[name]) for name in texts):
        return True
    if not fields.score:
        return False
    old, new = before.get(fields.score), after[fields.score]
    if not isinstance(old, int | float) or not isinstance(new, int | float):
        return old != new
    return abs(new - old) >= step


def _numbered(rows: Iterable[PlanRow]) -> Iterator[PlanRow]:
    for number, row in enumerate(rows, start=1):
        yield replace(row, number=number)
