"""docs/sandbox.md says what there is, and its examples work."""

from __future__ import annotations

import json
import re
from pathlib import Path

from connectors.sandbox import read_faults
from connectors.sandbox.catalog import CATALOG
from connectors.sandbox.faults import Fault
from connectors.sandbox.hubspot.catalog import TYPES
from connectors.sandbox.words import HUBSPOT, KINDS, NAMES, SALESFORCE

GUIDE = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"`([^`\n]+)`", GUIDE))


def test_every_fault_every_key_and_every_kind_of_call_is_in_the_guide() -> None:
    assert NAMES <= QUOTED
    assert KINDS <= QUOTED
    assert set(Fault.model_fields) - {"fault"} <= QUOTED


def test_every_custom_field_is_in_the_guide() -> None:
    custom = {name for entity in CATALOG.values() for name, column in entity.columns.items() if column.custom}
    assert custom <= QUOTED


def test_every_custom_property_is_in_the_guide() -> None:
    custom = {name for shape in TYPES.values() for name, prop in shape.properties.items() if prop.custom}
    assert custom <= QUOTED


def test_the_plans_in_the_guide_can_be_read() -> None:
    plans = [block for block in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL) if block.startswith("[")]
    for plan, words in zip(plans, (SALESFORCE, HUBSPOT), strict=True):
        assert len(read_faults(json.loads(plan), words=words).struck()) == 5
