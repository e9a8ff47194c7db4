"""When a run does not begin, and when it ends early. Invariants I7, I8, I10, I13, I18, I20 to I22 and I24."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.port import LimitReached, Outcome, Unreachable
from sync_worker.core.model import GuardFinding, PlanState, RowState
from sync_worker.store import StoreError, plans, settings
from sync_worker.store.lease import Lease, LeaseHeld, LeaseLost
from sync_worker.store.plans import PlanRefused
from tests.apply.crm import Failure, FakeCrm
from tests.apply.house import make_plan, owner_row, priority_row

if TYPE_CHECKING:
    from connectors.port import Write
    from sync_worker.apply import Fresh
    from tests.apply.house import House

TRIPPED = GuardFinding("owner_moves", "412 of 1,204 accounts in scope would change owner; the limit is 60")


def moves(house: House, count: int) -> str:
    """An approved plan that moves so many accounts."""
    accounts = house.accounts(count)
    return house.approved([owner_row(number, account) for number, account in enumerate(accounts, 1)])


def pause(house: House) -> None:
    with house.store.begin() as tx:
        settings.pause(tx, "rita", "wrong books", house.clock())


# Before the first write -------------------------------------------------------------------------------------------


def test_a_plan_that_nobody_approved_is_refused(house: House) -> None:
    (account,) = house.accounts(1)
    with house.store.begin() as tx:
        plans.save(tx, make_plan([owner_row(1, account)], house.clock), now=house.clock())
    with pytest.raises(PlanRefused, match="is not approved: it is planned") as refused:
        house.apply()
    assert refused.value.exit_code == 7
    assert "sync-worker approve plan-1" in refused.value.hint


def test_i7_a_held_plan_goes_through_only_with_the_named_override(house: House) -> None:
    (account,) = house.accounts(1)
    plan = make_plan([owner_row(1, account)], house.clock, guards=(TRIPPED,))
    with house.store.begin() as tx:
        plans.save(tx, plan, now=house.clock())
    with pytest.raises(PlanRefused, match="412 of 1,204") as refused:
        house.apply()
    assert refused.value.exit_code == 6
    assert "--override owner_moves" in refused.value.hint
    assert house.crm.calls["owner write"] == 0
    house.approve("plan-1", overrides=["owner_moves"])
    house.apply()
    assert house.states() == [RowState.CONFIRMED]


@pytest.mark.parametrize(
    ("changed", "words", "exit_code"),
    [
        ({"rules_version": "r2"}, "the rules have changed since plan plan-1 was made", 7),
        ({"config_digest": "c2"}, "the config has changed since plan plan-1 was made", 7),
        ({"crm_clock_skew_seconds": {"salesforce": 301.0}}, r"clock is \+301 seconds off the CRM's", 1),
        ({"crm_clock_skew_seconds": {"salesforce": 2.0, "hubspot": -4000.0}}, "-4,000 seconds off hubspot's", 1),
    ],
)
def test_i10_i24_changed_rules_changed_config_or_a_wrong_clock_mean_no_writes(
    house: House, changed: dict[str, object], words: str, exit_code: int
) -> None:
    moves(house, 1)
    with pytest.raises(PlanRefused, match=words) as refused:
        house.apply(fresh=house.fresh(**changed))
    assert refused.value.exit_code == exit_code
    assert house.crm.written == []
    assert house.plan().state is PlanState.APPROVED


def test_i22_a_plan_older_than_its_day_is_refused(house: House) -> None:
    moves(house, 1)
    house.clock.now += timedelta(hours=24)
    with pytest.raises(PlanRefused, match="expired at 2026-11-23 09:00 UTC") as refused:
        house.apply()
    assert refused.value.exit_code == 7
    assert house.recover().expired == 1
    assert house.states() == [RowState.EXPIRED]


def test_i10_a_plan_that_was_changed_in_the_store_is_refused(house: House) -> None:
    moves(house, 2)
    with house.store.begin() as tx:
        tx.exec_driver_sql("""UPDATE plan_row SET "after" = '{"owner":"cleo"}' WHERE number = 2""")
    with pytest.raises(PlanRefused, match="its hash does not match its rows"):
        house.apply()
    assert house.crm.written == []


@pytest.mark.parametrize("field", ["owner", "phone"])
def test_i8_no_field_is_written_that_is_not_on_the_list(house: House, field: str) -> None:
    first, second = house.accounts(2, phone=None)
    house.approved([owner_row(1, first), priority_row(2, second, {field: "ann"}, {field: "ben"})])
    with pytest.raises(PlanRefused, match=f"would write '{field}'"):
        house.apply()
    assert house.crm.written == []


def test_i13_a_paused_worker_begins_no_run(house: House) -> None:
    moves(house, 1)
    pause(house)
    with pytest.raises(PlanRefused, match="paused by rita since 2026-11-22 09:00 UTC: wrong books"):
        house.apply()
    with house.store.begin() as tx:
        settings.resume(tx)
    assert house.apply().stopped is None


# While rows go out ------------------------------------------------------------------------------------------------


def test_i13_a_pause_stops_new_writes_within_five_seconds(house: House) -> None:
    moves(house, 40)
    house.crm.seconds_per_write = 0.25
    paused_at: list[float] = []
    late: list[float] = []

    def watch(_write: Write) -> None:
        if len(house.crm.written) == 14:
            pause(house)
            paused_at.append(house.clock.monotonic())
        elif paused_at:
            late.append(house.clock.monotonic() - paused_at[0])

    house.crm.before_write = watch
    report = house.apply()
    assert report.stopped == "paused by rita: wrong books"
    assert report.resumable
    assert max(late, default=0.0) < 5
    assert set(house.states()) == {RowState.CONFIRMED, RowState.APPROVED}
    assert house.plan().state is PlanState.APPROVED


def test_a_paused_plan_goes_on_after_the_resume_and_writes_nothing_twice(house: House) -> None:
    moves(house, 40)
    house.crm.before_write = lambda _write: pause(house) if len(house.crm.written) == 20 else None
    house.crm.seconds_per_write = 0.3
    house.apply()
    with house.store.begin() as tx:
        settings.resume(tx)
    house.crm.before_write = lambda _write: None
    assert house.apply().stopped is None
    assert house.states() == [RowState.CONFIRMED] * 40
    assert len(house.crm.effects) == 40


def test_i20_a_stop_lets_no_further_row_out(house: House) -> None:
    moves(house, 40)
    house.crm.before_write = lambda _write: house.stop.set() if len(house.crm.written) == 4 else None
    report = house.apply()
    assert len(house.crm.written) == 5
    assert report.stopped == "the worker was told to stop"
    assert report.resumable


def test_i7_more_than_five_per_cent_failures_of_twenty_rows_end_the_run(house: House) -> None:
    moves(house, 100)
    for number in range(12, 100, 4):
        house.crm.failures[f"acc-{number:04}"] = [Failure(answer=Outcome.FAILED, code="INVALID_OWNER")]
    report = house.apply()
    assert report.stopped == "3 of 20 rows failed, 3 of them with INVALID_OWNER; the limit is 5%"
    assert not report.resumable
    assert house.states()[20:] == [RowState.CANCELLED] * 80
    assert house.plan().state is PlanState.APPLIED


def test_i7_a_rep_who_has_left_since_the_plan_fails_his_rows_and_stops_nobody_elses(house: House) -> None:
    accounts = house.accounts(60)
    house.approved([owner_row(n, a, after="cleo" if n <= 30 else "ben") for n, a in enumerate(accounts, 1)])
    report = house.apply(fresh=house.fresh(active_owners=frozenset({"ann", "ben"})))
    assert report.stopped is None
    assert house.states() == [RowState.FAILED] * 30 + [RowState.CONFIRMED] * 30


def test_i7_a_fifth_of_conflicts_ends_the_run_before_anything_is_written(house: House) -> None:
    moves(house, 100)
    for number in range(1, 101, 4):
        house.crm.edit(f"acc-{number:04}", owner="cleo")
    report = house.apply()
    assert report.stopped == "25 of 25 rows had been changed by others; the limit is 20%"
    assert house.crm.written == []


def test_i7_ten_rows_go_first_and_are_read_again_before_the_rest(house: House) -> None:
    moves(house, 40)
    reads: list[int] = []
    house.crm.before_read = lambda: reads.append(len(house.crm.written))
    house.apply()
    assert reads == [0, 10]


def test_i7_confirmed_changes_that_the_crm_does_not_show_end_the_run_at_the_tenth(house: House) -> None:
    moves(house, 40)
    house.crm.before_read = lambda: (
        house.crm.edit("acc-0003", by="a flow", owner="ann") if len(house.crm.written) == 10 else None
    )
    report = house.apply()
    assert report.stopped == "1 of the first 10 changes were confirmed, but the CRM shows other values"
    assert len(house.crm.written) == 10
    assert house.states()[10:] == [RowState.CANCELLED] * 30
    house.verify()
    assert house.states()[2] is RowState.OVERWRITTEN


def test_i7_a_crm_that_refuses_the_first_ten_is_asked_no_more(house: House) -> None:
    moves(house, 40)
    for number in range(1, 41):
        house.crm.failures[f"acc-{number:04}"] = [Failure(answer=Outcome.FAILED, code="TRANSFER_REQUIRES_READ")]
    report = house.apply()
    assert report.stopped == "the CRM refused all of the first 10 changes"
    assert len(house.crm.written) == 10


def test_five_writes_in_a_row_without_an_answer_end_the_run_for_now(house: House) -> None:
    moves(house, 40)
    for number in range(1, 41):
        house.crm.failures[f"acc-{number:04}"] = [Failure(lost=True)]
    report = house.apply()
    assert report.stopped == "5 calls in a row got no answer"
    assert report.resumable
    assert len(house.crm.written) == 5
    assert house.states()[:5] == [RowState.CONFIRMED] * 5
    assert house.states()[10:] == [RowState.APPROVED] * 30


def test_one_lost_answer_for_a_whole_batch_does_not_end_the_run(house: House) -> None:
    accounts = house.accounts(250)
    house.approved([priority_row(n, a, {"score": None}, {"score": 1.0}) for n, a in enumerate(accounts, 1)])
    for account in accounts[:200]:
        house.crm.failures[account] = [Failure(lost=True)]
    assert house.apply().stopped is None
    assert house.states() == [RowState.CONFIRMED] * 250


@pytest.mark.parametrize(
    ("error", "leaves_unknown"),
    [
        (LimitReached("the day's calls are spent", hint="wait"), False),  # it was refused, so it was not carried out
        (Unreachable("no answer"), True),  # its intent was committed, so only a reading can tell
    ],
)
def test_a_crm_that_fails_as_a_whole_ends_the_run_and_leaves_it_resumable(
    house: House, error: Exception, *, leaves_unknown: bool
) -> None:
    moves(house, 30)
    house.crm.failures["acc-0015"] = [Failure(raises=error)]  # type: ignore[arg-type]
    report = house.apply()
    assert report.stopped is not None
    assert str(error) in report.stopped
    assert report.resumable
    assert house.states()[:14] == [RowState.CONFIRMED] * 14
    assert (RowState.UNKNOWN in house.states()) is leaves_unknown
    house.recover()
    house.apply()
    house.verify()
    assert house.states() == [RowState.VERIFIED] * 30
    assert len(house.crm.effects) == 30


def test_a_pre_read_that_fails_writes_nothing(house: House) -> None:
    moves(house, 3)
    house.crm.unreadable = Unreachable("no answer")
    report = house.apply()
    assert report.stopped == "no answer"
    assert house.states() == [RowState.APPROVED] * 3
    assert house.crm.written == []


# Two CRMs ---------------------------------------------------------------------------------------------------------


def two(house: House) -> FakeCrm:
    """A second CRM, with accounts of its own, and a plan for both."""
    hubspot = FakeCrm(house.clock, conditional=False)
    house.crms["hubspot"] = hubspot
    theirs = [replace(owner_row(20 + n, f"hub-{n:04}"), crm="hubspot") for n in range(1, 21)]
    for row in theirs:
        hubspot.add(row.account, owner="ann")
    house.approved([*(owner_row(n, a) for n, a in enumerate(house.accounts(20), 1)), *theirs])
    return hubspot


def both(house: House) -> Fresh:
    accounts = [account for crm in house.crms.values() for account in crm.accounts]
    return house.fresh(read_sets={account: f"read-{account}" for account in accounts})


def test_a_plan_for_two_crms_is_written_and_verified_at_each(house: House) -> None:
    hubspot = two(house)
    report = house.apply(fresh=both(house))
    assert report.stopped is None
    assert house.verify().verified == 40
    assert (len(house.crm.effects), len(hubspot.effects)) == (20, 20)
    assert report.calls == house.crm.budget().spent + hubspot.budget().spent - 3  # verified: two readings, a history


def test_a_crm_that_fails_ends_the_run_and_the_next_one_goes_on_with_both(house: House) -> None:
    hubspot = two(house)
    house.crm.failures["acc-0015"] = [Failure(raises=Unreachable("no answer"))]
    report = house.apply(fresh=both(house))
    assert report.stopped == "no answer"
    assert report.resumable
    assert hubspot.written == []
    house.recover()
    house.apply(fresh=both(house))
    house.verify()
    assert house.states() == [RowState.VERIFIED] * 40


def test_each_crm_has_a_canary_and_shares_of_its_own(house: House) -> None:
    hubspot = two(house)
    for account in hubspot.accounts:
        hubspot.failures[account] = [Failure(answer=Outcome.FAILED, code="VALIDATION_ERROR")]
    report = house.apply(fresh=both(house))
    assert report.stopped == "the CRM refused all of the first 10 changes"
    assert len(hubspot.written) == 10


def test_an_unreadable_crm_keeps_nobody_from_settling_and_verifying_the_other(house: House) -> None:
    hubspot = two(house)
    hubspot.failures["hub-0001"] = [Failure(lost=True)]
    hubspot.before_write = lambda _write: setattr(hubspot, "unreadable", Unreachable("no answer"))
    house.apply(fresh=both(house))
    report = house.verify()
    assert report.stopped == "no answer"
    assert house.states()[:20] == [RowState.VERIFIED] * 20
    assert house.recover().unreadable == 1


def test_a_plan_for_a_crm_that_the_config_does_not_name_is_refused(house: House) -> None:
    two(house)
    del house.crms["hubspot"]
    with pytest.raises(PlanRefused, match="writes to hubspot, which the config does not name") as refused:
        house.apply()
    assert "[hubspot]" in refused.value.hint


def test_rows_of_a_crm_that_has_gone_from_the_config_are_told_and_not_lost(house: House) -> None:
    hubspot = two(house)
    house.apply(fresh=both(house))
    del house.crms["hubspot"]
    report = house.recover()
    assert report.warnings == (
        "rows written to hubspot of which nobody knows the end: 20; put [hubspot] back into the config",
    )
    assert house.states()[20:] == [RowState.CONFIRMED] * 20
    house.crms["hubspot"] = hubspot
    house.time(house.settle["hubspot"])
    house.recover()
    assert house.states() == [RowState.VERIFIED] * 40


# One applier ------------------------------------------------------------------------------------------------------


def test_i18_two_workers_cannot_apply_at_once(house: House) -> None:
    with house.lease(), pytest.raises(LeaseHeld, match="another worker is at it"):
        house.lease()


def test_i18_a_frozen_worker_that_wakes_up_writes_nothing(house: House) -> None:
    moves(house, 20)
    frozen = Lease.acquire(house.store, "frozen", 60.0, seconds=house.clock.monotonic)

    def freeze(_write: Write) -> None:
        if len(house.crm.written) == 6:
            house.clock.pass_(3600)
            frozen._lock.free()  # type: ignore[union-attr]  # its host is another one, so no file lock stands between
            house.lease().release()

    house.crm.before_write = freeze
    report = house.apply(lease=frozen)
    assert report.stopped is not None
    assert "lease is lost" in report.stopped
    assert len(house.crm.written) == 7  # the one that was under way when it froze
    house.crm.before_write = lambda _write: None
    assert house.recover().settled[RowState.APPROVED] > 0
    house.apply()
    assert len(house.crm.effects) == 20


def test_a_lease_with_less_than_half_left_begins_no_run(house: House) -> None:
    moves(house, 1)
    held = Lease.acquire(house.store, "slow", 60.0, seconds=house.clock.monotonic)
    house.clock.seconds += 31
    assert not held.usable()
    with pytest.raises(LeaseLost):
        house.apply(lease=held)


def test_i21_a_full_disk_means_no_writes(house: House) -> None:
    moves(house, 60)
    with house.store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def full(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 3}")  # type: ignore[attr-defined]

    from sqlalchemy import event  # noqa: PLC0415 - only here

    event.listen(house.store.engine, "connect", full)
    house.store.engine.dispose()
    with pytest.raises(StoreError, match="the disk is full"):
        house.apply()
    event.remove(house.store.engine, "connect", full)
    house.store.engine.dispose()
    intents = [row for row in house.plan().rows if row.tries]
    assert len(house.crm.written) <= len(intents)
    house.recover()
    house.apply()
    house.verify()
    assert house.states() == [RowState.VERIFIED] * 60
    assert len(house.crm.effects) == 60


def test_a_plan_that_is_replaced_while_it_waits_is_not_applied(house: House) -> None:
    moves(house, 1)
    newer = replace(make_plan([owner_row(1, "acc-0001", after="cleo")], house.clock), id="plan-2")
    with house.store.begin() as tx:
        plans.save(tx, newer, now=house.clock())
    with pytest.raises(PlanRefused, match="it is superseded"):
        house.apply()
