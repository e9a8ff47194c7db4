"""One account as it was decided at some earlier moment, in the words of that day. It recomputes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from rules.outline import Outline, OutlinedRule, OutlinedScore, OutlinedTerm, from_json
from sync_worker.decide import people_of
from sync_worker.explain.now import OWNERS_SHOWN, home_of, plan_rows
from sync_worker.explain.telling import DAY_LENGTH, DECIDERS, Told, tell
from sync_worker.explain.verdict import Stands, verdict
from sync_worker.history import AccountNotFound, find_account, ownership_of
from sync_worker.store import decisions, holds, outlines, ownership
from sync_worker.store.standing import DO_NOT_MOVE, lasting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from connectors.port import Record
    from sync_worker.history import Change
    from sync_worker.parts import Parts
    from sync_worker.store.decisions import Decided
    from sync_worker.store.outlines import Came

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Past:
    """What was decided about one account, as it stood at a moment. Names, not ids, wherever a name is known."""

    account: str
    name: str
    asked: datetime
    """The moment that was asked for."""
    at: datetime
    """When what stood then had been decided."""
    rules_version: str
    cycle: int | None
    owner: str
    """Who owned it at the moment that was asked for."""
    verdict: str
    held: str
    resting: bool
    told: Told
    kept: bool
    """Whether the rules of that day were kept: if not, only what they said is known, not how they read."""
    changed: tuple[str, ...]
    """What that decision changed, against the one before it; empty for the first one."""
    newer: tuple[Came, ...]
    """Rules that came afterwards, by the moment that was asked for, and decided the same."""
    owners: tuple[Change, ...]
    """Changes of owner until then, latest first."""
    plan_rows: tuple[str, ...]


class NotDecided(AccountNotFound):
    """Nothing had been decided about the account by then. ``hint`` names the way out."""


class NoSuchMoment(Exception):
    """What was given as a moment is none, or is still to come. ``hint`` names the way out."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def moment(text: str, now: datetime) -> datetime:
    """The moment that a person means, in UTC unless the text says otherwise; a date is the end of its day."""
    try:
        found = datetime.combine(date.fromisoformat(text), time.max, UTC) if len(text) == DAY_LENGTH else _instant(text)
    except (ValueError, OverflowError):
        message = f"'{text[:40]}' is neither a date nor a time"
        raise NoSuchMoment(message, hint="write 2026-11-04 for the end of that day, or 2026-11-04T09:30") from None
    if found.date() > now.astimezone(UTC).date():
        raise NoSuchMoment(f"{text} is still to come", hint="leave --at out to see how things stand now")
    return found


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def explain_at(parts: Parts, account: str, when: datetime) -> Past:
    """What stood at ``when``, word for word as it was decided. Raises AccountNotFound, NotDecided."""
    with parts.store.read() as tx:
        found = home_of(tx, find_account(tx, account))
        decided = decisions.at(tx, found.ref.id, when)
        if decided is None:
            raise _not_decided(tx, found, when)
        kept = outlines.of(tx, decided.rules_version)
        newer = outlines.since(tx, decided.at, when)
        owned = ownership_of(tx, found.ref.id, OWNERS_SHOWN, until=when)
        rows = tuple(plan_rows(tx, found.ref.id, when))
        stands = _stood(tx, parts, decided, when)
    known = from_json(kept) if kept else bare(decided)
    told = tell(known, decided.value, decided.inputs)
    return Past(
        account=found.ref.id,
        name=owned.name,
        asked=when,
        at=decided.at,
        rules_version=decided.rules_version,
        cycle=decided.cycle,
        owner=owned.owner,
        verdict=verdict(told, stands),
        held=stands.held,
        resting=stands.resting,
        told=told,
        kept=kept is not None,
        changed=tuple(changes(decided)),
        newer=newer,
        owners=owned.changes,
        plan_rows=rows,
    )


def _stood(tx: Connection, parts: Parts, decided: Decided, when: datetime) -> Stands:
    """How the account stood at a moment besides what the rules said of it: held, in the pool, resting.

    What was read when it was decided, and what has come since: a hold, a rest, another owner.
    """
    inputs, held = decided.inputs, holds.of(tx, decided.account, when)
    if inputs.get("do_not_move"):
        why = DO_NOT_MOVE
    elif held is not None and held.since <= when:
        why = lasting(held.reason, held.until)
    else:
        why = _lasts(inputs.get("held_until"), when)
    moved = next((one for one in ownership.history(tx, decided.account) if one.at <= when), None)
    in_pool = bool(inputs.get("in_pool"))
    if moved is not None and moved.after != inputs.get("owner"):
        in_pool = moved.after in people_of(tx, parts).pools.values()
    return Stands(why, in_pool, in_pool and _rests(tx, decided, when))


def _lasts(until: object, when: datetime) -> str:
    return f"held until {str(until)[:DAY_LENGTH]}" if _is_after(until, when) else ""


def _rests(tx: Connection, decided: Decided, when: datetime) -> bool:
    return holds.rests_at(tx, decided.account, when) or _is_after(decided.inputs.get("resting_until"), when)


def _is_after(text: object, when: datetime) -> bool:
    return bool(text) and datetime.fromisoformat(str(text)) > when


def bare(decided: Decided) -> Outline:
    """What a decision itself tells of rules that nobody has kept: the ids of those that decided, and the points."""
    value = decided.value
    rules = (OutlinedRule(section, value[key], "") for section, key in DECIDERS.items() if value[key])
    scores = (_bare_score(name, score) for name, score in value["scores"].items())
    return Outline(decided.rules_version, rules=tuple(rules), scores=tuple(scores))


def _bare_score(name: str, score: Mapping[str, Any]) -> OutlinedScore:
    terms = tuple(OutlinedTerm("", term, "", points, because) for term, points, because in score["points"])
    return OutlinedScore(name, score["total"], (), (), terms)


def changes(decided: Decided) -> Iterator[str]:
    """What a decision changed, one line each."""
    old, new = decided.old, decided.value
    if old is None:
        return
    for key in ("scope", "protect", "return", "book"):
        if old[key] != new[key]:
            yield f"{key}: {old[key] or NOTHING} → {new[key] or NOTHING}"
    fields = (old.get("fields", {}), new.get("fields", {}))
    for name in dict.fromkeys((*fields[0], *fields[1])):
        before, after = (each.get(name) for each in fields)
        if before != after:
            yield f"{name}: {_made(before)} → {_made(after)}"
    for name, score in new["scores"].items():
        before = _score(old["scores"].get(name))
        if before not in {"", _score(score)}:
            yield f"{name}: {before} → {_score(score)}"


def _made(value: str | float | None) -> str:
    """What a table, scheme or grid made; 0 is something."""
    return NOTHING if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


def _score(score: Mapping[str, Any] | None) -> str:
    return f"{score['total']:.6g}{' ' if score['tier'] else ''}{score['tier']}" if score else ""


def _not_decided(tx: Connection, found: Record, when: datetime) -> NotDecided:
    name = found.fields.get("name") or found.ref.id
    first = next(iter(reversed(decisions.history(tx, found.ref.id))), None)
    if first is None:
        message = f"the worker has never decided about {name} ({found.ref.id})"
        return NotDecided(message, hint="leave --at out to see how it stands now; 'sync-worker plan' decides")
    return NotDecided(
        f"the worker had not decided about {name} ({found.ref.id}) by {when:%Y-%m-%d %H:%M} UTC:"
        f" its first decision is of {first.at:%Y-%m-%d %H:%M} UTC",
        hint=f"ask with --at {first.at:%Y-%m-%d}; 'sync-worker history' shows who owned it before",
    )
