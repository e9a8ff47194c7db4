"""What people read: a held plan, an applied one, an explanation, a status. Exact, since every word counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sync_worker.core.model import GuardFinding, Plan, PlanRow, PlanState, Points, RowKind, RowState
from sync_worker.explain import Capped, Explanation, Lacking, Made, Nearest, NextTier, RuleTried, TermCounted, Told
from sync_worker.explain.contacts import BestContact
from sync_worker.history import Change
from sync_worker.report.explanation import explained
from sync_worker.report.plan import shown
from sync_worker.report.status import status
from sync_worker.report.text import plain
from sync_worker.report.words import count, figure, person, seconds, value
from sync_worker.status import HoldLine, OrgCalls, RunLine, Status, WaitingPlan
from sync_worker.store.origins import SignalTold, Statement
from sync_worker.store.plans import StoredPlan, StoredRow

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NAMES = {"u1": "Ann", "u2": "Bob", "pool": "Account Pool"}
MOVE = PlanRow(
    1,
    "salesforce",
    "001A",
    "Acme",
    RowKind.OWNER,
    {"owner": "u1"},
    {"owner": "pool"},
    "return:unworked",
    "unworked",
    "",
    rest_days=30,
)
SCORE = PlanRow(
    2,
    "salesforce",
    "001B",
    "Bolt",
    RowKind.PRIORITY,
    {"score": 10.0, "tier": None},
    {"score": 71.5, "tier": "A"},
    "score:priority",
    "",
    "",
)
PLAN = Plan(
    id="1eb05395",
    hash="ab" * 32,
    created_at=NOW,
    expires_at=NOW + timedelta(days=1),
    rules_version="cd" * 32,
    config_digest="ef" * 32,
    worker_version="0.1.0",
    rows=(MOVE, SCORE),
    guards=(GuardFinding("owner_moves", "1 of 10 accounts in scope would change owner; the limit is 0"),),
    summary={
        "accounts": 12,
        "in_scope": 10,
        "owner_changes": 1,
        "priority_writes": 1,
        "tiers": {"none → A": 1},
        "protected": {"customer": 3},
        "held": 1,
        "pool": {"before": 2, "after": 3, "left": {"every book of emea is full": 2}},
        "books": [{"book": "emea", "before": 8, "after": 7, "capacity": 10}],
        "segments": [
            {"scheme": "motion", "segment": "renewal", "accounts": 2},
            {"scheme": "motion", "segment": "new logo", "accounts": 8},
        ],
        "reps": [{"name": "Ann", "before": 8, "loses": 1, "gains": 0, "after": 7, "capacity": 10}],
    },
)


def stored(state: PlanState, *rows: StoredRow) -> StoredPlan:
    return StoredPlan(PLAN, state, rows or tuple(StoredRow(row, PLAN.id, RowState.PLANNED) for row in PLAN.rows))


def test_a_held_plan() -> None:
    document, _ = shown(stored(PlanState.HELD), NAMES, few=5)
    assert (
        plain(document)
        == f"""\
Plan 1eb05395: held

made:      2026-11-22 09:30 UTC, expires 2026-11-23 09:30 UTC
changes:   1 owner change, 1 priority write
accounts:  10 in scope of 12
rules:     cdcdcdcdcdcd
hash:      {"ab" * 32}

Guards that stop it

- owner_moves: 1 of 10 accounts in scope would change owner; the limit is 0

Books

BOOK  BEFORE  AFTER  CAPACITY  FULL
emea       8      7        10   70%

Reps whose book changes

REP  BEFORE  LOSES  GAINS  AFTER  CAPACITY
Ann       8      1      0      7        10

Segments, in accounts in scope

SCHEME  SEGMENT   ACCOUNTS
motion  renewal          2
motion  new logo         8

What stays where it is

WHAT         ACCOUNTS  WHY
protected           3  rule customer
held                1  a person changed the owner, undid a change, or asked to keep it
in the pool         2  every book of emea is full

the pool: 2 accounts before, 3 after

Back to the pool, rule unworked — 1 account

ACCOUNT  FROM  TO            WHY
Acme     Ann   Account Pool  unworked

Priorities — 1 account

TIER      ACCOUNTS
none → A         1

--all shows every account with its scores, tiers and reasons

  sync-worker approve 1eb05395 --override owner_moves  # let it pass its guards, in your name
  sync-worker reject 1eb05395                          # never apply it
