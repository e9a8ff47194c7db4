"""Views of a plan: what somebody must know before pressing apply, and afterwards what became of each row."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from sync_worker.core.model import PlanState, RowKind, RowState
from sync_worker.core.undoing import LANDED, RULE
from sync_worker.report.document import Commands, Fields, Heading, Items, Text, Tone, table
from sync_worker.report.evenness import evenness
from sync_worker.report.levels import reminded
from sync_worker.report.words import count, instant, person
from sync_worker.report.worked import refused, refused_in, worked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sync_worker.cycle import PlanReport
    from sync_worker.report.document import Answer, Block
    from sync_worker.store.plans import StoredPlan, StoredRow

FEW = 40
"""Rows of one kind that a plan shows without being asked for all."""


def planned(report: PlanReport, *, few: int | None) -> Answer:
    """``plan``: the new plan, or that there is nothing to do."""
    told, reminders = reminded(report.decided.reminders, report.decided.names)
    if report.plan is None:
        nothing = Text("nothing to do: the CRM already shows what the rules say", Tone.GOOD)
        blocks, also = refused_in(report.decided)
        return (nothing, *blocks, *told), {"plan": None, "changes": 0, "reminders": reminders, **also}
    document, payload = shown(report.plan, report.decided.names, few=few)
    return (*document, *told), {**payload, "changes": len(report.plan.rows), "reminders": reminders}


def shown(stored: StoredPlan, names: Mapping[str, str], *, few: int | None) -> Answer:
    """``show``."""
    owners = [row for row in stored.rows if row.row.kind is RowKind.OWNER]
    priorities = [row for row in stored.rows if row.row.kind is RowKind.PRIORITY]
    started = any(row.state not in _UNTOUCHED for row in stored.rows)
    document = (
        *_header(stored),
        *_guards(stored),
        *_books(stored.plan.summary),
        *evenness(stored.plan.summary, every=few is None),
        *_segments(stored.plan.summary),
        *worked(stored.plan.summary),
        *_staying(stored.plan.summary),
        *refused(stored.plan.summary),
        *_owners(owners, names, few=few, started=started),
        *_priorities(priorities, stored.plan.summary, few=few, started=started),
        *(_outcomes(stored) if started else ()),
        *_next(stored),
    )
    return document, {"plan": _payload(stored, names)}


_UNTOUCHED = frozenset({RowState.PLANNED, RowState.APPROVED})


def _header(stored: StoredPlan) -> Iterator[Block]:
    plan, summary = stored.plan, stored.plan.summary
    moves = [row for row in plan.rows if row.kind is RowKind.OWNER]
    yield Heading(f"Plan {plan.id}: {stored.state}")
    pairs = [
        ("made", f"{instant(plan.created_at)}, expires {instant(plan.expires_at)}"),
        ("changes", f"{count(len(moves), 'owner change')}, {count(len(plan.rows) - len(moves), 'priority write')}"),
        ("accounts", f"{_figure(summary, 'in_scope')} in scope of {_figure(summary, 'accounts')}"),
        ("rules", plan.rules_version[:12]),
        ("hash", plan.hash),
    ]
    if plan.effective_from:
        pairs.insert(1, ("from", f"{instant(plan.effective_from)}: nothing of it is written before"))
    if isinstance(back := summary.get("came_back"), int) and back:
        pairs.append(("back again", f"{count(back, 'account')} to an owner who had them not long ago"))
    if stored.decided_by and stored.decided_at:
        overrides = f", overriding {', '.join(sorted(stored.overrides))}" if stored.overrides else ""
        note = f": {stored.note}" if stored.note else ""
        pairs.append(("decided", f"by {stored.decided_by} {instant(stored.decided_at)}{overrides}{note}"))
    yield Fields(tuple(pairs))


def _guards(stored: StoredPlan) -> Iterator[Block]:
    if stored.plan.guards:
        yield Heading("Guards that stop it")
        overridden = {guard.name for guard in stored.plan.guards} & stored.overrides
        yield Items(
            tuple(
                Text(
                    f"{guard.name}: {guard.message}" + (" (overridden)" if guard.name in overridden else ""),
                    Tone.WARN if guard.name in overridden else Tone.BAD,
                )
                for guard in stored.plan.guards
            )
        )


def _books(summary: Mapping[str, Any]) -> Iterator[Block]:
    if books := summary.get("books"):
        yield Heading("Books")
        yield table(
            "book|>before|>after|>capacity|>full",
            [(b["book"], b["before"], b["after"], b["capacity"], _share(b["after"], b["capacity"])) for b in books],
        )
    moved = [rep for rep in summary.get("reps", ()) if rep["loses"] or rep["gains"]]
    if moved:
        yield Heading("Reps whose book changes")
        yield table(
            "rep|>before|>loses|>gains|>after|>capacity",
            [(r["name"], r["before"], r["loses"], r["gains"], r["after"], r["capacity"]) for r in moved],
        )


def _segments(summary: Mapping[str, Any]) -> Iterator[Block]:
    if counted := summary.get("segments"):
        yield Heading("Segments, in accounts in scope")
        yield table("scheme|segment|>accounts", [(c["scheme"], c["segment"], c["accounts"]) for c in counted])


def _staying(summary: Mapping[str, Any]) -> Iterator[Block]:
    """Why accounts that one might expect to see are not among the rows."""
    pool = summary.get("pool", {})
    rows = [("protected", number, f"rule {rule}") for rule, number in summary.get("protected", {}).items()]
    rows += (
        [("held", summary["held"], "a person changed the owner, undid a change, or asked to keep it")]
        if summary.get("held")
        else []
    )
    rows += [("in the pool", number, why) for why, number in pool.get("left", {}).items()]
    if rows:
        yield Heading("What stays where it is")
        yield table("what|>accounts|~why", rows)
    if pool:
        yield Text(f"the pool: {count(pool['before'], 'account')} before, {pool['after']:,} after")


def _owners(rows: list[StoredRow], names: Mapping[str, str], *, few: int | None, started: bool) -> Iterator[Block]:
    groups: dict[str, list[StoredRow]] = defaultdict(list)
    for row in rows:
        groups[row.row.rule].append(row)
    both = _both(rows)
    for rule, members in sorted(groups.items(), key=lambda group: (not group[0].startswith("return:"), group[0])):
        yield Heading(f"{heading_of(rule)} — {count(len(members), 'account')}")
        told = members if few is None else members[:few]
        cells = [
            (
                row.row.account_name,
                *((row.row.crm,) if both else ()),
                person(row.row.before.get("owner"), names),
                person(row.row.after.get("owner"), names),
                row.row.reason,
                *((_state(row), row.row.number) if started else ()),
            )
            for row in told
        ]
        yield table(f"account{both}|from|to|~why" + ("|state|>row" if started else ""), cells)
        if len(told) < len(members):
            yield Text(f"… and {len(members) - len(told):,} more: --all shows every row", Tone.QUIET)


def _priorities(
    rows: list[StoredRow], summary: Mapping[str, Any], *, few: int | None, started: bool
) -> Iterator[Block]:
    if not rows:
        return
    yield Heading(f"Priorities — {count(len(rows), 'account')}")
    both = _both(rows)
    if few is None:
        cells = [
            (
                row.row.account_name,
                *((row.row.crm,) if both else ()),
                _values(row.row.before),
                _values(row.row.after),
                *((_state(row),) if started else ()),
            )
            for row in rows
        ]
        yield table(f"account{both}|~before|~after" + ("|state" if started else ""), cells)
    else:
        named = {"tier": summary.get("tiers"), **summary.get("models", {})}
        yield from (table(f"{name}|>accounts", list(moves.items())) for name, moves in named.items() if moves)
    if few is not None:
        yield Text("--all shows every account with its scores, tiers and reasons", Tone.QUIET)


def _both(rows: Collection[StoredRow]) -> str:
    """The heading of a column for the CRM, where the rows are of two: one name may stand for an account in each."""
    return "|crm" if len({row.row.crm for row in rows}) > 1 else ""


def _outcomes(stored: StoredPlan) -> Iterator[Block]:
    yield Heading("What became of the rows")
    counts = Counter((row.row.kind.value, row.state.value) for row in stored.rows)
    yield table("rows|state|>count", [(kind, state, number) for (kind, state), number in sorted(counts.items())])
    odd = [row for row in stored.rows if row.message and row.state not in {RowState.CONFIRMED, RowState.VERIFIED}]
    if odd:
        yield table(
            "account|state|~what happened",
            [(row.row.account_name, row.state.value, row.message) for row in odd[:FEW]],
        )


def _next(stored: StoredPlan) -> Iterator[Block]:
    lines = tuple(_steps(stored))
    if lines:
        yield Commands(lines)


def put_back(stored: StoredPlan) -> Iterator[tuple[str, str]]:
    """The offer to restore what people had written and the plan's writes replaced."""
    if any(row.state is RowState.OVERWROTE for row in stored.rows):
        yield f"sync-worker rollback {stored.plan.id} --overwrote", "put back what people had written"


