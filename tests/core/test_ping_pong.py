"""From A to B and to A again is told on the row; what is meant to bring an account back is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sync_worker.core.model import PlanRow, RowKind
from sync_worker.core.ping_pong import coming_back, marked

THEN = datetime(2026, 11, 10, 8, 30, tzinfo=UTC)
HAD = {"1": {"ann": THEN, "pool": THEN}}


def row(number: int = 1, *, account: str = "1", after: str = "ann", rule: str = "book:emea") -> PlanRow:
    owners = {"owner": "bob"}, {"owner": after}
    return PlanRow(number, "salesforce", account, "Acme", RowKind.OWNER, *owners, rule, "score 5", "")


def test_an_account_that_comes_back_says_until_when_its_owner_had_it() -> None:
    rows = [row(1), row(2, account="2"), row(3, after="cid")]
    assert [one.reason for one in marked(rows, HAD, {"pool"})] == [
        "score 5; back again, had until 2026-11-10",
        "score 5",
        "score 5",
    ]
    assert [one.number for one in coming_back(rows, HAD, {"pool"})] == [1]


@pytest.mark.parametrize(
    ("after", "rule"),
    [("pool", "return:unworked"), ("ann", "cover:leave"), ("ann", "cover-end:leave"), ("ann", "rollback:b4cf65")],
)
def test_a_return_a_cover_and_its_end_and_an_undo_are_meant_to_bring_it_back(after: str, rule: str) -> None:
    assert not coming_back([row(after=after, rule=rule)], HAD, {"pool"})
