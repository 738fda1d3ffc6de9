"""Recipe: all that the loop reads of a setting, checked; the rest is the model's and the loss's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..errors import SpaceError, WorkloadError
from ..experiment.pieces import Piece, pieces
from ..playbook.catalogue import known_alias, known_optimizer
from ..study import derived_seed
from ..trial import Trial
from ..wording import did_you_mean
from .optimizers import OPTIMIZERS, Optimizer
from .schedules import SCHEDULES, Factors, Schedule

# Numbers that change from step to step: learning rate, and both corrections of Adam's moments.
MOVING = ("learning_rate", "correction1", "correction2")
# Numbers that stay: 0 where an optimizer does not read it.
STAYING = (
    "momentum",
    "beta1",
    "beta2",
    "epsilon",
    "rmsprop_decay",
    "weight_decay",
    "gradient_clip",
)
SCHEDULE_KEYS = (
    "schedule",
    "warmup_steps",
    "warmup_fraction",
    "constant_steps",
    "decay_steps",
    "decay_fraction",
    "final_factor",
    "final_learning_rate",
    "schedule_pieces",
)
READ = ("optimizer", "learning_rate", "batch_size", "seed", *STAYING, *SCHEDULE_KEYS)
# Values that most people write where they do not search: torch.optim's, and those of the papers.
_USUAL = {
    "optimizer": '"adam"',
    "learning_rate": "0.001",
    "batch_size": "64",
    "momentum": "0.9",
    "beta1": "0.9",
    "beta2": "0.999",
    "epsilon": "1e-8",
    "rmsprop_decay": "0.99",
    "decay_steps": "1000",
    "schedule_pieces": '"0:1 3000:0.1"',
}
# An inverse square root has a time scale: decay steps, else those of its warmup.
_TIME_SCALES = ("decay_steps", "decay_fraction", "warmup_steps", "warmup_fraction")


@final
@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one trial trains: optimizer, schedule, and a number for each thing that they read.

    `moments_from` is the step with which its moments began: 0 but in a fork that changed the
    optimizer. What corrects young moments counts from there.
    """

    optimizer: str
    batch_size: int
    learning_rate: float
    staying: Mapping[str, float]
    schedule: Schedule
    moments_from: int = 0

    @property
    def rule(self) -> Optimizer:
        """The optimizer itself."""
        return OPTIMIZERS[self.optimizer]

    def moving(self, start: int, stop: int) -> Factors:
        """What changes in steps `start` until before `stop`, in double precision: (3, steps)."""
        rate_S = self.learning_rate * self.schedule.factors(start, stop)
        update_S = np.arange(start, stop, dtype=np.float64) + 1.0 - self.moments_from
        corrections = [1.0 - self.staying[name] ** update_S for name in ("beta1", "beta2")]
        return np.stack([rate_S, *corrections])


def recipe(setting: Mapping[str, Any], max_steps: int) -> Recipe:
    """What the loop reads of this setting.

    Raises:
        WorkloadError: for a name that is missing or misspelt, all of them at once, or a batch size
            that is no whole number.
        ValueError: for values that cannot be trained with, all of them at once.
    """
    optimizer = _optimizer(setting)
    rule = OPTIMIZERS[optimizer]
    needed = ("learning_rate", "batch_size", *(one for one in rule.needs if one != "momentum"))
    if optimizer in ("momentum", "nesterov"):
        needed = (*needed, "momentum")
    needed = (*needed, *_needed_by_schedule(setting))
    _refuse_missing([name for name in needed if name not in setting])
    read = {*rule.needs, "weight_decay", "gradient_clip"}
    staying = {name: float(setting.get(name, 0.0)) if name in read else 0.0 for name in STAYING}
    staying["gradient_clip"] = float(setting.get("gradient_clip", math.inf))
    result = Recipe(
        optimizer=optimizer,
        batch_size=_whole("batch_size", setting["batch_size"]),
        learning_rate=float(setting["learning_rate"]),
        staying=staying,
        schedule=_schedule(setting, max_steps),
    )
    _refuse_impossible(result)
    return result


def seed_of(trial: Trial) -> int:
    """The trial's seed, or the one that its setting gives it: a `seed` may be a hyperparameter."""
    return derived_seed(int(trial["seed"])) if "seed" in trial else trial.seed


def _optimizer(setting: Mapping[str, Any]) -> str:
    """The optimizer's name as we write it; misspelt names are refused before they are missed."""
    for name in setting:
        entry = known_alias(name)
        if name not in READ and entry is not None and entry.name in READ:
            raise WorkloadError(
                f"The loop reads `{entry.name}`, which the experiment calls `{name}`. Rename it."
            )
    if "optimizer" not in setting:
        _refuse_missing(["optimizer"])
    text = str(setting["optimizer"])
    name = known_optimizer(text)
    if name not in OPTIMIZERS:
        raise WorkloadError(
            f"The loop has no optimizer `{text}`. {did_you_mean(text, list(OPTIMIZERS))}"
        )
    if name == "sgd" and setting.get("momentum"):
        raise WorkloadError(
            "The optimizer `sgd` has no momentum, but the experiment gives `momentum`. "
            'Write optimizer = "momentum" or "nesterov", or leave it out.'
        )
    return name


