"""``python -m connectors.sandbox serve``: the sandbox without the worker's command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from connectors.sandbox.server import CRMS, serve


def main() -> None:
    """Reads the switches and serves."""
    parser = argparse.ArgumentParser(prog="python -m connectors.sandbox")
    command = parser.add_subparsers(required=True).add_parser("serve", help="serve until a signal comes")
    command.add_argument("--crm", default="salesforce", choices=CRMS)
    command.add_argument("--effects", type=Path)
    command.add_argument("--faults", type=Path)
    command.add_argument("--jwt-key", type=Path)
    for name, default in (("port", 0), ("seed", 7), ("accounts", 2000), ("reps", 25), ("burst-limit", 190)):
        command.add_argument(f"--{name}", type=int, default=default)
    command.add_argument("--daily-limit", type=int)
    command.add_argument("--search-lag", type=float, default=5.0)
    try:
        serve(**vars(parser.parse_args()))
    except (ValueError, OSError) as wrong:
        parser.exit(1, f"{wrong}\n")


main()
