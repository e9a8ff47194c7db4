"""Which rows of a plan can be undone, and why the others stay as they are. Compares; reads and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sync_worker.core.lifecycle import same
from sync_worker.core.model import PlanRow, RowKind, RowState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sync_worker.core.model import Decision, Value
    from sync_worker.core.traces import OwnerMove

RULE = "rollback"
"""What moves an account back: ``rollback:`` and the id of the plan that is undone."""

LANDED = frozenset({RowState.CONFIRMED, RowState.VERIFIED, RowState.OVERWROTE})
"""The CRM showed what these rows wrote when it was last looked at."""

TOUCHED = LANDED | {RowState.OVERWRITTEN, RowState.SENT, RowState.UNKNOWN}
"""Something has left for the CRM and may stand there: an undo speaks of these rows even where nobody names them."""


@dataclass(frozen=True, slots=True)
class Written:
    """A row of the plan that is to be undone, with its end."""

    row: PlanRow
    state: RowState
    replaced: Mapping[str, Value] | None = None
    """What somebody else had written and the row replaced."""

    @property
    def owner(self) -> Value:
        """Who had the account: before the plan, or by the change of a person's that the write replaced."""
        if self.state is RowState.OVERWROTE and self.replaced is not None:
            return self.replaced.get("owner")
        return self.row.before.get("owner")


@dataclass(frozen=True, slots=True)
class Situation:
    """How things stand just after a pull."""

    owners: Mapping[str, Value]
    """Every live account's owner, as the CRM shows it."""
    decisions: Mapping[str, Decision]
    moved: Mapping[str, str]
    """Accounts that somebody else has moved since the plan, and how, in words."""
    marked: Collection[str]
    """Accounts whose do-not-move box is ticked."""
    able: Collection[str]
    """Users who are active and may own accounts."""
    pools: Collection[str]
    """The pool's users."""
    names: Mapping[str, str]
    crms: Collection[str]
    """The CRMs that the config names."""


@dataclass(frozen=True, slots=True)
class Left:
    """A row that is not undone, and why. ``back``: because the account is with its old owner again already."""

    number: int
    account: str
    account_name: str
    why: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """The rows of the plan that undoes another one, and what that plan leaves alone."""

    rows: tuple[PlanRow, ...]
    left: tuple[Left, ...]


def undo(plan_id: str, written: Iterable[Written], now: Situation, *, hold_days: int) -> Undo:
    """Give each account back to whom it had, unless somebody else has moved it since.

    What goes to the pool goes first, so that a rep's book has room before others are put back into it. The new rows
    rest on the inputs of now, so that ``apply`` judges them by these.
    """
    rows: list[PlanRow] = []
    left: list[Left] = []
    for one in written:
        if isinstance(found := _undone(plan_id, one, now, hold_days), Left):
            left.append(found)
        else:
            rows.append(found)
    ordered = sorted(rows, key=lambda row: (row.after["owner"] not in now.pools, row.number))
    return Undo(_numbered(ordered), tuple(left))


def undoes(rule: str) -> str:
    """The id of the plan that a row with this rule undoes; empty where it is no undo."""
    kind, _, plan_id = rule.partition(":")
    return plan_id if kind == RULE else ""


def moved_after(
    moves: Sequence[OwnerMove], *, write: Value, since: datetime, tries: int, ours: int
) -> OwnerMove | None:
    """The latest change by somebody else after our write of this owner; None where the CRM's history shows none.

    ``moves``: the history, oldest first. ``since``: no later than our write, by the CRM's clock. ``tries``: how many
    requests have left, each of which may have landed. ``ours``: how many later changes are known to be our own.
    """
    marks = [place for place, move in enumerate(moves) if move.at >= since and same(move.after, write)]
    landings = [place for place in marks if place == marks[0] or moves[place].by_app][:tries]
    later = moves[landings[-1] + 1 :] if landings else ()
    return later[-1] if len(later) > ours else None


def _undone(plan_id: str, one: Written, now: Situation, hold_days: int) -> PlanRow | Left:
    row = one.row
    why = _unwritten(one) or _out_of_sight(row, now)
    back = not why and same(now.owners[row.account], one.owner)
    why = why or (f"{_name(one.owner, now)} has it again already" if back else _moved(one, now) or _refused(one, now))
    if why:
        return Left(row.number, row.account, row.account_name, why, back=back)
    return PlanRow(
        number=row.number,
        crm=row.crm,
        account=row.account,
        account_name=now.decisions[row.account].name,
        kind=RowKind.OWNER,
        before={"owner": now.owners[row.account]},
        after={"owner": one.owner},
        rule=f"{RULE}:{plan_id}",
        reason=_reason(plan_id, one),
        read_set="",
        rest_days=hold_days,
    )


def _reason(plan_id: str, one: Written) -> str:
    if one.state is RowState.OVERWROTE:
        return f"puts back what row {one.row.number} of plan {plan_id} replaced"
    return f"undoes row {one.row.number} of plan {plan_id}: {one.row.reason}"


def _unwritten(one: Written) -> str:
    if one.row.kind is RowKind.PRIORITY:
        return "score, tier and reasons follow the rules: change those, and plan again"
    if one.state in {RowState.SENT, RowState.UNKNOWN}:
        return "its outcome is not known yet: the next cycle or apply settles it"
    return "" if one.state in TOUCHED else f"nothing of it stands in the CRM: its state is {one.state}"


def _out_of_sight(row: PlanRow, now: Situation) -> str:
    if row.crm not in now.crms:
        return f"the config does not name its CRM, {row.crm}, any more"
    if row.account not in now.owners:
        return "the account is deleted or merged away"
    if row.account not in now.decisions:
        return "the account is set aside, or another CRM's record decides about it now"
    return ""


def _moved(one: Written, now: Situation) -> str:
    row = one.row
    if told := now.moved.get(row.account):
        return told
    owner = now.owners[row.account]
    if not same(owner, row.after.get("owner")):
        return f"it has been moved since, and {_name(owner, now)} has it now"
    return "somebody moved it right after it was written" if one.state is RowState.OVERWRITTEN else ""


def _refused(one: Written, now: Situation) -> str:
    if one.row.account in now.marked:
        return "it is marked do-not-move in the CRM"
    if one.owner is None:
        return "nobody had it, and the worker gives accounts to active users only"
    if one.owner not in now.able:
        return f"{_name(one.owner, now)} is no longer an active user who may own accounts"
    return ""


def _name(user: Value, now: Situation) -> str:
    return "nobody" if user is None else now.names.get(str(user), str(user))


def _numbered(rows: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    return tuple(replace(row, number=number) for number, row in enumerate(rows, start=1))
