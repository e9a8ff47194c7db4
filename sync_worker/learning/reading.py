"""Deals that ended, from CSV files to a history: every mistake of every file at once, with its place."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import fuzz, process

from rules.folder import RuleFile, decoded
from sync_worker.core.scorecard.columns import EMPTY, History, Kind, column, day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sync_worker.core.scorecard.columns import Floats, Ints

_SEPARATORS = ",;\t|"
_SHOWN = 20
_NEAR = 70.0


class HistoryUnusable(Exception):
    """The files do not hold what was asked for; ``hint`` is the way out."""

    def __init__(self, problems: Sequence[str], hint: str) -> None:
        shown = [*problems[:_SHOWN], *([f"… and {len(problems) - _SHOWN:,} more"] if len(problems) > _SHOWN else [])]
        super().__init__("\n  ".join(shown))
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which files, and what their columns mean. Names stand as in the header."""

    files: tuple[Path, ...]
    outcome: str
    won: str
    lost: str = ""
    """Empty: every outcome that is not ``won`` and not empty is lost."""
    test: tuple[Path, ...] = ()
    """Files whose rows judge and teach nothing."""
    date: str = ""
    group: str = ""
    """Rows that agree here belong together: an account's, say."""
    champion: str = ""
    drop: tuple[str, ...] = ()

    @property
    def roles(self) -> dict[str, str]:
        """The columns that are no fields, by the option that names them."""
        said = {"--outcome": self.outcome, "--date": self.date, "--group": self.group, "--champion": self.champion}
        said |= {f"--drop {name}": name for name in self.drop}
        return {option: name for option, name in said.items() if name}


@dataclass(frozen=True, slots=True)
class Deals:
    """A history, and how many rows had no outcome yet."""

    history: History
    open: int


@dataclass(slots=True)
class _Rows:
    """The lines of all files under one header, each with its place."""

    header: list[str] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    test: list[bool] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def texts(self, name: str) -> list[str]:
        """One column's cells."""
        place = self.header.index(name)
        return [line[place] for line in self.lines]

    def only(self, kept: Sequence[bool]) -> _Rows:
        """The lines that are kept."""
        lines, places = list(compress(self.lines, kept)), list(compress(self.places, kept))
        return _Rows(self.header, lines, places, list(compress(self.test, kept)))


def read(asked: Asked) -> Deals:
    """The history that the files hold. Raises HistoryUnusable with every mistake, and OSError."""
    rows = _Rows()
    for path in (*asked.files, *asked.test):
        _read_file(path, rows, test=path in asked.test)
    rows.problems += [
        _unknown(option, name, rows.header)
        for option, name in asked.roles.items()
        if rows.header and name not in rows.header
    ]
    if rows.problems:
        raise HistoryUnusable(rows.problems, "mend the files or the options, and type it again")
    return _deals(rows, asked)


def _read_file(path: Path, rows: _Rows, *, test: bool) -> None:
    text = decoded(RuleFile(path.name, path.read_bytes()))
    if isinstance(text, tuple):
        mark, message, hint = text
        rows.problems.append(f"{mark}: {message} — {hint}")
        return
    reader = csv.reader(io.StringIO(text), delimiter=_separator(text), strict=True)
    try:
        lines = [(reader.line_num, line) for line in reader]
    except csv.Error as error:
        rows.problems.append(f"{path.name}:{reader.line_num}:1: {error}")
        return
    _take(path.name, lines, rows, test=test)


def _separator(text: str) -> str:
    """The separator that the first line has most of."""
    header = text.partition("\n")[0]
    return max(_SEPARATORS, key=header.count)


