"""What the columns of a file mean, and one line of it as a row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.files import values
from connectors.files.model import Firmographics, Intent, Kind, Refused, Unfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from connectors.files.lines import Cells
    from connectors.files.model import Reading
    from connectors.port import FieldType

LONGEST_NAME = 100
"""Letters in a source or topic."""

LONGEST_COMPANY = 240
"""Letters of a company's name that are kept."""

NAME = "name: "
"""How the key of a line begins that has nothing but a company's name. No id and no host holds a blank."""

LONGEST_LIFE = timedelta(days=3650)
AHEAD = timedelta(days=1)
"""How far ahead of now an observation may be dated: a vendor's day may have begun before ours."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "account": ("account_id", "account", "crm_id", "id", "record_id", "salesforce_id", "hubspot_id", "company_id"),
    "domain": ("domain", "company_domain", "website", "web_site", "url"),
    "company": ("company", "company_name", "account_name", "organization", "organisation"),
    "topic": ("topic", "intent_topic"),
    "score": ("score", "intent_score"),
    "observed_at": ("observed_at", "observed", "observed_on", "date", "as_of", "timestamp"),
    "ttl_days": ("ttl_days", "ttl", "time_to_live", "time_to_live_days"),
    "expires_at": ("expires_at", "expires", "valid_until"),
    "source": ("source", "vendor", "provider"),
}
"""What a column may mean, and the headings that say so. Case, blanks and hyphens do not matter.

