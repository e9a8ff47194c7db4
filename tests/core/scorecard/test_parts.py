"""The parts of a scorecard keep their promises: bins, weights, points, measures and splits, on any data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.scorecard.bins import BinKind, digits, make_bins, roundest
from sync_worker.core.scorecard.columns import History, Kind, column, day_of
from sync_worker.core.scorecard.logistic import RIDGE, fit, sigmoid, straight
from sync_worker.core.scorecard.metrics import Scoring, auc, calibration, gain, measure
from sync_worker.core.scorecard.points import make_tables, whole
from sync_worker.core.scorecard.splits import copies, folds, newest, together

numbers = st.lists(st.integers(-1000, 1000), min_size=1, max_size=80)
scored = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=60)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2.5", "", "3e2"], Kind.NUMBER),
        (["02139", "10115"], Kind.TEXT),
        (["0", "0.5"], Kind.NUMBER),
        (["True", "false", ""], Kind.YES_NO),
        (["Yes", "No"], Kind.TEXT),
        (["2026-01-31", "2026-02-01T09:00:00Z"], Kind.DATE),
        (["2026-02-31"], Kind.TEXT),
        (["NA", "NO"], Kind.TEXT),
        (["inf", "1"], Kind.TEXT),
        (["", "null", "n/a"], Kind.TEXT),
    ],
)
def test_a_column_is_of_the_narrowest_kind_that_holds_its_cells(cells: list[str], kind: Kind) -> None:
    assert column("x", cells).kind is kind


def test_empty_cells_are_empty_whatever_an_export_calls_them_and_na_is_namibia() -> None:
    assert column("x", ["", "null", "NaN", "N/A", "#N/A", "NA"]).filled.tolist() == [False] * 5 + [True]


def test_a_day_is_read_from_dates_and_times_alone() -> None:
    assert day_of("2026-11-22T08:00") == day_of("2026-11-22")
    assert day_of("22.11.2026") is None


# Bins


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_an_edge_lies_above_the_lower_value_and_not_above_the_upper(one: float, other: float) -> None:
    below, value = min(one, other), max(one, other)
    if below < value:
        assert below < roundest(below, value) <= value


@pytest.mark.parametrize(
    ("below", "value", "edge"), [(163, 187, 180), (9, 10, 10), (0, 1, 1), (-5, -3, -3), (1.51, 1.52, 1.52), (-1, 1, 0)]
)
def test_an_edge_has_as_few_digits_as_it_can(below: float, value: float, edge: float) -> None:
    assert roundest(below, value) == edge


def test_numbers_are_written_without_exponents() -> None:
    assert [digits(each) for each in (1e15, 0.00001, -2.50, 3.0)] == ["1000000000000000", "0.00001", "-2.5", "3"]


@given(numbers)
def test_rescaling_that_keeps_the_order_keeps_every_row_in_its_bin(values: list[int]) -> None:
    """Whatever the unit (thousands, logarithms), a field teaches the same."""
    rows = np.arange(len(values))
    plain, scaled = (
        column("x", [f"{each(value):.9f}" for value in values]) for each in (float, lambda v: v**3 / 7 + v)
    )
    assert make_bins(plain, rows).codes(plain).tolist() == make_bins(scaled, rows).codes(scaled).tolist()


@given(numbers)
def test_ranges_part_the_numbers_and_hold_about_equally_many(values: list[int]) -> None:
    found = column("x", [str(value) for value in values])
    bins = make_bins(found, np.arange(len(values)))
    for value, code in zip(values, bins.codes(found).tolist(), strict=True):
        low, high = bins.bins[code].low, bins.bins[code].high
        assert low is None or value >= low
        assert high is None or value < high
    if len(set(values)) == len(values) and len(values) >= 10:
        sizes = np.bincount(bins.codes(found))
        assert sizes.max() - sizes.min() <= 1


def test_rare_unknown_and_unprintable_levels_count_among_the_others() -> None:
    cells = ["US"] * 12 + ["DE"] * 3 + ["a\nb"] * 20 + [""] * 4
    found = column("country", cells)
    bins = make_bins(found, np.arange(20))
    assert [(each.kind, each.level) for each in bins.bins] == [
        (BinKind.LEVEL, "US"),
        (BinKind.OTHERS, ""),
        (BinKind.EMPTY, ""),
    ]
    assert bins.codes(found).tolist() == [0] * 12 + [1] * 23 + [2] * 4


# Weights


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_the_sigmoid_is_the_sigmoid(xs: list[float]) -> None:
    for x, found in zip(xs, sigmoid(np.array(xs)).tolist(), strict=True):
        assert found == pytest.approx(1 / (1 + math.exp(-min(max(x, -40), 40))), rel=1e-8)


def sample(seed: int, rows: int = 300) -> tuple[list[np.ndarray], np.ndarray]:
    draw = np.random.RandomState(seed)
    codes = [draw.randint(0, size, rows) for size in (3, 5, 2)]
    return codes, draw.rand(rows) < sigmoid(codes[0] * 1.0 - codes[2] * 1.5)


def test_weights_stand_where_the_penalised_likelihood_is_highest() -> None:
    codes, won = sample(1)
    fields = [field[0] for field in fit(codes, [3, 5, 2], won)]

    def slopes(intercept: float) -> list[float]:
        logit = intercept + sum(field[code] for field, code in zip(fields, codes, strict=True))
        left = won - sigmoid(logit)
        return [float(left.sum())] + [
            float(left[code == each].sum() - RIDGE * field[each])
            for field, code in zip(fields, codes, strict=True)
            for each in range(len(field))
        ]

    low, high = -9.0, 9.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slopes(middle)[0] > 0 else (low, middle)
    assert max(map(abs, slopes(low))) < 0.01


def test_models_that_are_fitted_together_come_out_as_if_alone_to_the_last_bit() -> None:
    (one, first), (other, second) = sample(1), sample(2)
    both = fit(
        [np.concatenate(pair) for pair in zip(one, other, strict=True)],
        [3, 5, 2],
        np.concatenate([first, second]),
        np.repeat([0, 1], 300),
    )
    assert [field[0].tolist() for field in both] == [field[0].tolist() for field in fit(one, [3, 5, 2], first)]
    assert [field[1].tolist() for field in both] == [field[0].tolist() for field in fit(other, [3, 5, 2], second)]


def test_a_field_that_tells_all_gets_a_finite_weight() -> None:
    won = np.repeat([True, False], 500)
    (field,) = fit([won.astype(np.int64)], [2], won)
    assert 1 < field[0, 1] < 10


def test_the_line_predicts_the_rate_that_was_seen() -> None:
    scores = np.repeat(np.arange(0, 101, 10), 1000).astype(np.float64)
    chance = sigmoid(-3 + 0.06 * scores)
    won = np.arange(len(scores)) % 1000 < chance * 1000
    a, b = straight(scores, won)
    assert (a, b) == pytest.approx((-3, 0.06), rel=0.05)


# Points


@given(st.lists(st.lists(st.integers(-400, 400), min_size=1, max_size=6), min_size=1, max_size=8))
def test_the_best_values_add_up_to_a_hundred_and_the_worst_give_nothing(drawn: list[list[int]]) -> None:
    weights = [np.array(field) / 100 for field in drawn]
    points = whole(weights, [np.ones(len(field), dtype=np.int64) for field in drawn])
    assert all(each.min() == 0 for each in points)
    assert sum(int(each.max()) for each in points) == (100 if any(len(set(field)) > 1 for field in drawn) else 0)
    for field, got in zip(drawn, points, strict=True):
        assert got[np.argsort(field, kind="stable")].tolist() == sorted(got.tolist())


def test_a_bin_that_no_row_was_in_gives_nothing() -> None:
    (points,) = whole([np.array([-1.0, 1.0, 0.0])], [np.array([5, 5, 0])])
    assert points.tolist() == [0, 100, 0]


# Measures


@given(scored)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    wins, losses = ([score for score, won in rows if won is ended] for ended in (True, False))
    pairs = [(win > loss) + (win == loss) / 2 for win in wins for loss in losses]
    found = auc(np.array([score for score, _ in rows]), np.array([won for _, won in rows]))
    assert found == pytest.approx(sum(pairs) / len(pairs) if pairs else 0.5)


def measured(scores: list[float], won: list[bool]) -> tuple[float, float, float]:
    rows = np.arange(len(won))
    found = measure([Scoring(rows, np.array(scores))], np.array(won), rows, seed=1)
    for figure in (found.auc, found.lift_10, found.lift_20):
        assert figure.low <= figure.value <= figure.high
    return found.auc.value, found.lift_10.value, found.lift_20.value


def test_lift_is_the_rate_of_the_best_over_the_rate_of_all() -> None:
    won = [True] * 10 + [False] * 90
    assert measured([float(100 - n) for n in range(100)], won) == (1.0, 10.0, 5.0)
    assert measured([1.0] * 100, won) == pytest.approx((0.5, 1.0, 1.0)), "ties have no order"
    assert measured([float(n) for n in range(100)], won) == (0.0, 0.0, 0.0)


def test_calibration_error_is_what_the_prediction_is_off() -> None:
    rows, won = np.arange(200), np.arange(200) % 2 == 0
    scoring = Scoring(rows, np.repeat(np.arange(100), 2))
    right, off = (calibration([scoring], [np.full(200, chance)], won, rows, seed=1) for chance in (0.5, 0.8))
    assert (right.value, off.value) == pytest.approx((0.0, 0.3))
    assert off.low < 0.3 < off.high


def test_an_interval_grows_when_rows_belong_together() -> None:
    won = np.arange(400) % 3 == 0
    scores = np.where(won, 1.0, 0.0) + np.arange(400) * 37 % 100 / 50
    alone, ten = (
        measure([Scoring(np.arange(400), scores)], won, groups, seed=1).auc
        for groups in (np.arange(400), np.arange(400) // 40)
    )
    assert alone.value == ten.value
    assert measure([Scoring(np.arange(400), scores)], won, np.arange(400), seed=1).auc == alone, (
        "equal seeds, equal intervals"
    )


def test_a_gain_over_oneself_is_nothing() -> None:
    won = np.arange(100) % 4 == 0
    scores = np.arange(100.0)
    found = gain([Scoring(np.arange(100), scores)], scores, won, np.arange(100), seed=1)
    assert (found.value, found.low, found.high) == (0, 0, 0)


# Splits


def history(cells: list[str], keys: list[str] | None = None, days: list[int] | None = None) -> History:
    return History(
        columns=(column("a", cells),),
        won=np.zeros(len(cells), dtype=np.bool_),
        keys=None if keys is None else tuple(keys),
        days=None if days is None else np.array(days),
    )


def test_a_copy_is_alike_in_every_field_and_of_one_day_and_account() -> None:
    assert copies(history(["1", "1", "2", "3"])).tolist() == [0, 0, 1, 2]
    assert len(set(copies(history(["1", "1", "2", "3"], days=[1, 2, 3, 4])).tolist())) == 4
    assert len(set(copies(history(["1", "1", "2", "3"], keys=["x", "y", "y", "z"])).tolist())) == 4
    assert len(set(copies(history(["1", "1", "1", "2", "2"])).tolist())) == 5, (
        "so few fields make deals alike by nature"
    )


def test_rows_of_one_account_stay_together_and_copies_where_no_account_is_known() -> None:
    same = np.array([0, 0, 1, 2, 2])
    assert together(same, None).tolist() == [0, 0, 1, 2, 2]
    found = together(same, ["x", "y", "y", "", ""]).tolist()
    assert [found[1] == found[2], found[3] == found[4], len(set(found))] == [True, True, 3]


@given(st.lists(st.integers(0, 12), min_size=5, max_size=60), st.integers(0, 5))
def test_no_group_stands_on_both_sides_and_every_row_is_judged_once(drawn: list[int], seed: int) -> None:
    groups = np.unique(drawn, return_inverse=True)[1]
    judged: list[int] = []
    for teach, judge in folds(groups, 5, seed):
        assert not set(groups[teach]) & set(groups[judge])
        judged += judge.tolist()
    assert sorted(judged) == list(range(len(drawn)))


def test_the_newest_period_is_whole_days_of_a_quarter_or_more() -> None:
    days = np.repeat(np.arange(20), 20)
    won = np.arange(400) % 2 == 0
    assert newest(days, won).tolist() == (days >= 15).tolist()  # type: ignore[union-attr]
    assert newest(np.zeros(400, dtype=np.int64), won) is None, "one day is no older and no newer one"
    assert newest(days, np.arange(400) < 20) is None, "nothing was won lately"


def test_a_table_scores_rows_that_it_has_not_seen() -> None:
    won = np.arange(400) % 2 == 0
    columns = [
        column("side", ["left" if each else "right" for each in won]),
        column("n", [str(n % 7) for n in range(400)]),
    ]
    (table,) = make_tables(columns, won, [np.arange(300)])
    scores = table.score(columns)
    assert auc(scores[300:], won[300:]) == 1.0
    assert scores.max() <= 100
    assert table.score([column("side", ["up", ""]), column("n", ["", "9"])]).tolist()[0] == 0
