"""What the crash tests kill: recover, apply, verify, as a cycle does.

Run as ``python -m tests.crash.worker PLAN`` it loads everything once. To ``go`` on its standard input it forks a worker
and answers with the process id, to ``reap`` it waits for that worker and answers with the exit status.
"""

from __future__ import annotations

import os
import sys

from tests.crash.office import HubOffice, Office


def work(plan_id: str) -> int:
    """0 when the plan has been applied, 3 when something is left for a later run."""
    make = HubOffice if os.environ["CRM"] == "hubspot" else Office
    office = make(os.environ["STORE"], os.environ["URL"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    with office.lease() as lease:
        office.recover(lease)
        if office.plan(plan_id).state == "approved":
            office.apply(plan_id, lease)
        office.verify(plan_id, lease)
    state = office.plan(plan_id).state
    office.close()
    return 0 if state == "applied" else 3


def serve(plan_id: str) -> None:
    """Fork a worker for each ``go``, reap it for each ``reap``. No thread runs here, so a fork is a clean new life."""
    child = 0
    for line in sys.stdin:
        if line == "go\n":
            child = os.fork()
            if child == 0:
                os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                os._exit(work(plan_id))
            answer = child
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
