"""Config: how names may link leads and lines of files to accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync_worker.config import ConfigInvalid, load

if TYPE_CHECKING:
    from pathlib import Path

    from sync_worker.config import Config

BASE = (
    '[salesforce]\nurl = "https://acme.my.salesforce.com"\nauth = "token"\naccess_token_env = "T"\n[pool]\nuser = "p"\n'
)


def loaded(folder: Path, text: str) -> Config:
    """The config with this section."""
    file = folder / "config.toml"
    file.write_text(BASE + text)
    return load(file, environ={"T": "secret"}).config


def test_no_name_links_by_itself_until_somebody_says_from_when_on(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").matching.auto is None
    assert loaded(tmp_path, '[matching]\nauto = ""\n').matching.auto is None
    assert loaded(tmp_path, '[matching]\nauto = "92%"\n').matching.auto == 0.92


def test_what_moves_a_match_moves_the_digest(tmp_path: Path) -> None:
    plain = loaded(tmp_path, "").digest
    assert loaded(tmp_path, "[matching]\nauto = 0.92\n").digest != plain
    assert loaded(tmp_path, '[matching.aliases]\n"Big Blue" = "IBM"\n').digest != plain


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("auto = 0.5", "matching.auto = 0.5 is below matching.review = 0.75: nothing would ever be asked"),
        ("auto = 0", "matching.auto = 0"),
        ("review = 92", 'is 9200 %: write "92%" or 0.92'),
        ('aliases = { "Big Blue" = "" }', "names nobody"),
    ],
)
def test_a_setting_that_cannot_be_says_why(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        loaded(tmp_path, f"[matching]\n{text}\n")
    assert told in str(caught.value.problems[0])
