"""A Gaussian process with known hyperparameters, held to closed forms."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from etude.search.gaussian_process import (
    GaussianProcess,
    log_expected_improvement,
    log_probability_above,
)

RNG = np.random.default_rng(0)
INPUTS = RNG.random((12, 3))
TARGETS = np.sin(4.0 * INPUTS[:, 0]) + INPUTS[:, 1]


def process(noise=1e-6, inputs=INPUTS, targets=TARGETS):
    lengths = np.array([0.5, 0.8, 3.0])
    return GaussianProcess(
        inputs_TxE=inputs,
        targets_T=targets,
        lengths_E=lengths,
        oblique_E=np.array([0.5, -0.2, 0.0]),
        noise=noise,
        mean=0.2,
    )


def test_without_noise_it_goes_through_what_it_saw():
    mean, sd = process().posterior(INPUTS)

    assert mean == pytest.approx(TARGETS, abs=1e-3)
    assert sd.max() < 2e-3


def test_far_from_everything_it_expects_the_mean():
    mean, sd = process().posterior(np.full((1, 3), 50.0))

    assert (mean[0], sd[0]) == pytest.approx((0.2, 1.0))


def test_one_observation_is_weighed_against_the_noise():
    one = process(noise=1.0, inputs=INPUTS[:1], targets=np.array([1.2]))
    mean, sd = one.posterior(INPUTS[:1])

    assert (mean[0], sd[0]) == pytest.approx((0.7, 0.5**0.5))


def test_fantasies_change_no_mean_and_lower_the_standard_deviation():
    new = RNG.random((4, 3))
    before, after = process(), process().with_fantasies(new)

    assert after.posterior(new)[0] == pytest.approx(before.posterior(new)[0], abs=1e-4)
    assert (after.posterior(new)[1] < before.posterior(new)[1]).all()


def test_without_a_fantasy_it_is_the_same_process():
    same = process()

    assert same.with_fantasies(np.empty((0, 3))) is same


@pytest.mark.parametrize("mean", [-2.0, 0.0, 0.9, 1.1, 4.0])
def test_the_expected_improvement_is_the_integral(mean):
    integral, _ = quad(lambda x: (0.0 - x) * norm.pdf(x, mean, 0.7), -20.0, 0.0)

    found = log_expected_improvement(np.array([mean]), np.array([0.7]), 0.0)
    assert np.exp(found[0]) == pytest.approx(integral, rel=1e-6)


def test_the_logarithm_falls_on_where_improvement_is_all_but_impossible():
    away = np.array([5.0, 50.0, 5e3, 5e5, 5e7])
    found = log_expected_improvement(away, np.ones(5), 0.0)

    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()


def test_both_formulas_agree_where_they_meet():
    found = log_expected_improvement(np.array([0.999999, 1.000001]), np.ones(2), 0.0)

    assert found[0] == pytest.approx(found[1], abs=1e-5)


def test_the_probability_is_that_of_the_normal():
    found = log_probability_above(np.array([0.5]), np.array([2.0]), 1.0)

    assert np.exp(found[0]) == pytest.approx(norm.sf(0.25))
