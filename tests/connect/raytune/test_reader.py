"""Experiments of Ray Tune arrive value for value, and how their trials ended."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.connect.csv_folders import import_result, shared_data
from tests.connect.hostile_files import malicious_pickle, zeros

from etude.connect.base import ReadRequest
from etude.connect.raytune import read
from etude.errors import ImportFileError

from .ray_files import result, state_entry, write_state, write_trial

LOSS = ReadRequest(metric="loss")


def the_study(folder: Path, request: ReadRequest = LOSS):
    (found,) = read(folder, request)
    return found


def the_trial(folder: Path, request: ReadRequest = LOSS):
    (found,) = the_study(folder, request).trials
    return found


def names(study):
    return {name for one in study.trials for _, name, _ in one.rows}


# --- the originals


@pytest.mark.parametrize(
    ("name", "trials", "hyperparameters", "first"),
    [
        ("run_1", 81, {"alpha", "beta", "gamma"}, 1.0),
        ("run_2", 3, {"alpha", "beta", "gamma"}, 1.4909391286298432),
        ("run_3", 3, {"lr", "optimizer"}, 0.0030782531754754753),
    ],
)
def test_an_original_arrives_whole(name, trials, hyperparameters, first):
    study = the_study(shared_data("originals", "raytune_2x", name), ReadRequest(metric="score"))

    assert Counter(one.status for one in study.trials) == {"completed": trials}
    assert Counter(row[1] for one in study.trials for row in one.rows) == {"score": trials}
    assert {name for one in study.trials for name in one.setting} == hyperparameters
    assert study.trials[0].rows == ((1, "score", first),)
    assert study.left_out == ()


def test_a_folder_of_experiments_has_a_study_for_each():
    studies = read(shared_data("originals", "raytune_2x"), ReadRequest(metric="score"))

    assert [one.name for one in studies] == ["run_1", "run_2", "run_3"]


# --- as Ray writes it


def test_only_what_was_reported_is_a_metric(tmp_path):
    write_trial(tmp_path, "a", result(1, loss=0.5, valid={"error": 0.25}))
    write_state(tmp_path, state_entry("a"))

    assert the_trial(tmp_path).rows == ((1, "loss", 0.5), (1, "valid/error", 0.25))
    assert the_trial(tmp_path).wall_s == 0.5


def test_values_that_are_not_finite_arrive(tmp_path):
    values = [math.nan, math.inf, -math.inf, "null"]
    write_trial(
        tmp_path, "a", *[result(at, loss=value) for at, value in enumerate(values, start=1)]
    )
    write_state(tmp_path, state_entry("a"))

    found = [value for _, _, value in the_trial(tmp_path).rows]

    assert repr(found) == "[nan, inf, -inf, nan]"


def test_what_is_no_number_is_told_and_what_is_missing_is_missing(tmp_path):
    write_trial(tmp_path, "a", result(1, loss=0.5, phase="warm"), result(2, loss=None))
    write_state(tmp_path, state_entry("a"))

    study = the_study(tmp_path)

    assert study.trials[0].rows == ((1, "loss", 0.5),)
    assert study.left_out == ("No numbers, so no metrics: `phase`.",)


@pytest.mark.parametrize(
    ("there", "here"),
    [("RUNNING", "running"), ("PAUSED", "running"), ("ERROR", "failed"), ("LOST", "unknown")],
)
def test_a_status_arrives_as_what_it_is(tmp_path, there, here):
    write_trial(tmp_path, "a", result(1, loss=0.5))
    write_state(tmp_path, state_entry("a", there))

    assert the_trial(tmp_path).status == here


def test_a_trial_that_has_not_begun_is_left_out_and_told(tmp_path):
    write_trial(tmp_path, "a", result(1, loss=0.5))
    write_trial(tmp_path, "b")
    write_state(tmp_path, state_entry("a"), state_entry("b", "PENDING"))

    study = the_study(tmp_path)

    assert [one.name for one in study.trials] == ["a"]
    assert study.left_out == ("Trials that had not begun, left out: `b`.",)


def write_error(folder: Path, text: str = "RuntimeError: CUDA out of memory") -> None:
    (folder / "error.txt").write_text(f"Traceback\n{text}\n")


@pytest.mark.parametrize(("iterations", "end"), [(2, "error"), (0, "error"), (5, ""), (8, "")])
def test_a_short_trial_with_an_error_failed_where_no_state_says_how_it_ended(
    tmp_path, iterations, end
):
    write_trial(tmp_path, "a", *[result(at, loss=0.5) for at in range(1, 6)], setting={"x": 1})
    steps = range(1, iterations + 1)
    write_error(write_trial(tmp_path, "b", *[result(at, loss=0.5) for at in steps]))

    records = {one.name: one for one in import_result(tmp_path, "loss", "raytune").records}

    assert (records["a"].status, records["a"].reason) == ("completed", "")
    assert records["b"].reason == end
    assert records["b"].status == ("infeasible" if end else "completed")
    assert "CUDA out of memory" in records["b"].detail


def test_what_is_known_of_ends_without_a_state_is_told(tmp_path):
    write_trial(tmp_path, "a", result(4, loss=0.5))
    write_trial(tmp_path, "c", result(2, loss=0.5))
    write_error(write_trial(tmp_path, "b", result(2, loss=0.5)))

    study = the_study(tmp_path)

    assert [one.status for one in study.trials] == ["unknown", "failed", "unknown"]
    assert study.left_out[0].endswith("how its trials ended is unknown where no `error.txt` tells.")
    assert study.left_out[1] == (
        "Trials with an `error.txt` that are shorter than the longest, taken as failed: `b`."
    )


def test_only_trials_with_an_error_and_no_result_have_failed_all(tmp_path):
    for name in "ab":
        write_error(write_trial(tmp_path, name))

    assert [one.status for one in the_study(tmp_path).trials] == ["failed", "failed"]


def test_an_error_of_a_trial_that_went_on_says_nothing_where_the_state_knows_better(tmp_path):
    write_trial(tmp_path, "a", result(8, loss=0.5))
    write_error(write_trial(tmp_path, "b", result(2, loss=0.5)))
    write_state(tmp_path, state_entry("a"), state_entry("b"))

    assert [one.status for one in the_study(tmp_path).trials] == ["completed", "completed"]
    assert the_study(tmp_path).left_out == ()


@pytest.mark.parametrize(
    ("marked", "iterations", "status"),
    [(True, 2, "stopped"), (False, 2, "completed"), (True, 8, "completed")],
)
def test_shorter_than_the_longest_and_marked_as_done_is_stopped(
    tmp_path, marked, iterations, status
):
    write_trial(tmp_path, "a", result(8, loss=0.5))
    write_trial(tmp_path, "b", result(1, loss=0.5), result(iterations, loss=0.5, done=marked))
    write_state(tmp_path, state_entry("a"), state_entry("b"))

    assert the_study(tmp_path).trials[1].status == status


def test_the_criterion_says_what_the_full_length_is(tmp_path):
    write_trial(tmp_path, "a", result(4, loss=0.5, done=True))
    write_state(tmp_path, state_entry("a", stopping_criterion={"training_iteration": 8}))

    study = the_study(tmp_path)

    assert study.max_steps == 8
    assert study.trials[0].status == "stopped"


def test_trials_stand_in_the_order_in_which_they_were_made(tmp_path):
    write_trial(tmp_path, "a", result(1, loss=0.5))
    write_trial(tmp_path, "b", result(1, loss=0.5))
    write_state(
        tmp_path,
        state_entry("a", experiment_tag="10_rate=0.1"),
        state_entry("b", experiment_tag="9_rate=0.1"),
    )

    assert [one.name for one in the_study(tmp_path).trials] == ["b", "a"]


def test_the_metric_that_ray_optimized_takes_the_wanted_name(tmp_path):
    write_trial(tmp_path, "a", result(1, loss=0.5, accuracy=0.75))
    write_state(tmp_path, state_entry("a"), metric="loss")

    assert names(the_study(tmp_path, ReadRequest(metric="valid/loss"))) == {
        "valid/loss",
        "accuracy",
    }
    assert names(the_study(tmp_path, ReadRequest(metric="accuracy"))) == {"loss", "accuracy"}


def test_names_can_be_changed_and_left_out(tmp_path):
    write_trial(
        tmp_path, "a", result(1, loss=0.5, noise=1.0), setting={"lr": 0.1, "gpu": 3, "seed": 7}
    )
    write_state(tmp_path, state_entry("a"))
    request = ReadRequest(
        metric="valid/loss",
        renames={"loss": "valid/loss", "lr": "rate", "time_total_s": "seconds"},
        ignored_names=frozenset({"noise", "gpu"}),
    )

    found = the_trial(tmp_path, request)

    assert found.rows == ((1, "valid/loss", 0.5), (1, "seconds", 0.5))
    assert (found.setting, found.seed) == ({"rate": 0.1}, 7)


def test_another_column_can_count_the_steps(tmp_path):
    write_trial(
        tmp_path, "a", result(1, loss=0.5, global_step=100), result(2, loss=0.25, global_step=200)
    )
    write_state(tmp_path, state_entry("a"))

    found = the_trial(tmp_path, ReadRequest(metric="loss", renames={"global_step": "step"}))

    assert found.rows == ((100, "loss", 0.5), (200, "loss", 0.25))


def test_a_setting_that_changed_on_the_way_is_told(tmp_path):
    write_trial(
        tmp_path,
        "a",
        result(1, loss=0.5, config={"rate": 0.1, "clip": math.nan}),
        result(2, loss=0.5, config={"rate": 0.1, "clip": math.nan}),
        result(3, loss=0.5, config={"rate": 0.2, "clip": math.nan}),
    )
    write_state(tmp_path, state_entry("a"))

    assert the_study(tmp_path).left_out == (
        "Trial a changed its setting on the way; it stands here with the last.",
    )


def test_states_of_older_versions_are_read(tmp_path):
    write_trial(tmp_path, "a", result(1, loss=0.5))
    old = {"trial_id": "a", "status": "ERROR", "config": {}, "logdir": "/data/ray_results/a"}
    whole = {"checkpoints": [json.dumps(old)]}
    (tmp_path / "experiment_state-2022-01-01.json").write_text(json.dumps(whole))

    assert the_trial(tmp_path).status == "failed"


def test_without_results_as_json_the_table_is_read(tmp_path):
    folder = write_trial(tmp_path, "a", result(1, loss=0.5))
    (folder / "result.json").unlink()
    table = "loss,valid/error,done,training_iteration\n0.5,,False,1\nnan,0.25,True,2\n"
    (folder / "progress.csv").write_text(table)
    write_state(tmp_path, state_entry("a"))

    assert repr(the_trial(tmp_path).rows) == (
        "((1, 'loss', 0.5), (2, 'loss', nan), (2, 'valid/error', 0.25))"
    )


def write_table(folder, name: str, *, has_setting: bool = True) -> None:
    """A trial's folder without results as JSON."""
    (folder / name).mkdir()
    (folder / name / "progress.csv").write_text("loss,training_iteration\n0.5,1\n0.25,2\n")
    if has_setting:
        (folder / name / "params.json").write_text('{"rate": 0.1}')


