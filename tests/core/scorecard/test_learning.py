"""A scorecard is learned where there is something to learn, and nowhere else; suspects are named with evidence."""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_worker.core.scorecard.columns import History, column, day_of
from sync_worker.core.scorecard.leaks import Sign
from sync_worker.core.scorecard.learning import FEWEST, Judge, Learned, Verdict, learn
from sync_worker.core.scorecard.names import Subject, subject
from sync_worker.core.scorecard.profile import profile
from tests.learning.deals import Deal, deals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIELDS = ("industry", "employees", "buyer_role", "colour")


def history(rows: Sequence[Deal], *fields: str, dated: bool = True) -> History:
    return History(
        columns=tuple(column(name, [row[name] for row in rows]) for name in (*FIELDS, *fields)),
        won=np.array([row["stage"] == "Closed Won" for row in rows]),
        days=np.array([day_of(row["asked_on"]) for row in rows]) if dated else None,
    )


def table(learned: Learned) -> list[tuple[str, list[int]]]:
    assert learned.scorecard is not None, learned.why
    return [(field.name, [line.points for line in field.lines]) for field in learned.scorecard.table.fields]


def most(learned: Learned) -> dict[str, int]:
    assert learned.scorecard is not None, learned.why
    return {field.name: field.most for field in learned.scorecard.table.fields}


def with_field(make: Callable[[Deal], str], count: int = 900) -> History:
    return history([{**row, "extra": make(row)} for row in deals(count)], "extra")


def test_what_mattered_gets_the_points_and_what_did_not_gets_few() -> None:
    learned = learn(history(deals(2000)))
    points = most(learned)
    assert learned.verdict is Verdict.LEARNED
    assert points["colour"] <= 10
    assert min(points["industry"], points["employees"], points["buyer_role"]) >= 15
    assert sum(points.values()) == 100
    lines = {field.name: field.lines for field in learned.scorecard.table.fields}["industry"]  # type: ignore[union-attr]
    order = [line.bin.level for line in sorted(lines, key=lambda line: -line.points) if line.rows]
    assert order == ["Software", "Banking", "Retail", "Public"]


def test_the_newest_period_judges_and_teaches_nothing() -> None:
    rows = deals(2000)
    learned = learn(history(rows))
    assert learned.judge is Judge.NEWEST
    assert learned.taught == sum(day_of(row["asked_on"]) < learned.since for row in rows)  # type: ignore[operator]
    flipped = [
        {**row, "stage": "Closed Won" if row["stage"] == "Closed Lost" else "Closed Lost"} if at >= 1500 else row
        for at, row in enumerate(rows)
    ]
    turned = learn(history(flipped))
    assert turned.verdict is Verdict.NO_SIGNAL, "what was true and is so no longer is no signal"


def test_deals_of_an_account_that_judges_do_not_teach_except_in_time() -> None:
    """What an account did before was known; what it did on the other side of any other split was not."""
    rows = deals(1000)
    keys = tuple("one account" if number % 50 == 0 else str(number) for number in range(1000))
    apart = replace(history(rows), held_out=np.arange(1000) >= 750)
    assert learn(replace(apart, keys=keys)).taught == learn(apart).taught - 15
    assert learn(replace(history(rows), keys=keys)).taught == learn(history(rows)).taught


def test_a_coin_has_no_usable_signal() -> None:
    for seed in range(3):
        for dated in (True, False):
            learned = learn(history(deals(600, seed=seed, weight=0), dated=dated))
            assert learned.verdict is Verdict.NO_SIGNAL
            assert learned.scorecard is None
            assert "AUC" in learned.why


@pytest.mark.parametrize("wins", [0, FEWEST - 1])
def test_below_a_hundred_conversions_nothing_is_learned(wins: int) -> None:
    rows = [{**row, "stage": "Closed Won" if number < wins else "Closed Lost"} for number, row in enumerate(deals(900))]
    learned = learn(history(rows, dated=False))
    assert learned.verdict is Verdict.TOO_FEW
    assert str(wins) in learned.why
    assert str(FEWEST) in learned.why


def test_a_history_without_dates_is_judged_in_turns() -> None:
    learned = learn(history(deals(600), dated=False))
    assert (learned.judge, learned.taught, learned.since) == (Judge.CROSSED, 600, None)
    assert learned.scorecard is not None
    assert learned.scorecard.metrics == learned.scorecard.crossed


def test_predicted_chances_are_near_the_seen_ones() -> None:
    made = learn(history(deals(4000))).scorecard
    assert made is not None
    assert made.calibration.value < 0.06
    assert sum(band.rows for band in made.bands) == made.metrics.rows
    assert [band.chance for band in made.bands] == sorted(band.chance for band in made.bands)


# Champion and challenger


