"""Strategies that draw whole sections of a rules folder, each with its meaning: tables, rules, scores, books."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.rules import reference
from tests.rules.drawing import FACTS, HOME, HUMANS, PEOPLE, TARGETS, TEXTS
from tests.rules.reference import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

    from tests.rules.drawing import Words
    from tests.rules.reference import Row


PERSONA = {
    "id": "persona",
    "max": 60,
    "parts": {"p": {"max": 60, "terms": [{"id": "t", "when": "has(title)", "points": 60, "because": "x"}]}},
}
"""A score of contacts that every drawn folder has, so that conditions may read it."""


@dataclass(frozen=True)
class Sections:
    """Sections of a rules file, and the CSV files beside it."""

    keys: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the folder anew."""
        for old in folder.iterdir():
            old.unlink()
        lists = {"home": HOME, "targets": {"file": "targets.csv", "column": "value"}}
        keys = {"version": 1, "lists": lists, "contacts": [PERSONA], **self.keys}
        # JSON is YAML: one way to quote whatever is drawn.
        (folder / "rules.yaml").write_text(json.dumps(keys, ensure_ascii=False))
        # Twice the same, and a line without one: neither counts.
        listed = "".join(f"x,{target}\n" for target in (*TARGETS, "", TARGETS[0]))
        for name, content in {**self.files, "targets.csv": f"why,value\n{listed}"}.items():
            (folder / name).write_text(content)


# Conditions alone


def judged(said: Sequence[Said]) -> Sections:
    """One score with a term for each condition."""
    terms = [{"id": f"t{at}", "when": one.text, "points": 1, "because": "x"} for at, one in enumerate(said)]
    return Sections(
        {"scores": [{"id": "s", "max": 1000, "parts": {"all": {"max": 1000, "terms": terms}}, "tiers": {"A": 0}}]}
    )


# Decision tables


@dataclass(frozen=True)
class DrawnTable:
    """A decision table: its columns' cells by row, and the outputs of each row."""

    name: str
    inputs: Sequence[str]
    outputs: Sequence[tuple[str, bool]]
    """Name, and whether it is a number."""
    rows: Sequence[tuple[Sequence[Said], Sequence[str | float | None]]]
    hit: str

    @property
    def csv(self) -> str:
        heads = [*self.inputs, *(f"then {name}{' (number)' * number}" for name, number in self.outputs)]
        lines = [[*(cell.text for cell in cells), *("" if v is None else f"{v}" for v in given)]
                 for cells, given in self.rows]  # fmt: skip
        return "".join(",".join(_cell(text) for text in line) + "\n" for line in (heads, *lines))

    @property
    def listed(self) -> Any:
        return {"file": f"{self.name}.csv", "hit": self.hit} if self.hit else f"{self.name}.csv"

    def means(self, row: Row) -> Row:
        """The outputs by name."""
        matching = [given for cells, given in self.rows if all(cell.means(row) for cell in cells)]
        chosen = [reference.hit(self.hit or "first", [given[at] for given in matching], number=number)
                  for at, (_, number) in enumerate(self.outputs)]  # fmt: skip
        return dict(zip((name for name, _ in self.outputs), chosen, strict=True))


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def _choices(inner: SearchStrategy[Said]) -> SearchStrategy[Said]:
    def one_of(found: list[Said]) -> Said:
        means = [each.means({}) for each in found]
        return Said("|".join(each.text for each in found), lambda value: value in means)

    return st.lists(inner, min_size=1, max_size=3).map(one_of)


def _ordered(bounds: Sequence[Said]) -> SearchStrategy[Said]:
    def compared(sign: str, bound: Said) -> Said:
        return Said(f"{sign}{bound.text}", reference.beside(sign, bound.means({})))

    def ranged(pair: tuple[int, int]) -> Said:
        low, high = (bounds[at] for at in sorted(pair))
        least, most = low.means({}), high.means({})
        return Said(f"{low.text}..{high.text}", lambda value: value is not None and least <= value <= most)

    places = st.integers(0, len(bounds) - 1)
    return st.one_of(
        st.builds(compared, st.sampled_from(("<", "<=", ">", ">=")), st.sampled_from(bounds)),
        st.tuples(places, places).map(ranged),
    )


