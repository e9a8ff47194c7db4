"""How soon accounts are touched, and who looks after them meanwhile: ``levels``."""

import typer

from sync_worker.cli.command import command
from sync_worker.cli.session import Session


def add_to(app: typer.Typer) -> None:
    """Register this group's command."""
    command(app, "levels")(levels)


def levels(session: Session) -> None:
    """Show first touches that are due or missed, and covers.

    By the clocks of the owners, with who is away and who looks after what. As of the latest pull; nothing is changed.
    """
    from sync_worker.levels import looked_after
    from sync_worker.report.levels import stood

    with session.worker(secrets=False) as worker:
        found = looked_after(worker.parts)
    session.out.answer(*stood(found))