def test_tables_and_settings_alone_are_read_and_a_trial_without_setting_is_told(tmp_path):
    write_table(tmp_path, "a")
    write_table(tmp_path, "b", has_setting=False)

    study = the_study(tmp_path)

    assert [dict(trial.setting) for trial in study.trials] == [{"rate": 0.1}, {}]
    assert study.trials[0].rows == ((1, "loss", 0.5), (2, "loss", 0.25))
    assert any("Trial b has no `params.json`" in sentence for sentence in study.left_out)


def test_tables_without_a_setting_are_refused_with_what_is_missing(tmp_path):
    write_table(tmp_path, "a", has_setting=False)

    with pytest.raises(ImportFileError, match=r"1 folder has `progress.csv` without `params.json`"):
        read(tmp_path, ReadRequest(metric="loss"))


# --- what is broken


def test_a_result_that_was_cut_off_is_told_and_the_rest_counts(tmp_path):
    write_trial(tmp_path, "a", result(1, loss=0.5), '{"loss": 0.2')
    write_state(tmp_path, state_entry("a"))

    study = the_study(tmp_path)

    assert study.trials[0].rows == ((1, "loss", 0.5),)
    assert study.left_out == ("`a/result.json`: line 2 cannot be read; left out.",)


def test_a_state_that_was_cut_off_leaves_the_end_of_trials_unknown(tmp_path):
    write_trial(tmp_path, "a", result(1, loss=0.5))
    (tmp_path / "experiment_state-2026.json").write_text('{"trial_data": [["{')

    study = the_study(tmp_path)

    assert (study.trials[0].status, study.trials[0].rows) == ("unknown", ((1, "loss", 0.5),))
    assert "How the trials" in study.left_out[0]


