"""Pulls from the sandbox: what they cost, and that no fault of the wire or the org makes them skip a record."""

from __future__ import annotations

import json
import random
from math import ceil
from typing import TYPE_CHECKING

import pytest

from connectors.port import (
    BadReply,
    Cursor,
    LimitReached,
    NotPermitted,
    Page,
    Record,
    Ref,
    SchemaChanged,
    Stream,
    Unreachable,
)
from connectors.salesforce import MemoryJobs, SalesforceConnector
from connectors.sandbox import Sandbox
from connectors.transport import Patience
from tests.connectors.contract.salesforce import CUSTOM, SalesforceSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUERIES = {"on": "query", "every": 1}
MORE = {"on": "query_more", "every": 1}
PAGES_OF_7 = ({**QUERIES, "fault": "short_page", "rows": 7}, {**MORE, "fault": "short_page", "rows": 7})
SOME = {"industry": "Banking"}


def kinds(company: SalesforceSandbox) -> dict[str, int]:
    by_kind = company.sandbox.calls["by_kind"]
    assert isinstance(by_kind, dict)
    return by_kind


def everything(connector: SalesforceConnector, stream: Stream, since: Cursor | None = None) -> list[Record]:
    return [record for page in connector.pull(stream, since) for record in page.records]


def last_cursor(connector: SalesforceConnector, stream: Stream) -> Cursor:
    return [page.cursor for page in connector.pull(stream, None)][-1]


def account(company: SalesforceSandbox, place: int = 0) -> Ref:
    return Ref(Stream.ACCOUNTS, sorted(company.ids(Stream.ACCOUNTS))[place])


# What it costs


@pytest.mark.parametrize("count", [2000, 2001, 4100])
def test_a_full_pull_costs_one_query_call_for_each_2000_rows(count: int) -> None:
    with Sandbox(accounts=count, reps=10) as sandbox:
        company = SalesforceSandbox(sandbox)
        connector = company.connect()
        connector.describe()
        company.reset_calls()
        assert len(everything(connector, Stream.ACCOUNTS)) == count
        assert company.calls() == ceil(count / 2000)
        company.close()


def test_an_unchanged_cycle_costs_fifteen_calls(company: SalesforceSandbox) -> None:
    """A token, seven describes, one query for users and one for each of six objects."""
    first = company.connect()
    cursors = {stream: last_cursor(first, stream) for stream in Stream if stream is not Stream.USERS}
    company.reset_calls()
    connector = company.connect()
    connector.describe()
    list(connector.users())
    for stream, cursor in cursors.items():
        assert everything(connector, stream, cursor) == []
    connector.clock()
    connector.budget()
    assert kinds(company) == {"token": 1, "describe": 7, "query": 7}


# Bulk


def test_a_large_full_pull_is_one_bulk_job_with_the_same_records(company: SalesforceSandbox) -> None:
    rest, bulk = company.connect(), company.connect(bulk_threshold=10)
    for stream in Stream:
        plain = {record.ref: record for record in everything(rest, stream)}
        assert {record.ref: record for record in everything(bulk, stream)} == plain
    company.reset_calls()
    pages = list(bulk.pull(Stream.ACCOUNTS, None))
    assert all(page.full and page.expected == company.pool_size for page in pages)
    calls = kinds(company)
    assert (calls["query"], calls["bulk_query_create"], calls["bulk_query_delete"]) == (1, 1, 1)
    assert company.jobs.open_jobs() == {}


def test_an_increment_after_a_bulk_pull_goes_on_from_it(company: SalesforceSandbox) -> None:
    connector = company.connect(bulk_threshold=10)
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    company.edit(account(company), industry="Banking")
    (changed,) = everything(connector, Stream.ACCOUNTS, cursor)
    assert changed.fields["industry"] == "Banking"


class WatchedJobs(MemoryJobs):
    """Notes how often the org had been asked about a job when its id was saved."""

    def __init__(self, company: SalesforceSandbox) -> None:
        super().__init__()
        self.company = company
        self.polls_before_save: list[int] = []

    def save(self, job_id: str, purpose: str) -> None:
        self.polls_before_save.append(kinds(self.company).get("bulk_query_status", 0))
        super().save(job_id, purpose)


