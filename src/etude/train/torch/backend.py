"""The backend of PyTorch."""

from __future__ import annotations

from functools import partial
from typing import final

from ..backend import Stacking
from ..gate import Timings
from ..workload import Workload
from . import gate
from .loop import Loop
from .member import Member
from .vectorized import Stack


@final
class Torch:
    """Trains workloads whose model is a `torch.nn.Module`."""

    def loop(self, workload: Workload) -> Loop:
        """The loop that trains the trials of a workload one by one."""
        return Loop(workload)

    def stack(self, loop: Loop) -> Stacking:
        """What trains the trials of a loop in stacks."""
        return Stacking(partial(Member, loop), partial(Stack, loop))

    def timings(self, loop: Loop) -> Timings:
        """What the gate measures of a loop."""
        return gate.timings(loop)
