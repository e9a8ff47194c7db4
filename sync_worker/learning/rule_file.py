"""A learned table as text in the rule language, for a person to read, change and commit."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rules import FieldInfo, Ruleset, Type, Vocabulary, load
from sync_worker.core.scorecard.bins import Bin, BinKind, digits
from sync_worker.core.scorecard.columns import Kind
from sync_worker.core.scorecard.names import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sync_worker.core.scorecard.columns import Column
    from sync_worker.core.scorecard.learning import Scorecard
    from sync_worker.core.scorecard.points import Field

TYPES = {Kind.NUMBER: Type.NUMBER, Kind.TEXT: Type.TEXT, Kind.YES_NO: Type.BOOLEAN}
_TAKEN = frozenset(re.findall(r"\w+", "and between empty false in is like not or true"))
"""Words that a condition takes for its own."""
_LONGEST = 40
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Term:
    """Bins of one field that give the same points, as one condition."""

    when: str
    points: int
    because: str


def rule_text(
    made: Scorecard, *, score: str, subjects: Mapping[str, Subject], preface: Sequence[str], called: Mapping[str, str]
) -> str:
    """A rule file with one score. ``called`` has each field's name in the rules; ``preface`` are lines of comment."""
    lines = [*(f"# {line}".rstrip() for line in preface), "version: 1", "", "scores:"]
    lines += [f"  - id: {score}", "    max: 100", "    parts:"]
    for subject in Subject:
        fields = [field for field in made.table.fields if field.most and subjects[field.name] is subject]
        if fields:
            lines += [
                f"      {subject.value}:",
                f"        max: {sum(field.most for field in fields)}",
                "        terms:",
            ]
            lines += [line for field in fields for line in _field(field, called[field.name])]
    tiers = ", ".join(f"{name}: {floor}" for name, floor in made.tiers.items())
    return "\n".join([*lines, f"    tiers: {{{tiers}}}", ""])


def rule_names(fields: Sequence[str]) -> dict[str, str]:
    """What rules call the columns: their own names where these are words, else words made of them; no two alike."""
    found: dict[str, str] = {}
    for name in fields:
        word = _word(name)
        while word.lower() in {other.lower() for other in found.values()}:
            word += "_2"
        found[name] = word
    return found


def _word(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", name) and name.lower() not in _TAKEN:
        return name
    word = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")[:50]
    return word if word and not word[0].isdigit() and word not in _TAKEN else f"field_{word}".rstrip("_")


def _field(field: Field, called: str) -> Iterator[str]:
    slug = re.sub(r"[^a-z0-9]+", "-", called.lower()).strip("-")[:_LONGEST] or "field"
    for number, term in enumerate(terms(field, called), 1):
        yield f"          - id: {slug}-{number}"
        yield f"            when: {_quoted(term.when)}"
        yield f"            points: {term.points}"
        yield f"            because: {_quoted(term.because)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def terms(field: Field, called: str) -> Iterator[Term]:
    """The field's conditions, those that give points; what stands together and gives the same points is one."""
    ranges = [line for line in field.lines if line.bin.kind is BinKind.RANGE]
    levels = [line for line in field.lines if line.bin.kind is BinKind.LEVEL]
    listed = ", ".join(_literal(line.bin.level, field) for line in levels)
    for points, run in groupby(ranges, key=lambda line: line.points):
        met = list(run)
        yield from _term(called, points, Bin(BinKind.RANGE, met[0].bin.low, met[-1].bin.high))
    for points in sorted({line.points for line in levels}, reverse=True):
        yield from _levels(called, points, [line.bin.level for line in levels if line.points == points], field)
    for line in field.lines:
        if line.bin.kind in (BinKind.OTHERS, BinKind.EMPTY):
            yield from _term(called, line.points, line.bin, listed)


def _term(called: str, points: int, each: Bin, listed: str = "") -> Iterator[Term]:
    if points:
        yield Term(_condition(called, each, listed), points, _because(called, each.said))


def _condition(called: str, each: Bin, listed: str) -> str:
    if each.kind is BinKind.EMPTY:
        return f"{called} is empty"
    bounds = [f"{called} >= {digits(each.low)}"] if each.low is not None else []
    bounds += [f"{called} < {digits(each.high)}"] if each.high is not None else []
    # A comparison with an empty value is false, and 'not in' is true.
    beside = [f"{called} not in ({listed})"] if listed else []
    return " and ".join(bounds or [f"{called} is not empty", *beside])


def _levels(called: str, points: int, levels: Sequence[str], field: Field) -> Iterator[Term]:
    if points:
        literals = [_literal(level, field) for level in levels]
        when = f"{called} = {literals[0]}" if len(literals) == 1 else f"{called} in ({', '.join(literals)})"
        yield Term(when, points, _because(called, " or ".join(levels)))


def _because(called: str, said: str) -> str:
    text = f"{called.replace('_', ' ').strip()}: {said}"
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"


def _literal(level: str, field: Field) -> str:
    return level if field.bins.kind is Kind.YES_NO else "'" + level.replace("'", "''") + "'"


def vocabulary(columns: Sequence[Column], called: Mapping[str, str]) -> Vocabulary:
    """The words of a rule file about these columns. Dates are not among them: a rule reads them against today."""
    fields = {
        called[each.name]: FieldInfo(called[each.name], TYPES[each.kind]) for each in columns if each.kind in TYPES
    }
    return Vocabulary(account=fields, rep={})


def loaded(text: str, words: Vocabulary) -> Ruleset:
    """The rules of this one file. Raises RulesInvalid."""
    with tempfile.TemporaryDirectory(prefix="sync-worker-") as folder:
        (Path(folder) / "rules.yaml").write_text(text, encoding="utf-8")
        return load(Path(folder), words)
