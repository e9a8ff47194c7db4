"""View of ``rules test``: which tests passed, why others did not, and what none of them exercises."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rules import Problem
from sync_worker.report.document import Heading, Items, Text, Tone, table
from sync_worker.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rules import Ruleset
    from rules.testing import Coverage, Covered, Failure, Result
    from sync_worker.report.document import Answer, Block, Document
    from sync_worker.rule_tests import Ran


def rules_tested(  # noqa: PLR0913 - what an answer depends on
    ran: Ran, rules: Ruleset, folder: Path, *, coverage: bool, least: float | None, brief: bool
) -> Answer:
    """``rules test``.

    ``least``: the share of the rules, in percent, that the tests must exercise; ``brief``: list only what failed.
    """
    too_little = least is not None and ran.coverage.share * 100 < least
    listed = ran.failed if brief else ran.results
    document: Document = (
        *([table("|test|where", [_row(result) for result in listed])] if listed else []),
        *failures(ran),
        *(_coverage(ran.coverage) if coverage else ()),
        *_warnings(ran),
        summary(ran),
    )
    if too_little:
        document += (Text(f"they exercise {ran.coverage.share:.1%}, and {least:g} % was asked for", Tone.BAD),)
    ok = not ran.failed and not too_little
    payload: dict[str, object] = {"ok": ok, "folder": folder, "version": rules.version, **told(ran)}
    return document, payload | ({"coverage": _measured(ran.coverage), "least": least} if coverage else {})


def with_tests(answer: Answer, ran: Ran) -> Answer:
    """Another command's answer, and what became of the tests: only those that failed are told one by one."""
    document, payload = answer
    ok = bool(payload.get("ok", True)) and not ran.failed
    return (*document, *failures(ran), *_warnings(ran), summary(ran)), {**payload, "ok": ok, "tests": told(ran)}


def misses(ran: Ran) -> list[Problem]:
    """What was expected in vain, each at its place, for those who mark lines."""
    return [
        Problem(mark.file, mark.line, mark.column, _missed_in(result, failure))
        for result in ran.failed
        for failure in result.failures
        for mark in (failure.expected.mark,)
    ]


def _missed_in(result: Result, failure: Failure) -> str:
    return f"{result.test.name}: {failure.expected.told}: expected {failure.wanted}, got {failure.got}"


def summary(ran: Ran) -> Text:
    """One line: how many passed, and how many of the rules they exercise."""
    if not ran.results:
        return Text("there are no tests beside the rules", Tone.QUIET)
    exercised = f"{len(ran.coverage.all) - len(ran.coverage.missed):,} of {len(ran.coverage.all):,}"
    if ran.failed:
        return Text(f"{count(len(ran.failed), 'test')} failed, {len(ran.passed):,} passed", Tone.BAD)
    return Text(f"{count(len(ran.passed), 'test')} passed; they exercise {exercised} rules, rows and terms", Tone.GOOD)


def told(ran: Ran) -> dict[str, object]:
    """The results as JSON."""
    return {
        "passed": len(ran.passed),
        "failed": len(ran.failed),
        "tests": [_told(result) for result in ran.results],
        "test_warnings": [asdict(one) for one in ran.warnings],
    }


def failures(ran: Ran) -> Iterator[Block]:
    """What failed, for commands that run the tests besides something else."""
    for result in ran.failed:
        yield from _failed(result)


def _warnings(ran: Ran) -> Iterator[Block]:
    if ran.warnings:
        yield Heading("Probably not meant")
        yield Items(tuple(Text(str(one), Tone.WARN) for one in ran.warnings))


def _row(result: Result) -> tuple[str, str, str]:
    return "ok" if result.passed else "FAILED", result.test.name, _place(result)


def _place(result: Result) -> str:
    return f"{result.test.mark.file}:{result.test.mark.line}"


def _failed(result: Result) -> Iterator[Block]:
    yield Heading(f"{result.test.name} ({_place(result)})")
    shown_already: set[tuple[str, ...]] = set()
    for failure in result.failures:
        yield Text(f"{failure.expected.told}: expected {failure.wanted}, got {failure.got}", Tone.BAD)
        if failure.why not in shown_already:
            yield Items(tuple(Text(line, Tone.QUIET) for line in failure.why))
        shown_already.add(failure.why)


def _told(result: Result) -> dict[str, object]:
    mark = result.test.mark
    return {
        "name": result.test.name,
        "file": mark.file,
        "line": mark.line,
        "on": result.test.on,
        "passed": result.passed,
        "failures": [_missed(failure) for failure in result.failures],
    }


def _missed(failure: Failure) -> dict[str, object]:
    mark = failure.expected.mark
    return {
        "what": failure.expected.told,
        "line": mark.line,
        "column": mark.column,
        "expected": failure.wanted,
        "got": failure.got,
        "why": failure.why,
    }


def _coverage(found: Coverage) -> Iterator[Block]:
    yield Heading("What the tests exercise")
    rows = [(section, hit, of, f"{hit / of:.0%}") for section, (hit, of) in found.sections().items()]
    total = len(found.all) - len(found.missed), len(found.all)
    yield table("section|>exercised|>of|>share", [*rows, ("together", *total, f"{found.share:.0%}")])
    if found.missed:
        yield Heading("Never exercised")
        yield table("section|rule|where|", [_never(one) for one in found.missed])


def _never(one: Covered) -> tuple[str, str, str, str]:
    late = f"holds in {count(one.held, 'test')}, always behind another" if one.held else ""
    return one.section, one.id, f"{one.mark.file}:{one.mark.line}", late


def _measured(found: Coverage) -> dict[str, object]:
    sections = {section: {"exercised": hit, "of": of} for section, (hit, of) in found.sections().items()}
    return {
        "share": round(found.share, 4),
        "exercised": len(found.all) - len(found.missed),
        "of": len(found.all),
        "sections": sections,
        "rules": [
            {"section": one.section, "id": one.id, "file": one.mark.file, "line": one.mark.line, "held": one.held,
             "decided": one.decided, "exercised": one.exercised}
            for one in found.all
        ],
    }  # fmt: skip
