"""includes() finds a value among several, as a whole and nothing else, the same on each store."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import FieldInfo, Type
from rules.several import values_of

if TYPE_CHECKING:
    from tests.rules.conftest import Folder
    from tests.rules.stores import Store

COLLECTIONS = "version: 1\nscope: [{id: x, when: \"includes(products, 'DE', 'New York')\"}]\n"


@pytest.mark.parametrize(
    ("products", "holds"),
    [
        ("DE", True),
        ("EN;DE", True),
        ("EN|DE|FR", True),
        ("EN; DE ;FR", True),
        ("   DE   ", True),
        (";;DE", True),
        ("  |  DE", True),
        ("New   York", True),
        ("EN;New York;FR", True),
        ("DE-AT;EN", False),
        ("ADE", False),
        ("de", False),
        ("NewYork", False),
        ("New;York", False),
        ("D E", False),
        ("EN, DE", False),
        ("\u00a0DE", False),
        (";", False),
        ("   ", False),
        (None, False),
    ],
)
def test_a_value_is_found_as_a_whole(folder: Folder, store: Store, products: str | None, holds: bool) -> None:  # noqa: FBT001 - a tabled case
    ruleset = folder.write(rules_yaml=COLLECTIONS).load()
    assert store.judge(ruleset, [{"products": products}])[0]["in_scope"] == ("x" if holds else None)
    turned = folder.write(rules_yaml=COLLECTIONS.replace("includes", "not includes")).load()
    assert store.judge(turned, [{"products": products}])[0]["in_scope"] == (None if holds else "x")


pieces = st.sampled_from(("DE", "de", "New York", "A", " ", "  ", "   ", ";", "|", " ;", "'", "%", "\\", "ß"))
texts = st.lists(pieces, max_size=9).map("".join)
choices = st.sampled_from(("DE", "A", "New York", "A A", "' A", "%", "\\", "DEDE", "ß"))


def spaced(text: str) -> str:
    return re.sub(" +", " ", text).strip(" ")


@given(rows=st.lists(texts, min_size=20, max_size=40), wanted=st.lists(choices, min_size=1, max_size=3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_cut_alike_on_every_store(folder: Folder, store: Store, rows: list[str], wanted: list[str]) -> None:
    called = ", ".join("'" + word.replace("'", "''") + "'" for word in wanted)
    ruleset = folder.write(rules_yaml=f"version: 1\nscope:\n  - id: x\n    when: includes(products, {called})\n").load()
    found = store.judge(ruleset, [{"products": text or None} for text in rows])
    told = {row["account_id"]: row["in_scope"] == "x" for row in found}
    for number, text in enumerate(rows):
        listed = {spaced(part) for part in re.split("[;|]", text)}
        assert told[f"a{number}"] is any(spaced(word) in listed for word in wanted), (text, wanted)
        assert set(values_of(text)) == listed - {""}


def test_it_looks_for_the_values_of_a_list_and_into_a_calculated_text(folder: Folder, store: Store) -> None:
    ruleset = folder.write(
        rules_yaml="version: 1\nlists: {ours: ['  Data  Lake', Suite]}\n"
        'scope: [{id: list, when: "includes(products, ours)"}, '
        "{id: small, when: \"includes(lower(coalesce(products, industry)), 'trial')\"}]\n"
    ).load()
    accounts = [{"products": "Data Lake"}, {"products": "TRIAL;x"}, {"industry": "x|Trial"}, {"products": "suite"}]
    assert [row["in_scope"] for row in store.judge(ruleset, accounts)] == ["list", "small", "small", None]


def test_values_of_a_picklist_are_checked_each_by_itself(folder: Folder) -> None:
    account = {**folder.vocabulary.account, "products": FieldInfo("products", Type.TEXT, "", ("Suite", "Lake;Trial"))}
    folder.vocabulary = replace(folder.vocabulary, account=account)
    assert folder.faults("includes(products, 'Trial', 'Suite')") == []
    assert folder.faults("includes(products, 'Triel')") == [
        "31: 'Triel' is not a value of the picklist 'products' — did you mean 'Trial'?"
    ]


def test_several_values_in_one_text_are_told_to_be_looked_for_each_by_itself(folder: Folder) -> None:
    assert folder.faults("type = 'Partner;Customer'") == [
        (
            "19: 'Partner;Customer' is not a value of the picklist 'type' — "
            "includes(type, 'Partner') and includes(type, 'Customer') looks for each among several"
        )
    ]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("includes(products)", "12: includes() takes 2 to 51 values, not 1"),
        ("includes()", "21: a value is missing after '(', before ')'"),
        ("includes(employees, 'A')", "21: 'employees' is a number, includes() reads text — compare with ="),
        ("includes(products, 5)", "31: includes() takes fixed texts, or one list — write includes("),
        ("includes(products, industry)", "31: includes() takes fixed texts, or one list"),
        ("includes(products, '')", "31: an empty text is none of several values — write 'is empty'"),
        ("includes(products, '  ')", "31: an empty text is none of several values"),
        ("includes(products, 'A;B')", "31: 'A;B' is not one value: ; and | stand between values — write 'A', 'B'"),
        ("includes(products, ';')", "31: ';' is not one value: ; and | stand between values — write each by itself"),
        ("includes(product, 'A')", "21: unknown field 'product' — did you mean 'products'?"),
        ("includes(products, 'A') = true", "12: includes() is a condition and stands alone — write includes(…) or not"),
        ("includes(type, 'Partnr')", "27: 'Partnr' is not a value of the picklist 'type' — did you mean 'Partner'?"),
    ],
)
def test_a_mistake_is_told_at_its_place(folder: Folder, condition: str, told: str) -> None:
    found = folder.faults(condition)
    assert any(one.startswith(told) for one in found), found


def test_an_item_of_a_list_that_no_text_can_hold_is_told_where_it_stands(folder: Folder) -> None:
    text = 'version: 1\nlists: {ours: [Suite, A;B]}\nscope: [{id: x, when: "includes(products, ours)"}]\n'
    assert folder.problems(rules_yaml=text) == [
        "rules.yaml:2:23: 'A;B' is not one value: ; and | stand between values — write 'A', 'B'"
    ]


def test_reps_are_chosen_by_one_of_several_values(folder: Folder, store: Store) -> None:
    """What a CRM's multi-select picklist holds and what a rep file says read alike."""
    rep = {**folder.vocabulary.rep, "languages": FieldInfo("languages", Type.TEXT, "", ("DE", "EN", "NO"))}
    folder.vocabulary = replace(folder.vocabulary, rep=rep)
    score = "{id: s, max: 1, parts: {p: {max: 1, terms: [{id: t, when: true, points: 1, because: x}]}}, tiers: {A: 0}}"
    ruleset = folder.write(
        rules_yaml=f"version: 1\nreps: [reps.csv]\nscores: [{score}]\nbooks:\n"
        "  - {id: b, accounts: true, capacity: 1, rank: s, reps: \"includes(languages, 'DE', 'Platt')\"}\n",
        reps_csv="email,languages\na@example.com,EN|Platt\n",
    ).load()
    found = store.judge_reps(ruleset, [{"languages": said} for said in ("EN;DE", "EN|Platt", "EN", None)])
    assert [bool(row["eligible__1"]) for row in found] == [True, True, False, False]
