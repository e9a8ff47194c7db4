"""The seeded company in HubSpot's words: owners, records, and the links between them. Pure: no clock, no chance."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from connectors.sandbox.catalog import ENGAGEMENT_TYPES
from connectors.sandbox.hubspot.catalog import DEAL_STAGES, DISPOSITIONS, TYPES
from connectors.sandbox.hubspot.link_types import CHILD_TO_PARENT
from connectors.sandbox.hubspot.records import QUEUE, Owner, Population, Record, Team
from connectors.sandbox.hubspot.sums import TOUCHES, is_touch, touch_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.port import Value
    from connectors.sandbox.schema import Row
    from connectors.sandbox.seed import Seeding

_FIRST_OWNER, _FIRST_USER, _FIRST_TEAM = 71_000_001, 43_500_001, 9_810_001
_STRIDE = 37
"""Ids of owners, users and teams lie apart, so that none is taken for another."""


def moment(value: Value) -> str | None:
    """A moment of the seeding as HubSpot writes it."""
    return f"{str(value)[:19]}Z" if value else None


def number(value: Value) -> str | None:
    """A number as HubSpot writes it, without needless zeros."""
    if value is None:
        return None
    return f"{float(value):.15g}" if not isinstance(value, int) else str(value)


def populate(seeding: Seeding) -> Population:
    """The same company, told to HubSpot. The order of the ids is the order of the seeding."""
    told = _Telling(seeding)
    told.tell_owners()
    told.tell_companies()
    told.tell_contacts()
    told.tell_leads()
    told.tell_deals()
    told.tell_activities()
    told.tell_families()
    told.add_sums()
    return told.population


class _Telling:
    """Writes records with their ids counted from the first of their type."""

    def __init__(self, seeding: Seeding) -> None:
        self.seeding, self.population = seeding, Population()
        self.drafts: dict[str, dict[str, dict[str, str]]] = {name: {} for name in TYPES}
        self.emails: set[str] = set()

    def rows(self, entity: str) -> list[Row]:
        return list(self.seeding.tables[entity].values())

    def owner_of(self, row: Row) -> str | None:
        return self.population.owner_ids.get(str(row.get("OwnerId")))

    def add(self, name: str, row: Row, values: Mapping[str, str | None]) -> str:
        shape, drafts = TYPES[name], self.drafts[name]
        id_ = str(shape.first_id + len(drafts))
        draft = {
            "hs_object_id": id_,
            shape.created: moment(row["CreatedDate"]),
            shape.modified: moment(row["SystemModstamp"]),
            "hubspot_owner_id": self.owner_of(row),
            "hubspot_owner_assigneddate": moment(row.get("Owner_Since__c") or row["CreatedDate"]),
            **values,
        }
        drafts[id_] = {key: value for key, value in draft.items() if value}
        self.population.ids[str(row["Id"])] = (name, id_)
        return id_

    # Who

    def tell_owners(self) -> None:
        teams: dict[str, Team] = {}
        for at, row in enumerate(self.rows("User")):
            if row.get("UserType") != "Standard" or row["Id"] == self.seeding.integration:
                continue
            name = str(row.get("Department") or "")
            if name and name not in teams:
                teams[name] = Team(str(_FIRST_TEAM + len(teams) * _STRIDE), name)
            owner = Owner(
                id=str(_FIRST_OWNER + at * _STRIDE),
                user_id=_FIRST_USER + at * _STRIDE,
                email=str(row["Email"]),
                first=str(row.get("FirstName") or ""),
                last=str(row["LastName"]),
                team=teams.get(name),
                archived=not row.get("IsActive"),
                created=moment(row["CreatedDate"]) or "",
                updated=moment(row["SystemModstamp"]) or "",
            )
            self.population.owners[owner.id] = owner
            self.population.owner_ids[str(row["Id"])] = owner.id
        self._tell_queues()

    def _tell_queues(self) -> None:
        for row in self.rows("Group"):
            at = len(self.seeding.tables["User"]) + len(self.population.owners)
            owner = Owner(
                id=str(_FIRST_OWNER + at * _STRIDE),
                user_id=0,
                email="",
                first="",
                last=str(row["Name"]),
                kind=QUEUE,
                created=moment(row["CreatedDate"]) or "",
                updated=moment(row["SystemModstamp"]) or "",
            )
            self.population.owners[owner.id] = owner
            self.population.owner_ids[str(row["Id"])] = owner.id

    # What

    def tell_companies(self) -> None:
        open_deals = {row.get("AccountId") for row in self.rows("Opportunity") if not row.get("IsClosed")}
        for row in self.rows("Account"):
            site = _text(row, "Website")
            self.add(
                "companies",
                row,
                {
                    "name": _text(row, "Name"),
                    "website": site,
                    "domain": site.removeprefix("https://").removeprefix("www.") if site else None,
                    "phone": _text(row, "Phone"),
                    "industry": _text(row, "Industry"),
                    "annualrevenue": number(row.get("AnnualRevenue")),
                    "numberofemployees": number(row.get("NumberOfEmployees")),
                    "country": _text(row, "BillingCountry"),
                    "city": _text(row, "BillingCity"),
                    "state": _text(row, "BillingState"),
                    "zip": _text(row, "BillingPostalCode"),
                    "description": _text(row, "Description"),
                    "type": _text(row, "Type"),
                    "lifecyclestage": _stage_of_life(row, open_deals=row["Id"] in open_deals),
                    **_custom_values(row),
                },
            )

    def tell_contacts(self) -> None:
        for row in self.rows("Contact"):
            company = self.population.ids.get(str(row.get("AccountId")))
            id_ = self.add(
                "contacts",
                row,
                {
                    **self._person(row),
                    "jobtitle": _text(row, "Title"),
                    "associatedcompanyid": company[1] if company else None,
                    "lifecyclestage": self.drafts["companies"][company[1]]["lifecyclestage"] if company else "lead",
                },
            )
            if company:
                for kind in (279, 1):
                    self.population.links.add(("contacts", id_), company, kind)

    def tell_leads(self) -> None:
        states = {"Open - Not Contacted": "NEW", "Working - Contacted": "IN_PROGRESS"}
        for row in self.rows("Lead"):
            self.add(
                "contacts",
                row,
                {
                    **self._person(row),
                    "jobtitle": _text(row, "Title"),
                    "company": _text(row, "Company"),
                    "website": _text(row, "Website"),
                    "country": _text(row, "Country"),
                    "city": _text(row, "City"),
                    "lead_source": _text(row, "LeadSource"),
                    "hs_lead_status": states.get(str(row.get("Status")), "UNQUALIFIED"),
                    "lifecyclestage": "lead",
                },
            )

    def _person(self, row: Row) -> dict[str, str | None]:
        return {
            "firstname": _text(row, "FirstName"),
            "lastname": _text(row, "LastName"),
            "email": self._own_email(_text(row, "Email")),
            "phone": _text(row, "Phone"),
        }

    def _own_email(self, email: str | None) -> str | None:
        """HubSpot has no two contacts with one address: the second of a name gets a number."""
        if email is None:
            return None
        mailbox, _, site = email.partition("@")
        own, count = email, 1
        while own in self.emails:
            count += 1
            own = f"{mailbox}{count}@{site}"
        self.emails.add(own)
        return own

    def tell_deals(self) -> None:
        for row in self.rows("Opportunity"):
            stage, _, probability = DEAL_STAGES[str(row["StageName"])]
            company = self.population.ids.get(str(row.get("AccountId")))
            id_ = self.add(
                "deals",
                row,
                {
                    "dealname": _text(row, "Name"),
                    "amount": number(row.get("Amount")),
                    "pipeline": "default",
                    "dealstage": stage,
                    "closedate": f"{row['CloseDate']}T00:00:00Z",
                    "dealtype": "existingbusiness" if row.get("Type") == "Renewal" else "newbusiness",
                    "hs_is_closed": _flag(row.get("IsClosed")),
                    "hs_is_closed_won": _flag(row.get("IsWon")),
                    "hs_deal_stage_probability": probability,
                },
            )
            if company:
                for kind in (341, 5):
                    self.population.links.add(("deals", id_), company, kind)

    def tell_activities(self) -> None:
        for row in self.rows("Task"):
            name, values = _task(row)
            self._link(name, self.add(name, row, {**values, "hs_timestamp": _when(row)}), row)
        for row in self.rows("Event"):
            id_ = self.add(
                "meetings",
                row,
                {
                    "hs_timestamp": moment(row.get("StartDateTime")),
                    "hs_meeting_title": _text(row, "Subject"),
                    "hs_meeting_start_time": moment(row.get("StartDateTime")),
                    "hs_meeting_end_time": moment(row.get("EndDateTime")),
                    "hs_meeting_outcome": "COMPLETED",
                    "hs_activity_type": _text(row, "Type"),
                },
            )
            self._link("meetings", id_, row)

    def _link(self, name: str, id_: str, row: Row) -> None:
        """An activity with somebody is about that person's company, too."""
        for target in (row.get("AccountId"), row.get("WhoId")):
            end = self.population.ids.get(str(target))
            if end is not None:
                self.population.links.add((name, id_), end, _PLAIN[name, end[0]])

    def tell_families(self) -> None:
        for row in self.rows("Account"):
            parent = self.population.ids.get(str(row.get("ParentId")))
            if parent is not None:
                child = self.population.ids[str(row["Id"])]
                self.population.links.add(child, parent, CHILD_TO_PARENT)
                self.drafts["companies"][child[1]]["hs_parent_company_id"] = parent[1]

    def add_sums(self) -> None:
        links = self.population.links
        for name in ("companies", "contacts"):
            for id_, draft in self.drafts[name].items():
                draft.update(touch_sums(self._touches((name, id_))))
                if name == "companies":
                    draft["num_associated_contacts"] = str(len(links.of((name, id_), "contacts")))
                    draft["num_associated_deals"] = str(len(links.of((name, id_), "deals")))
        self.population.records = {
            name: {id_: Record(id_, draft) for id_, draft in drafts.items()} for name, drafts in self.drafts.items()
        }

    def _touches(self, end: tuple[str, str]) -> list[str]:
        found = []
        for name in TOUCHES:
            drafts = self.drafts[name]
            found += [
                drafts[id_]["hs_timestamp"]
                for id_ in self.population.links.of(end, name)
                if is_touch(drafts[id_]) and "hs_timestamp" in drafts[id_]
            ]
        return found


