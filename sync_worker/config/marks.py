"""Where each key of a TOML text stands, which ``tomllib`` does not tell. Reads valid TOML only; never judges it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str, ...]
Mark = tuple[int, int]
"""Line and column, both from 1."""

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*\[{{1,2}}[ \t]*({_KEY})[ \t]*\]")
_ENTRY = re.compile(rf"[ \t]*({_KEY})[ \t]*=")
_INLINE = re.compile(rf"[{{,][ \t]*({_KEY})[ \t]*=")
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|' + r"'''.*?'''|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'|" + r"#[^\n]*",
    re.DOTALL,
)
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


def marks(text: str) -> dict[Path, Mark]:
    """The mark of every table and key. Keys inside an inline table on one line are found as well."""
    found: dict[Path, Mark] = {}
    table: Path = ()
    depth = 0
    inside = _inside(text)
    for number, (line, bare) in enumerate(zip(text.split("\n"), _blanked(text).split("\n"), strict=True), start=1):
        if number in inside:
            continue
        if depth == 0 and (header := _HEADER.match(line)):
            table = _parts(header[1])
            found.setdefault(table, (number, header.start(1) + 1))
        elif depth == 0 and (entry := _ENTRY.match(line)):
            key = table + _parts(entry[1])
            found.setdefault(key, (number, entry.start(1) + 1))
            found.update(_inline(key, number, line, entry.end()))
            depth += _opened(bare[entry.end() :])
        elif depth:
            depth += _opened(bare)
    return found


def _inline(key: Path, number: int, line: str, start: int) -> Iterator[tuple[Path, Mark]]:
    for match in _INLINE.finditer(line, start):
        yield key + _parts(match[1]), (number, match.start(1) + 1)


def _parts(key: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))


def _inside(text: str) -> set[int]:
    """The lines that begin within a string of several lines: what looks like a key there is none."""
    found: set[int] = set()
    for token in _TOKEN.finditer(text):
        first = text.count("\n", 0, token.start()) + 1
        found.update(range(first + 1, first + token[0].count("\n") + 1))
    return found


def _blanked(text: str) -> str:
    """The text with strings and comments blanked out, its line breaks kept: brackets in them open nothing."""
    return _TOKEN.sub(lambda token: re.sub(r"[^\n]", " ", token[0]), text)


def _opened(bare: str) -> int:
    return sum(_BRACKETS.get(letter, 0) for letter in bare)
