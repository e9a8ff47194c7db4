"""Each account is in exactly one segment of every scheme, and schemes read what has been worked out before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rules import ColumnKind, TraceKind, compile_accounts, needs, trace
from tests.rules.stores import LANDMARK, NOW

if TYPE_CHECKING:
    from rules import Ruleset
    from tests.rules.conftest import Folder
    from tests.rules.stores import Row, Store

SIZES = "size: {enterprise: employees >= 1000, mid-market: employees >= 200, small: otherwise}"


def rules(folder: Folder, *sections: str, **files: str) -> Ruleset:
    return folder.write(rules_yaml="\n".join(["version: 1", *sections, ""]), **files).load()


def problems(folder: Folder, *sections: str, **files: str) -> list[str]:
    return folder.problems(rules_yaml="\n".join(["version: 1", *sections, ""]), **files)


def segments(found: list[Row], ruleset: Ruleset, store: Store) -> list[dict[str, str]]:
    """Each account's segment by scheme."""
    columns = compile_accounts(ruleset, store.dialect, now=NOW, landmark=LANDMARK).of(ColumnKind.SEGMENT)
    return [{column.rule: row[column.name] for column in columns} for row in found]


def test_the_first_segment_that_holds_takes_the_account_and_otherwise_takes_the_rest(
    folder: Folder, store: Store
) -> None:
    ruleset = rules(folder, f"segments: {{{SIZES}}}")
    accounts: list[Row] = [{"employees": 1000}, {"employees": 999}, {"employees": 199}, {}]
    found = segments(store.judge(ruleset, accounts), ruleset, store)
    assert [each["size"] for each in found] == ["enterprise", "mid-market", "small", "small"]


def test_a_scheme_is_a_field_for_rules_terms_and_later_schemes(folder: Folder, store: Store) -> None:
    ruleset = rules(
        folder,
        "tables: [t.csv]",
        "segments:",
        f"  {SIZES}",
        "  coverage: {strategic: size = 'enterprise' and territory = 'EMEA', open: size <> 'small', none: otherwise}",
        "scope: [{id: x, when: coverage <> 'none'}]",
        "scores: [{id: s, max: 9, parts: {p: {max: 9, terms: [{id: t, when: size = 'mid-market', points: 4, "
        "because: y}]}}, tiers: {A: 0}}]",
        t_csv="country,then territory\nGB|DE,EMEA\n,Elsewhere\n",
    )
    assert [column.name for column in needs(ruleset)] == ["country", "employees"], "schemes are no facts"
    accounts: list[Row] = [{"employees": 1000, "country": "DE"}, {"employees": 1000}, {"employees": 300}, {}]
    found = store.judge(ruleset, accounts)
    told = segments(found, ruleset, store)
    assert [each["coverage"] for each in told] == ["strategic", "open", "open", "none"]
    assert [row["in_scope"] for row in found] == ["x", "x", "x", None]
    assert [row["total__1"] for row in found] == [0, 0, 4, 0]


def test_motions_and_paths_fill_fields_of_their_own(folder: Folder, store: Store) -> None:
    ruleset = rules(
        folder,
        "paths: {product-qualified: \"includes(products, 'Trial')\", inbound: lead_source = 'Web', "
        "outbound: otherwise}",
        "motions: {renewal: is_customer and days_until(renewal_date) between 0 and 120, expansion: is_customer, "
        "new logo: path <> 'outbound', prospecting: otherwise}",
        "protect: [{id: renewal, when: motion = 'renewal', because: x}]",
    )
    accounts: list[Row] = [
        {"is_customer": True, "renewal_date": "2027-03-22", "lead_source": "Web"},
        {"is_customer": True, "renewal_date": "2027-03-23"},
        {"products": "Suite; Trial"},
        {"lead_source": "List"},
    ]
    found = store.judge(ruleset, accounts)
    told = [(each["path"], each["motion"]) for each in segments(found, ruleset, store)]
    assert told == [
        ("inbound", "renewal"),
        ("outbound", "expansion"),
        ("product-qualified", "new logo"),
        ("outbound", "prospecting"),
    ]
    assert [row["protect"] for row in found] == ["renewal", None, None, None]


