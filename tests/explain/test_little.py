"""Segments, tables, routes, grids and caps in explanations: what is told of them now, later, and of other outcomes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sync_worker.explain import Capped, explain, explain_at, why_not
from sync_worker.report.explanation import explained, sentence
from sync_worker.report.text import plain
from tests.explain.little import NOW, Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULES = """
version: 1
tables: [areas.csv]
segments:
  size:
    large: employees >= 1000
    middle: employees >= 100
    rest: otherwise
scope: [{id: north, when: area = 'North', because: Our area}]
protect:
  - {id: warm, when: touches(30) > 0, because: We talk to them}
  - {id: kept, when: size = 'rest' and employees is not empty, because: Too small to move}
return: [{id: idle, when: days_since(last_touch) > 80 or last_touch is empty, reason: idle, rest: 3 days}]
routes:
  - {id: big, when: size = 'large' and industry = 'Banking', to: {team: Enterprise, by: round robin}, because: Big}
books:
  - {id: top, accounts: size = 'large', reps: team = 'Enterprise', capacity: 4, rank: priority}
  - {id: more, accounts: size = 'middle', reps: team = 'Mid-Market', capacity: 1, rank: priority}
scores:
  - id: priority
    max: 50
    parts:
      fit:
        max: 30
        terms:
          - {id: bank, when: "industry in ('Banking', 'Software')", points: 25, because: Core}
          - {id: size, scale: employees, from: 0, to: 2000, points: 20, because: Size}
      rest: {max: 40, terms: [{id: area, when: area = 'North', points: 35, because: Near}]}
    tiers: {A: 45, B: 20, C: 0}
  - id: timing
    max: 10
    parts: {web: {max: 10, window: 30 days, terms: [{id: web, event: web_form, points: 4, because: Asked us}]}}
    tiers: {'1': 5, '2': 0}
grids: [{id: grade, rows: priority, columns: timing}]
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Company(tmp_path_factory.mktemp("little")) as found:
        found.write(RULES)
        (found.folder / "rules" / "areas.csv").write_text("country,then area\nDE | FR,North\nUS,West\n")
        found.decide(NOW)
        yield found


def test_segments_tables_grids_and_routes_are_told_with_what_they_gave(company: Company) -> None:
    told = explain(company.parts, "Acme").told
    assert told.fields == {"area": "North", "size": "large", "grade": "A2", "route": "big"}
    tried = [(rule.section, rule.group, rule.id, rule.holds) for rule in told.rules if rule.section != "scope"]
    assert tried == [
        ("segments", "size", "large", True),
        ("segments", "size", "middle", None),
        ("segments", "size", "rest", None),
        ("protect", "", "warm", False),
        ("protect", "", "kept", False),
        ("return", "", "idle", True),
        ("book", "", "top", True),
        ("book", "", "more", None),
        ("routes", "", "big", True),
    ]
    assert [(made.table, made.gave, made.values) for made in told.tables] == [
        ("areas", {"area": "North"}, {"country": "DE"}),
        ("grade", {"grade": "A2"}, {}),
    ]
    kept = next(rule for rule in told.rules if rule.id == "kept")
    assert kept.values == {"size": "large", "employees": 1200.0}
    assert next(rule for rule in told.rules if rule.id == "warm").values == {"touches(30)": 0.0}, "nothing counted is 0"


def test_caps_are_told_where_they_change_a_sum(company: Company) -> None:
    told = explain(company.parts, "Acme").told
    assert told.caps == (Capped("priority", "fit", 37.0, 30.0), Capped("priority", "", 65.0, 50.0))
    text = plain(explained(explain(company.parts, "Acme"))[0])
    assert "fit adds up to 37 and counts 30: its cap lets it count no more" in text
    assert "the whole adds up to 65 and counts 50: its cap lets it count no more" in text
    assert "Which size is it? (the first match decides)" in text
    assert "Which way does it go to a rep?" in text


def test_what_the_decision_gave_is_told_the_same_later(company: Company) -> None:
    for account in ("001A", "001B", "001C", "001D", "001E"):
        now = explain(company.parts, account)
        then = explain_at(company.parts, account, NOW)
        assert (then.told, then.verdict) == (now.told, now.verdict)


def told_of(company: Company, account: str) -> list[str]:
    return [sentence(one) for one in explain(company.parts, account).nearest]


def test_another_outcome_is_told_by_what_tables_and_segments_read(company: Company) -> None:
    assert told_of(company, "Delta") == ["It would be in scope if country were one of DE, FR (it is US)."]
    birch = told_of(company, "Birch")
    assert birch[0] == "The book top would take it if employees were 1,000 or more (it is 950)."
    assert birch[1].startswith(
        "A route would take it if employees were 1,000 or more (it is 950) and industry were Banking"
    )


def test_a_route_that_takes_an_account_needs_no_other(company: Company) -> None:
    assert not [line for line in told_of(company, "Acme") if "route" in line]


def test_the_next_tier_of_a_window_is_told_by_its_count(company: Company) -> None:
    tiers = {tier.score: tier for tier in explain(company.parts, "Acme").next_tiers}
    assert tiers.keys() == {"timing"}, "priority is in its best tier"
    assert tiers["timing"].missing == 5.0
    (way,) = tiers["timing"].nearest
    assert sentence(way) == "It would be of tier 1 if events('web_form', 30) were 2 or more (it is 0)."


def test_protections_are_told_with_all_that_would_have_to_end(tmp_path: Path) -> None:
    with Company(tmp_path) as company:
        company.write(RULES.replace("area = 'North'", "country = 'DE'").replace("tables: [areas.csv]\n", ""))
        elm = explain(company.parts, "Elm")
        company.now = NOW + timedelta(days=21)
        later = explain(company.parts, "Elm").told.protect
    assert elm.verdict == "It stays with its owner: We talk to them."
    assert sentence(elm.nearest[0]) == "It would not be protected if touches(30) were 0 or less (it is 1)."
    assert later is None, "31 days after the touch it counts no more"


def test_a_full_book_is_told_with_both_figures(company: Company) -> None:
    found = why_not(company.parts, "Birch", "Bo")
    assert [reason.kind for reason in found.reasons] == ["full"]
    assert found.verdict == "Bo Falk has 1 account, and the book more holds 1: it is full."
