"""`etude run`: what it says, what it refuses, and how it is stopped."""

import functools
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys

import pytest

from etude.cli.progress import Progress
from etude.runner.devices import cores
from etude.store import open_store

from .conftest import EXPERIMENT, TRAIN, process, statuses

# What the command loads before an ordinary user, who may not read its home, takes over: all but
# what loads PyTorch, JAX, Ray or another optional library, which no command here asks for.
AS_ORDINARY_USER = """
import importlib, os, pkgutil, sys
import etude, pandas, altair, jinja2, rich.console, rich.live, rich.table
for each in pkgutil.walk_packages(etude.__path__, "etude."):
    parts = each.name.split(".")
    is_tracker = parts[1] == "trackers" and parts[-1] in ("wandb", "mlflow", "tensorboard")
    heavy = {"first", "torch", "jax", "bayesian", "huggingface", "ray", "raytune", "__main__"}
    if not is_tracker and not heavy & set(parts):
        importlib.import_module(each.name)
from rich._unicode_data import load
load()
if os.geteuid() == 0:
    os.setgid(65534); os.setgroups([]); os.setuid(65534)
sys.argv = ["etude", *sys.argv[1:]]
etude.cli.main()
"""


def test_the_first_line_says_where_the_store_is(folder, etude_command, monkeypatch):
    monkeypatch.setenv("ETUDE_STORE", "elsewhere.db")

    lines = etude_command("run", "rates.toml", "--runner", "inline").out.splitlines()
    first, unread, estimate = lines[:3]

    assert first == "Store: elsewhere.db"
    assert unread.startswith("Nothing read `batch_size` when trial 0 was tried")
    assert estimate.startswith("40 trials, one at a time. Two steps of one were tried: ")
    assert (folder / "elsewhere.db").is_file()


def test_a_run_ends_with_the_best_setting_its_checkpoint_and_the_verdict(folder, etude_command):
    answer = etude_command("run", "rates.toml", "--runner", "inline", "--store", "my store.db")

    assert answer.code == 0
    assert "\nUNCLEAR  `optimizer=adam` " in answer.out
    assert "Best setting, trial " in answer.out
    assert "learning_rate = " in answer.out
    assert "my store.db.checkpoints/rates/" in answer.out
    assert "etude check rates --store 'my store.db'\n" in answer.out
    assert "etude report rates --store 'my store.db'\n" in answer.out


def test_a_finished_run_typed_again_says_the_same(played, etude_command):
    again = etude_command("run", "rates.toml", "--runner", "inline")

    assert again.code == 0
    assert "Nothing is left to train: 40 trials ended before.\n" in again.out
    assert "Best setting, trial " in again.out


def test_progress_does_not_get_into_a_trials_log(folder, etude_command, monkeypatch):
    talkative = functools.partial(Progress, silence_s=0.0)
    monkeypatch.setattr("etude.cli.progress.Progress", talkative)

    answer = etude_command("run", "rates.toml", "--runner", "inline")

    assert "optimizer=adam: " in answer.out
    assert not (folder / "etude.db.trials").exists()


def train_by(folder, text):
    """Writes the train function; removes it without a text."""
    (folder / "train.py").unlink()
    if text is not None:
        (folder / "train.py").write_text(text)


BROKEN = {
    "no file": (None, 2, "there is no file"),
    "no function": ("def trian(trial): ...", 2, "Did you mean `trian`?"),
    "no import": ("import numpyy", 3, "No module named 'numpyy'"),
    "an exception": (
        "def train(trial):\n    raise ValueError('no width')",
        3,
        "ValueError: no width",
    ),
    "another metric": (
        "def train(trial):\n    trial.report(0, {'valid/los': 1.0, 'accuracy': 0.5})",
        2,
        "the first report (step 0) has `accuracy`, `valid/los`. Did you mean `valid/los`?",
    ),
    "no metric": ("def train(trial): ...", 3, "without reporting the experiment's metric"),
}


@pytest.mark.parametrize("runner", ["inline", "processes"])
@pytest.mark.parametrize("broken", BROKEN)
def test_a_train_function_that_cannot_train_stops_the_run(folder, etude_command, broken, runner):
    text, code, message = BROKEN[broken]
    train_by(folder, text)

    answer = etude_command("run", "rates.toml", "--runner", runner, "--workers", "1")

    assert answer.code == code
    assert answer.err.count(message) == 1
    assert "src/etude" not in answer.err


