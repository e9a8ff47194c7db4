"""Where settings come from: file, profile, environment, flags, as entries with their origin. Judges names only."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sync_worker.config import shapes
from sync_worker.config.problems import Problem, nearest
from sync_worker.config.values import CRMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sync_worker.config.marks import Mark, Path

PREFIX = "SYNC_WORKER__"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was said. ``where``: a file, a variable or a flag."""

    kind: Literal["default", "file", "profile", "environment", "flag"]
    where: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if self.kind in {"file", "profile"}:
            return f"{self.where}:{self.line}" if self.line else self.where
        return self.where or self.kind

    def problem(self, message: str, hint: str = "") -> Problem:
        """A problem at this place."""
        return Problem(self.where or self.kind, self.line, self.column, message, hint)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody wrote: ``path`` is section, key and, in a map, the name within."""

    path: Path
    value: object
    origin: Origin


@dataclass(frozen=True, slots=True)
class File:
    """A parsed config file, with the marks of its keys."""

    name: str
    tree: Mapping[str, object]
    marks: Mapping[Path, Mark]

    def origin(self, path: Path, kind: Literal["file", "profile"] = "file") -> Origin:
        """The nearest mark at or above the path."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.marks:
                return Origin(kind, self.name, *self.marks[path[:length]])
        return Origin(kind, self.name)


def from_file(file: File) -> Iterator[Entry | Problem]:
    """The entries of the file's own sections."""
    for section, content in file.tree.items():
        if section != "profile":
            yield from _section(file, (), section, content)


def from_profiles(file: File, chosen: str | None) -> Iterator[Entry | Problem]:
    """The chosen profile's entries; the problems of every profile, used or not."""
    profiles = file.tree.get("profile", {})
    if not isinstance(profiles, dict):
        yield file.origin(("profile",)).problem("'profile' must hold tables like [profile.production.salesforce]")
        return
    if chosen is not None and chosen not in profiles:
        hint = nearest(chosen, profiles) or "the file has no [profile.NAME.…] tables"
        yield Problem(file.name, 0, 0, f"no profile '{chosen}'", hint)
    for name, content in profiles.items():
        for section, inner in content.items() if isinstance(content, dict) else ():
            for found in _section(file, ("profile", name), section, inner):
                if isinstance(found, Problem) or name == chosen:
                    yield found
        if not isinstance(content, dict):
            yield file.origin(("profile", name)).problem(
                f"profile '{name}' must hold sections, like [profile.{name}.store]"
            )


def _section(file: File, prefix: Path, section: str, content: object) -> Iterator[Entry | Problem]:
    kind: Literal["file", "profile"] = "profile" if prefix else "file"
    at = file.origin((*prefix, section), kind)
    if section not in shapes.sections():
        yield at.problem(f"unknown section '{section}'", nearest(section, shapes.sections()))
    elif not isinstance(content, dict):
        yield at.problem(f"'{section}' must be a section: [{section}]")
    else:
        for key, value in content.items():
            yield from _key(file, prefix, (section, key), value)


def _key(file: File, prefix: Path, path: Path, value: object) -> Iterator[Entry | Problem]:
    kind: Literal["file", "profile"] = "profile" if prefix else "file"
    at = file.origin((*prefix, *path), kind)
    if problem := unknown(path, at):
        yield problem
    elif not shapes.is_map(*path):
        yield Entry(path, value, at)
    elif not isinstance(value, dict):
        yield at.problem(f"'{path[0]}.{path[1]}' must be a table: [{path[0]}.{path[1]}]")
    else:
        for name, inner in value.items():
            whole = (*path, name)
            yield Entry(whole, inner, file.origin((*prefix, *whole), kind))
            for crm in strange_crms(whole, inner):
                yield no_crm(whole, crm, file.origin((*prefix, *whole, crm), kind))


def strange_crms(path: Path, value: object) -> list[str]:
    """What a field's table by CRM names that is no CRM."""
    table = value if shapes.by_crm(*path[:2]) and isinstance(value, dict) else {}
    return [crm for crm in table if crm not in CRMS]


def no_crm(path: Path, crm: str, at: Origin) -> Problem:
    """The problem of a field's table by CRM that names what is no CRM."""
    return at.problem(f"unknown CRM '{crm}' in {'.'.join(path)}", nearest(crm, CRMS))


def from_environment(environ: Mapping[str, str]) -> Iterator[Entry | Problem]:
    """Variables like ``SYNC_WORKER__STORE__URL``; a further ``__NAME`` reaches into a map."""
    for name in sorted(environ):
        if name.startswith(PREFIX):
            path = tuple(name.removeprefix(PREFIX).lower().split("__"))
            yield from _said(path, environ[name], Origin("environment", name))


def from_flags(flags: Iterable[str]) -> Iterator[Entry | Problem]:
    """``section.key=value``, as ``--set`` takes it."""
    for flag in flags:
        name, equals, value = flag.partition("=")
        origin = Origin("flag", f"--set {name}")
        if equals:
            yield from _said(tuple(name.strip().split(".")), value.strip(), origin)
        else:
            yield origin.problem("holds no value", "write --set section.key=value")


def _said(path: Path, value: str, origin: Origin) -> Iterator[Entry | Problem]:
    if problem := _misplaced(path, origin):
        yield problem
    elif not shapes.of_tables(*path[:2]) or not value.startswith("{"):
        yield Entry(path, value, origin)
    else:
        try:
            table = tomllib.loads(f"said = {value}")["said"]
        except tomllib.TOMLDecodeError:
            what, form = "table", '{ score = "a", tier = "b" }'
            if shapes.by_crm(*path[:2]):
                what, form = "table by CRM", '{ salesforce = "A", hubspot = "b" }'
            yield origin.problem(f"'{'.'.join(path)}' is no {what}", f"write {form}")
            return
        yield Entry(path, table, origin)
        for crm in strange_crms(path, table):
            yield no_crm(path, crm, origin)


def _misplaced(path: Path, origin: Origin) -> Problem | None:
    section, key, inner = 1, 2, 3
    if len(path) == section:
        return origin.problem("names a section alone", "name a key too, like store.url")
    if path[0] not in shapes.sections():
        return origin.problem(f"unknown section '{path[0]}'", nearest(path[0], shapes.sections()))
    if problem := unknown(path[:key], origin):
        return problem
    if len(path) != (inner if shapes.is_map(path[0], path[1]) else key):
        form = "section.key.name" if shapes.is_map(path[0], path[1]) else "section.key"
        return origin.problem(f"'{'.'.join(path)}' has the wrong depth", f"write {form}=value")
    return None


def unknown(path: Path, origin: Origin) -> Problem | None:
    """The problem of a key that no section has, or that would put a secret where secrets must not be."""
    section, key = path
    if key in shapes.SECRETS.get(section, ()) and key not in shapes.spelled(section):
        hint = f'put it into a file (mode 0600) and write {key}_file = "PATH", or write {key}_env = "VARIABLE"'
        return origin.problem(f"'{section}.{key}' is a secret, which no config, flag or setting may hold", hint)
    if key not in shapes.spelled(section):
        return origin.problem(f"unknown key '{key}' in [{section}]", nearest(key, shapes.spelled(section)))
    return None
