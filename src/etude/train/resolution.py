"""Resolution: the differences that an evaluation set of some size can tell, and for how long."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from ..errors import WorkloadError

# The usual ones: a difference is called so in 5 % without any, and missed in 20 %.
CONFIDENCE, POWER = 0.95, 0.8
_NORMAL = NormalDist()


def standard_error(error: float, examples: int) -> float:
    """The sampling error of an error rate on so many examples, sqrt(p (1 - p) / n).

    Source: E4, A1.

    >>> round(standard_error(0.1, 900), 3)
    0.01
    """
    _refuse(error, examples)
    return math.sqrt(error * (1.0 - error) / examples)


def examples_to_resolve(
    difference: float,
    error: float,
    *,
    disagreement: float | None = None,
    confidence: float = CONFIDENCE,
    power: float = POWER,
) -> int:
    """The validation examples that tell two error rates apart, both measured on the same examples.

    Only examples on which the two disagree tell them apart. With d the share of these and e the
    difference, n = (z sqrt(d) + w sqrt(d - e^2))^2 / e^2 (McNemar's test; Connor 1987), z and w the
    normal quantiles of confidence and power.

    Args:
        difference: Of the two error rates, the improvement sought.
        error: The higher of them.
        disagreement: The share of examples that only one of the two has right; None for as many as
            two independent models have, which is cautious: relatives disagree far less.
        confidence: See above, of a two-sided test.
        power: See above.

    Raises:
        WorkloadError: for a difference that is none, or that the error does not leave room for.

    Source: E4.

    >>> examples_to_resolve(0.01, 0.1), examples_to_resolve(0.01, 0.1, disagreement=0.03)
    (13498, 2353)
    """
    if not 0.0 < difference <= error <= 1.0:
        raise WorkloadError(
            f"An error of {error} leaves no room for a difference of {difference}. Give shares "
            "with 0 < difference <= error <= 1."
        )
    other = error - difference
    independent = error * (1.0 - other) + other * (1.0 - error)
    share = max(independent if disagreement is None else disagreement, difference)
    z, w = _NORMAL.inv_cdf((1.0 + confidence) / 2.0), _NORMAL.inv_cdf(power)
    spread = math.sqrt(max(share - difference**2, 0.0))
    return math.ceil((z * math.sqrt(share) + w * spread) ** 2 / difference**2)


def resolved_difference(error: float, examples: int, *, disagreement: float | None = None) -> float:
    """The smallest improvement that so many validation examples tell: `examples_to_resolve` undone.

    The whole error where not even no mistake at all would be told from it.

    Source: E4.

    >>> round(resolved_difference(0.1, 13498), 4)
    0.01
    """
    _refuse(error, examples)
    if not error:
        return 0.0
    low, high = 0.0, error
    if examples_to_resolve(high, error, disagreement=disagreement) > examples:
        return error
    for _ in range(60):
        middle = (low + high) / 2.0
        is_told = examples_to_resolve(middle, error, disagreement=disagreement) <= examples
        low, high = (low, middle) if is_told else (middle, high)
    return high


def selection_bias(trials: int, standard_error: float) -> float:
    """By how much the best of some trials looks better than it is, were all equally good.

    The mean of the largest of k normal values, in standard errors: an evaluation set wears out as
    more trials are chosen by it. Trials that share examples and mistakes wear it out less.

    Args:
        trials: How many the best is chosen from.
        standard_error: Of a value on the evaluation set.

    Source: E4, Q10.

    >>> [round(selection_bias(trials, 0.01), 4) for trials in (1, 2, 20, 1000)]
    [0.0, 0.0056, 0.0187, 0.0324]
    """
    if trials < 1 or not standard_error >= 0.0:
        raise WorkloadError(
            f"The best is chosen of 1 trial or more and a standard error is 0 or more, got "
            f"{trials} and {standard_error}."
        )
    # E max = integral of 1 - F^k above 0, less that of F^k below.
    at = np.linspace(-10.0, 10.0, 4001)
    below = np.array([_NORMAL.cdf(value) for value in at.tolist()]) ** trials
    return abs(float(np.trapezoid(np.heaviside(at, 0.5) - below, at))) * standard_error


def selection_luck(trials: int, standard_error: float, *, chance: float = 0.95) -> float:
    """By how much the best of some trials may look better than it is, were all equally good.

    The quantile of the largest of k normal values: with this chance it lies no further.

    Args:
        trials: How many the best is chosen from.
        standard_error: Of a value on the evaluation set.
        chance: Of every study, so many look no better; 0 to 1.

    Source: E4, Q10.

    >>> [round(selection_luck(trials, 0.01), 4) for trials in (1, 10, 1000)]
    [0.0164, 0.0257, 0.0388]
    """
    return _NORMAL.inv_cdf(chance ** (1.0 / trials)) * standard_error


def _refuse(error: float, examples: int) -> None:
    if not (0.0 <= error <= 1.0 and examples >= 1):
        raise WorkloadError(
            f"An error rate lies from 0 to 1 and rests on 1 example or more, got {error} on "
            f"{examples}. Report a share, not percent."
        )
