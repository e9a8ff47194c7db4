"""Loads a config: every layer read, every mistake told at once, then frozen. Writes nothing, opens no connection."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sync_worker.config import layers, secrets, shapes
from sync_worker.config.layers import Entry, File, Origin
from sync_worker.config.marks import marks
from sync_worker.config.problems import ConfigInvalid, Problem
from sync_worker.config.values import Config, SalesforceConfig
from sync_worker.core.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NEEDED = {
    "client_credentials": ("client_id", "client_secret"),
    "jwt": ("client_id", "username", "private_key"),
    "token": ("access_token",),
}
"""What each way of signing in must have."""

_PLANNING: Mapping[str, tuple[str, ...] | None] = {
    "fields": None,
    "activities": None,
    "intent": None,
    "rules": ("score",),
    "pool": None,
    "guards": None,
    "apply": ("hold_days", "score_step"),
}
"""The settings that can change a plan, and so make an old one stale; None: the whole section."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as a person may see it: a secret's value is hidden."""

    name: str
    value: object
    origin: Origin


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
    problems += _missing(values, winners, file, read_secrets=read_secrets)
    if problems:
        raise ConfigInvalid(problems)
    config = _frozen(values, source)
    return Loaded(config, path, tuple(_shown(config, winners)))


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
    try:
        return source.place(shapes.shaped(section, secret, value))
    except ValueError as error:
        raise ValueError(f"holds a value that {error}") from None


def _quoted(entry: Entry) -> str:
    """The value as written; a URL without its password."""
    return repr(secrets.masked_url(entry.value)) if isinstance(entry.value, str) else str(entry.value)


def _missing(
    values: Mapping[str, Mapping[str, Any]], winners: Mapping[str, Entry], file: File, *, read_secrets: bool
) -> list[Problem]:
    """What nobody said although the worker cannot do without it."""
    auth = values["salesforce"].get("auth", SalesforceConfig.__dataclass_fields__["auth"].default)
    needed = [("salesforce", "url"), ("pool", "user"), *(("salesforce", key) for key in _NEEDED.get(auth, ()))]
    found = []
    for section, key in needed:
        secret = key in shapes.SECRETS.get(section, ())
        if f"{section}.{key}" in winners or (secret and (not read_secrets or (section, key) in file.marks)):
            continue
        why = f", which auth = '{auth}' needs" if key not in {"url", "user"} else ""
        said = f"{key}_file or {key}_env" if secret else f'{key} = "…"'
        at = file.origin((section,))
        found.append(at.problem(f"'{section}.{key}' is missing{why}", f"write {said} under [{section}]"))
    return found


def _frozen(values: Mapping[str, Mapping[str, Any]], source: _Source) -> Config:
    built: dict[str, Any] = {}
    for section, kind in shapes.sections().items():
        if section in {"salesforce", "hubspot"} and not values[section]:
            continue  # a CRM that nobody named
        # A default place starts at the config's folder as well.
        places = {
            field.name: source.place(field.default)
            for field in fields(kind)
            if field.name not in values[section] and source.place(field.default) != field.default
        }
        built[section] = kind(**values[section], **places)
    config = Config(**built)
    return replace(config, digest=_digest(config))


def _digest(config: Config) -> str:
    """SHA-256 over the settings that can change a plan."""
    told: dict[str, dict[str, object]] = {}
    for section, chosen in _PLANNING.items():
        value = getattr(config, section)
        told[section] = {key: _plain(getattr(value, key)) for key in chosen or shapes.keys(section)}
    # The host is the org. Its port is not: a sandbox has another one each time.
    told["salesforce"] = {"host": urlsplit(config.salesforce.url).hostname}
    return digest(told)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _shown(config: Config, winners: Mapping[str, Entry]) -> Iterator[Setting]:
    """Every setting with its origin, secrets hidden, in the order of the value classes."""
    for section in shapes.sections():
        for key in shapes.keys(section) if getattr(config, section) is not None else ():
            value = getattr(getattr(config, section), key)
            if shapes.is_map(section, key) and value:
                for name, inner in value.items():
                    yield Setting(f"{section}.{key}.{name}", inner, winners[f"{section}.{key}.{name}"].origin)
                continue
            entry = winners.get(f"{section}.{key}")
            origin = entry.origin if entry else Origin("default")
            yield Setting(f"{section}.{key}", _visible(section, key, value, entry), origin)


def _visible(section: str, key: str, value: object, entry: Entry | None) -> object:
    """A secret is hidden also where it was not read."""
    if isinstance(value, str) and section == "store":
        return secrets.masked_url(value)
    if key in shapes.SECRETS.get(section, ()):
        return secrets.HIDDEN if entry else ""
    return str(value) if isinstance(value, Path) else _plain(value)
