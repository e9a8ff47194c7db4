"""A change that is not ours keeps the worker away (I12); so do too many of our own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update

from connectors.port import User
from sync_worker.core.model import RowKind, RowState
from sync_worker.store import holds, ownership, records
from sync_worker.store.records import OwnerSeen
from sync_worker.store.schema import plan, plan_row, twin

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.store import Store


def test_an_account_that_somebody_else_moved_is_held_and_says_who_moved_it(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _users(tx, now)
        assert _notice(tx, OwnerSeen("a", "u1", "u2", now - timedelta(hours=1), by="u3"), now) == 1
        (held,) = ownership.holds(tx, now)
        assert (held.account, held.kind, held.until) == ("a", "person", now + timedelta(days=30))
        assert held.reason == "Dana Whitfield moved it from Ann to Bo on 2026-11-20"
        (owned,) = ownership.history(tx, "a")
        assert (owned.before, owned.after, owned.plan_id) == ("u1", "u2", None)


def test_it_is_known_who_has_lost_an_account_lately_and_until_when(store: Store, now: datetime) -> None:
    long_ago, then = now - timedelta(days=40), now - timedelta(days=3)
    with store.begin() as tx:
        for before, after, at in (("u1", "u2", long_ago), ("u2", "u3", then), (None, "u1", now)):
            _notice(tx, OwnerSeen("a", before, after, at), now)
        _notice(tx, OwnerSeen("b", "u4", "u2", then), now)
        assert ownership.lately_owned(tx, ["a", "c"], now - timedelta(days=30)) == {"a": {"u2": then}}
        assert ownership.lately_owned(tx, [], long_ago) == {}


def test_a_change_to_a_twin_is_remembered_and_holds_nothing(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        tx.execute(insert(twin).values(account_id="7", home_id="a", because="both are acme.com"))
        assert _notice(tx, OwnerSeen("7", "u1", "u2", now), now) == 0
        assert _notice(tx, OwnerSeen("a", "u1", "u2", now), now) == 1
        assert [held.account for held in ownership.holds(tx, now)] == ["a"]
        assert [owned.after for owned in ownership.history(tx, "7")] == ["u2"]


def test_a_reason_names_ids_where_names_are_unknown(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _notice(tx, OwnerSeen("a", "u9", "u8", now), now)
        assert ownership.holds(tx, now)[0].reason == "somebody moved it from u9 to u8 on 2026-11-20"
        _notice(tx, OwnerSeen("b", "u9", None, now), now)
        assert ownership.holds(tx, now)[1].reason == "somebody moved it from u9 to nobody on 2026-11-20"


def test_a_hold_ends_by_itself_or_by_a_persons_word(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _notice(tx, OwnerSeen("a", "u1", "u2", now), now)
        _notice(tx, OwnerSeen("b", "u1", "u2", now), now)
        assert holds.release(tx, "b")
        assert not holds.release(tx, "b")
        assert len(ownership.holds(tx, now + timedelta(days=29, hours=23))) == 1
        assert ownership.holds(tx, now + timedelta(days=30)) == []


def test_a_further_change_by_somebody_else_makes_the_hold_longer_and_is_no_second_hold(
    store: Store, now: datetime
) -> None:
    later = now + timedelta(days=10)
    with store.begin() as tx:
        assert _notice(tx, OwnerSeen("a", "u1", "u2", now), now) == 1
        assert _notice(tx, OwnerSeen("a", "u2", "u1", later), later) == 0
        assert ownership.holds(tx, later)[0].until == later + timedelta(days=30)
        holds.start(tx, holds.Hold("a", "person", now, now + timedelta(days=1), "shorter"))
        assert ownership.holds(tx, later)[0].until == later + timedelta(days=30), "a hold never becomes shorter"


def test_a_change_that_the_writer_has_met_before_keeps_the_reason_that_it_found(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        holds.start(tx, holds.Hold("a", "person", now, now + timedelta(days=30), "Dana moved it"))
        later = now + timedelta(hours=1)
        assert _notice(tx, OwnerSeen("a", "u1", "u2", now), later) == 0
        assert ownership.holds(tx, later)[0].reason == "Dana moved it"
        assert len(ownership.history(tx, "a")) == 1
        assert _notice(tx, OwnerSeen("a", "u2", "u3", later), later) == 0
        assert "u3" in ownership.holds(tx, later)[0].reason, "a later change is another one"


def test_a_date_that_another_field_has_moved_since_makes_no_second_change_of_one_that_is_known(
    store: Store, now: datetime
) -> None:
    """Our own write of a tier to an account whose owner a person had changed: the pull sees one record, one date."""
    later = now + timedelta(minutes=5)
    with store.begin() as tx:
        _users(tx, now)
        why = "Dana Whitfield moved it from Ann to Bo on 2026-11-20"
        holds.start(tx, holds.Hold("a", "person", now, now + timedelta(days=30), why))
        assert _notice(tx, OwnerSeen("a", "u1", "u2", later), later) == 0
        assert ownership.holds(tx, later)[0].reason == why
        _notice(tx, OwnerSeen("a", "u2", "u1", later), later)
        assert ownership.holds(tx, later)[0].reason == "somebody moved it from Bo to Ann on 2026-11-20"


@pytest.mark.parametrize("state", list(RowState))
def test_only_a_row_that_may_have_landed_makes_a_change_ours(store: Store, now: datetime, state: RowState) -> None:
    ours = state in {
        RowState.SENT,
        RowState.UNKNOWN,
        RowState.CONFIRMED,
        RowState.VERIFIED,
        RowState.OVERWROTE,
    }
    with store.begin() as tx:
        _row(tx, now, 1, state)
        assert _notice(tx, OwnerSeen("a", "u1", "u2", now), now) == (0 if ours else 1)
        (owned,) = ownership.history(tx, "a")
        assert (owned.plan_id, owned.row_number) == (("p", 1) if ours else (None, None))


def test_a_row_explains_one_change_only_and_only_to_its_own_owner(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _row(tx, now, 1, RowState.CONFIRMED)
        assert _notice(tx, OwnerSeen("a", "u1", "u3", now), now) == 1, "another owner than the row's"
        holds.release(tx, "a")
        assert _notice(tx, OwnerSeen("a", "u3", "u2", now), now) == 0, "this is the row's"
        assert _notice(tx, OwnerSeen("a", "u1", "u2", now), now) == 1, "the row has been matched already"


def test_more_than_two_changes_of_our_own_in_seven_days_are_flapping(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        for number, days in enumerate((10, 3, 2), start=1):
            _row(tx, now, number, RowState.CONFIRMED)
            at = now - timedelta(days=days)
            assert _notice(tx, OwnerSeen("a", "u1", "u2", at), at) == 0
        _row(tx, now, 4, RowState.CONFIRMED)
        assert _notice(tx, OwnerSeen("a", "u1", "u2", now), now) == 1
        (held,) = ownership.holds(tx, now)
    assert held.kind == "flapping"
    assert "3 times within 7 days" in held.reason


def test_covers_of_leave_are_no_flapping(store: Store, now: datetime) -> None:
    """Else an account could not go home from the second leave of a week."""
    with store.begin() as tx:
        for number, rule in enumerate(("cover:deals", "cover-end:deals", "cover:deals", "cover-end:deals"), start=1):
            _row(tx, now, number, RowState.CONFIRMED, rule)
            assert _notice(tx, OwnerSeen("a", "u1", "u2", now), now) == 0


def _notice(tx: Connection, seen: OwnerSeen, now: datetime) -> int:
    return ownership.notice(tx, [seen], now=now, hold_days=30)


def _users(tx: Connection, now: datetime) -> None:
    names = {"u1": "Ann", "u2": "Bo", "u3": "Dana Whitfield"}
    users = [User(id_, active=True, can_own=True, fields={"name": name}) for id_, name in names.items()]
    records.save_users(tx, "salesforce", users, cycle=1, now=now)


def _row(tx: Connection, now: datetime, number: int, state: RowState, rule: str = "r") -> None:
    if number == 1:
        tx.execute(
            insert(plan).values(
                id="p", hash="h", created_at=now, expires_at=now, state="applied", rules_version="r",
                config_digest="c", worker_version="0", guards=[], summary={},
            ),
        )  # fmt: skip
    tx.execute(
        insert(plan_row).values(
            plan_id="p", number=number, crm="salesforce", account_id="a", account_name="A", kind=RowKind.OWNER.value,
            before={"owner": "u1"}, after={"owner": "u2"}, rule=rule, reason="r", read_set="s", state="sent",
            sent_at=now,
        ),
    )  # fmt: skip
    tx.execute(update(plan_row).where(plan_row.c.number == number).values(state=state.value))
