from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import minimal

from etude.errors import ExperimentError, SpaceError
from etude.experiment import changes
from etude.experiment.hyperparameter import (
    Hyperparameter,
    flat,
    key_path,
    key_steps,
)
from etude.experiment.toml.read import loads
from etude.experiment.toml.write import dumps
from etude.experiment.validation import mistakes
from etude.space import Choice, Integer, Real
from etude.wording import did_you_mean

RATE = Real(1e-4, 1.0, log=True)


@pytest.fixture
def experiment():
    return minimal(
        scientific={"optimizer": ["nesterov", "adam"]},
        nuisance={
            "weight_decay": RATE,
            "when": {
                "optimizer": {
                    "adam": {"learning_rate": RATE, "beta1": Real(0.7, 0.99)},
                    "nesterov": {"learning_rate": Real(1e-2, 10.0, log=True)},
                }
            },
        },
        fixed={"batch_size": 256, "when": {"optimizer": {"adam": {"epsilon": 1e-8}}}},
    )


def refused(**given):
    """The mistakes of an experiment that differs from a sound one by these fields."""
    with pytest.raises(ExperimentError) as refusal:
        minimal(**given)
    return [(one.where, one.message) for one in refusal.value.mistakes]


def test_hyperparameters_are_sorted_by_role_and_path(experiment):
    assert [one.path for one in experiment.hyperparameters] == [
        "scientific.optimizer",
        "nuisance.weight_decay",
        "nuisance.when.optimizer.adam.beta1",
        "nuisance.when.optimizer.adam.learning_rate",
        "nuisance.when.optimizer.nesterov.learning_rate",
        "fixed.batch_size",
        "fixed.when.optimizer.adam.epsilon",
    ]


def test_the_order_of_keys_means_nothing(experiment):
    turned = replace(experiment, nuisance=dict(reversed(experiment.nuisance.items())))

    assert turned == experiment
    assert turned.hyperparameters == experiment.hyperparameters


def test_a_hyperparameter_exists_under_its_scientific_values_only(experiment):
    here = [one.name for one in experiment.hyperparameters if one.exists({"optimizer": "nesterov"})]

    assert here == ["optimizer", "weight_decay", "learning_rate", "batch_size"]


def test_a_list_becomes_a_choice(experiment):
    assert experiment.scientific == {"optimizer": Choice(["nesterov", "adam"])}


def test_a_condition_may_be_written_as_a_value():
    nested = {"when": {"depth": {2: {"width": RATE}, True: {"gate": RATE}}}}
    experiment = minimal(
        scientific={"depth": [2, True]},
        nuisance=nested,
    )

    assert [one.when for one in experiment.hyperparameters[1:]] == [
        (("depth", "2"),),
        (("depth", "true"),),
    ]


def test_whole_numbers_of_numpy_become_plain_ones():
    made = minimal(max_steps=np.int64(100), trials=np.int32(8), seed=np.uint8(3))

    assert [(type(one), one) for one in (made.max_steps, made.trials, made.seed)] == [
        (int, 100),
        (int, 8),
        (int, 3),
    ]
    assert loads(dumps(made)) == made


def test_numbers_of_numpy_become_plain_ones():
    fixed = {"batch_size": np.int64(8), "rate": np.float64(0.1), "clip": np.float32(0.5)}
    experiment = minimal(fixed=fixed)

    assert [type(value) for value in experiment.fixed.values()] == [int, float, float]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("metric", "", "needs the name of a reported metric, found ''"),
        ("max_steps", 0, "needs a whole number, 1 or more, found 0. Write for example 2000."),
        ("max_steps", 10.0, "needs a whole number, 1 or more, found 10.0"),
        ("trials", True, "needs a whole number, 1 or more, found True"),
        ("evaluations", 0, "Write for example 50"),
        ("name", "a/b", "names a folder too"),
        ("parent", "", "names a folder too"),
        ("question", 3, "needs text, found 3"),
        ("maximize", "yes", "Write true or false, without quotes"),
        ("train", "train.py", "needs \"file.py:function\", found 'train.py'"),
        ("search", "quasirandom", "Did you mean `quasi_random`?"),
        ("trials", 100_000_000, "takes 1,000,000 at most, found 100,000,000. Write for example 20"),
        ("evaluations", 10**7, "takes 1,000,000 at most, found 10,000,000. Write for example 50."),
        ("max_steps", 10**13, "takes 1,000,000,000,000 at most, found 10,000,000,000,000"),
        ("trials", np.int64(0), "needs a whole number, 1 or more, found 0"),
        ("trials", np.float64(8), "needs a whole number, 1 or more, found 8.0"),
        ("seed", -1, "needs a whole number, 0 or more, found -1"),
        ("validation_examples", 0, "needs a whole number, 1 or more"),
        ("max_trial_s", 0, "needs seconds above 0"),
        ("diverged_above", True, "or false to switch the rule off"),
        ("keep_checkpoints", 0, "needs a whole number, 1 or more"),
        ("acknowledge", "S3", "needs a list of rule ids, found 'S3'. Write for example [\"S3\"]."),
        ("acknowledge", ["S3", "q1"], "found 'q1'. Did you mean `Q11`?"),
        ("acknowledge", ("C1",), "found 'C1'. Known: `K1`, `L2`, `Q11`,"),
        ("acknowledge", [None], "found None"),
        ("observed", "lr", "needs a list of names, found 'lr'"),
        ("observed", ["learning_rat"], "names hyperparameters with a range"),
        ("seed", 2**63, "takes 9,223,372,036,854,775,807 at most"),
        ("constraints", "a < 1", "needs a list of conditions, found 'a < 1'. Write for example"),
        ("constraints", [3], "holds conditions in quotes, found 3. Put it in quotes."),
    ],
)
def test_a_wrong_field_is_refused_with_the_way_out(field, value, sentence):
    [(where, message)] = refused(**{field: value})

    assert where == f"experiment.{field}"
    assert sentence in message


