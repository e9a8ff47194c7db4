"""What a run costs in calls: the budget of docs/safety.md."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import pytest

from tests.apply.house import owner_row, priority_row

if TYPE_CHECKING:
    from tests.apply.house import House


@pytest.mark.parametrize("count", [1, 10, 11, 50, 190, 200, 201, 400, 450])
def test_n_owner_changes_cost_n_writes_and_few_readings(house: House, count: int) -> None:
    accounts = house.accounts(count)
    house.approved([owner_row(number, account) for number, account in enumerate(accounts, 1)])
    applied, verified = house.apply(), house.verify()
    assert house.crm.calls["owner write"] == count
    canary = 1 if 10 < count <= 200 else 0
    assert applied.calls + verified.calls <= count + 2 * ceil(count / 200) + canary
    assert verified.verified == count


@pytest.mark.parametrize("count", [1, 200, 201, 600])
def test_n_priorities_cost_one_write_for_two_hundred(house: House, count: int) -> None:
    accounts = house.accounts(count)
    rows = [priority_row(n, a, {"score": None}, {"score": float(n)}) for n, a in enumerate(accounts, 1)]
    house.approved(rows)
    house.apply()
    house.verify()
    assert house.crm.calls["field write"] == ceil(count / 200)
    assert house.crm.calls["read"] <= 2 * ceil(count / 200)


def test_an_account_with_two_rows_is_verified_in_one_reading(house: House) -> None:
    accounts = house.accounts(300)
    rows = [owner_row(n, a) for n, a in enumerate(accounts, 1)]
    rows += [priority_row(300 + n, a, {"score": None}, {"score": 1.0}) for n, a in enumerate(accounts, 1)]
    house.approved(rows)
    house.apply()
    report = house.verify()
    assert (report.verified, report.calls) == (600, 1)