def _cells_of(name: str, plain: Sequence[Said], read: Callable[[Any], Any], *, ordered: bool) -> SearchStrategy[Said]:
    """Cells of a column; each drawn piece judges one value, and the cell judges the row's."""
    positive = st.one_of(_choices(st.sampled_from(plain)), *([_ordered(plain)] if ordered else []))
    empty = st.sampled_from((
        Said("", lambda _: True),
        Said("", lambda _: True),
        Said("empty", lambda value: value is None),
        Said("not empty", lambda value: value is not None),
    ))  # fmt: skip
    negative = positive.map(lambda cell: Said(f"not {cell.text}", lambda value: not cell.means(value)))
    return st.one_of(positive, positive, empty, negative).map(
        lambda cell: Said(cell.text, lambda row: cell.means(read(row[name])))
    )


def _same(value: Any) -> Any:
    return value


_TEXT_CELLS = [Said(text, lambda _, text=text: text) for text in sorted(TEXTS)]  # type: ignore[misc]
_TEXT_CELLS += [Said("'empty'", lambda _: "empty"), Said("'O''Neil'", lambda _: "O'Neil")]
_TEXT_CELLS.sort(key=lambda said: str(said.means({})))
_NUMBER_CELLS = [Said(f"{n}", lambda _, n=n: float(n)) for n in (-1, 0, 1, 2.5, 14, 60, 1000)]  # type: ignore[misc]
_DATE_CELLS = [
    Said(d, lambda _, d=d: reference.day(d))  # type: ignore[misc]
    for d in ("1970-01-01", "2026-08-24", "2026-11-21", "2026-11-22", "2026-11-23", "2100-12-31")
]
_YES_NO_CELLS = [Said("yes", lambda _: True), Said("no", lambda _: False)]
COLUMNS = {
    "country": _cells_of("country", _TEXT_CELLS, _same, ordered=True),
    "industry": _cells_of("industry", _TEXT_CELLS, _same, ordered=True),
    "employees": _cells_of("employees", _NUMBER_CELLS, reference.counted, ordered=True),
    "last_touch": _cells_of("last_touch", _DATE_CELLS, reference.day, ordered=True),
    "is_customer": _cells_of("is_customer", _YES_NO_CELLS, _same, ordered=False),
}
_REGIONS = ("EMEA", "AMER", "O'Neil", "a_b")
_region_cells = _cells_of("region", [Said(r, lambda _, r=r: r) for r in sorted(_REGIONS)], _same, ordered=True)  # type: ignore[misc]
_NUMBERS = st.none() | st.sampled_from((0.5, 1.0, -2.0, 10.0, 0.1))


@st.composite
def tables(draw: Any, *, hits: Sequence[str] = ("", "first", "collect")) -> list[DrawnTable]:
    """One table, or two of which the second reads the first's output."""
    names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=3, unique=True))
    outputs = (("region", False), ("weight", True))
    found = [_table(draw, "places", names, [COLUMNS[name] for name in names], outputs, draw(st.sampled_from(hits)))]
    if draw(st.booleans()):
        cells = [_region_cells, COLUMNS["employees"]]
        given = (("band", False), ("worth", True))
        found.append(_table(draw, "bands", ["region", "employees"], cells, given, draw(st.sampled_from(hits))))
    return found


def _table(  # noqa: PLR0913, PLR0917 - what a table is made of
    draw: Any,
    name: str,
    inputs: Sequence[str],
    cells: Sequence[SearchStrategy[Said]],
    outputs: Sequence[tuple[str, bool]],
    hit: str,
) -> DrawnTable:
    given = st.tuples(*(_NUMBERS if number else st.none() | st.sampled_from(_REGIONS) for _, number in outputs))
    drawn = draw(st.lists(st.tuples(st.tuples(*cells), given), min_size=1, max_size=5))
    # A line without a single filled cell is no row.
    rows = [row for row in drawn if any(cell.text for cell in row[0]) or any(value is not None for value in row[1])]
    rows = rows or [(drawn[0][0], ("EMEA", 0.5))]
    return DrawnTable(name, inputs, outputs, rows, hit)


