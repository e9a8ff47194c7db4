"""The worker's own small facts: pause, runs, slots, bulk jobs, settings, names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import User
from sync_worker.store import cycles, names, open_store, records, settings, slots
from sync_worker.store.jobs import StoreJobLog

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.store import Store


def test_a_pause_survives_a_restart_and_needs_a_resume(store: Store, url: str, now: datetime) -> None:
    with store.begin() as tx:
        assert settings.paused(tx) is None
        settings.pause(tx, "dana", "audit", now)
    store.close()
    again = open_store(url)
    with again.begin() as tx:
        held = settings.pause(tx, "ben", "other", now + timedelta(hours=1))
        assert held == settings.Pause("dana", "audit", now), "the pause that holds is the first one"
        assert settings.resume(tx) == held
        assert settings.paused(tx) is None
        assert settings.resume(tx) is None
    again.close()


def test_settings_keep_json_of_any_shape(store: Store, now: datetime) -> None:
    values: list[object] = [None, 0, "é:%", [1, {"a": None}], {"b": 1e16}]
    with store.begin() as tx:
        for value in values:
            settings.put(tx, "x", value, now)
            assert settings.get(tx, "x") == value
        assert settings.delete(tx, "x")
        assert not settings.delete(tx, "x")
        assert settings.get(tx, "x") is None


def test_runs_are_logged_from_start_to_end(store: Store, now: datetime) -> None:
    hour = timedelta(hours=1)
    with store.begin() as tx:
        assert cycles.latest(tx) is None
        assert cycles.last_success(tx) is None
        first = cycles.start(tx, "cycle", now)
        cycles.finish(tx, first, "ok", {"accounts": 5}, {"query": 2}, None, now + hour)
        second = cycles.start(tx, "pull", now + hour)
        cycles.finish(tx, second, "failed", {}, {"query": 1}, "nothing answered", now + 2 * hour)
        third = cycles.start(tx, "pull", now + 2 * hour)
        assert [run.id for run in cycles.recent(tx, 2)] == [third, second]
        assert cycles.last_success(tx) == now + hour
        assert cycles.last_success(tx, "pull") is None
        latest, done = cycles.latest(tx), cycles.latest(tx, "cycle")
    assert latest == cycles.Cycle(third, "pull", now + 2 * hour, None, "", {}, {}, "")
    assert done == cycles.Cycle(first, "cycle", now, now + hour, "ok", {"accounts": 5}, {"query": 2}, "")


def test_of_many_who_claim_a_slot_one_gets_it(store: Store, now: datetime) -> None:
    def claim(_: int) -> bool:
        with store.begin() as tx:
            return slots.claim(tx, "cycle", "2026-11-20", now)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(claim, range(6))) == [False] * 5 + [True]


def test_the_tries_of_a_slot_come_in_order_and_another_slots_do_not(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        for number, name in enumerate(["2026-11-20", "2026-11-20 #2", "2026-11-2", "2026-11-20x"]):
            slots.claim(tx, "cycle", name, now + timedelta(minutes=number))
        slots.claim(tx, "pull", "2026-11-20", now)
        slots.finish(tx, "cycle", "2026-11-20", "failed", now)
        found = slots.tries(tx, "cycle", "2026-11-20")
    assert [(one.slot, one.outcome) for one in found] == [("2026-11-20", "failed"), ("2026-11-20 #2", None)]


def test_a_bulk_job_is_remembered_until_it_is_finished(store: Store, now: datetime) -> None:
    log = StoreJobLog(store, clock=lambda: now)
    log.save("750b", "full pull of accounts")
    log.save("750a", "priorities")
    log.save("750b", "full pull of accounts")
    log.finish("750a")
    log.finish("unknown")
    assert log.open_jobs() == {"750b": "full pull of accounts"}


def test_names_are_known_for_all_users_ever_seen(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        records.save_users(
            tx, "salesforce", [User("u1", active=True, can_own=True, fields={"name": "Ann"})], cycle=1, now=now
        )
        assert names.users(tx) == {"u1": "Ann"}
