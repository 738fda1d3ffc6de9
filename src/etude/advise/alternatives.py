"""Procedures that do more than the next round does, for the same reason, with what they cost."""

from __future__ import annotations

from collections.abc import Iterator

from ..experiment.methods import SEARCHES
from ..playbook.catalogue import known
from .action import Action
from .context import Context
from .follow_up import SEEDS
from .policy import Advice
from .remedies.exploit import SEARCH
from .remedies.refine import is_refined

# What each trains at most, as the procedures have it: they stand above, and a test holds both
# together. Of a length: trainings, and how many full ones their steps make.
LENGTH_TRAININGS, LENGTH_FULL = 51, 15
CONFIRMED_SETTINGS = 3
# Studies at most, or a runner-up where there is one; and a neighbour to either side of the leader.
EXTENDED_STUDIES, NEIGHBOURS = 4, 2
# Heuristic: twice as long shows whether length helps, as the round's advice has it.
LONGER = 2


def alternatives(context: Context, advice: Advice) -> Iterator[Action]:
    """The procedure that goes further than the round that is advised; none for most rounds.

    Nothing is proposed that no command could train: of another tool's trials, or of a function that
    only Python has.

    Source: T5, T7, T8, C9, X1, A2.
    """
    experiment = context.experiment
    if SEARCHES[experiment.search].trained_elsewhere or experiment.train is None:
        return
    rules = {edit.rule for edit in advice.recommendations}
    if advice.goal == "train shorter" and "T5" in rules and _has_rate(context):
        yield _length(context)
    elif advice.goal == "train longer":
        yield _extension(context)
    elif advice.goal == "exploit" and (experiment.search == SEARCH or is_refined(context)):
        yield _exploitation(context)


def _length(context: Context) -> Action:
    """T7's sweep in place of a factor of the best steps."""
    return Action(
        kind="procedure",
        text="Or find the fewest steps that fit the training set, by a sweep of constant rates",
        cost_trials=LENGTH_TRAININGS,
        cost_steps=LENGTH_FULL * context.experiment.max_steps,
        rules=("T5", "T7"),
        procedure="training-length",
    )


def _extension(context: Context) -> Action:
    """The leader and its rivals trained for longer, in place of a whole round."""
    steps = context.experiment.max_steps
    studies = min(max(len(context.studies), 2), EXTENDED_STUDIES)
    each = (studies + NEIGHBOURS) * SEEDS
    return Action(
        kind="procedure",
        text="Or train the leader and its rivals alone for longer, and see which conclusions turn",
        cost_trials=2 * each,
        cost_steps=each * (steps + LONGER * steps),
        rules=("C9", "T8"),
        procedure="extend",
        options=f" --max-steps {LONGER * steps}",
    )


def _exploitation(context: Context) -> Action:
    """The search and the retrainings of its best in one command."""
    confirmed = CONFIRMED_SETTINGS * SEEDS
    is_searched = context.experiment.search == SEARCH
    trials = confirmed + (0 if is_searched else context.experiment.trials)
    return Action(
        kind="procedure",
        text=f"Or train the best {CONFIRMED_SETTINGS} settings again with {SEEDS} other seeds each"
        if is_searched
        else "Or search, and train the best again with other seeds, in one command",
        cost_trials=trials,
        cost_steps=trials * context.experiment.max_steps,
        rules=("X1", "A2"),
        procedure="exploit",
    )


def _has_rate(context: Context) -> bool:
    experiment = context.experiment
    entries = [known(one.name, experiment.names) for one in experiment.hyperparameters]
    return any(entry is not None and entry.name == "learning_rate" for entry in entries)
