"""What Salesforce's codes mean for a row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import simple_salesforce

from connectors.port import Outcome
from connectors.salesforce.errors import (
    API_ONLY,
    BUSY,
    CONFLICT,
    FAILED,
    GONE,
    WRAPPERS,
    RowError,
    outcome_of,
    row_errors,
)


def test_every_code_is_spelt_as_salesforce_spells_it() -> None:
    """The client library ships Salesforce's own WSDL, whose StatusCode type lists the codes of rows."""
    wsdl = Path(simple_salesforce.__file__).with_name("metadata.wsdl").read_text(encoding="utf-8")
    listed = re.search(r'<xsd:simpleType name="StatusCode">(.*?)</xsd:simpleType>', wsdl, re.DOTALL)
    assert listed is not None
    known = set(re.findall(r'value="([^"]+)"', listed[1])) | API_ONLY
    assert (BUSY | GONE | CONFLICT | FAILED | WRAPPERS) - known == set()


def test_a_code_means_one_thing() -> None:
    tables = (BUSY, GONE, CONFLICT, FAILED)
    assert sum(map(len, tables)) == len(frozenset().union(*tables))


@pytest.mark.parametrize(
    ("code", "message", "outcome"),
    [
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", Outcome.BUSY),
        ("ENTITY_IS_DELETED", "entity is deleted", Outcome.GONE),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Owner must be in region", Outcome.FAILED),
        ("INACTIVE_OWNER_OR_USER", "inactive user", Outcome.FAILED),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "trigger: UNABLE_TO_LOCK_ROW, unable to", Outcome.BUSY),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "trigger: NullPointerException", Outcome.FAILED),
        ("SOMETHING_NEW", "nobody has heard of it", Outcome.UNKNOWN),
    ],
)
def test_a_rows_code_decides_its_outcome(code: str, message: str, outcome: Outcome) -> None:
    assert outcome_of((RowError(code, message),))[0] is outcome


def test_a_lock_beside_a_lasting_refusal_is_no_reason_to_try_again() -> None:
    both = (RowError("UNABLE_TO_LOCK_ROW", ""), RowError("REQUIRED_FIELD_MISSING", ""))
    assert outcome_of(both)[0] is Outcome.FAILED


def test_an_unheard_of_code_beside_a_known_one_stays_unknown() -> None:
    both = (RowError("REQUIRED_FIELD_MISSING", ""), RowError("SOMETHING_NEW", ""))
    assert outcome_of(both)[0] is Outcome.UNKNOWN


def test_412_is_a_conflict_though_its_body_is_empty() -> None:
    assert outcome_of((), 412)[0] is Outcome.CONFLICT


def test_a_refusal_without_a_reason_is_unknown() -> None:
    assert outcome_of((), 400)[0] is Outcome.UNKNOWN


def test_both_spellings_of_an_error_are_read() -> None:
    assert row_errors([{"errorCode": "A", "message": "m", "fields": ["F"]}]) == (RowError("A", "m", ("F",)),)
    assert row_errors([{"statusCode": "B", "message": "n", "fields": []}]) == (RowError("B", "n"),)
    assert row_errors("<html>") == row_errors(None) == row_errors([1]) == ()
