"""What Ray Tune itself wrote, and what it trains with Etude's search: one cluster for all of it.

Ray takes longer to start than these trials to train.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import ray
from tests.connect.raytune import ray_files, tuned

from etude.connect.assembly.assemble import Target
from etude.connect.base import ReadRequest
from etude.connect.importer import import_results
from etude.connect.raytune import read
from etude.experiment.toml.read import loads
from etude.round.ask import ask
from etude.round.result import load
from etude.space import Real
from etude.store import open_store

PAGE = Path(__file__).parents[2] / "docs" / "from-ray-tune.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The home of a person with Ray, whose cluster has one processor."""
    home = tmp_path_factory.mktemp("home")
    own = {"HOME": str(home), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Ray leaves to the collector
        for name, value in own.items():
            patch.setenv(name, value)
        ray.init(
            "local",
            num_cpus=1,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        yield home
        ray.shutdown()


def printed(script: str, *words: str) -> str:
    """What a script prints; Ray sends its functions as it sends those of any script."""
    said = StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said):
        patch.setattr(sys, "argv", ["script.py", *words])
        exec(script, {"__name__": "__main__"})
    return said.getvalue()


# --- the reader


@pytest.fixture(scope="module")
def study(home):
    """An experiment that Ray ran just now, as it was read."""
    printed(ray_files.SCRIPT, str(home))
    (study,) = read(home / "rates", ReadRequest(metric="loss"))
    return study


def test_what_ray_writes_arrives_value_for_value(study):
    rows = {one.setting["rate"]: one.rows for one in study.trials}

    assert repr(rows[0.1]) == repr(
        (
            (1, "loss", 0.1), (1, "valid/error", 0.0),
            (2, "loss", 0.1 / 2), (2, "valid/error", math.inf),
            (3, "loss", math.nan), (3, "valid/error", 0.25),
            (4, "loss", 0.1 / 4), (4, "valid/error", 0.375),
        )
    )  # fmt: skip
    assert [step for step, name, _ in rows[0.4] if name == "loss"] == [1, 2, 3]
    assert rows[0.3] == ((1, "loss", 0.3), (1, "valid/error", 0.0))


def test_how_trials_of_ray_ended_is_told_apart(study):
    assert {one.setting["rate"]: one.status for one in study.trials} == {
        0.4: "completed",  # returned by itself, one report early
        0.1: "completed",  # the full length
        0.9: "stopped",  # by ASHA
        0.3: "failed",
    }


def test_settings_of_ray_arrive_and_a_pickled_one_is_told(study):
    assert study.trials[0].setting == {
        "rate": 0.4,
        "net.width": 8,
        "net.norm": "None",
        "net.sizes": "[1, 2]",
    }
    assert any("pickled, so not read: `call`" in one for one in study.left_out)
    assert "No numbers, so no metrics: `phase`." in study.left_out


def test_the_error_of_a_trial_of_ray_is_kept(study):
    assert "ValueError: no <b>data</b>" in study.trials[3].detail


# --- the search


@pytest.fixture(scope="module")
def folder(home):
    """What Ray Tune left: four trials, the other two after a restore, one that failed again."""
    place = home / "tuned"
    place.mkdir()
    (place / "experiment.toml").write_text(tuned.EXPERIMENT)
    printed(tuned.SCRIPT, str(place))
    return place


@pytest.fixture(scope="module")
def known(folder):
    return json.loads((folder / "known.json").read_text())


def settings_of_etude():
    settings = []
    with ask(loads(tuned.EXPERIMENT)) as asking:
        while trial := asking.next():
            asking.tell(trial, 1.0)
            settings.append(dict(trial.setting))
    return settings


def settings_in(history):
    return [row["setting"] for row in history["trials"]]


def test_ray_tune_trains_the_settings_of_a_round_of_etude_in_their_order(known):
    assert settings_in(known["later"]) == settings_of_etude()


def test_a_search_that_was_restored_goes_on_where_it_was_saved(known):
    assert settings_in(known["first"]) == settings_in(known["later"])[:4]
    assert known["settings"] == settings_in(known["later"])[4:]


def test_a_trial_that_raises_and_one_that_becomes_nan_are_infeasible(known):
    rows = known["first"]["trials"] + known["later"]["trials"][4:]
    ends = {(row["status"], row["reason"]) for row in rows}

    assert ends == {("completed", ""), ("infeasible", "error"), ("infeasible", "nan")}


def test_a_trial_that_failed_and_was_trained_again_is_known_by_its_last_end(known):
    failed = [row["index"] for row in known["first"]["trials"] if row["reason"] == "error"]

    again = [row for row in known["again"]["trials"] if row["study"] == "optimizer=momentum"]

    assert failed == [0]
    assert again[0]["reason"] != "error"
    assert len(again[0]["values"]) == 4


def test_what_ray_tune_saves_of_the_search_is_json(known):
    assert known["state"]["experiment"].startswith("[experiment]")


def test_the_results_are_judged_with_the_space_of_the_file(folder):
    store = open_store("memory")
    target = Target(name="fits", metric="valid/loss", space=folder / "experiment.toml")

    import_results(
        "raytune", folder / "rest", target, ReadRequest(metric="valid/loss"), store=store
    )

    studies = load(store, "fits").studies
    assert [study.name for study in studies] == ["optimizer=plain", "optimizer=momentum"]
    assert studies[0].space.domains["learning_rate"] == Real(0.01, 100.0, log=True)


# --- the page


def test_the_study_of_the_page_runs_and_stays_with_settings_of_etude(home):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    before, _, stay = blocks

    said = printed((before + stay).replace("/tmp/ray", str(home / "page")))

    assert "'learning_rate': " in said
    assert said.splitlines()[-1] == "4"
