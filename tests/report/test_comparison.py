"""``compare`` for people: two policies may be held against each other only where they measure alike."""

from __future__ import annotations

from typing import Any

from sync_worker.compare import Compared, Side
from sync_worker.report.comparison import compared
from sync_worker.report.text import plain
from tests.report.test_evenness import BOOK

SUMMARY = {"in_scope": 60, "owner_changes": 4, "pool": {"after": 1}, "rules": {"rebalance:emea": 4}}


def side(name: str, **changes: Any) -> Side:
    book = {**BOOK, "measure": "priority", "gap": 0.005, **changes}
    return Side(name, name * 12, SUMMARY, (book,))


def told(one: Side, other: Side) -> str:
    return plain(tuple(compared(Compared(one, other, ()))[0]))


def test_two_policies_that_measure_a_book_alike_stand_beside_one_present() -> None:
    page = told(side("old"), side("new"))
    assert "Book emea, by priority\n" in page
    assert page.count("NOW") == 1
    assert "by its own" not in page


def test_a_policy_with_another_measure_stands_beside_the_present_by_that_measure() -> None:
    other: dict[str, Any] = {"before": BOOK["after"], "after": BOOK["after"], "measure": "employees"}
    page = told(side("old"), side("new", **other))
    assert "Book emea, by priority, new by employees\n" in page
    assert page.count("NOW") == 2
    gini = next(line.split() for line in page.splitlines() if line.startswith("Gini"))
    assert gini == ["Gini", "0.125", "0.030", "0.030", "0.030"]
    assert "each stands beside the book as it is now by its own" in page
