"""Optuna's distributions become domains, and its numbers the values that they stand for.

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
from ..parsing.scalars import real

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
    """What a distribution says of one hyperparameter; `step` is 0 where every value may be drawn.

    Args:
        renamed: Whether a choice is no value that a setting can hold, so that its text stands here.
    """

    kind: Kind
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: float = 0.0
    choices: tuple[Scalar, ...] = ()
    renamed: bool = False


def parsed(text: str) -> Distribution | None:
    """The distribution of a JSON text; None where it is none that Optuna writes.

    >>> parsed('{"name": "UniformDistribution", "attributes": {"low": 0, "high": 1}}').high
    1.0
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    attributes = found.get("attributes") if isinstance(found, dict) else None
    if not isinstance(attributes, dict) or found.get("name") not in KINDS:
        return None
    kind, log = KINDS[found["name"]]
    if kind == "choice":
        return _chosen(attributes.get("choices"))
    low, high = real(attributes.get("low")), real(attributes.get("high"))
    if low is None or high is None or not math.isfinite(high - low):
        return None
    step = real(attributes.get("step", attributes.get("q"))) or 0.0
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
    at = int(number)
    return distribution.choices[at] if 0 <= at < len(distribution.choices) else None


def domain(name: str, seen: Iterable[Distribution]) -> tuple[Domain | None, list[str]]:
    """The domain of a hyperparameter over all its distributions, and what of them is lost."""
    found = list(dict.fromkeys(seen))
    first = found[0]
    told = []
    if len({(one.kind, one.log) for one in found}) > 1:
        return None, [f"`{name}` is of several kinds there; its bounds are taken from the trials."]
    if len(found) > 1:
        told.append(f"`{name}` has {len(found)} ranges there; here it has one that holds them all.")
    if any(one.renamed for one in found):
        told.append(f"Choices of `{name}` are no plain values; they stand here as text.")
    if any(one.step for one in found):
        told.append(f"The step of `{name}` has no counterpart here: only its bounds arrive.")
    whole = _union(first, found)
    try:
        return _domain(whole), told
    except SpaceError as error:
        return None, [*told, f"The range of `{name}` cannot be kept: {error}"]


def _union(first: Distribution, found: list[Distribution]) -> Distribution:
    choices = dict.fromkeys((type(choice), choice) for one in found for choice in one.choices)
    return replace(
        first,
        low=min(one.low for one in found),
        high=max(one.high for one in found),
        choices=tuple(choice for _, choice in choices),
    )


def _domain(whole: Distribution) -> Domain:
    if whole.kind == "choice":
        return Choice(whole.choices)
    if whole.kind == "integer":
        low, high = int(whole.low), int(whole.high)
        return Choice([low]) if low == high else Integer(low, high, log=whole.log)
    if whole.low == whole.high:
        return Choice([whole.low])
    return Real(whole.low, whole.high, log=whole.log)


def _chosen(choices: Any) -> Distribution | None:
    if not isinstance(choices, list) or not choices:
        return None
    texts = tuple(_text(choice) for choice in choices)
    try:
        Choice(texts)
    except SpaceError:
        # Two that read alike are told apart by their position.
        texts = tuple(f"{at}: {text}" for at, text in enumerate(texts))
    return Distribution(kind="choice", choices=texts, renamed=texts != tuple(choices))


def _text(choice: Any) -> Scalar:
    """The choice, its text cleaned as that of settings is; of what no setting holds, the text."""
    if isinstance(choice, str):
        return files.clean(choice)
    if is_scalar(choice):
        return choice
    return str(choice) if choice is None or isinstance(choice, float) else json.dumps(choice)
