"""C6: a best trial that overfits asks for more regularization."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advise import rounds
from tests.advise.contexts import changes, context_of, only, with_status
from tests.factories import RATE, experiment

from etude.advise.remedies.regularize import regularize
from etude.design.studies import studies
from etude.space import Real


@pytest.mark.rule("C6")
@pytest.mark.parametrize(
    ("fixed", "path"),
    [
        ({"weight_decay": 0.0, "dropout": 0.0}, "dropout"),
        ({"weight_decay": 0.0, "label_smoothing": 0.0}, "label_smoothing"),
        ({"weight_decay": 0.0}, "weight_decay"),
    ],
)
def test_an_overfitting_best_gets_one_regularizer_to_search(fixed, path):
    edits = changes(regularize(rounds.overfits(experiment(fixed=fixed))))

    assert [edited for edited, *_ in edits] == [f"nuisance.{path}", f"fixed.{path}"]


def test_a_best_that_may_be_best_because_it_trains_least_is_regularized_too():
    context = rounds.best_trains_least(experiment(fixed={"dropout": 0.0}))

    assert [remedy.rule for remedy in regularize(context)] == ["C7"]
    assert changes(regularize(context))[0][0] == "nuisance.dropout"


def test_a_strength_that_is_held_is_where_its_range_begins():
    edits = changes(regularize(rounds.overfits(experiment(fixed={"dropout": 0.1}))))

    assert edits[0][2] == Real(0.1, 0.5)


def test_a_regularizer_that_is_searched_already_reaches_higher():
    question = experiment(nuisance={"learning_rate": RATE, "dropout": Real(0.05, 0.5)})

    ((path, _, new),) = changes(regularize(rounds.overfits(question)))

    assert path == "nuisance.dropout"
    assert new.high > 0.5


def test_a_regularizer_does_not_reach_beyond_where_training_broke_in_an_earlier_round():
    wide = experiment(
        nuisance={"learning_rate": RATE, "weight_decay": Real(1e-5, 10.0, log=True)}, name="before"
    )
    (study,) = studies(wide)

    def broken(place):
        return None if place.unit["weight_decay"] > 0.62 else rounds.one_value(place)

    before = context_of(wide, rounds.trained(study, broken, count=40))
    narrow = replace(
        wide,
        name="story",
        parent="before",
        nuisance={**wide.nuisance, "weight_decay": Real(1e-5, 0.065, log=True)},
    )
    (now,) = studies(narrow)
    records = rounds.trained(now, rounds.overfitting, count=20)

    alone = context_of(narrow, records)
    after = context_of(narrow, records, before=[before.analysis])

    assert changes(regularize(alone))[0][0] == "nuisance.weight_decay"
    assert changes(regularize(after)) == []


def test_without_a_regularizer_a_person_is_told():
    context = rounds.overfits(experiment())
    overfits = only(context, "overfitting", "C6", "problem")

    (remedy,) = regularize(context)

    assert (remedy.edits, remedy.causes) == ((), (overfits,))
    trial = overfits.subject["trial"]
    assert remedy.words.startswith(f"Run trial {trial} again with more regularization")
    assert remedy.words.endswith("(C6).")


def test_regularization_that_is_the_question_is_left_alone():
    question = experiment(scientific={"use_dropout": [False, True]}, fixed={"weight_decay": 0.0})
    context = rounds.overfits(question)

    assert len(context.of("overfitting", "C6", "problem")) == 2
    assert regularize(context) == []


def test_a_best_that_does_not_overfit_is_not_regularized():
    context = rounds.overfits(experiment(fixed={"dropout": 0.0}))
    overfits = only(context, "overfitting", "C6", "problem")

    assert regularize(with_status(context, overfits, "ok")) == []
    assert regularize(rounds.healthy(experiment(fixed={"dropout": 0.0}))) == []
