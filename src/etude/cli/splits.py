"""`etude compare --splits`: settings trained on other splits of the data, and their variances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, final

from ..errors import RunError
from .split_sides import Side, divider, side_of

if TYPE_CHECKING:
    from ..advise.ending import Reason
    from ..advise.splits import Divider
    from ..analyze.comparison.variances import Variances, Variation
    from ..experiment import Experiment
    from ..procedure.opening import Training
    from ..record import Records
    from ..store.base import Store
    from .options import Judge
    from .output import Answer
    from .procedures import ProcedureOptions


@final
@dataclass(frozen=True, kw_only=True)
class Splits:
    """The variances of one setting or two, after what was missing was trained.

    Args:
        sides: In the order in which they were named.
        divider: Who divided the data.
    """

    sides: tuple[Variances, ...]
    divider: Divider

    def notes(self, gap: float) -> list[Reason]:
        """What other splits say of a difference of means, the most telling first."""
        from ..advise.splits import split_reasons
        from ..analyze.comparison.variances import pairs_of

        pairs = pairs_of(*self.sides) if len(self.sides) == 2 else None
        return split_reasons(pairs, self.sides, gap)

    def answer(self) -> Answer:
        """The variances beside each other."""
        from ..advise.splits import variances_ending
        from .output import Answer, ending_lines

        ending = variances_ending(self.sides, self.divider)
        return Answer(lines=lambda: ending_lines(ending), json=self.as_json)

    def as_json(self) -> dict[str, Any]:
        """The variances and the values behind them, as programs read them."""
        from ..advise.splits import variances_ending
        from ..analyze.comparison.variances import pairs_of

        pairs = pairs_of(*self.sides) if len(self.sides) == 2 else None
        return {
            "metric": self.sides[0].metric,
            "divided_by": self.divider,
            "notes": [reason.text for reason in variances_ending(self.sides, self.divider).reasons],
            "variances": [_side_as_json(side) for side in self.sides],
            "pairs": None
            if pairs is None
            else {
                "splits": pairs.count,
                "better": pairs.better,
                "difference": pairs.difference.by,
                "difference_interval": [pairs.difference.low, pairs.difference.high],
            },
        }


def refuse_splits(names: Sequence[str], splits: int) -> None:
    """Refuses what cannot be trained on other splits, as far as what was typed tells.

    Raises:
        RunError: then.
    """
    if splits < 2:
        raise RunError(f"--splits takes 2 or more, for one split shows no variance; got {splits}.")
    if files := [name for name in names if Path(name).is_file()]:
        raise RunError(
            f"`{files[0]}` is a file of values, which cannot be trained on other splits. Name an "
            "experiment, or one of its trials as NAME:TRIAL."
        )


def play_splits(
    names: Sequence[str], splits: int, judge: Judge, options: ProcedureOptions
) -> Splits:
    """The variances of settings of the store, after they were trained on so many other splits.

    Raises:
        RunError: for what cannot be trained on other splits, before anything is trained.
    """
    from ..store import open_store
    from .interrupt import signals_as_ctrl_c
    from .options import lasting_location

    location = lasting_location(options.store)
    open_store(location, create=False).close()
    with closing(open_store(location)) as store, signals_as_ctrl_c():
        sides = [side_of(store, name, judge) for name in names]
        played = _played(sides, splits, store, options)
        who = {divider(side) for side in sides}
        return Splits(
            sides=tuple(
                _variances(side, records) for side, records in zip(sides, played, strict=True)
            ),
            divider="etude" if "etude" in who else sorted(who)[0],
        )


# --- what is trained


def _played(
    sides: Sequence[Side], splits: int, store: Store, options: ProcedureOptions
) -> list[Records]:
    """The trials of each side on other splits, those trained that were not yet."""
    from .procedures import training_of
    from .terminal import say

    trainings = [training_of(options, side.folder, store) for side in sides]
    rounds = [
        _coming(side, splits, training) for side, training in zip(sides, trainings, strict=True)
    ]
    missing = [_missing(coming, store) for coming in rounds]
    pace_s = [
        _pace_s(side, coming, training) if count else 0.0
        for side, coming, training, count in zip(sides, rounds, trainings, missing, strict=True)
    ]
    say(_cost(rounds, missing, pace_s, splits), err=options.json)
    return [_trained(coming, training) for coming, training in zip(rounds, trainings, strict=True)]


def _coming(side: Side, splits: int, training: Training) -> Experiment:
    """The round of a side, with as many splits as asked for, or as it has already."""
    from ..advise.splits import splits_experiment
    from ..experiment import changes

    def of(count: int) -> Experiment:
        return splits_experiment(
            side.experiment, side.record.setting, trial=side.record.id, splits=count
        )

    known = {entry.experiment.name: entry.experiment for entry in training.store.entries()}
    coming = of(splits)
    before = known.get(coming.name)
    if before is not None and before.trials > splits and not changes(before, of(before.trials)):
        return of(before.trials)
    return training.named(coming)


def _missing(coming: Experiment, store: Store) -> int:
    """How many trainings of a round are still to be done."""
    names = [entry.experiment.name for entry in store.entries()]
    ended = store.records(coming.name).ended() if coming.name in names else ()
    return coming.trials - len(ended)


def _pace_s(side: Side, coming: Experiment, training: Training) -> float | None:
    """Seconds a step; a function is tried first, for one that reads no split is refused.

    Raises:
        RunError: for such a function.
    """
    from ..advise.ending import measured_pace_s
    from ..advise.splits import UNREAD
    from ..experiment.validation.configurations import SPLIT_SEED
    from ..round.pace import pace_s_of, tried

    measured = measured_pace_s(list(side.result.records))
    if measured is not None and divider(side) != "function":
        return measured
    rehearsed = tried(coming, folder=side.folder, runner=training.runner)
    if SPLIT_SEED in rehearsed.unread:
        raise RunError(UNREAD)
    return measured or pace_s_of(rehearsed, coming)


def _cost(
    rounds: Sequence[Experiment],
    missing: Sequence[int],
    pace_s: Sequence[float | None],
    splits: int,
) -> str:
    """What is going to be trained, in a sentence, said before it begins."""
    from ..wording import duration, quantity

    trainings = sum(missing)
    if not trainings:
        return f"Trained on {max(one.trials for one in rounds)} other splits already."
    steps = [count * one.max_steps for one, count in zip(rounds, missing, strict=True)]
    known = [pace for pace, count in zip(pace_s, missing, strict=True) if count]
    seconds = sum(count * (pace or 0.0) for count, pace in zip(steps, pace_s, strict=True))
    time = f", about {duration(seconds)} of training" if all(known) else ""
    return (
        f"{quantity(trainings, 'training')} on {splits} other splits, {sum(steps):,} steps{time}."
    )


def _trained(coming: Experiment, training: Training) -> Records:
    """The trials of a round on other splits, trained where they are not yet.

    Raises:
        RunError: where its code never asked for the split.
    """
    from ..advise.splits import UNREAD
    from ..experiment.validation.configurations import SPLIT_SEED
    from ..round.run import run

    result = run(
        coming,
        store=training.store,
        runner=training.runner,
        workers=training.workers,
        observers=training.observers,
        folder=training.folder,
    )
    whole = [one for one in result.records if one.status == "completed"]
    if whole and all(SPLIT_SEED in (one.unread or ()) for one in whole):
        raise RunError(UNREAD)
    return result.records


# --- what is known then


def _variances(side: Side, records: Records) -> Variances:
    from ..analyze.comparison.variances import Variances, data_variation, trial_variation
    from ..experiment.validation.configurations import SPLIT_SEED

    experiment = side.result.experiment
    metric, maximize = experiment.metric, experiment.maximize
    values: dict[int, float] = {}
    for one in records:
        best = one.best(metric, maximize=maximize)
        is_whole = best is not None and one.status != "infeasible"
        values[int(one.setting[SPLIT_SEED])] = best.value if best and is_whole else math.nan
    return Variances(
        name=side.name,
        metric=metric,
        maximize=maximize,
        trial=trial_variation(side.values, copies=side.copies),
        study=_study_variation(side),
        data=data_variation(list(values.values()), side.values, copies=side.copies),
        values=values,
        given=_given(side),
    )


def _given(side: Side) -> float:
    """The mean value on the split that the data came with; of a setting trained once, its own."""
    known = [value for value in side.values if math.isfinite(value)]
    experiment = side.result.experiment
    best = side.record.best(experiment.metric, maximize=experiment.maximize)
    return fmean(known) if known else best.value if best else math.nan


def _study_variation(side: Side) -> Variation:
    """Of the search that the setting is of: by others that differ in the seed, else resampled."""
    from ..analyze.comparison.variances import study_variation
    from ..experiment import changes
    from ..round.result import load

    store, result = side.result.store, side.result
    searched = load(store, result.retrains) if result.retrains else result
    if result.retrains:
        searched = searched.judged_by(result.experiment.metric) if result.trained else searched
    if searched.experiment.configurations:
        return study_variation([])
    own = searched.trained or searched.experiment
    again = [
        load(store, entry.experiment.name)
        for entry in store.entries()
        if set(changes(own, entry.experiment)) - {"name", "parent"} == {"seed"}
    ]
    judge = result.experiment
    bests = [
        best.value
        for one in (searched, *again)
        for best in [_best(one.records, judge.metric, maximize=judge.maximize)]
        if best is not None
    ]
    losses = [
        outcome.loss for study in searched.studies for outcome in searched.analysis.outcomes(study)
    ]
    return study_variation(bests, losses)


def _best(records: Records, metric: str, *, maximize: bool) -> Any:
    from ..experiment.objective import Objective

    loss = Objective(metric, maximize).loss
    known = [
        best
        for one in records
        if one.status in ("completed", "stopped") and (best := one.best(metric, maximize=maximize))
    ]
    return min(known, key=lambda best: loss(best.value), default=None)


def _side_as_json(side: Variances) -> Mapping[str, Any]:
    return {
        "name": side.name,
        **{
            one.source: {
                "sd": one.sd,
                "interval": [one.low, one.high],
                "rests_on": one.rests_on,
                "basis": one.basis,
                "with_trial": one.with_trial,
            }
            for one in side.sources
        },
        "splits": [{"split_seed": seed, "value": value} for seed, value in side.values.items()],
        "failed": side.failed,
    }
