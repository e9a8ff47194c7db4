"""A daemon as a process of its own, from start to signal, against the sandbox over real HTTP."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import pytest
import requests

from connectors.sandbox import Sandbox
from sync_worker.app import open_worker
from sync_worker.cli.starting import Started, Template, start
from sync_worker.config import load
from sync_worker.store import upgrade
from sync_worker.store.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT = 60.0
"""Seconds after which something that should happen has not."""


class Place:
    """A folder with config, rules and secrets for a small sandbox, its store migrated."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        values = {"salesforce.url": sandbox.url, "salesforce.client_id": sandbox.client_id}
        self.made: Started = start(folder, Template.DEMO, values)
        (self.made.secrets / "client_secret").write_text(sandbox.client_secret)
        self.config = load(self.made.config, environ={}).config
        upgrade(self.config.store.url)


class Daemon:
    """``sync-worker run`` as a process; its log lines as they come."""

    def __init__(self, place: Place, *flags: str, environment: dict[str, str] | None = None) -> None:
        options = [part for flag in ("server.port=0", *flags) for part in ("--set", flag)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sync_worker", "--config", place.made.config, *options, "run"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env=os.environ | (environment or {}),
        )
        self.lines: list[dict[str, Any]] = []
        self._coming: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._coming.put(json.loads(line) if line.startswith("{") else {"event": "", "text": line})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._reader.join(10)
        assert self.process.stderr
        self.process.stderr.close()

    def heard(self, event: str, **values: object) -> dict[str, Any]:
        """The next log line of this event with these values."""
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            try:
                line = self._coming.get(timeout=0.2)
            except queue.Empty:
                continue
            self.lines.append(line)
            if line["event"] == event and values.items() <= line.items():
                return line
        raise AssertionError(f"no '{event}' with {values} came; what came: {self.lines}")

    def ends(self, *signals: signal.Signals) -> int:
        """Send signals; the exit code."""
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.3)
        return self.process.wait(WAIT)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(accounts=200, reps=6) as sandbox:
        yield sandbox


@pytest.fixture
def place(tmp_path: Path, sandbox: Sandbox) -> Place:
    sandbox.faults()
    return Place(tmp_path / "here", sandbox)


def metric(url: str, name: str) -> float | None:
    for line in requests.get(f"{url}/metrics", timeout=10).text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.rsplit(" ", 1)[1])
    return None


def test_a_day_of_the_daemon(place: Place, sandbox: Sandbox) -> None:
    """It plans at once, writes nothing unasked, writes what was approved, and then finds nothing more to do."""
    with Daemon(place) as daemon:
        url = daemon.heard("started")["url"]
        daemon.heard("run ended", job="recover", outcome="ok")
        ended = daemon.heard("run ended", job="cycle", outcome="ok")
        assert ended["calls"]["query"] > 0
        assert ended["counts"]["pulled"] > ended["counts"]["owner_changes"] > 0
        assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
        ready = requests.get(f"{url}/readyz", timeout=10)
        assert (ready.status_code, ready.json()["ready"]) == (200, True)
        assert metric(url, 'sync_worker_cycles_total{kind="cycle",outcome="ok"}') == 1
        assert metric(url, 'sync_worker_crm_calls_total{kind="query"}') == ended["calls"]["query"]
        assert sandbox.effects == []
        assert daemon.ends(signal.SIGTERM) == 0
        assert not [line for line in daemon.lines if "text" in line], "each line of the log is one JSON object"
        assert sandbox.client_secret not in json.dumps(daemon.lines)
        assert sandbox.access_token not in json.dumps(daemon.lines)

    with open_worker(place.config) as worker:
        plan = worker.plan_of()
        worker.approve(plan.plan.id, by="Dana", overrides=[guard.name for guard in plan.plan.guards])
    with Daemon(place) as daemon:
        daemon.heard("run ended", job="apply", outcome="ok")
        assert daemon.ends(signal.SIGTERM) == 0
    assert plan.rows
    changed = {(str(effect["id"])[:15], str(effect["field"])) for effect in sandbox.effects}
    assert {(row.row.account[:15], "OwnerId") for row in plan.rows if row.row.kind == "owner"} <= changed