_apart = [
    [Said(text, lambda row, text=text: row["country"] == text)]  # type: ignore[misc]
    for text in ("GB", "US", "Z", "a:b")
]
_apart += [[Said("empty", lambda row: row["country"] is None)]]


@st.composite
def unique_tables(draw: Any) -> list[DrawnTable]:
    """A table whose rows no account can match twice: each has a country of its own, or ranges of its own."""
    countries = draw(st.permutations(_apart))[: draw(st.integers(1, 4))]
    rows = []
    for (country,) in countries:
        for low, high in draw(st.sampled_from(([(None, None)], [(-1, 5), (6, 60)], [(None, 0), (0.5, None)]))):
            cell = _span(low, high)
            given = draw(st.tuples(st.none() | st.sampled_from(_REGIONS), _NUMBERS))
            rows.append(((country, cell), given))
    return [DrawnTable("places", ("country", "employees"), (("region", False), ("weight", True)), rows, "unique")]


def _span(low: float | None, high: float | None) -> Said:
    if low is None and high is None:
        return Said("", lambda _: True)
    text = f"<={high}" if low is None else f">={low}" if high is None else f"{low}..{high}"

    def means(row: Row) -> bool:
        found = reference.counted(row["employees"])
        return found is not None and (low is None or found >= low) and (high is None or found <= high)

    return Said(text, means)


def with_tables(found: Sequence[DrawnTable]) -> Sections:
    """A folder of these tables."""
    return Sections({"tables": [table.listed for table in found]}, {f"{table.name}.csv": table.csv for table in found})


# Rules: scope, protect, return, books, routes, with named conditions; segments, motions, paths


@dataclass(frozen=True)
class DrawnRule:
    """What must hold: a condition of the rule's own, named ones, or both."""

    own: Said | None
    used: Sequence[str]

    def keys(self, word: str = "when") -> dict[str, Any]:
        own = {word: self.own.text} if self.own else {}
        return own | ({"use": self.used[0] if len(self.used) == 1 else list(self.used)} if self.used else {})

    def said(self, named: Mapping[str, Said]) -> Said:
        """The rule's whole condition."""
        every = [*(named[name] for name in self.used), *([self.own] if self.own else [])]
        return reference.joined("and", every)


@dataclass(frozen=True)
class DrawnTelling:
    """What a book says of its accounts."""

    green: Said
    amber: Said | None
    suits: Said
    workload: Said
    field: str
    """The numeric field that says what an account is worth; empty where the score does."""
    owner: str
    """The field that names the owner; empty where the book is dynamic."""

    def keys(self) -> dict[str, Any]:
        worked = {"green": self.green.text} | ({"amber": self.amber.text} if self.amber else {})
        asked = {"id": "fits", "accounts": self.suits.text, "add": 0.5, "because": "x"}
        same = {"id": "same", "same": {"account": "products", "rep": "languages"}, "add": 0.1, "because": "x"}
        keys: dict[str, Any] = {"worked": worked, "affinity": [asked, same], "workload": self.workload.text}
        if self.owner:
            return keys | {"model": "fixed", "owner": self.owner}
        balance = {"measure": self.field or "s", "weight": 1, "workload": 2}
        return keys | {"balance": balance, "keep": {"weight": 2, "tenure": "30 days"}, "families": "together"}

    def means(self, row: Row) -> dict[str, Any]:
        """What is told of an account of the book, by kind."""
        worth = reference.number_field(self.field).means(row) if self.field and not self.owner else None
        return {
            "named_owner": row[self.owner] if self.owner else None,
            "workload": max(0.0, self.workload.means(row) or 0.0),
            "measure": None if self.owner or not self.field else max(0.0, worth or 0.0),
            "affinity": "|fits" if self.suits.means(row) else "",
            "worked": "green" if self.green.means(row) else "amber" if self.amber and self.amber.means(row) else "red",
        }


