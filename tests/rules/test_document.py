"""YAML as rules read it: every value is the text that was written, and knows its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.document import MAX_FILE, Mapping, Scalar, Sequence, parse
from rules.problems import Notes


def root(text: str) -> Mapping:
    notes = Notes()
    found = parse("a.yaml", text, notes)
    assert notes.problems == []
    assert isinstance(found, Mapping)
    return found


def problems(text: str) -> list[str]:
    notes = Notes()
    parse("a.yaml", text, notes)
    return [str(problem) for problem in notes.problems]


def test_norway_stays_norway_and_zips_keep_their_zero() -> None:
    node = root("list: [NO, 02139, 1e3, yes, 2026-11-04, ~, 0x1F, 1_000]").get("list")
    assert isinstance(node, Sequence)
    assert [item.text for item in node.items if isinstance(item, Scalar)] == [
        "NO", "02139", "1e3", "yes", "2026-11-04", "~", "0x1F", "1_000",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        "when: a = 1 and BAD = 2",
        "when: 'a = ''x'' and BAD = 2'",
        'when: "a = \\"x\\" and \\u00e9 BAD = 2"',
        "when: |\n  a = 1\n  and BAD = 2",
        "when: >-\n    a = 1\n    and BAD = 2",
        "when: >2\n\n   a = 1\n\n  and\n  BAD = 2",
        "when: a = 1\n  and BAD\n  = 2",
        "when: 'a = 1\n\n  and   BAD = 2'",
        'when: "a = 1 \\\n    and BAD = 2"',
        "{id: x, when: a = 1 and BAD = 2}",
        "when: éè日本🚀 BAD",
    ],
)
def test_a_place_inside_a_text_is_its_place_in_the_file(written: str) -> None:
    when = root(written).get("when")
    assert isinstance(when, Scalar)
    mark = when.at(when.text.index("BAD"))
    line = written.splitlines()[mark.line - 1]
    assert line[mark.column - 1 : mark.column + 2] == "BAD"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30))
def test_every_character_of_a_single_quoted_text_is_found(text: str) -> None:
    written = "k: '" + text.replace("'", "''") + "'"
    notes = Notes()
    found = parse("a.yaml", written, notes)
    value = found.get("k") if isinstance(found, Mapping) else None
    if notes.problems or not isinstance(value, Scalar) or value.text != text:
        return  # YAML folds or refuses some of Unicode's spaces: not what is shown here
    for offset, char in enumerate(text):
        mark = value.at(offset)
        assert written[mark.column - 1] == char or char.isspace()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "a.yaml:3:1: the key 'a' is here twice — first at line 1; remove one"),
        (
            "a: &x 1\nb: *x",
            "a.yaml:1:4: the anchor '&x' is not allowed in rules — write the value out where it is used",
        ),
        (
            "b: *x",
            "a.yaml:1:4: the alias '*x' is not allowed in rules — write the value out, or name a list under 'lists'",
        ),
        (
            "a: !!python/object:os.system x",
            "a.yaml:1:4: the tag 'tag:yaml.org,2002:python/object:os.system' is not allowed",
        ),
        ("a: !x 1", "a.yaml:1:4: the tag '!x' is not allowed in rules"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1: a second document or a directive is not allowed in rules"),
        ("%YAML 1.1\n---\na: 1", "a.yaml:1:1: a second document or a directive is not allowed in rules"),
        ("a:\n\tb: 1", "a.yaml:2:1: a tab stands where YAML wants spaces — indent with spaces"),
        ("a: b: c", "a.yaml:1:5: a second ': ' in one line — put the whole value in double quotes"),
        ("a: 'x' = 1", "a.yaml:1:8: text goes on after a closing quote"),
        ("a: \x07", "a.yaml:1:4: the character U+0007 is not allowed — delete it"),
        ('a: 1\nb: "x\nc: 2', "a.yaml:2:4: a quote is not closed — close it with the same sign"),
        (
            "a:\n  - b: 1\n   c: 2",
            "a.yaml:3:4: the indentation fits nothing above — begin the keys of one entry in the",
        ),
        ("a: 1\nb\nc: 2", "a.yaml:3:1: a key without a colon — write 'key: value'"),
        ("a: [1, 2", "a.yaml:1:9: the [ ] is not closed"),
        ("? [a, b]\n: 1", "a.yaml:1:3: a key must be one word"),
        ("a: " + "[" * 40 + "]" * 40, "a.yaml:1:15: nesting deeper than 12 is not allowed in rules"),
        ("a: " + "x" * MAX_FILE, "a.yaml:1:1: the file has 262,147 characters, over 262,144 — split it in two"),
    ],
)
def test_what_yaml_allows_and_rules_do_not(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "rule",
    [
        "{id: x, when: country in ('US', 'GB'), because: y}",
        "{id: x, when: employees in (1, 2, 3), because: y}",
        "{id: x, when: coalesce(a, b) > 3, because: y}",
        "{id: x, when: coalesce(a, 'b') > 3, because: y}",
        "{id: x, when: a, because: Small, far away and quiet}",
        "{id: x, when: a, because: Small , far}",
    ],
)
def test_a_comma_that_splits_a_condition_is_explained_once(rule: str) -> None:
    (problem,) = problems(f"scope:\n  - {rule}\n")
    assert problem.startswith("a.yaml:2:")
    assert "put the whole value in double quotes" in problem


def test_a_split_condition_hides_no_other_mistake() -> None:
    notes = Notes()
    found = parse(
        "a.yaml",
        "scope:\n  - {id: x, when: country in ('US', 'GB')}\n  - {id: y, when: a in (1, 2)}\n  - id: z\n    id: w\n"
        "return:\n  - {id: v, when: country in ('US', 'GB')}\nbooks: []\n",
        notes,
    )
    assert sorted({problem.line for problem in notes.problems}) == [2, 3, 5, 7]
    assert isinstance(found, Mapping)
    assert [key.text for key, _ in found.entries] == ["scope", "books"]
    scope = found.get("scope")
    assert isinstance(scope, Sequence)
    assert len(scope.items) == 1


def test_a_quoted_condition_may_hold_commas() -> None:
    notes = Notes()
    parse("a.yaml", "scope:\n  - {id: x, when: \"country in ('US', 'GB')\", because: y}\n", notes)
    assert notes.problems == []


def test_an_empty_file_is_no_problem() -> None:
    assert parse("a.yaml", "# nothing yet\n", Notes()) is None
