"""ROW broke: "trial broke ... lost what it had gained" (D1), of noise and of breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from etude.analyze.checks.stability import stability

from . import simulated
from .cell import Cell, Row

TRIALS = 5
LEVEL, NOISE = 1.0, 0.05
Curves = dict[str, simulated.Values]
Making = Callable[[np.random.Generator, int, float, bool], Curves]


def flat(rng: np.random.Generator, evaluations: int, memory: float, shared: bool) -> Curves:
    """Nothing but noise around a level."""
    noise = simulated.noises(rng, evaluations, memory, shared=shared)
    return {name: LEVEL + NOISE * values_E for name, values_E in noise.items()}


def plateau(rng: np.random.Generator, evaluations: int, memory: float, shared: bool) -> Curves:
    """A fast fall, and then the same noise."""
    course_E = np.exp(-40.0 * simulated.share(evaluations))
    noise = simulated.noises(rng, evaluations, memory, shared=shared)
    return {name: course_E + 0.4 * NOISE * values_E for name, values_E in noise.items()}


def noisy_fall(rng: np.random.Generator, evaluations: int, memory: float, shared: bool) -> Curves:
    """Noise of 30 % of a loss that falls from 12 to 0.8."""
    course_E = 0.8 + 11.2 * np.exp(-24.0 * simulated.share(evaluations))
    noise = simulated.noises(rng, evaluations, memory, shared=shared)
    return {name: course_E * np.exp(0.3 * values_E) for name, values_E in noise.items()}


def alone(rng: np.random.Generator, evaluations: int, memory: float, shared: bool) -> Curves:
    """The same, where nothing but the metric was reported."""
    curves = noisy_fall(rng, evaluations, memory, shared)
    return {simulated.METRIC: curves[simulated.METRIC]}


def broken(
    rng: np.random.Generator, evaluations: int, memory: float, shared: bool, *, until: float
) -> Curves:
    """Two fifths of what was gained are lost from half of the run on, until then."""
    done_E = simulated.share(evaluations)
    course_E = np.exp(-4.0 * done_E) + 0.4 * ((done_E > 0.5) & (done_E <= until))
    noise = simulated.noises(rng, evaluations, memory, shared=shared)
    return {name: course_E + 0.02 * values_E for name, values_E in noise.items()}


def measure(
    make: Making, evaluations: int, memory: float, shared: bool, seed: Sequence[int]
) -> tuple[int, int]:
    """How many trials of a study are called broken, or never learned."""
    rng = np.random.default_rng([*seed, evaluations])
    study = simulated.study(evaluations)
    given = [make(rng, evaluations, memory, shared) for _ in range(TRIALS)]
    trials = stability(study, simulated.traced(study, given)).trials
    return sum(trial.status == "problem" for trial in trials), len(trials)


def _cells() -> list[Cell]:
    cells = []
    for evaluations in (30, 100):
        for shared in (False, True):
            for memory in (0.0, 0.5, 0.9):
                kind = f"{evaluations}, memory {memory:g}, {'shared' if shared else 'own'} noise"
                at = (evaluations, memory, shared)
                flat_of = partial(measure, flat, *at)
                cells.append(
                    Cell(
                        name=f"flat, {kind}", group="flat", measure=flat_of, limit=0.03, repeats=400
                    )
                )
                plateau_of = partial(measure, plateau, *at)
                cells.append(
                    Cell(
                        name=f"plateau, {kind}",
                        group="plateau",
                        measure=plateau_of,
                        limit=None,
                        repeats=400,
                        full=not shared,
                    )
                )
    for evaluations in (30, 100, 600):
        for make, name in ((noisy_fall, "three series"), (alone, "the metric alone")):
            cells.append(
                Cell(
                    name=f"30 % noise on a falling loss, {evaluations}, {name}",
                    group="noise in proportion",
                    measure=partial(measure, make, evaluations, 0.0, False),
                    limit=0.03,
                    repeats=400 if evaluations < 600 else 100,
                    full=evaluations == 600,
                )
            )
    for evaluations in (20, 60, 200):
        for until, how in ((0.6, "recovers"), (1.0, "stays")):
            cells.append(
                Cell(
                    name=f"a break that {how}, {evaluations}",
                    group="found",
                    measure=partial(measure, partial(broken, until=until), evaluations, 0.0, False),
                    limit=0.9,
                    at_most=False,
                )
            )
    return cells


ROW = Row(
    claim="a trial broke, of noise alone and of breaks", cells=_cells(), rests_on=("analyze",)
)
