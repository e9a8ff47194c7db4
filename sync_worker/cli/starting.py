"""What ``init`` and ``demo`` write: a config, rules, ignore rules and a folder for secrets. Never overwrites a file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Template(StrEnum):
    """Rules to start from."""

    STARTER = "starter"
    DEMO = "demo"


class AlreadyThere(Exception):
    """Files stand where new ones were to be written; none was touched."""

    def __init__(self, found: list[Path]) -> None:
        super().__init__(f"already there: {', '.join(str(path) for path in found)}")
        self.hint = "nothing was written; name another folder, or move these away first"


@dataclass(frozen=True, slots=True)
class Started:
    """What was written."""

    folder: Path
    template: Template
    config: Path
    rules: Path
    secrets: Path


SUGGESTED = {
    Template.STARTER: {
        "url": "https://YOUR-DOMAIN.my.salesforce.com",
        "client_id": "YOUR-CONSUMER-KEY",
        "pool": "account.pool@YOUR-DOMAIN.com",
    },
    Template.DEMO: {"url": "http://127.0.0.1:8080", "client_id": "SANDBOX-CLIENT-ID", "pool": "pool@acme.example"},
}
"""What stands in a new config until a person knows better."""

IGNORED = """# Secrets and the store stay out of version control; config.toml and rules/ belong in it.
secrets/
*.db
*.db-journal
*.db-shm
*.db-wal
"""


def start(folder: Path, template: Template, values: dict[str, str] | None = None) -> Started:
    """Write everything for a template, its placeholders filled. Raises AlreadyThere before it writes anything."""
    made = Started(folder, template, folder / "config.toml", folder / "rules", folder / "secrets")
    if found := [path for path in (made.config, made.rules) if path.exists()]:
        raise AlreadyThere(found)
    folder.mkdir(parents=True, exist_ok=True)
    made.secrets.mkdir(mode=0o700, exist_ok=True)
    made.config.write_text(config_text(template, values or {}), encoding="utf-8")
    with as_file(files("rules") / "templates" / template.value) as source:
        shutil.copytree(source, made.rules, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text(IGNORED, encoding="utf-8")
    return made


def config_text(template: Template, values: dict[str, str]) -> str:
    """A template's config. ``@name@`` stands for a value; those not given get the suggestion."""
    text = (files("sync_worker.config") / "templates" / f"{template.value}.toml").read_text(encoding="utf-8")
    for name, value in (SUGGESTED[template] | values).items():
        text = text.replace(f"@{name}@", value)
    return text
