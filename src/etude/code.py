"""Code: the user's own files that a trial was trained with, each by its hash and masked text."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from typing import final

# The experiment's key that says what trains it: another reference is another code.
REFERENCE = "[experiment] train"


@final
@dataclass(frozen=True)
class CodeFile:
    """One file of the user's code.

    Args:
        path: Relative to the experiment's folder, `train.py`; a module from elsewhere has its
            dotted name.
        hash: SHA-256 of its masked text, or of its bytes where the text is not kept.
        text: Masked: what looks like a password or key is left out. Empty where it is too large.
    """

    path: str
    hash: str
    text: str = ""


@final
@dataclass(frozen=True)
class Code:
    """The files that one process had imported of the user's own, by path.

    Source: K3.
    """

    files: tuple[CodeFile, ...]

    def file(self, path: str) -> CodeFile | None:
        """The file of this path; None without one."""
        return next((file for file in self.files if file.path == path), None)

    @cached_property
    def digest(self) -> str:
        """The hash of all files together."""
        listing = "".join(f"{file.hash} {file.path}\n" for file in self.files)
        return hashlib.sha256(listing.encode()).hexdigest()


@final
@dataclass(frozen=True)
class Stretch:
    """A stretch of a trial's training: from a step on, in one launch, by one version of the code.

    Args:
        launch: The launch's number in the experiment, from 1.
        code: None where nobody wrote it down.
        accepted: Whether the author accepted that code changed up to this launch.
    """

    from_step: int
    launch: int
    code: Code | None = None
    accepted: bool = False


def is_same(one: CodeFile, other: CodeFile) -> bool:
    """Whether two versions of a file do the same: comments, spaces and docstrings do not count.

    >>> is_same(CodeFile("a.py", "1", "x = 1"), CodeFile("a.py", "2", "x = 1  # one"))
    True
    """
    return one.hash == other.hash or lines_between(one, other) == 0


def under_new_name(code: Code, reference: CodeFile, training_files: Sequence[CodeFile]) -> Code:
    """The code with its training file called as a later reference calls it, where it was renamed.

    Args:
        code: An earlier version.
        reference: The later one, such as `training.py:train`.
        training_files: Versions of the file that it names: one of them does the same as the
            earlier one, or it is another file.

    >>> old = Code((CodeFile(REFERENCE, "1", "a.py:train"), CodeFile("a.py", "2", "x = 1")))
    >>> new = CodeFile(REFERENCE, "3", "b.py:train")
    >>> [file.path for file in under_new_name(old, new, [CodeFile("b.py", "2", "x = 1")]).files]
    ['[experiment] train', 'b.py']
    """
    before = code.file(REFERENCE)
    if before is None or before.hash == reference.hash:
        return code
    (old, _, old_function), (new, _, function) = (
        one.text.rpartition(":") for one in (before, reference)
    )
    file = code.file(old)
    if file is None or function != old_function or code.file(new):
        return code
    if not any(is_same(file, one) for one in training_files if one.path == new):
        return code
    others = [one for one in code.files if one.path not in (old, REFERENCE)]
    return Code((reference, *others, replace(file, path=new)))


def lines_between(one: CodeFile, other: CodeFile) -> int | None:
    """How many statements' lines differ; None where a text was not kept, so that nobody knows."""
    if one.hash == other.hash:
        return 0
    if not (one.text and other.text):
        return None
    a, b = _plain_lines(one.text), _plain_lines(other.text)
    matcher = SequenceMatcher(a=a, b=b, autojunk=False)
    return sum(
        max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in matcher.get_opcodes() if kind != "equal"
    )


@lru_cache(maxsize=64)
def _plain_lines(text: str) -> Sequence[str]:
    """The lines of a program without comments, docstrings and layout; of another text, its own."""
    try:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                _without_docstring(node)
        return ast.unparse(tree).splitlines()
    except (SyntaxError, ValueError, RecursionError):
        return text.splitlines()


def _without_docstring(
    node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
) -> None:
    first = node.body[0] if node.body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if is_text and isinstance(first.value.value, str):  # type: ignore[union-attr]  # asked above
        rest = node.body[1:]
        node.body = rest if rest or isinstance(node, ast.Module) else [ast.Pass()]
