"""What the run of a trial is called in trackers, and the arguments that open it."""

import pytest

from etude.errors import RunError
from etude.experiment import tracked_run
from etude.experiment.tracked_run import (
    TrackedRun,
    arguments,
    mlflow_note,
    opened_note,
    token_of,
)


@pytest.fixture
def run(tmp_path):
    return TrackedRun(
        experiment="digits",
        study="optimizer=a/b",
        trial=12,
        token="f00",
        store=tmp_path / "etude.db",
        track={"wandb": {"project": "p", "entity": "e"}, "tensorboard": {"folder": "logs"}},
    )


def test_the_id_has_no_sign_that_a_reader_takes_for_its_end(run):
    assert run.id == "f00t12"


def test_experiments_that_began_otherwise_have_other_tokens():
    begun = ("a", "2026-01-01", 7, "/here")

    assert token_of(*begun) == token_of(*begun)
    assert token_of(*begun) != token_of("a", "2026-01-01", 8, "/here")


def test_w_and_b_is_opened_by_id_group_and_resume(run, tmp_path):
    assert arguments(run, "wandb", tmp_path) == {
        "project": "p",
        "id": "f00t12",
        "name": "digits:12",
        "group": "digits/optimizer=a/b",
        "resume": "allow",
        "entity": "e",
    }
    assert opened_note(tmp_path, "wandb").read_text() == "f00t12"


def test_tensorboard_writes_beside_the_store_where_the_file_says(run, tmp_path):
    expected = tmp_path / "logs" / "digits" / "optimizer=a_b" / "12"

    assert arguments(run, "tensorboard", tmp_path) == {"log_dir": str(expected)}


def test_mlflow_is_opened_by_the_id_that_it_gave_or_made_with_a_tag(run, tmp_path):
    made = arguments(run, "mlflow", tmp_path)
    mlflow_note(tmp_path).write_text("abc")

    assert made == {"run_name": "digits:12", "tags": {"etude/run": "f00t12"}}
    assert arguments(run, "mlflow", tmp_path) == {"run_id": "abc"}


def test_a_training_waits_only_so_long_for_a_run_of_mlflow(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tracked_run, "_NOTE_S", 0.0)
    followed = TrackedRun(**{**vars(run), "track": {"mlflow": {}}})

    assert "tags" in arguments(followed, "mlflow", tmp_path)


def test_a_tracker_that_is_none_is_refused(run, tmp_path):
    with pytest.raises(RunError, match=r"no tracker `wanb`\. Did you mean `wandb`"):
        arguments(run, "wanb", tmp_path)


def test_a_trial_in_no_store_has_no_run(tmp_path):
    with pytest.raises(RunError, match="stands in no store"):
        arguments(None, "wandb", tmp_path)


def test_a_rehearsal_opens_no_run_of_a_trial(run, tmp_path):
    assert arguments(run, "wandb", tmp_path, rehearsal=True)["mode"] == "disabled"
    assert arguments(run, "mlflow", tmp_path, rehearsal=True)["tags"] == {}
    assert str(tmp_path) in arguments(run, "tensorboard", tmp_path, rehearsal=True)["log_dir"]
    assert not opened_note(tmp_path, "wandb").exists()
