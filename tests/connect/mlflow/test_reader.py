from __future__ import annotations

import math
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.connect.csv_folders import import_source, shared_data
from tests.connect.hostile_files import memory_below, zeros

from etude.connect import mlflow
from etude.connect.base import ReadRequest, SourceStudy
from etude.errors import ImportFileError

Statement: TypeAlias = tuple[str, tuple[object, ...]]

REQUEST = ReadRequest(metric="valid/loss")
LARGEST = 1.7976931348623157e308  # what MLflow stores for an infinite value

# As MLflow 3.17 creates them.
SCHEMA = """
CREATE TABLE experiments (
    experiment_id INTEGER NOT NULL,
    name VARCHAR(256) NOT NULL,
    artifact_location VARCHAR(256),
    lifecycle_stage VARCHAR(32),
    creation_time BIGINT,
    last_update_time BIGINT,
    workspace VARCHAR(63) DEFAULT 'default' NOT NULL,
    CONSTRAINT experiment_pk PRIMARY KEY (experiment_id),
    CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')),
    CONSTRAINT uq_experiments_workspace_name UNIQUE (workspace, name)
);
CREATE TABLE runs (
    run_uuid VARCHAR(32) NOT NULL,
    name VARCHAR(250),
    source_type VARCHAR(20),
    source_name VARCHAR(500),
    entry_point_name VARCHAR(50),
    user_id VARCHAR(256),
    status VARCHAR(9),
    start_time BIGINT,
    end_time BIGINT,
    source_version VARCHAR(50),
    lifecycle_stage VARCHAR(20),
    artifact_uri VARCHAR(200),
    experiment_id INTEGER,
    deleted_time BIGINT,
    CONSTRAINT run_pk PRIMARY KEY (run_uuid),
    CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')),
    FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id),
    CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
CREATE TABLE metrics (
    "key" VARCHAR(250) NOT NULL,
    value FLOAT NOT NULL,
    timestamp BIGINT NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    step BIGINT DEFAULT '0' NOT NULL,
    is_nan BOOLEAN DEFAULT '0' NOT NULL,
    CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan),
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid),
    CHECK (is_nan IN (0, 1))
);
CREATE TABLE params (
    "key" VARCHAR(250) NOT NULL,
    value VARCHAR(8000) NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid),
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
CREATE TABLE tags (
    "key" VARCHAR(250) NOT NULL,
    value VARCHAR(8000),
    run_uuid VARCHAR(32) NOT NULL,
    CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid),
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
"""
RUN = (
    "insert into runs (run_uuid, status, start_time, end_time, lifecycle_stage, experiment_id)"
    " values (?, ?, ?, ?, ?, ?)"
)
EXPERIMENT = "insert into experiments (experiment_id, name, lifecycle_stage) values (?, ?, ?)"
METRIC = (
    "insert into metrics (run_uuid, key, value, timestamp, step, is_nan) values (?, ?, ?, ?, ?, ?)"
)


def database(path: Path, *statements: Statement) -> Path:
    """A tracking database with the experiment 1, `digits`, and what the statements add."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA)
        for statement in ((EXPERIMENT, (1, "digits", "active")), *statements):
            db.execute(*statement)
        db.commit()
    return path


def metric(run: str, name: str, value: float, step: int, *, is_nan: int = 0) -> Statement:
    return METRIC, (run, name, value, 1000 + step, step, is_nan)


def param(run: str, name: str, value: str) -> Statement:
    return "insert into params (run_uuid, key, value) values (?, ?, ?)", (run, name, value)


def run(name: str, status: str = "FINISHED", stage: str = "active", experiment: int = 1):
    return RUN, (name, status, 1000, 3500, stage, experiment)


def folder_run(
    place: Path, *, meta: str = "status: 3\nlifecycle_stage: active", **files: str
) -> Path:
    """A run's folder; the name of a file stands with `__` for `/`."""
    if not (place.parent / "meta.yaml").exists():
        written(place.parent / "meta.yaml", "name: digits\nlifecycle_stage: active\n")
    written(place / "meta.yaml", f"run_id: {place.name}\n{meta}\n")
    for name, text in files.items():
        written(place / name.replace("__", "/"), text)
    return place


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def read(source: Path, request: ReadRequest = REQUEST) -> SourceStudy:
    (study,) = mlflow.read(source, request)
    return study


