"""``learn`` as people type it: every command of its guide, wrong ones, and a file that ``rules check`` takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import typed
from tests.learning.deals import deals, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.desk import Answer, Desk

GUIDE = (Path(__file__).parents[2] / "docs" / "learn.md").read_text(encoding="utf-8")
TYPED = re.findall(r"^sync-worker (learn .*)$", GUIDE, re.MULTILINE)
LEARN = (
    "learn",
    "--csv",
    "deals.csv",
    "--outcome",
    "stage",
    "--won",
    "Closed Won",
    "--date",
    "asked_on",
    "--id",
    "deal",
)


@pytest.fixture
def learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Types the words in a folder with the deals of the guide, and no config."""
    monkeypatch.chdir(tmp_path)
    rows = [{**row, "old_score": str(len(row["industry"]))} for row in deals(1200)]
    plain = [{key: value for key, value in row.items() if key != "old_score"} for row in rows]
    write(tmp_path / "deals.csv", plain[:900])
    write(tmp_path / "newest.csv", plain[900:])
    write(tmp_path / "scored.csv", rows[:900])
    (rules,) = re.findall(r"^```yaml priority.yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (tmp_path / "priority.yaml").write_text(rules)
    return lambda *words: typed(capsys, *words)


@pytest.mark.parametrize("line", TYPED)
def test_every_command_of_the_guide_does_what_it_says(learn: Callable[..., Answer], line: str) -> None:
    file = "scored.csv" if "old_score" in line else "deals.csv"
    answer = learn(*shlex.split(line.replace("deals.csv", file)))
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert answer.out.startswith("learned: ")


def test_the_answer_is_the_one_that_the_guide_shows(learn: Callable[..., Answer]) -> None:
    (shown,) = re.findall(r"^```text\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert learn(*shlex.split(TYPED[0])).out.startswith(shown)


def test_the_guide_tells_every_sign_of_a_suspect() -> None:
    from sync_worker.core.scorecard.leaks import Sign  # noqa: PLC0415 - the other tests leave numpy to the command

    assert all(f"| {sign.value} |" in GUIDE for sign in Sign)


def test_json_holds_every_figure_with_its_interval(learn: Callable[..., Answer]) -> None:
    answer = learn(*LEARN, "--champion-rules", "priority.yaml", "--format", "json").json
    assert answer["schema_version"] == 1
    assert (answer["verdict"], answer["judge"], answer["written"]) == ("learned", "newest", None)
    card = answer["scorecard"]
    for figure in (card["metrics"]["auc"], card["champion"]["lift_10"], card["calibration"], card["gain"]):
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert sum(field["most"] for field in card["fields"]) == 100
    assert next((each["of"], each["field"]) for each in answer["profile"]) == ("account", "industry")


def test_no_signal_is_an_answer_and_writes_nothing(learn: Callable[..., Answer], tmp_path: Path) -> None:
    write(tmp_path / "deals.csv", deals(600, weight=0))
    assert learn(*LEARN).code == 0
    answer = learn(*LEARN, "--write", "learned.yaml")
    assert answer.code == 1
    assert answer.out.startswith("no usable signal: on rows that it had not seen, the table reached an AUC of ")
    assert "nothing was written" in answer.err
    assert not (tmp_path / "learned.yaml").exists()


def test_a_file_that_is_there_is_not_touched(learn: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "learned.yaml").write_text("mine")
    answer = learn(*LEARN, "--write", "learned.yaml")
    assert answer.code == 1
    assert "learned.yaml is already there" in answer.err
    assert (tmp_path / "learned.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--csv", "gone.csv"), 1, "gone.csv: No such file"),
        (("--drop", "color"), 1, "--drop: there is no column 'color' — did you mean 'colour'?"),
        (("--won", "won"), 1, "'Closed Lost' (414), 'Closed Won' (486)"),
        (("--about", "colour=thing"), 2, "write COLUMN=account"),
        (("--score", "My Score"), 2, "use a-z, 0-9"),
        (("--champion", "x", "--champion-rules", "priority.yaml"), 2, "give one"),
        (("--champion-rules", "deals.csv"), 1, "deals.csv:1:"),
        (("--write", "nowhere/learned.yaml"), 1, "nowhere/learned.yaml: No such file"),
    ],
)
def test_what_is_typed_wrongly_is_told_in_one_message(
    learn: Callable[..., Answer], words: tuple[str, ...], code: int, told: str
) -> None:
    answer = learn(*LEARN, *words)
    assert answer.code == code
    assert answer.err.startswith("error: ")
    assert told in answer.err
    assert "Traceback" not in answer.err


def test_what_was_learned_is_a_rule_file_that_rules_check_takes(desk: Desk, tmp_path: Path) -> None:
    """On the fields of the demo's company: its picklists, types and names."""
    assert desk.type("pull", "--quiet").code == 0
    rows = [{**row, "industry": {"Public": "Government"}.get(row["industry"], row["industry"])} for row in deals(900)]
    path = write(
        tmp_path / "deals.csv", [{key: row[key] for key in ("industry", "employees", "stage")} for row in rows]
    )
    file = desk.folder / "rules" / "learned.yaml"
    made = desk.type("learn", "--csv", str(path), "--outcome", "stage", "--won", "Closed Won", "--write", str(file))
    assert made.code == 0, made.err
    checked = desk.ask("rules", "check")
    assert "learned" in checked["sections"]["scores"]
