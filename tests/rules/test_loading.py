"""A rules folder loads as a whole, or every mistake in every file is told, in reading order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from rules import Balance, Keep, Limit, Problem, RulesInvalid, Tier, digest, load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rules.conftest import Folder

SCORE = """
scores:
  - id: priority
    max: 100
    parts:
      fit: {max: 50, terms: [{id: size, scale: employees, from: 50, to: 5000, points: 15, because: Size}]}
    tiers: {A: 70, B: 45, C: 20, D: 0}
"""

BOOK = "books: [{id: b, accounts: true, reps: true, capacity: 5, rank: priority, %s}]"
BUDGET = "books: [{id: b, accounts: true, reps: true, capacity: {%s}, rank: priority}]"


def test_everything_a_file_says_is_kept(folder: Folder) -> None:
    rules = folder.write(
        rules_yaml=f"""version: 1
lists:
  core: [US, NO, 02139]
{SCORE}
return:
  - id: unworked
    when: days_since(last_touch) > 90
    reason: unworked
    rest: 2 weeks
    limit: {{per: rep, most: 10, every: week}}
books:
  - id: emea
    accounts: region in core
    reps: team = 'EMEA'
    capacity: capacity
    rank: priority
    limit: {{per: book, most: 5, every: run}}
    balance: {{measure: priority, weight: 1.5, workload: 0.5}}
    keep: {{weight: 2, tenure: 90 days}}
  - id: rest
    accounts: true
    reps: team = 'Rest'
    capacity: 120
    rank: priority
    balance: {{measure: employees, weight: 1}}
"""
    ).load()
    (unworked,) = rules.returns
    assert (unworked.reason, unworked.rest_days, unworked.limit) == ("unworked", 14, Limit("rep", 10, "week"))
    emea, rest = rules.books
    assert (emea.capacity, emea.rank, emea.limit) == ("capacity", "priority", Limit("book", 5, "run"))
    assert (emea.balance, emea.keep) == (Balance("priority", 1.5, 0.5), Keep(2.0, 90))
    assert (rest.capacity, rest.limit, rest.balance, rest.keep) == (120, None, Balance("employees", 1.0, 0.0), None)
    assert rules.lists == {"core": ("US", "NO", "02139")}
    assert rules.score("priority").tiers == (Tier("A", 70), Tier("B", 45), Tier("C", 20), Tier("D", 0))
    assert str(emea.accounts.mark) == "rules.yaml:20:15"
    assert emea.accounts.text == "region in core"


def test_five_mistakes_get_five_messages_with_positions(folder: Folder) -> None:
    assert folder.problems(
        a_yaml="""version: 1
scope:
  - id: target
    when: emploees > 5
    becuse: x
protect:
  - {id: target, when: is_customer, because: y}
  - {id: open, when: open_opportunities > 'many', because: y}
