"""The user's own files that this process has imported, each as it was when it was imported.

What a process has imported is one for the whole process, so its record is one too: it begins anew
with each train function that is loaded.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.machinery
import importlib.util
import inspect
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, final

from ..code import REFERENCE, Code, CodeFile
from ..text.masking import masked
from ..text.signs import storable

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
    text = storable(masked(text))
    return CodeFile(path, hashlib.sha256(text.encode()).hexdigest(), text)


def label(folder: Path, file: str, module: str) -> str:
    """How a file is called: by its path below the experiment's folder, else as a module."""
    for place, root in ((file, folder), (os.path.realpath(file), os.path.realpath(folder))):
        with contextlib.suppress(ValueError):
            return storable(Path(place).relative_to(root).as_posix())
    return storable(Path(file).name) if module == "__main__" else module


@final
class Imported:
    """The user's files by label, each as it was when it was imported.

    Modules that this process had before, for whatever purpose, count where the training code
    imports them, by its own statements.
    """

    def __init__(self, folder: Path, *, everything: bool = False) -> None:
        """Begins with nothing, for an experiment in this folder; or with all that there is."""
        self._folder = folder.absolute()
        self._files: dict[str, CodeFile] = {}
        self._seen: set[str] = set()  # names of modules
        self._before = {} if everything else _users_modules()
        self._unfollowed: list[tuple[str, CodeFile]] = []
        self._count = 0
        self._code: Code | None = None

    def add(self, file: CodeFile, package: str = "") -> None:
        """Takes a file; its relative imports begin at the package."""
        self._files[file.path] = file
        self._unfollowed.append((package, file))
        self._code = None

    def add_module(self, name: str) -> None:
        """Takes a module that this process had before."""
        place = self._before.pop(name, "")
        if place and (file := _READ.get(place) or _read(place)):
            self._take(name, place, file)

    def code(self) -> Code:
        """All files so far; modules that were imported since are looked at first."""
        if len(sys.modules) != self._count:
            self._look()
        while self._unfollowed:
            package, file = self._unfollowed.pop()
            for name in imports_of(file.text, package) if self._before else ():
                self.add_module(name)
        if self._code is None:
            self._code = Code(tuple(self._files[path] for path in sorted(self._files)))
        return self._code

    def _look(self) -> None:
        self._count = len(sys.modules)
        for name in sys.modules.keys() - self._seen - self._before.keys():
            self._seen.add(name)
            place = _file_of_module(sys.modules.get(name))
            if is_users(place):
                watched = _READ.get(str(place)) if _watch in sys.meta_path else None
                if file := watched or _read(str(place)):
                    self._take(name, str(place), file)

    def _take(self, name: str, place: str, file: CodeFile) -> None:
        path = label(self._folder, place, name)
        if path not in self._files and len(self._files) < MAX_FILES:
            is_package = Path(place).name == "__init__.py"
            self.add(replace(file, path=path), name if is_package else name.rpartition(".")[0])


def _users_modules() -> dict[str, str]:
    """The user's modules that this process has, with their files."""
    files = {name: _file_of_module(module) for name, module in list(sys.modules.items())}
    return {name: str(file) for name, file in files.items() if is_users(file)}


@lru_cache(maxsize=2 * MAX_FILES)
def imports_of(text: str, package: str = "") -> tuple[str, ...]:
    r"""The modules that a program's import statements name, wherever in it they stand.

    >>> imports_of("import a.b\nfrom .c import d", "p")
    ('a', 'a.b', 'p', 'p.c', 'p.c.d')
    """
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError):
        return ()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            parts = package.split(".") if node.level else []
            parts = parts[: len(parts) - node.level + 1] if node.level else parts
            base = ".".join(filter(None, [*parts, node.module]))
            names += [f"{base}.{alias.name}" for alias in node.names]
    steps = [name.split(".") for name in names]
    return tuple(
        dict.fromkeys(
            ".".join(step[: end + 1]) for step in steps for end in range(len(step)) if step[end]
        )
    )


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
# When a file that was read had been written last, and its size; not where that was just now, for a
# clock of files does not tell two writings of one moment apart.
_WRITTEN: dict[str, tuple[int, int, int]] = {}
_MOMENT_S = 2.0
_record: Imported | None = None
_watch = _Watch()


