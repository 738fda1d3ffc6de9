"""The user's train function, from `file.py:function`, or the loop of the user's workload."""

from __future__ import annotations

import importlib.util
import sys
from contextvars import ContextVar
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import RunError
from ..train.backend import loop_of
from ..train.workload import is_workload, workload_of
from ..trial import TrainFunction
from . import imported

_IMPORTED: ContextVar[str] = ContextVar("imported", default="")


def train_file(reference: str, folder: Path) -> Path:
    """The file of a reference such as `train.py:train`, relative to the experiment's folder.

    Raises:
        RunError: where it is missing.
    """
    path = folder / reference.rpartition(":")[0]
    if not path.is_file():
        raise RunError(
            f"The experiment trains with `{reference}`, but there is no file `{path}`. "
            "Mend `train` in [experiment]; its path is relative to the experiment file."
        )
    return path


def train_function(reference: str, folder: Path) -> TrainFunction:
    """Imports the function, its folder first on `sys.path`; the user's own errors pass through.

    A workload, a class of one or an instance, becomes the loop that trains it.

    Raises:
        RunError: for a missing file or function.
        WorkloadError: for a workload that lacks something.
    """
    path = train_file(reference, folder)
    name = reference.rpartition(":")[2]
    imported.begin(folder)
    module = _import(path, folder)
    train = getattr(module, name, None)
    if is_workload(train) or callable(train):
        return trainer(train)
    known = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean `{near[0]}`?" if near else "Mend `train` in [experiment]."
    raise RunError(f"`{path}` has no function `{name}`. {hint}")


def trainer(train: Any) -> TrainFunction:
    """A train function as it is; the loop that trains a workload, a class of one or an instance.

    Raises:
        WorkloadError: for a workload that lacks something.
    """
    if is_workload(train):
        return loop_of(workload_of(train))
    return train  # type: ignore[no-any-return]  # a callable of the user's


def _import(path: Path, folder: Path) -> ModuleType:
    beside = str(path.parent.absolute())
    sys.path[:] = [beside, *(place for place in sys.path if place != beside)]
    known = sys.modules.get(path.stem)
    is_imported = known is not None and getattr(known, "__file__", None) == str(path.absolute())
    imported.note(path, folder, anew=not is_imported)
    if known is not None and is_imported:
        return known
    # A file called like a module that is already there (random.py) keeps out of its way.
    name = path.stem if known is None else f"{path.stem}_of_experiment"
    spec = importlib.util.spec_from_file_location(name, path.absolute())
    assert spec is not None and spec.loader is not None, f"`{path}` has no loader. This is a bug."
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    token = _IMPORTED.set(str(path))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    finally:
        _IMPORTED.reset(token)
    return module


def refuse_while_importing() -> None:
    """Refuses a run that the import of a train function's module started: it would never end.

    Raises:
        RunError: while such a module is imported.
    """
    if path := _IMPORTED.get():
        raise RunError(
            f"`{path}` starts a run while it is imported for its train function. "
            'Put what starts the run below `if __name__ == "__main__":`.'
        )
