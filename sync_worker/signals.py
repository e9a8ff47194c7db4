"""Takes in what the folder of signals holds, and works out whose it is. A file that was read once is not read again.

A file that cannot be taken is listed with its reason and stops no other; nothing here is ever taken out of the folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors import files
from connectors.port import FieldType, Stream
from sync_worker import matches
from sync_worker.config import CRMS
from sync_worker.config.problems import nearest
from sync_worker.core.canonical import digest
from sync_worker.core.matching import Sought, host_of
from sync_worker.parts import Progress, Stopped
from sync_worker.store import settings
from sync_worker.store import signals as kept
from sync_worker.store.matches import SIGNALS, keep
from sync_worker.vocabulary import merged

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from connectors.files import Fault, Firmographics, Intent, Reading, Row
    from sync_worker.config import Config
    from sync_worker.parts import Parts
    from sync_worker.store.signals import BadLine, FileTaken, SourceCounts, Unmatched

SETTLED = timedelta(seconds=1)
"""A file that was changed within this time may still be written."""

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
"""How names end while something is still being uploaded."""

AT_ONCE = 1_000
"""Rows in one statement."""

FAULTS_KEPT = 1_000
"""Bad lines of one file that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What new files brought. ``lines``: those with data; ``bad``: those of them that were not taken."""

    files: int = 0
    lines: int = 0
    bad: int = 0

    def __add__(self, other: TakenIn) -> TakenIn:
        return TakenIn(self.files + other.files, self.lines + other.lines, self.bad + other.bad)


@dataclass(frozen=True, slots=True)
class Told:
    """What files have told so far."""

    folder: str
    """Empty where the config names none."""
    sources: tuple[SourceCounts, ...]
    unheard: Mapping[str, str]
    """Sources that ``signals.precedence`` names and nothing has told under, each with what may have been meant."""
    unread: tuple[str, ...]
    """Topics that no rule can read, because ``intent.topics`` does not name them."""
    unmatched: tuple[Unmatched, ...]
    """The keys with the most to tell first, as many as were asked for; so are files and bad lines, the latest first."""
    files: tuple[FileTaken, ...]
    files_in_all: int
    bad_lines: tuple[BadLine, ...]
    bad_in_all: int


def told(parts: Parts, limit: int) -> Told:
    """What the store has of files: it asks neither the folder nor a CRM."""
    with parts.store.read() as tx:
        sources = tuple(kept.sources(tx, parts.clock()))
        return Told(
            folder=str(parts.config.signals.folder or ""),
            sources=sources,
            unheard=_unheard(parts.config, {one.source for one in sources}),
            unread=tuple(topic for topic in kept.topics(tx) if topic not in parts.config.intent.topics),
            unmatched=tuple(kept.unmatched(tx, limit)),
            files=tuple(kept.files(tx, limit)),
            files_in_all=kept.files_in_all(tx),
            bad_lines=tuple(kept.bad_lines(tx, limit)),
            bad_in_all=kept.bad_in_all(tx),
        )


def _unheard(config: Config, sources: Collection[str]) -> Mapping[str, str]:
    """What ``signals.precedence`` names in vain: a slip there changes whose word counts, and nothing else shows it."""
    named = {name for ranked in config.signals.precedence.values() for name in ranked}
    known = {*sources, *config.crms}
    return {name: nearest(name, known) for name in sorted(named - known)}


def take_in(parts: Parts) -> TakenIn:
    """Take in the files that are new, each in a transaction of its own, and match what is not matched yet.

    All are read again when other fields or topics would now be understood. Raises Stopped where there is no folder.
    """
    folder = parts.config.signals.folder
    if folder is None:
        return TakenIn()
    how = reading(parts)
    understood = _understood(how)
    with parts.store.begin() as tx:
        kept.forget_unreadable(tx)
        known = kept.taken(tx) if settings.get(tx, "signals_reading") == understood else frozenset()
    brought = TakenIn()
    for path in _finished(folder, parts.stop, parts.clock()):
        if parts.stop.is_set():
            raise Stopped("told to stop while taking in files", hint="the next run goes on with those that are left")
        brought += _take(parts, path, how, known)
        parts.watch(Progress("signals", brought.lines))
    with parts.store.begin() as tx:
        settings.put(tx, "signals_reading", understood, parts.clock())
        match_up(tx, parts.config, parts.clock())
    return brought


def match_up(tx: Connection, config: Config, now: datetime) -> None:
    """Work out anew whose every signal is, if anything that this rests on has changed, or files came.

    Always all of them: reading the accounts costs more than matching, and a new account may make a match doubtful.
    """
    if not kept.any_told(tx):
        return
    rests_on = matches.ground(tx, config)
    if settings.get(tx, "signals_matched") == rests_on:
        return
    sought = {key: _sought(key) for key in kept.keys(tx)}
    found = matches.find(tx, config, SIGNALS, sought)
    kept.keep_matches(tx, found)
    keep(tx, SIGNALS, {key: (matches.shown(one), found[key]) for key, one in sought.items()})
    settings.put(tx, "signals_matched", rests_on, now)


def _sought(key: str) -> Sought:
    """What a line says it is about: a company's name, a host, or an account's id."""
    if key.startswith(files.NAME):
        return Sought(name=key.removeprefix(files.NAME))
    return Sought(host=key) if "." in key else Sought(account=key)


def reading(parts: Parts) -> Reading:
    """How files are read: the fields and topics that are known now."""
    config = parts.config
    with parts.store.read() as tx:
        schema = merged(settings.get(tx, "schema") or {})
    shown = {name: FieldType(field["type"]) for name, field in schema.get(Stream.ACCOUNTS, {}).items()}
    own = {name: FieldType(kind) for name, kind in config.signals.fields.items()}
    alone = crm_alone(config)
    return files.Reading(
        now=parts.clock(),
        fields={name: kind for name, kind in (shown | own).items() if name not in alone},
        topics={vendors.strip().casefold(): topic for vendors, topic in config.signals.topics.items()},
        time_to_live=timedelta(days=config.intent.time_to_live_days),
        host_of=host_of,
        not_sources=CRMS,
    )


def crm_alone(config: Config) -> frozenset[str]:
    """The account fields that only the account's home says: files and the other CRM have no voice in them."""
    own = config.fields
    return frozenset({"name", "owner", "do_not_move", own.do_not_move, own.claim, *own.written.values()} - {""})


