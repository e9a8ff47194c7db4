"""A cover runs while the latest change of owner began it; a reminder is told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert

from sync_worker.store.levels import Reminded, Running, earlier_owners, latest_turns, remind, running_covers, told
from sync_worker.store.schema import owner_history, plan, plan_row

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sync_worker.store import Store

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def moved(  # noqa: PLR0913, PLR0917 - a change of owner has so many parts
    tx: Connection, number: int, rule: str, before: str, after: str, account: str = "a1"
) -> None:
    """A change of owner that the CRM showed: ours by this rule, or somebody else's where there is none."""
    if rule:
        tx.execute(
            insert(plan_row).values(
                plan_id="p", number=number, crm="salesforce", account_id=account, account_name=account, kind="owner",
                before={"owner": before}, after={"owner": after}, rule=rule, reason="", read_set="", state="verified",
                sent_at=NOW + timedelta(minutes=number),
            )
        )  # fmt: skip
    tx.execute(
        insert(owner_history).values(
            account_id=account, at=NOW + timedelta(minutes=number), before=before, after=after,
            plan_id="p" if rule else None, row_number=number if rule else None,
        )
    )  # fmt: skip


def begin(tx: Connection) -> None:
    """A plan for the rows to belong to."""
    tx.execute(
        insert(plan).values(
            id="p", hash="h", created_at=NOW, expires_at=NOW, state="applied", rules_version="", config_digest="",
            worker_version="", guards=[], summary={},
        )
    )  # fmt: skip


def test_a_cover_runs_until_anybody_changes_the_owner_again(store: Store) -> None:
    with store.begin() as tx:
        begin(tx)
        moved(tx, 1, "book:emea", "pool", "ann")
        assert running_covers(tx) == ()
        moved(tx, 2, "cover:deals", "ann", "bob")
        running = Running("a1", "deals", "ann", "bob", NOW + timedelta(minutes=2))
        assert running_covers(tx) == (running,)
        moved(tx, 3, "cover:deals", "bob", "eve")
        assert running_covers(tx) == (Running("a1", "deals", "ann", "eve", running.since),), "back to the first"
        moved(tx, 4, "", "eve", "joe")
        assert running_covers(tx) == ()


def test_what_ends_a_cover_ends_it_for_good(store: Store) -> None:
    with store.begin() as tx:
        begin(tx)
        for account, rule in (("a1", "cover-end:deals"), ("a2", "return:unworked"), ("a3", "undo")):
            at = 10 * int(account[1])
            moved(tx, at, "cover:deals", "ann", "bob", account)
            moved(tx, at + 1, rule, "bob", "ann", account)
        assert running_covers(tx) == ()
        moved(tx, 99, "cover:deals", "ann", "eve", "a1")
        (again,) = running_covers(tx)
        assert (again.origin, again.by, again.since) == ("ann", "eve", NOW + timedelta(minutes=99))


def test_a_plan_whose_row_never_went_out_began_no_cover(store: Store) -> None:
    with store.begin() as tx:
        begin(tx)
        moved(tx, 1, "cover:deals", "ann", "bob", "a1")
        tx.execute(owner_history.delete())
        assert running_covers(tx) == ()


def test_a_reminder_is_told_once_for_each_owner(store: Store) -> None:
    first = Reminded("a1", "inbound", "ann", NOW)
    with store.begin() as tx:
        assert remind(tx, [first], NOW) == (first,)
        assert remind(tx, [first], NOW + timedelta(hours=1)) == ()
        second = Reminded("a1", "inbound", "bob", NOW + timedelta(hours=2))
        assert remind(tx, [first, second], NOW) == (second,)
        assert told(tx)["a1", "inbound", NOW] == NOW


def test_turns_and_earlier_owners_look_back_so_far(store: Store) -> None:
    with store.begin() as tx:
        begin(tx)
        moved(tx, 1, "service:inbound", "ann", "bob")
        moved(tx, 2, "service:inbound", "bob", "eve")
        moved(tx, 3, "service:other", "eve", "ann")
        turns = latest_turns(tx, "service:inbound", NOW)
        assert turns == {"bob": NOW + timedelta(minutes=1), "eve": NOW + timedelta(minutes=2)}
        assert latest_turns(tx, "service:inbound", NOW + timedelta(minutes=2)) == {"eve": turns["eve"]}
        assert earlier_owners(tx, ["a1", "a2"], NOW) == {"a1": frozenset({"ann", "bob", "eve"})}
        assert earlier_owners(tx, ["a1"], NOW + timedelta(minutes=3)) == {"a1": frozenset({"eve"})}