"""
    )


def test_an_applied_plan_tells_what_became_of_each_row() -> None:
    lost = StoredRow(MOVE, PLAN.id, RowState.CONFLICT, message="Dana Whitfield moved it to Bob")
    done = StoredRow(SCORE, PLAN.id, RowState.VERIFIED)
    applied = replace(
        stored(PlanState.APPLIED, lost, done), decided_by="Dana", decided_at=NOW, overrides=frozenset({"owner_moves"})
    )
    text = plain(shown(applied, NAMES, few=None)[0])
    assert "decided:   by Dana 2026-11-22 09:30 UTC, overriding owner_moves" in text
    assert "the limit is 0 (overridden)" in text
    assert "Acme     Ann   Account Pool  unworked  conflict" in text
    assert "Bolt     score: 10.0, tier: empty  score: 71.5, tier: A  verified" in text
    assert "Acme     conflict  Dana Whitfield moved it to Bob" in text
    assert "sync-worker apply" not in text


def test_rows_of_two_crms_say_whose_they_are() -> None:
    """One name may stand for an account in each."""
    images = (MOVE, replace(MOVE, crm="hubspot"), SCORE, replace(SCORE, crm="hubspot"))
    rows = [StoredRow(replace(row, number=n), PLAN.id, RowState.PLANNED) for n, row in enumerate(images, 1)]
    text = plain(shown(stored(PlanState.PLANNED, *rows), NAMES, few=None)[0])
    assert "Acme     salesforce  Ann   Account Pool  unworked" in text
    assert "Acme     hubspot     Ann   Account Pool  unworked" in text
    assert "Bolt     hubspot     score: 10.0, tier: empty  score: 71.5, tier: A" in text


def test_long_groups_are_cut_and_say_so() -> None:
    rows = tuple(StoredRow(replace(MOVE, number=n, account=str(n)), PLAN.id, RowState.PLANNED) for n in range(1, 8))
    text = plain(shown(stored(PlanState.PLANNED, *rows), NAMES, few=5)[0])
    assert "… and 2 more: --all shows every row" in text


TOLD = Told(
    scope="target",
    protect=None,
    return_="unworked",
    book="emea",
    scores={"priority": (25.0, "C")},
    rules=(
        RuleTried(
            "scope", "target", "country = 'DE'", "We sell there", holds=True, decides=True, values={"country": "DE"}
        ),
        RuleTried(
            "return", "left", "owner_active = false", "", holds=False, decides=False, values={"owner_active": True}
        ),
        RuleTried(
            "return",
            "unworked",
            "days_since(last_touch) > 90",
            "Untouched",
            holds=True,
            decides=True,
            values={"last_touch": None},
        ),
        RuleTried("return", "asked", "asked_back", "Asked", holds=None, decides=False, values={"asked_back": True}),
    ),
    terms=(
        TermCounted("priority", "fit", "size", "employees", 20.0, 20.0, "Company size", {"employees": 1204.0}),
        TermCounted("priority", "fit", "near", "x", 10.0, 10.0, "Near", {}),
    ),
    caps=(Capped("priority", "fit", 30.0, 25.0),),
    tables=(Made("areas", "", {"area": "North"}, {"country": "DE"}),),
    empty=("last_touch", "revenue"),
    kept_from={"revenue": ("priority rich",)},
)


def test_an_explanation_is_fair_to_who_lost_the_account() -> None:
    found = Explanation(
        account="001A",
        name="Acme",
        owner="Ann",
        at=NOW,
        rules_version="cd" * 32,
        verdict="It is due to go back to the pool: Untouched for 90 days.",
        nearest=(
            Nearest(
                "It would stay with its owner",
                (Lacking("in_pool", "yes", seen=False), Lacking("x", "1 or more", None)),
                None,
                tried=True,
            ),
            Nearest(
                "It would rest",
                (Lacking("last_touch", "before 2026-08-24", "2026-09-01"),),
                date(2026, 12, 1),
                tried=True,
            ),
        ),
        next_tiers=(
            NextTier(
                "priority",
                "B",
                45.0,
                20.0,
                (Nearest("It would be B", (Lacking("x", "5 or more", 1.0),), None, tried=True),),
            ),
        ),
        held="",
        resting=False,
        resting_until="",
        told=TOLD,
        crm="salesforce",
        sources={"employees": (Statement("zoominfo", 500.0, NOW), Statement("salesforce", 450))},
        signals=(
            SignalTold("security", "g2", 85.0, NOW, NOW, stale=True),
            SignalTold("security", "salesforce", 70.0, None, None, stale=False),
        ),
        contacts=(
            BestContact(
                "champion",
                "003A",
                "Ada Byron",
                "CISO",
                65.0,
                "high",
                (Points("met", 25.0, "Met us"), Points("security", 40.0, "Works in security")),
            ),
            BestContact("champion", "003B", "Bo Li", "", 0.0, "low", ()),
        ),
        contest=None,
        meanwhile=("Plan 3f2a, which is approved, gives it to Bo Dahl: turn of Bo Dahl.",),
        turn=None,
        owners=(Change(NOW, "Bob", "Ann", "", "", ""), Change(NOW, "Account Pool", "Bob", "p1", "book:emea", "best")),
        plan_rows=("2026-11-22 plan p1: owner by book:emea, best: verified",),
    )
    assert (
        plain(explained(found)[0])
        == """\
