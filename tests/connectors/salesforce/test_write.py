"""Writes to the sandbox: what they cost, and that no fault makes one land twice, unseen, or over a person's change."""

from __future__ import annotations

import time
from math import ceil
from typing import TYPE_CHECKING

import pytest

from connectors.port import LimitReached, NotPermitted, Outcome, Ref, Stream, Unauthorized, Value, Write, WriteResult
from connectors.salesforce import AccessToken, MemoryJobs, SalesforceConnector
from connectors.sandbox import Sandbox
from tests.connectors.contract.salesforce import CUSTOM, SalesforceSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


DONE, CONFLICT, UNKNOWN = Outcome.DONE, Outcome.CONFLICT, Outcome.UNKNOWN


def accounts(company: SalesforceSandbox, count: int) -> list[Ref]:
    return [Ref(Stream.ACCOUNTS, each) for each in sorted(company.ids(Stream.ACCOUNTS))[:count]]


def moves(company: SalesforceSandbox, connector: SalesforceConnector, refs: list[Ref]) -> list[Write]:
    """Each account to another rep, conditional on a read of just now."""
    versions = {record.ref: record.version for record in connector.read(refs, versions=True)}
    reps = company.reps()
    return [
        Write(ref.id, ref, {"owner": next(rep for rep in reps if rep != company.value(ref, "owner"))}, versions[ref])
        for ref in refs
    ]


def scores(refs: list[Ref], score: Value = 71) -> list[Write]:
    return [Write(ref.id, ref, {"score": score}) for ref in refs]


def outcomes(results: Iterator[WriteResult]) -> list[Outcome]:
    return [result.outcome for result in results]


@pytest.fixture(scope="module")
def large() -> Iterator[SalesforceSandbox]:
    """A company whose accounts fill several calls; the tests that share it count calls only."""
    with Sandbox(accounts=450, reps=10, seed=7) as sandbox:
        company = SalesforceSandbox(sandbox)
        yield company
        company.close()


@pytest.mark.parametrize("count", [1, 200, 201, 450])
@pytest.mark.parametrize("composite", [False, True])
def test_owner_changes_with_a_read_before_and_after_stay_within_their_calls(
    large: SalesforceSandbox, count: int, *, composite: bool
) -> None:
    """Reading 200 at a time costs ceil(n/200) before and after; the writes cost n, or ceil(n/25) together."""
    connector = large.connect(composite_owner_writes=composite)
    connector.describe()
    refs = accounts(large, count)
    large.reset_calls()
    writes = moves(large, connector, refs)
    assert outcomes(connector.write(writes)) == [DONE] * count
    seen = {record.ref: record.fields["owner"] for record in connector.read(refs)}
    assert seen == {write.ref: write.changes["owner"] for write in writes}
    assert large.calls() <= (ceil(count / 25) if composite else count) + 2 * ceil(count / 200)


@pytest.mark.parametrize("count", [1, 200, 201, 450])
def test_field_writes_cost_one_call_for_each_200(large: SalesforceSandbox, count: int) -> None:
    connector = large.connect()
    connector.describe()
    large.reset_calls()
    assert outcomes(connector.write(scores(accounts(large, count)))) == [DONE] * count
    assert large.calls() == ceil(count / 200)


@pytest.mark.parametrize("composite", [False, True])
def test_an_expired_token_in_mid_run_costs_no_condition(company: SalesforceSandbox, *, composite: bool) -> None:
    """The write goes again with a new token and the same If-Match, so a person's change meanwhile stays."""
    connector = company.connect(composite_owner_writes=composite)
    refs = accounts(company, 4)
    writes = moves(company, connector, refs)
    company.edit(refs[2], phone="+44 1")
    company.sandbox.expire_tokens()
    company.reset_calls()
    assert outcomes(connector.write(writes)) == [DONE, DONE, CONFLICT, DONE]
    assert {ref for ref, _, _ in company.effects()} == {refs[0], refs[1], refs[3]}
    assert company.calls() == (1 if composite else 4) + 2  # the refused call, and the token


def test_a_person_who_edits_between_the_401_and_the_second_try_is_not_overwritten(company: SalesforceSandbox) -> None:
    connector = company.connect()
    (ref,) = accounts(company, 1)
    writes = moves(company, connector, [ref])
    mine = next(rep for rep in company.reps() if rep not in {company.value(ref, "owner"), writes[0].changes["owner"]})
    company.sandbox.faults(
        {"on": "row_patch", "fault": "expire_token"},
        {"on": "token", "fault": "person_edit", "object": "Account", "target": ref.id, "set": {"OwnerId": mine}},
    )
    assert outcomes(connector.write(writes)) == [CONFLICT]
    assert company.value(ref, "owner") == mine


@pytest.mark.parametrize("composite", [False, True])
def test_a_person_who_edits_just_before_the_write_is_not_overwritten(
    company: SalesforceSandbox, *, composite: bool
) -> None:
    connector = company.connect(composite_owner_writes=composite)
    refs = accounts(company, 2)
    writes = moves(company, connector, refs)
    edit = {"fault": "person_edit", "object": "Account", "target": refs[1].id, "set": {"Phone": "+44 2"}}
    company.sandbox.faults({"on": "composite" if composite else "row_patch", **edit})
    assert outcomes(connector.write(writes)) == [DONE, CONFLICT]
    assert {ref for ref, _, _ in company.effects()} == {refs[0]}


