"""Words that begin an SQL statement are field names like any other, wherever they stand in a condition."""

from __future__ import annotations

import pytest

from rules import gate

STATEMENTS = ("call", "describe", "execute", "explain", "fetch", "optimize", "prepare", "rename", "show", "vacuum")


@pytest.mark.parametrize("word", STATEMENTS)
@pytest.mark.parametrize("condition", ["{} = 'x'", "({} > 2)", "a = 1 and {} = 2", "not {}", "{}"])
def test_a_field_may_be_called_like_a_statement(word: str, condition: str) -> None:
    text = condition.format(word)
    found = gate.tokens(text, frozenset())
    assert isinstance(found, list)
    assert [(token.text, token.start) for token in found if token.text == word] == [(word, text.index(word))]


@pytest.mark.parametrize("text", ["/* why */ a = 1", "-- why\na = 1", "a = 1 -- why", "a /* why */ = 1"])
def test_a_comment_is_seen_wherever_it_stands(text: str) -> None:
    found = gate.tokens(text, frozenset())
    assert isinstance(found, gate.Fault)
    assert (found.offset, found.message) == (
        text.index("/*" if "/*" in text else "--"),
        "a comment is not allowed in a condition",
    )
