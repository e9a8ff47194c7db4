"""docs/commands.md tells of every command and option, and of none that there is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from sync_worker.cli.command import SHARED
from sync_worker.cli.errors import Exit
from sync_worker.cli.root import app

TEXT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()


def commands(group: Any, path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        full = f"{path} {name}".strip()
        found |= commands(command, full) if hasattr(command, "commands") else {full: command}
    return found


COMMANDS = commands(typer.main.get_command(app))


def section(name: str) -> str:
    body = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert body, f"docs/commands.md has no section '## {name}'"
    return body[1]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_each_of_its_options_is_documented(name: str) -> None:
    told = section(name)
    assert f"sync-worker {name}" in told
    assert f"](#{name.replace(' ', '-')})" in TEXT
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "option" and parameter.name not in {*SHARED, "help"}:
            assert any(option in told for option in (*parameter.opts, *parameter.secondary_opts)), parameter.opts


def test_the_shared_options_are_documented() -> None:
    told = section("Options that every command has")
    for parameter in COMMANDS["plan"].params:
        if parameter.name in SHARED:
            assert all(option in told for option in parameter.opts)


def test_no_command_is_documented_that_does_not_exist() -> None:
    headings = set(re.findall(r"^## ([a-z].*)$", TEXT, re.MULTILINE))
    assert headings == set(COMMANDS)


def test_every_exit_code_is_documented() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)}
    assert codes == {int(code) for code in Exit}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_says_in_one_line_what_it_does(name: str) -> None:
    """… and help shows that line whole on a terminal of 80 columns."""
    line = COMMANDS[name].get_short_help_str(limit=200)
    assert line
    shown = COMMANDS[name].get_short_help_str(limit=64)
    assert not shown.endswith("..."), line
