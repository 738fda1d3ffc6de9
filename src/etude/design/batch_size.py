"""The batch sizes that an update of an experiment may use, what is accumulated counted in."""

from __future__ import annotations

import math

from ..experiment import Experiment
from ..experiment.hyperparameter import Hyperparameter
from ..playbook.words import words
from ..space import Choice, Integer, Real, is_number, value_text
from ..wording import number
from .catalogued import catalogued, literal, strengths

# Words of a batch size that counts every device and what is accumulated, and of one that is less.
_OF_ALL = {"global", "effective", "total"}
_OF_A_PART = {"micro"}


def batch_sizes(experiment: Experiment | None) -> list[str]:
    """Every batch size that an update of an experiment may use, as text.

    Accumulated batches are one to the optimizer: 16 four times is 64.

    Source: S10.
    """
    if experiment is None:
        return []
    sizes: set[str] = set()
    for hyperparameter in of_batch_size(experiment):
        factor = accumulated(hyperparameter, experiment)
        if factor != 1 and (numbers := strengths(hyperparameter.value)):
            sizes.update(number(size * factor, 6) for size in numbers)
        elif isinstance(hyperparameter.value, Real | Integer):
            bounds = (hyperparameter.value.low, hyperparameter.value.high)
            sizes.add(" to ".join(number(factor * bound) for bound in bounds))
        elif isinstance(hyperparameter.value, Choice):
            sizes.update(map(value_text, hyperparameter.value.values))
        else:
            sizes.add(literal(hyperparameter))
    return sorted(sizes, key=lambda text: (len(text), text))


def of_batch_size(experiment: Experiment) -> list[Hyperparameter]:
    """Those that say how many examples an update sees: of all devices before those of one part.

    Source: S10.
    """
    sizes = [one for one, entry in catalogued(experiment) if entry.name == "batch_size"]
    of_all = [one for one in sizes if _words_of(one) & _OF_ALL]
    return of_all or [one for one in sizes if not _words_of(one) & _OF_A_PART] or sizes


def _words_of(hyperparameter: Hyperparameter) -> set[str]:
    return {word for segment in words(hyperparameter.name) for word in segment}


def accumulated(size: Hyperparameter, experiment: Experiment) -> float:
    """How many batches of this size an update sums up, where that is fixed and not in it yet.

    Source: S6, S10.
    """
    if _words_of(size) & _OF_ALL:
        return 1
    return math.prod(
        float(one.value)
        for one, entry in catalogued(experiment, ("fixed",))
        if entry.name == "gradient_accumulation" and is_number(one.value) and not one.when
    )


def largest_batch_size(experiment: Experiment) -> float:
    """The largest that an update of an experiment may use; 0 where none is known.

    Source: S10, S14.
    """
    sizes = [
        accumulated(one, experiment)
        * (one.value.high if isinstance(one.value, Real | Integer) else max(strengths(one.value)))
        for one in of_batch_size(experiment)
        if isinstance(one.value, Real | Integer) or strengths(one.value)
    ]
    return max(sizes, default=0.0)
