"""From the values that HubSpot keeps to changes: what the first one tells, who made them, and what is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.hubspot.history import KEPT, changes
from connectors.port import BadReply, Field, FieldType, Ref, SchemaChanged, Stream

if TYPE_CHECKING:
    from tests.connectors.contract.hubspot import HubSpotSandbox

OWNER = Field("owner", "hubspot_owner_id", FieldType.TEXT)
MADE = "2026-11-04T10:00:00.000Z"


def version(value: str, at: str, by: str = "7") -> dict[str, Any]:
    return {"value": value, "timestamp": at, "sourceType": "CRM_UI", "sourceId": by}


def row(*latest_first: dict[str, Any], **changed: Any) -> dict[str, Any]:
    value = latest_first[0].get("value") if latest_first else None
    kept = {"hubspot_owner_id": list(latest_first)}
    base = {"id": "1", "properties": {"hubspot_owner_id": value}, "createdAt": MADE, "propertiesWithHistory": kept}
    return base | changed


def steps(of: dict[str, Any]) -> list[tuple[object, object, str]]:
    return [(each.before, each.after, each.by) for each in changes(of, OWNER, lambda one: str(one["sourceId"]))]


def test_a_value_that_the_record_was_made_with_is_no_change() -> None:
    assert steps(row(version("10", MADE))) == []
    assert steps(row(version("10", "2026-11-04T10:00:02.412Z"))) == []


def test_a_first_value_that_came_later_is_a_change_from_nothing() -> None:
    assert steps(row(version("10", "2026-11-05T10:00:00Z"))) == [(None, "10", "7")]


def test_the_oldest_of_as_many_values_as_hubspot_keeps_tells_of_no_change() -> None:
    many = [version(str(place), f"2026-11-06T10:00:{place:02d}Z") for place in range(KEPT)]
    assert len(steps(row(*many[::-1]))) == KEPT - 1
    assert len(steps(row(*many[:0:-1]))) == KEPT - 1


def test_clearing_is_a_change_to_nothing_and_back() -> None:
    kept = [version("10", MADE), version("", "2026-11-05T10:00:00Z", "8"), version("11", "2026-11-06T10:00:00Z", "9")]
    assert steps(row(*kept[::-1])) == [("10", None, "8"), (None, "11", "9")]


def test_changes_of_one_instant_keep_the_order_in_which_hubspot_tells_them() -> None:
    at = "2026-11-05T10:00:00Z"
    assert steps(row(version("12", at, "9"), version("11", at, "8"), version("10", MADE))) == [
        ("10", "11", "8"),
        ("11", "12", "9"),
    ]


@pytest.mark.parametrize("kept", [None, {}, {"hubspot_owner_id": []}, {"hubspot_owner_id": None}])
def test_an_empty_property_without_a_history_has_none_and_a_filled_one_must_have_one(kept: object) -> None:
    assert steps(row(propertiesWithHistory=kept)) == []
    with pytest.raises(BadReply, match="no history of hubspot_owner_id with the record 1"):
        steps(row(version("10", MADE), propertiesWithHistory=kept))


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"value": "10"},
        {"value": "10", "timestamp": "yesterday"},
        {"value": 10, "timestamp": MADE},
        {"timestamp": MADE},
    ],
    ids=["nothing", "no time", "no moment", "a number", "no value"],
)
def test_a_version_of_another_shape_is_a_bad_reply(entry: dict[str, object]) -> None:
    with pytest.raises(BadReply):
        steps(row({"sourceId": "7", **entry}, properties={"hubspot_owner_id": "10"}))


def test_a_record_that_does_not_say_when_it_was_made_is_a_bad_reply() -> None:
    with pytest.raises(BadReply, match="time of a change"):
        steps(row(version("10", MADE), createdAt=None))


def test_a_property_that_has_gone_is_named() -> None:
    with pytest.raises(SchemaChanged, match="no longer shows hubspot_owner_id"):
        steps(row(properties={}))


def test_a_property_hidden_since_it_was_described_stops_the_histories(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.portal.hide_property("companies", "industry")
    with pytest.raises(SchemaChanged, match="industry"):
        list(connector.history([Ref(Stream.ACCOUNTS, account.ids(Stream.ACCOUNTS)[0])], "industry"))


def test_activities_are_found_whichever_object_they_are(account: HubSpotSandbox) -> None:
    connector = account.connect()
    refs = [Ref(Stream.ACTIVITIES, each) for each in account.ids(Stream.ACTIVITIES)]
    assert {history.ref for history in connector.history(refs, "owner")} == set(refs)


def test_a_retired_id_has_no_history_and_the_merged_record_keeps_that_of_the_first(account: HubSpotSandbox) -> None:
    connector = account.connect()
    first, second = (Ref(Stream.ACCOUNTS, each) for each in sorted(account.ids(Stream.ACCOUNTS))[:2])
    before, theirs = account.value(first, "owner"), account.reps()[0]
    account.edit(first, owner=theirs if theirs != before else account.reps()[1])
    (old,) = connector.history([first], "owner")
    left = account.merge(first, second)
    (history,) = connector.history([first, second, left], "owner")
    assert history.ref == left
    assert history.changes[-1] == old.changes[-1]


def test_the_people_of_many_changes_are_looked_up_once(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.reset_calls()
    refs = [Ref(Stream.ACCOUNTS, each) for each in account.ids(Stream.ACCOUNTS)]
    list(connector.history(refs, "owner"))
    list(connector.history(refs, "owner"))
    assert account.sandbox.calls["by_kind"] == {"batch_read": 4, "owners": 2}
