"""What HubSpot's published description of its API says of replies: required fields and types, in our own words."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
INT32: Schema = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$"}
UUID: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}


def some(**properties: Schema) -> Schema:
    """An object with these properties; those whose names end with an underscore may be missing. No others."""
    names = {name.rstrip("_"): schema for name, schema in properties.items()}
    required = [name for name in properties if not name.endswith("_")]
    return {"type": "object", "properties": names, "required": required, "additionalProperties": False}


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def mapped(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


# A property that was asked for and is empty is null. Newer descriptions do not mention it; HubSpot does it.
VALUES = mapped({"type": ["string", "null"]})
VERSION = some(value=TEXT, timestamp=MOMENT, sourceType=TEXT, sourceId_=TEXT, sourceLabel_=TEXT, updatedByUserId_=INT32)
NEXT = some(next=some(after=TEXT, link_=TEXT))
_RECORD: dict[str, Schema] = {
    "id": TEXT,
    "properties": VALUES,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "archived": FLAG,
    "archivedAt_": MOMENT,
    "propertiesWithHistory_": mapped(listed(VERSION)),
    "objectWriteTraceId_": TEXT,
    "url_": TEXT,
}
RECORD = some(**_RECORD)
ASSOCIATED = some(results=listed(some(id=TEXT, type=TEXT)), paging_=NEXT)
LINKED_RECORD = some(**_RECORD, associations_=mapped(ASSOCIATED))
UPSERTED = some(**_RECORD, new=FLAG)
PAGE = some(results=listed(LINKED_RECORD), paging_=NEXT)
FOUND = some(total=INT32, results=listed(RECORD), paging_=NEXT)

DETAIL = some(message=TEXT, code_=TEXT, in_=TEXT, subCategory_=TEXT, context_=mapped(listed(TEXT)))
ERROR = some(
    status=TEXT,
    category=TEXT,
    correlationId=UUID,
    message=TEXT,
    subCategory_=TEXT,
    context_=mapped(listed(TEXT)),
    errors_=listed(DETAIL),
    links_=mapped(TEXT),
)
PART_ERROR = some(
    status=TEXT,
    category=TEXT,
    message=TEXT,
    context=mapped(listed(TEXT)),
    errors=listed(DETAIL),
    links=mapped(TEXT),
    id_=TEXT,
    subCategory_={"type": "object"},
)


def batch(results: Schema) -> Schema:
    """A batch's reply, with or without errors of single records."""
    return some(
        status={"enum": ["CANCELED", "COMPLETE", "PENDING", "PROCESSING"]},
        results=listed(results),
        startedAt=MOMENT,
        completedAt=MOMENT,
        requestedAt_=MOMENT,
        links_=mapped(TEXT),
        numErrors_=INT32,
        errors_=listed(PART_ERROR),
    )


OWNER = some(
    id=TEXT,
    type={"enum": ["PERSON", "QUEUE"]},
    archived=FLAG,
    createdAt=MOMENT,
    updatedAt=MOMENT,
    email_=TEXT,
    firstName_=TEXT,
    lastName_=TEXT,
    userId_=INT32,
    userIdIncludingInactive_=INT32,
    teams_=listed(some(id=TEXT, name=TEXT, primary=FLAG)),
)
OWNERS = some(results=listed(OWNER), paging_=NEXT)

OPTION = some(label=TEXT, value=TEXT, hidden=FLAG, description_=TEXT, displayOrder_=INT32)
PROPERTY = some(
    name=TEXT,
    label=TEXT,
    type={"enum": ["bool", "date", "datetime", "enumeration", "number", "phone_number", "string"]},
    fieldType=TEXT,
    description=TEXT,
    groupName=TEXT,
    options=listed(OPTION),
    archived_=FLAG,
    archivedAt_=MOMENT,
    createdAt_=MOMENT,
    updatedAt_=MOMENT,
    displayOrder_=INT32,
    calculated_=FLAG,
    externalOptions_=FLAG,
    hasUniqueValue_=FLAG,
    hidden_=FLAG,
    formField_=FLAG,
    hubspotDefined_=FLAG,
    dataSensitivity_={"enum": ["highly_sensitive", "non_sensitive", "sensitive"]},
    referencedObjectType_=TEXT,
    modificationMetadata_=some(archivable=FLAG, readOnlyDefinition=FLAG, readOnlyValue=FLAG, readOnlyOptions_=FLAG),
)
PROPERTIES = some(results=listed(PROPERTY))
GROUP = some(name=TEXT, label=TEXT, archived=FLAG, displayOrder_=INT32)

LABEL = some(
    category={"enum": ["HUBSPOT_DEFINED", "INTEGRATOR_DEFINED", "USER_DEFINED", "WORK"]}, typeId=INT32, label_=TEXT
)
LINK = some(toObjectId=TEXT, associationTypes=listed(LABEL))
LINKS = some(**{"from": some(id=TEXT), "to": listed(LINK), "paging_": NEXT})
LINK_PAGE = some(results=listed(LINK), paging_=NEXT)
PAIR = some(fromObjectId=TEXT, fromObjectTypeId=TEXT, toObjectId=TEXT, toObjectTypeId=TEXT, labels=listed(TEXT))
DEFAULT_LINK = some(
    **{
        "from": some(id=TEXT),
        "to": some(id=TEXT),
        "associationSpec": some(associationCategory=TEXT, associationTypeId=INT32),
    }
)
LABELS = some(results=listed(LABEL))
TOKEN = some(
    access_token=TEXT,
    token_type=TEXT,
    expires_in=INT32,
    refresh_token_=TEXT,
    id_token_=TEXT,
    token_use_=TEXT,
    hub_id_=INT32,
    user_id_=INT32,
    scopes_=listed(TEXT),
)


def check(schema: Schema, body: Any) -> Any:
    """The body itself, if it is as described."""
    problems = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(body)]
    assert not problems, "\n".join(problems[:5])
    return body
