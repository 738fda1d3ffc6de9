"""Bayesian optimization: a model of the loss, and one of where trials fail, choose what is next.

Letters: T trials with a result, D hyperparameters that vary, E inputs of the model.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from ..columns import settings
from ..move import Move, Start
from ..record import Records
from ..space import Space
from ..study import Study, derived_seed
from .belief import Belief, inputs
from .observed import START, Observed, observed, started, thinned
from .process import Process
from .quasi_random import QuasiRandom

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what these libraries use of PyTorch is deprecated there
    from botorch.models import SingleTaskGP

Floats: TypeAlias = NDArray[np.float64]

# No source, ours: of one loss nothing can be expected.
FEWEST_LOSSES = 2
# No source, ours: a model of more takes seconds. Its matrices take 2 MB each, 50 MB in all.
MOST_TRIALS = 500
# No source, ours: losses beyond are all just bad, and one of them must not bend the model.
CLIPPED_SD = 2.0
# No source, ours: a fit that is finer gains a hundredth of log likelihood.
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
    (Gelbart 2014). Losses far worse than the start's count as infeasible.

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
        seen = observed(study, records, start=start)
        even = max(0, start - begin) if seen.feasible.sum() >= FEWEST_LOSSES else count
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
    """What one more trial is expected to improve, in standard deviations of a trial's noise.

    Infinite while there is nothing to model, 0 where every setting was tried. Trials that run count
    as if they had ended as expected.

    Source: X1, Q10.
    """
    seen = observed(study, records, start=started(study, start))
    if seen.feasible.sum() < FEWEST_LOSSES:
        return math.inf
    belief = believed(study, seen)
    unit_D = belief.best(seed=derived_seed(study.seed, "gain_left"))
    if unit_D is None:
        return 0.0
    return float(np.exp(belief.score(unit_D[None])[0]) / math.sqrt(belief.losses.noise))


def believed(study: Study, seen: Observed) -> Belief:
    """What these results say, and trials that run as if they ended as expected.

    Source: X2.
    """
    used = thinned(seen, MOST_TRIALS)
    good_T = used.feasible
    inputs_TxE = inputs(study.space, used.units_TxD)
    losses_T = used.losses_T[good_T]
    order_T = np.argsort(losses_T, kind="stable")
    if used.spread > 0.0:
        losses_T = np.minimum(losses_T, used.centre + CLIPPED_SD * used.spread)
    belief = Belief(
        study=study,
        losses=fitted(inputs_TxE[good_T], _standardized(losses_T)),
        trained=None if good_T.all() else fitted(inputs_TxE, np.where(good_T, 1.0, -1.0)),
        anchors_KxD=used.units_TxD[good_T][order_T[:ANCHORS]],
        taken_NxD=seen.units_TxD,
    )
    return belief.running(seen.pending_PxD)


def fitted(inputs_TxE: Floats, targets_T: Floats) -> Process:
    """The process whose lengths and noise make these targets likeliest, by BoTorch's priors.

    Found as logarithms, on which the likelihood is smoother: a third of the steps.
    """
    inputs, targets = torch.tensor(inputs_TxE), torch.tensor(targets_T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SingleTaskGP(inputs, targets[:, None], outcome_transform=None)
    kernel, noise = model.covar_module, model.likelihood.noise_covar

    def unlikely(logs: Floats) -> tuple[float, Floats]:
        at = torch.tensor(logs, requires_grad=True)
        lengths, variance = at[:-2].exp(), at[-2].exp()
        prior = kernel.lengthscale_prior.log_prob(lengths).sum()
        prior = prior + noise.noise_prior.log_prob(variance).sum()
        loss = -(prior + _likelihood(inputs / lengths, targets - at[-1], variance)) / len(targets)
        loss.backward()
        return float(loss.detach()), np.asarray(at.grad)

    begin = torch.cat([kernel.lengthscale.ravel().log(), noise.noise.log(), torch.zeros(1)])
    least = [float(kernel.raw_lengthscale_constraint.lower_bound)] * inputs.shape[1]
    least.append(float(noise.raw_noise_constraint.lower_bound))
    bounds = [(math.log(one), None) for one in least]
    found = minimize(
        unlikely,
        begin.detach().numpy(),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (None, None)],
        options={"ftol": FIT_TOLERANCE},
    ).x
    return Process(
        inputs_TxE=inputs_TxE,
        targets_T=targets_T,
        lengths_E=np.exp(found[:-2]),
        noise=float(np.exp(found[-2])),
        mean=float(found[-1]),
    )


def _likelihood(scaled: torch.Tensor, centred: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Logarithm of the marginal likelihood, but for a constant."""
    squared = scaled.square().sum(dim=1)
    apart = squared[:, None] + squared[None] - 2.0 * scaled @ scaled.T
    covariance = torch.exp(-0.5 * apart) + noise * torch.eye(len(centred), dtype=centred.dtype)
    root = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(root, centred[:, None], upper=False)
    likelihood: torch.Tensor = -0.5 * white.square().sum() - root.diagonal().log().sum()
    return likelihood


def _standardized(losses_T: Floats) -> Floats:
    spread = float(losses_T.std()) or 1.0
    return np.asarray((losses_T - losses_T.mean()) / spread)


def _units(space: Space, moves: Sequence[Move]) -> Floats:
    starts = [one.searched for one in moves if isinstance(one, Start)]
    return np.array([space.unit(one) for one in starts]).reshape(-1, space.dimensions)
