"""Whatever goes wrong: one message, the way out, the right exit code, JSON on request, and never a traceback."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sync_worker.cli.command import guarded
from sync_worker.cli.output import Format, Output
from sync_worker.cli.session import Options, Session
from tests.cli.desk import Answer, Desk, typed

if TYPE_CHECKING:
    from pathlib import Path


def clear(answer: Answer, code: int, *said: str) -> None:
    """The answer is an error that a person at 3 am can act on."""
    assert answer.code == code, answer
    assert "Traceback" not in answer.err + answer.out
    assert answer.err.startswith("error: ")
    assert len(answer.err.strip().split("\n")) > 1, "an error names the way out"
    for words in said:
        assert words in answer.err, answer.err


# Config and rules ------------------------------------------------------------------------------------------------


def test_without_a_config_the_way_to_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clear(typed(capsys, "plan", "--config", str(tmp_path / "none.toml")), 4, "no such config file", "sync-worker init")


def test_five_mistakes_in_the_config_are_five_messages(bare: Desk) -> None:
    text = bare.config.read_text().replace("client_secret_file", "client_sekret_file")
    bare.config.write_text(text + "\n[sever]\nx = 1\n[log]\nlevel = 'loud'\n[server]\nport = 'x'\n")
    answer = bare.type("plan", "--format", "json")
    clear(answer, 4, "5 mistakes in the config", "did you mean 'client_secret_file'?", "did you mean 'server'?")
    problems = answer.json["error"]["problems"]
    assert len(problems) == 5
    assert all(problem["message"] and problem["file"] for problem in problems)


def test_five_mistakes_in_the_rules_are_five_messages_with_places(desk: Desk) -> None:
    desk.type("pull")
    (desk.folder / "rules" / "mine.yaml").write_text(
        """version: 1
protect:
  - {id: a, when: emploees > 5, because: x}
  - {id: b, when: employees > 'many', because: x}
  - {id: c, whn: employees > 5, because: x}
  - {id: d, when: employees >, because: x}
  - {id: e, when: segment = 'Enterprize', because: x}
