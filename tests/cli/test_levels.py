"""``levels`` and ``rules check`` as people type them, where rules speak of absences, first touches and covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.desk import Desk

RULES = """version: 1
reps: [hours.csv]
absences: [away.csv]
holidays: [free.csv]
service_levels:
  - {id: first, when: not in_pool, first_touch: 30 days}
covers:
  - {id: all, when: not in_pool, least: 1 day, by: team, protected: yes}
"""


def rep_of(desk: Desk) -> tuple[str, str]:
    """Address and name of a rep who has accounts."""
    owners = {account["OwnerId"] for account in desk.sandbox.company.rows("Account")}
    users = (user for user in desk.sandbox.company.rows("User") if user["Id"] in owners)
    found = next(user for user in users if user.get("Book_Capacity__c"))
    return str(found["Email"]), str(found["Name"])


def write(desk: Desk, email: str, hours: str = "UTC,Mon-Fri 09:00-17:00,NO") -> None:
    today = datetime.now(UTC).date()
    folder = desk.folder / "rules"
    (folder / "z.yaml").write_text(RULES)
    (folder / "hours.csv").write_text(f"email,time_zone,working_hours,calendar\n{email},{hours}\n")
    away = f"{email},{today - timedelta(days=1)},{today + timedelta(days=9)}\nno.body@acme.example,{today},\n"
    (folder / "away.csv").write_text("email,from,until\n" + away)
    (folder / "free.csv").write_text("calendar,date,name\nNO,2026-12-25,Christmas Day\n")


def test_first_touches_absences_and_covers_are_shown_as_text_and_json(desk: Desk) -> None:
    email, name = rep_of(desk)
    write(desk, email)
    desk.ask("pull")
    found = desk.ask("levels")
    today = datetime.now(UTC).date()
    (away,) = found["away"]
    assert (away["name"], away["until"]) == (name, str(today + timedelta(days=9)))
    assert found["levels"] == ["first"]
    states = {touch["state"] for touch in found["touches"]}
    assert states <= {"running", "missed"}
    assert "missed" in states
    assert all(touch["next"] == "the level only tells it" for touch in found["touches"] if touch["state"] == "missed")
    covered = [one for one in found["covered"] if one["owner_name"] == name]
    goes = f"the next plan: {name} is away until {away['until']}; "
    full = "nobody of the team is there and has room"
    assert {one["because"] == full or one["because"].startswith(goes) for one in covered} == {True}
    text = desk.type("levels").out
    assert "Accounts of absent reps: 0 accounts covered" in text


def test_hours_that_cannot_be_read_and_absences_of_nobody_are_told_by_a_check(desk: Desk) -> None:
    email, _ = rep_of(desk)
    write(desk, email, "Europe/Oslow,9-5,DE")
    desk.ask("pull")
    found = [one for one in desk.ask("rules", "check")["findings"] if one["file"] in {"hours.csv", "away.csv"}]
    told = {(one["file"], one["line"], one["severity"], one["code"], one["message"]) for one in found}
    assert told >= {
        ("hours.csv", 2, "warning", "odd-hours", f"'Europe/Oslow', the time zone of {email}, is not known"),
        ("hours.csv", 2, "warning", "odd-hours",
         f"the working hours of {email} cannot be read: '9-5' is neither days nor times"),
        ("hours.csv", 2, "warning", "odd-hours", f"no file of holidays has the calendar 'DE' of {email}"),
        ("away.csv", 3, "warning", "unknown-rep", "no user of the CRM has the address 'no.body@acme.example'"),
    }  # fmt: skip
    (missing,) = [one for one in found if "have no working_hours" in one["message"]]
    assert (missing["severity"], missing["message"].split(": ")[1]) == ("note", "Mon-Fri 09:00-17:00 counts for them")
