"""Residual branches among the operators of a module: where they begin, and what they pass through.

Sets of operators are the bits of whole numbers, since a deep network has thousands of operators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, final

Bits: TypeAlias = int
# Operators that hand on what they are given, for the eyes of who asks what a sum feeds.
_TRANSPARENT = frozenset(
    {
        *(
            "view",
            "_unsafe_view",
            "reshape",
            "flatten",
            "unflatten",
            "unsqueeze",
            "squeeze",
            "slice",
        ),
        *(
            "transpose",
            "permute",
            "t",
            "expand",
            "contiguous",
            "clone",
            "detach",
            "alias",
            "_to_copy",
        ),
        *("native_dropout", "dropout"),
    }
)
_SUMS = ("add", "add_")
# Heuristic: a shortcut may have one layer of its own, as where the width changes.
_SHORTCUT = 1


@final
@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operator of a module as it ran, or a tensor that it was handed.

    Args:
        name: Of the operator, `aten.add.Tensor`; empty for a tensor that was handed in.
        kind: Whether it computes, or is what the module is given, trains, or holds.
        sources: The places of the operators whose tensors it reads.
        module: The part of the module that called it.
        is_norm: Whether it normalizes.
        is_recurrent: Whether a recurrent layer called it.
        shape: Of its first output.
        is_zero: Whether that is 0 throughout.
    """

    name: str = ""
    kind: Literal["operator", "input", "weight", "fixed"] = "operator"
    sources: tuple[int, ...] = ()
    module: str = ""
    is_norm: bool = False
    is_recurrent: bool = False
    shape: tuple[int, ...] = ()
    is_zero: bool = False

    @property
    def plain_name(self) -> str:
        """Its name without the library and the variant: `add`."""
        return self.name.split(".")[1] if self.name.count(".") else self.name


@final
@dataclass(frozen=True, kw_only=True)
class Residual:
    """A sum of a branch and what it branched off from.

    Args:
        module: The part that computes the sum.
        norm_after_sum: Whether the sum itself is normalized, Norm(x + f(x)), and goes on so.
        has_norm: Whether the branch normalizes anywhere.
        starts_at_zero: Whether the branch is 0 before training.
    """

    module: str
    norm_after_sum: bool
    has_norm: bool
    starts_at_zero: bool


@final
@dataclass(frozen=True)
class _Branch:
    """A residual branch: the sum's place, where it branches off and ends, what is in between."""

    total: int
    skip: int
    end: int
    inside: Bits


def residuals(operators: Sequence[Operator]) -> list[Residual]:
    """The residual branches in the order of their sums.

    A branch has a layer with weights; what it branched off from is added as it is, or through one
    layer at most.

    Source: D6.
    """
    graph = _Graph(operators)
    branches = list(graph.branches())
    skips = [branch.skip for branch in branches]
    return [
        Residual(
            module=operators[branch.total].module,
            norm_after_sum=graph.is_normalized_stream(branch, skips),
            has_norm=bool(branch.inside & graph.norms),
            starts_at_zero=operators[branch.end].is_zero,
        )
        for branch in branches
    ]


