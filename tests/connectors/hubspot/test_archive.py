"""Deletions in increments: the archive is walked round, a few pages at a time, and none is passed over for good."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.hubspot.archive import PAGES
from connectors.port import Connector, Cursor, Record, Ref, Stream

if TYPE_CHECKING:
    from tests.connectors.contract.hubspot import HubSpotSandbox

MORE_THAN_A_WALK = PAGES * 100 + 130


def pull(connector: Connector, since: Cursor | None = None) -> tuple[dict[str, Record], Cursor]:
    """Every contact by id, the latest showing of each, and the last cursor."""
    pages = list(connector.pull(Stream.CONTACTS, since))
    return {record.ref.id: record for page in pages for record in page.records}, pages[-1].cursor


def deleted(records: dict[str, Record]) -> set[str]:
    return {each for each, record in records.items() if record.deleted}


@pytest.fixture
def grown(account: HubSpotSandbox) -> HubSpotSandbox:
    """An account whose archive takes more than one increment to walk through."""
    author = account.portal.author("")
    for place in range(MORE_THAN_A_WALK):
        made = account.portal.create("contacts", {"firstname": "Ada", "lastname": f"Byron {place}"}, author)
        account.portal.archive("contacts", made)
    return account


def age_archive(account: HubSpotSandbox) -> None:
    """What is in the archive has been there for days."""
    for each in account.portal.rows("contacts", archived=True):
        account.portal.records["contacts"][each.id] = replace(each, archived="2026-11-01T10:00:00.000Z")


def test_a_small_archive_is_walked_in_one_call_and_each_deletion_told_at_once(account: HubSpotSandbox) -> None:
    connector = account.connect()
    _, cursor = pull(connector)
    gone = account.ids(Stream.CONTACTS)[:3]
    for each in gone:
        account.delete(Ref(Stream.CONTACTS, each))
        account.reset_calls()
        records, cursor = pull(connector, cursor)
        assert each in deleted(records)
        assert account.sandbox.calls["by_kind"]["list"] == 1  # type: ignore[index] # a table of counts


def test_a_large_archive_costs_a_fixed_number_of_calls_in_each_increment(grown: HubSpotSandbox) -> None:
    age_archive(grown)
    connector = grown.connect()
    _, cursor = pull(connector)
    lists = []
    for _ in range(4):
        grown.reset_calls()
        records, cursor = pull(connector, cursor)
        lists.append(grown.sandbox.calls["by_kind"]["list"])  # type: ignore[index] # a table of counts
        assert records == {}
    assert lists == [PAGES, 2, PAGES, 2]


@pytest.mark.parametrize("walks", [0, 1, 2, 3])
@pytest.mark.parametrize("place", ["at the front", "at the back"])
def test_a_deletion_is_told_within_two_rounds_wherever_the_walker_stands(
    grown: HubSpotSandbox, walks: int, place: str
) -> None:
    age_archive(grown)
    connector = grown.connect()
    _, cursor = pull(connector)
    for _ in range(walks):
        _, cursor = pull(connector, cursor)
    gone = grown.ids(Stream.CONTACTS)[0]
    if place == "at the back":
        gone = grown.portal.create("contacts", {"firstname": "Bob", "lastname": "Cox"}, grown.portal.author(""))
    grown.delete(Ref(Stream.CONTACTS, gone))
    told: set[str] = set()
    for _ in range(4):
        records, cursor = pull(connector, cursor)
        told |= deleted(records)
    assert told == {gone}


def test_records_archived_before_the_full_pull_are_not_told_again(grown: HubSpotSandbox) -> None:
    age_archive(grown)
    connector = grown.connect()
    _, cursor = pull(connector)
    for _ in range(3):
        records, cursor = pull(connector, cursor)
        assert records == {}


def test_a_record_archived_while_the_full_pull_was_under_way_is_told(account: HubSpotSandbox) -> None:
    connector = account.connect()
    pages = connector.pull(Stream.CONTACTS, None)
    first = next(pages)
    gone = first.records[0].ref
    account.delete(gone)
    cursor = [first, *pages][-1].cursor
    records, _ = pull(connector, cursor)
    assert gone.id in deleted(records)


def test_a_mark_in_the_archive_that_hubspot_has_lost_begins_the_round_anew(grown: HubSpotSandbox) -> None:
    age_archive(grown)
    connector = grown.connect()
    _, cursor = pull(connector)
    _, cursor = pull(connector, cursor)
    gone = grown.ids(Stream.CONTACTS)[0]
    grown.delete(Ref(Stream.CONTACTS, gone))
    grown.sandbox.faults({"on": "list", "call": 1, "fault": "lost_locator"})
    records, _ = pull(connector, cursor)
    assert gone in deleted(records)


def test_a_walk_that_was_broken_off_with_its_increment_goes_on_where_it_was_saved(grown: HubSpotSandbox) -> None:
    age_archive(grown)
    connector = grown.connect()
    _, cursor = pull(connector)
    for each in grown.ids(Stream.CONTACTS)[:20]:
        grown.edit(Ref(Stream.CONTACTS, each), title="Buyer")
    grown.sandbox.faults({"on": "search", "fault": "short_page", "every": 1, "rows": 7})
    first, *_ = connector.pull(Stream.CONTACTS, cursor)
    grown.reset_calls()
    rest, cursor = pull(connector, first.cursor)
    assert "list" not in grown.sandbox.calls["by_kind"]  # type: ignore[operator] # a table of counts
    assert rest
    grown.reset_calls()
    pull(connector, cursor)
    assert grown.sandbox.calls["by_kind"]["list"] == 2  # type: ignore[index] # the same


def test_a_round_that_takes_longer_than_the_archive_reaches_back_makes_the_pull_a_full_one(
    account: HubSpotSandbox,
) -> None:
    connector = account.connect()
    _, cursor = pull(connector)
    standing = json.loads(cursor.value)
    long_ago = datetime.now(UTC) - timedelta(days=61)
    standing["objects"]["contacts"]["swept"] = long_ago.isoformat()
    assert all(page.full for page in connector.pull(Stream.CONTACTS, Cursor(json.dumps(standing))))


def test_a_merged_company_archived_before_anybody_looked_takes_its_old_ids_with_it(account: HubSpotSandbox) -> None:
    """No search shows it any more, so only the archive tells what has become of the two."""
    connector = account.connect()
    *_, last = connector.pull(Stream.ACCOUNTS, None)
    one, other = (Ref(Stream.ACCOUNTS, each) for each in account.ids(Stream.ACCOUNTS)[:2])
    left = account.merge(one, other)
    account.delete(left)
    found = {record.ref: record for page in connector.pull(Stream.ACCOUNTS, last.cursor) for record in page.records}
    assert all(found[ref].deleted for ref in (one, other, left))
    assert {found[ref].merged_into for ref in (one, other)} == {left.id}
