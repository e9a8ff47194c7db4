"""Jobs on APScheduler: what runs when, and what is told of runs that did not happen.

Late is better than never, so no run is dropped for being late, and several late ones are one. One thread does the
work, so that jobs wait for each other. Nothing is kept between lives: slots in the store say what has been done.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from sync_worker.daemon.schedule import next_period, parse_time

if TYPE_CHECKING:
    from apscheduler.events import JobEvent

    from sync_worker.config import ScheduleConfig
    from sync_worker.daemon.jobs import Jobs

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=15)
LOOK = timedelta(minutes=5)
"""How often to look whether a daily cycle is due that did not run, or failed."""

_FREQUENT = {"tick", "look"}
"""Jobs that give way to a long run as a matter of course."""


def timetable(when: ScheduleConfig, jobs: Jobs, now: datetime) -> BackgroundScheduler:
    """Make the scheduler, not started yet. It begins with recovery, before anything else (I19)."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_job(jobs.recover, id="recover", next_run_time=now)
    scheduler.add_job(jobs.tick, _every(TICK, now + TICK), id="tick")
    if when.daily:
        at = parse_time(when.daily)
        daily = CronTrigger(hour=at.hour, minute=at.minute, timezone=ZoneInfo(when.time_zone))
        scheduler.add_job(jobs.daily, daily, id="cycle")
        scheduler.add_job(jobs.daily, _every(LOOK, now + timedelta(seconds=1)), id="look")
    pulls = timedelta(minutes=when.pull_every_minutes)
    scheduler.add_job(jobs.pull, _every(pulls, next_period(now, when.pull_every_minutes)), id="pull")
    # From the start on: what was approved while nobody was there to write it has waited long enough.
    applies = timedelta(minutes=when.apply_every_minutes)
    scheduler.add_job(jobs.apply, _every(applies, now + timedelta(seconds=2)), id="apply")
    scheduler.add_job(jobs.audit, _every(timedelta(days=1), now + timedelta(seconds=3)), id="audit")
    scheduler.add_listener(
        lambda event: _tell(event, jobs), EVENT_JOB_MISSED | EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES
    )
    return scheduler


def _every(length: timedelta, first: datetime) -> IntervalTrigger:
    return IntervalTrigger(seconds=int(length.total_seconds()), start_date=first, timezone=UTC)


def _tell(event: JobEvent, jobs: Jobs) -> None:
    """Log and count what APScheduler did not run, or what a job should have caught itself."""
    if event.code == EVENT_JOB_MAX_INSTANCES:
        if event.job_id not in _FREQUENT:
            log.info("not begun: its last run still goes on", job=event.job_id)
        return
    if event.code == EVENT_JOB_ERROR:
        log.error("failed as nobody foresaw: please report this", job=event.job_id, exc_info=event.exception)
    else:
        log.error("missed", job=event.job_id, due=event.scheduled_run_time.isoformat())
    jobs.metrics.missed.labels(event.job_id).inc()
