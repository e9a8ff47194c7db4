"""The daemon's life: start, schedule, watch, stop. What a job does is in ``jobs``; what a cycle does is not here.

It ends as safety.md promises: after a first signal nothing new is begun and the process is gone within 25 seconds;
after a second one it is gone at once. Either is safe, because a kill is.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from sync_worker import __version__, app, log
from sync_worker.cycle import signature
from sync_worker.daemon.heartbeat import Heartbeat, tell_systemd
from sync_worker.daemon.jobs import JOBS, Jobs
from sync_worker.daemon.metrics import Metrics
from sync_worker.daemon.server import Server, pages
from sync_worker.daemon.signals import heeded
from sync_worker.daemon.timetable import timetable
from sync_worker.store import lease, settings
from sync_worker.store.figures import figures

if TYPE_CHECKING:
    from sync_worker.config import Config
    from sync_worker.store.figures import Figures

_log = structlog.get_logger(__name__)

GRACE = 20.0
"""Seconds that the job at hand gets to end after a signal; with the rest of the way out, 25 are not passed."""


def run(config: Config) -> int:
    """Work until told to stop; the result is the exit code. A job that fails is logged and shown, and no end.

    Raises AddressTaken. Call it from the main thread: it heeds SIGTERM, SIGINT and SIGHUP.
    """
    log.configure(config.log, secrets=log.secrets_of(config))
    logging.captureWarnings(capture=True)
    stop = threading.Event()
    with heeded(stop):
        return _serve(config, stop)


def _serve(config: Config, stop: threading.Event) -> int:
    heartbeat = Heartbeat(time.monotonic)
    metrics = Metrics(lambda: _look(config), _now, heartbeat)

    def open_worker() -> app.Worker:
        return app.open_worker(config, stop=stop, watch=lambda _: heartbeat.tick())

    jobs = Jobs(config, open_worker, _now, heartbeat, metrics, stop)
    with Server(config.server, pages(heartbeat, lambda: _checks(config, jobs), metrics)) as server:
        scheduler = timetable(config.schedule, jobs, _now())
        _log.info("started", version=__version__, url=server.url, policy=config.apply.policy, **asdict(config.schedule))
        scheduler.start()
        tell_systemd("READY=1", f"STATUS=working; {server.url}/readyz")
        while not stop.wait(1):
            if heartbeat.alive():
                tell_systemd("WATCHDOG=1")
        tell_systemd("STOPPING=1")
        scheduler.shutdown(wait=False)
        if not jobs.idle.wait(GRACE):
            _log.error("the job at hand did not end in time: it is left as it is, and the next start settles it")
            logging.shutdown()
            os._exit(1)
    _log.info("stopped")
    return 0


def _now() -> datetime:
    return datetime.now(UTC)


def _checks(config: Config, jobs: Jobs) -> dict[str, str]:
    """What must hold before anything is written, and how the latest run of each job ended; empty: well."""
    try:
        with app.open_worker(config) as worker:
            found = {**worker.health().checks, "lease": _held_elsewhere(worker)}
    except Exception as error:  # noqa: BLE001 - readyz says what is wrong, whatever it is
        found = {"store": str(error)}
    found |= {f"latest {job}": jobs.problems.get(job, "") for job in JOBS}
    return {name: log.mask_text(wrong, log.secrets_of(config)) for name, wrong in found.items()}


def _held_elsewhere(worker: app.Worker) -> str:
    with worker.store.read() as tx:
        held = lease.current(tx)
    if held is None or held[0] == signature():
        return ""
    return f"{held[0]} is writing, until {held[1]:%Y-%m-%d %H:%M:%S} UTC at least"


def _look(config: Config) -> tuple[Figures, bool] | None:
    try:
        with app.open_worker(config) as worker, worker.store.read() as tx:
            return figures(tx, _now()), settings.paused(tx) is not None
    except Exception:  # noqa: BLE001 - the metric store_up says it, and the jobs say why
        return None
