"""The tests that kill or are judged by time, three times beside four busy loops.

    python -m tests.busy            further words are pytest's: python -m tests.busy -k stacks

A test that waits for a moment on the wall passes on a quiet machine alone; this one is not quiet.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

LOOPS, TIMES = 4, 3
# Of equal priority: they inherit ours. They end with us: the pipe that they hold is closed then.
LOOP = """
import select
while not select.select([0], [], [], 0)[0]:
    for _ in range(10**5):
        pass
"""


@contextmanager
def busy_loops(count: int = LOOPS) -> Iterator[None]:
    """So many processes that compute all the while."""
    loops = [
        subprocess.Popen([sys.executable, "-c", LOOP], stdin=subprocess.PIPE) for _ in range(count)
    ]
    try:
        yield
    finally:
        for loop in loops:
            assert loop.stdin is not None
            loop.stdin.close()
            loop.wait()


def main(words: Sequence[str]) -> int:
    """The exit code of the first run that fails; 0 where all pass."""
    command = [sys.executable, "-m", "pytest", "-m", "kills", "-q", *words]
    with busy_loops():
        for turn in range(TIMES):
            print(f"{turn + 1} of {TIMES}, beside {LOOPS} busy loops", flush=True)
            if code := subprocess.run(command, check=False).returncode:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
