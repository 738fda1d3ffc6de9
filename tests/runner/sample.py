"""Assignments, and runners events_of to their end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from etude.assignment import Assignment
from etude.event import Ended, Event, Logged, Refused
from etude.runner.base import Runner
from etude.runner.inline import Inline
from etude.runner.processes import Processes
from etude.runner.user_code import train_function

HERE = Path(__file__).parent


def inline(name: str) -> Runner:
    return Inline(lambda: train_function(f"loops.py:{name}", HERE))


def processes(name: str, **options: Any) -> Processes:
    return Processes(f"loops.py:{name}", HERE, **{"workers": 1, **options})


def on_ray(name: str, **options: Any) -> Any:
    """In an actor of the cluster that this process is connected to."""
    from etude.runner.ray.runner import Ray

    return Ray(f"loops.py:{name}", HERE, **{"workers": 1, **options})


def assignment(folder: Path, /, **given: object) -> Assignment:
    trial_id = given.get("id", 0)
    plain: dict[str, object] = {
        "id": 0,
        "study": "all",
        "setting": {"learning_rate": 0.25},
        "seed": 11,
        "max_steps": 8,
        "evaluations": 4,
        "metric": "valid/loss",
        "maximize": False,
        "diverged_above": 100.0,
        "folder": folder / "trials" / str(trial_id),
        "checkpoints": folder / "checkpoints" / str(trial_id),
    }
    return Assignment(**{**plain, **given})


def events_of(runner: Runner, *assignments: Assignment) -> list[Event]:
    """All events of these assignments, each tried once; the runner is closed after."""
    events: list[Event] = []
    waiting = list(assignments)
    try:
        while True:
            while waiting and runner.free:
                runner.submit([waiting.pop(0)])
            if not runner.wait(events.extend) and not waiting:
                return events
    finally:
        runner.close()


def of(events: Sequence[Event], trial_id: int) -> list[Event]:
    return [event for event in events if event.trial_id == trial_id]


def rows(events: Sequence[Event]) -> list[tuple[int, str, float]]:
    """All values, however they were batched."""
    return [row for event in events if isinstance(event, Logged) for row in event.rows]


def end(events: Sequence[Event]) -> Ended | Refused:
    """The one end of one trial."""
    (found,) = (event for event in events if isinstance(event, Ended | Refused))
    return found
