"""What a shell completes: the names of experiments and the files of experiments.

An error here would be printed into what somebody is typing, so there is none: nothing is offered.
"""

from __future__ import annotations

import os
import re

import typer

# What a shell may put on its line as it is: some evaluate what they are offered.
_SAFE = re.compile(r"[\w@%+=:,./-]+")
# More are not read; whoever has more types another letter.
_MOST = 200


def experiment_names(context: typer.Context, incomplete: str) -> list[str]:
    """The experiments of the store that is named on the line, else of the usual one."""
    from ..store import path_of
    from ..store.experiment_names import experiment_names as names_in

    path = path_of(context.params.get("store"))
    return _offered(names_in(path) if path else [], incomplete)


def experiment_files(incomplete: str) -> list[str]:
    """The experiment files, and the folders where more may be."""
    folder, _, begun = incomplete.rpartition("/")
    head = f"{folder}/" if "/" in incomplete else ""
    try:
        with os.scandir(head or ".") as entries:
            found = [(entry.name, entry.is_dir()) for entry in entries]
    except OSError:
        return []
    shown = [one for one in found if begun.startswith(".") or not one[0].startswith(".")]
    files = sorted(name for name, is_folder in shown if not is_folder and name.endswith(".toml"))
    folders = sorted(f"{name}/" for name, is_folder in shown if is_folder)
    return _offered([f"{head}{name}" for name in (*files, *folders)], incomplete)


def _offered(texts: list[str], incomplete: str) -> list[str]:
    return [one for one in texts if one.startswith(incomplete) and _SAFE.fullmatch(one)][:_MOST]
