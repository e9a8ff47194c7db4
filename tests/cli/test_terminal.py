"""How answers look: rich on a terminal, plain elsewhere, quiet on request; and help is quick."""

from __future__ import annotations

import os
import pty
import re
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
[salesforce]
url = "https://acme.my.salesforce.com"
client_id = "key"
client_secret_env = "SECRET"
[pool]
user = "pool@acme.com"
"""
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "sync_worker", *words]


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    return str(file)


def on_a_terminal(*words: str, **environ: str) -> str:
    """What a person sees who types this on a terminal."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environ}
    with subprocess.Popen(command(*words), stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says EIO when the last writer has gone
                break
            if not part:
                break
            shown += part
    os.close(ours)
    assert process.returncode == 0, shown
    return shown.decode()


def piped(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **environ}
    )


def test_a_terminal_gets_weight_and_colour(config: str) -> None:
    assert COLOR.search(on_a_terminal("config", "show", "--config", config))


@pytest.mark.parametrize("way", ["variable", "flag"])
def test_colour_can_be_turned_off(config: str, way: str) -> None:
    flags = ["--no-color"] if way == "flag" else []
    shown = on_a_terminal("config", "show", "--config", config, *flags, **({} if flags else {"NO_COLOR": "1"}))
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3[0-7]|38;|9[0-7])", shown)
    assert "acme.my.salesforce.com" in shown


def test_a_dumb_terminal_gets_plain_text(config: str) -> None:
    assert "\x1b" not in on_a_terminal("config", "show", "--config", config, TERM="dumb")


def test_a_pipe_gets_plain_text_and_the_same_words(config: str) -> None:
    done = piped("config", "show", "--config", config)
    assert "\x1b" not in done.stdout + done.stderr
    assert not set(done.stdout) & set("─│┃━┏┓└┘╭╮")
    assert re.search(r"^salesforce\.url +https://acme\.my\.salesforce\.com$", done.stdout, re.MULTILINE)


def test_a_terminal_that_knows_only_ascii_is_no_reason_to_fail(config: str) -> None:
    done = piped("config", "show", "--config", config, "--set", "pool.user=zoë@acme.com", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "zo?@acme.com" in done.stdout


def test_the_same_command_runs_under_both_names() -> None:
    assert piped("--version").stdout.startswith("sync-worker ")


def test_options_may_stand_before_or_behind_the_command(config: str) -> None:
    before = piped("--config", config, "--format", "json", "config", "show")
    behind = piped("config", "show", "--config", config, "--format", "json")
    assert before.stdout == behind.stdout
    assert before.returncode == 0


def test_the_environment_may_name_the_config(config: str) -> None:
    assert piped("config", "show", SYNC_WORKER_CONFIG=config).returncode == 0


@pytest.mark.parametrize("words", [("--help",), ("plan", "--help"), ("--version",)])
def test_help_takes_less_than_three_tenths_of_a_second(words: tuple[str, ...]) -> None:
    """CPU time of the process; the best of three, since the first run may still compile.

    On a machine so slow that the library of command lines alone takes half of that, it takes no more than twice as long
    as the library: what is ours stays the smaller part.
    """

    def cpu(*command: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], check=True, capture_output=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    library = min(cpu("-c", "import typer._adapters") for _ in range(3))
    assert min(cpu("-m", "sync_worker", *words) for _ in range(3)) < max(0.3, 2 * library)


def test_help_loads_nothing_that_commands_load() -> None:
    code = (
        "import sys\nfrom sync_worker.cli.root import run\nrun(['--help'])\n"
        "heavy = {'sqlalchemy', 'requests', 'rich', 'pydantic', 'alembic', 'uvicorn', 'sqlglot', 'simple_salesforce'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
