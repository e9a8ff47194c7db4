"""What Prometheus reads. Labels are kinds and states, never an account or a person.

The store's figures are read when somebody asks; what only this process knows (its jobs, its calls) is counted here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from sync_worker import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from prometheus_client.core import Metric

    from sync_worker.daemon.heartbeat import Heartbeat
    from sync_worker.store.figures import Figures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The registry of one daemon, its own counters in it."""

    def __init__(
        self, look: Callable[[], tuple[Figures, bool] | None], clock: Callable[[], datetime], heartbeat: Heartbeat
    ) -> None:
        """``look`` gives the store's figures and whether the worker is paused; None while it cannot be read."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter began is nobody's question
        self.registry = CollectorRegistry()
        self.jobs = Counter(
            "sync_worker_jobs", "Jobs that ended, by outcome.", ["job", "outcome"], registry=self.registry
        )
        self.missed = Counter("sync_worker_jobs_missed", "Job runs that never began.", ["job"], registry=self.registry)
        self.calls = Counter("sync_worker_crm_calls", "Calls to the CRM, by kind.", ["kind"], registry=self.registry)
        build = Gauge("sync_worker_build", "Which version this is.", ["version"], registry=self.registry)
        build.labels(__version__).set(1)
        self.registry.register(_Store(look, clock, heartbeat))

    def text(self) -> bytes:
        """Everything, in Prometheus's text form."""
        return generate_latest(self.registry)


class _Store:
    """A collector: prometheus-client calls it at each scrape."""

    def __init__(
        self, look: Callable[[], tuple[Figures, bool] | None], clock: Callable[[], datetime], heartbeat: Heartbeat
    ) -> None:
        self._look = look
        self._clock = clock
        self._heartbeat = heartbeat

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not read the store."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the store once, and give every figure of it."""
        found = self._look()
        yield _one("sync_worker_heartbeat_age_seconds", "Seconds since the work loop ticked.", self._heartbeat.age())
        yield _one("sync_worker_store_up", "Whether the store could be read.", found is not None)
        if found is None:
            return
        figures, paused = found
        yield _one("sync_worker_paused", "Whether somebody has paused all writing.", paused)
        yield from _counted(figures)
        yield _ended_runs(figures)
        age = (self._clock() - figures.oldest_sent).total_seconds() if figures.oldest_sent else 0.0
        yield _one("sync_worker_oldest_sent_row_age_seconds", "Age of the oldest write without an end.", age)
        yield _one("sync_worker_audit_entries", "Entries in the audit chain.", figures.audit_entries)


def _counted(figures: Figures) -> Iterator[Metric]:
    overwritten = figures.rows.get("overwritten", 0)
    yield _one("sync_worker_overwritten_rows", "Confirmed writes that somebody has overwritten since.", overwritten)
    overwrote = figures.rows.get("overwrote", 0)
    yield _one("sync_worker_overwrote_rows", "Writes that have replaced what somebody had just written.", overwrote)
    yield _many("sync_worker_plan_rows", "Plan rows, by state.", "state", figures.rows)
    yield _many("sync_worker_plans_waiting", "Plans that somebody is still to act on.", "state", figures.plans_waiting)
    yield _many("sync_worker_accounts_held", "Accounts that the worker stays away from.", "kind", figures.held)
    yield _many("sync_worker_records", "Live records, by stream.", "stream", figures.records)
    yield _many("sync_worker_records_quarantined", "Records set aside.", "stream", figures.quarantined)
    ends = {kind: end.timestamp() for kind, end in figures.last_success.items()}
    yield _many("sync_worker_last_success_timestamp_seconds", "When a run last ended well.", "kind", ends)


def _ended_runs(figures: Figures) -> Metric:
    family = CounterMetricFamily("sync_worker_cycles", "Runs that ended, by outcome.", labels=["kind", "outcome"])
    for (kind, outcome), count in figures.cycles.items():
        family.add_metric([kind, outcome], count)
    return family


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _many(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
