"""``sync-worker run``: the one place that knows that time passes. It decides nothing about accounts."""

from sync_worker.daemon.life import run

__all__ = ["run"]
