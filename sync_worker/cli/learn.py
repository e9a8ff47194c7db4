"""Learning from deals that ended: ``learn``."""

import re
from pathlib import Path
from typing import Annotated

import typer

from sync_worker.cli.command import command
from sync_worker.cli.errors import Exit
from sync_worker.cli.session import Session


def add_to(app: typer.Typer) -> None:
    """Register this group's command."""
    command(app, "learn")(learn)


def _id(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", text):
        raise typer.BadParameter("use a-z, 0-9, - and _, like learned-2026")
    return text


def _about(text: str) -> str:
    if text.rpartition("=")[2] not in {"account", "person", "deal", "behaviour"} or not text.rpartition("=")[0]:
        raise typer.BadParameter(f"'{text}': write COLUMN=account, =person, =deal or =behaviour")
    return text


def learn(  # noqa: PLR0913 - the command's options
    session: Session,
    *,
    csv: Annotated[list[Path], typer.Option("--csv", metavar="FILE", help="Deals that ended; may be repeated.")],
    outcome: Annotated[str, typer.Option("--outcome", metavar="COLUMN", help="How each deal ended.")],
    won: Annotated[str, typer.Option("--won", metavar="VALUE", help="What the outcome says of a won deal.")],
    lost: Annotated[str, typer.Option("--lost", metavar="VALUE", help="… of a lost one; default: all else.")] = "",
    test: Annotated[
        list[Path] | None, typer.Option("--test", metavar="FILE", help="Deals that only judge; may be repeated.")
    ] = None,
    date: Annotated[
        str, typer.Option("--date", metavar="COLUMN", help="When each deal was scored: the newest period judges.")
    ] = "",
    group: Annotated[
        str, typer.Option("--group", metavar="COLUMN", help="Deals that belong together, such as an account's id.")
    ] = "",
    id_: Annotated[
        list[str] | None, typer.Option("--id", metavar="COLUMN", help="A number or name of the row; no field.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Leave out a column; may be repeated.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="COLUMN", help="Use a suspect field all the same.")
    ] = None,
    about: Annotated[
        list[str] | None,
        typer.Option(
            "--about",
            metavar="COLUMN=OF",
            callback=lambda given: [_about(each) for each in given or ()],
            help="Of whom a field tells: account, person, deal or behaviour.",
        ),
    ] = None,
    champion: Annotated[
        str, typer.Option("--champion", metavar="COLUMN", help="The score that each deal had: it stays unless beaten.")
    ] = "",
    champion_rules: Annotated[
        Path | None, typer.Option("--champion-rules", metavar="FILE", help="The same, as a rule file with a score.")
    ] = None,
    champion_score: Annotated[
        str, typer.Option("--champion-score", metavar="ID", help="Which score of that file.")
    ] = "",
    score: Annotated[str, typer.Option("--score", metavar="ID", callback=_id, help="The new score's id.")] = "learned",
    output: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Write the table as a rule file; never overwrites.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed, other parts and resamples.")] = 7,
) -> int:
    """Learn a points table from won and lost deals.

    It measures the table on deals that did not teach it, names fields that may know the outcome, and says so when there
    is nothing to learn.
    """
    from sync_worker.core.scorecard.names import Subject
    from sync_worker.learning.reading import Asked
    from sync_worker.learning.study import Question, study
    from sync_worker.report.learned import studied

    if output is not None and output.exists():
        raise FileExistsError(None, None, str(output))
    if champion and champion_rules:
        raise typer.BadParameter("--champion and --champion-rules name the same thing: give one")
    found = study(
        Question(
            asked=Asked(
                files=tuple(csv),
                test=tuple(test or ()),
                outcome=outcome,
                won=won,
                lost=lost,
                date=date,
                group=group,
                champion=champion,
                drop=(*(id_ or ()), *(drop or ())),
            ),
            keep=tuple(keep or ()),
            about={text.rpartition("=")[0]: Subject(text.rpartition("=")[2]) for text in about or ()},
            champion_rules=champion_rules,
            champion_score=champion_score,
            score=score,
            seed=seed,
        )
    )
    written = output if output is not None and found.rules else None
    if written is not None:
        with written.open("x", encoding="utf-8") as file:
            file.write(found.rules)
    session.out.answer(*studied(found, written))
    if output is not None and written is None:
        session.out.complain(f"nothing was written to {output}: there is no table to use")
        return Exit.FAILED
    return Exit.OK
