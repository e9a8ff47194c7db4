"""Files and two CRMs at once: what is said of either record of an account is said of the account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from connectors.port import Stream
from connectors.sandbox import Sandbox
from sync_worker.store import lookup
from sync_worker.store.schema import signal, twin
from tests.cycle.branches import Branches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def branches(tmp_path: Path) -> Iterator[Branches]:
    """The same company of 60 accounts in both CRMs."""
    with (
        Sandbox(seed=7, accounts=60, reps=4) as salesforce,
        Sandbox(crm="hubspot", seed=7, accounts=60, reps=4, search_lag=0, burst_limit=100_000) as hubspot,
    ):
        both = Branches(salesforce, hubspot, tmp_path)
        both.settle_in()
        yield both


def test_what_is_said_of_a_twin_is_said_of_its_account(branches: Branches) -> None:
    folder = branches.folder / "signals"
    folder.mkdir()
    today = datetime.now(UTC).date()
    with branches.worker("home.crm=salesforce", f"signals.folder={folder}") as worker:
        worker.plan()
        with worker.store.read() as tx:
            pairs = tx.execute(select(twin.c.account_id, twin.c.home_id).order_by(twin.c.account_id)).all()
            unlike = [
                pair for pair in pairs if (found := lookup.get(tx, Stream.ACCOUNTS, pair[1])) and found.fields["name"]
            ]
            account, home = unlike[0]
            name = str(found.fields["name"]) if (found := lookup.get(tx, Stream.ACCOUNTS, home)) else ""
        (folder / "bombora.csv").write_text(f"hubspot_id,topic,score,date\n{account},Cybersecurity,93,{today}\n")
        (folder / "zoominfo.csv").write_text(f"hubspot_id,employees,date\n{account},4711,{today}\n")
        worker.plan()
        with worker.store.read() as tx:
            told = tx.execute(select(signal.c.account_id, signal.c.because)).one()
        by_twin, by_home = worker.explain(account), worker.explain(home)
        named = worker.explain(name)
    assert tuple(told) == (home, f"id {account}, a record of {home}")
    assert by_twin.account == by_home.account == named.account == home
    assert by_twin.crm == "salesforce"
    assert ("cybersecurity", "bombora", 93.0, False) in {(s.topic, s.source, s.score, s.stale) for s in by_twin.signals}
    said = {one.source: one.value for one in by_twin.sources["employees"]}
    assert said["zoominfo"] == 4711
    assert list(said)[-1] == "zoominfo", "a file comes last where nothing else is declared"
