"""The policy of ``rules/`` in zen-engine, in a process of its own: ``by_zen.py FACTS ANSWERS`` prints what it took.

FACTS holds one JSON object for each account, prepared as suits the engine: dates are days already, and empty numbers
stand far below every bound, since it compares no empty value. Each form that the engine offers is tried on a part of
the accounts, and the quickest one judges them all.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NONE = -1e15
"""An empty number or day count."""
_TRIED = 5_000

SCOPE = [
    ("country in ['US', 'GB', 'DE', 'FR', 'NO', 'CA'] and type != 'Partner'", "target-market"),
    ("employees >= 5000", "strategic"),
]
PROTECT = [
    ("is_customer", "customer"),
    ("open_opportunities > 0", "open-opportunity"),
    ("not in_pool and owned_days > -1000000 and owned_days < 30", "settling-in"),
    ("touches_30 >= 3", "worked"),
    ("renewal_days >= 0 and renewal_days <= 90", "renewal"),
    ("cyber >= 90 and not in_pool", "surging"),
]
RETURN = [
    ("owner_left", "owner-left"),
    ("type == 'Partner'", "partner"),
    ("startsWith(name, 'Test')", "test-record"),
    ("touch_days < -1000000 and owned_days > 60", "never-touched"),
    ("touch_days > 90", "unworked"),
    ("touches_90 < 2 and owned_days > 120", "barely-worked"),
    ("employees < 10 and employees > -1000000 and revenue < 500000 and revenue > -1000000", "tiny"),
    ("employees < 100 and employees > -1000000 and industry in ['Agriculture', 'Mining']", "poor-fit"),
]
BOOKS = [
    ("region == 'EMEA' and employees >= 5000", "strategic-emea"),
    ("region == 'AMER' and employees >= 5000", "strategic-amer"),
    ("region == 'APAC' and employees >= 5000", "strategic-apac"),
    ("employees >= 200 and industry in ['Banking', 'Fintech']", "banks"),
    ("employees >= 200 and industry == 'Healthcare'", "health"),
    ("region == 'EMEA' and employees >= 1000", "enterprise-emea"),
    ("region == 'AMER' and employees >= 1000", "enterprise-amer"),
    ("country == 'NO' and employees >= 50 and employees <= 999", "nordics"),
    ("country == 'DE' and employees >= 50 and employees <= 999", "dach"),
    ("country == 'GB' and employees >= 50 and employees <= 999", "uk"),
    ("country == 'US' and employees >= 50 and employees <= 999", "us-mid"),
    ("region == 'AMER' and employees < 50 and employees > -1000000", "small-amer"),
    ("region == 'EMEA' and employees < 50 and employees > -1000000", "small-emea"),
]
POINTS = {
    "core": "industry in ['Software', 'Fintech', 'Banking'] ? 15 : 0",
    "near": "industry in ['Healthcare', 'Energy', 'Retail'] ? 7 : 0",
    "size": "employees >= 5000 ? 15 : employees > 50 ? (employees - 50) * 15 / 4950 : 0",
    "money": "revenue >= 200000000 ? 10 : revenue > 1000000 ? (revenue / 1000000 - 1) * 10 / 199 : 0",
    "dense": "employees > 0 and revenue / employees > 250000 ? 5 : 0",
    "home": "country == 'US' or country == 'GB' ? 3 : 0",
    "small": "employees < 20 and employees > -1000000 ? -10 : 0",
    "unknown": "employees < -1000000 ? -3 : 0",
    "won": "won_opportunities > 0 ? 10 : 0",
    "seasoned": "created_days > 365 ? 3 : 0",
    "prospect": "type in ['Prospect', 'Target'] ? 2 : 0",
    "surge": "cyber >= 60 ? 15 : 0",
    "interest": "cyber > 20 ? (cyber - 20) * 10 / 80 : 0",
    "cloud": "cloud_intent >= 60 ? 10 : 0",
    "topics": "cloud_intent > 50 and cyber > 50 ? 5 : 0",
    "met": "meetings * 15",
    "asked": "web_forms * 8",
    "listened": "webinars * 5",
    "replied": "replies * 4",
    "quiet": "engaged_days > 180 ? -5 : 0",
}
PARTS = (
    (45, ("core", "near", "size", "money", "dense", "home", "small", "unknown")),
    (15, ("won", "seasoned", "prospect")),
    (30, ("surge", "interest", "cloud", "topics")),
    (40, ("met", "asked", "listened", "replied", "quiet")),
)


def _first(rules: list[tuple[str, str]], otherwise: str) -> str:
    return "".join(f"{test} ? '{name}' : " for test, name in rules) + otherwise


def _judged() -> dict[str, str]:
    return {
        "account_id": "account_id",
        "in_scope": _first(SCOPE, "null"),
        "protect": _first(PROTECT, "null"),
        "return_": _first(RETURN, "null"),
        "book": _first(BOOKS, "'everybody-else'"),
        **POINTS,
    }


def _total(prefix: str) -> str:
    parts = (f"min([{most}, max([-{most}, {' + '.join(prefix + name for name in terms)}])])" for most, terms in PARTS)
    return f"round(min([100, max([0, {' + '.join(parts)}])]), 6)"


def _tier(total: str) -> str:
    return f"{total} >= 60 ? 'A' : {total} >= 40 ? 'B' : {total} >= 20 ? 'C' : 'D'"


def _object(keys: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: ({value})" for key, value in keys.items()) + "}"


# The forms: each takes accounts and gives answers


def _graph(*, loop: bool) -> Any:  # noqa: ANN401 - the engine's own decision
    keys = {**_judged(), "total": _total("$.")}
    keys["tier"] = _tier("$.total")
    content: dict[str, Any] = {
        "expressions": [{"id": key, "key": key, "value": value} for key, value in keys.items()],
        "passThrough": False,
    }
    if loop:
        content |= {"inputField": "accounts", "outputPath": "accounts", "executionMode": "loop"}
    at = {"position": {"x": 0, "y": 0}}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", **at},
        {"id": "judge", "name": "judge", "type": "expressionNode", "content": content, **at},
        {"id": "out", "name": "out", "type": "outputNode", **at},
    ]
    edges = [{"id": f"{a}-{b}", "sourceId": a, "targetId": b, "type": "edge"}
             for a, b in (("in", "judge"), ("judge", "out"))]  # fmt: skip
    return zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))


def _each_by_graph(accounts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    decision = _graph(loop=False)
    for account in accounts:
        yield decision.evaluate(account)["result"]


def _all_by_graph(accounts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    decision = _graph(loop=True)
    for start in range(0, len(accounts), 1_000):
        yield from decision.evaluate({"accounts": accounts[start : start + 1_000]})["result"]["accounts"]


def _batch_by_engine(accounts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    keys = {**_judged(), "total": _total("$."), "tier": _tier("$.total")}
    content = {"expressions": [{"id": k, "key": k, "value": v} for k, v in keys.items()], "passThrough": False}
    at = {"position": {"x": 0, "y": 0}}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", **at},
        {"id": "judge", "name": "judge", "type": "expressionNode", "content": content, **at},
        {"id": "out", "name": "out", "type": "outputNode", **at},
    ]
    edges = [{"id": "1", "sourceId": "in", "targetId": "judge", "type": "edge"},
             {"id": "2", "sourceId": "judge", "targetId": "out", "type": "edge"}]  # fmt: skip
    graph = {"nodes": nodes, "edges": edges}
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"policy": graph}}})
    for start in range(0, len(accounts), 1_000):
        requests = [{"key": "policy", "context": account} for account in accounts[start : start + 1_000]]
        for answer in engine.evaluate_batch(requests):
            yield answer["data"]["result"]


def _each_by_expression(accounts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    judge = zen.compile_expression(_object(_judged()))
    add_up = zen.compile_expression(_total(""))
    for account in accounts:
        found = judge.evaluate(account)
        found["total"] = add_up.evaluate(found)
        yield _with_tier(found)


def _all_by_expression(accounts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    carried = {key: f"#.{key}" for key in _judged()}
    each = f"map(map(accounts, {_object(_in_closure())}), {_object({**carried, 'total': _total('#.')})})"
    judge = zen.compile_expression(each)
    for start in range(0, len(accounts), 1_000):
        for found in judge.evaluate({"accounts": accounts[start : start + 1_000]}):
            yield _with_tier(found)


def _in_closure() -> dict[str, str]:
    """The keys with every field read off the closure's account."""
    import re  # noqa: PLC0415 - this form alone rewrites names

    names = (
        "account_id|country|type|employees|is_customer|open_opportunities|in_pool|owned_days|touches_30|renewal_days"
        "|cyber|owner_left|name|touch_days|touches_90|revenue|industry|region|won_opportunities|created_days"
        "|cloud_intent|meetings|web_forms|webinars|replies|engaged_days"
    )
    quoted_or_name = re.compile(rf"'[^']*'|\b({names})\b")
    return {
        key: quoted_or_name.sub(lambda found: f"#.{found[0]}" if found[1] else found[0], value)
        for key, value in _judged().items()
    }


