"""The page on signals tells the truth: its config loads, its files are taken in, and the answer is the one it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.files.columns import ALIASES
from connectors.files.lines import LONGEST_CELL
from connectors.files.reading import BAD_FLOOR, BAD_SHARE, OBJECTS, TABLES
from connectors.files.values import LONGEST_TEXT
from sync_worker.config import load
from sync_worker.report.signals import signals
from sync_worker.report.text import plain
from sync_worker.signals import UNFINISHED, take_in, told

if TYPE_CHECKING:
    from tests.signals.conftest import Desk

PAGE = (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```([^\n]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BASE = """
[salesforce]
url = "https://acme.my.salesforce.com"
client_id = "x"
client_secret_env = "SECRET"
[pool]
user = "pool@acme.example"
"""


def test_the_examples_give_the_answer_that_the_page_shows(desk: Desk, tmp_path: Path) -> None:
    (config,) = [text for kind, text in BLOCKS if kind == "toml"]
    (tmp_path / "config.toml").write_text(BASE + config)
    loaded = load(tmp_path / "config.toml", environ={"SECRET": "s"}).config
    assert loaded.signals.folder == tmp_path / "signals"
    desk.parts.config = loaded
    desk.accounts(
        _0015g00000000VuAAI={"website": "https://acme.example"},
        _0015g00000000VvAAI={"website": "http://www.globex.example/"},
        _0015g000000003JAAQ={"website": "twins.example"},
        _0015g000000003KAAQ={"website": "twins.example"},
    )
    for kind, text in BLOCKS:
        if kind.startswith(("csv ", "jsonl ")):
            desk.drop(kind.partition(" ")[2], text)
    assert take_in(desk.parts).files == 3
    desk.parts.config = replace(loaded, signals=replace(loaded.signals, folder=None))
    (answer,) = [text for kind, text in BLOCKS if kind == "text signals"]
    assert plain(signals(told(desk.parts, 20))[0]) == answer


def test_the_page_names_every_heading_ending_and_limit() -> None:
    for meaning, headings in ALIASES.items():
        names = "|".join((meaning, *headings))
        row = next(line for line in PAGE.splitlines() if re.match(rf"\| `({names})` \|", line))
        assert set(re.findall(r"`(\w+)`", row.rsplit("|", 2)[0])) == {*headings}, meaning
    for ending in (*TABLES, *OBJECTS, *UNFINISHED):
        assert f"`{ending}`" in PAGE
    for limit in (
        f"{BAD_SHARE:.0%} (and more than {BAD_FLOOR})",
        f"{LONGEST_CELL:,} letters",
        f"than {LONGEST_TEXT:,}",
    ):
        assert limit in PAGE