@pytest.mark.parametrize(
    ("role", "members", "path", "sentence"),
    [
        ("scientific", {"depth": Real(1, 2)}, "scientific.depth", "needs a list of values"),
        ("scientific", {"depth": [2]}, "scientific.depth", "two values or more"),
        ("scientific", {"depth": [2, 2]}, "scientific.depth", "got `2` twice"),
        ("nuisance", {"rate": 0.1}, "nuisance.rate", "needs a range or a list (R4), found 0.1"),
        ("nuisance", {"rate": SpaceError("No.")}, "nuisance.rate", "No."),
        ("fixed", {"rate": RATE}, "fixed.rate", "found Real("),
        ("fixed", {"rate": [1, 2]}, "fixed.rate", "found [1, 2]"),
        ("fixed", {"rate": float("nan")}, "fixed.rate", "finite number (R4), found nan"),
        ("fixed", {"": 1}, 'fixed.""', "name is a text, found ''"),
        ("fixed", {1: 1}, "fixed.1", "name is a text, found 1"),
        ("fixed", 3, "fixed", "needs a table, found 3"),
        ("fixed", {"when": 3}, "fixed.when", "`when` is reserved"),
        ("fixed", {"when": {"x": 3}}, "fixed.when", "Write [fixed.when.NAME.VALUE]"),
        ("fixed", {"when": {"x": {"a": 3}}}, "fixed.when.x.a", "needs a table, found 3"),
        ("fixed", {"when": {"x": {"a": {"b": 1}}}}, "fixed.when.x.a", "[scientific]"),
    ],
)
def test_what_has_no_place_in_a_role_is_refused_where_it_stands(role, members, path, sentence):
    [(where, message)] = refused(**{role: members})

    assert where == path
    assert sentence in message


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"optimzer": {"adam": {"x": 1}}}, "found `optimzer`. Did you mean `optimizer`?"),
        ({"rate": {"adam": {"x": 1}}}, "found `rate`. Known: `depth`, `optimizer`."),
        ({"optimizer": {"adm": {"x": 1}}}, "found `adm`. Did you mean `adam`?"),
        ({"depth": {"2.0": {"x": 1}}}, "found `2.0`. Known: `2`, `4`."),
    ],
)
def test_a_condition_names_a_scientific_value(condition, sentence):
    scientific = {"optimizer": ["sgd", "adam"], "depth": [2, 4]}
    [(_, message)] = refused(scientific=scientific, fixed={"when": condition})

    assert sentence in message


def test_a_condition_on_a_broken_hyperparameter_is_no_second_mistake():
    members = {"when": {"optimizer": {"adam": {"x": 1}}}}

    assert len(refused(scientific={"optimizer": ["adam", "adam"]}, fixed=members)) == 1


def test_a_condition_that_can_never_hold_is_refused():
    scientific = {"a": [1, 2], "when": {"a": {"1": {"b": [1, 2]}}}}
    never = {"when": {"a": {"2": {"when": {"b": {"1": {"x": 1}}}}}}}

    [(where, message)] = refused(scientific=scientific, fixed=never)
    assert where == "fixed.when.a.2.when.b.1"
    assert "`b` is never `1` here" in message


