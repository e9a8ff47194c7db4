"""Sends rows whose pre-read is fresh: intents first, then the writes, then what became of them. It chooses no row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.port import PUT_OFF, CrmError, LimitReached, NotPermitted, Outcome, Ref, Stream, Unauthorized, Write
from sync_worker.apply import holds
from sync_worker.core.lifecycle import TRIES, Ending
from sync_worker.core.model import RowState
from sync_worker.store import outbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.port import Connector, WriteResult
    from sync_worker.apply.values import Tools
    from sync_worker.apply.watch import Watch
    from sync_worker.store.plans import StoredRow

FLUSH_SECONDS = 0.5
"""Answers wait so long at most for their commit; those that a crash loses are found again by reading."""

NEVER_LEFT = "NOT_SENT"
"""The code of a row whose intent was recorded and whose write then never left."""

NO_ANSWER = Ending(RowState.UNKNOWN, message="no answer came")


@dataclass(frozen=True, slots=True)
class Ready:
    """A row that may be sent, with the version that its pre-read showed: empty where a write has no condition."""

    row: StoredRow
    version: str

    @property
    def again(self) -> bool:
        """Whether an earlier try may have landed."""
        return self.row.version is not None


class Sender:
    """Sends the rows that one plan has for one CRM."""

    def __init__(self, tools: Tools, crm: Connector, watch: Watch, plan_hash: str) -> None:
        self._tools = tools
        self._crm = crm
        self._watch = watch
        self._plan_hash = plan_hash
        self._refused = False
        """Whether the CRM ended the latest call by refusing it: what has no result was not carried out."""

    def send(self, batch: Sequence[Ready], deadline: float) -> list[StoredRow]:
        """Send these rows, none after ``deadline`` (monotonic seconds); returns them as they are afterwards.

        Rows that never left are approved as before. Raises StoreError: then nothing more was sent, and rows without
        a recorded answer are settled by the next ``recover``.
        """
        if self._watch.halted(ask=True):
            return [replace(ready.row, code=NEVER_LEFT) for ready in batch]
        sent = self._intend(batch)
        again = {_name(ready.row) for ready in batch if ready.again}
        if self._late(deadline):
            return self._end([(row, self._unsent(row, again)) for row in sent])
        return self._collect({_name(row): row for row in sent}, again, deadline)

    def _intend(self, batch: Sequence[Ready]) -> list[StoredRow]:
        tools = self._tools
        with tools.writing() as tx:
            intents = [outbox.Intent(ready.row, ready.version) for ready in batch]
            return outbox.intend(tx, intents, epoch=tools.lease.epoch, plan_hash=self._plan_hash, now=tools.clock())

    def _collect(self, waiting: dict[str, StoredRow], again: set[str], deadline: float) -> list[StoredRow]:
        after: list[StoredRow] = []
        answered: list[tuple[StoredRow, Ending]] = []
        flushed = self._tools.monotonic()
        one_call = not any(row.version for row in waiting.values())
        answers = self._answers(list(waiting.values()), deadline, one_call=one_call)
        results = list(answers) if one_call else answers
        put_off = isinstance(results, list) and self._put_off(results)
        for result in results:
            row = waiting.pop(result.id, None)
            if row is None:  # an answer to no question of ours decides nothing
                continue
            ending = outcome(row, result, again=result.id in again, put_off=put_off)
            self._count(row, ending)
            answered.append((row, ending))
            if self._tools.monotonic() - flushed >= FLUSH_SECONDS:
                after += self._end(answered)
                answered, flushed = [], self._tools.monotonic()
        if not after and not any(row.version or ending.state is not RowState.UNKNOWN for row, ending in answered):
            self._watch.count_silence()  # one call carried the whole batch, and not one row was answered
        answered += [(row, self._unanswered(row, again)) for row in waiting.values()]
        after += self._end(answered)
        if put_off:
            self._watch.rest()
        return after

    def _put_off(self, results: Sequence[WriteResult]) -> bool:
        """Whether the CRM has put off the whole of a call: that is no matter of single rows."""
        busy = bool(results) and all((one.outcome, one.code) == (Outcome.BUSY, PUT_OFF) for one in results)
        self._watch.count_busy(busy=busy)
        return busy

    def _count(self, row: StoredRow, ending: Ending) -> None:
        self._watch.count(ending)
        if ending.state is RowState.UNKNOWN and row.version:  # a conditional write is a call of its own
            self._watch.count_silence()

    def _answers(self, rows: Sequence[StoredRow], deadline: float, *, one_call: bool) -> Iterator[WriteResult]:
        """The CRM's answers, as they come; ends early when the run has to, or when the pre-read has grown old.

        Conditional writes leave one by one as they are asked for. The others leave all at once, so that to stop
        asking would hold nothing back and lose answers.
        """
        self._refused = False
        replies = iter(self._crm.write([_write(row) for row in rows]))
        try:
            while one_call or not self._late(deadline):
                yield next(replies)
        except StopIteration:
            return
        except CrmError as error:
            self._refused = isinstance(error, LimitReached | Unauthorized | NotPermitted)
            self._watch.crm_failed(error)
        finally:
            close = getattr(replies, "close", None)
            if close is not None:
                close()

    def _late(self, deadline: float) -> bool:
        return self._tools.monotonic() >= deadline or self._watch.halted()

    def _unanswered(self, row: StoredRow, again: set[str]) -> Ending:
        return self._unsent(row, again, "the CRM took no more writes") if self._refused else NO_ANSWER

    def _unsent(
        self, row: StoredRow, again: set[str], message: str = "the pre-read grew old before it could be sent"
    ) -> Ending:
        return Ending(RowState.APPROVED, NEVER_LEFT, message, nothing_written=_name(row) not in again)

    def _end(self, endings: Sequence[tuple[StoredRow, Ending]]) -> list[StoredRow]:
        tools = self._tools
        if not endings:
            return []
        with tools.store.begin() as tx:
            now = tools.clock()
            for row, ending in endings:
                if ending.state is RowState.CONFIRMED:
                    holds.start_rest(tx, row, now)
            return outbox.end(tx, endings, epoch=tools.lease.epoch, now=now)


def outcome(row: StoredRow, result: WriteResult, *, again: bool, put_off: bool = False) -> Ending:
    """What an answer makes of a row. ``put_off``: the CRM has put off the whole call, so its tries count for nothing.

    ``again``: an earlier try of it got no answer, and may land even now. Then a conflict may be with ourselves, and a
    refusal says nothing of that first try: only a reading can tell (I5).
    """
    last = row.tries >= TRIES and not put_off
    ending = _busy(result, last=last) if result.outcome is Outcome.BUSY else _plain(result)
    if not again:
        return ending
    if ending.state in {RowState.CONFLICT, RowState.FAILED}:
        return Ending(RowState.UNKNOWN, ending.code, f"{ending.message}; an earlier try got no answer")
    return replace(ending, nothing_written=False)


def _plain(result: WriteResult) -> Ending:
    state, message = _ENDINGS[result.outcome]
    return Ending(state, result.code, result.message or message)


_ENDINGS = {
    Outcome.DONE: (RowState.CONFIRMED, ""),
    Outcome.CONFLICT: (RowState.CONFLICT, "edited while it was being written: nothing was written"),
    Outcome.FAILED: (RowState.FAILED, "the CRM refused it"),
    Outcome.GONE: (RowState.GONE, "deleted or merged away"),
    Outcome.UNKNOWN: (RowState.UNKNOWN, "no answer came"),
}


def _busy(result: WriteResult, *, last: bool) -> Ending:
    if last:
        return Ending(RowState.FAILED, result.code, f"locked at each of {TRIES} tries: {result.message}")
    return Ending(RowState.APPROVED, result.code, result.message or "locked", nothing_written=True)


def _write(row: StoredRow) -> Write:
    return Write(_name(row), Ref(Stream.ACCOUNTS, row.row.account), dict(row.row.after), row.version or None)


def _name(row: StoredRow) -> str:
    return f"{row.plan_id}:{row.row.number}"
