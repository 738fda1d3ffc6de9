"""Commands in a process group of their own, which may take so many seconds of the processor.

On the wall a busy machine takes any time; what a command computes is the same on every one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# A launch imports the package, PyTorch perhaps, and trains tiny trials: 5 s were seen at most.
CPU_S = 60
# Ended by SIGXCPU where the limit is passed, and by SIGKILL only where that did not help: a code
# of its own, which no test that kills mistakes for its own kill.
LIMITED = """
import os, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
os.execv(sys.argv[2], sys.argv[2:])
"""


def run_in_group(command: Sequence[str], folder: Path, **environment: str) -> int:
    """How a command ends, run in this folder; it may kill its group, and every worker with it."""
    limited = [sys.executable, "-c", LIMITED, str(CPU_S), *command]
    done = subprocess.run(
        limited,
        cwd=folder,
        env={**os.environ, **environment},
        start_new_session=True,
        check=False,
    )
    return done.returncode
