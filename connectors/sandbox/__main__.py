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
    for name, default in (("port", 0), ("seed", 7), ("accounts", 2000), ("reps", 25), ("daily-limit", 100_000)):
        command.add_argument(f"--{name}", type=int, default=default)
    try:
        serve(**vars(parser.parse_args()))
    except (ValueError, OSError) as wrong:
        parser.exit(1, f"{wrong}\n")


main()
