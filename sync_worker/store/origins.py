"""Where one account's values come from: what each source says of a field, and every signal there is of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from connectors.port import Ref, Stream
from rules import FieldSource
from sync_worker.store import lookup, twins
from sync_worker.store.derivable import DERIVED
from sync_worker.store.derived import Accounts
from sync_worker.store.json_sql import reader
from sync_worker.store.schema import firmographic, signal
from sync_worker.store.sources import Own, filed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from connectors.port import Record, Value
    from rules import FactColumn
    from sync_worker.store.derivable import FactSettings
    from sync_worker.store.sources import Source


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says of a field. ``observed_at`` is empty for a CRM: it is as it was shown last."""

    source: str
    value: Value
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignalTold:
    """One sign of intent. A stale one no longer counts; one without an end never grows stale."""

    topic: str
    source: str
    score: float
    observed_at: datetime | None
    expires_at: datetime | None
    stale: bool


def statements(
    tx: Connection, columns: Sequence[FactColumn], account: str, *, now: datetime, settings: FactSettings
) -> dict[str, tuple[Statement, ...]]:
    """What the sources say of the fields among these columns, the strongest first; the first one counts."""
    of = Accounts(reader(tx.dialect.name), now, settings, filed(tx, columns, now))
    fields = {c.source.field: c.type for c in columns if isinstance(c.source, FieldSource)}
    asked = [
        (name, *one) for name, kind in fields.items() if name not in DERIVED for one in of.said(name, kind).items()
    ]
    if not asked:
        return {}
    values = {f"said_{number}": expression for number, (_, _, expression) in enumerate(asked)}
    row = tx.execute(of.select(values).where(of.account.c.id == account)).one_or_none()
    names, dates = _crms(tx, account), _observed(tx, account)
    found: dict[str, dict[str, Statement]] = {}
    for (name, source, _), value in zip(asked, row or (), strict=row is not None):
        said_by = names.get(source, str(source))
        if value is not None:
            told = Statement(said_by, value, dates.get((said_by, name)))
            found.setdefault(name, {}).setdefault(said_by, told)
    return {name: tuple(said.values()) for name, said in found.items()}


def signals(tx: Connection, account: str, *, now: datetime, settings: FactSettings) -> tuple[SignalTold, ...]:
    """Every sign of intent that the files and the CRMs have of the account, by topic, the latest first."""
    c = signal.c
    wanted = select(c.topic, c.source, c.score, c.observed_at, c.expires_at).where(c.account_id == account)
    told = [SignalTold(*row, stale=row.expires_at <= now) for row in tx.execute(wanted)]
    for id_ in (account, _twin(tx, account)):
        if record := lookup.get(tx, Stream.ACCOUNTS, id_):
            told += _of_crm(record, lookup.crm_of(tx, record.ref), now, settings)
    return tuple(sorted(told, key=lambda one: (one.topic, -_when(one).timestamp(), one.source)))


def _crms(tx: Connection, account: str) -> Mapping[Source, str]:
    """The CRMs' names for the account's own record and its twin."""
    names: dict[Source, str] = {Own.HOME: lookup.crm_of(tx, Ref(Stream.ACCOUNTS, account))}
    if twin := _twin(tx, account):
        names[Own.TWIN] = lookup.crm_of(tx, Ref(Stream.ACCOUNTS, twin))
    return names


def _twin(tx: Connection, account: str) -> str:
    """The id of its record in the other CRM; empty where it has none."""
    return next((twin.account for twin in twins.of(tx, account) if twin.home == account), "")


def _observed(tx: Connection, account: str) -> Mapping[tuple[str, str], datetime]:
    c = firmographic.c
    latest = select(c.source, c.field, func.max(c.observed_at)).where(c.account_id == account)
    rows = tx.execute(latest.group_by(c.source, c.field))
    return {(source, name): at for source, name, at in rows}


def _of_crm(record: Record, crm: str, now: datetime, settings: FactSettings) -> Iterator[SignalTold]:
    seen = _moment(record.fields.get(settings.observed)) if settings.observed else None
    for topic, name in settings.topics.items():
        score: Any = record.fields.get(name)
        if not isinstance(score, int | float) or isinstance(score, bool) or score < 0:
            continue
        # A CRM's dates are days: the last one counts to its end.
        last = seen.replace(hour=0, minute=0, second=0, microsecond=0) if seen else None
        end = last + timedelta(days=settings.time_to_live_days + 1) if last else None
        stale = bool(settings.observed) and (end is None or end <= now)
        yield SignalTold(topic, crm, min(float(score), 100.0), seen, end, stale)


def _moment(said: Value) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _when(one: SignalTold) -> datetime:
    return one.observed_at or datetime(1, 1, 2, tzinfo=UTC)
