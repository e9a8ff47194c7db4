"""``rules``: the rule files, checked and described."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sync_worker.cli.command import command, group
from sync_worker.cli.output import write
from sync_worker.cli.session import Session

app = group("Check and describe the rule files.")


@command(app, "check")
def check(session: Session) -> None:
    """Read every rule file and tell every mistake with its place. Exit 4 when there are any."""
    from rules import strangers
    from sync_worker.report.rules import checked
    from sync_worker.store import lookup

    with session.worker() as worker:
        ruleset = worker.load_rules()
        with worker.store.read() as tx:
            addresses = {str(user.fields.get("email") or "").lower() for user in lookup.users(tx)}
    # Before the first pull nobody is known, so nobody can be a stranger.
    unknown = strangers(ruleset.reps, addresses) if addresses else ()
    folder = session.config(secrets=False).rules.folder
    session.out.answer(*checked(ruleset, (*ruleset.warnings, *unknown), folder))


@command(app, "schema")
def schema(
    session: Session,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """Write the JSON Schema of rule files, for editors.

    It holds this org's own fields and picklist values.
    """
    import json

    from rules import json_schema, with_rep_files
    from sync_worker.report.rules import written

    with session.worker() as worker:
        words = with_rep_files(worker.config.rules.folder, worker.vocabulary())
    text = json.dumps(json_schema(words), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        write(sys.stdout, text)
    else:
        output.write_text(text, encoding="utf-8")
        session.out.answer(*written(output))
