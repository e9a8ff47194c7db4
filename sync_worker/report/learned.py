"""View of ``learn``: the verdict, what was measured, the table, suspects, the ideal customer, what to do next."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from sync_worker.core.scorecard.learning import Judge, Verdict
from sync_worker.report.document import Commands, Fields, Heading, Items, Text, Tone, table
from sync_worker.report.words import day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync_worker.core.scorecard.learning import Learned, Scorecard
    from sync_worker.core.scorecard.metrics import Figure, Metrics
    from sync_worker.core.scorecard.points import Field, Line
    from sync_worker.core.scorecard.profile import Trait
    from sync_worker.learning.study import Studied
    from sync_worker.report.document import Answer, Block

_TONES = {
    Verdict.LEARNED: Tone.GOOD,
    Verdict.NO_SIGNAL: Tone.WARN,
    Verdict.TOO_FEW: Tone.WARN,
    Verdict.CHAMPION_STAYS: Tone.WARN,
}


def studied(found: Studied, written: Path | None) -> Answer:
    """``learn``. ``written`` is the rule file, if one was written."""
    learned = found.learned
    blocks: list[Block] = [Text(f"{learned.verdict.value}: {learned.why}", _TONES[learned.verdict])]
    blocks.append(Fields(tuple(_history(found))))
    if learned.scorecard is not None:
        blocks += _measured(learned.scorecard)
        blocks += [Heading("Points"), table("field|~value|>points|>deals|>won", _points(learned.scorecard))]
    blocks += _suspected(learned)
    if learned.scorecard is not None:
        blocks += _ideal(found.profile)
        blocks += [Heading("What a score meant"), table(">score|>deals|>won|>expected", _bands(learned.scorecard))]
    blocks += _next(found, written)
    return tuple(blocks), _payload(found, written)


def _history(found: Studied) -> Iterator[tuple[str, str]]:
    learned = found.learned
    left_out = f"; {found.open:,} without an outcome left out" if found.open else ""
    yield "deals", f"{learned.rows:,}, {learned.won:,} of them won{left_out}"
    if learned.copies:
        yield "copies", f"{learned.copies:,} ({learned.copies / learned.rows:.1%}), kept together with what they repeat"
    if learned.verdict is not Verdict.TOO_FEW:
        yield "judged by", _judge(learned)


def _judge(learned: Learned) -> str:
    if learned.judge is Judge.CROSSED:
        return "10 cross-validations in 5 parts; without dates, nobody knows whether it held in the newest period"
    if learned.since is None:
        return f"the rows set apart; {learned.taught:,} deals taught"
    return f"the newest period, from {day(_time(learned.since))} on; {learned.taught:,} older deals taught"


def _time(ordinal: int) -> datetime:
    return datetime.combine(date.fromordinal(ordinal), time(), UTC)


def _measured(made: Scorecard) -> Iterator[Block]:
    yield Heading("Measured")
    rivals = made.champion
    titles = "measure|>value|>95 %" + ("|>points in force|>95 %" if rivals else "")
    yield table(titles, [*_ranking(made.metrics, rivals), *_others(made, blank=2 if rivals else 0)])


def _ranking(own: Metrics, rival: Metrics | None) -> Iterator[tuple[str, ...]]:
    for name, key in (("AUC", "auc"), ("lift at 10 %", "lift_10"), ("lift at 20 %", "lift_20")):
        cells = [each for metrics in (own, rival) if metrics for each in _cells(getattr(metrics, key))]
        yield name, *cells


def _others(made: Scorecard, blank: int) -> Iterator[tuple[str, ...]]:
    rest = ("",) * blank
    yield "calibration error", *_cells(made.calibration), *rest
    if made.metrics != made.crossed:
        yield "AUC by cross-validation among the deals that taught", *_cells(made.crossed.auc), *rest
    if made.gain is not None:
        yield "AUC above the points in force", *_cells(made.gain, signed=True), *rest


def _cells(figure: Figure, *, signed: bool = False) -> tuple[str, str]:
    form = "+.3f" if signed else ".3f"
    return f"{figure.value:{form}}", f"{figure.low:{form}} to {figure.high:{form}}"


def _points(made: Scorecard) -> Iterator[tuple[str, ...]]:
    for field in _by_weight(made):
        for line in field.lines:
            if line.rows:
                yield field.name, line.bin.said, str(line.points), f"{line.rows:,}", _rate(line.won, line.rows)


def _by_weight(made: Scorecard) -> list[Field]:
    return sorted((field for field in made.table.fields if field.most), key=lambda field: -field.most)


def _rate(won: int, rows: int) -> str:
    return f"{won / rows:.0%}" if rows else ""


def _suspected(learned: Learned) -> Iterator[Block]:
    if learned.suspects:
        yield Heading("Fields that may know the outcome")
        told = [
            f"{each.field}: {each.sign.value}, {'set aside' if each.aside else 'used'}: {each.evidence}"
            for each in learned.suspects
        ]
        yield Items(tuple(Text(line, Tone.WARN) for line in told))
    if learned.unusable:
        yield Heading("Columns that no table can hold")
        yield Items(tuple(Text(f"{each.field}: {each.why}") for each in learned.unusable))


def _ideal(profile: tuple[Trait, ...]) -> Iterator[Block]:
    if profile:
        yield Heading("The ideal customer")
        rows = [
            (
                each.subject.value,
                each.field.name,
                "; ".join(line.bin.said for line in each.best),
                f"{each.rows:,}",
                _rate(each.won, each.rows),
            )
            for each in profile
        ]
        yield table("of the|field|~value|>deals|>won", rows)


def _bands(made: Scorecard) -> Iterator[tuple[str, ...]]:
    for band in reversed(made.bands):
        yield f"{band.low} to {band.high}", f"{band.rows:,}", _rate(band.won, band.rows), f"{band.chance:.0%}"


def _next(found: Studied, written: Path | None) -> Iterator[Block]:
    if written is not None:
        yield Text(f"the rules are in {written}: read every line, change what you know better, commit them", Tone.GOOD)
        if found.renamed:
            named = ", ".join(f"{name} as {word}" for name, word in found.renamed.items())
            yield Text(f"rules call {named}: name these fields so under [fields.accounts]", Tone.WARN)
        yield Commands((("sync-worker rules check", "once the file lies in the rules folder"),))
    elif found.rules:
        yield Text("nothing was written: --write FILE writes the table as a rule file", Tone.QUIET)


# As JSON


def _payload(found: Studied, written: Path | None) -> dict[str, object]:
    learned, made = found.learned, found.learned.scorecard
    return {
        "verdict": learned.verdict.name.lower(),
        "why": learned.why,
        "deals": learned.rows,
        "won": learned.won,
        "open": found.open,
        "copies": learned.copies,
        "judge": learned.judge.name.lower(),
        "taught": learned.taught,
        "since": None if learned.since is None else date.fromordinal(learned.since),
        "used": learned.used,
        "suspects": [
            {"field": each.field, "sign": each.sign.name.lower(), "evidence": each.evidence, "aside": each.aside}
            for each in learned.suspects
        ],
        "unusable": learned.unusable,
        "scorecard": _scorecard(made) if made else None,
        "profile": [
            {
                "of": each.subject.value,
                "field": each.field.name,
                "values": [line.bin.said for line in each.best],
                "deals": each.rows,
                "won": each.won,
            }
            for each in found.profile
        ],
        "renamed": found.renamed,
        "written": written,
    }


def _scorecard(made: Scorecard) -> dict[str, object]:
    return {
        "metrics": made.metrics,
        "calibration": made.calibration,
        "cross_validation": made.crossed,
        "champion": made.champion,
        "gain": made.gain,
        "tiers": made.tiers,
        "bands": made.bands,
        "fields": [
            {"field": field.name, "most": field.most, "values": [_line(line) for line in field.lines if line.rows]}
            for field in _by_weight(made)
        ],
    }


def _line(line: Line) -> dict[str, object]:
    return {"value": line.bin.said, "points": line.points, "deals": line.rows, "won": line.won}
