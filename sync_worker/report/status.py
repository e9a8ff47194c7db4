"""Views of how the worker stands: ``status``, ``health``, ``pause``, ``resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core.model import TERMINAL, RowState
from sync_worker.report.document import Commands, Fields, Heading, Items, Text, Tone, table
from sync_worker.report.words import count, day, instant, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync_worker.report.document import Answer, Block
    from sync_worker.status import Health, SignalsLine, Status

FEW = 20
"""Holds and unreadable records that are listed; the JSON form has them all."""


def status(found: Status) -> Answer:
    """``status``."""
    document = (
        *_paused(found),
        Fields(tuple(_facts(found))),
        *_waiting(found),
        *_runs(found),
        *_calls(found),
        *_holds(found),
        *_unreadable(found),
        *_next(found),
    )
    return document, {"status": found}


def health(found: Health) -> Answer:
    """``health``."""
    wrong = {name: why for name, why in found.checks.items() if why}
    lines = tuple(Text(f"{name}: {why or 'ok'}", Tone.BAD if why else Tone.GOOD) for name, why in found.checks.items())
    end = Text("not ready", Tone.BAD) if wrong else Text("ready", Tone.GOOD)
    return (Items(lines), end), {"ready": found.ready, "checks": found.checks}


def paused(by: str, reason: str) -> Answer:
    """``pause``."""
    return (
        Text(f"paused by {by}: {reason}. Nothing is written to the CRM", Tone.WARN),
        Commands((("sync-worker resume", "let it write again"),)),
    ), {"paused": True, "by": by, "reason": reason}


def resumed(by: str, *, paused: bool) -> Answer:
    """``resume``."""
    text = f"resumed by {by}: the worker writes again" if paused else "nothing was paused: the worker may write"
    return (Text(text, Tone.GOOD),), {"paused": False, "was_paused": paused, "by": by}


def _paused(found: Status) -> Iterator[Block]:
    if found.paused:
        yield Text(f"PAUSED: {found.paused}", Tone.BAD)


def _facts(found: Status) -> Iterator[tuple[str, str]]:
    yield "now", instant(found.at)
    yield "last success", instant(found.last_success)
    yield "records", ", ".join(f"{number:,} {stream}" for stream, number in found.records.items()) or "none yet"
    if found.twins or found.doubtful_twins:
        yield "in both CRMs", _twins(found)
    if found.signals:
        yield "signals", _signals(found.signals)
    if rows := {state: number for state, number in found.rows.items() if RowState(state) not in TERMINAL}:
        yield "open rows", ", ".join(f"{number:,} {state}" for state, number in rows.items())


def _twins(found: Status) -> str:
    """``136 accounts; 12 records share a site with several …``."""
    paired = count(found.twins, "account")
    if not found.doubtful_twins:
        return paired
    return (
        f"{paired}; {found.doubtful_twins:,} records share a site with several of the other CRM, so each counts as an "
        "account of its own: link them in the field that home.link names"
    )


def _signals(told: SignalsLine) -> str:
    """``1,300 of 4 files, 93% found their account, 12 stale, 4 not taken: 'sync-worker signals'``."""
    found = f", {told.matched / told.told:.0%} found their account" if told.told else ""
    rest = [f"{number:,} {word}" for number, word in ((told.stale, "stale"), (told.not_taken, "not taken")) if number]
    return ", ".join([f"{told.told:,} of {count(told.files, 'file')}{found}", *rest]) + ": 'sync-worker signals'"


def _waiting(found: Status) -> Iterator[Block]:
    if found.waiting:
        yield Heading("Plans that wait")
        yield table(
            "plan|state|>owners|>priorities|expires|~guards",
            [
                (p.id, p.state, p.owner_changes, p.priority_writes, instant(p.expires_at), "; ".join(p.guards))
                for p in found.waiting
            ],
        )


def _runs(found: Status) -> Iterator[Block]:
    if found.runs:
        yield Heading("Last runs")
        yield table(
            ">run|kind|started|>took|outcome|>calls|~error",
            [
                (r.id, r.kind, instant(r.started_at), seconds(r.seconds), r.outcome, sum(r.calls.values()), r.error)
                for r in found.runs
            ],
        )


def _calls(found: Status) -> Iterator[Block]:
    yield Heading("API calls")
    if found.calls_today:
        yield table("kind|>today", [*found.calls_today.items(), ("in all", sum(found.calls_today.values()))])
    else:
        yield Text("none today")
    for crm, org in found.org_calls.items():
        whose = f" in {crm}" if len(found.org_calls) > 1 else ""
        share = f" ({org.used / org.limit:.0%})" if org.limit else ""
        yield Text(f"the whole org{whose}: {org.used:,} of {org.limit:,} used{share}, as last heard")


def _holds(found: Status) -> Iterator[Block]:
    if found.holds:
        yield Heading(f"Held — {count(len(found.holds), 'account')}")
        yield table(
            "account|until|kind|~why",
            [(f"{h.name} ({h.account})", day(h.until), h.kind, h.reason) for h in found.holds[:FEW]],
        )
        yield from _more(len(found.holds))


def _unreadable(found: Status) -> Iterator[Block]:
    if found.quarantined:
        yield Heading(f"Unreadable — {count(len(found.quarantined), 'record')}")
        yield table("record|~why", list(found.quarantined.items())[:FEW])
        yield from _more(len(found.quarantined))


def _more(number: int) -> Iterator[Block]:
    if number > FEW:
        yield Text(f"… and {number - FEW:,} more: --format json lists all", Tone.QUIET)


def _next(found: Status) -> Iterator[Block]:
    lines = tuple(_steps(found, {plan.state: plan.id for plan in reversed(found.waiting)}))
    if lines:
        yield Heading("Next")
        yield Commands(lines)


def _steps(found: Status, waiting: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if found.paused:
        yield "sync-worker resume", "once the reason for the pause is gone"
    if not found.runs:
        yield "sync-worker doctor", "check what a first run needs"
    for state in ("held", "planned"):
        if state in waiting:
            yield f"sync-worker show {waiting[state]}", "read it, then approve or reject it"
    if "approved" in waiting:
        yield f"sync-worker apply {waiting['approved']}", "write it to the CRM"
    if "applying" in waiting:
        yield f"sync-worker apply {waiting['applying']}", "go on with it, unless a worker is at it now"
    if not waiting and found.runs:
        yield "sync-worker plan", "see what would change now"
