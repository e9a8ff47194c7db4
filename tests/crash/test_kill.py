"""I19: a worker may be killed at any instruction. The CRM's own effect log shows each planned change at most once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from sync_worker.apply.reading import FRESH_SECONDS
from sync_worker.core.model import RowState
from sync_worker.core.traces import LANDS_WITHIN
from sync_worker.store import audit, upgrade
from sync_worker.store.lease import LeaseHeld
from tests.crash.office import HubOffice, Office, hub_rows, rows_for, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLS = 14
OWNERS = 160
PRIORITIES = 40
ROOT = Path(__file__).parents[2]


class Workers:
    """Starts workers that can be killed: each is a process of its own."""

    def __init__(self, office: Office) -> None:
        environment = {
            **os.environ,
            "CRM": office.crm_name,
            "STORE": office.store_url,
            "URL": office.url,
            "CLIENT_ID": office.client_id,
            "CLIENT_SECRET": office.client_secret,
        }
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.worker", "plan-1"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self) -> int:
        """The new worker's process id."""
        return self._ask("go")

    def reap(self) -> int:
        """Wait for the worker; its exit status, negative for a signal."""
        return self._ask("reap")

    def close(self) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(20)
        self._server.stdout.close()

    def _ask(self, words: str) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(words + "\n")
        return int(self._server.stdout.readline())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(accounts=250, reps=10, seed=7) as running:
        yield running


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    store_url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(store_url)
    opened = Office(store_url, sandbox.url, sandbox.client_id, sandbox.client_secret)
    yield opened
    opened.close()


def test_i19_a_dozen_kills_in_one_plan_change_every_account_once(office: Office, sandbox: Sandbox) -> None:
    rows = rows_for(sandbox, owners=OWNERS, priorities=PRIORITIES)
    office.approved(rows)
    before = len(sandbox.effects)
    draw = random.Random(19)  # noqa: S311 - moments to kill at, no secrets
    workers = Workers(office)
    try:
        killed = 0
        while killed < KILLS and len(sandbox.effects) - before < len(rows):
            killed += _killed(workers, sandbox, draw.randrange(0, 7), draw.uniform(0.0, 0.03))
        assert killed >= 10
        workers.start()
        assert workers.reap() == 0
    finally:
        workers.close()

    seen = Counter((effect["id"], effect["field"]) for effect in sandbox.effects[before:])
    shown = {(e["id"], e["field"]): e["after"] for e in sandbox.effects[before:]}
    stored = office.plan("plan-1").rows
    for row in stored:
        name, field = ("owner", "OwnerId") if row.row.kind == "owner" else ("score", "Priority_Score__c")
        key = (row.row.account, field)
        if row.state is RowState.SUPERSEDED:  # killed three times between its intent and its write
            assert (row.tries, seen[key]) == (3, 0)
        else:
            assert (row.state, seen[key], shown[key]) == (RowState.VERIFIED, 1, row.row.after[name])
    assert sum(row.state is RowState.VERIFIED for row in stored) > 0.8 * len(stored)
    with office.store.read() as tx:
        assert audit.verify(tx).ok


def test_a_process_frozen_past_its_pre_read_reads_again_and_overwrites_nobody(office: Office, sandbox: Sandbox) -> None:
    rows = rows_for(sandbox, owners=120, priorities=0)
    office.approved(rows)
    before = len(sandbox.effects)
    workers = Workers(office)
    try:
        worker = workers.start()
        _wait_for(sandbox, before + 15)
        os.kill(worker, signal.SIGSTOP)
        dana = sandbox.company.user_id("Dana Whitfield")
        moved = len(sandbox.effects) - before
        sandbox.company.edit("Account", rows[-1].account, dana, OwnerId=dana)
        with pytest.raises(LeaseHeld):
            office.lease()
        time.sleep(FRESH_SECONDS + 0.2)
        os.kill(worker, signal.SIGCONT)
        assert workers.reap() == 0
    finally:
        workers.close()
    assert 15 <= moved < 120
    states = [row.state for row in office.plan("plan-1").rows]
    assert states[-1] is RowState.CONFLICT
    assert set(states[:-1]) == {RowState.VERIFIED}
    moves = Counter(str(e["id"]) for e in sandbox.effects[before:] if e["field"] == "OwnerId")
    assert set(moves.values()) == {1}


def test_i19_kills_at_hubspot_change_every_company_once_and_replace_nobody(tmp_path: Path) -> None:
    """A hundred leave in one call, so a kill leaves many riddles at once; the history solves them."""
    store_url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(store_url)
    with Sandbox(crm="hubspot", accounts=500, reps=10, seed=7, burst_limit=100_000) as sandbox:
        office = HubOffice(store_url, sandbox.url, "", sandbox.access_token)
        rows = hub_rows(sandbox, owners=400, priorities=40)
        office.approved(rows)
        before = len(sandbox.effects)
        draw = random.Random(19)  # noqa: S311 - moments to kill at, no secrets
        workers = Workers(office)
        try:
            killed = sum(_killed(workers, sandbox, draw.randrange(0, 7), draw.uniform(0.0, 0.1)) for _ in range(8))
            assert killed >= 4
            workers.start()
            assert workers.reap() in {0, 3}
        finally:
            workers.close()
        office.now = lambda: utc_now() + LANDS_WITHIN
        with office.lease() as lease:
            office.recover(lease)
            if office.plan("plan-1").state == "approved":
                office.apply("plan-1", lease)
                office.verify("plan-1", lease)
        stored = office.plan("plan-1").rows
        office.close()
        moves = [effect for effect in sandbox.effects[before:] if effect["field"] == "hubspot_owner_id"]
    seen = Counter(str(move["id"]) for move in moves)
    for row in stored:
        if row.row.kind == "owner":
            assert (row.state, seen[row.row.account]) in {(RowState.VERIFIED, 1), (RowState.SUPERSEDED, 0)}
    assert sum(row.state is RowState.VERIFIED for row in stored) > 0.8 * len(stored)


def _wait_for(sandbox: Sandbox, effects: int) -> None:
    deadline = time.monotonic() + 30
    while len(sandbox.effects) < effects and time.monotonic() < deadline:
        time.sleep(0.002)


def _killed(workers: Workers, sandbox: Sandbox, effects: int, moment: float) -> bool:
    """Start a worker and kill it after so many effects and a moment more; whether that ended it."""
    until = len(sandbox.effects) + effects
    worker = workers.start()
    _wait_for(sandbox, until)
    time.sleep(moment)
    os.kill(worker, signal.SIGKILL)  # nobody has reaped it yet, so the id is still its own
    return workers.reap() == -signal.SIGKILL
