"""A CRM that compares no versions: whoever writes last wins, so what a write replaced is found in the history (I2)."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

import pytest

from connectors.port import Outcome, User
from sync_worker.apply.verifying import OVERDUE
from sync_worker.core.model import PlanState, RowState
from sync_worker.core.traces import LANDS_WITHIN
from sync_worker.store import audit, holds, records
from tests.apply.crm import Failure
from tests.apply.house import owner_row, priority_row

if TYPE_CHECKING:
    from connectors.port import Write
    from tests.apply.house import House


def moves(hub: House, count: int) -> list[str]:
    """An approved plan that moves so many accounts from ann to ben."""
    accounts = hub.accounts(count)
    hub.approved([owner_row(number, account) for number, account in enumerate(accounts, 1)])
    return accounts


def meanwhile(hub: House, account: str, owner: str, by: str = "dana") -> None:
    """Somebody edits the account between the reading and the next write."""

    def edit(_write: Write) -> None:
        hub.crm.before_write = lambda _write: None
        hub.time(0.5)
        hub.crm.edit(account, by=by, owner=owner)
        hub.time(0.5)

    hub.crm.before_write = edit


def late(hub: House) -> None:
    """So much time passes that no request can land any more."""
    hub.time((LANDS_WITHIN + timedelta(seconds=1)).total_seconds())


# Cost ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 10, 11, 100, 101, 310, 450])
def test_n_owner_changes_cost_a_write_for_each_hundred_and_as_many_readings(hub: House, count: int) -> None:
    moves(hub, count)
    hub.apply()
    canary = 1 if count > 10 else 0
    assert hub.crm.calls["owner write"] <= ceil(count / 100) + canary
    assert hub.crm.calls["read"] <= ceil(count / 100) + canary
    assert hub.verify().verified == count
    assert hub.crm.calls["history"] <= ceil(count / 50)


def test_n_priorities_cost_a_write_for_each_hundred_and_no_history(hub: House) -> None:
    accounts = hub.accounts(250)
    hub.approved([priority_row(n, a, {"score": None}, {"score": float(n)}) for n, a in enumerate(accounts, 1)])
    hub.apply()
    hub.verify()
    assert (hub.crm.calls["field write"], hub.crm.calls["history"]) == (3, 0)
    assert hub.states() == [RowState.VERIFIED] * 250


def test_i7_ten_rows_go_first_and_are_read_again_before_the_rest(hub: House) -> None:
    moves(hub, 40)
    reads: list[int] = []
    hub.crm.before_read = lambda: reads.append(len(hub.crm.written))
    hub.apply()
    assert reads == [0, 10]


def test_i1_the_intents_of_a_whole_call_are_committed_before_it_leaves(hub: House) -> None:
    moves(hub, 5)
    seen = []

    def look(_write: Write) -> None:
        seen.append(hub.states())

    hub.crm.before_write = look
    hub.apply()
    assert seen == [[RowState.SENT] * 5] * 5


# What a write has replaced ------------------------------------------------------------------------------------------


def test_i2_an_edit_between_reading_and_write_is_reported_held_and_audited(hub: House) -> None:
    first, second = moves(hub, 2)
    meanwhile(hub, second, "cleo")
    hub.apply()
    assert hub.crm.value(second) == "ben"  # nothing could hold the write back
    report = hub.verify()
    assert [row.row.account for row in report.overwrote] == [second]
    assert hub.states() == [RowState.VERIFIED, RowState.OVERWROTE]
    row = hub.row(2)
    assert row.replaced == {"owner": "cleo"}
    assert row.message == (
        "dana moved it from ann to cleo on 2026-11-22; our write replaced it: "
        "'sync-worker rollback plan-1 --row 2' puts it back"
    )
    with hub.store.read() as tx:
        (held,) = holds.current(tx, hub.clock())
        entry = audit.search(tx, account=second)[-1]
    assert (held.account, held.kind) == (second, "person")
    assert held.reason == "dana moved it from ann to cleo on 2026-11-22"
    assert entry.entry["state"] == "overwrote"
    assert entry.values["replaced"] == {"owner": "cleo"}
    assert hub.audit_holds()
    assert first not in held.account


def test_it_is_found_within_the_settle_time(hub: House) -> None:
    (account,) = moves(hub, 1)
    meanwhile(hub, account, "cleo")
    hub.apply()
    before = hub.clock()
    hub.verify()
    assert (hub.clock() - before).total_seconds() <= hub.settle["hubspot"]
    assert hub.states() == [RowState.OVERWROTE]


def test_an_edit_that_came_before_the_reading_is_a_conflict_and_nothing_is_written(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.edit(account, owner="cleo")
    hub.apply()
    assert hub.states() == [RowState.CONFLICT]
    assert hub.crm.written == []


def test_an_edit_there_and_back_between_reading_and_write_is_a_persons_word_too(hub: House) -> None:
    (account,) = moves(hub, 1)

    def edit(_write: Write) -> None:
        hub.time(0.5)
        hub.crm.edit(account, owner="cleo")
        hub.crm.edit(account, owner="ann")

    hub.crm.before_write = edit
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.OVERWROTE]
    assert hub.row().replaced == {"owner": "ann"}


def test_an_edit_to_the_before_value_just_before_the_reading_was_seen_by_it(hub: House) -> None:
    (account,) = hub.accounts(1, owner="cleo")
    hub.crm.edit(account, owner="ann")
    hub.time(1)
    hub.approved([owner_row(1, account)])
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.VERIFIED]


def test_a_person_who_wrote_the_very_value_lost_nothing(hub: House) -> None:
    (account,) = moves(hub, 1)
    meanwhile(hub, account, "ben")
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.VERIFIED]


def test_an_edit_after_the_write_overwrites_us_and_stays(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.apply()
    hub.time(1)
    hub.crm.edit(account, owner="cleo")
    hub.verify()
    assert hub.states() == [RowState.OVERWRITTEN]
    assert hub.crm.value(account) == "cleo"


def test_who_replaced_somebody_and_was_replaced_says_both(hub: House) -> None:
    (account,) = moves(hub, 1)
    meanwhile(hub, account, "cleo")
    hub.apply()
    hub.time(1)
    hub.crm.edit(account, by="eve", owner="ann")
    hub.verify()
    assert hub.states() == [RowState.OVERWROTE]
    assert hub.row().message == (
        "dana moved it from ann to cleo on 2026-11-22; our write replaced it, and then it was changed again: "
        "owner is now ann, the plan expected ben"
    )
    assert hub.row().replaced == {"owner": "cleo"}


def test_names_stand_for_ids_that_begin_alike(hub: House) -> None:
    (account,) = hub.accounts(1, owner="512")
    users = [
        User(id_, active=True, can_own=True, fields={"name": name})
        for id_, name in (("512", "Ann"), ("5123", "Ben"), ("51", "Cleo"))
    ]
    with hub.store.begin() as tx:
        records.save_users(tx, "hubspot", users, cycle=1, now=hub.clock())
    hub.approved([owner_row(1, account, before="512", after="5123")])
    hub.crm.edit(account, owner="51")
    hub.apply(fresh=hub.fresh(active_owners=frozenset({"5123"})))
    with hub.store.read() as tx:
        (held,) = holds.current(tx, hub.clock())
    assert held.reason == "dana moved it from Ann to Cleo on 2026-11-22"
    hub.crm.keeps_history = False
    hub.crm.edit(account, owner="512")
    hub.approved([owner_row(1, account, before="51", after="5123")], plan_id="plan-2")
    hub.apply("plan-2", fresh=hub.fresh(active_owners=frozenset({"5123"})))
    with hub.store.read() as tx:
        (held,) = holds.current(tx, hub.clock())
    assert held.reason == "owner is now Ann, the plan expected Cleo"


@pytest.mark.parametrize("ahead", [-200.0, 200.0])
def test_the_crms_clock_may_be_another(hub: House, ahead: float) -> None:
    hub.crm.ahead = timedelta(seconds=ahead)
    first, second = moves(hub, 2)
    meanwhile(hub, second, "cleo")
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.VERIFIED, RowState.OVERWROTE]
    assert hub.crm.value(first) == "ben"


@pytest.mark.parametrize("step", [-200.0, -20.0, 20.0, 200.0])
def test_a_clock_of_ours_that_is_set_between_write_and_verification_hides_no_overwrite(hub: House, step: float) -> None:
    first, second = moves(hub, 2)
    meanwhile(hub, second, "cleo")
    hub.apply()
    hub.clock.now += timedelta(seconds=step)
    hub.crm.ahead -= timedelta(seconds=step)
    hub.verify()
    assert hub.states() == [RowState.VERIFIED, RowState.OVERWROTE]
    assert hub.crm.value(first) == "ben"


def test_absence_is_never_a_value_a_history_that_is_behind_leaves_the_row_confirmed(hub: House) -> None:
    (account,) = moves(hub, 1)
    meanwhile(hub, account, "cleo")
    hub.apply()
    hub.crm.behind = 60.0
    assert hub.verify().unread == 1
    assert hub.states() == [RowState.CONFIRMED]
    hub.time(120)
    assert [row.row.account for row in hub.recover().overwrote] == [account]
    assert hub.states() == [RowState.OVERWROTE]


def test_i6_a_history_that_never_shows_the_write_is_not_waited_for_beyond_a_day(hub: House) -> None:
    moves(hub, 1)
    hub.crm.keeps_history = False
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.CONFIRMED]
    hub.time(OVERDUE.total_seconds())
    hub.recover()
    assert hub.states() == [RowState.VERIFIED]
    assert "nobody can say what it replaced" in hub.row().message


def test_a_crm_that_puts_off_whole_calls_is_left_alone_for_a_while_and_fails_no_row(hub: House) -> None:
    accounts = moves(hub, 40)
    for account in accounts[:20]:
        hub.crm.failures[account] = [Failure(answer=Outcome.BUSY, code="RATE_LIMIT")]
    before = hub.clock()
    assert hub.apply().stopped is None
    assert hub.states() == [RowState.CONFIRMED] * 40
    assert (hub.clock() - before).total_seconds() >= 15
    assert hub.crm.calls["owner write"] == 6  # each of ten, because no ten had gone before: nothing was known yet


def test_a_crm_that_puts_off_three_calls_in_a_row_ends_the_run_for_now(hub: House) -> None:
    accounts = moves(hub, 40)
    for account in accounts:
        hub.crm.failures[account] = [Failure(answer=Outcome.BUSY, code="RATE_LIMIT")] * 9
    report = hub.apply()
    assert report.stopped == "the CRM was too busy for 3 calls in a row"
    assert report.resumable
    assert hub.states() == [RowState.APPROVED] * 40


def test_one_locked_row_of_a_call_is_tried_three_times(hub: House) -> None:
    accounts = moves(hub, 5)
    hub.crm.failures[accounts[0]] = [Failure(answer=Outcome.BUSY, code="LOCKED")] * 9
    hub.apply()
    assert hub.states()[1:] == [RowState.CONFIRMED] * 4
    assert hub.states()[0] is RowState.FAILED
    assert "locked at each of 3 tries" in hub.row().message


# Without an answer --------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_settled_by_the_history(hub: House) -> None:
    accounts = moves(hub, 5)
    for account in accounts:
        hub.crm.failures[account] = [Failure(lost=True)]
    assert hub.apply().stopped is None
    assert hub.states() == [RowState.CONFIRMED] * 5
    hub.verify()
    assert hub.states() == [RowState.VERIFIED] * 5
    assert len(hub.crm.written) == 5


def test_a_lost_request_is_sent_again(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.failures[account] = [Failure(answer=Outcome.UNKNOWN)]
    hub.apply()
    assert hub.states() == [RowState.CONFIRMED]
    assert len(hub.crm.written) == 2
    hub.verify()
    assert hub.states() == [RowState.CONFIRMED]  # the first request may still land
    late(hub)
    hub.recover()
    assert hub.states() == [RowState.VERIFIED]


def test_a_lost_answer_that_replaced_somebody_is_reported(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.failures[account] = [Failure(lost=True)]
    meanwhile(hub, account, "cleo")
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.OVERWROTE]


def test_i4_an_edit_after_a_lost_request_ends_it_only_when_nothing_can_land_any_more(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.failures[account] = [Failure(answer=Outcome.UNKNOWN)]
    hub.crm.before_read = lambda: hub.crm.edit(account, owner="cleo") if hub.crm.written else None
    hub.apply()
    assert hub.states() == [RowState.UNKNOWN]
    report = hub.recover()
    assert report.warnings == ("requests without an answer that may land for 5 minutes: 1",)
    late(hub)
    hub.recover()
    assert hub.states() == [RowState.CONFLICT]
    assert hub.crm.value(account) == "cleo"
    assert len(hub.crm.written) == 1


def test_a_request_that_lands_over_an_edit_after_it_was_given_up_is_reported(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.failures[account] = [Failure(late=True)]
    hub.crm.before_read = lambda: hub.crm.edit(account, owner="cleo") if hub.crm.written else None
    hub.apply()
    assert hub.states() == [RowState.UNKNOWN]
    hub.time(100)
    hub.crm.land_late()
    hub.recover()
    assert hub.row().replaced == {"owner": "cleo"} or hub.states() == [RowState.CONFIRMED]
    hub.time(10)
    hub.recover()
    assert hub.states() == [RowState.OVERWROTE]


def test_a_request_that_lands_after_the_second_one_over_an_edit_is_reported(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.failures[account] = [Failure(late=True)]
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.CONFIRMED]
    hub.crm.edit(account, owner="cleo")
    hub.time(60)
    hub.crm.land_late()
    hub.time(10)
    assert [row.replaced for row in hub.recover().overwrote] == [{"owner": "cleo"}]


def test_a_revert_of_what_landed_without_an_answer_is_never_written_again(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.failures[account] = [Failure(lost=True)]
    hub.crm.before_read = lambda: hub.crm.edit(account, owner="ann") if hub.crm.written else None
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.OVERWRITTEN]
    assert len(hub.crm.written) == 1


def test_a_plan_that_gives_way_keeps_the_rows_that_may_still_land(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.failures[account] = [Failure(late=True)] * 3
    hub.crm.before_write = lambda _write: hub.stop.set()
    hub.apply()
    hub.stop.clear()
    hub.crm.before_write = lambda _write: None
    hub.recover()
    assert hub.states() == [RowState.APPROVED]
    hub.time(30)
    hub.approved([owner_row(1, account, after="cleo")], plan_id="plan-2")
    assert hub.states() == [RowState.UNKNOWN]
    hub.apply("plan-2")
    assert hub.states("plan-2") == [RowState.SUPERSEDED]  # nothing else is written to it meanwhile
    late(hub)
    hub.recover()
    assert hub.states() == [RowState.SUPERSEDED]
    assert len(hub.crm.written) == 1


def test_three_lost_requests_end_the_row_when_none_can_land_any_more(hub: House) -> None:
    (account,) = moves(hub, 1)
    hub.crm.failures[account] = [Failure(answer=Outcome.UNKNOWN)] * 9
    hub.apply()
    assert hub.states() == [RowState.UNKNOWN]
    late(hub)
    hub.recover()
    assert hub.states() == [RowState.SUPERSEDED]
    assert len(hub.crm.written) == 3
    assert hub.plan().state is not PlanState.APPLYING
