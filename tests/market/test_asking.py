"""What tells territories apart when nobody says so, and which fields may tell look-alikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import rules
from rules import FieldInfo, Type, Vocabulary
from sync_worker.config import load
from sync_worker.market.asking import Asked, understood
from sync_worker.parts import Stopped
from sync_worker.store.derivable import DERIVED
from tests.cycle.office import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from sync_worker.config import Config

SCOPE = "version: 1\nscope: [{id: all, when: true, because: All}]\n"
TERM = "{id: t, when: true, points: 1, because: B}"
SCORE = f"scores: [{{id: s, max: 9, parts: {{p: {{max: 9, terms: [{TERM}]}}}}, tiers: {{A: 0}}}}]\n"
BOOKS = "books: [{id: b, accounts: true, reps: 'true', capacity: 9, rank: s}]\n"
SEGMENTS = """motions: {expansion: is_customer, new logo: otherwise}
segments: {size: {large: employees > 9, small: otherwise}}
"""
FIELDS = {
    "name": Type.TEXT,
    "owner": Type.TEXT,
    "type": Type.TEXT,
    "industry": Type.TEXT,
    "employees": Type.NUMBER,
    "listed": Type.BOOLEAN,
    "renewal_date": Type.DATE,
    "score": Type.NUMBER,
    "intent_cybersecurity": Type.NUMBER,
}


def words(**more: Type) -> Vocabulary:
    fields = {name: FieldInfo(name, kind) for name, kind in (FIELDS | more).items()}
    return Vocabulary(account={**fields, **DERIVED}, rep={})


def ruleset(folder: Path, text: str, vocabulary: Vocabulary) -> rules.Ruleset:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.yaml").write_text(SCOPE + text)
    return rules.load(folder / "rules", vocabulary)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "secret").write_text("x")
    given = {
        "store": "sqlite:///s.db",
        "url": "https://x.my.salesforce.com",
        "client_id": "c",
        "salesforce": "",
        "pool": "p",
    }
    (tmp_path / "config.toml").write_text(CONFIG.format(**given, policy="approve", owner_moves=0.1))
    return load(tmp_path / "config.toml", environ={}).config


@pytest.mark.parametrize(
    ("text", "more", "by"),
    [
        (SCORE + BOOKS + SEGMENTS, {"territory": Type.TEXT}, "territory"),
        (SCORE + BOOKS + SEGMENTS, {"territory": Type.NUMBER}, "size"),
        (SCORE + BOOKS + SEGMENTS, {}, "size"),
        (SCORE + BOOKS, {}, "book"),
        (SCORE, {}, ""),
    ],
)
def test_what_tells_territories_apart_when_nobody_says_so(
    tmp_path: Path, config: Config, text: str, more: dict[str, Type], by: str
) -> None:
    known = words(**more)
    assert understood(Asked(), ruleset(tmp_path, text, known), known, config).by == by


def test_only_fields_that_say_what_an_account_is_may_tell_look_alikes(tmp_path: Path, config: Config) -> None:
    known = words()
    found = understood(Asked(), ruleset(tmp_path, "", known), known, config)
    assert found.fit == {"industry": Type.TEXT, "employees": Type.NUMBER, "listed": Type.BOOLEAN}


@pytest.mark.parametrize(("more", "renewal"), [({}, "renewal_date"), ({"renewal_date": Type.TEXT}, "")])
def test_renewals_are_told_where_the_usual_field_is_a_date(
    tmp_path: Path, config: Config, more: dict[str, Type], renewal: str
) -> None:
    known = words(**more)
    assert understood(Asked(), ruleset(tmp_path, "", known), known, config).renewal == renewal


@pytest.mark.parametrize(
    "asked",
    [Asked(by="employees"), Asked(by="sise"), Asked(value="industry"), Asked(renewal="name"), Asked(keep=("owner",))],
)
def test_names_that_mean_nothing_are_refused_with_the_way_out(tmp_path: Path, config: Config, asked: Asked) -> None:
    known = words()
    with pytest.raises(Stopped, match="--"):
        understood(asked, ruleset(tmp_path, SCORE + SEGMENTS, known), known, config)
