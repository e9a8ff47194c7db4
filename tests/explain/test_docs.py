"""docs/explain.md shows what the worker says: every answer in it is asked for, and every line of it must come."""

from __future__ import annotations

import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sync_worker.explain import explain, explain_at, moment, why_not
from sync_worker.report.explanation import explained, past
from sync_worker.report.text import plain
from sync_worker.report.why_not import barred
from tests.explain.little import NOW, Company

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.report.document import Answer

TEXT = (Path(__file__).parents[2] / "docs" / "explain.md").read_text()
RULES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[0]
SHOWN = [tuple(block.split("\n", 1)) for block in re.findall(r"```\n\$ sync-worker (.*?)```", TEXT, re.DOTALL)]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """It decided on 2 November, when unworked meant 60 days, and today."""
    with Company(tmp_path_factory.mktemp("little")) as found:
        found.write(RULES.replace("> 90", "> 60"))
        found.decide(NOW - timedelta(days=20))
        found.write(RULES)
        found.decide(NOW)
        yield found


def answered(company: Company, command: str) -> Answer:
    verb, account, *options = shlex.split(command)
    assert verb == "explain"
    match options:
        case ["--at", day]:
            return past(explain_at(company.parts, account, moment(day, NOW)))
        case ["--why-not", rep]:
            return barred(why_not(company.parts, account, rep))
    return explained(explain(company.parts, account))


def test_there_are_answers_of_each_kind() -> None:
    commands = " ".join(command for command, _ in SHOWN)
    assert len(SHOWN) >= 6
    assert "--at" in commands
    assert "--why-not" in commands


@pytest.mark.parametrize(("command", "shown"), SHOWN)
def test_every_line_that_the_page_shows_is_said_in_this_order(company: Company, command: str, shown: str) -> None:
    said = [line.rstrip() for line in plain(answered(company, command)[0]).splitlines()]
    at = 0
    for line in (line.rstrip() for line in shown.splitlines() if line.strip()):
        assert line in said[at:], line
        at = said.index(line, at) + 1


def test_every_key_of_the_answers_is_on_the_page(company: Company) -> None:
    told = {key for command, _ in SHOWN for key in keys(answered(company, command)[1])}
    assert not {key for key in told if f"`{key}`" not in TEXT}


def keys(answer: object) -> list[str]:
    """The names of the answer's own fields."""
    from sync_worker.report.encode import encoded  # noqa: PLC0415 - only here

    found = encoded(answer)
    assert isinstance(found, dict)
    return [name for inner in found.values() for name in (inner if isinstance(inner, dict) else ())]
