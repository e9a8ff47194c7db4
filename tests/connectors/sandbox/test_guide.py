"""docs/sandbox.md says what there is, and its examples work."""

from __future__ import annotations

import json
import re
from pathlib import Path

from connectors.sandbox import read_faults
from connectors.sandbox.catalog import CATALOG
from connectors.sandbox.faults import KINDS, NAMES, Fault

GUIDE = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"`([^`\n]+)`", GUIDE))


def test_every_fault_every_key_and_every_kind_of_call_is_in_the_guide() -> None:
    assert NAMES <= QUOTED
    assert KINDS <= QUOTED
    assert set(Fault.model_fields) - {"fault"} <= QUOTED


def test_every_custom_field_is_in_the_guide() -> None:
    custom = {name for entity in CATALOG.values() for name, column in entity.columns.items() if column.custom}
    assert custom <= QUOTED


def test_the_plan_in_the_guide_can_be_read() -> None:
    plan = next(block for block in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL) if block.startswith("["))
    assert len(read_faults(json.loads(plan)).struck()) == 5
