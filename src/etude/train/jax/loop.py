"""The plain loop: one trial of a workload in JAX, from its first step to its last.

As in `etude.train.torch.loop`, whatever is random depends on (seed, step) alone. Steps up to the
next evaluation are one call, and their losses are read together.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar, final

import numpy as np

from ...setting import NotedSetting, quietly
from ...trial import Trial
from .. import metrics
from ..backend import Library
from ..checkpointing import EVERY_S
from ..evaluation_set import known_facts
from ..loop import run
from ..rare_classes import with_counts
from ..recipe import recipe, seed_of
from ..reporting import STRETCH_S
from ..sample import evenly_spread
from ..splitting import on_split
from ..workload import Workload
from . import predictions
from .checkpoints import State
from .examples import Examples, Order, examples, joined
from .models import Network, network
from .program import MAX_STRETCH, Program, means
from .vectors import about, moments, put, state

# Heuristic: so many programs are kept; each costs a second or so to compile anew.
_PROGRAMS = 8
# The first steps are done one by one: one compiles, the next tells how long a step takes.
_ALONE = 2


@final
class Loop:
    """A train function: trains trials of a workload, its data read and moved once."""

    library: ClassVar[Library] = "jax"

    def __init__(
        self,
        workload: Workload,
        *,
        every_s: float = EVERY_S,
        double: bool = False,
        base: Loop | None = None,
        split_seed: int | None = None,
    ) -> None:
        """Takes a workload and the seconds between two writings of checkpoints.

        In double precision two ways of training can be told apart from two roundings; it asks for
        `jax.enable_x64`. The seed is of the split that the workload's data are, None for their own;
        its loop shares the programs of the one that it is a split of.
        """
        self.workload = with_counts(workload)
        self.every_s = every_s
        self.double = double
        self.programs: list[Program] = [] if base is None else base.programs
        self._samples: dict[int, Examples] = {}
        self.split_seed = split_seed
        self._split: Loop | None = None

    def on(self, split_seed: int | None) -> Loop:
        """The loop on another split of the data, the last at hand; itself on its own.

        Examples are inputs of a program, so one that was compiled before serves any split.
        """
        if split_seed == self.split_seed:
            return self
        if self._split is None or self._split.split_seed != split_seed:
            assert split_seed is not None, "A split has no way back. This is a bug."
            workload = on_split(self.workload, split_seed, joined)
            self._split = Loop(
                workload,
                every_s=self.every_s,
                double=self.double,
                base=self,
                split_seed=split_seed,
            )
        return self._split

    @cached_property
    def training(self) -> Examples:
        """The examples to train on."""
        return examples(self.workload.training, double=self.double)

    @cached_property
    def facts(self) -> Mapping[str, float]:
        """What checks ask of the data, looked at once."""
        return known_facts(self.workload)

    @cached_property
    def validation(self) -> Examples:
        """The examples to evaluate on."""
        return examples(self.workload.validation, double=self.double)

    def training_sample(self, most: int) -> Examples:
        """At most so many of the examples to train on, evenly spread, to evaluate on."""
        if most not in self._samples:
            sample = evenly_spread(self.workload.training, most)
            self._samples[most] = examples(sample, double=self.double)
        return self._samples[most]

    def network(self, setting: Mapping[str, Any], seed: int) -> Network:
        """The network of a trial, untrained."""
        return network(self.workload, self.workload.model(setting), seed, double=self.double)

    def program(self, wanted: Program) -> Program:
        """The program that is wanted, or one that was compiled before and fits."""
        wanted = replace(wanted, quick=self.double)
        for known in self.programs:
            if known.fits(wanted):
                return known
        self.programs[:] = [*self.programs[1 - _PROGRAMS :], wanted]
        return wanted

    def __call__(self, trial: Trial) -> None:
        """Trains one trial.

        Source: E2, D5, K1, K2.
        """
        learner = Learner(self, trial)
        trial.restore(lambda folder: learner.put(State.load(folder)))
        beside = partial(predictions.save, self.on(trial.split_seed), learner.layout, trial.noted)
        run(trial, learner, every_s=self.every_s, facts=lambda: self.facts, beside=beside)


@final
class Learner:
    """One trial in training: its program, and its parameters and moments as vectors."""

    def __init__(self, loop: Loop, trial: Trial) -> None:
        """Builds the model from the trial's setting and seed."""
        self._loop = loop = loop.on(trial.split_seed)
        self._trial = trial
        self._recipe = recipe(trial.noted, trial.max_steps)
        self._seed = seed_of(trial)
        noted = NotedSetting(quietly(trial.noted))
        built = loop.network(noted, self._seed)
        self.layout = built.layout
        optimizers = (self._recipe.optimizer,)
        wanted = Program(loop.workload, built.layout, noted, optimizers, built.model)
        self._program = loop.program(wanted)
        self._order = Order(loop.training.count, self._recipe.batch_size, self._seed)
        self.steps_per_epoch = loop.training.count / self._recipe.batch_size
        self._vectors = (built.vector, *moments(self._recipe, built.vector))
        self._results: dict[int, tuple[float, float]] = {}
        self._done = 0
        self._note(noted)

    def update(self, step: int) -> dict[str, float]:
        """The loss before a step, and the norm of the full, unclipped gradient (D5).

        The steps after it, as far as there is no evaluation between, are done at once.
        """
        if step not in self._results:
            self._results = self.trained(step, self._count(step))
        loss, norm = self._results[step]
        return {"train/loss": loss, "grad_norm": norm}

    def evaluation(self) -> dict[str, float]:
        """The metrics over all validation examples, and over training examples where asked for."""
        values = self._means(self._loop.validation, metrics.recorded_name)
        if most := self._trial.evaluate_training:
            values |= self._means(self._loop.training_sample(most), metrics.training_name)
        return values

    def _means(self, over: Examples, named: Callable[[str], str]) -> dict[str, float]:
        """The metrics over these examples; what has no name there is left out."""
        spans = list(metrics.spans(over.count, self._recipe.batch_size))
        batches = (over.between(start, stop) for start, stop in spans)
        parts = [self._program.measure(self._vectors[0], {}, batch) for batch in batches]
        values = means(parts, [stop - start for start, stop in spans], named, axes=0)
        return {name: float(value) for name, value in values.items()}

    def state(self) -> State:
        """All that the next step depends on, a copy."""
        return state(self.layout, self._vectors, self._recipe)

    def put(self, saved: State) -> None:
        """Goes on from a saved state, bit for bit."""
        optimizer = self._recipe.optimizer
        self._vectors = put(saved, self.layout, self._vectors, optimizer)
        self._recipe = replace(self._recipe, moments_from=saved.origin.begun_for(optimizer))

    def trained(self, step: int, count: int) -> dict[int, tuple[float, float]]:
        """Does some steps; the loss and the norm of each."""
        examples, rows = self._loop.training.prepared(self._order.rows(step, step + count))
        begin = time.monotonic()
        moving = self._recipe.moving(step, step + count).T
        inputs = about(self._recipe, self._seed, step, self._vectors[0])
        done = self._program.run(self._vectors, inputs, examples, rows, moving)
        self._vectors = (done.x, done.m, done.v)
        results = np.stack([done.losses, done.norms], 1).tolist()
        self._note(self._program.setting)
        self._done += 1
        if self._done > 1:  # the first one may have been compiled
            self._program.step_s = (time.monotonic() - begin) / count
        return dict(enumerate(map(tuple, results), start=step))

    def _count(self, step: int) -> int:
        """Steps until the next evaluation, itself included, as far as they take half a second."""
        evaluations = self._trial.evaluation_steps
        at = bisect_left(evaluations, step)
        until = evaluations[at] - step + 1 if at < len(evaluations) else MAX_STRETCH
        step_s = self._program.step_s or STRETCH_S
        is_alone = self._done < _ALONE or not self._loop.training.ahead
        return 1 if is_alone else max(1, min(until, MAX_STRETCH, int(STRETCH_S / step_s)))

    def _note(self, read: NotedSetting) -> None:
        """Marks as read what Python read while tracing, once for every trial of the program."""
        self._trial.noted.also(read)
