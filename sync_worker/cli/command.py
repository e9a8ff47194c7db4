"""How a command is declared: its own arguments plus those that every command has, and one place that catches errors."""

import functools
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Concatenate

import typer

from sync_worker.cli.errors import Exit, Failure, failure_of
from sync_worker.cli.output import Format, Output, write
from sync_worker.cli.session import Options, Session

SHARED: dict[str, Any] = {
    "config": Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", envvar="SYNC_WORKER_CONFIG", help="Config file (config.toml)."),
    ],
    "profile": Annotated[
        str | None,
        typer.Option("--profile", metavar="NAME", envvar="SYNC_WORKER_PROFILE", help="Use [profile.NAME.…] too."),
    ],
    "set": Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one setting.")],
    "format": Annotated[Format | None, typer.Option("--format", help="text (default) or json.")],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Leave out progress and notes.")],
    "no_color": Annotated[bool, typer.Option("--no-color", help="No colour; NO_COLOR does the same.")],
    "debug": Annotated[bool, typer.Option("--debug", help="Show the full trace of an error.")],
}
"""The options that every command has, with their types."""

_DEFAULTS: dict[str, object] = dict.fromkeys(SHARED) | {"quiet": False, "no_color": False, "debug": False}


def group(help_: str) -> typer.Typer:
    """A group of commands that shows its help when it is typed alone."""
    return typer.Typer(
        help=help_,
        no_args_is_help=True,
        add_completion=False,
        # Rich help would cost a third of a command's start.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )


def command(
    app: typer.Typer, name: str
) -> Callable[[Callable[Concatenate[Session, ...], int | None]], Callable[..., None]]:
    """Registers ``function(session, …)`` under a name. It returns its exit code, or None for 0."""

    def register(function: Callable[Concatenate[Session, ...], int | None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(ctx: typer.Context, **given: Any) -> None:  # noqa: ANN401 - Typer has checked them
            options = options_of(given)
            weaker = ctx.obj if isinstance(ctx.obj, Options) else Options()
            raise typer.Exit(guarded(Session.of(options.over(weaker)), functools.partial(function, **given)))

        declare(run, own=function)
        app.command(name)(run)
        return run

    return register


def options_of(given: dict[str, Any]) -> Options:
    """The shared options, taken out of what Typer has parsed."""
    shared = {name: given.pop(name, _DEFAULTS[name]) for name in SHARED}
    return Options(**shared | {"set": tuple(shared["set"] or ())})


def guarded(session: Session, body: Callable[[Session], int | None]) -> int:
    """Run a command's body; an exception becomes a failure with its exit code."""
    try:
        return body(session) or Exit.OK
    except typer.Exit as ended:
        return ended.exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where errors become messages
        failure = failure_of(error)
        if session.options.debug:
            traceback.print_exc()
        report(session.out, failure)
        return failure.exit_code


def report(out: Output, failure: Failure) -> None:
    """The message on stderr; with ``--format json`` also an object on stdout."""
    for line in failure.lines():
        out.complain(line)
    if out.format is Format.JSON:
        from sync_worker.report.encode import answer

        told: dict[str, object] = {"kind": failure.kind, "message": failure.message, "hint": failure.hint}
        told |= {"exit_code": int(failure.exit_code), "problems": failure.problems}
        write(sys.stdout, answer({"error": told}) + "\n")


def declare(run: Callable[..., None], own: Callable[..., Any]) -> None:
    """Give a runner the signature that Typer reads: the context, ``own``'s arguments after its first, the shared."""
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    typed = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(own).parameters.values())[1:]
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[name], annotation=annotation)
        for name, annotation in SHARED.items()
    ]
    signature = inspect.Signature([context, *typed, *shared])
    vars(run).pop("__wrapped__", None)
    run.__signature__ = signature  # type: ignore[attr-defined]  # inspect reads it, its type does not name it
    run.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
