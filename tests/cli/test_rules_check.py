"""``rules check`` as people and CI type it: what it finds, how it says so, and when it fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.desk import typed

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.desk import Desk

HIDDEN = """version: 1
protect:
  - {id: big, when: employees > 100, because: Big}
  - {id: huge, when: employees > 1000, because: Huge}
"""


def add(desk: Desk, text: str, name: str = "z.yaml") -> None:
    """One more rules file."""
    (desk.folder / "rules" / name).write_text(text)


def test_before_the_first_pull_the_rules_alone_are_looked_at(desk: Desk) -> None:
    add(desk, HIDDEN)
    answer = desk.type("rules", "check")
    assert answer.code == 0
    assert "z.yaml:4:22: warning: the rule 'huge' is never reached: 'big' above takes all its accounts" in answer.out
    assert "no accounts were looked at: run 'sync-worker pull' first" in answer.out
    assert desk.ask("rules", "check")["stored"] is None


def test_after_a_pull_the_accounts_and_the_people_speak(desk: Desk) -> None:
    desk.ask("pull")
    team = (
        "  - {id: nobody, accounts: \"country = 'Atlantis'\", reps: \"team = 'APAK'\", capacity: 5, rank: priority}\n"
    )
    add(desk, f"version: 1\nbooks:\n{team}")
    checked = desk.ask("rules", "check")
    assert checked["stored"]["accounts"] == 150
    codes = {one["code"]: one for one in checked["findings"] if one["file"] == "z.yaml"}
    assert codes["unknown-rep"]["hint"] == "did you mean 'APAC'?"
    assert codes["empty-book"]["message"] == "no active rep may fill the book 'nobody'"
    assert codes["never-matches"]["message"].startswith("the book 'nobody' matches none of 147 accounts")
    assert codes["never-matches"] | {"severity": "warning", "line": 3, "column": 28} == codes["never-matches"]
    text = desk.type("rules", "check").out
    assert "z.yaml:3:28: warning: the book 'nobody' matches none" in text
    assert "looked at 147 accounts in scope of 150, as of the latest pull" in text


def test_looking_leaves_nothing_behind(desk: Desk) -> None:
    desk.ask("pull")
    before = desk.ask("plan")
    add(desk, HIDDEN)
    facts = (desk.folder / "sync-worker.db").read_bytes()
    desk.ask("rules", "check")
    assert (desk.folder / "sync-worker.db").read_bytes() == facts
    (desk.folder / "rules" / "z.yaml").unlink()
    assert desk.ask("show", before["plan"]["id"])["plan"]["state"] == before["plan"]["state"]


def test_warnings_fail_a_check_only_where_it_is_strict(desk: Desk) -> None:
    for flags in ((), ("--annotations",), ("--format", "json"), ("--quiet",)):
        add(desk, HIDDEN)
        assert desk.type("rules", "check", *flags).code == 0
        assert desk.type("rules", "check", "--strict", *flags).code == 4
        (desk.folder / "rules" / "z.yaml").unlink()
        assert desk.type("rules", "check", "--strict", *flags).code == 0


def test_notes_are_left_out_of_quiet_answers_and_stay_in_json(desk: Desk) -> None:
    assert "note:" in desk.type("rules", "check").out
    assert "note:" not in desk.type("rules", "check", "--quiet").out
    assert any(one["severity"] == "note" for one in desk.ask("rules", "check", "--quiet")["findings"])


def test_ci_marks_the_lines_of_a_change(desk: Desk) -> None:
    add(desk, HIDDEN)
    folder = desk.folder / "rules"
    lines = desk.type("rules", "check", "--annotations").out.splitlines()
    assert all(line.startswith(("::warning file=", "::notice file=")) for line in lines)
    assert (
        f"::warning file={folder}/z.yaml,line=4,col=22,title=unreachable-rule::the rule 'huge' is never reached: 'big'"
        " above takes all its accounts — put the narrower one first, or delete this one"
    ) in lines


def test_mistakes_are_marked_too_and_signs_that_mean_something_are_written_otherwise(desk: Desk) -> None:
    add(desk, "version: 1\nscope: [{id: x, when: \"country = '50%'\", wehn: 5}]\n", "a,b.yaml")
    answer = desk.type("rules", "check", "--annotations")
    assert answer.code == 4
    assert answer.out.startswith(
        f"::error file={desk.folder}/rules/a%2Cb.yaml,line=2,col=42,title=invalid::unknown key"
    )
    assert "a,b.yaml:2:42: unknown key 'wehn'" in answer.err
    add(desk, "version: 1\nprotect: [{id: x, because: x, when: \"name = '50% ok '\"}]\n", "a,b.yaml")
    (line,) = [one for one in desk.type("rules", "check", "--annotations").out.splitlines() if "a%2Cb" in one]
    assert line.endswith("::'50%25 ok ' has a space at its end or its start — delete it")


def test_with_words_alone_neither_store_nor_config_is_needed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "words.json"
    desk.ask("rules", "words", "--output", str(words))
    add(desk, HIDDEN)
    monkeypatch.chdir(tmp_path)
    folder = str(desk.folder / "rules")
    answer = typed(desk.capsys, "rules", "check", "--words", str(words), "--rules", folder, "--format", "json")
    assert answer.code == 0, answer.err
    assert [one["code"] for one in json.loads(answer.out)["findings"] if one["severity"] == "warning"] == [
        "unreachable-rule"
    ]


def test_another_folder_is_checked_against_the_store(desk: Desk, tmp_path: Path) -> None:
    desk.ask("pull")
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "rules.yaml").write_text("version: 1\nscope: [{id: x, when: country = 'Atlantis'}]\n")
    checked = desk.ask("rules", "check", "--rules", str(tmp_path / "draft"))
    assert [one["code"] for one in checked["findings"]] == ["never-matches"]
    assert checked["stored"] == {"accounts": 150, "in_scope": 0}


def test_once_the_fields_are_known_neither_the_crm_nor_its_secrets_are_asked_for(desk: Desk) -> None:
    desk.ask("pull")
    for secret in (desk.folder / "secrets").iterdir():
        secret.unlink()
    assert desk.ask("rules", "check")["stored"]["accounts"] == 150
    assert desk.type("pull").code != 0


def test_a_field_that_was_mapped_since_the_latest_pull_may_be_named_and_is_not_called_empty(desk: Desk) -> None:
    desk.ask("pull")
    config = desk.folder / "config.toml"
    config.write_text(
        config.read_text().replace("[fields.accounts]\n", '[fields.accounts]\nrenews = "Renewal_Date__c"\n', 1)
    )
    add(desk, "version: 1\nprotect:\n  - {id: renews, when: days_until(renews) < 30, because: Renews}\n")
    before = desk.ask("rules", "check")
    assert before["stored"] is None
    assert not [one for one in before["findings"] if "renews" in one["message"]]
    desk.ask("pull")
    assert desk.ask("rules", "check")["stored"]["accounts"] == 150


def test_sections_are_told_by_the_names_that_rules_have_there(desk: Desk) -> None:
    people = "{id: who, max: 10, parts: {p: {max: 10, terms: [{id: a, when: title = 'CISO', points: 5, because: C}]}}}"
    add(desk, f"version: 1\ncontacts:\n  - {people}\n")
    assert desk.ask("rules", "check")["sections"]["contacts"] == ["who"]
