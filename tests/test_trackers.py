"""Trackers by name: which there are, and libraries that cannot be used."""

from importlib.metadata import PackageNotFoundError

import pytest

from etude import trackers
from etude.errors import RunError
from etude.experiment.tracked_run import TrackedRun, arguments
from etude.experiment.validation import TRACKERS


def missing(package: str) -> str:
    raise PackageNotFoundError(package)


def test_the_file_knows_the_same_trackers():
    assert set(TRACKERS) == set(trackers.TRACKERS)


@pytest.mark.parametrize("name", TRACKERS)
def test_every_tracker_has_arguments_for_the_training(name, tmp_path):
    run = TrackedRun(experiment="a", study="b", trial=3, token="t", store=tmp_path / "etude.db")

    assert arguments(run, name, tmp_path / "trial")


def test_a_library_that_is_missing_is_told_with_its_command(monkeypatch):
    monkeypatch.setattr(trackers, "version", missing)

    with pytest.raises(RunError, match=r"needs W&B: `pip install -U 'etude\[wandb\]'`"):
        trackers.refuse_missing("wandb")


def test_a_library_that_is_too_old_is_told_with_both_releases(monkeypatch):
    monkeypatch.setattr(trackers, "version", lambda _: "2.9.1")

    with pytest.raises(RunError, match=r"needs MLflow 3\.0 or newer, found 2\.9: "):
        trackers.refuse_missing("mlflow")


def test_another_server_project_or_mode_is_another_place(monkeypatch):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    before = trackers.destination("wandb", {})
    other = trackers.destination("wandb", {"project": "b"})
    monkeypatch.setenv("WANDB_MODE", "offline")

    assert len({before, other, trackers.destination("wandb", {})}) == 3
