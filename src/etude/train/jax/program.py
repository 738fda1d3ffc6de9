"""Programs: a stretch of steps and an evaluation, compiled once for all trials that they fit.

Python runs while JAX traces, once. So a program is good for those trials for which Python would
read the same of the setting: what `model` and `loss` read is noted, and what they do not read does
not matter. The numbers of optimizers and schedules are inputs.

Axes: S steps of a stretch, K trials, P parameters, B examples in a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ...errors import WorkloadError
from ...setting import NotedSetting, quietly
from .. import metrics
from ..optimizers import OPTIMIZERS, Moved
from ..recipe import MOVING, STAYING
from ..workload import Predict, Workload
from .examples import Batch, size
from .models import Layout, key_of, predicting

# Heuristic: enough steps that calling them costs little, and few enough to stop at.
MAX_STRETCH = 64
# What `jax_disable_most_optimizations` sets. The comparison of an MLP took 5.1 s in place of 6.5.
_QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
# The axes of `_step` that are the trials'.
_AXES = (0, 0, 0, 0, None, None, 0, 0)


class About(NamedTuple):
    """Inputs of a trial's steps beside its parameters and moments.

    Args:
        seed: Of its random keys.
        start: The step at which the stretch begins.
        optimizer: Which of the program's optimizers is its own.
        staying: What optimizers read and does not change.
        own: Numbers of the setting that are inputs, by name.
    """

    seed: Any
    start: Any
    optimizer: Any
    staying: Any
    own: dict[str, Any]


class Stretch(NamedTuple):
    """The steps of a stretch, as many as there may be.

    Args:
        examples: What holds the examples.
        rows: Where those of each step are in it, (S, B) or (S, K, B).
        moving: What optimizers read and changes from step to step, (S, 3) or (S, K, 3).
        count: How many steps are to be done. It is an input, so that one program does any number
            and a trial comes to the same bits however its steps are divided.
    """

    examples: Any
    rows: Any
    moving: Any
    count: Any


class Done(NamedTuple):
    """Where a stretch leads, with the losses and the norms of full gradients on the way."""

    x: Array
    m: Array
    v: Array
    losses: Any
    norms: Any


@final
@dataclass
class Program:
    """A compiled stretch and evaluation.

    Args:
        setting: What Python reads while tracing; the numbers that are inputs are not in it.
        optimizers: Those that its trials have.
        model: The model; None where its setting has inputs, so that it is made while tracing.
        own: The names of the numbers that are inputs.
        stacked: Whether it trains many trials, a row each.
        quick: Whether compiling is to be quick and the program may be slow, for a few steps.
        step_s: Seconds that a step took the last time; None until it is known.
    """

    workload: Workload
    layout: Layout
    setting: NotedSetting
    optimizers: tuple[str, ...]
    model: Any = None
    own: tuple[str, ...] = ()
    stacked: bool = False
    quick: bool = False
    step_s: float | None = None
    train: Any = field(init=False)
    measure: Any = field(init=False)
    _loops: bool | None = field(init=False, default=None)
    _traced: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        """Nothing is compiled before it is run."""
        # What a stack did may have to be undone, so its rows are not given away.
        given_away = () if self.stacked else (0, 1, 2)
        options = _QUICK if self.quick else None
        self.train = jax.jit(self._stretch, donate_argnums=given_away, compiler_options=options)
        one = jax.vmap(self._measures, in_axes=(0, 0, None)) if self.stacked else self._measures
        self.measure = jax.jit(one, compiler_options=options)

    def run(
        self, vectors: Sequence[Array], about: About, examples: Any, rows: Any, moving: Any
    ) -> Done:
        """What the steps lead to whose rows and numbers are given, the first axis theirs.

        One call for all of them, or one each where a loop is slow; nothing is waited for between.
        """
        count, like = len(rows), vectors[0]
        moving = moving.astype(like.dtype)
        if self._loops is None:
            self._loops = self._is_fast_in_loops(vectors, about, examples, rows[0], moving[0])
        if self._loops:
            rows, moving = (_filled(steps, MAX_STRETCH) for steps in (rows, moving))
            done: Done = self.train(
                *vectors, about, Stretch(examples, rows, moving, np.int32(count))
            )
            return done._replace(losses=done.losses[:count], norms=done.norms[:count])
        results = []
        for at in range(count):
            inputs = about._replace(start=about.start + np.int32(at))
            step = Stretch(examples, rows[at : at + 1], moving[at : at + 1], np.int32(1))
            done = self.train(*vectors, inputs, step)
            vectors = (done.x, done.m, done.v)
            results.append(done)
        losses, norms = (np.concatenate([one[place] for one in results]) for place in (3, 4))
        return done._replace(losses=losses, norms=norms)

    def _is_fast_in_loops(self, vectors: Sequence[Array], *given: Any) -> bool:
        """Whether XLA runs a step in a loop as fast as by itself.

        On a processor a convolution in a loop takes ten times as long, measured. The answer must
        not depend on a clock: another program may come to other bits.
        """
        about, examples, rows, moving = given
        one = jax.vmap(self._step, in_axes=_AXES) if self.stacked else self._step
        traced = jax.make_jaxpr(one)(*vectors, about, 0, examples, rows, moving)
        return jax.default_backend() != "cpu" or "conv_general_dilated" not in str(traced)

    def fits(self, other: Program) -> bool:
        """Whether it may train what another is for: Python would read the same."""
        known, given = quietly(self.setting), quietly(other.setting)
        read = all(_alike(known.get(name), given.get(name)) for name in self.setting.read)
        # Before both are traced it is not known what Python reads.
        same = read if self._traced >= {"loss", "metrics"} else known == given
        return same and all(
            getattr(self, name) == getattr(other, name)
            for name in ("layout", "optimizers", "own", "stacked")
        )

    def _stretch(self, x: Array, m: Array, v: Array, about: About, given: Stretch) -> Done:
        one = jax.vmap(self._step, in_axes=_AXES) if self.stacked else self._step
        shape = (given.rows.shape[0], *x.shape[:-1])
        zeros = jnp.zeros((2, *shape), x.dtype)

        def body(at: Array, done: Done) -> Done:
            x, m, v, losses, norms = done
            moving, rows = given.moving[at], given.rows[at]
            moved, loss, norm = one(x, m, v, about, at, given.examples, rows, moving)
            return Done(*moved, losses.at[at].set(loss), norms.at[at].set(norm))

        begun = Done(x, m, v, *zeros)
        if len(given.rows) == 1:
            return body(jnp.int32(0), begun)
        done: Done = lax.fori_loop(0, given.count, body, begun)
        return done

    def _step(  # noqa: PLR0913, PLR0917  # vmap maps positions, and each has axes of its own
        self,
        x: Array,
        m: Array,
        v: Array,
        about: About,
        at: Array,
        examples: Any,
        rows: Array,
        moving: Array,
    ) -> tuple[Moved, Array, Array]:
        batch = jax.tree.map(lambda part: part[rows], examples)
        key = jax.random.fold_in(key_of(about.seed), about.start + at)
        loss, d = jax.value_and_grad(self._loss)(x, batch, key, about.own)
        norm = jnp.linalg.norm(d)
        given = dict(zip(MOVING, moving, strict=True))
        given |= dict(zip(STAYING, about.staying, strict=True))
        moved = self._moved(about.optimizer, Moved(x, m, v), _clipped(d, norm, given), given)
        return moved, loss.astype(x.dtype), norm

    def _loss(self, x: Array, batch: Batch, key: Array, own: Mapping[str, Any]) -> Array:
        predict, setting = self._predict(x, key, own)
        loss = scalar(self.workload, self.workload.loss(predict, batch, setting))
        self.setting.also(setting)
        self._traced.add("loss")
        return loss

    def _predict(
        self, x: Array, key: Array | None, own: Mapping[str, Any]
    ) -> tuple[Predict, NotedSetting]:
        """`predict` and the setting while JAX traces."""
        setting = NotedSetting({**quietly(self.setting), **own})
        model = self.workload.model(setting) if self.model is None else self.model
        return predicting(model, self.layout.parameters(x), key), setting

    def _moved(self, optimizer: Array, at: Moved, d: Array, given: Mapping[str, Array]) -> Moved:
        """The update of the trial's own optimizer, out of those that its neighbours have."""
        several = [_updated(name, at, d, given) for name in self.optimizers]
        moved = several[0]
        for place, other in enumerate(several[1:], start=1):
            choose = partial(jnp.where, optimizer == place)
            moved = Moved(*(choose(new, old) for new, old in zip(other, moved, strict=True)))
        return moved

    def _measures(self, x: Array, own: Mapping[str, Any], batch: Batch) -> dict[str, Array]:
        """The metrics of one batch, each its mean or one value an example."""
        predict, setting = self._predict(x, None, own)
        given = metrics.metrics_of(self.workload, self.workload.metrics(predict, batch))
        values = {name: jnp.asarray(value) for name, value in given.items()}
        for name, value in values.items():
            metrics.refuse_shape(self.workload, name, value.shape, size(batch))
        self.setting.also(setting)
        self._traced.add("metrics")
        return values


