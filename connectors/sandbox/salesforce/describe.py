"""What the org can do and what its objects look like: versions, resources, describes, limits."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce.records import entity_named
from connectors.sandbox.salesforce.wire import header_time
from connectors.sandbox.schema import IDS, NUMERIC, TEXTUAL, Kind

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.company import Company
    from connectors.sandbox.salesforce.org import Org
    from connectors.sandbox.schema import Column, Entity

RELEASED = datetime(2026, 10, 10, tzinfo=UTC)
"""When the objects last changed, for If-Modified-Since."""
_SEASONS = ("Spring", "Summer", "Winter")
_SOAP = {
    Kind.ID: "tns:ID",
    Kind.REFERENCE: "tns:ID",
    Kind.BOOLEAN: "xsd:boolean",
    Kind.INT: "xsd:int",
    Kind.DATE: "xsd:date",
    Kind.DATETIME: "xsd:dateTime",
    Kind.DOUBLE: "xsd:double",
    Kind.CURRENCY: "xsd:double",
    Kind.PERCENT: "xsd:double",
    Kind.ADDRESS: "urn:address",
}


def versions(org: Org, _call: Call) -> Reply:
    """``GET /services/data``: needs no token."""
    return Reply(
        200,
        [
            {"label": _label(version), "url": f"/services/data/v{version}", "version": version}
            for version in org.settings.versions
        ],
    )


def _label(version: str) -> str:
    """The release's name: three a year, and v66.0 is Spring '26."""
    number = int(version.partition(".")[0])
    season = _SEASONS[number % len(_SEASONS)]
    year = number // len(_SEASONS) + 4 + (season == "Winter")
    return f"{season} '{year:02d}"


def resources(_org: Org, call: Call) -> Reply:
    """``GET /services/data/V``."""
    base = f"/services/data/v{call.version}"
    names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs")
    return Reply(
        200,
        {name: f"{base}/{name}" for name in names}
        | {"identity": f"{call.base}/id/{_org.company.seeding.org}/{call.actor}"},
    )


def limits(org: Org, _call: Call) -> Reply:
    """``GET …/limits``, in step with the Sforce-Limit-Info header."""
    jobs = sum(job.is_query for job in org.jobs.values())
    rows = {
        "DailyApiRequests": (org.settings.daily_limit, org.used),
        "DailyBulkApiBatches": (15_000, 0),
        "DailyBulkV2QueryJobs": (10_000, jobs),
        "DailyBulkV2QueryFileStorageMB": (976_562, 0),
        "DailyAsyncApexExecutions": (250_000, 0),
        "ConcurrentAsyncGetReportInstances": (200, 0),
        "DataStorageMB": (10_240, 35),
        "FileStorageMB": (10_240, 0),
        "HourlyTimeBasedWorkflow": (1_000, 0),
        "SingleEmail": (5_000, 0),
    }
    return Reply(200, {name: {"Max": most, "Remaining": max(0, most - used)} for name, (most, used) in rows.items()})


def global_describe(org: Org, call: Call) -> Reply:
    """``GET …/sobjects``."""
    entities = [_summary(call, entity) for entity in org.company.entities()]
    return Reply(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": entities})


def sobject_info(org: Org, call: Call, name: str) -> Reply:
    """``GET …/sobjects/T``: the summary and nothing recent."""
    return Reply(200, {"objectDescribe": _summary(call, entity_named(org, name)), "recentItems": []})


def describe(org: Org, call: Call, name: str) -> Reply:
    """``GET …/sobjects/T/describe``; 304 if nothing has changed since."""
    entity, changed = entity_named(org, name), org.company.schema_changed or RELEASED
    since = header_time(call, "if-modified-since")
    headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
    if since is not None and changed.replace(microsecond=0) <= since:
        return Reply(304, None, headers)
    body = {
        **_summary(call, entity),
        "fields": [_field(column) for column in entity.columns.values()],
        "childRelationships": _children(org.company, entity),
        "recordTypeInfos": [_master_record_type(call, entity)],
        "actionOverrides": [],
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "supportedScopes": [
            {"label": f"All {entity.plural}", "name": "everything"},
            {"label": f"My {entity.plural}", "name": "mine"},
        ],
        "listviewable": None,
        "lookupLayoutable": None,
        "compactLayoutable": True,
    }
    return Reply(200, body, headers)


def _summary(call: Call, entity: Entity) -> dict[str, object]:
    root = f"/services/data/v{call.version}/sobjects/{entity.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": entity.createable,
        "custom": False,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": entity.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": entity.name in {"Account", "Contact", "Lead", "Opportunity"},
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": entity.prefix,
        "label": entity.label,
        "labelPlural": entity.plural,
        "layoutable": True,
        "mergeable": entity.name in {"Account", "Contact", "Lead"},
        "mruEnabled": True,
        "name": entity.name,
        "queryable": True,
        "replicateable": "IsDeleted" in entity.columns or entity.name == "User",
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": "IsDeleted" in entity.columns,
        "updateable": entity.updateable,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": f"{root}/{{ID}}"},
    }


def _field(column: Column) -> dict[str, object]:
    textual, numeric = column.kind in TEXTUAL, column.kind in NUMERIC
    digits = (column.length or 18) if numeric and column.kind is not Kind.INT else 0
    return {
        "aggregatable": column.kind not in {Kind.TEXTAREA, Kind.ADDRESS},
        "aiPredictionField": False,
        "autoNumber": False,
        "byteLength": column.length * 3 if textual else column.length,
        "calculated": column.calculated,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": False,
        "compoundFieldName": column.compound or ("Name" if column.name in {"FirstName", "LastName"} else None),
        "controllerName": None,
        "createable": column.createable,
        "custom": column.custom,
        "defaultValue": column.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": column.default is not None
        or column.name in {"Id", "OwnerId", "CreatedDate", "SystemModstamp"},
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": 9 if column.kind is Kind.INT else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": column.external,
        "extraTypeInfo": "plaintextarea" if column.kind is Kind.TEXTAREA else None,
        "filterable": column.filterable and column.kind is not Kind.TEXTAREA,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": column.kind
        not in {Kind.TEXTAREA, Kind.ADDRESS, Kind.DATETIME, Kind.DOUBLE, Kind.CURRENCY, Kind.PERCENT},
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": column.kind is Kind.ID or column.external or column.name == "Email",
        "inlineHelpText": None,
        "label": column.label,
        "length": column.length if not numeric else 0,
        "mask": None,
        "maskType": None,
        "name": column.name,
        "nameField": column.name == "Name",
        "namePointing": len(column.refers) > 1,
        "nillable": column.nillable,
        "permissionable": column.custom or column.nillable,
        "picklistValues": [
            {"active": True, "defaultValue": value == column.default, "label": value, "validFor": None, "value": value}
            for value in column.values
        ],
        "polymorphicForeignKey": len(column.refers) > 1,
        "precision": digits,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(column.refers),
        "relationshipName": column.parent or None,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": column.restricted,
        "scale": column.scale,
        "searchPrefilterable": column.kind in IDS,
        "soapType": _SOAP.get(column.kind, "xsd:string"),
        "sortable": column.kind not in {Kind.TEXTAREA, Kind.ADDRESS},
        "type": column.kind.value,
        "unique": column.external,
        "updateable": column.updateable,
        "writeRequiresMasterRead": False,
    }


def _children(company: Company, entity: Entity) -> list[dict[str, object]]:
    named = {target: name for name, target in entity.children.items()}
    return [
        _child(child, column, named.get((child.name, column.name)))
        for child in company.entities()
        for column in child.columns.values()
        if entity.name in column.refers
    ]


def _child(child: Entity, column: Column, relationship: str | None) -> dict[str, object]:
    return {
        "cascadeDelete": child.name in {"Contact", "Opportunity", "AccountTeamMember", "AccountHistory"},
        "childSObject": child.name,
        "deprecatedAndHidden": False,
        "field": column.name,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": relationship,
        "restrictedDelete": False,
    }


def _master_record_type(call: Call, entity: Entity) -> dict[str, object]:
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": "012000000000000AAA",
        "urls": {
            "layout": f"/services/data/v{call.version}/sobjects/{entity.name}/describe/layouts/012000000000000AAA"
        },
    }
