"""``sync-worker demo`` as its own process: one object on stdout, and the CRM's own log as proof."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

SMALL = ("--accounts", "150", "--reps", "6")


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sync_worker", "demo", "--folder", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One demo, played once for all who only look at what it left."""
    return told(demo(tmp_path_factory.mktemp("demo") / "d", *SMALL, "--format", "json"))


def test_it_writes_the_plan_once_and_a_second_run_changes_nothing(played: dict[str, Any]) -> None:
    answer = played
    needed = "schema_version plan_hash accounts owner_changes priority_writes confirmed conflicts unknown"
    needed += " second_run_changes effect_log store config rules"
    assert set(needed.split()) <= set(answer)
    assert answer["accounts"] == 150
    assert answer["owner_changes"] > 0
    assert answer["confirmed"] == answer["owner_changes"] + answer["priority_writes"]
    assert (answer["conflicts"], answer["unknown"], answer["second_run_changes"]) == (0, 0, 0)
    assert all(Path(answer[name]).exists() for name in ("effect_log", "store", "config", "rules"))
    effects = [json.loads(line) for line in Path(answer["effect_log"]).read_text().splitlines()]
    assert len(effects) == answer["effects_planned"] == len({(one["id"], one["field"]) for one in effects})
    assert sum(one["field"] == "OwnerId" for one in effects) == answer["owner_changes"]
    assert answer["calls"]["row_patch"] == answer["owner_changes"]


def test_on_hubspot_it_does_the_same_and_tells_it_in_the_same_words(played: dict[str, Any], tmp_path: Path) -> None:
    """… with as many changes, for it is the same company under the same rules."""
    answer = told(demo(tmp_path / "d", *SMALL, "--crm", "hubspot", "--format", "json"))
    assert list(answer) == list(played)
    assert answer["seconds"].keys() == played["seconds"].keys()
    same = "ok accounts reps seed owner_changes priority_writes confirmed verified conflicts failed unknown"
    same += " second_run_changes effects_planned effects_logged effects_agree"
    assert {key: answer[key] for key in same.split()} == {key: played[key] for key in same.split()}
    assert (answer["crm"], played["crm"]) == ("hubspot", "salesforce")
    effects = [json.loads(line) for line in Path(answer["effect_log"]).read_text().splitlines()]
    assert len(effects) == answer["effects_planned"] == len({(one["id"], one["field"]) for one in effects})
    assert sum(one["field"] == "hubspot_owner_id" for one in effects) == answer["owner_changes"]
    folder = Path(answer["config"]).parent
    for file in ("secrets/access_token", "sandbox.json", "sync-worker.db"):
        assert (folder / file).stat().st_mode & 0o077 == 0, file


def test_kept_it_goes_on_and_the_next_one_takes_its_place(tmp_path: Path) -> None:
    first = told(demo(tmp_path / "d", *SMALL, "--keep", "--format", "json"))["sandbox"]
    try:
        assert requests.get(f"{first['url']}/sandbox", timeout=5).ok
        done = demo(tmp_path / "d", *SMALL, "-q")
        assert done.returncode == 0, done.stderr
        until = time.monotonic() + 10
        while alive(first["pid"]) and time.monotonic() < until:
            time.sleep(0.05)
        assert not alive(first["pid"])
    finally:
        if alive(first["pid"]):
            os.kill(first["pid"], 15)
    for words in (
        "(sync-worker doctor)",
        "Back to the pool",
        "Into the book",
        "each once",
        "Which book does it belong to?",
    ):
        assert words in done.stdout
    assert "\x1b" not in done.stdout


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    done = demo(tmp_path, *SMALL)
    assert done.returncode == 1
    assert "no demo made" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_rebalance_would_make_its_books_more_even_with_few_moves(played: dict[str, Any]) -> None:
    found = played["rebalance"]
    before, after = found["before"]["potential"], found["after"]["potential"]
    assert after["gini"] <= before["gini"]
    assert after["variation"] <= before["variation"]
    assert found["after"]["covered_accounts"] >= found["before"]["covered_accounts"]
    assert found["moves"]["share"] <= 0.05
    assert 0 <= found["gap"] <= 0.01


def test_its_secrets_are_for_its_owner_alone(played: dict[str, Any]) -> None:
    folder = Path(played["config"]).parent
    for file in ("secrets/client_secret", "secrets/access_token", "sandbox.json", "sync-worker.db"):
        assert (folder / file).stat().st_mode & 0o077 == 0, file


def test_interrupted_it_leaves_no_sandbox_behind(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    command = [sys.executable, "-m", "sync_worker", "demo", "--folder", str(folder), *SMALL, "-q"]
    # Whoever starts the tests in the background may have them ignore the signal, and so would what they start.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, heard)
    with process:
        until = time.monotonic() + 60
        while not (folder / "sync-worker.db").exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode not in {0, None}
    assert "Traceback" not in err
    sandbox = json.loads((folder / "sandbox.json").read_text())
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox['url']}/sandbox", timeout=5)
