import pytest

from etude.disk.attempt import begin_attempt, end_attempt, is_attempt
from etude.disk.checkpoint import write_checkpoint


def save(folder):
    (folder / "state").write_text("weights")


def test_the_attempt_that_began_last_is_the_trials(tmp_path):
    begin_attempt(tmp_path / "7", "a-1")
    begin_attempt(tmp_path / "7", "a-2")

    assert is_attempt(tmp_path / "7", "a-2")
    assert not is_attempt(tmp_path / "7", "a-1")


def test_an_attempt_that_ended_leaves_nothing(tmp_path):
    begin_attempt(tmp_path / "7", "a-1")

    end_attempt(tmp_path / "7")

    assert not is_attempt(tmp_path / "7", "a-1")
    assert list(tmp_path.iterdir()) == []


def test_what_an_attempt_saves_that_was_taken_over_counts_no_more(tmp_path):
    begin_attempt(tmp_path, "a-2")
    write_checkpoint(tmp_path / "3", save, lasting=False, attempt="a-2")

    with pytest.raises(OSError, match="another worker trains this trial by now"):
        write_checkpoint(tmp_path / "3", lambda folder: None, lasting=False, attempt="a-1")

    assert [path.name for path in (tmp_path / "3").iterdir()] == ["state"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "attempt"]
