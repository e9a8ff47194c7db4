"""What APScheduler is told, and what it really does with it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent, JobSubmissionEvent

from sync_worker.config import Config, SalesforceConfig, ScheduleConfig
from sync_worker.daemon.heartbeat import Heartbeat
from sync_worker.daemon.jobs import Jobs
from sync_worker.daemon.metrics import Metrics
from sync_worker.daemon.schedule import daily_slot
from sync_worker.daemon.timetable import timetable

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

BERLIN = ScheduleConfig(time_zone="Europe/Berlin", daily="02:30")


class Diary(Jobs):
    """Jobs that only note their turn, and on which thread they had it."""

    def note(self, name: str) -> None:
        """Write it down, slowly enough for the next job to have to wait."""
        self.problems[f"{len(self.problems)} {name}"] = threading.current_thread().name
        time.sleep(0.05)

    def recover(self) -> None:
        self.note("recover")

    def daily(self) -> None:
        self.note("daily")

    def pull(self) -> None:
        self.note("pull")

    def apply(self) -> None:
        self.note("apply")

    def audit(self) -> None:
        self.note("audit")


def jobs(schedule: ScheduleConfig) -> Diary:
    heartbeat = Heartbeat(time.monotonic)
    metrics = Metrics(lambda: None, lambda: datetime.now(UTC), heartbeat)
    config = Config(salesforce=SalesforceConfig(url="https://acme.example"), schedule=schedule)

    def nobody() -> None:
        raise NotImplementedError

    return Diary(config, nobody, lambda: datetime.now(UTC), heartbeat, metrics, threading.Event())  # type: ignore[arg-type]


def fire_times(scheduler: BackgroundScheduler, job: str, start: datetime, count: int) -> list[datetime]:
    """When the job's trigger fires from ``start`` on, UTC."""
    trigger, found, now = scheduler.get_job(job).trigger, [], start
    previous = None
    for _ in range(count):
        previous = trigger.get_next_fire_time(previous, now)
        now = previous.astimezone(UTC)
        found.append(now)
    return found


def test_recovery_comes_first_and_jobs_take_turns_on_one_thread() -> None:
    """I19: a restart recovers before it plans."""
    diary = jobs(BERLIN)
    scheduler = timetable(BERLIN, diary, datetime.now(UTC))
    scheduler.start()
    until = time.monotonic() + 20
    while len(diary.problems) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    scheduler.shutdown(wait=True)
    assert [entry.split()[1] for entry in diary.problems][:4] == ["recover", "daily", "apply", "audit"]
    assert len(set(diary.problems.values())) == 1


def test_no_run_is_dropped_for_being_late_and_several_late_ones_are_one() -> None:
    scheduler = timetable(BERLIN, jobs(BERLIN), datetime.now(UTC))
    scheduler.start(paused=True)
    for job in scheduler.get_jobs():
        assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None), job.id
    scheduler.shutdown()


def test_the_night_that_ends_summer_time_has_two_turns_and_one_slot() -> None:
    scheduler = timetable(BERLIN, jobs(BERLIN), datetime.now(UTC))
    scheduler.start(paused=True)
    times = fire_times(scheduler, "cycle", datetime(2026, 10, 24, 12, tzinfo=UTC), 3)
    scheduler.shutdown()
    at, zone = datetime.strptime("02:30", "%H:%M").time(), ZoneInfo("Europe/Berlin")  # noqa: DTZ007 - a time of day
    assert [f"{moment:%d %H:%M}" for moment in times] == ["25 00:30", "25 01:30", "26 01:30"]
    assert [daily_slot(moment, at, zone) for moment in times] == ["2026-10-25", "2026-10-25", "2026-10-26"]


def test_without_a_daily_time_nothing_plans_by_itself() -> None:
    never = ScheduleConfig(daily="")
    scheduler = timetable(never, jobs(never), datetime.now(UTC))
    scheduler.start(paused=True)
    assert {job.id for job in scheduler.get_jobs()} == {"recover", "tick", "pull", "apply", "audit"}
    scheduler.shutdown()


def test_a_run_that_never_began_is_counted() -> None:
    diary = jobs(BERLIN)
    scheduler = timetable(BERLIN, diary, datetime.now(UTC))
    due = datetime.now(UTC)
    scheduler._dispatch_event(JobExecutionEvent(EVENT_JOB_MISSED, "pull", "default", due))
    scheduler._dispatch_event(JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, "pull", "default", [due]))
    count = diary.metrics.registry.get_sample_value("sync_worker_jobs_missed_total", {"job": "pull"})
    assert count == 1


def test_pulls_begin_just_after_their_period() -> None:
    now = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
    scheduler = timetable(BERLIN, jobs(BERLIN), now)
    scheduler.start(paused=True)
    times = fire_times(scheduler, "pull", now, 2)
    scheduler.shutdown()
    first = datetime(2026, 11, 22, 10, 0, 2, tzinfo=UTC)
    assert times == [first, first + timedelta(hours=1)]