def test_files_count_in_the_order_of_their_names_and_schemes_as_they_stand(folder: Folder, store: Store) -> None:
    ruleset = folder.write(
        b_yaml="version: 1\nsegments: {reach: {near: size = 'big', far: otherwise}}\n",
        a_yaml="version: 1\nsegments: {size: {big: employees > 9, small: otherwise}}\n",
    ).load()
    assert [scheme.name for scheme in ruleset.schemes] == ["size", "reach"]
    found = segments(store.judge(ruleset, [{"employees": 10}, {}]), ruleset, store)
    assert found == [{"size": "big", "reach": "near"}, {"size": "small", "reach": "far"}]


def test_a_segment_with_a_quote_and_letters_of_its_own_is_told_as_written(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, "segments:", "  kind:", "    Größer's: employees > 9", "    übrig: otherwise")
    assert segments(store.judge(ruleset, [{"employees": 10}, {}]), ruleset, store) == [
        {"kind": "Größer's"},
        {"kind": "übrig"},
    ]


def test_a_trace_tells_each_segment_that_was_tried_and_which_one_it_is(folder: Folder, store: Store) -> None:
    ruleset = rules(folder, f"segments: {{{SIZES}}}", "scope: [{id: x, when: size = 'mid-market'}]")
    columns = needs(ruleset)
    store.create("fact", "account_id", columns, [{"account_id": "a0", "employees": 300}])
    traced = trace(ruleset, store.dialect, now=NOW, landmark=LANDMARK, account_id="a0")
    (values,) = store.execute(traced.sql).fetchall()
    seen = {column.name: value for column, value in zip(traced.columns, values, strict=True)}
    tried = traced.of(TraceKind.TRUTH, "segments")
    assert [(one.rule, one.term, one.text, seen[one.name]) for one in tried] == [
        ("size", "enterprise", "employees >= 1000", 0),
        ("size", "mid-market", "employees >= 200", 1),
    ]
    (segment,) = traced.of(TraceKind.OUTPUT, "segments")
    assert (segment.rule, segment.text, seen[segment.name]) == ("size", "size", "mid-market")
    (scope,) = traced.of(TraceKind.TRUTH, "scope")
    assert [seen[name] for name in scope.reads] == ["mid-market"]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("segments: {size: {big: employees > 5}}", "2:19: the scheme 'size' may leave accounts in no segment — end it"),
        ("motions: {renewal: is_customer}", "2:11: 'motions' may leave accounts in no segment — end it with a segment"),
        ("segments: {size: {all: otherwise, big: employees > 5}}",
         "2:19: 'all: otherwise' takes all that is left, so none below is reached — put it last"),
        ("segments: {employees: {a: otherwise}}", "2:12: 'employees' is already a field — give the scheme a name"),
        ("segments: {route: {a: otherwise}}", "2:12: 'route' is the field that routes fill — give the scheme a name"),
        ("segments: {tall: {a: otherwise}}\ngrids: [{id: tall, rows: x, columns: y}]", "2:12: 'tall' is a grid's id"),
        ("segments: {a b: {a: otherwise}}", "2:12: 'a b' is not a name — use letters, digits and _"),
        ("segments: {size: {a|b: employees > 5, c: otherwise}}", "2:19: 'a|b' is not a segment's name — use letters"),
        ("segments: {size: {a: [b]}}", "2:22: a group of keys is wanted here — write key: value"),
        ("segments: {size: {a: {whn: employees > 5}, b: otherwise}}", "2:23: unknown key 'whn' — did you mean 'when'?"),
        ("segments: {size: {a: {}, b: otherwise}}", "2:22: the key 'when' is missing here — or 'use' with the name of"),
        ("segments: {size: {}}", "2:12: 'size' has no entries — write at least one, or remove it"),
        ("segments: {size: [a]}", "2:18: a group of keys is wanted here"),
        ("segments: [size]", "2:11: a group of keys is wanted here"),
        ("segments:", "2:1: 'segments' has nothing below it — write its entries, or remove it"),
        ("paths:", "2:1: 'paths' has nothing below it — write its entries, or remove it"),
        ("paths: otherwise", "2:8: a group of keys is wanted here"),
        ("segments: {size: {a: emploees > 5, b: otherwise}}", "2:22: unknown field 'emploees' — did you mean"),
        ("segments: {size: {a: size = 'b', b: otherwise}}",
         "2:22: 'size' is worked out later — it is the scheme at rules.yaml:2:12: tables come first, then"),
        ("segments: {a: {x: b = 'x', y: otherwise}, b: {x: otherwise}}",
         "2:19: 'b' is worked out later — it is the scheme at rules.yaml:2:43"),
        ("segments: {size: {big: employees > 5, small: otherwise}}\nscope: [{id: x, when: size = 'bigg'}]",
         "3:30: 'bigg' is not a value of the picklist 'size' — did you mean 'big'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(folder: Folder, section: str, told: str) -> None:
    found = problems(folder, section)
    assert any(one.startswith(f"rules.yaml:{told}") for one in found), found


def test_a_table_reads_no_scheme_because_tables_come_first(folder: Folder) -> None:
    found = problems(folder, "tables: [t.csv]", f"segments: {{{SIZES}}}", t_csv="size,then x\nsmall,1\n")
    told = (
        "t.csv:1:1: 'size' is worked out later — it is the scheme at rules.yaml:3:12: "
        "tables come first, then schemes as they stand"
    )
    assert found == [told]


def test_a_scheme_may_not_take_the_name_of_a_table_s_output(folder: Folder) -> None:
    found = problems(folder, "tables: [t.csv]", f"segments: {{{SIZES}}}", t_csv="country,then size\nUS,1\n")
    assert found == ["rules.yaml:3:12: 'size' is already a field — give the scheme a name of its own"]


def test_one_scheme_has_one_home(folder: Folder) -> None:
    text = "version: 1\nsegments: {size: {a: otherwise}}\nmotions: {b: otherwise}\n"
    assert folder.problems(a_yaml=text, b_yaml=text) == [
        "b.yaml:2:12: the scheme 'size' is here twice — first at a.yaml:2:12; join them",
        "b.yaml:3:1: 'motions' are here twice — first at a.yaml:3:1; join them",
    ]


def test_segments_stay_within_what_one_statement_can_hold(folder: Folder) -> None:
    many = ", ".join(f"s{number}: employees = {number}" for number in range(300))
    (found,) = problems(folder, f"segments: {{size: {{{many}, rest: otherwise}}}}")
    assert found.partition(" ")[2] == "there are 301 segments, over 300 — use a decision table"


def test_as_many_segments_as_there_may_be_are_answered(folder: Folder, store: Store) -> None:
    many = ", ".join(f"s{number}: employees = {number}" for number in range(99))
    schemes = ", ".join(f"{name}: {{{many}, rest: otherwise}}" for name in ("one", "two", "three"))
    ruleset = rules(folder, f"segments: {{{schemes}}}")
    found = segments(store.judge(ruleset, [{"employees": 98}, {}]), ruleset, store)
    assert found == [dict.fromkeys(("one", "two", "three"), "s98"), dict.fromkeys(("one", "two", "three"), "rest")]


def test_a_long_row_of_schemes_that_read_each_other_is_answered(folder: Folder, store: Store) -> None:
    chain = [f"s{at}: {{a: s{at - 1} = 'a', b: otherwise}}" for at in range(1, 30)]
    ruleset = rules(folder, f"segments: {{s0: {{a: employees > 5, b: otherwise}}, {', '.join(chain)}}}")
    found = segments(store.judge(ruleset, [{"employees": 98}, {}]), ruleset, store)
    assert [each["s29"] for each in found] == ["a", "b"]