def test_the_users_exception_is_shown_once_with_the_settings_and_can_be_mended(
    folder, etude_command
):
    working = (folder / "train.py").read_text()
    (folder / "train.py").write_text("def train(trial):\n    raise ValueError('no width')\n")
    stopped = etude_command("run", "rates.toml", "--runner", "inline")
    (folder / "train.py").write_text(working)

    mended = process("run", "rates.toml", "--runner", "inline")

    assert stopped.err.count("ValueError: no width") == 1
    assert stopped.err.count("learning_rate = ") == 3
    assert mended.returncode == 0
    assert set(statuses(folder)) == {"completed"}


def test_a_changed_file_is_refused_with_its_keys(played, etude_command, tmp_path):
    changed = tmp_path / "rates.toml"
    changed.write_text((played / "rates.toml").read_text().replace("= 64", "= 32"))
    (tmp_path / "train.py").write_text((played / "train.py").read_text())

    answer = etude_command("run", changed, "--runner", "inline")

    assert answer.code == 2
    assert "with another `fixed`" in answer.err


def test_a_schedule_whose_file_changed_is_refused_and_as_it_was_is_the_same_run(
    folder, etude_command
):
    pieces = '\nschedule = "piecewise"\nschedule_pieces = { file = "steps.csv" }\n'
    (folder / "rates.toml").write_text(EXPERIMENT + pieces)
    (folder / "steps.csv").write_text("step,factor\n0,1\n4,0.1\n")
    first = etude_command("run", "rates.toml", "--runner", "inline")

    (folder / "steps.csv").write_text("step,factor\n0,1\n4,0.2\n")
    changed = etude_command("run", "rates.toml", "--runner", "inline")
    (folder / "steps.csv").write_text("step,factor\n0,1\n4,0.1\n")
    same = etude_command("run", "rates.toml", "--runner", "inline")

    assert (first.code, changed.code, same.code) == (0, 2, 0)
    assert "with another `fixed`" in changed.err


def test_a_second_run_is_refused_with_the_first_ones_process_and_start(folder, etude_command):
    first = open_store(folder / "etude.db")

    with first.own("rates"):
        answer = etude_command("run", "rates.toml", "--runner", "inline")

    first.close()
    assert answer.code == 2
    assert (
        f"is already run by process {os.getpid()} on {os.uname().nodename}, started 20"
        in answer.err
    )


def test_a_store_of_a_newer_schema_is_refused(folder, etude_command):
    db = sqlite3.connect(folder / "etude.db")
    db.execute("pragma user_version = 999")
    db.close()

    answer = etude_command("run", "rates.toml")

    assert answer.code == 2
    assert "has schema 999" in answer.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--workers", "0"), "workers"),
        (("--runner", "prcesses"), "prcesses"),
        (("--store", "no/etude.db"), "The folder of the store `no/etude.db` does not exist"),
        (("--store", "."), "cannot be opened"),
        (("--store", "train.py"), "is not a database of Etude"),
    ],
)
def test_an_option_that_cannot_be_is_told(folder, etude_command, options, message):
    answer = etude_command("run", "rates.toml", *options)

    assert answer.code == 2
    assert message in answer.err


# Limited from inside: forking in a process that has loaded JAX is warned of.
SMALL_FILES = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (190_000, 190_000))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


LOGS_MUCH = """
def train(trial):
    for step in range(trial.max_steps):
        trial.log(step, {f"metric-{number}": 1.0 for number in range(100)})
    trial.report(step, {"valid/loss": trial["learning_rate"]})
"""


