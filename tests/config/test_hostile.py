"""Config: whatever a file, a variable or a flag holds, the answer is a config, or all mistakes with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_worker.config import CRMS, ConfigInvalid, load, shapes

if TYPE_CHECKING:
    from pathlib import Path

    from sync_worker.config import Problem

SECRET = "hunter2-and-more"
BASE = '[hubspot]\naccess_token_env = "T"\n[pool]\nuser = "pool@acme.com"\n'
VALUES = (
    *("0", "-1", "1e400", "nan", "true", "2026-11-22", "2026-11-22T10:00:00Z", "05:30:00"),
    *('""', '"x"', '"5%"', '"{ hubspot = 1"', '"\\u0000"', '"☃"', '"a,,b"'),
    *("[]", "[[1]]", '["a", 1]', "{}", "{ a = 1 }", '{ hubspot = "x" }', '{ "" = "" }'),
)
sections = st.sampled_from([*shapes.sections(), "profile", "nothing"])
keys = st.sampled_from(
    sorted({key for section in shapes.sections() for key in (*shapes.keys(section), *shapes.spelled(section))})
)
names = st.sampled_from(["a", "A b", "owner", "score", "hubspot", "x.y", ""])
values = st.sampled_from(VALUES)
tables = st.lists(st.tuples(names, values), unique_by=lambda pair: pair[0], max_size=3).map(
    lambda pairs: "{ " + ", ".join(f'"{name}" = {value}' for name, value in pairs) + " }"
)
contents = st.dictionaries(keys, values | tables, max_size=6)
trees = st.dictionaries(sections, contents, max_size=4)
paths = st.builds("{}.{}".format, sections, keys) | st.builds("{}.{}.{}".format, sections, keys, names)
said = st.text(max_size=8) | st.sampled_from(['{ hubspot = "x" }', "{", "{}", "5%", "a,b"])
flags = st.lists(st.builds("{}={}".format, paths, said), max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sound=st.booleans(), tree=trees, flags=flags, variables=st.dictionaries(paths, said, max_size=3))
def test_nothing_that_is_written_breaks_the_loader(
    tmp_path: Path, *, sound: bool, tree: dict[str, dict[str, str]], flags: list[str], variables: dict[str, str]
) -> None:
    """Neither alone nor beside what is sound."""
    file = tmp_path / "config.toml"
    file.write_text(
        (BASE if sound else "")
        + "".join(
            f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in content.items())
            for section, content in tree.items()
            if not (sound and section in {"hubspot", "pool"})
        )
    )
    environ = {f"SYNC_WORKER__{path.replace('.', '__').upper()}": value for path, value in variables.items()}
    problems: tuple[Problem, ...] = ()
    try:
        load(file, environ=environ, flags=flags, read_secrets=False)
    except ConfigInvalid as invalid:
        problems = invalid.problems
        assert problems
    assert all(problem.where and problem.message for problem in problems)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.sampled_from([(section, key) for section in CRMS for key in shapes.SECRETS[section]]),
    form=st.sampled_from(['"{}"', '["{}"]', '{{ a = "{}" }}']),
)
def test_a_secret_that_was_written_where_none_may_stand_is_never_repeated(
    tmp_path: Path, at: tuple[str, str], form: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[{at[0]}]\n{at[1]} = {form.format(SECRET)}\n")
    with pytest.raises(ConfigInvalid) as caught:
        load(file, environ={})
    assert SECRET not in str(caught.value)
    assert f"'{at[0]}.{at[1]}' is a secret" in str(caught.value)