def test_conditions_in_a_circle_are_refused():
    circle = {
        "when": {"a": {"1": {"b": [1, 2]}}, "b": {"1": {"a": [1, 2]}}},
    }

    found = refused(scientific=circle)
    assert [where for where, _ in found] == ["scientific.when.a.1.b", "scientific.when.b.1.a"]
    assert "`a`, `b` run in a circle" in found[0][1]


def test_a_hyperparameter_under_its_own_value_runs_in_a_circle():
    [(_, message)] = refused(scientific={"when": {"a": {"1": {"a": [1, 2]}}}})

    assert "run in a circle" in message


def test_conditions_may_stand_on_conditions():
    scientific = {"a": [1, 2], "when": {"a": {"1": {"b": [1, 2]}}}}
    nuisance = {"when": {"b": {"2": {"x": RATE}}}}
    experiment = minimal(scientific=scientific, nuisance=nuisance)

    assert experiment.hyperparameters[-1].when == (("b", "2"),)


@pytest.mark.parametrize(
    "fixed", [{"rate": 1}, {"when": {"optimizer": {"adam": {"rate": 1}}}}], ids=["always", "adam"]
)
def test_a_hyperparameter_has_one_role_at_a_time(fixed):
    given = {"scientific": {"optimizer": ["sgd", "adam"]}, "nuisance": {"rate": RATE}}

    [(_, message)] = refused(**given, fixed=fixed)
    assert "also stands at `nuisance.rate`" in message


def test_the_same_name_may_have_two_roles_that_never_meet():
    by_optimizer = {"when": {"optimizer": {"sgd": {"rate": RATE}}}}
    experiment = minimal(
        scientific={"optimizer": ["sgd", "adam"]},
        nuisance=by_optimizer,
        fixed={"when": {"optimizer": {"adam": {"rate": 0.1}}}},
    )

    assert [one.role for one in experiment.hyperparameters if one.name == "rate"] == [
        "nuisance",
        "fixed",
    ]


def test_all_mistakes_are_told_at_once():
    found = refused(
        metric="", trials=0, scientific={"a": [1]}, nuisance={"b": 1}, fixed={"c": None, "when": 1}
    )

    assert [where for where, _ in found] == [
        "experiment.metric",
        "experiment.trials",
        "fixed.when",
        "scientific.a",
        "nuisance.b",
        "fixed.c",
    ]


def test_a_sound_experiment_has_no_mistakes():
    assert mistakes({"metric": "valid/error", "max_steps": 1, "trials": 1}) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"trials": 9}, []),
        ({"trials": 7}, ["trials"]),
        ({"notes": "new", "max_trial_s": 3}, []),
        ({"acknowledge": ("S3",)}, []),
        ({"seed": 1, "max_steps": 7}, ["max_steps", "seed"]),
        ({"fixed": {"batch_size": 128}}, ["fixed"]),
        ({"constraints": ["weight_decay < 0.1"]}, ["constraints"]),
        ({"scientific": {"optimizer": Choice(["nesterov", "adam"], units="rules")}}, []),
    ],
)
def test_changes_are_those_that_bear_on_results(experiment, change, expected):
    assert changes(experiment, replace(experiment, **change)) == expected


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (["optimizer", "depth"], "Did you mean `optimizer`?"),
        (["width", "depth"], "Known: `width`, `depth`."),
        ([], "There is none."),
    ],
)
def test_an_unknown_name_is_told_the_nearest_or_all(known, sentence):
    assert did_you_mean("optimzer", known) == sentence


@given(keys=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_a_path_gives_back_its_steps(keys):
    assert key_steps(key_path(keys)) == tuple(keys)


def test_a_value_with_a_dot_is_one_step():
    one = Hyperparameter("momentum", "nuisance", Integer(1, 2), (("rate", "0.1"),))

    assert one.path == 'nuisance.when.rate."0.1".momentum'
    assert one.keys == ("nuisance", "when", "rate", "0.1", "momentum")


def test_flat_unfolds_conditions_of_any_depth():
    members = {"when": {"a": {"1": {"x": 1, "when": {"b": {"2": {"y": 2}}}}}}}

    assert [(one.name, one.when) for one in flat("fixed", members)] == [
        ("x", (("a", "1"),)),
        ("y", (("a", "1"), ("b", "2"))),
    ]


def test_neither_units_nor_limits_nor_the_order_of_constraints_bear_on_results(experiment):
    named = replace(experiment, constraints=("weight_decay < 0.1", "weight_decay > 0.01"))
    said = {**experiment.nuisance, "weight_decay": Real(1e-4, 1.0, log=True, limits=(0, 9))}
    turned = replace(named, constraints=named.constraints[::-1], nuisance=said)

    assert changes(named, turned) == []
