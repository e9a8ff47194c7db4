"""Every construct has one meaning: SQLite, PostgreSQL and a plain reading of the documentation give equal answers.

``reference`` is the plain reading, ``drawing`` and ``folders`` draw what is asked, ``engines`` asks the databases.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, get_args

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import ColumnKind, Dialect, Fade, Hit, load, shapes, trace, tree
from tests.rules import folders, reference
from tests.rules.drawing import CONTACT_POOLS, FACTS, POOLS, REP_POOLS, VOCABULARY
from tests.rules.engines import Engines, population, values

if TYPE_CHECKING:
    from rules import Ruleset
    from tests.rules.engines import Answers
    from tests.rules.folders import DrawnBook, DrawnModels, DrawnRules, DrawnScore, DrawnTable, Sections
    from tests.rules.reference import Row, Said

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
LANDMARK = datetime(2026, 9, 1, tzinfo=UTC)
IN_CI = {
    "conditions": 450,
    "tables": 300,
    "outputs": 100,
    "unique tables": 150,
    "rules": 150,
    "books": 100,
    "scores": 300,
    "models": 100,
    "contacts": 150,
    "reps": 250,
    "traces": 150,
    "records": 60,
}
"""Examples by suite where everything is checked; elsewhere a tenth of them."""
READING_OUTPUTS = FACTS.also(texts=("region",), numbers=("weight",))


def examples(suite: str) -> settings:
    most = IN_CI[suite] if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else IN_CI[suite] // 10
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=most, deadline=None, suppress_health_check=slow)


@pytest.fixture
def engines(tmp_path: Path, postgres_database: str) -> Iterator[Engines]:
    folder = tmp_path / "rules"
    folder.mkdir()
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True, prepare_threshold=None) as server:
        made = Engines(folder, server, NOW, LANDMARK, population(1, 80, POOLS))
        yield made
        made.close()


def loaded(engines: Engines, sections: Sections) -> Ruleset:
    sections.write(engines.folder)
    return load(engines.folder, VOCABULARY)


def test_two_thousand_examples_are_tried() -> None:
    assert sum(IN_CI.values()) >= 2_000


@examples("conditions")
@given(said=st.lists(FACTS.conditions(), min_size=4, max_size=6))
def test_a_condition_holds_on_every_engine_exactly_when_the_documentation_says(
    engines: Engines, said: list[Said]
) -> None:
    answers = engines.answers(loaded(engines, folders.judged(said)))
    for dialect, (compiled, found) in answers.items():
        for facts, points in zip(engines.rows, values(compiled, found, ColumnKind.POINTS), strict=True):
            for one, held in zip(said, points, strict=True):
                assert bool(held) is bool(one.means(facts)), (dialect, one.text, facts)


@examples("tables")
@given(drawn=folders.tables())
def test_a_decision_table_gives_the_same_outputs_on_every_engine(engines: Engines, drawn: list[DrawnTable]) -> None:
    answers = engines.answers(loaded(engines, folders.with_tables(drawn)))
    for dialect, (compiled, found) in answers.items():
        for facts, outputs in zip(engines.rows, values(compiled, found, ColumnKind.OUTPUT), strict=True):
            seen = dict(facts)
            for table in drawn:
                seen |= table.means(seen)
            should = [seen[name] for table in drawn for name, _ in table.outputs]
            assert outputs == pytest.approx(should, abs=1e-9), (dialect, [table.csv for table in drawn], facts)


@examples("outputs")
@given(drawn=folders.tables(), said=st.lists(READING_OUTPUTS.conditions(3), min_size=2, max_size=4))
def test_a_condition_reads_what_a_table_makes_as_it_is(
    engines: Engines, drawn: list[DrawnTable], said: list[Said]
) -> None:
    tables = folders.with_tables(drawn)
    answers = engines.answers(loaded(engines, replace(tables, keys={**tables.keys, **folders.judged(said).keys})))
    for dialect, (compiled, found) in answers.items():
        for facts, points in zip(engines.rows, values(compiled, found, ColumnKind.POINTS), strict=True):
            seen = dict(facts)
            for table in drawn:
                seen |= table.means(seen)
            for one, held in zip(said, points, strict=True):
                assert bool(held) is bool(one.means(seen)), (dialect, [t.csv for t in drawn], one.text, facts)


@examples("unique tables")
@given(drawn=folders.unique_tables())
def test_a_table_whose_rows_never_meet_gives_the_same_outputs(engines: Engines, drawn: list[DrawnTable]) -> None:
    test_a_decision_table_gives_the_same_outputs_on_every_engine.hypothesis.inner_test(engines, drawn)  # type: ignore[attr-defined]


@examples("rules")
@given(drawn=folders.rules())
def test_rules_and_segments_decide_the_same_on_every_engine(engines: Engines, drawn: DrawnRules) -> None:
    answers = engines.answers(loaded(engines, drawn.sections()))
    kinds = (
        ColumnKind.IN_SCOPE, ColumnKind.PROTECT, ColumnKind.RETURN, ColumnKind.BOOK, ColumnKind.ROUTE,
        ColumnKind.SERVICE_LEVEL, ColumnKind.COVER,
    )  # fmt: skip
    for dialect, (compiled, found) in answers.items():
        columns = [[one[0] if one else None for one in values(compiled, found, kind)] for kind in kinds]
        divided = {column.rule: values(compiled, found, ColumnKind.SEGMENT, column.rule)
                   for column in compiled.of(ColumnKind.SEGMENT)}  # fmt: skip
        for at, facts in enumerate(engines.rows):
            decided, segments = drawn.means(facts)
            assert [column[at] for column in columns] == decided, (dialect, drawn, facts)
            assert [divided[name][at][0] for name in drawn.schemes] == segments, (dialect, drawn, facts)


@examples("books")
@given(drawn=folders.rules())
def test_what_a_book_says_of_its_accounts_is_the_same_on_every_engine(engines: Engines, drawn: DrawnRules) -> None:
    answers = engines.answers(loaded(engines, drawn.sections()))
    kinds = ("named_owner", "workload", "measure", "affinity", "worked")
    for dialect, (compiled, found) in answers.items():
        book = [one for (one,) in values(compiled, found, ColumnKind.BOOK)]
        columns = {kind: values(compiled, found, ColumnKind(kind)) for kind in kinds}
        compared = values(compiled, found, ColumnKind.COMPARED)
        for at, facts in enumerate(engines.rows):
            should = drawn.told(facts, book[at])
            for kind, told in columns.items():
                (seen,) = told[at] or [None]
                same = pytest.approx(seen, rel=1e-9, abs=1e-6) if isinstance(seen, float) else seen
                assert should[kind] == same, (dialect, kind, drawn, facts)
            assert compared[at] == ([facts["products"]] if drawn.books else []), (dialect, drawn, facts)


@examples("scores")
@given(drawn=folders.scores("s", {"A": 70, "B": 45.5, "C": 20, "D": 0}))
def test_a_score_is_the_same_on_every_engine(engines: Engines, drawn: DrawnScore) -> None:
    answers = engines.answers(loaded(engines, folders.Sections({"scores": [drawn.written()]})))
    same_scores(answers, [drawn], engines.rows)


@examples("models")
@given(drawn=folders.models)
def test_two_scores_and_their_grid_are_the_same_on_every_engine(engines: Engines, drawn: DrawnModels) -> None:
    answers = engines.answers(loaded(engines, drawn.sections()))
    same_scores(answers, [drawn.fit, drawn.timing], engines.rows)
    for compiled, found in answers.values():
        tiers = [f"{fit}{timing}" for fit, timing in values(compiled, found, ColumnKind.TIER)]
        assert [grade for (grade,) in values(compiled, found, ColumnKind.GRID)] == tiers


@examples("contacts")
@given(drawn=folders.contact_scores)
def test_a_score_of_contacts_is_the_same_on_every_engine(engines: Engines, drawn: DrawnScore) -> None:
    if engines.rows and "title" not in engines.rows[0]:
        engines.rows = population(3, 60, CONTACT_POOLS)
    ruleset = loaded(engines, folders.Sections({"contacts": [drawn.written()]}))
    same_scores(engines.of_contacts(ruleset), [drawn], engines.rows)


def same_scores(answers: Answers, drawn: list[DrawnScore], rows: list[Row]) -> None:
    """Points and totals to six digits, tiers exactly; both engines alike to the last digit but of points."""
    per_engine = []
    for compiled, found in answers.values():
        kinds = (ColumnKind.POINTS, ColumnKind.TOTAL, ColumnKind.TIER)
        per_engine.append(list(zip(*(values(compiled, found, kind) for kind in kinds), strict=True)))
    for facts, lite, server in zip(rows, *per_engine, strict=True):
        should = [amount for score in drawn for part in score.points(facts) for amount in part]
        assert lite[0] == pytest.approx(should, rel=1e-9, abs=1e-6), (drawn, facts)
        assert server[0] == pytest.approx(should, rel=1e-9, abs=1e-6), (drawn, facts)
        assert lite[1:] == server[1:], (drawn, facts)
        assert lite[1] == pytest.approx([score.total(facts) for score in drawn], abs=2e-6), (drawn, facts)
        assert lite[2] == [reference.tier(total, one.tiers) for one, total in zip(drawn, lite[1], strict=True)]


@examples("reps")
@given(drawn=folders.books)
def test_a_book_takes_the_same_reps_on_every_engine(engines: Engines, drawn: list[DrawnBook]) -> None:
    if engines.rows and "team" not in engines.rows[0]:
        engines.rows = population(2, 60, REP_POOLS)
    for dialect, (compiled, found) in engines.of_reps(loaded(engines, folders.of_reps(drawn))).items():
        eligible, capacity = (values(compiled, found, kind) for kind in (ColumnKind.ELIGIBLE, ColumnKind.CAPACITY))
        for person, fits, room in zip(engines.rows, eligible, capacity, strict=True):
            assert [bool(one) for one in fits] == [bool(b.reps.means(person)) for b in drawn], (dialect, drawn, person)
            assert room == [b.places(person) for b in drawn], (dialect, drawn, person)
        suits, texts = values(compiled, found, ColumnKind.AFFINITY), values(compiled, found, ColumnKind.COMPARED)
        for person, fits, compared in zip(engines.rows, suits, texts, strict=True):
            assert [bool(one) for one in fits] == [bool(b.suits.means(person)) for b in drawn], (dialect, drawn, person)
            assert compared == [person["languages"]], (dialect, drawn, person)


@examples("traces")
@given(said=st.lists(FACTS.conditions(), min_size=2, max_size=4), at=st.integers(0, 79))
def test_a_trace_shows_the_truth_that_the_evaluation_used(engines: Engines, said: list[Said], at: int) -> None:
    ruleset = loaded(engines, folders.judged(said))
    engines.answers(ruleset)
    should = [int(bool(one.means(engines.rows[at]))) for one in said]
    for dialect in Dialect:
        traced = trace(ruleset, dialect, now=NOW, landmark=LANDMARK, account_id=f"a{at:04}")
        (row,) = engines.cursors[dialect].execute(traced.sql).fetchall()
        truths = [value for column, value in zip(traced.columns, row, strict=True) if column.kind == "truth"]
        assert truths == should, dialect


# Nothing of the language is left out

ELSEWHERE = {
    "version": "every drawn folder has it",
    "lists": "every drawn folder has one, and one from a file",
    "column": "the same",
    "Fading": "the term of a part with linear counts so",
}
"""What the strategies draw without showing it here."""
NOT_FOR_ACCOUNTS = {
    "reps": "rep files add fields to what the CRM has of reps: tests/rules/test_reps.py, tests/store/test_reps.py",
    "hysteresis": "what is written to the CRM: tests/core/test_margins.py, tests/core/test_planning.py",
    "best": "how many contacts an explanation names: tests/explain",
    "absences": "who is away and when, and nothing of accounts: tests/rules/test_presence.py",
    "holidays": "the same",
    **dict.fromkeys(
        ("rep", "value", "sticky", "caps", "within", "holding", "absence", "during", "nobody"),
        "who gets what a route matches: tests/rules/test_routes.py, tests/core/routing",
    ),
}
"""Keys that change no answer of the rules themselves, and where they are tested."""


def test_every_construct_of_the_language_is_drawn_by_one_of_these_strategies() -> None:
    seen: set[str] = set()

    @settings(max_examples=12, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        folders.rules(),
        folders.models,
        folders.tables(),
        folders.unique_tables(),
        folders.books,
        folders.contact_scores,
    )
    def draw(  # noqa: PLR0913, PLR0917 - one for each strategy
        rules: DrawnRules,
        models: DrawnModels,
        tables: list[DrawnTable],
        unique: list[DrawnTable],
        books: list[DrawnBook],
        people: DrawnScore,
    ) -> None:
        for sections in (rules.sections(), models.sections(), folders.with_tables(tables), folders.with_tables(unique),
                         folders.of_reps(books), folders.Sections({"contacts": [people.written()]})):  # fmt: skip
            seen.update(drawn_keys(sections.keys))
            with TemporaryDirectory() as made:
                sections.write(Path(made))
                seen.update(drawn_nodes(load(Path(made), VOCABULARY)))

    draw()
    nodes = {one.__name__ for one in (*get_args(tree.Value), *get_args(tree.Tree))}
    keys = {key for shape in vars(shapes).values() if isinstance(shape, type) and issubclass(shape, shapes.Shape)
            for key in shapes.keys_of(shape)}  # fmt: skip
    hits = {f"hit: {one.value}" for one in Hit} | {f"fade: {one.value}" for one in Fade}
    missing = (nodes | keys | hits) - seen - ELSEWHERE.keys() - NOT_FOR_ACCOUNTS.keys()
    assert not missing, "these have no test of equal answers: let drawing.py or folders.py draw them"


def drawn_nodes(root: object) -> Iterator[str]:
    """The names of all classes below, and the hit policies and decays."""
    if isinstance(root, Hit | Fade):
        yield f"{type(root).__name__.lower()}: {root.value}"
    elif is_dataclass(root) and not isinstance(root, type):
        yield type(root).__name__
        for entry in fields(root):
            yield from drawn_nodes(getattr(root, entry.name))
    elif isinstance(root, tuple | list):
        for item in root:
            yield from drawn_nodes(item)
    elif isinstance(root, Mapping):
        for item in root.values():
            yield from drawn_nodes(item)


def drawn_keys(root: object) -> Iterator[str]:
    """All keys of a rules file, however deep."""
    if isinstance(root, Mapping):
        for key, value in root.items():
            yield key
            yield from drawn_keys(value)
    elif isinstance(root, tuple | list):
        for item in root:
            yield from drawn_keys(item)
