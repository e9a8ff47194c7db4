"""The objects and fields of the seeded company's CRM: the standard ones that sales teams use, and a few custom ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.sandbox.schema import Column, Entity, Kind, entity

if TYPE_CHECKING:
    from collections.abc import Mapping

REGIONS = ("EMEA", "AMER", "APAC")
SEGMENTS = ("Enterprise", "Mid-Market")
TEAMS = ("EMEA Enterprise", "EMEA Mid-Market", "AMER Enterprise", "AMER Mid-Market", "APAC")
ACCOUNT_TYPES = ("Prospect", "Customer", "Partner")
INDUSTRIES = (
    "Software",
    "Banking",
    "Fintech",
    "Insurance",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Energy",
    "Telecommunications",
    "Education",
    "Government",
    "Transportation",
)
STAGES = (
    "Prospecting",
    "Qualification",
    "Needs Analysis",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
)
ENGAGEMENT_TYPES = ("Web Form", "Reply", "Webinar")
"""Task types that record what the buyer did."""


def _text(name: str, length: int = 255, label: str = "", **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    return Column(name, Kind.STRING, label or _label(name), length, **more)


def _of(kind: Kind, name: str, label: str = "", **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    lengths = {Kind.EMAIL: 80, Kind.PHONE: 40, Kind.URL: 255, Kind.TEXTAREA: 32000}
    return Column(name, kind, label or _label(name), **{"length": lengths.get(kind, 0), **more})


def _pick(name: str, values: tuple[str, ...], *, restricted: bool = False, **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    return Column(name, Kind.PICKLIST, _label(name), 255, values=values, restricted=restricted, **more)


def _to(name: str, target: str | tuple[str, ...], parent: str = "", **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    targets = (target,) if isinstance(target, str) else target
    return Column(name, Kind.REFERENCE, _label(name), 18, refers=targets, parent=parent or name[:-2], **more)


def _flag(name: str, **more: Any) -> Column:  # noqa: ANN401 - Column checks them
    return Column(name, Kind.BOOLEAN, _label(name), nillable=False, default=False, **more)


def _label(name: str) -> str:
    bare = name.removesuffix("__c").replace("_", " ")
    words = "".join(
        f" {char}" if char.isupper() and bare[max(at - 1, 0)].islower() else char for at, char in enumerate(bare)
    )
    return words.strip().replace("Is ", "", 1) if words.startswith("Is ") else words.strip()


def _fixed(column: Column) -> Column:
    return replace(column, createable=False, updateable=False)


_ID = Column("Id", Kind.ID, "Record ID", 18, nillable=False, createable=False, updateable=False, default=None)
_AUDIT = tuple(
    replace(column, nillable=False, createable=False, updateable=False)
    for column in (
        _of(Kind.DATETIME, "CreatedDate"),
        _to("CreatedById", "User"),
        _of(Kind.DATETIME, "LastModifiedDate"),
        _to("LastModifiedById", "User"),
        _of(Kind.DATETIME, "SystemModstamp"),
    )
)
_DELETED = _fixed(_flag("IsDeleted"))
_OWNER = replace(_to("OwnerId", "User"), nillable=False)
_OWNER_OR_QUEUE = replace(_to("OwnerId", ("User", "Group")), nillable=False)


def _address(stem: str, compound: str) -> tuple[Column, ...]:
    parts = (("Street", 255), ("City", 40), ("State", 80), ("PostalCode", 20), ("Country", 80))
    return (
        *(_text(f"{stem}{part}", length, compound=compound) for part, length in parts),
        replace(_fixed(_of(Kind.ADDRESS, compound)), filterable=False),
    )


def _intent(topic: str) -> Column:
    return _of(Kind.DOUBLE, f"Intent_{topic}__c", scale=0, length=3)


_ACCOUNT = entity(
    "Account",
    "Account",
    "Accounts",
    "001",
    (
        _ID,
        _DELETED,
        _fixed(_to("MasterRecordId", "Account")),
        _text("Name", 255, "Account Name", nillable=False),
        _pick("Type", ACCOUNT_TYPES, tracked=True),
        _to("ParentId", "Account"),
        *_address("Billing", "BillingAddress"),
        _of(Kind.PHONE, "Phone"),
        _of(Kind.URL, "Website"),
        _pick("Industry", INDUSTRIES),
        _of(Kind.CURRENCY, "AnnualRevenue"),
        _of(Kind.INT, "NumberOfEmployees", "Employees"),
        _of(Kind.TEXTAREA, "Description"),
        _pick("Rating", ("Hot", "Warm", "Cold")),
        _text("AccountNumber", 40),
        _pick("AccountSource", ("Web", "Referral", "Purchased List", "Partner", "Other")),
        replace(_OWNER, tracked=True),
        *_AUDIT,
        _fixed(_of(Kind.DATE, "LastActivityDate", "Last Activity")),
        _pick("Region__c", REGIONS),
        _pick("Segment__c", SEGMENTS),
        _of(Kind.DOUBLE, "Priority_Score__c", scale=2, length=6, tracked=True),
        _pick("Priority_Tier__c", ("A", "B", "C", "D"), restricted=True, tracked=True),
        _of(Kind.TEXTAREA, "Priority_Reasons__c", length=1000),
        _of(Kind.DATETIME, "Owner_Since__c"),
        _of(Kind.DATE, "Protected_Until__c"),
        _flag("Do_Not_Move__c", tracked=True),
        _of(Kind.DATE, "Renewal_Date__c"),
        _intent("Cybersecurity"),
        _intent("Cloud_Migration"),
        _intent("Data_Privacy"),
        _of(Kind.DATE, "Intent_Updated__c"),
        _text("External_Key__c", 64, external=True),
    ),
    children={
        "Contacts": ("Contact", "AccountId"),
        "Opportunities": ("Opportunity", "AccountId"),
        "Tasks": ("Task", "AccountId"),
        "Events": ("Event", "AccountId"),
        "AccountTeamMembers": ("AccountTeamMember", "AccountId"),
        "ChildAccounts": ("Account", "ParentId"),
        "Histories": ("AccountHistory", "AccountId"),
        "ObjectTerritory2Associations": ("ObjectTerritory2Association", "ObjectId"),
    },
)

_CONTACT = entity(
    "Contact",
    "Contact",
    "Contacts",
    "003",
    (
        _ID,
        _DELETED,
        _fixed(_to("MasterRecordId", "Contact")),
        _to("AccountId", "Account"),
        _text("LastName", 80, nillable=False),
        _text("FirstName", 40),
        _fixed(_text("Name", 121, "Full Name", nillable=False)),
        _of(Kind.PHONE, "Phone", "Business Phone"),
        _of(Kind.PHONE, "MobilePhone"),
        _of(Kind.EMAIL, "Email"),
        _text("Title", 128),
        _text("Department", 80),
        _pick("LeadSource", ("Web", "Referral", "Purchased List", "Trade Show", "Other")),
        _flag("HasOptedOutOfEmail"),
        _OWNER,
        *_AUDIT,
        _fixed(_of(Kind.DATE, "LastActivityDate", "Last Activity")),
    ),
    children={"Tasks": ("Task", "WhoId"), "Events": ("Event", "WhoId")},
)

_LEAD = entity(
    "Lead",
    "Lead",
    "Leads",
    "00Q",
    (
        _ID,
        _DELETED,
        _fixed(_to("MasterRecordId", "Lead")),
        _text("LastName", 80, nillable=False),
        _text("FirstName", 40),
        _fixed(_text("Name", 121, "Full Name", nillable=False)),
        _text("Company", 255, nillable=False),
        _text("Title", 128),
        _of(Kind.EMAIL, "Email"),
        _of(Kind.PHONE, "Phone"),
        _of(Kind.URL, "Website"),
        _text("City", 40),
        _text("State", 80),
        _text("PostalCode", 20),
        _text("Country", 80),
        _pick(
            "Status",
            ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"),
            nillable=False,
            default="Open - Not Contacted",
        ),
        _pick("LeadSource", ("Web", "Event", "Purchased List", "Referral", "Other")),
        _pick("Industry", INDUSTRIES),
        _pick("Rating", ("Hot", "Warm", "Cold")),
        _of(Kind.INT, "NumberOfEmployees", "Employees"),
        _of(Kind.CURRENCY, "AnnualRevenue"),
        _fixed(_flag("IsConverted")),
        _fixed(_of(Kind.DATE, "ConvertedDate")),
        _fixed(_to("ConvertedAccountId", "Account")),
        _fixed(_to("ConvertedContactId", "Contact")),
        _fixed(_to("ConvertedOpportunityId", "Opportunity")),
        _OWNER_OR_QUEUE,
        *_AUDIT,
        _fixed(_of(Kind.DATE, "LastActivityDate", "Last Activity")),
    ),
)

_OPPORTUNITY = entity(
    "Opportunity",
    "Opportunity",
    "Opportunities",
    "006",
    (
        _ID,
        _DELETED,
        _to("AccountId", "Account"),
        _text("Name", 120, nillable=False),
        _pick("StageName", STAGES, nillable=False),
        _of(Kind.CURRENCY, "Amount"),
        _of(Kind.PERCENT, "Probability"),
        _of(Kind.DATE, "CloseDate", nillable=False),
        _pick("Type", ("New Business", "Renewal", "Expansion")),
        _pick("LeadSource", ("Web", "Event", "Purchased List", "Referral", "Other")),
        _fixed(_flag("IsClosed")),
        _fixed(_flag("IsWon")),
        _pick("ForecastCategoryName", ("Omitted", "Pipeline", "Best Case", "Commit", "Closed")),
        _OWNER,
        *_AUDIT,
        _fixed(_of(Kind.DATE, "LastActivityDate", "Last Activity")),
    ),
)

_TASK = entity(
    "Task",
    "Task",
    "Tasks",
    "00T",
    (
        _ID,
        _DELETED,
        _to("WhoId", ("Contact", "Lead")),
        _to("WhatId", ("Account", "Opportunity")),
        _fixed(_to("AccountId", "Account")),
        _text("Subject", 255),
        _of(Kind.DATE, "ActivityDate", "Due Date Only"),
        _pick(
            "Status",
            ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"),
            nillable=False,
            default="Not Started",
        ),
        _pick("Priority", ("High", "Normal", "Low"), nillable=False, default="Normal"),
        _fixed(_flag("IsClosed")),
        _fixed(_flag("IsArchived")),
        _flag("IsRecurrence", updateable=False),
        _pick("TaskSubtype", ("Task", "Email", "Call", "LinkedIn"), updateable=False),
        _pick("Type", ("Call", "Email", "Meeting", *ENGAGEMENT_TYPES, "Other")),
        _of(Kind.TEXTAREA, "Description", "Comments"),
        _text("CallDisposition", 255, "Call Result"),
        _of(Kind.INT, "CallDurationInSeconds"),
        _fixed(_of(Kind.DATETIME, "CompletedDateTime")),
        _OWNER_OR_QUEUE,
        *_AUDIT,
    ),
)

_EVENT = entity(
    "Event",
    "Event",
    "Events",
    "00U",
    (
        _ID,
        _DELETED,
        _to("WhoId", ("Contact", "Lead")),
        _to("WhatId", ("Account", "Opportunity")),
        _fixed(_to("AccountId", "Account")),
        _text("Subject", 255),
        _text("Location", 255),
        _flag("IsAllDayEvent"),
        _of(Kind.DATE, "ActivityDate", "Due Date Only"),
        _of(Kind.DATETIME, "StartDateTime", "Start Date Time"),
        _of(Kind.DATETIME, "EndDateTime", "End Date Time"),
        _of(Kind.INT, "DurationInMinutes"),
        _pick("Type", ("Meeting", "Demo", "Webinar", "Other")),
        _pick("EventSubtype", ("Event",), updateable=False),
        _fixed(_flag("IsChild")),
        _fixed(_flag("IsArchived")),
        _fixed(_flag("IsRecurrence")),
        _of(Kind.TEXTAREA, "Description"),
        _OWNER,
        *_AUDIT,
    ),
)

_USER = entity(
    "User",
    "User",
    "Users",
    "005",
    (
        _ID,
        _text("Username", 80, nillable=False),
        _text("LastName", 80, nillable=False),
        _text("FirstName", 40),
        _fixed(_text("Name", 121, "Full Name", nillable=False)),
        _of(Kind.EMAIL, "Email", nillable=False),
        _text("Alias", 8),
        _text("Title", 80),
        _text("Department", 80),
        _text("Division", 80),
        _text("CompanyName", 80),
        _text("Country", 80),
        _of(Kind.PHONE, "Phone"),
        _flag("IsActive"),
        _fixed(
            _pick("UserType", ("Standard", "PowerPartner", "CsnOnly", "CspLitePortal", "AutomatedProcess", "Guest"))
        ),
        _to("UserRoleId", "UserRole"),
        _to("ProfileId", "Profile", nillable=False),
        _to("ManagerId", "User"),
        _pick(
            "TimeZoneSidKey",
            (
                "Europe/London",
                "Europe/Berlin",
                "America/New_York",
                "America/Los_Angeles",
                "Asia/Tokyo",
                "Australia/Sydney",
                "UTC",
            ),
            nillable=False,
        ),
        _pick("LocaleSidKey", ("en_US", "en_GB", "de_DE", "ja_JP"), nillable=False),
        _pick("LanguageLocaleKey", ("en_US", "de", "ja"), nillable=False),
        _text("EmployeeNumber", 20),
        _text("FederationIdentifier", 512, "SAML Federation ID"),
        _of(Kind.DOUBLE, "Book_Capacity__c", scale=0, length=4),
        _of(Kind.DATE, "Hired__c"),
        _fixed(_of(Kind.DATETIME, "LastLoginDate", "Last Login")),
        *_AUDIT,
    ),
    children={"Users": ("User", "ManagerId")},
)


def _small(name: str, plural: str, prefix: str, *columns: Column, deletable: bool = True) -> Entity:
    flags = (_DELETED,) if deletable else ()
    return entity(name, _label(name), plural, prefix, (_ID, *flags, *columns, *_AUDIT))


_SMALL = (
    _small(
        "UserRole",
        "Roles",
        "00E",
        _text("Name", 80, nillable=False),
        _text("DeveloperName", 80),
        _to("ParentRoleId", "UserRole"),
        deletable=False,
    ),
    _small("Profile", "Profiles", "00e", _text("Name", 255, nillable=False), deletable=False),
    _small(
        "Group",
        "Groups",
        "00G",
        _text("Name", 40, nillable=False),
        _text("DeveloperName", 80),
        _pick("Type", ("Queue", "Regular", "Role")),
        _of(Kind.EMAIL, "Email"),
        deletable=False,
    ),
    _small(
        "Organization",
        "Organizations",
        "00D",
        _text("Name", 80, nillable=False),
        _text("InstanceName", 5),
        _text("OrganizationType", 40),
        _flag("IsSandbox"),
        _of(Kind.DATETIME, "TrialExpirationDate"),
        _text("NamespacePrefix", 15),
        _text("TimeZoneSidKey", 40),
        deletable=False,
    ),
    _small(
        "Territory2",
        "Territories",
        "0MI",
        _text("Name", 80, nillable=False),
        _text("DeveloperName", 80),
        deletable=False,
    ),
    _small(
        "ObjectTerritory2Association",
        "Object Territory Associations",
        "0TM",
        _to("ObjectId", "Account", nillable=False),
        _to("Territory2Id", "Territory2", nillable=False),
        _pick("AssociationCause", ("Territory2AssignmentRule", "Territory2Manual")),
    ),
    _small(
        "AccountTeamMember",
        "Account Team Members",
        "01M",
        _to("AccountId", "Account", nillable=False),
        _to("UserId", "User", nillable=False),
        _pick("TeamMemberRole", ("Account Manager", "Executive Sponsor", "Sales Rep", "Pre-Sales Consultant")),
        _pick("AccountAccessLevel", ("Read", "Edit")),
    ),
)

_HISTORY = entity(
    "AccountHistory",
    "Account History",
    "Account History",
    "017",
    (
        _ID,
        _DELETED,
        _fixed(_to("AccountId", "Account")),
        _fixed(_to("CreatedById", "User")),
        _fixed(_of(Kind.DATETIME, "CreatedDate")),
        _fixed(_pick("Field", ("Owner", "Type", "Do_Not_Move__c", "Priority_Score__c", "Priority_Tier__c", "created"))),
        _fixed(_pick("DataType", ("Text", "EntityId", "Double", "Boolean", "DynamicEnum"))),
        replace(_fixed(_text("OldValue", 255)), filterable=False),
        replace(_fixed(_text("NewValue", 255)), filterable=False),
    ),
    writable=False,
)

CATALOG: Mapping[str, Entity] = {
    each.name: each for each in (_ACCOUNT, _CONTACT, _LEAD, _OPPORTUNITY, _TASK, _EVENT, _USER, *_SMALL, _HISTORY)
}
"""Every object by name."""

SYSTEM_FIELDS = frozenset({"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"})
"""What the CRM itself stamps on each write; never an effect."""

NAMED = entity(
    "Name",
    "Name",
    "Names",
    "",
    (
        _ID,
        _text("Name", 255),
        _text("FirstName", 40),
        _text("LastName", 80),
        _pick("Type", ()),
        _of(Kind.EMAIL, "Email"),
        _of(Kind.PHONE, "Phone"),
        _text("Title", 80),
        _text("Username", 80),
        _flag("IsActive"),
    ),
    writable=False,
)
"""What a query sees of a parent that may be of several objects; its Type is the name of the object."""
