"""Study: trials that answer one question together, for one scientific setting."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from .experiment.objective import Objective
from .space import Scalar, Space, value_text


@final
@dataclass(frozen=True)
class Prior:
    """A trial of an earlier round, as far as a search may learn from it.

    Args:
        setting: What it was trained with; hyperparameters that this study does not vary may be in.
        value: Its best value of the metric, as reported; None where it was infeasible.
        even: Whether it spread evenly; not where its round's search had begun to adapt.
        experiment: The name of that round.
    """

    setting: Mapping[str, Scalar]
    value: float | None
    even: bool = True
    experiment: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Study:
    """Trials of one scientific setting: their space, their number, their search, their objective.

    Args:
        name: The scientific setting as text, `optimizer=adam`; `all` where nothing is scientific.
        scientific: The scientific values that hold in the whole study.
        space: The nuisance hyperparameters that exist here.
        fixed: The fixed ones that exist here.
        merged: The scientific hyperparameters that are sampled in `space`, in a merged study (R14).
        listed: Its settings, where they were listed by hand.
        search_options: The options of the search, by name.
        schedule: What stops, continues or changes trials while they train; None for nothing.
        schedule_options: The options of the schedule, by name.
        observed: Hyperparameters whose bounds are only the outermost values that were tried.
        validation_examples: Examples behind one value of the metric; None where not known.
        chance: What the metric reaches by chance; None where not known.
        names: What checks take a hyperparameter or metric for, where a person says so ([names]).
        seed: Of the search; derived from the experiment's seed and the study's name, so that adding
            a scientific value changes no other study.
        prior: Trials of earlier rounds judged alike: the same metric, length and fixed values.

    Source: R12, R13, R14.
    """

    name: str
    scientific: Mapping[str, Scalar]
    space: Space
    fixed: Mapping[str, Scalar]
    max_trials: int
    seed: int
    search: str
    metric: str
    maximize: bool
    max_steps: int
    evaluations: int
    merged: tuple[str, ...] = ()
    listed: tuple[Mapping[str, Scalar], ...] = ()
    prior: tuple[Prior, ...] = ()
    search_options: Mapping[str, Any] = field(default_factory=dict)
    schedule: str | None = None
    schedule_options: Mapping[str, Any] = field(default_factory=dict)
    observed: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    validation_examples: int | None = None
    chance: float | None = None

    @property
    def objective(self) -> Objective:
        """What trials are judged by."""
        return Objective(self.metric, self.maximize)

    def setting(self, searched: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """All that a trial is handed: fixed, scientific and searched values, sorted by name."""
        return dict(sorted({**self.fixed, **self.scientific, **searched}.items()))


def study_name(scientific: Mapping[str, Scalar]) -> str:
    """The name of the study of these scientific values.

    >>> study_name({"optimizer": "adam", "depth": 2})
    'depth=2,optimizer=adam'
    """
    pairs = sorted((name, value_text(value)) for name, value in scientific.items())
    return ",".join(f"{name}={text}" for name, text in pairs) or "all"


def derived_seed(seed: int, *parts: str | int) -> int:
    """A seed in [0, 2**31) that depends on `seed` and on every part, and on nothing else."""
    text = "/".join([str(seed), *map(str, parts)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") >> 1


def evaluation_steps(max_steps: int, evaluations: int) -> list[int]:
    """The steps at which a trial evaluates: regular in steps, the last one always among them.

    Source: E2.

    >>> evaluation_steps(10, 3)
    [3, 6, 9]
    """
    return sorted({math.ceil((k + 1) * max_steps / evaluations) - 1 for k in range(evaluations)})
