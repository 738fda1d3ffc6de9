"""The law that everything durable serves: killed and started again equals never killed.

Each kind of run is killed at named calls: of the driver (before and after a commit, a removal) and
of its workers (in a step, in the middle of writing a checkpoint, between a checkpoint and the next
step, in the rehearsal, after the loop); the whole group, the driver alone, a worker alone. The end
is compared with that of a run that nobody killed: trials, settings, seeds, values, files.
`benchmarks/kills.py` draws such stories at random.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .kill.kinds import KINDS
from .kill.launches import AtCall, Keyboard, Kill, keyboard
from .kill.stories import Verdict, calm_run, play

pytestmark = pytest.mark.kills


def group(call: str, role: str, number: int, side: str = "before") -> list[Kill]:
    return [AtCall(call, role, number, side, "group")]


def alone(call: str, role: str, number: int, side: str = "before") -> list[Kill]:
    """Of the process that calls."""
    return [AtCall(call, role, number, side, role)]


def worker_at(call: str, number: int) -> list[Kill]:
    """Of a worker, at a call of the driver."""
    return [AtCall(call, "driver", number, "after", "worker")]


# How many commits a run takes depends on how many reports come together: numbers of the driver's
# calls are small, so that each is met on a busy machine too; where two strike in one launch, both
# count the same. The first steps, saves and ends are those of the rehearsal: two steps, twice.
STORIES: dict[str, list[list[Kill]]] = {
    "inline": [
        group("step", "driver", 1),
        group("save", "driver", 1),
        group("trained", "driver", 1),
        group("step", "driver", 20),
        group("save", "driver", 6),
        group("rename", "driver", 4, "after"),
        group("commit", "driver", 13),
    ],
    "processes": [
        group("step", "worker", 2),
        group("save", "worker", 2),
        group("trained", "worker", 2),
        group("step", "worker", 10),
        group("saved", "worker", 3, "after"),
        alone("commit", "driver", 5, "after"),
        alone("saved", "worker", 1, "after") + group("saved", "worker", 3, "after"),
        [AtCall("saved", "worker", 2, "after", "driver")],
        group("trained", "worker", 2),
    ],
    "asha_in_a_worker": [
        group("step", "worker", 9),
        group("save", "worker", 9),
        alone("saved", "worker", 8) + group("saved", "worker", 16, "after"),
        group("statement", "driver", 30),
    ],
    "pbt_in_a_worker": [
        group("step", "worker", 9),
        group("save", "worker", 18),
        alone("commit", "driver", 20, "after"),
        group("named", "driver", 4),
        group("remove", "driver", 6),
    ],
    "ask_tell": [
        group("step", "driver", 8),
        group("save", "driver", 3),
        group("commit", "driver", 20, "after"),
    ],
    "import": [
        group("statement", "driver", 60),
        group("commit", "driver", 3),
        group("named", "driver", 1, "after"),
    ],
    "launch": [
        group("open", "driver", 4, "after"),
        [AtCall("saved", "worker", 4, "after", "driver")],
    ],
    "autopilot": [group("step", "driver", 80), group("statement", "driver", 250)],
    "procedure": [
        group("step", "driver", 60),
        group("statement", "driver", 200),
        group("commit", "driver", 30, "after"),
    ],
}
# Of all trials that began, those that had a checkpoint to go on from.
RESUMED = {
    "inline": 2,
    "processes": 3,
    "asha_in_a_worker": 3,
    "pbt_in_a_worker": 4,
    "ask_tell": 2,
    "launch": 1,
    "autopilot": 1,
    "procedure": 1,
}


@pytest.fixture(scope="module")
def typist() -> Iterator[Keyboard]:
    with keyboard() as one:
        yield one


@pytest.fixture(scope="module", params=STORIES)
def story(
    request: pytest.FixtureRequest, typist: Keyboard, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Verdict]:
    kind, place = KINDS[request.param], tmp_path_factory.mktemp(request.param)
    calm = calm_run(kind, typist, place)
    return kind.name, play(kind, calm, typist, place / "killed", STORIES[kind.name])


def test_every_kill_struck(story: tuple[str, Verdict]) -> None:
    name, verdict = story

    assert sum(verdict.kills.values()) == sum(map(len, STORIES[name]))


@pytest.mark.rule("K2")
def test_killed_and_started_again_equals_never_killed(story: tuple[str, Verdict]) -> None:
    assert story[1].lines == []


def test_interrupted_trials_went_on_from_their_checkpoints(story: tuple[str, Verdict]) -> None:
    name, verdict = story

    assert verdict.resumed >= RESUMED.get(name, 0)
