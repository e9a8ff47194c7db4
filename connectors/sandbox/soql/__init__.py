"""SOQL: text to a typed tree (``parse``), the tree over rows (``run``), rows as JSON (``show``). It knows no HTTP."""

from connectors.sandbox.soql.evaluate import Answer, run, show
from connectors.sandbox.soql.parser import parse
from connectors.sandbox.soql.tokens import QueryError
from connectors.sandbox.soql.tree import Select

__all__ = ["Answer", "QueryError", "Select", "parse", "run", "show"]
