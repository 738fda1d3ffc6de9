"""The reader of Keras Tuner: spaces, conditions, budgets and ends."""

import json
import random

import pytest

from etude.connect.base import ReadRequest
from etude.connect.kerastuner import read
from etude.errors import ImportFileError
from etude.space import Choice, Integer, Real

REQUEST = ReadRequest(metric="val_loss")


def entry(kind, name, conditions=(), **config):
    return {"class_name": kind, "config": {"name": name, "conditions": list(conditions), **config}}


SPACE = [
    entry("Float", "lr", min_value=1e-4, max_value=1e-2, sampling="log"),
    entry("Int", "layers", min_value=1, max_value=3, sampling="linear"),
    entry("Choice", "activation", values=["relu", "tanh"]),
    entry("Boolean", "norm"),
    entry(
        "Float",
        "slope",
        [{"class_name": "Parent", "config": {"name": "activation", "values": ["relu"]}}],
        min_value=0.0,
        max_value=1.0,
    ),
]
VALUES = {"lr": 0.001, "layers": 2, "activation": "tanh", "norm": True, "slope": 0.5}


@pytest.fixture
def project(tmp_path):
    """The study of a project with these trials."""

    def written(*trials, oracle=True):
        if oracle:
            content = json.dumps({"hyperparameters": {"space": SPACE}})
            (tmp_path / "oracle.json").write_text(content)
        for at, trial in enumerate(trials):
            path = tmp_path / f"trial_{at}" / "trial.json"
            path.parent.mkdir()
            path.write_text(trial if isinstance(trial, str) else json.dumps(trial))
        (study,) = read(tmp_path, REQUEST)
        return study

    return written


def trial(status="COMPLETED", value=0.5, message=None, **values):
    metric = {"direction": "min", "observations": [{"value": value, "step": 4}]}
    return {
        "hyperparameters": {"space": SPACE, "values": {**VALUES, **values}},
        "metrics": {"metrics": {"val_loss": metric} if value is not None else {}},
        "status": status,
        "message": message,
    }


def test_the_space_is_what_the_project_states(project):
    assert project(trial()).domains == {
        "lr": Real(1e-4, 1e-2, log=True),
        "layers": Integer(1, 3),
        "activation": Choice(["relu", "tanh"]),
        "norm": Choice([False, True]),
        "slope": Real(0.0, 1.0),
    }


@pytest.mark.parametrize(("activation", "has_slope"), [("relu", True), ("tanh", False)])
def test_a_hyperparameter_exists_where_its_condition_holds(project, activation, has_slope):
    (one,) = project(trial(activation=activation)).trials

    assert ("slope" in one.setting) is has_slope


def test_ends_stay_what_they_are(project):
    study = project(
        trial(),
        trial("FAILED", None, "Traceback: out of memory"),
        trial("INVALID", None),
        trial("RUNNING", None),
    )

    assert [one.status for one in study.trials] == ["completed", "failed", "infeasible", "running"]
    assert study.trials[1].detail == "Traceback: out of memory"


def test_a_setting_that_hyperband_trained_for_less_is_censored(project):
    study = project(trial(**{"tuner/epochs": 3, "tuner/bracket": 1}), trial(**{"tuner/epochs": 9}))

    assert [one.status for one in study.trials] == ["stopped", "completed"]
    assert {name for one in study.trials for name in one.setting} == VALUES.keys() - {"slope"}


def test_several_trainings_of_a_trial_are_their_mean_and_the_direction_is_known(project):
    study = project(trial(value=[0.25, 0.75]))

    assert study.trials[0].rows == ((4, "val_loss", 0.5),)
    assert study.maximize is False


def test_a_trial_that_cannot_be_read_is_named_and_the_others_arrive(project):
    study = project(trial(), "{", "[]", oracle=False)

    assert len(study.trials) == 1
    assert ["trial.json" in sentence for sentence in study.left_out] == [True, True]
    assert study.domains["layers"] == Integer(1, 3)


@pytest.mark.parametrize(
    "content",
    [
        {"hyperparameters": {"space": [1, {"config": {"name": 1}}], "values": {"lr": [1]}}},
        {"hyperparameters": [], "metrics": {"metrics": {"x": [1]}}, "status": 7},
        {"metrics": {"metrics": {"val_loss": {"observations": [{"value": {}}, 3, None]}}}},
        {"hyperparameters": {"space": [entry("Int", "a", min_value="x")], "values": {"a": "b"}}},
    ],
)
def test_what_a_trial_should_not_hold_breaks_nothing(project, content):
    assert project(trial(), content).trials[0].setting["lr"] == 0.001


def shaken(seed):
    """A trial's file in which some values are of another kind, or gone."""
    chance = random.Random(seed)
    text = json.dumps(trial(**{"tuner/epochs": 3}))
    for _ in range(chance.randint(1, 4)):
        old = chance.choice(('"val_loss"', "0.5", "[", "{", '"lr"', "null", '"Float"', "true", "4"))
        text = text.replace(old, chance.choice(("null", "[]", "{}", "1e999", '"x"', "-1")), 1)
    return text


def test_shaken_trials_are_read_or_named(project):
    study = project(trial(), *map(shaken, range(200)))

    named = [sentence for sentence in study.left_out if "trial.json" in sentence]
    assert len(study.trials) + len(named) == 201
    assert len(study.trials) > 20


def test_a_folder_without_a_trial_is_refused(tmp_path):
    with pytest.raises(ImportFileError, match="no trial of Keras Tuner"):
        read(tmp_path, REQUEST)
