"""What an evaluation costs beside the same SQL written by hand and beside zen-engine, and what a cycle costs.

    python -m benchmarks.evaluation [--accounts 1000000] [--events 20000000] [--store sqlite|postgresql]

Builds the store of a made-up org in a folder that is removed again, measures CPU seconds, holds all answers against
each other, prints a table and JSON, and exits with 1 when a bound of README.md is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import by_hand, cycles, org
from benchmarks.cpu import Meter
from benchmarks.places import store_url
from benchmarks.prepared import compare, prepared
from rules import ColumnKind, Compiled, Dialect, Ruleset, compile_accounts, load, needs
from rules.facts import EngagementSource
from sync_worker.store import engagement, facts, open_store, upgrade

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.store import Store

HERE = Path(__file__).parent
_MINUTE = timedelta(minutes=1)
TIMES = 3
"""How often what is compared is measured; the least counts, as a busy machine only ever adds."""
BOUNDS = {
    "full / by hand": (None, 1.5),
    "zen-engine / full": (7.0, None),
    "full cycle / incremental": (8.0, None),
    "full cycle / quiet": (50.0, None),
}
"""Ratio → the least and the most that it may be."""


@dataclass
class Run:
    """One run: its store and what was measured."""

    store: Store
    meter: Meter
    rules: Ruleset
    folder: Path
    ratios: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def compiled(self, tx: Connection) -> Compiled:
        """The rules as one statement."""
        mark = engagement.landmark(tx)
        return compile_accounts(self.rules, Dialect(self.store.dialect), now=org.NOW, landmark=mark)


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if a bound is missed."""
    wanted = _arguments(arguments)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=wanted.folder) as made:
        folder = Path(made)
        with store_url(wanted.store, folder) as (url, server):
            upgrade(url)
            store = open_store(url)
            run = Run(store, Meter(server), load(HERE / "rules", org.VOCABULARY), folder)
            _build(run, wanted.accounts, wanted.events)
            _by_hand(run)
            if not wanted.no_zen:
                _by_zen(run, min(wanted.accounts, wanted.zen_accounts), wanted.accounts)
            _cycles(run, wanted.accounts)
            store.close()
    return _report(run, wanted)


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--store", default="sqlite", help="sqlite, postgresql, or the URL of an empty database")
    parser.add_argument("--folder", type=Path, default=None, help="where the store is built; 8 GB at full size")
    parser.add_argument("--zen-accounts", type=int, default=200_000, help="how many accounts zen-engine judges")
    parser.add_argument("--no-zen", action="store_true", help="leave zen-engine out")
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file, too")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _build(run: Run, accounts: int, events: int) -> None:
    _say(f"writing {accounts:,} accounts and {events:,} events")
    with run.store.begin() as tx:
        org.build(tx, accounts=accounts, events=events)
    columns = needs(run.rules)
    _say("folding all events once")
    with run.store.begin() as tx, run.meter.measured("first fold of all events"):
        engagement.refold(
            tx, {c.source.half_life_days for c in columns if isinstance(c.source, EngagementSource)}, org.NOW
        )
    _say("building facts")
    with run.store.begin() as tx, run.meter.measured("facts built from nothing"):
        facts.build(tx, columns, now=org.NOW, settings=org.FACT_SETTINGS)


# The same answers by other means -----------------------------------------------------------------------------------


def _by_hand(run: Run) -> None:
    with run.store.begin() as tx:
        compiled = run.compiled(tx)
        statements = {
            "full evaluation": compiled.sql,
            "full evaluation by hand": by_hand.statement(run.store.dialect, org.NOW, engagement.landmark(tx)),
        }
        taken: dict[str, list[float]] = {name: [] for name in statements}
        for _ in range(TIMES):
            for (name, sql), table in zip(statements.items(), ("answer", "answer_by_hand"), strict=True):
                _execute(tx, f"DROP TABLE IF EXISTS {table}")
                _say(name)
                one = Meter(run.meter.server)
                with one.measured(name):
                    _execute(tx, f"CREATE TEMPORARY TABLE {table} AS {sql}")
                taken[name] += one.seconds.values()
        run.meter.seconds |= {name: min(found) for name, found in taken.items()}
        _same(tx, compiled)
    run.ratios["full / by hand"] = min(taken["full evaluation"]) / min(taken["full evaluation by hand"])


def _same(tx: Connection, compiled: Compiled) -> None:
    """Raise unless both statements gave the same rows."""
    kinds = (ColumnKind.ACCOUNT_ID, ColumnKind.IN_SCOPE, ColumnKind.PROTECT, ColumnKind.RETURN, ColumnKind.BOOK,
             ColumnKind.TOTAL, ColumnKind.TIER, ColumnKind.POINTS)  # fmt: skip
    names = ", ".join(f'"{column.name}"' for kind in kinds for column in compiled.of(kind))
    for one, other in ((f"SELECT {names} FROM answer", "SELECT * FROM answer_by_hand"),
                       ("SELECT * FROM answer_by_hand", f"SELECT {names} FROM answer")):  # fmt: skip
        differing = tx.exec_driver_sql(f"SELECT COUNT(*) FROM ({one} EXCEPT {other}) AS differing").scalar_one()
        if differing:
            found = tx.exec_driver_sql(f"{one} EXCEPT {other} LIMIT 3").all()
            raise AssertionError(f"{differing:,} rows differ, such as {found}")
    counted = tx.exec_driver_sql("SELECT COUNT(*) FROM answer").scalar_one()
    _say(f"{counted:,} equal answers")


def _execute(tx: Connection, sql: str) -> None:
    tx.exec_driver_sql(sql, execution_options={"no_parameters": True})


