"""`etude run --rounds N --accept`: rounds that follow their own advice, and what came of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, final

import typer

from ..wording import DIGITS, number

if TYPE_CHECKING:
    from ..experiment import Experiment
    from ..procedure.autopilot import PlayedRound, RoundSeries
    from ..round.result import Result
    from ..store.base import Store


@final
@dataclass(frozen=True)
class RoundOptions:
    """What was typed about the rounds: how many, what they may spend, and where they are stored.

    Args:
        rounds: How many at most.
        budget_steps: Training steps of all; None for as many a round as the first has.
        store: As it was typed, for the commands to type next.
        location: Where that is.
    """

    rounds: int
    budget_steps: int | None
    store: str | None
    location: str


def follow(file: Path, play: Callable[[Path, Store], Result], options: RoundOptions) -> None:
    """Plays the rounds; says what each found, what follows, and at the end what is best."""
    from ..procedure import autopilot
    from ..store import open_store
    from .output import print_lines

    rounds = options.rounds
    budget = autopilot.budget_of(file, rounds=rounds, steps=options.budget_steps)
    typer.echo(f"At most {rounds} rounds, {budget:,} training steps in all.")
    played: list[PlayedRound] = []
    with closing(open_store(options.location)) as store:

        def play_one(current: Experiment | Path) -> Result:
            assert isinstance(current, Path), "A round of a file is a file. This is a bug."
            typer.echo(f"\nRound {len(played) + 1} of {rounds}: {current}")
            return play(current, store)

        for latest in autopilot.follow(file, play_one, store, rounds=rounds, budget_steps=budget):
            played.append(latest)
            print_lines(_round_lines(latest))
        outcome = autopilot.RoundSeries(rounds=tuple(played), budget_steps=budget)
        print_lines(_outcome_lines(outcome, options.store))


def _round_lines(latest: PlayedRound) -> list[str]:
    """What a round found; then what the next one changes, and why, or at the end why not more."""
    from .next import change_lines
    from .output import best_lines, ending_lines, headline, shown, table_part

    successor, ending = latest.coming, latest.result.ending()
    if successor is None:
        return ending_lines(replace(ending, steps=()))
    assert latest.file is not None, "A round of a file is a file. This is a bug."
    place = latest.file.with_name(successor.file)
    lines = ["", headline(ending), *table_part(ending), *best_lines(ending)]
    cost = latest.result.cost_of(successor)
    lines += [f"Next round, to {successor.goal}: {place}", *change_lines(successor, cost)]
    return [*lines, *shown([latest.said] if latest.said else [])]


def _outcome_lines(rounds: RoundSeries, store: str | None) -> list[str]:
    """Why the rounds ended, what each found, and the best of all."""
    from .output import paragraph, setting_line, shown, store_option, table_lines

    reason, *sentences = rounds.last.ended
    lines = ["", paragraph(reason), *shown(sentences), ""]
    lines += [f"  {line}" for line in table_lines(_table(rounds))]
    if rounds.best is None:
        return [*lines, "", "No trial of any round is feasible: there is no best setting."]
    best_round, record = rounds.best
    experiment = best_round.result.experiment
    value = record.best(experiment.metric, maximize=experiment.maximize)
    assert value is not None, "A best trial has a best value. This is a bug."
    return [
        *lines,
        "",
        f"Best of all rounds: trial {record.id} of round {best_round.number} "
        f"(`{experiment.name}`), {experiment.metric} = {number(value.value)} "
        f"at step {value.step:,}",
        paragraph(setting_line(record.setting, DIGITS), indent="  setting: ", hanging="    "),
        f"Look at its report:    etude report {experiment.name}{store_option(store)}",
    ]


def _table(rounds: RoundSeries) -> list[list[str]]:
    header = ["round", "file", "trials", "steps so far", "best", "then, to"]
    return [header, *(_row(one) for one in rounds.rounds)]


def _row(played: PlayedRound) -> list[str]:
    experiment, best = played.result.experiment, played.result.best
    value = best and best.best(experiment.metric, maximize=experiment.maximize)
    return [
        str(played.number),
        played.file.name if played.file else "",
        str(played.result.records.count()),
        f"{played.spent:,}",
        number(value.value) if value else "none",
        played.coming.goal if played.coming else "end",
    ]
