"""Graph: recorded operators made fewer; one that computes nothing, or the same again, is left out.

Every change keeps each bit: an operator is left out where its output *is* its input, or where an
equal one ran before on the same inputs. A small network spends more time on calling operators than
on the arithmetic in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Graph, GraphModule, Node
from torch.fx.graph import CodeGen
from torch.fx.node import map_arg
from torch.fx.passes.shape_prop import TensorMetadata

from .recorder import held_node, traced
from .recorder import leaves as leaves

# Operators that hand on the same numbers where the shape stays the same.
_RESHAPING = {
    "aten.view.default",
    "aten._unsafe_view.default",
    "aten.expand.default",
    "aten.reshape.default",
    "aten.slice.Tensor",
}
_TRANSPOSE = "aten.transpose.int"


def recorded(function: Callable[..., Any], *inputs: Any) -> GraphModule:
    """The operators that a function comes to on inputs of these shapes, ready to be run again.

    Python runs once, now: what the function decides in Python stays decided so. The module takes
    the tensors of the inputs one by one, in the order of `leaves`, and returns those of the output.
    """
    holder, graph = traced(function, *inputs)
    seen: dict[Any, Node] = {}
    fixed = _never_written(list(graph.nodes))
    for node in graph.nodes:
        if node in fixed and (same := _same(node, seen)) is not None:
            node.replace_all_uses_with(same)
    graph.eliminate_dead_code()
    _compute_once(holder, graph, fixed)
    graph.eliminate_dead_code()
    graph.set_codegen(CodeGen())
    return GraphModule(holder, graph)


def roots(nodes: Sequence[Node]) -> dict[Node, Node]:
    """For each operator the one whose memory its output is in: itself, or what it views."""
    roots: dict[Node, Node] = {}
    for node in nodes:
        schema = getattr(node.target, "_schema", None)
        # Without a schema it is `getitem`, which takes one of several outputs.
        is_getitem = node.op == "call_function" and schema is None
        is_view = schema is not None and any(part.alias_info is not None for part in schema.returns)
        sources = node.all_input_nodes if is_getitem or is_view else []
        roots[node] = roots[sources[0]] if sources else node
    return roots


def _compute_once(holder: nn.Module, graph: Graph, fixed: set[Node]) -> None:
    """Computes now what depends on no input: a mask, the places that dropout hashes."""
    known: dict[Node, Any] = {}
    for node in list(graph.nodes):
        if node.op == "get_attr":
            known[node] = getattr(holder, str(node.target))
        elif node in fixed and _is_pure(node) and known.keys() >= set(node.all_input_nodes):
            value = node.target(*map_arg(node.args, known.get), **map_arg(node.kwargs, known.get))
            if isinstance(value, Tensor):
                known[node] = value
    for node, value in known.items():
        if node.op != "get_attr" and not known.keys() >= set(node.users):
            fixed_node = held_node(graph, holder, value)
            fixed_node.meta = dict(node.meta)
            node.replace_all_uses_with(fixed_node)


def _never_written(nodes: Sequence[Node]) -> set[Node]:
    """The operators that read and make nothing that any operator changes in place.

    Two equal ones among the others may stand before and after the change.
    """
    at = roots(nodes)
    written = {at[node.all_input_nodes[0]] for node in nodes if _writes(node)}
    return {
        node
        for node in nodes
        if node.op == "call_function"
        and not written & {at[node], *(at[source] for source in node.all_input_nodes)}
    }


def _writes(node: Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.is_mutable and bool(node.all_input_nodes)


def _same(node: Node, seen: dict[Any, Node]) -> Node | None:
    """An earlier node with the same value, bit for bit; None where there is none."""
    if _hands_on(node):
        return _source(node)
    if (back := _transposed_back(node)) is not None:
        return back
    if not _is_pure(node):
        return None
    key = (node.target, repr(node.args), repr(node.kwargs))
    known = seen.setdefault(key, node)
    return None if known is node else known


def _hands_on(node: Node) -> bool:
    source = _source(node)
    if source is None or _kind(node) is None:
        return False
    if str(node.target) in _RESHAPING:
        return _kind(source) == _kind(node)
    # `vmap` writes the two factors of `addmm` out, and both are 1.
    times_one = str(node.target) == "aten.mul.Scalar" and str(node.args[1]) == "1"
    return times_one and _kind(source) == _kind(node)


def _transposed_back(node: Node) -> Node | None:
    before = _source(node)
    if before is None or not str(node.target) == str(before.target) == _TRANSPOSE:
        return None
    dims = len(node.meta["tensor_meta"].shape)
    axes = [{int(str(axis)) % dims for axis in other.args[1:]} for other in (node, before)]
    return _source(before) if axes[0] == axes[1] else None


def _is_pure(node: Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    tags = getattr(node.target, "tags", ())
    random = torch.Tag.nondeterministic_seeded in tags
    return schema is not None and not schema.is_mutable and not random


def _source(node: Node) -> Node | None:
    first = node.args[0] if node.args else None
    return first if isinstance(first, Node) else None


def _kind(node: Node) -> tuple[Any, ...] | None:
    """Shape and kind of a node's tensor; None where it is something else."""
    tensor = node.meta.get("tensor_meta")
    return (tensor.shape, tensor.dtype) if isinstance(tensor, TensorMetadata) else None
