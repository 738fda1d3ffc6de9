import pytest
from tests.factories import experiment

from etude.design.split import split
from etude.errors import ExperimentError
from etude.space import Integer, Real


def constrained(*constraints, **given):
    plain = {
        "scientific": {"optimizer": ["sgd", "adam"]},
        "nuisance": {
            "warmup_steps": Integer(0, 50),
            "when": {"optimizer": {"sgd": {"momentum": Real(0.5, 0.9)}}},
        },
        "fixed": {"width": 64, "heads": 3},
    }
    return experiment(**plain | given, constraints=constraints)


def refused(one):
    with pytest.raises(ExperimentError) as refusal:
        split(one)
    return [(mistake.where, mistake.message) for mistake in refusal.value.mistakes]


def test_a_constraint_is_bound_in_the_studies_where_its_names_exist():
    sgd, adam = split(constrained("warmup_steps <= 0.1 * max_steps", "momentum < 0.8"))

    assert sgd.space.constraints == ("momentum < 0.8", "warmup_steps <= 0.1 * max_steps")
    assert adam.space.constraints == ("warmup_steps <= 0.1 * max_steps",)


def test_a_constraint_knows_what_the_study_holds_and_nothing_else():
    text = 'optimizer == "sgd" or warmup_steps <= width'
    sgd, adam = split(constrained(text))

    assert sgd.space.known == {"optimizer": "sgd", "width": 64}
    assert adam.space.known == {"optimizer": "adam", "width": 64}


def test_without_constraints_a_space_knows_nothing():
    assert [(one.space.constraints, one.space.known) for one in split(constrained())] == 2 * [
        ((), {})
    ]


def test_a_constraint_that_holds_whatever_is_searched_asks_nothing_of_the_search():
    assert split(constrained("width % 2 == 0"))[0].space.constraints == ()


def test_a_constraint_that_is_false_whatever_is_searched_is_refused():
    [(where, message)] = refused(constrained("width % heads == 0"))

    assert where == "experiment.constraints"
    assert "is false in the study `optimizer=sgd`" in message
    assert "heads = 3, width = 64. Change one of them" in message


def test_a_hyperparameter_called_max_steps_leaves_it_open_which_one_is_meant():
    with pytest.raises(ExperimentError, match=r"`max_steps` is a key .* could mean either \(T4\)"):
        constrained(
            "max_steps < width", scientific={}, nuisance={}, fixed={"max_steps": 3, "width": 9}
        )


def test_a_constraint_that_no_study_can_apply_is_refused():
    never = {
        "a": [1, 2],
        "when": {"a": {"1": {"b": [1, 2]}, "2": {"c": [1, 2]}}},
    }
    nuisance = {"when": {"b": {"1": {"x": Real(0, 1)}}, "c": {"1": {"y": Real(0, 1)}}}}
    [(_, message)] = refused(constrained("x < y", scientific=never, nuisance=nuisance))

    assert "no study can apply `x < y`: `x`, `y` exist together in none (R11)" in message


def test_an_order_of_constraints_means_nothing():
    texts = ["momentum < 0.8", "warmup_steps > 1"]

    assert split(constrained(*texts)) == split(constrained(*texts[::-1]))
