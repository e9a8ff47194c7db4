"""Views of ``history``: plans and runs, or one account's owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Fields, Heading, Text, table
from sync_worker.report.words import instant, seconds

if TYPE_CHECKING:
    from sync_worker.history import Ownership, Past
    from sync_worker.report.document import Answer
    from sync_worker.store.plans import PlanHead


def past(found: Past) -> Answer:
    """``history``."""
    plans = table(
        "plan|made|state|>owners|>priorities|decided by|~rows now",
        [(p.id, instant(p.created_at), p.state.value, *_figures(p), p.decided_by, _counts(p)) for p in found.plans],
    )
    runs = table(
        ">run|kind|started|>took|outcome|>calls|~error",
        [
            (
                run.id,
                run.kind,
                instant(run.started_at),
                seconds((run.ended_at - run.started_at).total_seconds() if run.ended_at else None),
                run.outcome or "running",
                sum(run.calls.values()),
                run.error,
            )
            for run in found.runs
        ],
    )
    document = (
        Heading("Plans"),
        plans if found.plans else Text("none yet"),
        Heading("Runs"),
        runs if found.runs else Text("none yet"),
    )
    return document, {"plans": found.plans, "runs": found.runs}


def owners(found: Ownership) -> Answer:
    """``history ACCOUNT``."""
    rows = [
        (instant(c.at), c.before, c.after, f"plan {c.plan}" if c.plan else "by hand", c.rule, c.because)
        for c in found.changes
    ]
    listed = table("when|from|to|by|rule|~why", rows) if rows else Text("no change of owner was seen yet")
    return (
        Heading(f"{found.name} ({found.account})"),
        Fields((("owner now", found.owner),)),
        listed,
    ), {"ownership": found}


def _figures(plan: PlanHead) -> tuple[object, object]:
    return plan.summary.get("owner_changes", ""), plan.summary.get("priority_writes", "")


def _counts(plan: PlanHead) -> str:
    return ", ".join(f"{number:,} {state}" for state, number in plan.counts.items())
