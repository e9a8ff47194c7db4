"""Every setting as a person may see it, with the place where it was said. No secret leaves here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sync_worker.config import secrets, shapes
from sync_worker.config.digest import plain
from sync_worker.config.layers import Origin

if TYPE_CHECKING:
    from sync_worker.config.layers import Entry
    from sync_worker.config.values import Config


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as a person may see it: a secret's value is hidden."""

    name: str
    value: object
    origin: Origin


def shown(config: Config, winners: Mapping[str, Entry]) -> Iterator[Setting]:
    """Every setting with its origin, in the order of the value classes; none of a CRM without a section."""
    for section in shapes.sections():
        said = getattr(config, section)
        for key in shapes.keys(section) if said is not None else ():
            value = getattr(said, key)
            if shapes.is_map(section, key) and value:
                yield from _inner(f"{section}.{key}", value, winners)
                continue
            entry = winners.get(f"{section}.{key}")
            origin = entry.origin if entry else Origin("default")
            yield Setting(f"{section}.{key}", _visible(section, key, value, entry), origin)


def _inner(name: str, table: Mapping[str, object], winners: Mapping[str, Entry]) -> Iterator[Setting]:
    """One line for each name of a table, and for each CRM where they differ."""
    for inner, value in table.items():
        whole = f"{name}.{inner}"
        for crm, each in value.items() if isinstance(value, Mapping) else (("", value),):
            yield Setting(f"{whole}.{crm}" if crm else whole, plain(each), winners[whole].origin)


def _visible(section: str, key: str, value: object, entry: Entry | None) -> object:
    """A secret is hidden also where it was not read."""
    if isinstance(value, str) and section == "store":
        return secrets.masked_url(value)
    if key in shapes.SECRETS.get(section, ()):
        return secrets.HIDDEN if entry else ""
    return str(value) if isinstance(value, Path) else plain(value)