def _read(file: str) -> CodeFile | None:
    """A file as it is now: masking a large program takes seconds, so once where it stays the same.

    None where it cannot be read.
    """
    try:
        stat = os.stat(file)
        written = stat.st_mtime_ns, stat.st_size, stat.st_ino
        if file in _READ and _WRITTEN.get(file) == written:
            return _READ[file]
        _READ[file] = file_of(file, Path(file).read_bytes())
    except OSError:
        return None
    if time.time() - stat.st_mtime > _MOMENT_S:
        _WRITTEN[file] = written
    else:
        _WRITTEN.pop(file, None)
    return _READ[file]


def reference_file(reference: str) -> CodeFile:
    """What the experiment trains with, as if it were a file: `train.py:train`."""
    return CodeFile(REFERENCE, hashlib.sha256(reference.encode()).hexdigest(), reference)


def note(file: Path, folder: Path, *, reference: str, anew: bool) -> None:
    """Notes the file of the train function, called by its path from the experiment's folder.

    With `anew` it is about to be imported.
    """
    place = str(file.absolute())
    read = None if anew else _READ.get(place)
    if _record is not None and (read := read or _read(place)):
        path = Path(os.path.relpath(place, folder.absolute())).as_posix()
        _record.add(replace(read, path=path))
        _record.add(reference_file(reference))


def begin(folder: Path, *, everything: bool = False) -> Imported:
    """A new record, for the train function of an experiment in this folder.

    With `everything` all the user's modules that the process has are training code.
    """
    global _record  # imports are the whole process's
    _record = Imported(folder, everything=everything)
    return _record


def watch() -> None:
    """From now on files are read when they are imported, not when a trial ends: for a worker."""
    if _watch not in sys.meta_path:
        sys.meta_path.insert(0, _watch)


def code() -> Code | None:
    """The user's files that this process has imported; None where none are known."""
    known = _record.code() if _record else None
    return known if known and known.files else None


def forget() -> None:
    """Ends the record: another train function is to be loaded, who knows from where."""
    global _record
    _record = None


def note_function(train: Any, folder: Path) -> None:
    """Begins a record for a function that was handed over; what is in no file has its source."""
    record = begin(folder)
    record.add(function_file(train) or reference_file(function_reference(train)))
    for name in _modules_of(train):
        record.add_module(name)
    record.code()


def _modules_of(train: Any) -> Iterator[str]:
    """The module of a function, and those that what it names stands in."""
    function = _function_of(train)
    yield function.__module__
    space = getattr(function, "__globals__", {})
    for name in getattr(getattr(function, "__code__", None), "co_names", ()):
        value = space.get(name)
        yield str(getattr(value, "__name__" if inspect.ismodule(value) else "__module__", ""))


def _function_of(train: Any) -> Any:
    """The function behind a partial or a decorator; the class of an instance."""
    function = inspect.unwrap(getattr(train, "func", train))
    return function if hasattr(function, "__qualname__") else type(function)


def function_reference(train: Any) -> str:
    """A function in a file as an experiment's file would name it: `train.py:train`."""
    function = _function_of(train)
    return f"{Path(inspect.getsourcefile(function) or '').name}:{function.__qualname__}"


def function_file(train: Any) -> CodeFile | None:
    """A function that stands in no file, as a notebook's: its source, else its bytecode's hash."""
    function = _function_of(train)
    name = f"<{function.__qualname__}>"
    try:
        file = inspect.getsourcefile(function)
        if file and os.path.isfile(file):
            return None
        lines = inspect.getsourcelines(function)[0]
        return file_of(name, inspect.cleandoc("".join(["\n", *lines])).encode())
    except (TypeError, OSError):
        data = b"".join(_bytecode(getattr(function, "__code__", None)))
        return CodeFile(name, hashlib.sha256(data).hexdigest())


def _bytecode(of: Any) -> Iterator[bytes]:
    """What a function does, without where it stands."""
    if of is not None:
        yield of.co_code
        for constant in of.co_consts:
            if hasattr(constant, "co_code"):
                yield from _bytecode(constant)
            else:
                yield repr(constant).encode()
