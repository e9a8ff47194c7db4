"""Looking into things: ``explain``, ``history``, ``signals``, ``audit``."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

from sync_worker.cli.command import command, group
from sync_worker.cli.errors import Exit
from sync_worker.cli.session import Session

audit_app = group("Read and check the audit log.")


def add_to(app: typer.Typer) -> None:
    """Register this group's commands."""
    command(app, "explain")(explain)
    command(app, "history")(history)
    command(app, "signals")(signals)


def explain(
    session: Session,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id or its name.")],
    *,
    at: Annotated[
        str, typer.Option("--at", metavar="DATE", help="As it was decided by then: 2026-11-04, or a time in UTC.")
    ] = "",
    why_not: Annotated[
        str, typer.Option("--why-not", metavar="REP", help="Why this rep (name, e-mail address, id) does not get it.")
    ] = "",
) -> None:
    """Say why an account is where it is, or does not go to a rep.

    Every rule that was tried with what it saw, every point, every owner.
    """
    from sync_worker.report import explanation as views
    from sync_worker.report.why_not import barred

    if at and why_not:
        raise typer.BadParameter("--at tells what was decided, --why-not what stands in the way now: give one of them")
    with session.worker(secrets=False) as worker:
        if why_not:
            view = barred(worker.why_not(account, why_not))
        else:
            view = views.past(worker.explain_at(account, at)) if at else views.explained(worker.explain(account))
    session.out.answer(*view)


def history(
    session: Session,
    account: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help="An account's id or name.")] = "",
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many lines at most.")] = 20,
) -> None:
    """List plans and runs, or who owned one account and why."""
    from sync_worker.history import ownership_of, past
    from sync_worker.report import history as views

    with session.worker(secrets=False) as worker, worker.store.read() as tx:
        view = views.owners(ownership_of(tx, account, limit)) if account else views.past(past(tx, limit))
    session.out.answer(*view)


def signals(
    session: Session,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many lines of each list.")] = 20,
) -> None:
    """Say what files told, and how much of it found its account."""
    from sync_worker.report.signals import signals as view
    from sync_worker.signals import told

    with session.worker(secrets=False) as worker:
        found = told(worker.parts, limit)
    session.out.answer(*view(found))


@command(audit_app, "verify")
def verify(session: Session) -> int:
    """Recompute the whole chain of the audit log. Exit 1 when it does not hold."""
    from sync_worker.report.audit import verified
    from sync_worker.store import audit

    with session.worker(secrets=False) as worker, worker.store.read() as tx:
        file = worker.config.audit.checkpoint
        found = audit.verify(tx, audit.read_checkpoint(file) if file else None)
    session.out.answer(*verified(found))
    return Exit.OK if found.ok else Exit.FAILED


@command(audit_app, "search")
def search(
    session: Session,
    *,
    account: Annotated[str | None, typer.Option("--account", metavar="ACCOUNT", help="Of this account.")] = None,
    plan: Annotated[str | None, typer.Option("--plan", metavar="PLAN", help="Of this plan.")] = None,
    since: Annotated[datetime | None, typer.Option("--since", help="From this time on, UTC.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The latest of them.")] = 100,
) -> None:
    """List audit entries, oldest first."""
    from sync_worker.history import find_account
    from sync_worker.report.audit import found
    from sync_worker.store import audit, plans

    start = since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since
    with session.worker(secrets=False) as worker, worker.store.read() as tx:
        whose = find_account(tx, account).ref.id if account else None
        which = plans.get(tx, plan).plan.id if plan else None
        entries = audit.search(tx, account=whose, plan=which, since=start, limit=limit)
    session.out.answer(*found(entries))


@command(audit_app, "export")
def export(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write; must not be there yet.")],
    *,
    values: Annotated[
        bool, typer.Option("--values/--no-values", help="With names and values, or hashes alone.")
    ] = True,
) -> None:
    """Write the audit log as JSON lines into a new file."""
    from sync_worker.report.audit import exported
    from sync_worker.store import audit

    with session.worker(secrets=False) as worker, worker.store.read() as tx, created(file) as out:
        entries = audit.export_jsonl(tx, out, values=values)
    session.out.answer(*exported(file, entries))


def created(file: Path) -> TextIO:
    """A new file that only its owner may read. Raises FileExistsError."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
