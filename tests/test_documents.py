"""What the documents tell people to type can be typed: commands, options, settings and metrics that exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sync_worker.cli.root import app
from sync_worker.config import Config
from sync_worker.daemon.heartbeat import Heartbeat
from sync_worker.daemon.metrics import Metrics
from sync_worker.store.figures import Figures

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]


def typed(path: Path) -> list[str]:
    """Every ``sync-worker …`` that a document shows: lines of code blocks, and code in the text."""
    text = path.read_text()
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    inline = [
        " ".join(code.split())
        for code in re.findall(r"`(sync-worker [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    ]
    starts = re.compile(r"(?:\S*/)?sync-worker (?=[a-z-])(.*)")
    found = [match[1] for line in [*lines, *inline] if (match := starts.match(line))]
    return sorted({command.split(" #")[0].split(" | ")[0].split(" && ")[0].strip() for command in found})


COMMANDS = [(path.relative_to(ROOT).as_posix(), command) for path in DOCUMENTS for command in typed(path)]


def test_the_documents_show_commands() -> None:
    assert {"README.md", "docs/operations.md"} <= {path for path, _ in COMMANDS}


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_every_command_shown_exists_with_its_options(path: str, command: str) -> None:
    """With ``--help`` at its end a command is parsed and not run."""
    del path
    words = [word.replace("…", "x") for word in shlex.split(command)]
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS])
def test_settings_named_in_the_text_exist(path: Path) -> None:
    sections = {section.name for section in fields(Config)} - {"digest"}
    named = rf"`({'|'.join(sorted(sections))})\.(?!crt|key|pem|md|py)([a-z_]+)`"
    for section, key in re.findall(named, path.read_text()):
        known = tomllib.loads(re.sub(r"(?m)^# (?=[a-z_]+ = )", "", (ROOT / "config.example.toml").read_text()))
        assert key in known[section], f"{path.name}: {section}.{key}"


def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    nothing = Figures({"a": 1}, {"a": 1}, {("a", "ok"): 1}, {}, {"a": 1}, {"a": 1}, {"a": 1}, None, 0)
    metrics = Metrics(lambda: (nothing, False), lambda: None, Heartbeat(lambda: 0.0))  # type: ignore[arg-type, return-value]
    metrics.jobs.labels("a", "ok")
    metrics.missed.labels("a")
    metrics.calls.labels("a")
    shown = set(re.findall(r"(?m)^# HELP (\S+)", metrics.text().decode()))
    told = set(re.findall(r"sync_worker_[a-z_]+", (ROOT / "docs" / "operations.md").read_text()))
    told -= {"sync_worker_0"}  # in the name of the wheel
    assert shown <= told
    assert {name.removesuffix("_total") for name in told} <= {name.removesuffix("_total") for name in shown}


def test_the_map_shows_the_layers_that_the_checks_hold() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    held = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    block = (
        (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Inside the worker")[1].split("```")[1]
    )
    shown = [re.split(r"  +", line)[0] for line in block.splitlines() if line and not line.startswith(" ")]
    assert shown == [layer for layer in held if layer != "__main__"]
