"""Batch updates: what each kind of reply means for each row, and what writes cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from connectors.hubspot.errors import RowError
from connectors.hubspot.replies import BatchReply
from connectors.hubspot.writer import Row, matched, parts
from connectors.port import LimitReached, Outcome, Ref, Stream, Unreachable, Write
from connectors.sandbox.hubspot.portal import APP

if TYPE_CHECKING:
    from connectors.port import WriteResult
    from tests.connectors.contract.hubspot import HubSpotSandbox


def writes(account: HubSpotSandbox, count: int = 5, score: int = 71) -> list[Write]:
    chosen = sorted(account.ids(Stream.ACCOUNTS))[:count]
    return [Write(f"w{place}", Ref(Stream.ACCOUNTS, each), {"score": score}) for place, each in enumerate(chosen)]


def outcomes(results: list[WriteResult]) -> dict[str, Outcome]:
    return {result.id: result.outcome for result in results}


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_errors_of_single_rows_are_read_from_a_207_and_from_the_200_of_newer_versions(
    account: HubSpotSandbox, version: str
) -> None:
    connector = account.connect(api_version=version)
    batch = writes(account)
    connector.describe()
    account.refuse(batch[1].ref, "failed")
    account.delete(batch[3].ref)
    results = list(connector.write(batch))
    assert outcomes(results) == {
        "w0": Outcome.DONE,
        "w1": Outcome.FAILED,
        "w2": Outcome.DONE,
        "w3": Outcome.GONE,
        "w4": Outcome.DONE,
    }
    assert (results[1].code, results[1].message) == ("VALIDATION_ERROR", "Owner must sit in the region")


def test_a_validation_rule_that_refuses_the_whole_batch_fails_only_its_own_rows(account: HubSpotSandbox) -> None:
    connector = account.connect(api_version="2026-09")
    batch = writes(account, 9)
    connector.describe()
    rule = {"on": "batch_update", "fault": "validation_rule", "every": 1, "message": "Name the industry"}
    account.sandbox.faults(*({**rule, "id": batch[place].ref.id} for place in (2, 7)))
    results = list(connector.write(batch))
    failed = {result.id: result for result in results if result.outcome is not Outcome.DONE}
    assert failed.keys() == {"w2", "w7"}
    assert all(result.outcome is Outcome.FAILED and "Name the industry" in result.message for result in failed.values())
    assert len(account.effects()) == 7


def test_a_refused_batch_whose_rows_somebody_has_touched_stays_unknown(account: HubSpotSandbox) -> None:
    """The row's own date can no longer prove that nothing of the batch was written to it."""
    connector = account.connect(api_version="2026-09")
    batch = writes(account, 3)
    connector.describe()
    account.edit(batch[1].ref, phone="+44 20 7946 0000")
    rule = {"on": "batch_update", "fault": "validation_rule", "every": 1, "id": batch[0].ref.id}
    account.sandbox.faults(rule)
    results = outcomes(list(connector.write(batch)))
    assert results == {"w1": Outcome.UNKNOWN, "w0": Outcome.FAILED, "w2": Outcome.DONE}


def test_a_write_to_a_record_that_was_merged_away_is_unknown_and_names_what_it_reached(
    account: HubSpotSandbox,
) -> None:
    connector = account.connect()
    batch = writes(account, 3)
    left = account.merge(batch[0].ref, batch[1].ref)
    results = {result.id: result for result in connector.write([batch[0], batch[2]])}
    assert results["w0"].outcome is Outcome.UNKNOWN
    assert left.id in results["w0"].message
    assert results["w2"].outcome is Outcome.DONE


