"""The rules folder as bytes: which files count, and the digest that names their version. It understands no rule."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.problems import Mark, RulesInvalid
from rules.problems import Problem as _Problem

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".yaml", ".yml", ".csv")
TESTS = (".test.yaml", ".test.yml")
"""Files that test the rules: they are no rules, and no part of their version."""
MAX_FILES = 200
_SAVE = "save it as UTF-8 (Excel: 'CSV UTF-8')"
MAX_BYTES = 16_777_216
"""Of one file."""
MAX_TOTAL = 33_554_432
"""Bytes of all files together: all of them are in memory at once."""
_BEGINNING = 1_024


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of the folder, read once, so that what is checked is what is hashed."""

    name: str
    content: bytes


def read_folder(folder: Path) -> tuple[RuleFile, ...]:
    """The folder's rule files by name; tests, hidden files and subfolders are left out. Raises RulesInvalid."""
    return _read(folder, tests=False)


def read_tests(folder: Path) -> tuple[RuleFile, ...]:
    """The folder's test files by name. Raises RulesInvalid."""
    return _read(folder, tests=True)


def _read(folder: Path, *, tests: bool) -> tuple[RuleFile, ...]:
    try:
        paths = sorted(path for path in folder.iterdir() if _counts(path) and _tests(path) is tests)
        _within_limits(folder, [(path, path.stat().st_size) for path in paths])
        return tuple(RuleFile(path.name, path.read_bytes()) for path in paths)
    except OSError as error:
        hint = "make one with 'sync-worker init', or correct 'rules' in config.toml"
        at = str(error.filename or folder)
        raise RulesInvalid([_Problem(at, 1, 1, f"cannot be read: {error.strerror}", hint)]) from None


def digest_of(files: tuple[RuleFile, ...]) -> str:
    """Hex SHA-256 over the files' names and bytes, each preceded by its length."""
    total = hashlib.sha256()
    for file in files:
        for piece in (file.name.encode("utf-8", "surrogateescape"), file.content):
            total.update(len(piece).to_bytes(8, "big"))
            total.update(piece)
    return total.hexdigest()


def decoded(file: RuleFile) -> str | tuple[Mark, str, str]:
    """The file's text, its byte order mark removed; or where and why it is not UTF-8, and the way out."""
    if file.content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Mark(file.name, 1, 1), "the file is UTF-16", _SAVE
    if b"\x00" in file.content[:_BEGINNING]:
        return Mark(file.name, 1, 1), "the file is UTF-16, or no text at all", _SAVE
    try:
        return file.content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        before = file.content[: error.start]
        start = before.rfind(b"\n") + 1
        column = len(before[start:].decode("utf-8", "replace")) + 1
        mark = Mark(file.name, before.count(b"\n") + 1, column)
        shown = file.content[start : error.start + 12].decode("cp1252", "replace").splitlines()[0][-24:]
        return (
            mark,
            f"the file is not UTF-8: here stands '{shown}' if it is Windows-1252",
            _SAVE,
        )


def _counts(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _tests(path: Path) -> bool:
    return path.name.lower().endswith(TESTS)


def _within_limits(folder: Path, sizes: list[tuple[Path, int]]) -> None:
    if len(sizes) > MAX_FILES:
        problem = _Problem(
            str(folder), 1, 1, f"the folder holds {len(sizes):,} rule files, over {MAX_FILES}", "merge some"
        )
        raise RulesInvalid([problem])
    large = [_Problem(path.name, 1, 1, f"the file has {size:,} bytes, over {MAX_BYTES:,}") for path, size in sizes
             if size > MAX_BYTES]  # fmt: skip
    if large:
        raise RulesInvalid(large)
    if (total := sum(size for _, size in sizes)) > MAX_TOTAL:
        message = f"the folder's rule files have {total:,} bytes together, over {MAX_TOTAL:,}"
        raise RulesInvalid([_Problem(str(folder), 1, 1, message, "take out what rules do not read")])
