"""Commands in what is advised: the file and the store that they are typed with."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

from ..finding import Finding

# As checks write it, which know no file.
_OF_A_FILE = "`etude run FILE"
_OPTION = re.compile(r"(?<= )--(retry-errors|accept-code)`")


def with_file(finding: Finding, file: str) -> Finding:
    """The finding with the experiment's file in the command that it advises.

    Args:
        finding: As a check wrote it.
        file: The experiment's; empty for one from Python, whose `run` is called again.
    """
    # A single trial asks for no command; its words are not made before they are read.
    if "trial" in finding.subject or _OF_A_FILE not in finding.advice:
        return finding
    if file:
        return replace(
            finding, advice=finding.advice.replace(_OF_A_FILE, f"`etude run {_shown(file)}")
        )
    again = '`agreed=["retry_errors"]`'
    return replace(finding, advice=finding.advice.replace(f"{_OF_A_FILE} --retry-errors`", again))


def with_store(text: str, store: str) -> str:
    """The text with the store in its command.

    Args:
        text: What is advised.
        store: The option that names the store, with a space before it; empty where none is typed.
    """
    return _OPTION.sub(lambda option: f"--{option[1]}{store}`", text)


def _shown(file: str) -> str:
    """A file as it is typed here: below this folder by its own path there."""
    path, here = Path(file), Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
