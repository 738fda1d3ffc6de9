"""Diagnosis: which part of a workload a stack cannot train, in words for who wrote it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from ...setting import NotedSetting
from ...text.signs import text_of
from ..gate import error_frame, error_message, located
from ..workload import Workload
from .examples import Batch
from .loop import Loop
from .member import attributes

# Words of torch, and their meaning for who wrote the workload.
_MEANINGS = {
    "random operation": (
        "it draws random numbers beside `nn.Dropout`; every trial of a stack would draw the same"
    ),
    ".item()": "it reads a number out of a tensor (`.item()`, `float`) or decides by one (`if`)",
    "data-dependent control flow": "it decides by the value of a tensor (`if`)",
    "dynamic": "the shape of a tensor depends on the values of another",
}
_SMOOTHING = (
    "`label_smoothing` must be a Python number there, and the trials differ in it; "
    "`etude.train.losses.cross_entropy` takes one a trial"
)
# Heuristic: a hundred times what double precision loses in one module.
_CLOSE = 1e-10


def description(error: BaseException) -> str:
    """What an exception means for a workload, where we know it, and the line that met it."""
    text, frame = text_of(error), error_frame(error, torch.__file__)
    known = [meaning for sign, meaning in _MEANINGS.items() if sign in text]
    meaning = known[0] if known else error_message(error)
    if frame is not None and "label_smoothing" in (frame.line or ""):
        meaning = _SMOOTHING
    return located(f"{meaning}{_inside(error)}", frame)


def counters(workload: Workload, module: nn.Module) -> dict[str, str]:
    """The plain attributes of a model's modules and of the workload's own object, as text."""
    texts = {
        f"{name}.{key}".strip("."): text
        for name, part in module.named_modules()
        for key, text in attributes(part).items()
    }
    owner = getattr(workload.loss, "__self__", None)
    own = vars(owner) if hasattr(owner, "__dict__") else {}
    return texts | {
        f"self.{key}": repr(value) for key, value in own.items() if isinstance(value, int | float)
    }


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The attributes that are not what they were."""
    return [name for name, text in after.items() if before.get(name) != text]


def is_number(text: str) -> bool:
    """Whether an attribute, as text, is a number.

    >>> is_number("3"), is_number("None"), is_number("True")
    (True, False, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def suspects(loop: Loop, settings: Sequence[Mapping[str, Any]], batch: Batch) -> str:
    """The parts that may have made a stack come to other numbers, in words; empty for none."""
    noted = NotedSetting(settings[0])
    network = loop.network(noted, 0)
    network.noise.begin(torch.zeros((), dtype=torch.int32, device=loop.device))
    if name := _wrong_module(loop.workload, network.module, batch, settings[0]):
        return f" The gradients of {name} are wrong in a stack of PyTorch {torch.__version__}."
    read = [
        f"`{name}`"
        for name in sorted(noted.read & {*settings[0]})
        if isinstance(settings[0][name], float) and len({one.get(name) for one in settings}) > 1
    ]
    if read:
        return (
            f" `model` reads {', '.join(read)}, in which the trials differ; a stack has one module "
            "for all, so such a number must be in a buffer or be read in `loss`."
        )
    return ""


def _inside(error: BaseException) -> str:
    """The module of torch's that raised, if one did."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    owners = [frame.f_locals.get("self") for frame in frames]
    names = [
        type(one).__name__
        for one in owners
        if isinstance(one, nn.Module)
        and type(one).__module__.startswith("torch.nn.")
        and not isinstance(one, nn.Sequential)
    ]
    return f", in `{names[-1]}`" if names else ""


def _wrong_module(
    workload: Workload, module: nn.Module, batch: Batch, setting: Mapping[str, Any]
) -> str:
    """The first module without parts whose slopes in a stack are not those of each alone."""
    seen: list[tuple[str, nn.Module, tuple[Any, ...]]] = []
    hooks = [
        part.register_forward_pre_hook(
            lambda part, given, name=name: seen.append((name, part, given))
        )
        for name, part in module.named_modules()
        if not list(part.children())
    ]
    workload.loss(module, batch, setting)
    for hook in hooks:
        hook.remove()
    wrong = (
        f"`{name}` ({type(part).__name__})" for name, part, given in seen if _differs(part, given)
    )
    return next(wrong, "")


def _differs(part: nn.Module, given: tuple[Any, ...]) -> bool:
    """Whether one module under `vmap` has other slopes than by itself."""
    floats = [at for at, part in enumerate(given) if _has_slope(part)]
    tensors = dict(part.named_buffers()) | dict(part.named_parameters())
    own = {name: tensor.detach() for name, tensor in tensors.items() if tensor.is_floating_point()}

    def value(named: dict[str, Tensor], inputs: list[Tensor]) -> Tensor:
        filled = list(given)
        for at, tensor in zip(floats, inputs, strict=True):
            filled[at] = tensor
        fresh = {name: tensor.clone() for name, tensor in {**tensors, **named}.items()}
        output = functional_call(part, fresh, tuple(filled))
        output = output if isinstance(output, Tensor) else output[0]
        weights = torch.linspace(1, 2, output.numel(), dtype=output.dtype, device=output.device)
        return (output * weights.view(output.shape)).sum()

    def row(scale: float) -> tuple[dict[str, Tensor], list[Tensor]]:
        named = {name: scale * tensor for name, tensor in own.items()}
        return named, [scale * given[at].detach() for at in floats]

    # Two rows whose tensors differ, through `vmap` and one by one.
    rows = [row(1.0), row(1.1)]
    slopes = grad(value, argnums=(0, 1))
    named = {name: torch.stack([one[name] for one, _ in rows]) for name in own}
    inputs = [
        torch.stack(several) for several in zip(*(several for _, several in rows), strict=True)
    ]
    together = vmap(slopes)(named, inputs)
    return any(
        not torch.allclose(one[at], other, rtol=_CLOSE, atol=_CLOSE)
        for at, alone in enumerate(rows)
        for one, other in zip(_leaves(together), _leaves(slopes(*alone)), strict=True)
    )


def _has_slope(given: Any) -> bool:
    return isinstance(given, Tensor) and given.is_floating_point()


def _leaves(slopes: tuple[dict[str, Tensor], list[Tensor]]) -> list[Tensor]:
    return [*slopes[0].values(), *slopes[1]]
