"""The learning rate of a configuration, by the user's name of it, for the recipes that sweep it."""

from __future__ import annotations

from ..errors import RunError
from ..space import is_number
from .base import Known

RATE = "learning_rate"


def rate_of(known: Known, *, without: str) -> tuple[str, float]:
    """The user's name of the learning rate, and its value in the configuration.

    Args:
        known: What is known, the configuration among it.
        without: What is impossible where there is none, as a clause.

    Raises:
        RunError: where there is none, or not a number above 0.

    Source: T7, D1, S17.
    """
    name = known.name_of(RATE)
    if name is None:
        raise RunError(
            f"`{known.base.name}` has no learning rate, so {without}. "
            'Say which hyperparameter is it: `[names]` with `lr = "learning_rate"`.'
        )
    rate = known.setting[name]
    if not is_number(rate) or not rate > 0.0:
        raise RunError(
            f"`{name}` is {rate!r}, and a sweep needs a rate above 0. Give one: --set {name}=0.1."
        )
    return name, float(rate)
