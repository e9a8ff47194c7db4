"""From describes to the schema and the layouts: what is found, what is missing, and how activities are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.port import FieldType, NotPermitted, Stream
from connectors.salesforce import MemoryJobs, SalesforceConnector
from connectors.salesforce.rows import record
from connectors.salesforce.schema import build, layouts, parents
from connectors.values import instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.port import Value
    from tests.connectors.contract.salesforce import SalesforceSandbox

NOW = instant("2026-11-22T10:00:00Z")


def field(name: str, kind: str = "string", **more: object) -> dict[str, Any]:
    return {"name": name, "type": kind, "label": name, "updateable": True, **more}


def described(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"fields": [field("Id", "id"), field("SystemModstamp", "datetime"), *fields]}


TASK = described(
    field(
        "Type", "picklist", picklistValues=[{"value": "Web Form", "active": True}, {"value": "Fax", "active": False}]
    ),
    field("TaskSubtype", "picklist", picklistValues=[{"value": "ListEmail", "active": True}]),
    field("CompletedDateTime", "datetime"),
    field("ActivityDate", "date"),
    field("IsClosed", "boolean"),
    field("IsRecurrence", "boolean"),
    field("Priority"),
)
EVENT = described(
    field("StartDateTime", "datetime"),
    field("EndDateTime", "datetime"),
    field("IsChild", "boolean"),
    field("IsRecurrence", "boolean"),
    field("Location"),
)
ACTIVITIES = {"kind": "Type", "at": "CompletedDateTime", "done": "IsClosed", "urgency": "Priority", "where": "Location"}
BOTH: Mapping[str, Any] = {"Task": TASK, "Event": EVENT}


def activity(entity: str, **columns: Value) -> Mapping[str, Value] | None:
    schema = build({Stream.ACTIVITIES: ACTIVITIES}, BOTH)
    layout = next(each for each in layouts(Stream.ACTIVITIES, schema, BOTH) if each.entity == entity)
    known: dict[str, Value] = dict.fromkeys(layout.columns)
    found = record({**known, "Id": "00T", "SystemModstamp": "2026-11-21T10:00:00Z", **columns}, layout, NOW)
    return found.fields if found else None


def test_an_activity_has_every_mapped_field_whichever_object_it_comes_from() -> None:
    assert activity(
        "Task", Type="Web Form", CompletedDateTime="2026-11-20T09:00:00Z", IsClosed=True, Priority="High"
    ) == {
        "kind": "web_form",
        "at": "2026-11-20T09:00:00Z",
        "done": True,
        "urgency": "High",
        "where": None,
    }
    assert activity(
        "Event", StartDateTime="2026-11-20T09:00:00Z", EndDateTime="2026-11-20T10:00:00Z", Location="Oslo"
    ) == {
        "kind": "meeting",
        "at": "2026-11-20T09:00:00Z",
        "done": True,
        "urgency": None,
        "where": "Oslo",
    }


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"Type": "Web Form", "TaskSubtype": "Call"}, "web_form"),
        ({"TaskSubtype": "ListEmail"}, "list_email"),
        ({}, "task"),
    ],
)
def test_a_tasks_kind_is_its_type_else_its_subtype_else_just_task(columns: dict[str, Value], kind: str) -> None:
    fields = activity("Task", **columns)
    assert fields is not None
    assert fields["kind"] == kind


def test_a_task_without_a_moment_of_completion_counts_on_its_due_date() -> None:
    fields = activity("Task", ActivityDate="2026-11-19")
    assert fields is not None
    assert fields["at"] == "2026-11-19"


@pytest.mark.parametrize(
    ("end", "done"), [("2026-11-22T09:59:00Z", True), ("2026-11-22T10:01:00Z", False), (None, False)]
)
def test_an_event_is_done_once_its_end_has_passed(end: str | None, *, done: bool) -> None:
    fields = activity("Event", EndDateTime=end)
    assert fields is not None
    assert fields["done"] is done


def test_parents_of_series_and_copies_of_group_events_are_no_activities() -> None:
    assert activity("Task", IsRecurrence=True) is None
    assert activity("Event", IsRecurrence=True) is None
    assert activity("Event", IsChild=True) is None


def test_the_kinds_are_the_active_picklist_values_in_plain_letters() -> None:
    kind = build({Stream.ACTIVITIES: ACTIVITIES}, BOTH).fields[Stream.ACTIVITIES]["kind"]
    assert kind.values == ("list_email", "meeting", "task", "web_form")
    assert not kind.writable


def test_a_column_that_is_read_though_nobody_mapped_it_is_named_when_it_is_missing() -> None:
    bare = {"fields": [each for each in EVENT["fields"] if each["name"] != "EndDateTime"]}
    with pytest.raises(NotPermitted, match=r"Event\.EndDateTime, without which no Event can be read"):
        build({Stream.ACTIVITIES: ACTIVITIES}, {"Task": TASK, "Event": bare})


def test_an_object_that_cannot_be_seen_is_named_with_the_fields_that_cannot() -> None:
    describes = {"Contact": None, "Account": described(field("Nmae"))}
    mapping = {Stream.CONTACTS: {"title": "Title"}, Stream.ACCOUNTS: {"name": "Name"}}
    with pytest.raises(NotPermitted) as caught:
        build(mapping, describes)
    assert "the object Contact" in str(caught.value)
    assert "Account.Name, mapped as accounts.name (is it Nmae?)" in str(caught.value)


def test_an_org_without_leads_has_an_empty_stream_of_them() -> None:
    schema = build({Stream.LEADS: {"name": "Name"}}, {"Lead": None})
    assert schema.fields[Stream.LEADS] == {}
    assert layouts(Stream.LEADS, schema, {"Lead": None}) == []


def test_a_name_in_another_case_is_read_under_its_own_spelling() -> None:
    describes = {"Account": described(field("Region__c"))}
    fields = build({Stream.ACCOUNTS: {"region": "REGION__C"}}, describes).fields[Stream.ACCOUNTS]
    assert fields["region"].crm_name == "Region__c"


def test_a_compound_field_is_refused_with_the_way_out() -> None:
    describes = {"Account": described(field("BillingAddress", "address"), field("BillingCity"))}
    with pytest.raises(NotPermitted, match="compound field: map its parts"):
        build({Stream.ACCOUNTS: {"address": "BillingAddress"}}, describes)


ACCOUNT = described(field("Segment__c", "reference", relationshipName="Segment__r", referenceTo=["Segment__c"]))
SEGMENT = described(field("Rank__c", "double"), field("Name"))


def test_a_parents_field_has_the_parents_type_and_is_not_ours_to_change() -> None:
    mapping = {Stream.ACCOUNTS: {"rank": "segment__r.rank__c", "segment": "Segment__r.Name"}}
    assert parents(mapping, {"Account": ACCOUNT}) == {"Segment__c"}
    fields = build(mapping, {"Account": ACCOUNT, "Segment__c": SEGMENT}).fields[Stream.ACCOUNTS]
    assert (fields["rank"].crm_name, fields["rank"].type) == ("Segment__r.Rank__c", FieldType.NUMBER)
    assert (fields["segment"].crm_name, fields["segment"].type) == ("Segment__r.Name", FieldType.TEXT)
    assert not fields["rank"].writable
    assert not fields["segment"].writable


def test_a_parents_name_needs_no_call_to_describe_the_parent() -> None:
    assert parents({Stream.ACCOUNTS: {"segment": "Segment__r.Name"}}, {"Account": ACCOUNT}) == set()


@pytest.mark.parametrize("column", ["Segment__r.Colour__c", "Segment__r.Owner.Name", "Nobody__r.Name", "Segment__r."])
def test_a_parents_field_that_cannot_be_seen_is_missing(column: str) -> None:
    with pytest.raises(NotPermitted, match=r"mapped as accounts\.odd"):
        build({Stream.ACCOUNTS: {"odd": column}}, {"Account": ACCOUNT, "Segment__c": SEGMENT})


def test_a_parents_field_is_pulled_and_read_with_its_own_type(company: SalesforceSandbox) -> None:
    fields = {Stream.ACCOUNTS: {"owner_active": "Owner.IsActive", "owner_team": "Owner.Department"}}
    connector = SalesforceConnector(company.connect()._settings, fields, jobs=MemoryJobs())
    users = {str(row["Id"]): row for row in company.company.rows("User")}
    pulled = [each for page in connector.pull(Stream.ACCOUNTS, None) for each in page.records]
    read = list(connector.read([each.ref for each in pulled], versions=True))
    for each in (*pulled, *read):
        owner = users[str(each.fields["owner"])]
        assert each.fields["owner_active"] is owner["IsActive"]
        assert each.fields["owner_team"] == owner.get("Department")
    assert all(each.version for each in read)
    connector.close()
