"""A plan's rows for people: under each heading stands why these accounts move."""

from __future__ import annotations

import pytest

from sync_worker.report.plan import heading_of


@pytest.mark.parametrize(
    ("rule", "heading"),
    [
        ("return:unworked", "Back to the pool, rule unworked"),
        ("service:inbound", "Not touched in time, service level inbound"),
        ("cover:deals", "Looked after while their owner is away, cover deals"),
        ("cover-end:deals", "Back to their owner, end of the cover deals"),
        ("rebalance:emea", "Between reps, rebalance of emea"),
        ("route:inbound", "Given at once, by the route inbound"),
    ],
)
def test_rows_stand_under_what_moved_them_in_words(rule: str, heading: str) -> None:
    assert heading_of(rule) == heading
