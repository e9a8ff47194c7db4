"""``db``: the store's own upkeep. Never talks to the CRM."""

from sync_worker.cli.command import command, group
from sync_worker.cli.errors import Exit
from sync_worker.cli.session import Session

app = group("Keep the store in order.")


@command(app, "upgrade")
def upgrade(session: Session) -> None:
    """Make the store, or bring its tables up to this version."""
    from sync_worker.config.secrets import masked_url
    from sync_worker.report.store import upgraded
    from sync_worker.store import upgrade as run

    url = session.config(secrets=False).store.url
    run(url)
    session.out.answer(*upgraded(masked_url(url)))


@command(app, "check")
def check(session: Session) -> int:
    """Look for damage, missing guards and tables of another version."""
    from sync_worker.report.store import checked
    from sync_worker.store import check as run

    found = run(session.config(secrets=False).store.url)
    session.out.answer(*checked(found))
    return Exit.OK if found.ok else Exit.FAILED
