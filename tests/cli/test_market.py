"""The command ``market`` on a company whose customers are fintechs and software houses, for people and scripts."""

from __future__ import annotations

import random
import re
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors.sandbox import Sandbox
from sync_worker.app import open_worker
from sync_worker.config import load
from sync_worker.store import upgrade
from tests.cli.desk import Desk, settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WORTH = """industry,then potential (number)
Fintech,2.5
Software,1
"""
RULES = """version: 1
tables: [worth.csv]
segments:
  size:
    large: employees >= 100
    small: otherwise
motions:
  expansion: is_customer
  new logo: otherwise
"""
WON = {"Fintech": 0.6, "Software": 0.5}
"""How often an account of an industry is a customer; any other one is it once in twenty."""
DUE = "2020-01-31"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Sandbox]]:
    """A company of 700 accounts, pulled once: these commands change nothing."""
    with settled(tmp_path_factory.mktemp("market") / "work", WON) as found:
        yield found


@pytest.fixture
def shuffled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """The same company with customers by chance."""
    with settled(tmp_path / "work", {}) as found:
        yield Desk(*found, capsys)


@contextmanager
def settled(folder: Path, won: Mapping[str, float]) -> Iterator[tuple[Path, Sandbox]]:
    with Sandbox(seed=7, accounts=700, reps=10) as sandbox:
        settle(folder, sandbox)
        (folder / "rules" / "market.yaml").write_text(RULES)
        (folder / "rules" / "worth.csv").write_text(WORTH)
        plant(sandbox, won)
        upgrade(f"sqlite:///{folder / 'sync-worker.db'}")
        with closing(open_worker(load(folder / "config.toml", environ={}).config)) as worker:
            worker.pull()
        yield folder, sandbox


@pytest.fixture
def desk(office: tuple[Path, Sandbox], capsys: pytest.CaptureFixture[str]) -> Desk:
    """Where the commands are typed."""
    return Desk(*office, capsys)


def plant(sandbox: Sandbox, won: Mapping[str, float]) -> None:
    """Customers by industry, whose renewals are long overdue."""
    draw = random.Random(3)  # noqa: S311 - a made-up company, not a secret
    for row in sandbox.company.rows("Account"):
        mine = draw.random() < won.get(str(row.get("Industry")), 0.05 if won else 0.2)
        kind = "Customer" if mine else "Prospect"
        sandbox.company.edit("Account", str(row["Id"]), Type=kind, Renewal_Date__c=DUE if mine else None)


def test_the_market_adds_up_and_look_alikes_say_why(desk: Desk) -> None:
    answer = desk.ask("market", "--top", "3")
    assert answer["schema_version"] == 1
    assert (answer["by"], answer["motions"]) == ("territory", ["expansion", "new logo"])
    total = answer["total"]
    parts = ("customers", "owned", "unowned")
    assert total["market"]["accounts"] == sum(total[part]["accounts"] for part in parts)
    assert total["market"]["accounts"] + total["out_of_scope"]["accounts"] == 700
    for part in ("market", "out_of_scope", *parts):
        assert sum(each[part]["accounts"] for each in answer["territories"]) == total[part]["accounts"]
    assert total["motions"]["expansion"] == total["customers"]
    due = sum(row.get("Renewal_Date__c") == DUE for row in desk.sandbox.company.rows("Account"))
    assert (answer["renewal"], total["renewals"]["overdue"]["accounts"]) == ("renewal_date", due)
    alike = answer["look_alikes"]
    assert alike["verdict"] == "found"
    assert 0.6 < alike["auc"]["low"] < alike["auc"]["high"] < 0.9
    assert alike["fields"][0]["field"] == "industry"
    assert alike["looked_at"] == total["unowned"]["accounts"]
    assert alike["found"] == sum(each["look_alikes"]["accounts"] for each in answer["territories"]) > 0
    first = alike["best"][0]["reasons"][0]
    assert (first["field"], first["value"] in WON, first["won"] > first["others"]) == ("industry", True, True)
    counts = [sum(one["territory"] == each["name"] for one in alike["best"]) for each in answer["territories"]]
    assert max(counts) == 3


def test_postgresql_gives_the_same_answer_as_a_file(desk: Desk, postgres_database: str) -> None:
    upgrade(postgres_database)
    config = load(desk.config, environ={}, flags=(f"store.url={postgres_database}",)).config
    with closing(open_worker(config)) as worker:
        worker.pull()
    asked = ("market", "--among", "prospects", "--value", "revenue")
    there, here = desk.ask(*asked, "--set", f"store.url={postgres_database}"), desk.ask(*asked)
    assert rounded({**there, "at": ""}) == rounded({**here, "at": ""})


