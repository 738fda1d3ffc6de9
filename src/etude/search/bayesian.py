"""Bayesian optimization: a surrogate of the loss and of feasibility chooses the next trials.

Axes: T trials with a result, D hyperparameters that vary, E inputs of the processes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import scipy
import torch
from numpy.typing import NDArray

from ..move import Move, Start
from ..record import Records
from ..space import Space
from ..space.vectorized import settings
from ..study import Study, derived_seed
from .gaussian_process import GaussianProcess
from .marginal_likelihood import LogNormal, Posterior
from .observations import (
    START,
    Observations,
    evenly_begun,
    observations,
    start_length,
    subsample,
)
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
# Prior of the noise: its logarithm is normal around -8. Heuristic: BoTorch's takes what has no
# noise for noisy, and its search ends a hundred times as far from the best; one that prefers the
# least noise explains luck by short lengths.
NOISE, LEAST_NOISE = LogNormal(1.0, 3.0), 1e-7
# Of lengths, noise and mean, in units of the cube and of the losses: no step leaves the numbers.
MOST = 1000.0
# Heuristic: a fit that is finer gains a hundredth of log likelihood.
FIT_TOLERANCE = 1e-6
# Learning rate, momentum and warmup act through one number, and so does what breaks: an input
# that is a weighted sum of the others. Heuristic: weights of 1 over the unit cube are likely.
OBLIQUE, RIDGE = 1.0, 0.1
# The weights from which the oblique input begins, along the slope of a plane: the posterior has
# tops of its own for a slight slope and for a cliff.
FIRST_WEIGHTS = (0.5, 5.0)
# And from the weights of what breaks, so many times as steep: its process has long lengths.
CLIFF_STEEPER = 4.0
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
        start = start_length(study, self.start)
        observed = observations(study, records, start=evenly_begun(study, records, start))
        can_model = observed.feasible.sum() >= FEWEST_LOSSES and study.space.dimensions > 0
        even = max(0, start - begin) if can_model else count
        starts = QuasiRandom().moves(study, records, min(even, count))
        if even >= count:
            return starts
        # One after another: each trial is chosen as if those before it had ended as expected.
        model = surrogate(study, observed).with_pending(_units(study.space, starts))
        for place in range(begin + even, begin + count):
            unit_D = model.proposal(seed=derived_seed(study.seed, "bayesian", place))
            if unit_D is None:
                break
            starts += [Start(searched) for searched in settings(study.space, unit_D[None])]
            model = model.with_pending(unit_D[None])
        return starts


def gain_left(study: Study, records: Records, *, start: float = START) -> float:
    """What one more trial is expected to improve on the best, in the metric's own unit.

    Infinite while there is nothing to model, 0 where every setting was tried. Trials that run count
    as if they had ended as expected.

    Source: X1, Q10.
    """
    if not study.space.dimensions:
        return 0.0
    even = evenly_begun(study, records, start_length(study, start))
    observed = observations(study, records, start=even)
    if observed.feasible.sum() < FEWEST_LOSSES:
        return math.inf
    model = surrogate(study, observed)
    unit_D = model.proposal(seed=derived_seed(study.seed, "gain_left"))
    if unit_D is None:
        return 0.0
    scale = float(_clipped_losses(observed).std()) or 1.0
    return float(np.exp(model.score(unit_D[None])[0])) * scale


def surrogate(study: Study, observed: Observations) -> Surrogate:
    """The surrogate fitted to these results, while trials that run end as expected.

    Source: X2.
    """
    sample = subsample(observed, MOST_TRIALS)
    is_feasible_T = sample.feasible
    inputs_TxE = inputs(study.space, sample.units_TxD)
    # Feasibility everywhere, if any trial was infeasible, and the loss where it was measured.
    feasibility, border = None, list[Floats]()
    if not is_feasible_T.all():
        labels_T = np.where(is_feasible_T, 1.0, -1.0)
        feasibility = fitted_process(
            inputs_TxE, labels_T, least_length=CLIFF_LENGTH, least_noise=CLIFF_NOISE
        )
        # What breaks trials is often what makes them good, up to there.
        border = [CLIFF_STEEPER * feasibility.oblique_E]
    targets_T = _z_scores(_clipped_losses(sample))
    loss = fitted_process(inputs_TxE[is_feasible_T], targets_T, directions=border)
    # The best settings so far are looked around; none is proposed again.
    order_T = np.argsort(sample.losses_T[is_feasible_T], kind="stable")
    model = Surrogate(
        study=study,
        loss=loss,
        feasibility=feasibility,
        anchors_KxD=sample.units_TxD[is_feasible_T][order_T[:ANCHORS]],
        taken_NxD=observed.units_TxD,
    )
    return model.with_pending(observed.pending_PxD)


def fitted_process(
    inputs_TxE: Floats,
    targets_T: Floats,
    *,
    least_length: float = 0.0,
    least_noise: float = LEAST_NOISE,
    directions: Sequence[Floats] = (),
) -> GaussianProcess:
    """The process of the highest posterior, given the targets and priors of lengths and noise.

    The lengths have BoTorch's (Hvarfner 2024). Found as logarithms, on which the likelihood is
    smoother: a third of the steps.

    Args:
        inputs_TxE: Where the targets were observed.
        targets_T: The targets, standardized.
        least_length: No length is below.
        least_noise: No variance of the noise is below.
        directions: Weights from which the oblique input may begin, beside those of a plane.
    """
    length, start_E, shortest = _length_prior(inputs_TxE, least_length)
    posterior = Posterior(inputs_TxE, targets_T, length=length, noise=NOISE, oblique=OBLIQUE)
    bounds = [
        *[(math.log(shortest), math.log(MOST))] * len(start_E),
        *[(-1.0 / shortest, 1.0 / shortest)] * len(start_E),
        (math.log(least_noise), math.log(MOST)),
        (-MOST, MOST),
    ]
    low_H, high_H = np.array(bounds).T
    fits = []
    with _one_thread():
        for weights_E in (*_slopes(inputs_TxE, targets_T), *directions):
            first_H = np.concatenate([np.log(start_E), weights_E, [NOISE.likeliest_log, 0.0]])
            fits.append(
                scipy.optimize.minimize(
                    posterior.negative_log,
                    np.clip(first_H, low_H, high_H),
                    jac=True,
                    method="L-BFGS-B",
                    bounds=bounds,
                    options={"ftol": FIT_TOLERANCE},
                )
            )
    best_H = min(fits, key=lambda fit: float(fit.fun)).x
    return GaussianProcess(
        inputs_TxE=inputs_TxE,
        targets_T=targets_T,
        lengths_E=np.exp(best_H[: len(start_E)]),
        oblique_E=best_H[len(start_E) : -2],
        noise=float(np.exp(best_H[-2])),
        mean=float(best_H[-1]),
    )


def _length_prior(inputs_TxE: Floats, least: float) -> tuple[LogNormal, Floats, float]:
    """BoTorch's prior of the lengths, its first lengths and its shortest one, or the least."""
    inputs = torch.tensor(inputs_TxE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kernel = SingleTaskGP(inputs, inputs.sum(dim=1)[:, None]).covar_module
    prior = LogNormal(float(kernel.lengthscale_prior.loc), float(kernel.lengthscale_prior.scale))
    lengths_E = kernel.lengthscale.detach().ravel().numpy()
    shortest = float(kernel.raw_lengthscale_constraint.lower_bound)
    return prior, lengths_E, max(least, shortest)


def _slopes(inputs_TxE: Floats, targets_T: Floats) -> list[Floats]:
    """The direction in which a plane through the targets rises, as slight and steep weights."""
    centred_TxE = inputs_TxE - inputs_TxE.mean(axis=0)
    # A ridge of a part of one observation: fewer trials than inputs make a plane too.
    gram_ExE = centred_TxE.T @ centred_TxE + RIDGE * np.eye(inputs_TxE.shape[1])
    slope_E = np.linalg.solve(gram_ExE, centred_TxE.T @ (targets_T - targets_T.mean()))
    size = float(np.linalg.norm(slope_E)) or 1.0
    return [np.asarray(weight * slope_E / size) for weight in FIRST_WEIGHTS]


@contextmanager
def _one_thread() -> Iterator[None]:
    """PyTorch on one thread: beside trainings, threads that wait for each other take 40 x."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _clipped_losses(sample: Observations) -> Floats:
    """The losses; beyond the start's median all are just bad, and must not bend the model."""
    losses_T = sample.losses_T[sample.feasible]
    return np.minimum(losses_T, sample.centre) if sample.spread > 0.0 else losses_T


def _z_scores(losses_T: Floats) -> Floats:
    spread = float(losses_T.std()) or 1.0
    return np.asarray((losses_T - losses_T.mean()) / spread)


def _units(space: Space, moves: Sequence[Move]) -> Floats:
    units = [space.unit(move.searched) for move in moves if isinstance(move, Start)]
    return np.array(units).reshape(len(units), space.dimensions)
