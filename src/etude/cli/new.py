"""`etude new`: a first experiment that runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .script_values import Script
    from .trainer_script import TrainerScript

_FILES = ("experiment.toml", "train.py")
_KINDS = (
    "image-classification, text-classification, language-model, tabular, translation, speech, "
    "graph or recommendation."
)
_NAME_LINE = 'name = "experiment"        '


def new(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="The folder to write.")],
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help=_KINDS, show_default=False),
    ] = None,
    framework: Annotated[
        str,
        typer.Option(
            "--framework",
            metavar="NAME",
            help="With --kind: torch, jax, or function, a plain one in NumPy; torch by default.",
        ),
    ] = "",
    script: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Around a script of yours: its settings by its text, which is read and not run.",
        ),
    ] = None,
) -> None:
    """Write a first experiment that runs: of a kind, or around a script of yours."""
    from .terminal import say

    _refuse_both(kind, framework, script)
    place = _place(folder)
    if script is not None:
        lines = _around(script, place)
    elif kind is not None:
        lines = _of_kind(kind, framework, place)
    else:
        write(place, {name: _named(_stored(name), place) for name in _FILES})
        lines = _wrote(place, {"train.py": "the training"})
    for line in lines:
        say(line)
    file = _typed(place / "experiment.toml")
    say(f"Look at the plan:  etude plan {file}")
    say(f"Run it:            etude run {file}")


def _place(folder: str) -> Path:
    """The folder to write; an empty text, of a shell's variable that is not set, is none."""
    from ..errors import RunError

    if not folder.strip():
        raise RunError("DIR is empty. Name the folder to write, `.` for this one.")
    return Path(folder)


def _typed(path: Path) -> str:
    """A path as it is typed in a command: quoted, and no option."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)


def _refuse_both(kind: str | None, framework: str, script: Path | None) -> None:
    """Refuses options that go not together."""
    from ..errors import RunError

    if script is not None and (kind is not None or framework):
        raise RunError("`--from` reads a script of yours, and `--kind` is without one. Take one.")
    if framework and kind is None:
        raise RunError("`--framework` is of a kind. Name one too: `--kind image-classification`.")


def _of_kind(kind: str, framework: str, folder: Path) -> Iterator[str]:
    """Writes a first experiment of a kind, and says what is missing before it can run."""
    from .kinds import KINDS, chosen, texts

    name, library = chosen(kind, framework)
    entry = KINDS[name]
    written = {file: _named(text, folder) for file, text in texts(name, library).items()}
    write(folder, written)
    yield from _wrote(folder, {entry.data: "the data", "train.py": "the training"})
    if not entry.is_ready:
        yield f"Before it runs:    fill in `load` in {folder / entry.data}; a run stops until then"
    for command in entry.lacks(library):
        yield f"Before it runs:    {command}"


def _around(script: Path, folder: Path) -> Iterator[str]:
    """Writes a first experiment around a script, and says what was read and what was not."""
    from .from_script import left, settings, texts_around
    from .script_values import script as read

    known: Script = read(script)
    if known.trainer is not None:
        yield from _around_trainer(known, known.trainer, folder)
        return
    written = texts_around(known, _name(folder))
    write(folder, written)
    (training,) = (name for name in written if name.endswith(".py"))
    yield from _wrote(folder, {training: "where the loop goes"})
    seen = [f"{one.name} = {one.value} (line {one.line})" for one in settings(known)]
    yield f"Read, not run:     {', '.join(seen) or 'nothing whose name is known'}"
    if stays := [one.name for one in left(known)]:
        yield f"Left as it is:     {', '.join(stays)}"
    for clause in known.unseen:
        yield f"Not seen:          {clause}"
    yield "Not seen:          what is computed, read from files, or typed when it is run"
    yield f"Before it runs:    put the loop into `train` of {folder / training}"


def _around_trainer(script: Script, trainer: TrainerScript, folder: Path) -> Iterator[str]:
    """Writes a first experiment around a Trainer's script, and names the lines to change in it."""
    from .from_trainer import arguments, change_lines, text_around_trainer

    text = text_around_trainer(script, trainer, _name(folder), folder)
    write(folder, {"experiment.toml": text})
    yield f"Wrote {folder / 'experiment.toml'} (the question)"
    seen = [
        f"{one.name} = {one.value} ({f'line {one.line}' if one.line else 'default'})"
        for one in arguments(script, trainer)
    ]
    yield f"Read, not run:     {', '.join(seen)}"
    yield f"Before it runs, change in {script.path}:"
    for line in change_lines(script, trainer):
        yield f"  {line}"


def _wrote(folder: Path, others: Mapping[str, str]) -> Iterator[str]:
    """The files and what each is."""
    yield f"Wrote {folder / 'experiment.toml'} (the question)"
    for name, what in others.items():
        yield f"  and {folder / name} ({what}){'.' if name == list(others)[-1] else ''}"


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Writes the files, over nothing that exists.

    Raises:
        RunError: where one of them exists, or the folder cannot be written.
    """
    from ..disk.file import is_blank, write_whole
    from ..errors import RunError

    existing = [name for name in texts if (folder / name).exists() and not is_blank(folder / name)]
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


def _stored(name: str) -> str:
    return (files("etude.cli") / "first" / name).read_text(encoding="utf-8")


def _named(text: str, folder: Path) -> str:
    """A file with the folder's name in the place of the experiment's."""
    return text.replace(_NAME_LINE, f'name = "{_name(folder)}"  '.ljust(len(_NAME_LINE)))


def _is_begun(folder: Path, existing: list[str], texts: Mapping[str, str]) -> bool:
    """Whether a first `new` was killed between its files: some are there, as they were written."""
    from ..experiment.small_file import holds

    try:
        same = [holds(folder / name, texts[name]) for name in existing]
    except OSError:  # a folder, a pipe, or what may not be read
        return False
    return len(existing) < len(texts) and all(same)


def _name(folder: Path) -> str:
    """The folder's name, as far as an experiment may be called so."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name)[:60].strip("-._") or "experiment"
