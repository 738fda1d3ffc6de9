"""The measuring of batch sizes: probes in processes of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import final

from ..assignment import Assignment
from ..experiment import Experiment, Resources
from ..runner.devices import environments, placed
from ..runner.probe.memory import free_bytes
from ..runner.probe.messages import Probe, Probed
from ..runner.probe.warm import Prober
from ..space import Scalar
from ..study import derived_seed
from .batch.fingerprint import fingerprint
from .batch.history import History, SizeProbe, TimeShares
from .batch.turns import Limits, Next, most_sizes, next_probe
from .measurement_file import code_of

# Heuristic: enough steps that a loop which ends by itself is warm before.
_LEAST_LENGTH = 200
# Turns in which it is looked where the time goes, beside being timed.
_WATCHED_TURNS = 2
_WATCHED_S = 0.6


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
            code=code_of(self.experiment.train or "", self.folder),
            memory_bytes=self.typed_bytes,
            threads=self.threads,
        )


def default_memory_bytes(environment: Mapping[str, str]) -> int | None:
    """Half of what is free, for processors; None where a GPU is visible, which has its own.

    Source: S4.
    """
    free = free_bytes()
    return None if environment.get("CUDA_VISIBLE_DEVICES") or free is None else free // 2


def trial_environment(workers: int | None, resources: Resources) -> Mapping[str, str]:
    """The environment that a trial of `etude run` has, of so many at once.

    Raises:
        RunError: where one trial takes more than this machine has, or so many workers do.

    Source: S4.
    """
    return environments(placed(workers, resources))[0]


def measure(
    measuring: Measuring,
    history: History,
    *,
    tell: Callable[[Next, History], object],
    keep: Callable[[History], object],
    exceeded: Callable[[History, Next], str],
) -> tuple[History, str]:
    """The probes of all sizes, and why they ended early; empty where they did not.

    Args:
        measuring: What is measured.
        history: What was probed before.
        tell: Is told of each probe before it is played.
        keep: Writes down what is known after each.
        exceeded: Why this probe may not be paid for, in a sentence; empty while it may.

    Source: S4, K2.
    """
    with Prober(measuring.environment) as prober:
        while (wanted := next_probe(history, measuring.limits)) is not None:
            if why := exceeded(history, wanted):
                return history, why
            tell(wanted, history)
            history += _played(measuring, wanted, prober)
            keep(history)
    return history, ""


def _played(measuring: Measuring, wanted: Next, prober: Prober) -> SizeProbe:
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
        answer = prober.probed(probe)
    return size_probe(answer, wanted)


def size_probe(answer: Probed, wanted: Next) -> SizeProbe:
    """What a probe answered, as data of its size.

    Source: S4.
    """
    fields = {**asdict(answer), "shares": None}
    del fields["libraries"], fields["has_died"]
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


def spent_s(history: History) -> float:
    """The seconds that all probes took.

    Source: R15.
    """
    return sum(probe.wall_s for probe in history.probes)


def most_s(history: History, limits: Limits) -> float:
    """The seconds after which nothing is probed again, by what the first probe took.

    Every size is tried once all the same.

    Source: R15.
    """
    first = history.probes[0].wall_s if history.probes else 0.0
    return limits.turns * most_sizes(history, limits) * max(first, 1.0)
