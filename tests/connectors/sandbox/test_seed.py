"""The seeded company: the same from the same seed, and of the shapes that real CRMs have."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from statistics import mean

import pytest

from connectors.sandbox.catalog import CATALOG
from connectors.sandbox.schema import TEXTUAL
from connectors.sandbox.seed import Seeding, seed_company
from connectors.sandbox.seed.people import team_sizes

TODAY = date(2026, 11, 20)
VISITS = {"Web Form", "Reply", "Webinar"}


@pytest.fixture(scope="module")
def company() -> Seeding:
    return seed_company(7, 2000, 25, TODAY)


def digest(seeding: Seeding) -> str:
    return hashlib.sha256(json.dumps(seeding.tables, sort_keys=True).encode()).hexdigest()


def accounts(company: Seeding) -> list[dict[str, object]]:
    return list(company.tables["Account"].values())  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib, json; from datetime import date; from connectors.sandbox.seed import seed_company;"
        "tables = seed_company(7, 150, 9, date(2026, 11, 20)).tables;"
        "print(hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest())"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert elsewhere.stdout.strip() == digest(seed_company(7, 150, 9, TODAY))


def test_another_seed_gives_another_company_and_another_day_only_moves_its_dates() -> None:
    one, two = seed_company(7, 50, 5, TODAY), seed_company(8, 50, 5, TODAY)
    later = seed_company(7, 50, 5, TODAY + timedelta(days=30))
    assert digest(one) != digest(two)
    assert [row["Name"] for row in accounts(one)] == [row["Name"] for row in accounts(later)]
    assert one.tables["Account"] != later.tables["Account"]


def test_every_value_fits_its_field(company: Seeding) -> None:
    for name, rows in company.tables.items():
        columns = CATALOG[name].columns
        for row in rows.values():
            assert set(row) <= set(columns), name
            for field, value in row.items():
                column = columns[field]
                assert value is not None
                assert not column.restricted or value in column.values
                assert not (column.kind in TEXTUAL and column.length) or len(str(value)) <= column.length
            assert all(field in row for field, column in columns.items() if not column.nillable), (name, row)


def test_nothing_happens_after_today(company: Seeding) -> None:
    for name, rows in company.tables.items():
        for row in rows.values():
            assert str(row["SystemModstamp"]) >= str(row["CreatedDate"]), name
            assert str(row["SystemModstamp"])[:10] < TODAY.isoformat(), name


def test_nothing_is_older_than_its_account(company: Seeding) -> None:
    born = {id_: str(row["CreatedDate"])[:10] for id_, row in company.tables["Account"].items()}
    for name in ("Contact", "Opportunity", "Task", "Event"):
        for row in company.tables[name].values():
            assert str(row["CreatedDate"])[:10] >= born[str(row["AccountId"])], name


def test_employees_have_a_long_tail_and_holes(company: Seeding) -> None:
    known = [int(str(row["NumberOfEmployees"])) for row in accounts(company) if "NumberOfEmployees" in row]
    assert 1 - len(known) / 2000 == pytest.approx(0.35, abs=0.04)
    assert sum(value <= 60 for value in known) / len(known) == pytest.approx(0.64, abs=0.05)
    assert sum(value > 5000 for value in known) / len(known) == pytest.approx(0.013, abs=0.008)
    assert sum("Industry" not in row for row in accounts(company)) / 2000 == pytest.approx(0.29, abs=0.04)


def test_types_owners_and_regions_are_shared_out_as_stated(company: Seeding) -> None:
    rows = accounts(company)
    types, owners = Counter(row.get("Type") for row in rows), Counter(row["OwnerId"] for row in rows)
    assert types["Prospect"] / 2000 == pytest.approx(0.80, abs=0.04)
    assert types["Customer"] / 2000 == pytest.approx(0.15, abs=0.04)
    assert owners[company.pool] / 2000 == pytest.approx(0.08, abs=0.02)
    users = company.tables["User"]
    inactive = sum(count for owner, count in owners.items() if not users[str(owner)]["IsActive"])
    assert inactive / 2000 == pytest.approx(0.01, abs=0.006)
    fit = [users[str(row["OwnerId"])]["Department"] == _team(row) for row in rows if row["OwnerId"] in company.reps]
    assert mean(fit) == pytest.approx(0.90, abs=0.04)


def _team(row: dict[str, object]) -> str:
    return "APAC" if row["Region__c"] == "APAC" else f"{row['Region__c']} {row['Segment__c']}"


def test_books_are_nearly_full_and_have_room(company: Seeding) -> None:
    held = Counter(row["OwnerId"] for row in accounts(company))
    for rep in company.reps:
        assert 0.70 <= held[rep] / float(str(company.tables["User"][rep]["Book_Capacity__c"])) <= 0.96
    room = sum(float(str(company.tables["User"][rep]["Book_Capacity__c"])) - held[rep] for rep in company.reps)
    assert room >= held[company.pool], "a refill of the whole pool fits"


def test_an_eighth_of_the_owned_prospects_is_unworked_for_90_days(company: Seeding) -> None:
    last: dict[object, str] = {}
    for name in ("Task", "Event"):
        for row in company.tables[name].values():
            if row.get("Type") not in VISITS:
                last[row["AccountId"]] = max(last.get(row["AccountId"], ""), str(row["ActivityDate"]))
    owned = [row for row in accounts(company) if row["OwnerId"] in company.reps and row.get("Type") == "Prospect"]
    limit = (TODAY - timedelta(days=90)).isoformat()
    assert sum(last.get(row["Id"], "") < limit for row in owned) / len(owned) == pytest.approx(0.125, abs=0.03)


def test_visits_leave_a_quarter_out_and_have_a_steep_tail(company: Seeding) -> None:
    visits = Counter(row["AccountId"] for row in company.tables["Task"].values() if row["Type"] in VISITS)
    counts = Counter(visits.values())
    assert 1 - len(visits) / 2000 == pytest.approx(0.24, abs=0.04)
    assert counts[1] / counts[2] == pytest.approx(2**3.2, rel=0.35)


def test_the_people_are_there_whom_tests_and_guides_speak_of(company: Seeding) -> None:
    users = company.tables["User"]
    assert users[company.admin]["Name"] == "Dana Whitfield"
    assert users[company.pool]["Name"] == "Account Pool"
    assert users[company.integration]["Username"] == "integration@acme.example"
    assert sum(not user["IsActive"] for user in users.values()) == 2
    assert sum(user["UserType"] == "CsnOnly" for user in users.values()) == 1
    assert len({user["Username"] for user in users.values()}) == len(users)


@pytest.mark.parametrize("reps", [0, 1, 4, 5, 25, 500])
def test_all_reps_find_a_team(reps: int) -> None:
    sizes = team_sizes(reps)
    assert sum(sizes.values()) == reps
    assert reps < 5 or min(sizes.values()) >= 1


@pytest.mark.parametrize(("size", "reps"), [(0, 3), (1, 0), (3, 1), (8000, 2)])
def test_odd_sizes_are_seeded_too(size: int, reps: int) -> None:
    company = seed_company(1, size, reps, TODAY)
    assert len({row["Name"] for row in accounts(company)}) == size
