"""Imports that begin in a block of code: told of, from the outermost module on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import final

Around = Callable[[], AbstractContextManager[None]]


@final
class ImportWatch(MetaPathFinder):
    """Runs each module that this thread imports inside of `around()`, while it is started.

    What that module imports in turn is inside already. It finds nothing itself: it lets others
    find, and hands on how a module is executed.
    """

    def __init__(self, around: Around) -> None:
        """Takes what makes the context of an import."""
        self._around = around
        self._thread = 0
        self._busy = False

    def start(self) -> None:
        """Watches this thread from now on."""
        self._thread = threading.get_ident()
        sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Watches no more."""
        with suppress(ValueError):  # the user's code may have made a list of its own
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module as others find it."""
        if self._busy or threading.get_ident() != self._thread:
            return None
        self._busy = True
        try:
            spec = self._found(fullname, path, target)
        finally:
            self._busy = False
        if spec is not None:
            self._wrap(spec)
        return spec

    def _found(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                return spec
        return None

    def _wrap(self, spec: ModuleSpec) -> None:
        """Wraps the loader's method for one call; built-in modules have a class for a loader."""
        loader = spec.loader
        if loader is None or isinstance(loader, type) or not hasattr(loader, "__dict__"):
            return
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)  # another block around may have been first
            self._busy = True
            try:
                with self._around():
                    execute(module)
            finally:
                self._busy = False

        loader.exec_module = exec_module  # type: ignore[method-assign]  # of this loader alone
