"""`etude next`: the next round as a file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ..wording import DIGITS, number
from .options import JsonOption, MaximizeOption, MetricOption, NameArgument, StoreOption

if TYPE_CHECKING:
    from ..advise.ending import Ending, NextStep
    from ..experiment import Experiment
    from ..finding import Recommendation
    from ..round.next_round import NextRound
    from ..round.result import Result


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


_Seeds: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--seeds", min=1, help="Train the leaders' best settings with N other seeds.", metavar="N"
    ),
]


def next_round(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: NameArgument = None,
    *,
    store: StoreOption = None,
    metric: MetricOption = None,
    maximize: MaximizeOption = False,
    output: _Output = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Train the schedule again that a population found.")
    ] = False,
    exploit: _Exploit = False,
    seeds: _Seeds = None,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Write the next round as a file: a few changed lines, each with its rule and evidence."""
    from ..round.next_round import next_cost, under_free_name
    from .options import Judge, stored_result
    from .output import Answer, folder_beside, show, store_option, write_new_file

    judge = Judge(metric, maximize)
    with stored_result(name, store, judge) as result:
        successor = _successor(result, seeds, replay=replay, exploit=exploit)
        left_to_you = list(successor.left_to_you) if successor else result.left_to_you
        if exploit and not replay:
            left_to_you = [*_not_exploited(result), *left_to_you]
        ending = result.ending(store_option(store), judge.option)
        source, judged = result.entry.source, result.experiment
        if successor is not None and output is not None:
            successor = under_free_name(successor, result.experiment, result.store)
        cost = next_cost(successor, judged, result.records) if successor else ""
    place: Path | None = None
    lines = partial(no_round_lines, ending, left_to_you)
    if successor is not None:
        place = output or folder_beside(source) / successor.file
        again = write_new_file(place, successor.text)
        file = f"{shlex.quote(str(place))}{store_option(store)}"
        ending = replace(ending, steps=(run_step(file, cost),))
        lines = partial(next_lines, ending, successor, left_to_you, f"{place}{again}")
    as_json = partial(_as_json, successor, place, left_to_you, judged)
    show(Answer(lines=lines, json=as_json), json=json)


def _successor(
    result: Result, seeds: int | None, *, replay: bool, exploit: bool
) -> NextRound | None:
    """The round that was asked for; where nothing but other seeds lacks, the one that has them."""
    from ..advise.follow_up import SEEDS
    from ..round.next_round import as_exploited

    if seeds is not None:
        return result.retrained(seeds)
    if replay:
        return result.replay()
    coming = result.next(exploit=exploit)
    if exploit and coming is not None:
        return as_exploited(coming, result.experiment)
    if coming is None and not exploit and _lacks_seeds(result):
        return result.retrained(SEEDS)
    return coming


def _lacks_seeds(result: Result) -> bool:
    """Whether trainings with other seeds are all that lacks before its best is adopted (A2)."""
    from ..advise.next_steps import is_over
    from ..experiment.methods import schedule_method

    first = result.ending().steps[0].command
    is_population = schedule_method(result.experiment.schedule).population
    return " --seeds " in first and is_over(result.left_to_you) and not is_population


def _not_exploited(result: Result) -> list[str]:
    """Why exploration goes on although its end was asked for; empty where it ends."""
    compared = [one.name for one in result.experiment.hyperparameters if one.role == "scientific"]
    if not compared:
        return []
    names = ", ".join(f"`{name}`" for name in compared)
    return [
        f"--exploit changed nothing, since {names} {'is' if len(compared) == 1 else 'are'} "
        "compared, and points that adapt favour the study that leads (X1). For the best score, fix "
        "the value that you keep, under a new name."
    ]


def _as_json(
    successor: NextRound | None,
    place: Path | None,
    left_to_you: list[str],
    judged: Experiment,
) -> dict[str, Any]:
    from ..advise.policy import goals

    changes = successor.recommendations if successor else ()
    return {
        "name": successor.experiment.name if successor else None,
        "metric": judged.metric,
        "maximize": judged.maximize,
        "file": str(place) if place else None,
        "recommendations": [change_as_json(one) for one in changes],
        "goal": successor.goal if successor else None,
        "waiting": list(successor.waiting) if successor else [],
        "order": list(goals()),
        "left_to_you": left_to_you,
    }


