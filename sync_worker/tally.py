"""What a run did, in a few numbers for its record and for the log. Pure; figures for people are made in ``report``."""

from __future__ import annotations

from collections import Counter
from functools import singledispatch
from typing import Any

from sync_worker.apply import ApplyReport, RecoverReport, VerifyReport
from sync_worker.core.model import RowKind
from sync_worker.cycle import CycleReport, PlanReport
from sync_worker.pull import PullReport
from sync_worker.rollback import RollbackReport
from sync_worker.store import cycles

PARTLY = "partly"


def tally(report: object) -> dict[str, int]:
    """The figures of a report, or of several in a tuple; zeros are left out, and what is no report has none."""
    return {name: number for name, number in _figures(report).items() if number}


def outcome(report: object) -> str:
    """``ok``, or ``partly`` where an apply ended before its last row."""
    if isinstance(report, CycleReport):
        report = (report.applied,)
    reports = report if isinstance(report, tuple) else (report,)
    stopped = any(isinstance(one, ApplyReport) and one.stopped for one in reports)
    return PARTLY if stopped else cycles.SUCCESS


def warnings(report: object) -> tuple[str, ...]:
    """What a run could not bring to an end, in words."""
    if isinstance(report, CycleReport):
        report = report.recovered
    return report.warnings if isinstance(report, RecoverReport) else ()


@singledispatch
def _figures(report: object) -> dict[str, int]:
    del report
    return {}


@_figures.register
def _several(reports: tuple) -> dict[str, int]:  # type: ignore[type-arg]  # singledispatch takes plain classes
    summed: Counter[str] = Counter()
    for report in reports:
        summed.update(_figures(report))
    return dict(summed)


@_figures.register
def _pulled(report: PullReport) -> dict[str, int]:
    names = ("pulled", "new", "changed", "deleted", "quarantined")
    streams = report.streams.values()
    return {name: sum(getattr(stream, name) for stream in streams) for name in names} | {"held": report.held}


@_figures.register
def _planned(report: PlanReport) -> dict[str, int]:
    kinds: Counter[Any] = Counter(row.row.kind for row in report.plan.rows) if report.plan else Counter()
    changes = {"owner_changes": kinds[RowKind.OWNER], "priority_writes": kinds[RowKind.PRIORITY]}
    return _pulled(report.pulled) | {"decisions_changed": report.decided.changed} | changes


@_figures.register
def _undone(report: RollbackReport) -> dict[str, int]:
    changes = {"owner_changes": len(report.plan.rows) if report.plan else 0, "left": len(report.left)}
    return _pulled(report.pulled) | {"decisions_changed": report.decided.changed} | changes


@_figures.register
def _applied(report: ApplyReport) -> dict[str, int]:
    return {f"rows_{state.value}": number for state, number in report.counts.items()}


@_figures.register
def _verified(report: VerifyReport) -> dict[str, int]:
    return {"verified": report.verified, "unread": report.unread} | _changed(report)


@_figures.register
def _recovered(report: RecoverReport) -> dict[str, int]:
    settled = {f"settled_{state.value}": number for state, number in report.settled.items()}
    return {"interrupted": report.interrupted, "unreadable": report.unreadable} | _changed(report) | settled


def _changed(report: VerifyReport | RecoverReport) -> dict[str, int]:
    """What others did to our writes, and our writes to what others had done."""
    return {"overwritten": len(report.overwritten), "overwrote": len(report.overwrote)}


@_figures.register
def _cycled(report: CycleReport) -> dict[str, int]:
    return _several((report.recovered, report.planned, report.applied, report.verified))
