"""``rules test`` says of accounts made up what the worker would do with real ones, and needs no CRM for it."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
import yaml

from rules import FieldInfo, Type, Vocabulary, words_text
from sync_worker.cli.root import app
from sync_worker.core.model import SUITS, WORKED
from tests.cli.desk import Answer, typed
from tests.cli.test_documented import commands

if TYPE_CHECKING:
    from tests.cli.desk import Desk

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "rule-tests.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```([^\n]*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def block(kind: str) -> str:
    (text,) = [str(text) for found, text in BLOCKS if found == kind]
    return text


def fields(names: str, kind: Type) -> dict[str, FieldInfo]:
    return {name: FieldInfo(name, kind) for name in names.split()}


class Bench:
    """A folder of rules and tests with a words file, and no config, store or CRM anywhere."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.words, self.capsys = folder / "rules", folder / "words.json", capsys
        self.folder.mkdir()
        account = {
            **fields("country industry type", Type.TEXT),
            **fields("employees won_opportunities", Type.NUMBER),
            **fields("last_touch created_at owned_since", Type.DATE),
            **fields("is_customer", Type.BOOLEAN),
        }
        rep = {**fields("team email", Type.TEXT), **fields("active", Type.BOOLEAN)}
        kinds = frozenset({"meeting", "reply"})
        words = Vocabulary(account, rep, frozenset({"cybersecurity"}), kinds, frozenset({"call", "meeting"}))
        self.words.write_text(words_text(words), encoding="utf-8")
        (self.folder / "rules.yaml").write_text(block("yaml rules.yaml"))

    def test(self, text: str, *flags: str) -> Answer:
        (self.folder / "policy.test.yaml").write_text(text)
        return self.type("test", *flags)

    def type(self, name: str, *flags: str) -> Answer:
        return typed(self.capsys, "rules", name, "--words", str(self.words), "--rules", str(self.folder), *flags)

    def outcome(self, given: str, expect: str) -> str:
        """How one expectation of one account ends: passed, or what came instead."""
        text = f"version: 1\non: 2026-11-22\ntests: [{{name: x, given: {given}, expect: {expect}}}]\n"
        (found,) = self.test(text, "--format", "json").json["tests"]
        return ", ".join(failure["got"] for failure in found["failures"]) or "passed"


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path, capsys)


def test_the_guides_tests_pass_as_it_shows(bench: Bench) -> None:
    answer = bench.test(block("yaml policy.test.yaml"))
    assert (answer.code, answer.out.strip()) == (0, block("text passing").strip())


def test_the_guides_failure_looks_as_it_shows(bench: Bench) -> None:
    answer = bench.test(block("yaml failing"))
    assert answer.code == 1
    assert block("text failing").strip() in answer.out


