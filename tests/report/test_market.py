"""What people read of the market: exact, since every word counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np

from sync_worker.core.market.evidence import Model, weigh
from sync_worker.core.market.fields import Fields, Suspect
from sync_worker.core.market.lookalikes import Reason, Studied, Verdict
from sync_worker.core.market.whitespace import Among, Cell, Due, Stand, quarters, territories
from sync_worker.core.scorecard.columns import column
from sync_worker.core.scorecard.leaks import Unusable
from sync_worker.core.scorecard.metrics import Figure
from sync_worker.market import Market
from sync_worker.market.alike import LookAlike, LookAlikes
from sync_worker.report.market import market
from sync_worker.report.text import plain

INDUSTRY = column("industry", ["Fintech"] * 60 + ["Retail"] * 40 + ["Fintech"] * 60 + ["Retail"] * 240)
WON = np.array([True] * 100 + [False] * 300)
FOUND, TOTAL = territories(
    [
        Cell("EMEA", "expansion", Stand.CUSTOMER, Due.NEXT, 1_200, 5_000_000.0, 900),
        Cell("EMEA", "new | logo", Stand.OWNED, None, 2_000, 12.5, 10),
        Cell("EMEA", "new | logo", Stand.UNOWNED, None, 800, 0.0, 0),
        Cell("APAC", "new | logo", Stand.UNOWNED, None, 30, 900.25, 3),
        Cell("", "new | logo", Stand.OUT, None, 7),
    ]
)
STUDIED = Studied(
    verdict=Verdict.FOUND,
    why="held-out customers are told from other accounts (AUC 0.660, 95 % between 0.600 and 0.720)",
    customers=1_200,
    others=2_830,
    taught=(100, 300),
    auc=Figure(0.66, 0.6, 0.72),
    fields=Fields((INDUSTRY,), (Suspect("health", "'health' in its name", kept=False),), (Unusable("name", "x"),)),
    model=weigh([INDUSTRY], WON, np.arange(400)),
)
BEST = LookAlike("001", "EMEA", 0.86, 12_000.0, (Reason("industry", "Fintech", 0.6, 0.2, 1.0),))
ALIKE = LookAlikes(STUDIED, Among.UNOWNED, 830, {"EMEA": 9, "APAC": 1}, {"EMEA": 1_000.0}, (BEST,))
MARKET = Market(
    at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    by="region",
    territories=FOUND,
    total=TOTAL,
    motions=("expansion", "new | logo"),
    value="revenue",
    renewal="renewal_date",
    quarters=quarters(date(2026, 11, 22)),
    look_alikes=ALIKE,
    names={"001": ("Acme", "Ann")},
)


def test_the_whole_market() -> None:
    assert (
        plain(market(MARKET, 30)[0])
        == """\
Market by region — 2026-11-22

REGION  MARKET  CUSTOMERS  OWNED  UNOWNED  PENETRATION  OUT OF SCOPE  LOOK-ALIKES
EMEA     4,000      1,200  2,000      800          30%             0            9
APAC        30          0      0       30           0%             0            1
(none)       0          0      0        0                          7            0
total    4,030      1,200  2,000      830          30%             7           10

revenue by region

REGION     MARKET  CUSTOMERS  OWNED  UNOWNED  LOOK-ALIKES  FILLED
EMEA    5,000,012  5,000,000   12.5        0        1,000     23%
APAC       900.25          0      0   900.25            0     10%
(none)          0          0      0        0            0
total   5,000,913  5,000,000   12.5   900.25        1,000     23%

Motions, without what is out of scope

REGION          EXPANSION      NEW | LOGO
EMEA    1,200 (5,000,000)    2,800 (12.5)
APAC                          30 (900.25)
(none)
total   1,200 (5,000,000)  2,830 (912.75)

Renewals of customers, by renewal_date

REGION  OVERDUE  DUE IN Q4 2026     DUE IN Q1 2027
EMEA                             1,200 (5,000,000)
total                            1,200 (5,000,000)

Look-alikes of customers

found: held-out customers are told from other accounts (AUC 0.660, 95 % between 0.600 and 0.720)

compared:  1,200 customers with 2,830 others in scope; 100 and 300 of them, picked by hash, teach and judge
told by:   industry
not used:  name (--format json says why)
found:     10 of 830 unowned accounts are as typical as half of the customers

Fields that may only say who is a customer

- health, set aside: 'health' in its name

What customers have in common

FIELD     VALUE    OF CUSTOMERS  OF OTHERS  TIMES
industry  Fintech           60%        20%    3.0

The best unowned accounts of each region

REGION  ACCOUNT  ID   OWNER  LIKENESS  REVENUE  BECAUSE
EMEA    Acme     001  Ann         86%   12,000  industry Fintech, as 60% of customers and 20% of others

likeness: the share of customers that are less typical than the account
"""
    )


def test_small_territories_share_a_line_and_their_accounts_are_not_named() -> None:
    lines = plain(market(replace(MARKET, value="", motions=()), 1)[0]).splitlines()
    assert lines[4] == "all others (2)      30          0      0       30           0%             7            1"
    assert "EMEA    Acme     001  Ann         86%  industry Fintech, as 60% of customers and 20% of others" in lines


def test_a_market_that_nothing_divides_is_one_line() -> None:
    whole = territories([Cell("", "", Stand.OWNED, None, 5)])
    lines = plain(
        market(replace(MARKET, by="", territories=whole[0], total=whole[1], value="", motions=(), look_alikes=None), 9)[
            0
        ]
    ).splitlines()
    assert lines[0] == "Market — 2026-11-22"
    assert lines[3] == "all accounts       5          0      5        0           0%             0"


def test_without_a_signal_no_account_is_named() -> None:
    studied = replace(STUDIED, verdict=Verdict.NO_SIGNAL, why="there is nothing", model=None)
    shown = plain(market(replace(MARKET, look_alikes=replace(ALIKE, studied=studied, counts={}, best=())), 9)[0])
    assert "no usable signal: there is nothing" in shown
    assert "LOOK-ALIKES" not in shown
    assert "Acme" not in shown


def test_where_nothing_speaks_for_any_account_that_is_said() -> None:
    assert "none: nothing speaks for any of them" in plain(
        market(replace(MARKET, look_alikes=replace(ALIKE, best=())), 9)[0]
    )


def test_fields_that_repeat_others_are_told_with_those_they_repeat() -> None:
    assert STUDIED.model is not None
    model = Model(STUDIED.model.fields, {"sector": "industry"})
    shown = plain(market(replace(MARKET, look_alikes=replace(ALIKE, studied=replace(STUDIED, model=model))), 9)[0])
    assert "repeats:   sector says what industry says" in shown


def test_scripts_read_everything() -> None:
    answer = market(MARKET, 1)[1]
    assert [each["name"] for each in answer["territories"]] == ["EMEA", "APAC", ""]  # type: ignore[attr-defined]
    assert answer["total"]["look_alikes"] == {"accounts": 10, "value": 1_000.0}  # type: ignore[index]