def _steps(stored: StoredPlan) -> Iterator[tuple[str, str]]:
    plan = stored.plan.id
    yield from put_back(stored)
    overrides = "".join(f" --override {guard.name}" for guard in stored.plan.guards)
    match stored.state:
        case PlanState.HELD:
            yield f"sync-worker approve {plan}{overrides}", "let it pass its guards, in your name"
            yield f"sync-worker reject {plan}", "never apply it"
        case PlanState.PLANNED:
            yield f"sync-worker approve {plan}", "let it be applied, in your name"
            yield f"sync-worker reject {plan}", "never apply it"
        case PlanState.APPROVED | PlanState.APPLYING:
            day = stored.plan.effective_from
            yield (
                f"sync-worker apply {plan}",
                f"write it to the CRM, from {instant(day)} on" if day else "write it to the CRM",
            )
        case PlanState.EXPIRED | PlanState.SUPERSEDED:
            yield "sync-worker plan", "make a new one"
        case PlanState.APPLIED if any(row.state in LANDED and row.row.kind is RowKind.OWNER for row in stored.rows):
            yield f"sync-worker rollback {plan}", "make a plan that gives these accounts back"
        case _:
            return


def _payload(stored: StoredPlan, names: Mapping[str, str]) -> dict[str, object]:
    plan = stored.plan
    return {
        "id": plan.id,
        "hash": plan.hash,
        "state": stored.state.value,
        "created_at": plan.created_at,
        "expires_at": plan.expires_at,
        "effective_from": plan.effective_from,
        "rules_version": plan.rules_version,
        "config_digest": plan.config_digest,
        "worker_version": plan.worker_version,
        "decided_by": stored.decided_by,
        "decided_at": stored.decided_at,
        "overrides": stored.overrides,
        "note": stored.note,
        "guards": plan.guards,
        "summary": plan.summary,
        "rows": [_row(row, names) for row in stored.rows],
    }


