"""How scores are put together: events that grow old, grades of two scores, and what is refused with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rules import (
    ColumnKind,
    Decay,
    Dialect,
    EventsSource,
    EventTerm,
    Fade,
    FadingSource,
    TraceKind,
    Type,
    compile_accounts,
    needs,
    trace,
)
from tests.rules.stores import LANDMARK, NOW
from tests.rules.test_compile import rules, score

if TYPE_CHECKING:
    from tests.rules.conftest import Folder
    from tests.rules.stores import Store

TERM = "{id: met, event: meeting, points: 10, because: Met us}"
TWO = """scores:
  - {id: fit, max: 9, parts: {f: {max: 9, terms: [{id: t, scale: employees, from: 0, to: 9, points: 9, because: x}]}},
     tiers: {A: 6, B: 3, C: 0}}
  - {id: timing, max: 9, parts: {f: {max: 9, terms: [{id: t, scale: revenue, from: 0, to: 9, points: 9, because: x}]}},
     tiers: {1: 6, 2: 3, 3: 0}}
"""
GRID = "grids: [{id: fit-timing, rows: fit, columns: timing}]"


@pytest.mark.parametrize(
    ("key", "decay"),
    [
        ("half_life: 2 weeks", Decay(Fade.HALF_LIFE, 14)),
        ("linear: 60 days", Decay(Fade.LINEAR, 60)),
        ("window: 1 day", Decay(Fade.WINDOW, 1)),
    ],
)
def test_a_part_says_how_its_events_grow_old(folder: Folder, key: str, decay: Decay) -> None:
    [found] = rules(folder, score(f"{{e: {{max: 50, {key}, terms: [{TERM}]}}}}")).scores
    assert found.parts[0].decay == decay
    assert [term.decay for term in found.terms if isinstance(term, EventTerm)] == [decay]


@pytest.mark.parametrize(
    ("key", "source", "column"),
    [
        ("linear: 60 days", FadingSource("meeting", 60), "fading__meeting__60d"),
        ("window: 30 days", EventsSource("meeting", 30), "events__meeting__30d"),
    ],
)
def test_points_are_what_the_facts_count_times_the_terms(
    folder: Folder, store: Store, key: str, source: object, column: str
) -> None:
    ruleset = rules(folder, score(f"{{e: {{max: 50, {key}, terms: [{TERM}]}}}}"))
    [read] = needs(ruleset)
    assert (read.name, read.source, read.type) == (column, source, Type.NUMBER)
    rows = store.judge(ruleset, [{column: counted} for counted in (None, 0, 1.5, 4, 5.5)])
    assert [row["points__1_1"] for row in rows] == [0, 0, 15, 40, 55]
    assert [row["total__1"] for row in rows] == [0, 0, 15, 40, 50]


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (f"{{max: 5, half_life: 1 day, window: 2 days, terms: [{TERM}]}}",
         "2:34: part 'e' has half_life and window, which exclude each other — keep one of them, or make two parts"),
        (f"{{max: 5, half_life: 1 day, linear: 3 days, window: 2 days, terms: [{TERM}]}}",
         "2:34: part 'e' has half_life and linear and window, which exclude each other"),
        ("{max: 5, linear: 1 day, window: 2 days, terms: [{id: a, when: true, points: 1, because: x}]}",
         "2:34: part 'e' has linear and window, which exclude each other"),
        (f"{{max: 5, terms: [{TERM}]}}", "2:71: this part does not say how its events grow old"),
        (f"{{max: 5, linear: 0 days, terms: [{TERM}]}}", "2:54: 0 days would count nothing — write at least 1 day"),
        (f"{{max: 5, window: lately, terms: [{TERM}]}}", "2:54: 'lately' is not a duration"),
        (f"{{max: 5, windows: 3 days, terms: [{TERM}]}}", "2:46: unknown key 'windows' — did you mean 'window'?"),
    ],
)  # fmt: skip
def test_a_decay_that_cannot_be_meant_is_refused(folder: Folder, part: str, problem: str) -> None:
    text = f"scores: [{{id: s, max: 9, parts: {{e: {part}}}, tiers: {{A: 0}}}}]"
    found = folder.problems(rules_yaml=f"version: 1\n{text}\n")
    assert any(one.startswith(f"rules.yaml:{problem}") for one in found), found


def test_a_decay_without_events_is_pointed_out(folder: Folder) -> None:
    term = "{id: a, when: engagement('meeting') > 1, points: 1, because: x}"
    ruleset = rules(folder, score(f"{{e: {{max: 5, half_life: 3 days, terms: [{term}]}}}}"))
    [warning] = ruleset.warnings
    assert "part 'e' has half_life, and no term of it counts events" in str(warning)


def test_an_explanation_tells_how_events_grow_old(folder: Folder) -> None:
    parts = (
        "{a: {max: 5, half_life: 14 days, terms: [{id: a, event: reply, points: 1, because: x}]},"
        " b: {max: 5, linear: 60 days, terms: [{id: b, event: meeting, points: 1, because: x}]},"
        " c: {max: 5, window: 30 days, terms: [{id: c, event: meeting, points: 1, because: x}]}}"
    )
    ruleset = rules(folder, score(parts))
    traced = trace(ruleset, Dialect.SQLITE, now=NOW, landmark=LANDMARK, account_id="a")
    assert [column.text for column in traced.of(TraceKind.POINTS)] == [
        "reply, half-life 14 days",
        "meeting, linear 60 days",
        "meeting, window 30 days",
    ]


def test_a_grade_is_the_tier_of_one_score_and_then_of_the_other(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, TWO, GRID)
    rows = store.judge(ruleset, [{"employees": e, "revenue": r} for e, r in ((9, 9), (9, 0), (4, 4), (None, None))])
    compiled = compile_accounts(ruleset, store.dialect, now=NOW, landmark=LANDMARK)
    [column] = compiled.of(ColumnKind.GRID)
    assert (column.rule, column.type) == ("fit-timing", Type.TEXT)
    assert [row[column.name] for row in rows] == ["A1", "A3", "B2", "C3"]


def test_an_explanation_shows_the_grade(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, TWO, GRID)
    store.judge(ruleset, [{"employees": 9, "revenue": 4}])
    traced = trace(ruleset, store.dialect, now=NOW, landmark=LANDMARK, account_id="a0")
    [column] = traced.of(TraceKind.GRID)
    [row] = store.execute(traced.sql).fetchall()
    assert (column.section, column.rule, column.text) == ("grids", "fit-timing", "tier of fit, tier of timing")
    assert dict(zip((c.name for c in traced.columns), row, strict=True))[column.name] == "A2"


@pytest.mark.parametrize(
    ("grids", "problem"),
    [
        ("[{id: g, rows: fit, columns: fit}]", "7:37: the grid 'g' grades 'fit' with itself — name another score"),
        ("[{id: g, rows: fitt, columns: timing}]", "7:23: unknown score 'fitt' — did you mean 'fit'?"),
        ("[{id: fit, rows: fit, columns: timing}]", "7:14: the id 'fit' is taken"),
        ("[{id: g, rows: fit}]", "7:9: the key 'columns' is missing here"),
        ("[{id: g, row: fit, columns: timing}]", "7:17: unknown key 'row' — did you mean 'rows'?"),
        ("[{id: g, rows: fit, columns: h}, {id: h, rows: fit, columns: timing}]", "7:37: unknown score 'h'"),
    ],
)
def test_a_grid_that_grades_nothing_is_refused(folder: Folder, grids: str, problem: str) -> None:
    found = folder.problems(rules_yaml=f"version: 1\n{TWO}grids: {grids}\n")
    assert any(one.startswith(f"rules.yaml:{problem}") for one in found), found


@pytest.mark.parametrize("taken", ["territory", "size", "motion", "route"])
def test_a_grade_has_a_name_of_its_own_among_what_rules_make(folder: Folder, taken: str) -> None:
    folder.write(areas_csv="country,then territory\nUS,North America\n")
    text = TWO + GRID.replace("fit-timing", taken) + "\ntables: [areas.csv]\n"
    text += "segments: {size: {large: employees > 100, other: otherwise}}\nmotions: {any: otherwise}\n"
    problems = folder.problems(rules_yaml=f"version: 1\n{text}")
    assert any(f"the id '{taken}' is taken by a decision table, a scheme or the route" in one for one in problems)


def test_no_two_pairs_of_tiers_make_one_grade(folder: Folder) -> None:
    text = TWO.replace("{A: 6, B: 3, C: 0}", "{A1: 6, A: 3, C: 0}").replace("{1: 6, 2: 3, 3: 0}", "{2: 6, 12: 3, 3: 0}")
    [problem] = folder.problems(rules_yaml=f"version: 1\n{text}{GRID}\n")
    assert problem == (
        "rules.yaml:7:14: two pairs of tiers of the grid 'fit-timing' both read 'A12' — "
        "give one score letters for tiers and the other one digits"
    )


def test_no_condition_reads_a_score_or_a_grade(folder: Folder) -> None:
    text = f"version: 1\n{TWO}{GRID.replace('fit-timing', 'grade')}\nscope:\n- id: x\n  when: timing > 3\n"
    [problem] = folder.problems(rules_yaml=text)
    told = "'timing' is a score: it is worked out after all conditions, so none can read it"
    assert problem == f"rules.yaml:10:9: unknown field 'timing' — {told}"
    [problem] = folder.problems(rules_yaml=text.replace("timing > 3", "grade = 'A1'"))
    told = "'grade' is a grid: it is worked out after all conditions, so none can read it"
    assert problem == f"rules.yaml:10:9: unknown field 'grade' — {told}"


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        (None, ("theirs", None, 0)),
        (-1, (None, "ruled-out", 0)),
        (0, ("theirs", None, 0)),
        (50, ("theirs", None, 0)),
        (75, ("theirs", None, 25)),
        (100, ("theirs", None, 60)),
        (250, ("theirs", None, 60)),
    ],
)
def test_a_vendors_score_is_scaled_and_its_minus_one_means_no(
    folder: Folder, store: Store, fit: float | None, said: tuple[str | None, str | None, float]
) -> None:
    terms = (
        "{id: fit, scale: vendor_fit, from: 50, to: 100, points: 50, because: x}, "
        "{id: strong, when: vendor_fit >= 81, points: 10, because: y}"
    )
    ruleset = rules(
        folder,
        "scope: [{id: theirs, when: vendor_fit <> -1}]",
        "protect: [{id: ruled-out, when: vendor_fit = -1, because: The vendor says so}]",
        score(f"{{vendors: {{max: 80, terms: [{terms}]}}}}"),
    )
    [row] = store.judge(ruleset, [{"vendor_fit": fit}])
    assert (row["in_scope"], row["protect"], row["total__1"]) == said
