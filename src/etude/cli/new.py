"""`etude new`: a first experiment that runs."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

_FILES = ("experiment.toml", "train.py")
_NAME_LINE = 'name = "experiment"        '


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write.")],
) -> None:
    """Write a first experiment that runs: experiment.toml and train.py."""
    from ..disk.file import is_blank, write_whole
    from ..errors import RunError
    from .terminal import say

    texts = {name: _text(name, folder) for name in _FILES}
    existing = [name for name in _FILES if (folder / name).exists() and not is_blank(folder / name)]
    if existing and not _is_begun(folder, existing, texts):
        raise RunError(
            f"`{folder}` has a file {' and '.join(f'`{name}`' for name in existing)} already. "
            "Nothing was written; name another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text)
    except OSError as error:
        raise RunError(
            f"`{folder}` cannot be written ({error.strerror}). Name another folder."
        ) from error
    say(f"Wrote {folder / 'experiment.toml'} (the question)")
    say(f"  and {folder / 'train.py'} (the training).")
    say(f"Look at the plan:  etude plan {folder / 'experiment.toml'}")
    say(f"Run it:            etude run {folder / 'experiment.toml'}")


def _text(name: str, folder: Path) -> str:
    text = (files("etude.cli") / "first" / name).read_text(encoding="utf-8")
    return text.replace(_NAME_LINE, _name_line(folder))


def _is_begun(folder: Path, existing: list[str], texts: dict[str, str]) -> bool:
    """Whether a first `new` was killed between its files: some are there, as they were written."""
    from ..experiment.small_file import holds

    try:
        same = [holds(folder / name, texts[name]) for name in existing]
    except OSError:  # a folder, a pipe, or what may not be read
        return False
    return len(existing) < len(texts) and all(same)


def _name_line(folder: Path) -> str:
    """The line that names an experiment as its folder, as far as a name may be so written."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name)[:60].strip("-._") or "experiment"
    return f'name = "{name}"  '.ljust(len(_NAME_LINE))
