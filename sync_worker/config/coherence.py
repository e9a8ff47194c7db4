"""What settings must be together: nothing that is needed is missing, and none contradicts another. Reads no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sync_worker.config import shapes
from sync_worker.config.checks import MODEL_KEYS
from sync_worker.config.problems import nearest
from sync_worker.config.values import CRMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync_worker.config.layers import Entry, File, Origin
    from sync_worker.config.problems import Problem

_SIGN_IN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "salesforce": {
        "client_credentials": ("client_id", "client_secret"),
        "jwt": ("client_id", "username", "private_key"),
        "token": ("access_token",),
    },
    "hubspot": {
        "token": ("access_token",),
        "oauth": ("client_id", "client_secret", "refresh_token"),
    },
}
"""What each way of signing in must have."""

_READ_ONLY = ("owner", "name")
"""Account fields that say whose an account is and what it is called: no score is ever written there."""
_REPS_DO = ("call", "email", "task")
"""Kinds of activity that are a rep's own doing. In a meeting two take part."""


@dataclass(frozen=True, slots=True)
class Said:
    """All that was said: typed values by section and key, and who had the last word on each setting."""

    values: Mapping[str, Mapping[str, Any]]
    winners: Mapping[str, Entry]
    file: File
    profile: str | None
    read_secrets: bool

    def crms(self) -> dict[str, Origin]:
        """Each CRM that something was said of, with the place that made it one of the config's."""
        return {crm: at for crm in CRMS if (at := self._named(crm))}

    def _named(self, crm: str) -> Origin | None:
        profiles = self.file.tree.get("profile", {})
        chosen = profiles.get(self.profile) if isinstance(profiles, dict) else None
        if crm in self.file.tree:
            return self.file.origin((crm,))
        if isinstance(chosen, dict) and crm in chosen:
            return self.file.origin(("profile", str(self.profile), crm), "profile")
        return next((entry.origin for entry in self.winners.values() if entry.path[0] == crm), None)

    def of(self, section: str, key: str) -> Mapping[str, Any]:
        """A setting that is a table; empty where nobody said anything."""
        found: Mapping[str, Any] = self.values[section].get(key, {})
        return found

    def lacks(self, section: str, key: str) -> bool:
        """Whether nobody said it, or somebody said nothing."""
        return f"{section}.{key}" not in self.winners or self.values[section].get(key) == ""

    def told(self, section: str, key: str) -> bool:
        """Whether the file holds a secret itself, which is a mistake of its own."""
        return any((*prefix, section, key) in self.file.marks for prefix in ((), ("profile", str(self.profile))))

    def at(self, *path: str) -> Origin:
        """Where a setting was said."""
        return self.winners[".".join(path)].origin


def problems(said: Said) -> Iterator[Problem]:
    """Everything that is missing, or that contradicts something else."""
    crms = said.crms()
    if not crms:
        hint = "name your CRM: write a [salesforce] or a [hubspot] section, or both (config.example.toml shows each)"
        yield said.file.origin(()).problem("the config names no CRM", hint)
    for crm, at in crms.items():
        yield from _sign_in(said, crm, at)
    if said.lacks("pool", "user"):
        yield _missing(said.file.origin(("pool", "user")), "pool", "user")
    yield from _home(said, crms)
    yield from _models(said)
    yield from _activities(said)
    yield from _precedence(said, crms)
    yield from _files(said)
    yield from _matching(said)


def _matching(said: Said) -> Iterator[Problem]:
    """What links by itself must be surer than what a person is asked about."""
    auto = said.values["matching"].get("auto")
    review = said.values["matching"].get("review", shapes.default("matching", "review"))
    if auto is not None and auto < review:
        message = f"matching.auto = {auto:g} is below matching.review = {review:g}: nothing would ever be asked"
        yield said.at("matching", "auto").problem(message, "lower matching.review, or raise matching.auto")


def _sign_in(said: Said, crm: str, at: Origin) -> Iterator[Problem]:
    """What nobody said although this CRM cannot be reached without it."""
    why = f"; {at.where} makes {crm} one of the config's CRMs" if at.kind in {"environment", "flag"} else ""
    if crm == "salesforce" and said.lacks(crm, "url"):
        yield _missing(at, crm, "url", why)
    # Of a way that cannot be, only that is told.
    auth = said.values[crm].get("auth", "" if f"{crm}.auth" in said.winners else shapes.default(crm, "auth"))
    for key in _SIGN_IN[crm].get(auth, ()):
        secret = key in shapes.SECRETS[crm]
        if said.lacks(crm, key) and not (secret and (not said.read_secrets or said.told(crm, key))):
            yield _missing(at, crm, key, f", which auth = '{auth}' needs{why}", secret=secret)


def _missing(at: Origin, section: str, key: str, why: str = "", *, secret: bool = False) -> Problem:
    form = f"{key}_file or {key}_env" if secret else f'{key} = "…"'
    return at.problem(f"'{section}.{key}' is missing{why}", f"write {form} under [{section}]")


