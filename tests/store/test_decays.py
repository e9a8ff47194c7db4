"""Events become points as the guide's arithmetic has it, from the activity to the total, on both stores alike."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from rules import ColumnKind, Dialect, EngagementSource, FieldInfo, Type, Vocabulary, compile_accounts, load, needs
from sync_worker.store import decisions, engagement, facts
from sync_worker.store.derivable import FactSettings
from tests.store.crm import account, activity, page, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from sync_worker.store import Store

AGES = (0, 0, 1, 13, 14, 15, 29, 30, 31, 59, 60, 61, 400)
DECAYS: dict[str, Callable[[int], float]] = {
    "half_life: 14 days": lambda age: math.exp2(-age / 14),
    "half_life: 1 day": lambda age: math.exp2(-age),
    "linear: 60 days": lambda age: max(0.0, 1 - age / 60),
    "linear: 1 day": lambda age: float(age == 0),
    "window: 30 days": lambda age: float(age <= 30),
    "window: 1 day": lambda age: float(age <= 1),
}
WORDS = Vocabulary({"name": FieldInfo("name", Type.TEXT)}, {}, events=frozenset({"meeting", "reply"}))


@pytest.mark.parametrize("decay", DECAYS)
def test_an_event_is_worth_what_its_age_in_whole_days_leaves_of_it(
    store: Store, now: datetime, tmp_path: Path, decay: str
) -> None:
    (tmp_path / "scores.yaml").write_text(
        "version: 1\nscores:\n  - id: s\n    max: 1000\n    tiers: {A: 0}\n    parts:\n      e:\n        max: 1000\n"
        f"        {decay}\n        terms:\n"
        "          - {id: met, event: meeting, points: 10, because: Met us}\n"
        "          - {id: wrote, event: reply, points: -3, because: Complained}\n"
    )
    rules = load(tmp_path, WORDS)
    half_lives = {c.source.half_life_days for c in needs(rules) if isinstance(c.source, EngagementSource)}
    kinds = ("meeting", "reply", "call")  # calls are ours: they count for nothing
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        engagement.refold(tx, half_lives, now)
        midnight = now.replace(hour=0, minute=0)
        for kind in kinds:
            # The first and the last second of a day are of one age.
            times = [(midnight if at % 2 else now) - timedelta(days=age) for at, age in enumerate(AGES)]
            save(tx, page(*(activity(f"{kind}{at}", now, account="a", kind=kind, at=f"{time:%Y-%m-%dT%H:%M:%SZ}")
                            for at, time in enumerate(times))), now)  # fmt: skip
    for later in (0, 1, 45):
        today = now + timedelta(days=later)
        with store.begin() as tx:
            engagement.refold(tx, half_lives, today)
            facts.build(tx, needs(rules), now=today, settings=FactSettings(("pool",)))
            mark = engagement.landmark(tx)
            compiled = compile_accounts(rules, Dialect(tx.dialect.name), now=today, landmark=mark)
            [total] = compiled.of(ColumnKind.TOTAL)
            found = {row["account_id"]: row[total.name] for row in decisions.evaluate(tx, compiled.sql)}
        left = round(sum(DECAYS[decay](age + later) for age in AGES), 6)
        assert found == {"a": pytest.approx(7 * left, abs=1e-5), "b": 0}, later
