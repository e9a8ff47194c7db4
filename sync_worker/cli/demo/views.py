"""What the demo tells while it plays, and its one JSON object at the end."""

from __future__ import annotations

from collections import Counter
from shlex import quote
from typing import TYPE_CHECKING

from sync_worker.core.model import RowKind, RowState
from sync_worker.report import applied as applying
from sync_worker.report import checks, explanation, plan
from sync_worker.report import pulled as pulling
from sync_worker.report.document import Commands, Fields, Heading, Text, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync_worker.apply import ApplyReport, VerifyReport
    from sync_worker.cli.demo.evidence import Evidence
    from sync_worker.cli.demo.play import Played
    from sync_worker.cli.demo.sandbox import Company, Sandbox
    from sync_worker.cycle import PlanReport
    from sync_worker.doctor import Check
    from sync_worker.explain import Explanation
    from sync_worker.pull import PullReport
    from sync_worker.report.document import Answer, Block, Document
    from sync_worker.store.plans import StoredPlan

EXCERPT = 5
"""Rows of each rule that the demo shows."""
SPOKEN = {"salesforce": "Salesforce's language", "hubspot": "HubSpot's language"}


def opening(company: Company, folder: Path) -> Document:
    """Before anything happens."""
    return (
        Heading("sync-worker demo", scene=True),
        Text(
            f"A made-up company with {company.accounts:,} accounts and {company.reps} reps (seed {company.seed}) in a "
            f"sandbox that speaks {SPOKEN[company.crm]}. Everything lies in {folder}/; nothing leaves this machine."
        ),
    )


def examined(found: tuple[Check, ...]) -> Document:
    """After ``doctor``."""
    return Heading("1. Check what a run needs (sync-worker doctor)", scene=True), *checks.checks(found)[0]


def pulled(report: PullReport) -> Document:
    """After ``pull``."""
    return Heading("2. Bring the CRM's records in (sync-worker pull)", scene=True), *pulling.pulled(report)[0]


def planned(report: PlanReport) -> Document:
    """After ``plan``: the plan with its reasons, an excerpt of the rows."""
    document, _ = plan.planned(report, few=EXCERPT)
    return Heading("3. Decide, and seal what should change (sync-worker plan)", scene=True), *document


def applied(report: ApplyReport, verified: VerifyReport, stored: StoredPlan) -> Document:
    """After ``approve`` and ``apply``."""
    heading = Heading("4. Approve it, write it, read it again (sync-worker approve, apply)", scene=True)
    return heading, *applying.applied(report, verified, stored)[0]


def explained(found: Explanation) -> Document:
    """After ``explain``."""
    return Heading(f"6. Ask why (sync-worker explain {found.account})", scene=True), *explanation.explained(found)[0]


def rebalanced(report: PlanReport) -> Document:
    """After ``plan --rebalance``, which is not applied."""
    document, _ = plan.planned(report, few=EXCERPT)
    heading = Heading("7. See what moves between reps would even out (sync-worker plan --rebalance)", scene=True)
    return heading, *document


def proof(evidence: Evidence, second: int) -> Document:
    """After the second run."""
    return Heading("5. Run again, and compare with the CRM's own log", scene=True), *_proof(evidence, second)


def _proof(evidence: Evidence, second: int) -> Iterator[Block]:
    if second:
        yield Text(f"the second run wants {second:,} changes; it should want none", Tone.BAD)
    else:
        yield Text("the second run changes nothing", Tone.GOOD)
    if evidence.ok:
        told = f"the CRM's own log holds exactly the {evidence.planned:,} planned field changes, each once"
        yield Text(told, Tone.GOOD)
    for name, changes in (("missing from", evidence.missing), ("unplanned in", evidence.unplanned)):
        for account, field, value in changes[:EXCERPT]:
            yield Text(f"{name} the CRM's log: {account} {field} = {value!r}", Tone.BAD)
        if len(changes) > EXCERPT:
            yield Text(f"… {len(changes):,} {name} it in all", Tone.BAD)


def outcome(played: Played) -> Answer:
    """The end: figures and, where the sandbox was kept, how to go on."""
    document: Document = (
        Heading("Done" if played.ok else "The demo found something wrong", scene=True),
        Fields(
            (
                ("took", f"{sum(played.seconds.values()):.1f} s"),
                ("API calls", ", ".join(f"{number} {kind}" for kind, number in played.calls.items())),
                ("config", str(played.made.config)),
                ("rules", str(played.made.rules)),
                ("store", str(played.store)),
                ("effect log", str(played.effects)),
            )
        ),
        *(_kept(played, played.sandbox) if played.sandbox else ()),
    )
    return document, _payload(played)


def _kept(played: Played, sandbox: Sandbox) -> Iterator[Block]:
    yield Heading("The sandbox is still running")
    yield Fields(
        (
            ("url", sandbox.url),
            ("client id", sandbox.client_id),
            ("client secret", f"in {played.made.secrets / 'client_secret'}"),
            ("access token", f"in {played.made.secrets / 'access_token'}"),
            ("process", str(sandbox.process)),
        )
    )
    config = f"--config {quote(str(played.made.config))}"
    yield Commands(
        (
            (f"sync-worker status {config}", "what ran, what it cost"),
            (f"sync-worker history {played.explained} {config}", "who owned the account, when and why"),
            (f"sync-worker audit verify {config}", "the log of all of it holds"),
            (f"$EDITOR {quote(str(played.made.rules))}", "change a rule, then …"),
            (f"sync-worker plan {config}", "… see what it would do"),
            (f"kill {sandbox.process}", "stop the sandbox; the next demo stops it too"),
        )
    )


def _rebalance(stored: StoredPlan | None) -> dict[str, object] | None:
    """How even the books would be, before and after; None where there is nothing to move."""
    if stored is None:
        return None
    priced = stored.plan.summary["priced"]
    return {
        "plan": stored.plan.id,
        "guards": stored.plan.guards,
        **(priced["total"] if isinstance(priced, dict) else {}),
    }


def _payload(played: Played) -> dict[str, object]:
    states = Counter(row.state for row in played.stored.rows)
    kinds = Counter(row.row.kind for row in played.stored.rows)
    sandbox = played.sandbox
    return {
        "ok": played.ok,
        "plan": played.stored.plan.id,
        "plan_hash": played.stored.plan.hash,
        "crm": played.company.crm,
        "accounts": played.company.accounts,
        "reps": played.company.reps,
        "seed": played.company.seed,
        "owner_changes": kinds[RowKind.OWNER],
        "priority_writes": kinds[RowKind.PRIORITY],
        "confirmed": states[RowState.CONFIRMED] + states[RowState.VERIFIED],
        "verified": states[RowState.VERIFIED],
        "conflicts": states[RowState.CONFLICT] + states[RowState.OVERWRITTEN] + states[RowState.OVERWROTE],
        "failed": states[RowState.FAILED],
        "unknown": states[RowState.UNKNOWN] + states[RowState.SENT],
        "second_run_changes": played.second_run_changes,
        "effects_planned": played.evidence.planned,
        "effects_logged": played.evidence.logged,
        "effects_agree": played.evidence.ok,
        "explained": played.explained,
        "rebalance": _rebalance(played.rebalance),
        "effect_log": played.effects.absolute(),
        "store": played.store.absolute(),
        "config": played.made.config.absolute(),
        "rules": played.made.rules.absolute(),
        "calls": played.calls,
        "seconds": played.seconds,
        "sandbox": None
        if sandbox is None
        else {"url": sandbox.url, "client_id": sandbox.client_id, "pid": sandbox.process},
    }
