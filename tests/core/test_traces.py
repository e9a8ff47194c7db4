"""What a history tells of our writes where no version holds them back: whether one landed, and what it replaced."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.lifecycle import Seen, Verdict
from sync_worker.core.model import PlanRow, RowKind, RowState
from sync_worker.core.traces import OwnerMove, Replaced, Trace, judge_confirmed, judge_unbound, trace, untouched

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
QUIET = Trace(0, None, by_others=False, quiet=True, latest="ann", changes=1)
LANDED = Trace(1, None, by_others=False, quiet=False, latest="ben", changes=1)


def move(seconds: float, before: str | None, after: str, by: str = "dana") -> OwnerMove:
    """A change so many seconds after the row's record can first have been read."""
    return OwnerMove(NOW + timedelta(seconds=seconds), before, after, by, by_app=by == "us")


def found(*moves: OwnerMove) -> Trace:
    """The trace of a row that moves an account from ann to ben."""
    return trace(moves, before="ann", after="ben", since=NOW)


def row() -> PlanRow:
    return PlanRow(1, "hubspot", "1", "Acme", RowKind.OWNER, {"owner": "ann"}, {"owner": "ben"}, "book:emea", "", "r")


MADE = move(-3600, None, "ann", "eve")
OURS = move(3, "ann", "ben", "us")
TO_CLEO = move(1, "ann", "cleo")
OVER_CLEO = move(3, "cleo", "ben", "us")


@pytest.mark.parametrize(
    ("moves", "landings", "replaced"),
    [
        ([], 0, None),
        ([MADE], 0, None),
        ([MADE, OURS], 1, None),
        ([MADE, TO_CLEO], 0, None),
        ([MADE, TO_CLEO, OVER_CLEO], 1, Replaced("cleo", TO_CLEO)),
        ([OVER_CLEO], 1, Replaced("cleo", None)),
        # There and back after our reading is a person's word, too.
        ([MADE, TO_CLEO, move(2, "cleo", "ann"), OURS], 1, Replaced("ann", move(2, "cleo", "ann"))),
        # What made the record show the before-value came before the reading that showed it.
        ([move(1, "cleo", "ann"), OURS], 1, None),
        ([move(1, "cleo", "eve"), move(2, "eve", "ann"), OURS], 1, None),
        # Others after our write replace us, and we nothing.
        ([OURS, move(4, "ben", "cleo")], 1, None),
        # A second request of ours lands over what somebody has written after the first.
        ([OURS, move(4, "ben", "cleo"), move(5, "cleo", "ben", "us")], 2, Replaced("cleo", move(4, "ben", "cleo"))),
        # Somebody wrote the very value first: ours changed nothing.
        ([move(1, "ann", "ben")], 0, None),
        ([move(1, "ann", "ben"), move(3, "ben", "ben", "us")], 1, None),
        # An app's change to another value is somebody else's.
        ([move(1, "ann", "cleo", "us"), OVER_CLEO], 1, Replaced("cleo", move(1, "ann", "cleo", "us"))),
    ],
)
def test_the_history_tells_what_landed_and_what_it_replaced(
    moves: list[OwnerMove], landings: int, replaced: Replaced | None
) -> None:
    told = found(*moves)
    assert (told.landings, told.replaced) == (landings, replaced)


def test_a_history_is_quiet_only_where_nothing_has_happened_and_it_ends_with_what_the_plan_saw() -> None:
    assert found().quiet
    assert found(MADE).quiet
    assert not found(move(-5, "ann", "cleo")).quiet
    assert not found(TO_CLEO, move(2, "cleo", "ann")).quiet


def test_history_proves_nothing_unless_it_is_kept_and_ends_with_the_owner_that_is_shown() -> None:
    before = OwnerMove(NOW - timedelta(days=3), "cleo", "ann", "dana")
    after = OwnerMove(NOW, "ben", "ann", "dana")
    assert untouched([before], owner="ann", since=NOW)
    assert not untouched([], owner="ann", since=NOW)
    assert not untouched([before], owner="ben", since=NOW)
    assert not untouched([before, after], owner="ann", since=NOW)


