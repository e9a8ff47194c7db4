"""Setting up: ``init``, ``doctor``, ``config show``."""

from pathlib import Path
from typing import Annotated

import typer

from sync_worker.cli.command import command, group
from sync_worker.cli.errors import Exit
from sync_worker.cli.session import Session
from sync_worker.cli.starting import Crm, Template

config_app = group("Look at the settings.")


def add_to(app: typer.Typer) -> None:
    """Register this group's commands."""
    command(app, "init")(init)
    command(app, "doctor")(doctor)


def init(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to write.")] = Path(),
    *,
    template: Annotated[Template, typer.Option("--template", help="Which rules to start from.")] = Template.STARTER,
    crm: Annotated[list[Crm] | None, typer.Option("--crm", help="Your CRM; name it twice if you have two.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Say what each template is for, and end.")] = False,
) -> None:
    """Write a config, rules and a place for secrets into a folder. Never overwrites."""
    from sync_worker.cli.starting import start
    from sync_worker.report.starting import started, templates

    if list_:
        session.out.answer(*templates(Template))
        return
    crms = tuple(one for one in Crm if one in (crm or [Crm.SALESFORCE]))
    session.out.answer(*started(start(folder, template, crms=crms)))


def doctor(session: Session) -> int:
    """Check all that a run needs, and say how to mend it."""
    from sync_worker.report.checks import checks

    with session.worker() as worker:
        found = worker.doctor()
    session.out.answer(*checks(found))
    return Exit.OK if all(check.ok is not False for check in found) else Exit.FAILED


@command(config_app, "show")
def show(
    session: Session,
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
) -> None:
    """Show every setting, secrets hidden."""
    from sync_worker.report.settings import settings

    session.out.answer(*settings(session.loaded(), origin=origin))
