"""HubSpot's texts as values, and its properties as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.hubspot.errors import row_error
from connectors.hubspot.values import from_text, to_text
from connectors.port import BadReply, FieldType, NotPermitted, SchemaChanged, Stream

if TYPE_CHECKING:
    from connectors.port import Value
    from tests.connectors.contract.hubspot import HubSpotSandbox
    from tests.connectors.hubspot.conftest import Connect


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", FieldType.TEXT, None),
        (None, FieldType.NUMBER, None),
        ("a\x00b", FieldType.TEXT, "ab"),
        ("12", FieldType.NUMBER, 12),
        ("50.0", FieldType.NUMBER, 50),
        ("1.5E3", FieldType.NUMBER, 1500),
        ("true", FieldType.BOOLEAN, True),
        ("False", FieldType.BOOLEAN, False),
        ("2026-11-04", FieldType.DATE, "2026-11-04"),
        ("2026-11-04T10:00:00.000Z", FieldType.DATE, "2026-11-04T10:00:00Z"),
        ("2026-11-04T10:00:00.120+01:00", FieldType.DATE, "2026-11-04T09:00:00.120Z"),
        ("1793786400000", FieldType.DATE, "2026-11-04T10:00:00Z"),
    ],
)
def test_a_text_has_the_value_of_its_type(text: str | None, kind: FieldType, value: Value) -> None:
    found = from_text(text, kind)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "kind"),
    [("many", FieldType.NUMBER), ("NaN", FieldType.NUMBER), ("1_0", FieldType.NUMBER), ("yes", FieldType.BOOLEAN),
     ("soon", FieldType.DATE), ("2026-11-04T10:00:00", FieldType.DATE), (7, FieldType.TEXT)],
)  # fmt: skip
def test_what_is_no_value_of_its_type_is_a_bad_reply(text: object, kind: FieldType) -> None:
    with pytest.raises(BadReply):
        from_text(text, kind)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), (False, "false"), (7, "7"), (7.0, "7"), (0.25, "0.25"), ("a", "a")],
)
def test_a_value_is_written_as_text(value: Value, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_never_written(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        to_text(value)


def test_every_missing_property_is_named_with_the_nearest_one(account: HubSpotSandbox, connect: Connect) -> None:
    account.portal.hide_property("companies", "numberofemployees")
    account.portal.hide_property("deals", "dealstage")
    connector = connect(account.sandbox.url, auth=account.connect()._settings.auth)
    with pytest.raises(NotPermitted) as caught:
        connector.describe()
    assert "companies.numberofemployees, mapped as accounts.employees" in str(caught.value)
    assert "deals.dealstage, mapped as opportunities.stage" in str(caught.value)
    assert "is it" in str(caught.value)
    assert "[fields]" in caught.value.hint


def test_a_property_that_goes_after_it_was_seen_is_a_changed_schema(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.portal.hide_property("companies", "industry")
    with pytest.raises(SchemaChanged, match="since the last look"):
        connector.describe()


def test_what_people_cannot_write_is_not_writable(account: HubSpotSandbox) -> None:
    account.portal.freeze_property("companies", "priority_score")
    fields = account.connect().describe().fields[Stream.ACCOUNTS]
    writable = {name for name, field in fields.items() if field.writable}
    assert not writable & {"score", "created_at", "parent"}
    assert {"owner", "tier", "do_not_move", "region"} <= writable


def test_ids_are_texts_though_hubspot_calls_them_numbers(account: HubSpotSandbox) -> None:
    connector = account.connect()
    fields = connector.describe().fields
    assert fields[Stream.ACCOUNTS]["parent"].type is FieldType.TEXT
    assert fields[Stream.CONTACTS]["account"].type is FieldType.TEXT
    records = [record for page in connector.pull(Stream.CONTACTS, None) for record in page.records]
    known = {None, *account.ids(Stream.ACCOUNTS)}
    assert {record.fields["account"] for record in records} <= known
    assert all(isinstance(record.fields["name"], str) for record in records)


def test_the_json_behind_a_refusal_is_told_in_words() -> None:
    told = '[{"isValid":false,"message":"99 was not a valid owner","error":"INVALID_OWNER","name":"hubspot_owner_id"}]'
    spoken = row_error({"category": "VALIDATION_ERROR", "message": f"Property values were not valid: {told}"})
    assert spoken.message == "Property values were not valid: 99 was not a valid owner"
    broken = row_error({"message": 'odd: [{"isValid"'})
    assert broken.message == 'odd: [{"isValid"', "what cannot be read is shown as it came"
