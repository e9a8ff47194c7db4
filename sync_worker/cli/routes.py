"""Whose turn it is: ``routes``."""

import typer

from sync_worker.cli.command import command
from sync_worker.cli.session import Session


def add_to(app: typer.Typer) -> None:
    """Register this group's command."""
    command(app, "routes")(routes)


def routes(session: Session) -> None:
    """Show what each rep got of each route, and was entitled to.

    With weights, absences, caps, and the accounts that nobody may have. As of the latest pull; nothing is changed.
    """
    from sync_worker.report.routes import stood
    from sync_worker.routes import routes as look

    with session.worker(secrets=False) as worker:
        found = look(worker.parts)
    session.out.answer(*stood(found))
