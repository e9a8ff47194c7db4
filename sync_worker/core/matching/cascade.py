"""The cascade: by id, by what a person said, by site, by alias, by name. The first that finds accounts decides.

What is not certain is no match: it says so, with the accounts that it lies between.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sync_worker.core.matching.naming import SHOWN, Close, Namesakes
from sync_worker.core.matching.sites import host_of, site_of
from sync_worker.core.matching.ties import settle, undecided
from sync_worker.core.matching.values import How, Match, Proposal, Thresholds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from sync_worker.core.matching.aliases import Aliases
    from sync_worker.core.matching.values import Known, Sought, Standing


def nothing_known(_accounts: Collection[str]) -> Mapping[str, Standing]:
    """How accounts stand where nobody can say."""
    return {}


def match(  # noqa: PLR0913 - what a match may rest on, by name
    sought: Collection[Sought],
    known: Iterable[Known],
    merged: Mapping[str, str],
    *,
    thresholds: Thresholds | None = None,
    aliases: Aliases | None = None,
    standing: Callable[[Collection[str]], Mapping[str, Standing]] = nothing_known,
) -> dict[Sought, Match]:
    """Match each of these: by id, else by a person's word, by the same host, the registered domain, an alias, by name.

    ``known``: every live record of an account, read once. ``merged``: the winner's id of records that lost a merge.
    ``standing`` is asked once, for the accounts between which something lies. Where several accounts would do, the
    questions of ``ties.settle`` decide; else it is nobody's.
    """
    search = _Search(sought, merged, thresholds or Thresholds(), aliases)
    for record in known:
        search.consider(record)
    return search.found(standing)


class _Site(NamedTuple):
    """The accounts at one address, and which address that is."""

    records: tuple[Known, ...]
    because: str
    how: How = How.NOTHING

    def accounts(self) -> list[str]:
        """The accounts, in the order of their ids."""
        return sorted({record.account for record in self.records})


class _Search:
    """The records that may be meant, and no others: there are far more accounts than these."""

    def __init__(
        self, sought: Collection[Sought], merged: Mapping[str, str], thresholds: Thresholds, aliases: Aliases | None
    ) -> None:
        self._sought, self._merged, self._thresholds = sought, merged, thresholds
        self._meant = {one: meant for one in sought if aliases and (meant := aliases.of_sought(one))}
        via = [_sought_as(meant, one) for one, meant in self._meant.items()]
        ids = {one.account for one in sought} | {one.accepted for one in sought} | set(self._meant.values())
        self._by_id: dict[str, Known | None] = {merged.get(id_, id_): None for id_ in ids if id_}
        self._sites = {one.host: site_of(one.host) for one in (*sought, *via) if one.host}
        self._by_host: dict[str, list[Known]] = {host: [] for host, site in self._sites.items() if site}
        self._by_site: dict[str, list[Known]] = {site: [] for site in self._sites.values() if site}
        self._names = Namesakes([*(one for one in sought if not one.account), *via])

    def consider(self, record: Known) -> None:
        """Keep the record where it is wanted."""
        if record.id in self._by_id:
            self._by_id[record.id] = record
        for host in record.hosts:
            if host in self._by_host:
                self._by_host[host].append(record)
            # Only what ends like a wanted site is looked up: a million hosts are not.
            for site in _ends(host):
                if site in self._by_site and site_of(host) == site:
                    self._by_site[site].append(record)
        self._names.consider(record)

    def found(self, standing: Callable[[Collection[str]], Mapping[str, Standing]]) -> dict[Sought, Match]:
        """What was meant by each."""
        settled: dict[Sought, Match] = {}
        open_: dict[Sought, tuple[_Site, Close]] = {}
        for one in self._sought:
            if found := self._certain(one):
                settled[one] = found
            else:
                open_[one] = self._near(one)
        asked = {account for site, close in open_.values() for account in (*_several(site), *close.contested())}
        stands = standing(asked) if asked else {}
        return {one: settled.get(one) or self._decided(one, *open_[one], stands) for one in self._sought}

    def _certain(self, one: Sought) -> Match | None:
        """What an id says, or a person."""
        if one.account:
            return self._by_its_id(one.account)
        if one.accepted and (found := self._by_its_id(one.accepted)).account:
            return Match(found.account, "a person said so", How.PERSON, 1.0)
        return None

    def _by_its_id(self, id_: str) -> Match:
        winner = self._merged.get(id_, id_)
        record = self._by_id.get(winner)
        into = f", merged into {winner}" if winner != id_ else ""
        if record is None:
            return Match(None, f"no account has the id {id_}{into}")
        twin = f", a record of {record.account}" if record.account != record.id else ""
        return Match(record.account, f"id {id_}{into}{twin}", How.ID, 1.0)

    def _near(self, one: Sought) -> tuple[_Site, Close]:
        """What there is at the site, else under the name: of what is meant, where an alias says that."""
        if (site := self._site(one)).records:
            return site, Close()
        if meant := self._meant.get(one):
            via = self._known_as(one, meant)
            if via.records:
                return via, Close()
        return site, self._names.close(one) if one.name else Close()

    def _site(self, one: Sought) -> _Site:
        """The accounts at the same host, else at the same registered domain, without those that a person ruled out."""
        site = self._sites.get(one.host, "")
        if not site:
            return _Site((), f"{one.host} tells no two companies apart" if one.host else "")
        for how, address, records in (
            (How.WEBSITE, one.host, self._by_host[one.host]),
            (How.DOMAIN, site, self._by_site[site]),
        ):
            if left := tuple(record for record in records if record.account not in one.rejected):
                return _Site(left, f"{how} {address}", how)
        return _Site((), f"no account has the domain {site}")

    def _known_as(self, one: Sought, meant: str) -> _Site:
        """The accounts that an alias means: by their id, their site, or their very name."""
        via = _sought_as(meant, one)
        by_id = self._by_id.get(self._merged.get(meant, meant))
        if by_id and by_id.account not in one.rejected:
            return _Site((by_id,), f"alias {meant}", How.ALIAS)
        if via.host:
            return _Site(self._site(via).records, f"alias {meant}", How.ALIAS)
        same = tuple(close.record for close in self._names.close(via).best if close.how is How.NAME)
        return _Site(same, f"alias {meant}", How.ALIAS)

    def _decided(self, one: Sought, site: _Site, close: Close, standing: Mapping[str, Standing]) -> Match:
        if site.records:
            return _at_site(one, site, standing)
        if not one.name:
            return Match(None, site.because)
        found = self._names.decide(one, close, self._thresholds, standing)
        if found.account or found.review or not site.because:
            return found
        return Match(None, f"{site.because}, and {found.because}")


def _sought_as(meant: str, one: Sought) -> Sought:
    """The same, under the site or the name that an alias stands for."""
    host = host_of(meant)
    return replace(one, host=host, name="" if host else meant)


def _several(site: _Site) -> list[str]:
    accounts = site.accounts()
    return accounts if len(accounts) > 1 else []


def _at_site(one: Sought, site: _Site, standing: Mapping[str, Standing]) -> Match:
    """The account at an address; where there are several, the one that the tie-breakers leave."""
    accounts = site.accounts()
    if len(accounts) == 1:
        return Match(accounts[0], site.because, site.how, 1.0)
    account, alone = settle(one, site.records, standing)
    if account:
        because = f"{site.because}, which {len(accounts)} accounts have and only this one {alone}"
        return Match(account, because, site.how, 1.0)
    share = round(1 / len(accounts), 4)
    proposals = tuple(Proposal(account, share, site.because) for account in accounts[:SHOWN])
    return Match(None, undecided(accounts, f"the {site.because}"), site.how, share, proposals)


def _ends(host: str) -> Iterator[str]:
    """The host and each of its ends that has a dot."""
    while "." in host:
        yield host
        host = host.partition(".")[2]
