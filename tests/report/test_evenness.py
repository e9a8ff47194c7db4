"""How even books are, and who might have an account, word for word as people read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sync_worker.core.contest import Candidate, Contest, Excluded
from sync_worker.report.contest import contested
from sync_worker.report.evenness import evenness
from sync_worker.report.text import plain


def standing(gini: float, variation: float, covered: float) -> dict[str, Any]:
    potential = {"variation": variation, "gini": gini, "largest_to_smallest": 1.5, "on_target": covered}
    return {
        "potential": potential,
        "covered_accounts": covered,
        "covered_potential": covered,
        "filled": 0.8,
        "worth": 18_890.4,
    }


def rep(name: str, before: float, after: float) -> dict[str, Any]:
    seen = [{"accounts": int(has) // 10, "potential": has} for has in (before, after)]
    return {
        "rep": name,
        "name": name,
        "target": 400.0,
        "before": seen[0],
        "after": seen[1],
        "capacity": 50,
        "slot_price": 0,
    }


BOOK: dict[str, Any] = {
    "book": "emea",
    "rebalance": True,
    "measure": "priority",
    "before": standing(0.125, 0.24, 0.8),
    "after": standing(0.03, 0.056, 0.98),
    "moves": {"given": 7, "chosen": 3, "forced": 1, "share": 0.05, "most": 3},
    "gap": 0.0054,
    "move_price": 2.04,
    "reps": [rep("Ann Lee", 500.0, 420.0), rep("Bob Kim", 380.0, 380.0), rep("Cy Ode", 300.0, 390.0)],
    "left": {
        "accounts": 1,
        "potential": 12.5,
        "best": [{"name": "Acme", "score": 12.5, "because": "every book of emea is full"}],
    },
    "conflicts": [
        {
            "family": "Globex",
            "owners": ["Ann Lee", "Bob Kim"],
            "because": "its accounts are locked with different owners",
        }
    ],
}
TOTAL = {key: BOOK[key] for key in ("before", "after", "moves", "gap")}


def test_a_rebalance_says_before_and_after_what_it_moves_and_how_good_it_is() -> None:
    assert (
        plain(tuple(evenness({"priced": {"books": [BOOK], "total": TOTAL}})))
        == """\
Rebalance: the books before and after

BOOK  WITH A REP   SCORE  WITHIN 15% OF TARGET           GINI      VARIATION       MOVED  BELOW THE BEST
emea   80% → 98%  18,890             80% → 98%  0.125 → 0.030  0.240 → 0.056  3 of 3 + 1            0.5%

7 accounts of the pool given out; 3 of at most 3 owned accounts change hands (5.0% of those owned); 1 more whose owner \
is no rep of their book; one more move would gain up to 2.0 points

proven: at most 0.5% below the best that any plan could be

Reps, each against a fair share of the book

REP      BOOK  FAIR SHARE         HAS        THEN  ACCOUNTS  ROOM FOR
Ann Lee  emea         400  500 (125%)  420 (105%)   50 → 42        50
Cy Ode   emea         400   300 (75%)   390 (98%)   30 → 39        50

left in the pool: 1 account, worth 12 in all; the best of them:

ACCOUNT  BOOK  SCORE  WHY
Acme     emea   12.5  every book of emea is full

Families that do not stay together, each of whose accounts stays where it is

FAMILY  BOOK  OWNERS            WHY
Globex  emea  Ann Lee, Bob Kim  its accounts are locked with different owners
"""
    )


def test_a_refill_says_that_nobody_loses_an_account_to_it() -> None:
    refill = {**BOOK, "rebalance": False, "moves": {"given": 7, "chosen": 0, "forced": 0, "share": 0.0, "most": 0}}
    told = plain(tuple(evenness({"priced": {"books": [refill], "total": {**TOTAL, "moves": refill["moves"]}}})))
    assert "Books filled evenly, before and after" in told
    assert "7 accounts of the pool given out; nobody loses an account to it" in told
    assert tuple(evenness({})) == (), "a plan without such books says nothing of them"


CONTEST = Contest(
    "emea",
    "prices",
    "priority",
    None,
    "ann",
    "bob",
    4.21,
    "",
    (
        Candidate("ann", "Ann Lee", 41, 50, "", ("Speaks German",), 60.0, 12.3, -3.1, 0.0, 50.8),
        Candidate("bob", "Bob Kim", 50, 50, "full", (), 50.0, 0.4, 3.0, 0.0, 46.6),
    ),
    (Excluded("cy", "Cy Ode", "book", "not among the reps of the book emea"),),
)


def test_whoever_might_have_an_account_reads_what_spoke_for_each() -> None:
    assert (
        plain(tuple(contested(CONTEST)))
        == """\
Who might have it? The book emea, filled by prices

REP      WORTH  PLACE  EVENNESS  MOVE   NET       HAS
Ann Lee   60.0   12.3      -3.1   0.0  50.8  41 of 50  gets it, Speaks German
Bob Kim   50.0    0.4       3.0   0.0  46.6  50 of 50  has no place left

Ann Lee is ahead of Bob Kim by 4.21 points. A place with Ann Lee costs 12.3 points.

Out of the question: Cy Ode (not among the reps of the book emea).
"""
    )


def test_a_place_that_nothing_could_free_has_no_price_and_no_figure_reads_as_minus_nothing() -> None:
    ann, bob = CONTEST.candidates
    rivals = (replace(ann, evenness=-0.04), replace(bob, slot=148_360.3, net=-148_313.3))
    told = plain(tuple(contested(replace(CONTEST, candidates=rivals, margin=148_364.1))))
    assert "148," not in told
    assert "-0.0" not in told
    assert "Bob Kim comes next after Ann Lee, but has no place left." in told


def test_where_nobody_gets_it_or_the_best_has_no_place_left_that_is_said() -> None:
    nobody = plain(tuple(contested(replace(CONTEST, chosen=None, margin=None, because="every book of emea is full"))))
    behind = plain(tuple(contested(replace(CONTEST, margin=-1.5))))
    alone = plain(tuple(contested(replace(CONTEST, runner_up=None, margin=None, candidates=CONTEST.candidates[:1]))))
    assert "Nobody gets it with the next plan: every book of emea is full." in nobody
    assert "Bob Kim is ahead of Ann Lee by 1.5 points, but has no place or no move left." in behind
    assert "Ann Lee is the only one who may have it." in alone
    assert tuple(contested(None)) == ()