def _schedule_name(setting: Mapping[str, Any]) -> str:
    name = str(setting.get("schedule", "constant"))
    if name not in SCHEDULES:
        raise WorkloadError(
            f"The loop has no schedule `{name}`. {did_you_mean(name, list(SCHEDULES))}"
        )
    return name


def _needed_by_schedule(setting: Mapping[str, Any]) -> tuple[str, ...]:
    """The names without which a schedule says nothing; most have a default for all of theirs."""
    name = _schedule_name(setting)
    if name == "inverse_sqrt" and not any(scale in setting for scale in _TIME_SCALES):
        return ("decay_steps",)
    return ("schedule_pieces",) if name == "piecewise" else ()


def _schedule(setting: Mapping[str, Any], max_steps: int) -> Schedule:
    name = _schedule_name(setting)
    warmup = _steps(setting, "warmup", 0, max_steps)
    constant = max(int(setting.get("constant_steps", 0)), 0)
    if name == "piecewise":
        return Schedule(
            name=name, warmup_steps=warmup, constant_steps=constant, pieces=_pieces(setting)
        )
    by_default = warmup if name == "inverse_sqrt" else max(max_steps - warmup - constant, 1)
    decay = _steps(setting, "decay", by_default, max_steps)
    final = float(setting.get("final_factor", 0.0))
    if "final_learning_rate" in setting:
        final = float(setting["final_learning_rate"]) / float(setting["learning_rate"])
    return Schedule(
        name=name,
        warmup_steps=warmup,
        constant_steps=constant,
        decay_steps=decay if name == "inverse_sqrt" else max(decay, 1),
        final_factor=final,
    )


def _pieces(setting: Mapping[str, Any]) -> tuple[Piece, ...]:
    try:
        return pieces(str(setting["schedule_pieces"]))
    except SpaceError as error:
        raise WorkloadError(f"The loop cannot read `schedule_pieces`: {error}") from error


def _steps(setting: Mapping[str, Any], part: str, default: int, max_steps: int) -> int:
    """Steps of a part, given as steps or as a fraction of all."""
    if f"{part}_fraction" in setting:
        return round(float(setting[f"{part}_fraction"]) * max_steps)
    return int(setting.get(f"{part}_steps", default))


def _whole(name: str, value: Any) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or value % 1 != 0 or value < 1:
        raise WorkloadError(
            f"`{name}` needs a whole number, 1 or more, got {value!r}. "
            "Write it so; as a range, `{ low = 16, high = 256, integer = true }`."
        )
    return int(value)


def _refuse_missing(missing: list[str]) -> None:
    if missing:
        lines = "; ".join(f"{name} = {_USUAL[name]}" for name in missing)
        scale = " An inverse square root falls by it, or else by its warmup, as its time scale."
        raise WorkloadError(
            f"The loop needs {', '.join(f'`{name}`' for name in missing)} in every trial. "
            f"Write for example {lines} in [fixed], or search it in [nuisance]."
            + (scale if "decay_steps" in missing else "")
        )


def _refuse_impossible(recipe: Recipe) -> None:
    mistakes = [*_impossible_numbers(recipe), *_impossible_schedule(recipe.schedule)]
    if mistakes:
        raise ValueError(" ".join(mistakes))


def _impossible_numbers(recipe: Recipe) -> Iterator[str]:
    values = {"learning_rate": recipe.learning_rate, **recipe.staying}
    below_one = ("momentum", "beta1", "beta2", "rmsprop_decay")
    for name, value in values.items():
        if math.isnan(value) or value < 0 or (name in below_one and value >= 1):
            where = "at least 0 and below 1" if name in below_one else "at least 0"
            yield f"`{name}` is {value:g}; {recipe.optimizer} needs it {where}."
    if recipe.staying["gradient_clip"] == 0:
        yield "`gradient_clip` is 0, so nothing would move; leave it out for no limit."


def _impossible_schedule(schedule: Schedule) -> Iterator[str]:
    if schedule.warmup_steps < 0:
        yield f"`warmup_steps` is {schedule.warmup_steps}; a warmup takes 0 steps or more."
    if not 0.0 <= schedule.final_factor < math.inf:
        yield (
            f"`final_factor` is {schedule.final_factor:g}; the rate ends at this share of itself, "
            "at least 0."
        )
    if schedule.name == "exponential" and not schedule.final_factor:
        yield (
            "`final_factor` is 0, and `exponential` has no way to 0 by equal ratios; give it above "
            "0, for example 0.01."
        )
    if schedule.decay_steps < 1:
        yield (
            f"`{schedule.name}` has {schedule.decay_steps} steps as its time scale, by "
            "`decay_steps` or else by its warmup; give it 1 or more."
        )