_PLAIN = {
    ("calls", "companies"): 182,
    ("calls", "contacts"): 194,
    ("emails", "companies"): 186,
    ("emails", "contacts"): 198,
    ("meetings", "companies"): 188,
    ("meetings", "contacts"): 200,
    ("tasks", "companies"): 192,
    ("tasks", "contacts"): 204,
}


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    return None if value is None else str(value)


def _flag(value: Value) -> str:
    return "true" if value else "false"


def _when(row: Row) -> str | None:
    return (
        moment(row.get("CompletedDateTime")) or f"{row.get('ActivityDate') or str(row['CreatedDate'])[:10]}T12:00:00Z"
    )


def _stage_of_life(row: Row, *, open_deals: bool) -> str:
    if row.get("Type") == "Customer":
        return "customer"
    return "opportunity" if open_deals else "lead"


def _custom_values(row: Row) -> dict[str, str | None]:
    """The account's own fields have the same names here, in small letters."""
    texts = ("Region__c", "Segment__c", "Priority_Tier__c", "Priority_Reasons__c", "Protected_Until__c",
             "Renewal_Date__c", "Intent_Updated__c", "External_Key__c")  # fmt: skip
    numbers = ("Priority_Score__c", "Intent_Cybersecurity__c", "Intent_Cloud_Migration__c", "Intent_Data_Privacy__c")
    return {
        **{_custom_name(name): _text(row, name) for name in texts},
        **{_custom_name(name): number(row.get(name)) for name in numbers},
        "owner_since": moment(row.get("Owner_Since__c")),
        "do_not_move": _flag(row.get("Do_Not_Move__c")),
    }


