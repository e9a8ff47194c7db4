"""``demo``: a whole run against a sandbox, from an empty folder to a second run that changes nothing."""

from pathlib import Path
from typing import Annotated

import typer

from sync_worker.cli.command import command
from sync_worker.cli.errors import Exit
from sync_worker.cli.session import Session
from sync_worker.cli.starting import Crm


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "demo")(demo)


def demo(  # noqa: PLR0913 - each is one switch of the command line
    session: Session,
    *,
    crm: Annotated[Crm, typer.Option("--crm", help="Whose dialect the sandbox speaks.")] = Crm.SALESFORCE,
    accounts: Annotated[int, typer.Option("--accounts", min=100, help="How many accounts the company has.")] = 2000,
    reps: Annotated[int, typer.Option("--reps", min=5, help="How many reps it has.")] = 25,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same company.")] = 7,
    folder: Annotated[Path, typer.Option("--folder", help="Where its state lies.")] = Path(".demo"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave the sandbox running.")] = False,
) -> int:
    """Watch books being refreshed in a CRM on this machine."""
    from sync_worker.cli.demo.play import play
    from sync_worker.cli.demo.sandbox import Company
    from sync_worker.cli.demo.views import outcome

    played = play(session, Company(crm, accounts=accounts, reps=reps, seed=seed), folder, keep=keep)
    session.out.answer(*outcome(played))
    return Exit.OK if played.ok else Exit.FAILED