def _row(stored: StoredRow, names: Mapping[str, str]) -> dict[str, object]:
    row = stored.row
    people = {}
    if row.kind is RowKind.OWNER:
        people = {"from": person(row.before.get("owner"), names), "to": person(row.after.get("owner"), names)}
    return {
        "number": row.number,
        "account": row.account,
        "crm": row.crm,
        "account_name": row.account_name,
        "kind": row.kind.value,
        "before": row.before,
        "after": row.after,
        **people,
        "rule": row.rule,
        "reason": row.reason,
        "state": stored.state.value,
        "code": stored.code,
        "message": stored.message,
        "adopted": stored.adopted,
    }


def heading_of(rule: str) -> str:
    """What moved the rows below it, in words."""
    kind, _, name = rule.partition(":")
    words = {
        "return": "Back to the pool, rule",
        "book": "Into the book",
        "rebalance": "Between reps, rebalance of",
        "claim": "Claimed by reps, of the book",
        "route": "Given at once, by the route",
        "service": "Not touched in time, service level",
        "cover": "Looked after while their owner is away, cover",
        "cover-end": "Back to their owner, end of the cover",
        RULE: "Undo of plan",
    }
    return f"{words.get(kind, kind)} {name}"


def _state(row: StoredRow) -> str:
    return f"{row.state.value} (found done)" if row.adopted else row.state.value


def _values(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {'empty' if value is None else value}" for name, value in values.items())


def _figure(summary: Mapping[str, Any], name: str) -> str:
    value = summary.get(name)
    return f"{value:,}" if isinstance(value, int) else "?"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else ""
