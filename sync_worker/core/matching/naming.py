"""Matches by name: the same one, or one alike, with addresses as evidence. Says which accounts a person should see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync_worker.core.matching.index import COMPARED, NameIndex
from sync_worker.core.matching.likeness import likeness
from sync_worker.core.matching.names import name_of
from sync_worker.core.matching.places import weigh
from sync_worker.core.matching.ties import settle, undecided
from sync_worker.core.matching.values import How, Match, Proposal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sync_worker.core.matching.index import Candidate
    from sync_worker.core.matching.likeness import Rarity
    from sync_worker.core.matching.names import Name
    from sync_worker.core.matching.values import Known, Sought, Standing, Thresholds

TIE = 0.005
"""Scores that differ by less are equal."""

SHOWN = 3
"""How many accounts a person is asked about."""

TELLING = 0.5
"""What the words of a name weigh together, at least, for the name to tell companies apart."""

VAGUE = 0.9
"""What is left of a score where the name tells little."""

UNSURE = "to be confirmed: "
"""How the reason begins where one account would do, and a person has to say so."""

NAMED = 4
"""How many words that differ are named."""


@dataclass(frozen=True, slots=True)
class Scored:
    """An account that may be meant by a name."""

    record: Known
    score: float
    how: How
    because: str


@dataclass(frozen=True, slots=True)
class Close:
    """What a name lies between: the best first. ``cut``: there were more than could be compared."""

    best: tuple[Scored, ...] = ()
    cut: bool = False

    def tied(self) -> tuple[Scored, ...]:
        """Those as good as the best."""
        return tuple(one for one in self.best if self.best[0].score - one.score < TIE)

    def contested(self) -> list[str]:
        """The accounts between which something has to decide."""
        tied = self.tied()
        return [one.record.account for one in tied] if len(tied) > 1 else []


class Namesakes:
    """The accounts whose names are like those sought."""

    def __init__(self, sought: Iterable[Sought]) -> None:
        self._names = {one.name: name_of(one.name) for one in sought if one.name}
        self._index = NameIndex(self._names.values())

    def consider(self, record: Known) -> None:
        """Keep the record where it may be meant."""
        if self._names and record.name:
            self._index.consider(record)

    def close(self, one: Sought) -> Close:
        """The accounts with a name like this one, none of them rejected, one record for each."""
        name, rarity = self._names[one.name], self._index.rarity
        candidates = self._index.candidates(name)
        best: dict[str, Scored] = {}
        for candidate in candidates:
            found = _scored(one, name, candidate, rarity)
            account = candidate.record.account
            if account not in one.rejected and (account not in best or _order(found) < _order(best[account])):
                best[account] = found
        return Close(tuple(sorted(best.values(), key=_order)), len(candidates) >= COMPARED or self._index.over(name))

    def decide(self, one: Sought, close: Close, thresholds: Thresholds, standing: Mapping[str, Standing]) -> Match:
        """The account that the name means, or what a person should look at, or nothing."""
        if not close.best or close.best[0].score < thresholds.review:
            return Match(None, f"no account has a name like {one.name}")
        tied = close.tied()
        best = tied[0]
        sure = thresholds.auto is not None and best.score >= thresholds.auto
        if len(tied) == 1:
            return _linked(best, best.because) if sure else _asked(close, thresholds, f"{UNSURE}{best.because}")
        account, alone = settle(one, [scored.record for scored in tied], standing)
        if account is None or (close.cut and best.how is How.LIKE):
            what = f"the name {one.name}" if best.how is How.NAME else f"a name like {one.name}"
            return _asked(close, thresholds, undecided([scored.record.account for scored in tied], what))
        chosen = next(scored for scored in tied if scored.record.account == account)
        because = f"{chosen.because}, which {len(tied)} accounts have and only this one {alone}"
        return _linked(chosen, because) if sure else _asked(close, thresholds, f"{UNSURE}{because}")


def _scored(one: Sought, name: Name, candidate: Candidate, rarity: Rarity) -> Scored:
    """How likely this account is meant."""
    record = candidate.record
    alike = likeness(name, candidate.name, rarity)
    score, how = alike.score, How.NAME if name.words == candidate.name.words else How.LIKE
    vague = sum(rarity.of(word) for word in name.words) < TELLING
    if vague:
        score *= VAGUE
    found = weigh(score, one, record)
    parts = [
        f"the name is {record.name}" if how is How.NAME else f"the name is like {record.name}{_apart(alike.differ)}"
    ]
    parts += ["a name that tells little"] if vague else []
    parts += [found.words] if found.words else []
    return Scored(record, round(found.score, 4), how, ", ".join(parts))


def _apart(differ: Collection[str]) -> str:
    named = ", ".join(sorted(differ)[:NAMED])
    return f" but for {named}" if named else ""


def _order(found: Scored) -> tuple[float, str]:
    return -found.score, found.record.id


def _linked(found: Scored, because: str) -> Match:
    return Match(found.record.account, because, found.how, found.score)


def _asked(close: Close, thresholds: Thresholds, because: str) -> Match:
    """Nobody's until a person has looked."""
    shown = [one for one in close.best if one.score >= thresholds.review][:SHOWN]
    proposals = tuple(Proposal(one.record.account, one.score, one.because) for one in shown)
    return Match(None, because, close.best[0].how, close.best[0].score, proposals)
