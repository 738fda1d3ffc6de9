"""What rounds may spend: training steps, counted where they were trained, and a round that fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import final

from ..design.studies import studies
from ..experiment import Experiment
from ..experiment.change import Change, applied
from ..experiment.toml.edit import Edit, edited
from ..experiment.validation import MAX_TRIALS
from ..record import Record
from ..round.result import NextRound
from ..wording import plural

_TRIALS = ("experiment", "trials")
# Heuristic: C1 looks at the best five, so of fewer trials a round says nothing.
MIN_TRIALS = 5
# The goal of X1, which asks for as large a budget as possible.
EXPLOIT = "exploit"
# Heuristic: exploration has half of the steps; X1 wants as many as possible after it.
EXPLORES = 0.5


@final
@dataclass(frozen=True, kw_only=True)
class FittedRound:
    """The next round as the budget allows it.

    Args:
        coming: The round; None where nothing of it can be afforded.
        said: What the budget changed, or why it cannot be afforded; empty where it changed nothing.
    """

    coming: NextRound | None
    said: str = ""


def planned_steps(experiment: Experiment) -> int:
    """The training steps of a round whose trials all train to their end.

    Source: R15.
    """
    return sum(study.max_trials for study in studies(experiment)) * experiment.max_steps


def trained_steps(records: Iterable[Record]) -> int:
    """The training steps that trials did; of a fork, those since its parent's checkpoint.

    Source: R15.
    """
    return sum(
        one.steps - (0 if one.from_step is None or one.parent is None else one.from_step + 1)
        for one in records
    )


def explores(coming: NextRound, *, budget: int, spent: int, there: int = 0) -> bool:
    """Whether exploration can pay for this round.

    Source: R2, R15, X1.
    """
    experiment = coming.experiment
    cost = (experiment.trials - there) * _step_cost(experiment)
    return spent + cost <= EXPLORES * budget


def fit_to_budget(
    coming: NextRound, *, left: int, rounds_left: int = 1, there: int = 0
) -> FittedRound:
    """The round with as many trials as the steps that are left pay for, and no more than it asks.

    One that exploits takes its share of all that is left, the last round all of it: X1 asks for as
    large a budget as possible, and between two rounds the sides can still be redrawn.

    Args:
        coming: As the advice has it.
        left: Training steps.
        rounds_left: How many rounds may still be played, this one among them.
        there: Trials a study that it has already, where it goes on with an experiment.

    Source: R15, X1.
    """
    experiment, asked = coming.experiment, coming.experiment.trials
    each = _step_cost(experiment)
    most = min(there + left // each, MAX_TRIALS)
    grows = coming.goal == EXPLOIT
    if grows:
        share = min(there + left // (each * rounds_left), MAX_TRIALS)
        most = share if share - there >= MIN_TRIALS else most
    if most == asked or (most > asked and not grows):
        return FittedRound(coming=coming)
    steps = f"{left:,} training steps are left"
    if experiment.configurations or most - there < MIN_TRIALS:
        return FittedRound(
            coming=None,
            said=f"{steps}, and the next round asks for {(asked - there) * each:,} (R15).",
        )
    rule, why = ("X1", "as the budget allows") if grows else ("R15", "the budget")
    shared = f" for {plural(rounds_left, 'round')}" if grows else ""
    said = f"{rule}: {why}: {most} trials in place of {asked}, since {steps}{shared}."
    return FittedRound(coming=_with_trials(coming, most, said), said=said)


def _step_cost(experiment: Experiment) -> int:
    """The steps of one more trial in every study."""
    return len(studies(experiment)) * experiment.max_steps


def _with_trials(coming: NextRound, trials: int, said: str) -> NextRound:
    """The same round with another number of trials, what asked for it before kept beside it."""
    path = ".".join(_TRIALS)
    before = [f"{one.rule}: {one.because} " for one in coming.recommendations if one.path == path]
    comment = f"{''.join(before)}{said}"
    change = Change(_TRIALS, "", trials)
    return replace(
        coming,
        text=edited(coming.text, [Edit(change, comment)]),
        experiment=applied(coming.experiment, [change]),
        recommendations=tuple(
            replace(one, change=change) if one.path == path else one
            for one in coming.recommendations
        ),
    )


def left_over(budget: int, spent: int) -> str:
    """What remains of a budget, in a sentence.

    Source: R15.

    >>> left_over(1600, 1200), left_over(1600, 1600)
    ('400 of 1,600 training steps are left.', 'All 1,600 training steps are spent.')
    """
    if spent >= budget:
        return f"All {budget:,} training steps are spent."
    return f"{budget - spent:,} of {budget:,} training steps are left."
