"""Memory of processes."""

from __future__ import annotations

import os
import subprocess
import sys

from etude.runner.probe import memory
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


def test_what_a_group_holds_of_files_is_free(tmp_path, monkeypatch):
    gib = 2**30
    files = {"memory.max": 16 * gib, "memory.current": int(15.5 * gib)}
    for name, value in files.items():
        (tmp_path / name).write_text(str(value))
    (tmp_path / "memory.stat").write_text(f"anon {2 * gib}\ninactive_file {13 * gib}\n")
    names = ("memory.max", "memory.current")
    monkeypatch.setattr(memory, "_groups", lambda: iter([(tmp_path, *names)]))
    monkeypatch.setattr(memory, "_PROC", tmp_path)

    assert memory.free_bytes() == int(13.5 * gib)
