"""``sandbox``: the emulated CRM on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from sync_worker.cli.command import command, group
from sync_worker.cli.session import Session

app = group("Run an emulated CRM on this machine.")


@command(app, "serve")
def serve(  # noqa: PLR0913 - each is one switch of the command line
    session: Session,
    *,
    crm: Annotated[str, typer.Option("--crm", help="Whose dialect: salesforce or hubspot.")] = "salesforce",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free port.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same company.")] = 7,
    accounts: Annotated[int, typer.Option("--accounts", min=1, help="How many accounts it has.")] = 2000,
    reps: Annotated[int, typer.Option("--reps", min=1, help="How many reps it has.")] = 25,
    effects: Annotated[
        Path | None, typer.Option("--effects", metavar="FILE", help="Log each effective change, one JSON line each.")
    ] = None,
    faults: Annotated[
        Path | None, typer.Option("--faults", metavar="FILE", help="Fail on request, as this plan says.")
    ] = None,
    daily_limit: Annotated[
        int | None, typer.Option("--daily-limit", min=1, help="API calls a day; the CRM's own number by default.")
    ] = None,
    burst_limit: Annotated[
        int, typer.Option("--burst-limit", min=1, help="HubSpot: API calls in any ten seconds.")
    ] = 190,
    search_lag: Annotated[
        float, typer.Option("--search-lag", min=0, metavar="SECONDS", help="HubSpot: how late searches see a change.")
    ] = 5.0,
    jwt_key: Annotated[
        Path | None, typer.Option("--jwt-key", metavar="FILE", help="The public key (PEM) for logging in with a JWT.")
    ] = None,
) -> None:
    """Serve until interrupted. Prints one JSON line with its address and credentials when it is ready."""
    from connectors.sandbox import serve as run

    del session
    run(
        crm, port=port, seed=seed, accounts=accounts, reps=reps,
        effects=effects, faults=faults, daily_limit=daily_limit, burst_limit=burst_limit, search_lag=search_lag,
        jwt_key=jwt_key,
    )  # fmt: skip
