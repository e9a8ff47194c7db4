"""The demo, scene by scene: the steps that a person would type, and a check that they did what they say."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connectors.port import Stream
from sync_worker.cli.demo import views
from sync_worker.cli.demo.evidence import Evidence, compare
from sync_worker.cli.demo.sandbox import Company, DemoFailed, Sandbox, clean, running
from sync_worker.cli.progress import watching
from sync_worker.cli.starting import Crm, Started, Template, start
from sync_worker.core.model import RowKind, RowState
from sync_worker.core.rebalance import Rebalance, Wanted
from sync_worker.store import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sync_worker.app import Worker
    from sync_worker.cli.session import Session
    from sync_worker.store.plans import StoredPlan

BY = "demo"


@dataclass(frozen=True, slots=True)
class Played:
    """What the demo did and found."""

    company: Company
    made: Started
    stored: StoredPlan
    evidence: Evidence
    second_run_changes: int
    calls: Mapping[str, int]
    seconds: Mapping[str, float]
    explained: str
    rebalance: StoredPlan | None
    """What a rebalance would move: a plan that waits. None: the books are as even as they can be."""
    store: Path
    effects: Path
    sandbox: Sandbox | None
    """Only where it was left running."""

    @property
    def ok(self) -> bool:
        """True when every row ended well, the effect log agrees with the plan, and the second run changed nothing."""
        good = {RowState.CONFIRMED, RowState.VERIFIED, RowState.NOOP}
        ended_well = all(row.state in good for row in self.stored.rows)
        return bool(self.stored.rows) and ended_well and self.evidence.ok and not self.second_run_changes


@dataclass(slots=True)
class Watch:
    """How long each scene took, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def scene(self, name: str) -> Iterator[None]:
        """Time a scene under its name."""
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 2)


def play(session: Session, company: Company, folder: Path, *, keep: bool) -> Played:
    """All scenes. Raises DemoFailed, and whatever the worker raises."""
    watch = Watch()
    session.out.scene(views.opening(company, folder))
    with ExitStack() as life:
        with watch.scene("sandbox"):
            clean(folder)
            sandbox = life.enter_context(running(folder, company, keep=keep))
        made = _settle(folder, company, sandbox)
        inner = replace(session, options=replace(session.options, config=made.config, profile=None, set=()))
        played = _work(inner, company, made, sandbox, watch)
        return replace(played, sandbox=sandbox if keep else None)


def _settle(folder: Path, company: Company, sandbox: Sandbox) -> Started:
    """Config, rules, secrets and an empty store, as 'init' and 'db upgrade' make them."""
    from sync_worker.config import load
    from sync_worker.store import upgrade

    crm = company.crm
    made = start(folder, Template.DEMO, {f"{crm}.url": sandbox.url, f"{crm}.client_id": sandbox.client_id}, crms=(crm,))
    if crm is Crm.HUBSPOT:
        (made.rules / "reps.csv").write_text(rep_file(sandbox.capacities()), encoding="utf-8")
    for name, secret in (("client_secret", sandbox.client_secret), ("access_token", sandbox.access_token)):
        with os.fdopen(os.open(made.secrets / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret + "\n")
    upgrade(load(made.config, environ={}).config.store.url)
    return made


def rep_file(capacities: Mapping[str, int]) -> str:
    """The rules' rep file: HubSpot's owners have no field for how many accounts they may own."""
    return "".join(["email,capacity (number)\n", *(f"{email},{most}\n" for email, most in capacities.items())])


def _work(session: Session, company: Company, made: Started, sandbox: Sandbox, watch: Watch) -> Played:
    out = session.out
    with session.worker() as worker:
        _examine(session, worker, watch)
        stored = _plan(session, worker, watch)
        with watch.scene("apply"), watching(out) as progress:
            # A small company trips guards; the demo overrides them by name, as a person would have to.
            tripped = [guard.name for guard in stored.plan.guards]
            worker.approve(stored.plan.id, by=BY, overrides=tripped, note="the demo's own approval")
            report, verified = worker.apply(stored.plan.id, progress=progress)
            stored = worker.plan_of(stored.plan.id)
        out.scene(views.applied(report, verified, stored))
        with watch.scene("second run"), watching(out) as progress:
            again = worker.cycle(progress=progress).planned.plan
        second = len(again.rows) if again else 0
        evidence = compare(stored.rows, _names(worker), sandbox.effects)
        out.scene(views.proof(evidence, second))
        explained = _explain(session, worker, stored, watch)
        rebalance = _rebalance(session, worker, watch)
    return Played(
        company=company,
        made=made,
        stored=stored,
        evidence=evidence,
        second_run_changes=second,
        calls=sandbox.calls(),
        seconds=watch.seconds,
        explained=explained,
        rebalance=rebalance,
        store=made.folder / "sync-worker.db",
        effects=sandbox.effects,
        sandbox=None,
    )


def _names(worker: Worker) -> Mapping[str, Mapping[str, str]]:
    """What each CRM calls the account fields that the worker knows, by CRM and worker name."""
    with worker.store.read() as tx:
        schemas = settings.get(tx, "schema")
    return {
        crm: {name: field["crm_name"] for name, field in streams[Stream.ACCOUNTS].items()}
        for crm, streams in schemas.items()
    }


def _examine(session: Session, worker: Worker, watch: Watch) -> None:
    with watch.scene("doctor"):
        checks = worker.doctor()
    session.out.scene(views.examined(checks))
    if bad := [check for check in checks if check.ok is False]:
        raise DemoFailed(f"{bad[0].name}: {bad[0].message}", hint=bad[0].hint)


def _plan(session: Session, worker: Worker, watch: Watch) -> StoredPlan:
    with watch.scene("pull"), watching(session.out) as progress:
        pulled = worker.pull(progress=progress)
    session.out.scene(views.pulled(pulled))
    with watch.scene("plan"), watching(session.out) as progress:
        report = worker.plan(progress=progress)
    if report.plan is None:
        raise DemoFailed("the plan is empty: this company needs no change", hint="try another --seed")
    session.out.scene(views.planned(report))
    return report.plan


def _rebalance(session: Session, worker: Worker, watch: Watch) -> StoredPlan | None:
    """Plan a rebalance, and leave it at that: whether it is worth its moves is for a person to say."""
    with watch.scene("rebalance"), watching(session.out) as progress:
        report = worker.plan(wanted=Wanted(Rebalance()), progress=progress)
    session.out.scene(views.rebalanced(report))
    return report.plan


def _explain(session: Session, worker: Worker, stored: StoredPlan, watch: Watch) -> str:
    """Explain an account that a rep won, or else one that a rep lost."""
    moved = [row.row for row in stored.rows if row.row.kind is RowKind.OWNER]
    chosen = next((row for row in moved if row.rule.startswith("book:")), moved[0] if moved else stored.rows[0].row)
    with watch.scene("explain"):
        found = worker.explain(chosen.account)
    session.out.scene(views.explained(found))
    return chosen.account