""",
        b_yaml="version: 1\nbooks:\n  - {id: b, accounts: true, reps: true, capacity: 0, rank: prioritty}\n" + SCORE,
    ) == [
        "a.yaml:4:11: unknown field 'emploees' — did you mean 'employees'?",
        "a.yaml:5:5: unknown key 'becuse' — did you mean 'because'?",
        "a.yaml:7:10: the id 'target' is taken — first used at a.yaml:3:9; choose another",
        "a.yaml:8:43: 'open_opportunities' is a number, 'many' is text",
        "b.yaml:3:51: 0 is out of range — from 1 to 100,000",
        "b.yaml:3:60: unknown score 'prioritty' — did you mean 'priority'?",
    ]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("scoop: []", "2:1: unknown key 'scoop' — did you mean 'scope'?"),
        ("charts: []", "2:1: unknown key 'charts'"),
        ("scope: []", "2:1: 'scope' has no entries — write at least one, or remove it"),
        ("scope:", "2:1: 'scope' has nothing below it — write its entries, or remove it"),
        ("scope: {id: x, when: true}", "2:8: 'scope' is a list — begin each entry with '- '"),
        ("scope: true", "2:8: 'scope' is a list"),
        ("scope: [in_pool]", "2:9: a group of keys is wanted here — write key: value"),
        ("scope: [{id: x}]", "2:9: the key 'when' is missing here"),
        ("scope: [{id: x, when: }]", "2:17: the value is missing — write a condition, such as: employees >= 100"),
        ("scope: [{id: x, when: [a]}]", "2:23: a list stands where a condition, such as: employees >= 100 is wanted"),
        ("scope: [{id: Big One, when: true}]", "2:14: 'Big One' is not an id — use a-z, 0-9, - and _"),
        ("protect: [{id: x, when: true}]", "2:11: the key 'because' is missing here — say in a few words why"),
        ("lists: {core: []}", "2:9: 'core' has no entries"),
        ("lists: {core: [a, ]}\nscope: [{id: x, when: employees in core}]", "2:16: 'a' is not a number, but the list"),
        ("lists: {kinds: [Prospect, Prtner]}\nscope: [{id: x, when: type in kinds}]",
         "2:27: 'Prtner' is not a value of the picklist 'type' — did you mean 'Partner'?"),
        ("return: [{id: x, when: true, reason: r, rest: a month}]", "2:47: 'a month' is not a duration — write a"),
        ("return: [{id: x, when: true, reason: r, limit: {per: team, most: 1, every: run}}]",
         "2:54: 'team' is not possible here — known: book, rep"),
        ("return: [{id: x, when: true, reason: r, limit: {per: rep, most: 1.5, every: run}}]",
         "2:65: '1.5' is not a whole number"),
        ("return: [{id: x, when: true, reason: r, limit: {per: rep, mot: 1, every: run}}]",
         "2:59: unknown key 'mot' — did you mean 'most'?"),
        ("books: [{id: b, reps: true, capacity: 5, rank: priority}]",
         "2:9: the key 'accounts' is missing here — no choice would mean every account, so it must be said"),
        ("books: [{id: b, accounts: true, capacity: 5, rank: priority}]",
         "2:9: the key 'reps' is missing here — no choice would mean every rep, so it must be said"),
        ("books: [{id: b, accounts: true, reps: true, capacity: team, rank: priority}]",
         "2:55: 'team' is text, a capacity is a number"),
        ("books: [{id: b, accounts: true, reps: true, capacity: capcity, rank: priority}]",
         "2:55: unknown rep field 'capcity' — did you mean 'capacity'?"),
        ("books: [{id: b, accounts: true, reps: true, capacity: 5, rank: priority, balance: {measure: sz, weight: 1}}]",
         "2:93: 'sz' is neither a score nor a numeric field"),
        (BOOK % "model: fixed", "2:9: a fixed book does not say whose its accounts are — name the field that does"),
        (BOOK % "owner: country", "2:9: only a fixed book has an 'owner' — add model: fixed, or take 'owner' out"),
        (BOOK % "model: fixed, owner: employees", "2:95: 'employees' is a number, what stands here is text"),
        (BOOK % "model: fixed, owner: contry", "2:95: unknown field 'contry' — did you mean 'country'?"),
        (BOOK % "model: open, keep: {weight: 1}",
         "2:9: 'keep' does nothing in a book that the worker does not fill — take it out"),
        (BOOK % "model: dynamical", "2:81: 'dynamical' is not possible here — did you mean 'dynamic'?"),
        (BOOK % "keep: {weight: 1, tenur: 9 days}", "2:92: unknown key 'tenur' — did you mean 'tenure'?"),
        (BOOK % "affinity: [{id: a, add: 0.2, because: y}]",
         "2:85: this affinity asks for nothing — say what must hold with 'accounts', 'reps' or 'same'"),
        (BOOK % "affinity: [{id: a, same: {account: industry, rep: tenure}, add: 0.2, because: y}]",
         "2:124: unknown rep field 'tenure'"),
        (BOOK % "affinity: [{id: a, same: {account: industry, rep: capacity}, add: 0.2, because: y}]",
         "2:124: 'capacity' is a number, what stands here is text"),
        (BOOK % "affinity: [{id: a, reps: true, add: 20, because: y}]", "2:110: 20 is out of range — from -1 to 10"),
        (BOOK % "affinity: [{id: a, reps: true, add: 1, because: y}, {id: a, reps: true, add: 1, because: y}]",
         "2:131: the id 'a' is taken — first used at rules.yaml:2:90; choose another"),
        (BOOK % "worked: {grean: true}", "2:83: unknown key 'grean' — did you mean 'green'?"),
        (BOOK % "workload: country", "2:84: 'country' is text, a number is wanted"),
        (BUDGET % "touches_per_week: team, per_account: 1",
         "2:74: 'team' is text, touches are a number"),
        (BUDGET % "touches_per_week: 60, per_account: 0",
         "2:91: 0 is out of range — from 0.001 to 1e+06"),
        ("tables: [teritories.csv]", "2:10: there is no table 'teritories.csv' in the folder"),
        ("tables: [{file: a.csv, hit: all}]", "2:29: 'all' is not possible here — known: collect, first, unique"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(folder: Folder, section: str, problem: str) -> None:
    found = folder.problems(rules_yaml=f"version: 1\n{section}\n", scores_yaml=f"version: 1\n{SCORE}")
    assert any(one.startswith(f"rules.yaml:{problem}") for one in found), found


@pytest.mark.parametrize(
    ("score", "problem"),
    [
        ("parts: {fit: {max: 5, terms: [{id: x, points: 1, because: y}]}}\n    tiers: {A: 0}",
         "5:35: a term needs 'when', 'scale' or 'event'"),
        (("parts: {fit: {max: 5, terms: [{id: x, scale: employees, from: 5, to: 5, points: 1, because: y}]}}\n"
         "    tiers: {A: 0}"), "5:40: the scale 'x' begins where it ends — let 'from' and 'to' differ"),
        (("parts: {fit: {max: 5, terms: [{id: x, scale: country, from: 5, to: 6, points: 1, because: y}]}}\n"
         "    tiers: {A: 0}"), "5:50: 'country' is text, a number is wanted"),
        ("parts: {e: {max: 5, terms: [{id: x, event: meeting, points: 1, because: y}]}}\n    tiers: {A: 0}",
         ("5:48: this part does not say how its events grow old, so they would never fade — "
          "write half_life: 14 days or linear: 60 days or window: 30 days beside 'max'")),
        (("parts: {e: {max: 5, half_life: 0 days, terms: [{id: x, event: meting, points: 1, because: y}]}}\n"
         "    tiers: {A: 0}"), "5:36: 0 days would count nothing — write at least 1 day"),
        (("parts: {e: {max: 5, half_life: 1 day, terms: [{id: x, event: meting, points: 1, because: y}]}}\n"
         "    tiers: {A: 0}"), "5:66: unknown engagement kind 'meting' — did you mean 'meeting'?"),
        ("parts: {fit: {max: 5, terms: [{id: x, when: true, points: 1, because: y}]}}\n    tiers: {A: 5, B: 5, C: 0}",
         "6:19: tier B (5) is not below tier A (5) — list tiers from the highest floor down"),
        ("parts: {fit: {max: 5, terms: [{id: x, when: true, points: 1, because: y}]}}\n    tiers: {A: 5}",
         "6:13: scores below 5 have no tier — let the last tier begin at 0"),
        (("parts: {fit: {max: 5, terms: [{id: x, when: true, points: 1, because: y}, "
         "{id: x, when: true, points: 1, because: y}]}}\n    tiers: {A: 0}"), "5:84: the id 'x' is taken"),
        (("parts: {fit: {max: 5, terms: [{id: x, when: true, points: 1, because: y}]}}\n"
          "    tiers: {A: 5, B: 2, C: 0}\n    hysteresis: 2"),
         "3:9: a hysteresis of 2 is as wide as tier C, from 0 to B's 2 — keep it below 2, or accounts jump over the"),
        ("parts: {fit: {max: 0, terms: []}}\n    tiers: {A: x}", "5:24: 0 is out of range — from 0.001 to 1e+06"),
    ],
)  # fmt: skip
def test_a_score_that_cannot_be_meant_is_refused(folder: Folder, score: str, problem: str) -> None:
    found = folder.problems(rules_yaml=f"version: 1\nscores:\n  - id: s\n    max: 10\n    {score}\n")
    assert found[0].startswith(f"rules.yaml:{problem}"), found


def test_files_count_together_in_the_order_of_their_names(folder: Folder) -> None:
    rules = folder.write(
        b_yaml="version: 1\nprotect: [{id: second, when: true, because: x}]",
        a_yml="version: 1\nprotect: [{id: first, when: country in home, because: x}]",
        c_yaml="version: 1\nlists: {home: [US]}",
        notes_txt="not a rule",
    ).load()
    assert [rule.id for rule in rules.protect] == ["first", "second"]


def test_one_list_has_one_home(folder: Folder) -> None:
    text = "version: 1\nlists: {home: [US]}"
    assert folder.problems(a_yaml=text, b_yaml=text) == [
        "b.yaml:2:9: the list 'home' is here twice — first at a.yaml:2:9; join them"
    ]


def test_the_version_is_a_digest_of_names_and_bytes(folder: Folder) -> None:
    folder.write(a_yaml="version: 1\n")
    before = digest(folder.path)
    assert folder.load().version == before
    expected = hashlib.sha256(b"\0\0\0\0\0\0\0\6a.yaml\0\0\0\0\0\0\0\x0bversion: 1\n").hexdigest()
    assert before == expected
    (folder.path / ".a.yaml.swp.yaml").write_text("hidden")
    (folder.path / "README.md").write_text("not a rule")
    (folder.path / "sub").mkdir()
    (folder.path / "sub" / "b.yaml").write_text("not read")
    assert digest(folder.path) == before
    folder.write(a_yaml="version: 1\n\n")
    assert digest(folder.path) != before


def test_a_missing_or_empty_folder_is_told_with_the_way_out(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(RulesInvalid) as caught:
        load(tmp_path / "nowhere", folder.vocabulary)
    assert "cannot be read: No such file or directory — make one with 'sync-worker init'" in str(caught.value)
    assert "no rules here" in folder.problems()[0]


def test_files_that_are_too_large_together_are_not_read(folder: Folder) -> None:
    for name in "abc":
        with (folder.path / f"{name}.csv").open("wb") as file:
            file.truncate(12_000_000)
    (found,) = folder.problems(rules_yaml="version: 1\n")
    assert found.endswith(
        "the folder's rule files have 36,000,011 bytes together, over 33,554,432 — take out what rules do not read"
    )


def test_a_file_that_is_not_utf_8_is_told_where(folder: Folder) -> None:
    assert folder.problems(a_yaml="version: 1\n# Zürich\n".encode("cp1252")) == [
        (
            "a.yaml:2:4: the file is not UTF-8: here stands '# Zürich' if it is Windows-1252 — "
            "save it as UTF-8 (Excel: 'CSV UTF-8')"
        )
    ]
    assert folder.problems(a_yaml="version: 1\n".encode("utf-16"))[0].startswith("a.yaml:1:1: the file is UTF-16")


def test_a_problem_prints_as_editors_jump_to_it() -> None:
    problem = Problem("territories.yaml", 12, 15, "unknown field 'emploees'", "did you mean 'employees'?")
    assert str(problem) == "territories.yaml:12:15: unknown field 'emploees' — did you mean 'employees'?"


def test_affinities_stay_within_what_one_statement_can_hold(folder: Folder) -> None:
    terms = ", ".join(f"{{id: a{number}, reps: true, add: 0, because: x}}" for number in range(201))
    found = folder.problems(rules_yaml=f"version: 1\n{BOOK % f'affinity: [{terms}]'}\n{SCORE}")
    assert found[0].endswith("there are 201 affinities, over 200 — use a decision table")


def test_rules_stay_within_what_one_statement_can_hold(folder: Folder) -> None:
    rules = "\n".join(f"  - {{id: r{number}, when: true}}" for number in range(501))
    terms = ", ".join(f"{{id: t{number}, when: true, points: 1, because: x}}" for number in range(401))
    score = f"scores:\n  - {{id: s, max: 5, parts: {{p: {{max: 5, terms: [{terms}]}}}}, tiers: {{A: 0}}}}"
    found = folder.problems(rules_yaml=f"version: 1\nscope:\n{rules}\n{score}\n")
    assert [problem.partition(" ")[2] for problem in found] == [
        "there are 501 rules, over 500 — use a decision table",
        "there are 401 terms, over 400 — use a decision table",
    ]
