"""The policy of ``rules/`` as an analyst would write it who knows the table of facts, its empties and the engines.

One statement for each engine, with fences where an optimiser would compute a rule more than once. Its columns are
those of the compiled rules, so that the answers can be held against each other.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

_STATEMENT = """
SELECT account_id, in_scope, protect, return_, book, total,
  CASE WHEN total >= 60 THEN 'A' WHEN total >= 40 THEN 'B' WHEN total >= 20 THEN 'C' ELSE 'D' END AS tier,
  core, near, size, money, dense, home, small, unknown, won, seasoned, prospect, surge, interest, cloud, topics,
  met, asked, listened, replied, quiet
FROM (
  SELECT *, {total} AS total
  FROM (
    SELECT account_id,
      CASE
        WHEN country IN ('US', 'GB', 'DE', 'FR', 'NO', 'CA') AND COALESCE(type <> 'Partner', {yes})
          THEN 'target-market'
        WHEN employees >= 5000 THEN 'strategic'
      END AS in_scope,
      CASE
        WHEN is_customer THEN 'customer'
        WHEN open_opportunities > 0 THEN 'open-opportunity'
        WHEN NOT in_pool AND owned_since >= '{day_29}' THEN 'settling-in'
        WHEN touches__30d >= 3 THEN 'worked'
        WHEN renewal_date >= '{today}' AND renewal_date < '{ahead_91}' THEN 'renewal'
        WHEN intent__cybersecurity >= 90 AND NOT in_pool THEN 'surging'
      END AS protect,
      CASE
        WHEN NOT owner_active THEN 'owner-left'
        WHEN type = 'Partner' THEN 'partner'
        WHEN {test_name} THEN 'test-record'
        WHEN last_touch IS NULL AND owned_since < '{day_60}' THEN 'never-touched'
        WHEN last_touch < '{day_90}' THEN 'unworked'
        WHEN touches__90d < 2 AND owned_since < '{day_120}' THEN 'barely-worked'
        WHEN employees < 10 AND revenue < 500000 THEN 'tiny'
        WHEN industry IN ('Agriculture', 'Mining') AND employees < 100 THEN 'poor-fit'
      END AS return_,
      CASE
        WHEN region = 'EMEA' AND employees >= 5000 THEN 'strategic-emea'
        WHEN region = 'AMER' AND employees >= 5000 THEN 'strategic-amer'
        WHEN region = 'APAC' AND employees >= 5000 THEN 'strategic-apac'
        WHEN industry IN ('Banking', 'Fintech') AND employees >= 200 THEN 'banks'
        WHEN industry = 'Healthcare' AND employees >= 200 THEN 'health'
        WHEN region = 'EMEA' AND employees >= 1000 THEN 'enterprise-emea'
        WHEN region = 'AMER' AND employees >= 1000 THEN 'enterprise-amer'
        WHEN country = 'NO' AND employees BETWEEN 50 AND 999 THEN 'nordics'
        WHEN country = 'DE' AND employees BETWEEN 50 AND 999 THEN 'dach'
        WHEN country = 'GB' AND employees BETWEEN 50 AND 999 THEN 'uk'
        WHEN country = 'US' AND employees BETWEEN 50 AND 999 THEN 'us-mid'
        WHEN region = 'AMER' AND employees < 50 THEN 'small-amer'
        WHEN region = 'EMEA' AND employees < 50 THEN 'small-emea'
        ELSE 'everybody-else'
      END AS book,
      CASE WHEN industry IN ('Software', 'Fintech', 'Banking') THEN {15} ELSE {0} END AS core,
      CASE WHEN industry IN ('Healthcare', 'Energy', 'Retail') THEN {7} ELSE {0} END AS near,
      CASE WHEN employees >= 5000 THEN {15} WHEN employees > 50 THEN (employees - {50}) * {15} / {4950} ELSE {0} END
        AS size,
      CASE WHEN revenue >= 200000000 THEN {10}
        WHEN revenue > 1000000 THEN (revenue / {1000000} - {1}) * {10} / {199} ELSE {0} END AS money,
      CASE WHEN revenue / employees > 250000 THEN {5} ELSE {0} END AS dense,
      CASE WHEN country IN ('US', 'GB') THEN {3} ELSE {0} END AS home,
      CASE WHEN employees < 20 THEN {-10} ELSE {0} END AS small,
      CASE WHEN employees IS NULL THEN {-3} ELSE {0} END AS unknown,
      CASE WHEN won_opportunities > 0 THEN {10} ELSE {0} END AS won,
      CASE WHEN created_at < '{day_365}' THEN {3} ELSE {0} END AS seasoned,
      CASE WHEN type IN ('Prospect', 'Target') THEN {2} ELSE {0} END AS prospect,
      CASE WHEN intent__cybersecurity >= 60 THEN {15} ELSE {0} END AS surge,
      CASE WHEN intent__cybersecurity > 20 THEN (intent__cybersecurity - {20}) * {10} / {80} ELSE {0} END AS interest,
      CASE WHEN intent__cloud >= 60 THEN {10} ELSE {0} END AS cloud,
      CASE WHEN intent__cloud > 50 AND intent__cybersecurity > 50 THEN {5} ELSE {0} END AS topics,
      {met} * {15} AS met,
      {asked} * {8} AS asked,
      {listened} * {5} AS listened,
      {replied} * {4} AS replied,
      CASE WHEN last_engagement < '{day_180}' THEN {-5} ELSE {0} END AS quiet
    FROM fact{fence}
  ) AS judged{fence}
) AS totalled{fence}
"""

_PARTS = (
    (45, "core + near + size + money + dense + home + small + unknown"),
    (15, "won + seasoned + prospect"),
    (30, "surge + interest + cloud + topics"),
    (40, "met + asked + listened + replied + quiet"),
)


def statement(dialect: str, now: datetime, landmark: datetime) -> str:
    """The SELECT for one engine, on the UTC day of ``now``; engagement is kept against the landmark."""
    lite = dialect == "sqlite"
    today = now.date()
    left = 2.0 ** (-(today - landmark.date()).days / 14)
    parts = [_within(f"({terms})", -most, most, lite=lite) for most, terms in _PARTS]
    written = {
        "yes": "1" if lite else "TRUE",
        "fence": " LIMIT -1" if lite else " OFFSET 0",
        "test_name": "name LIKE 'Test%'" if lite else "LOWER(name COLLATE \"C\") LIKE 'test%'",
        "today": today.isoformat(),
        "ahead_91": (today + timedelta(days=91)).isoformat(),
        "total": _six_digits(_within(" + ".join(parts), 0, 100, lite=lite), lite=lite),
        **{f"day_{ago}": _ago(today, ago) for ago in (29, 60, 90, 120, 180, 365)},
    }  # fmt: skip
    kinds = {"met": "meeting", "asked": "web_form", "listened": "webinar", "replied": "reply"}
    for name, kind in kinds.items():
        amount = f"engagement__{kind}__14d * {_number(left, lite=lite)}"
        written[name] = _six_digits(amount, lite=lite)
    figures = (-10, -5, -3, 0, 1, 2, 3, 4, 5, 7, 8, 10, 15, 20, 50, 80, 199, 4950, 1_000_000)
    text = _STATEMENT
    for name, value in written.items():
        text = text.replace(f"{{{name}}}", value)
    for figure in figures:
        text = text.replace(f"{{{figure}}}", _number(figure, lite=lite))
    return text


def _ago(today: date, days: int) -> str:
    return (today - timedelta(days=days)).isoformat()


def _number(value: float, *, lite: bool) -> str:
    """A literal that the engine reads as a double."""
    return f"({value!r}e0)" if lite and isinstance(value, int) else repr(value) if lite else f"'{value!r}'::float8"


def _within(amount: str, low: float, high: float, *, lite: bool) -> str:
    least, most = ("MAX", "MIN") if lite else ("GREATEST", "LEAST")
    return f"{least}({_number(low, lite=lite)}, {most}({_number(high, lite=lite)}, {amount}))"


def _six_digits(amount: str, *, lite: bool) -> str:
    million = _number(1_000_000, lite=lite)
    return (
        f"ROUND({amount} * {million}) / {million}" if lite else f"FLOOR({amount} * {million} + 0.5::float8) / {million}"
    )
