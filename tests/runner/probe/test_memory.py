"""Memory of processes."""

from __future__ import annotations

import os
import subprocess
import sys

from etude.runner.probe.memory import descendants, free_bytes, peak_bytes, tree_bytes


def test_some_memory_is_free_and_this_process_has_some():
    assert free_bytes() > 2**20
    assert peak_bytes() >= 2**20


def test_a_process_that_was_started_is_found_and_counts():
    program = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        known, held = descendants(os.getpid()), tree_bytes(child.pid)
        child.stdin.close()

    assert child.pid in known
    assert held > 2**20
