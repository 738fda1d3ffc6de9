"""Recorder: writes down the operators that a function comes to.

Some operators a processor runs many times faster on another layout of the numbers. They are
rewritten: the same arithmetic in the same order on each number, so each keeps its bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.fx import Graph, Node
from torch.fx.passes.shape_prop import TensorMetadata
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary


def _pooled(inputs: Tensor, *rest: Any) -> Any:
    """Maxima with the channels last, so that a processor takes many at once.

    Measured at 400 images of 16 channels, 8 x 8: 0.35 ms with both copies, in place of 2.0.
    """
    is_last = inputs.dim() == 4 and inputs.is_contiguous(memory_format=torch.channels_last)
    if is_last or inputs.dim() != 4 or inputs.device.type != "cpu":
        return NotImplemented
    turned = inputs.contiguous(memory_format=torch.channels_last)
    maxima, places = torch.ops.aten.max_pool2d_with_indices.default(turned, *rest)
    return maxima.contiguous(), places.contiguous()


# Called in the place of an operator; NotImplemented where that is to run as it stands.
REWRITTEN: Mapping[Any, Callable[..., Any]] = {
    torch.ops.aten.max_pool2d_with_indices.default: _pooled,
}


def traced(function: Callable[..., Any], *inputs: Any) -> tuple[nn.Module, Graph]:
    """The operators of a function, and the module that holds tensors from elsewhere.

    Inputs and outputs stand one by one in the order of `leaves`. Each node says the shape and kind
    of its tensor.

    Raises:
        RuntimeError: where Python reads the value of a tensor that depends on the inputs.
    """
    recorder = _Recorder()
    for place, tensor in enumerate(leaves(inputs)):
        recorder.bind(tensor, recorder.graph.placeholder(f"input_{place}"))
    with recorder:
        outputs = function(*inputs)
    recorder.graph.output(tuple(recorder.node_of(tensor) for tensor in leaves(outputs)))
    return recorder.holder, recorder.graph


def leaves(nest: Any) -> list[Tensor]:
    """The tensors of tuples and mappings inside each other, in the order in which they stand."""
    if isinstance(nest, Tensor):
        return [nest]
    parts = nest.values() if isinstance(nest, Mapping) else nest
    return [leaf for part in parts for leaf in leaves(part)]


@final
class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no type for it
    """Sees every operator below automatic differentiation and `vmap`."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # nor for this
        self.graph = Graph()
        self.holder = nn.Module()  # tensors that come from elsewhere, such as a mask
        self._nodes = WeakTensorKeyDictionary()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """By default PyTorch loads its compiler here, for two seconds, to keep it out."""
        return False

    def bind(self, tensor: Tensor, node: Node) -> None:
        """From now on the tensor is the output of this node."""
        self._nodes[tensor] = node
        node.meta["tensor_meta"] = described(tensor)

    def node_of(self, tensor: Tensor) -> Node:
        """The node whose output the tensor is; one that holds it, where none made it."""
        if tensor not in self._nodes:
            self.bind(tensor, held_node(self.graph, self.holder, tensor))
        node: Node = self._nodes[tensor]
        return node

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        options = kwargs or {}
        if (rewritten := REWRITTEN.get(func)) is not None:
            with self:
                if (output := rewritten(*args, **options)) is not NotImplemented:
                    return output
        node = self.graph.call_function(func, self._as_nodes(args), self._as_nodes(options))
        if str(func) == "aten._local_scalar_dense.default":
            self._refuse_reading(node)
        output = func(*args, **options)
        if isinstance(output, Tensor):
            self.bind(output, node)
        elif isinstance(output, tuple | list):
            self._bind_all(output, node)
        return output

    def _bind_all(self, outputs: Sequence[Any], node: Node) -> None:
        node.meta["tensor_meta"] = tuple(
            described(part) for part in outputs if isinstance(part, Tensor)
        )
        for place, part in enumerate(outputs):
            if isinstance(part, Tensor):
                self.bind(part, self.graph.call_function(operator.getitem, (node, place)))

    def _as_nodes(self, nest: Any) -> Any:
        if isinstance(nest, Tensor):
            return self.node_of(nest)
        if isinstance(nest, list | tuple):
            return type(nest)(self._as_nodes(part) for part in nest)
        if isinstance(nest, dict):
            return {name: self._as_nodes(part) for name, part in nest.items()}
        return nest

    def _refuse_reading(self, node: Node) -> None:
        """A number that is read while recording would be the same in all steps and trials."""
        if any(source.op == "placeholder" for source in _sources(node)):
            raise RuntimeError("the recorder was calling .item() on a tensor that changes")


def held_node(graph: Graph, holder: nn.Module, tensor: Tensor) -> Node:
    """A node that stands for a tensor which stays; the holder, a module, keeps it."""
    name = f"held_{len(list(holder.buffers()))}"
    holder.register_buffer(name, tensor)
    with graph.inserting_before(next((n for n in graph.nodes if n.op != "placeholder"), None)):
        return graph.get_attr(name)


def described(tensor: Tensor) -> TensorMetadata:
    """The shape and kind of a tensor."""
    return TensorMetadata(
        tensor.shape, tensor.dtype, tensor.requires_grad, (), None, is_quantized=False, qparams={}
    )


def _sources(node: Node) -> set[Node]:
    """All nodes that a node depends on."""
    sources: set[Node] = set()
    waiting = [*node.all_input_nodes]
    while waiting:
        source = waiting.pop()
        if source not in sources:
            sources.add(source)
            waiting += source.all_input_nodes
    return sources
