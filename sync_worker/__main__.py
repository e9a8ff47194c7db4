"""``python -m sync_worker``: the same as ``sync-worker``."""

from sync_worker.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
