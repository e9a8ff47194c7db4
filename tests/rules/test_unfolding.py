"""A condition on what a table or scheme makes, and the same one on what these read, hold for the same accounts."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from rules import Dialect, tree
from rules.chain import Chain
from rules.unfolding import MOST_ROWS, Unfolding

if TYPE_CHECKING:
    from tests.rules.conftest import Folder

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CSV = {
    "areas_csv": "country,then area,then reach (number)\nDE | AT,North,2\nFR,South,\nDE,Never,9\nGB,,4\n",
    "rest_csv": "country,then place\nDE,Home\nFR | GB,Near\n,Far\n",
    "bands_csv": "employees,industry,then band,then rank (number)\n1..99,,S,1\n>=100,Banking,B,3\n>=100,,L,2\n",
    "steps_csv": "employees,then step,then stairs (number)\n1 | 60,Low,1\n100,High,\n5000,High,2\n",
    "kept_csv": "is_customer,then kept\nyes,Kept\nno,Free\n",
    "tags_csv": "country,then tags\nDE,eu\nFR,eu\nDE,home\n",
}
RULES = """
version: 1
tables: [areas.csv, rest.csv, bands.csv, steps.csv, kept.csv, {file: tags.csv, hit: collect}]
segments:
  size:
    big: band = 'L' and employees >= 1000
    bank: band = 'B'
    small: otherwise
  kind:
    near: place = 'Near' or size = 'bank'
    core: size in ('big', 'small') and area = 'North'
    other: otherwise
scope:
"""
CONDITIONS = [
    "area = 'North'", "area <> 'North'", "area is empty", "area is not empty", "area in ('North', 'South')",
    "reach >= 3", "reach < 3", "reach <> 2", "reach is empty", "place = 'Far'", "place <> 'Near'",
    "band = 'L'", "band <> 'L'", "band is empty", "rank > 1", "size = 'big'", "size <> 'small'", "kind = 'core'",
    "kind in ('near', 'other')", "not (kind = 'near' and employees > 50)", "tags = 'eu|home'", "tags is empty",
    "step = 'Low'", "step is empty", "stairs >= 2", "step <> 'High'", "kept = 'Kept'", "kept = 'Free'", "kept is empty",
    "area = 'North' and not size = 'small' or reach = 4",
]  # fmt: skip


def test_unfolding_changes_no_answer(folder: Folder) -> None:
    scope = "".join(f'  - {{id: r{at}, when: "{text}"}}\n' for at, text in enumerate(CONDITIONS))
    ruleset = folder.write(**CSV, rules_yaml=RULES + scope).load()
    unfolding = Unfolding(ruleset)
    draw = random.Random(5)  # noqa: S311 - the same accounts each time
    rows = [
        (f"a{at}", draw.choice((None, "DE", "AT", "FR", "GB", "US")), draw.choice((None, 1.0, 60.0, 100.0, 5000.0)),
         draw.choice((None, "Banking", "Energy")), draw.choice((None, True, False)))
        for at in range(200)
    ]  # fmt: skip
    chain = Chain(ruleset, Dialect.SQLITE, NOW, NOW, "")
    roots = [rule.when.tree for rule in ruleset.scope]
    both = [(root, unfolding.unfold(root)) for root in roots]
    made = {"area", "reach", "place", "band", "rank", "step", "stairs", "kept", "size", "kind", "tags"}
    for _, unfolded in both:
        read = {node.name for node in tree.parts(unfolded) if isinstance(node, tree.FieldValue)}
        assert not read & made
    columns = [
        f"CASE WHEN {chain.writer.condition(root)} THEN 1 ELSE 0 END AS c{at}_{side}"
        for at, pair in enumerate(both)
        for side, root in enumerate(pair)
    ]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE TABLE fact (account_id TEXT, country TEXT, employees REAL, industry TEXT, is_customer BOOLEAN)"
        )
        database.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", rows)
        answers = database.execute(chain.select(columns)).fetchall()
    for at, text in enumerate(CONDITIONS):
        told = {(row[2 * at], row[2 * at + 1]) for row in answers}
        assert told <= {(0, 0), (1, 1)}, text
        assert len(told) == 2, f"{text}: true of some and false of some"


@pytest.mark.parametrize("text", ["lower(size) = 'big'", "size like 'b%'", "has(area)"])
def test_what_cannot_be_unfolded_stays_as_it_is(folder: Folder, text: str) -> None:
    ruleset = folder.write(**CSV, rules_yaml=f'{RULES}  - {{id: x, when: "{text}"}}\n').load()
    root = ruleset.scope[0].when.tree
    if not isinstance(root, tree.Not):  # has() is "is not empty"
        assert Unfolding(ruleset).unfold(root) == root


def test_a_long_table_of_ranges_stays_as_it_is(folder: Folder) -> None:
    lines = "".join(f"{at}..{at + 1},B{at}\n" for at in range(0, 2 * MOST_ROWS + 2, 2))
    rules = "version: 1\ntables: [long.csv]\nscope: [{id: x, when: band = 'B4'}]\n"
    ruleset = folder.write(long_csv=f"employees,then band\n{lines}", rules_yaml=rules).load()
    root = ruleset.scope[0].when.tree
    assert Unfolding(ruleset).unfold(root) == root
