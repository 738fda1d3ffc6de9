"""What a training script sets, as its text tells: it is read, and never run."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, final

from ..errors import RunError
from ..experiment.small_file import bytes_of
from ..playbook.catalogue import known
from ..wording import nearest
from .trainer_script import TrainerScript, trainer_script

Scalar: TypeAlias = bool | int | float | str
# What declares an option, of argparse and of click.
_OPTIONS: Final = frozenset({"add_argument", "option"})
_FLAGS: Final = {"store_true": False, "store_false": True}


@final
@dataclass(frozen=True, kw_only=True)
class ScriptValue:
    """A value that a script sets: by an option's default, a constant, or a field of a dataclass."""

    name: str
    value: Scalar
    line: int


@final
@dataclass(frozen=True, kw_only=True)
class Script:
    """What could be read of a script.

    Args:
        values: By name, the first of each, in the order of lines.
        unseen: What could not be read, a clause each with its line.
        trainer: What it has of a Trainer of Hugging Face; None where it has none.
    """

    path: Path
    values: tuple[ScriptValue, ...]
    unseen: tuple[str, ...]
    trainer: TrainerScript | None = None


def script(path: Path) -> Script:
    """The values that a script sets, by its text.

    Raises:
        RunError: for what cannot be read, or is no Python.
    """
    try:
        data = bytes_of(path)
        # JSON is an expression of Python's too: a notebook would be read as one that sets nothing.
        if path.suffix == ".ipynb":
            raise RunError(
                f"`{path}` is a notebook. Save its code as a script first: "
                f"jupyter nbconvert --to script {shlex.quote(str(path))}"
            )
        tree = ast.parse(data)
    except OSError as error:
        near = nearest(path.name, sorted(file.name for file in path.parent.glob("*.py")))
        is_typo = near and isinstance(error, FileNotFoundError)
        way_out = f"Did you mean `{near}`?" if is_typo else "Name the script that trains."
        raise RunError(f"`{path}` cannot be read ({error.strerror}). {way_out}") from error
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise RunError(
            f"`{path}` is no Python{line} ({getattr(error, 'msg', error)}). Mend it first."
        ) from error
    values: dict[str, ScriptValue] = {}
    unseen = []
    for name, node, number in sorted(_set(tree), key=lambda one: one[2]):
        value = _scalar(node)
        if value is None:
            unseen.append(f"`{name}` (line {number}) has no default that can be read")
        else:
            values.setdefault(name, ScriptValue(name=name, value=value, line=number))
    return Script(
        path=path,
        values=tuple(values.values()),
        unseen=tuple(unseen),
        trainer=trainer_script(tree, data.decode("utf-8", errors="replace")),
    )


def _set(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None, int]]:
    """What is set: name, value and line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in _OPTIONS and (name := _option(node)):
                yield name, _default(node), node.lineno
        elif isinstance(node, ast.ClassDef) and any(map(_is_dataclass, node.decorator_list)):
            yield from _constants(node.body)
    yield from (one for one in _constants(tree.body) if _is_setting(one[0]))


def _constants(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr | None, int]]:
    """Names that statements give a value that is written out."""
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(target, ast.Name) and _scalar(value) is not None:
                yield target.id, value, node.lineno


def _is_setting(name: str) -> bool:
    """Whether a constant of a module may be a setting: in capitals, or known by its name."""
    return not name.startswith("_") and (name.isupper() or known(name) is not None)


def _is_dataclass(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == "dataclass"


def _option(call: ast.Call) -> str:
    """The name under which a parser keeps an option; empty for what is none."""
    for keyword in call.keywords:
        if keyword.arg == "dest" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    names = [text for text in texts if isinstance(text, str) and text.startswith("-")]
    long = [name for name in names if name.startswith("--")] or names
    # click writes a switch and its opposite into one text: `--amsgrad/--no-amsgrad`.
    return long[0].split("/")[0].strip().lstrip("-").replace("-", "_") if long else ""


def _default(call: ast.Call) -> ast.expr | None:
    """The default of an option; of a flag, what it is where nobody types it."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    action = given.get("action")
    flag = _FLAGS.get(str(action.value)) if isinstance(action, ast.Constant) else None
    if "default" not in given and flag is not None:
        return ast.Constant(flag)
    return given.get("default")


def _scalar(node: ast.expr | None) -> Scalar | None:
    """The value that an expression writes out; None where it is another, or is computed."""
    try:
        value = None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, bool | int | float | str) else None
