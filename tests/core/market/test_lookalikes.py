"""Look-alikes are found where customers have something in common, and nowhere else; every reason is a count."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sync_worker.core.market.evidence import DOUBT, FEWEST_OTHERS, weigh
from sync_worker.core.market.filling import MOST_DISTINCT, Filling, apart
from sync_worker.core.market.lookalikes import (
    FEWEST,
    MOST_OTHERS,
    MOST_WON,
    Verdict,
    best,
    likeness,
    reasons,
    sample,
    study,
    turn,
)
from sync_worker.core.scorecard.bins import BinKind
from sync_worker.core.scorecard.columns import Kind, column
from tests.core.market.drawn import accounts, columns

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
here = pytest.mark.skipif(
    not DATA.is_dir(), reason="needs the deals in ../shared/data, which are not part of the project"
)


def test_what_customers_have_in_common_is_found_and_what_they_have_not_is_left_out() -> None:
    rows, won = accounts()
    found = study(columns(rows), won, (1, 2))
    assert found.verdict is Verdict.FOUND
    assert found.auc is not None
    assert 0.6 < found.auc.low < found.auc.value < found.auc.high < 0.85
    assert found.model is not None
    assert {each.field for each in found.model.fields} == {"industry", "employees"}
    assert (found.customers, found.others) == (1, 2)
    assert found.taught == (int(won.sum()), int((~won).sum()))


@pytest.mark.parametrize("seed", range(6))
def test_customers_by_chance_have_nothing_in_common(seed: int) -> None:
    rows, won = accounts(seed=seed)
    shuffled = np.random.default_rng(seed).permutation(won)
    found = study(columns(rows), shuffled, (0, 0))
    assert found.verdict is Verdict.NO_SIGNAL
    assert found.model is None
    assert found.auc is not None
    assert found.auc.value < 0.6


@pytest.mark.parametrize(("wins", "others"), [(FEWEST - 1, 900), (900, FEWEST - 1), (0, 900), (900, 0), (0, 0)])
def test_too_few_customers_or_too_few_others_say_nothing(wins: int, others: int) -> None:
    won = np.array([True] * wins + [False] * others, dtype=np.bool_)
    found = study([column("industry", ["a", "b"] * (len(won) // 2) + ["a"] * (len(won) % 2))], won, (wins, others))
    assert found.verdict is Verdict.TOO_FEW
    assert str(FEWEST) in found.why
    assert (found.auc, found.model) == (None, None)


def test_just_enough_customers_that_are_all_alike_are_enough() -> None:
    won = np.array([True] * FEWEST + [False] * 400)
    industry = ["a" if at % 5 else "b" for at in range(FEWEST)] + ["b" if at % 3 else "a" for at in range(400)]
    assert study([column("industry", industry)], won, (0, 0)).verdict is Verdict.FOUND


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("contract_value", "'contract' in its name"),
        ("health", "'health' in its name"),
        ("lifecyclestage", "'lifecyclestage' in its name"),
        ("success_plan", "filled for 31% of customers and 1% of the others"),
        ("segmentation", "alone it tells customers from others with an AUC of 1.00"),
    ],
)
def test_what_follows_from_being_a_customer_is_named_and_set_aside(name: str, said: str) -> None:
    rows, won = accounts()
    told = {
        "success_plan": lambda at, _: (
            ("gold" if at % 2 else "silver") if (won[at] and at % 10 < 3) or at % 97 == 1 else None
        ),
        "segmentation": lambda at, _: "base" if won[at] else "field",
    }.get(name, lambda at, _: "high" if won[at] == (at % 3 > 0) else "low")
    found = study(columns(rows, **{name: told}), won, (0, 0))
    assert [(each.field, each.kept) for each in found.fields.suspects] == [(name, False)]
    assert said in found.fields.suspects[0].evidence
    assert name not in {each.name for each in found.fields.used}


def test_a_suspect_that_somebody_keeps_is_used_and_still_named() -> None:
    rows, won = accounts()
    told = columns(rows, contract_value=lambda at, _: "high" if won[at] == (at % 10 > 0) else "low")
    found = study(told, won, (0, 0), keep=["contract_value"])
    assert found.model is not None
    assert found.model.fields[0].field == "contract_value"
    assert [(each.field, each.kept) for each in found.fields.suspects] == [("contract_value", True)]


def test_fields_of_people_deals_and_doings_are_no_fit_and_names_are_no_values() -> None:
    rows, won = accounts()
    told = columns(rows, page_views=lambda at, _: str(at % 4), campaign=lambda at, _: str(at % 4))
    found = study(told, won, (0, 0))
    left = {each.field: each.why for each in found.fields.unusable}
    assert left.keys() == {"page_views", "campaign", "name"}
    assert "what somebody did" in left["page_views"]
    assert "a deal" in left["campaign"]


def test_whether_a_field_is_filled_speaks_neither_for_nor_against() -> None:
    """Reps fill in the fields of the accounts that they work, customers above all."""
    rows, won = accounts()
    told = columns(rows, size_class=lambda at, _: "x" if (at % 2 or not won[at]) else None)
    found = study(told, won, (0, 0))
    assert found.model is not None
    for each in found.model.fields:
        assert each.field != "size_class"
        assert [line.weight for line in each.lines if line.bin.kind is BinKind.EMPTY] == [0.0]


def test_a_field_that_says_what_a_stronger_one_says_does_not_count_twice() -> None:
    rows, won = accounts()
    sectors = {
        "Fintech": "Technology",
        "Software": "Technology",
        "Retail": "Trade",
        "Energy": "Grid",
        "Public": "State",
    }
    told = columns(rows, sector=lambda _, row: sectors.get(str(row["industry"])))
    found = study(told, won, (0, 0))
    assert found.model is not None
    assert len(found.model.same) == 1
    assert {*found.model.same.items()} <= {("sector", "industry"), ("industry", "sector")}


def test_a_weight_is_how_many_times_as_common_a_value_is_among_customers() -> None:
    won = np.array([True] * 100 + [False] * 300)
    industry = ["a"] * 60 + ["b"] * 40 + ["a"] * 60 + ["b"] * 240
    model = weigh([column("industry", industry)], won, np.arange(400))
    lines = {line.bin.level: line for line in model.fields[0].lines if line.bin.kind is BinKind.LEVEL}
    assert (lines["a"].won, lines["a"].others) == (60, 60)
    share = 120 / 400
    expected = np.log((60 + DOUBT * share) / (100 + DOUBT) / ((60 + DOUBT * share) / (300 + DOUBT)))
    assert lines["a"].weight == pytest.approx(expected, abs=1e-9)
    assert lines["a"].weight < np.log(3), "doubt draws it towards nothing"


def test_a_value_that_hardly_anybody_else_has_compares_with_nobody() -> None:
    """Customers in a country that the scope leaves out would else tell customers by the scope."""
    won = np.array([True] * 200 + [False] * 600)
    few = FEWEST_OTHERS - 1
    country = ["FR"] * 100 + ["US", "GB"] * 50 + ["FR"] * few + ["US"] * 200 + ["GB"] * (400 - few)
    model = weigh([column("country", country)], won, np.arange(800))
    assert [line.weight for line in model.fields[0].lines if line.bin.level == "FR"] == [0.0]


def test_reasons_are_the_counts_behind_the_score_and_add_up_to_it() -> None:
    rows, won = accounts()
    told = {each.name: each for each in columns(rows)}
    model = weigh([told["industry"], told["employees"]], won, np.arange(len(won)))
    scores = model.score(told, len(won))
    picked = np.array([3, 1, 100])
    for row, why in zip(picked, reasons(model, told, picked), strict=True):
        assert sum(each.weight for each in why) == pytest.approx(scores[row])
        assert [each.weight for each in why] == sorted((each.weight for each in why), reverse=True)
        for each in why:
            if each.field == "industry" and each.value != "something else":
                mine = np.array([one["industry"] == each.value for one in rows])
                known = np.array([one["industry"] is not None for one in rows])
                assert each.won == pytest.approx(mine[won].sum() / known[won].sum())
                assert each.others == pytest.approx(mine[~won].sum() / known[~won].sum())


def test_likeness_is_the_share_of_customers_that_are_less_typical() -> None:
    typical = np.array([0.0, 1.0, 1.0, 2.0])
    assert likeness(np.array([-1.0, 0.0, 1.0, 1.5, 9.0]), typical).tolist() == [0.0, 0.125, 0.5, 0.75, 1.0]


def test_the_best_of_each_territory_come_first_and_ties_are_broken_by_the_turn() -> None:
    scores = np.array([1.0, 3.0, 3.0, 2.0, 5.0, 3.0])
    turns = np.array([0, 9, 4, 1, 2, 7])
    territories = np.array([0, 0, 0, 0, 1, 0])
    assert best(scores, turns, territories, 2).tolist() == [2, 5, 4]
    assert best(scores, turns, territories, 9).tolist() == [2, 5, 1, 3, 0, 4]
    assert best(scores[:0], turns[:0], territories[:0], 3).tolist() == []


def test_a_turn_depends_on_the_id_alone() -> None:
    assert turn("0015g00000000SDAAY") == turn("0015g00000000SDAAY") != turn("0015g00000000SDAAZ")
    assert 0 <= turn("") < 2**63


def test_of_very_many_accounts_a_sample_teaches_that_no_order_of_theirs_changes() -> None:
    draw = np.random.default_rng(1)
    won, turns = draw.random(60_000) < 0.2, draw.permutation(60_000)
    rows = sample(won, turns)
    assert (int(won[rows].sum()), int((~won[rows]).sum())) == (MOST_WON, MOST_OTHERS)
    order = draw.permutation(60_000)
    assert set(turns[order][sample(won[order], turns[order])]) == set(turns[rows])


def test_equal_accounts_give_equal_answers() -> None:
    rows, won = accounts(600)
    assert study(columns(rows), won, (0, 0)).auc == study(columns(rows), won, (0, 0)).auc


def test_a_field_fills_block_by_block_and_keeps_what_is_empty() -> None:
    number, text, flag = Filling("n", Kind.NUMBER), Filling("t", Kind.TEXT), Filling("f", Kind.YES_NO)
    for block in ([2, None, 1.5], [], [2.0]):
        number.take(block)
        text.take([None if each is None else str(float(each)) for each in block])
        flag.take([None if each is None else each > 1.8 for each in block])
    assert number.column().filled.tolist() == [True, False, True, True]
    assert number.column().places.tolist() == [1, -1, 0, 1]
    assert text.column().distinct == ("1.5", "2.0")
    assert text.column().places.tolist() == [1, -1, 0, 1]
    assert [flag.column().distinct[place] for place in flag.column().places if place >= 0] == ["yes", "no", "yes"]


def test_a_text_of_several_values_is_a_field_for_each_of_them() -> None:
    texts = ["Kubernetes; Kafka", "Kafka|SAP", "SAP", "", "Kafka;Rare"] * 10
    texts[4] = "Kafka"
    told = apart(column("stack", texts))
    assert [each.name for each in told] == ["stack: Kafka", "stack: Kubernetes", "stack: SAP"]
    kafka = ["" if place < 0 else told[0].distinct[place] for place in told[0].places]
    assert kafka[:5] == ["yes", "yes", "no", "", "yes"]
    alone = column("city", ["Bonn", "Ulm; Neu-Ulm", *["Kiel"] * 40])
    assert apart(alone) == (alone,)


def test_what_customers_have_among_several_values_is_found_and_a_suspect_is_so_with_all_its_values() -> None:
    rows, won = accounts()
    told = columns(rows, stack=lambda at, _: "Kafka; SAP" if won[at] == (at % 4 > 0) else "SAP; Excel")
    told = [part for each in told for part in apart(each)]
    found = study(told, won, (0, 0))
    assert found.model is not None
    # Of Kafka and Excel one says what the other one does.
    assert {"stack: Kafka", "stack: Excel"} & {each.field for each in found.model.fields}
    rows, won = accounts()
    told = columns(rows, licences=lambda at, _: "Kafka; SAP" if won[at] == (at % 4 > 0) else "SAP; Excel")
    told = [part for each in told for part in apart(each)]
    assert {each.field for each in study(told, won, (0, 0)).fields.suspects} == {"licences: Excel", "licences: Kafka"}
    assert all(each.kept for each in study(told, won, (0, 0), keep=["licences"]).fields.suspects)


def test_a_text_that_names_accounts_is_not_kept() -> None:
    filling = Filling("name", Kind.TEXT)
    filling.take([str(number) for number in range(MOST_DISTINCT + 1)])
    filling.take(["more"])
    assert filling.crowded


@here
def test_real_deals_are_told_apart_as_well_as_by_a_scorecard_and_shuffled_ones_not() -> None:
    with (DATA / "salvirt-b2b.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    told = [column(name, [row[name] for row in rows]) for name in rows[0] if name != "Status"]
    names = [each.name for each in told]
    won = np.array([row["Status"] == "Won" for row in rows])
    found = study(told, won, (0, 0), keep=names)
    assert found.auc is not None
    assert 0.78 <= found.auc.value <= 0.845
    for seed in range(4):
        shuffled = np.random.default_rng(seed).permutation(won)
        assert study(told, shuffled, (0, 0), keep=names).verdict is Verdict.NO_SIGNAL
