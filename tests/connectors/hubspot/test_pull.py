"""What HubSpot's index, archive and merges could hide from a pull, and what a pull costs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from connectors.port import BadReply, Connector, Cursor, Page, Record, Ref, SchemaChanged, Stream
from connectors.sandbox import Sandbox
from tests.connectors.contract.hubspot import HubSpotSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


def pull(connector: Connector, stream: Stream, since: Cursor | None = None) -> tuple[dict[str, Record], Cursor]:
    """Every record by id, the latest showing of each, and the last cursor."""
    pages: list[Page] = list(connector.pull(stream, since))
    return {record.ref.id: record for page in pages for record in page.records}, pages[-1].cursor


def company(account: HubSpotSandbox, place: int = 0) -> Ref:
    return Ref(Stream.ACCOUNTS, sorted(account.ids(Stream.ACCOUNTS))[place])


@pytest.fixture(scope="module")
def grown() -> Iterator[HubSpotSandbox]:
    """More companies than a search shows results."""
    limits = {"search_lag": 0.0, "search_limit": 100_000, "burst_limit": 100_000}
    with Sandbox(crm="hubspot", accounts=10_050, reps=6, seed=7, **limits) as sandbox:  # type: ignore[arg-type] # each takes its own
        harness = HubSpotSandbox(sandbox)
        yield harness
        harness.close()


def test_more_than_ten_thousand_changes_are_all_found_and_every_call_is_accounted_for(grown: HubSpotSandbox) -> None:
    connector = grown.connect()
    connector.describe()
    grown.reset_calls()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    count = grown.pool_size
    assert grown.sandbox.calls["by_kind"] == {"list": math.ceil(count / 100), "search": 1}
    for each in grown.ids(Stream.ACCOUNTS):
        grown.edit(Ref(Stream.ACCOUNTS, each), phone="+44 20 7946 0000")
    grown.reset_calls()
    records, _ = pull(connector, Stream.ACCOUNTS, cursor)
    assert len(records) == count > grown.sandbox.hub.settings.search_results
    assert {record.fields["phone"] for record in records.values()} == {"+44 20 7946 0000"}
    assert grown.sandbox.calls["by_kind"] == {
        "search": math.ceil(count / 200),
        "batch_read": math.ceil(count / 100),
        "list": 1,
    }


def test_what_a_lagging_index_hides_comes_with_a_later_pull(account: HubSpotSandbox) -> None:
    connector = account.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    account.edit(company(account), industry="Banking")
    account.sandbox.faults({"on": "search", "fault": "index_lag", "seconds": 600})
    hidden, cursor = pull(connector, Stream.ACCOUNTS, cursor)
    records, _ = pull(connector, Stream.ACCOUNTS, cursor)
    assert hidden == {}
    assert records[company(account).id].fields["industry"] == "Banking"


def test_a_change_that_the_index_shows_too_early_is_read_as_it_is_now(account: HubSpotSandbox) -> None:
    """The index names the record; its values come from the primary store."""
    connector = account.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    account.edit(company(account), industry="Banking")
    pages = connector.pull(Stream.ACCOUNTS, cursor)
    account.edit(company(account), industry="Software")
    records = {record.ref.id: record for page in pages for record in page.records}
    assert records[company(account).id].fields["industry"] == "Software"


def test_archiving_which_moves_no_date_is_seen_in_every_stream(account: HubSpotSandbox) -> None:
    connector = account.connect()
    for stream in (Stream.ACCOUNTS, Stream.CONTACTS, Stream.OPPORTUNITIES, Stream.ACTIVITIES):
        _, cursor = pull(connector, stream)
        gone = Ref(stream, account.ids(stream)[0])
        account.delete(gone)
        records, _ = pull(connector, stream, cursor)
        assert records[gone.id].deleted


def test_every_id_of_a_chain_of_merges_leads_to_what_is_left(account: HubSpotSandbox) -> None:
    connector = account.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    first, second, third = (company(account, place) for place in range(3))
    middle = account.merge(first, second)
    last = account.merge(third, middle)
    for since in (cursor, None):
        records, _ = pull(connector, Stream.ACCOUNTS, since)
        gone = {ref.id: records[ref.id] for ref in (first, second, third, middle)}
        assert {record.merged_into for record in gone.values()} == {last.id}
        assert all(record.deleted for record in gone.values())
        assert not records[last.id].deleted
    alive = [each for each, record in records.items() if not record.deleted]
    assert sorted(alive) == sorted(account.ids(Stream.ACCOUNTS))


def test_a_lost_mark_in_a_full_list_starts_it_again(account: HubSpotSandbox) -> None:
    account.sandbox.faults({"on": "list", "call": 2, "fault": "lost_locator"})
    records, _ = pull(account.connect(), Stream.CONTACTS)
    assert sorted(records) == sorted(account.ids(Stream.CONTACTS))


def test_short_pages_are_no_end(account: HubSpotSandbox) -> None:
    account.sandbox.faults({"on": "*", "fault": "short_page", "every": 1, "rows": 7})
    connector = account.connect()
    records, cursor = pull(connector, Stream.ACCOUNTS)
    assert len(records) == account.pool_size
    for each in records:
        account.edit(Ref(Stream.ACCOUNTS, each), phone="+44 20 7946 0000")
    records, _ = pull(connector, Stream.ACCOUNTS, cursor)
    assert len(records) == account.pool_size


def test_a_batch_that_leaves_records_out_without_a_word_is_no_answer(account: HubSpotSandbox) -> None:
    connector = account.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    account.edit(company(account), industry="Banking")
    account.sandbox.faults({"on": "batch_read", "fault": "missing_rows", "every": 1})
    with pytest.raises(BadReply, match="says nothing of 1 of its records"):
        pull(connector, Stream.ACCOUNTS, cursor)


def changed_deals(account: HubSpotSandbox, connector: Connector) -> tuple[str, str, Cursor]:
    """Two deals that have changed since the cursor: the first has a company, the second has lost its own."""
    _, cursor = pull(connector, Stream.OPPORTUNITIES)
    linked, bare = account.ids(Stream.OPPORTUNITIES)[:2]
    for end in list(account.portal.links.of(("deals", bare), "companies")):
        account.portal.unlink(("deals", bare), ("companies", end))
    for each in (linked, bare):
        account.edit(Ref(Stream.OPPORTUNITIES, each), amount=7)
    return linked, bare, cursor


def test_silence_about_a_record_is_no_answer_where_those_without_associations_are_named(
    account: HubSpotSandbox,
) -> None:
    """A deal without its company would leave the company unprotected."""
    connector = account.connect()
    linked, _, cursor = changed_deals(account, connector)
    missing = {"on": "associations", "fault": "missing_rows", "rows": 1}
    account.sandbox.faults({**missing, "every": 1})
    with pytest.raises(BadReply, match="say nothing of 1 of its records"):
        pull(connector, Stream.OPPORTUNITIES, cursor)
    account.sandbox.faults(missing)
    records, _ = pull(connector, Stream.OPPORTUNITIES, cursor)
    assert records[linked].fields["account"] in account.ids(Stream.ACCOUNTS)


def test_a_record_that_one_reply_passes_over_is_asked_for_again(account: HubSpotSandbox) -> None:
    connector = account.connect()
    linked, bare, cursor = changed_deals(account, connector)
    account.portal.archive("deals", bare)
    account.sandbox.faults({"on": "associations", "fault": "missing_rows"})
    account.reset_calls()
    records, _ = pull(connector, Stream.OPPORTUNITIES, cursor)
    assert records[linked].fields["account"] in account.ids(Stream.ACCOUNTS)
    assert account.sandbox.calls["by_kind"] == {"list": 1, "search": 1, "batch_read": 1, "associations": 2}


def test_an_activity_that_loses_its_company_comes_without_one(account: HubSpotSandbox) -> None:
    connector = account.connect()
    _, cursor = pull(connector, Stream.ACTIVITIES)
    email = next(iter(account.portal.records["emails"]))
    for to in ("companies", "contacts"):
        for end in list(account.portal.links.of(("emails", email), to)):
            account.portal.unlink(("emails", email), (to, end))
    account.edit(Ref(Stream.ACTIVITIES, email), kind="Webinar")
    records, _ = pull(connector, Stream.ACTIVITIES, cursor)
    assert (records[email].fields["account"], records[email].fields["contact"]) == (None, None)


def test_a_property_that_has_gone_stops_the_pull_and_is_named(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.portal.hide_property("companies", "industry")
    with pytest.raises(SchemaChanged, match="companies no longer shows industry"):
        pull(connector, Stream.ACCOUNTS)


def test_an_activity_names_its_company_whether_it_comes_by_list_or_by_search(account: HubSpotSandbox) -> None:
    connector = account.connect()
    listed, cursor = pull(connector, Stream.ACTIVITIES)
    email = next(iter(account.portal.records["emails"]))
    account.edit(Ref(Stream.ACTIVITIES, email), kind="Webinar")
    found, _ = pull(connector, Stream.ACTIVITIES, cursor)
    assert listed[email].fields["account"] in account.ids(Stream.ACCOUNTS)
    assert found[email].fields == {**listed[email].fields, "kind": "webinar"}
    assert all(record.fields["account"] for record in pull(connector, Stream.OPPORTUNITIES)[0].values())


def test_activities_tell_the_reps_touches_from_the_buyers_replies(account: HubSpotSandbox) -> None:
    records, _ = pull(account.connect(), Stream.ACTIVITIES)
    for name, wanted in (("EMAIL", "email"), ("INCOMING_EMAIL", None)):
        for row in account.portal.rows("emails"):
            if row.values["hs_email_direction"] == name:
                own = row.values.get("engagement_kind")
                expected = wanted or str(own).lower().replace(" ", "_")
                assert records[row.id].fields["kind"] == expected
    assert {records[row.id].fields["kind"] for row in account.portal.rows("calls")} == {"call"}
    assert {records[row.id].fields["kind"] for row in account.portal.rows("meetings")} == {"meeting"}


def test_users_come_again_only_when_something_about_one_has_changed(account: HubSpotSandbox) -> None:
    connector = account.connect()
    _, cursor = pull(connector, Stream.USERS)
    rep = account.reps()[0]
    account.portal.deactivate(rep)
    records, cursor = pull(connector, Stream.USERS, cursor)
    assert rep in records
    assert pull(connector, Stream.USERS, cursor)[0] == {}
    assert not next(user for user in connector.users() if user.id == rep).can_own


def test_queues_are_active_and_own_nothing_and_a_user_tells_its_team(account: HubSpotSandbox) -> None:
    users = {user.id: user for user in account.connect().users()}
    queue = next(owner.id for owner in account.portal.owners.values() if owner.kind == "QUEUE")
    rep = next(owner for owner in account.portal.owners.values() if owner.team and not owner.archived)
    assert users[queue].active
    assert not users[queue].can_own
    assert rep.team is not None
    assert users[rep.id].fields == {
        "name": rep.name,
        "email": rep.email,
        "team": rep.team.name,
        "user": str(rep.user_id),
    }


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_every_version_of_the_paths_brings_the_same_records(account: HubSpotSandbox, version: str) -> None:
    usual, other = account.connect(), account.connect(api_version=version)
    for stream in Stream:
        assert pull(other, stream)[0] == pull(usual, stream)[0]
    paths = {call.path.replace("/v4/", "/v3/") for call in account.sandbox.requests}
    assert any(f"/{version}/" in path for path in paths)


def test_no_search_is_refused_for_its_pace() -> None:
    with Sandbox(crm="hubspot", accounts=20, reps=4, seed=7, search_lag=0.0) as sandbox:
        account = HubSpotSandbox(sandbox)
        connector = account.connect(searches_per_second=4)
        for _ in range(3):
            pull(connector, Stream.ACTIVITIES)
        account.close()
    assert connector.budget().by_kind["search"] == 12


def test_a_smaller_cap_on_results_loses_nothing(account: HubSpotSandbox) -> None:
    connector = account.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    account.sandbox.hub.settings = replace(account.sandbox.hub.settings, search_results=20)
    for each in account.ids(Stream.ACCOUNTS):
        account.edit(Ref(Stream.ACCOUNTS, each), phone="+44 20 7946 0000")
    assert len(pull(connector, Stream.ACCOUNTS, cursor)[0]) == account.pool_size