def _by_zen(run: Run, sample: int, accounts: int) -> None:
    """From facts in the store to answers in the store, as the statements above; the engine's own share is told, too."""
    given, answered = run.folder / "facts.jsonl", run.folder / "answers.jsonl"
    carried = Meter(run.meter.server)
    with run.store.begin() as tx:
        with carried.measured("read"):
            cursor = tx.exec_driver_sql(f"SELECT * FROM fact ORDER BY account_id LIMIT {sample}")
            names = list(cursor.keys())
            rows = [dict(zip(names, row, strict=True)) for row in cursor.cursor.fetchall()]
        left = 2.0 ** (-(org.NOW.date() - engagement.landmark(tx).date()).days / 14)
        with given.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(prepared(row, left)) + "\n" for row in rows)
    _say(f"zen-engine on {sample:,} accounts")
    done = subprocess.run(
        [sys.executable, str(HERE / "by_zen.py"), str(given), str(answered)], check=True, stdout=subprocess.PIPE
    )
    found = json.loads(done.stdout)
    with answered.open(encoding="utf-8") as lines:
        answers = [tuple(json.loads(line).values()) for line in lines]
    with run.store.begin() as tx, carried.measured("write"):
        _keep(tx, answers)
    share = accounts / sample
    took = {
        "zen-engine, evaluation alone": found["seconds"],
        **{f"zen-engine, to {n} rows": s for n, s in carried.seconds.items()},
    }
    run.meter.seconds |= {name: seconds * share for name, seconds in took.items()}
    run.ratios["zen-engine / full"] = sum(took.values()) * share / run.meter.seconds["full evaluation"]
    run.notes.append(f"zen-engine: {found['best']}, {sample:,} accounts measured, scaled to {accounts:,}")
    run.notes += [f"  {form}: {taken * 1e6:.1f} µs an account" for form, taken in found["per_account"].items()]
    _same_as_zen(run, answered)


def _keep(tx: Connection, answers: Sequence[tuple[Any, ...]]) -> None:
    """Write the answers as quickly as the database takes rows from outside."""
    width = len(answers[0])
    columns = ", ".join(f"c{at} {'TEXT' if isinstance(value, str | None) else 'DOUBLE PRECISION'}"
                        for at, value in enumerate(answers[0]))  # fmt: skip
    _execute(tx, f"CREATE TEMPORARY TABLE answer_of_zen ({columns})")
    cursor: Any = tx.connection.cursor()
    if tx.dialect.name == "sqlite":
        cursor.executemany(f"INSERT INTO answer_of_zen VALUES ({', '.join('?' * width)})", answers)
        return
    with cursor.copy("COPY answer_of_zen FROM STDIN") as copy:
        for answer in answers:
            copy.write_row(answer)


def _same_as_zen(run: Run, answered: Path) -> None:
    """Raise unless each account has the same decisions, and points and totals to six digits."""
    options = {"no_parameters": True, "yield_per": 5_000}
    with run.store.begin() as tx, answered.open(encoding="utf-8") as lines:
        compiled = run.compiled(tx)
        ordered = f"SELECT * FROM ({compiled.sql}) AS answer ORDER BY account_id"
        rows = tx.exec_driver_sql(ordered, execution_options=options).mappings()
        for line, row in zip(lines, rows, strict=False):
            compare(dict(row), json.loads(line), compiled)


# Cycles ------------------------------------------------------------------------------------------------------------


def _cycles(run: Run, accounts: int) -> None:
    """Cycles on the same store, one after the other. The full one has as much that is new as the incremental one."""
    now = org.NOW
    _cycle(run, "full cycle, for the first time", now, all_facts=True)
    for name, all_facts in (("full cycle", True), ("incremental cycle", False)):
        now += _MINUTE
        with run.store.begin() as tx:
            cycles.pulled(tx, accounts, now)
        with run.store.begin() as tx, run.meter.measured(name):
            cycles.happened(tx, accounts, now)
        _cycle(run, name, now, all_facts=all_facts)
    now += _MINUTE
    _cycle(run, "quiet cycle", now)
    _cycle(run, "first cycle of a new day", now + timedelta(days=1))
    seconds = run.meter.seconds
    run.ratios["full cycle / incremental"] = seconds["full cycle"] / seconds["incremental cycle"]
    run.ratios["full cycle / quiet"] = seconds["full cycle"] / seconds["quiet cycle"]


def _cycle(run: Run, name: str, now: datetime, *, all_facts: bool = False) -> None:
    _say(name)
    with run.store.begin() as tx, run.meter.measured(name):
        done = cycles.evaluate(tx, run.rules, now, all_facts=all_facts)
    run.notes.append(f"{name}: facts of {done.refreshed:,}, rules for {done.evaluated:,}, {done.logged:,} logged")


def _report(run: Run, wanted: argparse.Namespace) -> int:
    missed = []
    print(f"\n{wanted.accounts:,} accounts, {wanted.events:,} events, {run.store.dialect}\n")
    for name, seconds in run.meter.seconds.items():
        print(f"  {name:<44}{seconds:>10.3f} s")
    print()
    for name, ratio in run.ratios.items():
        least, most = BOUNDS[name]
        good = (least is None or ratio >= least) and (most is None or ratio <= most)
        asked = f"at least {least:g}" if least is not None else f"at most {most:g}"
        missed += [] if good else [name]
        print(f"  {name:<44}{ratio:>10.2f}   {asked}{'' if good else '   MISSED'}")
    print("\n".join(["", *run.notes]))
    figures: dict[str, Any] = {"store": run.store.dialect, "accounts": wanted.accounts, "events": wanted.events,
                               "cpu_seconds": run.meter.seconds, "ratios": run.ratios, "missed": missed}  # fmt: skip
    print(json.dumps(figures, indent=2))
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
