"""On real and on simulated deals the scorecard reaches what others measured there, and on shuffled ones nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sync_worker.core.scorecard.columns import History, column
from sync_worker.core.scorecard.leaks import Sign
from sync_worker.core.scorecard.learning import Judge, Verdict, learn

DEALS = Path(__file__).resolve().parents[4] / "shared" / "data"
here = pytest.mark.skipif(
    not DEALS.is_dir(), reason="needs the deals in ../shared/data, which are not part of the project"
)


def salvirt() -> History:
    with (DEALS / "salvirt-b2b.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    names = [name for name in rows[0] if name != "Status"]
    return History(
        columns=tuple(column(name, [row[name] for row in rows]) for name in names),
        won=np.array([row["Status"] == "Won" for row in rows]),
    )


def leads(*dropped: str) -> History:
    rows = []
    for part in ("train", "valid", "test"):
        with (DEALS / "leads" / f"task-{part}.csv").open(encoding="utf-8") as file:
            rows += [{**row, "part": part} for row in csv.DictReader(file)]
    outcome = "converted_within_90_days"
    drop = {outcome, "part", "account_id", "contact_id", "lead_id", "lead_created_at", *dropped}
    return History(
        columns=tuple(column(name, [row[name] for row in rows]) for name in rows[0] if name not in drop),
        won=np.array([row[outcome] == "True" for row in rows]),
        held_out=np.array([row["part"] != "train" for row in rows]),
    )


@here
def test_real_deals_are_told_apart_as_well_as_by_regression_and_not_too_well() -> None:
    learned = learn(salvirt())
    assert learned.verdict is Verdict.LEARNED
    assert learned.judge is Judge.CROSSED
    assert learned.copies == 83
    assert learned.scorecard is not None
    auc = learned.scorecard.metrics.auc
    assert 0.80 <= auc.value <= 0.845, "above .845 a leak is likelier than skill"
    assert auc.low < auc.value < auc.high
    assert learned.scorecard.calibration.value < 0.1


@here
@pytest.mark.parametrize("seed", range(4))
def test_real_deals_with_shuffled_outcomes_hold_no_usable_signal(seed: int) -> None:
    deals = salvirt()
    shuffled = np.random.RandomState(seed).permutation(deals.won)
    learned = learn(History(columns=deals.columns, won=shuffled))
    assert learned.verdict is Verdict.NO_SIGNAL
    assert learned.scorecard is None


@here
@pytest.mark.parametrize("dropped", [(), ("total_touches_all",)])
def test_simulated_leads_reach_their_figure_and_the_planted_leak_is_flagged(dropped: tuple[str, ...]) -> None:
    learned = learn(leads(*dropped))
    assert learned.verdict is Verdict.LEARNED
    assert learned.scorecard is not None
    auc = learned.scorecard.metrics.auc
    assert auc.value >= 0.60
    assert auc.high - auc.low > 0.04, "the interval is wide, and shown"
    flagged = {each.field: each for each in learned.suspects}
    assert set(flagged) == {"total_touches_all"} - set(dropped)
    if flagged:
        assert flagged["total_touches_all"].sign is Sign.TOTAL
        assert "total_touches_all" not in learned.used
