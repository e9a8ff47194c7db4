"""Marks: every key of a TOML text is found where it stands."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from sync_worker.config.marks import Path, marks

TEXT = '''\
# [not.a.table]
plain = 1
"quoted key" = "x = 1"

[table]   # comment
many = [
  "a", # ] not the end
  """
b = 2
""",
]
after = """
inside = 1
[neither]
"""
inline = {one = 1, two = "2"}
[a.'b c'.d]
dotted.key = true
'''


def test_keys_are_found_and_what_only_looks_like_one_is_not() -> None:
    assert marks(TEXT) == {
        ("plain",): (2, 1),
        ("quoted key",): (3, 1),
        ("table",): (5, 2),
        ("table", "many"): (6, 1),
        ("table", "after"): (12, 1),
        ("table", "inline"): (16, 1),
        ("table", "inline", "one"): (16, 11),
        ("table", "inline", "two"): (16, 20),
        ("a", "b c", "d"): (17, 2),
        ("a", "b c", "d", "dotted", "key"): (18, 1),
    }


def leaves(tree: dict[str, object], prefix: Path = ()) -> set[Path]:
    found: set[Path] = set()
    for key, value in tree.items():
        found |= leaves(value, (*prefix, key)) if isinstance(value, dict) else {(*prefix, key)}
    return found


names = st.text("abcxyz", min_size=1, max_size=3)
values = st.one_of(
    st.integers().map(str),
    st.sampled_from(['"x"', "'y = [1'", '"""\nz = 1\n"""', "[1, 2]", "[\n 1, # ]\n 2\n]", '"a # b"', "true"]),
)


@given(st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4))
def test_whatever_toml_holds_has_its_mark_on_a_line_with_its_name(tree: dict[str, dict[str, str]]) -> None:
    text = "".join(
        f"[{table}]\n" + "".join(f"{key} = {value}\n" for key, value in content.items())
        for table, content in tree.items()
    )
    found = marks(text)
    for path in leaves(tomllib.loads(text)):
        line, column = found[path]
        assert text.split("\n")[line - 1][column - 1 :].startswith(path[-1])
