"""Hundreds of ways to break a reader of rules: each ends in a clear message, quickly, and nothing is run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import FieldInfo, Type
from rules.expression import parse_condition
from rules.names import Names

NAMES = Names({"a": FieldInfo("a", Type.NUMBER), "t": FieldInfo("t", Type.TEXT), "b": FieldInfo("b", Type.BOOLEAN)})
CALLS = (
    "eval('1')",
    "exec('x')",
    "open('/etc/passwd')",
    "__import__('os')",
    "os.system('id')",
    "sleep(5)",
    "pg_sleep(5)",
    "randomblob(1e9)",
    "load_extension('x')",
    "readfile('x')",
    "writefile('x', 'y')",
    "cast(a as int)",
    "extract(year from t)",
    "trim(t)",
    "substring(t from 1)",
    "count(*)",
    "sum(a)",
    "exists(select 1)",
    "any(a)",
    "array[1]",
    "{fn(a)}",
    "a(b)(c)",
    "convert(int, a)",
    "date('2026-01-01')",
    "now()",
    "random()",
    "current_setting('x')",
    "interval('1')",
    "row_number()",
    "if(a, b, c)",
    "decode(a, b, c)",
    "json_extract(t, '$')",
    "regexp_like(t, 'x')",
    "xmlparse(t)",
    "values(1)",
    "struct(a)",
)
WORDS = (
    "a",
    "b",
    "t",
    "1",
    "'x'",
    "(",
    ")",
    ",",
    "=",
    "<>",
    "<",
    "and",
    "or",
    "not",
    "in",
    "like",
    "between",
    "is",
    "empty",
    "+",
    "-",
    "*",
    "/",
    "true",
    "lower(",
)
HOSTILE = [
    *CALLS,
    "a.b",
    "a.b.c = 1",
    "a.__class__ = 1",
    "t.upper() = 'X'",
    "a[0] = 1",
    "a[0:1]",
    "a::int = 1",
    "a->'b' = 1",
    "a->>'b' = '1'",
    "a > 1; DROP TABLE fact",
    "a > 1;",
    "DROP TABLE fact",
    "DELETE FROM fact",
    "SELECT 1",
    "(SELECT 1) = 1",
    "a in (SELECT 1)",
    "a = (select a from fact)",
    "a > 1 UNION SELECT 2",
    "a > 1 union all values (1)",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "a > 1 -- comment",
    "a > 1 /* comment */",
    "/*+ hint */ a > 1",
    "a > 1 # x",
    "{{ a }} > 1",
    "{% if a %}",
    "${a} > 1",
    "`a` > 1",
    "[a] > 1",
    '"a" > 1',
    "@a > 1",
    "@@version = 'x'",
    ":a > 1",
    "? > 1",
    "%s = 1",
    "$1 = 1",
    "a > $$x$$",
    "E'a' = t",
    "N'a' = t",
    "x'41' = t",
    "b'1' = t",
    "r'x' = t",
    "U&'x' = t",
    "_utf8'x' = t",
    "'a' 'b' = t",
    "t = 'a' || 'b'",
    "a % 2 = 1",
    "a ^ 2 = 1",
    "a & 1 = 1",
    "a | 1 = 1",
    "~a = 1",
    "!b",
    "a <=> 1",
    "a := 1",
    "a => 1",
    "a ** 2 = 4",
    "a // 2 = 1",
    "a div 2 = 1",
    "a mod 2 = 1",
    "a xor b",
    "a is true",
    "a is distinct from 1",
    "a collate nocase = 1",
    "t ilike 'x'",
    "t rlike 'x'",
    "t similar to 'x'",
    "t regexp 'x'",
    "t glob 'x'",
    "t like 'x' escape '!'",
    "t like any ('a', 'b')",
    "case when a > 1 then 1 end = 1",
    "a > all (1)",
    "a over () > 1",
    "a as b",
    "a > 1 as c",
    "lambda x: x",
    "a if b else a",
    "b ? a : a",
    "a > 1 order by a",
    "a > 1 limit 1",
    "interval '1 day' > a",
    "date '2026-01-01' = t",
    "timestamp '2026-01-01' = t",
    "a > 0x1F",
    "a > 1e400",
    "a > 1e-400",
    "a > NaN",
    "a > Infinity",
    "a > 99999999999999999999",
    "a > .5",
    "a > 5.",
    "a > 1..2",
    "a > --1",
    "a > +1",
    "* > 1",
    "a > *",
    "(a, a) = (1, 2)",
    "()",
    "(((",
    ")))",
    "'",
    "''",
    '"',
    "''''",
    "not",
    "and",
    "in",
    "between 1 and 2",
    "a between 1",
    "a between 1 and",
    "a not 5",
    "not in (1)",
    "a in 1",
    "a in (1, (2))",
    "a is",
    "a is not",
    "is empty",
    ",",
    "a,,a",
    "=",
    "<>",
    "a = = 1",
    "a <",
    "> 1",
    "a\u00a0>\u200b1",
    "\uff41 > 1",
    "a \uff1e 1",
    "a > \uff11",
    "t = \u2018x\u2019",
    "t = \u201cx\u201d",
    "a > 1\u2028",
    "\ufeffa > 1",
    "a > 1\x00",
    "t = 'x\x00'",
    "t = '\ud800'",
    "\u202ea > 1",
    "a > 1\x1b[31m",
    "\u0430 > 1",
    "a" * 4001,
    "a > " + "9" * 3000,
    "t = '" + "x" * 5000 + "'",
    "(" * 2000 + "a > 1" + ")" * 1000,
    "not " * 900 + "b",
    "-" * 3000 + "a > 1",
    "- " * 1900 + "a > 1",
    "a > 1 and " * 300 + "a > 1",
    "a + " * 900 + "a > 1",
    "lower(" * 600 + "t" + ")" * 600 + " = 'x'",
    "coalesce(" * 33 + "t",
    "a in (" + "1," * 1900 + "1)",
    "a = " * 300 + "1",
    "t like '" + "%a" * 1000 + "'",
    "b or " * 800 + "b",
    "a between " * 300 + "1",
    "(a" + " + (a" * 40 + ")" * 41 + " > 1",
    "a > 1 and (" * 33 + "b" + ")" * 33,
    "not (" * 40 + "b" + ")" * 40,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_condition_gets_a_clear_message_quickly(text: str) -> None:
    began = time.process_time()
    found, faults = parse_condition(text, NAMES)
    assert time.process_time() - began < 0.5
    assert found is None
    assert faults
    for fault in faults:
        assert 0 <= fault.offset <= len(text)
        assert 5 < len(fault.message) < 200
        assert "sqlglot" not in fault.message
        assert "Traceback" not in fault.message


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text("ab ()'=<>,.;-/*%_1 \\\"andornotinlikebetweenisempty", max_size=80))
def test_no_text_whatever_raises(text: str) -> None:
    found, faults = parse_condition(text, NAMES)
    assert (found is None) == bool(faults)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_no_order_of_the_grammar_s_own_words_raises(words: list[str]) -> None:
    found, faults = parse_condition(" ".join(words), NAMES)
    assert (found is None) == bool(faults)


HARMLESS = {
    "rules.yaml: two byte order marks",
    "rules: two thousand lists",
    "rules: a scheme called account_id",
    "rules: a condition of patterns",
    "a table: formulas",
    "a list: formulas",
    "a table: not not not",
    "a table: overlapping rows",
    "a table, unique: not not not",
    "a table, collect: not not not",
    "a table, collect: overlapping rows",
    "reps: a million spaces",
    "a folder called x.yaml",
    "a pipe called x.yaml",
    "a pipe called x.csv",
    "a link to nowhere",
    "a link to itself",
    "a link to a device",
    "a link to a folder",
}
"""What looks bad and is not: data as it stands, or nothing that the worker opens."""


def test_hundreds_of_hostile_files_get_clear_messages_in_a_second_and_little_memory(tmp_path: Path) -> None:
    """In a process of its own, so that what it holds at most is what these files cost."""
    began = [sys.executable, str(Path(__file__).with_name("hostile_files.py")), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": f"{Path(__file__).parents[2]}{os.pathsep}{os.environ['PYTHONPATH']}"}
    done = subprocess.run(began, capture_output=True, text=True, check=False, timeout=110, env=environment)
    assert done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) >= 250, "the process has not come to the end of its cases"
    for one in found:
        assert not one["crash"], one
        assert one["seconds"] < 1, (one["case"], one["seconds"])
        assert one["most"] < 256 * 1_048_576, (one["case"], one["most"])
        assert bool(one["problems"]) is (one["case"] not in HARMLESS), (one["case"], one["problems"][:2])
        for problem in one["problems"]:
            assert problem.isprintable(), problem
            assert re.match(r".+:\d+:\d+: \S", problem), problem
            assert len(problem) < 600, problem
            assert "Traceback" not in problem
