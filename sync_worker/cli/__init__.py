"""The command line: parse, call ``app``, print, exit. Heavy imports stand inside commands, so that help is quick."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> int:
    """Run ``sync-worker`` with this process's arguments; the result is the exit code."""
    try:
        from sync_worker.cli.root import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # before a command could begin
        return INTERRUPTED
