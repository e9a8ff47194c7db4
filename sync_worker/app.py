"""The composition root: config in, a wired worker out."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, TypeVar

from sync_worker import approval, cycle
from sync_worker.config import ConfigInvalid
from sync_worker.core.rebalance import EVERY_DAY
from sync_worker.crms import connect
from sync_worker.parts import Parts
from sync_worker.pull import pull
from sync_worker.rollback import Asked, rollback
from sync_worker.store import audit, cycles, lookup, open_store, plans, settings
from sync_worker.tally import outcome, tally
from sync_worker.vocabulary import covers, mismatched, stored_schemas, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Connection

    from rules import Ruleset, Vocabulary
    from sync_worker.apply import ApplyReport, RecoverReport, VerifyReport
    from sync_worker.astray import Astray
    from sync_worker.compare import Compared, Policy
    from sync_worker.config import Config
    from sync_worker.core.rebalance import Wanted
    from sync_worker.cycle import CycleReport, PlanReport
    from sync_worker.doctor import Check
    from sync_worker.explain import Explanation, Past, WhyNot
    from sync_worker.lint import Linted
    from sync_worker.parts import Progress
    from sync_worker.pull import PullReport
    from sync_worker.rollback import RollbackReport
    from sync_worker.status import Health, Status
    from sync_worker.store.plans import StoredPlan
    from sync_worker.vocabulary import StoredSchemas

T = TypeVar("T")


class Worker:
    """All that a command or a job may ask for. Made by ``open_worker``; use it in a ``with`` block, or close it.

    Whatever talks to the CRM is recorded as a run, with its outcome and the API calls that it cost.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.config = parts.config
        self.store = parts.store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the CRM and of the store."""
        if self.parts.met_crm:
            for connector in self.parts.connectors.values():
                connector.close()
        self.store.close()

    # The loop ---------------------------------------------------------------------------------------------------

    def pull(self, *, full: bool = False, progress: Callable[[Progress], None] | None = None) -> PullReport:
        """Bring the store up to date with the CRM."""
        return self._run("pull", progress, lambda run: pull(self.parts, cycle=run, full=full))

    def plan(self, *, wanted: Wanted = EVERY_DAY, progress: Callable[[Progress], None] | None = None) -> PlanReport:
        """Pull, decide, and save what differs as a plan."""
        return self._run("plan", progress, lambda run: cycle.plan(self.parts, run, wanted))

    def apply(
        self, plan_id: str, *, progress: Callable[[Progress], None] | None = None
    ) -> tuple[ApplyReport, VerifyReport]:
        """Write an approved plan, then verify it. Raises PlanRefused, LeaseHeld, CrmError, Stopped."""
        return self._run("apply", progress, lambda run: cycle.apply(self.parts, plan_id, run))

    def apply_approved(self) -> tuple[ApplyReport, VerifyReport] | None:
        """Write the plan that somebody has approved and whose day has come; None when none waits."""
        with self.store.read() as tx:
            due = plans.next_due(tx, self.parts.clock())
        return self.apply(due) if due else None

    def cycle(self, *, progress: Callable[[Progress], None] | None = None) -> CycleReport:
        """One whole cycle, as the daemon runs it."""
        return self._run("cycle", progress, lambda run: cycle.run(self.parts, run))

    def rollback(  # noqa: PLR0913 - what somebody asks for, by name
        self,
        plan_id: str,
        *,
        by: str,
        rows: Collection[int] = (),
        overwrote: bool = False,
        note: str = "",
        progress: Callable[[Progress], None] | None = None,
    ) -> RollbackReport:
        """Save a plan that undoes another one, where nobody else has moved the accounts since. It waits for approval.

        ``rows`` names some of the plan's rows, ``overwrote`` those that replaced a person's change; see ``Asked``.
        Raises PlanNotFound, PlanRefused, CrmError, Stopped.
        """
        asked = Asked(plan_id, by, frozenset(rows), overwrote=overwrote, note=note)
        return self._run("rollback", progress, lambda run: rollback(self.parts, asked, cycle=run))

    def recover(self) -> RecoverReport:
        """Settle what an earlier life left open."""
        return self._run("recover", None, lambda _: cycle.recover(self.parts))

    # Decisions of people ----------------------------------------------------------------------------------------

    def approve(self, plan_id: str, *, by: str, overrides: Collection[str] = (), note: str = "") -> StoredPlan:
        """Let a plan be written, in somebody's name. Raises PlanRefused: stale, over a guard, not waiting."""
        return approval.approve(self.parts, plan_id, by=by, overrides=overrides, note=note)

    def reject(self, plan_id: str, *, by: str, note: str = "") -> StoredPlan:
        """Let a plan never be written, in somebody's name."""
        with self.store.begin() as tx:
            plans.reject(tx, plan_id, by=by, note=note, now=self.parts.clock())
            return plans.get(tx, plan_id)

    def pause(self, *, by: str, reason: str) -> None:
        """Let nothing be written until somebody resumes; a running apply stops within seconds (I13)."""
        now = self.parts.clock()
        with self.store.begin() as tx:
            settings.pause(tx, by, reason, now)
            audit.append(tx, "pause", {}, now=now, secret_values={"by": by, "reason": reason})

    def resume(self, *, by: str) -> bool:
        """End a pause; whether there was one."""
        with self.store.begin() as tx:
            if settings.resume(tx) is None:
                return False
            audit.append(tx, "resume", {}, now=self.parts.clock(), secret_values={"by": by})
        return True

    # Questions --------------------------------------------------------------------------------------------------

    def plan_of(self, plan_id: str = "") -> StoredPlan:
        """A stored plan by its id or the beginning of it; the latest when none is named. Raises PlanNotFound."""
        with self.store.read() as tx:
            found = plans.get(tx, plan_id) if plan_id else plans.latest(tx)
        if found is None:
            raise plans.PlanNotFound("there is no plan yet", hint="make one with 'sync-worker plan'")
        return found

    def names(self) -> Mapping[str, str]:
        """Users' names by id."""
        with self.store.read() as tx:
            return lookup.user_names(tx)

    def vocabulary(self) -> Vocabulary:
        """The words that rules may use: as the latest pull stored them, or as the CRMs say before the first one."""
        return vocabulary(self._fields_known() or stored_schemas(self.parts.described()), self.config)

    @property
    def knows_fields(self) -> bool:
        """Whether the words of rules can be told without asking a CRM."""
        return self._fields_known() is not None

    def _fields_known(self) -> StoredSchemas | None:
        with self.store.read() as tx:
            stored: StoredSchemas | None = settings.get(tx, "schema")
        # After a change of the config the latest pull may have met other CRMs, or fewer fields.
        return stored if stored and covers(stored, self.config) else None

    def load_rules(self) -> Ruleset:
        """The rules, checked against the CRM's fields. Raises RulesInvalid with every mistake."""
        return self.parts.read_rules(self.vocabulary())

    def astray(self) -> Astray | None:
        """How much of what is kept of facts and outcomes a full pass would make otherwise; None before a first plan."""
        from sync_worker.decide import gone_astray  # noqa: PLC0415 - commands import what they use

        return gone_astray(self.parts)

    def lint(self, rules: Ruleset, words: Vocabulary) -> Linted:
        """What is probably not meant in these rules, as they stand against the accounts and people of the store."""
        from sync_worker.lint import lint_rules  # noqa: PLC0415 - commands import what they use

        return lint_rules(self.parts, rules, words)

    def explain(self, account: str) -> Explanation:
        """Why an account (its id, or its name where only one has it) stands where it stands."""
        from sync_worker.explain import explain  # noqa: PLC0415 - commands import what they use

        return explain(self.parts, account)

    def explain_at(self, account: str, when: str) -> Past:
        """What stood at a moment (a date or an instant, as a person writes it), word for word as it was decided."""
        from sync_worker.explain import explain_at, moment  # noqa: PLC0415 - commands import what they use

        return explain_at(self.parts, account, moment(when, self.parts.clock()))

    def why_not(self, account: str, rep: str) -> WhyNot:
        """Why a rep (name, e-mail address or id) does not get an account, and what would have to be different."""
        from sync_worker.explain import why_not  # noqa: PLC0415 - commands import what they use

        return why_not(self.parts, account, rep)

    def compare(self, one: Policy, other: Policy, *, frontier: bool = False) -> Compared:
        """Two policies side by side, from the latest pull. Keeps nothing. Raises RulesInvalid, Stopped."""
        from sync_worker.compare import compare  # noqa: PLC0415 - commands import what they use

        return compare(self.parts, one, other, frontier=frontier)

    def doctor(self) -> tuple[Check, ...]:
        """Look at everything that a cycle needs."""
        from sync_worker.doctor import examine  # noqa: PLC0415 - commands import what they use

        return examine(self.parts)

    def status(self) -> Status:
        """How the worker stands, from the store alone."""
        from sync_worker.status import status  # noqa: PLC0415 - commands import what they use

        return status(self.parts)

    def health(self) -> Health:
        """Whether anything in the store keeps the worker from writing."""
        from sync_worker.status import health  # noqa: PLC0415 - commands import what they use

        return health(self.parts)

    def _run(self, kind: str, progress: Callable[[Progress], None] | None, work: Callable[[int], T]) -> T:
        """Do the work as a recorded run."""
        self.parts.watch = progress or self.parts.watch
        with self.store.begin() as tx:
            run = cycles.start(tx, kind, self.parts.clock())
        before = self._spent()
        try:
            done = work(run)
        except Exception as problem:
            self._finish(run, "failed", {}, str(problem), before)
            raise
        self._finish(run, outcome(done), tally(done), "", before)
        if self.config.audit.checkpoint:
            with self.store.read() as tx:
                audit.advance_checkpoint(tx, self.config.audit.checkpoint)
        return done

    def _finish(self, run: int, outcome: str, counts: Mapping[str, int], error: str, before: Mapping[str, int]) -> None:
        now = self.parts.clock()
        with self.store.begin() as tx:
            cycles.finish(tx, run, outcome, counts, self._calls(tx, before, now), error, now)

    def _calls(self, tx: Connection, before: Mapping[str, int], now: datetime) -> Mapping[str, int]:
        """What this run alone has cost: the connector counts for the whole process."""
        if not self.parts.met_crm:
            return {}
        budgets = {crm: connector.budget() for crm, connector in self.parts.connectors.items()}
        if told := {crm: {"used": b.used, "limit": b.limit} for crm, b in budgets.items() if b.used is not None}:
            # A CRM that has said nothing in this run keeps what it said in an earlier one.
            settings.put(tx, "org_calls", (settings.get(tx, "org_calls") or {}) | told, now)
        return dict(Counter(self._spent()) - Counter(before))

    def _spent(self) -> Mapping[str, int]:
        if not self.parts.met_crm:
            return {}
        spent: Counter[str] = Counter()
        for connector in self.parts.connectors.values():
            spent.update(connector.budget().by_kind)
        return spent


def quiet(progress: Progress) -> None:
    """Tell nobody."""
    del progress


def open_worker(
    config: Config,
    *,
    stop: threading.Event | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> Worker:
    """Wire the worker. Opens the store (StoreError); the CRM is met when it is first needed.

    ``stop`` ends the work between two pages or rows; ``watch`` is told of all progress that no command draws itself.
    """
    stopping = stop or threading.Event()
    store = open_store(config.store.url)
    return Worker(
        Parts(
            config=config,
            store=store,
            make_connectors=lambda: connect(config, store, stopping),
            read_rules=lambda words: read_rules(config, words),
            clock=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            stop=stopping,
            watch=watch or quiet,
        )
    )


def read_rules(config: Config, words: Vocabulary) -> Ruleset:
    """The rules folder, checked against these words. Raises RulesInvalid, and ConfigInvalid for scores it lacks."""
    from rules import load  # noqa: PLC0415 - reading a stored plan needs no rules

    rules = load(config.rules.folder, words)
    if problems := tuple(mismatched(config, rules)):
        raise ConfigInvalid(problems)
    return rules
