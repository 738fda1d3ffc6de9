"""Ray Tune trains the settings of Etude's studies, and goes on after a restore."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from etude.connect.assembly.assemble import Target
from etude.connect.base import ReadRequest
from etude.connect.importer import import_results
from etude.connect.raytune.searcher import EtudeSearch
from etude.errors import ExperimentError, RunError
from etude.experiment.toml.read import loads
from etude.round.ask import ask
from etude.round.result import load
from etude.space import Real
from etude.store import open_store

from .tuned import EXPERIMENT, SCRIPT

RATE = Real(0.01, 100.0, log=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What Ray Tune left: four trials, the other two after a restore, one that failed again."""
    place = tmp_path_factory.mktemp("tuned")
    (place / "experiment.toml").write_text(EXPERIMENT)
    own = {"HOME": str(place), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    subprocess.run(
        [sys.executable, "-c", SCRIPT, str(place)],
        env={**os.environ, **own},
        check=True,
        capture_output=True,
        timeout=600,
    )
    return place


@pytest.fixture(scope="module")
def known(folder):
    return json.loads((folder / "known.json").read_text())


def settings_of_etude():
    settings = []
    with ask(loads(EXPERIMENT)) as asking:
        while trial := asking.next():
            asking.tell(trial, 1.0)
            settings.append(dict(trial.setting))
    return settings


def settings_in(history):
    return [row["setting"] for row in history["trials"]]


@pytest.mark.slow
def test_ray_tune_trains_the_settings_of_a_round_of_etude_in_their_order(known):
    assert settings_in(known["later"]) == settings_of_etude()


@pytest.mark.slow
def test_a_search_that_was_restored_goes_on_where_it_was_saved(known):
    assert settings_in(known["first"]) == settings_in(known["later"])[:4]
    assert known["settings"] == settings_in(known["later"])[4:]


@pytest.mark.slow
def test_a_trial_that_raises_and_one_that_becomes_nan_are_infeasible(known):
    rows = known["first"]["trials"] + known["later"]["trials"][4:]
    ends = {(row["status"], row["reason"]) for row in rows}

    assert ends == {("completed", ""), ("infeasible", "error"), ("infeasible", "nan")}


@pytest.mark.slow
def test_a_trial_that_failed_and_was_trained_again_is_known_by_its_last_end(known):
    failed = [row["index"] for row in known["first"]["trials"] if row["reason"] == "error"]

    again = [row for row in known["again"]["trials"] if row["study"] == "optimizer=momentum"]

    assert failed == [0]
    assert again[0]["reason"] != "error"
    assert len(again[0]["values"]) == 4


@pytest.mark.slow
def test_what_ray_tune_saves_of_the_search_is_json(known):
    assert known["state"]["experiment"].startswith("[experiment]")


@pytest.mark.slow
def test_the_results_are_judged_with_the_space_of_the_file(folder):
    store = open_store("memory")
    target = Target(name="fits", metric="valid/loss", space=folder / "experiment.toml")

    import_results(
        "raytune", folder / "rest", target, ReadRequest(metric="valid/loss"), store=store
    )

    studies = load(store, "fits").studies
    assert [study.name for study in studies] == ["optimizer=plain", "optimizer=momentum"]
    assert studies[0].space.domains["learning_rate"] == RATE


# --- without a cluster


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
