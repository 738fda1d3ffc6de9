from __future__ import annotations

import pytest

from etude.errors import ExperimentError
from etude.experiment import Experiment, toml
from etude.space import Real


def experiment(**track):
    return Experiment(
        metric="valid/error",
        max_steps=9,
        trials=3,
        nuisance={"lr": Real(0.1, 1.0)},
        track=track,
    )


def mistakes(**track):
    with pytest.raises(ExperimentError) as caught:
        experiment(**track)
    return {one.where: one.message for one in caught.value.mistakes}


def test_trackers_stand_in_a_table_of_their_own_and_come_back():
    given = experiment(wandb={"project": "digits", "offline": True}, tensorboard={})

    written = toml.dumps(given)

    assert '[track]\nwandb = { project = "digits", offline = true }\ntensorboard = {}\n' in written
    assert toml.loads(written) == given


def test_a_tracker_may_have_a_table_below():
    text = toml.dumps(experiment()) + '\n[track.mlflow]\nexperiment = "digits"\n'

    assert toml.loads(text).track == {"mlflow": {"experiment": "digits"}}


def test_every_mistake_is_told_at_once():
    told = mistakes(
        wandv={}, neptune={}, mlflow="digits", wandb={"tags": ["a"], "id": float("inf")}
    )

    assert "found `wandv`. Did you mean `wandb`?" in told["track.wandv"]
    assert "Known: `wandb`, `mlflow`, `tensorboard`." in told["track.neptune"]
    assert "found 'digits'. Write `mlflow = {}`" in told["track.mlflow"]
    assert "found ['a']" in told["track.wandb.tags"]
    assert "found inf" in told["track.wandb.id"]
    assert len(told) == 5


def test_trackers_need_a_table():
    with pytest.raises(ExperimentError, match="track: needs a table, found 'wandb'"):
        toml.loads('track = "wandb"\n' + toml.dumps(experiment()))