def test_a_precondition_that_fails_is_a_conflict(company: SalesforceSandbox) -> None:
    connector = company.connect()
    refs = accounts(company, 2)
    writes = moves(company, connector, refs)
    company.sandbox.faults({"on": "row_patch", "fault": "precondition_lost", "id": refs[0].id})
    assert outcomes(connector.write(writes)) == [CONFLICT, DONE]


def test_a_write_that_lands_after_we_gave_up_is_unknown_and_lands_once(company: SalesforceSandbox) -> None:
    connector = company.connect(timeout_read=0.2)
    (ref,) = accounts(company, 1)
    writes = moves(company, connector, [ref])
    company.sandbox.faults({"on": "row_patch", "fault": "late_write", "seconds": 0.1})
    assert outcomes(connector.write(writes)) == [UNKNOWN]
    until = time.monotonic() + 10
    while not company.effects() and time.monotonic() < until:
        time.sleep(0.02)
    assert company.effects() == [(ref, "owner", writes[0].changes["owner"])]
    (seen,) = connector.read([ref], versions=True)
    assert seen.fields["owner"] == writes[0].changes["owner"]
    assert seen.version != writes[0].version


def test_a_stalled_write_is_unknown(company: SalesforceSandbox) -> None:
    connector = company.connect(timeout_read=0.2)
    refs = accounts(company, 2)
    writes = moves(company, connector, refs)
    company.sandbox.faults({"on": "row_patch", "fault": "stall", "seconds": 1.0})
    assert outcomes(connector.write(writes)) == [UNKNOWN, DONE]


@pytest.mark.parametrize(
    "fault", ["reset", "lost_reply", "unavailable", "server_error", "html_200", "http_420", "truncate"]
)
def test_a_broken_composite_call_leaves_its_25_rows_unknown(company: SalesforceSandbox, fault: str) -> None:
    connector = company.connect(composite_owner_writes=True)
    writes = moves(company, connector, accounts(company, 30))
    company.sandbox.faults({"on": "composite", "fault": fault})
    company.reset_calls()
    assert outcomes(connector.write(writes)) == [UNKNOWN] * 25 + [DONE] * 5
    assert company.calls() == 2


@pytest.mark.parametrize("on", ["collections", "composite"])
def test_rows_missing_from_a_reply_are_unknown_and_all_others_are_named(company: SalesforceSandbox, on: str) -> None:
    connector = company.connect(composite_owner_writes=True)
    refs = accounts(company, 5)
    writes = moves(company, connector, refs) if on == "composite" else scores(refs)
    company.sandbox.faults({"on": on, "fault": "missing_rows", "rows": 2})
    connector.describe()
    assert outcomes(connector.write(writes)) == [DONE, DONE, DONE, UNKNOWN, UNKNOWN]


@pytest.mark.parametrize("on", ["collections", "composite"])
def test_rows_in_another_order_are_matched_by_name(company: SalesforceSandbox, on: str) -> None:
    connector = company.connect(composite_owner_writes=True)
    refs = accounts(company, 5)
    writes = moves(company, connector, refs) if on == "composite" else scores(refs)
    company.sandbox.faults({"on": on, "fault": "reordered_rows"})
    assert outcomes(connector.write(writes)) == [DONE] * 5


@pytest.mark.parametrize("owner", [True, False])
def test_the_orgs_limit_ends_a_write_and_what_was_not_sent_has_no_result(
    company: SalesforceSandbox, *, owner: bool
) -> None:
    connector = company.connect()
    refs = accounts(company, 5)
    writes = moves(company, connector, refs) if owner else scores(refs)
    connector.describe()
    company.sandbox.faults(
        {"on": "row_patch" if owner else "collections", "fault": "request_limit", "call": 3 if owner else 1}
    )
    results = connector.write(writes)
    found = [next(results) for _ in range(2 if owner else 0)]
    with pytest.raises(LimitReached):
        next(results)
    assert [result.outcome for result in found] == [DONE] * len(found)
    assert len(company.effects()) == len(found)


def test_a_bare_token_that_expires_in_mid_run_ends_the_write(company: SalesforceSandbox) -> None:
    connector = company.connect(auth=AccessToken(company.sandbox.access_token))
    writes = moves(company, connector, accounts(company, 2))
    company.sandbox.expire_tokens()
    with pytest.raises(Unauthorized, match="cannot be renewed"):
        next(connector.write(writes))
    assert company.effects() == []