def _custom_name(name: str) -> str:
    return name.removesuffix("__c").lower()


def _task(row: Row) -> tuple[str, dict[str, str | None]]:
    """A task of the seeding is a call, an email that went out, an email that came in, or a task."""
    subject, subtype, kind = _text(row, "Subject"), row.get("TaskSubtype"), str(row.get("Type"))
    if kind in ENGAGEMENT_TYPES:
        return "emails", {
            "hs_email_subject": subject,
            "hs_email_direction": "INCOMING_EMAIL",
            "hs_email_status": "SENT",
            "engagement_kind": kind,
        }
    if subtype == "Email":
        return "emails", {"hs_email_subject": subject, "hs_email_direction": "EMAIL", "hs_email_status": "SENT"}
    if subtype == "Call":
        return "calls", {
            "hs_call_title": subject,
            "hs_call_direction": "OUTBOUND",
            "hs_call_status": "COMPLETED",
            "hs_call_duration": str(60_000 * (1 + _spread(str(row["Id"]), 20))),
            "hs_call_disposition": DISPOSITIONS[_spread(str(row["Id"]), len(DISPOSITIONS))].value,
        }
    return "tasks", {
        "hs_task_subject": subject,
        "hs_task_status": "COMPLETED" if row.get("IsClosed") else "NOT_STARTED",
        "hs_task_priority": "NONE",
        "hs_task_type": "TODO",
        "hs_task_completion_date": moment(row.get("CompletedDateTime")),
    }


def _spread(text: str, size: int) -> int:
    """The same text, the same number below ``size``, on any machine."""
    return hashlib.sha256(text.encode()).digest()[0] % size
