"""The benchmark runs, and what it compares gives equal answers. What it measures is nobody's business here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import evaluation

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_benchmark_compares_equal_answers(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Unequal answers end it with an error."""
    place = kind if kind == "sqlite" else request.getfixturevalue("postgres_database")
    figures = tmp_path / "figures.json"
    asked = ["--accounts", "2000", "--events", "8000", "--no-zen", "--store", place, "--folder", str(tmp_path)]
    assert evaluation.main([*asked, "--json", str(figures)]) in (0, 1)
    found = json.loads(figures.read_text())
    assert found["cpu_seconds"].keys() >= {"full evaluation", "full evaluation by hand", "quiet cycle"}
    assert found["ratios"].keys() == evaluation.BOUNDS.keys() - {"zen-engine / full"}
