"""Strategies that draw named conditions, schemes, routes and lists from files, each with its meaning beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from rules import FieldInfo, Type
from tests.rules import drawing, reference
from tests.rules.drawing import FACTS
from tests.rules.folders import Sections
from tests.rules.reference import Said, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

    from tests.rules.reference import Row

PRODUCTS = (
    "Suite", "suite", "Suite;Lake", "Lake | Suite", "  Data   Lake;Suite", "SuiteLake", "Data;Lake", ";", " ", "|Lake|",
    "O'Neil's;100%", "Suite,Lake", "Data Lake",
)  # fmt: skip
WANTED = ("Suite", "Lake", "Data Lake", "O'Neil's", "100%", "Data  Lake ", "ake")
FROM_FILE = ("Suite", "Data Lake", "O'Neil's", "US", "日本")
VOCABULARY = replace(
    drawing.VOCABULARY, account={**drawing.VOCABULARY.account, "products": FieldInfo("products", Type.TEXT)}
)
POOLS = {**drawing.POOLS, "products": PRODUCTS}
SEGMENTS = ("big", "new logo", "Größe", "O'Neil", "A & B")
"""Names of segments, in the order in which a scheme draws them."""


def _spaced(text: str) -> str:
    return re.sub(" +", " ", text).strip(" ")


def includes(field: str, wanted: Sequence[str], name: str = "") -> Said:
    """Whether a text that lists several values has one of these."""

    def means(row: Row) -> bool:
        listed = {_spaced(part) for part in re.split("[;|]", row[field])} if row[field] is not None else set()
        return any(_spaced(one) in listed for one in wanted)

    return Said(f"includes({field}, {name or ', '.join(map(quoted, wanted))})", means)


def _events(kind: str, most: int) -> Said:
    return Said(f"events('{kind}', {most})", lambda row: reference.within(row, kind, most))


_more = st.one_of(
    st.builds(
        includes, st.sampled_from(("products", "country")), st.lists(st.sampled_from(WANTED), min_size=1, max_size=3)
    ),
    st.sampled_from(("products", "country")).map(lambda field: includes(field, FROM_FILE, "filed")),
    st.sampled_from(("country", "products")).map(
        lambda field: reference.member_of(reference.text_field(field), "filed", FROM_FILE, negated=False)
    ),
    st.builds(
        reference.comparison,
        st.builds(_events, st.sampled_from(("meeting", "web_form")), st.sampled_from((1, 14, 30, 90))),
        st.sampled_from(("=", ">", "<=")),
        st.sampled_from((0, 1, 2)).map(lambda n: Said(f"{n}", lambda _: float(n))),
    ),
)
facts = st.one_of(
    FACTS.conditions(3), _more, st.builds(reference.joined, st.just("or"), st.tuples(FACTS.conditions(2), _more))
)
"""Conditions on what is there before any scheme."""


@dataclass(frozen=True)
class Taken:
    """A rule's condition: named ones, one of its own, or both."""

    use: Sequence[str]
    own: Said | None

    def keys(self, own: str = "when") -> dict[str, Any]:
        """The rule's keys; a single name stands alone."""
        found: dict[str, Any] = {own: self.own.text} if self.own else {}
        if self.use:
            found["use"] = self.use[0] if len(self.use) == 1 else list(self.use)
        return found

    def said(self, named: Mapping[str, Said]) -> Said:
        """All of it as one condition."""
        whole = [*(named[name] for name in self.use), *([self.own] if self.own else [])]
        return Said("", lambda row: all(one.means(row) for one in whole))


def taken(names: Sequence[str], conditions: SearchStrategy[Said]) -> SearchStrategy[Taken]:
    """Conditions that take some of the named ones."""
    some = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)
    return st.one_of(
        st.builds(Taken, st.just(()), conditions), st.builds(Taken, some, st.none()), st.builds(Taken, some, conditions)
    )


