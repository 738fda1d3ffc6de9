"""Ctrl-C, SIGTERM and SIGHUP: what is said, what is kept, and how it goes on."""

import io
import signal
import subprocess
import sys

import pytest

from etude.cli.interrupt import print_how_to_go_on, signals_as_ctrl_c

from .conftest import process, statuses

# At its third trial the train function sends the signal, once, and goes on training.
SENDS = """
import os, signal
from pathlib import Path
MARK = Path(__file__).parent / "sent"

def train(trial):
    for step in trial.steps():
        trial.report(step, {"valid/loss": trial["learning_rate"]})
        if trial.id == 2 and trial.max_steps > 2 and not MARK.exists():
            MARK.touch()
            os.KILL(0, signal.SIGNAL)
"""


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["--runner", "inline"], "SIGINT"),
        (["--workers", "2"], "SIGINT"),
        (["--runner", "inline"], "SIGTERM"),
    ],
)
def test_an_interrupted_run_says_how_to_go_on_and_does(folder, options, name):
    text = SENDS.replace("os.KILL(0", "os.killpg(0" if name == "SIGINT" else "os.kill(os.getpid()")
    (folder / "train.py").write_text(text.replace("SIGNAL", name))

    stopped = process("run", "rates.toml", *options, start_new_session=True)
    between = statuses(folder)
    again = process("run", "rates.toml", *options, start_new_session=True)

    assert stopped.returncode == 130
    assert f"  etude run rates.toml {' '.join(options)}\n" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert set(between) <= {"completed", "pending"}
    assert "pending" in between
    assert again.returncode == 0
    assert set(statuses(folder)) == {"completed"}


# Ctrl-C while this module is looked for.
STRIKES = """
import sys

MODULE = sys.argv.pop(1)

class Strikes:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Strikes())
import etude.cli
etude.cli.main()
"""


@pytest.mark.parametrize("module", ["etude.errors", "typer", "etude.store", "etude.round.run"])
def test_a_run_interrupted_in_its_first_moments_says_so_too(folder, module):
    command = [sys.executable, "-c", STRIKES, module, "run", "rates.toml", "--store", "my store.db"]

    stopped = subprocess.run(command, capture_output=True, text=True, check=False)

    assert stopped.returncode == 130
    assert stopped.stderr == (
        "Interrupted. What was finished is kept; type the same command to go on:\n"
        "  etude run rates.toml --store 'my store.db'\n"
    )


def test_a_signal_handler_is_put_back(folder, etude_command):
    both = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(one) for one in both]

    etude_command("run", "rates.toml", "--runner", "inline")

    assert [signal.getsignal(one) for one in both] == before


def test_a_closed_terminal_interrupts_as_ctrl_c_does():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run detached
    try:
        with signals_as_ctrl_c(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_closed_terminal_that_nohup_ignores_interrupts_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_as_ctrl_c():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_answers_a_signal_in_c_stays(monkeypatch, capsys):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # What Python says of a handler that stood there before it began, as of MPI.
    monkeypatch.setattr(signal, "getsignal", lambda number: None)
    try:
        with signals_as_ctrl_c():
            signal.raise_signal(signal.SIGTERM)
        print_how_to_go_on(["run", "rates.toml"])
    finally:
        signal.signal(signal.SIGTERM, before)

    assert capsys.readouterr().err.endswith("  etude run rates.toml\n")


class Struck(io.StringIO):
    """An error stream; whoever writes to it is struck by a second Ctrl-C meanwhile."""

    def write(self, text):
        signal.raise_signal(signal.SIGINT)
        return super().write(text)


def test_a_second_ctrl_c_does_not_break_into_the_answer_to_the_first(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(sys, "stderr", Struck())
    try:
        print_how_to_go_on(["run", "rates.toml"])
    finally:
        after = signal.signal(signal.SIGINT, before)

    assert sys.stderr.getvalue().endswith("  etude run rates.toml\n")
    assert after == signal.SIG_DFL  # a third ends at once what Python still waits for
