"""Histories where an org behaves unlike the sandbox: twin rows, none at all, rows of others, rows that are missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import pytest

from connectors.port import BadReply, FieldType, History, SchemaChanged, Stream
from connectors.salesforce.history import histories
from connectors.salesforce.schema import Layout
from tests.connectors.salesforce.scripted import Answer, Asked, Scripted

if TYPE_CHECKING:
    from connectors.salesforce import SalesforceConnector
    from tests.connectors.salesforce.conftest import Connect

IDS = [f"001{number:012d}AAA" for number in range(450)]
ANN, BOB, CY = (f"00500000000000{number}AAA" for number in (1, 2, 3))
PLAIN = Layout(
    "Account", Stream.ACCOUNTS, ("owner",), {"owner": "OwnerId"}, {"Id": FieldType.TEXT, "OwnerId": FieldType.TEXT}
)


def entry(old: object, new: object, day: str = "01", *, record: str = IDS[0]) -> dict[str, object]:
    return {
        "Id": "017",
        "AccountId": record,
        "Field": "Owner",
        "OldValue": old,
        "NewValue": new,
        "CreatedById": ANN,
        "CreatedDate": f"2026-11-{day}T10:00:00.000+0000",
    }


def reply(*entries: dict[str, object], total: int | None = None, **more: object) -> Answer:
    return Answer({"totalSize": len(entries) if total is None else total, "done": not more, "records": entries, **more})


def ask(connector: SalesforceConnector, ids: list[str], column: str = "OwnerId") -> list[History]:
    return list(histories(connector._client, PLAIN, ids, column))


def steps(history: History) -> list[tuple[object, object]]:
    return [(change.before, change.after) for change in history.changes]


def test_twin_rows_with_display_names_are_skipped(connect: Connect) -> None:
    entries = [
        entry("Ada Lovelace", "Grace Hopper"),
        entry(ANN, BOB),
        entry(BOB, CY, "02"),
        entry("Grace Hopper", "Fifteen Letters", "02"),
    ]
    with Scripted(reply(*entries)) as server:
        (history,) = ask(connect(server), IDS[:1])
    assert steps(history) == [(ANN, BOB), (BOB, CY)]


def test_each_record_gets_its_own_changes_over_every_page(connect: Connect) -> None:
    pages = [
        reply(
            entry(ANN, BOB), entry(ANN, CY, record=IDS[1]), total=3, nextRecordsUrl="/services/data/v66.0/query/01g-2"
        ),
        reply(entry(BOB, CY, "02"), total=3),
    ]
    with Scripted(*pages) as server:
        first, second, third = ask(connect(server), IDS[:3])
    assert (steps(first), steps(second), steps(third)) == ([(ANN, BOB), (BOB, CY)], [(ANN, CY)], [])


def test_an_id_of_fifteen_letters_is_the_same_record(connect: Connect) -> None:
    with Scripted(reply(entry(ANN, BOB))) as server:
        (history,) = ask(connect(server), [IDS[0][:15]])
    assert (history.ref.id, steps(history)) == (IDS[0][:15], [(ANN, BOB)])


def test_two_hundred_records_go_into_a_query_that_keeps_within_the_longest_url(connect: Connect) -> None:
    with Scripted(reply()) as server:
        found = ask(connect(server), IDS)
        named = [re.findall(r"'(001\w{15})'", unquote_plus(asked.path)) for asked in server.asked]
        assert [len(each) for each in named] == [200, 200, 50]
        assert max(len(server.url + asked.path) for asked in server.asked) < 16_384
    assert [history.ref.id for history in found] == IDS


def test_an_org_that_keeps_no_history_is_asked_once_and_tells_of_no_change(connect: Connect) -> None:
    refused = Answer([{"errorCode": "INVALID_TYPE", "message": "sObject type 'AccountHistory' is not supported."}], 400)
    with Scripted(refused) as server:
        found = ask(connect(server), IDS)
        assert len(server.asked) == 1
    assert len(found) == len(IDS)
    assert not any(history.changes for history in found)


def test_a_history_whose_columns_have_gone_is_a_changed_schema(connect: Connect) -> None:
    refused = Answer([{"errorCode": "INVALID_FIELD", "message": "No such column 'OldValue'"}], 400)
    with Scripted(refused) as server, pytest.raises(SchemaChanged, match="No such column"):
        ask(connect(server), IDS[:1])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(entry(ANN, BOB), total=2), "announced 2 rows of AccountHistory and sent 1"),
        (reply(entry(ANN, BOB, record=IDS[9])), "belongs to no record"),
        (reply(entry(ANN, BOB) | {"AccountId": None}), "belongs to no record"),
        (reply(entry(ANN, BOB) | {"CreatedDate": None}), "no CreatedDate"),
    ],
    ids=["rows are missing", "a stranger's row", "nobody's row", "no date"],
)
def test_a_history_that_cannot_be_trusted_is_a_bad_reply(connect: Connect, answer: Answer, words: str) -> None:
    with Scripted(answer) as server, pytest.raises(BadReply, match=words):
        ask(connect(server), IDS[:2])


def test_an_objects_own_history_is_asked_for_and_one_without_is_not(connect: Connect) -> None:
    def of(asked: Asked) -> str:
        found = re.search(r"FROM (\w+) WHERE (\w+) IN", unquote_plus(asked.path))
        assert found
        return f"{found[1]}.{found[2]}"

    with Scripted(reply()) as server:
        client = connect(server)._client
        for entity in ("Account", "Contact", "Lead", "Opportunity", "Task"):
            layout = Layout(entity, Stream.ACCOUNTS, (), {}, {})
            assert [history.changes for history in histories(client, layout, IDS[:1], "OwnerId")] == [()]
        assert [of(asked) for asked in server.asked] == [
            "AccountHistory.AccountId",
            "ContactHistory.ContactId",
            "LeadHistory.LeadId",
            "OpportunityFieldHistory.OpportunityId",
        ]
