"""Real names of companies, checked by hand: how many pairs of one company link, and how many links are wrong."""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from sync_worker.core.matching import Known, Sought, Thresholds, likeness, match, name_of

NAMES = Path(__file__).resolve().parents[4] / "shared" / "data" / "company-names.csv"
pytestmark = pytest.mark.skipif(
    not NAMES.is_file(), reason="needs the names in ../shared/data, which are not part of the project"
)

FOLDS = 5
Pairs = list[tuple[float, bool]]


def read() -> list[dict[str, str]]:
    """The rows of the file."""
    with NAMES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scored() -> dict[tuple[int, int], Pairs]:
    """Likeness of every two names and whether they are one company, by the folds of their companies."""
    rows = read()
    companies = {company: number % FOLDS for number, company in enumerate(sorted({row["entity"] for row in rows}))}
    known: dict[tuple[object, object], float] = {}
    found: defaultdict[tuple[int, int], Pairs] = defaultdict(list)
    for (one, left), (other, right) in combinations([(row, name_of(row["name"])) for row in rows], 2):
        if (left, right) not in known:
            known[left, right] = likeness(left, right).score
        folds = companies[one["entity"]], companies[other["entity"]]
        found[folds].append((known[left, right], one["entity"] == other["entity"]))
    return found


def rates(pairs: Pairs, threshold: float) -> tuple[float, float]:
    """Precision and recall of the pairs above a threshold."""
    linked = [same for score, same in pairs if score >= threshold]
    return sum(linked) / max(len(linked), 1), sum(linked) / max(sum(same for _, same in pairs), 1)


def test_with_a_threshold_from_other_companies_links_are_right_and_most_are_found() -> None:
    by_folds = scored()
    linked: list[bool] = []
    real = 0
    for fold in range(FOLDS):
        train = [pair for folds, pairs in by_folds.items() if fold not in folds for pair in pairs]
        test = [pair for folds, pairs in by_folds.items() if fold in folds for pair in pairs]
        threshold = next(at / 100 for at in range(60, 101) if rates(train, at / 100)[0] >= 0.98)
        linked += [same for score, same in test if score >= threshold]
        real += sum(same for _, same in test)
    assert sum(linked) / len(linked) >= 0.98
    assert sum(linked) / real >= 0.95


def test_at_the_threshold_that_the_guide_names_no_pair_is_wrong() -> None:
    precision, recall = rates([pair for pairs in scored().values() for pair in pairs], 0.92)
    assert precision == 1
    assert recall >= 0.9


def test_each_name_finds_its_company_among_one_name_of_each() -> None:
    rows = read()
    accounts: dict[str, Known] = {}
    for row in rows:
        accounts.setdefault(row["entity"], Known(row["entity"], row["entity"], name=row["name"]))
    sought = {row["name"]: Sought(name=row["name"]) for row in rows}
    found = match(list(sought.values()), accounts.values(), {}, thresholds=Thresholds(0.92, 0.75))
    hits = [(found[sought[row["name"]]], row["entity"]) for row in rows]
    linked = [(hit.account, right) for hit, right in hits if hit.account]
    assert sum(account == right for account, right in linked) / len(linked) >= 0.99
    seen = sum(right in {hit.account, *(one.account for one in hit.review)} for hit, right in hits)
    assert seen / len(rows) >= 0.9
