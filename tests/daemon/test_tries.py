"""A daily cycle that did not succeed is made up for on the same day, a few times, ever more slowly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync_worker.daemon.tries import Try, next_try

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SLOT = "2026-11-22"


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def test_a_slot_that_nobody_claimed_is_due() -> None:
    assert next_try(SLOT, [], NOON) == SLOT


def test_a_slot_that_went_well_is_done() -> None:
    assert next_try(SLOT, [Try(NOON, NOON, "ok")], NOON + timedelta(days=1)) is None


def test_a_failed_try_is_followed_by_another_after_a_pause() -> None:
    tries = [Try(NOON, NOON + minutes(3), "failed")]
    assert next_try(SLOT, tries, NOON + minutes(17)) is None
    assert next_try(SLOT, tries, NOON + minutes(18)) == "2026-11-22 #2"


def test_a_stopped_cycle_is_taken_up_again_after_a_restart() -> None:
    assert next_try(SLOT, [Try(NOON, NOON, "stopped")], NOON + minutes(15)) == "2026-11-22 #2"


def test_pauses_grow_and_tries_end() -> None:
    tries: list[Try] = []
    at, waits = NOON, []
    while (name := next_try(SLOT, tries, at)) or len(tries) < 5:
        if name:
            waits.append(at - tries[-1].started_at if tries else minutes(0))
            tries.append(Try(at, at, "failed"))
        at += minutes(1)
    assert waits == [minutes(0), minutes(15), minutes(30), minutes(60), minutes(120)]
    assert next_try(SLOT, tries, NOON + timedelta(days=1)) is None


def test_a_try_under_way_is_left_alone_and_one_that_was_killed_is_taken_up_after_an_hour() -> None:
    tries = [Try(NOON, None, "")]
    assert next_try(SLOT, tries, NOON + minutes(59)) is None
    assert next_try(SLOT, tries, NOON + minutes(60)) == "2026-11-22 #2"


def test_a_good_second_try_ends_the_slot() -> None:
    tries = [Try(NOON, NOON, "failed"), Try(NOON + minutes(15), NOON + minutes(16), "ok")]
    assert next_try(SLOT, tries, NOON + timedelta(hours=9)) is None
