"""Placement: how many trials this machine trains at once, and what each worker has of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from ..errors import RunError
from ..experiment.resources import Resources
from ..wording import conjunction, number, quantity

# Of what is divided: three times a third is one.
_ROUNDING = 1e-9


@final
@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a machine offers to workers.

    Args:
        cores: That this process may use.
        gpus: CUDA's names of the visible ones.
        memory_gb: In GiB, of the machine or of this process's control group; None where unknown.
    """

    cores: int
    gpus: tuple[str, ...] = ()
    memory_gb: float | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Placement:
    """How many workers train at once, each one trial, and what each has.

    Args:
        workers: How many.
        threads: Of each worker.
        gpus: What each worker sees, as `CUDA_VISIBLE_DEVICES` has it; empty where nothing is set.
        why: What their number follows from, in a clause.
        trials_in_memory: As many as the memory of the machine is enough for; None where nobody
            said what one takes. Stacks, which train several in a worker, are held to it.
    """

    workers: int
    threads: int
    gpus: tuple[str, ...] = ()
    why: str = ""
    trials_in_memory: int | None = None

    @property
    def line(self) -> str:
        """How many trials train at once and why, in a sentence."""
        return f"{quantity(self.workers, 'trial trains', 'trials train')} at once: {self.why}."


def placement(resources: Resources, machine: Machine, workers: int | None = None) -> Placement:
    """As many workers as were asked for, else as many as the machine has resources for.

    Without a word about GPUs a trial has a visible one for itself, and else a core, as far as
    cores and memory that it takes allow. Workers share the GPUs in turn, so that each GPU has one
    before any has two.

    Raises:
        RunError: where one trial takes more than there is, or so many workers do.

    Source: W5.

    >>> machine = Machine(cores=16, gpus=("0", "1"))
    >>> placement(Resources(gpus=0.5, cpus=2), machine).line
    '4 trials train at once: `gpus = 0.5` of 2 GPUs.'
    """
    refuse_too_much(resources, machine)
    bounds = list(_bounds(resources, machine))
    if workers is None:
        count, why = min([*bounds, *_defaults(resources, machine)])
    else:
        count, why = workers, f"{quantity(workers, 'worker was', 'workers were')} asked for"
        _refuse_workers(workers, bounds)
    cores = machine.cores / count if resources.cpus is None else resources.cpus
    return Placement(
        workers=count,
        threads=max(int(cores + _ROUNDING), 1),
        gpus=_visible(resources, machine, count),
        why=why,
        trials_in_memory=_parts(machine.memory_gb, resources.memory_gb),
    )


def refuse_too_much(resources: Resources, machine: Machine) -> None:
    """Refuses what not even one trial has here.

    Raises:
        RunError: naming everything that is too little.

    Source: W5.
    """
    short = []
    if resources.cpus is not None and resources.cpus > machine.cores:
        short.append(f"{resources.cpus:g} cores of {machine.cores}")
    if resources.gpus is not None and resources.gpus > len(machine.gpus):
        asked = number(resources.gpus)
        noun = "GPU" if resources.gpus <= 1 else "GPUs"
        short.append(f"{asked} {noun} of {len(machine.gpus) or 'none'}")
    known_gb = machine.memory_gb
    if known_gb is not None and resources.memory_gb is not None and resources.memory_gb > known_gb:
        short.append(f"{resources.memory_gb:g} GiB of {known_gb:.3g}")
    if short:
        raise RunError(
            f"One trial takes more than this machine has: {conjunction(short)}. Write less below "
            "[resources], or train it where there is more."
        )


def _refuse_workers(workers: int, bounds: list[tuple[int, str]]) -> None:
    """Refuses more workers than resources allow, by the one that allows fewest."""
    if bounds and workers > min(bounds)[0]:
        most, why = min(bounds)
        raise RunError(
            f"{quantity(workers, 'worker')} take more than this machine has: {why}, so "
            f"{quantity(most, 'trial trains', 'trials train')} at once at most. Ask for so many, "
            "leave the number of workers out, or write less below [resources]."
        )


def _bounds(resources: Resources, machine: Machine) -> Iterator[tuple[int, str]]:
    """As many trials as each of the resources that were said is enough for, and why."""
    if (by_cores := _parts(machine.cores, resources.cpus)) is not None:
        yield by_cores, f"`cpus = {resources.cpus:g}` of {quantity(machine.cores, 'core')}"
    if resources.gpus:
        count = len(machine.gpus)
        shared = _parts(1.0, resources.gpus) or 0
        by_gpus = count * shared if resources.gpus <= 1 else count // int(resources.gpus)
        yield by_gpus, f"`gpus = {resources.gpus:g}` of {quantity(count, 'GPU')}"
    if (by_memory := _parts(machine.memory_gb, resources.memory_gb)) is not None:
        asked = f"`memory = {resources.memory_gb:g}` GiB"
        yield by_memory, f"{asked} of {machine.memory_gb:.3g} GiB"


def _defaults(resources: Resources, machine: Machine) -> list[tuple[int, str]]:
    """What bounds the trials where nobody said how many GPUs, or cores, each takes."""
    if machine.gpus and resources.gpus is None:
        return [(len(machine.gpus), "each has a GPU")]
    if not resources.gpus and resources.cpus is None:
        return [(machine.cores, "each has a core")]
    return []


def _visible(resources: Resources, machine: Machine, workers: int) -> tuple[str, ...]:
    """What each worker sees of the GPUs; nothing is set where there are none."""
    gpus, asked = machine.gpus, resources.gpus
    if asked == 0:
        return ("",) * workers
    if asked is not None and asked > 1:
        size = int(asked)
        return tuple(",".join(gpus[slot * size : (slot + 1) * size]) for slot in range(workers))
    return tuple(gpus[slot % len(gpus)] for slot in range(workers)) if gpus else ()


def _parts(whole: float | None, part: float | None) -> int | None:
    """How often a part is in the whole; None where either is not known."""
    return None if whole is None or part is None else int(whole / part + _ROUNDING)
