"""Memory runs out for real: the limit is the operating system's, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from etude.runner.user_errors import is_out_of_memory

ROOT = Path(__file__).parents[2]
# A trial of `Greedy` holds some 20 MB in a step: too much for 32 at once, and not for one.
PLAYED = """
import json, resource, sys, torch._dynamo
from pathlib import Path
from tests.runner.libraries import SETTING, inline, vectorized
from tests.runner.sample import assignment, events_of
from etude.event import Ended

room, folder = 250_000_000, Path(sys.argv[1])
few = {"setting": {**SETTING, "learning_rate": 1e-9}, "max_steps": 2, "evaluations": 1}
# The first trial loads all that must be loaded.
events_of(inline("works.py", "Greedy"), assignment(folder / "first", **few))
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
runner = vectorized("works.py", "Greedy", width=32)
events = events_of(runner, *(assignment(folder, id=n, seed=n, **few) for n in range(32)))
ends = [one.status for one in events if isinstance(one, Ended)]
print(json.dumps({"ends": ends, "most": list(runner._max_widths.values())}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its limit")
def test_a_stack_that_is_too_large_for_memory_is_split_and_goes_on(tmp_path):
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PLAYED, str(tmp_path)],
        cwd=ROOT,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "1",  # another arena would reserve half of the room
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.stderr == ""
    found = json.loads(told.stdout)
    assert found["ends"] == ["completed"] * 32
    assert 1 <= found["most"][0] <= 16


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate"),
    ],
)
def test_every_library_that_runs_out_of_memory_is_understood(error):
    assert is_out_of_memory(error)