def test_a_trial_without_a_folder_has_its_last_result(tmp_path):
    write_state(tmp_path, state_entry("a", last_result=result(3, loss=0.5)))

    study = the_study(tmp_path)

    assert study.trials[0].rows == ((3, "loss", 0.5),)
    assert study.left_out == ("Trial a: `a` is not there; only its last result is known.",)


@pytest.mark.parametrize("setting", ["[]", "{", "[" * 100_000, '{"a":' * 900 + "1" + "}" * 900])
def test_a_setting_that_cannot_be_read_is_told(tmp_path, setting):
    folder = write_trial(tmp_path, "a", result(1, loss=0.5, config={"rate": 0.1}))
    (folder / "params.json").write_text(setting)
    write_state(tmp_path, state_entry("a"))

    study = the_study(tmp_path)

    assert len(study.trials) == 1
    assert len(study.left_out) == 1


# --- what wants to do harm


def test_no_pickle_is_opened(tmp_path):
    attack = malicious_pickle(tmp_path / "sprung")
    pickled = {"_type": "CLOUDPICKLE_FALLBACK", "value": attack.hex()}
    folder = write_trial(tmp_path / "rates", "a", result(1, loss=0.5), setting={"call": "<object>"})
    (folder / "params.pkl").write_bytes(attack)
    (tmp_path / "rates" / "tuner.pkl").write_bytes(attack)
    write_state(tmp_path / "rates", state_entry("a", config={"call": pickled}))

    study = the_study(tmp_path / "rates")

    assert not (tmp_path / "sprung").exists()
    assert study.trials[0].setting == {}
    assert study.left_out == ("Trial a: pickled, so not read: `call`.",)


