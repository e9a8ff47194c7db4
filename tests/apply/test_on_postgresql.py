"""The same run on PostgreSQL, where no file lock keeps two workers apart: only the lease, its epoch, and the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sync_worker.core.model import PlanState, RowState
from sync_worker.core.traces import LANDS_WITHIN
from sync_worker.store import open_store, upgrade
from sync_worker.store.lease import Lease, LeaseHeld
from tests.apply.crm import Failure
from tests.apply.house import House, owner_row, priority_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.port import Write


@pytest.fixture
def house(postgres_database: str) -> Iterator[House]:
    """A worker with an empty store on a server."""
    upgrade(postgres_database)
    store = open_store(postgres_database)
    yield House(store)
    store.close()


@pytest.fixture
def hub(postgres_database: str) -> Iterator[House]:
    """The same at a CRM that compares no versions."""
    upgrade(postgres_database)
    store = open_store(postgres_database)
    yield House(store, conditional=False)
    store.close()


def end_leases(house: House) -> None:
    """An hour passes for the database."""
    with house.store.begin() as tx:
        tx.execute(text("UPDATE lease SET expires_at = 1"))


def test_a_whole_plan_with_every_kind_of_ending(house: House) -> None:
    accounts = house.accounts(30)
    rows = [owner_row(n, a) for n, a in enumerate(accounts, 1)]
    rows += [priority_row(30 + n, a, {"score": None}, {"score": 71.5}) for n, a in enumerate(accounts, 1)]
    house.approved(rows)
    house.crm.edit(accounts[0], owner="cleo")
    house.crm.delete(accounts[1])
    house.crm.failures[accounts[2]] = [Failure(lost=True)]
    house.crm.failures[accounts[3]] = [Failure(late=True)]
    report = house.apply()
    house.verify()
    assert report.stopped is None
    assert house.plan().state is PlanState.APPLIED
    assert house.states()[:4] == [RowState.CONFLICT, RowState.GONE, RowState.VERIFIED, RowState.VERIFIED]
    assert set(house.states()[4:30]) == {RowState.VERIFIED}
    assert house.audit_holds()


def test_i2_what_a_write_replaced_is_kept_with_its_row(hub: House) -> None:
    accounts = hub.accounts(30)
    hub.approved([owner_row(n, a) for n, a in enumerate(accounts, 1)])
    hub.crm.failures[accounts[2]] = [Failure(late=True)]
    hub.crm.before_write = lambda write: (
        hub.crm.edit(write.ref.id, owner="cleo") if write.ref.id < accounts[2] else None
    )
    hub.apply()
    hub.verify()
    assert hub.states() == [RowState.OVERWROTE] * 2 + [RowState.CONFIRMED] + [RowState.VERIFIED] * 27
    assert hub.row(1).replaced == {"owner": "cleo"}
    hub.approved([owner_row(1, accounts[2], before="ben", after="cleo")], plan_id="plan-2")
    hub.apply("plan-2")
    assert hub.states("plan-2") == [RowState.SUPERSEDED]  # while it is not known what the first one has replaced
    hub.time(LANDS_WITHIN.total_seconds())
    hub.recover()
    assert hub.row(3).state is RowState.VERIFIED
    assert hub.audit_holds()


def test_i18_two_workers_at_one_plan_change_every_account_once(house: House) -> None:
    accounts = house.accounts(20)
    house.approved([owner_row(n, a) for n, a in enumerate(accounts, 1)])
    frozen = Lease.acquire(house.store, "frozen", seconds=house.clock.monotonic)
    with pytest.raises(LeaseHeld, match="frozen"):
        house.lease()

    def freeze(_write: Write) -> None:
        if len(house.crm.written) == 6:
            house.crm.before_write = lambda _again: None
            end_leases(house)
            house.recover()
            house.apply()
            house.clock.pass_(3600)

    house.crm.before_write = freeze
    report = house.apply(lease=frozen)
    assert report.stopped is not None
    assert "7 rows of plan plan-1 have been changed by another process" in report.stopped
    house.verify()
    assert set(house.states()) == {RowState.VERIFIED}
    assert sorted(effect.account for effect in house.crm.effects) == accounts
    assert house.audit_holds()
