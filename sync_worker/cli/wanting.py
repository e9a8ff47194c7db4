"""What ``plan`` and ``compare`` take besides: a rebalance, its most moves, and the day from which a plan holds."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from sync_worker.core.rebalance import FIVE_PER_CENT, Cap, Rebalance, Wanted


def cap(text: str) -> Cap:
    """``5%`` or ``200``."""
    number = text.strip().removesuffix("%")
    try:
        found = Cap(share=float(number) / 100) if text.strip().endswith("%") else Cap(most=int(number))
    except ValueError:
        raise typer.BadParameter(
            f"'{text}': write a share of the owned accounts, like 5%, or a number, like 200"
        ) from None
    if not (0 <= (found.share or 0.0) <= 1 and (found.most or 0) >= 0):
        raise typer.BadParameter(f"'{text}': write a share from 0% to 100%, or a number from 0")
    return found


def day(text: str) -> date:
    """``2026-12-01``."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}': write a day like 2026-12-01") from None


Books = Annotated[
    list[str] | None,
    typer.Argument(metavar="[BOOK...]", help="With --rebalance: only these books.", show_default=False),
]
IsRebalance = Annotated[bool, typer.Option("--rebalance", help="Let owned accounts move, so that books are even.")]
Moves = Annotated[
    Cap | None,
    typer.Option("--moves", metavar="5%|200", parser=cap, help="Most accounts to take from owners; default: 5%."),
]
From = Annotated[
    date | None, typer.Option("--from", metavar="DAY", parser=day, help="Write nothing of it before this day.")
]


def wanted(*, rebalance: bool, books: Sequence[str] | None, moves: Cap | None) -> Wanted:
    """What these options ask for. Raises BadParameter where they do not go together."""
    if not rebalance and (books or moves is not None):
        raise typer.BadParameter("books and --moves belong to a rebalance: add --rebalance")
    return Wanted(Rebalance(tuple(books or ()), moves or FIVE_PER_CENT) if rebalance else None)


def beginning(chosen: date | None, zone: str, now: datetime) -> datetime | None:
    """The first instant of the day where the schedule's clock stands. Raises BadParameter unless it is to come."""
    if chosen is None:
        return None
    found = datetime.combine(chosen, time.min, ZoneInfo(zone)).astimezone(UTC)
    if found <= now:
        raise typer.BadParameter(f"{chosen.isoformat()} has begun already: leave --from out, or name a day to come")
    return found
