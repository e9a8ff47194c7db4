"""The object types and properties of the emulated HubSpot account. Values only; behaviour is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.catalog import ACCOUNT_TYPES, ENGAGEMENT_TYPES, INDUSTRIES, REGIONS, SEGMENTS
from connectors.sandbox.hubspot.building import RECORD, custom, described, fixed, options_of, prop, stamps, summed
from connectors.sandbox.hubspot.empty import EMPTY, EMPTY_GROUPS
from connectors.sandbox.hubspot.shapes import ObjectType, Option, Property, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOUCHES = (
    summed("notes_last_contacted", Type.DATETIME, "Last contacted"),
    summed("num_contacted_notes", Type.NUMBER, "Number of times contacted"),
    summed("hs_last_sales_activity_timestamp", Type.DATETIME, "Last engagement date"),
)
_LIFECYCLE = options_of(
    (
        ("subscriber", "Subscriber"),
        ("lead", "Lead"),
        ("marketingqualifiedlead", "Marketing qualified lead"),
        ("salesqualifiedlead", "Sales qualified lead"),
        ("opportunity", "Opportunity"),
        ("customer", "Customer"),
        ("evangelist", "Evangelist"),
        ("other", "Other"),
    )
)


_COMPANIES = described(
    "companies",
    "company",
    "0-2",
    "companyinformation",
    (
        *RECORD,
        *stamps("createdate", "hs_lastmodifieddate"),
        *_TOUCHES,
        prop("name", label="Company name"),
        prop("domain", label="Company domain name"),
        prop("website", label="Website URL"),
        prop("phone", label="Phone number", field_type="phonenumber"),
        prop("industry", Type.ENUMERATION, "Industry", options=options_of(INDUSTRIES)),
        prop("annualrevenue", Type.NUMBER, "Annual revenue"),
        prop("numberofemployees", Type.NUMBER, "Number of employees"),
        prop("country", label="Country/Region"),
        prop("city", label="City"),
        prop("state", label="State/Region"),
        prop("zip", label="Postal code"),
        prop("description", label="Description", field_type="textarea"),
        prop("type", Type.ENUMERATION, "Type", options=options_of((*ACCOUNT_TYPES, "Vendor", "Other"))),
        prop("lifecyclestage", Type.ENUMERATION, "Lifecycle stage", options=_LIFECYCLE, field_type="radio"),
        fixed("hs_parent_company_id", Type.NUMBER, "Parent company", calculated=True),
        summed("num_associated_contacts", label="Number of associated contacts"),
        summed("num_associated_deals", label="Number of associated deals"),
        prop("hs_is_target_account", Type.BOOL, "Target account"),
        prop(
            "hs_ideal_customer_profile",
            Type.ENUMERATION,
            "Ideal customer profile tier",
            options=options_of((("tier_1", "Tier 1"), ("tier_2", "Tier 2"), ("tier_3", "Tier 3"))),
        ),
        custom("region", Type.ENUMERATION, options=options_of(REGIONS)),
        custom("segment", Type.ENUMERATION, options=options_of(SEGMENTS)),
        custom("priority_score", Type.NUMBER),
        custom("priority_tier", Type.ENUMERATION, options=options_of("ABCD")),
        custom("priority_reasons", field_type="textarea"),
        custom("owner_since", Type.DATETIME),
        custom("protected_until", Type.DATE),
        custom("do_not_move", Type.BOOL),
        custom("renewal_date", Type.DATE),
        custom("intent_cybersecurity", Type.NUMBER),
        custom("intent_cloud_migration", Type.NUMBER),
        custom("intent_data_privacy", Type.NUMBER),
        custom("intent_updated", Type.DATE),
        custom("external_key", label="External key", unique=True),
    ),
    first_id=21_480_000_001,
    shown=("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    searched=("name", "domain", "website", "phone"),
    title="name",
    merges=True,
)

_CONTACTS = described(
    "contacts",
    "contact",
    "0-1",
    "contactinformation",
    (
        *RECORD,
        *stamps("createdate", "lastmodifieddate"),
        *_TOUCHES,
        prop("firstname", label="First name"),
        prop("lastname", label="Last name"),
        prop("email", label="Email", unique=True),
        prop("phone", label="Phone number", field_type="phonenumber"),
        prop("mobilephone", label="Mobile phone number", field_type="phonenumber"),
        prop("jobtitle", label="Job title"),
        prop("company", label="Company name"),
        prop("website", label="Website URL"),
        prop("country", label="Country/Region"),
        prop("city", label="City"),
        prop("lifecyclestage", Type.ENUMERATION, "Lifecycle stage", options=_LIFECYCLE, field_type="radio"),
        prop(
            "hs_lead_status",
            Type.ENUMERATION,
            "Lead status",
            field_type="radio",
            options=options_of(
                (
                    ("NEW", "New"),
                    ("OPEN", "Open"),
                    ("IN_PROGRESS", "In progress"),
                    ("UNQUALIFIED", "Unqualified"),
                    ("CONNECTED", "Connected"),
                )
            ),
        ),
        fixed("associatedcompanyid", Type.NUMBER, "Primary associated company ID"),
        custom(
            "lead_source",
            Type.ENUMERATION,
            options=options_of(("Web", "Event", "Purchased List", "Referral", "Trade Show", "Other")),
        ),
    ),
    first_id=88_350_000_001,
    shown=("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    searched=("firstname", "lastname", "email", "phone", "company"),
    title="email",
    merges=True,
)

DEAL_STAGES = {
    "Prospecting": ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    "Qualification": ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    "Needs Analysis": ("presentationscheduled", "Presentation Scheduled", "0.6"),
    "Proposal/Price Quote": ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    "Negotiation/Review": ("contractsent", "Contract Sent", "0.9"),
    "Closed Won": ("closedwon", "Closed Won", "1.0"),
    "Closed Lost": ("closedlost", "Closed Lost", "0.0"),
}
"""The seeded company's stages → HubSpot's stage, its label and its probability."""

_DEALS = described(
    "deals",
    "deal",
    "0-3",
    "dealinformation",
    (
        *RECORD,
        *stamps("createdate", "hs_lastmodifieddate"),
        prop("dealname", label="Deal name"),
        prop("amount", Type.NUMBER, "Amount"),
        prop("pipeline", Type.ENUMERATION, "Pipeline", options=(Option("default", "Sales Pipeline", 0),)),
        prop(
            "dealstage",
            Type.ENUMERATION,
            "Deal stage",
            field_type="radio",
            options=options_of((value, label) for value, label, _ in DEAL_STAGES.values()),
        ),
        prop("closedate", Type.DATETIME, "Close date"),
        prop(
            "dealtype",
            Type.ENUMERATION,
            "Deal type",
            field_type="radio",
            options=options_of((("newbusiness", "New Business"), ("existingbusiness", "Existing Business"))),
        ),
        prop("description", label="Deal description", field_type="textarea"),
        summed("hs_is_closed", Type.BOOL, "Is deal closed?"),
        summed("hs_is_closed_won", Type.BOOL, "Is closed won"),
        summed("hs_deal_stage_probability", label="Deal probability"),
    ),
    first_id=36_910_000_001,
    shown=("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id"),
    searched=("dealname", "description", "dealtype"),
    title="dealname",
    merges=True,
)

_ACTIVITY = (
    *RECORD,
    *stamps("hs_createdate", "hs_lastmodifieddate"),
    prop("hs_timestamp", Type.DATETIME, "Activity date"),
    fixed("hs_created_by_user_id", Type.NUMBER, "Created by user ID"),
)


def _activity(  # noqa: PLR0913, PLR0917 - one argument for each thing that an activity type has
    name: str, singular: str, id_: str, first_id: int, title: str, properties: tuple[Property, ...]
) -> ObjectType:
    return described(
        name, singular, id_, "engagement", (*_ACTIVITY, *properties), first_id=first_id, searched=(title,), title=title
    )


DISPOSITIONS = options_of(
    (
        ("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
        ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
        ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
    )
)
_STATES = ("NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED", "COMPLETED")

_CALLS = _activity(
    "calls",
    "call",
    "0-48",
    61_200_000_001,
    "hs_call_title",
    (
        prop("hs_call_title", label="Call title"),
        prop("hs_call_body", label="Call notes", field_type="textarea"),
        prop("hs_call_direction", Type.ENUMERATION, "Call direction", options=options_of(("INBOUND", "OUTBOUND"))),
        prop("hs_call_disposition", Type.ENUMERATION, "Call outcome", options=DISPOSITIONS),
        prop("hs_call_duration", Type.NUMBER, "Call duration"),
        prop(
            "hs_call_status",
            Type.ENUMERATION,
            "Call status",
            options=options_of(("BUSY", "CANCELED", "COMPLETED", "FAILED", "IN_PROGRESS", "NO_ANSWER", "QUEUED")),
        ),
        prop("hs_activity_type", Type.ENUMERATION, "Call and meeting type", options=options_of(("Call", "Demo"))),
    ),
)
_EMAILS = _activity(
    "emails",
    "email",
    "0-49",
    62_300_000_001,
    "hs_email_subject",
    (
        prop("hs_email_subject", label="Email subject"),
        prop("hs_email_text", label="Email body", field_type="textarea"),
        prop(
            "hs_email_direction",
            Type.ENUMERATION,
            "Email direction",
            options=options_of(("EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL")),
        ),
        prop(
            "hs_email_status",
            Type.ENUMERATION,
            "Email send status",
            options=options_of(("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT")),
        ),
        custom("engagement_kind", Type.ENUMERATION, options=options_of(ENGAGEMENT_TYPES), group="engagement"),
    ),
)
_MEETINGS = _activity(
    "meetings",
    "meeting",
    "0-47",
    63_400_000_001,
    "hs_meeting_title",
    (
        prop("hs_meeting_title", label="Meeting name"),
        prop("hs_meeting_body", label="Meeting description", field_type="textarea"),
        prop("hs_meeting_start_time", Type.DATETIME, "Meeting start time"),
        prop("hs_meeting_end_time", Type.DATETIME, "Meeting end time"),
        prop("hs_meeting_location", label="Meeting location"),
        prop(
            "hs_meeting_outcome",
            Type.ENUMERATION,
            "Meeting outcome",
            options=options_of(("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED")),
        ),
        prop(
            "hs_activity_type",
            Type.ENUMERATION,
            "Call and meeting type",
            options=options_of(("Meeting", "Demo", "Webinar", "Other")),
        ),
    ),
)
_TASKS = _activity(
    "tasks",
    "task",
    "0-27",
    64_500_000_001,
    "hs_task_subject",
    (
        prop("hs_task_subject", label="Task title"),
        prop("hs_task_body", label="Task notes", field_type="textarea"),
        prop("hs_task_status", Type.ENUMERATION, "Task status", options=options_of(_STATES)),
        prop("hs_task_priority", Type.ENUMERATION, "Priority", options=options_of(("NONE", "LOW", "MEDIUM", "HIGH"))),
        prop("hs_task_type", Type.ENUMERATION, "Task type", options=options_of(("TODO", "EMAIL", "CALL"))),
        fixed("hs_task_completion_date", Type.DATETIME, "Completed at"),
    ),
)
_NOTES = _activity(
    "notes",
    "note",
    "0-46",
    65_600_000_001,
    "hs_note_body",
    (prop("hs_note_body", label="Note body", field_type="textarea"),),
)

TYPES: Mapping[str, ObjectType] = {
    each.name: each for each in (_COMPANIES, _CONTACTS, _DEALS, _CALLS, _EMAILS, _MEETINGS, _TASKS, _NOTES, *EMPTY)
}
"""Every object type by its plural name."""
ACTIVITIES = ("calls", "emails", "meetings", "tasks", "notes")
_NAMED = {name: each for each in TYPES.values() for name in (each.name, each.singular, each.id)}


def type_named(text: str) -> ObjectType | None:
    """The object type of this plural, singular or id, whatever the case; None if there is none."""
    return _NAMED.get(text.lower())


GROUPS = (
    EMPTY_GROUPS
    | {
        "companies": ("companyinformation", "Company information"),
        "contacts": ("contactinformation", "Contact information"),
        "deals": ("dealinformation", "Deal information"),
    }
    | dict.fromkeys(ACTIVITIES, ("engagement", "Activity information"))
)
"""The property group that each object type comes with."""
