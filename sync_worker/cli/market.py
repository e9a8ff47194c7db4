"""The market and its whitespace: ``market``."""

from typing import Annotated

import typer

from sync_worker.cli.command import command
from sync_worker.cli.session import Session
from sync_worker.core.market.whitespace import Among


def add_to(app: typer.Typer) -> None:
    """Register this group's command."""
    command(app, "market")(market)


def market(  # noqa: PLR0913 - the command's options
    session: Session,
    *,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="A field, table output or segment scheme; book; owner.")
    ] = "",
    value: Annotated[
        str, typer.Option("--value", metavar="FIELD", help="A number to add up: a field or a table's output.")
    ] = "",
    renewal: Annotated[
        str, typer.Option("--renewal", metavar="FIELD", help="When contracts end; default: renewal_date.")
    ] = "",
    top: Annotated[
        int, typer.Option("--top", min=0, max=1000, help="Look-alikes of each territory; 0: look for none.")
    ] = 5,
    among: Annotated[Among, typer.Option("--among", help="Unowned accounts alone, or all prospects.")] = Among.UNOWNED,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="FIELD", help="Learn from a suspect field all the same.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=5000, help="Territories with a line of their own.")] = 30,
) -> None:
    """Count customers and whitespace; find accounts like those won.

    By territory, with motions and renewals. Look-alikes are told by what customers have in common, if that can be told.
    """
    from sync_worker.cli.progress import watching
    from sync_worker.market import Asked
    from sync_worker.market import market as look
    from sync_worker.report.market import market as view

    asked = Asked(by=by, value=value, renewal=renewal, top=top, among=among, keep=tuple(keep or ()))
    with session.worker(secrets=False) as worker, watching(session.out) as watch:
        worker.parts.watch = watch
        found = look(worker.parts, asked)
    session.out.answer(*view(found, limit))
