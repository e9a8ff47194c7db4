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
from sync_worker.core.model import RowState
from sync_worker.store import audit, upgrade
from tests.crash.office import Office, rows_for

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


@pytest.fixture(scope="module")
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

    effects = sandbox.effects[before:]
    seen = Counter((effect["id"], effect["field"]) for effect in effects)
    wanted = {(row.account, "OwnerId"): row.after["owner"] for row in rows if row.kind == "owner"}
    wanted |= {(row.account, "Priority_Score__c"): row.after["score"] for row in rows if row.kind == "priority"}
    assert {key: seen[key] for key in wanted} == dict.fromkeys(wanted, 1)
    assert {(e["id"], e["field"]): e["after"] for e in effects if (e["id"], e["field"]) in wanted} == wanted
    assert {row.state for row in office.plan("plan-1").rows} == {RowState.VERIFIED}
    with office.store.read() as tx:
        assert audit.verify(tx).ok


def _killed(workers: Workers, sandbox: Sandbox, effects: int, moment: float) -> bool:
    """Start a worker and kill it after so many effects and a moment more; whether that ended it."""
    until = len(sandbox.effects) + effects
    worker = workers.start()
    deadline = time.monotonic() + 5
    while len(sandbox.effects) < until and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(moment)
    os.kill(worker, signal.SIGKILL)  # nobody has reaped it yet, so the id is still its own
    return workers.reap() == -signal.SIGKILL
