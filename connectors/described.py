"""What descriptions of any CRM have in common: the digest of a stream's fields, and a field that has gone. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from connectors.port import SchemaChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.port import Field, NotPermitted


def digest(fields: Iterable[Field]) -> str:
    """SHA-256 over names, the CRM's names and types: what makes an increment lose old values when it changes."""
    rows = sorted((field.name, field.crm_name, str(field.type)) for field in fields)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def changed(error: NotPermitted) -> SchemaChanged:
    """The error for a field that this process has seen and that has gone since."""
    return SchemaChanged(f"since the last look {error}", hint=error.hint)
