"""View of ``init``: what was written, and what to do next."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from sync_worker.report.document import Commands, Fields, Heading, Items, Text, Tone, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sync_worker.cli.starting import Started, Template
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


def templates(found: Iterable[Template]) -> Answer:
    """``init --list``."""
    listed = {template.value: template.about for template in found}
    return (table("template|~rules for", listed.items()),), {"templates": listed}


def started(made: Started) -> Answer:
    """``init``."""
    payload = {
        "folder": made.folder,
        "template": made.template.value,
        "crms": list(made.crms),
        "config": made.config,
        "rules": made.rules,
        "secrets": made.secrets,
        "drops": made.drops,
        "unfilled": made.unfilled,
        "topics": made.topics,
    }
    flag = "" if made.config.name == str(made.config) else f" --config {quote(str(made.config))}"
    return (
        Text(f"a new worker lives in {made.folder.resolve()}", Tone.GOOD),
        Fields((("config", str(made.config)), ("rules", str(made.rules)), ("secrets", str(made.secrets)))),
        Heading("Fill in"),
        Items(tuple(map(Text, _todo(made)))),
        Heading("Then"),
        Commands(
            (
                (f"sync-worker db upgrade{flag}", "make the store"),
                (f"sync-worker doctor{flag}", "check access, fields and rules"),
                (f"sync-worker rules test{flag}", "see what the rules do to accounts made up"),
                (f"sync-worker plan{flag}", "see what would change; nothing is written"),
            )
        ),
    ), payload


def _todo(made: Started) -> Iterator[str]:
    """What only a person knows."""
    for crm in made.crms:
        yield TODO[crm].format(config=made.config, secrets=made.secrets)
    if len(made.crms) > 1:
        yield f"in {made.config}: which CRM decides on an account that both have, under [home]"
    yield f"in {made.config}: the user who holds the pool, under [pool]"
    if made.unfilled:
        fields = ", ".join(made.unfilled)
        yield (
            f"in {made.config}, under [fields.accounts]: what your CRM calls {fields}. Rules read them, and they are "
            "empty until the CRM or a file fills them: [signals.fields] says how"
        )
    if made.topics:
        yield f"in {made.config}, under [intent.topics]: where figures on {', '.join(made.topics)} come from"
    yield f"in {made.rules}: what your team's rules of engagement say"
    if (reps := made.rules / "reps.csv").exists():
        yield f"in {reps}: a line for each rep; without a capacity a rep gets nothing"
