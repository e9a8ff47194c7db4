"""Pulling: full, then by increments; deleted and merged accounts are known; doubtful answers stop the run."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from connectors.port import BadReply, CrmError, SchemaChanged, Stream, User
from sync_worker import app
from sync_worker.config import load
from sync_worker.parts import Stopped
from sync_worker.store import lookup, records

if TYPE_CHECKING:
    from tests.cycle.office import Office

ADMIN = "admin@acme.example"


def first_accounts(office: Office, count: int) -> list[str]:
    return [str(row["Id"]) for row in office.sandbox.company.rows("Account")[:count]]


def test_a_second_pull_brings_only_what_changed(office: Office) -> None:
    with office.worker() as worker:
        assert worker.pull().streams["accounts"].full
    changed, gone, winner = first_accounts(office, 3)
    office.sandbox.company.edit("Account", changed, actor=ADMIN, Industry="Banking")
    office.sandbox.company.merge("Account", winner, gone, actor=ADMIN)
    with office.worker() as worker:
        report = worker.pull().streams["accounts"]
        with worker.store.read() as tx:
            merged = lookup.get(tx, Stream.ACCOUNTS, gone)
            edited = lookup.get(tx, Stream.ACCOUNTS, changed)
    assert (report.full, report.new, report.deleted) == (False, 0, 1)
    assert merged is not None
    assert edited is not None
    assert (merged.deleted, merged.merged_into) == (True, winner)
    assert edited.fields["industry"] == "Banking"


def test_a_pull_that_was_stopped_goes_on_from_its_last_page(office: Office) -> None:
    """Told to stop after the first stream, the next run repeats a page at most and misses nothing."""
    stop = threading.Event()
    with app.open_worker(office.config(), stop=stop, watch=lambda _: stop.set()) as worker:
        with pytest.raises(Stopped, match="told to stop"):
            worker.pull()
        assert worker.status().records["accounts"] == 0
    with office.worker() as worker:
        worker.pull()
        assert worker.status().records["accounts"] == len(office.sandbox.company.rows("Account"))


def test_a_newly_mapped_field_is_read_for_every_account(office: Office) -> None:
    """A changed field list makes the next pull a full one: an increment would never bring the old values."""
    with office.worker() as worker:
        worker.pull()
    office.config()
    file = office.folder / "config.toml"
    file.write_text(file.read_text().replace("[intent]", 'billing_city = "BillingCity"\n[intent]', 1))
    with app.open_worker(load(file, environ={}).config) as worker:
        assert worker.pull().streams["accounts"].full
        with worker.store.read() as tx:
            some = lookup.get(tx, Stream.ACCOUNTS, first_accounts(office, 1)[0])
    assert some is not None
    assert "billing_city" in some.fields


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ({"on": "token", "fault": "html_200", "every": 1}, CrmError, "token"),
        ({"on": "query", "fault": "html_200", "every": 1}, BadReply, "text/html"),
        ({"on": "query", "object": "Account", "fault": "hide_field", "field": "Industry"}, SchemaChanged, "Industry"),
    ],
    ids=["token", "html", "field"],
)
def test_an_answer_that_cannot_be_trusted_stops_the_run(
    office: Office, fault: dict[str, object], error: type[CrmError], says: str
) -> None:
    """I14: and what was known stays known."""
    with office.worker() as worker:
        worker.pull()
    office.sandbox.faults(fault)
    with office.worker() as worker:
        with pytest.raises(error, match=says) as stopped:
            worker.pull(full=True)
        assert worker.status().records["accounts"] == len(office.sandbox.company.rows("Account"))
        assert worker.status().runs[0].outcome == "failed"
    assert stopped.value.hint


def test_too_many_unreadable_records_stop_every_run_until_they_are_mended(office: Office) -> None:
    """I17: the next pull must not pass them by only because its cursor does."""
    bad = first_accounts(office, 5)
    for account in bad:
        office.sandbox.company.edit("Account", account, actor=ADMIN, Description="x" * 1_000_001)
    office.config()
    file = office.folder / "config.toml"
    file.write_text(file.read_text().replace("[intent]", 'description = "Description"\n[intent]', 1))
    config = load(file, environ={}).config
    for _ in range(2):
        told = "5 of 400 accounts of salesforce could not be read"
        with office.worker(config) as worker, pytest.raises(Stopped, match=told):
            worker.pull()
    for account in bad[1:]:
        office.sandbox.company.edit("Account", account, actor=ADMIN, Description="mended")
    with office.worker(config) as worker:
        assert worker.pull().streams["accounts"].quarantined == 1


def test_a_person_who_moves_an_account_is_noticed_at_the_next_pull(office: Office) -> None:
    """I12: whoever it was, the account is held for 30 days and the reason says from whom to whom."""
    with office.worker() as worker:
        worker.pull()
    account = first_accounts(office, 1)[0]
    to = next(str(u["Id"]) for u in office.users() if u["IsActive"] and u.get("Book_Capacity__c"))
    office.sandbox.company.edit("Account", account, actor=ADMIN, OwnerId=to)
    with office.worker() as worker:
        assert worker.pull().held == 1
        (hold,) = worker.status().holds
    assert hold.account == account
    assert hold.kind == "person"
    assert next(str(u["Name"]) for u in office.users() if u["Id"] == to) in hold.reason


def test_the_cursor_moves_with_its_page(office: Office) -> None:
    with office.worker() as worker:
        worker.pull()
        with worker.store.read() as tx:
            before = records.cursor(tx, "salesforce", Stream.ACCOUNTS)
        office.sandbox.company.edit("Account", first_accounts(office, 1)[0], actor=ADMIN, Industry="Banking")
    with office.worker() as worker:
        worker.pull()
        with worker.store.read() as tx:
            assert records.cursor(tx, "salesforce", Stream.ACCOUNTS) != before


def test_another_org_is_no_news_of_this_one(office: Office) -> None:
    """I14: a key of another company shows as many records, and not one that is known."""
    ours = User("0059g0000000001AAA", active=True, can_own=True, fields={"name": "Somebody of ours"})
    with office.worker() as worker:
        with worker.store.begin() as tx:
            records.save_users(tx, "salesforce", [ours], cycle=1, now=datetime.now(UTC))
        with pytest.raises(Stopped, match="salesforce shows none of the 1 users that this store knows") as stopped:
            worker.pull()
        with worker.store.read() as tx:
            assert [user.id for user in lookup.users(tx)] == [ours.id]
    assert "a store of its own" in stopped.value.hint
