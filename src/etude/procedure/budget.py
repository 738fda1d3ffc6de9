"""The budget of rounds: training steps, counted where they were trained, and a round that fits."""

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
from ..round.next_round import NextRound
from ..wording import plural
from .cost import planned_steps, trained_steps

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
        message: What the budget changed, or why it cannot be afforded; empty where it changed
            nothing.
    """

    coming: NextRound | None
    message: str = ""


def exploration_cost(coming: NextRound, *, existing: int = 0) -> int:
    """The steps of a round, of which so many trials a study exist already.

    Source: R15.
    """
    return (coming.experiment.trials - existing) * _trial_cost(coming.experiment)


def fit_to_budget(
    coming: NextRound, *, remaining: int, rounds_left: int = 1, existing: int = 0
) -> FittedRound:
    """The round with as many trials as the steps that are left pay for, and no more than it asks.

    One that exploits takes its share of all that is left, the last round all of it: X1 asks for as
    large a budget as possible, and between two rounds the sides can still be redrawn.

    Args:
        coming: As the advice has it.
        remaining: Training steps that are left.
        rounds_left: How many rounds may still be played, this one among them.
        existing: Trials a study that it has already, where it goes on with an experiment.

    Source: R15, X1.
    """
    experiment, wanted = coming.experiment, coming.experiment.trials
    trial_cost = _trial_cost(experiment)
    affordable = min(existing + remaining // trial_cost, MAX_TRIALS)
    grows = coming.goal == EXPLOIT
    if grows:
        share = min(existing + remaining // (trial_cost * rounds_left), MAX_TRIALS)
        affordable = share if share - existing >= MIN_TRIALS else affordable
    if affordable == wanted or (affordable > wanted and not grows):
        return FittedRound(coming=coming)
    steps = f"{remaining:,} training steps are left"
    if experiment.configurations or affordable - existing < MIN_TRIALS:
        cost = (wanted - existing) * trial_cost
        message = f"{steps}, and the next round asks for {cost:,} (R15)."
        return FittedRound(coming=None, message=message)
    rule, why = ("X1", "as the budget allows") if grows else ("R15", "the budget")
    shared = f" for {plural(rounds_left, 'round')}" if grows else ""
    message = f"{rule}: {why}: {affordable} trials in place of {wanted}, since {steps}{shared}."
    return FittedRound(coming=_with_trials(coming, affordable, message), message=message)


def _trial_cost(experiment: Experiment) -> int:
    """The steps of one more trial in every study."""
    return len(studies(experiment)) * experiment.max_steps


def _with_trials(coming: NextRound, trials: int, reason: str) -> NextRound:
    """The same round with another number of trials; its comment has the old reasons and the new."""
    path = ".".join(_TRIALS)
    reasons = [f"{one.rule}: {one.because} " for one in coming.recommendations if one.path == path]
    comment = f"{''.join(reasons)}{reason}"
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


def steps_to_go_on(
    coming: NextRound, before: Experiment, records: Iterable[Record], *, remaining: int
) -> int:
    """The budget of a series that begins with this round, so that it may spend what remains.

    A round that goes on with an experiment counts the trials that this one has already.

    Source: R15.
    """
    existing = trained_steps(records) if coming.experiment.name == before.name else 0
    return max(remaining + existing, planned_steps(coming.experiment))


def remaining_steps(budget: int, spent: int) -> str:
    """The training steps that remain of a budget, in a sentence.

    Source: R15.

    >>> remaining_steps(1600, 1200), remaining_steps(1600, 1600)
    ('400 of 1,600 training steps are left.', 'All 1,600 training steps are spent.')
    """
    if spent >= budget:
        return f"All {budget:,} training steps are spent."
    return f"{budget - spent:,} of {budget:,} training steps are left."