def test_nothing_is_written_by_rules_with_mistakes_and_readyz_names_them(place: Place, sandbox: Sandbox) -> None:
    """I23: bad rules mean no writes, and the daemon says so."""
    before = len(sandbox.effects)
    rules = next(place.made.rules.glob("*.yaml"))
    rules.write_text(rules.read_text() + "\nprotects: []\n")
    with Daemon(place, "apply.policy=automatic") as daemon:
        url = daemon.heard("started")["url"]
        assert rules.name in daemon.heard("failed", job="cycle", kind="RulesInvalid")["error"]
        answer = requests.get(f"{url}/readyz", timeout=10)
        assert answer.status_code == 503
        assert f"{rules.name}:" in answer.json()["checks"]["latest cycle"]
        assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
        assert daemon.ends(signal.SIGINT) == 0
    assert len(sandbox.effects) == before


def test_a_store_without_tables_is_told_with_the_way_out(place: Place, tmp_path: Path) -> None:
    with Daemon(place, f"store.url=sqlite:///{tmp_path / 'empty.db'}") as daemon:
        url = daemon.heard("started")["url"]
        assert "db upgrade" in daemon.heard("failed", job="recover")["hint"]
        assert requests.get(f"{url}/readyz", timeout=10).status_code == 503
        assert metric(url, "sync_worker_store_up") == 0
        assert daemon.ends(signal.SIGHUP) == 0


def test_another_worker_that_writes_is_named_in_readyz(place: Place) -> None:
    """I18: one applier."""
    with Daemon(place) as daemon:
        url = daemon.heard("started")["url"]
        daemon.heard("run ended", job="cycle")
        with open_worker(place.config) as worker, Lease.acquire(worker.store, "elsewhere:7"):
            answer = requests.get(f"{url}/readyz", timeout=10)
        assert answer.status_code == 503
        assert answer.json()["checks"]["lease"].startswith("elsewhere:7 is writing")
        assert requests.get(f"{url}/readyz", timeout=10).status_code == 200
        assert daemon.ends(signal.SIGTERM) == 0


def test_the_service_manager_hears_of_start_life_and_end(place: Place, tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(WAIT)
        with Daemon(place, environment={"NOTIFY_SOCKET": path}) as daemon:
            assert manager.recv(500).startswith(b"READY=1\nSTATUS=")
            assert manager.recv(500) == b"WATCHDOG=1"
            assert daemon.ends(signal.SIGTERM) == 0
            heard = [manager.recv(500)]
            while heard[-1] == b"WATCHDOG=1":
                heard.append(manager.recv(500))
            assert heard[-1] == b"STOPPING=1"


def test_a_taken_port_is_one_message_and_exit_1(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = ["sync_worker", "--config", str(place.made.config), "--set", f"server.port={port}", "run"]
        done = subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, timeout=WAIT, check=False
        )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "[server]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_signal_ends_it_at_once_even_in_mid_call(place: Place, sandbox: Sandbox) -> None:
    """I20: the CRM is silent, so the job at hand cannot end."""
    sandbox.faults({"on": "query", "every": 1, "fault": "stall", "seconds": 40})
    with Daemon(place) as daemon:
        daemon.heard("started")
        time.sleep(2)
        begun = time.monotonic()
        assert daemon.ends(signal.SIGTERM, signal.SIGTERM) == 128 + signal.SIGTERM
        assert time.monotonic() - begun < 5


def test_a_first_signal_ends_it_within_25_seconds_even_in_mid_call(place: Place, sandbox: Sandbox) -> None:
    """I20: what the silent CRM did is settled at the next start."""
    sandbox.faults({"on": "query", "every": 1, "fault": "stall", "seconds": 40})
    with Daemon(place) as daemon:
        daemon.heard("started")
        time.sleep(2)
        begun = time.monotonic()
        assert daemon.ends(signal.SIGTERM) in {0, 1}
        assert time.monotonic() - begun < 25
