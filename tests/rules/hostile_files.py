"""Folders that mean harm or came to it: what a rules folder may hold and must not hurt. Also runs them, in a process.

``python hostile_files.py FOLDER`` tries each case in a folder of its own and prints a JSON line for each: what was
said, the seconds and the memory that it took. Nothing but ``RulesInvalid`` may come of any.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules import FieldInfo, RulesInvalid, Type, Vocabulary, load
from rules.testing import load_tests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VOCABULARY = Vocabulary(
    {"country": FieldInfo("country", Type.TEXT), "employees": FieldInfo("employees", Type.NUMBER),
     "seen": FieldInfo("seen", Type.DATE), "vip": FieldInfo("vip", Type.BOOLEAN)},
    {"email": FieldInfo("email", Type.TEXT), "capacity": FieldInfo("capacity", Type.NUMBER)},
    frozenset({"cloud"}),
    frozenset({"meeting"}),
)  # fmt: skip
MEGABYTE = 1_048_576
LEAST_MEMORY = 256 * MEGABYTE
"""What one case may take beyond what the process has when it begins."""

TEXTS: dict[str, bytes] = {
    "zero bytes": b"\x00" * 1_000,
    "one zero byte": b"version: 1\nscope: \x00",
    "a zero byte far down": b"#" * 70_000 + b"\n\x00",
    "UTF-16": b"\xff\xfev\x00e\x00",
    "Latin-1": b"version: 1\nscope: \xe9",
    "a lone surrogate": b"\xed\xa0\x80",
    "overlong UTF-8": b"version: 1\nscope: \xc0\xaf",
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbfversion: 1",
    "bidirectional text": "version: 1\nscope: [{id: x, when: \u202e'eurt' = yrtnuoc}]".encode(),
    "zero-width spaces": "version: 1\nsc\u200bope: []".encode(),
    "homoglyphs": "vers\u0456on: 1\nsc\u043epe: []".encode(),
    "full-width digits": "version: \uff11".encode(),
    "line separators": "version: 1\u2028scope: []\u2029".encode(),
    "escape sequences": b"version: 1\n\x1b[2J\x1b[31m: x",
    "a million spaces": b" " * 1_000_000,
    "a million line ends": b"\n" * 1_000_000,
    "a million commas": b"," * 1_000_000,
    "one cell of 4 MB": b"x" * 4_000_000,
    "an open quote and 2 MB": b'"' + b"x" * 2_000_000,
    "an open single quote": b"'" * 99_999,
    "two hundred thousand quotes": b'"' * 200_000,
    "quotes and commas": b'",' * 100_000,
    "bars": b"country,then x\n" + b"|" * 200_000 + b",y\n",
    "formulas": b"country,then x\n=cmd|' /C calc'!A0,y\n@SUM(1),z\n",
    "a program": b"#!/bin/sh\nrm -rf /\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "a page": b"<!DOCTYPE html><html><body>Log in</body></html>",
    "SQL": b"'; DROP TABLE fact; --",
    "carriage returns": b"version: 1\rscope: []\r" * 1_000,
}
"""What any file may hold, whatever its name."""

YAML: dict[str, bytes] = {
    "brackets": b"[" * 100_000,
    "braces": b"{" * 100_000,
    "dashes": b"- " * 100_000,
    "keys in keys": b"a: " * 50_000,
    "question marks": b"? " * 50_000,
    "an alias of itself": b"&a [*a]",
    "a billion laughs": b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\n",
    "a python object": b"!!python/object/apply:os.system ['id']",
    "a tag of their own": b"%TAG ! tag:x\n---\n!x a: 1",
    "a set": b"version: 1\nscope: !!set {a, b}",
    "a merge": b"version: 1\n<<: {a: b}",
    "a binary": b"version: !!binary aGVsbG8=",
    "two documents": b"version: 1\n---\nversion: 1\n",
    "a list": b"- version: 1",
    "a number": b"1",
    "no version": b"scope: []",
    "another version": b"version: 99999999999999999999999999",
    "a version of 1e400": b"version: 1e400",
    "ten thousand keys": b"version: 1\n" + b"".join(b"k%d: 1\n" % n for n in range(10_000)),
    "ten thousand errors": b"version: 1\nscope:\n" + b"".join(b"  - {id: r%d, when: x}\n" % n for n in range(3_000)),
    "one key twice": b"version: 1\nversion: 1",
    "block scalars": b"|" * 1_000,
    "indentation": b"version: 1\n" + b"".join(b" " * n + b"a:\n" for n in range(500)),
    "a tab": b"version: 1\nscope:\n\t- x",
    "nested lists": b"version: 1\nscope: [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]",
}
"""What a rules file and a file of tests may hold."""

_SCOPE = "version: 1\nscope: [{{id: x, when: {}}}]\n"
_PATTERNS = " and ".join(["country like '%a%a%a%a%a%a%a%a'"] * 60)
RULES: dict[str, str] = {
    "a score of huge points": "scores: [{id: s, max: 1e308, parts: {p: {max: 9, terms: []}}, tiers: {A: 0}}]",
    "a score that is endless": "scores: [{id: s, max: .inf, parts: {p: {max: .nan, terms: []}}, tiers: {A: -.inf}}]",
    "ten thousand rules": "scope: [" + ", ".join(f"{{id: r{n}, when: vip}}" for n in range(10_000)) + "]",
    "a list of sixty thousand": "lists: {l: [" + ", ".join(map(str, range(60_000))) + "]}",
    "a list of long values": "lists: {l: [" + ", ".join("x" * 900 for _ in range(3_000)) + "]}",
    "two thousand lists": "lists: {" + ", ".join(f"l{n}: [a]" for n in range(2_000)) + "}",
    "a condition in a condition": "conditions: {a: b, b: a}\nscope: [{id: x, use: [a, b, a, a]}]",
    "a scheme of a thousand segments": "segments: {s: {" + ", ".join(f"s{n}: vip" for n in range(1_000)) + "}}",
    "a scheme that reads itself": "segments: {s: {a: s = 'a', b: otherwise}}",
    "a scheme called account_id": "segments: {account_id: {a: vip, b: otherwise}}",
    "a grid of grids": "grids: [{id: g, rows: g, columns: g}]",
    "a route to nowhere": "routes: [{id: r, when: vip, to: {}}]",
    "a window of ten thousand years": "scores: [{id: s, max: 9, parts: {p: {max: 9, window: 9999999 days, terms: []}},"
    " tiers: {A: 0}}]",
    "a file outside the folder": "tables: [../../etc/passwd, /etc/passwd.csv, ..%2fx.csv]",
    "a file with a zero byte": 'tables: ["x\\0.csv"]',
    "one file a thousand times": "tables: [" + ", ".join(["x.csv"] * 1_000) + "]",
    "a list from a folder": "lists: {l: {file: ., column: x}}",
    "a name of a megabyte": f"lists: {{{'x' * 1_000_000}: [a]}}",
    "an id of odd letters": 'scope: [{id: "\\u202ex", when: vip}]',
    "a condition of patterns": 'scope: [{id: x, when: "' + _PATTERNS + '"}]',
    "a condition of brackets": "scope: [{id: x, when: '" + "(" * 1_900 + "vip" + ")" * 1_900 + "'}]",
    "a condition of not": "scope: [{id: x, when: '" + "not " * 900 + "vip'}]",
    "a number without end": f"scope: [{{id: x, when: employees > {'9' * 3_000}}}]",
}  # fmt: skip
"""Rules that are well written and ask too much."""

_OVERLAPPING = b"".join(b"%d..%d,a|b|c%d,y\n" % (n, n + 900, n) for n in range(2_000))
CSV: dict[str, bytes] = {
    "a hundred thousand columns": b",".join(b"c%d" % n for n in range(100_000)) + b"\n",
    "two hundred thousand rows": b"country,then x\n" + b"DE,y\n" * 200_000,
    "a header of a megabyte": b"c" * 1_000_000 + b",then x\nDE,y\n",
    "cells of a megabyte": b"country,then x\n" + b"D" * 1_000_000 + b",y\n",
    "thousands of choices": b"country,then x\n" + b"|".join(b"v%d" % n for n in range(50_000)) + b",y\n",
    "ragged rows": b"country,then x\n" + b"a,b,c,d\ne\n" * 2_000,
    "huge numbers": b"employees,then x (number)\n" + b"9" * 400 + b"," + b"9" * 400 + b"\n1e999,-1e999\n",
    "endless ranges": b"employees,then x\n" + b"1..2..3..4,y\n..,z\n9..1,w\n>=>=>=,v\n",
    "not not not": b"country,then x\n" + b"not " * 5_000 + b"DE,y\n",
    "one output twice": b"country,then x,then x\nDE,a,b\n",
    "an output called like a field": b"country,then employees\nDE,a\n",
    "an output called select": b'country,then "; DROP TABLE fact\nDE,a\n',
    "overlapping rows": b"employees,country,then x\n" + _OVERLAPPING,
}  # fmt: skip
"""What a table may hold beside ``TEXTS``."""


def cases() -> Iterator[tuple[str, Callable[[Path], Path]]]:
    """Each case by name, with what makes its folder; the folder that is then read."""
    for name, content in {**TEXTS, **YAML}.items():
        yield f"rules.yaml: {name}", _files({"rules.yaml": content})
        yield f"a.test.yaml: {name}", _files({"rules.yaml": _SCOPE.format("vip").encode(), "a.test.yaml": content})
    for name, text in RULES.items():
        yield f"rules: {name}", _files({"rules.yaml": b"version: 1\n" + text.encode()})
    for name, content in {**TEXTS, **CSV}.items():
        yield f"a table: {name}", _files({"rules.yaml": b"version: 1\ntables: [x.csv]\n", "x.csv": content})
    for hit in ("unique", "collect"):
        listed = f"version: 1\ntables: [{{file: x.csv, hit: {hit}}}]\n".encode()
        for name, content in CSV.items():
            yield f"a table, {hit}: {name}", _files({"rules.yaml": listed, "x.csv": content})
    for name, content in TEXTS.items():
        listed = b"version: 1\nlists: {l: {file: x.csv, column: domain}}\n"
        yield f"a list: {name}", _files({"rules.yaml": listed, "x.csv": b"domain,why\n" + content})
        yield (
            f"reps: {name}",
            _files({"rules.yaml": b"version: 1\nreps: [x.csv]\n", "x.csv": b"email,skill\n" + content}),
        )
    yield from FOLDERS.items()


def _files(files: dict[str, bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    return make


# What stands where files are expected


def _special(name: str, make: Callable[[Path], object]) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        (folder / "rules.yaml").write_text(_SCOPE.format("vip"))
        make(folder / name)
        return folder

    return made


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10_000 * MEGABYTE)


def _many(path: Path) -> None:
    for number in range(300):
        (path.parent / f"f{number}.yaml").write_text("version: 1\n")


def _nameless(path: Path) -> None:
    Path(os.fsdecode(bytes(path) + b"\xff.yaml")).write_text("x: [")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


_LONG = 0.6
FOLDERS: dict[str, Callable[[Path], Path]] = {
    "no folder": lambda folder: folder / "nowhere",
    "a file for a folder": lambda folder: (folder / "rules.yaml", (folder / "rules.yaml").write_text("version: 1"))[0],
    "an empty folder": lambda folder: folder,
    "a folder called x.yaml": _special("x.yaml", Path.mkdir),
    "a pipe called x.yaml": _special("x.yaml", os.mkfifo),
    "a pipe called x.csv": _special("x.csv", os.mkfifo),
    "a link to nowhere": _special("x.yaml", lambda path: path.symlink_to("nowhere")),
    "a link to itself": _special("x.yaml", _loop),
    "a link to a device": _special("x.yaml", lambda path: path.symlink_to("/dev/zero")),
    "a link to a folder": _special("x.csv", lambda path: path.symlink_to("/")),
    "ten gigabytes": _special("x.yaml", _sparse),
    "three hundred files": _special("x.yaml", _many),
    "a name of odd letters": _special("\u202eflesruoy \x1b[2J.yaml", lambda path: path.write_text("x: [")),
    "a name that is no text": _special("x", _nameless),
    "a long name": _special("n" * 240 + ".yaml", lambda path: path.write_text("x: [")),
}  # fmt: skip


def tried(name: str, folder: Path) -> dict[str, Any]:
    """What becomes of a case, as a line of JSON. One that took long is tried again: a busy machine is no defect."""
    found = _tried(name, folder)
    again = _tried(name, folder) if found["seconds"] > _LONG else found
    return {**found, "seconds": min(found["seconds"], again["seconds"])}


def _tried(name: str, folder: Path) -> dict[str, Any]:
    began = time.process_time()
    problems: list[str] = []
    crash = ""
    try:
        ruleset = load(folder, VOCABULARY)
        load_tests(folder, ruleset, VOCABULARY)
    except RulesInvalid as invalid:
        problems = [str(problem) for problem in invalid.problems]
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        crash = f"{type(error).__name__}: {error}"[:300]
    seconds = time.process_time() - began
    return {"case": name, "seconds": seconds, "problems": problems[:200], "crash": crash, "most": _most_memory()}


def _most_memory() -> int:
    """The most that this program held. Linux counts into ``ru_maxrss`` what the process held before it became this."""
    status = Path("/proc/self/status")
    if status.exists():
        (most,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(most) * 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


def _held() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main(home: Path) -> None:
    """Try every case."""
    sys.setrecursionlimit(1_000)
    with contextlib.suppress(OSError):  # elsewhere than on Linux the most that was held is all there is
        most = _held() + LEAST_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for number, (name, make) in enumerate(cases()):
        folder = home / str(number)
        folder.mkdir()
        sys.stdout.write(json.dumps(tried(name, make(folder))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
