"""The user's own files that this process has imported, each as it was when it was imported.

What a process has imported is one for the whole process, so its record is one too: it begins anew
with each train function that is loaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, final

from ..code import Code, CodeFile
from .masking import masked

# Heuristic: what is above this is data, not code.
MAX_TEXT_BYTES = 200_000
# Heuristic: whoever has more files has his own record of them.
MAX_FILES = 1000
# Python's own, what is installed, and Etude.
_NOT_THEIRS = tuple(
    f"{Path(place)}{os.sep}"
    for place in (
        Path(os.__file__).parent,
        Path(os.path.realpath(os.__file__)).parent,
        Path(sys.executable).parent,
        Path(__file__).parent.parent,
    )
)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def is_users(file: object) -> bool:
    """Whether a module's file is the user's own code: neither installed, nor Python's, nor ours."""
    return (
        isinstance(file, str)
        and file.endswith(".py")
        and os.path.isabs(file)
        and not file.startswith(_NOT_THEIRS)
        and not any(part in file for part in _INSTALLED)
    )


def file_of(path: str, data: bytes) -> CodeFile:
    """A file with its hash and masked text; the hash alone where it is large."""
    if len(data) > MAX_TEXT_BYTES:
        return CodeFile(path, hashlib.sha256(data).hexdigest())
    try:
        text = importlib.util.decode_source(data)  # by its coding line, as Python reads it
    except (SyntaxError, UnicodeDecodeError):
        text = data.decode("utf-8", "replace")
    text = masked(text)
    return CodeFile(path, hashlib.sha256(text.encode()).hexdigest(), text)


def label(folder: Path, file: str, module: str) -> str:
    """How a file is called: by its path below the experiment's folder, else as a module."""
    for place, root in ((file, folder), (os.path.realpath(file), os.path.realpath(folder))):
        with contextlib.suppress(ValueError):
            return Path(place).relative_to(root).as_posix()
    return Path(file).name if module == "__main__" else module


@final
class Imported:
    """The user's files by label, each as it was when it was imported."""

    def __init__(self, folder: Path = Path()) -> None:
        """Begins with nothing, for an experiment in this folder."""
        self._folder = folder.absolute()
        self._files: dict[str, CodeFile] = {}
        self._seen: set[str] = set()  # names of modules
        self._count = 0
        self._code: Code | None = None

    def add(self, file: CodeFile) -> None:
        """Takes a file."""
        self._files[file.path] = file
        self._code = None

    def code(self) -> Code:
        """All files so far; modules that were imported since are looked at first."""
        if len(sys.modules) != self._count:
            self._look()
        if self._code is None:
            self._code = Code(tuple(self._files[path] for path in sorted(self._files)))
        return self._code

    def _look(self) -> None:
        self._count = len(sys.modules)
        for name in sys.modules.keys() - self._seen:
            self._seen.add(name)
            file = _file_of_module(sys.modules.get(name))
            if is_users(file) and len(self._files) < MAX_FILES:
                path = label(self._folder, str(file), name)
                if read := _READ.get(str(file)) or _read(str(file)):
                    self._files.setdefault(path, replace(read, path=path))
                    self._code = None


def _file_of_module(module: object) -> object:
    """Its file, without waking a module that loads itself when it is looked at."""
    try:
        return object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:
        return None


@final
class _Watch:
    """A finder that finds nothing: it reads the user's files just before they are imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Looks where Python will look next; the file is imported as it is now."""
        if path is None or any(is_users(f"{os.path.abspath(place)}{os.sep}x.py") for place in path):
            spec = importlib.machinery.PathFinder.find_spec(name, path, target)
            if spec is not None and is_users(spec.origin):
                _read(str(spec.origin))
        return None


# By place: whatever becomes of a file, a module that was imported stays what it was.
_READ: dict[str, CodeFile] = {}
_record: Imported | None = None
_watch = _Watch()


def _read(file: str) -> CodeFile | None:
    try:
        _READ[file] = file_of(file, Path(file).read_bytes())
    except OSError:
        return None
    return _READ[file]


def note(file: Path, folder: Path, *, anew: bool) -> None:
    """Notes the file of the train function, called by its path from the experiment's folder.

    With `anew` it is about to be imported.
    """
    place = str(file.absolute())
    read = None if anew else _READ.get(place)
    if _record is not None and (read := read or _read(place)):
        path = Path(os.path.relpath(place, folder.absolute())).as_posix()
        _record.add(replace(read, path=path))


def begin(folder: Path) -> Imported:
    """A new record, for the train function of an experiment in this folder."""
    global _record  # imports are the whole process's
    _record = Imported(folder)
    return _record


def watch() -> None:
    """From now on files are read when they are imported, not when a trial ends: for a worker."""
    if _watch not in sys.meta_path:
        sys.meta_path.insert(0, _watch)  # type: ignore[arg-type]  # a finder by its method


def code() -> Code | None:
    """The user's files that this process has imported; None where none are known."""
    found = _record.code() if _record else None
    return found if found and found.files else None


def forget() -> None:
    """Ends the record: another train function is to be loaded, who knows from where."""
    global _record
    _record = None


def note_function(train: Any, folder: Path) -> None:
    """Notes a function that stands in no file, as a notebook's: its source, else its bytecode."""
    record = begin(folder)
    function = inspect.unwrap(getattr(train, "func", train))
    name = f"<{getattr(function, '__qualname__', type(function).__name__)}>"
    try:
        file = inspect.getsourcefile(function)
        if file and os.path.isfile(file):
            return
        lines = inspect.getsourcelines(function)[0]
        data = inspect.cleandoc("".join(["\n", *lines])).encode()
        record.add(file_of(name, data))
    except (TypeError, OSError):
        if data := b"".join(_bytecode(getattr(function, "__code__", None))):
            record.add(CodeFile(name, hashlib.sha256(data).hexdigest()))


def _bytecode(of: Any) -> Iterator[bytes]:
    """What a function does, without where it stands."""
    if of is not None:
        yield of.co_code
        for constant in of.co_consts:
            if hasattr(constant, "co_code"):
                yield from _bytecode(constant)
            else:
                yield repr(constant).encode()
