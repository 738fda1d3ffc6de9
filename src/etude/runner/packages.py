"""Packages: the name under which a user's file has to be imported."""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from pathlib import Path

from ..experiment.small_file import bytes_of


def dotted_name(file: Path, folder: Path) -> tuple[str, Path]:
    """The name of a module, and the folder that its package or it stands in.

    A file is a module of its package where it imports from that, by its name or relatively, as
    `python -m package.file` has it; else a module of its own, as `python file.py` has it.

    Args:
        file: Absolute.
        folder: The experiment file's: a package without an `__init__.py` is looked for below it.
    """
    tops, is_relative = _imports(file)
    root = file.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    alone = file.stem, root
    if root == file.parent:  # no `__init__.py`, which Python can do without
        root = folder if folder in file.parent.parents else root.parent
    parts = file.relative_to(root).with_suffix("").parts
    is_module = is_relative or parts[0] in tops
    if not is_module or any("." in part for part in parts) or _is_taken(parts[0], root):
        return alone
    return ".".join(parts), root


def _imports(file: Path) -> tuple[set[str], bool]:
    """The first names that a file imports absolutely; whether it imports relatively."""
    try:
        nodes = list(ast.walk(ast.parse(bytes_of(file))))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return set(), False  # Python says it better, when it is imported
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named = [node.module for node in froms if node.module and not node.level]
    return {name.partition(".")[0] for name in (*plain, *named)}, any(node.level for node in froms)


def _is_taken(top: str, root: Path) -> bool:
    """Whether another package has this name: one imported already, or one that Python prefers.

    A folder is no package for being called `logging` or `torch`, unless it says so by a file
    `__init__.py`.
    """
    known = sys.modules.get(top)
    if known is not None:
        places = list(getattr(known, "__path__", ()))
        return str(root / top) not in places
    if (root / top / "__init__.py").is_file():
        return False
    spec = importlib.machinery.PathFinder.find_spec(top)
    return spec is not None and spec.origin is not None
