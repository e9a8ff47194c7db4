"""``rules``: the rule files, checked and described."""

from pathlib import Path
from typing import Annotated

import typer

from sync_worker.cli.command import command, group
from sync_worker.cli.session import Session

app = group("Check and describe the rule files.")


@command(app, "check")
def check(session: Session) -> None:
    """Read every rule file and tell every mistake with its place. Exit 4 when there are any."""
    from sync_worker.report.rules import checked

    with session.worker() as worker:
        ruleset = worker.load_rules()
    session.out.answer(*checked(ruleset, session.config(secrets=False).rules.folder))


@command(app, "schema")
def schema(
    session: Session,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """Write the JSON Schema of rule files, with this org's fields and values, for completion in an editor."""
    raise NotImplementedError