def _understood(how: Reading) -> str:
    """What another reading of the same file could depend on."""
    return digest({"fields": dict(how.fields), "topics": dict(how.topics)})


# One file --------------------------------------------------------------------------------------------------------


class _Changed(Exception):
    """The file was written to while it was read."""


@dataclass(slots=True)
class _Taking:
    """One file on its way into the store."""

    content: str
    """Its digest."""
    name: str
    kind: str = kept.REFUSED
    lines: int = 0
    bad: int = 0
    faults: list[Fault] = field(default_factory=list)

    def keep(self, tx: Connection, rows: Iterable[Row]) -> None:
        """Keep the rows as they come, some at once."""
        waiting: list[Intent | Firmographics] = []
        for row in rows:
            if isinstance(row, files.Fault):
                self._note(row)
                continue
            self.lines += 1
            waiting.append(row)
            if len(waiting) >= AT_ONCE:
                self._flush(tx, waiting)
        self._flush(tx, waiting)

    def give_up(self, tx: Connection, kind: str, why: str, now: datetime) -> TakenIn:
        """Keep the reason, and nothing that the file says: of its lines none was taken, the good ones neither."""
        self.kind, self.faults = kind, [files.Fault(0, why), *(fault for fault in self.faults if fault.line)]
        kept.begin_file(tx, self.content, self.name, now)
        return replace(self.end(tx), bad=self.lines)

    def end(self, tx: Connection) -> TakenIn:
        """Keep what was not taken, and the counts."""
        kept.set_aside(tx, self.content, self.faults)
        kept.end_file(tx, self.content, self.kind, self.lines, self.bad)
        return TakenIn(1, self.lines, self.bad)

    def _note(self, fault: Fault) -> None:
        if fault.line:
            self.lines += 1
            self.bad += 1
        if len(self.faults) < FAULTS_KEPT or not fault.line:
            self.faults.append(fault)

    def _flush(self, tx: Connection, rows: list[Intent | Firmographics]) -> None:
        """A file is of one kind: its reader sees to that."""
        if intent := [row for row in rows if isinstance(row, files.Intent)]:
            self.kind = kept.INTENT
            kept.keep_intent(tx, self.content, self.name, intent)
        elif firmographics := [row for row in rows if isinstance(row, files.Firmographics)]:
            self.kind = kept.FIRMOGRAPHICS
            kept.keep_firmographics(tx, self.content, self.name, firmographics)
        rows.clear()


def _take(parts: Parts, path: Path, how: Reading, known: frozenset[str]) -> TakenIn:
    """Take in one file, or keep why not. One that is still being written is left for the next time."""
    name = files.printable(path.name)
    try:
        stamp, content = _stamp(path), files.digest(path)
        return TakenIn() if content in known else _take_new(parts, path, _Taking(content, name), how, stamp)
    except (_Changed, FileNotFoundError):
        return TakenIn()
    except OSError as error:
        why = f"cannot be opened: {error.strerror or error}"
        with parts.store.begin() as tx:
            return _Taking(digest(name), name).give_up(tx, kept.UNREADABLE, why, parts.clock())


def _take_new(parts: Parts, path: Path, taking: _Taking, how: Reading, stamp: Stamp) -> TakenIn:
    try:
        with parts.store.begin() as tx:
            kept.begin_file(tx, taking.content, taking.name, parts.clock())
            taking.keep(tx, files.read(path, how))
            settings.delete(tx, "signals_matched")
            if _stamp(path) != stamp:
                raise _Changed
            return taking.end(tx)
    except files.Refused as refused:
        with parts.store.begin() as tx:
            return taking.give_up(tx, kept.REFUSED, str(refused), parts.clock())


# The folder ------------------------------------------------------------------------------------------------------

Stamp = tuple[int, int, int]
"""Which file it is, how long, and when it was last written to."""


def _finished(folder: Path, stop: threading.Event, now: datetime) -> list[Path]:
    """The folder's files by name, without hidden ones and those that are still being written."""
    found = _stamps(folder)
    young = (abs(now.timestamp() - stamp[2] / 1e9) < SETTLED.total_seconds() for stamp in found.values())
    if any(young):
        stop.wait(SETTLED.total_seconds())
        later = _stamps(folder)
        found = {path: stamp for path, stamp in found.items() if later.get(path) == stamp}
    return sorted(found, key=lambda path: os.fsencode(path.name))


def _stamps(folder: Path) -> dict[Path, Stamp]:
    try:
        inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
        finished = [path for path in inside if path.suffix.casefold() not in UNFINISHED]
        return {path: stamp for path in finished if path.is_file() and (stamp := _stamp_of(path))}
    except OSError as error:
        message = f"signals.folder {folder} cannot be read: {error.strerror or error}"
        raise Stopped(message, hint="make the folder, or mount it; or take signals.folder out of the config") from None


def _stamp_of(path: Path) -> Stamp | None:
    """None for a file that has gone since the folder was listed."""
    try:
        return _stamp(path)
    except FileNotFoundError:
        return None


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
