"""`etude batch-size`: its answer, what it keeps, and what it refuses."""

from __future__ import annotations

import json

import pytest

from etude.cli.measurements import memory_size
from etude.errors import RunError

from .conftest import process

FILE = """
[experiment]
name = "small"
metric = "valid/error"
max_steps = 60
trials = 4
train = "train.py:train"

[fixed]
bs = 2  # my own words
width = 8
learning_rate = 0.1
"""
TRAIN = """
import time

def train(trial):
    size = trial["bs"]
    for step in trial.steps():
        batch = list(range(size))
        time.sleep(0.001)
        if trial.evaluates(step):
            trial.report(step, {"valid/error": 0.5})
"""
TYPED = ("batch-size", "small.toml", "--max-batch", "2")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("ETUDE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(FILE)
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


@pytest.mark.rule("S7")
def test_it_answers_goes_on_and_sees_a_changed_model(project, etude_command):
    first = etude_command(*TYPED, "--json", "--budget-steps", "1").json
    again = etude_command(*TYPED, "--budget-steps", "1")
    same = etude_command("plan", "small.toml")
    (project / "small.toml").write_text(FILE.replace("width = 8", "width = 16"))
    planned = etude_command("plan", "small.toml")
    changed = etude_command(*TYPED, "--budget-steps", "1")

    assert first["procedure"] == "batch-size"
    assert [one["batch_size"] for one in first["answer"]["sizes"]] == [1]
    assert first["answer"]["verdict"] == "unclear"
    assert {"useful", "limit", "critical", "best_by"} <= first["answer"].keys()
    assert "1 probe is known from before" in again.out
    assert "S7" not in same.out
    assert "Since the batch sizes were measured, `width` was 8 and is 16" in planned.out
    assert "etude batch-size small.toml" in planned.out
    assert "Measured anew, since `width` was 8 and is 16 (S7)." in changed.out


IN_FOURS = TRAIN.replace("batch =", "assert size % 4 == 0\n        batch =")


def test_a_loop_that_needs_a_multiple_is_tried_up_to_the_file_s_size(project, etude_command):
    (project / "train.py").write_text(IN_FOURS)
    (project / "small.toml").write_text(FILE.replace("bs = 2", "bs = 4"))

    said = etude_command("batch-size", "small.toml", "--max-batch", "4", "--json")

    assert said.json["answer"]["largest_feasible"] == 4
    assert [one["status"] for one in said.json["answer"]["sizes"][:2]] == ["failed", "failed"]


def test_where_none_can_be_trained_those_that_were_tried_are_named(project, etude_command):
    (project / "train.py").write_text(IN_FOURS)

    said = etude_command("batch-size", "small.toml")

    assert said.code == 3
    assert "No batch size could be trained; tried: 1 and 2." in said.err


def stored_sizes(project):
    """The batch sizes of the probes on disk, in their order."""
    (file,) = project.glob("*.batch-sizes.json")
    return [one["batch_size"] for one in json.loads(file.read_text())["small"]["probes"]]


def test_what_was_measured_above_a_later_limit_is_kept_and_does_not_count(project, etude_command):
    of_four = ("batch-size", "small.toml", "--max-batch", "4", "--budget-steps", "1")
    before = [etude_command(*of_four) for _ in range(3)]  # a probe each, of 1, 2 and 4

    limited = etude_command(*TYPED, "--budget-steps", "1", "--json")

    assert [one.code for one in before] == [0, 0, 0]
    assert [one["batch_size"] for one in limited.json["answer"]["sizes"]] == [1, 2]
    assert stored_sizes(project) == [1, 2, 4, 2]


FAILING = TRAIN.replace("time.sleep(0.001)", "assert step < 30, 'image 30 is cut off'")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("def train(trial):\n    raise ValueError('no such file')\n", "ValueError: no such file"),
        (FAILING, "AssertionError: image 30 is cut off"),
    ],
)
def test_a_training_that_fails_shows_its_own_traceback(project, etude_command, code, error):
    (project / "train.py").write_text(code)

    said = etude_command(*TYPED)

    assert said.code == 3
    assert error in said.err
    assert "etude/runner" not in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--memory", "much"), "--memory takes a size"),
        (("--memory", "8"), "Give a unit, for example 2GiB"),
        (("--memory", "2000000GiB"), "more than any machine or device has"),
        (("--one-off", "3"), "--one-off needs --target"),
        (("--picture", "a.gif"), "--picture takes FILE.svg"),
        (("--target", "valid/error"), "--target takes METRIC=VALUE"),
        (("--target", "valid/error=10%"), "--target takes METRIC=VALUE"),
        (("--target", "valid/error=nan"), "--target takes METRIC=VALUE"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(
    project, etude_command, words, message
):
    said = etude_command(*TYPED, *words)

    assert (said.code, message in said.err) == (2, True)
    assert "Powers of two" not in said.out


def test_all_that_cannot_be_is_refused_at_once(project, etude_command):
    said = etude_command(*TYPED, "--memory", "8", "--picture", "a.gif", "--target", "=1")

    assert said.code == 2
    assert all(option in said.err for option in ("--memory", "--picture", "--target"))


def test_a_target_without_a_rate_to_tune_is_refused_before_sizes_are_measured(
    project, etude_command
):
    (project / "small.toml").write_text(FILE.replace("learning_rate = 0.1\n", ""))

    said = etude_command(*TYPED, "--target", "valid/error=0.1")

    assert (said.code, "has no learning rate" in said.err) == (2, True)
    assert "Powers of two" not in said.out


@pytest.mark.parametrize("size", ["0", "-3", "2.5", "true"])
def test_a_batch_size_that_is_none_is_refused(project, etude_command, size):
    (project / "small.toml").write_text(FILE.replace("bs = 2", f"bs = {size}"))

    said = etude_command(*TYPED)

    assert said.code == 2
    assert "a batch has a whole number of examples" in " ".join(said.err.split())


def test_a_file_without_a_batch_size_is_told_how_to_name_it(project, etude_command):
    (project / "small.toml").write_text(FILE.replace("bs = 2", "rows_a_step = 2"))

    said = etude_command(*TYPED)

    assert said.code == 2
    assert '[names] my_name = "batch_size"' in said.err


@pytest.mark.parametrize("text", ["", "GiB", "1.2.3GB", "-1GiB", "2XB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(RunError, match="--memory takes a size"):
        memory_size(text)


def test_of_two_batch_sizes_none_is_measured_in_silence(project, etude_command):
    both = FILE.replace("bs = 2", "micro_batch_size = 2\nbs = 4")
    (project / "small.toml").write_text(both)

    said = etude_command(*TYPED)
    (project / "small.toml").write_text(f'{both}\n[names]\nmicro_batch_size = ""\n')

    assert said.code == 2
    assert "`bs` and `micro_batch_size`" in " ".join(said.err.split())
    assert etude_command(*TYPED, "--budget-steps", "1").code == 0


def test_what_failed_is_tried_again(project, etude_command):
    broken = TRAIN.replace("size = ", 'open("data.txt").close()\n    size = ')
    (project / "train.py").write_text(broken)

    first = etude_command(*TYPED, "--budget-steps", "1")
    (project / "data.txt").write_text("here now")
    again = etude_command(*TYPED, "--budget-steps", "1")

    assert (first.code, "FileNotFoundError" in first.err) == (3, True)
    assert (again.code, "known from before" in again.out) == (0, False)


# What Ctrl-C in a terminal does: the signal goes to everything that was started from it.
STRIKES = TRAIN.replace(
    "        time.sleep(0.001)",
    """        time.sleep(0.001)
        if size == 2 and step == 20 and not MARK.exists():
            MARK.touch()
            os.killpg(0, signal.SIGINT)""",
).replace("import time", "import os, signal, time\nfrom pathlib import Path\nMARK = Path('struck')")


def test_ctrl_c_says_how_to_go_on_and_keeps_what_was_measured(project):
    (project / "train.py").write_text(STRIKES)

    stopped = process(*TYPED, start_new_session=True)
    again = process(*TYPED, "--budget-steps", "1", start_new_session=True)

    assert (project / "struck").exists()
    assert (stopped.returncode, "Traceback" in stopped.stderr) == (130, False)
    assert f"  etude {' '.join(TYPED)}\n" in stopped.stderr
    assert again.returncode == 0
    assert "known from before" in again.stdout


OF_OTHER_NAMES = (
    FILE.replace("bs = 2", "ROWS = 2").replace("learning_rate", "STEP_SIZE")
    + """
[names]
ROWS = "batch_size"
STEP_SIZE = "learning_rate"
"""
)


@pytest.mark.rule("S3")
def test_names_of_ones_own_tell_the_target_which_rate_to_tune(project, etude_command):
    (project / "small.toml").write_text(OF_OTHER_NAMES)
    (project / "train.py").write_text(
        TRAIN.replace("bs", "ROWS").replace(
            "0.5}", "abs(trial['STEP_SIZE'] - 0.1) + 1 / (step + 1)}"
        )
    )

    said = etude_command(*TYPED, "--target", "valid/error=0.2", "--json")

    assert said.code == 0
    rates = [one["learning_rate"] for one in said.json["answer"]["sizes"] if "learning_rate" in one]
    assert rates
    assert all(abs(rate - 0.1) < 0.2 for rate in rates)
