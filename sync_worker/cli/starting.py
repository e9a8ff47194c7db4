"""What ``init`` and ``demo`` write: a config, rules, ignore rules and a folder for secrets. Never overwrites a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Template(StrEnum):
    """Rules to start from."""

    STARTER = "starter"
    SAAS = "saas"
    HEALTHCARE = "healthcare"
    FINANCIAL_SERVICES = "financial-services"
    ROE_TOOLKIT = "roe-toolkit"
    DEMO = "demo"

    @property
    def about(self) -> str:
        """What the rules are for, in one line."""
        return ABOUT[self]


ABOUT = {
    Template.STARTER: "touches little until you widen it",
    Template.SAAS: "software companies: topics that buyers research, trials, renewals, a grade from fit and timing",
    Template.HEALTHCARE: "providers of care: conferences, white papers, contracts that end, health systems",
    Template.FINANCIAL_SERVICES: "banks and advisers: enquiries and referrals, high touch, compliance and licences",
    Template.ROE_TOOLKIT: "rules of engagement to pick from: named accounts, territories, activity, claims, leavers",
    Template.DEMO: "the rules of the demo's company, for a sandbox",
}


class Crm(StrEnum):
    """A CRM to work with."""

    SALESFORCE = "salesforce"
    HUBSPOT = "hubspot"


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
    crms: tuple[Crm, ...]
    config: Path
    rules: Path
    secrets: Path
    drops: Path | None = None
    """Where files of intent and account fields are dropped."""
    unfilled: tuple[str, ...] = ()
    """Account fields that the rules read, and that are empty until the CRM's are mapped or a file fills them."""
    topics: tuple[str, ...] = ()
    """Intent topics that the rules read, and that are silent until a CRM field or a file tells them."""


_OWN = {
    "salesforce.url": "https://YOUR-DOMAIN.my.salesforce.com",
    "salesforce.client_id": "YOUR-CONSUMER-KEY",
    "hubspot.url": "https://api.hubapi.com",
    "pool.user": "account.pool@YOUR-DOMAIN.com",
}
_SANDBOX = {
    "salesforce.url": "http://127.0.0.1:8080",
    "salesforce.client_id": "SANDBOX-CLIENT-ID",
    "hubspot.url": "http://127.0.0.1:8080",
    "hubspot.settle_seconds": "1.0",  # the sandbox's history is there at once
    "pool.user": "pool@acme.example",
}
SUGGESTED = {template: _SANDBOX if template is Template.DEMO else _OWN for template in Template}
"""What stands in a new config until a person knows better, by the settings' names."""

IGNORED = """# Secrets, vendors' files and the store stay out of version control; config.toml and rules/ belong in it.
secrets/
drops/
*.db
*.db-journal
*.db-shm
*.db-wal
"""
_PLACE = re.compile(r"@([a-z][a-z._]*(?: \w+)?)@")


def start(
    folder: Path,
    template: Template,
    values: Mapping[str, str] | None = None,
    *,
    crms: tuple[Crm, ...] = (Crm.SALESFORCE,),
) -> Started:
    """Write everything for a template, its placeholders filled. Raises AlreadyThere before it writes anything."""
    import shutil
    from importlib.resources import as_file, files

    text = config_text(template, values or {}, crms)
    at = (folder / "config.toml", folder / "rules", folder / "secrets")
    made = Started(folder, template, crms, *at, **_open(text, folder))
    if found := [path for path in (made.config, made.rules) if path.exists()]:
        raise AlreadyThere(found)
    folder.mkdir(parents=True, exist_ok=True)
    made.secrets.mkdir(mode=0o700, exist_ok=True)
    made.config.write_text(text, encoding="utf-8")
    if made.drops:
        made.drops.mkdir(exist_ok=True)
    with as_file(files("rules") / "templates" / template.value) as source:
        shutil.copytree(source, made.rules, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text(IGNORED, encoding="utf-8")
    return made


def config_text(template: Template, values: Mapping[str, str], crms: tuple[Crm, ...]) -> str:
    """A template's config for these CRMs. What no value is given for gets the suggestion.

    ``@section.key@`` stands for a value; ``@account NAME@``, ``@user NAME@`` and ``@activity NAME@`` for what each CRM
    calls a custom field: ``_field`` says what. A line for which there is nothing is left out.
    """
    sections = [_read(crm.value) for crm in crms] + ([_read("home")] if len(crms) > 1 else [])
    known = {**SUGGESTED[template], **values}
    text = _read("demo" if template is Template.DEMO else "starter")
    text = text.replace("@crms@", "\n\n".join(section.strip() for section in sections))
    if template not in (Template.DEMO, Template.STARTER):
        text += _read(template.value)
    return "".join(_filled(line, known, crms) for line in text.splitlines(keepends=True))


class _Open(TypedDict):
    """What a config declares and nothing fills yet."""

    drops: Path | None
    unfilled: tuple[str, ...]
    topics: tuple[str, ...]


def _open(config: str, folder: Path) -> _Open:
    import tomllib

    read = tomllib.loads(config)
    signals, topics = read.get("signals", {}), read.get("intent", {}).get("topics", {})
    return _Open(
        drops=folder / signals["folder"] if "folder" in signals else None,
        unfilled=tuple(signals.get("fields", ())),
        topics=tuple(name for name, field in topics.items() if not field),
    )


def _read(name: str) -> str:
    from importlib.resources import files

    return (files("sync_worker.config") / "templates" / f"{name}.toml").read_text(encoding="utf-8")


def _filled(line: str, known: Mapping[str, str], crms: tuple[Crm, ...]) -> str:
    found = {place: _value(place, known, crms) for place in _PLACE.findall(line)}
    if not all(found.values()):
        return ""
    return _PLACE.sub(lambda place: found[place[1]], line)


def _value(place: str, known: Mapping[str, str], crms: tuple[Crm, ...]) -> str:
    """What stands for a placeholder; nothing for a field that no CRM here has, or a setting left at its default."""
    stream, _, name = place.partition(" ")
    if not name:
        return known.get(place, "")
    names = {crm: _field(crm, stream, name) for crm in crms}
    if len(crms) == 1:
        return f'"{names[crms[0]]}"' if names[crms[0]] else ""
    pairs = ", ".join(f'{crm} = "{own}"' for crm, own in names.items() if own)
    return f"{{ {pairs} }}" if pairs else ""


def _field(crm: Crm, stream: str, name: str) -> str:
    """What a CRM calls a custom field; empty where it has none."""
    match stream, crm:
        case "account", Crm.HUBSPOT:
            return name.removesuffix("__c").lower()
        case ("account" | "user", Crm.SALESFORCE) | ("activity", Crm.HUBSPOT):
            return name
        case _:  # HubSpot's owners have no fields of one's own; Salesforce's activities need none here
            return ""
