"""Where a training is, by the frames of its main thread: input, a wait for a device, or else."""

from __future__ import annotations

import inspect
import linecache
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType
from typing import Literal, TypeAlias

Place: TypeAlias = Literal["input", "synchronization", "copies", "elsewhere", "ours"]
# The code and the line of each frame, the innermost first.
Stack: TypeAlias = Sequence[tuple[CodeType, int]]

_HOME = f"{Path(__file__).parent.parent.parent}{os.sep}"
_OWN_LOOP = f"{_HOME}train{os.sep}"
_LIBRARIES = tuple(
    f"{os.sep}{part}{os.sep}" for part in ("site-packages", "dist-packages", f"lib{os.sep}python3")
)
_PYTHON = f"{Path(os.__file__).parent}{os.sep}"
_LOADERS = ("torch/utils/data/", "tensorflow_datasets/", "grain/", "datasets/", "webdataset/")
# Inside of these a model computes, whatever its functions are called.
_MODELS = ("torch/nn/modules/", "torch/autograd/", "jax/_src/interpreters/")
_METHODS = frozenset({"__getitem__", "__getitems__", "__next__"})
# Words of functions that make a batch, and words that say that they do something else with it.
_INPUT = frozenset(
    (
        "load",
        "loader",
        "loading",
        "batch",
        "batches",
        "minibatch",
        "sample",
        "samples",
        "fetch",
        "read",
        "reader",
        "data",
        "dataset",
        "example",
        "examples",
        "augment",
        "augmentation",
        "preprocess",
        "preprocessing",
        "decode",
        "collate",
        "prefetch",
        "next",
        "input",
        "inputs",
    )
)
_LOADS = frozenset(("load", "loader", "loading", "fetch", "read", "reader", "collate", "prefetch"))
_NOT_INPUT = frozenset(
    (
        "train",
        "training",
        "norm",
        "normalization",
        "loss",
        "step",
        "update",
        "forward",
        "backward",
        "grad",
        "gradient",
        "apply",
        "fit",
        "evaluate",
        "evaluation",
        "metric",
        "metrics",
        "optimize",
        "predict",
        "model",
    )
)
# Of JAX's arrays: what waits for a value.
_JAX_WAITS = frozenset(
    (
        "_value",
        "block_until_ready",
        "__array__",
        "__float__",
        "__int__",
        "__bool__",
        "__index__",
        "item",
        "tolist",
        "device_get",
    )
)
_WAITS = re.compile(r"block_until_ready|\.item\(|\.cpu\(|\.tolist\(|\.synchronize\(|device_get\(")
_COPIES = re.compile(r"\.to\(|\.cuda\(|device_put\(")


def stack_now(thread: int) -> Stack:
    """The frames of a thread, the innermost first; empty where it has ended."""
    frames = sys._current_frames()  # noqa: SLF001  # the only way to look at another thread
    frame = frames.get(thread)
    stack = []
    while frame is not None:
        stack.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return stack


def place(stack: Stack, *, asynchronous: bool) -> Place:
    """What the innermost frames are about.

    Args:
        stack: The frames, the innermost first.
        asynchronous: Whether steps may be dispatched ahead, so that a value has to be waited for.
    """
    if not stack or _is_harness(stack[0][0].co_filename):
        return "ours"
    outer = next((at for at, (code, _) in enumerate(stack) if is_users(code)), None)
    if asynchronous and outer is not None and (waits := _waits(stack[: outer + 1])):
        return waits
    return "input" if any(_makes_input(code) for code in _inner(stack)) else "elsewhere"


def is_users(code: CodeType) -> bool:
    """Whether a person wrote this: no library, nothing of Python's, nothing of ours."""
    return not is_library(code.co_filename) and not code.co_filename.startswith("<")


def is_library(file: str) -> bool:
    """Whether a file is a library's, Python's, or ours."""
    return any(part in file for part in _LIBRARIES) or file.startswith((_HOME, _PYTHON))


def user_line(stack: Stack) -> str:
    """The innermost line of the user's own, as `train.py:12`; empty for none."""
    own = ((code, line) for code, line in stack if is_users(code))
    return next((f"{Path(code.co_filename).name}:{line}" for code, line in own), "")


def waits_by_name(code: CodeType) -> bool:
    """Whether this function of JAX waits for a value of a device."""
    return code.co_name in _JAX_WAITS and f"jax{os.sep}_src{os.sep}" in code.co_filename


def waits_by_text(file: str, line: int) -> bool:
    """Whether this line of a user's asks for a value, so that the device is waited for."""
    return bool(_WAITS.search(linecache.getline(file, line)))


def _waits(inner: Stack) -> Place | None:
    """Whether the user's innermost line waits for a device, or copies to it."""
    code, line = inner[-1]
    if any(code.co_filename.startswith(_OWN_LOOP) for code, _ in inner):
        return None
    text = linecache.getline(code.co_filename, line)
    if any(waits_by_name(one) for one, _ in inner) or _WAITS.search(text):
        return "synchronization"
    return "copies" if "torch" in sys.modules and _COPIES.search(text) else None


def _inner(stack: Stack) -> list[CodeType]:
    """The frames inside the train function, and outside of any model."""
    codes = [code for code, _ in stack]
    outermost = max((at for at, code in enumerate(codes) if is_users(code)), default=len(codes))
    # In a workload the loop is ours: all of the user's frames are inside of it.
    own = [at for at, code in enumerate(codes) if code.co_filename.startswith(_OWN_LOOP)]
    inner = codes[: max(own) + 1] if own else codes[:outermost]
    models = [at for at, code in enumerate(inner) if _ends(code.co_filename, _MODELS)]
    return inner[max(models) + 1 :] if models else inner


def _makes_input(code: CodeType) -> bool:
    name = code.co_filename
    if name.startswith(_OWN_LOOP):
        return code.co_qualname == "Dataset.take"
    if _ends(name, _LOADERS):
        return True
    if not is_users(code) or code.co_name.startswith("<"):
        return False
    if code.co_name in _METHODS:
        return True
    words = set(re.findall(r"[a-z]+", code.co_name.lower()))
    is_generator = bool(code.co_flags & inspect.CO_GENERATOR)
    # `load_training_data` loads, whatever it loads for.
    others = _NOT_INPUT - {"train", "training"} if words & _LOADS else _NOT_INPUT
    return not words & others and (is_generator or bool(words & _INPUT))


def _ends(name: str, parts: Sequence[str]) -> bool:
    return any(part.replace("/", os.sep) in name for part in parts)


def _is_harness(name: str) -> bool:
    return name.startswith(_HOME) and not name.startswith(_OWN_LOOP)