# --- the original


def test_every_run_of_the_original_arrives_with_its_status_and_points():
    first, second = mlflow.read(shared_data("originals", "mlflow_mlruns"), REQUEST)

    assert (first.name, second.name) == ("Crop_TCN_experiment", "Crop_Conv1D_exp")
    assert Counter(trial.status for trial in first.trials) == {"completed": 2}
    assert Counter(trial.status for trial in second.trials) == {"completed": 3, "failed": 3}
    assert sorted(len(trial.rows) for trial in first.trials + second.trials) == [0] * 3 + [6] * 5
    assert {name for trial in first.trials + second.trials for _, name, _ in trial.rows} == {
        "train_loss",
        "val_loss",
    }


def test_values_and_settings_of_the_original_are_those_of_its_files():
    first, _ = mlflow.read(shared_data("originals", "mlflow_mlruns"), REQUEST)

    trial = next(one for one in first.trials if one.name == "a384553e8cf347dc86450978cf7b589b")
    assert trial.setting == {
        "learning_rate": 0.005014921356855819,
        "optimizer": "Adam",
        "scheduler_step_size": 30,
    }
    assert trial.wall_s == 10.509
    assert [value for _, name, value in trial.rows if name == "train_loss"] == [
        0.19085100810974837,
        0.011142058102414011,
        0.010987149452169736,
    ]


def test_the_original_logged_no_steps_and_that_is_told():
    first, second = mlflow.read(shared_data("originals", "mlflow_mlruns"), REQUEST)

    assert [step for step, name, _ in first.trials[0].rows if name == "val_loss"] == [0, 1, 2]
    assert ["logged metrics without steps" in one.left_out[0] for one in (first, second)] == [
        True,
        True,
    ]


# --- the folder


def test_a_metric_in_folders_has_its_path_as_its_name(tmp_path):
    folder_run(tmp_path / "mlruns/1/abc", metrics__train__loss="1000 0.5 0\n1001 nan 10\n")

    (trial,) = read(tmp_path).trials

    assert trial.rows[0] == (0, "train/loss", 0.5)
    assert trial.rows[1][:2] == (10, "train/loss")
    assert math.isnan(trial.rows[1][2])


@pytest.mark.parametrize("line", ["1000 0.5", "1000 0.5 0", "1000 0.5 0 data 1f2e"])
def test_every_version_of_a_metrics_line_is_read(tmp_path, line):
    folder_run(tmp_path / "1/abc", metrics__loss=line + "\n")

    assert read(tmp_path).trials[0].rows == ((0, "loss", 0.5),)


@pytest.mark.parametrize(
    ("number", "status"),
    [(1, "running"), (2, "running"), (3, "completed"), (4, "failed"), (5, "stopped")],
)
def test_a_status_is_what_mlflow_means_by_its_number(tmp_path, number, status):
    folder_run(tmp_path / "1/abc", meta=f"status: {number}")

    assert read(tmp_path).trials[0].status == status


def test_settings_are_of_one_type_a_column(tmp_path):
    folder_run(tmp_path / "1/a", params__lr="1", params__amsgrad="True", params__commit="12")
    folder_run(tmp_path / "1/b", params__lr="0.1", params__amsgrad="False", params__commit="a2")

    trials = read(tmp_path).trials

    assert [trial.setting for trial in trials] == [
        {"lr": 1.0, "amsgrad": True, "commit": "12"},
        {"lr": 0.1, "amsgrad": False, "commit": "a2"},
    ]


def test_deleted_runs_are_left_out_and_told(tmp_path):
    folder_run(tmp_path / "1/a")
    folder_run(tmp_path / "1/b", meta="lifecycle_stage: deleted")

    study = read(tmp_path)

    assert [trial.name for trial in study.trials] == ["a"]
    assert study.left_out == ("Runs of `digits` deleted in MLflow, and left out: 1.",)


