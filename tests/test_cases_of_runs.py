"""The shared cases of training code, each run in a copy of its folder by the command it names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "shared" / "cases" / "run"


@dataclass(frozen=True)
class Case:
    """A copy of a case's folder, and what is typed in it."""

    folder: Path

    def python(self, *words):
        """A Python that is typed in the folder: its exit code, what it printed, and its errors."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        return done.returncode, done.stdout, done.stderr

    def etude(self, *words):
        """A command of the command line."""
        return self.python("-m", "etude", *words)

    def run(self, *words):
        """`etude run`, by one worker."""
        return self.etude("run", "experiment.toml", "--workers", "1", *words)

    def trials(self):
        """What `etude trials --json` has."""
        return json.loads(self.etude("trials", "--json")[1])["trials"]


@pytest.fixture
def case(request, tmp_path):
    """The case that the test is named after."""
    name = request.node.name.removeprefix("test_").replace("_", "-")
    if not (CASES / name).is_dir():
        pytest.skip(f"../shared/cases/run is absent: {name} cannot be judged")
    shutil.copytree(CASES / name, tmp_path / name)
    return Case(tmp_path / name)


def statuses(case):
    return [trial["status"] for trial in case.trials()]


def test_argparse_on_import(case):
    code, _, said = case.run()

    assert (code, said) == (0, "")
    assert statuses(case) == ["completed"] * 2


def test_last_report_one_beyond(case):
    code, out, said = case.run()

    assert code == 3
    assert "the cost is unknown" not in out
    assert "Steps are whole numbers from 0 to max_steps - 1, got 20" in said
    assert "pass `step - 1`" in said
    assert 'trial.report(done, {"valid/loss"' in said  # where it stands
    assert statuses(case) == ["pending"] * 8
    assert [trial["id"] for trial in case.trials() if trial["steps"]] == [0]


def test_own_loop_rehearsal(case):
    code, out, said = case.run()

    assert (code, said) == (0, "")
    assert "failed" not in out
    assert "4 trials, one at a time. Two steps of one were tried: " in out
    assert statuses(case) == ["completed"] * 4


def test_package_absolute_import(case):
    code, _, said = case.run()

    assert (code, said) == (0, "")
    assert statuses(case) == ["completed"] * 2


def test_python_error_without_text(case):
    code, _, said = case.python("train.py")

    assert code == 1
    assert said.rstrip().endswith(
        "KeyError: 'This trial has no hyperparameter `learning_rate`; its experiment gives `lr`.'"
    )
    assert "direct cause of the following exception" in said
    assert "type the same command" not in said


def test_python_m(case):
    code, out, said = case.python("-m", "etude", "run", "experiment.toml")

    assert (code, said) == (0, "")
    assert out.startswith("Store: etude.db\n")


def test_return_history(case):
    code, out, said = case.run()

    assert (code, said) == (0, "")
    assert out.count("The train function returns a list, which is ignored") == 1
    assert [trial["best"]["step"] for trial in case.trials()] == [5] * 3


def test_return_status_code(case):
    code, out, said = case.run()

    assert (code, said) == (0, "")
    assert out.count("The train function returns 0, which is ignored") == 1
    assert [trial["best"]["value"] > 0.2 for trial in case.trials()] == [True] * 4


def test_two_number_list(case):
    said = [case.etude("plan", "experiment.toml")[1], case.run()[1]]

    assert ["2 settings for 6 trials" in text for text in said] == [True] * 2
    written = "`learning_rate = { low = 0.0001, high = 0.1, log = true }`"
    assert [written in text for text in said] == [True] * 2


# The cases report-lost-at-kill, resume-changed-code and state-leaks-between-trials have their
# tests below, each a function of its name.
