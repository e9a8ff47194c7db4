"""A page is kept whole with its cursor; what changed gets a new sequence number, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from connectors.port import Cursor, Record, Stream, User
from sync_worker.store import aliases, holds, ownership, records
from sync_worker.store.schema import rest
from tests.store.crm import account, full, name_of, page, save, sequences

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.store import Store


def test_a_saved_record_comes_back_as_it_was(store: Store, now: datetime) -> None:
    fields: dict[str, Any] = {
        "name": "Müller \U0001f600 GmbH",
        "revenue": 1e16,
        "employees": 12,
        "live": True,
        "phone": None,
        "x": -0.5,
    }
    with store.begin() as tx:
        save(tx, page(account("a", now, **fields)), now)
    with store.read() as tx:
        assert records.get(tx, Stream.ACCOUNTS, "a") == account("a", now, **fields)
        assert records.get(tx, Stream.CONTACTS, "a") is None
        assert records.cursor(tx, "salesforce", Stream.ACCOUNTS) == Cursor("c1")


def test_only_real_changes_move_the_sequence(store: Store, now: datetime) -> None:
    one, two = account("a", now, name="A"), account("b", now, name="B")
    later = now + timedelta(hours=1)
    with store.begin() as tx:
        first = save(tx, page(one, two), now)
        before = sequences(tx)
        again = save(tx, page(replace(one, modified=later), replace(two, fields={"name": "C"})), now)
        after = sequences(tx)
    assert (first.new, first.changed) == (2, 0)
    assert (again.new, again.changed, again.deleted) == (0, 1, 0)
    assert after["a"] == before["a"]
    assert after["b"] > max(before.values())


def test_a_late_reply_never_undoes_a_newer_version_but_a_full_pull_is_believed(store: Store, now: datetime) -> None:
    new, old = account("a", now, name="new"), account("a", now - timedelta(hours=1), name="old")
    with store.begin() as tx:
        save(tx, page(new), now)
        assert save(tx, page(old), now).changed == 0
        assert name_of(tx, "a") == "new"
        save(tx, full(old), now)
        assert name_of(tx, "a") == "old"


def test_of_two_versions_in_one_page_the_newer_is_kept(store: Store, now: datetime) -> None:
    new, old = account("a", now, name="new"), account("a", now - timedelta(hours=1), name="old")
    with store.begin() as tx:
        assert save(tx, page(new, old), now).new == 1
        assert name_of(tx, "a") == "new"


def test_a_deleted_record_is_kept_and_counted_once(store: Store, now: datetime) -> None:
    gone = replace(account("a", now), deleted=True)
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        assert save(tx, page(gone), now).deleted == 1
        assert save(tx, page(gone), now).deleted == 0
        assert records.live_count(tx, Stream.ACCOUNTS) == 1
        assert save(tx, page(account("a", now)), now).changed == 1, "an undelete is a change"
        assert records.live_count(tx, Stream.ACCOUNTS) == 2


def test_an_owner_that_differs_from_the_stored_one_is_reported(store: Store, now: datetime) -> None:
    later = now + timedelta(hours=1)
    with store.begin() as tx:
        assert save(tx, page(account("a", now, owner="u1"), account("b", now, owner=None)), now).owners == ()
        seen = save(tx, page(account("a", later, owner="u2"), account("b", later, owner=None)), now)
    assert seen.owners == (records.OwnerSeen("a", "u1", "u2", later),)


@pytest.mark.parametrize(
    ("poison", "why"),
    [
        ({"name": "\ud800"}, "surrogate"),
        ({"name": "a\0b"}, "NUL"),
        ({"revenue": float("nan")}, "finite"),
        ({"revenue": float("-inf")}, "finite"),
        ({"revenue": 10**400}, "too large"),
        ({"text": "x" * 1_000_001}, "characters of text"),
        ({"name": {"id": 1}}, "dict"),
        ({"owner": "x" * 41}, "no id"),
    ],
)
def test_a_record_that_cannot_be_kept_is_set_aside_and_blocks_no_other(
    store: Store, now: datetime, poison: dict[str, Any], why: str
) -> None:
    with store.begin() as tx:
        save(tx, full(account("a", now, name="A"), account("b", now)), now)
        saved = save(tx, full(account("a", now, **poison), account("b", now), account("c", now)), now, cycle=2)
        assert (saved.new, saved.quarantined) == (1, 1)
        (reason,) = records.quarantined(tx).values()
        assert why in reason
        assert name_of(tx, "a") == "A", "what was known stays"
        assert records.delete_unseen(tx, "salesforce", Stream.ACCOUNTS, 2, now) == 0, "set aside is not gone"
        save(tx, page(account("a", now, name="B")), now)
        assert records.quarantined(tx) == {}


def test_ids_that_no_crm_has_are_set_aside_too(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        saved = save(tx, page(account("", now), account("x" * 41, now), account("\0", now), account("é", now)), now)
        assert saved.quarantined == 4
        assert len(records.quarantined(tx)) == 4


def test_a_chain_of_merges_points_at_the_last_winner(store: Store, now: datetime) -> None:
    def merged(loser: str, winner: str) -> Record:
        return replace(account(loser, now), deleted=True, merged_into=winner)

    with store.begin() as tx:
        save(tx, page(*(account(id_, now) for id_ in "abcd")), now)
        save(tx, page(merged("a", "b")), now)
        save(tx, page(merged("c", "d"), merged("b", "c")), now)
        assert aliases.winners(tx, "accounts", set("abcd")) == {"a": "d", "b": "d", "c": "d"}
        save(tx, page(merged("d", "a")), now)
        assert aliases.winners(tx, "accounts", {"d"}) == {}, "a circle has no winner"
        save(tx, page(account("a", now)), now)
        assert aliases.winners(tx, "accounts", {"a"}) == {}, "an undeleted record is itself again"


def test_a_merge_that_makes_a_new_record_gives_it_the_past_of_the_one_whose_owner_it_has(
    store: Store, now: datetime
) -> None:
    def merged(loser: str) -> Record:
        return replace(account(loser, now), deleted=True, merged_into="new")

    with store.begin() as tx:
        save(tx, page(account("a", now, owner="u1"), account("b", now, owner="u2")), now)
        for id_, owner in (("a", "u1"), ("b", "u2")):
            moved = records.OwnerSeen(id_, "pool", owner, now)
            ownership.notice(tx, [moved], now=now, hold_days=30)
            holds.start_rest(tx, id_, now + timedelta(days=3), "unworked", owner, now)
        save(tx, page(account("new", now, owner="u2"), merged("a"), merged("b")), now)
        assert [owned.after for owned in ownership.history(tx, "new")] == ["u2"]
        assert [owned.after for owned in ownership.history(tx, "a")] == ["u1"]
        assert tx.execute(select(rest.c.account_id).order_by(rest.c.account_id)).scalars().all() == ["a", "new"]


def test_of_two_losers_in_the_pool_the_longer_rest_is_the_winners(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now, owner="pool"), account("b", now, owner="pool")), now)
        for id_, days in (("a", 9), ("b", 3)):
            holds.start_rest(tx, id_, now + timedelta(days=days), "unworked", "u1", now)
        losers = [replace(account(id_, now), deleted=True, merged_into="new") for id_ in ("a", "b")]
        save(tx, page(account("new", now, owner="pool"), *losers), now)
        assert tx.execute(select(rest.c.account_id, rest.c.until)).all() == [("new", now + timedelta(days=9))]


def test_the_winner_of_a_merge_is_held_as_its_loser_was(store: Store, now: datetime) -> None:
    until = now + timedelta(days=30)
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        holds.start(tx, holds.Hold("a", holds.PERSON, now, until, "Dana moved it"))
        save(tx, page(replace(account("a", now), deleted=True, merged_into="b")), now)
        (held,) = holds.current(tx, now)
    assert (held.account, held.until, held.reason) == ("b", until, "Dana moved it")


def test_what_a_full_pull_did_not_show_is_deleted_only_after_its_counts_were_read(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, full(*(account(id_, now) for id_ in "abc")), now, cycle=1)
        assert records.close_full_pull(tx, "salesforce", Stream.ACCOUNTS, 1) == records.FullPull(None, 3)
        assert records.delete_unseen(tx, "salesforce", Stream.ACCOUNTS, 1, now) == 0
        save(tx, full(account("a", now)), now, cycle=2)
        save(tx, page(account("d", now)), now, cycle=2)
        assert records.close_full_pull(tx, "salesforce", Stream.ACCOUNTS, 2) == records.FullPull(3, 1)
        assert records.live_count(tx, Stream.ACCOUNTS) == 4, "counting deletes nothing"
        before = sequences(tx)
        assert records.delete_unseen(tx, "salesforce", Stream.ACCOUNTS, 2, now) == 3
        after = sequences(tx)
        assert records.live_count(tx, Stream.ACCOUNTS) == 1
        assert records.full_pulled_at(tx, "salesforce", Stream.ACCOUNTS) == now
        assert min(after[id_] for id_ in "bcd") > max(before.values()), "a deletion is a change"


def test_a_forgotten_cursor_asks_for_a_full_pull_and_keeps_the_count_it_is_judged_by(
    store: Store, now: datetime
) -> None:
    with store.begin() as tx:
        save(tx, full(account("a", now)), now)
        records.delete_unseen(tx, "salesforce", Stream.ACCOUNTS, 1, now)
        records.forget_cursor(tx, "salesforce", Stream.ACCOUNTS)
        assert records.cursor(tx, "salesforce", Stream.ACCOUNTS) is None
        assert records.close_full_pull(tx, "salesforce", Stream.ACCOUNTS, 1).previous == 1


def test_everything_is_read_again_once_a_day(store: Store, now: datetime) -> None:
    def due(hours: int) -> bool:
        return records.full_pull_due(tx, "salesforce", Stream.ACCOUNTS, now + timedelta(hours=hours))

    with store.begin() as tx:
        assert due(0)
        save(tx, full(account("a", now)), now)
        assert not due(22), "broken off here, it goes on from its cursor"
        assert due(23)
        records.delete_unseen(tx, "salesforce", Stream.ACCOUNTS, 1, now + timedelta(hours=2))
        save(tx, page(account("b", now)), now + timedelta(hours=9))
        assert not due(24)
        assert due(25)


def test_users_are_kept_with_what_they_may_own_and_those_who_vanish_are_gone(store: Store, now: datetime) -> None:
    dana, ben = (
        User("u1", active=True, can_own=True, fields={"name": "Dana", "team": "EMEA"}),
        User("u2", active=False, can_own=False, fields={"name": None, "team": None}),
    )
    with store.begin() as tx:
        assert records.save_users(tx, "salesforce", [dana, ben], cycle=1, now=now).new == 2
        assert records.users(tx) == [dana, ben]
        assert records.user_names(tx) == {"u1": "Dana", "u2": "u2"}
        assert records.save_users(tx, "salesforce", [dana], cycle=2, now=now) == records.Saved(deleted=1)
        assert records.users(tx) == [dana]
        assert records.user_names(tx) == {"u1": "Dana", "u2": "u2"}


def test_accounts_are_found_by_name_in_any_case_the_whole_name_first(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now, name="ACME"), account("b", now, name="Acme 100%")), now)
        assert [found.ref.id for found in records.named(tx, Stream.ACCOUNTS, "acme")] == ["a"]
        assert [found.ref.id for found in records.named(tx, Stream.ACCOUNTS, "me 1")] == ["b"]
        assert [found.ref.id for found in records.named(tx, Stream.ACCOUNTS, "0%")] == ["b"]
        assert records.named(tx, Stream.ACCOUNTS, "%") != records.named(tx, Stream.ACCOUNTS, "_")


def test_a_page_that_fails_half_way_leaves_neither_records_nor_cursor(store: Store, now: datetime) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as tx:  # noqa: PT012 - the page must be saved before it fails
        save(tx, page(account("a", now)), now)
        raise ZeroDivisionError
    with store.read() as tx:
        assert records.get(tx, Stream.ACCOUNTS, "a") is None
        assert records.cursor(tx, "salesforce", Stream.ACCOUNTS) is None


def test_values_of_ours_that_a_second_reading_showed_are_known_before_the_next_pull(
    store: Store, now: datetime
) -> None:
    """… but never over what a pull has brought meanwhile, and a record that is gone stays gone."""
    with store.begin() as tx:
        shown = (account(id_, now, score=1, tier="D") for id_ in "abc")
        save(tx, page(*shown, replace(account("d", now, score=1, tier="D"), deleted=True)), now)
        save(tx, page(account("b", now + timedelta(seconds=1), score=7, tier="C")), now)
        before: dict[str, Any] = {"score": 1, "tier": "D"}
        after: dict[str, Any] = {"score": 50.5, "tier": "B"}
        records.take_values(tx, "salesforce", dict.fromkeys([*"abd", "never seen"], (before, after)))
        found = {id_: records.get(tx, Stream.ACCOUNTS, id_) for id_ in "abcd"}
        changed = sequences(tx)
        saved = save(tx, page(account("a", now + timedelta(seconds=2), **after)), now)
    seen = {id_: (one.fields["score"], one.fields["tier"], one.deleted) for id_, one in found.items() if one}
    assert seen == {"a": (50.5, "B", False), "b": (7, "C", False), "c": (1, "D", False), "d": (1, "D", True)}
    assert max(changed, key=lambda id_: changed[id_]) == "a"
    assert saved.changed == 0