def test_a_run_that_only_holds_runs_is_no_trial(tmp_path):
    folder_run(tmp_path / "1/parent")
    child = folder_run(tmp_path / "1/child", metrics__loss="1000 0.5 0\n")
    written(child / "tags/mlflow.parentRunId", "parent")

    study = read(tmp_path)

    assert [trial.name for trial in study.trials] == ["child"]
    assert study.left_out == (
        "Runs of `digits` that hold other runs and have no value of `valid/loss` are no trials: 1 "
        "(`parent`…).",
    )


LOSS = ReadRequest(metric="valid/loss", renames={"val_loss": "valid/loss"})


def nested_runs(folder: Path, parent: dict[str, str]) -> Path:
    """Three runs with a value at two steps each, inside a run that logged these files."""
    folder_run(folder / "1/parent", **parent)
    for at, loss in enumerate((0.5, 0.25, 0.75)):
        logged = {"params__lr": f"0.{at + 1}", "params__width": "8"}
        values = f"1000 0.9 0\n1001 {loss} 1\n"
        child = folder_run(folder / f"1/child{at}", metrics__val_loss=values, **logged)
        written(child / "tags/mlflow.parentRunId", "parent")
    return folder


def test_a_run_that_holds_runs_and_logs_only_what_it_found_takes_no_axis_from_them(tmp_path):
    found = {"params__best_lr": "0.2", "params__n": "3", "metrics__best_val_loss": "1 0.25 0\n"}
    source = nested_runs(tmp_path, found)

    summary, _ = import_source(source, "valid/loss", "mlflow", renames=dict(LOSS.renames))

    assert (summary.statuses, summary.unseen) == ({"completed": 3}, {})
    assert [one.path for one in summary.experiment.hyperparameters] == [
        "nuisance.lr",
        "fixed.width",
    ]
    assert "have no value of `valid/loss` are no trials: 1 (`parent`…)." in summary.left_out[0]


def test_a_name_to_ignore_that_only_such_a_run_has_is_met(tmp_path):
    source = nested_runs(tmp_path, {"params__best_lr": "0.2", "metrics__best": "1 0.25 0\n"})
    request = ReadRequest(metric="val_loss", ignored_names=frozenset({"best_lr", "best"}))

    read(source, request)

    assert request.names_met == {"best_lr", "best"}


@pytest.mark.parametrize("setting", [{"params__lr": "0.2"}, {"params__best_lr": "0.2"}, {}])
def test_a_run_that_repeats_the_best_of_those_that_it_holds_is_not_counted_again(tmp_path, setting):
    source = nested_runs(tmp_path, {"metrics__val_loss": "2000 0.25 0\n", **setting})

    study = read(source, LOSS)

    assert [trial.name for trial in study.trials] == ["child0", "child1", "child2"]
    assert study.left_out == (
        "Runs of `digits` that repeat the setting and the last value of a run that they hold are "
        "no further trials: 1 (`parent`…).",
    )


@pytest.mark.parametrize(
    ("value", "rate"),
    [("0.2", "0.2"), ("0.25", "0.3"), ("0.9", "0.2")],
    ids=["a value of its own", "a setting of its own", "a value on the way"],
)
def test_a_run_that_holds_runs_and_has_what_none_of_them_has_is_a_trial(tmp_path, value, rate):
    source = nested_runs(tmp_path, {"params__lr": rate, "metrics__val_loss": f"2000 {value} 0\n"})

    study = read(source, LOSS)

    assert sorted(trial.name for trial in study.trials) == ["child0", "child1", "child2", "parent"]
    assert study.left_out == ()


