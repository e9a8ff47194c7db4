"""What a write without an answer turns out to be: the table in docs/safety.md, row by row (I4, I6, I19)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.port import Outcome, Unreachable
from sync_worker.core.model import PlanState, RowState
from sync_worker.store import holds
from tests.apply.crm import Failure
from tests.apply.house import owner_row, priority_row

if TYPE_CHECKING:
    from tests.apply.house import House


class Killed(BaseException):
    """The process ends here, whatever it was doing."""


def killed_after_sending(house: House, failure: Failure) -> str:
    """One owner change whose worker died before it heard of the answer; the account's id."""
    account = house.accounts(1)[0]
    house.approved([owner_row(1, account)])
    house.crm.failures[account] = [failure]

    def die(account: str) -> None:
        house.crm.failures[account] = []
        raise Killed

    answer = house.crm._answer

    def answer_and_die(*call: object) -> object:
        answer(*call)  # type: ignore[arg-type]
        die(account)
        raise AssertionError

    house.crm._answer = answer_and_die  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        house.apply()
    house.crm._answer = answer  # type: ignore[method-assign]
    assert house.states() == [RowState.SENT]
    assert house.plan().state is PlanState.APPLYING
    return account


def test_row_1_the_after_value_means_that_it_landed(house: House) -> None:
    account = killed_after_sending(house, Failure())
    report = house.recover()
    assert report.interrupted == 1
    assert report.settled == {RowState.CONFIRMED: 1}
    assert report.verified == 1
    assert house.states() == [RowState.VERIFIED]
    assert house.row().adopted
    assert len(house.crm.ours(account)) == 1
    assert house.plan().state is PlanState.APPLIED


def test_row_2_the_before_value_with_the_same_version_is_sent_again_with_the_same_token(house: House) -> None:
    account = killed_after_sending(house, Failure(answer=Outcome.UNKNOWN))
    report = house.recover()
    assert report.settled == {RowState.APPROVED: 1}
    assert report.resumable == ("plan-1",)
    assert house.row().version == "1"
    house.apply()
    assert house.states() == [RowState.CONFIRMED]
    assert [write.version for write in house.crm.written] == ["1", "1"]
    assert len(house.crm.ours(account)) == 1


def test_row_3_the_before_value_with_another_version_is_a_conflict(house: House) -> None:
    account = killed_after_sending(house, Failure(lost=True))
    house.crm.keeps_history = False
    house.crm.edit(account, owner="ann")  # dana puts it back
    house.recover()
    assert house.states() == [RowState.CONFLICT]
    assert house.row().code == "MAYBE_REVERTED"
    assert len(house.crm.ours(account)) == 1
    with house.store.read() as tx:
        assert [held.account for held in holds.current(tx, house.clock())] == [account]


def test_row_3_history_that_shows_the_revert_is_a_conflict_that_says_who(house: House) -> None:
    account = killed_after_sending(house, Failure(lost=True))
    house.crm.edit(account, owner="ann")
    house.recover()
    assert house.states() == [RowState.CONFLICT]
    with house.store.read() as tx:
        (held,) = holds.current(tx, house.clock())
    assert held.reason == "dana moved it from ben to ann on 2026-11-22"


def test_row_3_history_that_proves_the_owner_untouched_lets_it_be_sent_again(house: House) -> None:
    account = house.accounts(1, owner="cleo")[0]
    house.crm.edit(account, owner="ann")
    house.clock.pass_(3600)
    house.approved([owner_row(1, account)])
    house.crm.failures[account] = [Failure(answer=Outcome.UNKNOWN)]
    edited: list[int] = []

    def edit_once() -> None:
        if house.crm.written and not edited:
            edited.append(1)
            house.crm.edit(account, phone="+49 30 1")

    house.crm.before_read = edit_once
    house.apply()
    assert house.states() == [RowState.CONFIRMED]
    assert [write.version for write in house.crm.written] == ["2", "3"]


def test_row_4_another_value_is_a_conflict_and_stays(house: House) -> None:
    account = killed_after_sending(house, Failure(answer=Outcome.UNKNOWN))
    house.crm.edit(account, owner="cleo")
    house.recover()
    assert house.states() == [RowState.CONFLICT]
    assert house.crm.value(account) == "cleo"


def test_row_5_a_deleted_record_is_gone(house: House) -> None:
    account = killed_after_sending(house, Failure())
    house.crm.delete(account)
    house.recover()
    assert house.states() == [RowState.GONE]


def test_row_6_a_crm_that_cannot_be_read_leaves_it_unknown_and_warns_after_an_hour(house: House) -> None:
    killed_after_sending(house, Failure())
    house.crm.unreadable = Unreachable("no answer")
    report = house.recover()
    assert report.unreadable == 1
    assert report.warnings == ("salesforce cannot be read, so open rows stay unknown: no answer",)
    assert house.states() == [RowState.UNKNOWN]
    house.clock.now += timedelta(hours=2)
    assert "a write sent 2 hours ago still has no known outcome" in house.recover().warnings
    house.clock.now += timedelta(hours=30)
    assert "look at it today" in house.recover().warnings[-1]
    house.crm.unreadable = None
    house.recover()
    assert house.states() == [RowState.VERIFIED]


