"""The market where there are two CRMs: an account counts once, at its home, and a rep is one rep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.sandbox import Sandbox
from sync_worker.market import Asked, market
from tests.cycle.branches import Branches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def branches(tmp_path: Path) -> Iterator[Branches]:
    """The same company of 80 accounts in both CRMs."""
    with (
        Sandbox(seed=7, accounts=80, reps=8) as salesforce,
        Sandbox(crm="hubspot", seed=7, accounts=80, reps=8, search_lag=0, burst_limit=100_000) as hubspot,
    ):
        both = Branches(salesforce, hubspot, tmp_path)
        both.settle_in()
        yield both


def test_an_account_of_two_crms_counts_once_and_a_rep_of_two_has_one_line(branches: Branches) -> None:
    with branches.worker() as worker:
        worker.pull()
        found = market(worker.parts, Asked(by="owner", top=0))
        names = set(worker.names().values())
    accounts = sum(sum_.accounts for sum_ in found.total.stands.values())
    assert 80 < accounts < 110, "what has no site is an account in each"
    told = [each.name for each in found.territories]
    assert len(set(told)) == len(told)
    # Those who left are not known to be one person: each of their users has a line, told apart by its id.
    assert {name.partition(" (")[0] for name in told} <= names
    assert sum(" (" not in name for name in told) >= 8
    assert "Account Pool" in told
