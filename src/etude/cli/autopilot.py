"""`etude run --rounds N`: rounds that follow their own advice, and what came of them."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, final

from ..wording import DIGITS, number

if TYPE_CHECKING:
    from ..procedure.autopilot import PlayedRound, Series
    from ..procedure.base import Answer, Step
    from ..procedure.delegation import Delegation
    from ..procedure.opening import Training
    from ..procedure.series import RoundFiles, RoundSeries, SeriesPlan
    from ..round.result import Result
    from ..store.base import Store

# A command in a sentence, for the store to be named in it.
_COMMAND = re.compile(r"(`etude [^`]+)`")


@final
@dataclass(frozen=True)
class RoundOptions:
    """What was typed about the rounds: how many, what they may spend, and where they are stored.

    Args:
        plan: How many at most, what they may spend, and how they end.
        store: As it was typed, for the commands to type next.
        location: Where that is.
        is_accepted: Whether the advice is followed unseen; else each file is asked about.
        typed: Other options that were typed, for the command to go on.
    """

    plan: SeriesPlan
    store: str | None
    location: str
    is_accepted: bool = True
    typed: str = ""


def follow(
    file: Path,
    play: Callable[[Path, Store], Result],
    training: Callable[[Store], Training],
    options: RoundOptions,
) -> None:
    """Plays the rounds; says what each found, what follows, and at the end what is best.

    `training` says how the rounds of a procedure are trained that the advice asks for.
    """
    from ..procedure.series import RoundFiles, ended_series, opened_series
    from ..store import open_store
    from ..wording import plural
    from .output import print_lines
    from .terminal import say

    opened = opened_series(file, options.plan)
    rounds = plural(options.plan.rounds, "round")
    say(f"At most {rounds}, {opened.budget_steps:,} training steps in all.")
    with closing(open_store(options.location)) as store:
        files = RoundFiles(
            first=file,
            store=store,
            play=partial(_play_one, play, store, options),
            training=training(store),
            is_read=not options.is_accepted,
        )
        played, stop = _played(files, file, opened, options)
        go_on = [f"To go on:              {stop[1]}"] if stop else []
        print_lines([*_outcome_lines(ended_series(played), options.store), *go_on])


def _play_one(
    play: Callable[[Path, Store], Result], store: Store, options: RoundOptions, file: Path
) -> Result:
    from .output import sound

    return sound(play(file, store), file, options.store)


def _played(
    files: RoundFiles, file: Path, opened: Series, options: RoundOptions
) -> tuple[Series, tuple[str, ...]]:
    """The rounds that were played; why a person ended them, with the command to go on."""
    from ..procedure.autopilot import Autopilot
    from ..procedure.base import Answer
    from ..procedure.player import play
    from .output import print_lines
    from .terminal import say

    shown, turns = 0, play(Autopilot(), opened, files.perform)
    while True:
        turn = next(turns)
        series, decision = turn.known, turn.decision
        if series.delegated is None and shown < len(series.played):
            shown = len(series.played)
            print_lines(_round_lines(series.played[-1]))
        if isinstance(decision, Answer):
            return series, ()
        if series.asked is not None:
            after, stop = _before_procedure(files, series, decision, options)
            if stop:
                return _stopped(series, stop[0]), stop
            if after is not series:
                turns = play(Autopilot(), after, files.perform)
            continue
        place = files.written(decision, series)
        assert isinstance(place, Path), "A round of a file is a file. This is a bug."
        if stop := _stop(file, place, series, files.store, options):
            return _stopped(series, stop[0]), stop
        say(f"\nRound {len(series.played) + 1} of {options.plan.rounds}: {place}")


def _before_procedure(
    files: RoundFiles, series: Series, step: Step, options: RoundOptions
) -> tuple[Series, tuple[str, ...]]:
    """The series, without the procedure where a person leaves it out; why all of it stops here."""
    from .ask_procedure import is_agreed, is_left_out, is_wanted, stop_without_terminal
    from .ask_round import has_terminal
    from .output import print_lines, store_option

    asked = series.asked
    assert asked is not None, "No procedure comes next. This is a bug."
    is_last = series.delegated is None
    needs_yes = not (options.is_accepted or is_agreed(files, series, step))
    if needs_yes and (is_left_out(files, series) or (is_last and not has_terminal())):
        return series.without_procedure(), ()
    print_lines(_procedure_lines(asked, step, is_last=is_last))
    if not needs_yes:
        return series, ()
    if not has_terminal():
        return series, stop_without_terminal(series, store_option(options.store))
    return series if is_wanted(asked) else series.without_procedure(), ()


def _stopped(series: Series, why: str) -> Series:
    """The series as a person ended it."""
    *before, last = series.played
    return replace(series, played=(*before, replace(last, ended=(why,))))


def _procedure_lines(asked: Delegation, step: Step, *, is_last: bool) -> Iterator[str]:
    """What the last round's advice asks a procedure, before its first round; then each round."""
    from .output import headline
    from .procedures import step_line

    if not asked.known.rounds:
        most = asked.procedure.cost(asked.known).steps
        if is_last:
            yield f"\nAt the end `etude {asked.name}`: at most {most:,} training steps."
        else:
            yield from ("", headline(asked.result.ending()))
            yield f"Its advice asks for `etude {asked.name}`: at most {most:,} training steps."
    yield step_line(step, asked.known)


