"""Plans and decisions, on both engines: what is saved, who decided, and what a decision is refused for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sync_worker.core.model import GuardFinding, PlanState, RowState
from sync_worker.store import audit, outbox, plans
from sync_worker.store.plans import PlanAmbiguous, PlanNotFound, PlanRefused
from tests.store.plan_rows import TRIPPED, approve, plan, row

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.core.model import Plan, Value
    from sync_worker.store import Store
    from sync_worker.store.plans import StoredPlan


def save(store: Store, wanted: Plan, now: datetime) -> str:
    with store.begin() as tx:
        return plans.save(tx, wanted, now=now)


def get(store: Store, plan_id: str = "plan-1") -> StoredPlan:
    with store.read() as tx:
        return plans.get(tx, plan_id)


def states(store: Store, plan_id: str = "plan-1") -> set[RowState]:
    return {stored.state for stored in get(store, plan_id).rows}


def test_a_plan_comes_back_as_it_was_sealed(store: Store, now: datetime) -> None:
    sealed = plan(now, guards=(TRIPPED,))
    assert save(store, sealed, now) == "plan-1"
    stored = get(store)
    assert stored.plan == sealed
    assert stored.state is PlanState.HELD
    assert states(store) == {RowState.PLANNED}


def test_values_of_every_kind_come_back_equal_so_that_the_hash_still_holds(store: Store, now: datetime) -> None:
    values: dict[str, Value] = {
        "score": 71.1,
        "size": 12,
        "tier": "Ä€漢",
        "text": "a\nb\t\\",
        "none": None,
        "flag": True,
        "zero": 0.0,
    }
    save(store, plan(now, rows=[replace(row(1), before=values, after=values)]), now)
    plans.check_current(get(store), now=now, rules_version="r1", config_digest="c1")


def test_a_plan_is_found_by_the_first_letters_of_its_id(store: Store, now: datetime) -> None:
    save(store, plan(now, "b4cf65"), now)
    save(store, plan(now, "b4d000", after="cleo"), now)
    assert get(store, "b4c").plan.id == "b4cf65"
    with pytest.raises(PlanAmbiguous, match="several plans begin with 'b4': b4cf65, b4d000"):
        get(store, "b4")
    for missing in ("c", "", "%", "b_"):
        with pytest.raises(PlanNotFound, match="there is no plan"):
            get(store, missing)


def test_the_latest_plan_and_the_list_begin_with_the_newest(store: Store, now: datetime) -> None:
    with store.read() as tx:
        assert plans.latest(tx) is None
    save(store, plan(now, "old"), now)
    save(store, plan(now + timedelta(hours=1), "new", after="cleo"), now)
    with store.read() as tx:
        latest = plans.latest(tx)
        assert latest is not None
        assert latest.plan.id == "new"
        assert [head.id for head in plans.list_(tx)] == ["new", "old"]
        assert plans.list_(tx)[0].counts == {RowState.PLANNED: 3}
        assert [head.id for head in plans.list_(tx, states={PlanState.SUPERSEDED})] == ["old"]


def test_a_newer_plan_takes_the_place_of_every_waiting_one(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    approve(store, "plan-1", now)
    save(store, plan(now, "plan-2", after="cleo"), now)
    assert get(store).state is PlanState.SUPERSEDED
    assert states(store) == {RowState.SUPERSEDED}
    assert get(store, "plan-2").state is PlanState.PLANNED


def test_a_plan_that_is_being_applied_is_left_to_its_run(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    approve(store, "plan-1", now)
    with store.begin() as tx:
        assert outbox.begin_run(tx, "plan-1", epoch=1, now=now)
    save(store, plan(now, "plan-2", after="cleo"), now)
    assert get(store).state is PlanState.APPLYING
    assert states(store) == {RowState.APPROVED}


def test_the_same_difference_renews_the_waiting_plan_with_its_decision(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    approve(store, "plan-1", now)
    later = now + timedelta(hours=5)
    assert save(store, plan(later, "plan-2"), later) == "plan-1"
    assert get(store).plan.expires_at == later + timedelta(hours=24)
    assert get(store).state is PlanState.APPROVED
    with pytest.raises(PlanNotFound):
        get(store, "plan-2")


def test_a_guard_that_the_same_difference_trips_only_now_needs_a_decision_of_its_own(
    store: Store, now: datetime
) -> None:
    """I7: the rows are the same, but there are fewer accounts in scope to share them."""
    save(store, plan(now), now)
    approve(store, "plan-1", now)
    later = now + timedelta(hours=1)
    assert save(store, plan(later, "plan-2", guards=(TRIPPED,)), later) == "plan-2"
    assert get(store).state is PlanState.SUPERSEDED
    assert get(store, "plan-2").state is PlanState.HELD
    approve(store, "plan-2", later, overrides=["owner_moves"])
    assert save(store, plan(later, "plan-3"), later) == "plan-2", "a guard that trips no more asks for nothing"


def test_of_two_decisions_at_once_only_the_first_holds(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    with ThreadPoolExecutor(1) as other:
        with store.begin() as tx:
            plans.reject(tx, "plan-1", by="dana", note="", now=now)
            too_late = other.submit(approve, store, "plan-1", now)
            with pytest.raises(TimeoutError):
                too_late.result(0.5)
        with pytest.raises(PlanRefused, match="plan plan-1"):
            too_late.result(20)
    assert get(store).state is PlanState.REJECTED
    assert states(store) == {RowState.CANCELLED}


def test_i22_an_expired_plan_is_not_renewed_by_the_same_difference(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    approve(store, "plan-1", now)
    later = now + timedelta(hours=25)
    assert save(store, plan(later, "plan-2"), later) == "plan-2"
    assert get(store).state is PlanState.EXPIRED
    assert states(store) == {RowState.EXPIRED}
    assert get(store, "plan-2").state is PlanState.PLANNED


def test_an_approval_names_who_when_and_why_and_is_audited(store: Store, now: datetime) -> None:
    save(store, plan(now, guards=(TRIPPED,)), now)
    approve(store, "plan-1", now, overrides=["owner_moves"])
    stored = get(store)
    assert (stored.state, stored.decided_by, stored.decided_at) == (PlanState.APPROVED, "rita", now)
    assert stored.overrides == {"owner_moves"}
    assert states(store) == {RowState.APPROVED}
    with store.read() as tx:
        entry = audit.search(tx, plan="plan-1")[-1]
    assert entry.kind == "plan.approved"
    assert entry.entry["hash"] == stored.plan.hash  # the override is bound to this plan and no other
    assert entry.entry["overrides"] == ["owner_moves"]
    assert entry.values == {"by": "rita", "note": "looks right"}


@pytest.mark.parametrize(
    ("overrides", "words", "hint"),
    [
        ((), "held by owner_moves: 412 of 1,204", "--override owner_moves"),
        (("rep_moves",), "trips no guard 'rep_moves'; it trips: owner_moves", "name a guard that it trips"),
        (("owner_moves", "rep_moves"), "trips no guard 'rep_moves'", "leave the override out"),
    ],
)
def test_i7_guards_are_overridden_by_name_and_no_others(
    store: Store, now: datetime, overrides: tuple[str, ...], words: str, hint: str
) -> None:
    save(store, plan(now, guards=(TRIPPED,)), now)
    with pytest.raises(PlanRefused, match=words) as refused:
        approve(store, "plan-1", now, overrides)
    assert refused.value.exit_code == 6
    assert hint in refused.value.hint
    assert get(store).state is PlanState.HELD


def test_the_way_out_of_guards_names_all_of_them_also_when_some_were_named(store: Store, now: datetime) -> None:
    save(store, plan(now, guards=(TRIPPED, GuardFinding("rep_moves", "Ann Lee would gain 21, over 20"))), now)
    with pytest.raises(PlanRefused, match="held by rep_moves") as refused:
        approve(store, "plan-1", now, overrides=["owner_moves"])
    assert "--override owner_moves --override rep_moves" in refused.value.hint


def test_a_stale_plan_cannot_be_approved(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    with store.begin() as tx, pytest.raises(PlanRefused, match="the rules have changed") as refused:
        plans.approve(tx, "plan-1", by="rita", overrides=(), note="", now=now, rules_version="r2", config_digest="c1")
    assert refused.value.exit_code == 7
    with pytest.raises(PlanRefused, match="expired at"):
        approve(store, "plan-1", now + timedelta(hours=24))
    assert get(store).state is PlanState.PLANNED


def test_a_decision_is_made_once(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    approve(store, "plan-1", now)
    with pytest.raises(PlanRefused, match=r"does not wait for a decision: it is approved since .* by rita") as refused:
        approve(store, "plan-1", now)
    assert refused.value.hint == "apply it with 'sync-worker apply plan-1'"


def test_a_rejected_plan_is_over(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    approve(store, "plan-1", now)
    with store.begin() as tx:
        plans.reject(tx, "plan-1", by="rita", note="wrong books", now=now)
    assert get(store).state is PlanState.REJECTED
    assert states(store) == {RowState.CANCELLED}
    with store.begin() as tx, pytest.raises(PlanRefused, match="it is rejected"):
        plans.reject(tx, "plan-1", by="rita", note="", now=now)


def test_i10_i22_waiting_plans_expire_with_their_rows(store: Store, now: datetime) -> None:
    save(store, plan(now), now)
    with store.begin() as tx:
        assert plans.expire(tx, now + timedelta(hours=23)) == 0
        assert plans.expire(tx, now + timedelta(hours=24)) == 1
        assert plans.expire(tx, now + timedelta(hours=24)) == 0
    assert get(store).state is PlanState.EXPIRED
    assert states(store) == {RowState.EXPIRED}
