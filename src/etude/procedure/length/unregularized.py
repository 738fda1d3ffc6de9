"""A configuration at a constant rate, without augmentation and regularization."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ...advise.schedule_moves import CONSTANT
from ...design.catalogued import hyperparameters
from ...errors import RunError
from ...experiment import Experiment
from ...playbook.catalogue import Entry, known, known_switch
from ...space import Choice, Scalar
from ...wording import did_you_mean
from ..base import Known, Setting
from ..given import same_kind

# What shapes the rate over the steps; without them Etude's loop trains at one rate.
_SHAPES = frozenset(
    {
        "schedule",
        "warmup_steps",
        "warmup_fraction",
        "constant_steps",
        "decay_steps",
        "decay_fraction",
        "final_factor",
        "final_learning_rate",
    }
)


@final
@dataclass(frozen=True, kw_only=True)
class UnregularizedConfiguration:
    """A configuration with all switched off that can be, and what could not.

    Args:
        off: The regularization and augmentation that was switched off.
        shapes: Of the schedule, what was switched off or left out.
        left: What could not be switched off from outside, by name.
        decided: All that has its value from here, changed by it or not, by name.
    """

    setting: Setting
    off: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    decided: frozenset[str] = frozenset()


def unregularized(
    known_now: Known, without: Mapping[str, Scalar | None]
) -> UnregularizedConfiguration:
    """The configuration that T7's sweep is of.

    What is switched off is what the catalogue knows with the value that means its absence, and what
    a person names, with its value where 0 or false is not it.

    Raises:
        RunError: for a name that the setting lacks, or one whose absence has no known value.

    Source: T7, R9.
    """
    setting = dict(known_now.setting)
    base = known_now.base
    _refuse(known_now, without)
    off = {name: _absent(name, setting[name], given) for name, given in without.items()}
    off |= {name: value for name, value in _regularizers(setting, base) if name not in off}
    shapes, left = constant_shapes(known_now, besides=off)
    changed = {**setting, **off, **shapes}
    return UnregularizedConfiguration(
        setting={name: value for name, value in changed.items() if value is not None},
        off=tuple(name for name, value in off.items() if setting[name] != value),
        shapes=tuple(name for name, value in shapes.items() if setting[name] != value),
        left=left,
        decided=frozenset({**off, **shapes}),
    )


def constant_shapes(
    known_now: Known, *, besides: Collection[str] = ()
) -> tuple[dict[str, Scalar | None], tuple[str, ...]]:
    """What makes the rate of a configuration constant, and what of it cannot be made so.

    Etude's loop trains at one rate where nothing of a schedule is said: None stands for what is
    left out.

    Args:
        known_now: What is known, the configuration among it.
        besides: Names that are changed otherwise.

    Source: T7, S11.
    """
    base, setting = known_now.base, known_now.setting
    shapes: dict[str, Scalar | None] = {}
    left = []
    for name in setting:
        entry = known(name, base.names)
        if entry is None or entry.name not in _SHAPES or name in besides:
            continue
        if known_now.own_loop:
            shapes[name] = None
            continue
        still = _constant(name, entry, base, setting)
        if still is None:
            left.append(name)
        else:
            shapes[name] = still
    return shapes, tuple(left)


def _refuse(known_now: Known, without: Mapping[str, Scalar | None]) -> None:
    """Refuses names that cannot be switched off, and values of another kind."""
    for name in without:
        if name not in known_now.setting:
            near = did_you_mean(name, list(known_now.setting))
            raise RunError(f"--without names `{name}`, which no setting has. {near}")
    if (rate := known_now.name_of("learning_rate")) in without:
        raise RunError(f"--without names `{rate}`, which the sweep varies. Leave it out.")
    typed = {name: value for name, value in without.items() if value is not None}
    same_kind(known_now.setting, typed, option="--without")


def _regularizers(setting: Setting, base: Experiment) -> Iterator[tuple[str, Scalar]]:
    """Names of regularization and augmentation with their values that mean none."""
    for name, value in setting.items():
        if isinstance(value, bool):
            if known_switch(name, base.names) is not None:
                yield name, False
            continue
        entry = known(name, base.names)
        # What has a switch is there or not (R9): regularization, and augmentation by analogy.
        if entry is not None and entry.switch and entry.off is not None:
            yield name, entry.off


def _absent(name: str, value: Scalar, given: Scalar | None) -> Scalar:
    """The value that means that a named hyperparameter is not there."""
    if given is not None:
        return given
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        raise RunError(
            f"--without {name}: what means none of it is not known, since it is text (`{value}`). "
            f"Write the value too, --without {name}=none."
        )
    return 0.0 if isinstance(value, float) else 0


def _constant(name: str, entry: Entry, base: Experiment, setting: Setting) -> Scalar | None:
    """The value by which a schedule setting of a user's loop leaves the rate as it is.

    None where it is not known; lengths of a schedule that is constant matter no more.
    """
    if entry.off is not None:
        return entry.off
    if entry.name != "schedule":
        schedules = [one for one in setting if _is(one, base, "schedule")]
        has_constant = any(_constant_values(one, base, setting[one]) for one in schedules)
        return setting[name] if has_constant else None
    values = _constant_values(name, base, setting[name])
    return values[0] if values else None


def _constant_values(name: str, base: Experiment, value: Scalar) -> Sequence[Scalar]:
    """The values of a schedule, as the file lists them, that decay nothing."""
    listed = [value]
    for one in hyperparameters(base):
        if one.name == name and isinstance(one.value, Choice):
            listed += one.value.values
    return [one for one in listed if str(one).casefold() in CONSTANT]


def _is(name: str, base: Experiment, entry: str) -> bool:
    hit = known(name, base.names)
    return hit is not None and hit.name == entry