Where a file has several for one meaning, the first of the list has it."""

_HEADINGS = {heading for headings in ALIASES.values() for heading in headings}
_ONLY_INTENT = ("topic", "score", "ttl_days", "expires_at")


def plain(heading: str) -> str:
    """The heading in small letters with underscores."""
    return re.sub(r"[\s\-]+", "_", heading.strip().casefold())


def means_something(heading: str, fields: Iterable[str]) -> bool:
    """Whether it is one that a file may have."""
    return plain(heading) in _HEADINGS or plain(heading) in fields


def source_of(name: str) -> str:
    """Where a file without a column for it comes from: its name up to the first of ``. - _`` or a blank."""
    return re.split(r"[.\-_\s]", values.printable(name), maxsplit=1)[0].casefold()


@dataclass(frozen=True, slots=True)
class Columns:
    """The headings of a table or of an object, understood."""

    kind: Kind
    meant: Mapping[str, str]
    """Heading by meaning."""
    fields: Mapping[str, tuple[str, FieldType]]
    """Account field and its type by heading."""
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, headings: Sequence[str], fields: Mapping[str, FieldType]) -> Columns:
        """Understand the headings. Raises Refused where they say too little."""
        named = _named(headings)
        meant = {meaning: named[word] for meaning, words in ALIASES.items() for word in words[::-1] if word in named}
        kind = Kind.INTENT if "topic" in meant or "score" in meant else Kind.FIRMOGRAPHICS
        if kind is Kind.FIRMOGRAPHICS:
            meant = {meaning: heading for meaning, heading in meant.items() if meaning not in _ONLY_INTENT}
        _check(meant, kind)
        known = {plain(name): (name, type_) for name, type_ in fields.items()}
        others = {word: heading for word, heading in named.items() if heading not in meant.values()}
        filled = {heading: known[word] for word, heading in others.items() if word in known}
        if kind is Kind.INTENT:
            return cls(kind, meant, {}, tuple(others.values()))
        if not filled:
            raise Refused(f"none of its columns is an account field that files may fill: {_listed(others.values())}")
        return cls(kind, meant, filled, tuple(heading for heading in others.values() if heading not in filled))

    def row(self, line: int, cells: Cells, how: Reading, source: str) -> Intent | Firmographics:
        """One line. Raises Unfit; ``source`` is meant where the file has no column for it."""
        given = {meaning: cells[heading] for meaning, heading in self.meant.items()}
        who, key = _source(given.get("source"), source, how), _key(given, how)
        observed = _observed(given["observed_at"], how.now)
        if self.kind is Kind.INTENT:
            topic = _topic(given["topic"], how.topics)
            score = values.score(given["score"])
            return Intent(line, who, key, topic, score, observed, _expiry(given, observed, how))
        read = {name: values.field(cells[heading], name, kind) for heading, (name, kind) in self.fields.items()}
        said = {name: value for name, value in read.items() if value is not None}
        if not said:
            raise Unfit("says nothing: all its fields are empty")
        return Firmographics(line, who, key, observed, said)


def _named(headings: Sequence[str]) -> dict[str, str]:
    """Heading by its plain word. Raises Refused for two that are the same word."""
    named: dict[str, str] = {}
    for heading in headings:
        if (word := plain(heading)) in named:
            raise Refused(f"two columns are called {values.shown(word)}: leave one")
        if word:
            named[word] = heading
    return named


def _check(meant: Mapping[str, str], kind: Kind) -> None:
    if not {"account", "domain", "company"} & meant.keys():
        ways = f"{_ways('account')}, {_ways('domain')}, or {_ways('company')}"
        raise Refused(f"no column names the account: call one {ways}")
    needed = ("topic", "score", "observed_at") if kind is Kind.INTENT else ("observed_at",)
    for meaning in needed:
        if meaning not in meant:
            raise Refused(f"a file of {kind} needs a column for {meaning}: call one {_ways(meaning)}")


def _ways(meaning: str) -> str:
    return " or ".join(ALIASES[meaning][:2])


def _listed(headings: Iterable[str]) -> str:
    return ", ".join(values.shown(heading) for heading in headings) or "it has no others"


def _source(cell: object, default: str, how: Reading) -> str:
    found = values.text(cell, "source", LONGEST_NAME).casefold() or default
    if not found:
        raise Unfit("names no source: add a column for it, or begin the file's name with it")
    if len(found) > LONGEST_NAME:
        raise Unfit(f"source {values.shown(found)} has over {LONGEST_NAME} letters")
    if found in how.not_sources:
        raise Unfit(f"source {values.shown(found)} is a CRM's name: name the vendor")
    return found


def _key(given: Mapping[str, object], how: Reading) -> str:
    """The account's id, else its host, else the company's name behind ``NAME``."""
    if found := values.record_id(given.get("account")):
        return found
    domain = values.text(given.get("domain"), "domain")
    company = " ".join(values.text(given.get("company"), "company").split())
    if not domain and company:
        return NAME + company[:LONGEST_COMPANY]
    if not domain:
        raise Unfit("names no account: neither its id nor its domain")
    if host := how.host_of(domain):
        return host
    raise Unfit(f"domain {values.shown(domain)} is no domain such as acme.com")


def _observed(cell: object, now: datetime) -> datetime:
    found = values.moment(cell, "observed_at")
    if found > now + AHEAD:
        raise Unfit(f"observed_at {values.shown(cell)} is in the future")
    return found


def _topic(cell: object, topics: Mapping[str, str]) -> str:
    found = values.text(cell, "topic", LONGEST_NAME)
    mapped = topics.get(found.casefold()) or re.sub(r"\W+", "_", found.casefold()).strip("_")
    if not mapped:
        raise Unfit(f"topic {values.shown(found)} has no letters" if found else "topic is empty")
    if len(mapped) > LONGEST_NAME:  # some small letters are written with two
        raise Unfit(f"topic {values.shown(mapped)} has over {LONGEST_NAME} letters")
    return mapped


def _expiry(given: Mapping[str, object], observed: datetime, how: Reading) -> datetime:
    """When it stops counting: at ``expires_at``, or so many days after its observation, or as the config says."""
    said = {name for name in ("ttl_days", "expires_at") if values.text(given.get(name), name)}
    if len(said) > 1:
        raise Unfit("gives both ttl_days and expires_at")
    if "expires_at" in said:
        at = values.moment(given["expires_at"], "expires_at")
        if at <= observed:
            raise Unfit("expires_at is not after observed_at")
        return at
    life = timedelta(days=_days(given["ttl_days"])) if said else how.time_to_live
    return observed + life


def _days(cell: object) -> float:
    days = values.number(cell, "ttl_days")
    if not 0 < days <= LONGEST_LIFE.days:
        raise Unfit(f"ttl_days {values.shown(cell)} is not between 0 and {LONGEST_LIFE.days}")
    return days
