"""`etude run --rounds N`: rounds that follow their own advice, and what came of them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, final

from ..wording import DIGITS, number

if TYPE_CHECKING:
    from ..procedure.autopilot import PlayedRound, Series
    from ..procedure.series import RoundFiles, RoundSeries
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
        is_accepted: Whether the advice is followed unseen; else each file is asked about.
        typed: Other options that were typed, for the command to go on.
    """

    rounds: int
    budget_steps: int | None
    store: str | None
    location: str
    is_accepted: bool = True
    typed: str = ""


def follow(file: Path, play: Callable[[Path, Store], Result], options: RoundOptions) -> None:
    """Plays the rounds; says what each found, what follows, and at the end what is best."""
    from ..procedure.series import RoundFiles, RoundSeries, budget_of
    from ..store import open_store
    from .output import print_lines
    from .terminal import say

    budget = budget_of(file, rounds=options.rounds, steps=options.budget_steps)
    say(f"At most {options.rounds} rounds, {budget:,} training steps in all.")
    with closing(open_store(options.location)) as store:
        files = RoundFiles(
            first=file,
            store=store,
            play=partial(_play_one, play, store, options),
            is_read=not options.is_accepted,
        )
        played, stop = _played(files, file, budget, options)
        outcome = RoundSeries(rounds=played, budget_steps=budget)
        go_on = [f"To go on:              {stop[1]}"] if stop else []
        print_lines([*_outcome_lines(outcome, options.store), *go_on])


def _play_one(
    play: Callable[[Path, Store], Result], store: Store, options: RoundOptions, file: Path
) -> Result:
    from .output import sound

    return sound(play(file, store), file, options.store)


def _played(
    files: RoundFiles, file: Path, budget: int, options: RoundOptions
) -> tuple[tuple[PlayedRound, ...], tuple[str, ...]]:
    """The rounds that were played; why a person ended them, with the command to go on."""
    from ..procedure.autopilot import Autopilot
    from ..procedure.base import Answer
    from ..procedure.player import play
    from .output import print_lines
    from .terminal import say

    for turn in play(Autopilot(), files.series(options.rounds, budget), files.perform):
        played = turn.known.played
        if played:
            print_lines(_round_lines(played[-1]))
        if isinstance(turn.decision, Answer):
            break
        place = files.written(turn.decision, turn.known)
        assert isinstance(place, Path), "A round of a file is a file. This is a bug."
        if played and not options.is_accepted:
            stop = _stop(file, place, turn.known, files.store, options)
            if stop:
                return (*played[:-1], replace(played[-1], ended=stop[:1])), stop
        say(f"\nRound {len(played) + 1} of {options.rounds}: {place}")
    return played, ()


def _stop(
    file: Path, place: Path, series: Series, store: Store, options: RoundOptions
) -> tuple[str, ...]:
    """Why no other round is played now, and the command to go on; empty where the next one is."""
    from ..procedure.budget import steps_to_go_on
    from ..procedure.series import has_begun
    from .ask_round import changed_lines, has_terminal, is_to_be_played
    from .terminal import say

    latest = series.played[-1]
    coming = latest.coming
    # What was answered once, and played since, is not asked again.
    if coming is None or has_begun(store, place):
        return ()
    if has_terminal():
        if is_to_be_played(place, coming.text, store):
            return ()
        same = _command(file, options.rounds, options.budget_steps, options)
        return (f"The rounds stop before {place}, as you said.", same)
    for line in changed_lines(place, coming.text):
        say(line)
    left, result = options.rounds - latest.number, latest.result
    remaining = series.budget_steps - latest.spent
    steps = steps_to_go_on(coming, result.experiment, result.records, remaining=remaining)
    command = _command(place, left, steps if left > 1 else None, options)
    why = f"There is no terminal to ask at, so the rounds stop before {place}: read it, edit it."
    return (why, command)


def _command(file: Path, rounds: int, steps: int | None, options: RoundOptions) -> str:
    from .output import store_option

    several = f" --rounds {rounds}" if rounds > 1 else ""
    budget = f" --budget-steps {steps}" if steps is not None else ""
    name = shlex.quote(str(file))
    return f"etude run {name}{several}{budget}{options.typed}{store_option(options.store)}"


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
        _best_text(played, value.value) if value else "none",
        played.coming.goal if played.coming else "end",
    ]


def _best_text(played: PlayedRound, best: float) -> str:
    """The best value of a search; of a round that trained settings again their best mean.

    The luckiest of several seeds is no better setting, and does not count as the best of all.
    """
    if not played.result.retrains:
        return number(best)
    means = [one.mean for one in played.result.verdict.means if math.isfinite(one.mean)]
    if not means:
        return f"retrained {number(best)}"
    return f"mean {number(min(means, key=played.result.experiment.objective.loss))}"