def test_a_full_disk_stops_the_run_and_the_same_command_finishes_with_more_room(folder):
    (folder / "train.py").write_text(LOGS_MUCH)

    command = ["-m", "etude.cli", "run", "rates.toml", "--runner", "inline"]
    stopped = subprocess.run(
        [sys.executable, "-c", SMALL_FILES, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    between = statuses(folder)
    again = process("run", "rates.toml", "--runner", "inline")

    assert stopped.returncode == 2
    assert "the disk is full" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert set(between) == {"completed", "pending"}
    assert again.returncode == 0
    assert set(statuses(folder)) == {"completed"}


@pytest.fixture
def closed_folder(folder, etude_command):
    """A folder with a finished experiment in which an ordinary user may only read."""
    assert etude_command("run", "rates.toml", "--runner", "inline").code == 0
    (folder / "etude.db").chmod(0o644)  # a new one is its owner's alone
    before = stat.S_IMODE(folder.stat().st_mode)
    mine = folder.parents if os.geteuid() == 0 else []
    opened = [each for each in mine if each.stat().st_mode & 0o005 != 0o005]
    modes = [stat.S_IMODE(each.stat().st_mode) for each in opened]
    [each.chmod(mode | 0o055) for each, mode in zip(opened, modes, strict=True)]
    folder.chmod(0o555)
    yield folder
    folder.chmod(before)
    [each.chmod(mode) for each, mode in zip(opened, modes, strict=True)]


def ordinary(*words):
    command = [sys.executable, "-c", AS_ORDINARY_USER, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_folder_that_may_only_be_read_can_be_read(closed_folder):
    answer = ordinary("trials", "--json")

    assert answer.stderr == ""
    assert len(json.loads(answer.stdout)["trials"]) == 40


@pytest.mark.parametrize("store", ["etude.db", "new.db"])
def test_a_run_in_a_folder_that_may_only_be_read_is_refused(closed_folder, store):
    answer = ordinary("run", "rates.toml", "--runner", "inline", "--store", store)

    assert answer.returncode == 2
    assert "Make its folder writable" in answer.stderr or "folder writable" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_first_experiment_runs_from_an_empty_folder(tmp_path):
    options = {"cwd": tmp_path, "env": {**os.environ, "ETUDE_STORE": ""}}
    process("new", ".", **options)

    ran = process("run", "experiment.toml", **options)
    shown = process("trials", "--json", **options)

    assert ran.returncode == 0, ran.stderr
    assert "Next" in ran.stdout
    assert len(json.loads(shown.stdout)["trials"]) == 24


def test_every_mistake_of_a_file_is_told_with_its_line(folder, etude_command):
    text = (folder / "rates.toml").read_text()
    (folder / "rates.toml").write_text(
        text.replace("high = 0.5", "high = 1e-4").replace("trials", "trails")
    )

    answer = etude_command("run", "rates.toml")

    assert (answer.code, answer.out) == (2, "Store: etude.db\n")
    assert answer.err.startswith("2 mistakes:\n")
    assert all(f"rates.toml:{line}: " in answer.err for line in (7, 15))
    assert not (folder / "etude.db").exists()


def test_another_file_of_a_known_name_exits_2_until_it_is_said_to_be_the_same(
    folder, etude_command
):
    etude_command("run", "rates.toml", "--runner", "inline")
    (folder / "rates.toml").rename(folder / "renamed.toml")

    refused = etude_command("run", "renamed.toml", "--runner", "inline")
    planned = etude_command("plan", "renamed.toml")
    accepted = etude_command("run", "renamed.toml", "--runner", "inline", "--same")

    assert (refused.code, planned.code, accepted.code) == (2, 2, 0)
    assert "from another file, `rates.toml`; this one is `renamed.toml`" in refused.err
    assert "--same" in refused.err + planned.err
    assert etude_command("plan", "renamed.toml").code == 0


def test_changed_code_is_told_doubted_and_accepted(folder, etude_command):
    run = ("run", "rates.toml", "--runner", "inline")
    etude_command(*run)
    (folder / "train.py").write_text(TRAIN.replace("0.5", "0.9"))
    longer = EXPERIMENT.replace("trials = 20", "trials = 30")
    (folder / "rates.toml").write_text(longer)

    went_on = etude_command(*run)
    doubted = etude_command("check", "--json").json
    accepted = etude_command(*run, "--accept-code")
    trusted = etude_command("check", "--json").json
    again = etude_command(*run)

    line = (
        "`train.py` changed since 40 trials ended (1 line). They are kept. "
        'New name: `name = "rates-2"`; or accept it: --accept-code.'
    )
    assert line in went_on.out
    assert went_on.out.index(line) < went_on.out.index("Going on:")
    assert "They are kept, as you accept with --accept-code." in accepted.out
    assert "train.py" not in again.out.split("Nothing is left")[0]
    found = [
        [one for one in each["findings"] if one["check"] == "code"] for each in (doubted, trusted)
    ]
    assert [(one["status"], one["acknowledged"]) for (one,) in found] == [
        ("notice", False),
        ("notice", True),
    ]
    assert any("`train.py` changed in launch 2" in one for one in doubted["verdict"]["doubts"])
    (acknowledged,) = [one for one in trusted["verdict"]["doubts"] if "train.py" in one]
    assert "cknowledged by the author" in acknowledged


def test_a_changed_comment_is_not_told(folder, etude_command):
    run = ("run", "rates.toml", "--runner", "inline")
    etude_command(*run)
    (folder / "train.py").write_text(f'"""Trains."""\n{TRAIN}  # the end\n')

    went_on = etude_command(*run)

    assert "changed since" not in went_on.out
    (found,) = [
        one for one in etude_command("check", "--json").json["findings"] if one["check"] == "code"
    ]
    assert found["status"] == "ok"


MISSING = """
def train(trial):
    for step in trial.steps():
        if trial.id > 0:
            open("data.npy")
        trial.report(step, {"valid/loss": 1.0 / (step + 1)})
"""


def test_a_run_that_the_machine_ended_for_the_most_part_exits_3_and_is_trained_again(
    folder, etude_command
):
    (folder / "train.py").write_text(MISSING)
    first = etude_command("run", "rates.toml", "--workers", "1")
    (folder / "data.npy").touch()

    again = etude_command("run", "rates.toml", "--workers", "1", "--retry-errors")

    assert first.code == 3
    assert "FileNotFoundError at train.py:5" in first.err
    assert first.err.rstrip().endswith("etude run rates.toml --retry-errors")
    assert again.code == 0
    assert again.out.count("20/20 ended, 0 infeasible") == 2


def test_rounds_end_where_the_machine_ended_most_of_one(folder, etude_command):
    (folder / "train.py").write_text(MISSING)

    told = etude_command("run", "rates.toml", "--workers", "1", "--rounds", "3", "--accept")

    assert told.code == 3
    assert "--retry-errors" in told.err
    assert "Round 2" not in told.out


SILENT = """
import os, threading
def train(trial):
    for step in trial.steps():
        if trial.max_steps > 2:
            os.unlink("etude.db")
            threading.Event().wait(60)
"""


@pytest.mark.parametrize("runner", ["inline", "processes"])
def test_a_store_that_is_deleted_ends_a_run_that_reports_nothing(folder, etude_command, runner):
    train_by(folder, SILENT)

    answer = etude_command("run", "rates.toml", "--runner", runner, "--workers", "1")

    assert answer.code == 2
    assert "etude.db` was deleted while it was in use. Put a copy back" in answer.err
    assert "etude report" not in answer.out


MEDDLING = """
import os, pathlib, subprocess, sys
def train(trial):
    if trial.id == 0 and trial.max_steps > 2 and not os.path.exists("other.db"):
        os.link("etude.db", "other.db")
        os.unlink("etude.db.rates.lock")
        words = ["run", "rates.toml", "--runner", "inline", "--store", "other.db"]
        done = subprocess.run([sys.executable, "-m", "etude", *words], capture_output=True)
        text = f"{done.returncode} {os.getpid()} {done.stderr.decode()}"
        pathlib.Path("second.txt").write_text(text)
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": trial["learning_rate"] / (step + 1)})
"""


def test_a_second_run_by_another_name_of_the_store_is_told_who_runs_it(folder, etude_command):
    train_by(folder, MEDDLING)

    first = etude_command("run", "rates.toml", "--runner", "inline")

    code, process, message = (folder / "second.txt").read_text().split(" ", 2)
    assert first.code == 0
    assert code == "2"
    assert f"already run by process {process} on {os.uname().nodename}, started 20" in message


@pytest.mark.parametrize(
    "place",
    ["etude.db.checkpoints", "etude.db.trials/rates", "etude.db.checkpoints/rates/1"],
)
def test_a_file_where_trials_are_to_write_is_named_before_anything_is_trained(
    place, folder, etude_command
):
    (folder / place).parent.mkdir(exist_ok=True, parents=True)
    (folder / place).touch()

    refused = etude_command("run", "rates.toml", "--runner", "inline")

    assert refused.code == 2
    assert f"`{folder / place}` is no folder" in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.rule("W5")
@pytest.mark.parametrize("runner", ["inline", "processes", "auto"])
def test_more_than_there_is_is_refused_before_anything_starts(folder, etude_command, runner):
    (folder / "rates.toml").write_text(f"{EXPERIMENT}[resources]\ncpus = 99999\n")

    answer = etude_command("run", "rates.toml", "--runner", runner)

    assert answer.code == 2
    assert "One trial takes more than this machine has: 99999 cores of " in answer.err
    assert not (folder / "etude.db").exists()


def test_more_workers_than_fit_are_refused_with_what_fits(folder, etude_command):
    (folder / "rates.toml").write_text(f"{EXPERIMENT}[resources]\ncpus = {cores()}\n")

    answer = etude_command("run", "rates.toml", "--workers", "2")

    assert answer.code == 2
    assert "2 workers take more than this machine has: `cpus = " in answer.err


def test_other_resources_under_the_same_name_go_on(played, etude_command, tmp_path):
    text = f"{EXPERIMENT}[resources]\ncpus = 1\n[track]\nmlflow = {{}}\n"
    copied = shutil.copytree(played, tmp_path / "copy")
    (copied / "rates.toml").write_text(text)

    again = etude_command(
        "run", copied / "rates.toml", "--store", copied / "etude.db", "--runner", "inline"
    )

    assert again.code == 0
    assert "Nothing is left to train: 40 trials ended before." in again.out
