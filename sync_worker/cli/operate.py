"""Operating: ``status``, ``health``, ``pause``, ``resume``."""

from typing import TYPE_CHECKING, Annotated

import typer

from sync_worker.cli.command import command
from sync_worker.cli.errors import Exit
from sync_worker.cli.session import Session, login_name

if TYPE_CHECKING:
    from sync_worker.status import Health

By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who says so; default: the login name.")]


def add_to(app: typer.Typer) -> None:
    """Register this group's commands."""
    for name, function in (("status", status), ("health", health), ("pause", pause), ("resume", resume)):
        command(app, name)(function)


def status(session: Session) -> None:
    """Say what ran, what waits, what it cost, and what needs a person."""
    from sync_worker.report.status import status as view

    with session.worker(secrets=False) as worker:
        found = worker.status()
    session.out.answer(*view(found))


def health(
    session: Session,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the running daemon whether its work loop is alive, and nothing else.")
    ] = False,
) -> int:
    """Exit 0 when the worker can do its work, 1 when not; for probes."""
    from sync_worker.report.status import health as view

    found = _asked(session) if live else _looked(session)
    session.out.answer(*view(found))
    return Exit.OK if found.ready else Exit.FAILED


def _looked(session: Session) -> "Health":
    with session.worker(secrets=False) as worker:
        return worker.health()


def _asked(session: Session) -> "Health":
    from sync_worker.daemon.probe import ask
    from sync_worker.status import Health

    answer = ask(session.config(secrets=False).server)
    return Health(answer.alive, {"work loop": "" if answer.alive else answer.message})


def pause(
    session: Session,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever finds it paused.")],
    by: By = None,
) -> None:
    """Stop all new writes within five seconds, until someone resumes."""
    from sync_worker.report.status import paused

    who = by or login_name()
    with session.worker(secrets=False) as worker:
        worker.pause(by=who, reason=reason)
    session.out.answer(*paused(who, reason))


def resume(session: Session, *, by: By = None) -> None:
    """Let the worker write again."""
    from sync_worker.report.status import resumed

    who = by or login_name()
    with session.worker(secrets=False) as worker:
        paused = worker.resume(by=who)
    session.out.answer(*resumed(who, paused=paused))
