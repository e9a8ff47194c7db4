"""Two thousand seeded histories: whatever fails in whatever order, no promise of docs/safety.md is broken.

Half of them at a CRM with conditional writes, half at one without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.apply.simulation import History, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HISTORIES = 1000
PARTS = 10


@pytest.fixture(scope="module")
def stage(migrated: Path) -> Iterator[Stage]:
    opened = Stage(migrated)
    yield opened
    opened.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_history_breaks_a_promise(stage: Stage, part: int) -> None:
    bad = {}
    deaths = 0
    for seed in range(part, HISTORIES, PARTS):
        history = History(stage, seed)
        if complaints := history.run():
            bad[seed] = complaints
        deaths += history.deaths
    assert bad == {}
    assert deaths > 10  # the histories are as wild as they are meant to be


@pytest.mark.parametrize("part", range(PARTS))
def test_i2_without_conditional_writes_no_overwrite_goes_unnoticed(stage: Stage, part: int) -> None:
    bad = {}
    overwritten = 0
    for seed in range(part, HISTORIES, PARTS):
        history = History(stage, seed, conditional=False)
        if complaints := history.run():
            bad[seed] = complaints
        overwritten += history.overwritten
    assert bad == {}
    assert overwritten > 3  # and people do edit between our readings and our writes
