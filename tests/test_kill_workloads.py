"""Workloads killed in the midst of a trial and started again: the same values, bit for bit.

The kill comes right after the commit that names the first checkpoint, so whoever goes on has only
that checkpoint, and must come to the parameters that nobody interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from .kill.kinds import KINDS
from .kill.launches import AtCall, Keyboard, keyboard
from .kill.stories import calm_run, play

pytestmark = pytest.mark.kills


@pytest.fixture(scope="module")
def typist() -> Iterator[Keyboard]:
    with keyboard() as one:
        yield one


@pytest.mark.parametrize(("kind", "victim"), [("workload", "group"), ("stacks_torch", "worker")])
def test_killed_in_the_midst_of_a_trial_equals_never_killed(
    typist: Keyboard, tmp_path: Path, kind: str, victim: str
) -> None:
    # All of a stack go on together, in a stack of as many: rounded alike.
    exact = replace(KINDS[kind], tolerance=0.0)
    calm = calm_run(exact, typist, tmp_path)
    kill = AtCall("named", "driver", 1, "after", victim)

    verdict = play(exact, calm, typist, tmp_path / "killed", [[kill]])

    assert sum(verdict.kills.values()) == 1
    assert verdict.lines == []
    assert verdict.resumed >= 1
