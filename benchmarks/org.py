"""A made-up org of any size, written into a real store by SQL alone: the same accounts and events on every machine."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rules import FieldInfo, Type, Vocabulary
from sync_worker.store import settings
from sync_worker.store.derivable import FactSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
REPS = 1_000
POOL = "005POOL"
TOUCHES = ("call", "email", "meeting", "task")
ENGAGEMENT = ("meeting", "web_form", "webinar", "reply")
_BEGAN = int((NOW - timedelta(days=1)).timestamp())
"""The latest event; the others lie before it."""
_DAYS = 730
"""How far back events and accounts lie."""

FACT_SETTINGS = FactSettings(
    pool_user_ids=(POOL,),
    topics={"cybersecurity": "surge_cyber", "cloud": "surge_cloud"},
    observed="surge_on",
    time_to_live_days=28,
    crms=("salesforce",),
)


def _fields(names: str, kind: Type) -> dict[str, FieldInfo]:
    return {name: FieldInfo(name, kind) for name in names.split()}


VOCABULARY = Vocabulary(
    {
        **_fields("name owner country region type industry owner_team previous_owner", Type.TEXT),
        **_fields("employees revenue open_opportunities won_opportunities open_amount contacts", Type.NUMBER),
        **_fields("created_at renewal_date owned_since last_touch last_engagement held_until", Type.DATE),
        **_fields("is_customer in_pool owner_active do_not_move", Type.BOOLEAN),
    },
    {**_fields("name email team", Type.TEXT), **_fields("capacity", Type.NUMBER)},
    frozenset({"cybersecurity", "cloud"}),
    frozenset(ENGAGEMENT),
)


def build(tx: Connection, *, accounts: int, events: int) -> None:
    """Fill an empty, migrated store. What was written is not watched: the first evaluation reads everything."""
    lite = tx.dialect.name == "sqlite"
    write = _Writer(lite)
    with _unwatched(tx, lite=lite):
        for statement in (write.users(), write.accounts(accounts), write.opportunities(accounts)):
            _run(tx, statement)
        _run(tx, write.activities(events, accounts))
    settings.put(tx, "activity_kinds", {"touches": sorted(TOUCHES), "engagement": sorted(ENGAGEMENT)}, NOW)
    if not lite:
        for table in ("record", "activity"):
            _run(tx, f"ANALYZE {table}")


def _run(tx: Connection, statement: str) -> None:
    tx.exec_driver_sql(statement, execution_options={"no_parameters": True})


@contextmanager
def _unwatched(tx: Connection, *, lite: bool) -> Iterator[None]:
    """Nothing is noted while the block runs, and indexes are made behind it: row by row is for what changes."""
    if lite:
        _run(tx, "PRAGMA cache_size = -400000")
    dropped = list(_dropped(tx, lite=lite))
    yield
    for made in dropped:
        _run(tx, made)


def _dropped(tx: Connection, *, lite: bool) -> Iterator[str]:
    """Take triggers and indexes away; the statements that bring them back."""
    if lite:
        listed = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', 'trigger')"
        for kind, name, made in tx.exec_driver_sql(f"{listed} AND tbl_name IN ('record', 'activity')").all():
            _run(tx, f"DROP {kind} {name}")
            yield made
        return
    for table in ("record", "activity"):
        _run(tx, f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield f"ALTER TABLE {table} ENABLE TRIGGER USER"
        listed = f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '{table}' AND indexname LIKE 'ix_%'"
        for name, made in tx.exec_driver_sql(listed, execution_options={"no_parameters": True}).all():
            _run(tx, f"DROP INDEX {name}")
            yield made


class _Writer:
    """Statements for one dialect. Every value follows from a row's number, so each run writes the same."""

    def __init__(self, lite: bool) -> None:  # noqa: FBT001 - one of two dialects
        self.lite = lite

    def users(self) -> str:
        fields = {
            "name": "'Rep ' || i",
            "email": "'rep' || i || '@example.com'",
            "team": "'Team ' || (i % 20)",
            "active": self._truth("i % 25 <> 0"),
            "can_own": self._truth("i > 0"),
        }
        return self._records("users", f"CASE i WHEN 0 THEN '{POOL}' ELSE {_rep('i')} END", fields, 0, REPS)

    def accounts(self, count: int) -> str:
        pick = self._pick
        size = _share(1)
        employees = (
            f"CASE WHEN {_share(2)} < 35 THEN NULL WHEN {size} < 64 THEN 1 + {_noise(3)} % 60"
            f" WHEN {size} < 90 THEN 60 + {_noise(3)} % 400 WHEN {size} < 98 THEN 460 + {_noise(3)} % 4500"
            f" ELSE 5000 + {_noise(3)} END"
        )
        country = pick(6, ("US", "US", "US", "GB", "DE", "FR", "NO", "CA", "JP", "BR"))
        region = pick(6, ("AMER", "AMER", "AMER", "EMEA", "EMEA", "EMEA", "EMEA", "AMER", "APAC", "AMER"))
        fields = {
            "name": f"CASE WHEN {_share(4)} = 0 THEN 'Test ' ELSE 'Company ' END || i",
            "owner": f"CASE WHEN {_share(5)} < 20 THEN '{POOL}' ELSE {_rep(f'1 + {_noise(5)} % {REPS - 1}')} END",
            "country": country,
            "region": region,
            "type": pick(7, ("Prospect", "Prospect", "Target", "Customer", "Partner", "", "Other", "Prospect")),
            "industry": pick(8, ("Software", "Fintech", "Banking", "Healthcare", "Energy", "Retail", "Agriculture",
                                 "Mining", "", "", "")),
            "employees": employees,
            "revenue": f"CASE WHEN {_share(9)} < 40 THEN NULL ELSE ({_noise(10)} + 1) * (1 + {_noise(11)} % 4000) END",
            "created_at": self._day(f"{_noise(12)} % 2000"),
            "renewal_date": f"CASE WHEN {_share(13)} < 80 THEN NULL ELSE {self._day(f'{_noise(14)} % 700 - 350')} END",
            "surge_cyber": f"CASE WHEN {_share(15)} < 60 THEN NULL ELSE {_noise(16)} % 101 END",
            "surge_cloud": f"CASE WHEN {_share(17)} < 60 THEN NULL ELSE {_noise(18)} % 101 END",
            "surge_on": self._day(f"{_noise(19)} % 40"),
        }  # fmt: skip
        return self._records("accounts", account_id("i"), fields, 0, count)

    def opportunities(self, accounts: int) -> str:
        fields = {
            "account": account_id(f"(i * 7919) % {accounts}"),
            "name": "'Deal ' || i",
            "closed": self._truth(f"{_share(21)} < 80"),
            "won": self._truth(f"{_share(21)} < 20"),
            "amount": f"100 + {_noise(22)}",
        }
        return self._records("opportunities", _id("006", "i"), fields, 0, max(accounts // 5, 1), fields["account"])

    def activities(self, count: int, accounts: int) -> str:
        """Sorted by account within each of many rounds, as a CRM's pages are not."""
        kinds = ("call", "email", "email", "email", "task", "meeting", "web_form", "webinar", "reply", "visit")
        kind = self._pick(30, kinds)
        second = f"{_BEGAN} - ({_noise(31)} * 65536 + {_noise(32)}) % {_DAYS * 86_400}"
        # A third of the accounts has nine tenths of the events.
        busy = f"CASE WHEN {_share(33)} < 90 THEN (i * 3) % {accounts} ELSE (i * 7919) % {accounts} END"
        at = self._moment(second)
        touch, engaged = (f"kind IN ({', '.join(map(repr, found))})" for found in (TOUCHES, ENGAGEMENT))
        return (
            "INSERT INTO activity (id, account_id, kind, at, rep_id, touch, engagement)"
            f" SELECT id, account_id, kind, at, rep_id, {touch}, {engaged} FROM (SELECT {_id('00T', 'i')} AS id,"
            f" {account_id(f'({busy})')} AS account_id, {kind} AS kind, {at} AS at,"
            f" {_rep(f'1 + {_noise(34)} % {REPS - 1}')} AS rep_id FROM {self._numbers(0, count)}) AS made"
        )

    def _records(  # noqa: PLR0913, PLR0917 - what a record is made of
        self, stream: str, id_: str, fields: dict[str, str], first: int, count: int, account: str = "NULL"
    ) -> str:
        made = "json_object" if self.lite else "jsonb_build_object"
        pairs = ", ".join(f"'{name}', {value}" for name, value in fields.items())
        modified = self._moment(f"{_BEGAN} - i % 864000")
        return (
            "INSERT INTO record (stream, id, crm, fields, modified, deleted, sequence, account_id)"
            f" SELECT '{stream}', {id_}, 'salesforce', {made}({pairs}), {modified},"
            f" {'0' if self.lite else 'FALSE'}, i, {account} FROM {self._numbers(first, count)}"
        )

    def _numbers(self, first: int, count: int) -> str:
        if not self.lite:
            return f"(SELECT i FROM generate_series({first}::bigint, {first + count - 1}) AS i) AS numbers"
        # Nested, as one recursion of many millions keeps a queue in memory.
        step = "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < {}) SELECT x FROM n"
        outer, inner = step.format(max((count - 1) // 1000, 0)), step.format(999)
        made = f"SELECT {first} + high.x * 1000 + low.x AS i FROM ({outer}) AS high, ({inner}) AS low"
        return f"(SELECT i FROM ({made}) WHERE i < {first + count}) AS numbers"

    def _truth(self, condition: str) -> str:
        return f"json(CASE WHEN {condition} THEN 'true' ELSE 'false' END)" if self.lite else f"({condition})"

    def _pick(self, salt: int, words: tuple[str, ...]) -> str:
        whens = " ".join(f"WHEN {at} THEN '{word}'" for at, word in enumerate(words))
        return f"NULLIF(CASE {_noise(salt)} % {len(words)} {whens} END, '')"

    def _day(self, ago: str) -> str:
        second = f"({_BEGAN} - ({ago}) * 86400)"
        if self.lite:
            return f"strftime('%Y-%m-%d', {second}, 'unixepoch')"
        return f"to_char(to_timestamp({second}) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"

    def _moment(self, second: str) -> str:
        if self.lite:
            return f"strftime('%Y-%m-%dT%H:%M:%S.000000Z', {second}, 'unixepoch')"
        return f"""to_char(to_timestamp({second}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000000Z"')"""


def _noise(salt: int) -> str:
    """A number from 0 to 65,535 that follows from ``i`` and looks as if it did not; alike on every engine."""
    mixed = f"((i + {salt * 7919}) * 2654435761 + (i % 9973 + {salt}) * 40503 * {salt})"
    return f"(({mixed} % 4294967296) / 65536)"


def _share(salt: int) -> str:
    """A number from 0 to 99."""
    return f"({_noise(salt)} % 100)"


def _id(prefix: str, number: str) -> str:
    return f"'{prefix}' || SUBSTR(CAST(1000000000000 + {number} AS TEXT), 2)"


def account_id(number: str) -> str:
    """SQL for the id of the account with this number."""
    return _id("001", f"({number})")


def _rep(number: str) -> str:
    return _id("005", f"({number})")
