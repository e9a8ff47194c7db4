"""Other names of companies, as people list them: what one calls itself, and the account that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sync_worker.core.matching.names import name_of
from sync_worker.core.matching.sites import host_of, site_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sync_worker.core.matching.values import Sought


@dataclass(frozen=True, slots=True)
class Aliases:
    """``meant``: by a name's key or a host, the account's id, site or name as the list has it."""

    meant: Mapping[str, str]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]]) -> Self:
        """The aliases in these pairs of alias and account; of two for one alias the first counts."""
        meant: dict[str, str] = {}
        for alias, account in rows:
            meant.setdefault(_key(alias), account.strip())
        return cls(meant)

    def of_sought(self, one: Sought) -> str:
        """The account that is meant, as the list has it; empty where the list does not know this one."""
        keys = (one.host, site_of(one.host) if one.host else "", name_of(one.name).key if one.name else "")
        return next((self.meant[key] for key in keys if key and key in self.meant), "")


def _key(alias: str) -> str:
    return host_of(alias) or name_of(alias).key
