"""The objects and fields of the seeded company's CRM: the standard ones that sales teams use, and a few custom ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.sandbox.columns import (
    AUDIT,
    DELETED,
    ID,
    OWNER,
    OWNER_OR_QUEUE,
    address,
    fixed,
    flag,
    intent,
    label_of,
    pick,
    text,
    to,
    typed,
)
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


_ACCOUNT = entity(
    "Account",
    "Account",
    "Accounts",
    "001",
    (
        ID,
        DELETED,
        fixed(to("MasterRecordId", "Account")),
        text("Name", 255, "Account Name", nillable=False),
        pick("Type", ACCOUNT_TYPES, tracked=True),
        to("ParentId", "Account"),
        *address("Billing", "BillingAddress"),
        typed(Kind.PHONE, "Phone"),
        typed(Kind.URL, "Website"),
        pick("Industry", INDUSTRIES),
        typed(Kind.CURRENCY, "AnnualRevenue"),
        typed(Kind.INT, "NumberOfEmployees", "Employees"),
        typed(Kind.TEXTAREA, "Description"),
        pick("Rating", ("Hot", "Warm", "Cold")),
        text("AccountNumber", 40),
        pick("AccountSource", ("Web", "Referral", "Purchased List", "Partner", "Other")),
        replace(OWNER, tracked=True),
        *AUDIT,
        fixed(typed(Kind.DATE, "LastActivityDate", "Last Activity")),
        pick("Region__c", REGIONS),
        pick("Segment__c", SEGMENTS),
        typed(Kind.DOUBLE, "Priority_Score__c", scale=2, length=6, tracked=True),
        pick("Priority_Tier__c", ("A", "B", "C", "D"), restricted=True, tracked=True),
        typed(Kind.TEXTAREA, "Priority_Reasons__c", length=1000),
        typed(Kind.DATETIME, "Owner_Since__c"),
        typed(Kind.DATE, "Protected_Until__c"),
        flag("Do_Not_Move__c", tracked=True),
        typed(Kind.DATE, "Renewal_Date__c"),
        intent("Cybersecurity"),
        intent("Cloud_Migration"),
        intent("Data_Privacy"),
        typed(Kind.DATE, "Intent_Updated__c"),
        text("External_Key__c", 64, external=True),
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
        ID,
        DELETED,
        fixed(to("MasterRecordId", "Contact")),
        to("AccountId", "Account"),
        text("LastName", 80, nillable=False),
        text("FirstName", 40),
        fixed(text("Name", 121, "Full Name", nillable=False)),
        typed(Kind.PHONE, "Phone", "Business Phone"),
        typed(Kind.PHONE, "MobilePhone"),
        typed(Kind.EMAIL, "Email"),
        text("Title", 128),
        text("Department", 80),
        pick("LeadSource", ("Web", "Referral", "Purchased List", "Trade Show", "Other")),
        flag("HasOptedOutOfEmail"),
        OWNER,
        *AUDIT,
        fixed(typed(Kind.DATE, "LastActivityDate", "Last Activity")),
    ),
    children={"Tasks": ("Task", "WhoId"), "Events": ("Event", "WhoId")},
)

_LEAD = entity(
    "Lead",
    "Lead",
    "Leads",
    "00Q",
    (
        ID,
        DELETED,
        fixed(to("MasterRecordId", "Lead")),
        text("LastName", 80, nillable=False),
        text("FirstName", 40),
        fixed(text("Name", 121, "Full Name", nillable=False)),
        text("Company", 255, nillable=False),
        text("Title", 128),
        typed(Kind.EMAIL, "Email"),
        typed(Kind.PHONE, "Phone"),
        typed(Kind.URL, "Website"),
        text("City", 40),
        text("State", 80),
        text("PostalCode", 20),
        text("Country", 80),
        pick(
            "Status",
            ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"),
            nillable=False,
            default="Open - Not Contacted",
        ),
        pick("LeadSource", ("Web", "Event", "Purchased List", "Referral", "Other")),
        pick("Industry", INDUSTRIES),
        pick("Rating", ("Hot", "Warm", "Cold")),
        typed(Kind.INT, "NumberOfEmployees", "Employees"),
        typed(Kind.CURRENCY, "AnnualRevenue"),
        fixed(flag("IsConverted")),
        fixed(typed(Kind.DATE, "ConvertedDate")),
        fixed(to("ConvertedAccountId", "Account")),
        fixed(to("ConvertedContactId", "Contact")),
        fixed(to("ConvertedOpportunityId", "Opportunity")),
        OWNER_OR_QUEUE,
        *AUDIT,
        fixed(typed(Kind.DATE, "LastActivityDate", "Last Activity")),
    ),
)

_OPPORTUNITY = entity(
    "Opportunity",
    "Opportunity",
    "Opportunities",
    "006",
    (
        ID,
        DELETED,
        to("AccountId", "Account"),
        text("Name", 120, nillable=False),
        pick("StageName", STAGES, nillable=False),
        typed(Kind.CURRENCY, "Amount"),
        typed(Kind.PERCENT, "Probability"),
        typed(Kind.DATE, "CloseDate", nillable=False),
        pick("Type", ("New Business", "Renewal", "Expansion")),
        pick("LeadSource", ("Web", "Event", "Purchased List", "Referral", "Other")),
        fixed(flag("IsClosed")),
        fixed(flag("IsWon")),
        pick("ForecastCategoryName", ("Omitted", "Pipeline", "Best Case", "Commit", "Closed")),
        OWNER,
        *AUDIT,
        fixed(typed(Kind.DATE, "LastActivityDate", "Last Activity")),
    ),
)

_TASK = entity(
    "Task",
    "Task",
    "Tasks",
    "00T",
    (
        ID,
        DELETED,
        to("WhoId", ("Contact", "Lead")),
        to("WhatId", ("Account", "Opportunity")),
        fixed(to("AccountId", "Account")),
        text("Subject", 255),
        typed(Kind.DATE, "ActivityDate", "Due Date Only"),
        pick(
            "Status",
            ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"),
            nillable=False,
            default="Not Started",
        ),
        pick("Priority", ("High", "Normal", "Low"), nillable=False, default="Normal"),
        fixed(flag("IsClosed")),
        fixed(flag("IsArchived")),
        flag("IsRecurrence", updateable=False),
        pick("TaskSubtype", ("Task", "Email", "Call", "LinkedIn"), updateable=False),
        pick("Type", ("Call", "Email", "Meeting", *ENGAGEMENT_TYPES, "Other")),
        typed(Kind.TEXTAREA, "Description", "Comments"),
        text("CallDisposition", 255, "Call Result"),
        typed(Kind.INT, "CallDurationInSeconds"),
        fixed(typed(Kind.DATETIME, "CompletedDateTime")),
        OWNER_OR_QUEUE,
        *AUDIT,
    ),
)

_EVENT = entity(
    "Event",
    "Event",
    "Events",
    "00U",
    (
        ID,
        DELETED,
        to("WhoId", ("Contact", "Lead")),
        to("WhatId", ("Account", "Opportunity")),
        fixed(to("AccountId", "Account")),
        text("Subject", 255),
        text("Location", 255),
        flag("IsAllDayEvent"),
        typed(Kind.DATE, "ActivityDate", "Due Date Only"),
        typed(Kind.DATETIME, "StartDateTime", "Start Date Time"),
        typed(Kind.DATETIME, "EndDateTime", "End Date Time"),
        typed(Kind.INT, "DurationInMinutes"),
        pick("Type", ("Meeting", "Demo", "Webinar", "Other")),
        pick("EventSubtype", ("Event",), updateable=False),
        fixed(flag("IsChild")),
        fixed(flag("IsArchived")),
        fixed(flag("IsRecurrence")),
        typed(Kind.TEXTAREA, "Description"),
        OWNER,
        *AUDIT,
    ),
)

_USER = entity(
    "User",
    "User",
    "Users",
    "005",
    (
        ID,
        text("Username", 80, nillable=False),
        text("LastName", 80, nillable=False),
        text("FirstName", 40),
        fixed(text("Name", 121, "Full Name", nillable=False)),
        typed(Kind.EMAIL, "Email", nillable=False),
        text("Alias", 8),
        text("Title", 80),
        text("Department", 80),
        text("Division", 80),
        text("CompanyName", 80),
        text("Country", 80),
        typed(Kind.PHONE, "Phone"),
        flag("IsActive"),
        fixed(pick("UserType", ("Standard", "PowerPartner", "CsnOnly", "CspLitePortal", "AutomatedProcess", "Guest"))),
        to("UserRoleId", "UserRole"),
        to("ProfileId", "Profile", nillable=False),
        to("ManagerId", "User"),
        pick(
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
        pick("LocaleSidKey", ("en_US", "en_GB", "de_DE", "ja_JP"), nillable=False),
        pick("LanguageLocaleKey", ("en_US", "de", "ja"), nillable=False),
        text("EmployeeNumber", 20),
        text("FederationIdentifier", 512, "SAML Federation ID"),
        typed(Kind.DOUBLE, "Book_Capacity__c", scale=0, length=4),
        typed(Kind.DATE, "Hired__c"),
        fixed(typed(Kind.DATETIME, "LastLoginDate", "Last Login")),
        *AUDIT,
    ),
    children={"Users": ("User", "ManagerId")},
)


def _small(name: str, plural: str, prefix: str, *columns: Column, deletable: bool = True) -> Entity:
    flags = (DELETED,) if deletable else ()
    return entity(name, label_of(name), plural, prefix, (ID, *flags, *columns, *AUDIT))


_SMALL = (
    _small(
        "UserRole",
        "Roles",
        "00E",
        text("Name", 80, nillable=False),
        text("DeveloperName", 80),
        to("ParentRoleId", "UserRole"),
        deletable=False,
    ),
    _small("Profile", "Profiles", "00e", text("Name", 255, nillable=False), deletable=False),
    _small(
        "Group",
        "Groups",
        "00G",
        text("Name", 40, nillable=False),
        text("DeveloperName", 80),
        pick("Type", ("Queue", "Regular", "Role")),
        typed(Kind.EMAIL, "Email"),
        deletable=False,
    ),
    _small(
        "Organization",
        "Organizations",
        "00D",
        text("Name", 80, nillable=False),
        text("InstanceName", 5),
        text("OrganizationType", 40),
        flag("IsSandbox"),
        typed(Kind.DATETIME, "TrialExpirationDate"),
        text("NamespacePrefix", 15),
        text("TimeZoneSidKey", 40),
        deletable=False,
    ),
    _small(
        "Territory2",
        "Territories",
        "0MI",
        text("Name", 80, nillable=False),
        text("DeveloperName", 80),
        deletable=False,
    ),
    _small(
        "ObjectTerritory2Association",
        "Object Territory Associations",
        "0TM",
        to("ObjectId", "Account", nillable=False),
        to("Territory2Id", "Territory2", nillable=False),
        pick("AssociationCause", ("Territory2AssignmentRule", "Territory2Manual")),
    ),
    _small(
        "AccountTeamMember",
        "Account Team Members",
        "01M",
        to("AccountId", "Account", nillable=False),
        to("UserId", "User", nillable=False),
        pick("TeamMemberRole", ("Account Manager", "Executive Sponsor", "Sales Rep", "Pre-Sales Consultant")),
        pick("AccountAccessLevel", ("Read", "Edit")),
    ),
)

_HISTORY = entity(
    "AccountHistory",
    "Account History",
    "Account History",
    "017",
    (
        ID,
        DELETED,
        fixed(to("AccountId", "Account")),
        fixed(to("CreatedById", "User")),
        fixed(typed(Kind.DATETIME, "CreatedDate")),
        fixed(pick("Field", ("Owner", "Type", "Do_Not_Move__c", "Priority_Score__c", "Priority_Tier__c", "created"))),
        fixed(pick("DataType", ("Text", "EntityId", "Double", "Boolean", "DynamicEnum"))),
        replace(fixed(text("OldValue", 255)), filterable=False),
        replace(fixed(text("NewValue", 255)), filterable=False),
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
        ID,
        text("Name", 255),
        text("FirstName", 40),
        text("LastName", 80),
        pick("Type", ()),
        typed(Kind.EMAIL, "Email"),
        typed(Kind.PHONE, "Phone"),
        text("Title", 80),
        text("Username", 80),
        flag("IsActive"),
    ),
    writable=False,
)
"""What a query sees of a parent that may be of several objects; its Type is the name of the object."""
