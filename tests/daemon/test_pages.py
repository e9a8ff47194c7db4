"""What /healthz, /readyz and /metrics answer, over real HTTP."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from sync_worker import __version__
from sync_worker.config import ServerConfig
from sync_worker.daemon.heartbeat import SILENCE, Heartbeat
from sync_worker.daemon.metrics import Metrics
from sync_worker.daemon.probe import ask
from sync_worker.daemon.server import AddressTaken, Server, pages
from sync_worker.store.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIGURES = Figures(
    records={"accounts": 2000},
    quarantined={},
    cycles={("cycle", "ok"): 3, ("cycle", "failed"): 1},
    last_success={"cycle": NOW - timedelta(hours=6)},
    rows={"verified": 40, "overwritten": 2, "overwrote": 1},
    plans_waiting={"held": 1},
    held={"person": 5},
    oldest_sent=NOW - timedelta(minutes=90),
    audit_entries=123,
)


class Around:
    """What the pages look at, to be changed by a test."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.checks: dict[str, str] = {"store": "", "pause": ""}
        self.found: tuple[Figures, bool] | None = (FIGURES, True)
        self.heartbeat = Heartbeat(lambda: self.seconds)
        self.metrics = Metrics(lambda: self.found, lambda: NOW, self.heartbeat)
        self.url = ""

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=10)

    def samples(self) -> dict[str, float]:
        """Every sample of /metrics as ``name{label=value,…}``."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        return {
            sample.name + "".join(f"{{{key}={value}}}" for key, value in sample.labels.items()): sample.value
            for family in families
            for sample in family.samples
        }


@pytest.fixture
def around() -> Iterator[Around]:
    around = Around()
    app = pages(around.heartbeat, lambda: around.checks, around.metrics)
    with Server(ServerConfig(port=0), app) as server:
        around.url = server.url
        yield around


def test_healthz_follows_the_work_loop_and_nothing_else(around: Around) -> None:
    around.checks["store"] = "gone"
    around.found = None
    assert around.get("/healthz").status_code == 200
    around.seconds = SILENCE
    answer = around.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "stuck", "last_tick_seconds_ago": SILENCE})


def test_readyz_says_what_is_wrong(around: Around) -> None:
    assert around.get("/readyz").json() == {"ready": True, "checks": {"store": "ok", "pause": "ok"}}
    around.checks["pause"] = "paused by Dana"
    answer = around.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "checks": {"store": "ok", "pause": "paused by Dana"}}


def test_metrics_show_the_store_as_it_is_when_asked(around: Around) -> None:
    around.seconds = 4
    around.metrics.jobs.labels("pull", "ok").inc()
    around.metrics.calls.labels("query").inc(12)
    samples = around.samples()
    expected = {
        f"sync_worker_build{{version={__version__}}}": 1,
        "sync_worker_heartbeat_age_seconds": 4,
        "sync_worker_store_up": 1,
        "sync_worker_paused": 1,
        "sync_worker_overwritten_rows": 2,
        "sync_worker_overwrote_rows": 1,
        "sync_worker_plan_rows{state=verified}": 40,
        "sync_worker_plans_waiting{state=held}": 1,
        "sync_worker_accounts_held{kind=person}": 5,
        "sync_worker_records{stream=accounts}": 2000,
        "sync_worker_last_success_timestamp_seconds{kind=cycle}": (NOW - timedelta(hours=6)).timestamp(),
        "sync_worker_cycles_total{kind=cycle}{outcome=ok}": 3,
        "sync_worker_oldest_sent_row_age_seconds": 5400,
        "sync_worker_audit_entries": 123,
        "sync_worker_jobs_total{job=pull}{outcome=ok}": 1,
        "sync_worker_crm_calls_total{kind=query}": 12,
    }
    assert {name: samples.get(name) for name in expected} == expected


def test_metrics_go_on_without_a_store(around: Around) -> None:
    around.found = None
    samples = around.samples()
    assert samples["sync_worker_store_up"] == 0
    assert "sync_worker_paused" not in samples


def test_only_the_three_pages_are_there(around: Around) -> None:
    assert around.get("/").status_code == 404
    assert requests.post(around.url + "/healthz", timeout=10).status_code == 405
    assert "server" not in around.get("/healthz").headers


def test_a_taken_address_is_told_before_anything_starts(around: Around) -> None:
    port = int(around.url.rsplit(":", 1)[1])
    with pytest.raises(AddressTaken, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*in use") as caught:
        Server(ServerConfig(port=port), pages(around.heartbeat, dict, around.metrics))
    assert "[server]" in caught.value.hint


def test_the_server_ends_with_its_block(around: Around) -> None:
    with Server(ServerConfig(port=0), pages(around.heartbeat, dict, around.metrics)) as server:
        assert requests.get(server.url + "/healthz", timeout=10).ok
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url + "/healthz", timeout=10)
    assert not [thread for thread in threading.enumerate() if thread.name == "server" and thread.ident is None]


def test_a_probe_hears_whether_the_work_loop_is_alive(around: Around) -> None:
    port = int(around.url.rsplit(":", 1)[1])
    assert ask(ServerConfig(port=port)).alive
    assert ask(ServerConfig(host="0.0.0.0", port=port)).alive  # noqa: S104 - a daemon that listens everywhere
    around.seconds = SILENCE
    answer = ask(ServerConfig(port=port))
    assert (answer.alive, answer.message) == (False, "the work loop has been silent for 600.0 s: restart the daemon")


def test_a_probe_takes_no_answer_or_a_strange_one_as_not_alive(around: Around) -> None:
    assert "no daemon answers on 127.0.0.1:1" in ask(ServerConfig(port=1)).message
    assert "set a port" in ask(ServerConfig(port=0)).message
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not ask(ServerConfig(port=silent.getsockname()[1]), seconds=0.2).alive
    del around
