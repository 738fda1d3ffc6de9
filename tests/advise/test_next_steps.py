"""Stop is said with the numbers that say so."""

from __future__ import annotations

from tests.advise.contexts import case, said
from tests.analyze.trials import experiment, one_study, record
from tests.search.history import PLANE

from etude.advise.next_steps import manual_steps
from etude.design.studies import studies
from etude.record import Records
from etude.search.quasi_random import QuasiRandom

DENSE = said("coverage", "C2", "ok", gain=0.00123)
SIDES = [
    said("boundary", "C1", "ok", hyperparameter="learning_rate", side=side)
    for side in ("low", "high")
]


def test_where_nothing_is_to_be_gained_the_advice_is_to_stop_with_numbers():
    (sentence,) = manual_steps(case(experiment(), DENSE, *SIDES), [])

    assert sentence.startswith("Stop here")
    assert "inside on 2 of 2 sides (C1)" in sentence
    assert "twice the trials of `all` would gain about 0.0012 (C2)" in sentence


def test_the_noise_of_retraining_is_among_the_numbers():
    setting = {"learning_rate": 0.01, "share": 0.5}
    records = [record(one_study(), k, value, setting) for k, value in enumerate([0.1, 0.3])]

    (sentence,) = manual_steps(case(experiment(), DENSE, records=records), records)

    assert "retraining one setting of `all` moves it by 0.14 (A2)" in sentence


def test_a_best_setting_that_was_trained_again_is_ready_to_be_adopted():
    tried = {"learning_rate": 0.01, "share": 0.5}
    again = [record(one_study(), k, 0.1 + k, tried) for k in (0, 1)]
    other = record(one_study(), 2, 0.05, {**tried, "share": 0.6})

    (ready,) = manual_steps(case(experiment(name="many"), DENSE, records=again), again)
    (single,) = manual_steps(case(experiment(), DENSE, records=[*again, other]), [*again, other])

    assert "to adopt, its best setting has been trained again: `etude adopt many`" in ready
    assert "to adopt, train the best setting again with other seeds" in single


def test_what_a_population_found_is_a_schedule_to_be_trained_again():
    asked = experiment(schedule="pbt", name="many")
    (sentence,) = manual_steps(case(asked, DENSE), [])

    assert "train the schedule that it found again" in sentence
    assert "`etude next many --replay`" in sentence


def test_a_problem_is_no_reason_to_stop():
    (sentence,) = manual_steps(case(experiment(), said("infeasible", "C3", "problem")), [])

    assert sentence == "C3: Do what C3 asks."


def of_bayesian(count, **given):
    """What is said after so many trials of a Bayesian search over a bowl."""
    asked = experiment(nuisance=dict(PLANE.domains), search="bayesian", **given)
    (study,) = studies(asked)
    settings = [dict(one.searched) for one in QuasiRandom().moves(study, Records.of([]), count)]
    losses = [(one["x"] - 0.3) ** 2 + (one["y"] - 0.6) ** 2 for one in settings]
    pairs = enumerate(zip(settings, losses, strict=True))
    held = [record(study, at, loss, setting) for at, (setting, loss) in pairs]
    (sentence,) = manual_steps(case(asked, records=held), held)
    return sentence


def test_bayesian_search_stops_when_its_model_expects_too_little():
    assert of_bayesian(6).startswith("Not done yet: one more trial of `all` is expected to gain")
    sentence = of_bayesian(32)
    assert sentence.startswith("Stop here")
    assert "one more trial of `all` is expected to gain 0." in sentence


def test_of_trials_of_unequal_length_no_gain_is_computed():
    assert "is expected to gain" not in of_bayesian(6, schedule="asha")