def test_where_only_runs_that_hold_others_are_judged_one_that_failed_is_a_trial(tmp_path):
    score, folds = "metrics__mean_loss", "metrics__fold_loss"
    for name, logged in (("a", {score: "1 0.5 0\n"}), ("b", {"metrics__epochs": "1 3 0\n"})):
        folder_run(tmp_path / f"1/{name}", params__lr="0.1", **logged)
        fold = folder_run(tmp_path / f"1/{name}-fold", **{folds: "1 0.5 0\n"})
        written(fold / "tags/mlflow.parentRunId", name)

    study = read(tmp_path, ReadRequest(metric="mean_loss"))

    assert {"a", "b"} <= {trial.name for trial in study.trials}


def test_a_mean_over_folds_that_equals_each_of_them_is_a_trial(tmp_path):
    for name, values in (("a", ["1.0", "1.0", "1.0"]), ("b", ["0.8", "0.7", "0.9"])):
        mean, *folds = (f"1 {value} 0\n" for value in values)
        folder_run(tmp_path / f"1/{name}", params__lr="0.1", metrics__acc=mean)
        for at, value in enumerate(folds):
            fold = folder_run(tmp_path / f"1/{name}{at}", metrics__acc=value)
            written(fold / "tags/mlflow.parentRunId", name)

    study = read(tmp_path, ReadRequest(metric="acc"))

    assert {"a", "b"} <= {trial.name for trial in study.trials}


def test_a_run_of_a_database_that_repeats_one_that_it_holds_is_not_counted_again(tmp_path):
    tag = "insert into tags (run_uuid, key, value) values (?, ?, ?)"
    path = database(
        tmp_path / "mlflow.db",
        *(run(name) for name in ("parent", "child")),
        *(param(name, "lr", "0.1") for name in ("parent", "child")),
        *(metric(name, "valid/loss", 0.5, 3) for name in ("parent", "child")),
        (tag, ("child", "mlflow.parentRunId", "parent")),
    )

    assert [trial.name for trial in read(path).trials] == ["child"]


def test_a_file_that_is_no_metric_is_named_and_the_others_are_read(tmp_path):
    place = folder_run(tmp_path / "1/a", metrics__loss="1000 0.5 0\n", metrics__bad="<html>\n")

    study = read(tmp_path)

    assert study.trials[0].rows == ((0, "loss", 0.5),)
    assert f"`{place}/metrics/bad`, line 1, should be `time value step`" in study.left_out[0]


@pytest.mark.parametrize(
    "meta",
    ["name: !!python/object/apply:os.system ['touch harm']", "a: &a [x]\nb: [*a, *a]", "\0"],
)
def test_a_run_whose_description_is_not_plain_is_named_and_left_out(tmp_path, meta):
    folder_run(tmp_path / "1/good")
    bad = folder_run(tmp_path / "1/bad", meta=meta)

    study = read(tmp_path)

    assert [trial.name for trial in study.trials] == ["good"]
    assert f"`{bad}/meta.yaml`" in study.left_out[0]


def test_links_out_of_the_folder_are_named_and_not_followed(tmp_path):
    outside = folder_run(tmp_path / "out/9/secret", metrics__loss="1000 0.5 0\n")
    place = folder_run(tmp_path / "in/1/a", metrics__loss="1000 0.5 0\n")
    run_link, file_link = place.parent / "linked", place / "metrics/secret"
    run_link.symlink_to(outside)
    file_link.symlink_to(outside / "metrics/loss")

    study = read(tmp_path / "in")

    assert [(trial.name, trial.rows) for trial in study.trials] == [("a", ((0, "loss", 0.5),))]
    assert study.left_out == (
        f"`{file_link}` is a link out of the folder, and was not followed.",
        f"`{run_link}` is a link out of the folder, and was not followed.",
    )


# --- the database