def _home(said: Said, crms: Mapping[str, Origin]) -> Iterator[Problem]:
    """With two CRMs somebody must say which decides; with one there is nothing to say."""
    entries = [entry for entry in said.winners.values() if entry.path[0] == "home"]
    if len(crms) > 1 and said.lacks("home", "crm"):
        at = said.at("home", "crm") if "home.crm" in said.winners else said.file.origin(("home",))
        message = f"'home.crm' is missing, which a config with {' and '.join(crms)} needs"
        forms = " or ".join(f'crm = "{crm}"' for crm in crms)
        yield at.problem(message, f"write {forms} under [home]: it decides on the accounts that both have")
    if len(crms) == 1 and entries:
        [only] = crms
        message = f"[home] decides between two CRMs, and the config names {only} alone"
        other = next(crm for crm in CRMS if crm != only)
        yield entries[0].origin.problem(message, f"write a [{other}] section as well, or take [home] out")


def _written(said: Said) -> dict[tuple[str, ...], str]:
    """The account field that each setting has written, by the setting's path."""
    own: dict[tuple[str, ...], str] = {("fields", key): said.values["fields"].get(key, "") for key in MODEL_KEYS}
    for model, taken in said.of("fields", "models").items():
        own |= {("fields", "models", model, key): name for key, name in taken.items()}
    return {path: name for path, name in own.items() if name}


def _filled_by_people(said: Said) -> tuple[str, ...]:
    """The account fields that people fill and the worker only reads."""
    return tuple(said.values["fields"].get(key, "") for key in ("do_not_move", "claim"))


def _models(said: Said) -> Iterator[Problem]:
    """Each written field takes one thing, and the main score's fields stand in one place."""
    main = said.values["rules"].get("score", shapes.default("rules", "score"))
    if main in said.of("fields", "models"):
        message = f"fields.models.{main} is the score of rules.score, whose fields are fields.score, tier and reasons"
        yield said.at("fields", "models", main).problem(message, "name them there, and take this out")
    taken = {name: name for name in (*_READ_ONLY, *_filled_by_people(said)) if name}
    for path, name in _written(said).items():
        setting = ".".join(path)
        if name in taken:
            what = "which people fill" if taken[name] == name else f"which {taken[name]} has taken"
            hint = "give each score, tier and list of reasons a field of its own"
            yield said.at(*path[:3]).problem(f"{setting} = '{name}', {what}", hint)
        taken.setdefault(name, setting)


def _activities(said: Said) -> Iterator[Problem]:
    """Scores count what buyers do; what reps do is their own diligence."""
    for kind in said.values["activities"].get("engagement", ()):
        if kind in _REPS_DO:
            message = f"activities.engagement names '{kind}', which is what reps do"
            hint = "take it out: it is a touch, and counting touches ranks high whom reps call, not who wants to buy"
            yield said.at("activities", "engagement").problem(message, hint)


def _precedence(said: Said, crms: Mapping[str, Origin]) -> Iterator[Problem]:
    """Fields that files may speak for, and sources that there can be."""
    own = {*_filled_by_people(said), *_written(said).values()}
    for name, sources in said.of("signals", "precedence").items():
        at = said.at("signals", "precedence", name)
        if name in {"name", "owner", "do_not_move"} | own:
            yield at.problem(f"signals.precedence.{name}: only the CRM says what '{name}' is", "take the line out")
        for absent in (source for source in sources if source in CRMS and source not in crms):
            hint = f"take it out, or write a [{absent}] section"
            yield at.problem(f"signals.precedence.{name} names {absent}, which has no section", hint)


def _files(said: Said) -> Iterator[Problem]:
    """Topics and fields that come through files alone, and vendors' words for topics."""
    topics, mapped = said.of("intent", "topics"), said.of("fields", "accounts")
    fields, folder = said.of("signals", "fields"), said.values["signals"].get("folder")
    for vendors, topic in said.of("signals", "topics").items():
        if topic not in topics:
            message = f"signals.topics.{vendors} = '{topic}' names no topic of [intent.topics]"
            yield said.at("signals", "topics", vendors).problem(message, nearest(topic, topics))
    for topic in (topic for topic, field in topics.items() if not field and not folder):
        message = f"intent.topics.{topic} names no account field, and there is no folder of signals either"
        yield said.at("intent", "topics", topic).problem(message, "name the field, or set signals.folder")
    for name in fields:
        at = said.at("signals", "fields", name)
        if mapped.get(name):
            hint = "take it out of [signals.fields]: files may fill it all the same"
            yield at.problem(f"signals.fields.{name} is a field of the CRM already, in [fields.accounts]", hint)
        if not folder:
            message = f"signals.fields.{name} comes from files, and there is no folder of them"
            yield at.problem(message, "set signals.folder")
