"""What goes out, when, and what is said of it afterwards. Invariants I1 to I6, I9, I11 and I25 of docs/safety.md."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from connectors.port import Outcome
from sync_worker.apply.reading import FRESH_SECONDS
from sync_worker.core.model import RowState
from sync_worker.store import audit, holds, plans
from tests.apply.crm import Failure
from tests.apply.house import POOL, owner_row, priority_row

if TYPE_CHECKING:
    from connectors.port import Write
    from tests.apply.house import House


def test_a_plan_is_written_row_by_row_confirmed_and_verified(house: House) -> None:
    first, second = house.accounts(2)
    house.approved([owner_row(1, first), priority_row(2, second, {"score": None}, {"score": 71.0})])
    report = house.apply()
    assert report.stopped is None
    assert house.states() == [RowState.CONFIRMED, RowState.CONFIRMED]
    assert house.crm.value(first) == "ben"
    assert house.crm.value(second, "score") == 71.0
    assert house.verify().verified == 2
    assert house.states() == [RowState.VERIFIED, RowState.VERIFIED]
    assert house.plan().state == "applied"
    assert house.audit_holds()


def test_owners_leave_before_priorities(house: House) -> None:
    first, second = house.accounts(2)
    house.approved([priority_row(1, first, {"score": None}, {"score": 1.0}), owner_row(2, second)])
    house.apply()
    assert [write.ref.id for write in house.crm.written] == [second, first]


def test_an_account_may_have_a_new_owner_and_a_new_score_in_one_plan(house: House) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account), priority_row(2, account, {"score": None}, {"score": 71.0})])
    house.apply()
    house.verify()
    assert house.states() == [RowState.VERIFIED, RowState.VERIFIED]


def test_i1_an_intent_is_committed_before_its_write_leaves(house: House) -> None:
    account, other = house.accounts(2)
    house.approved([owner_row(1, account), priority_row(2, other, {"score": None}, {"score": 71.0})])
    intents = []

    def look(write: Write) -> None:
        with house.store.read() as tx:  # another connection: it sees only what is committed
            number = int(write.id.rpartition(":")[2])
            row = plans.get(tx, "plan-1").rows[number - 1]
            entry = audit.search(tx, account=write.ref.id)[-1]
            intents.append((row.state, row.version, row.epoch, entry.kind, entry.entry["rule"], entry.values))

    house.crm.before_write = look
    house.apply()
    assert intents == [
        (RowState.SENT, "1", 1, "row.intent", "book:emea", {"before": {"owner": "ann"}, "after": {"owner": "ben"}}),
        (RowState.SENT, "", 1, "row.intent", "score:priority", {"before": {"score": None}, "after": {"score": 71.0}}),
    ]
    assert {entry["plan_hash"] for entry in _entries(house, "row.intent")} == {house.plan().plan.hash}


def test_i2_a_value_that_differs_from_the_before_image_is_never_overwritten(house: House) -> None:
    account, other = house.accounts(2)
    house.approved([owner_row(1, account), priority_row(2, other, {"score": None}, {"score": 71.0})])
    house.crm.edit(account, owner="cleo")
    house.crm.edit(other, score=12.0)
    house.apply()
    assert house.states() == [RowState.CONFLICT, RowState.CONFLICT]
    assert house.crm.written == []
    assert "owner is now cleo, the plan expected ann" in house.row(1).message
    assert "score is now 12.0, the plan expected empty" in house.row(2).message


def test_i2_an_edit_between_pre_read_and_write_is_not_overwritten(house: House) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account)])
    house.crm.before_write = lambda _write: house.crm.edit(account, owner="cleo")
    house.apply()
    assert house.states() == [RowState.CONFLICT]
    assert house.crm.value(account) == "cleo"


def test_i2_every_row_leaves_within_five_seconds_of_its_pre_read(house: House) -> None:
    accounts = house.accounts(30)
    house.approved([owner_row(number, account) for number, account in enumerate(accounts, 1)])
    house.crm.seconds_per_write, house.crm.seconds_per_read = 0.7, 0.4
    read_at, ages = [0.0], []

    def note_read() -> None:
        read_at[0] = house.clock.monotonic()

    house.crm.before_read = note_read
    house.crm.before_write = lambda _write: ages.append(house.clock.monotonic() - read_at[0])
    report = house.apply()
    assert report.stopped is None
    assert house.states() == [RowState.CONFIRMED] * 30
    assert max(ages) < FRESH_SECONDS
    assert house.crm.calls["read"] > 4


def test_i2_a_crm_too_slow_for_a_fresh_pre_read_is_not_written_to(house: House) -> None:
    accounts = house.accounts(12)
    house.approved([owner_row(number, account) for number, account in enumerate(accounts, 1)])
    house.crm.seconds_per_read = 6.0
    report = house.apply()
    assert report.stopped is not None
    assert "too slow" in report.stopped
    assert house.crm.written == []
    assert report.resumable
    assert house.states() == [RowState.APPROVED] * 12


def test_i2_a_write_that_waited_for_the_disk_too_long_does_not_leave(house: House) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account)])
    ticks = [0]

    def monotonic() -> float:  # time passes while the intent is being committed
        ticks[0] += 1
        return float(1000 + 2 * ticks[0])

    house.clock.monotonic = monotonic  # type: ignore[method-assign]
    report = house.apply()
    assert house.crm.written == []
    assert report.stopped is not None
    assert house.states() == [RowState.APPROVED]
    assert house.row().version is None


def test_the_answers_of_a_slow_batch_are_all_heard(house: House) -> None:
    accounts = house.accounts(100)
    house.approved([priority_row(n, a, {"score": None}, {"score": 1.0}) for n, a in enumerate(accounts, 1)])
    house.crm.seconds_per_write = 0.1
    house.apply()
    assert house.states() == [RowState.CONFIRMED] * 100
    assert not any(row.adopted for row in house.plan().rows)


def test_i3_a_row_whose_inputs_changed_is_planned_again_and_not_written(house: House) -> None:
    first, second, third = house.accounts(3)
    house.approved([owner_row(1, first), owner_row(2, second), owner_row(3, third)])
    read_sets = {first: "other", third: f"read-{third}"}  # the second is no longer known at all
    house.apply(fresh=house.fresh(read_sets=read_sets))
    assert house.states() == [RowState.SUPERSEDED, RowState.SUPERSEDED, RowState.CONFIRMED]
    assert "its inputs changed" in house.row(1).message


@pytest.mark.parametrize(
    ("failure", "state", "effects"),
    [
        (Failure(), RowState.CONFIRMED, 1),
        (Failure(answer=Outcome.CONFLICT), RowState.CONFLICT, 0),
        (Failure(answer=Outcome.FAILED, code="INVALID_OWNER"), RowState.FAILED, 0),
        (Failure(answer=Outcome.GONE), RowState.GONE, 0),
        (Failure(lost=True), RowState.CONFIRMED, 1),
        (Failure(answer=Outcome.UNKNOWN), RowState.CONFIRMED, 1),
        (Failure(answer=Outcome.BUSY, code="UNABLE_TO_LOCK_ROW"), RowState.CONFIRMED, 1),
    ],
    ids=["done", "412", "refused", "gone", "reply lost", "request lost", "locked once"],
)
def test_i5_the_state_says_what_the_crm_shows(house: House, failure: Failure, state: RowState, effects: int) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account)])
    house.crm.failures[account] = [failure]
    house.apply()
    assert house.states() == [state]
    assert len(house.crm.ours(account)) == effects
    assert house.row().adopted is (failure.lost is True)
    assert house.row().code == (failure.code if state is RowState.FAILED else "")
    assert house.audit_holds()


def test_i5_a_value_that_is_there_already_is_a_noop(house: House) -> None:
    account, other = house.accounts(2, owner="ben", score=71.0)
    house.approved([owner_row(1, account), priority_row(2, other, {"score": None}, {"score": 71})])
    house.apply()
    assert house.states() == [RowState.NOOP, RowState.NOOP]
    assert house.crm.written == []


def test_a_deleted_account_is_gone_and_nothing_is_written(house: House) -> None:
    account, other = house.accounts(2)
    house.approved([owner_row(1, account), owner_row(2, other)])
    house.crm.delete(account)
    house.apply()
    assert house.states() == [RowState.GONE, RowState.CONFIRMED]


def test_a_locked_row_is_tried_three_times_each_with_a_pre_read_of_its_own(house: House) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account)])
    house.crm.failures[account] = [Failure(answer=Outcome.BUSY, code="UNABLE_TO_LOCK_ROW")] * 5
    house.apply()
    assert house.states() == [RowState.FAILED]
    assert "locked at each of 3 tries" in house.row().message
    assert house.crm.calls["owner write"] == 3
    assert house.crm.calls["read"] == 3


def test_i9_nobody_inactive_or_unknown_becomes_an_owner(house: House) -> None:
    first, second, third = house.accounts(3)
    rows = [owner_row(1, first, after="gone-rep"), owner_row(2, second, after=POOL), owner_row(3, third)]
    house.approved(rows)
    house.apply(fresh=house.fresh(active_owners=frozenset({"ann", "ben"})))
    assert house.states() == [RowState.FAILED, RowState.FAILED, RowState.CONFIRMED]
    assert "gone-rep is not an active user" in house.row(1).message
    assert house.row(1).code == "INACTIVE_OWNER"


def test_i12_an_account_that_somebody_else_moved_is_held_and_shown(house: House) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account)])
    house.crm.edit(account, by="dana", owner="cleo")
    house.apply()
    with house.store.read() as tx:
        (held,) = holds.current(tx, house.clock())
    assert (held.account, held.kind) == (account, "person")
    assert (held.until - held.since).days == house.settings.hold_days == 30
    assert held.reason == "dana moved it from ann to cleo on 2026-11-22"


def test_i12_what_another_plan_of_ours_moved_is_not_held(house: House) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account)], plan_id="first")
    house.apply("first")
    house.verify("first")
    house.approved([owner_row(1, account, after="cleo")], plan_id="second")  # sealed on an old picture
    house.apply("second")
    assert house.states("second") == [RowState.CONFLICT]
    with house.store.read() as tx:
        assert holds.current(tx, house.clock()) == []


def test_a_returned_account_rests_from_its_confirmation_on(house: House) -> None:
    account, other = house.accounts(2)
    house.approved([owner_row(1, account, after=POOL, rest_days=30), owner_row(2, other, after=POOL, rest_days=30)])
    house.crm.failures[other] = [Failure(answer=Outcome.FAILED)]
    house.apply()
    with house.store.read() as tx:
        rests = tx.exec_driver_sql("SELECT account_id, previous_owner FROM rest").all()
    assert [tuple(rest) for rest in rests] == [(account, "ann")]


def test_a_confirmed_value_that_somebody_changes_at_once_is_overwritten_and_held(house: House) -> None:
    account, other, gone = house.accounts(3)
    house.approved([owner_row(1, account), owner_row(2, other), owner_row(3, gone)])
    house.apply()
    house.crm.edit(account, by="dana", owner="cleo")
    house.crm.delete(gone)
    report = house.verify()
    assert house.states() == [RowState.OVERWRITTEN, RowState.VERIFIED, RowState.GONE]
    assert [row.row.account for row in report.overwritten] == [account]
    assert house.row(1).message == "confirmed, and then changed: owner is now cleo, the plan expected ben"
    with house.store.read() as tx:
        assert [held.account for held in holds.current(tx, house.clock())] == [account]


def test_i25_each_write_has_an_intent_and_an_outcome_in_the_chain(house: House) -> None:
    accounts = house.accounts(4)
    house.approved([owner_row(number, account) for number, account in enumerate(accounts, 1)])
    house.crm.failures[accounts[0]] = [Failure(lost=True)]
    house.crm.failures[accounts[1]] = [Failure(answer=Outcome.FAILED)]
    house.apply()
    with house.store.read() as tx:
        kinds = {account: [entry.kind for entry in audit.search(tx, account=account)] for account in accounts}
    assert kinds[accounts[0]] == ["row.intent", "row.outcome", "row.outcome"]  # unknown, then confirmed
    assert all(found == ["row.intent", "row.outcome"] for account, found in kinds.items() if account != accounts[0])
    assert house.audit_holds()


def test_an_account_with_a_write_of_another_plan_in_the_air_is_left_alone(house: House) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account)], plan_id="first")
    house.crm.failures[account] = [Failure(late=True)]
    house.crm.before_write = lambda _write: house.stop.set()  # the run ends before it can settle the row
    house.apply("first")
    house.stop.clear()
    assert house.states("first") == [RowState.UNKNOWN]
    house.approved([owner_row(1, account, after="cleo")], plan_id="second")
    house.apply("second")
    assert house.states("second") == [RowState.SUPERSEDED]
    assert len(house.crm.written) == 1


def test_rows_end_in_the_order_of_the_plan(house: House) -> None:
    accounts = house.accounts(40)
    house.approved([owner_row(number, account) for number, account in enumerate(reversed(accounts), 1)])
    house.apply()
    assert [write.ref.id for write in house.crm.written] == list(reversed(accounts))
    epochs = [row.epoch for row in house.plan().rows]
    assert all(before == after for before, after in pairwise(epochs))


def test_progress_counts_to_the_end(house: House) -> None:
    accounts = house.accounts(12)
    house.approved([owner_row(number, account) for number, account in enumerate(accounts, 1)])
    house.apply()
    steps = [(seen.step, seen.done, seen.total) for seen in house.seen]
    assert steps[-1] == ("owners", 12, 12)


def _entries(house: House, kind: str) -> list[dict[str, object]]:
    with house.store.read() as tx:
        return [dict(entry.entry) for entry in audit.search(tx) if entry.kind == kind]
