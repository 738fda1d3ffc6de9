"""The three variances: closed forms, and how often their intervals hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from etude.analyze.comparison.variances import (
    Variances,
    Variation,
    data_variation,
    pairs_of,
    study_variation,
    trial_variation,
)
from etude.train.splitting import divided

UNKNOWN = Variation(source="study")


def variances(values, *, name="b", maximize=False, given=math.nan):
    return Variances(
        name=name,
        metric="valid/error",
        maximize=maximize,
        trial=UNKNOWN,
        study=UNKNOWN,
        data=data_variation(list(values.values()), None),
        values=values,
        given=given,
    )


def holds(variation, sd):
    return variation.low - 1e-12 <= sd <= variation.high + 1e-12


def test_trial_variance_is_the_sample_variance_with_chi_square_limits():
    variation = trial_variation([1.0, 2.0, 3.0])

    assert variation.sd == pytest.approx(1.0)
    # 2 degrees of freedom: chi-square is exponential, -2 log(1 - q).
    assert variation.low == pytest.approx(math.sqrt(2 / (-2 * math.log(0.025))))
    assert variation.high == pytest.approx(math.sqrt(2 / (-2 * math.log(0.975))))


def test_one_training_tells_no_variance():
    assert not trial_variation([1.0, math.nan]).is_known
    assert not data_variation([1.0, math.nan], None).is_known


def test_copies_have_no_trial_variance():
    assert trial_variation([1.0, 1.0], copies=True).high == 0.0


def test_trial_variance_is_taken_off_that_of_the_split():
    values, trial = [0.0, 2.0, 4.0], [0.0, 1.0, 2.0]

    assert data_variation(values, trial).sd == pytest.approx(math.sqrt(4 - 1))
    assert data_variation(values, None).sd == pytest.approx(2.0)
    assert data_variation(values, None).with_trial
    assert data_variation(trial, values).sd == 0.0


def test_no_trial_variance_leaves_the_limits_of_chi_square():
    values = [0.0, 2.0, 4.0]

    alone, trial = data_variation(values, [1.0, 1.0], copies=True), trial_variation(values)

    assert (alone.low, alone.high) == pytest.approx((trial.low, trial.high))


def test_the_mean_of_the_training_examples_is_known_in_closed_form():
    """Error of the mean on another split: its variance is S^2 (1/n + 1/m), exactly (sampling)."""
    pool = np.random.default_rng(0).normal(size=60)
    true = math.sqrt(pool.var(ddof=1) * (1 / 40 + 1 / 20))
    rows = [divided(60, 20, seed) for seed in range(1000)]
    errors = [
        float(pool[validation].mean() - pool[training].mean()) for training, validation in rows
    ]

    groups = [data_variation(errors[at : at + 5], [0, 0], copies=True) for at in range(0, 1000, 5)]

    assert np.std(errors) == pytest.approx(true, rel=0.08)
    assert sum(holds(group, true) for group in groups) >= 0.9 * len(groups)


@pytest.mark.parametrize(("data", "trial"), [(1.0, 0.3), (1.0, 1.0), (0.3, 1.0), (0.0, 1.0)])
def test_data_variance_lies_in_its_interval_whatever_the_trials_are(data, trial):
    rng = np.random.default_rng(7)
    draws = rng.normal(size=(200, 10)) * trial
    draws[:, :5] += rng.normal(size=(200, 5)) * data

    intervals = [data_variation(draw[:5].tolist(), draw[5:].tolist()) for draw in draws]

    assert sum(holds(interval, data) for interval in intervals) >= 0.9 * len(intervals)


def test_searches_that_were_run_show_study_variance_as_it_is():
    variation = study_variation([0.1, 0.3], [0.5] * 20)

    assert (variation.basis, variation.rests_on) == ("searches", 2)
    assert variation.sd == pytest.approx(math.sqrt(0.02))


def test_one_search_is_drawn_again_exactly():
    losses = np.random.default_rng(1).random(20)
    drawn = np.random.default_rng(2).choice(losses, size=(20000, 20)).min(axis=1)

    variation = study_variation([0.1], [*losses.tolist(), math.inf])

    assert (variation.basis, variation.rests_on) == ("resampled", 20)
    assert variation.sd == pytest.approx(drawn.std(), rel=0.05)


def test_few_trials_tell_nothing_of_another_search():
    assert not study_variation([0.1], [0.2] * 9).is_known


def test_studies_of_noise_alone_are_mostly_held():
    true = np.random.default_rng(3).normal(size=(5000, 20)).min(axis=1).std()
    rng = np.random.default_rng(4)

    found = [study_variation([], rng.normal(size=20).tolist()) for _ in range(60)]

    assert sum(holds(one, true) for one in found) >= 0.9 * len(found)


def test_settings_meet_on_the_same_splits():
    a = variances({1: 0.3, 2: 0.5, 3: 0.4, 4: math.nan})
    b = variances({3: 0.3, 2: 0.4, 1: 0.2, 4: 0.1})

    pairs = pairs_of(a, b)

    assert (pairs.count, pairs.better) == (3, 3)
    assert pairs.gain == pytest.approx(0.1)
    assert pairs.difference.by == pytest.approx(-0.1)


def test_without_a_split_in_common_there_are_no_pairs():
    assert pairs_of(variances({1: 0.3, 2: 0.2}), variances({3: 0.3, 4: 0.1})) is None


def test_a_given_split_that_is_none_of_the_others_is_seen():
    values = {1: 0.30, 2: 0.31, 3: 0.29, 4: 0.30}

    assert variances(values, given=0.5).is_apart
    assert not variances(values, given=0.305).is_apart
    assert not variances(values).is_apart
