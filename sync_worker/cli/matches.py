"""``matches``: which accounts leads and files are about, and people's word on it."""

from enum import StrEnum
from typing import Annotated

import typer

from sync_worker.cli.command import command, group
from sync_worker.cli.session import Session, login_name

app = group("Which accounts leads and files are about, and your word on it.")

Pair = Annotated[str, typer.Argument(metavar="MATCH", help="The match's id, or the beginning of it.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; default: the login name.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, for the audit log.")]


class State(StrEnum):
    """How a match stands."""

    REVIEW = "review"
    LINKED = "linked"
    NONE = "none"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Source(StrEnum):
    """What is matched."""

    LEADS = "leads"
    SIGNALS = "signals"


@command(app, "list")
def listed(
    session: Session,
    *,
    state: Annotated[State, typer.Option("--state", help="Which of them; default: what waits for you.")] = State.REVIEW,
    of: Annotated[Source | None, typer.Option("--of", help="Of leads alone, or of files' signals.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many lines at most.")] = 20,
) -> None:
    """List matches, how many were found, and those that wait."""
    from sync_worker.matches import told
    from sync_worker.report.matches import matched

    with session.worker(secrets=False) as worker:
        found = told(worker.parts, state.value, of.value if of else "", limit)
    session.out.answer(*matched(found))


@command(app, "accept")
def accept(session: Session, match: Pair, *, by: By = None, note: Note = "") -> None:
    """Say that it is this account; wins over all but an id."""
    _judge(session, match, accepted=True, by=by, note=note)


@command(app, "reject")
def reject(session: Session, match: Pair, *, by: By = None, note: Note = "") -> None:
    """Say that it is not: the pair is never proposed again."""
    _judge(session, match, accepted=False, by=by, note=note)


def _judge(session: Session, match: str, *, accepted: bool, by: str | None, note: str) -> None:
    from sync_worker.matches import judge
    from sync_worker.report.matches import judged

    with session.worker(secrets=False) as worker:
        pair = judge(worker.parts, match, accepted=accepted, by=by or login_name(), note=note)
    session.out.answer(*judged(pair, accepted=accepted))
