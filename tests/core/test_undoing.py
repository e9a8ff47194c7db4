"""An undo gives an account back only where nothing speaks against it; every row that it leaves says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from sync_worker.core.model import Decision, PlanRow, RowKind, RowState
from sync_worker.core.traces import OwnerMove
from sync_worker.core.undoing import LANDED, Left, Situation, Written, moved_after, undo, undoes

ROW = PlanRow(
    number=7,
    crm="salesforce",
    account="1",
    account_name="Hazel",
    kind=RowKind.OWNER,
    before={"owner": "ann"},
    after={"owner": "pool"},
    rule="return:unworked",
    reason="unworked",
    read_set="then",
)
MOVED = Written(ROW, RowState.VERIFIED)
DECISION = Decision("1", "salesforce", "Hazel Foods", "pool", "target", None, None, None, {})
NOW = Situation(
    owners={"1": "pool"},
    decisions={"1": DECISION},
    moved={},
    marked=(),
    able={"ann", "bob", "pool"},
    pools={"pool"},
    names={"ann": "Ann Lee", "bob": "Bob Roy"},
    crms=("salesforce",),
)


def left(written: Written, now: Situation = NOW) -> Left:
    """Why the row is left: the only answer there is."""
    found = undo("ab12", [written], now, hold_days=30)
    assert not found.rows
    [one] = found.left
    return one


def test_an_undo_goes_from_what_the_crm_shows_to_what_was_before() -> None:
    [row] = undo("ab12", [MOVED], NOW, hold_days=30).rows
    assert row == PlanRow(
        number=1,
        crm="salesforce",
        account="1",
        account_name="Hazel Foods",
        kind=RowKind.OWNER,
        before={"owner": "pool"},
        after={"owner": "ann"},
        rule="rollback:ab12",
        reason="undoes row 7 of plan ab12: unworked",
        read_set="",
        rest_days=30,
    )


def test_what_a_write_replaced_comes_back_and_not_what_was_before_it() -> None:
    [row] = undo("ab12", [Written(ROW, RowState.OVERWROTE, {"owner": "bob"})], NOW, hold_days=30).rows
    assert row.after == {"owner": "bob"}
    assert row.reason == "puts back what row 7 of plan ab12 replaced"


def test_accounts_of_the_pool_go_first_and_the_others_in_their_order() -> None:
    given = replace(ROW, number=9, account="2", before={"owner": "pool"}, after={"owner": "bob"})
    later = replace(ROW, number=8, account="3")
    now = replace(
        NOW,
        owners={"1": "pool", "2": "bob", "3": "pool"},
        decisions={id_: replace(DECISION, account=id_) for id_ in "123"},
    )
    made = undo("ab12", [Written(row, RowState.VERIFIED) for row in (later, given, ROW)], now, hold_days=30)
    assert [(row.number, row.account) for row in made.rows] == [(1, "2"), (2, "1"), (3, "3")]


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (replace(NOW, owners={"1": "ann"}), "Ann Lee has it again already"),
        (replace(NOW, owners={"1": "bob"}), "it has been moved since, and Bob Roy has it now"),
        (replace(NOW, owners={"1": None}), "it has been moved since, and nobody has it now"),
        (replace(NOW, moved={"1": "Bob moved it"}), "Bob moved it"),
        (replace(NOW, owners={}), "the account is deleted or merged away"),
        (replace(NOW, decisions={}), "the account is set aside, or another CRM's record decides about it now"),
        (replace(NOW, crms=("hubspot",)), "the config does not name its CRM, salesforce, any more"),
        (replace(NOW, marked={"1"}), "it is marked do-not-move in the CRM"),
        (replace(NOW, able={"pool"}), "Ann Lee is no longer an active user who may own accounts"),
    ],
)
def test_a_row_is_left_where_something_speaks_against_it(now: Situation, why: str) -> None:
    found = left(MOVED, now)
    assert (found.number, found.account, found.account_name, found.why) == (7, "1", "Hazel", why)
    assert found.back is (why == "Ann Lee has it again already")


def test_an_account_that_nobody_had_is_given_to_nobody() -> None:
    assert left(Written(replace(ROW, before={"owner": None}), RowState.VERIFIED)).why.startswith("nobody had it")


def test_a_row_that_nobody_else_has_touched_is_undone_whatever_the_rules_say_now() -> None:
    """Out of scope, protected, held: the rules that moved it may be the very thing that was wrong."""
    now = replace(NOW, decisions={"1": replace(DECISION, scope=None, protect="settling-in", held="by a person")})
    assert undo("ab12", [MOVED], now, hold_days=30).rows


@pytest.mark.parametrize("state", sorted(set(RowState) - LANDED - {RowState.OVERWRITTEN}))
def test_a_row_that_did_not_land_or_is_not_settled_is_left(state: RowState) -> None:
    why = left(Written(ROW, state)).why
    assert ("outcome is not known yet" in why) is (state in {RowState.SENT, RowState.UNKNOWN})
    assert ("nothing of it stands" in why) is (state not in {RowState.SENT, RowState.UNKNOWN})


def test_what_somebody_has_changed_after_it_was_written_is_left() -> None:
    assert "moved since" in left(Written(ROW, RowState.OVERWRITTEN), replace(NOW, owners={"1": "bob"})).why
    assert "right after it was written" in left(Written(ROW, RowState.OVERWRITTEN)).why


def test_priorities_are_not_undone() -> None:
    row = replace(ROW, kind=RowKind.PRIORITY, before={"tier": "B"}, after={"tier": "A"}, rule="score:priority")
    assert "follow the rules" in left(Written(row, RowState.VERIFIED)).why


def test_a_rule_tells_which_plan_it_undoes() -> None:
    assert undoes("rollback:ab12") == "ab12"
    assert not undoes("return:rollback")


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def history(*owners: str) -> list[OwnerMove]:
    """These owners one after another, a minute apart; the first change at noon."""
    pairs = pairwise(owners)
    return [OwnerMove(NOON + n * timedelta(minutes=1), was, now, "dana") for n, (was, now) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("owners", "ours", "last"),
    [
        (("ann", "pool"), 0, None),
        (("ann", "pool", "bob"), 0, "bob"),
        (("ann", "pool", "bob", "pool"), 0, "pool"),  # put back to what we wrote, by a person all the same
        (("ann", "pool", "ann", "pool"), 2, None),  # undone, and the undo undone: both our own
        (("ann", "pool", "ann", "pool", "bob"), 2, "bob"),
        (("ann", "bob"), 0, None),  # our write is not in it: it proves nothing
        ((), 0, None),
    ],
)
def test_the_history_tells_who_moved_an_account_after_our_write(owners: tuple[str, ...], ours: int, last: str) -> None:
    move = moved_after(history(*owners), write="pool", since=NOON, tries=1, ours=ours)
    assert (move and move.after) == last


def test_a_change_before_our_write_is_not_taken_for_it() -> None:
    moves = history("ann", "pool", "ann", "pool")
    assert moved_after(moves, write="pool", since=NOON, tries=1, ours=0) is not None
    assert moved_after(moves, write="pool", since=NOON + timedelta(minutes=1), tries=1, ours=0) is None


def test_a_second_try_that_landed_late_is_no_change_of_somebody_elses() -> None:
    """Our write, a person's change, and our second request over it: only where a second one has left."""
    moves = [replace(move, by_app=move.after == "pool") for move in history("ann", "pool", "bob", "pool")]
    assert moved_after(moves, write="pool", since=NOON, tries=2, ours=0) is None
    assert moved_after(moves, write="pool", since=NOON, tries=1, ours=0) is not None
    by_hand = history("ann", "pool", "bob", "pool")
    assert moved_after(by_hand, write="pool", since=NOON, tries=2, ours=0) is not None
