"""What the contract suite needs of a sandbox, in the worker's own words, so that each CRM can bring a harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from connectors.port import Connector, Ref, Stream, Value

Refusal = Literal["busy", "failed", "gone", "inactive owner"]
"""Ways in which a CRM refuses one row."""
Breakage = Literal["reset before", "lost reply", "error page", "server error", "cut reply"]
"""Ways in which a call breaks. After a lost reply the write has taken effect; the others come before it."""


class Crm(Protocol):
    """One CRM in a sandbox, seeded, with people who change things in it."""

    name: str
    pool_size: int
    """Accounts in it."""
    daily_calls: int
    """API calls that the CRM allows in a day."""
    owner_rows_a_call: int
    """Changes of owner that one call of the usual connector carries."""
    histories_a_call: int
    """Records whose histories one call brings."""

    def other_settings(self) -> dict[str, object]:
        """Settings under which owners are written in the CRM's other way; the promises are the same."""

    def wrong_credential(self) -> object:
        """A credential, for the setting ``auth``, that the CRM does not know."""

    def connect(self, **settings: object) -> Connector:
        """A new connector; closed at the end of the test. Settings are the connector's own."""

    def close(self) -> None:
        """Close all connectors that were opened."""

    def ids(self, stream: Stream) -> list[str]:
        """Records that are there now, in no particular order."""

    def value(self, ref: Ref, field: str) -> Value:
        """What the CRM itself holds."""

    def person(self) -> str:
        """A user who is not the worker."""

    def reps(self) -> list[str]:
        """Active users who may own accounts."""

    def inactive_user(self) -> str:
        """A user who has left."""

    def edit(self, ref: Ref, **fields: Value) -> None:
        """A person changes fields."""

    def commit_late(self, ref: Ref, seconds: float, **fields: Value) -> None:
        """A change becomes visible now and says that it happened so many seconds ago."""

    def delete(self, ref: Ref) -> None:
        """A person deletes a record."""

    def restore(self, ref: Ref) -> None:
        """A person takes a deletion back."""

    def hide(self, stream: Stream, field: str) -> None:
        """An administrator takes a field away, or out of the worker's sight."""

    def merge(self, winner: Ref, loser: Ref) -> Ref:
        """A person merges two records. Returns the one that is left: the winner, or a new one in place of both."""

    def refuse(self, ref: Ref, refusal: Refusal) -> None:
        """Make the next write to this record end so."""

    def break_write(self, breakage: Breakage, *, owner: bool) -> None:
        """Make the next owner write, or field write, break so."""

    def break_reads(self, breakage: Breakage, times: int) -> None:
        """Make the next queries break so."""

    def effects(self) -> list[tuple[Ref, str, Value]]:
        """Every effective change by the worker, in order: record, field (the worker's name), new value."""

    def short_pages(self, rows: int) -> None:
        """From now on every reply with many records holds so many at most."""

    def pass_time(self, seconds: float) -> None:
        """The CRM's clock moves on."""

    def calls(self) -> int:
        """Calls that the CRM has counted since the latest reset."""

    def reset_calls(self) -> None:
        """Count from nought again."""
