"""The command line: parse, call ``app``, print, exit. Heavy imports stand inside commands, so that help is quick."""

from __future__ import annotations

import sys


def main() -> int:
    """Run ``sync-worker`` with this process's arguments; the result is the exit code."""
    from sync_worker.cli.root import run

    return run(sys.argv[1:])
