"""A tier in the CRM stays until the score is so many points beyond its border, and then goes where the rules say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.margins import Margin, told
from sync_worker.core.model import Score

TIERS = (("A", 60.0), ("B", 40.0), ("C", 0.0))
MARGIN = Margin(3, TIERS)


def score(total: float) -> Score:
    return Score(total, next(name for name, floor in TIERS if total >= floor), ())


@pytest.mark.parametrize(
    ("shown", "total", "kept"),
    [
        ("B", 60, True),
        ("B", 62.9, True),
        ("B", 63, False),
        ("A", 59.9, True),
        ("A", 57.1, True),
        ("A", 57, False),
        ("A", 100, False),
        ("C", 62, False),
        ("B", 37.5, True),
        ("B", 37, False),
        ("C", 42.9, True),
        (None, 61, False),
        ("gone", 61, False),
    ],
)
def test_a_tier_stays_within_the_margin_around_it(shown: str | None, total: float, kept: bool) -> None:  # noqa: FBT001 - pytest names it
    assert MARGIN.keeps(shown, score(total)) is kept


def test_a_row_says_from_where_on_another_tier_is_written() -> None:
    assert told("priority", score(61.3), "B", MARGIN) == "priority 61.3, tier B kept while below 63"
    assert told("priority", score(58.2), "A", MARGIN) == "priority 58.2, tier A kept while above 57"
    assert told("priority", score(63), "B", MARGIN) == "priority 63, tier A"
    assert told("priority", score(61), "B", None) == "priority 61, tier A"


@given(st.lists(st.floats(0, 100), max_size=30), st.sampled_from([0.5, 3.0, 19.0]))
def test_a_score_that_swings_by_less_than_the_margin_around_a_border_changes_its_tier_once_at_most(
    swings: list[float], margin: float
) -> None:
    shown, changes = "B", 0
    for swing in swings:
        now = score(60 + (swing / 100 - 0.5) * 2 * margin * 0.99)
        if not Margin(margin, TIERS).keeps(shown, now):
            changes += shown != now.tier
            shown = now.tier
    assert changes == 0
