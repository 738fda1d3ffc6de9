"""Optimizers as pure updates: new parameters and moments from old ones and a gradient.

Each takes tensors whose last axis is all parameters of a trial, and works on one trial (P,) as on
many (K, P): then a hyperparameter is a column (K, 1), one value a trial. Tensors are PyTorch's or
JAX's, and neither is imported here. In the docstrings x are the parameters, d the gradient, a the
learning rate at this step, t the number of this update from 1 on, c1 = 1 - b1^t and c2 = 1 - b2^t
the corrections. Weight decay w is the gradient of an L2 penalty, d + w x in place of d, as in
torch.optim, except in AdamW.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, final

# A tensor of PyTorch, or an array of JAX.
Tensor: TypeAlias = Any
# Hyperparameters by name: floats for one trial, columns for many.
Values: TypeAlias = Mapping[str, Any]


class Moved(NamedTuple):
    """Where an update leads: parameters, first and second moments."""

    x: Tensor
    m: Tensor
    v: Tensor


Update: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor, Values], Moved]


def sgd(x: Tensor, d: Tensor, m: Tensor, v: Tensor, given: Values) -> Moved:
    """X - a d.

    Source: L3.
    """
    return Moved(x - given["learning_rate"] * d, m, v)


def momentum(x: Tensor, d: Tensor, m: Tensor, v: Tensor, given: Values) -> Moved:
    """M = g m + d; x - a m.

    Source: L3. Equal to torch.optim.SGD with momentum g.
    """
    m = given["momentum"] * m + d
    return Moved(x - given["learning_rate"] * m, m, v)


def nesterov(x: Tensor, d: Tensor, m: Tensor, v: Tensor, given: Values) -> Moved:
    """M = g m + d; x - a (g m + d).

    Source: L3. Equal to torch.optim.SGD with momentum g and nesterov.
    """
    m = given["momentum"] * m + d
    return Moved(x - given["learning_rate"] * (given["momentum"] * m + d), m, v)


def rmsprop(x: Tensor, d: Tensor, m: Tensor, v: Tensor, given: Values) -> Moved:
    """V = r v + (1 - r) d^2, from 1 on; m = g m + a d / sqrt(v + e); x - m.

    Source: L3. torch.optim.RMSprop differs: v from 0 on, and e outside of the root.
    """
    decay = given["rmsprop_decay"]
    v = decay * v + (1.0 - decay) * d * d
    m = given["momentum"] * m + given["learning_rate"] * d / _root(v + given["epsilon"])
    return Moved(x - m, m, v)


def adam(x: Tensor, d: Tensor, m: Tensor, v: Tensor, given: Values) -> Moved:
    """M = b1 m + (1 - b1) d; v = b2 v + (1 - b2) d^2; x - a sqrt(c2) / c1 m / (sqrt(v) + e).

    Source: L3. torch.optim.Adam differs: it adds e after the correction of v.
    """
    m, v = _moments(d, m, v, given)
    rate = given["learning_rate"] * given["correction2"] ** 0.5 / given["correction1"]
    return Moved(x - rate * m / (_root(v) + given["epsilon"]), m, v)


def adamw(x: Tensor, d: Tensor, m: Tensor, v: Tensor, given: Values) -> Moved:
    """Moments as in Adam; x - a (m / c1 / (sqrt(v / c2) + e) + w x): the decay stands apart.

    Loshchilov and Hutter 2019, Decoupled weight decay regularization, algorithm 2, with the decay
    times the learning rate as in torch.optim.AdamW, to which it is equal.
    """
    m, v = _moments(d, m, v, given)
    rate = given["learning_rate"]
    x = x - rate * given["weight_decay"] * x
    below = _root(v / given["correction2"]) + given["epsilon"]
    return Moved(x - rate / given["correction1"] * m / below, m, v)


def nadam(x: Tensor, d: Tensor, m: Tensor, v: Tensor, given: Values) -> Moved:
    """As Adam, with b1 m + (1 - b1) d in place of m in the step.

    Source: L3. torch.optim.NAdam differs: its momentum has a schedule of its own.
    """
    m, v = _moments(d, m, v, given)
    ahead = given["beta1"] * m + (1.0 - given["beta1"]) * d
    rate = given["learning_rate"] * given["correction2"] ** 0.5 / given["correction1"]
    return Moved(x - rate * ahead / (_root(v) + given["epsilon"]), m, v)


def _root(x: Tensor) -> Tensor:
    """The square root, whichever library the numbers are of."""
    return x.sqrt() if hasattr(x, "sqrt") else x.__array_namespace__().sqrt(x)


def _moments(d: Tensor, m: Tensor, v: Tensor, given: Values) -> tuple[Tensor, Tensor]:
    beta1, beta2 = given["beta1"], given["beta2"]
    return beta1 * m + (1.0 - beta1) * d, beta2 * v + (1.0 - beta2) * d * d


@final
@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """An update rule with what it needs.

    Args:
        needs: The hyperparameters that it reads, the learning rate aside.
        first: Whether it has first moments.
        second: Where its second moments begin; None where it has none.
        decoupled: Whether weight decay is its own, and no part of the gradient.
    """

    update: Update
    needs: tuple[str, ...] = ()
    first: bool = True
    second: float | None = None
    decoupled: bool = False

    def moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """First and second moments of tensors before the first step; empty where it has none."""
        nothing = x.new_empty((*x.shape[:-1], 0))
        m = x.new_zeros(x.shape) if self.first else nothing
        return m, nothing if self.second is None else x.new_full(x.shape, self.second)


# Rules that have the same moments, by one of them.
_ALIKE = {"nesterov": "momentum", "adamw": "adam", "nadam": "adam"}


def have_same_moments(one: str, other: str) -> bool:
    """Whether the moments of one optimizer are what another has after the same gradients.

    Source: L3.

    >>> have_same_moments("adam", "adamw"), have_same_moments("momentum", "adam")
    (True, False)
    """
    return _ALIKE.get(one, one) == _ALIKE.get(other, other)


_ADAM = ("beta1", "beta2", "epsilon")
OPTIMIZERS: Mapping[str, Optimizer] = {
    "sgd": Optimizer(update=sgd, first=False),
    "momentum": Optimizer(update=momentum, needs=("momentum",)),
    "nesterov": Optimizer(update=nesterov, needs=("momentum",)),
    "rmsprop": Optimizer(
        update=rmsprop, needs=("momentum", "rmsprop_decay", "epsilon"), second=1.0
    ),
    "adam": Optimizer(update=adam, needs=_ADAM, second=0.0),
    "adamw": Optimizer(update=adamw, needs=_ADAM, second=0.0, decoupled=True),
    "nadam": Optimizer(update=nadam, needs=_ADAM, second=0.0),
}
