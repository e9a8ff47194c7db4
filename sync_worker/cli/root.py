"""The whole command line, put together. Says which commands exist and in which order help shows them."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from sync_worker import __version__
from sync_worker.cli import (
    comparing,
    daily,
    database,
    demo,
    learn,
    levels,
    look,
    market,
    matches,
    operate,
    rollback,
    routes,
    rules,
    sandbox,
    setup,
)
from sync_worker.cli.command import declare, group, options_of, report
from sync_worker.cli.errors import Exit, Failure
from sync_worker.cli.output import Format, Output

app = group("Keeps sales teams' books of accounts fresh: rules in files, reviewed plans, safe write-back to the CRM.")

for part in (setup, daily, comparing, rollback, look, routes, levels, learn, market, operate):
    part.add_to(app)
app.add_typer(rules.app, name="rules")
app.add_typer(setup.config_app, name="config")
app.add_typer(matches.app, name="matches")
app.add_typer(look.audit_app, name="audit")
app.add_typer(database.app, name="db")
app.add_typer(sandbox.app, name="sandbox")
demo.add_to(app)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the flag's value
    if wanted:
        typer.echo(f"sync-worker {__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    **given: Any,  # noqa: ANN401 - Typer has checked them
) -> None:
    del version
    ctx.obj = options_of(given)


declare(_root, own=_root)
app.callback()(_root)


def run(arguments: Sequence[str]) -> int:
    """Run with these arguments; the result is the exit code."""
    try:
        return int(app(list(arguments), prog_name="sync-worker", standalone_mode=False) or Exit.OK)
    except typer.TyperException as error:
        return _usage(error, _output(arguments))
    except (typer.Abort, KeyboardInterrupt):
        report(_output(arguments), Failure("interrupted", "interrupted", exit_code=Exit.INTERRUPTED))
        return Exit.INTERRUPTED


def _usage(error: typer.TyperException, out: Output) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "sync-worker"
    message = error.format_message().replace(": Value error, ", ": ")  # the validation library's own words
    if "\n" in message:
        # A group typed alone answers with its help.
        typer.echo(message, err=True)
        return Exit.USAGE
    report(out, Failure("usage", message, f"'{path} --help' shows how it is typed", Exit.USAGE))
    return Exit.USAGE


def _output(arguments: Sequence[str]) -> Output:
    """Before a command runs, only the arguments themselves tell which form was asked for."""
    typed = " ".join(arguments).replace("--format=", "--format ")
    return Output(Format.JSON if "--format json" in typed else Format.TEXT)