def means(
    parts: Sequence[Mapping[str, Any]],
    sizes: Sequence[int],
    named: Callable[[str], str],
    *,
    axes: int,
) -> dict[str, Any]:
    """Each metric's mean over all examples, summed in double precision; `axes` stand before them.

    What has no name there is left out.

    Source: E3.
    """
    return {
        named(name): sum(
            _sum(np.asarray(part[name], dtype=np.float64), count, axes)
            for part, count in zip(parts, sizes, strict=True)
        )
        / sum(sizes)
        for name in parts[0]
        if named(name)
    }


def scalar(workload: Workload, loss: object) -> Array:
    """The loss, refused where it is no scalar array."""
    if not isinstance(loss, Array):
        raise WorkloadError(
            f"{workload.name}: `loss` returned {type(loss).__name__}; return an array with one "
            "number, so that it has a gradient."
        )
    if loss.ndim:
        raise WorkloadError(
            f"{workload.name}: `loss` returned an array of shape {loss.shape}; return one "
            "number, for example its mean."
        )
    return loss


def _updated(name: str, at: Moved, d: Array, given: Mapping[str, Array]) -> Moved:
    rule = OPTIMIZERS[name]
    d = d if rule.decoupled else d + given["weight_decay"] * at.x
    return rule.update(at.x, d, at.m, at.v, given)


def _clipped(d: Array, norm: Array, given: Mapping[str, Array]) -> Array:
    """The gradient, shortened to the threshold where its norm is above (D9).

    No threshold is an infinite one, and an infinite norm is not to be divided into it.
    """
    threshold = given["gradient_clip"]
    factor = jnp.minimum(threshold / norm, 1.0)
    return d * jnp.where(jnp.isinf(threshold), 1.0, factor)


def _filled(steps: Any, count: int) -> Any:
    """As many steps as a program has room for; the last one again, which is not done."""
    return np.concatenate([steps, np.repeat(steps[-1:], count - len(steps), axis=0)])


def _sum(values: Any, count: int, axes: int) -> Any:
    return values * count if values.ndim == axes else values.sum(axes)


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other
