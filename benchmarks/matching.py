"""What matching 10,000 leads with 1,000,000 accounts by their names costs, and how many it finds.

Names are made up from a seed: words of syllables, few of them common, as in real lists, with legal forms and the words
that half of all companies use. A lead's name is an account's, as another person would write it.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sync_worker.core.matching import Known, Sought, Thresholds, match
from sync_worker.core.matching.words import GENERIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sync_worker.core.matching import Match

SYLLABLES = "ba be bra ca ce cor da del di do dra el en er fa fi fo gen go gra ha hel in ka ko la le li lo lu ma mar me mi mo na ne no nor or pa pe pha pro ra re ri ro sa se si sol sta ta te ter ti tra tri tu va ve vi vo wa xa ya za zen".split()  # noqa: E501, SIM905 - one list
FORMS = ("GmbH", "AG", "Inc.", "LLC", "Ltd", "S.A.", "B.V.", "Corp.", "Oy", "SpA", "KG", "Limited", "")
COUNTRIES = ("Germany", "France", "United States", "United Kingdom", "Italy", "Netherlands")
CODES = {
    "Germany": "DE",
    "France": "FR",
    "United States": "US",
    "United Kingdom": "GB",
    "Italy": "IT",
    "Netherlands": "NL",
}
COMMON = tuple(sorted(GENERIC))
STRANGERS = 0.2
"""The share of leads that are no account."""

BOUNDS = {"cpu_seconds": 60.0, "peak_mb": 1000.0}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured. ``linked``, ``wrong`` and ``asked``: shares of all leads; ``found``: of those that exist."""

    accounts: int
    leads: int
    cpu_seconds: float
    peak_mb: float
    idle_mb: float
    linked: float
    wrong: float
    asked: float
    found: float


class Company:
    """Names from one seed."""

    def __init__(self, seed: int, words: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - names, no secrets
        self.vocabulary = [self._word() for _ in range(words)]

    def name(self) -> str:
        """An account's name: one or two words of its own, often a common one, mostly a legal form."""
        dice = self.dice
        # The square of an even draw: few words are common, most are rare.
        own = [self.vocabulary[int(dice.random() ** 2 * len(self.vocabulary))] for _ in range(dice.choice((1, 2, 2)))]
        common = [dice.choice(COMMON)] if dice.random() < 0.6 else []  # noqa: PLR2004 - a share
        return " ".join([*own, *common, dice.choice(FORMS)]).strip().title()

    def variant(self, name: str) -> str:
        """The name as another person writes it: the shares are those measured of real lists."""
        dice, words = self.dice, name.split()
        if dice.random() < 0.40:  # noqa: PLR2004 - punctuation
            words = [dice.choice((word.upper(), f"{word},", word.replace("a", "á"), word.lower())) for word in words]
        if dice.random() < 0.19:  # noqa: PLR2004 - legal form
            words = [*[word for word in words if word.strip(",") not in FORMS], dice.choice(FORMS)]
        if dice.random() < 0.16 and len(words) > 2:  # noqa: PLR2004 - some of the words
            words.pop(dice.randrange(1, len(words)))
        if dice.random() < 0.07:  # noqa: PLR2004 - a slip
            longest = max(range(len(words)), key=lambda at: len(words[at]))
            words[longest] = self._slip(words[longest])
        return " ".join(word for word in words if word)

    def _word(self) -> str:
        return "".join(self.dice.choice(SYLLABLES) for _ in range(self.dice.choice((2, 3, 3, 4))))

    def _slip(self, word: str) -> str:
        at = self.dice.randrange(1, max(len(word) - 1, 2))
        return self.dice.choice((word[:at] + word[at + 1 :], word[:at] + word[at:][:1] + word[at:]))


def accounts(seed: int, count: int) -> Iterator[Known]:
    """Account records, one after the other, none kept."""
    company, dice = Company(seed, max(count // 4, 1_000)), random.Random(seed + 1)  # noqa: S311 - as above
    for number in range(count):
        id_ = f"001{number:012}AAA"
        yield Known(id_, id_, name=company.name(), country=dice.choice(COUNTRIES))


def leads(seed: int, count: int, of: int) -> list[tuple[Sought, str]]:
    """Leads with the account that each is; empty for a stranger. All differ in their ids, as leads do."""
    dice, writer, found = random.Random(seed + 2), Company(seed + 3, max(of // 4, 1_000)), []  # noqa: S311 - as above
    wanted = set(dice.sample(range(of), int(count * (1 - STRANGERS))))
    for number, known in enumerate(accounts(seed, of)):
        if number in wanted:
            country = CODES[known.country] if dice.random() < 0.7 else ""  # noqa: PLR2004 - a share
            found.append((Sought(name=writer.variant(known.name), country=country), known.id))
    found += [(Sought(name=writer.name()), "") for _ in range(count - len(found))]
    return found


def peak() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(seed: int, of: int, count: int) -> Figures:
    """Match the leads, and count."""
    wanted = leads(seed, count, of)
    idle, began = peak(), time.process_time()
    generated = _cost_of_names(seed, of)
    found = match([one for one, _ in wanted], accounts(seed, of), {}, thresholds=Thresholds(0.92, 0.75))
    spent = time.process_time() - began - 2 * generated
    return _counted(wanted, found, Figures(of, count, round(spent, 1), round(peak()), round(idle), 0, 0, 0, 0))


def _cost_of_names(seed: int, of: int) -> float:
    """CPU seconds that making the accounts up takes, which is no part of matching them."""
    began = time.process_time()
    for _ in accounts(seed, of):
        pass
    return time.process_time() - began


def _counted(wanted: Sequence[tuple[Sought, str]], found: Mapping[Sought, Match], base: Figures) -> Figures:
    linked = [(found[one].account, right) for one, right in wanted if found[one].account]
    wrong = sum(account != right for account, right in linked)
    asked = sum(bool(found[one].review) for one, _ in wanted)
    real = [(found[one], right) for one, right in wanted if right]
    seen = sum(right in {hit.account, *(one.account for one in hit.review)} for hit, right in real)
    return Figures(
        **{
            **asdict(base),
            "linked": round(len(linked) / len(wanted), 4),
            "wrong": round(wrong / max(len(linked), 1), 4),
            "asked": round(asked / len(wanted), 4),
            "found": round(seen / max(len(real), 1), 4),
        }
    )


def main() -> int:
    """Measure, say it, and end with 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures = asdict(measure(given.seed, given.accounts, given.leads))
    for name, value in figures.items():
        print(f"{name:12} {value:>12,}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    missed = [f"{name} is over {bound:g}" for name, bound in BOUNDS.items() if figures[name] > bound]
    print("\n".join(missed) or "within bounds")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
