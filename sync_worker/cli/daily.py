"""Every day: ``pull``, ``plan``, ``show``, ``approve``, ``reject``, ``apply``, ``run``."""

from dataclasses import replace
from typing import Annotated

import typer

from sync_worker.cli.command import command
from sync_worker.cli.errors import Exit
from sync_worker.cli.progress import watching
from sync_worker.cli.session import Session, login_name
from sync_worker.cli.wanting import Books, From, IsRebalance, Moves, beginning, wanted

Plan = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id, or the beginning of it.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; default: the login name.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, for the audit log.")]
AllRows = Annotated[bool, typer.Option("--all", help="Show every row.")]


def add_to(app: typer.Typer) -> None:
    """Register this group's commands."""
    for name, function in (
        ("pull", pull),
        ("plan", plan),
        ("show", show),
        ("approve", approve),
        ("reject", reject),
        ("apply", apply),
        ("run", run),
    ):
        command(app, name)(function)


def pull(
    session: Session,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read everything again; finds what has silently gone.")] = False,
) -> None:
    """Bring the CRM's records into the store."""
    from sync_worker.report.pulled import pulled

    with session.worker() as worker, watching(session.out) as watch:
        report = worker.pull(full=full, progress=watch)
    session.out.answer(*pulled(report))


def plan(  # noqa: PLR0913 - the command's options
    session: Session,
    books: Books = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit 3 when there is something to change.")] = False,
    rebalance: IsRebalance = False,
    moves: Moves = None,
    from_: From = None,
    every: AllRows = False,
) -> int:
    """Pull, decide, and seal what should change as a plan. Writes nothing to the CRM."""
    from sync_worker.report.plan import FEW, planned

    asked = wanted(rebalance=rebalance, books=books, moves=moves)
    with session.worker() as worker, watching(session.out) as watch:
        begins = beginning(from_, worker.config.schedule.time_zone, worker.parts.clock())
        report = worker.plan(wanted=replace(asked, effective_from=begins), progress=watch)
    session.out.answer(*planned(report, few=None if every else FEW))
    return Exit.CHANGES if check and report.plan is not None else Exit.OK


def show(
    session: Session,
    plan: Annotated[str, typer.Argument(metavar="[PLAN]", help="The plan's id; default: the latest.")] = "",
    *,
    every: AllRows = False,
) -> None:
    """Show a stored plan, and what became of its rows."""
    from sync_worker.report.plan import FEW, shown

    with session.worker(secrets=False) as worker:
        stored, names = worker.plan_of(plan), worker.names()
    session.out.answer(*shown(stored, names, few=None if every else FEW))


def approve(
    session: Session,
    plan: Plan,
    *,
    override: Annotated[
        list[str] | None, typer.Option("--override", metavar="GUARD", help="Let this guard pass, for this plan only.")
    ] = None,
    by: By = None,
    note: Note = "",
) -> None:
    """Let a plan be applied. Each guard that it trips must be named with --override."""
    from sync_worker.report.decided import approved

    with session.worker(secrets=False) as worker:
        stored = worker.approve(plan, by=by or login_name(), overrides=override or (), note=note)
    session.out.answer(*approved(stored))


def reject(session: Session, plan: Plan, *, by: By = None, note: Note = "") -> None:
    """Say no to a plan, for good."""
    from sync_worker.report.decided import rejected

    with session.worker(secrets=False) as worker:
        stored = worker.reject(plan, by=by or login_name(), note=note)
    session.out.answer(*rejected(stored))


def apply(session: Session, plan: Plan) -> int:
    """Write an approved plan to the CRM.

    Each row goes out only if nobody else has changed the account since.
    """
    from sync_worker.report.applied import applied, complete

    with session.worker() as worker, watching(session.out) as watch:
        chosen = worker.plan_of(plan).plan.id
        report, verified = worker.apply(chosen, progress=watch)
        stored = worker.plan_of(chosen)
    session.out.answer(*applied(report, verified, stored))
    return Exit.OK if complete(stored) else Exit.PARTLY


def run(
    session: Session,
    *,
    once: Annotated[bool, typer.Option("--once", help="One cycle, and then end.")] = False,
) -> int:
    """Work as a daemon, on the schedule, until stopped."""
    if once:
        return _one_cycle(session)
    from sync_worker.daemon import run as work

    return work(session.config())


def _one_cycle(session: Session) -> int:
    """The daily cycle, now: for cron and for schedulers of containers."""
    from sync_worker.core.model import PlanState
    from sync_worker.report.applied import applied, complete
    from sync_worker.report.plan import FEW, planned

    with session.worker() as worker, watching(session.out) as watch:
        report = worker.cycle(progress=watch)
        plan = report.planned.plan
        stored = worker.plan_of(plan.plan.id) if plan else None
    if stored is None or report.applied is None or report.verified is None:
        session.out.answer(*planned(report.planned, few=FEW))
        return Exit.GUARD if stored and stored.state is PlanState.HELD else Exit.OK
    session.out.answer(*applied(report.applied, report.verified, stored))
    return Exit.OK if complete(stored) else Exit.PARTLY
