"""What jobs do with their slots, with failures and with signals, on a real store."""

from __future__ import annotations

import io
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import pytest
import structlog
import time_machine
from sqlalchemy import text

from connectors.port import LimitReached, Unauthorized, Unreachable
from sync_worker import log
from sync_worker.apply import RecoverReport
from sync_worker.config import Config, LogConfig, SalesforceConfig, ScheduleConfig
from sync_worker.core.model import Plan, PlanRow, RowKind
from sync_worker.core.traces import LANDS_WITHIN
from sync_worker.daemon.heartbeat import Heartbeat
from sync_worker.daemon.jobs import Jobs
from sync_worker.daemon.metrics import Metrics
from sync_worker.store import StoreError, audit, cycles, open_store, plans, settings, slots, upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sync_worker.store import Store


class StandInWorker:
    """Stands in for ``app.Worker``: records its runs in the real store as that does; ``acts`` say what it meets."""

    def __init__(self, store: Store, acts: list[Callable[[], object]], done: list[str]) -> None:
        self.store = store
        self._acts = acts
        self._done = done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """The store is the test's: it stays open."""

    def _run(self, kind: str) -> object:
        now = datetime.now(UTC)
        with self.store.begin() as tx:
            number = cycles.start(tx, kind, now)
        outcome = "failed"
        try:
            act = self._acts.pop(0) if self._acts else None
            result = act() if act else "a report"
            outcome = "ok"
        finally:
            self._done.append(kind)
            with self.store.begin() as tx:
                cycles.finish(tx, number, outcome, {"accounts": 7}, {"query": 3, "token": 1}, None, now)
        return result

    def cycle(self) -> object:
        return self._run("cycle")

    def pull(self) -> object:
        return self._run("pull")

    def recover(self) -> object:
        return self._run("recover")

    def apply_approved(self) -> object:
        return self._run("apply")


def failing(error: Exception) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


