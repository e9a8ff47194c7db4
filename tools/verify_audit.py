#!/usr/bin/env python3
"""Checks an exported audit log of sync-worker by itself: Python's standard library, nothing of sync-worker.

    sync-worker audit export audit.jsonl
    python3 verify_audit.py audit.jsonl [--checkpoint FILE]

Each line holds one entry: its text, the hash of the entry before, its own hash, and the values that it commits to.

    hash       = SHA-256(0x00 || previous hash, 32 bytes || entry, UTF-8)
    commitment = HMAC-SHA-256(key = salt, message = the value as canonical JSON)

The first entry follows 32 zero bytes. Entries count up from 1. A value whose salt and text are null has been erased:
its commitment stays in the chain and can no longer be opened. An export without values has no "values" key.

Exit code: 0 the chain holds, 1 it does not, 2 the file cannot be read.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys

GENESIS = "00" * 32


class Broken(Exception):
    """The log is not what was written."""


def check_line(number: int, line: str, previous: str) -> str:
    """Check one line, which must be entry ``number`` after the hash ``previous``; return its hash."""
    try:
        record = json.loads(line)
        if record.keys() - {"values"} != {"entry", "previous", "hash"}:
            raise Broken(f"line {number} is no entry")
        entry, fields = record["entry"], json.loads(record["entry"])
        if fields["number"] != number:
            raise Broken(f"entry {number} is missing: line {number} holds entry {fields['number']}")
        if record["previous"] != previous:
            raise Broken(f"entry {number} does not follow the entry before it")
        digest = hashlib.sha256(b"\x00" + bytes.fromhex(previous) + entry.encode()).hexdigest()
        if record["hash"] != digest:
            raise Broken(f"entry {number} was changed: its hash does not match")
        if "values" in record:
            check_values(number, sorted(fields["values"].values()), record["values"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Broken(f"line {number} is no entry: {error!r}") from error
    return digest


def check_values(number: int, commitments: list[str], values: dict[str, list[str | None]]) -> None:
    """Check that every commitment of the entry has its value, erased or right, and that there is no other."""
    if sorted(values) != commitments:
        raise Broken(f"entry {number} does not have the values that it commits to")
    for commitment, (salt, text) in values.items():
        if salt is None and text is None:
            continue
        if salt is None or text is None:
            raise Broken(f"a value of entry {number} is half erased")
        if not hmac.compare_digest(
            hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest(), commitment
        ):
            raise Broken(f"a value of entry {number} was changed")


def check_file(path: str, checkpoint: tuple[int, str] | None) -> tuple[int, str]:
    """Check a whole export; return how many entries it has and the hash of the last one."""
    number, head = 0, GENESIS
    with open(path, encoding="utf-8", newline="\n") as lines:  # noqa: PTH123 - a script that anybody can read
        for number, line in enumerate(lines, start=1):
            head = check_line(number, line, head)
            if checkpoint and checkpoint[0] == number and checkpoint[1] != head:
                raise Broken(f"entry {number} is not the one that the checkpoint remembers")
    if checkpoint and checkpoint[0] > number:
        raise Broken(f"the log ends at entry {number}, before the checkpoint at {checkpoint[0]}")
    return number, head


def read_checkpoint(path: str) -> tuple[int, str]:
    """The entry that a checkpoint file remembers."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as above
        found = json.load(file)
    return int(found["number"]), str(found["hash"])


def main() -> int:
    """Check the file named on the command line and say what was found."""
    parser = argparse.ArgumentParser(description="Checks an exported audit log of sync-worker.")
    parser.add_argument("export", help="the file that 'sync-worker audit export' wrote")
    parser.add_argument("--checkpoint", help="a checkpoint file, kept outside the worker's database")
    arguments = parser.parse_args()
    try:
        anchor = read_checkpoint(arguments.checkpoint) if arguments.checkpoint else None
        entries, head = check_file(arguments.export, anchor)
    except Broken as broken:
        sys.stderr.write(f"NOT INTACT: {broken}\n")
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"cannot be read: {error}\n")
        return 2
    sys.stdout.write(f"intact: {entries} entries, head {head}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
