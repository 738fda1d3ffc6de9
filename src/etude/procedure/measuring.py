"""The measuring of batch sizes: probes in fresh processes, and the file that keeps them."""

from __future__ import annotations

import ast
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from ..assignment import Assignment
from ..disk.file import write_whole
from ..errors import StoreError
from ..experiment import Experiment
from ..runner.devices import environments
from ..runner.probe.fresh_process import probed
from ..runner.probe.memory import free_bytes
from ..runner.probe.messages import Probe, Probed
from ..space import Scalar
from ..study import derived_seed
from .batch.fingerprint import fingerprint
from .batch.history import History, SizeProbe, TimeShares
from .batch.records import StoredMeasurement, as_json, from_json
from .batch.turns import Limits, Next, next_probe

# Heuristic: enough steps that a loop which ends by itself is warm before.
_LEAST_LENGTH = 200
# Turns in which it is looked where the time goes, beside being timed.
_WATCHED_TURNS = 2
_WATCHED_S = 0.6
# What a first probe takes, before any was seen: a library is imported for most of it.
USUAL_PROBE_S = 5.0


@final
@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What is measured, and how.

    Args:
        experiment: Of the user's file.
        setting: The configuration.
        name: What it calls the batch size.
        folder: Where its paths begin.
        path: `sys.path` of this process.
        memory_bytes: The limit; None for that of the device.
        typed_bytes: The limit, where one was typed.
        environment: What a trial of `etude run` has in its environment.
        limits: How far it goes.

    Source: S4, S7.
    """

    experiment: Experiment
    setting: Mapping[str, Scalar]
    name: str
    folder: Path
    path: tuple[str, ...]
    memory_bytes: int | None
    typed_bytes: int | None = None
    environment: Mapping[str, str]
    limits: Limits

    @property
    def threads(self) -> int:
        """The threads that a training may use."""
        threads = self.environment.get("OMP_NUM_THREADS", "")
        return int(threads) if threads.isdigit() else 1

    @property
    def fingerprint(self) -> dict[str, Scalar | None]:
        """What the measurement holds for.

        Source: S7.
        """
        others = {name: value for name, value in self.setting.items() if name != self.name}
        return fingerprint(
            others,
            self.experiment.names,
            code=_code(self.experiment.train or "", self.folder),
            memory_bytes=self.typed_bytes,
            threads=self.threads,
        )


def default_memory_bytes(environment: Mapping[str, str]) -> int | None:
    """Half of what is free, for processors; None where a GPU is visible, which has its own.

    Source: S4.
    """
    free = free_bytes()
    return None if "CUDA_VISIBLE_DEVICES" in environment or free is None else free // 2


def trial_environment(workers: int | None) -> Mapping[str, str]:
    """The environment that a trial of `etude run` has, of so many at once.

    Source: S4.
    """
    return environments(workers)[0]


def measure(
    measuring: Measuring,
    history: History,
    *,
    tell: Callable[[Next, History], object],
    keep: Callable[[History], object],
    exceeded: Callable[[History], str],
) -> tuple[History, str]:
    """The probes of all sizes, and why they ended early; empty where they did not.

    Args:
        measuring: What is measured.
        history: What was probed before.
        tell: Is told of each probe before it is played.
        keep: Writes down what is known after each.
        exceeded: Why no more may be spent, in a sentence; empty while it may.

    Source: S4, K2.
    """
    while (wanted := next_probe(history, measuring.limits)) is not None:
        if why := exceeded(history):
            return history, why
        tell(wanted, history)
        history += _played(measuring, wanted)
        keep(history)
    return history, ""


def _played(measuring: Measuring, wanted: Next) -> SizeProbe:
    with tempfile.TemporaryDirectory(prefix="etude-probe-") as folder:
        probe = Probe(
            reference=measuring.experiment.train or "",
            folder=measuring.folder,
            path=measuring.path,
            assignment=_assignment(measuring, wanted, Path(folder)),
            batch_name=measuring.name,
            watched_s=_WATCHED_S if wanted.turn <= _WATCHED_TURNS else 0.0,
            memory_bytes=measuring.memory_bytes,
            threads=measuring.threads,
        )
        answer = probed(probe, measuring.environment)
    return size_probe(answer, wanted)


def size_probe(answer: Probed, wanted: Next) -> SizeProbe:
    """What a probe answered, as data of its size.

    Source: S4.
    """
    fields = {**asdict(answer), "shares": None}
    shares = None if answer.shares is None else TimeShares(**asdict(answer.shares))
    probe = SizeProbe(batch_size=wanted.batch_size, turn=wanted.turn, **fields)
    return replace(probe, shares=shares)


def _assignment(measuring: Measuring, wanted: Next, folder: Path) -> Assignment:
    experiment = measuring.experiment
    return Assignment(
        id=0,
        study="",
        setting={**measuring.setting, measuring.name: wanted.batch_size},
        seed=derived_seed(experiment.seed, "batch-size", wanted.turn),
        max_steps=max(experiment.max_steps, _LEAST_LENGTH),
        evaluations=1,
        metric=experiment.metric,
        maximize=experiment.maximize,
        diverged_above=False,
        folder=folder / "trial",
        checkpoints=folder / "checkpoints",
        lasting=False,
    )


def _code(reference: str, folder: Path) -> str:
    """A hash of what the training file does: comments and layout do not count."""
    try:
        text = (folder / reference.rpartition(":")[0]).read_text(encoding="utf-8")
        text = ast.dump(ast.parse(text))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ""
    return hashlib.sha256(text.encode()).hexdigest()


# --- the file beside the store


@final
@dataclass(frozen=True)
class MeasurementFile:
    """`STORE.batch-sizes.json`: the last measurement of each experiment.

    Source: S7, K2.
    """

    path: Path

    def read(self, experiment: str) -> StoredMeasurement | None:
        """What is known of an experiment; None where nothing is.

        Raises:
            StoreError: for a file that is none of ours.
        """
        data = self._data().get(experiment)
        if data is None:
            return None
        try:
            return from_json(data)
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged() from error

    def write(self, experiment: str, measurement: StoredMeasurement) -> None:
        """Keeps a measurement in the place of an older one of the same experiment.

        Raises:
            StoreError: where it cannot be written.
        """
        data = {**self._data(), experiment: as_json(measurement)}
        try:
            write_whole(self.path, json.dumps(data))
        except OSError as error:
            why = error.strerror or error
            raise StoreError(f"`{self.path}` cannot be written ({why}).") from error

    def _data(self) -> dict[str, Any]:
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._damaged() from error
        if not isinstance(data, dict):
            raise self._damaged()
        return data

    def _damaged(self) -> StoreError:
        return StoreError(
            f"`{self.path}` is not as it was written. Remove it: the batch sizes are measured anew."
        )


def spent_s(history: History) -> float:
    """The seconds that all probes took.

    Source: R15.
    """
    return sum(probe.wall_s for probe in history.probes)
