"""CPU seconds, of this process and of the database's: wall time says little on a machine that others use, too."""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Meter:
    """Measures blocks by name. ``server``: the process id of a database's first process, if there is one."""

    server: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        """Add the block's CPU seconds to ``seconds[name]``."""
        began = self._now()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + self._now() - began

    def _now(self) -> float:
        own = resource.getrusage(resource.RUSAGE_SELF)
        return own.ru_utime + own.ru_stime + (_family(self.server) if self.server else 0.0)


def _family(server: int) -> float:
    """User and system seconds of the server and its children, those that have ended included."""
    found = 0.0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended while we looked; its seconds are then its parent's
            continue
        if int(process.name) == server:
            found += sum(map(int, fields[11:15])) / _TICKS
        elif int(fields[1]) == server:
            found += sum(map(int, fields[11:13])) / _TICKS
    return found
