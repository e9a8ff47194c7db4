"""``sync-worker run``: the one place that knows that time passes. It decides nothing about accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync_worker.config import Config


def run(config: Config) -> int:
    """Work until told to stop; see ``life.run``."""
    from sync_worker.daemon import life  # noqa: PLC0415 - the pure parts need neither store nor web server

    return life.run(config)
