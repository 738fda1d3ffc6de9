"""What outlives a trial in the user's own modules: the next one in this process begins with it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, final

from ..wording import join, number
from .imported import is_users

# Heuristic: what has more entries is data, of which the number of entries alone is looked at.
_MAX_ENTRIES = 1000
# Heuristic: so many values take a hundredth of a second; those beyond them are not looked into.
_MAX_VALUES = 20_000
# How deep values stand that a module's own names hold: a counter in an object in a dictionary.
_DEPTH = 3
_PLAIN = (int, float, complex, str, bytes, type(None))
# Heuristic: above what the order of sums on an accelerator moves in two steps.
_REL_TOL = 1e-4


def module_states() -> dict[str, tuple[bool, object]]:
    """A print of each name of the user's modules, equal where nothing about it has changed.

    What was imported last is looked at first: the training file, and what it imports. With each
    print stands whether the value was looked at whole: what was in one look and was not in
    another, since something before it had grown, is not to be compared.
    """
    look = _Look()
    return {
        f"`{name}` of {Path(str(module.__file__)).name}": look.print_of(value)
        for module in reversed(list(sys.modules.values()))
        if is_users(getattr(module, "__file__", None))
        for name, value in list(vars(module).items())
        if name[:2] != "__" and not isinstance(value, ModuleType)
    }


def unrepeated(
    metric: str,
    first: Mapping[int, float],
    second: Mapping[int, float],
    before: Mapping[str, tuple[bool, object]],
) -> str:
    """That a trial did not repeat in one process, and what of the user's has changed since before.

    Empty where its values did repeat: what only caches has a right to stay.

    Args:
        metric: What judges the trials.
        first: Its values by step, when the trial was tried first.
        second: And when it was tried again, with the same seed.
        before: What `module_states` gave before both.

    Source: K3.
    """
    step = next(_differing(first, second), None)
    if step is None:
        return ""
    now = module_states()
    changed = [
        name
        for name, was in before.items()
        if name in now and now[name] != was and now[name][0] == was[0]
    ]
    names = f" ({join(changed, most=3)} changed and stays so)" if changed else ""
    return (
        f"One trial was tried twice with one seed: `{metric}` was {number(first[step], 6)}, then "
        f"{number(second[step], 6)}, so it depends on what ran before it or on unseeded draws"
        f"{names}. Make such things anew in the train function."
    )


def _differing(first: Mapping[int, float], second: Mapping[int, float]) -> Iterator[int]:
    for step in sorted(first.keys() & second.keys()):
        one, other = first[step], second[step]
        is_same = math.isclose(one, other, rel_tol=_REL_TOL)
        if not is_same and math.isfinite(one) and math.isfinite(other):
            yield step


@final
class _Look:
    """Looks at values and into them, at so many in all: each look begins alike."""

    def __init__(self) -> None:
        self._left = _MAX_VALUES

    def print_of(self, value: Any) -> tuple[bool, object]:
        """Whether a value was looked at whole, and its print; else which object it is."""
        whole = self.at(value, _DEPTH)
        is_whole = self._left > 0
        return is_whole, whole if is_whole or isinstance(value, _PLAIN) else id(value)

    def at(self, value: Any, depth: int) -> object:
        """What can be compared later; of what cannot be looked into, which object it is."""
        self._left -= 1
        try:
            return self._inside(value, depth)
        except Exception:  # noqa: BLE001  # an object of the user's that cannot be looked at
            return id(value)

    def _inside(self, value: Any, depth: int) -> object:
        if isinstance(value, _PLAIN):
            return value if value == value else "nan"  # NaN alone is not itself
        if type(value).__module__ == "itertools":
            return repr(value)
        # A library's module that stands in a user's dictionary changes as it pleases, too.
        if depth == 0 or self._left <= 0 or isinstance(value, ModuleType):
            return id(value)
        if isinstance(value, FunctionType):  # a default that is a list outlives its calls
            return id(value), [self.at(one, depth - 1) for one in value.__defaults__ or ()]
        if isinstance(value, list | tuple | set | frozenset | dict):
            entries = value.values() if isinstance(value, dict) else value
            few = [self.at(one, depth - 1) for one in entries] if len(value) <= _MAX_ENTRIES else []
            return len(value), few
        return id(value), _state(value), self._attributes(value, depth - 1)

    def _attributes(self, value: Any, depth: int) -> object:
        """Those of an object and of a class of the user's; ours change as they please."""
        if isinstance(value, type) and not _is_of_user(value):
            return None
        if type(value).__module__.partition(".")[0] == __name__.partition(".")[0]:
            return None
        names = {name: one for name, one in _held(value).items() if name[:2] != "__"}
        return {name: self.at(one, depth) for name, one in names.items()}


def _state(value: Any) -> object:
    """Of a generator where it stands, of a model and an array how often it was written to."""
    library = type(value).__module__.partition(".")[0]
    if library == "numpy" and hasattr(value, "bit_generator"):
        return repr(value.bit_generator.state)
    # PyTorch's, NumPy's older one, and Python's; a user's own may do anything when it is asked.
    name = {"torch": "get_state", "numpy": "get_state", "random": "getstate"}.get(library, "")
    if name and not isinstance(value, type) and callable(getattr(value, name, None)):
        state = getattr(value, name)()
        return state.tolist() if hasattr(state, "tolist") else repr(state)
    if callable(getattr(value, "state_dict", None)) and callable(getattr(value, "buffers", None)):
        return [one._version for one in (*value.parameters(), *value.buffers())]  # noqa: SLF001  # cheaper than its values
    if hasattr(value, "_version"):
        return value._version  # noqa: SLF001  # the same of a tensor
    return None


def _held(value: Any) -> Mapping[str, Any]:
    """What an object holds by name; a generator function that is under way, its variables."""
    frame = getattr(value, "gi_frame", None)
    return frame.f_locals if frame is not None else getattr(value, "__dict__", {})


def _is_of_user(value: type) -> bool:
    return is_users(getattr(sys.modules.get(value.__module__), "__file__", None))