def test_a_database_gives_runs_settings_and_curves(tmp_path):
    path = database(
        tmp_path / "mlflow.db",
        run("a"),
        run("b", "FAILED"),
        run("c", "KILLED"),
        run("d", "RUNNING"),
        param("a", "lr", "0.1"),
        metric("a", "valid/loss", 0.5, 0),
        metric("a", "valid/loss", 0.0, 10, is_nan=1),
        metric("a", "train/loss", LARGEST, 10),
        metric("a", "train/loss", -LARGEST, 20),
    )

    trials = read(path).trials

    assert [trial.status for trial in trials] == ["completed", "failed", "stopped", "running"]
    assert (trials[0].setting, trials[0].wall_s) == ({"lr": 0.1}, 2.5)
    assert math.isnan(trials[0].rows[1][2])
    assert [row for row in trials[0].rows if not math.isnan(row[2])] == [
        (0, "valid/loss", 0.5),
        (10, "train/loss", math.inf),
        (20, "train/loss", -math.inf),
    ]


def test_what_was_deleted_in_a_database_is_left_out_and_told(tmp_path):
    gone = EXPERIMENT, (2, "old", "deleted")
    path = database(
        tmp_path / "mlflow.db",
        gone,
        run("a"),
        run("b", stage="deleted"),
        run("c", experiment=2),
    )

    study = read(path)

    assert [trial.name for trial in study.trials] == ["a"]
    assert study.left_out == (
        "Runs of `digits` deleted in MLflow, and left out: 1.",
        "The experiment `old` was deleted in MLflow, and is left out.",
    )


def test_experiments_are_studies_and_one_can_be_asked_for(tmp_path):
    more = EXPERIMENT, (2, "<b>x</b>", "active")
    path = database(tmp_path / "mlflow.db", more, run("a"), run("b", experiment=2))

    both = mlflow.read(path, REQUEST)
    one = read(path, ReadRequest(metric="valid/loss", study="<b>x</b>"))

    assert [study.name for study in both] == ["digits", "<b>x</b>"]
    assert [trial.name for trial in one.trials] == ["b"]


def test_an_unknown_experiment_is_refused_with_those_that_there_are(tmp_path):
    path = database(tmp_path / "mlflow.db", run("a"))

    with pytest.raises(ImportFileError, match=r"no study `other`\. It holds: `digits`"):
        read(path, ReadRequest(metric="valid/loss", study="other"))


@pytest.mark.parametrize("name", ["../../x", "<script>alert(1)</script>", "'; drop table runs; --"])
def test_a_metrics_name_is_text_and_nothing_more(tmp_path, name):
    path = database(tmp_path / "mlflow.db", run("a"), metric("a", name, 0.5, 0))

    assert read(path).trials[0].rows == ((0, name, 0.5),)
    assert [one.name for one in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_database_is_not_changed_by_reading(tmp_path):
    path = database(tmp_path / "mlflow.db", run("a"))
    before = path.read_bytes()

    read(path)

    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["mlflow.db"]


@pytest.mark.parametrize(
    ("begin", "message"),
    [
        (b"", "is no SQLite database"),
        (b"SQLite format 3\0", "cannot be read|no database of"),
    ],
)
def test_a_gigabyte_of_zeros_is_refused_at_once_and_in_little_memory(tmp_path, begin, message):
    path = zeros(tmp_path / "mlflow.db", begin)

    with memory_below(1 << 20), pytest.raises(ImportFileError, match=message):
        read(path)


def test_another_database_is_refused_by_what_it_lacks(tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.executescript("create table trials (id); create view runs as select 1")

    with pytest.raises(ImportFileError, match="no table `experiments`, `metrics`, `params`, `ru"):
        read(tmp_path / "other.db")


def test_a_value_that_is_no_number_is_refused_by_name(tmp_path):
    path = database(tmp_path / "mlflow.db", run("a"), (METRIC, ("a", "loss", "x" * 9, 1, 0, 0)))

    with pytest.raises(ImportFileError, match="`loss` of the run `a` holds no number"):
        read(path)


def test_a_folder_that_is_no_store_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(ImportFileError, match="Give the folder `mlruns`"):
        read(tmp_path)


def test_a_store_without_runs_is_refused_with_what_was_left_out(tmp_path):
    folder_run(tmp_path / "1/b", meta="lifecycle_stage: deleted")

    with pytest.raises(ImportFileError, match=r"holds no run that can be read\. Runs of `digits`"):
        read(tmp_path)
