"""Tests of rules: what an account is like, and what the rules should say of it. It reads files and runs no SQL."""

from rules.testing.covering import Coverage, Covered, covered
from rules.testing.facts import account_row, contact_row, rep_row
from rules.testing.judging import judged, shown
from rules.testing.model import (
    Contact,
    Expectation,
    Failure,
    Given,
    Outcome,
    Result,
    RuleTest,
    Scored,
    Subject,
    Suite,
    Tried,
    Value,
)
from rules.testing.outcome import Reader
from rules.testing.reading import load_tests
from rules.testing.schema import schema_of_tests

__all__ = [
    "Contact",
    "Coverage",
    "Covered",
    "Expectation",
    "Failure",
    "Given",
    "Outcome",
    "Reader",
    "Result",
    "RuleTest",
    "Scored",
    "Subject",
    "Suite",
    "Tried",
    "Value",
    "account_row",
    "contact_row",
    "covered",
    "judged",
    "load_tests",
    "rep_row",
    "schema_of_tests",
    "shown",
]