def test_a_jobs_id_is_saved_before_its_first_poll(company: SalesforceSandbox) -> None:
    company.jobs = jobs = WatchedJobs(company)
    everything(company.connect(bulk_threshold=10), Stream.ACCOUNTS)
    assert jobs.polls_before_save == [0]


@pytest.fixture
def bulk_pages_of_7(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.salesforce.bulk.PAGE", 7)


@pytest.mark.usefixtures("bulk_pages_of_7")
def test_a_bulk_pull_that_a_crash_cuts_short_goes_on_with_the_same_job(company: SalesforceSandbox) -> None:
    connector = company.connect(bulk_threshold=10)
    pages = connector.pull(Stream.ACCOUNTS, None)
    saved = [next(pages), next(pages)]
    assert len(company.jobs.open_jobs()) == 1
    company.reset_calls()
    rest = everything(company.connect(bulk_threshold=10), Stream.ACCOUNTS, saved[-1].cursor)
    seen = [record.ref.id for page in saved for record in page.records] + [record.ref.id for record in rest]
    assert sorted(seen) == sorted(company.ids(Stream.ACCOUNTS))
    assert "bulk_query_create" not in kinds(company)
    assert company.jobs.open_jobs() == {}


@pytest.mark.usefixtures("bulk_pages_of_7")
def test_a_bulk_pull_whose_job_is_gone_starts_anew(company: SalesforceSandbox) -> None:
    connector = company.connect(bulk_threshold=10)
    page = next(iter(connector.pull(Stream.ACCOUNTS, None)))
    (job,) = company.jobs.open_jobs()
    connector._client.delete_job(job)
    records = everything(company.connect(bulk_threshold=10), Stream.ACCOUNTS, page.cursor)
    assert {record.ref.id for record in records} == set(company.ids(Stream.ACCOUNTS))


@pytest.mark.usefixtures("bulk_pages_of_7")
def test_a_job_left_behind_by_a_crash_is_cleared_away_by_the_next_full_pull(company: SalesforceSandbox) -> None:
    next(iter(company.connect(bulk_threshold=10).pull(Stream.ACCOUNTS, None)))
    (left,) = company.jobs.open_jobs()
    company.reset_calls()
    everything(company.connect(bulk_threshold=10), Stream.ACCOUNTS)
    assert company.jobs.open_jobs() == {}
    assert kinds(company)["bulk_query_delete"] == 2
    assert left not in {str(job) for job in company.sandbox.org.jobs}


def test_a_failed_job_ends_the_pull_and_leaves_nothing_behind(company: SalesforceSandbox) -> None:
    connector = company.connect(bulk_threshold=10)
    connector.describe()
    company.sandbox.faults({"on": "bulk_query_create", "fault": "bulk_job_failed"})
    with pytest.raises(Unreachable, match="ended as Failed") as caught:
        everything(connector, Stream.ACCOUNTS)
    assert caught.value.hint
    assert company.jobs.open_jobs() == {}
    assert len(everything(connector, Stream.ACCOUNTS)) == company.pool_size


@pytest.mark.parametrize("on", ["bulk_query_status", "bulk_query_results"])
@pytest.mark.parametrize("fault", ["reset", "unavailable", "truncate", "reset_mid_body", "html_200", "expire_token"])
def test_a_broken_reply_about_a_job_is_asked_for_again_and_the_job_lives_on(
    company: SalesforceSandbox, on: str, fault: str
) -> None:
    """The client library's own wait would abort the job here and name no id."""
    connector = company.connect(bulk_threshold=10)
    connector.describe()
    company.sandbox.faults({"on": on, "fault": fault})
    company.reset_calls()
    assert len(everything(connector, Stream.ACCOUNTS)) == company.pool_size
    assert kinds(company)["bulk_query_create"] == 1


@pytest.mark.usefixtures("bulk_pages_of_7")
def test_a_job_that_vanishes_in_mid_pull_ends_it_with_a_way_out(company: SalesforceSandbox) -> None:
    connector = company.connect(bulk_threshold=10)
    pages = connector.pull(Stream.ACCOUNTS, None)
    next(pages)
    (job,) = company.jobs.open_jobs()
    connector._client.delete_job(job)
    with pytest.raises(Unreachable, match="full pull of Account: the Bulk job is gone") as caught:
        next(pages)
    assert caught.value.hint
    assert company.jobs.open_jobs() == {}


def test_a_job_left_behind_is_cleared_away_even_if_the_next_full_pull_needs_none(company: SalesforceSandbox) -> None:
    connector = company.connect(bulk_threshold=10)
    next(iter(connector.pull(Stream.ACCOUNTS, None)))
    company.jobs.save("7505g00000000ZZAAA", "full pull of Contact")
    company.jobs.save("7505g00000000ZYAAA", "full pull of Account")
    everything(company.connect(), Stream.ACCOUNTS)
    assert set(company.jobs.open_jobs()) == {"7505g00000000ZZAAA"}


# Faults of the wire and the org


@pytest.mark.parametrize("fault", ["reset", "reset_mid_body", "truncate", "lost_reply", "unavailable", "http_420",
                                   "server_error", "html_200", "expire_token"])  # fmt: skip
@pytest.mark.parametrize("on", ["query", "query_more", "describe"])
def test_no_passing_fault_makes_a_pull_skip_a_record(company: SalesforceSandbox, fault: str, on: str) -> None:
    connector = company.connect()
    company.sandbox.faults(*PAGES_OF_7, {"on": on, "fault": fault, "call": 1})
    records = everything(connector, Stream.ACCOUNTS)
    assert sorted(record.ref.id for record in records) == sorted(company.ids(Stream.ACCOUNTS))


def test_a_stalled_reply_is_given_up_and_asked_for_again(company: SalesforceSandbox) -> None:
    connector = company.connect(timeout_read=0.2)
    connector.describe()
    company.sandbox.faults({"on": "query", "fault": "stall", "seconds": 2.0, "call": 1})
    assert len(everything(connector, Stream.ACCOUNTS)) == company.pool_size


def test_a_dripping_reply_is_given_up_and_asked_for_again(company: SalesforceSandbox) -> None:
    connector = company.connect()
    connector.describe()
    connector._transport.limits = type(connector._transport.limits)(1.0, 1.0, 0.3)
    company.sandbox.faults({"on": "query", "fault": "slow_drip", "seconds": 4.0, "call": 1})
    assert len(everything(connector, Stream.ACCOUNTS)) == company.pool_size


def test_short_pages_are_followed_to_their_end(company: SalesforceSandbox) -> None:
    connector = company.connect()
    company.sandbox.faults(*PAGES_OF_7)
    pages = list(connector.pull(Stream.ACCOUNTS, None))
    assert [len(page.records) for page in pages] == [7] * 8 + [4]
    assert {page.expected for page in pages} == {60}


def test_a_lost_place_is_found_again_from_the_last_row_seen(company: SalesforceSandbox) -> None:
    connector = company.connect()
    company.sandbox.faults(*PAGES_OF_7, {"on": "query_more", "fault": "lost_locator", "calls": [2, 5]})
    records = everything(connector, Stream.ACCOUNTS)
    assert {record.ref.id for record in records} == set(company.ids(Stream.ACCOUNTS))
    assert len(records) == 62  # the row at which each restart begins comes twice


def test_a_place_that_is_lost_after_every_page_still_comes_to_the_end(company: SalesforceSandbox) -> None:
    connector = company.connect()
    company.sandbox.faults(*PAGES_OF_7, {**MORE, "fault": "lost_locator"})
    records = everything(connector, Stream.ACCOUNTS)
    assert {record.ref.id for record in records} == set(company.ids(Stream.ACCOUNTS))


def test_a_place_that_is_lost_again_and_again_without_a_new_row_ends_the_pull(company: SalesforceSandbox) -> None:
    connector = company.connect()
    company.sandbox.faults({**QUERIES, "fault": "short_page", "rows": 1}, {**MORE, "fault": "lost_locator"})
    with pytest.raises(Unreachable, match="lost the place in the Account query 6 times") as caught:
        everything(connector, Stream.ACCOUNTS)
    assert caught.value.hint


def test_rows_that_a_page_leaves_out_end_the_pull_before_its_cursor_moves_on(company: SalesforceSandbox) -> None:
    connector = company.connect()
    company.sandbox.faults({"on": "query", "fault": "missing_rows", "rows": 3})
    pages = connector.pull(Stream.ACCOUNTS, None)
    with pytest.raises(BadReply, match="announced 60 rows of Account and sent 57") as caught:
        next(iter(pages))
    assert caught.value.hint


def test_pages_in_another_order_are_taken_whole_and_a_crash_after_any_of_them_skips_nothing(
    company: SalesforceSandbox,
) -> None:
    connector = company.connect()
    odd = ({**QUERIES, "fault": "reordered_rows"}, {**MORE, "fault": "reordered_rows"})
    company.sandbox.faults(*PAGES_OF_7, *odd)
    saved: set[str] = set()
    for page in list(connector.pull(Stream.ACCOUNTS, None)):
        saved |= {record.ref.id for record in page.records}
        rest = {record.ref.id for record in everything(connector, Stream.ACCOUNTS, page.cursor)}
        assert saved | rest == set(company.ids(Stream.ACCOUNTS))


def test_rows_hidden_from_the_integration_user_are_missing_and_not_deleted(company: SalesforceSandbox) -> None:
    """Nothing in Salesforce's answer tells the two apart: that is for whoever counts rows from pull to pull."""
    connector = company.connect()
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    company.sandbox.faults({"on": "query", "fault": "hide_rows", "object": "Account", "rows": 30})
    assert everything(connector, Stream.ACCOUNTS, cursor) == []
    pages = list(connector.pull(Stream.ACCOUNTS, None))
    assert [page.expected for page in pages] == [30]


def test_a_query_that_takes_too_long_is_asked_in_halves(company: SalesforceSandbox) -> None:
    connector = company.connect()
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    for place in range(5):
        company.edit(account(company, place), industry="Banking")
    company.sandbox.faults({"on": "query", "fault": "query_timeout", "times": 2, "every": 1})
    records = everything(connector, Stream.ACCOUNTS, cursor)
    assert sorted(record.ref for record in records) == [account(company, place) for place in range(5)]


def test_a_first_query_that_takes_too_long_becomes_a_bulk_job(company: SalesforceSandbox) -> None:
    connector = company.connect()
    connector.describe()
    company.sandbox.faults({"on": "query", "fault": "query_timeout"})
    assert len(everything(connector, Stream.ACCOUNTS)) == company.pool_size
    assert kinds(company)["bulk_query_create"] == 1


def test_a_query_that_always_takes_too_long_ends_with_a_way_out(company: SalesforceSandbox) -> None:
    connector = company.connect()
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    company.sandbox.faults({**QUERIES, "fault": "query_timeout"})
    with pytest.raises(Unreachable, match="cannot answer the query in time") as caught:
        everything(connector, Stream.ACCOUNTS, cursor)
    assert "index" in caught.value.hint


def test_the_orgs_limit_ends_a_pull_at_once(company: SalesforceSandbox) -> None:
    connector = company.connect()
    connector.describe()
    company.sandbox.faults({"on": "query", "fault": "request_limit"})
    company.reset_calls()
    with pytest.raises(LimitReached):
        everything(connector, Stream.ACCOUNTS)
    assert company.calls() == 1


def test_a_limit_in_mid_pull_keeps_the_pages_before_it(company: SalesforceSandbox) -> None:
    connector = company.connect()
    company.sandbox.faults(*PAGES_OF_7, {"on": "query_more", "fault": "request_limit", "call": 3})
    saved: list[Page] = []
    with pytest.raises(LimitReached):
        gather(saved, connector.pull(Stream.ACCOUNTS, None))
    assert [len(page.records) for page in saved] == [7, 7, 7]
    company.sandbox.faults()
    rest = everything(connector, Stream.ACCOUNTS, saved[-1].cursor)
    seen = {record.ref.id for page in saved for record in page.records} | {record.ref.id for record in rest}
    assert seen == set(company.ids(Stream.ACCOUNTS))


def gather(into: list[Page], pages: Iterator[Page]) -> None:
    """Keep what came before an error, too."""
    for page in pages:
        into.append(page)  # noqa: PERF402 - extend would lose them


# What happens in the org


def test_a_chain_of_merges_comes_link_by_link(company: SalesforceSandbox) -> None:
    connector = company.connect()
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    first, second, third = (account(company, place) for place in range(3))
    company.merge(second, first)
    company.merge(third, second)
    records = {record.ref: record for record in everything(connector, Stream.ACCOUNTS, cursor)}
    assert (records[first].merged_into, records[second].merged_into) == (second.id, third.id)
    assert not records[third].deleted


def test_an_undeleted_record_comes_back(company: SalesforceSandbox) -> None:
    connector = company.connect()
    ref = account(company)
    company.delete(ref)
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    company.company.undelete("Account", ref.id, company.person())
    (record,) = everything(connector, Stream.ACCOUNTS, cursor)
    assert (record.ref, record.deleted) == (ref, False)


def test_a_hard_deleted_record_is_missing_from_the_next_full_pull(company: SalesforceSandbox) -> None:
    connector = company.connect()
    ref = account(company)
    company.company.hard_delete("Account", ref.id, company.person())
    assert ref not in {record.ref for record in everything(connector, Stream.ACCOUNTS)}


def test_a_user_who_leaves_is_inactive_at_the_next_look(company: SalesforceSandbox) -> None:
    connector = company.connect()
    rep = company.reps()[0]
    company.company.edit("User", rep, IsActive=False)
    assert not next(user for user in connector.users() if user.id == rep).active


def test_a_field_hidden_since_the_last_look_stops_the_pull_and_is_named(company: SalesforceSandbox) -> None:
    connector = company.connect()
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    company.company.hide_field("Account", "Region__c")
    with pytest.raises(SchemaChanged, match="Region__c") as caught:
        everything(connector, Stream.ACCOUNTS, cursor)
    assert "field-level security" in caught.value.hint
    with pytest.raises(SchemaChanged, match="Region__c"):
        list(connector.read([account(company)]))
    with pytest.raises(SchemaChanged, match="Region__c"):
        list(connector.read([account(company)], versions=True))
    with pytest.raises(SchemaChanged, match=r"Account\.Region__c, mapped as accounts\.region"):
        connector.describe()


def test_all_fields_that_cannot_be_seen_are_named_at_once(company: SalesforceSandbox) -> None:
    company.company.hide_field("Account", "Region__c")
    company.company.hide_field("Contact", "Title")
    connector = SalesforceConnector(
        company.connect()._settings,
        {**CUSTOM, Stream.OPPORTUNITIES: {"amount": "Amuont"}},
        jobs=MemoryJobs(),
    )
    with pytest.raises(NotPermitted) as caught:
        connector.describe()
    for words in ("Account.Region__c", "Contact.Title", "Opportunity.Amuont", "(is it Amount?)"):
        assert words in str(caught.value)
    assert "field-level security" in caught.value.hint
    connector.close()


def test_a_default_field_can_be_left_out(company: SalesforceSandbox) -> None:
    company.company.hide_field("Account", "Rating")
    connector = SalesforceConnector(company.connect()._settings, {Stream.ACCOUNTS: {"rating": ""}}, jobs=MemoryJobs())
    assert "rating" not in connector.describe().fields[Stream.ACCOUNTS]
    connector.close()


def test_another_set_of_fields_means_a_full_pull(company: SalesforceSandbox) -> None:
    """An increment would never bring the new field's values of accounts that do not change."""
    cursor = last_cursor(company.connect(), Stream.ACCOUNTS)
    more = {**CUSTOM, Stream.ACCOUNTS: {**CUSTOM[Stream.ACCOUNTS], "segment": "Segment__c"}}
    connector = SalesforceConnector(company.connect()._settings, more, jobs=MemoryJobs())
    pages = list(connector.pull(Stream.ACCOUNTS, cursor))
    assert all(page.full for page in pages)
    assert sum(len(page.records) for page in pages) == company.pool_size
    connector.close()


def test_a_cursor_older_than_the_recycle_bin_means_a_full_pull(company: SalesforceSandbox) -> None:
    connector = company.connect()
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    company.company.clock.advance(16 * 24 * 3600)
    pages = list(company.connect().pull(Stream.ACCOUNTS, cursor))
    assert all(page.full for page in pages)


def test_the_cursor_never_moves_beyond_the_orgs_own_time(company: SalesforceSandbox) -> None:
    company.company.clock.advance(-3600)
    cursor = last_cursor(company.connect(), Stream.ACCOUNTS)
    upto = json.loads(cursor.value)["objects"]["Account"]["upto"]
    assert upto <= company.company.clock.now().strftime("%Y-%m-%dT%H:%M:%S.999Z")


def test_a_change_of_this_very_second_is_seen(company: SalesforceSandbox) -> None:
    connector = company.connect()
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    for place in range(10):
        company.edit(account(company, place), phone=f"+44 {place}")
        assert account(company, place) in {record.ref for record in everything(connector, Stream.ACCOUNTS, cursor)}


# Activities


def test_activities_are_tasks_and_events_in_one_stream(company: SalesforceSandbox) -> None:
    records = {record.ref.id: record for record in everything(company.connect(), Stream.ACTIVITIES)}
    for entity, prefix in (("Task", "00T"), ("Event", "00U")):
        rows = company.company.rows(entity)
        assert rows
        assert all(str(row["Id"]).startswith(prefix) and str(row["Id"]) in records for row in rows)
    kinds_seen = {record.fields["kind"] for record in records.values()}
    assert {"meeting", "call", "email"} <= kinds_seen
    assert all(records[str(row["Id"])].fields["kind"] == "meeting" for row in company.company.rows("Event"))


def test_the_kinds_of_activity_are_named_by_the_schema(company: SalesforceSandbox) -> None:
    connector = company.connect()
    named = connector.describe().fields[Stream.ACTIVITIES]["kind"].values
    assert {record.fields["kind"] for record in everything(connector, Stream.ACTIVITIES)} <= set(named) | {"task"}


def test_copies_of_group_events_are_no_activities(company: SalesforceSandbox) -> None:
    connector = company.connect()
    event = str(company.company.rows("Event")[0]["Id"])
    assert event in {record.ref.id for record in everything(connector, Stream.ACTIVITIES)}
    company.company.tables["Event"][event] = {**company.company.tables["Event"][event], "IsChild": True}
    assert event not in {record.ref.id for record in everything(connector, Stream.ACTIVITIES)}


def test_a_pull_of_activities_says_how_much_both_objects_hold(company: SalesforceSandbox) -> None:
    company.sandbox.faults(*PAGES_OF_7)
    pages = list(company.connect().pull(Stream.ACTIVITIES, None))
    assert len(pages) > 3
    assert {page.expected for page in pages} == {len(company.ids(Stream.ACTIVITIES))}


# All of it at once


@pytest.mark.parametrize("seed", range(8))
def test_whatever_people_do_and_wherever_the_worker_dies_its_mirror_comes_out_equal(seed: int) -> None:
    """Edits, late commits, deletes, merges and undeletes, between pages and between runs; crashes after any page."""
    chance = random.Random(seed)  # noqa: S311 - the same story each time
    with Sandbox(accounts=40, reps=4, seed=seed) as sandbox:
        company = SalesforceSandbox(sandbox)
        sandbox.faults(*PAGES_OF_7)
        mirror: dict[str, Record] = {}
        cursor: Cursor | None = None
        for _ in range(6):
            connector = company.connect()
            for page in connector.pull(Stream.ACCOUNTS, cursor):
                mirror |= {record.ref.id: record for record in page.records}
                cursor = page.cursor
                meddle(company, chance)
                if chance.random() < 0.3:
                    break  # the worker dies here: what it had not saved is lost
        for page in company.connect().pull(Stream.ACCOUNTS, cursor):
            mirror |= {record.ref.id: record for record in page.records}
        assert shown(mirror) == held(company)
        company.close()


def meddle(company: SalesforceSandbox, chance: random.Random) -> None:
    alive = sorted(company.ids(Stream.ACCOUNTS))
    one, other = (Ref(Stream.ACCOUNTS, each) for each in chance.sample(alive, 2))
    act = chance.choice(["edit", "late", "delete", "merge", "undelete", "rest"])
    if act == "edit":
        company.edit(one, employees=chance.randrange(9999))
    elif act == "late":
        company.commit_late(one, chance.randrange(1, 800), employees=chance.randrange(9999))
    elif act == "delete" and len(alive) > 20:
        company.delete(one)
    elif act == "merge" and len(alive) > 20:
        company.merge(one, other)
    elif act == "undelete":
        gone = [row for row in company.company.rows("Account", deleted=True) if row.get("IsDeleted")]
        if gone:
            company.company.undelete("Account", str(chance.choice(gone)["Id"]), company.person())


def shown(mirror: Mapping[str, Record]) -> dict[str, tuple[object, ...]]:
    return {key: (record.fields["employees"], record.deleted, record.merged_into) for key, record in mirror.items()}


def held(company: SalesforceSandbox) -> dict[str, tuple[object, ...]]:
    return {
        str(row["Id"]): (row.get("NumberOfEmployees"), bool(row.get("IsDeleted")), row.get("MasterRecordId"))
        for row in company.company.rows("Account", deleted=True)
    }


def test_patience_with_a_busy_org_ends(company: SalesforceSandbox) -> None:
    connector = company.connect(patience=Patience(tries=4, first_wait=0.01, longest_wait=0.02, in_all=5.0))
    connector.describe()
    company.sandbox.faults({**QUERIES, "fault": "unavailable", "retry_after": 0})
    company.reset_calls()
    with pytest.raises(Unreachable, match="503"):
        everything(connector, Stream.ACCOUNTS)
    assert company.calls() == 4


@pytest.mark.parametrize("bulk_threshold", [10, 20_000])
def test_a_record_changed_while_everything_is_read_is_shown_and_does_not_look_deleted(
    company: SalesforceSandbox, bulk_threshold: int
) -> None:
    """It moves beyond the time at which the pull began; a query with an upper bound there would lose it."""
    connector = company.connect(bulk_threshold=bulk_threshold)
    refs = [account(company, place) for place in range(company.pool_size)]
    changes = [
        {"on": on, "fault": "person_edit", "object": "Account", "target": ref.id, "set": {"Phone": "+44 9"}}
        for ref in refs
        for on in ("query_more", "bulk_query_create")
    ]
    lost = {"on": "query_more", "fault": "lost_locator", "calls": [2, 4]}
    company.sandbox.faults(*PAGES_OF_7, lost, *changes)
    company.company.clock.advance(-5)
    connector.describe()
    company.company.clock.advance(60)
    assert {record.ref for record in everything(connector, Stream.ACCOUNTS)} == set(refs)


def test_a_pull_that_a_crash_cut_short_rests_at_the_time_of_its_first_beginning(company: SalesforceSandbox) -> None:
    """What surfaces below the saved place while the worker is down comes with the pull after, however late that is."""
    connector = company.connect()
    cursor = last_cursor(connector, Stream.ACCOUNTS)
    for place in range(20):
        company.edit(account(company, place), phone=f"+44 {place}")
    company.sandbox.faults(*PAGES_OF_7)
    first = next(iter(connector.pull(Stream.ACCOUNTS, cursor)))
    late = account(company, 40)
    company.commit_late(late, 60, industry="Banking")
    company.company.clock.advance(7200)
    again = company.connect()
    pages = list(again.pull(Stream.ACCOUNTS, first.cursor))
    assert late not in {record.ref for page in pages for record in page.records}
    assert late in {record.ref for record in everything(again, Stream.ACCOUNTS, pages[-1].cursor)}


def test_objects_that_the_integration_user_cannot_see_are_named_and_leads_may_be_missing(
    company: SalesforceSandbox,
) -> None:
    company.company.hide_object("Lead")
    connector = company.connect()
    assert connector.describe().fields[Stream.LEADS] == {}
    (page,) = connector.pull(Stream.LEADS, None)
    assert (page.records, page.expected) == ((), 0)
    assert [later.records for later in connector.pull(Stream.LEADS, page.cursor)] == [()]
    company.company.hide_object("Contact")
    company.company.hide_object("Task")
    with pytest.raises(NotPermitted, match=r"the object Contact.*; the object Task"):
        company.connect().describe()