@dataclass(frozen=True)
class DrawnScheme:
    """A scheme: what leads into each segment but the last."""

    section: str
    name: str
    tried: Sequence[Taken]

    def written(self) -> dict[str, Any]:
        found = {
            name: one.keys() if one.use else one.keys()["when"] for name, one in zip(SEGMENTS, self.tried, strict=False)
        }
        return {**found, SEGMENTS[len(self.tried)]: "otherwise"}

    def segment(self, named: Mapping[str, Said], row: Row) -> str:
        """Where the account is."""
        rules = [(name, one.said(named)) for name, one in zip(SEGMENTS, self.tried, strict=False)]
        return reference.first(rules, row) or SEGMENTS[len(self.tried)]

    def atoms(self) -> SearchStrategy[Said]:
        """Conditions on the scheme's field."""
        field = reference.text_field(self.name)
        names = SEGMENTS[: len(self.tried) + 1]
        segments = st.sampled_from(names).map(lambda text: Said(quoted(text), lambda _: text))
        return st.one_of(
            st.builds(reference.comparison, st.just(field), st.sampled_from(("=", "<>", "<", ">=")), segments),
            st.builds(reference.membership, st.just(field), st.lists(segments, min_size=1, max_size=2), st.booleans()),
            st.builds(reference.like, st.just(field), st.sampled_from(("%o%", "B_g", "new%")), st.booleans()),
            st.builds(reference.emptiness, st.just(field), st.booleans()),
        )


@dataclass(frozen=True)
class DrawnPolicy:
    """A folder with named conditions, schemes, and rules of each section that read them."""

    named: Sequence[Said]
    schemes: Sequence[DrawnScheme]
    rules: Mapping[str, Sequence[Taken]]

    def sections(self) -> Sections:
        """The folder."""
        also: dict[str, Any] = {
            "protect": {"because": "x"},
            "return": {"reason": "x"},
            "routes": {"to": {"by": "owner"}},
        }
        also["books"] = {"reps": "true", "capacity": 5, "rank": "s"}
        keys: dict[str, Any] = {"conditions": {f"c{at}": one.text for at, one in enumerate(self.named)}}
        for scheme in self.schemes:
            if scheme.section == "segments":
                keys.setdefault("segments", {})[scheme.name] = scheme.written()
            else:
                keys[scheme.section] = scheme.written()
        for section, rules in self.rules.items():
            own = "accounts" if section == "books" else "when"
            if rules:
                keys[section] = [
                    {"id": f"{section}{at}", **one.keys(own), **also.get(section, {})} for at, one in enumerate(rules)
                ]
        terms = [{"id": "t", "when": "true", "points": 1, "because": "x"}]
        keys["scores"] = [{"id": "s", "max": 1, "parts": {"p": {"max": 1, "terms": terms}}, "tiers": {"A": 0}}]
        keys["lists"] = {
            "home": drawing.HOME, "targets": drawing.TARGETS, "filed": {"file": "filed.csv", "column": "value"}
        }  # fmt: skip
        lines = "".join(f'"{one}",x\n' for one in (*FROM_FILE, "", FROM_FILE[0]))
        return Sections(keys, {"filed.csv": f"value,why\n{lines}"})

    def means(self, row: Row) -> tuple[dict[str, str], list[str | None]]:
        """The segment in each scheme, and the first rule that matches in each section."""
        named = {f"c{at}": one for at, one in enumerate(self.named)}
        seen = dict(row)
        for scheme in self.schemes:
            seen[scheme.name] = scheme.segment(named, seen)
        segments = {scheme.name: seen[scheme.name] for scheme in self.schemes}
        found = [
            reference.first([(f"{section}{at}", one.said(named)) for at, one in enumerate(rules)], seen)
            for section, rules in self.rules.items()
        ]
        return segments, found


SECTIONS = ("scope", "protect", "return", "books", "routes")
_PLACES = (("segments", "s0"), ("segments", "s1"), ("motions", "motion"), ("paths", "path"))


@st.composite
def policies(draw: st.DrawFn) -> DrawnPolicy:
    """Schemes that read named conditions and the schemes before them, and rules that read all of them."""
    named = draw(st.lists(facts, min_size=1, max_size=3))
    names = [f"c{at}" for at in range(len(named))]
    conditions, schemes = facts, []
    for section, name in draw(st.sampled_from((_PLACES, _PLACES[1:], _PLACES[2:], _PLACES[:1]))):
        scheme = DrawnScheme(section, name, draw(st.lists(taken(names, conditions), min_size=1, max_size=3)))
        schemes.append(scheme)
        conditions = st.one_of(conditions, scheme.atoms())
    rules = {section: draw(st.lists(taken(names, conditions), max_size=3)) for section in SECTIONS}
    return DrawnPolicy(named, schemes, rules)
