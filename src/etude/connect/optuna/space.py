"""The distributions of Optuna become domains, and its numbers the values that they stand for.

Distributions of versions before 3 (uniform, log-uniform, discrete, by whole numbers) are read too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, final

from ...errors import SpaceError
from ...space import Choice, Domain, Integer, Real, Scalar, is_scalar
from ..parsing import files
from ..parsing.scalars import float_value

Kind: TypeAlias = Literal["real", "integer", "choice"]
# The kind, and whether the name alone says that the scale is logarithmic.
KINDS: Mapping[str, tuple[Kind, bool]] = {
    "FloatDistribution": ("real", False),
    "UniformDistribution": ("real", False),
    "LogUniformDistribution": ("real", True),
    "DiscreteUniformDistribution": ("real", False),
    "IntDistribution": ("integer", False),
    "IntUniformDistribution": ("integer", False),
    "IntLogUniformDistribution": ("integer", True),
    "CategoricalDistribution": ("choice", False),
}


@final
@dataclass(frozen=True, kw_only=True)
class Distribution:
    """The distribution of a hyperparameter; `step` is 0 where every value may be drawn.

    Args:
        has_texts: Whether a choice is no value that a setting can hold, so that its text stands
            for it.
    """

    kind: Kind
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: float = 0.0
    choices: tuple[Scalar, ...] = ()
    has_texts: bool = False


def parsed_distribution(text: str) -> Distribution | None:
    """The distribution of a JSON text; None where it is none that Optuna writes.

    >>> text = '{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}'
    >>> parsed_distribution(text).high
    1.0
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    attributes = content.get("attributes") if isinstance(content, dict) else None
    if not isinstance(attributes, dict) or content.get("name") not in KINDS:
        return None
    kind, log = KINDS[content["name"]]
    if kind == "choice":
        return _categorical(attributes.get("choices"))
    low, high = float_value(attributes.get("low")), float_value(attributes.get("high"))
    if low is None or high is None or not math.isfinite(high - low):
        return None
    step = float_value(attributes.get("step", attributes.get("q"))) or 0.0
    return Distribution(
        kind=kind,
        low=low,
        high=high,
        log=log or attributes.get("log") is True,
        step=0.0 if kind == "integer" and step == 1 else step,
    )


def value(distribution: Distribution, number: float) -> Scalar | None:
    """The value that a number stands for; None where it stands for none."""
    if not math.isfinite(number):
        return None
    if distribution.kind == "real":
        return number
    if distribution.kind == "integer":
        return int(number)
    index = int(number)
    return distribution.choices[index] if 0 <= index < len(distribution.choices) else None


def merged_domain(name: str, seen: Iterable[Distribution]) -> tuple[Domain | None, list[str]]:
    """The domain of a hyperparameter over all its distributions, and messages of what is lost."""
    distributions = list(dict.fromkeys(seen))
    first = distributions[0]
    messages = []
    if len({(one.kind, one.log) for one in distributions}) > 1:
        return None, [f"`{name}` is of several kinds there; its bounds are taken from the trials."]
    if len(distributions) > 1:
        messages.append(
            f"`{name}` has {len(distributions)} ranges there; here it has one that holds them all."
        )
    if any(one.has_texts for one in distributions):
        messages.append(f"Choices of `{name}` are no plain values; they stand here as text.")
    if any(one.step for one in distributions):
        messages.append(f"The step of `{name}` has no counterpart here: only its bounds arrive.")
    merged = _merged(first, distributions)
    try:
        return _domain(merged), messages
    except SpaceError as error:
        return None, [*messages, f"The range of `{name}` cannot be kept: {error}"]


def _merged(first: Distribution, distributions: list[Distribution]) -> Distribution:
    choices = dict.fromkeys(
        (type(choice), choice) for one in distributions for choice in one.choices
    )
    return replace(
        first,
        low=min(one.low for one in distributions),
        high=max(one.high for one in distributions),
        choices=tuple(choice for _, choice in choices),
    )


def _domain(merged: Distribution) -> Domain:
    if merged.kind == "choice":
        return Choice(merged.choices)
    if merged.kind == "integer":
        low, high = int(merged.low), int(merged.high)
        return Choice([low]) if low == high else Integer(low, high, log=merged.log)
    if merged.low == merged.high:
        return Choice([merged.low])
    return Real(merged.low, merged.high, log=merged.log)


def _categorical(choices: Any) -> Distribution | None:
    if not isinstance(choices, list) or not choices:
        return None
    texts = tuple(_choice_value(choice) for choice in choices)
    try:
        Choice(texts)
    except SpaceError:
        # Two choices that read alike are told apart by their position.
        texts = tuple(f"{position}: {text}" for position, text in enumerate(texts))
    return Distribution(kind="choice", choices=texts, has_texts=texts != tuple(choices))


def _choice_value(choice: Any) -> Scalar:
    """The choice as a setting holds it: a text is cleaned, and an object becomes text."""
    if isinstance(choice, str):
        return files.clean(choice)
    if is_scalar(choice):
        return choice
    return str(choice) if choice is None or isinstance(choice, float) else json.dumps(choice)