@final
class _Graph:
    """Which operators each operator reads, in whatever way, and which read it."""

    def __init__(self, operators: Sequence[Operator]) -> None:
        self.operators = operators
        self.before: list[Bits] = []
        for operator in operators:
            bits = 0
            for source in operator.sources:
                bits |= self.before[source] | 1 << source
            self.before.append(bits)
        self.readers: list[list[int]] = [[] for _ in operators]
        for place, operator in enumerate(operators):
            for source in operator.sources:
                self.readers[source].append(place)

    @cached_property
    def depends(self) -> list[bool]:
        """Whether each depends on what the module was given."""
        inputs = _bits(self.operators, "input")
        return [
            one.kind == "input" or bool(self.before[place] & inputs)
            for place, one in enumerate(self.operators)
        ]

    @cached_property
    def weights(self) -> Bits:
        """The weights of the module."""
        return _bits(self.operators, "weight")

    @cached_property
    def norms(self) -> Bits:
        """Those that normalize what the module was given."""
        places = (place for place, one in enumerate(self.operators) if one.is_norm)
        return sum(1 << place for place in places if self.depends[place])

    @cached_property
    def layers(self) -> Bits:
        """Those that read what the module was given and a weight of two axes or more."""
        return sum(
            1 << place
            for place, one in enumerate(self.operators)
            if self.depends[place] and any(self._is_matrix(source) for source in one.sources)
        )

    @cached_property
    def after(self) -> list[Bits]:
        """The operators that read each, in whatever way."""
        after = [0] * len(self.operators)
        for place in reversed(range(len(self.operators))):
            for reader in self.readers[place]:
                after[place] |= after[reader] | 1 << reader
        return after

    def branches(self) -> Iterator[_Branch]:
        """Every residual branch."""
        for place, one in enumerate(self.operators):
            if one.plain_name not in _SUMS or one.is_recurrent:
                continue
            sources = [source for source in one.sources if self.depends[source]]
            branch = self._branch(place, *sources) if len(sources) == 2 else None
            if branch is not None:
                yield branch

    def is_normalized_stream(self, branch: _Branch, skips: Sequence[int]) -> bool:
        """Whether the sum of a branch goes on normalized alone.

        A last norm before the output of a network whose branches normalize by themselves is none:
        nothing branches off from it.
        """
        feeds = self._feeds(branch.total)
        if not feeds or not all(self.operators[place].is_norm for place in feeds):
            return False
        branches_off = any(self._is_norm_of(skip, branch.total) for skip in skips)
        return branches_off or not branch.inside & self.norms

    def _branch(self, total: int, a: int, b: int) -> _Branch | None:
        if self.operators[a].shape != self.operators[b].shape:
            return None
        for skip, end in ((a, b), (b, a)):
            if self.before[end] >> skip & 1:
                inside = self._between(skip, end)
                return _Branch(total, skip, end, inside) if inside & self.layers else None
        return self._beside_shortcut(total, a, b)

    def _beside_shortcut(self, total: int, a: int, b: int) -> _Branch | None:
        """The branch where what it branched off from goes through a layer of its own."""
        shared = self.before[a] & self.before[b]
        places = [place for place in _places(shared) if self.depends[place]]
        if not places:
            return None
        skip = places[-1]
        sides = {end: self._between(skip, end) for end in (a, b)}
        counts = {end: (inside & self.layers).bit_count() for end, inside in sides.items()}
        shortcut, end = sorted((a, b), key=lambda one: counts[one])
        if counts[shortcut] > _SHORTCUT or counts[end] <= _SHORTCUT:
            return None
        return _Branch(total, skip, end, sides[end])

    def _between(self, begin: int, end: int) -> Bits:
        """What depends on one and leads to the other, that itself included."""
        return self.after[begin] & (self.before[end] | 1 << end)

    def _feeds(self, place: int) -> set[int]:
        """The operators that read an output, past those that only hand it on."""
        feeds = set()
        for reader in self.readers[place]:
            if self.operators[reader].plain_name in _TRANSPARENT:
                feeds |= self._feeds(reader)
            else:
                feeds.add(reader)
        return feeds

    def _is_norm_of(self, place: int, total: int) -> bool:
        """Whether an output is the norm of a sum, and no layer stands between."""
        while self.operators[place].plain_name in _TRANSPARENT and self.operators[place].sources:
            place = self.operators[place].sources[0]
        reads = bool(self.before[place] >> total & 1)
        is_direct = not self._between(total, place) & self.layers
        return self.operators[place].is_norm and reads and is_direct

    def _is_matrix(self, place: int) -> bool:
        """Whether it is a weight of two axes or more, or such a weight turned."""
        is_weight = bool((self.before[place] | 1 << place) & self.weights)
        return is_weight and not self.depends[place] and len(self.operators[place].shape) > 1


def _bits(operators: Sequence[Operator], kind: str) -> Bits:
    return sum(1 << place for place, one in enumerate(operators) if one.kind == kind)


def _places(bits: Bits) -> list[int]:
    """The places of the bits that are set, rising."""
    return [place for place in range(bits.bit_length()) if bits >> place & 1]