def test_the_guides_workflow_is_one_and_its_commands_exist() -> None:
    steps = yaml.safe_load(block("yaml workflow"))["jobs"]["rules"]["steps"]
    known = commands(typer.main.get_command(app))
    typed_there = [step["run"].split() for step in steps if step.get("run", "").startswith("sync-worker")]
    assert len(typed_there) == 2
    for words in typed_there:
        options = {name for parameter in known[" ".join(words[1:3])].params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize(
    ("given", "expect", "outcome"),
    [
        # an event of today counts in full, one of a half-life ago half, one of yesterday nearly
        ("{events: {meeting: [today]}}", "{scores: {priority: 20}}", "passed"),
        ("{events: {meeting: [14 days ago, 28 days ago]}}", "{scores: {priority: 15}}", "passed"),
        ("{events: {meeting: [1 day ago]}}", "{scores: {priority: 19.03}}", "passed"),
        ("{events: {meeting: [1 day ago]}}", "{scores: {priority: 19.04}}", "19.03"),
        # the 91st day after the last touch is the first one more than 90 days later
        ("{last_touch: 90 days ago}", "{return: none}", "passed"),
        ("{last_touch: 91 days ago}", "{return: unworked}", "passed"),
        ("{touches: [91 days ago, 400 days ago]}", "{return: any}", "passed"),
        ("{touches: [90 days ago, 400 days ago]}", "{return: any}", "none"),
        # a meeting is a touch as well, an answer of the buyer's is none
        ("{events: {meeting: [90 days ago]}}", "{return: none}", "passed"),
        ("{events: {reply: [90 days ago]}}", "{return: unworked}", "passed"),
        # what the worker derives follows from what is given, unless it is given itself
        ("{won_opportunities: 1}", "{protect: customer}", "passed"),
        ("{type: customer - direct}", "{protect: none}", "customer"),
        ("{type: customer - direct, is_customer: no}", "{protect: none}", "passed"),
        # what is not given is empty
        ("{employees: empty}", "{book: commercial, return: unworked, scope: none}", "passed"),
        ("{employees: 2000}", "{scores: {priority: {at_most: 39.99}}}", "40"),
        ("{employees: 2000}", "{scores: {priority: {at_most: 40, at_least: 40, parts: {fit: 40}}}}", "passed"),
        ("{employees: 2000}", "{scores: {priority: {tier: C}}}", "B"),
    ],
)
def test_what_comes_out_is_what_the_rules_say(bench: Bench, given: str, expect: str, outcome: str) -> None:
    assert bench.outcome(given, expect) == outcome


SCHEMES = """version: 1
tables: [{file: teams.csv, hit: collect}]
grids: [{id: grade, rows: priority, columns: second}]
scores:
  - id: second
    max: 9
    parts: {all: {max: 9, terms: [{id: any, when: true, points: 9, because: x}]}}
    tiers: {1: 5, 2: 0}
segments:
  size: {large: employees >= 1000, middle: "employees >= 100 and rivals is empty", small: otherwise}
motions: {renewal: is_customer, new logo: otherwise}
routes:
  - {id: big-deal, when: size = 'large', to: {team: Enterprise, by: round robin}}
  - {id: all-others, when: true, to: {by: owner}}
service_levels:
  - {id: soon, when: size = 'large', first_touch: 4 working hours}
covers:
  - {id: deals, when: won_opportunities > 0, least: 3 days, by: team}
"""


@pytest.mark.parametrize(
    ("given", "expect", "outcome"),
    [
        ("{employees: 5000}", "{size: large, motion: new logo, route: big-deal, grade: B1}", "passed"),
        ("{employees: 5000}", "{size: small}", "large"),
        ("{employees: 5000, won_opportunities: 1}", "{service_level: soon, cover: deals}", "passed"),
        ("{employees: 5}", "{service_level: none, cover: any}", "none"),
        ("{employees: 100, is_customer: yes}", "{size: middle, motion: renewal, route: all-others}", "passed"),
        ("{employees: 100, country: NO}", "{size: small, rivals: Acme|Ajax, weight: 5}", "passed"),
        ("{country: SE}", "{rivals: empty, weight: empty}", "Ajax, 2"),
    ],
)
def test_tables_schemes_grids_routes_levels_and_covers_can_be_expected(
    bench: Bench, given: str, expect: str, outcome: str
) -> None:
    (bench.folder / "more.yaml").write_text(SCHEMES)
    (bench.folder / "teams.csv").write_text("country,then rivals,then weight (number)\nNO,Acme,3\nNO|SE,Ajax,2\n")
    assert bench.outcome(given, expect) == outcome


def test_why_names_the_row_and_the_segment_that_decided(bench: Bench) -> None:
    (bench.folder / "more.yaml").write_text(SCHEMES)
    (bench.folder / "teams.csv").write_text("country,then rivals,then weight (number)\nNO,Acme,3\nNO|SE,Ajax,2\n")
    text = "version: 1\non: 2026-11-22\ntests:\n"
    text += "  - {name: x, given: {country: NO, employees: 3}, expect: {rivals: Acme, size: large, route: big-deal}}\n"
    told = bench.test(text, "--format", "json").json
    assert [failure["why"] for failure in told["tests"][0]["failures"]] == [
        ["decides: row 1 and row 2 of teams (country = NO)"],
        [
            "no: large: employees >= 1000 (employees = 3)",
            "no: middle: employees >= 100 and rivals is empty (employees = 3, rivals = Acme|Ajax)",
            "decides: small: otherwise",
        ],
        ["no: big-deal: size = 'large' (size = small)", "decides: all-others: true"],
    ]
    told = bench.test(text, "--coverage", "--format", "json").json["coverage"]["sections"]
    assert (told["size"], told["table"], told["route"], told["motion"]) == (
        {"exercised": 1, "of": 3},
        {"exercised": 2, "of": 2},
        {"exercised": 1, "of": 2},
        {"exercised": 1, "of": 2},
    )


def test_a_rep_who_is_gone_gets_nothing(bench: Bench) -> None:
    text = "version: 1\non: 2026-11-22\nreps:\n  ada: {team: Commercial, active: no}\n  bo: {team: Commercial}\n"
    text += "tests: [{name: x, given: {country: GB}, expect: {reps: {eligible: bo, not: ada, capacity: {bo: 150}}}}]\n"
    assert bench.test(text).code == 0


def test_a_quiet_run_lists_only_what_failed(bench: Bench) -> None:
    assert bench.test(block("yaml policy.test.yaml"), "--quiet").out.startswith("4 tests passed")
    assert "FAILED  a mid-size prospect" in bench.test(block("yaml failing"), "--quiet").out


def test_only_some_tests_are_run_where_a_pattern_says_which(bench: Bench) -> None:
    guide = block("yaml policy.test.yaml")
    assert [one["name"] for one in bench.test(guide, "--only", "PROSPECT", "--format", "json").json["tests"]] == [
        "a large prospect is Ada's to win"
    ]
    assert bench.test(guide, "--only", "policy*", "--format", "json").json["passed"] == 4
    answer = bench.test(guide, "--only", "nobody has called for a week")
    assert answer.code == 1
    assert "did you mean 'nobody has called for a quarter'?" in answer.err


def test_coverage_names_what_no_test_exercises_and_may_be_demanded(bench: Bench) -> None:
    text = "version: 1\non: 2026-11-22\ntests: [{name: x, given: {country: GB}, expect: {scope: any}}]\n"
    told = bench.test(text, "--coverage", "--format", "json").json["coverage"]
    missed = [one["id"] for one in told["rules"] if not one["exercised"]]
    assert missed == ["customer", "enterprise", "priority.size", "priority.software", "priority.met"]
    assert told["sections"]["book"] == {"exercised": 1, "of": 2}
    assert told["share"] == 0.375
    assert bench.test(text, "--least", "37.5").code == 0
    answer = bench.test(text, "--least", "38")
    assert answer.code == 1
    assert "they exercise 37.5%, and 38 % was asked for" in answer.out
    assert "priority.met" in answer.out


def test_checking_the_rules_runs_their_tests_where_asked(bench: Bench) -> None:
    assert bench.type("check", "--tests").code == 0
    text = "version: 1\non: 2026-11-22\ntests: [{name: x, given: {country: GB}, expect: {scope: none}}]\n"
    (bench.folder / "policy.test.yaml").write_text(text)
    assert bench.type("check").code == 0
    answer = bench.type("check", "--tests")
    assert answer.code == 1
    assert "scope: expected none, got home-market" in answer.out
    answer = bench.type("check", "--tests", "--format", "json")
    assert (answer.json["ok"], answer.json["tests"]["failed"]) == (False, 1)


def test_ci_marks_the_line_of_a_test_that_fails_or_cannot_be_read(bench: Bench) -> None:
    (bench.folder / "policy.test.yaml").write_text(block("yaml failing"))
    answer = bench.type("check", "--tests", "--annotations")
    assert answer.code == 1
    place = f"file={bench.folder.as_posix()}/policy.test.yaml,line=6,col=20,title=rule-test"
    message = "a mid-size prospect is for Enterprise: book: expected enterprise, got commercial"
    assert f"::error {place}::{message}\n" in answer.out
    (bench.folder / "policy.test.yaml").write_text("version: 1\non: soon\ntests: []\n")
    answer = bench.type("check", "--tests", "--annotations")
    assert answer.code == 4
    assert "policy.test.yaml,line=2,col=5,title=invalid::'soon' is not a date" in answer.out


def test_no_tests_are_no_success(bench: Bench) -> None:
    answer = bench.type("test")
    assert answer.code == 1
    assert "there are no tests" in answer.err


def test_mistakes_in_tests_and_in_words_are_told_with_their_places(bench: Bench) -> None:
    answer = bench.test("version: 1\non: 2026-11-22\ntests: [{name: x, given: {contry: GB}, expect: {scope: any}}]\n")
    assert answer.code == 4
    assert "policy.test.yaml:3:27: unknown field 'contry' — did you mean 'country'?" in answer.err
    bench.words.write_text('{"version": 1, "acount": {}, "rep": {"team": {"type": "string"}}}')
    answer = bench.type("test")
    assert answer.code == 4
    assert "unknown key 'acount' — did you mean 'account'?" in answer.err
    assert "'rep.team' has no type — known: text, number, yes/no, date" in answer.err


def test_the_hook_before_each_commit_checks_and_tests_the_rules(bench: Bench) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    shown = yaml.safe_load(block("yaml pre-commit"))["repos"][0]["hooks"][0]
    assert shown["id"] == hook["id"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    name, *entry = hook["entry"].split()
    assert name in scripts
    (bench.folder / "policy.test.yaml").write_text(block("yaml policy.test.yaml"))
    words = [*entry, *shown["args"]]
    assert typed(bench.capsys, *words).code == 0, "as pre-commit runs it, in the folder of the repository"
    (bench.folder / "policy.test.yaml").write_text(block("yaml failing"))
    assert typed(bench.capsys, *words).code == 1
    (bench.folder / "rules.yaml").write_text("version: 1\nscope: [{id: x, when: contry = 'GB'}]\n")
    assert typed(bench.capsys, *words).code == 4
    for changed, matters in {"rules/a.yml": True, "words.json": True, "rules/t.csv": True, "README.md": False}.items():
        assert bool(re.search(hook["files"], changed)) is matters


def test_editors_get_the_schemas_without_a_crm_and_in_spite_of_mistakes(bench: Bench) -> None:
    rules, tests = (json.loads(bench.type("schema", *flags).out) for flags in ((), ("--tests",)))
    assert "Account field" in rules["$defs"]["ScopeShape"]["properties"]["when"]["markdownDescription"]
    assert tests["properties"]["tests"]["items"]["properties"]["expect"]["properties"]["book"]["enum"] == [
        "enterprise",
        "commercial",
        "none",
        "any",
    ]
    (bench.folder / "rules.yaml").write_text("version: 1\nscope: [{id: x, when: contry = 'GB'}]\n")
    assert json.loads(bench.type("schema").out)["title"] == "sync-worker rules"
    assert json.loads(bench.type("schema", "--tests").out)["title"] == "Tests of sync-worker rules"


def test_the_words_of_an_org_stand_in_for_it(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = tmp_path / "words.json"
    desk.ask("rules", "words", "--output", str(words))
    assert json.loads(words.read_text()) == json.loads(desk.type("rules", "words").out)
    assert "@" not in words.read_text()
    with_store = desk.ask("rules", "check")
    (desk.folder / "rules" / "a.test.yaml").write_text(
        "version: 1\non: 2026-11-22\ntests: [{name: x, given: {country: DE}, expect: {territory: Germany}}]\n"
    )
    monkeypatch.chdir(tmp_path)  # no config here
    folder = str(desk.folder / "rules")
    alone = typed(desk.capsys, "rules", "test", "--words", str(words), "--rules", folder, "--format", "json")
    assert alone.code == 0, alone.err
    assert alone.json["version"] == with_store["version"]


def test_an_account_made_up_like_a_real_one_comes_out_like_it(desk: Desk) -> None:
    """Every account of the company, from its fields and activities alone, against what the worker decided about it."""
    desk.ask("plan")
    words = desk.type("rules", "words").out
    with sqlite3.connect(desk.folder / "sync-worker.db") as store:
        decided = store.execute("SELECT account_id, at, new, inputs FROM decision").fetchall()
        done: dict[str, list[tuple[str, str, bool]]] = {}
        counted = "SELECT account_id, kind, at, engagement FROM activity WHERE touch OR engagement"
        for account, kind, at, engagement in store.execute(counted):
            done.setdefault(account, []).append((kind, at[:10], bool(engagement)))
    known = {name: field["type"] for name, field in json.loads(words)["account"].items()}
    tests = [
        _like(account, known, at[:10], done.get(account, []), json.loads(new), json.loads(inputs))
        for account, at, new, inputs in decided
    ]
    assert len(tests) > 100
    for old in (desk.folder / "rules").glob("*.test.yaml"):
        old.unlink()
    text = f"version: 1\non: {decided[0][1][:10]}\ntests:\n" + "".join(tests)
    (desk.folder / "rules" / "company.test.yaml").write_text(text)
    answer = desk.type("rules", "test", "--format", "json")
    assert answer.code in {0, 1}, answer.err
    assert [str(one["failures"]) for one in answer.json["tests"] if not one["passed"]] == []


def _like(  # noqa: PLR0913, PLR0917 - all that there is to know of an account
    account: str,
    known: dict[str, str],
    today: str,
    done: list[tuple[str, str, bool]],
    outcome: dict[str, Any],
    facts: dict[str, Any],
) -> str:
    """A test of an account like this one. What was done last is left for the test to work out."""
    given = {name: value for name, value in facts.items() if name in known and not name.startswith("last_")}
    given |= {name: value[:10] for name, value in given.items() if known[name] == "date"}
    topics = {name.removeprefix("intent__"): value for name, value in facts.items() if name.startswith("intent__")}
    past = [(kind, day, engagement) for kind, day, engagement in done if day <= today]
    kinds = {kind for kind, _, engagement in past if engagement}
    events = {kind: [day for one, day, engagement in past if one == kind and engagement] for kind in kinds}
    touches = [day for _, day, engagement in past if not engagement]
    scores = {
        name: {
            "total": round(score["total"], 3),
            "tier": score["tier"],
            "points": {term: round(value, 3) for term, value, _ in score["points"]},
        }
        for name, score in outcome["scores"].items()
    }
    rules = {section: outcome[section] or "none" for section in ("scope", "protect", "return", "book")}
    told = {name: value for name, value in outcome["fields"].items() if name not in {SUITS, WORKED}}
    fields = {name: "EMPTY" if value is None else value for name, value in told.items()}
    test = {
        "name": account,
        "given": {**given, "intent": topics, "events": events, "touches": touches},
        "expect": {**rules, **fields, "scores": scores},
    }
    return f"  - {json.dumps(test)}\n".replace('"EMPTY"', "empty")
