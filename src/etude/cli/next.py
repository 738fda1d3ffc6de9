"""`etude next`: the next round as a file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ..wording import number
from .options import JsonOption, NameArgument, StoreOption

if TYPE_CHECKING:
    from ..finding import Recommendation
    from ..round.result import NextRound, Result


_Output: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", help="The file. [default: beside the last one]", show_default=False
    ),
]
_Exploit: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--exploit", help="End exploration: redraw what is flagged, search for the best score."
    ),
]


def next_round(
    name: NameArgument = None,
    *,
    store: StoreOption = None,
    output: _Output = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Train the schedule again that a population found.")
    ] = False,
    exploit: _Exploit = False,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Write the next round as a file: a few changed lines, each with its rule and evidence."""
    from .options import opened
    from .output import at_store, print_json, wrapped

    with opened(name, store) as result:
        coming, source = _coming(result, replay=replay, exploit=exploit), result.entry.source
        left_to_you = list(coming.left_to_you) if coming else result.left_to_you
        if exploit and not replay:
            left_to_you = [*_not_exploited(result), *left_to_you]
    place, said = None, ""
    if coming:
        place = output or beside(source) / coming.file
        said = written(place, coming.text)
    if json:
        print_json(_as_json(coming, place, left_to_you))
    elif coming:
        typer.echo(f"Next round: {place}{said}")
        if coming.goal:
            typer.echo(f"To {coming.goal}:")
        _print(coming, left_to_you)
        command = f"etude run {shlex.quote(str(place))}{at_store(store)}"
        typer.echo(f"Read it, edit it, run it: {command}")
    else:
        typer.echo("No next round to write.")
        for sentence in left_to_you:
            typer.echo(wrapped(sentence, indent="  "))


def _coming(result: Result, *, replay: bool, exploit: bool) -> NextRound | None:
    return result.replay() if replay else result.next(exploit=exploit)


def _not_exploited(result: Result) -> list[str]:
    """Why exploration goes on although its end was asked for; empty where it ends."""
    asked = [one.name for one in result.experiment.hyperparameters if one.role == "scientific"]
    if not asked:
        return []
    names = ", ".join(f"`{name}`" for name in asked)
    return [
        f"X1: --exploit changed nothing, since {names} {'is' if len(asked) == 1 else 'are'} "
        "compared, and points that adapt favour the study that leads. For the best score, fix the "
        "value that you keep, under a new name."
    ]


def _as_json(coming: NextRound | None, place: Path | None, left: list[str]) -> dict[str, Any]:
    from ..advise.policy import goals

    return {
        "name": coming.experiment.name if coming else None,
        "file": str(place) if place else None,
        "recommendations": [_edit(one) for one in coming.recommendations] if coming else [],
        "goal": coming.goal if coming else None,
        "waiting": list(coming.waiting) if coming else [],
        "order": list(goals()),
        "left_to_you": left,
    }


def _edit(one: Recommendation) -> dict[str, Any]:
    """A changed line; a range as an experiment file writes it."""
    from ..experiment.toml.write import toml_text
    from ..space import Choice, Integer, Real

    return {
        name: toml_text(value) if isinstance(value, Real | Integer | Choice) else value
        for name, value in vars(one).items()
    }


def _print(coming: NextRound, left_to_you: list[str]) -> None:
    from ..advise.policy import order
    from .output import wrapped

    for line in change_lines(coming):
        typer.echo(line)
    for title, said in (
        ("Waiting for another round (R3):", [*coming.waiting, order()] if coming.waiting else []),
        ("Left to you:", left_to_you),
    ):
        if said:
            typer.echo(title)
        for sentence in said:
            typer.echo(wrapped(sentence, indent="  ", hanging="    "))


def change_lines(coming: NextRound) -> list[str]:
    """What a round changes, from what to what, each with its rule and evidence."""
    lines = []
    for one in coming.recommendations:
        changed = f"{one.path} {one.part}".rstrip()
        lines.append(f"  {changed}: {_shown(one.old)} -> {_shown(one.new)}")
        lines.append(f"    {one.rule}: {one.because}")
    return lines


def _shown(value: Any) -> str:
    """A value as a person reads it; `none` where there is none."""
    from ..experiment.toml.write import toml_text

    if value is None:
        return "none"
    return number(value) if isinstance(value, float | int | str) else toml_text(value)


def written(place: Path, text: str) -> str:
    """Writes the file, unless somebody's own words stand there; what to say behind its name."""
    from ..errors import RunError

    try:
        if not place.exists():
            place.write_text(text, encoding="utf-8")
            return ""
        if place.read_text(encoding="utf-8") == text:
            return " (as written before)"
    except OSError as error:
        raise RunError(
            f"`{place}` cannot be written ({error.strerror}). Name another with -o."
        ) from error
    raise RunError(
        f"`{place}` exists already and says something else, so nothing was written. "
        "Name another file with -o, or remove it."
    )


def beside(source: str) -> Path:
    """The folder of the file before, as short as it can be written; here for one from Python."""
    folder = Path(source).parent if source else Path.cwd()
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
