"""The state machine and its tables, by themselves: what may follow what, and what a reading decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.brakes import Tally
from sync_worker.core.lifecycle import (
    NEXT,
    Premises,
    Seen,
    Verdict,
    before_sending,
    difference,
    judge_unanswered,
    may_follow,
    same,
    shows,
)
from sync_worker.core.model import TERMINAL, PlanRow, RowKind, RowState, Value


def row(kind: RowKind = RowKind.OWNER) -> PlanRow:
    owner = kind is RowKind.OWNER
    return PlanRow(
        number=1,
        crm="salesforce",
        account="acc-1",
        account_name="Acme",
        kind=kind,
        before={"owner": "ann"} if owner else {"score": 10.0, "tier": "C"},
        after={"owner": "ben"} if owner else {"score": 71.0, "tier": "A"},
        rule="book:emea",
        reason="",
        read_set="r",
    )


PREMISES = Premises({"acc-1": "r"}, {"ben"})


def test_ended_rows_lead_nowhere_and_every_other_state_leads_on() -> None:
    assert NEXT.keys() == set(RowState) - TERMINAL
    assert all(following for following in NEXT.values())


@pytest.mark.parametrize("state", sorted(set(RowState) - TERMINAL))
def test_i6_from_every_state_an_end_can_be_reached(state: RowState) -> None:
    reached, front = set[RowState](), {state}
    while front:
        reached |= front
        front = {then for now in front for then in NEXT.get(now, ())} - reached
    assert reached & TERMINAL


def test_nothing_leaves_before_its_plan_is_approved() -> None:
    assert not may_follow(RowState.PLANNED, RowState.SENT)
    assert [state for state in RowState if may_follow(state, RowState.SENT)] == [RowState.APPROVED]


@pytest.mark.parametrize(
    ("owner", "version", "proof", "verdict"),
    [
        ("ben", "1", False, Verdict.LANDED),
        ("ben", "2", False, Verdict.LANDED),
        ("ann", "1", False, Verdict.NOT_LANDED),
        ("ann", "2", False, Verdict.MAYBE_REVERTED),
        ("ann", "2", True, Verdict.RULED_OUT),
        ("ann", None, False, Verdict.MAYBE_REVERTED),
        ("cleo", "1", False, Verdict.CONFLICT),
        ("cleo", "2", True, Verdict.CONFLICT),
    ],
)
def test_the_table_of_unanswered_owner_changes(owner: str, version: str | None, proof: bool, verdict: Verdict) -> None:  # noqa: FBT001 - a column of the table
    assert judge_unanswered(row(), Seen({"owner": owner}, version), token="1", proof=proof) is verdict


def test_an_unanswered_write_to_a_record_that_is_gone_is_gone() -> None:
    assert judge_unanswered(row(), None, token="1") is Verdict.GONE


def test_priorities_need_no_token_because_the_worker_alone_writes_them() -> None:
    seen = Seen({"score": 10.0, "tier": "C"})
    assert judge_unanswered(row(RowKind.PRIORITY), seen, token="") is Verdict.NOT_LANDED


def test_i14_a_field_that_the_reading_lacks_is_never_a_match() -> None:
    assert not shows(Seen({}), {"owner": None})
    ending = before_sending(row(), Seen({}, "1"), PREMISES, token=None)
    assert ending is not None
    assert ending.state is RowState.CONFLICT


@pytest.mark.parametrize(
    ("seen", "token", "premises", "state"),
    [
        (None, None, PREMISES, RowState.GONE),
        (Seen({"owner": "ben"}, "1"), None, PREMISES, RowState.NOOP),
        (Seen({"owner": "ben"}, "2"), "1", PREMISES, RowState.CONFIRMED),
        (Seen({"owner": "cleo"}, "1"), None, PREMISES, RowState.CONFLICT),
        (Seen({"owner": "ann"}, "2"), "1", PREMISES, RowState.CONFLICT),
        (Seen({"owner": "ann"}, "1"), None, Premises({"acc-1": "other"}, {"ben"}), RowState.SUPERSEDED),
        (Seen({"owner": "ann"}, "1"), None, Premises({}, {"ben"}), RowState.SUPERSEDED),
        (Seen({"owner": "ann"}, "1"), None, Premises({"acc-1": "r"}, set()), RowState.FAILED),
        (Seen({"owner": "ann"}, "1"), "1", Premises({"acc-1": "r"}, set()), RowState.SUPERSEDED),
    ],
)
def test_what_ends_a_row_before_it_is_sent(
    seen: Seen | None, token: str | None, premises: Premises, state: RowState
) -> None:
    ending = before_sending(row(), seen, premises, token=token)
    assert ending is not None
    assert ending.state is state
    assert may_follow(RowState.APPROVED, ending.state)
    assert ending.message


@pytest.mark.parametrize("token", [None, "1"])
def test_a_row_that_still_holds_may_be_sent(token: str | None) -> None:
    assert before_sending(row(), Seen({"owner": "ann", "phone": "x"}, "1"), PREMISES, token=token) is None


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (71, 71.0, True),
        (0.1 + 0.2, 0.3, True),
        (71.0, 71.1, False),
        (True, 1, False),
        (False, None, False),
        (None, "", True),
        (None, 0, False),
        ("a\nb ", "a\r\nb", True),
        ("a", "A", False),
        ("1", 1, False),
    ],
)
def test_equal_values_are_equal_however_a_crm_writes_them(one: Value, other: Value, equal: bool) -> None:  # noqa: FBT001 - a column of the table
    assert same(one, other) is same(other, one) is equal


@given(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text())
def test_every_value_is_the_same_as_itself(value: Value) -> None:
    assert same(value, value)


def test_a_difference_names_the_field_what_is_there_and_what_was_expected() -> None:
    seen = Seen({"score": None, "tier": "B"})
    told = "score is now empty, the plan expected 10.0; tier is now B, the plan expected C"
    assert difference({"tier": "C", "score": 10.0}, seen) == told


# The brakes -------------------------------------------------------------------------------------------------------


def tally(**states: int) -> Tally:
    counted = Tally()
    for name, count in states.items():
        for _ in range(count):
            counted.add(RowState(name), "CODE" if name == "failed" else "")
    return counted


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ({"confirmed": 19, "failed": 0}, None),
        ({"failed": 19}, None),
        ({"confirmed": 19, "failed": 1}, None),
        ({"confirmed": 18, "failed": 2}, "2 of 20 rows failed, 2 of them with CODE; the limit is 5%"),
        ({"confirmed": 95, "failed": 5}, None),
        ({"confirmed": 94, "failed": 6}, "6 of 100 rows failed, 6 of them with CODE; the limit is 5%"),
        ({"confirmed": 17, "conflict": 3}, None),
        ({"confirmed": 16, "conflict": 4}, "4 of 20 rows had been changed by others; the limit is 20%"),
        ({"confirmed": 18, "approved": 9, "unknown": 4}, None),
    ],
)
def test_i7_shares_brake_a_run_from_twenty_rows_on(states: dict[str, int], words: str | None) -> None:
    brake = tally(**states).verdict()
    assert (brake and brake.reason) == words
    assert brake is None or brake.for_good


def test_five_silent_calls_brake_a_run_for_now_and_one_answer_makes_them_forgotten() -> None:
    counted = tally(confirmed=1)
    for _ in range(4):
        counted.add_silence()
    assert counted.verdict() is None
    counted.add(RowState.CONFIRMED)
    counted.add_silence()
    assert counted.verdict() is None
    for _ in range(4):
        counted.add_silence()
    brake = counted.verdict()
    assert brake is not None
    assert not brake.for_good