Acme (001A)

It is due to go back to the pool: Untouched for 90 days.

Plan 3f2a, which is approved, gives it to Bo Dahl: turn of Bo Dahl.

It would stay with its owner if in_pool were yes (it is no) and x were 1 or more (it is empty).

It would rest if last_touch were before 2026-08-24 (it is 2026-09-01): on its own that happens on 2026-12-01.

owner:  Ann
seen:   2026-11-22 09:30 UTC, rules cdcdcdcdcdcd

What tables and grids say of it

TABLE  SAYS          SAW
areas  area = North  country = DE

May the worker touch it at all? (one match is enough)

         RULE    CONDITION       SAW           BECAUSE
DECIDES  target  country = 'DE'  country = DE  We sell there

Does it go back to the pool? (the first match decides)

         RULE      CONDITION                    SAW                 BECAUSE
no       left      owner_active = false         owner_active = yes
DECIDES  unworked  days_since(last_touch) > 90  last_touch = empty  Untouched

not tried, since the decision had fallen: asked

Score priority: 25 points, tier C

PART  POINTS  MOST  WHY           SAW
fit       20    20  Company size  employees = 1,204
fit       10    10  Near

fit adds up to 30 and counts 25: its cap lets it count no more

Empty, though the rules read it

FIELD       READ IN VAIN BY
last_touch
revenue     priority rich

The next tier

- priority: 20 points short of tier B, which begins at 45
  It would be B if x were 5 or more (it is 1).

Best contacts by champion

CONTACT    TITLE  POINTS  TIER  WHY
Ada Byron  CISO       65  high  Met us 25, Works in security 40
Bo Li                  0  low

Where values come from, where sources differ

- employees 500 from zoominfo (2026-11-22); salesforce says 450

Signs of intent

TOPIC     SOURCE      SCORE  SEEN        COUNTS UNTIL
security  g2             85  2026-11-22  2026-11-22    stale
security  salesforce     70                            live

Owners, the latest first

WHEN                  FROM          TO   WHY
2026-11-22 09:30 UTC  Bob           Ann  by hand
2026-11-22 09:30 UTC  Account Pool  Bob  best

Plans

- 2026-11-22 plan p1: owner by book:emea, best: verified
"""
    )


def test_a_status_says_what_needs_a_person() -> None:
    found = Status(
        at=NOW,
        records={"accounts": 2000},
        runs=(RunLine(3, "apply", NOW, 7.4, "failed", {"query": 3}, "nothing answered"),),
        waiting=(
            WaitingPlan("1eb05395", "held", 83, 1933, NOW, ("owner_moves: too many",)),
            WaitingPlan("46dc49ca", "applying", 1, 0, NOW, ()),
        ),
        rows={"verified": 5, "unknown": 2},
        holds=(HoldLine("001A", "Acme", "person", NOW, "Dana moved it"),),
        quarantined={"accounts 001Z": "no number"},
        paused="by Dana since …: quarter end",
        last_success=None,
        calls_today={"query": 3},
        org_calls={"salesforce": OrgCalls(50, 100)},
        org_used=50,
        org_limit=100,
    )
    text = plain(status(found)[0])
    for words in (
        "PAUSED: by Dana since …: quarter end",
        "last success:  never",
        "open rows:     2 unknown",
        "1eb05395  held          83        1933  2026-11-22 09:30 UTC  owner_moves: too many",
        "apply  2026-11-22 09:30 UTC  7.4 s  failed       3  nothing answered",
        "the whole org: 50 of 100 used (50%), as last heard",
        "Acme (001A)  2026-11-22  person  Dana moved it",
        "accounts 001Z  no number",
        "sync-worker resume          # once the reason for the pause is gone",
        "sync-worker show 1eb05395   # read it, then approve or reject it",
        "sync-worker apply 46dc49ca  # go on with it, unless a worker is at it now",
    ):
        assert words in text, text


def test_small_words() -> None:
    assert [seconds(s) for s in (None, 0.44, 12.2, 200, 7500)] == ["", "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"]
    assert [value(v) for v in (None, True, False, 0.60801, 67_750_000.0, 3, "x")] == [
        "empty",
        "yes",
        "no",
        "0.61",
        "67,750,000",
        "3",
        "x",
    ]
    assert (count(1, "account"), count(1204, "account")) == ("1 account", "1,204 accounts")
    assert (person(None, NAMES), person("u1", NAMES), person("u9", NAMES)) == ("nobody", "Ann", "u9")
    assert figure(-10) == "-10"
