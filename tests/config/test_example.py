"""``config.example.toml`` is true: it loads, it names every key, and each value in it is the default."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from sync_worker.cli.starting import Crm, Template, config_text
from sync_worker.config import load, shapes

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
CHOSEN_BY_EACH_ORG = {
    "salesforce.url",
    "salesforce.client_id",
    "salesforce.client_secret",
    "hubspot.access_token",
    "home.crm",
    "pool.user",
}


def written_keys(section: str) -> set[str]:
    """Keys under a section's header, commented out or not."""
    body = re.search(rf"^\[{section}\]$(.*?)(?=^(?:# )?\[|\Z)", EXAMPLE.read_text(), re.MULTILINE | re.DOTALL)
    assert body, f"[{section}] is missing"
    return set(re.findall(r"^(?:# )?([a-z_]+) = ", body[1], re.MULTILINE))


@pytest.mark.parametrize("section", sorted(shapes.sections()))
def test_every_key_stands_in_the_example(section: str) -> None:
    maps = {key for key in shapes.keys(section) if shapes.is_map(section, key)}
    assert written_keys(section) == set(shapes.spelled(section)) - maps


@pytest.mark.parametrize("section", ["fields", "intent", "signals"])
def test_every_map_stands_in_the_example(section: str) -> None:
    for key in shapes.keys(section):
        if shapes.is_map(section, key):
            assert f"\n[{section}.{key}]\n" in EXAMPLE.read_text()


def test_the_example_loads_and_holds_the_defaults() -> None:
    loaded = load(EXAMPLE, environ={}, read_secrets=False)
    for section, kind in shapes.sections().items():
        for field in fields(kind):
            name = f"{section}.{field.name}"
            if name in CHOSEN_BY_EACH_ORG or field.default is MISSING:
                continue
            value = getattr(getattr(loaded.config, section), field.name)
            placed = {
                "store.url": f"sqlite:///{EXAMPLE.parent}/sync-worker.db",
                "rules.folder": EXAMPLE.parent / "rules",
            }
            assert value == placed.get(name, field.default), name


@pytest.mark.parametrize("crms", [(Crm.SALESFORCE,), (Crm.HUBSPOT,), (Crm.SALESFORCE, Crm.HUBSPOT)], ids="+".join)
@pytest.mark.parametrize("template", list(Template))
def test_the_templates_of_init_use_known_keys_alone(template: Template, crms: tuple[Crm, ...], tmp_path: Path) -> None:
    text = config_text(template, {}, crms)
    file = tmp_path / "config.toml"
    file.write_text(text)
    load(file, environ={}, read_secrets=False)
    # What is commented out must be right as well once its mark is taken away.
    file.write_text(re.sub(r"^# ([a-z_]+ = )", r"\1", text, flags=re.MULTILINE))
    assert load(file, environ={}, read_secrets=False).config.crms == crms
