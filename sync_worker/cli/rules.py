"""``rules``: the rule files, checked and described."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sync_worker.cli.command import command, group
from sync_worker.cli.errors import Exit
from sync_worker.cli.output import write
from sync_worker.cli.session import Session

app = group("Check, test and describe the rule files.")

Words = Annotated[
    Path | None,
    typer.Option("--words", metavar="FILE", help="Take the org's words from a file: no CRM, store or config needed."),
]
Folder = Annotated[
    Path | None, typer.Option("--rules", metavar="FOLDER", help="The rules folder; default: the config's, or rules.")
]


@command(app, "check")
def check(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    *,
    tests: Annotated[bool, typer.Option("--tests", help="Run the tests beside the rules, too.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail the check, too.")] = False,
    annotations: Annotated[
        bool, typer.Option("--annotations", help="Write the findings as GitHub workflow commands.")
    ] = False,
    words: Words = None,
    rules: Folder = None,
) -> int:
    """Tell every mistake in the rules, and what is hardly meant.

    Each has its place. Exit 4 when there are mistakes.
    """
    from sync_worker.cli.checking import look
    from sync_worker.report import findings
    from sync_worker.report.rule_tests import misses, with_tests
    from sync_worker.report.rules import checked, fails

    seen = look(session, words, rules, tests=tests, annotations=annotations)
    ran = seen.ran
    answer = checked(seen.rules, seen.linted, seen.folder, strict=strict, notes=not session.out.quiet)
    if annotations:
        write(sys.stdout, findings.workflow_commands(seen.linted.findings, seen.folder))
        write(sys.stdout, findings.mistakes(misses(ran), seen.folder, "rule-test") if ran else "")
    else:
        session.out.answer(*(with_tests(answer, ran) if ran else answer))
    if any(fails(one, strict=strict) for one in seen.linted.findings):
        return Exit.INVALID
    return Exit.FAILED if ran and ran.failed else Exit.OK


@command(app, "test")
def run_tests(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    *,
    only: Annotated[
        str | None, typer.Option("--only", metavar="PATTERN", help="Only tests whose name or file matches.")
    ] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Show what no test exercises.")] = False,
    least: Annotated[
        float | None, typer.Option("--least", metavar="PERCENT", help="Fail when the tests exercise less.")
    ] = None,
    words: Words = None,
    rules: Folder = None,
) -> int:
    """Run the tests beside the rule files. Exit 1 when one fails, 4 when a file is wrong."""
    from rules import load
    from rules.testing import load_tests
    from sync_worker.report.rule_tests import rules_tested
    from sync_worker.rule_tests import chosen, run

    folder, vocabulary = session.words(words, rules)
    ruleset = load(folder, vocabulary)
    ran = run(ruleset, chosen(load_tests(folder, ruleset, vocabulary), only, folder))
    shown = coverage or least is not None
    document, payload = rules_tested(ran, ruleset, folder, coverage=shown, least=least, brief=session.out.quiet)
    session.out.answer(document, payload)
    return Exit.OK if payload["ok"] else Exit.FAILED


@command(app, "words")
def words(
    session: Session,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """Write the words that rules may use: a CRM on paper, as for CI."""
    from rules import words_text
    from sync_worker.report.rules import saved_words

    with session.worker() as worker:
        vocabulary = worker.vocabulary()
    if output is None:
        write(sys.stdout, words_text(vocabulary))
    else:
        output.write_text(words_text(vocabulary), encoding="utf-8")
        session.out.answer(*saved_words(output, vocabulary))


@command(app, "schema")
def schema(
    session: Session,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")] = None,
    tests: Annotated[bool, typer.Option("--tests", help="That of test files instead.")] = False,
    words: Words = None,
    rules: Folder = None,
) -> None:
    """Write the JSON Schema of rule files, for editors.

    It holds this org's own fields and picklist values.
    """
    import json

    from rules import RulesInvalid, json_schema, load, with_rep_files
    from rules.testing import schema_of_tests
    from sync_worker.report.rules import written

    folder, vocabulary = session.words(words, rules)
    try:
        ruleset = load(folder, vocabulary)
    except RulesInvalid:
        ruleset = None  # an editor is to help where there are mistakes, too
    vocabulary = with_rep_files(folder, vocabulary)
    found = schema_of_tests(vocabulary, ruleset) if tests else json_schema(vocabulary, ruleset)
    text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    if output is None:
        write(sys.stdout, text)
    else:
        output.write_text(text, encoding="utf-8")
        session.out.answer(*written(output, tests=tests))
