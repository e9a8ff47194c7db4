"""What is written is what was measured: the rule file is valid, and rules give each deal the points of the table."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_worker.core.scorecard.bins import Bin, BinKind, Bins
from sync_worker.core.scorecard.columns import Column, History, Kind, column
from sync_worker.core.scorecard.learning import Verdict, learn
from sync_worker.core.scorecard.names import Subject, subject
from sync_worker.core.scorecard.points import Field, Line, make_tables
from sync_worker.learning.champion import totals
from sync_worker.learning.reading import Asked, HistoryUnusable
from sync_worker.learning.rule_file import loaded, rule_names, rule_text, terms, vocabulary
from sync_worker.learning.study import Question, study
from tests.learning.deals import deals, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def question(path: Path, **more: object) -> Question:
    own = {key: more.pop(key) for key in list(more) if key not in Question.__slots__}
    asked = Asked(**{"files": (path,), "outcome": "stage", "won": "Closed Won", "drop": ("deal", "account"), **own})  # type: ignore[arg-type]
    return Question(**{"asked": asked, "about": {}, "score": "learned", "seed": 7, **more})  # type: ignore[arg-type]


def rules_total(columns: Sequence[Column], text: str) -> list[float]:
    called = rule_names([each.name for each in columns])
    found = totals(loaded(text, vocabulary(columns, called)), "learned", columns, called)
    return [float(each) for each in found]


def columns_of(path: Path, *drop: str) -> list[Column]:
    lines = [line.split(",") for line in path.read_text().splitlines()]
    return [
        column(name, [line[place] for line in lines[1:]]) for place, name in enumerate(lines[0]) if name not in drop
    ]


def test_the_rules_give_each_deal_what_the_table_gives_it(tmp_path: Path) -> None:
    path = write(tmp_path / "deals.csv", deals(1200))
    found = study(question(path, date="asked_on"))
    assert found.learned.verdict is Verdict.LEARNED
    made = found.learned.scorecard
    assert made is not None
    columns = columns_of(path, "deal", "account", "asked_on", "stage")
    assert rules_total(columns, found.rules) == made.table.score(columns).tolist()


NUMBERS = ["", "0", "1", "-3.5", "12", "12.25", "1e5", "0.00001", "7"]
TEXTS = ["", "US", "O'Neil", "a, b", 'say "no"', "50 %", "x:y", "Ünï", "NO", "true-ish", "{}"]
TRUTHS = ["", "True", "false"]


@settings(max_examples=40)
@given(st.integers(0, 100_000), st.integers(40, 120))
def test_any_table_can_be_said_in_rules(seed: int, count: int) -> None:
    """Whatever the values hold: quotes, commas, colons, percent signs, empty cells."""
    draw = random.Random(seed)  # noqa: S311 - made-up deals
    rows = [[draw.choice(each) for each in (NUMBERS, TEXTS, TRUTHS)] for _ in range(count)]
    columns = [column(name, [row[place] for row in rows]) for place, name in enumerate(("The Number", "in", "true?"))]
    won = np.array([draw.random() < 0.5 for _ in rows])
    (table,) = make_tables(columns, won, [np.arange(len(rows) - 10)])
    called = rule_names([each.name for each in columns])
    if sum(field.most for field in table.fields):
        scorecard = type("Made", (), {"table": table, "tiers": {"A": 70, "D": 0}})
        about = {each.name: Subject.ACCOUNT for each in columns}
        text = rule_text(scorecard, score="learned", subjects=about, preface=["one: 'two'"], called=called)  # type: ignore[arg-type]
        assert rules_total(columns, text) == table.score(columns).tolist()


def test_names_that_rules_cannot_use_get_words_of_their_own() -> None:
    assert rule_names(["industry", "Company Size", "company-size", "2nd", "§", "in", "Industry"]) == {
        "industry": "industry",
        "Company Size": "company_size",
        "company-size": "company_size_2",
        "2nd": "field_2nd",
        "§": "field",
        "in": "field_in",
        "Industry": "Industry_2",
    }


def field_of(kind: Kind, *lines: tuple[Bin, int]) -> Field:
    return Field(
        Bins("size", kind, tuple(each for each, _ in lines)), tuple(Line(each, points, 10, 5) for each, points in lines)
    )


def test_neighbouring_ranges_with_the_same_points_are_one_condition() -> None:
    bounds = [None, 10.0, 50.0, 200.0, None]
    ranges = [Bin(BinKind.RANGE, low, high) for low, high in pairwise(bounds)]
    found = terms(field_of(Kind.NUMBER, *zip(ranges, (0, 4, 4, 9), strict=True), (Bin(BinKind.EMPTY), 2)), "size")
    assert [(term.when, term.points, term.because) for term in found] == [
        ("size >= 10 and size < 200", 4, "size: 10 to below 200"),
        ("size >= 200", 9, "size: 200 or more"),
        ("size is empty", 2, "size: empty"),
    ]


def test_levels_with_the_same_points_are_one_condition_and_the_others_another() -> None:
    levels = [(Bin(BinKind.LEVEL, level=level), points) for level, points in (("A", 5), ("B", 0), ("O'C", 5))]
    found = terms(field_of(Kind.TEXT, *levels, (Bin(BinKind.OTHERS), 3), (Bin(BinKind.EMPTY), 0)), "size")
    assert [(term.when, term.points) for term in found] == [
        ("size in ('A', 'O''C')", 5),
        ("size is not empty and size not in ('A', 'B', 'O''C')", 3),
    ]


def test_the_file_says_where_it_comes_from_and_what_to_look_at(tmp_path: Path) -> None:
    rows = [
        {**row, "win_reason": row["colour"], "closer": "Ann" if row["stage"] == "Closed Won" else ""}
        for row in deals(900)
    ]
    found = study(question(write(tmp_path / "deals.csv", rows)))
    head = found.rules.partition("version: 1")[0]
    assert "deals.csv: 900 deals" in head
    assert "Set aside: closer, filled in afterwards: filled for 100% of won and 0% of lost deals." in head
    assert "Look at win_reason" in head
    assert str(tmp_path) not in found.rules


def test_there_are_no_rules_without_a_signal(tmp_path: Path) -> None:
    found = study(question(write(tmp_path / "deals.csv", deals(600, weight=0))))
    assert (found.learned.verdict, found.rules, found.profile) == (Verdict.NO_SIGNAL, "", ())


def test_fields_are_grouped_by_whom_they_tell_of(tmp_path: Path) -> None:
    path = write(tmp_path / "deals.csv", deals(900))
    plain = study(question(path, date="asked_on"))
    assert [part for part in ("account:", "person:", "behaviour:") if part in plain.rules] == ["account:", "person:"]
    moved = study(question(path, date="asked_on", about={"buyer_role": Subject.ACCOUNT}))
    assert "person:" not in moved.rules
    assert subject("buyer_role") is Subject.PERSON


# The points in force


IN_FORCE = """
version: 1
lists: {core: [Software, Banking]}
scores:
  - id: priority
    max: 100
    parts:
      fit: {max: 100, terms: [
        {id: core, when: industry in core, points: 40, because: Core},
        {id: size, scale: employees, from: 0, to: 100, points: 30, because: Size}]}
    tiers: {A: 0}