"""
    )
    answer = desk.type("rules", "check", "--format", "json")
    clear(answer, 4, "in the rules", "mine.yaml:3:", "employees", "mine.yaml:7:")
    problems = answer.json["error"]["problems"]
    assert {problem["line"] for problem in problems} == {3, 4, 5, 6, 7}
    assert all(problem["column"] > 1 and problem["file"] == "mine.yaml" for problem in problems)
    assert desk.type("plan").code == 4
    assert not desk.sandbox.effects


@pytest.mark.parametrize(
    ("setting", "said"),
    [("url=https://login.salesforce.com", "My Domain"), ("timeout_read=1000", "600"), ("api_version=20.0", "66.0")],
)
def test_settings_that_only_the_connector_can_judge_are_mistakes_in_the_config(
    desk: Desk, setting: str, said: str
) -> None:
    clear(desk.type("pull", "--set", f"salesforce.{setting}"), 4, "1 mistake in the config", said)


# The CRM ---------------------------------------------------------------------------------------------------------


def test_wrong_credentials_are_named(desk: Desk) -> None:
    (desk.folder / "secrets" / "client_secret").write_text("hunter2-of-nobody")
    answer = desk.type("pull", "--format", "json")
    clear(answer, 1, "client_id")
    assert answer.json["error"]["kind"] == "unauthorized"
    assert "hunter2" not in answer.err + answer.out


def test_a_missing_secret_is_named_and_reading_the_store_goes_on_without(desk: Desk) -> None:
    (desk.folder / "secrets" / "client_secret").unlink()
    clear(desk.type("pull"), 4, "client_secret")
    assert desk.type("status").code == 0


def test_a_crm_that_does_not_answer_is_named(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace(desk.sandbox.url, "http://127.0.0.1:9"))
    answer = desk.type("pull", "--set", "salesforce.timeout_connect=1")
    clear(answer, 1, "127.0.0.1")


def test_a_field_that_the_crm_lacks_is_named(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace("Segment__c", "Segmnt__c"))
    clear(desk.type("pull"), 1, "Segmnt__c")


def test_a_pool_user_who_is_nobody_is_named(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text().replace("pool@acme", "pol@acme"))
    clear(desk.type("plan", "-q"), 1, "pol@acme.example", "[pool] user")
    doctor = desk.type("doctor")
    assert doctor.code == 1
    assert "bad: pool user" in doctor.out


# The store -------------------------------------------------------------------------------------------------------


def test_a_store_that_is_not_there_says_how_to_make_it(bare: Desk) -> None:
    clear(bare.type("status"), 1, "sync-worker db upgrade")


def test_a_store_that_is_no_database_says_so(desk: Desk) -> None:
    (desk.folder / "sync-worker.db").write_bytes(b"this is not a database" * 1000)
    for words in (("status",), ("db", "check"), ("plan",)):
        clear(desk.type(*words), 1, "sync-worker.db")


def test_a_damaged_store_is_found(desk: Desk) -> None:
    desk.type("pull")
    file = desk.folder / "sync-worker.db"
    whole = bytearray(file.read_bytes())
    whole[8192:40960] = os.urandom(40960 - 8192)
    file.write_bytes(whole)
    answer = desk.type("db", "check")
    assert answer.code == 1
    assert "Traceback" not in answer.err


def test_a_store_of_a_later_version_is_refused(desk: Desk) -> None:
    with sqlite3.connect(desk.folder / "sync-worker.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    clear(desk.type("status"), 1, "newer")


def test_a_damaged_audit_log_is_found(desk: Desk) -> None:
    desk.type("plan")
    with sqlite3.connect(desk.folder / "sync-worker.db") as db:
        db.execute("DROP TRIGGER audit_no_update")
        db.execute("UPDATE audit SET entry = replace(entry, 'plan', 'plam') WHERE number = 1")
    db.close()
    answer = desk.type("audit", "verify")
    assert answer.code == 1
    assert "does not hold at entry 1" in answer.out
    assert desk.type("db", "check").code == 1


def test_a_store_restored_from_an_old_backup_is_noticed(desk: Desk) -> None:
    desk.config.write_text(desk.config.read_text() + '\n[audit]\ncheckpoint = "elsewhere/audit.json"\n')
    desk.type("plan")
    backup = (desk.folder / "sync-worker.db").read_bytes()
    assert desk.ask("audit", "verify")["ok"]
    desk.type("reject", desk.ask("show")["plan"]["id"])
    desk.type("plan")
    assert desk.ask("audit", "verify")["ok"]
    (desk.folder / "sync-worker.db").write_bytes(backup)
    answer = desk.type("audit", "verify")
    assert answer.code == 1
    assert "does not hold" in answer.out


# Typing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plam",), "plan"),
        (("plan", "--chek"), "--check"),
        (("show", "--format", "xml"), "'--format': 'xml' is not one of"),
        (("approve",), "PLAN"),
        (("pause",), "--reason"),
        (("sandbox", "serve", "--port", "99999"), "65535"),
    ],
)
def test_what_was_mistyped_is_named(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    clear(typed(capsys, *words), 2, said, "--help")


def test_a_mistyped_command_answers_in_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    answer = typed(capsys, "--format=json", "plam")
    assert (answer.code, answer.json["error"]["exit_code"], answer.json["schema_version"]) == (2, 2, 1)


def test_a_plan_that_is_not_there_is_named(desk: Desk) -> None:
    for words in (("show", "zzz"), ("approve", "zzz"), ("apply", "zzz"), ("reject", "zzz")):
        clear(desk.type(*words), 1, "zzz", "sync-worker history")


def test_an_account_that_is_not_there_is_named(desk: Desk) -> None:
    for words in (("explain", "zzz"), ("history", "zzz"), ("audit", "search", "--account", "zzz")):
        answer = desk.type(*words)
        assert answer.code == 1
        assert "Traceback" not in answer.err


def test_an_account_whose_name_several_have_asks_which(desk: Desk) -> None:
    desk.type("plan")
    answer = desk.type("explain", "a")
    clear(answer, 1, "several accounts", "give the id")


def test_init_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(capsys, "init", str(tmp_path / "x")).code == 0
    before = {file: file.read_bytes() for file in (tmp_path / "x").rglob("*") if file.is_file()}
    clear(typed(capsys, "init", str(tmp_path / "x"), "--template", "demo"), 1, "already there", "nothing was written")
    assert before == {file: file.read_bytes() for file in (tmp_path / "x").rglob("*") if file.is_file()}


# Bugs and ends ---------------------------------------------------------------------------------------------------


def failing(error: BaseException, capsys: pytest.CaptureFixture[str], *, debug: bool = False) -> Answer:
    def body(_: Session) -> int:
        raise error

    code = guarded(Session(Options(debug=debug), Output(Format.JSON)), body)
    out, err = capsys.readouterr()
    return Answer(code, out, err)


def test_a_bug_is_called_one_and_shows_its_trace_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    answer = failing(KeyError("oops"), capsys)
    clear(answer, 1, "KeyError: 'oops'", "this is a bug", "--debug")
    assert answer.json["error"]["kind"] == "bug"
    assert "Traceback" in failing(KeyError("oops"), capsys, debug=True).err


def test_an_interrupt_is_no_error_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    clear(failing(KeyboardInterrupt(), capsys), 130, "interrupted", "nothing is lost")


def test_a_full_disk_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    clear(failing(OSError(28, "No space left on device"), capsys), 1, "disk is full", "free space")


def test_a_reader_who_leaves_early_sees_no_error(desk: Desk) -> None:
    """``sync-worker config show | head -1``."""
    command = f"'{sys.executable}' -m sync_worker config show --config '{desk.config}' | head -1"
    shell = shutil.which("bash") or "sh"
    done = subprocess.run([shell, "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert done.stdout.startswith("file:")


@pytest.mark.parametrize(
    ("setting", "meant"),
    [
        ("fields.do_not_move=do_not_mov", "did you mean 'do_not_move'?"),
        ("fields.tier=tear", "did you mean"),
        ("intent.observed=intent_updatd", "did you mean 'intent_updated'?"),
        ("intent.topics.cybersecurity=nothing", "names no account field"),
        ("rules.score=prioritee", "did you mean 'priority'?"),
    ],
)
def test_a_setting_that_names_what_there_is_not_does_not_pass_in_silence(desk: Desk, setting: str, meant: str) -> None:
    answer = desk.type("plan", "-q", "--set", setting)
    assert answer.code == 4
    assert meant in answer.err
    assert setting.partition("=")[0] in answer.err
    doctor = desk.type("doctor", "--set", setting)
    assert doctor.code == 1
    assert setting.partition("=")[0] in doctor.out
