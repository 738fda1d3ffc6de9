from __future__ import annotations

import pytest
from tests.factories import record, two_optimizers

from etude.analyze.summaries.isolation import isolation
from etude.design.split import split

from ..trials import at_units, valley, with_outcomes


@pytest.mark.rule("C12")
def test_each_study_has_its_best_trial_in_the_metric_as_reported():
    adam, nesterov = split(two_optimizers(maximize=True))
    setting = {"learning_rate": 0.01, "share": 0.5}
    records = [
        record(adam, 0, [0.1, 0.9, 0.4], setting),
        record(adam, 1, 0.8, setting),
        record(nesterov, 2, None, setting),
    ]

    first, second = isolation(with_outcomes([adam, nesterov], records)).studies

    assert (first.trial, first.value, first.step, first.feasible) == (0, 0.9, 10, 2)
    assert (second.trial, second.value, second.low, second.infeasible) == (None, None, None, 1)


def test_the_best_lies_in_its_interval():
    adam, _ = split(two_optimizers())

    best = isolation(with_outcomes([adam], valley(adam, [0.5, 0.5]))).studies[0]

    assert best.low < best.value < best.high


def test_below_six_trials_the_luck_is_not_known():
    adam, _ = split(two_optimizers())

    best = isolation(with_outcomes([adam], at_units(adam, [[0.5, 0.5]] * 5, [0.3] * 5))).studies[0]

    assert (best.value, best.low, best.high) == (0.3, None, None)


def test_an_infeasible_trial_never_wins_by_what_it_had_before():
    adam, _ = split(two_optimizers())
    setting = {"learning_rate": 0.01, "share": 0.5}
    lucky = record(adam, 1, [0.01, 9.0], setting, status="infeasible", reason="diverged")
    records = [*at_units(adam, [[0.5, 0.5]], [0.5]), lucky]

    assert isolation(with_outcomes([adam], records)).studies[0].trial == 0


def test_no_studies_have_no_best():
    assert isolation(with_outcomes([], [])).studies == ()


def repeated(study, values, begin=0):
    setting = {"learning_rate": 0.01, "share": 0.5}
    return [record(study, begin + k, value, setting) for k, value in enumerate(values)]


def test_without_repeats_the_noise_of_a_trial_is_not_known():
    adam, _ = split(two_optimizers())

    assert isolation(with_outcomes([adam], valley(adam, [0.5, 0.5]))).studies[0].retrained is None


def test_two_trainings_are_too_few_for_an_interval():
    adam, _ = split(two_optimizers())

    assert isolation(with_outcomes([adam], repeated(adam, [0.1, 0.2]))).studies[0].retrained is None


def test_one_more_training_lies_around_the_mean_of_those_of_the_best_setting():
    adam, _ = split(two_optimizers())

    again = (
        isolation(with_outcomes([adam], repeated(adam, [0.1, 0.2, 0.3, 0.4, 0.5])))
        .studies[0]
        .retrained
    )

    # Student's t with 4 degrees of freedom: 2.776.
    reach = 2.776 * 0.158114 * (1 + 1 / 5) ** 0.5
    assert (again.low, again.high) == pytest.approx((0.3 - reach, 0.3 + reach), abs=1e-3)
    assert (again.whose, again.degrees) == ("setting", 4)


def test_the_best_setting_takes_the_noise_of_others_of_its_study():
    adam, _ = split(two_optimizers())
    records = [*repeated(adam, [0.4, 0.6, 0.5, 0.5]), *at_units(adam, [[0.2, 0.2]], [0.1], begin=5)]

    again = isolation(with_outcomes([adam], records)).studies[0].retrained

    assert (again.whose, again.trainings) == ("study", 1)
    assert (again.low + again.high) / 2 == pytest.approx(0.1)


def test_a_study_without_repeats_borrows_the_noise_of_another():
    adam, nesterov = split(two_optimizers())
    records = [
        *repeated(adam, [0.4, 0.6, 0.5, 0.5]),
        *at_units(nesterov, [[0.2, 0.2]], [0.1], begin=5),
    ]

    first, second = isolation(with_outcomes([adam, nesterov], records)).studies

    assert (first.retrained.whose, second.retrained.whose) == ("study", "others")
    assert second.retrained.sd == pytest.approx(first.retrained.sd)
