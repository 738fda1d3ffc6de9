"""`etude run --rounds N` without `--accept`: every round's file is shown and asked about first."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from etude.store import open_store

WAIT_S = 60.0


@pytest.fixture
def rates(folder, monkeypatch):
    """Two studies whose best rate lies beyond the first space, so that rounds follow each other."""
    text = (folder / "rates.toml").read_text()
    (folder / "rates.toml").write_text(text.replace("trials = 20", "trials = 10"))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    return folder


# Takes what it is started at for its terminal, and becomes the command.
AT_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """The command at a terminal of its own; what it prints, and what a person types."""

    def __init__(self, *words):
        command = [sys.executable, "-m", "etude.cli", "run", "rates.toml", "--runner", "inline"]
        self.screen, keyboard = pty.openpty()
        # No fork here: libraries of this process have threads.
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", AT_TERMINAL, *command, *words],
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
        )
        os.close(keyboard)
        self.seen = ""

    def until(self, text):
        """Waits until this is printed, after what was seen before."""
        begin, end = len(self.seen), time.monotonic() + WAIT_S
        while text not in self.seen[begin:] and time.monotonic() < end:
            if not self._reads():
                break
        assert text in self.seen[begin:], self.seen
        return self.seen[begin:]

    def type(self, answer):
        os.write(self.screen, f"{answer}\n".encode())

    def leave(self):
        """Waits for the end: the exit code."""
        while self._reads():
            pass
        os.close(self.screen)
        return self.process.wait()

    def _reads(self):
        if not select.select([self.screen], [], [], WAIT_S)[0]:
            return False
        try:
            read = os.read(self.screen, 65536).decode(errors="replace")
        except OSError:  # the other side has gone
            return False
        self.seen += read.replace("\r\n", "\n")
        return bool(read)


def rounds_played(folder):
    store = open_store(folder / "etude.db", create=False)
    names = [entry.experiment.name for entry in store.entries()]
    store.close()
    return len(names)


ASKED = "Play rates-2.toml? [y]es, [n]o, [e]dit it first: "


def test_a_yes_plays_the_round_whose_changes_were_shown(rates):
    terminal = Terminal("--rounds", "2")

    shown = terminal.until(ASKED)
    terminal.type("yes")
    terminal.until("All 2 rounds are played.")

    assert terminal.leave() == 0
    assert "nuisance.learning_rate high  0.5 -> " in shown
    assert "C1" in shown
    assert rounds_played(rates) == 2


def test_a_no_stops_and_says_how_to_go_on(rates):
    terminal = Terminal("--rounds", "2")

    terminal.until(ASKED)
    terminal.type("n")
    terminal.until("To go on:              etude run rates.toml --rounds 2 --runner inline\n")

    assert terminal.leave() == 0
    assert rounds_played(rates) == 1


def test_an_answer_that_is_none_is_asked_again(rates):
    terminal = Terminal("--rounds", "2")

    terminal.until(ASKED)
    terminal.type("maybe")
    terminal.until(f"Type yes, no or edit.\n{ASKED}")
    terminal.type("no")

    assert terminal.leave() == 0


def test_the_file_is_played_as_a_person_edited_it_and_not_asked_about_again(rates):
    terminal = Terminal("--rounds", "3")
    terminal.until(ASKED)
    text = (rates / "rates-2.toml").read_text()
    edited = re.sub(r"high = [0-9.]+", "high = 0.9", text)
    assert edited != text
    (rates / "rates-2.toml").write_text(edited)

    terminal.type("yes")
    terminal.until("Play rates-3.toml?")
    terminal.type("no")
    assert terminal.leave() == 0
    again = Terminal("--rounds", "3")
    told = again.until("Play rates-3.toml?")
    again.type("no")

    assert again.leave() == 0
    assert ASKED not in told
    assert "Round 2 of 3: rates-2.toml" in told
    assert (rates / "rates-2.toml").read_text() == edited
    assert rounds_played(rates) == 2


def test_a_file_that_cannot_be_played_is_told_and_asked_about_again(rates):
    terminal = Terminal("--rounds", "2")
    terminal.until(ASKED)
    text = (rates / "rates-2.toml").read_text()
    (rates / "rates-2.toml").write_text(text.replace("trials = ", "trails = "))

    terminal.type("y")
    told = terminal.until(ASKED)
    (rates / "rates-2.toml").write_text(text)
    terminal.type("y")
    terminal.until("All 2 rounds are played.")

    assert terminal.leave() == 0
    assert "trails" in told
    assert "rates-2.toml stands as you left it, otherwise than advised:" in told


def test_the_editor_of_the_person_opens_the_file(rates, monkeypatch):
    (rates / "editor.py").write_text(
        "import sys\nfrom pathlib import Path\nplace = Path(sys.argv[1])\n"
        "place.write_text(place.read_text() + '# by hand\\n')\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} editor.py")
    terminal = Terminal("--rounds", "2")

    terminal.until(ASKED)
    terminal.type("e")
    told = terminal.until(ASKED)
    terminal.type("n")

    assert terminal.leave() == 0
    assert "+# by hand" in told


def test_without_a_terminal_it_stops_after_writing_the_file(rates, etude_command):
    said = etude_command("run", "rates.toml", "--runner", "inline", "--rounds", "3")

    command = "etude run rates-2.toml --rounds 2 --budget-steps 320 --runner inline"
    assert said.code == 0
    assert "There is no terminal to ask at, so the rounds stop before rates-2.toml" in said.out
    assert said.out.endswith(f"To go on:              {command}\n")
    assert rounds_played(rates) == 1

    gone_on = etude_command(*command.split()[1:])

    assert gone_on.code == 0
    assert "To go on:              etude run rates-3.toml --runner inline\n" in gone_on.out
    assert rounds_played(rates) == 2


def test_without_a_terminal_a_round_that_was_run_by_hand_is_gone_on_from(rates, etude_command):
    words = ("run", "rates.toml", "--runner", "inline", "--rounds", "3")
    etude_command(*words)
    etude_command("run", "rates-2.toml", "--runner", "inline")

    said = etude_command(*words)

    assert "Round 2 of 3: rates-2.toml" in said.out
    assert "the rounds stop before rates-3.toml" in said.out


def test_ctrl_c_at_the_question_keeps_what_was_finished(rates):
    terminal = Terminal("--rounds", "2")
    terminal.until(ASKED)

    os.write(terminal.screen, b"\x03")
    terminal.until("Interrupted. What was finished is kept; type the same command to go on:")

    assert terminal.leave() == 130
    assert rounds_played(rates) == 1