def test_points_in_force_stay_unless_they_are_beaten() -> None:
    rows = deals(2000)
    plain = history(rows)
    truth = learn(plain).scorecard
    assert truth is not None
    same = truth.table.score(plain.columns).astype(np.float64)
    stays = learn(replace(plain, champion=same))
    assert stays.verdict is Verdict.CHAMPION_STAYS
    assert stays.scorecard is not None
    assert stays.scorecard.gain is not None
    assert stays.scorecard.gain.low <= 0
    beaten = learn(replace(plain, champion=np.array([len(row["colour"]) for row in rows], dtype=np.float64)))
    assert beaten.verdict is Verdict.LEARNED
    assert beaten.scorecard is not None
    assert beaten.scorecard.gain is not None
    assert beaten.scorecard.gain.low > 0


def test_a_champion_without_a_score_for_some_rows_is_judged_all_the_same() -> None:
    rows = deals(2000)
    some = np.array([np.nan if number % 3 else float(row["industry"] == "Software") for number, row in enumerate(rows)])
    assert learn(replace(history(rows), champion=some)).verdict is Verdict.LEARNED


# Suspects


def sign(learned: Learned, field: str) -> tuple[Sign, bool]:
    (found,) = [each for each in learned.suspects if each.field == field]
    return found.sign, found.aside


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda row: "9" if row["stage"] == "Closed Won" else str(len(row["deal"]) % 3), (Sign.PERFECT, True)),
        (lambda row: "Ann" if row["stage"] == "Closed Won" else "", (Sign.FILLED_IN, True)),
        (
            lambda row: "price" if row["stage"] == "Closed Lost" and int(row["deal"][1:]) % 4 == 0 else "",
            (Sign.FILLED_IN, True),
        ),
        (
            lambda row: "yes" if row["stage"] == "Closed Won" and int(row["deal"][1:]) % 5 == 0 else "no",
            (Sign.ONE_OUTCOME, False),
        ),
        (lambda row: str(int(row["deal"][1:]) // 7), (Sign.CALENDAR, True)),
        (
            lambda row: "new" if int(row["deal"][1:]) % 900 > 300 + int(row["employees"] or 1) % 5 * 90 else "old",
            (Sign.MOVED, False),
        ),
    ],
    ids=["near-perfect", "filled for won", "filled for lost", "one outcome", "calendar", "moved"],
)
def test_a_field_that_knows_too_much_is_named(make: Callable[[Deal], str], expected: tuple[Sign, bool]) -> None:
    learned = learn(with_field(make))
    assert sign(learned, "extra") == expected
    assert ("extra" in learned.used) is not expected[1]


def test_a_total_that_goes_on_past_the_decision_is_set_aside() -> None:
    draw = random.Random(3)  # noqa: S311 - made-up counts
    rows = [{**row, "visit_count": str(draw.randint(0, 6))} for row in deals(900)]
    rows = [{**row, "total_visits": str(int(row["visit_count"]) + draw.randint(0, 4))} for row in rows]
    learned = learn(history(rows, "visit_count", "total_visits"))
    assert sign(learned, "total_visits") == (Sign.TOTAL, True)
    assert "visit_count" in next(each.evidence for each in learned.suspects if each.field == "total_visits")
    assert "visit_count" in learned.used
    kept = learn(history(rows, "visit_count", "total_visits"), keep=["total_visits"])
    assert "total_visits" in kept.used
    assert sign(kept, "total_visits") == (Sign.TOTAL, False)


def test_a_sum_of_two_fields_is_no_suspect() -> None:
    draw = random.Random(3)  # noqa: S311 - made-up counts
    rows = [{**row, "in_visits": str(draw.randint(0, 6)), "out_visits": str(draw.randint(0, 4))} for row in deals(900)]
    rows = [{**row, "visits": str(int(row["in_visits"]) + int(row["out_visits"]))} for row in rows]
    assert learn(history(rows, "in_visits", "out_visits", "visits")).suspects == ()


def test_a_telling_name_is_named_and_used() -> None:
    rows = [{**row, "close_reason": row["colour"]} for row in deals(900)]
    learned = learn(history(rows, "close_reason"))
    assert sign(learned, "close_reason") == (Sign.NAME, False)


def test_honest_fields_are_no_suspects() -> None:
    assert learn(history(deals(2000))).suspects == ()


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda row: row["deal"], "675 values"),
        (lambda row: row["deal"][1:].lstrip("0") or "0", "numbers the rows"),
        (lambda _: "same", "one value only"),
        (lambda row: row["asked_on"], "is a date"),
    ],
    ids=["identifier", "row number", "constant", "date"],
)
def test_columns_that_no_table_can_hold_are_left_out(make: Callable[[Deal], str], why: str) -> None:
    learned = learn(with_field(make))
    assert [each.field for each in learned.unusable] == ["extra"]
    assert why in learned.unusable[0].why
    assert learned.verdict is Verdict.LEARNED


