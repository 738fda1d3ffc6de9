"""Which checkpoint a trial goes on from: the last one that the store and the disk both have.

Which are held while it trains is for `train/checkpointing.py`, how one is written for
`disk/checkpoint.py`, and which of them stay on disk for `store/checkpoints.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..assignment import Assignment
from ..experiment import Experiment
from ..experiment.tracked_run import TrackedRun
from ..experiment.validation.configurations import SPLIT_SEED
from ..playbook.metrics import is_loss
from ..record import Checkpoint, Record
from ..space import Scalar
from ..store.base import Store
from ..store.tracked import Tracked


def assignment(experiment: Experiment, store: Store, record: Record) -> Assignment:
    """All that a worker must know to train this trial, from its last checkpoint if it has one."""
    checkpoints = store.files.checkpoints(experiment.name, record.id)
    known = _last_checkpoint(record, checkpoints)
    step = known.step if known else None
    setting, split_seed = _apart(experiment, record.setting)
    return Assignment(
        id=record.id,
        study=record.study,
        setting=setting,
        seed=record.seed,
        max_steps=experiment.max_steps,
        evaluations=experiment.evaluations,
        metric=experiment.metric,
        maximize=experiment.maximize,
        diverged_above=experiment.diverged_above,
        folder=store.files.trial(experiment.name, record.id),
        checkpoints=checkpoints,
        lasting=store.files.lasting,
        resume_step=step,
        resume_contents=known.contents if known else "",
        first_losses={} if step is None else _first_losses(store, experiment, record),
        until_step=record.until_step,
        max_wall_s=experiment.max_trial_s,
        keep_checkpoints=experiment.keep_checkpoints,
        evaluate_training=experiment.evaluate_training,
        unread=record.unread,
        taken=record.taken,
        split_seed=split_seed,
        tracked=TrackedRun(
            experiment=experiment.name,
            study=record.study,
            trial=record.id,
            token=_token(store, experiment.name),
            store=store.files.store,
            track=experiment.track,
        ),
    )


def _token(store: Store, name: str) -> str:
    """What tells the experiment from those of its name in other stores."""
    if isinstance(store, Tracked):
        return store.token
    return next((one.token for one in store.entries() if one.experiment.name == name), "")


def _apart(
    experiment: Experiment, setting: Mapping[str, Scalar]
) -> tuple[Mapping[str, Scalar], int | None]:
    """The hyperparameters of a setting, and the seed of the split where its row names one.

    Anywhere else than in a row a hyperparameter of this name is the user's own.
    """
    if not experiment.is_of_splits:
        return setting, None
    others = {name: value for name, value in setting.items() if name != SPLIT_SEED}
    return others, int(setting[SPLIT_SEED])


def _last_checkpoint(record: Record, checkpoints: Path) -> Checkpoint | None:
    """The last checkpoint that is written down and also there; whoever loads it checks it."""
    there = [one for one in record.checkpoints if (checkpoints / str(one.step)).is_dir()]
    return max(there, key=lambda one: one.step, default=None)


def lost_checkpoints(store: Store, name: str, records: Sequence[Record]) -> tuple[int, ...]:
    """The trials, by id, whose last checkpoint somebody took away: they go on from an earlier one.

    Where none is left they begin at step 0.
    """
    lost = []
    for record in records:
        last = max(record.checkpoints, key=lambda one: one.step, default=None)
        if last and _last_checkpoint(record, store.files.checkpoints(name, record.id)) != last:
            lost.append(record.id)
    return tuple(lost)


def _first_losses(store: Store, experiment: Experiment, record: Record) -> dict[str, float]:
    """The first values of the losses; a fork's are those of the trial that began its line."""
    records = store.records(experiment.name)
    ancestor = records[record.id]
    while ancestor.parent is not None:
        ancestor = records[ancestor.parent]
    return {
        name: float(ancestor.series(name).values_P[0])
        for name in ancestor.points.metrics
        if name == experiment.metric or is_loss(name)
    }
