"""Bayesian optimization: a model of the loss, and one of where trials fail, choose what is next.

Axes: T trials with a result, D hyperparameters that vary, E inputs of the model.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from ..move import Move, Start
from ..record import Records
from ..space import Space
from ..space.vectorized import settings
from ..study import Study, derived_seed
from .gaussian_process import GaussianProcess
from .observations import START, Observations, observations, started, thinned
from .quasi_random import QuasiRandom
from .surrogate import Surrogate, inputs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what these libraries use of PyTorch is deprecated there
    from botorch.models import SingleTaskGP

Floats: TypeAlias = NDArray[np.float64]

# Heuristic: of one loss nothing can be expected.
FEWEST_LOSSES = 2
# Heuristic: a model of more takes seconds. Its matrices take 2 MB each, 50 MB in all.
MOST_TRIALS = 500
# Heuristic: a cliff is a step, and a process that follows it exactly, by short lengths, knows
# nothing a little aside. With these bounds the log loss on points not seen is half as large.
CLIFF_LENGTH, CLIFF_NOISE = 0.3, 0.3
# Normal prior of the noise's logarithm. Heuristic: BoTorch's (-4, 1) takes what has no noise
# for noisy, and its search ends a hundred times as far from the best.
NOISE, LEAST_NOISE = (-6.0, 3.0), 1e-7
# Of lengths, noise and mean, in units of the cube and of the losses: no step leaves the numbers.
MOST = 1000.0
IMPOSSIBLE = 1e10
# Heuristic: a fit that is finer gains a hundredth of log likelihood.
FIT_TOLERANCE = 1e-6
# How many of the best settings are looked around.
ANCHORS = 5


@final
@dataclass(frozen=True)
class Bayesian:
    """Where a Gaussian process expects the largest improvement that can be trained.

    The start is quasi-random. Each later trial is chosen as if those that still run had ended as
    expected. The expected improvement (Jones 1998; Ament 2023) is multiplied by the probability
    that the setting can be trained, which a second process learns from every infeasible trial
    (Gelbart 2014), and is never taken where failing is likelier than 25 %, while there is another
    place. Losses far worse than the start's count as infeasible.

    Args:
        start: The share of `max_trials` that is quasi-random, and comes first.

    Source: X1, X2, X5, Q8.
    """

    start: float = START

    adapts = True

    def moves(self, study: Study, records: Records, free: int) -> list[Move]:
        """The next trials: quasi-random ones in the start, and while there is nothing to model."""
        begin = records.count()
        count = min(free, study.max_trials - begin)
        if count <= 0:
            return []
        start = started(study, self.start)
        seen = observations(study, records, start=start)
        modelled = seen.feasible.sum() >= FEWEST_LOSSES and study.space.dimensions > 0
        even = max(0, start - begin) if modelled else count
        found = QuasiRandom().moves(study, records, min(even, count))
        if even >= count:
            return found
        belief = believed(study, seen).running(_units(study.space, found))
        for place in range(begin + even, begin + count):
            unit_D = belief.best(seed=derived_seed(study.seed, "bayesian", place))
            if unit_D is None:
                break
            found += [Start(one) for one in settings(study.space, unit_D[None])]
            belief = belief.running(unit_D[None])
        return found


def gain_left(study: Study, records: Records, *, start: float = START) -> float:
    """What one more trial is expected to improve on the best, in the metric's own unit.

    Infinite while there is nothing to model, 0 where every setting was tried. Trials that run count
    as if they had ended as expected.

    Source: X1, Q10.
    """
    if not study.space.dimensions:
        return 0.0
    seen = observations(study, records, start=started(study, start))
    if seen.feasible.sum() < FEWEST_LOSSES:
        return math.inf
    belief = believed(study, seen)
    unit_D = belief.best(seed=derived_seed(study.seed, "gain_left"))
    if unit_D is None:
        return 0.0
    unit = float(_cut(seen).std()) or 1.0
    return float(np.exp(belief.score(unit_D[None])[0])) * unit


def believed(study: Study, seen: Observations) -> Surrogate:
    """What these results say, and trials that run as if they ended as expected.

    Source: X2.
    """
    used = thinned(seen, MOST_TRIALS)
    good_T = used.feasible
    inputs_TxE = inputs(study.space, used.units_TxD)
    losses_T = _cut(used)
    order_T = np.argsort(used.losses_T[good_T], kind="stable")
    labels_T = np.where(good_T, 1.0, -1.0)
    belief = Surrogate(
        study=study,
        losses=fitted(inputs_TxE[good_T], _standardized(losses_T)),
        trained=None
        if good_T.all()
        else fitted(inputs_TxE, labels_T, least_length=CLIFF_LENGTH, least_noise=CLIFF_NOISE),
        anchors_KxD=used.units_TxD[good_T][order_T[:ANCHORS]],
        taken_NxD=seen.units_TxD,
    )
    return belief.running(seen.pending_PxD)


def fitted(
    inputs_TxE: Floats,
    targets_T: Floats,
    *,
    least_length: float = 0.0,
    least_noise: float = LEAST_NOISE,
) -> GaussianProcess:
    """The process whose lengths and noise make these targets likeliest, beside their priors.

    The lengths have BoTorch's (Hvarfner 2024). Found as logarithms, on which the likelihood is
    smoother: a third of the steps.
    """
    inputs, targets = torch.tensor(inputs_TxE), torch.tensor(targets_T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kernel = SingleTaskGP(inputs, targets[:, None], outcome_transform=None).covar_module
    length = max(least_length, float(kernel.raw_lengthscale_constraint.lower_bound))
    least = [math.log(length)] * inputs.shape[1] + [math.log(least_noise)]
    logs = np.append(kernel.lengthscale.detach().ravel().log().numpy(), NOISE[0])
    with _one_thread():
        found = minimize(
            partial(_unlikely, inputs, targets, kernel.lengthscale_prior),
            np.append(np.maximum(logs, least), 0.0),
            jac=True,
            method="L-BFGS-B",
            bounds=[*((one, math.log(MOST)) for one in least), (-MOST, MOST)],
            options={"ftol": FIT_TOLERANCE},
        ).x
    return GaussianProcess(
        inputs_TxE=inputs_TxE,
        targets_T=targets_T,
        lengths_E=np.exp(found[:-2]),
        noise=float(np.exp(found[-2])),
        mean=float(found[-1]),
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """PyTorch on one thread: beside trainings, threads that wait for each other take 40 x."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _unlikely(
    inputs: torch.Tensor,
    targets: torch.Tensor,
    prior: Any,
    at: Floats,
) -> tuple[float, Floats]:
    """The negative log posterior per target of log lengths, log noise and mean; its slope."""
    where = torch.tensor(at, requires_grad=True)
    lengths, noise = where[:-2].exp(), where[-2].exp()
    middle, width = NOISE
    log_normal = -0.5 * ((where[-2] - middle) / width) ** 2 - where[-2]
    known = prior.log_prob(lengths).sum() + log_normal
    try:
        likelihood = _likelihood(inputs / lengths, targets - where[-1], noise)
    except RuntimeError:  # PyTorch's LinAlgError: a step so far that this is no covariance
        return IMPOSSIBLE, np.zeros_like(at)
    loss = -(known + likelihood) / len(targets)
    loss.backward()
    return float(loss.detach()), np.asarray(where.grad)


def _likelihood(scaled: torch.Tensor, centred: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Logarithm of the marginal likelihood, but for a constant."""
    squared = scaled.square().sum(dim=1)
    apart = squared[:, None] + squared[None] - 2.0 * scaled @ scaled.T
    covariance = torch.exp(-0.5 * apart) + noise * torch.eye(len(centred), dtype=centred.dtype)
    root = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(root, centred[:, None], upper=False)
    likelihood: torch.Tensor = -0.5 * white.square().sum() - root.diagonal().log().sum()
    return likelihood


def _cut(used: Observations) -> Floats:
    """The losses; beyond the start's median all are just bad, and must not bend the model."""
    losses_T = used.losses_T[used.feasible]
    return np.minimum(losses_T, used.centre) if used.spread > 0.0 else losses_T


def _standardized(losses_T: Floats) -> Floats:
    spread = float(losses_T.std()) or 1.0
    return np.asarray((losses_T - losses_T.mean()) / spread)


def _units(space: Space, moves: Sequence[Move]) -> Floats:
    starts = [one.searched for one in moves if isinstance(one, Start)]
    return np.array([space.unit(one) for one in starts]).reshape(len(starts), space.dimensions)