def _stop(
    file: Path, place: Path, series: Series, store: Store, options: RoundOptions
) -> tuple[str, ...]:
    """Why no other round is played now, and the command to go on; empty where the next one is."""
    from ..procedure.budget import steps_to_go_on
    from ..procedure.series import has_begun
    from .ask_round import changed_lines, has_terminal, is_to_be_played
    from .terminal import say

    if options.is_accepted or not series.played:
        return ()
    latest = series.played[-1]
    coming = latest.coming
    # What was answered once, and played since, is not asked again.
    if coming is None or has_begun(store, place):
        return ()
    if has_terminal():
        if is_to_be_played(place, coming.text, store):
            return ()
        same = _command(file, options.plan, options)
        return (f"The rounds stop before {place}, as you said.", same)
    for line in changed_lines(place, coming.text):
        say(line)
    plan, result = options.plan, latest.result
    remaining = series.budget_steps - latest.spent
    steps = steps_to_go_on(coming, result.experiment, result.records, remaining=remaining)
    left = replace(plan, rounds=plan.rounds - latest.number, budget_steps=steps)
    command = _command(place, left, options)
    why = f"There is no terminal to ask at, so the rounds stop before {place}: read it, edit it."
    return (why, command)


def _command(file: Path, plan: SeriesPlan, options: RoundOptions) -> str:
    from .output import store_option

    is_series = plan.rounds > 1 or plan.confirms or plan.max_steps is not None
    steps = plan.budget_steps
    typed = [
        (" --rounds {}", plan.rounds if plan.rounds > 1 else None),
        (" --budget-steps {}", steps if is_series else None),
        (" --confirm", plan.confirms or None),
        (" --max-steps {}", plan.max_steps),
    ]
    several = "".join(text.format(value) for text, value in typed if value is not None)
    name = shlex.quote(str(file))
    return f"etude run {name}{several}{options.typed}{store_option(options.store)}"


def _round_lines(latest: PlayedRound) -> list[str]:
    """What a round found; then what the next one changes, and why, or at the end why not more."""
    from ..round.next_round import next_cost
    from .next import change_lines
    from .output import best_lines, ending_lines, headline, shown, table_part

    successor, ending = latest.coming, latest.result.ending()
    note_lines = shown([latest.note] if latest.note else [])
    if successor is None:
        return [*ending_lines(replace(ending, steps=())), *note_lines]
    assert latest.file is not None, "A round of a file is a file. This is a bug."
    place = latest.file.with_name(successor.file)
    lines = ["", headline(ending), *table_part(ending), *best_lines(ending)]
    result = latest.result
    cost = next_cost(successor, result.experiment, result.records)
    lines += [f"Next round, to {successor.goal}: {place}", *change_lines(successor, cost)]
    return [*lines, *note_lines]


def _outcome_lines(rounds: RoundSeries, store: str | None) -> list[str]:
    """Why the rounds ended, what each found, and the best of all."""
    from ..text.secret_values import shown_value
    from .output import paragraph, setting_line, shown, store_option, table_lines

    reason, *sentences = rounds.last.ended
    lines = ["", paragraph(reason), *shown(sentences), ""]
    lines += [f"  {line}" for line in table_lines(_table(rounds))]
    if rounds.best is None:
        none = "No trial of any round is feasible: there is no best setting."
        return [*lines, "", none, *_last_lines(rounds, store)]
    best_round, record = rounds.best
    experiment = best_round.result.experiment
    value = record.best(experiment.metric, maximize=experiment.maximize)
    assert value is not None, "A best trial has a best value. This is a bug."
    held = {one.name for one in experiment.hyperparameters if one.role == "fixed"}
    setting = {
        name: shown_value(name, own) if name in held else own
        for name, own in record.setting.items()
    }
    return [
        *lines,
        "",
        f"Best of all rounds: trial {record.id} of round {best_round.number} "
        f"(`{experiment.name}`), {experiment.metric} = {number(value.value)} "
        f"at step {value.step:,}",
        paragraph(setting_line(setting, DIGITS), indent="  setting: ", hanging="    "),
        *_last_lines(rounds, store),
        f"Look at its report:    etude report {experiment.name}{store_option(store)}",
    ]


def _last_lines(rounds: RoundSeries, store: str | None) -> Iterator[str]:
    """The winner by the mean of its retrainings, how much of it was luck, and what longer does."""
    from .output import paragraph, store_option

    named = store_option(store)
    for asked in rounds.last_steps:
        if asked.note:
            yield paragraph(_COMMAND.sub(rf"\1{named}`", asked.note))
        answer = asked.delegated.answer if asked.delegated else None
        if answer is None:
            continue
        yield paragraph(f"`etude {asked.name}`: {answer.word}: {answer.line}.")
        yield from map(paragraph, _luck(answer))
        for step in answer.steps[:1]:
            command = f": {step.command}{named}" if step.command else ""
            yield paragraph(f"{step.text}{command}")


def _luck(answer: Answer) -> Iterator[str]:
    """How far the value that the winner was chosen with was luck."""
    values = answer.values
    shrinkage = values.get("shrinkage")
    if shrinkage is not None:
        how = "better" if shrinkage > 0 else "worse"
        yield (
            f"Its mean with other seeds is {number(values['mean'], DIGITS)}; the value that it was "
            f"chosen with is {number(abs(shrinkage), 2)} {how}, which is luck (A1)."
        )


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
