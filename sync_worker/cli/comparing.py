"""What if: ``compare``, two policies side by side without a plan."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync_worker.cli.command import command
from sync_worker.cli.progress import watching
from sync_worker.cli.session import Session
from sync_worker.cli.wanting import IsRebalance, Moves, cap, wanted
from sync_worker.core.rebalance import Cap

if TYPE_CHECKING:
    from sync_worker.compare import Policy


def add_to(app: typer.Typer) -> None:
    """Register this group's command."""
    command(app, "compare")(compare)


Folder = Annotated[
    Path | None, typer.Argument(metavar="[FOLDER]", help="Other rules; default: the present ones.", show_default=False)
]
Against = Annotated[
    Cap | None,
    typer.Option("--against", metavar="5%|200", parser=cap, help="Rebalance with these moves, to compare with."),
]


def compare(  # noqa: PLR0913 - the command's options
    session: Session,
    folder: Folder = None,
    *,
    rebalance: IsRebalance = False,
    moves: Moves = None,
    against: Against = None,
    frontier: Annotated[bool, typer.Option("--frontier", help="Show what 0, 1, 2, 5 and 10% of moves buy.")] = False,
) -> None:
    """Show two policies side by side. Nothing is kept, nothing is written.

    The present rules beside another folder's; or the plan of the day beside a rebalance, or one beside another.
    """
    from sync_worker.compare import Policy
    from sync_worker.report.comparison import compared

    one, other = _policies(Policy("present rules"), folder, rebalance=rebalance, moves=moves, against=against)
    with session.worker(secrets=False) as worker, watching(session.out):
        found = worker.compare(one, other, frontier=frontier)
    session.out.answer(*compared(found))


def _policies(
    present: "Policy", folder: Path | None, *, rebalance: bool, moves: Cap | None, against: Cap | None
) -> tuple["Policy", "Policy"]:
    """Both sides. Raises BadParameter where they would be the same."""
    asked = wanted(rebalance=rebalance or against is not None, books=None, moves=moves)
    if folder is not None:
        if against is not None:
            raise typer.BadParameter("compare either with a folder or with other moves: leave one of them out")
        return replace(present, wanted=asked), replace(present, name=str(folder), folder=folder, wanted=asked)
    if asked.rebalance is None:
        raise typer.BadParameter("name a folder with other rules, or add --rebalance to compare with one")
    most = asked.rebalance.cap
    if against is None:
        return replace(present, name="the plan of the day"), replace(present, name=f"rebalance, {most}", wanted=asked)
    other = replace(asked, rebalance=replace(asked.rebalance, cap=against))
    one = replace(present, name=f"rebalance, {most}", wanted=asked)
    return one, replace(present, name=f"rebalance, {against}", wanted=other)