def test_a_history_of_nothing_usable_says_so() -> None:
    rows = deals(900)
    only = replace(history(rows), columns=(column("deal", [row["deal"] for row in rows]),))
    assert learn(only).verdict is Verdict.TOO_FEW
    assert "no column is left" in learn(only).why


# The same answer, whatever the order and the unit


@settings(max_examples=4)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    rows = deals(700)
    mixed = random.Random(seed).sample(rows, len(rows))  # noqa: S311 - any order will do
    assert table(learn(history(rows))) == table(learn(history(mixed)))


@settings(max_examples=4)
@given(st.floats(0.01, 100), st.floats(-1e4, 1e4))
def test_the_unit_of_a_field_changes_nothing(factor: float, shift: float) -> None:
    rows = deals(700)
    scaled = [
        {**row, "employees": f"{float(row['employees']) * factor + shift:.9f}" if row["employees"] else ""}
        for row in rows
    ]
    assert table(learn(history(rows))) == table(learn(history(scaled)))


PROGRAM = """
import numpy as np
from sync_worker.core.canonical import digest
from sync_worker.core.scorecard.learning import learn
from tests.core.scorecard.test_learning import history, table
from tests.learning.deals import deals
learned = learn(history(deals(600)))
print(digest([table(learned), learned.why]))
"""


def test_processors_with_other_instructions_come_to_the_same_table() -> None:
    """Without the vector instructions that differ between machines, every bit stays where it was."""
    umath = importlib.import_module("numpy._core._multiarray_umath")  # it alone knows what this processor has
    disabled = " ".join(name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name])
    root = Path(__file__).resolve().parents[3]
    answers = set()
    for environ in ({}, {"NPY_DISABLE_CPU_FEATURES": disabled}):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=root,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        answers.add(run.stdout)
    assert len(answers) == 1


# The ideal customer


def test_the_profile_tells_the_ideal_account_and_the_ideal_person() -> None:
    learned = learn(history(deals(2000)))
    assert learned.scorecard is not None
    found = profile(learned.scorecard.table, {name: subject(name) for name in learned.used})
    assert [(trait.subject, trait.field.name, trait.best[0].bin.said) for trait in found if trait.field.most > 10] == [
        (Subject.ACCOUNT, "industry", "Software"),
        (Subject.ACCOUNT, "employees", found[1].best[0].bin.said),
        (Subject.PERSON, "buyer_role", "CIO"),
    ]
    assert "or more" in found[1].best[0].bin.said
    assert all(trait.won / trait.rows > learned.won / learned.rows for trait in found if trait.field.most > 10)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("industry", Subject.ACCOUNT),
        ("jobTitle", Subject.PERSON),
        ("Buyer_Role", Subject.PERSON),
        ("lead_source", Subject.DEAL),
        ("contact_visits", Subject.BEHAVIOUR),
    ],
)
def test_a_name_tells_of_whom_a_column_is(name: str, of: Subject) -> None:
    assert subject(name) is of


# Whatever the files hold


@settings(max_examples=40)
@given(st.integers(0, 100_000), st.sampled_from([1, 2, 30, 260, 500]))
def test_any_history_gets_an_answer(seed: int, count: int) -> None:
    """Few rows or many, empty columns, one group, rows that all judge: an answer, and no crash."""
    draw = random.Random(seed)  # noqa: S311 - a made-up history
    cells = draw.choice([["", "a"], ["1", "2", "3", ""], [""], ["x"], ["0.1", "1e9", "-5"], ["true", "false", ""]])
    texts = [[draw.choice(each) for _ in range(count)] for each in (cells, ["a", "b", ""], [str(n) for n in range(40)])]
    share = draw.choice([0.0, 0.02, 0.5, 0.98, 1.0])
    learned = learn(
        History(
            columns=tuple(column(f"c{place}", each) for place, each in enumerate(texts)),
            won=np.array([draw.random() < share for _ in range(count)]),
            days=draw.choice([None, np.array([draw.randint(1, draw.choice([1, 900])) for _ in range(count)])]),
            keys=draw.choice([None, tuple(str(draw.randint(0, draw.choice([0, 90]))) for _ in range(count))]),
            held_out=draw.choice(
                [None, None, np.array([draw.random() < draw.choice([0, 0.3, 1]) for _ in range(count)])]
            ),
            champion=draw.choice([None, np.array([draw.choice([np.nan, 1.0, 2.0]) for _ in range(count)])]),
        )
    )
    assert learned.why
    assert (learned.scorecard is None) == (learned.verdict in (Verdict.TOO_FEW, Verdict.NO_SIGNAL))


def test_deals_of_a_few_accounts_alone_teach_nothing() -> None:
    learned = learn(replace(history(deals(900)), keys=tuple(str(number % 4) for number in range(900)), days=None))
    assert learned.verdict is Verdict.TOO_FEW
    assert "4 groups" in learned.why