def _with_tier(found: dict[str, Any]) -> dict[str, Any]:
    total = found["total"]
    found["tier"] = "A" if total >= 60 else "B" if total >= 40 else "C" if total >= 20 else "D"  # noqa: PLR2004 - the policy's
    return found


FORMS: dict[str, Callable[[list[dict[str, Any]]], Iterator[dict[str, Any]]]] = {
    "a graph, account by account": _each_by_graph,
    "a graph that loops over 1,000 accounts": _all_by_graph,
    "a batch of 1,000 requests to the engine": _batch_by_engine,
    "compiled expressions, account by account": _each_by_expression,
    "compiled expressions over 1,000 accounts": _all_by_expression,
}


def _cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def _timed(form: str, accounts: list[dict[str, Any]]) -> tuple[float, list[dict[str, Any]]]:
    began = _cpu()
    found = list(FORMS[form](accounts))
    return _cpu() - began, found


def main(facts: Path, answers: Path) -> None:
    """Judge the accounts of ``facts``; print, as JSON, the seconds of each form, and those of the best one on all."""
    with facts.open(encoding="utf-8") as lines:
        accounts = [json.loads(line) for line in lines]
    sample = accounts[:_TRIED]
    tried = {form: min(_timed(form, sample)[0] for _ in range(2)) for form in FORMS}
    best = min(tried, key=tried.__getitem__)
    seconds, found = _timed(best, accounts)
    with answers.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(each) + "\n" for each in found)
    per_account = {form: taken / len(sample) for form, taken in tried.items()}
    print(json.dumps({"best": best, "seconds": seconds, "accounts": len(accounts), "per_account": per_account}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
