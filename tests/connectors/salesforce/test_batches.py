"""A collections reply is matched to its rows by id and place, and what cannot be matched is unknown."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.port import Outcome
from connectors.salesforce.batches import matched, parts
from connectors.salesforce.writes import Row


def row(number: int) -> Row:
    return Row(f"w{number}", "Account", f"001{number:012d}AAA", {"Priority__c": number}, None)


def good(number: int) -> dict[str, Any]:
    return {"id": row(number).record, "success": True, "errors": []}


def bad(number: int | None = None, code: str = "STRING_TOO_LONG") -> dict[str, Any]:
    own = {} if number is None else {"id": row(number).record}
    return {**own, "success": False, "errors": [{"statusCode": code, "message": "no", "fields": []}]}


def outcomes(rows: list[Row], reply: list[object]) -> list[Outcome]:
    results = list(matched(rows, reply))
    assert [result.id for result in results] == [each.write_id for each in rows]
    return [result.outcome for result in results]


ROWS = [row(number) for number in range(4)]


def test_a_full_reply_in_order_names_every_row() -> None:
    assert outcomes(ROWS, [good(0), bad(), good(2), bad(3)]) == [
        Outcome.DONE,
        Outcome.FAILED,
        Outcome.DONE,
        Outcome.FAILED,
    ]


def test_rows_that_a_short_reply_leaves_out_are_unknown() -> None:
    assert outcomes(ROWS, [good(0), good(2), good(3)]) == [Outcome.DONE, Outcome.UNKNOWN, Outcome.DONE, Outcome.DONE]


def test_an_entry_without_id_in_a_short_reply_counts_for_nobody() -> None:
    assert outcomes(ROWS, [good(0), bad(), good(3)]) == [Outcome.DONE, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.DONE]


def test_a_reordered_reply_is_matched_by_id_alone() -> None:
    assert outcomes(ROWS, [good(1), good(0), bad(), bad(3)]) == [
        Outcome.DONE,
        Outcome.DONE,
        Outcome.UNKNOWN,
        Outcome.FAILED,
    ]


def test_two_answers_that_contradict_each_other_count_for_nothing() -> None:
    assert outcomes(ROWS[:1], [good(0), bad(0)]) == [Outcome.UNKNOWN]


def test_an_answer_that_says_neither_yes_nor_no_is_unknown() -> None:
    assert outcomes(ROWS[:2], [{"id": ROWS[0].record}, "what"]) == [Outcome.UNKNOWN, Outcome.UNKNOWN]


def test_success_without_an_id_proves_nothing() -> None:
    assert outcomes(ROWS[:1], [{"success": True, "errors": []}]) == [Outcome.UNKNOWN]


@given(st.permutations(range(4)), st.sets(st.integers(0, 3)), st.sets(st.integers(0, 3)))
def test_no_row_is_ever_done_that_the_reply_does_not_say_is_done(
    order: list[int], dropped: set[int], failed: set[int]
) -> None:
    reply: list[object] = [bad() if number in failed else good(number) for number in order if number not in dropped]
    for number, outcome in enumerate(outcomes(ROWS, reply)):
        if number in failed or number in dropped:
            assert outcome is not Outcome.DONE
        else:
            assert outcome is Outcome.DONE


@given(st.lists(st.integers(0, 300), max_size=700))
def test_batches_hold_every_row_once_none_twice_and_at_most_200(numbers: list[int]) -> None:
    batches = list(parts([row(number) for number in numbers]))
    assert [each.record for batch in batches for each in batch] == [row(number).record for number in numbers]
    assert all(len({each.record for each in batch}) == len(batch) <= 200 for batch in batches)


def test_different_rows_cost_one_call_for_each_200() -> None:
    assert [len(batch) for batch in parts([row(number) for number in range(401)])] == [200, 200, 1]
