"""The invariants of writing, by number: what goes out, when, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.core.model import RowState
from tests.apply.house import owner_row, priority_row

if TYPE_CHECKING:
    from tests.apply.house import House


def test_a_plan_is_written_row_by_row_and_confirmed(house: House) -> None:
    first, second = house.accounts(2)
    house.approved([owner_row(1, first), priority_row(2, second, {"score": None}, {"score": 71.0})])
    report = house.apply()
    assert report.stopped is None
    assert house.states() == [RowState.CONFIRMED, RowState.CONFIRMED]
    assert house.crm.value(first) == "ben"
    assert house.crm.value(second, "score") == 71.0
    assert house.verify().verified == 2
    assert house.audit_holds()
