"""The program of a probe: `python -m etude.runner.probe.child FILE_DESCRIPTOR PARENT`.

It trains a few steps of one trial, says what they showed, and ends.
"""

from __future__ import annotations

import gc
import os
import pickle
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from ...assignment import Assignment
from ...errors import Halted, InputError, Leave, WorkloadError
from ...event import Event
from ...text.signs import text_of
from ...train.backend import resolved
from ...trial import TrainFunction, Trial
from ..attempt import EventChannel
from ..home import flush_streams
from ..parent_death import end_with
from ..running_clock import RUNNING
from ..user_code import train_function
from ..user_errors import is_out_of_memory, user_traceback
from . import accelerator, memory
from .frames import is_library
from .messages import Outcome, Probe, Probed
from .stopwatch import Stopwatch, Tell

# A training that ends early is begun again, to be timed for long enough; not for ever.
_MOST_TRAININGS = 50
# What libraries say of a batch that is larger than what there is.
_TOO_LARGE = re.compile(r"larger sample than population|sample larger than population", re.I)


def main(descriptor: int, parent_process: int) -> NoReturn:
    """Answers the probe that comes through a socket, and ends."""
    end_with(parent_process)
    for number in (signal.SIGINT, signal.SIGHUP):  # what to do then is the parent's to say
        signal.signal(number, signal.SIG_IGN)
    serve(descriptor)


def serve(descriptor: int) -> NoReturn:
    """Answers the probe that comes through a socket, and ends this process."""
    parent: Connection = Connection(descriptor)
    os.set_inheritable(descriptor, False)  # noqa: FBT003  # as os has it
    home = os.getpid()
    probe: Probe = parent.recv()
    sys.path[:] = probe.path
    sys.argv = [str(probe.folder / probe.reference.rpartition(":")[0])]
    lock = threading.Lock()  # a thread of the user's code may log while this one answers

    def send(message: object) -> None:
        with lock:
            # As a worker sends: a pickler that `send` would make anew takes as long as all else.
            parent.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    answer = _probed(
        probe,
        lambda: send("stepped"),
        loaded=lambda: send("loaded"),
        tell=_telling(send, probe.assignment).logged,
    )
    if probe.lists_libraries:
        answer = replace(answer, libraries=_libraries())
    if os.getpid() == home:  # what the user's code forked off has nothing to say
        send(answer)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads and processes of the user's code are not waited for: nothing of theirs is kept.
    os._exit(0)


def _probed(
    probe: Probe, stepped: Callable[[], object], *, loaded: Callable[[], object], tell: Tell
) -> Probed:
    try:
        train = train_function(probe.reference, probe.folder)
    except InputError as error:
        return Probed(outcome="failed", detail=text_of(error))
    except BaseException as error:  # noqa: BLE001  # a user's module may raise anything
        return _failure(error)
    loaded()
    if probe.memory_bytes is not None and not _has_gpu():
        memory.limit_this_process(probe.memory_bytes)
    elif probe.memory_bytes is not None:
        accelerator.limit(probe.memory_bytes)
    watch = Stopwatch(probe, stepped, tell)
    trial, problem = _trained(probe, train, watch)
    answer = replace(problem or Probed(outcome="measured"), **_seen(probe, watch, trial))
    answer = replace(answer, **_of_loop(train, trial, watch))
    peak = answer.memory_bytes or 0
    if answer.outcome == "measured" and peak > (probe.memory_bytes or peak):
        return replace(answer, outcome="out_of_memory")
    return answer


def _telling(send: Callable[[object], object], assignment: Assignment) -> EventChannel:
    """A channel that tells every value at once, as a worker does.

    For steps of a few milliseconds that is some percent of their time.
    """

    def send_events(events: Sequence[Event]) -> None:
        flush_streams()
        send(list(events))

    return EventChannel(assignment.id, send_events, study=assignment.study, every_s=0.0)


def _libraries() -> tuple[str, ...]:
    """The modules of libraries that are loaded, in the order in which they came."""
    files = [(name, getattr(module, "__file__", None)) for name, module in sys.modules.items()]
    return tuple(name for name, file in files if isinstance(file, str) and is_library(file))


