"""The posterior of a process's hyperparameters, held to the normal density and to differences."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import cauchy, multivariate_normal, norm

from etude.search.gaussian_process import GaussianProcess
from etude.search.marginal_likelihood import IMPOSSIBLE, LogNormal, Posterior

RNG = np.random.default_rng(0)
INPUTS = RNG.random((12, 3))
TARGETS = np.sin(4.0 * INPUTS[:, 0]) + INPUTS[:, 1]
LENGTH, NOISE = LogNormal(0.3, 1.7), LogNormal(-6.0, 3.0)
PLACES = [
    np.array([-1.0, -0.3, 0.8, 0.0, 1.0, -2.0, -5.0, 0.2]),
    np.array([0.5, 2.0, -1.5, 3.0, 0.5, 0.1, -9.0, -1.0]),
]


def posterior():
    return Posterior(INPUTS, TARGETS, length=LENGTH, noise=NOISE, oblique=2.0)


def log_density(at):
    """As it stands in the books; the process of those hyperparameters gives the covariance."""
    logs, weights, noise, mean = at[:3], at[3:6], np.exp(at[6]), at[7]
    process = GaussianProcess(
        inputs_TxE=INPUTS,
        targets_T=TARGETS,
        lengths_E=np.exp(logs),
        oblique_E=weights,
        noise=noise,
        mean=mean,
    )
    covariance = process._kernel(INPUTS, INPUTS) + noise * np.eye(12)
    likelihood = multivariate_normal.logpdf(TARGETS, np.full(12, mean), covariance)
    log_lengths = norm.logpdf(logs, 0.3, 1.7) - logs
    log_noise = norm.logpdf(at[6], -6.0, 3.0) - at[6]
    return likelihood + log_lengths.sum() + cauchy.logpdf(weights, scale=2.0).sum() + log_noise


def test_it_differs_from_the_density_by_a_constant():
    found = [posterior().negative_log(at)[0] for at in PLACES]

    expected = [-log_density(at) / 12 for at in PLACES]
    assert found[1] - found[0] == pytest.approx(expected[1] - expected[0], rel=1e-6)


@pytest.mark.parametrize("at", PLACES)
def test_its_slope_is_that_of_small_steps(at):
    slope = posterior().negative_log(at)[1]

    differences = approx_fprime(at, lambda where: posterior().negative_log(where)[0], 1e-6)
    assert slope == pytest.approx(differences, rel=1e-3, abs=1e-5)


def test_where_there_is_no_covariance_it_is_impossible():
    at = np.array([500.0, 500.0, 500.0, 0.0, 0.0, 0.0, -500.0, 0.0])

    assert posterior().negative_log(at)[0] == IMPOSSIBLE
