from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests import factories
from tests.factories import record

from etude.analyze.checks.trial_noise import findings, trial_noise
from etude.analyze.views.outcomes import outcomes

from ..trials import at_units

HERE = {"learning_rate": 0.01, "share": 0.5}
THERE = {"learning_rate": 0.02, "share": 0.5}


def trained(study, values, setting, begin=0):
    return [record(study, begin + k, value, setting) for k, value in enumerate(values)]


@pytest.mark.rule("A1", "A2")
def test_the_noise_is_pooled_over_repeated_settings():
    study = factories.study()
    records = [
        *trained(study, [0.1, 0.3], HERE),
        *trained(study, [0.5, 0.6, 0.7], THERE, begin=2),
        record(study, 9, 5.0, {"learning_rate": 0.03, "share": 0.5}),
    ]

    noise = trial_noise(study, outcomes(study, records))

    assert noise.degrees == 3
    assert noise.sd == pytest.approx(math.sqrt((0.02 + 0.02) / 3))
    assert [one.trials for one in noise.repeated] == [(0, 1), (2, 3, 4)]


def test_the_order_of_trials_and_the_direction_change_nothing():
    lower, higher = factories.study(), factories.study(maximize=True)
    records = trained(lower, [0.1, 0.3, 0.2], HERE)
    turned = trained(higher, [-0.1, -0.3, -0.2], HERE)

    assert trial_noise(lower, outcomes(lower, records[::-1])) == trial_noise(
        lower, outcomes(lower, records)
    )
    assert trial_noise(higher, outcomes(higher, turned)).sd == pytest.approx(
        trial_noise(lower, outcomes(lower, records)).sd
    )


def test_units_scale():
    study = factories.study()
    noise = trial_noise(study, outcomes(study, trained(study, [0.1, 0.3, 0.2], HERE)))
    scaled = trial_noise(study, outcomes(study, trained(study, [100.1, 100.3, 100.2], HERE)))

    assert scaled.sd == pytest.approx(noise.sd)


def test_a_fork_is_no_repeat_of_a_trial_that_began_with_its_setting():
    study = factories.study()
    first, other = trained(study, [0.5, 0.1], HERE)
    fork = replace(record(study, 2, 0.3, HERE), parent=first.id, from_step=4)
    again = replace(record(study, 3, 0.2, HERE), parent=other.id, from_step=4)
    later = replace(record(study, 4, 0.2, HERE), parent=other.id, from_step=5)

    noise = trial_noise(study, outcomes(study, [first, other, fork, again, later]))

    assert [one.trials for one in noise.repeated] == [(0, 1), (2, 3)]


def test_copies_of_one_training_are_no_repeats():
    study = factories.study()
    records = [replace(one, seed=7) for one in trained(study, [0.2, 0.2, 0.2], HERE)]

    assert not trial_noise(study, outcomes(study, records)).repeated


def test_seeds_that_fail_are_counted():
    study = factories.study()
    noise = trial_noise(study, outcomes(study, trained(study, [0.1, None, 0.2, None], HERE)))

    assert (noise.retrained, noise.infeasible, noise.failure_share) == (4, 2, 0.5)
    assert "Infeasible: 2 of 4 trainings" in findings(noise)[0].message


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([], "unclear"),
        ([0.1], "unclear"),
        ([None, None], "unclear"),
        ([0.1, None], "unclear"),
        ([math.nan, math.inf, 0.1], "unclear"),
        ([0.1, 0.2], "ok"),
        ([0.1, 0.1], "unclear"),
    ],
)
def test_the_noise_is_known_from_two_values_on(values, status):
    study = factories.study()
    noise = trial_noise(study, outcomes(study, trained(study, values, HERE)))

    assert findings(noise)[0].status == status


def test_without_repeats_the_finding_says_so():
    study = factories.study()
    records = at_units(study, [[0.1, 0.2], [0.3, 0.4]], [0.1, 0.2])

    assert "trained twice" in findings(trial_noise(study, outcomes(study, records)))[0].message


def test_a_study_that_varies_nothing_consists_of_repeats():
    study = factories.study({"learning_rate": factories.study().space.domains["learning_rate"]})
    records = trained(study, [0.1, 0.2, 0.3], {"learning_rate": 0.01})

    assert trial_noise(study, outcomes(study, records)).of(1).trials == (0, 1, 2)
