"""The shared cases of files that other tools and people wrote, as the command line reads them."""

import json
import os
import sqlite3

import pytest
from tests.connect.csv_folders import shared_case

from etude.cli import main

CASES = {
    "flat-table": ("csv", "results.csv", "Validation Accuracy"),
    "semicolons-and-decimal-commas": ("csv", "", "acc"),
    "wandb-table-summary-columns": ("wandb", "export.csv", "test_acc"),
    "wandb-table-states": ("wandb", "export.csv", "val/loss"),
    "wandb-table-without-state": ("wandb", "export.csv", "best_val_acc"),
    "wandb-panel-settings": ("wandb", "", "val_loss"),
    "hydra-jobs-with-wandb": ("wandb", "multirun", "val_loss"),
    "keras-tuner": ("kerastuner", "untitled_project", "val_accuracy"),
    "lightning-csv-logger": ("lightning", "lightning_logs", "val_loss"),
}
SPACES = {
    "flat-table": {"Hidden Size": "log", "L2": "log", "Learning Rate": "log"},
    "semicolons-and-decimal-commas": {"dropout": "", "learning_rate": "log"},
    "wandb-table-summary-columns": {"act_bits": "", "weight_bits": ""},
    "wandb-table-states": {"learning_rate": "log"},
    "wandb-table-without-state": {"model": "", "pool": "", "width": "log"},
    "wandb-panel-settings": {"dropout": "", "learning_rate": "log"},
    "hydra-jobs-with-wandb": {"batch_size": "", "optim.lr": "log"},
    "keras-tuner": {"activation": "", "lr": "log", "num_layers": ""},
    "lightning-csv-logger": {"hidden": "log", "lr": "log"},
}
STATUSES = {
    "flat-table": {"completed": 27},
    "semicolons-and-decimal-commas": {"completed": 4},
    "wandb-table-summary-columns": {"completed": 10},
    "wandb-table-states": {
        "completed": 2,
        "infeasible (unstated)": 2,
        "infeasible (nan)": 1,
        "infeasible (error)": 1,
        "stopped (by hand)": 1,
        "running": 1,
    },
    "wandb-table-without-state": {"completed": 4},
    "wandb-panel-settings": {"completed": 3},
    "hydra-jobs-with-wandb": {"completed": 4},
    "keras-tuner": {"completed": 3, "infeasible (unstated)": 1},
    "lightning-csv-logger": {"completed": 4},
}


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """A command typed in a folder of its own: its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ETUDE_STORE", raising=False)

    def type_(*words):
        monkeypatch.setattr("sys.argv", ["etude", *map(os.fspath, words)])
        with pytest.raises(SystemExit) as exit_:
            main()
        done = capsys.readouterr()
        return exit_.value.code or 0, done.out + done.err

    return type_


@pytest.fixture
def imported(typed):
    """The summary of a case's import, as the command line prints it."""

    def import_(name, *words):
        kind, source, metric = CASES[name]
        path = shared_case(name, *filter(None, [source]))
        code, out = typed("import", kind, path, "--name", "x", "--metric", metric, "--json", *words)
        assert code == 0, out
        return json.loads(out)

    return import_


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_read_rightly_and_checked(imported, typed, name):
    up = ["--maximize"] if "acc" in CASES[name][2].casefold() else []
    summary = imported(name, *up)

    spaces = summary["hyperparameters"]["nuisance"]
    scales = {one.strip('"'): "log" * ("log = true" in said) for one, said in spaces.items()}
    assert scales == SPACES[name]
    assert summary["statuses"] == STATUSES[name]
    assert (summary["apart"], summary["unseen"]) == ({}, {})
    assert typed("check", "x")[0] == 0
    assert typed("next", "x")[0] in (0, 2)


def test_a_run_that_was_stopped_by_hand_was_stopped_by_no_schedule(imported, typed):
    imported("wandb-table-states")

    _, said = typed("check", "x", "--all")

    assert "1 more was ended early by hand" in said
    assert "schedule" not in said


def test_results_of_an_export_are_no_settings(imported):
    summary = imported("wandb-table-summary-columns", "--maximize")

    assert summary["hyperparameters"]["fixed"] == {"batch_size": "128"}
    assert set(summary["metrics"]) == {
        *("compression", "iter", "lr", "memory_mb", "model_mb", "test_acc"),
    }
    with sqlite3.connect("etude.db") as store:
        assert store.execute("select distinct seed from trial").fetchall() == [(42,)]


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in CASES for kind in ("csv", "optuna", "tensorboard")]
)
def test_another_kind_names_the_right_one_or_reads_it(typed, name, kind):
    right, source, metric = CASES[name]
    path = shared_case(name, *filter(None, [source]))

    code, said = typed("import", kind, path, "--name", "x", "--metric", metric)

    assert code == 0 or f"etude import {right}" in said or "etude import csv" in said
