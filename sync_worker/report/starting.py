"""View of ``init``: what was written, and what to do next."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from sync_worker.report.document import Commands, Fields, Heading, Items, Text, Tone

if TYPE_CHECKING:
    from sync_worker.cli.starting import Started
    from sync_worker.report.document import Answer


TODO = {
    "salesforce": (
        "in {config}: your org's address and the consumer key; in {secrets}/client_secret: the consumer secret, and "
        "nothing else; then 'chmod 600' it"
    ),
    "hubspot": (
        "in {secrets}/access_token: a service key or a private app's access token, and nothing else; then 'chmod 600' "
        "it"
    ),
}
"""What each CRM wants from a person first."""


def started(made: Started) -> Answer:
    """``init``."""
    payload = {
        "folder": made.folder,
        "template": made.template.value,
        "crms": list(made.crms),
        "config": made.config,
        "rules": made.rules,
        "secrets": made.secrets,
    }
    todo = [TODO[crm].format(config=made.config, secrets=made.secrets) for crm in made.crms]
    if len(made.crms) > 1:
        todo.append(f"in {made.config}: which CRM decides on an account that both have, under [home]")
    todo += [
        f"in {made.config}: the user who holds the pool, under [pool]",
        f"in {made.rules}: what your team's rules of engagement say",
    ]
    flag = "" if made.config.name == str(made.config) else f" --config {quote(str(made.config))}"
    return (
        Text(f"a new worker lives in {made.folder.resolve()}", Tone.GOOD),
        Fields((("config", str(made.config)), ("rules", str(made.rules)), ("secrets", str(made.secrets)))),
        Heading("Fill in"),
        Items(tuple(map(Text, todo))),
        Heading("Then"),
        Commands(
            (
                (f"sync-worker db upgrade{flag}", "make the store"),
                (f"sync-worker doctor{flag}", "check access, fields and rules"),
                (f"sync-worker plan{flag}", "see what would change; nothing is written"),
            )
        ),
    ), payload
