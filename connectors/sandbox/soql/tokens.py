"""The words of a SOQL statement, each with its position, and the error that points at one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class QueryError(Exception):
    """A statement that cannot be run. ``str()`` is the message as Salesforce writes it, with the place marked."""

    def __init__(self, code: str, message: str, text: str = "", at: int | None = None) -> None:
        super().__init__(message if at is None else f"{_pointer(text, at)}\n{message}")
        self.code = code


def _pointer(text: str, at: int) -> str:
    """The line in question, an arrow below the place, and the place in figures."""
    line_start = text.rfind("\n", 0, at) + 1
    row, column = text.count("\n", 0, at) + 1, at - line_start + 1
    line_end = text.find("\n", at)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    return f"\n{line}\n{' ' * (column - 1)}^\nERROR at Row:{row}:Column:{column}"


class Word(Enum):
    """Kinds of words."""

    NAME = auto()
    STRING = auto()
    NUMBER = auto()
    DATE = auto()
    DATETIME = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the statement; ``at`` counts characters from 0."""

    word: Word
    text: str
    at: int

    @property
    def upper(self) -> str:
        """The word in capitals, for keywords."""
        return self.text.upper()


_LEXEME = re.compile(
    r"""
    (?P<SPACE>\s+)
  | (?P<DATETIME>\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2}))
  | (?P<DATE>\d{4}-\d{2}-\d{2}(?![\w:]))
  | (?P<NUMBER>[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?(?![A-Za-z_]))
  | (?P<STRING>'(?:[^'\\]|\\.)*')
  | (?P<NAME>[A-Za-z_][A-Za-z0-9_]*(?:\s*\.\s*[A-Za-z_][A-Za-z0-9_]*)*)
  | (?P<SIGN><=|>=|!=|<>|[=<>(),:])
    """,
    re.VERBOSE | re.DOTALL,
)

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def tokenise(text: str) -> list[Token]:
    """All words, and an END. Raises QueryError at the first character that begins none."""
    tokens, at = [], 0
    while at < len(text):
        found = _LEXEME.match(text, at)
        if found is None:
            raise QueryError("MALFORMED_QUERY", _unreadable(text, at), text, at)
        if found.lastgroup is not None and (kind := _kind(found)) is not None:
            tokens.append(Token(kind, re.sub(r"\s+", "", found.group()) if kind is Word.NAME else found.group(), at))
        at = found.end()
    return [*tokens, Token(Word.END, "<EOF>", len(text))]


def _kind(found: re.Match[str]) -> Word | None:
    for kind in Word:
        if kind is not Word.END and found.group(kind.name) is not None:
            return kind
    return None


def _unreadable(text: str, at: int) -> str:
    if text[at] == "'":
        return "line ends before the string does: unterminated string literal"
    return f"line has a character that is not part of SOQL: unexpected char {text[at]!r}"


def unquote(literal: str) -> str:
    r"""The text of a string literal. ``\\_`` and ``\\%`` keep their backslash: LIKE needs to see it."""
    inner, out, at = literal[1:-1], [], 0
    while at < len(inner):
        char = inner[at]
        if char == "\\" and at + 1 < len(inner):
            follower = inner[at + 1]
            out.append(f"\\{follower}" if follower in "_%" else _ESCAPES.get(follower, follower))
            at += 2
            continue
        out.append(char)
        at += 1
    return "".join(out)


def quote(value: str) -> str:
    """The string literal of a text; the inverse of ``unquote``."""
    out, at = [], 0
    while at < len(value):
        pair = value[at : at + 2]
        if pair in {"\\_", "\\%"}:
            out.append(pair)
            at += 2
            continue
        char = value[at]
        out.append({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char, char))
        at += 1
    return "'" + "".join(out) + "'"
