"""Hugging Face: a Trainer of transformers as the training of a trial, in two ways.

Nothing of transformers is loaded before `fit` or `Callback` is asked for.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ...errors import RunError

if TYPE_CHECKING:
    from .callback import Callback as Callback
    from .fit_trial import fit as fit

_HOMES = {"Callback": "callback", "fit": "fit_trial"}
__all__ = sorted(_HOMES)
# What the extra `huggingface` asks for; a Trainer of transformers 4 has other arguments.
_OLDEST = {"transformers": 5, "accelerate": 1, "torch": 2}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(
            f"module `etude.huggingface` has no attribute `{name}`. Known: {', '.join(__all__)}."
        )
    _refuse_missing()
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__


def _refuse_missing() -> None:
    """Refuses a library that is not there, or too old.

    Raises:
        RunError: with what installs it.
    """
    mistakes = []
    for library, oldest in _OLDEST.items():
        try:
            there = version(library)
        except PackageNotFoundError:
            mistakes.append(f"`{library}` is not installed")
            continue
        if int(there.partition(".")[0]) < oldest:
            mistakes.append(f"`{library}` is {there}")
    if mistakes:
        needed = ", ".join(f"{library} {oldest} or newer" for library, oldest in _OLDEST.items())
        raise RunError(
            f"`etude.huggingface` needs {needed}, but {' and '.join(mistakes)}. "
            "Install them: `pip install 'etude[huggingface]'`."
        )
