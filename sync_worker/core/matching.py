"""Which account something from outside is about. One matcher for the whole product, and every match says why.

It compares ids and sites. What is not certain is no match: it says so, with the accounts that it lay between.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from publicsuffixlist import PublicSuffixList

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

AMBIGUOUS = "ambiguous: "
"""How the reason begins where several accounts would do."""

NAMED = 3
"""How many of the accounts a match lay between are named."""

_WORLD = ("gmx", "hotmail", "live", "msn", "outlook", "yahoo", "yandex")
_ENDS = ("at", "ch", "co.jp", "co.uk", "com", "com.au", "com.br", "de", "es", "eu", "fr", "in", "it", "net", "nl", "ru")

SHARED = frozenset(f"{name}.{end}" for name in _WORLD for end in _ENDS) | frozenset(
    """
    126.com 163.com aol.com arcor.de att.net bluewin.ch btinternet.com charter.net comcast.net cox.net duck.com
    fastmail.com free.fr freenet.de gmail.com googlemail.com hey.com hushmail.com icloud.com inbox.ru laposte.net
    libero.it list.ru mac.com mail.com mail.de mail.ru me.com naver.com ntlworld.com online.de orange.fr outlook.com
    pm.me posteo.de proton.me protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com sbcglobal.net seznam.cz
    sfr.fr sina.com skynet.be sky.com t-online.de telenet.be tiscali.it tutanota.com verizon.net virgilio.it
    vodafone.de wanadoo.fr web.de wp.pl ymail.com zoho.com
    facebook.com instagram.com linkedin.com twitter.com x.com xing.com youtube.com
    """.split()  # noqa: SIM905 - seventy quoted words would hide the list
)
"""Registered domains that many companies write from or show themselves on: they tell no two accounts apart."""

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}")
_LONGEST_HOST = 253
_LONGEST_ADDRESS = 2_000


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known from outside: an account's id in any CRM, or a host as ``host_of`` gives it."""

    account: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """One record of an account. ``account``: the account that it stands for, which is another one's for a twin."""

    id: str
    account: str
    hosts: tuple[str, ...] = ()
    child: bool = False
    """Whether it has a parent account."""


@dataclass(frozen=True, slots=True)
class Match:
    """The account, or None, and why in either case."""

    account: str | None
    because: str

    @property
    def ambiguous(self) -> bool:
        """Whether several accounts would do."""
        return self.account is None and self.because.startswith(AMBIGUOUS)


@lru_cache(maxsize=1 << 16)
def host_of(text: str) -> str:
    """The host of a web or mail address, small, in ASCII, without ``www.``; empty where there is none with a dot.

    An address of figures is no host: it belongs to a machine, not to a company.
    """
    if len(text) > _LONGEST_ADDRESS:
        return ""
    rest = text.strip().casefold()
    rest = rest.partition("://")[2] if "://" in rest else rest.removeprefix("//").removeprefix("mailto:")
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].rstrip(".")
    if not host.isascii():
        host = _in_ascii(host)
    while host.startswith("www.") and host.count(".") > 1:
        host = host.removeprefix("www.")
    return host if len(host) <= _LONGEST_HOST and _HOST.fullmatch(host) else ""


def site_of(text: str) -> str:
    """The registered domain of a web or mail address; empty where it has none that tells accounts apart.

    By the public suffix list, its private part included: ``shop.acme.co.uk`` is ``acme.co.uk``, and two pages of one
    hoster are two sites. Free mail and networks give none.
    """
    host = host_of(text)
    site = (_suffixes().privatesuffix(host) or "") if host else ""
    return "" if site in SHARED else site


def match(sought: Collection[Sought], known: Iterable[Known], merged: Mapping[str, str]) -> dict[Sought, Match]:
    """Match each of these, by id, else by the same host, else by the registered domain.

    ``known``: every live record of an account, read once. ``merged``: the winner's id of records that lost a merge.
    Where several accounts have a domain it is that one's which alone has no parent, else nobody's.
    """
    candidates = _Candidates.of(sought, merged)
    for record in known:
        candidates.consider(record)
    return {one: candidates.found(one) for one in sought}


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The records that may be meant, and no others: there are far more accounts than these."""

    merged: Mapping[str, str]
    by_id: dict[str, Known | None]
    by_host: dict[str, list[Known]]
    by_site: dict[str, list[Known]]
    sites: dict[str, str] = field(default_factory=dict)
    """Registered domain by wanted host."""

    @classmethod
    def of(cls, sought: Collection[Sought], merged: Mapping[str, str]) -> _Candidates:
        ids = {merged.get(one.account, one.account) for one in sought if one.account}
        sites = {one.host: site_of(one.host) for one in sought if one.host}
        return cls(
            merged,
            dict.fromkeys(ids),
            {host: [] for host, site in sites.items() if site},
            {site: [] for site in sites.values() if site},
            sites,
        )

    def consider(self, record: Known) -> None:
        """Keep the record where it is wanted."""
        if record.id in self.by_id:
            self.by_id[record.id] = record
        for host in record.hosts:
            if host in self.by_host:
                self.by_host[host].append(record)
            # Only what ends like a wanted site is looked up: a million hosts are not.
            for site in _ends(host):
                if site in self.by_site and site_of(host) == site:
                    self.by_site[site].append(record)

    def found(self, one: Sought) -> Match:
        """What was meant."""
        if one.account:
            return self._by_id(one.account)
        site = self.sites.get(one.host, "")
        if not site:
            return Match(None, f"{one.host} tells no two companies apart")
        if records := self.by_host[one.host]:
            return _chosen(records, f"website {one.host}")
        if records := self.by_site[site]:
            return _chosen(records, f"domain {site}")
        return Match(None, f"no account has the domain {site}")

    def _by_id(self, id_: str) -> Match:
        winner = self.merged.get(id_, id_)
        record = self.by_id.get(winner)
        into = f", merged into {winner}" if winner != id_ else ""
        if record is None:
            return Match(None, f"no account has the id {id_}{into}")
        twin = f", a record of {record.account}" if record.account != record.id else ""
        return Match(record.account, f"id {id_}{into}{twin}")


def _chosen(records: Iterable[Known], because: str) -> Match:
    children: defaultdict[str, bool] = defaultdict(bool)
    for record in records:
        children[record.account] |= record.child
    if len(children) == 1:
        return Match(next(iter(children)), because)
    roots = [account for account, child in children.items() if not child]
    if len(roots) == 1:
        return Match(roots[0], f"{because}, which {len(children)} accounts have and only this one has no parent")
    named = ", ".join(sorted(children)[:NAMED]) + (", …" if len(children) > NAMED else "")
    return Match(None, f"{AMBIGUOUS}{len(children)} accounts have the {because}: {named}")


def _ends(host: str) -> Iterator[str]:
    """The host and each of its ends that has a dot."""
    while "." in host:
        yield host
        host = host.partition(".")[2]


def _in_ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