@dataclass(frozen=True)
class DrawnRules:
    """Rules of each section, and the named conditions and schemes that they read."""

    named: Mapping[str, Said]
    schemes: Mapping[str, Sequence[tuple[str, DrawnRule]]]
    """The scheme's segments without the last, which is called ``rest``."""
    scope: Sequence[DrawnRule]
    protect: Sequence[DrawnRule]
    returns: Sequence[DrawnRule]
    books: Sequence[DrawnRule]
    routes: Sequence[DrawnRule]
    levels: Sequence[DrawnRule]
    covers: Sequence[DrawnRule]
    telling: Sequence[DrawnTelling]
    """By book; there may be more than books."""

    def sections(self) -> Sections:
        keys: dict[str, Any] = dict(judged([Said("true", lambda _: True)]).keys)
        keys["conditions"] = {name: said.text for name, said in self.named.items()}
        divided = {name: self._scheme(segments) for name, segments in self.schemes.items()}
        keys["segments"] = {name: scheme for name, scheme in divided.items() if name not in ("motion", "path")}
        keys |= {f"{name}s": divided[name] for name in ("motion", "path") if name in divided}
        if self.scope:
            keys["scope"] = _listed("scope", self.scope, because="x")
        keys["protect"] = _listed("protect", self.protect, because="x")
        keys["return"] = _listed("return", self.returns, reason="x", rest="2 weeks",
                                 limit={"per": "rep", "most": 5, "every": "day"})  # fmt: skip
        books = _listed("book", self.books, "accounts", reps="true", capacity=5, rank="s")
        keys["books"] = [{**book, **said.keys()} for book, said in zip(books, self.telling, strict=False)]
        to = {"team": "x", "by": "round robin"}, {"reps": "certified", "by": "weighted"}, {"by": "owner"}
        routes = _listed("route", self.routes, because="x")
        keys["routes"] = [{**route, "to": to[at % 3]} for at, route in enumerate(routes)]
        to_others = {"reps": "certified", "by": "least loaded"}, {"team": "x", "by": "round robin"}
        keys["service_levels"] = [
            {**level, "reassign": to_others[at]}
            for at, level in enumerate(_listed("level", self.levels, first_touch="2 days", remind="1 working hour"))
        ]
        keys["covers"] = _listed("cover", self.covers, least="2 days", by="team", protected="yes")
        return Sections({name: value for name, value in keys.items() if value})

    @staticmethod
    def _scheme(segments: Sequence[tuple[str, DrawnRule]]) -> dict[str, Any]:
        return {**{name: rule.keys() for name, rule in segments}, "rest": "otherwise"}

    def means(self, account: Row) -> tuple[list[str | None], list[str]]:
        """The first rule that matches in each section, and the segment of each scheme."""
        row = dict(account)
        for name, segments in self.schemes.items():
            row[name] = reference.segment([(one, rule.said(self.named)) for one, rule in segments], "rest", row)
        sections = {"scope": self.scope, "protect": self.protect, "return": self.returns, "book": self.books,
                    "route": self.routes, "level": self.levels, "cover": self.covers}  # fmt: skip
        found = [
            reference.first([(f"{name}{at}", rule.said(self.named)) for at, rule in enumerate(rules)], row)
            for name, rules in sections.items()
        ]
        return found, [row[name] for name in self.schemes]

    def told(self, account: Row, book: str | None) -> dict[str, Any]:
        """What the account's book says of it, by kind; None for what it does not say."""
        nothing = dict.fromkeys(("named_owner", "workload", "measure", "affinity", "worked"))
        return nothing if book is None else self.telling[int(book.removeprefix("book"))].means(account)


def _listed(name: str, rules: Sequence[DrawnRule], word: str = "when", **more: Any) -> list[dict[str, Any]]:
    return [{"id": f"{name}{at}", **rule.keys(word), **more} for at, rule in enumerate(rules)]