def change_as_json(change: Recommendation) -> dict[str, Any]:
    """A changed line as programs read it."""
    return {
        "rule": change.rule,
        "path": change.path,
        "part": change.part,
        "old": _as_written(change.old),
        "new": _as_written(change.new),
        "because": change.because,
    }


def _as_written(value: Any) -> Any:
    """A range as an experiment file writes it, any other value as it is."""
    from ..experiment.toml.write import toml_text
    from ..space import Choice, Integer, Real

    return toml_text(value) if isinstance(value, Real | Integer | Choice) else value


def no_round_lines(ending: Ending, left_to_you: Sequence[str]) -> list[str]:
    """The verdict, what only a person can do, why not yet, and what can be typed."""
    from .output import headline, step_lines, why_lines

    left = _listed("No next round to write", left_to_you)
    typed = tuple(step for step in ending.steps if step.command)
    steps = step_lines(replace(ending, steps=typed))
    return ["", headline(ending), *left, "", *why_lines(ending), *([""] if steps else []), *steps]


def run_step(file: str, cost: str) -> NextStep:
    """What to do with the file of a next round."""
    from ..advise.ending import NextStep

    return NextStep(command=f"etude run {file}", text="Read it, edit it, run it", cost=cost)


def next_lines(
    ending: Ending, successor: NextRound, left_to_you: Sequence[str], place: str
) -> list[str]:
    """The verdict, what the next round changes and why, what waits, and how to run it."""
    from .output import headline, step_lines

    goal = f", to {successor.goal}" if successor.goal else ""
    return [
        "",
        headline(ending),
        "",
        f"Next round: {place}{goal}",
        *change_lines(successor, ending.steps[0].cost),
        *_listed("Left to you", left_to_you),
        *_listed("Waiting for another round", successor.waiting),
        "",
        *step_lines(ending),
    ]


def _listed(title: str, sentences: Sequence[str]) -> list[str]:
    from .output import shown

    return [f"{title}:", *shown(sentences)] if sentences else []


def change_lines(successor: NextRound, cost: str) -> list[str]:
    """What a round changes, from what to what; then why, a line a reason, its rule apart.

    Of one that trains settings again: what that costs, and which they are.
    """
    from ..advise.policy import RETRAIN

    if successor.goal == RETRAIN:
        return list(_settings_lines(successor.experiment, cost))
    return recommendation_lines(successor.recommendations)


def recommendation_lines(changes: Sequence[Recommendation]) -> list[str]:
    """Changed lines of a file, from what to what; then why, a line a reason, its rule apart."""
    from .output import apart, ruled_lines, table_lines

    rows = [
        (f"{change.path} {change.part}".rstrip(), f"{_value(change.old)} -> {_value(change.new)}")
        for change in changes
    ]
    whys = dict.fromkeys((change.brief or change.because, change.rule) for change in changes)
    reasons = [(apart(because)[0], (rule,)) for because, rule in whys]
    return [*(f"  {line}" for line in table_lines(rows) if rows), *ruled_lines(reasons)]


def _settings_lines(experiment: Experiment, cost: str) -> Iterator[str]:
    """What it costs to train the settings again, then each of them."""
    from ..design.studies import studies
    from ..text.secret_values import shown_value
    from .output import paragraph, setting_line

    yield f"  {cost}; nothing is tuned"
    designed = studies(experiment)
    first = designed[0].fixed
    for study in designed:
        own = {name: value for name, value in study.fixed.items() if len(designed) == 1} or {
            name: value
            for name, value in study.fixed.items()
            if any(other.fixed.get(name) != first.get(name) for other in designed)
        }
        own = {name: shown_value(name, value) for name, value in own.items()}
        own = own or dict(study.scientific)
        yield paragraph(f"{study.name}: {setting_line(own, DIGITS)}", indent="  ", hanging="    ")


def _value(value: Any) -> str:
    """A value as a person reads it; `none` where there is none."""
    from ..experiment.toml.write import toml_text

    if value is None:
        return "none"
    return number(value) if isinstance(value, float | int | str) else toml_text(value)
