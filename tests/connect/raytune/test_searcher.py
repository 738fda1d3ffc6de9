"""What a search of Etude tells Ray Tune, without a cluster."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import pytest

from etude.connect.raytune.searcher import EtudeSearch
from etude.errors import ExperimentError, RunError
from etude.experiment.toml.read import loads
from etude.space import Real

from .tuned import EXPERIMENT

RATE = Real(0.01, 100.0, log=True)


def search():
    return EtudeSearch(loads(EXPERIMENT))


def test_settings_end_when_all_trials_are_out_and_over():
    search_alg = search()
    names = [f"trial {at}" for at in range(6)]
    for name in names:
        search_alg.suggest(name)

    assert search_alg.suggest("more") is None
    for name in names:
        search_alg.on_trial_complete(name, {"valid/loss": 1.0, "training_iteration": 4})
    assert search_alg.suggest("more") == EtudeSearch.FINISHED


def test_a_search_that_adapts_hears_of_failures():
    adapts = replace(loads(EXPERIMENT), search="bayesian", scientific={}, nuisance={"x": RATE})
    search_alg = EtudeSearch(adapts)
    search_alg.suggest("a")
    search_alg.on_trial_complete("a", error=True)

    (record,) = json.loads(pickle.loads(pickle.dumps(search_alg)).dumps())["trials"]
    assert (record["status"], record["reason"]) == ("infeasible", "error")
    assert search_alg.suggest("b") != record["setting"]


def test_a_trial_that_a_scheduler_stopped_is_censored_and_one_that_returned_is_not():
    search_alg = search()
    for name in ("stopped", "returned"):
        search_alg.suggest(name)
        search_alg.on_trial_result(name, {"valid/loss": 1.0, "training_iteration": 1})

    search_alg.on_trial_complete("stopped", {"valid/loss": 0.9, "training_iteration": 2})
    search_alg.on_trial_complete("returned", {"valid/loss": 1.0, "training_iteration": 1})

    assert [row["status"] for row in json.loads(search_alg.dumps())["trials"]] == [
        "stopped",
        "completed",
    ]


def test_another_metric_than_the_experiments_is_refused_with_the_way_out():
    with pytest.raises(RunError, match=r"judged by `valid/loss`.*metric='loss'.*Leave them out"):
        search().set_search_properties("loss", "min", {})


def test_a_schedule_of_etude_is_refused_with_the_way_out():
    with pytest.raises(RunError, match=r"schedule = \"asha\".*TuneConfig\(scheduler="):
        EtudeSearch(replace(loads(EXPERIMENT), schedule="asha"))


def test_a_file_with_a_mistake_is_refused_by_its_line(tmp_path):
    (tmp_path / "wrong.toml").write_text(EXPERIMENT.replace("trials = 3", "trails = 3"))

    with pytest.raises(ExperimentError, match=r"wrong\.toml:6.*trials"):
        EtudeSearch(tmp_path / "wrong.toml")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"experiment": 1, "trials": []}', "\x80"])
def test_a_file_that_is_no_history_is_refused(tmp_path, text):
    (tmp_path / "state").write_text(text, encoding="latin-1")

    with pytest.raises(RunError):
        search().restore(tmp_path / "state")


def test_a_history_of_another_space_is_refused(tmp_path):
    search().save(tmp_path / "state")
    other = EtudeSearch(replace(loads(EXPERIMENT), max_steps=9))

    with pytest.raises(RunError, match="saved with another `max_steps`"):
        other.restore(tmp_path / "state")


def test_a_history_goes_on_with_more_trials_than_it_was_saved_with(tmp_path):
    small = search()
    small.suggest("a")
    small.save(tmp_path / "state")
    larger = EtudeSearch(replace(loads(EXPERIMENT), trials=9))
    larger.restore(tmp_path / "state")

    assert json.loads(larger.dumps())["trials"][0]["name"] == "a"