@st.composite
def rules(draw: Any) -> DrawnRules:
    """Rules of all sections; what reads schemes reads them by their names."""
    named = {f"named_{at}": said for at, said in enumerate(draw(st.lists(_plain, max_size=2)))}
    made: list[str] = []
    schemes: dict[str, Sequence[tuple[str, DrawnRule]]] = {}
    for name in draw(st.sampled_from((("size",), ("size", "need", "motion", "path"), ("motion", "path"), ()))):
        conditions = draw(st.lists(_rule(tuple(named), tuple(made)), min_size=1, max_size=3))
        schemes[name] = [(f"seg {at}", rule) for at, rule in enumerate(conditions)]
        made.append(name)
    some = st.lists(_rule(tuple(named), tuple(made)), max_size=2)
    sections = ("scope", "protect", "returns", "books", "routes", "levels", "covers")
    return DrawnRules(named, schemes, **{name: draw(some) for name in sections}, telling=draw(_telling))


_plain = FACTS.conditions(2)
_telling = st.lists(
    st.builds(
        DrawnTelling,
        _plain,
        st.none() | _plain,
        _plain,
        FACTS.numeric(),
        st.sampled_from(("", "employees", "revenue")),
        st.sampled_from(("", "", "country")),
    ),
    min_size=2,
    max_size=2,
)


@cache
def _rule(named: Sequence[str], schemes: Sequence[str]) -> SearchStrategy[DrawnRule]:
    in_segment = st.builds(
        lambda name, sign, at: reference.comparison(reference.text_field(name), sign, Said(f"'{at}'", lambda _: at)),
        st.sampled_from(schemes or ("country",)),
        st.sampled_from(("=", "<>")),
        st.sampled_from(("seg 0", "rest")),
    )
    own = st.one_of(_plain, in_segment) if schemes else _plain
    if not named:
        return st.builds(DrawnRule, own, st.just(()))
    used = st.lists(st.sampled_from(named), min_size=1, max_size=2, unique=True).map(tuple)
    return st.one_of(st.builds(DrawnRule, own, st.just(())), st.builds(DrawnRule, st.none() | own, used))


# Scores


@dataclass(frozen=True)
class DrawnTerm:
    """A term: its keys, and its points for an account under the decay of its part."""

    keys: Mapping[str, Any]
    means: Callable[[Row, str, int], float]


@dataclass(frozen=True)
class DrawnPart:
    """A part of a score."""

    max: float
    decay: tuple[str, int]
    terms: Sequence[DrawnTerm]


@dataclass(frozen=True)
class DrawnScore:
    """A score with its parts and tiers."""

    name: str
    max: float
    parts: Sequence[DrawnPart]
    tiers: Mapping[str, float]

    def written(self) -> dict[str, Any]:
        parts, number = {}, 0
        for at, part in enumerate(self.parts):
            terms = []
            for term in part.terms:
                terms.append({"id": f"t{number}", "points": 0, "because": "x", **term.keys})
                number += 1
            word, days = part.decay
            parts[f"p{at}"] = {"max": part.max, word: f"{days} days", "terms": terms}
        return {"id": self.name, "max": self.max, "parts": parts, "tiers": self.tiers}

    def points(self, row: Row) -> list[list[float]]:
        """Each term's points, by part."""
        return [[term.means(row, *part.decay) for term in part.terms] for part in self.parts]

    def total(self, row: Row) -> float:
        """The whole score."""
        capped = (reference.capped(found, part.max) for found, part in zip(self.points(row), self.parts, strict=True))
        return reference.total(capped, self.max)


_points = st.sampled_from((-40, -2.5, -0.1, 0.1, 0.3, 1, 7, 33.333333, 60))
_ends = st.tuples(st.integers(-5, 100), st.integers(101, 5_000)).flatmap(st.permutations)


def _when(said: Said, points: float) -> DrawnTerm:
    keys = {"when": said.text, "points": points}
    return DrawnTerm(keys, lambda row, _word, _days: points if said.means(row) else 0.0)