def test_a_throttled_write_wrote_nothing_and_may_be_tried_later(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.sandbox.faults({"on": "batch_update", "fault": "burst_429"})
    account.reset_calls()
    assert set(outcomes(list(connector.write(writes(account)))).values()) == {Outcome.BUSY}
    assert account.calls() == 1
    assert account.effects() == []


def test_the_end_of_the_days_calls_ends_the_run(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.sandbox.faults({"on": "batch_update", "fault": "daily_429"})
    with pytest.raises(LimitReached, match="today") as caught:
        list(connector.write(writes(account)))
    assert "midnight" in caught.value.hint


@pytest.mark.parametrize("fault", ["http_502", "http_504", "migration_477", "html_200", "reset"])
def test_whatever_is_no_definite_answer_leaves_the_rows_unknown(account: HubSpotSandbox, fault: str) -> None:
    connector = account.connect()
    connector.describe()
    account.sandbox.faults({"on": "batch_update", "fault": fault})
    assert set(outcomes(list(connector.write(writes(account)))).values()) == {Outcome.UNKNOWN}


def test_a_row_that_the_reply_leaves_out_is_unknown_and_order_does_not_matter(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.sandbox.faults(
        {"on": "batch_update", "fault": "missing_rows", "rows": 1}, {"on": "batch_update", "fault": "reordered_rows"}
    )
    results = outcomes(list(connector.write(writes(account))))
    assert sorted(results.values()) == sorted([Outcome.DONE] * 4 + [Outcome.UNKNOWN])


def test_three_batches_without_an_answer_stop_the_rest(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.sandbox.faults({"on": "batch_update", "fault": "reset", "every": 1})
    (one,) = writes(account, 1)
    same = [Write(f"w{place}", one.ref, {"score": place}) for place in range(5)]
    results: list[WriteResult] = []
    with pytest.raises(Unreachable, match="3 batches"):
        results.extend(connector.write(same))
    assert account.sandbox.calls["by_kind"]["batch_update"] == 3  # type: ignore[index] # a table of counts


def test_sixty_writes_cost_one_call(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.reset_calls()
    assert set(outcomes(list(connector.write(writes(account, 60)))).values()) == {Outcome.DONE}
    assert account.sandbox.calls["by_kind"] == {"batch_update": 1}


def test_an_owner_who_is_archived_is_refused_and_the_others_of_the_batch_are_written(account: HubSpotSandbox) -> None:
    connector = account.connect()
    batch = writes(account, 4)
    batch[2] = Write("w2", batch[2].ref, {"owner": account.inactive_user()})
    results = outcomes(list(connector.write(batch)))
    assert results.pop("w2") is Outcome.FAILED
    assert set(results.values()) == {Outcome.DONE}


@pytest.mark.parametrize(
    ("field", "value", "held"),
    [
        ("do_not_move", True, "true"),
        ("score", 12.5, "12.5"),
        ("score", 71.0, "71"),
        ("owner_since", "2026-11-04T10:00:00Z", "2026-11-04T10:00:00Z"),
        ("reasons", None, None),
    ],
)
def test_values_arrive_as_hubspot_holds_them_and_come_back_typed(
    account: HubSpotSandbox, field: str, value: object, held: str | None
) -> None:
    connector = account.connect()
    (one,) = writes(account, 1)
    list(connector.write([Write("w", one.ref, {field: value})]))  # type: ignore[dict-item] # one of the port's values
    (record,) = connector.read([one.ref])
    assert record.fields[field] == value
    column = account.column(Stream.ACCOUNTS, field)
    assert account.portal.records["companies"][one.ref.id].values.get(column) == held


def test_batches_hold_a_hundred_rows_of_one_object_and_no_record_twice() -> None:
    rows = [Row(f"w{place}", "companies", str(place), {"a": "1"}) for place in range(250)]
    assert [len(part) for part in parts(rows)] == [100, 100, 50]
    assert [len(part) for part in parts([rows[0], rows[1], rows[0]])] == [2, 1]
    assert [len(part) for part in parts([rows[0], Row("d", "deals", "9", {})])] == [1, 1]


def test_a_reply_that_contradicts_itself_is_unknown() -> None:
    row = Row("w", "companies", "7", {"a": "1"})
    error = RowError("VALIDATION_ERROR", "no", ids=("7",))
    (result,) = matched([row], BatchReply([{"id": "7", "properties": {}}], [error]))
    assert result.outcome is Outcome.UNKNOWN


def test_an_error_that_names_only_the_trace_finds_its_row_and_an_unheard_of_one_is_unknown() -> None:
    row = Row("w", "companies", "7", {"a": "1"})
    (known,) = matched([row], BatchReply([], [RowError("VALIDATION_ERROR", "no", traces=("w",))]))
    (odd,) = matched([row], BatchReply([], [RowError("GREMLINS", "no", traces=("w",))]))
    (silent,) = matched([row], BatchReply([], [RowError("VALIDATION_ERROR", "no")]))
    assert (known.outcome, odd.outcome, silent.outcome) == (Outcome.FAILED, Outcome.UNKNOWN, Outcome.UNKNOWN)


def test_history_tells_a_persons_change_from_an_integrations(account: HubSpotSandbox) -> None:
    connector = account.connect()
    (one,) = writes(account, 1)
    before = account.value(one.ref, "owner")
    ours, theirs = [rep for rep in account.reps() if rep != before][:2]
    list(connector.write([Write("w", one.ref, {"owner": ours})]))
    account.edit(one.ref, owner=theirs)
    (history,) = connector.history([one.ref], "owner")
    assert [(change.after, change.by) for change in history.changes[-2:]] == [
        (ours, "INTEGRATION:3817446"),
        (theirs, account.person()),
    ]


def test_what_an_app_wrote_is_the_apps_even_where_hubspot_names_the_user_who_let_it_in(account: HubSpotSandbox) -> None:
    (one,) = writes(account, 1)
    before = account.value(one.ref, "owner")
    ours = next(rep for rep in account.reps() if rep != before)
    installed = replace(APP, user_id=account.portal.author("").user_id)
    account.portal.update("companies", one.ref.id, {"hubspot_owner_id": ours}, installed)
    (history,) = account.connect().history([one.ref], "owner")
    assert (history.changes[-1].after, history.changes[-1].by) == (ours, "INTEGRATION:3817446")