def test_a_trial_behind_a_link_out_of_the_folder_is_not_read(tmp_path):
    write_trial(tmp_path / "elsewhere", "a", result(1, loss=0.5))
    write_trial(tmp_path / "rates", "b", result(1, loss=0.25))
    (tmp_path / "rates" / "a").symlink_to(tmp_path / "elsewhere" / "a")
    write_state(tmp_path / "rates", state_entry("a"), state_entry("b"))

    study = the_study(tmp_path / "rates")

    assert [one.rows for one in study.trials] == [(), ((1, "loss", 0.25),)]
    assert "link out of the folder, and was not followed" in study.left_out[0]


@pytest.mark.parametrize("where", ["..", "/", ".", "../elsewhere", "/etc"])
def test_a_path_out_of_the_folder_is_not_followed(tmp_path, where):
    write_trial(tmp_path, "elsewhere", result(1, loss=0.5))
    write_trial(tmp_path / "rates", "b", result(1, loss=0.25))
    write_state(tmp_path / "rates", state_entry("a", relative_logdir=where), state_entry("b"))

    study = the_study(tmp_path / "rates")

    assert [one.rows for one in study.trials] == [(), ((1, "loss", 0.25),)]


@pytest.mark.parametrize("name", ["experiment_state-2026.json", "a/result.json", "a/params.json"])
def test_a_gigabyte_of_zeros_is_told_at_once(tmp_path, name):
    write_trial(tmp_path, "a", result(1, loss=0.5))
    write_state(tmp_path, state_entry("a"))
    zeros(tmp_path / name)
    began = time.process_time()

    study = the_study(tmp_path)

    assert time.process_time() - began < 2
    assert len(study.trials) == 1
    assert name.split("/")[-1] in study.left_out[0]


def test_a_state_of_zeros_alone_is_refused(tmp_path):
    zeros(tmp_path / "experiment_state-2026.json")

    with pytest.raises(ImportFileError, match="no trial of Ray Tune that can be read"):
        read(tmp_path, LOSS)


def test_a_folder_without_an_experiment_is_refused(tmp_path):
    with pytest.raises(ImportFileError, match="holds no experiment of Ray Tune"):
        read(tmp_path, LOSS)


def test_a_file_that_is_no_state_is_refused(tmp_path):
    with pytest.raises(ImportFileError, match="Name the folder of an experiment"):
        read(zeros(tmp_path / "result.json"), LOSS)