"""


def test_points_in_force_are_run_over_the_same_deals(tmp_path: Path) -> None:
    path = write(tmp_path / "deals.csv", deals(1500))
    rules = tmp_path / "priority.yaml"
    rules.write_text(IN_FORCE)
    made = study(question(path, date="asked_on", champion_rules=rules)).learned.scorecard
    assert made is not None
    assert made.champion is not None
    assert made.gain is not None
    assert made.champion.auc.value > 0.6
    assert made.gain.value == pytest.approx(made.metrics.auc.value - made.champion.auc.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("industry in core", "industri in core"), "priority.yaml:9:26: unknown field 'industri'"),
        (("industry in core", "days_since(asked_on) < 9"), "priority.yaml:9:37: unknown field 'asked_on'"),
        (("scale: employees", "event: meeting"), "priority.yaml:10:"),
    ],
)
def test_points_in_force_that_the_history_cannot_tell_are_refused(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    rules = tmp_path / "priority.yaml"
    rules.write_text(IN_FORCE.replace(*change))
    with pytest.raises(HistoryUnusable) as caught:
        study(question(write(tmp_path / "deals.csv", deals(300)), date="asked_on", champion_rules=rules))
    assert told in str(caught.value)


def test_a_score_that_is_not_there_is_asked_for_by_its_name(tmp_path: Path) -> None:
    rules = tmp_path / "priority.yaml"
    rules.write_text(IN_FORCE)
    with pytest.raises(HistoryUnusable, match="no score 'other'") as caught:
        study(question(write(tmp_path / "deals.csv", deals(300)), champion_rules=rules, champion_score="other"))
    assert "priority" in caught.value.hint


def test_a_kept_or_described_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "deals.csv", deals(300))
    with pytest.raises(HistoryUnusable, match="--keep: there is no field 'color'"):
        study(question(path, keep=("color",)))


def test_a_table_is_the_same_from_a_history_built_by_hand(tmp_path: Path) -> None:
    rows = deals(900)
    path = write(tmp_path / "deals.csv", rows)
    names = ("industry", "employees", "buyer_role", "colour")
    by_hand = History(
        columns=tuple(column(name, [row[name] for row in rows]) for name in names),
        won=np.array([row["stage"] == "Closed Won" for row in rows]),
    )
    assert study(question(path, drop=("deal", "account", "asked_on"))).learned == learn(by_hand)