class Shop:
    """Jobs with all that they need, and what came of them."""

    def __init__(self, store: Store, schedule: ScheduleConfig) -> None:
        self.store = store
        self.acts: list[Callable[[], object]] = []
        self.done: list[str] = []
        self.stop = threading.Event()
        self.seconds = 0.0
        self.heartbeat = Heartbeat(lambda: self.seconds)
        self.metrics = Metrics(lambda: None, lambda: datetime.now(UTC), self.heartbeat)
        self.out = io.StringIO()
        config = Config(salesforce=SalesforceConfig(url="https://acme.example"), schedule=schedule)
        self.jobs = Jobs(config, self.open, lambda: datetime.now(UTC), self.heartbeat, self.metrics, self.stop)
        self.broken: Exception | None = None

    def open(self) -> StandInWorker:
        if self.broken:
            raise self.broken
        return StandInWorker(self.store, self.acts, self.done)

    def count(self, job: str, outcome: str) -> float:
        name, labels = "sync_worker_jobs_total", {"job": job, "outcome": outcome}
        return self.metrics.registry.get_sample_value(name, labels) or 0

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]

    def tries(self, slot: str) -> list[tuple[str, str | None]]:
        with self.store.read() as tx:
            return [(claim.slot, claim.outcome) for claim in slots.tries(tx, "cycle", slot)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(url)
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def shop(store: Store) -> Iterator[Shop]:
    shop = Shop(store, ScheduleConfig(time_zone="Europe/Berlin", daily="02:30"))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(LogConfig(format="json"), stream=shop.out)
    yield shop
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_daily_cycle_runs_once_in_the_night_that_ends_summer_time(shop: Shop) -> None:
    """02:30 comes twice in Berlin on 2026-10-25, and APScheduler fires at both."""
    for moment in ("2026-10-24T00:30", "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-26T01:30"):
        with time_machine.travel(utc(moment), tick=False):
            shop.jobs.daily()
    assert shop.done == ["cycle"] * 3
    assert shop.tries("2026-10-25") == [("2026-10-25", "ok")]


def test_a_cycle_missed_while_the_daemon_was_down_is_made_up_for_once(shop: Shop) -> None:
    with time_machine.travel(utc("2026-11-22T09:00"), tick=False):
        shop.jobs.daily()
        shop.jobs.daily()
    assert shop.done == ["cycle"]
    assert shop.tries("2026-11-22") == [("2026-11-22", "ok")]


def test_two_daemons_never_run_the_same_slot(shop: Shop, store: Store) -> None:
    other = Shop(store, ScheduleConfig(time_zone="Europe/Berlin", daily="02:30"))
    with time_machine.travel(utc("2026-11-22T09:00"), tick=False):
        shop.jobs.daily()
        other.jobs.daily()
        shop.jobs.pull()
        other.jobs.pull()
    assert (shop.done, other.done) == (["cycle", "pull"], [])


def test_a_failed_cycle_is_tried_again_and_its_problem_goes_when_it_succeeds(shop: Shop) -> None:
    shop.acts = [failing(Unreachable("nothing answers at acme.example", hint="is it down?"))]
    with time_machine.travel(utc("2026-11-22T09:00"), tick=False) as time:
        shop.jobs.daily()
        assert shop.jobs.problems == {"cycle": "nothing answers at acme.example"}
        shop.jobs.daily()
        time.shift(timedelta(minutes=15))
        shop.jobs.daily()
    assert shop.jobs.problems == {}
    assert shop.tries("2026-11-22") == [("2026-11-22", "failed"), ("2026-11-22 #2", "ok")]
    assert (shop.count("cycle", "failed"), shop.count("cycle", "ok")) == (1, 1)


def test_a_known_failure_is_one_line_with_the_way_out_and_no_traceback(shop: Shop) -> None:
    shop.acts = [failing(Unreachable("nothing answers", hint="is it down?"))]
    shop.jobs.pull()
    (line,) = [line for line in shop.lines() if line["level"] == "error"]
    assert (line["job"], line["kind"], line["error"], line["hint"]) == (
        "pull",
        "Unreachable",
        "nothing answers",
        "is it down?",
    )
    assert "exception" not in line


def test_an_unforeseen_failure_keeps_its_traceback_and_the_daemon_its_life(shop: Shop) -> None:
    shop.acts = [failing(ZeroDivisionError("oops"))]
    shop.jobs.recover()
    shop.jobs.recover()
    assert shop.done == ["recover", "recover"]
    assert any("ZeroDivisionError" in str(line.get("exception")) for line in shop.lines())


def test_a_store_that_cannot_be_opened_is_told_and_waited_for(shop: Shop) -> None:
    shop.broken = StoreError("the store is at an older version", hint="run 'sync-worker db upgrade'")
    shop.jobs.daily()
    assert shop.jobs.problems == {"cycle": "the store is at an older version"}
    shop.broken = None
    shop.jobs.daily()
    assert shop.done == ["cycle"]


@pytest.mark.parametrize("error", [Unauthorized("refused"), LimitReached("spent")])
def test_after_a_refusal_nothing_asks_the_crm_for_an_hour(shop: Shop, error: Exception) -> None:
    """Asking on with refused credentials locks the integration user out."""
    shop.acts = [failing(error)]
    with time_machine.travel(utc("2026-11-22T09:00"), tick=False) as time:
        shop.jobs.pull()
        time.shift(timedelta(minutes=59))
        shop.jobs.daily()
        shop.jobs.pull()
        assert shop.done == ["pull"]
        time.shift(timedelta(minutes=1))
        shop.jobs.pull()
    assert shop.done == ["pull", "pull"]


def test_nothing_begins_after_the_signal_to_stop(shop: Shop) -> None:
    shop.stop.set()
    for job in (shop.jobs.recover, shop.jobs.daily, shop.jobs.pull, shop.jobs.apply):
        job()
    assert shop.done == []


def test_a_cycle_ended_by_the_signal_is_no_failure_and_is_taken_up_again(shop: Shop) -> None:
    def stopped() -> object:
        shop.stop.set()
        raise Unreachable("told to stop")

    shop.acts = [stopped]
    with time_machine.travel(utc("2026-11-22T09:00"), tick=False) as time:
        shop.jobs.daily()
        assert shop.tries("2026-11-22") == [("2026-11-22", "stopped")]
        assert shop.jobs.problems == {}
        shop.stop.clear()
        time.shift(timedelta(minutes=15))
        shop.jobs.daily()
    assert shop.tries("2026-11-22")[-1] == ("2026-11-22 #2", "ok")


def test_nothing_is_applied_and_nothing_fails_while_the_worker_is_paused(shop: Shop, store: Store) -> None:
    """I13."""
    with store.begin() as tx:
        settings.pause(tx, "Dana", "quarter end", datetime.now(UTC))
    shop.jobs.apply()
    assert (shop.done, shop.jobs.problems) == ([], {})
    with store.begin() as tx:
        settings.resume(tx)
    shop.jobs.apply()
    assert shop.done == ["apply"]


def test_a_write_without_an_end_is_looked_at_again_once_no_request_of_it_can_land(shop: Shop, store: Store) -> None:
    """I6; and nobody need apply anything for it."""
    now = shop.jobs.clock()
    row = PlanRow(1, "hubspot", "1", "Acme", RowKind.OWNER, {"owner": "a"}, {"owner": "b"}, "book:emea", "", "r")
    plan = Plan("p", "h", now, now + timedelta(days=1), "r", "c", "v", (row,))
    with store.begin() as tx:
        plans.save(tx, plan, now=now)
        tx.execute(text("UPDATE plan_row SET state = 'confirmed', sent_at = :at"), {"at": _stored(now)})
    shop.acts += [lambda: None]
    shop.jobs.apply()
    assert shop.done == ["apply"]
    with store.begin() as tx:
        tx.execute(text("UPDATE plan_row SET sent_at = :at"), {"at": _stored(now - LANDS_WITHIN)})
    shop.acts += [lambda: None, lambda: RecoverReport(warnings=("hubspot cannot be read",))]
    shop.jobs.apply()
    assert shop.done == ["apply", "apply", "recover"]
    assert any(line.get("reason") == "hubspot cannot be read" for line in shop.lines())


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_jobs_show_that_they_live_and_when_they_are_idle(shop: Shop) -> None:
    seen: list[bool] = []

    def look() -> object:
        seen.append(shop.jobs.idle.is_set())
        return "a report"

    shop.acts = [look]
    shop.seconds = 50
    shop.jobs.pull()
    assert seen == [False]
    assert shop.jobs.idle.is_set()
    assert shop.heartbeat.age() == 0


def test_the_calls_of_a_run_are_counted_once(shop: Shop) -> None:
    shop.jobs.pull()
    shop.jobs.pull()  # the same slot: nothing runs
    calls = shop.metrics.registry.get_sample_value("sync_worker_crm_calls_total", {"kind": "query"})
    assert calls == 3
    assert [line["event"] for line in shop.lines()] == ["run ended"]


def test_an_audit_chain_that_was_tampered_with_is_told(shop: Shop, store: Store) -> None:
    """Also when its end was cut off together with its counter: the daemon remembers how far it reached."""
    now = datetime.now(UTC)
    with store.begin() as tx:
        for number in range(3):
            audit.append(tx, "note", {"number": number}, now=now)
    shop.jobs.audit()
    assert shop.jobs.problems == {}
    with store.begin() as tx:
        for trigger in tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            tx.execute(text(f"DROP TRIGGER {trigger}"))
        tx.execute(text("DELETE FROM audit WHERE number = 3"))
    shop.jobs.audit()
    assert shop.jobs.problems["audit"]
    (line,) = [line for line in shop.lines() if line["level"] == "error"]
    assert (line["kind"], shop.count("audit", "failed")) == ("AuditBroken", 1)
