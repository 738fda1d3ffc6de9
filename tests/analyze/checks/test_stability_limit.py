from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from tests import factories
from tests.factories import RATE, record

from etude.analyze.checks.stability_limit import findings, stability_limit
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.space import Choice, Real

RATES = [1e-4 * 2**place for place in range(10)]


def edge(values, unstable, study=None):
    study = study or factories.study()
    records = [
        record(study, trial, value, {"learning_rate": rate, "share": 0.5})
        for trial, (rate, value) in enumerate(zip(RATES, values, strict=True))
    ]
    broken = {trial: trial in unstable for trial in range(len(values))}
    return stability_limit(study, trial_curves(study, outcomes(study, records)), broken)


@pytest.mark.rule("D3")
def test_the_best_rate_below_nothing_but_unstable_ones_lies_at_the_edge():
    values = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, None, None, None, None]

    found = edge(values, {6, 7, 8, 9})

    assert (found.status, found.trial, found.unstable) == ("notice", 5, (6, 7, 8, 9))
    assert "5 and 10 times" in findings(found)[0].advice


def test_the_best_rate_with_stable_ones_above_it_does_not():
    values = [0.9, 0.7, 0.5, 0.4, 0.5, 0.6, 0.7, None, None, None]

    assert edge(values, {7, 8, 9}).status == "ok"


def test_unstable_trials_anywhere_are_no_edge():
    values = [0.9, None, 0.7, None, 0.5, 0.4, 0.3, None, 0.2, None]

    assert edge(values, {1, 3, 7, 9}).status == "ok"


def test_an_unstable_trial_is_never_the_best():
    values = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.1, None, None, None]

    assert edge(values, {6, 7, 8, 9}).trial == 5


@pytest.mark.parametrize("name", ["share", "momentum"])
def test_a_study_without_a_learning_rate_is_unclear(name):
    study = factories.study({name: factories.study().space.domains["share"]})
    records = [record(study, 0, 0.5, {name: 0.5})]

    found = stability_limit(study, trial_curves(study, outcomes(study, records)), {0: False})

    assert found.status == "unclear"
    assert "its space has no learning rate" in findings(found)[0].message


def unstated(values, failed, reason="unstated", broken=()):
    """The limit where these trials are infeasible, and only those broken are known to be."""
    study = factories.study()
    records = [
        record(
            study,
            trial,
            value,
            {"learning_rate": rate, "share": 0.5},
            **({"status": "infeasible", "reason": reason} if trial in failed else {}),
        )
        for trial, (rate, value) in enumerate(zip(RATES, values, strict=True))
    ]
    unstable = {trial: trial in broken for trial in range(len(values))}
    return stability_limit(study, trial_curves(study, outcomes(study, records)), unstable)


def test_an_infeasible_trial_without_a_reason_is_never_counted_as_stable():
    values = [0.9, 0.5, 0.4, 0.5, 0.6, 0.7, 0.8, None, None, None]

    found = unstated(values, {7, 8, 9})

    (finding,) = findings(found)
    assert (found.status, found.stable, found.unstable) == ("ok", 4, ())
    assert found.unstated == (7, 8, 9)
    assert "Trials fail from" in finding.headline
    assert "3 of 3 trials" in finding.message
    assert "unstable or infeasible" in finding.message


def test_where_it_matters_why_trials_are_infeasible_the_limit_is_open():
    values = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, None, None, None, None]

    found = unstated(values, {6, 7, 8, 9})

    assert found.status == "unclear"
    assert "4 infeasible trials above its best may have broken" in findings(found)[0].message
    assert unstated(values, {6, 7, 8, 9}, broken={6, 7, 8, 9}).status == "notice"


def test_a_trial_that_ran_out_of_memory_says_nothing_of_the_rate():
    values = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, None, None, None, None]

    found = unstated(values, {6, 7, 8, 9}, reason="out_of_memory")

    assert (found.status, found.edge, found.unstated, found.stable) == ("ok", None, (), 0)


# One axis: 40 rates, evenly spread on their logarithm, that break from the 30th on.
FINE = [1e-4 * 1000 ** (place / 39) for place in range(40)]
FALLS = [1.0 - 0.01 * place if place < 30 else None for place in range(40)]
TURNS = [abs(place - 15) / 15 if place < 30 else None for place in range(40)]


def limits(rates, values, domain=RATE, never_learned=(), name="learning_rate", **given):
    study = factories.study({name: domain}, **given)
    records = [
        record(study, trial, value, {name: rate})
        for trial, (rate, value) in enumerate(zip(rates, values, strict=True))
    ]
    curves = trial_curves(study, outcomes(study, records))
    unstable = {k: value is None or k in never_learned for k, value in enumerate(values)}
    return stability_limit(study, curves, unstable)