@given(
    st.lists(st.sampled_from(["ann", "cleo", "eve", "ben"]), max_size=4),
    st.lists(st.sampled_from(["ann", "cleo", "eve", "ben", "us"]), max_size=6),
)
def test_whatever_people_do_no_replaced_edit_is_missed(before_reading: list[str], after_reading: list[str]) -> None:
    """The reading showed ann; ``us`` is a request of ours that lands."""
    moves: list[OwnerMove] = []
    owner, lost = "dora", None
    edits: set[str] = set()
    for at, name in enumerate([*before_reading, "ann", *after_reading]):
        read = at > len(before_reading)
        if name == "us":
            lost = owner if owner != "ben" and edits else lost
            edits.clear()
        after = "ben" if name == "us" else name
        if after != owner:
            moves.append(move(at, owner, after, "us" if name == "us" else "dana"))
            if read and name != "us":
                edits.add(name)
        owner = after
    told = found(*moves).replaced
    if lost is not None:
        assert told is not None
        assert told.owner == lost
    elif told is not None:  # an edit there and back before the reading may be taken for one after it
        assert before_reading.count("ann")
        assert told.owner == "ann"


@pytest.mark.parametrize(
    ("owner", "told", "in_air", "verdict"),
    [
        ("ben", None, True, Verdict.LANDED),
        ("cleo", LANDED, True, Verdict.LANDED),
        ("ann", QUIET, True, Verdict.NOT_LANDED),
        ("ann", QUIET, False, Verdict.RULED_OUT),
        ("ann", None, True, Verdict.WAIT),
        ("ann", None, False, Verdict.MAYBE_REVERTED),
        ("ann", replace(QUIET, quiet=False), True, Verdict.WAIT),
        ("ann", replace(QUIET, quiet=False), False, Verdict.MAYBE_REVERTED),
        ("cleo", replace(QUIET, quiet=False), True, Verdict.WAIT),
        ("cleo", replace(QUIET, quiet=False), False, Verdict.CONFLICT),
        ("cleo", None, False, Verdict.CONFLICT),
    ],
)
def test_the_table_of_unanswered_owner_changes_without_a_version(
    owner: str,
    told: Trace | None,
    in_air: bool,  # noqa: FBT001 - a column of the table
    verdict: Verdict,
) -> None:
    assert judge_unbound(row(), Seen({"owner": owner}), told, in_air=in_air) is verdict
    assert judge_unbound(row(), None, told, in_air=in_air) is Verdict.GONE


OVERWROTE = replace(LANDED, replaced=Replaced("cleo", TO_CLEO))
BY_OTHERS = replace(LANDED, landings=0, by_others=True)


@pytest.mark.parametrize(
    ("owner", "told", "state"),
    [
        ("ben", LANDED, RowState.VERIFIED),
        ("ben", OVERWROTE, RowState.OVERWROTE),
        ("cleo", OVERWROTE, RowState.OVERWROTE),
        ("cleo", replace(LANDED, latest="cleo"), RowState.OVERWRITTEN),
        ("cleo", LANDED, None),
        ("ben", QUIET, None),
        ("ben", None, None),
        ("ben", BY_OTHERS, RowState.VERIFIED),
        ("cleo", replace(BY_OTHERS, latest="cleo"), RowState.OVERWRITTEN),
    ],
)
def test_the_table_of_confirmed_owner_changes_without_a_version(
    owner: str, told: Trace | None, state: RowState | None
) -> None:
    seen = Seen({"owner": owner})
    assert judge_confirmed(row(), seen, told, in_air=False, overdue=False) is state
    assert judge_confirmed(row(), seen, told, in_air=True, overdue=False) is None
    assert judge_confirmed(row(), None, told, in_air=False, overdue=False) is RowState.GONE
    ended = RowState.VERIFIED if owner == "ben" else RowState.OVERWRITTEN
    assert judge_confirmed(row(), seen, told, in_air=False, overdue=True) is (state or ended)
