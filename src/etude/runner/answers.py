"""What small programs of the system answer: a driver, git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from .running_clock import RUNNING

# Heuristic: a file system or a driver that hangs takes longer, and nobody waits for that.
_PATIENCE_S = 20.0
_LOOK_S = 1.0


def answer(command: Sequence[str]) -> bytes:
    """What a program writes; nothing where it is missing, fails, or does not answer in time.

    Time in which this process is stopped, and the program with it, does not count.
    """
    try:
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return b""
    with program:
        try:
            output = _output(program)
        except subprocess.TimeoutExpired:
            output = b""
        finally:
            program.kill()
    return output if program.returncode == 0 else b""


def _output(program: subprocess.Popen[bytes]) -> bytes:
    until_s = RUNNING.now_s() + _PATIENCE_S
    while True:
        try:
            return program.communicate(timeout=_LOOK_S)[0]
        except subprocess.TimeoutExpired:
            if RUNNING.now_s() > until_s:
                raise
