"""Undoing what was written: ``rollback``."""

from typing import Annotated

import typer

from sync_worker.cli.command import command
from sync_worker.cli.daily import AllRows, Note, Plan
from sync_worker.cli.errors import Exit
from sync_worker.cli.progress import watching
from sync_worker.cli.session import Session, login_name


def add_to(app: typer.Typer) -> None:
    """Register this group's command."""
    command(app, "rollback")(rollback)


def rollback(  # noqa: PLR0913 - the command's options
    session: Session,
    plan: Plan,
    *,
    row: Annotated[
        list[int] | None, typer.Option("--row", metavar="N", min=1, help="Undo only this row; may be repeated.")
    ] = None,
    overwrote: Annotated[bool, typer.Option("--overwrote", help="Undo only what replaced a person's change.")] = False,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who asks; default: the login name.")] = None,
    note: Note = "",
    every: AllRows = False,
) -> int:
    """Make a plan that undoes another one.

    It gives accounts back to whom they had before, where nobody else has moved them since, and waits for approval like
    any other plan.
    """
    from sync_worker.report.plan import FEW
    from sync_worker.report.rollback import done, rolled_back

    with session.worker() as worker, watching(session.out) as watch:
        report = worker.rollback(
            plan, by=by or login_name(), rows=row or (), overwrote=overwrote, note=note, progress=watch
        )
    session.out.answer(*rolled_back(report, few=None if every else FEW))
    return Exit.OK if done(report) else Exit.FAILED