def test_i4_a_request_that_lands_late_has_one_effect(house: House) -> None:
    account = house.accounts(1)[0]
    house.approved([owner_row(1, account)])
    house.crm.failures[account] = [Failure(late=True)]
    house.crm.before_write = lambda _write: house.crm.land_late()  # it lands just before the second try
    house.apply()
    assert house.states() == [RowState.CONFIRMED]
    assert house.row().adopted
    assert len(house.crm.ours(account)) == 1


def test_i4_a_late_request_after_the_second_try_changes_nothing(house: House) -> None:
    account = house.accounts(1)[0]
    house.approved([owner_row(1, account)])
    house.crm.failures[account] = [Failure(late=True)]
    house.apply()
    house.crm.edit(account, by="dana", owner="cleo")
    house.crm.land_late()
    assert house.crm.value(account) == "cleo"
    assert len(house.crm.ours(account)) == 1


def test_a_row_that_never_gets_an_answer_ends_after_three_tries(house: House) -> None:
    account = house.accounts(1)[0]
    house.approved([owner_row(1, account)])
    house.crm.failures[account] = [Failure(answer=Outcome.UNKNOWN)] * 9
    house.apply()
    assert house.states() == [RowState.SUPERSEDED]  # not failed: a request in the air may land even now
    assert house.row().code == "NO_ANSWER"
    assert len(house.crm.written) == 3


def test_i5_a_refused_second_try_says_nothing_of_the_first(house: House) -> None:
    account = house.accounts(1)[0]
    house.approved([owner_row(1, account)])
    refused = Failure(answer=Outcome.FAILED, code="INVALID_OWNER")
    house.crm.failures[account] = [Failure(late=True), refused, refused]
    house.apply()
    assert house.states() == [RowState.SUPERSEDED]
    assert house.row().code == "INVALID_OWNER"


def test_an_owner_is_settled_before_the_score_of_its_account_moves_the_version_on(house: House) -> None:
    account = house.accounts(1)[0]
    house.approved([owner_row(1, account), priority_row(2, account, {"score": None}, {"score": 71.0})])
    house.crm.failures[account] = [Failure(late=True)]
    house.apply()
    assert house.states() == [RowState.CONFIRMED, RowState.CONFIRMED]
    assert [write.version for write in house.crm.written] == ["1", "1", None]


def test_priorities_without_an_answer_are_read_and_sent_again(house: House) -> None:
    first, second = house.accounts(2)
    rows = [priority_row(n, a, {"score": None}, {"score": 71.0}) for n, a in ((1, first), (2, second))]
    house.approved(rows)
    house.crm.failures[first] = [Failure(lost=True)]
    house.crm.failures[second] = [Failure(answer=Outcome.UNKNOWN)]
    house.apply()
    assert house.states() == [RowState.CONFIRMED, RowState.CONFIRMED]
    assert [row.adopted for row in house.plan().rows] == [True, False]


def test_a_priority_that_lands_between_settling_and_the_second_try_is_adopted(house: House) -> None:
    account = house.accounts(1)[0]
    house.approved([priority_row(1, account, {"score": None}, {"score": 71.0})])
    house.crm.failures[account] = [Failure(late=True)]
    house.stop.while_waiting = house.crm.land_late
    house.apply()
    assert house.states() == [RowState.CONFIRMED]
    assert house.row().adopted
    assert len(house.crm.effects) == 1


def test_a_row_that_did_not_land_is_not_sent_again_once_its_plan_has_expired(house: House) -> None:
    killed_after_sending(house, Failure(answer=Outcome.UNKNOWN))
    house.clock.now += timedelta(hours=25)
    report = house.recover()
    assert report.settled == {RowState.SUPERSEDED: 1}
    assert report.resumable == ()
    assert len(house.crm.written) == 1


def test_an_interrupted_plan_waits_and_expires_like_any_other(house: House) -> None:
    killed_after_sending(house, Failure(answer=Outcome.UNKNOWN))
    house.recover()
    assert house.plan().state is PlanState.APPROVED
    house.clock.now += timedelta(hours=25)
    assert house.recover().expired == 1
    assert house.states() == [RowState.EXPIRED]
    assert house.audit_holds()


def test_an_interrupted_plan_gives_way_to_one_that_was_made_since(house: House) -> None:
    account = killed_after_sending(house, Failure(answer=Outcome.UNKNOWN))
    house.clock.pass_(60)
    house.approved([owner_row(1, account, after="cleo")], plan_id="plan-2")
    house.recover()
    assert house.plan().state is PlanState.SUPERSEDED
    assert house.states() == [RowState.SUPERSEDED]
    house.apply("plan-2")
    assert house.states("plan-2") == [RowState.CONFIRMED]


def test_confirmed_rows_of_an_earlier_life_are_verified(house: House) -> None:
    (account,) = house.accounts(1)
    house.approved([owner_row(1, account)])
    house.apply()
    house.crm.edit(account, owner="cleo")
    report = house.recover()
    assert [row.row.account for row in report.overwritten] == [account]
    assert house.states() == [RowState.OVERWRITTEN]


def test_a_recovery_with_nothing_to_do_costs_no_call(house: House) -> None:
    house.accounts(3)
    assert house.recover().calls == 0