def test_a_loss_that_falls_up_to_where_training_breaks_holds_the_rate_down():
    found = limits(FINE, FALLS)

    (finding,) = findings(found)
    assert found.status == "notice"
    assert FINE[29] < found.edge < FINE[30]
    assert "`learning_rate`, 0.017, lies just below where training breaks" in finding.headline
    assert "may hold it down" in finding.message


def test_a_loss_that_turns_before_training_breaks_does_not():
    found = limits(FINE, TURNS)

    assert found.status == "ok"
    assert found.distance > 0.3


def test_a_best_rate_near_a_few_unstable_trials_is_judged_by_distance_not_by_their_count():
    breaks_late = [1.0 - 0.01 * place if place < 36 else None for place in range(40)]

    assert limits(FINE, breaks_late).status == "notice"


def test_noise_up_to_where_training_breaks_is_unclear():
    values = [6, 5, 4, 5, 4, 5, 6, 4, 5, 4, 3, 3.5, None, None, None, None]
    rates = [1e-4 * 2**place for place in range(16)]

    found = limits(rates, values, domain=Real(1e-4, 4.0, log=True))

    assert found.status == "unclear"
    assert findings(found)[0].advice == ""
    assert "do not tell whether the objective falls there" in findings(found)[0].message


def test_a_far_too_small_rate_that_learns_nothing_breaks_nothing():
    values = [0.99] * 8 + FALLS[8:]

    found = limits(FINE, values, never_learned=range(8))

    assert found.edge == pytest.approx(limits(FINE, values).edge)
    assert found.beyond == (10, 10)


def test_listed_rates_are_rates():
    listed = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
    rates = [rate for rate in listed for _ in range(6)]
    values = [0.9 - 0.1 * (k // 6) if k < 24 else None for k in range(30)]

    found = limits(rates, values, domain=Choice(listed))

    assert (found.status, found.rate) == ("notice", 1e-2)


def test_each_of_two_rates_is_judged():
    study = factories.study({"learning_rate": RATE, "base_lr": RATE})
    records = [
        record(study, k, value, {"learning_rate": FINE[k], "base_lr": FINE[7 * k % 40]})
        for k, value in enumerate(FALLS)
    ]
    unstable = {k: value is None for k, value in enumerate(FALLS)}

    found = stability_limit(study, trial_curves(study, outcomes(study, records)), unstable)

    assert {one.hyperparameter: one.status for one in found.rates} == {
        "learning_rate": "notice",
        "base_lr": "ok",
    }
    assert [one.subject["hyperparameter"] for one in findings(found)] == [
        "learning_rate",
        "base_lr",
    ]


def test_no_finding_changes_with_the_order_the_unit_or_the_sign_of_the_metric():
    order = np.random.default_rng(0).permutation(40)

    plain = findings(limits(FINE, FALLS))[0]
    scaled = limits(FINE, [value and 1000.0 * value for value in FALLS])
    mirrored = limits(FINE, [value and -value for value in FALLS], maximize=True)
    shuffled = limits([FINE[k] for k in order], [FALLS[k] for k in order])

    assert findings(scaled)[0] == plain == findings(mirrored)[0]
    assert findings(shuffled)[0].headline == plain.headline


@pytest.mark.parametrize("values", [FALLS, TURNS, [None] * 40, [0.5] * 40])
def test_every_finding_has_a_short_headline_and_short_sentences(values):
    for finding in findings(limits(FINE, values)):
        sentences = finding.message.split(". ")
        assert 0 < len(finding.headline.split()) <= 14
        assert len(sentences) <= 2
        assert all(len(sentence.split()) <= 30 for sentence in sentences)


def test_a_study_without_a_stable_trial_is_unclear():
    assert edge([None] * 10, set(range(10))).status == "unclear"


def found_of_planted_cliffs(count, studies=200):
    """In how many studies of so many trials an optimum just beyond a cliff is found."""
    found = 0
    for seed in range(studies):
        rng = np.random.default_rng([seed, count])
        unit_T = rng.random(count)
        loss_T = (unit_T - 0.8) ** 2 + 0.02 * rng.standard_normal(count)
        values = [
            None if unit > 0.6 else float(loss) for unit, loss in zip(unit_T, loss_T, strict=True)
        ]
        rates = [RATE.value(float(unit)) for unit in unit_T]
        found += limits(rates, values).status == "notice"
    return found / studies


def test_more_trials_never_find_a_planted_cliff_less_often():
    shares = [found_of_planted_cliffs(count) for count in (10, 20, 40, 80)]

    slack = 2 * np.sqrt(0.25 / 200)
    assert all(after >= before - slack for before, after in pairwise(shares))
    assert shares[1] > 0.6
    assert shares[-1] > 0.95
