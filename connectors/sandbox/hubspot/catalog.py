"""The object types and properties of the emulated HubSpot account. Values only; behaviour is elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.catalog import ACCOUNT_TYPES, ENGAGEMENT_TYPES, INDUSTRIES, REGIONS, SEGMENTS
from connectors.sandbox.hubspot.shapes import YES_NO, ObjectType, Option, Property, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FIELD = {
    Type.STRING: "text",
    Type.NUMBER: "number",
    Type.DATE: "date",
    Type.DATETIME: "date",
    Type.ENUMERATION: "select",
    Type.BOOL: "booleancheckbox",
}


def _options(values: Iterable[str | tuple[str, str]]) -> tuple[Option, ...]:
    pairs = [(value, value) if isinstance(value, str) else value for value in values]
    return tuple(Option(value, label, at) for at, (value, label) in enumerate(pairs))


def _label(name: str) -> str:
    return name.removeprefix("hs_").replace("_", " ").capitalize()


def _p(name: str, type_: Type = Type.STRING, label: str = "", **more: object) -> Property:
    field = str(more.pop("field_type", _FIELD[type_]))
    options = more.pop("options", YES_NO if type_ is Type.BOOL else ())
    return Property(name, label or _label(name), type_, field, str(more.pop("group", "")), options, **more)  # type: ignore[arg-type] # Property's own fields


def _custom(name: str, type_: Type = Type.STRING, label: str = "", **more: object) -> Property:
    return _p(name, type_, label, custom=True, form_field=True, **more)


def _fixed(name: str, type_: Type = Type.STRING, label: str = "", **more: object) -> Property:
    return _p(name, type_, label, read_only=True, **more)


def _sum(name: str, type_: Type = Type.NUMBER, label: str = "") -> Property:
    return _fixed(name, type_, label, calculated=True)


_OWNER = _p("hubspot_owner_id", Type.ENUMERATION, "Owner", owner=True)
_RECORD = (
    _fixed("hs_object_id", Type.NUMBER, "Record ID"),
    _OWNER,
    _fixed("hubspot_owner_assigneddate", Type.DATETIME, "Owner assigned date"),
    _fixed("hs_merged_object_ids", Type.ENUMERATION, "Merged record IDs", field_type="checkbox"),
)
_TOUCHES = (
    _sum("notes_last_contacted", Type.DATETIME, "Last contacted"),
    _sum("num_contacted_notes", Type.NUMBER, "Number of times contacted"),
    _sum("hs_last_sales_activity_timestamp", Type.DATETIME, "Last engagement date"),
)
_LIFECYCLE = _options(
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


def _stamps(created: str, modified: str) -> tuple[Property, ...]:
    return _fixed(created, Type.DATETIME, "Create date"), _fixed(modified, Type.DATETIME, "Last modified date")


def _object(  # noqa: PLR0913 - one argument for each thing that an object type has
    name: str,
    singular: str,
    id_: str,
    group: str,
    properties: tuple[Property, ...],
    *,
    first_id: int,
    shown: tuple[str, ...] = (),
    searched: tuple[str, ...] = (),
    title: str = "",
    merges: bool = False,
) -> ObjectType:
    grouped = {each.name: _in_group(each, group) for each in properties}
    created = "createdate" if "createdate" in grouped else "hs_createdate"
    modified = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
    always = (created, modified, "hs_object_id")
    return ObjectType(
        name, singular, id_, first_id, grouped, tuple(dict.fromkeys((*shown, *always))), always, searched, title, merges
    )


def _in_group(each: Property, group: str) -> Property:
    values = {slot: getattr(each, slot) for slot in Property.__slots__}
    return Property(**{**values, "group": each.group or group})


_COMPANIES = _object(
    "companies",
    "company",
    "0-2",
    "companyinformation",
    (
        *_RECORD,
        *_stamps("createdate", "hs_lastmodifieddate"),
        *_TOUCHES,
        _p("name", label="Company name"),
        _p("domain", label="Company domain name"),
        _p("website", label="Website URL"),
        _p("phone", label="Phone number", field_type="phonenumber"),
        _p("industry", Type.ENUMERATION, "Industry", options=_options(INDUSTRIES)),
        _p("annualrevenue", Type.NUMBER, "Annual revenue"),
        _p("numberofemployees", Type.NUMBER, "Number of employees"),
        _p("country", label="Country/Region"),
        _p("city", label="City"),
        _p("state", label="State/Region"),
        _p("zip", label="Postal code"),
        _p("description", label="Description", field_type="textarea"),
        _p("type", Type.ENUMERATION, "Type", options=_options((*ACCOUNT_TYPES, "Vendor", "Other"))),
        _p("lifecyclestage", Type.ENUMERATION, "Lifecycle stage", options=_LIFECYCLE, field_type="radio"),
        _fixed("hs_parent_company_id", Type.NUMBER, "Parent company", calculated=True),
        _sum("num_associated_contacts", label="Number of associated contacts"),
        _sum("num_associated_deals", label="Number of associated deals"),
        _p("hs_is_target_account", Type.BOOL, "Target account"),
        _p(
            "hs_ideal_customer_profile",
            Type.ENUMERATION,
            "Ideal customer profile tier",
            options=_options((("tier_1", "Tier 1"), ("tier_2", "Tier 2"), ("tier_3", "Tier 3"))),
        ),
        _custom("region", Type.ENUMERATION, options=_options(REGIONS)),
        _custom("segment", Type.ENUMERATION, options=_options(SEGMENTS)),
        _custom("priority_score", Type.NUMBER),
        _custom("priority_tier", Type.ENUMERATION, options=_options("ABCD")),
        _custom("priority_reasons", field_type="textarea"),
        _custom("owner_since", Type.DATETIME),
        _custom("protected_until", Type.DATE),
        _custom("do_not_move", Type.BOOL),
        _custom("renewal_date", Type.DATE),
        _custom("intent_cybersecurity", Type.NUMBER),
        _custom("intent_cloud_migration", Type.NUMBER),
        _custom("intent_data_privacy", Type.NUMBER),
        _custom("intent_updated", Type.DATE),
        _custom("external_key", label="External key", unique=True),
    ),
    first_id=21_480_000_001,
    shown=("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    searched=("name", "domain", "website", "phone"),
    title="name",
    merges=True,
)

_CONTACTS = _object(
    "contacts",
    "contact",
    "0-1",
    "contactinformation",
    (
        *_RECORD,
        *_stamps("createdate", "lastmodifieddate"),
        *_TOUCHES,
        _p("firstname", label="First name"),
        _p("lastname", label="Last name"),
        _p("email", label="Email", unique=True),
        _p("phone", label="Phone number", field_type="phonenumber"),
        _p("mobilephone", label="Mobile phone number", field_type="phonenumber"),
        _p("jobtitle", label="Job title"),
        _p("company", label="Company name"),
        _p("website", label="Website URL"),
        _p("country", label="Country/Region"),
        _p("city", label="City"),
        _p("lifecyclestage", Type.ENUMERATION, "Lifecycle stage", options=_LIFECYCLE, field_type="radio"),
        _p(
            "hs_lead_status",
            Type.ENUMERATION,
            "Lead status",
            field_type="radio",
            options=_options(
                (
                    ("NEW", "New"),
                    ("OPEN", "Open"),
                    ("IN_PROGRESS", "In progress"),
                    ("UNQUALIFIED", "Unqualified"),
                    ("CONNECTED", "Connected"),
                )
            ),
        ),
        _fixed("associatedcompanyid", Type.NUMBER, "Primary associated company ID"),
        _custom(
            "lead_source",
            Type.ENUMERATION,
            options=_options(("Web", "Event", "Purchased List", "Referral", "Trade Show", "Other")),
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

_DEALS = _object(
    "deals",
    "deal",
    "0-3",
    "dealinformation",
    (
        *_RECORD,
        *_stamps("createdate", "hs_lastmodifieddate"),
        _p("dealname", label="Deal name"),
        _p("amount", Type.NUMBER, "Amount"),
        _p("pipeline", Type.ENUMERATION, "Pipeline", options=(Option("default", "Sales Pipeline", 0),)),
        _p(
            "dealstage",
            Type.ENUMERATION,
            "Deal stage",
            field_type="radio",
            options=_options((value, label) for value, label, _ in DEAL_STAGES.values()),
        ),
        _p("closedate", Type.DATETIME, "Close date"),
        _p(
            "dealtype",
            Type.ENUMERATION,
            "Deal type",
            field_type="radio",
            options=_options((("newbusiness", "New Business"), ("existingbusiness", "Existing Business"))),
        ),
        _p("description", label="Deal description", field_type="textarea"),
        _sum("hs_is_closed", Type.BOOL, "Is deal closed?"),
        _sum("hs_is_closed_won", Type.BOOL, "Is closed won"),
        _sum("hs_deal_stage_probability", label="Deal probability"),
    ),
    first_id=36_910_000_001,
    shown=("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id"),
    searched=("dealname", "description", "dealtype"),
    title="dealname",
    merges=True,
)

_ACTIVITY = (
    *_RECORD,
    *_stamps("hs_createdate", "hs_lastmodifieddate"),
    _p("hs_timestamp", Type.DATETIME, "Activity date"),
    _fixed("hs_created_by_user_id", Type.NUMBER, "Created by user ID"),
)


def _activity(  # noqa: PLR0913, PLR0917 - one argument for each thing that an activity type has
    name: str, singular: str, id_: str, first_id: int, title: str, properties: tuple[Property, ...]
) -> ObjectType:
    return _object(
        name, singular, id_, "engagement", (*_ACTIVITY, *properties), first_id=first_id, searched=(title,), title=title
    )


DISPOSITIONS = _options(
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
        _p("hs_call_title", label="Call title"),
        _p("hs_call_body", label="Call notes", field_type="textarea"),
        _p("hs_call_direction", Type.ENUMERATION, "Call direction", options=_options(("INBOUND", "OUTBOUND"))),
        _p("hs_call_disposition", Type.ENUMERATION, "Call outcome", options=DISPOSITIONS),
        _p("hs_call_duration", Type.NUMBER, "Call duration"),
        _p(
            "hs_call_status",
            Type.ENUMERATION,
            "Call status",
            options=_options(("BUSY", "CANCELED", "COMPLETED", "FAILED", "IN_PROGRESS", "NO_ANSWER", "QUEUED")),
        ),
        _p("hs_activity_type", Type.ENUMERATION, "Call and meeting type", options=_options(("Call", "Demo"))),
    ),
)
_EMAILS = _activity(
    "emails",
    "email",
    "0-49",
    62_300_000_001,
    "hs_email_subject",
    (
        _p("hs_email_subject", label="Email subject"),
        _p("hs_email_text", label="Email body", field_type="textarea"),
        _p(
            "hs_email_direction",
            Type.ENUMERATION,
            "Email direction",
            options=_options(("EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL")),
        ),
        _p(
            "hs_email_status",
            Type.ENUMERATION,
            "Email send status",
            options=_options(("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT")),
        ),
        _custom("engagement_kind", Type.ENUMERATION, options=_options(ENGAGEMENT_TYPES), group="engagement"),
    ),
)
_MEETINGS = _activity(
    "meetings",
    "meeting",
    "0-47",
    63_400_000_001,
    "hs_meeting_title",
    (
        _p("hs_meeting_title", label="Meeting name"),
        _p("hs_meeting_body", label="Meeting description", field_type="textarea"),
        _p("hs_meeting_start_time", Type.DATETIME, "Meeting start time"),
        _p("hs_meeting_end_time", Type.DATETIME, "Meeting end time"),
        _p("hs_meeting_location", label="Meeting location"),
        _p(
            "hs_meeting_outcome",
            Type.ENUMERATION,
            "Meeting outcome",
            options=_options(("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED")),
        ),
        _p(
            "hs_activity_type",
            Type.ENUMERATION,
            "Call and meeting type",
            options=_options(("Meeting", "Demo", "Webinar", "Other")),
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
        _p("hs_task_subject", label="Task title"),
        _p("hs_task_body", label="Task notes", field_type="textarea"),
        _p("hs_task_status", Type.ENUMERATION, "Task status", options=_options(_STATES)),
        _p("hs_task_priority", Type.ENUMERATION, "Priority", options=_options(("NONE", "LOW", "MEDIUM", "HIGH"))),
        _p("hs_task_type", Type.ENUMERATION, "Task type", options=_options(("TODO", "EMAIL", "CALL"))),
        _fixed("hs_task_completion_date", Type.DATETIME, "Completed at"),
    ),
)
_NOTES = _activity(
    "notes",
    "note",
    "0-46",
    65_600_000_001,
    "hs_note_body",
    (_p("hs_note_body", label="Note body", field_type="textarea"),),
)

TYPES: Mapping[str, ObjectType] = {
    each.name: each for each in (_COMPANIES, _CONTACTS, _DEALS, _CALLS, _EMAILS, _MEETINGS, _TASKS, _NOTES)
}
"""Every object type by its plural name."""
ACTIVITIES = ("calls", "emails", "meetings", "tasks", "notes")
_NAMED = {name: each for each in TYPES.values() for name in (each.name, each.singular, each.id)}


def type_named(text: str) -> ObjectType | None:
    """The object type of this plural, singular or id, whatever the case; None if there is none."""
    return _NAMED.get(text.lower())


GROUPS = {
    "companies": ("companyinformation", "Company information"),
    "contacts": ("contactinformation", "Contact information"),
    "deals": ("dealinformation", "Deal information"),
} | dict.fromkeys(ACTIVITIES, ("engagement", "Activity information"))
"""The property group that each object type comes with."""
