"""A look through a module of PyTorch: its residual branches, their norms, and where they start.

The module computes one small batch of its own data, and every operator is written down with the
part of the module that called it: what Python decides on the way is decided as in training, so
that more modules can be looked through than a symbolic trace can follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from ..architecture import Advice, Architecture
from ..workload import Workload
from .examples import examples
from .residuals import Operator, Residual, residuals

Kind: TypeAlias = Literal["input", "weight", "fixed"]
# Their sums are gates, not branches.
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)

# Heuristic: as many examples as normalization over a batch needs.
_EXAMPLES = 4


def architecture(workload: Workload, setting: Mapping[str, Any]) -> Architecture:
    """What is advised about the module of a setting; `unclear` where it cannot be looked through.

    Three things are looked for: a sum of a residual branch that a norm follows, Norm(x + f(x)); a
    branch without any norm; and a branch that does not start at zero. The state of the random
    generator is left as it was.

    Source: D6.
    """
    try:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            module = workload.model(setting)
            if not isinstance(module, nn.Module):
                return Architecture(unclear=f"`model` returned {type(module).__name__}")
            operators = _operators(module, workload, setting)
    except Exception as error:  # noqa: BLE001  # a user's module may fail in any way
        return Architecture(unclear=f"computing a batch ended in {type(error).__name__}")
    if not operators:
        return Architecture(unclear="no operator of it was seen")
    return Architecture(advice=tuple(_advice(operators)))


def _operators(
    module: nn.Module, workload: Workload, setting: Mapping[str, Any]
) -> Sequence[Operator]:
    """The operators of the module on a small batch, in the order in which they ran."""
    data = examples(workload.training, torch.device("cpu"))
    batch = data.between(0, min(_EXAMPLES, data.count))
    recorder = _Recorder(module)
    # Without dropout; but with gradients, since without them PyTorch fuses whole layers into one.
    module.eval()
    for name, part in module.named_modules():
        part.register_forward_pre_hook(recorder.enters(name or type(part).__name__))
        part.register_forward_hook(recorder.leaves)
    with torch.enable_grad(), recorder:
        workload.loss(module, batch, setting)
    return recorder.operators


def _advice(operators: Sequence[Operator]) -> Iterator[Advice]:
    """The advice, once a module: a block that is called in a loop says it once."""
    seen: set[tuple[str, str]] = set()
    for residual in residuals(operators):
        for text in _sentences(residual):
            if (residual.module, text) not in seen:
                seen.add((residual.module, text))
                yield Advice(module=residual.module, text=text)


def _sentences(residual: Residual) -> Iterator[str]:
    if residual.norm_after_sum:
        yield "put the norm before the residual sum, x + Norm(f(x)), in place of Norm(x + f(x))"
    elif not residual.has_norm:
        yield "normalize last before the residual sum, x + Norm(f(x))"
    if not residual.starts_at_zero:
        yield "let the branch start at zero: its last weights, or the norm's, at 0"


@final
@dataclass(frozen=True)
class _Part:
    """A part of the module that is computing."""

    name: str
    is_norm: bool
    is_recurrent: bool


@final
class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no type for it
    """Sees every operator that a module calls, and which of its parts calls it."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # nor for this
        self.operators: list[Operator] = []
        self._parts: list[_Part] = []
        # Tensors are held, so that none takes the place of another in memory.
        self._held: list[Tensor] = []
        self._places: dict[int, int] = {}
        self._kinds: dict[int, Kind] = {
            **{id(one): "fixed" for one in module.buffers()},
            **{id(one): "weight" for one in module.parameters()},
        }

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """By default PyTorch loads its compiler here, for two seconds, to keep it out."""
        return False

    def enters(self, name: str) -> Callable[[nn.Module, Any], None]:
        """A hook that notes that a part of the module begins."""

        def enter(part: nn.Module, inputs: Any) -> None:
            del inputs
            self._parts.append(
                _Part(name, is_norm=_is_norm(part), is_recurrent=isinstance(part, _RECURRENT))
            )

        return enter

    def leaves(self, part: nn.Module, inputs: Any, output: Any) -> None:
        """Notes that a part of the module has ended."""
        del part, inputs, output
        self._parts.pop()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Runs an operator, and writes it down where a part of the module called it."""
        del types
        output = function(*args, **(kwargs or {}))
        if self._parts:
            self._note(str(function), _tensors((args, kwargs or {})), _tensors(output))
        return output

    def _note(self, name: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        sources = tuple(dict.fromkeys(map(self._place, inputs)))
        is_norm = "norm" in name.split(".")[1].split("_")
        operator = Operator(
            name=name,
            sources=sources,
            module=self._parts[-1].name,
            is_norm=(is_norm and "linalg" not in name) or any(one.is_norm for one in self._parts),
            is_recurrent=any(one.is_recurrent for one in self._parts),
            shape=tuple(outputs[0].shape) if outputs else (),
            is_zero=bool(outputs) and not bool(outputs[0].detach().count_nonzero()),
        )
        self._hold(operator, outputs)

    def _place(self, tensor: Tensor) -> int:
        """The place of what made a tensor; one that nobody made is what the module is given."""
        if id(tensor) not in self._places:
            kind = self._kinds.get(id(tensor), "input")
            self._hold(Operator(kind=kind, shape=tuple(tensor.shape)), [tensor])
        return self._places[id(tensor)]

    def _hold(self, operator: Operator, tensors: Sequence[Tensor]) -> None:
        for tensor in tensors:
            self._held.append(tensor)
            self._places[id(tensor)] = len(self.operators)
        self.operators.append(operator)


def _is_norm(part: nn.Module) -> bool:
    """Whether a part of a module only normalizes: its name says so, and it has no matrix."""
    is_named_so = re.search(r"norm(?:\d?d)?$", type(part).__name__, re.IGNORECASE) is not None
    return is_named_so and all(one.dim() < 2 for one in part.parameters())


def _tensors(nest: Any) -> list[Tensor]:
    if isinstance(nest, Tensor):
        return [nest]
    if isinstance(nest, Mapping):
        nest = tuple(nest.values())
    if isinstance(nest, list | tuple):
        return [leaf for part in nest for leaf in _tensors(part)]
    return []
