"""docs/salesforce.md says what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from connectors.port import Stream
from connectors.salesforce import DEFAULT_FIELDS

TEXT = (Path(__file__).parents[3] / "docs" / "salesforce.md").read_text(encoding="utf-8")


def test_the_table_of_fields_is_the_codes() -> None:
    table = TEXT.split("<!-- fields", 1)[1].split("<!-- end of fields -->", 1)[0]
    rows = re.findall(r"^\| (\w+) \| (`.*) \|$", table, re.MULTILINE)
    documented = {Stream(stream): dict(re.findall(r"`(\w+)` ([\w.]+)", names)) for stream, names in rows}
    assert documented == {stream: dict(names) for stream, names in DEFAULT_FIELDS.items()}


def test_every_config_example_is_toml() -> None:
    examples = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert len(examples) == 3
    assert all(tomllib.loads(example) for example in examples)


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= anchors
