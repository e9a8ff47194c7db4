"""What a write says of its rows when the reply is odd, lost or missing. The rest is shown on the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.port import LimitReached, NotPermitted, Outcome, Unauthorized, Unreachable, WriteResult
from connectors.salesforce.writes import Row
from tests.connectors.salesforce.scripted import HTML, Answer, Reset, Scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.connectors.salesforce.conftest import Connect

DONE, UNKNOWN = Outcome.DONE, Outcome.UNKNOWN
WRITTEN = Answer(status=204)
LIMIT = Answer([{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}], 403)
TYPO = Answer([{"message": "Cannot deserialize instance of double", "errorCode": "JSON_PARSER_ERROR"}], 400)
LONG_AGO, NOW = "2020-01-01T00:00:00.000+0000", "2100-01-01T00:00:00.000+0000"


def owner_row(number: int) -> Row:
    return Row(f"w{number}", "Account", f"001{number:012d}AAA", {"OwnerId": "005000000000001AAA"}, f'"e{number}"')


def field_row(number: int) -> Row:
    return Row(f"w{number}", "Account", f"001{number:012d}AAA", {"Priority__c": number}, None)


def refused(code: str, status: int = 400) -> Answer:
    return Answer([{"message": code.lower(), "errorCode": code}], status)


def good(*rows: Row) -> Answer:
    return Answer([{"id": row.record, "success": True, "errors": []} for row in rows])


def stamps(stamp: str, *rows: Row) -> Answer:
    records = [{"Id": row.record, "SystemModstamp": stamp} for row in rows]
    return Answer({"totalSize": len(records), "done": True, "records": records})


def sent(connect: Connect, server: Scripted, rows: list[Row], **settings: object) -> list[WriteResult]:
    connector = connect(server, **settings)
    connector._transport.bearer.token()  # type: ignore[union-attr]  # a first reply, so that the CRM's time is known
    return list(connector._writer.send(rows))


def gather(into: list[WriteResult], results: Iterator[WriteResult]) -> None:
    """Keep what came before an error, too."""
    for result in results:
        into.append(result)  # noqa: PERF402 - extend would lose them


def outcomes(results: list[WriteResult]) -> list[Outcome]:
    return [result.outcome for result in results]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (WRITTEN, DONE),
        (Answer("", 412), Outcome.CONFLICT),
        (refused("NOT_FOUND", 404), Outcome.GONE),
        (refused("ENTITY_IS_DELETED", 404), Outcome.GONE),
        (refused("UNABLE_TO_LOCK_ROW"), Outcome.BUSY),
        (refused("FIELD_CUSTOM_VALIDATION_EXCEPTION"), Outcome.FAILED),
        (refused("INSUFFICIENT_ACCESS_OR_READONLY", 403), Outcome.FAILED),
        (refused("NEVER_HEARD_OF_IT"), UNKNOWN),
        (Answer("", 400), UNKNOWN),
        (Answer(HTML, 400, "text/html"), UNKNOWN),
        (Answer(HTML, 200, "text/html"), UNKNOWN),
        (Answer({}, 200), UNKNOWN),
        (Answer("", 302, headers={"Location": "/elsewhere"}), UNKNOWN),
        (Answer(HTML, 503, "text/html"), UNKNOWN),
        (Answer("", 500), UNKNOWN),
        (Answer("", 429), UNKNOWN),
        (Reset(), UNKNOWN),
    ],
)
def test_one_owner_writes_reply_decides_its_outcome(connect: Connect, reply: Answer | Reset, outcome: Outcome) -> None:
    with Scripted(reply) as server:
        (result,) = sent(connect, server, [owner_row(1)])
        assert (result.id, result.outcome) == ("w1", outcome)
        assert len(server.asked) == 1
        assert server.asked[0].headers["If-Match"] == '"e1"'


def test_a_refusal_carries_salesforces_own_code_and_words(connect: Connect) -> None:
    with Scripted(refused("INACTIVE_OWNER_OR_USER")) as server:
        (result,) = sent(connect, server, [owner_row(1)])
        assert (result.code, result.message) == ("INACTIVE_OWNER_OR_USER", "inactive_owner_or_user")


def test_results_known_before_a_limit_come_first_and_the_rest_gets_none(connect: Connect) -> None:
    with Scripted(WRITTEN, WRITTEN, LIMIT) as server:
        results: list[WriteResult] = []
        with pytest.raises(LimitReached):
            gather(results, connect(server)._writer.send([owner_row(number) for number in range(5)]))
        assert [result.id for result in results] == ["w0", "w1"]
        assert len(server.asked) == 3


def test_each_result_comes_as_soon_as_it_is_known(connect: Connect) -> None:
    with Scripted(WRITTEN) as server:
        results = connect(server)._writer.send([owner_row(1), owner_row(2)])
        assert next(results).id == "w1"
        assert len(server.asked) == 1


@pytest.mark.parametrize("composite", [False, True])
def test_after_three_lost_replies_in_a_row_the_rest_is_not_sent(connect: Connect, *, composite: bool) -> None:
    """The CRM is away: firing on would only make more rows whose outcome nobody knows."""
    rows = [owner_row(number) for number in range(200)]
    with Scripted(Reset()) as server:
        results: list[WriteResult] = []
        writer = connect(server, composite_owner_writes=composite)._writer
        with pytest.raises(Unreachable, match="3 writes in a row"):
            gather(results, writer.send(rows))
        assert outcomes(results) == [UNKNOWN] * (75 if composite else 3)
        assert len(server.asked) == 3


def test_one_answer_ends_the_count_of_lost_replies(connect: Connect) -> None:
    steps: list[Answer | Reset] = [Reset(), Reset(), WRITTEN, Reset(), Reset(), refused("STRING_TOO_LONG"), WRITTEN]
    with Scripted(*steps) as server:
        found = outcomes(sent(connect, server, [owner_row(number) for number in range(7)]))
        assert found == [UNKNOWN, UNKNOWN, DONE, UNKNOWN, UNKNOWN, Outcome.FAILED, DONE]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (LIMIT, LimitReached),
        (refused("INVALID_SESSION_ID", 401), Unauthorized),
        (refused("API_DISABLED_FOR_ORG", 403), NotPermitted),
    ],
)
def test_a_closed_org_ends_the_write(connect: Connect, reply: Answer, error: type[Exception]) -> None:
    with Scripted(reply) as server, pytest.raises(error):
        sent(connect, server, [owner_row(1)])


def test_owner_writes_may_travel_25_to_a_composite_call_each_with_its_own_condition(connect: Connect) -> None:
    def replies(first: int, last: int) -> Answer:
        parts: list[dict[str, object]] = [
            {"body": None, "httpHeaders": {}, "httpStatusCode": 204, "referenceId": f"r{index}"}
            for index in range(last - first)
        ]
        return Answer({"compositeResponse": list(reversed(parts))})

    with Scripted(replies(0, 25), replies(25, 50), replies(50, 60)) as server:
        results = sent(connect, server, [owner_row(number) for number in range(60)], composite_owner_writes=True)
        assert outcomes(results) == [DONE] * 60
        assert len(server.asked) == 3
        parts = server.asked[1].json()["compositeRequest"]
        assert server.asked[1].json()["allOrNone"] is False
        assert [part["httpHeaders"]["If-Match"] for part in parts] == [f'"e{number}"' for number in range(25, 50)]
        assert all(part["httpHeaders"]["Sforce-Auto-Assign"] == "FALSE" for part in parts)


def test_parts_of_a_composite_reply_are_matched_by_name_and_missing_ones_are_unknown(connect: Connect) -> None:
    def part(index: int, status: int, body: object = None) -> dict[str, object]:
        return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": f"r{index}"}

    error = [{"errorCode": "ENTITY_IS_DELETED", "message": "entity is deleted"}]
    reply = Answer({"compositeResponse": [part(3, 404, error), part(0, 204), part(1, 412), part(4, 500)]})
    with Scripted(reply) as server:
        results = sent(connect, server, [owner_row(number) for number in range(5)], composite_owner_writes=True)
        assert outcomes(results) == [DONE, Outcome.CONFLICT, UNKNOWN, Outcome.GONE, UNKNOWN]


def test_a_composite_call_that_is_refused_as_a_whole_proves_nothing_of_its_rows(connect: Connect) -> None:
    with Scripted(TYPO) as server:
        results = sent(connect, server, [owner_row(1), owner_row(2)], composite_owner_writes=True)
        assert outcomes(results) == [UNKNOWN, UNKNOWN]
        assert len(server.asked) == 1


def test_field_writes_say_no_condition_and_never_assign(connect: Connect) -> None:
    rows = [field_row(number) for number in range(3)]
    with Scripted(good(*rows)) as server:
        assert outcomes(sent(connect, server, rows)) == [DONE] * 3
        (asked,) = server.asked
        assert asked.method == "PATCH"
        assert asked.headers["Sforce-Auto-Assign"] == "FALSE"
        assert asked.json()["allOrNone"] is False
        assert asked.json()["records"][0] == {"attributes": {"type": "Account"}, "id": rows[0].record, "Priority__c": 0}


def test_the_one_bad_row_of_a_refused_batch_is_found_once_all_are_proven_untouched(connect: Connect) -> None:
    rows = [field_row(number) for number in range(4)]
    steps = [
        TYPO, stamps(LONG_AGO, *rows),
        TYPO, stamps(LONG_AGO, *rows[:2]), good(rows[0]), TYPO,
        good(*rows[2:]),
    ]  # fmt: skip
    with Scripted(*steps) as server:
        results = sent(connect, server, rows)
        assert {result.id: result.outcome for result in results} == {
            "w0": DONE,
            "w1": Outcome.FAILED,
            "w2": DONE,
            "w3": DONE,
        }
        assert len(server.asked) == len(steps)


def test_rows_of_a_refused_batch_that_may_have_been_touched_stay_unknown(connect: Connect) -> None:
    rows = [field_row(number) for number in range(3)]
    records = [
        {"Id": rows[0].record, "SystemModstamp": NOW},
        {"Id": rows[1].record, "SystemModstamp": LONG_AGO},
    ]
    read = Answer({"totalSize": 2, "done": True, "records": records})
    with Scripted(TYPO, read, good(rows[1])) as server:
        found = {result.id: result.outcome for result in sent(connect, server, rows)}
        assert found == {"w0": UNKNOWN, "w1": DONE, "w2": UNKNOWN}
        sent_again = [each["id"] for each in server.asked[-1].json()["records"]]
        assert (sent_again, len(server.asked)) == ([rows[1].record], 3)


def test_rows_of_a_refused_batch_that_cannot_be_read_stay_unknown(connect: Connect) -> None:
    rows = [field_row(number) for number in range(3)]
    with Scripted(TYPO, LIMIT) as server:
        assert outcomes(sent(connect, server, rows)) == [UNKNOWN] * 3


def test_a_field_that_is_gone_for_every_row_is_not_looked_for_row_by_row(connect: Connect) -> None:
    rows = [field_row(number) for number in range(200)]
    with Scripted(refused("INVALID_FIELD"), stamps(LONG_AGO, *rows)) as server:
        assert outcomes(sent(connect, server, rows)) == [Outcome.FAILED] * 200
        assert len(server.asked) == 2


def test_the_search_for_bad_rows_is_bounded(connect: Connect) -> None:
    """Every row is bad. Without a bound that would cost 399 writes and 199 reads for one batch."""
    rows = [field_row(number) for number in range(200)]
    everything = stamps(LONG_AGO, *rows)
    with Scripted(TYPO, route=lambda asked: everything if asked.method == "GET" else None) as server:
        results = sent(connect, server, rows, calls_per_run=10_000)
        assert outcomes(results) == [Outcome.FAILED] * 200
        assert len(server.asked) < 150


def test_a_batch_whose_reply_is_lost_is_unknown_as_a_whole(connect: Connect) -> None:
    rows = [field_row(number) for number in range(3)]
    for reply in (Reset(), Answer(HTML, 503, "text/html"), Answer({"ok": True}), Answer("[", 200)):
        with Scripted(reply) as server:
            assert outcomes(sent(connect, server, rows)) == [UNKNOWN] * 3
            assert [asked.method for asked in server.asked if asked.method == "PATCH"] == ["PATCH"]


def test_an_empty_reply_names_nobody(connect: Connect) -> None:
    with Scripted(Answer([])) as server:
        assert outcomes(sent(connect, server, [field_row(1)])) == [UNKNOWN]