def rounded(value: Any) -> Any:
    """Engines add floats in orders of their own."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(value, 3) if isinstance(value, float) else value


def test_customers_by_chance_give_no_look_alikes_and_say_so(shuffled: Desk) -> None:
    answer = shuffled.ask("market")["look_alikes"]
    assert (answer["verdict"], answer["best"], answer["found"]) == ("no_signal", [], 0)
    assert answer["customers"] > 100
    told = shuffled.type("market")
    assert told.code == 0
    assert "no usable signal: what customers have in common does not tell held-out ones" in told.out
    assert "LOOK-ALIKES" not in told.out


def test_the_commands_of_the_guide_are_typed_as_it_says(desk: Desk) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "market.md").read_text()
    typed = re.findall(r"^sync-worker (market.*)$", guide, re.MULTILINE)
    assert len(typed) >= 2
    for line in typed:
        assert desk.type(*line.split()).code == 0, line


def test_the_same_question_has_the_same_answer(desk: Desk) -> None:
    one, other = (desk.ask("market", "--among", "prospects") for _ in range(2))
    assert {**one, "at": ""} == {**other, "at": ""}


def test_prospects_are_looked_at_as_well_when_they_are_asked_for(desk: Desk) -> None:
    answer = desk.ask("market", "--among", "prospects", "--by", "size")
    total = answer["total"]
    assert answer["look_alikes"]["looked_at"] == total["unowned"]["accounts"] + total["owned"]["accounts"]
    assert {each["name"] for each in answer["territories"]} == {"large", "small"}
    assert any(each["owner"] != "Account Pool" for each in answer["look_alikes"]["best"])


def test_people_read_tables_with_a_line_for_each_territory(desk: Desk) -> None:
    answer = desk.type("market", "--limit", "2", "--top", "1", "--value", "revenue")
    assert answer.code == 0, answer.err
    lines = [line.split() for line in answer.out.splitlines()]
    assert any(line[:3] == ["TERRITORY", "MARKET", "CUSTOMERS"] for line in lines)
    assert any(line[:2] == ["all", "others"] for line in lines)
    for heading in ("revenue by territory", "Motions", "Look-alikes of customers", "What customers have in common"):
        assert heading in answer.out
    assert "found: held-out customers are told from other accounts (AUC 0." in answer.out
    assert re.search(r"industry (Fintech|Software), as \d+% of customers and \d+% of others", answer.out)


def test_territories_may_be_books_reps_tiers_or_any_text(desk: Desk) -> None:
    for by, known in (
        ("book", "apac"),
        ("owner", "Account Pool"),
        ("priority", "D"),
        ("region", "EMEA"),
        ("motion", ""),
    ):
        answer = desk.ask("market", "--by", by, "--top", "0")
        assert answer["by"] == by
        assert known in {each["name"] for each in answer["territories"]} or not known
        assert (
            sum(each["market"]["accounts"] for each in answer["territories"]) == answer["total"]["market"]["accounts"]
        )
        assert answer["look_alikes"] is None


def test_the_potential_that_a_table_gives_is_added_up(desk: Desk) -> None:
    answer = desk.ask("market", "--value", "potential", "--by", "industry", "--top", "0")
    sums = {each["name"]: each["market"] for each in answer["territories"]}
    assert sums["Fintech"]["value"] == 2.5 * sums["Fintech"]["accounts"]
    assert (sums["Software"]["value"], sums["Software"]["valued"]) == (sums["Software"]["accounts"],) * 2
    assert (sums["Retail"]["value"], sums["Retail"]["valued"]) == (0, 0)


@pytest.mark.parametrize(
    ("typed", "said", "hint"),
    [
        (("--by", "teritory"), "--by: there is no field 'teritory'", "did you mean 'territory'?"),
        (("--by", "employees"), "--by: 'employees' is a number field, not text or yes/no", "segments"),
        (("--by", "name"), "", ""),
        (("--value", "industry"), "--value: 'industry' is a text field, not number", ""),
        (("--value", "potentail"), "--value: there is no field 'potentail'", "did you mean 'potential'?"),
        (("--renewal", "renewal"), "--renewal: there is no field 'renewal'", "renewal_date"),
        (("--keep", "owner"), "--keep: 'owner' is no field that could tell look-alikes", ""),
    ],
)
def test_a_name_that_means_nothing_is_answered_with_the_way_out(
    desk: Desk, typed: tuple[str, ...], said: str, hint: str
) -> None:
    answer = desk.type("market", "--top", "0", *typed)
    assert answer.code == (1 if said else 0)
    assert said in answer.err
    assert hint in answer.err


def test_before_the_first_pull_the_way_out_is_a_pull(desk: Desk, tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'empty.db'}")
    answer = desk.type("market", "--set", f"store.url=sqlite:///{tmp_path / 'empty.db'}")
    assert answer.code == 1
    assert "run 'sync-worker pull' first" in answer.err
