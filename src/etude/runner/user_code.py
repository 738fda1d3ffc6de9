"""The user's train function, from `file.py:function`, or the loop of the user's workload."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, final

from ..errors import RunError
from ..train.backend import loop_of
from ..train.workload import is_workload, workload_of
from ..trial import TrainFunction
from . import imported
from .packages import dotted_name
from .tee import copied

_IMPORTED: ContextVar[str] = ContextVar("imported", default="")
# Heuristic: a parser's usage and its complaint are shorter.
_MAX_WORDS = 20_000


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
    module = _import(path, folder, reference)
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


@contextmanager
def as_script(path: Path | None) -> Iterator[None]:
    """The command line as the user's file sees it: its own name, and no argument of ours."""
    before = sys.argv
    if path is not None:
        sys.argv = [str(path)]
    try:
        yield
    finally:
        sys.argv = before


def _import(path: Path, folder: Path, reference: str) -> ModuleType:
    file, beside = path.absolute(), str(path.parent.absolute())
    dotted, root = dotted_name(file, folder.absolute())
    # The file's own folder comes first; those that its package may be imported from come next.
    first = dict.fromkeys((beside, str(folder.absolute()), str(root)))
    sys.path[:] = [*first, *(place for place in sys.path if place not in first)]
    named = (sys.modules.get(name) for name in (dotted, _aside(path)))
    known = next(
        (module for module in named if getattr(module, "__file__", None) == str(file)), None
    )
    is_imported = known is not None
    imported.note(path, folder, reference=reference, anew=not is_imported)
    if known is not None:
        return known
    token = _IMPORTED.set(str(path))
    said = _Words()
    try:
        with as_script(path), copied("stderr", said):
            module = _imported_package(dotted, root) if "." in dotted else _imported_file(file)
            imported.code()  # what came with it is read now, and not when a trial ends
            return module
    except SystemExit as error:  # a parser's own words: they are the reason
        if said.text.strip():
            error.add_note(said.text.strip())
        raise
    finally:
        _IMPORTED.reset(token)


def _aside(file: Path) -> str:
    """The name of a module whose own name another one has."""
    return f"{file.stem}_of_experiment"


def _imported_file(file: Path) -> ModuleType:
    # A file called like a module that is already there (random.py) keeps out of its way.
    name = _aside(file) if file.stem in sys.modules else file.stem
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None, f"`{file}` has no loader. This is a bug."
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _imported_package(dotted: str, root: Path) -> ModuleType:
    """The module as `python -m` would import it, its package from its own folder."""
    importlib.invalidate_caches()
    places = list(sys.path)
    sys.path.insert(0, str(root))
    try:
        importlib.import_module(dotted.rpartition(".")[0])
    finally:
        sys.path[:] = places
    return importlib.import_module(dotted)


@final
class _Words:
    """The last words of an import; an earlier one may log without end."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        """Adds to them."""
        self.text = (self.text + text)[-_MAX_WORDS:]

    def flush(self) -> None:
        """Nothing is held back."""


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
