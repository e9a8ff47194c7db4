"""``db``: the store's own upkeep. Never talks to the CRM."""

from typing import TYPE_CHECKING

from sync_worker.cli.command import command, group
from sync_worker.cli.errors import Exit
from sync_worker.cli.session import Session

if TYPE_CHECKING:
    from sync_worker.astray import Astray

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
    """Look for damage, and for outcomes that have gone astray."""
    from sync_worker.report.store import checked
    from sync_worker.store import check as run

    found = run(session.config(secrets=False).store.url)
    astray, why = _astray(session) if found.ok else (None, "the store is not sound")
    session.out.answer(*checked(found, astray, why))
    return Exit.OK if found.ok and not astray else Exit.FAILED


def _astray(session: Session) -> "tuple[Astray | None, str]":
    """What a full pass would make otherwise; or why there is nothing to compare."""
    from rules import RulesInvalid
    from sync_worker.config import ConfigInvalid
    from sync_worker.parts import Stopped

    try:
        with session.worker(secrets=False) as worker:
            return worker.astray(), "nothing was decided yet"
    except RulesInvalid:
        return None, "the rules are not valid: 'sync-worker rules check' lists why"
    except (ConfigInvalid, Stopped) as error:
        return None, str(error)