def _scale(said: Said, ends: Sequence[int], points: float) -> DrawnTerm:
    keys = {"scale": said.text, "from": ends[0], "to": ends[1], "points": points}
    return DrawnTerm(keys, lambda row, _word, _days: reference.scaled(said.means(row), ends[0], ends[1], points))


def _event(kind: str, points: float) -> DrawnTerm:
    def means(row: Row, word: str, days: int) -> float:
        return points * reference.aged(row, kind, word, days)

    return DrawnTerm({"event": kind, "points": points}, means)


def terms(words: Words) -> SearchStrategy[DrawnTerm]:
    """Terms of all three kinds."""
    return st.one_of(
        st.builds(_when, words.conditions(2), _points),
        st.builds(_scale, words.numeric(), _ends, _points),
        st.builds(_event, st.sampled_from(("meeting", "web_form")), _points),
    )


decays = st.one_of(
    st.tuples(st.just("half_life"), st.sampled_from((7, 14, 30))),
    st.tuples(st.just("linear"), st.sampled_from((7, 60))),
    st.tuples(st.just("window"), st.sampled_from((7, 30))),
)


def parts_of(words: Words) -> SearchStrategy[DrawnPart]:
    """A part whose terms read these words."""
    return st.builds(
        DrawnPart, st.sampled_from((5, 12.5, 40, 100)), decays, st.lists(terms(words), min_size=1, max_size=4)
    )


def scores(name: str, tiers: Mapping[str, float], words: Words = FACTS) -> SearchStrategy[DrawnScore]:
    """A score of one to three parts."""
    parts = parts_of(words)
    most = st.sampled_from((30, 90, 200))
    return st.builds(DrawnScore, st.just(name), most, st.lists(parts, min_size=1, max_size=3), st.just(tiers))


@dataclass(frozen=True)
class DrawnModels:
    """Two scores and the grid of their tiers."""

    fit: DrawnScore
    timing: DrawnScore

    def sections(self) -> Sections:
        grid = {"id": "grade", "rows": "fit", "columns": "timing"}
        return Sections({"scores": [self.fit.written(), self.timing.written()], "grids": [grid]})


models = st.builds(
    DrawnModels,
    scores("fit", {"A": 40, "B": 12.5, "C": 0}),
    scores("timing", {"1": 60, "2": 20, "3": 0}),
)
contact_scores = scores("human", {"high": 30, "low": 0}, HUMANS)


# Reps


@dataclass(frozen=True)
class DrawnBook:
    """Which reps a book takes, and how many accounts each may have."""

    reps: Said
    capacity: int | str | tuple[int | str, float]
    """A number, a field, or touches in a week and how many an account needs."""
    suits: Said

    @property
    def room(self) -> Any:
        if isinstance(self.capacity, tuple):
            return dict(zip(("touches_per_week", "per_account"), self.capacity, strict=True))
        return self.capacity

    def places(self, person: Row) -> float | None:
        """How many accounts a rep may have, before it is cut to a whole number."""
        said, each = self.capacity if isinstance(self.capacity, tuple) else (self.capacity, 1.0)
        whole = person[said] if isinstance(said, str) else float(said)
        return None if whole is None else whole / each


books = st.lists(
    st.builds(
        DrawnBook,
        PEOPLE.conditions(4),
        st.sampled_from((5, 120, "capacity", "tenure", (60, 1.5), ("capacity", 0.25))),
        PEOPLE.conditions(2),
    ),
    min_size=1,
    max_size=4,
)


def of_reps(found: Sequence[DrawnBook]) -> Sections:
    """A folder of these books."""
    listed = [
        {"id": f"book{at}", "accounts": "true", "reps": book.reps.text, "capacity": book.room, "rank": "s",
         "affinity": [{"id": "fits", "reps": book.suits.text, "add": 1, "because": "x"},
                      {"id": "same", "same": {"account": "country", "rep": "languages"}, "add": 1, "because": "x"}]}
        for at, book in enumerate(found)
    ]  # fmt: skip
    return Sections({**judged([Said("true", lambda _: True)]).keys, "books": listed})