def _has_gpu() -> bool:
    """Whether a GPU trains, by the libraries that the user's module has loaded."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return True
    return "jax" in sys.modules and accelerator.device() != "cpu"


def _trained(
    probe: Probe, train: TrainFunction, watch: Stopwatch
) -> tuple[Trial | None, Probed | None]:
    """The last trial, and what kept it from being timed; None where nothing did."""
    trial: Trial | None = None
    for _ in range(_MOST_TRAININGS):
        watch.begin()
        before = watch.steps
        trial = Trial(probe.assignment, watch, watch.halted, now_s=RUNNING.now_s)
        problem = _attempt(train, trial)
        if watch.phase == "done":
            return trial, None
        if problem is not None and problem.outcome != "measured":
            return trial, problem
        if watch.steps - before < 2:
            break
    if watch.blocks:
        return trial, None
    why = problem.detail if problem else ""
    return trial, Probed(outcome="failed", detail=why or _silence(watch.steps))


def _attempt(train: TrainFunction, trial: Trial) -> Probed | None:
    """What became of a training that was begun; None where it ended or was halted."""
    try:
        train(trial)
    except WorkloadError as error:
        outcome: Outcome = "too_few_examples" if "examples to train on" in str(error) else "failed"
        return Probed(outcome=outcome, detail=text_of(error))
    except Halted:
        return None
    except Leave as why:  # it diverged: its steps were steps all the same
        return Probed(outcome="measured", detail=text_of(why))
    except BaseException as error:  # noqa: BLE001  # a user's code may raise anything
        # What a loop makes of being halted is no failure of its own.
        return None if isinstance(trial.left, Halted) else _failure(error)
    return None


def _failure(error: BaseException) -> Probed:
    detail = user_traceback(error)
    if is_out_of_memory(error):
        return Probed(outcome="out_of_memory", detail=detail)
    if _TOO_LARGE.search(text_of(error)):
        return Probed(outcome="too_few_examples", detail=detail)
    return Probed(outcome="failed", detail=detail)


def _silence(steps: int) -> str:
    if steps:
        return f"It ended after {steps} steps, too few to be timed. Raise `max_steps`."
    return (
        "The train function says nothing of its steps. Loop over `trial.steps()`, or call "
        "`trial.log(step, ...)` in each."
    )


def _seen(probe: Probe, watch: Stopwatch, trial: Trial | None) -> dict[str, Any]:
    """What the training showed of itself."""
    is_read = trial is None or not watch.steps or probe.batch_name not in trial.noted.unread
    return {
        "blocks": tuple(watch.blocks),
        "steps": watch.steps,
        "memory_bytes": accelerator.peak_bytes() or memory.peak_bytes(),
        "device": accelerator.device(),
        "is_read": is_read,
        "shapes": watch.tracer.shapes,
        "shares": watch.watched_shares(),
    }


def _of_loop(train: Any, trial: Trial | None, watch: Stopwatch) -> dict[str, Any]:
    """How many examples there are, by Etude's loop or by a loader of PyTorch's."""
    if getattr(train, "workload", None) is None:
        return {"examples": _loader_examples() if watch.steps else None}
    loop = resolved(train, trial.noted) if trial is not None and watch.steps else train
    training = getattr(loop, "training", None)
    return {"is_own_loop": True, "examples": getattr(training, "count", None)}


def _loader_examples() -> int | None:
    """The examples of the loader that shuffles, or of the only one; None where there is none."""
    data = sys.modules.get("torch.utils.data")
    if data is None:
        return None
    loaders = [one for one in gc.get_objects() if type(one) is data.DataLoader]
    shuffled = [one for one in loaders if type(one.sampler) is data.RandomSampler]
    chosen = shuffled if len(shuffled) == 1 else loaders
    if len(chosen) != 1 or not hasattr(chosen[0].dataset, "__len__"):
        return None
    return len(chosen[0].dataset)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