def _take(name: str, lines: Sequence[tuple[int, list[str]]], rows: _Rows, *, test: bool) -> None:
    """Take a file's rows over, its columns in the order of the first file."""
    header = [cell.strip() for _, line in lines[:1] for cell in line]
    if not any(header):
        rows.problems.append(f"{name}:1:1: the file is empty — its first line names the columns")
        return
    if not all(cell.isprintable() for cell in header):
        rows.problems.append(f"{name}:1:1: a column's name holds control characters — is this a CSV file?")
        return
    rows.problems += [f"{name}:1:1: the column '{twice}' is there twice" for twice in _twice(header)]
    rows.header = rows.header or header
    if sorted(header) != sorted(rows.header):
        differ = ", ".join(sorted(set(header) ^ set(rows.header)))
        rows.problems.append(f"{name}:1:1: the files differ in their columns: {differ}")
        return
    order = [header.index(each) for each in rows.header]
    for number, line in lines[1:]:
        if len(line) == len(header):
            rows.lines.append([line[place] for place in order])
            rows.places.append(f"{name}:{number}:1")
            rows.test.append(test)
        elif any(cell.strip() for cell in line):
            rows.problems.append(f"{name}:{number}:1: the row has {len(line)} cells, the header has {len(header)}")


def _twice(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})


def _unknown(option: str, name: str, header: list[str]) -> str:
    near = process.extractOne(name, header, scorer=fuzz.ratio, processor=str.lower, score_cutoff=_NEAR)
    hint = f"did you mean '{near[0]}'?" if near else f"the columns are {', '.join(header)}"
    return f"{option.partition(' ')[0]}: there is no column '{name}' — {hint}"


def _deals(every: _Rows, asked: Asked) -> Deals:
    outcomes = [_ended(text, asked) for text in every.texts(asked.outcome)]
    if len(set(outcomes) - {None}) < 2:  # noqa: PLR2004 - won and lost
        raise HistoryUnusable([_one_outcome(every.texts(asked.outcome), asked)], "see --won and --lost")
    rows = every.only([won is not None for won in outcomes])
    fields = [name for name in rows.header if name not in asked.roles.values()]
    if not fields:
        raise HistoryUnusable(["no column is left to learn from"], "drop fewer")
    history = History(
        columns=tuple(column(name, rows.texts(name)) for name in fields),
        won=np.array([won for won in outcomes if won is not None], dtype=np.bool_),
        days=_days(rows, asked) if asked.date else None,
        keys=tuple(text.strip() for text in rows.texts(asked.group)) if asked.group else None,
        held_out=np.array(rows.test, dtype=np.bool_) if asked.test else None,
        champion=_champion(rows, asked) if asked.champion else None,
    )
    return Deals(history, len(outcomes) - len(history))


def _ended(text: str, asked: Asked) -> bool | None:
    """Whether a deal was won; None while it is open."""
    said = text.strip().casefold()
    if said == asked.won.strip().casefold():
        return True
    if said in EMPTY or (asked.lost and said != asked.lost.strip().casefold()):
        return None
    return False


def _one_outcome(texts: list[str], asked: Asked) -> str:
    counted = {text: texts.count(text) for text in sorted(set(texts))[:_SHOWN]}
    held = ", ".join(f"'{text}' ({count:,})" for text, count in counted.items())
    apart = f"'{asked.won}' from " + (f"'{asked.lost}'" if asked.lost else "anything else")
    return f"{asked.outcome} does not tell {apart}: it holds {held or 'nothing'}"


def _days(rows: _Rows, asked: Asked) -> Ints:
    texts = rows.texts(asked.date)
    days = [day_of(text.strip()) for text in texts]
    wrong = [
        f"{place}: '{text}' is not a date, as {asked.date} wants"
        for place, text, day in zip(rows.places, texts, days, strict=True)
        if day is None
    ]
    if wrong:
        raise HistoryUnusable(wrong, "write year-month-day: 2026-11-04")
    return np.array(days, dtype=np.int64)


def _champion(rows: _Rows, asked: Asked) -> Floats:
    found = column(asked.champion, rows.texts(asked.champion))
    if found.kind is not Kind.NUMBER:
        wrong = next((value for value in found.distinct if column("", [value]).kind is not Kind.NUMBER), "nothing")
        hint = "name the column with the score that each deal had"
        raise HistoryUnusable([f"--champion: '{asked.champion}' holds {wrong!r}, not numbers"], hint)
    return found.numbers
