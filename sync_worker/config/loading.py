"""Loads a config: every layer read, every mistake told at once, then frozen. Writes nothing, opens no connection."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync_worker.config import coherence, layers, secrets, shapes
from sync_worker.config.coherence import Said
from sync_worker.config.digest import digest_of
from sync_worker.config.layers import Entry, File
from sync_worker.config.marks import marks
from sync_worker.config.problems import ConfigInvalid, Problem
from sync_worker.config.shown import Setting, shown
from sync_worker.config.values import CRMS, Config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config, and where each of its values came from."""

    config: Config
    file: Path
    settings: tuple[Setting, ...]


def load(
    path: Path,
    *,
    environ: Mapping[str, str],
    profile: str | None = None,
    flags: Iterable[str] = (),
    read_secrets: bool = True,
) -> Loaded:
    """Defaults < file < profile < environment < flags. Relative paths start at the file's folder.

    Without ``read_secrets``, secrets stay empty and may be missing: for commands that never talk to the CRM.
    Raises ConfigInvalid with every problem of every layer.
    """
    file = _parsed(path)
    found = [
        *layers.from_file(file),
        *layers.from_profiles(file, profile),
        *layers.from_environment(environ),
        *layers.from_flags(flags),
    ]
    problems = [item for item in found if isinstance(item, Problem)]
    winners = _strongest((item for item in found if isinstance(item, Entry)), problems)
    source = _Source(path.absolute().parent, environ, read_secrets=read_secrets)
    values = _values(winners, source, problems)
    said = Said(values, winners, file, profile, read_secrets)
    problems += coherence.problems(said)
    if problems:
        raise ConfigInvalid(problems)
    config = _frozen(said, source)
    return Loaded(config, path, tuple(shown(config, winners)))


def _parsed(path: Path) -> File:
    try:
        text = path.read_text(encoding="utf-8")
        return File(str(path), tomllib.loads(text), marks(text))
    except FileNotFoundError:
        hint = "run 'sync-worker init' to make one, or name yours with --config FILE"
        raise ConfigInvalid([Problem(str(path), 0, 0, "no such config file", hint)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid([Problem(str(path), 0, 0, f"cannot be read: {error}")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid([_not_toml(path, text, str(error))]) from None


def _not_toml(path: Path, text: str, message: str) -> Problem:
    place = re.search(r"\s*\(at line (\d+), column (\d+)\)", message)
    end = text.rstrip().split("\n")
    line, column = (int(place[1]), int(place[2])) if place else (len(end), len(end[-1]) + 1)
    hint = "text stands in double quotes, lists in [ ]" if "Invalid value" in message else ""
    return Problem(str(path), line, column, re.sub(r"\s*\(at [^)]*\)", "", message), hint)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where relative places start and where secrets lie."""

    folder: Path
    environ: Mapping[str, str]
    read_secrets: bool

    def secret(self, section: str, key: str, way: str) -> str:
        """The secret behind a ``_file`` or ``_env`` key. Raises ValueError."""
        if not self.read_secrets and section != "store":
            return ""
        if key.endswith("_file"):
            return secrets.from_file(self.folder / Path(way).expanduser())
        return secrets.from_variable(way, self.environ)

    def place(self, value: object) -> object:
        """A path or a store from the config's folder, wherever the command was typed."""
        if isinstance(value, Path):
            return self.folder / value.expanduser()
        if isinstance(value, str) and value.startswith("sqlite:///"):
            return f"sqlite:///{self.folder / value.removeprefix('sqlite:///')}"
        return value


def _strongest(entries: Iterable[Entry], problems: list[Problem]) -> dict[str, Entry]:
    """The last word on each setting; a secret's two ways are one setting, and no layer may use both."""
    winners: dict[str, Entry] = {}
    for entry in entries:
        section, key = entry.path[:2]
        secret = secret_of(section, key)
        name = f"{section}.{secret}" if secret else ".".join(entry.path)
        rival = winners.get(name)
        if secret and rival and rival.origin.kind == entry.origin.kind and rival.path != entry.path:
            problems.append(entry.origin.problem(f"'{key}' stands beside '{rival.path[1]}'", "keep one of the two"))
        winners[name] = entry
    return winners


def secret_of(section: str, key: str) -> str:
    """The secret that a ``_file`` or ``_env`` key (or a plain store URL) tells; empty for other keys."""
    for secret in shapes.SECRETS.get(section, ()):
        if key in {secret, f"{secret}_file", f"{secret}_env"}:
            return secret
    return ""


def _values(winners: Mapping[str, Entry], source: _Source, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    """Section → key → typed value, for all that was said and has the right shape."""
    values: dict[str, dict[str, Any]] = {section: {} for section in shapes.sections()}
    for entry in winners.values():
        section, key = entry.path[:2]
        try:
            if secret := secret_of(section, key):
                values[section][secret] = _secret(entry, secret, source)
            elif shapes.is_map(section, key):
                values[section].setdefault(key, {}).update(shapes.shaped(section, key, {entry.path[2]: entry.value}))
            else:
                values[section][key] = source.place(shapes.shaped(section, key, entry.value))
        except ValueError as error:
            problems.append(entry.origin.problem(f"{'.'.join(entry.path)} = {_quoted(entry)} {error}"))
    return values


def _secret(entry: Entry, secret: str, source: _Source) -> object:
    section, key = entry.path[:2]
    said: str = shapes.shaped(section, key, entry.value)
    if key == secret:
        if secrets.has_password(said):
            raise ValueError(
                f"holds a password: write the whole URL into a file and say {secret}_file, or {secret}_env"
            )
        return source.place(said)
    value = source.secret(section, key, said)
    if section in CRMS and secret not in secrets.OF_SEVERAL_LINES:
        secrets.check_line(value)
    try:
        return source.place(shapes.shaped(section, secret, value))
    except ValueError as error:
        raise ValueError(f"holds a value that {error}") from None


def _quoted(entry: Entry) -> str:
    """The value as written; a URL without its password."""
    return repr(secrets.masked_url(entry.value)) if isinstance(entry.value, str) else str(entry.value)


def _frozen(said: Said, source: _Source) -> Config:
    built: dict[str, Any] = {}
    for section, kind in shapes.sections().items():
        if section in CRMS and section not in said.crms():
            continue
        values = said.values[section]
        # A default place starts at the config's folder as well.
        places = {
            field.name: source.place(field.default)
            for field in fields(kind)
            if field.name not in values and source.place(field.default) != field.default
        }
        built[section] = kind(**values, **places)
    config = Config(**built, secret_files=tuple(_secret_files(said.winners, source)))
    return replace(config, digest=digest_of(config))


def _secret_files(winners: Mapping[str, Entry], source: _Source) -> Iterator[Path]:
    for entry in winners.values():
        if secret_of(*entry.path[:2]) and entry.path[1].endswith("_file"):
            yield source.folder / Path(str(entry.value)).expanduser()
