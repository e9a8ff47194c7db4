"""docs/hubspot.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.hubspot import DEFAULT_FIELDS, AccessToken, HubSpotSettings
from connectors.port import Stream

TEXT = (Path(__file__).parents[3] / "docs" / "hubspot.md").read_text(encoding="utf-8")


def test_the_table_of_fields_is_the_codes() -> None:
    table = TEXT.split("<!-- fields -->", 1)[1].split("<!-- end of fields -->", 1)[0]
    rows = re.findall(r"^\| (\w+) \|(.*)\|$", table, re.MULTILINE)
    documented = {
        Stream(stream): dict(re.findall(r"`(\w+)` ([\w.+()]+)", names)) for stream, names in rows if stream != "stream"
    }
    assert documented == {stream: dict(names) for stream, names in DEFAULT_FIELDS.items()}


def test_the_settings_named_are_the_codes() -> None:
    settings = HubSpotSettings(AccessToken("key"))
    assert f"`api_version` is `{settings.api_version}`" in TEXT
    for name in ("burst_share", "call_share_org", "call_share_run"):
        assert f"`{name}` ({getattr(settings, name):.0%})".replace("%", " %") in TEXT
    assert f"`overlap_minutes` ({settings.overlap_minutes})" in TEXT
    assert settings.searches_per_second == 4


def test_every_link_within_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= anchors
