"""`etude run --rounds N --accept`: rounds that follow their own advice, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import typer

from ..wording import number

if TYPE_CHECKING:
    from ..experiment import Experiment
    from ..procedure.autopilot import Round, Rounds
    from ..round.result import Result
    from ..store.base import Store


@final
@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was typed: how many rounds, what they may spend, the store."""

    rounds: int
    budget_steps: int | None
    store: str | None


def follow(file: Path, play: Callable[[Path, Store], Result], place: str, asked: Asked) -> None:
    """Plays the rounds; says what each found, what follows, and at the end what is best."""
    from ..procedure import autopilot
    from ..store import open_store

    rounds = asked.rounds
    budget = autopilot.budget_of(file, rounds=rounds, steps=asked.budget_steps)
    typer.echo(f"At most {rounds} rounds, {budget:,} training steps in all.")
    played: list[Round] = []
    with closing(open_store(place)) as store:

        def one_round(current: Experiment | Path) -> Result:
            assert isinstance(current, Path), "A round of a file is a file. This is a bug."
            typer.echo(f"\nRound {len(played) + 1} of {rounds}: {current}")
            return play(current, store)

        for one in autopilot.follow(file, one_round, store, rounds=rounds, budget_steps=budget):
            played.append(one)
            _echo(_of_round(one))
        _echo(_of_all(autopilot.Rounds(rounds=tuple(played), budget_steps=budget), asked.store))


def _echo(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(line)


def _of_round(one: Round) -> list[str]:
    """What a round found; then what the next one changes, and why, or at the end the doubts."""
    from .next import change_lines
    from .output import wrapped
    from .run import summary

    lines = summary(one.result, doubts=one.coming is None)
    if one.coming is not None:
        assert one.file is not None, "A round of a file is a file. This is a bug."
        place = one.file.with_name(one.coming.file)
        lines += ["", f"Next round, to {one.coming.goal}: {place}", *change_lines(one.coming)]
        lines += [wrapped(f"  {one.said}", hanging="    ")] if one.said else []
    return lines


def _of_all(rounds: Rounds, store: str | None) -> list[str]:
    """Why they ended, what each found, and the best of all."""
    from .output import at_store, columns, setting_line, wrapped

    ended, *sentences = rounds.last.ended
    lines = ["", wrapped(ended), *(wrapped(one, indent="  ") for one in sentences), ""]
    lines += [f"  {line}" for line in columns(_table(rounds))]
    best = rounds.best
    if best is None:
        return [*lines, "", "No trial of any round is feasible: there is no best setting."]
    found, record = best
    experiment = found.result.experiment
    value = record.best(experiment.metric, maximize=experiment.maximize)
    assert value is not None, "A best trial has a best value. This is a bug."
    return [
        *lines,
        "",
        f"Best of all rounds: trial {record.id} of round {found.number} (`{experiment.name}`), "
        f"{experiment.metric} = {number(value.value)} at step {value.step:,}",
        wrapped(setting_line(record.setting), indent="  setting: ", hanging="    "),
        f"Look at its report:    etude report {experiment.name}{at_store(store)}",
    ]


def _table(rounds: Rounds) -> list[list[str]]:
    rows = [["round", "file", "trials", "steps so far", "best", "then, to"]]
    for one in rounds.rounds:
        experiment, best = one.result.experiment, one.result.best
        value = best and best.best(experiment.metric, maximize=experiment.maximize)
        rows.append(
            [
                str(one.number),
                one.file.name if one.file else "",
                str(one.result.records.count()),
                f"{one.spent:,}",
                f"{value.value:.4g}" if value else "none",
                one.coming.goal if one.coming else "end",
            ]
        )
    return rows