def test_an_owner_who_left_a_queue_and_a_portal_user_are_refused_by_name(company: SalesforceSandbox) -> None:
    connector = company.connect()
    refs = accounts(company, 3)
    queue = str(company.company.rows("Group")[0]["Id"])
    portal = next(str(row["Id"]) for row in company.company.rows("User") if row["UserType"] != "Standard")
    owners = [company.inactive_user(), queue, portal]
    writes = [
        Write(write.id, write.ref, {"owner": owner}, write.version)
        for write, owner in zip(moves(company, connector, refs), owners, strict=True)
    ]
    results = list(connector.write(writes))
    assert [result.outcome for result in results] == [Outcome.FAILED] * 3
    assert [result.code for result in results] == [
        "INACTIVE_OWNER_OR_USER",
        "INVALID_CROSS_REFERENCE_KEY",
        "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
    ]


def test_a_field_hidden_in_mid_run_fails_its_rows_by_name_and_writes_nothing(company: SalesforceSandbox) -> None:
    connector = company.connect()
    connector.describe()
    refs = accounts(company, 50)
    company.company.hide_field("Account", "Priority_Score__c")
    company.reset_calls()
    results = list(connector.write(scores(refs)))
    assert {(result.outcome, result.code) for result in results} == {(Outcome.FAILED, "INVALID_FIELD")}
    assert company.effects() == []
    assert company.calls() == 2  # the batch, and the read that proves its rows untouched


def test_the_writer_is_the_integration_user_and_assignment_rules_stay_off(company: SalesforceSandbox) -> None:
    connector = company.connect()
    writes = moves(company, connector, accounts(company, 1))
    list(connector.write(writes))
    (effect,) = (line for line in company.sandbox.effects if line["field"] == "OwnerId")
    assert effect["actor"] == company.company.seeding.integration


def test_records_of_other_streams_can_be_written_too(company: SalesforceSandbox) -> None:
    connector = company.connect()
    contact = Ref(Stream.CONTACTS, company.ids(Stream.CONTACTS)[0])
    (result,) = connector.write([Write("w", contact, {"title": "Chief of Staff"})])
    assert result.outcome is DONE
    assert company.value(contact, "title") == "Chief of Staff"


@pytest.mark.parametrize("stream", [Stream.CONTACTS, Stream.LEADS, Stream.OPPORTUNITIES, Stream.ACTIVITIES])
def test_an_owner_is_changed_only_where_salesforce_compares_a_version(
    company: SalesforceSandbox, stream: Stream
) -> None:
    """Salesforce passes over If-Match on anything but accounts, so such a write would be no conditional one."""
    connector = company.connect()
    ref = Ref(stream, company.ids(stream)[0])
    with pytest.raises(ValueError, match="versions of accounts only"):
        list(connector.write([Write("w", ref, {"owner": company.reps()[0]}, '"a version"')]))
    assert company.effects() == []


def test_an_event_is_written_as_an_event(company: SalesforceSandbox) -> None:
    fields = {**CUSTOM, Stream.ACTIVITIES: {"subject": "Subject"}}
    connector = SalesforceConnector(company.connect()._settings, fields, jobs=MemoryJobs())
    event = str(company.company.rows("Event")[0]["Id"])
    (result,) = connector.write([Write("w", Ref(Stream.ACTIVITIES, event), {"subject": "Quarterly review"})])
    assert result.outcome is DONE
    assert company.company.tables["Event"][event]["Subject"] == "Quarterly review"
    connector.close()


def test_a_second_name_for_the_owner_does_not_get_around_the_condition(company: SalesforceSandbox) -> None:
    fields = {Stream.ACCOUNTS: {**CUSTOM[Stream.ACCOUNTS], "rep": "OwnerId"}}
    connector = SalesforceConnector(company.connect()._settings, fields, jobs=MemoryJobs())
    (ref,) = accounts(company, 1)
    with pytest.raises(ValueError, match="without a version"):
        list(connector.write([Write("w", ref, {"rep": company.reps()[0]})]))
    connector.close()


def test_a_run_that_only_writes_looks_at_accounts_only(company: SalesforceSandbox) -> None:
    """A token and one describe come on top of the calls of the reads and writes themselves."""
    refs = accounts(company, 3)
    company.reset_calls()
    connector = company.connect()
    list(connector.write(moves(company, connector, refs)))
    assert connector.budget().by_kind == {"token": 1, "describe": 1, "versions": 1, "owner write": 3}
    assert company.calls() == 6


def test_a_field_that_may_not_be_edited_is_refused_by_name_before_anything_is_sent(company: SalesforceSandbox) -> None:
    company.company.freeze_field("Account", "Priority_Score__c")
    connector = company.connect()
    with pytest.raises(NotPermitted, match="may not edit Priority_Score__c") as caught:
        list(connector.write(scores(accounts(company, 3))))
    assert "field-level security" in caught.value.hint
    assert company.effects() == []


@pytest.mark.parametrize("composite", [False, True])
def test_an_owner_frozen_in_mid_run_fails_by_name_and_changes_nothing(
    company: SalesforceSandbox, *, composite: bool
) -> None:
    connector = company.connect(composite_owner_writes=composite)
    writes = moves(company, connector, accounts(company, 3))
    company.company.freeze_field("Account", "OwnerId")
    results = list(connector.write(writes))
    assert {(result.outcome, result.code) for result in results} == {
        (Outcome.FAILED, "INVALID_FIELD_FOR_INSERT_UPDATE")
    }
    assert company.effects() == []
